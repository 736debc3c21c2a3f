//! A convolution in bands of output pixels, which threads can make at once: each has a slice of the output of
//! its own.

use std::ops::Range;

use super::threads::Threads;
use crate::conv::{Dense, Depthwise};
use crate::kernels::Kernels;
use crate::view::{View, Window};

/// Multiplications below which a further thread costs more than it saves.
const WORTH: usize = 250_000;

/// What a band consists of.
#[derive(Debug)]
pub(super) enum Conv {
    /// A convolution for each group.
    Dense(Vec<Dense>),
    Depthwise(Depthwise),
}

/// A part of a convolution.
#[derive(Debug)]
struct Band {
    conv: Conv,
    /// Where its slice of the output starts.
    start: usize,
}

/// All of a convolution.
#[derive(Debug)]
pub(super) struct Bands(Vec<Band>);

impl Bands {
    pub(super) fn new(conv: Conv, threads: usize) -> Bands {
        let (window, output, multiplications) = match &conv {
            Conv::Dense(groups) => {
                let work = |conv: &Dense| {
                    let taps = conv.window.runs.len() * conv.window.run;
                    conv.output.shape.codes() * taps
                };
                let first = &groups[0];
                (
                    &first.window,
                    first.output,
                    groups.iter().map(work).sum::<usize>(),
                )
            }
            Conv::Depthwise(conv) => {
                let work = conv.output.shape.codes() * conv.window.runs.len();
                (&conv.window, conv.output, work)
            }
        };
        let parts = Parts::of(window);
        let count = threads
            .min(multiplications / WORTH)
            .min(parts.count())
            .max(1);
        let bands = (0..count)
            .map(|i| {
                let range = parts.count() * i / count..parts.count() * (i + 1) / count;
                let start = if i == 0 {
                    0
                } else {
                    parts.part(&output, range.clone()).offset
                };
                Band {
                    conv: conv.part(parts, range, start),
                    start,
                }
            })
            .collect();
        Bands(bands)
    }

    pub(super) fn run(
        &self,
        kernels: &Kernels,
        threads: &Threads,
        input: &[u8],
        output: &mut [u8],
        other: &[u8],
    ) {
        run(
            &self.0,
            0,
            threads,
            output,
            &|band: &Band, output: &mut [u8]| match &band.conv {
                Conv::Dense(groups) => {
                    for conv in groups {
                        (kernels.dense)(conv, input, output, other);
                    }
                }
                Conv::Depthwise(conv) => (kernels.depthwise)(conv, input, output),
            },
        );
    }
}

/// `output` starts at `from` of the whole.
fn run(
    bands: &[Band],
    from: usize,
    threads: &Threads,
    output: &mut [u8],
    one: &(impl Fn(&Band, &mut [u8]) + Sync),
) {
    match bands {
        [] => {}
        [band] => one(band, output),
        _ => {
            let (left, right) = bands.split_at(bands.len() / 2);
            let middle = right[0].start;
            let (low, high) = output.split_at_mut(middle - from);
            threads.join(
                || run(left, from, threads, low, one),
                || run(right, middle, threads, high, one),
            );
        }
    }
}

/// What a walk is cut along.
#[derive(Clone, Copy)]
enum Parts {
    Rows(usize),
    /// Of the single row.
    Columns(usize),
}

impl Parts {
    fn of(window: &Window) -> Parts {
        if window.rows > 1 {
            Parts::Rows(window.rows)
        } else {
            Parts::Columns(window.columns)
        }
    }

    fn count(self) -> usize {
        match self {
            Parts::Rows(count) | Parts::Columns(count) => count,
        }
    }

    fn walk(self, window: &Window, range: Range<usize>) -> Window {
        let mut window = window.clone();
        let skipped = match self {
            Parts::Rows(_) => {
                window.rows = range.len();
                range.start * window.row_step
            }
            Parts::Columns(_) => {
                window.columns = range.len();
                range.start * window.column_step
            }
        };
        window.runs.iter_mut().for_each(|run| *run += skipped);
        window
    }

    fn part(self, view: &View, range: Range<usize>) -> View {
        let mut part = *view;
        match self {
            Parts::Rows(_) => {
                part.offset = view.at(range.start, 0);
                part.shape.rows = range.len();
            }
            Parts::Columns(_) => {
                part.offset = view.at(0, range.start);
                part.shape.columns = range.len();
            }
        }
        part
    }
}

impl Conv {
    /// With an output that lacks its first `start` bytes.
    fn part(&self, parts: Parts, range: Range<usize>, start: usize) -> Conv {
        let output = |view: &View| {
            let mut view = parts.part(view, range.clone());
            view.offset -= start;
            view
        };
        match self {
            Conv::Dense(groups) => {
                let part = |conv: &Dense| Dense {
                    window: parts.walk(&conv.window, range.clone()),
                    output: output(&conv.output),
                    residual: conv.residual.clone().map(|mut residual| {
                        residual.view = parts.part(&residual.view, range.clone());
                        residual
                    }),
                    requant: conv.requant.clone(),
                    weights: conv.weights.clone(),
                };
                Conv::Dense(groups.iter().map(part).collect())
            }
            Conv::Depthwise(conv) => Conv::Depthwise(Depthwise {
                window: parts.walk(&conv.window, range.clone()),
                output: output(&conv.output),
                requant: conv.requant.clone(),
                weights: conv.weights.clone(),
            }),
        }
    }
}
