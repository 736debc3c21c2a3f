//! Between the caller's tensors and the images inside.

use super::layout::Place;
use super::{Given, Wanted};
use crate::graph::{Input, Layout, Output, Source, Target};
use crate::pool::channel_sums;
use crate::quantize::quantize;
use crate::view::{Shape, View};

/// A tensor on its way in.
#[derive(Debug)]
pub(super) struct Enter {
    input: Input,
    place: Place,
}

impl Enter {
    pub(super) fn new(input: &Input, place: Place) -> Enter {
        Enter {
            input: input.clone(),
            place,
        }
    }

    pub(super) fn shape(&self) -> Shape {
        self.place.view.shape
    }

    pub(super) fn run(&self, given: &Given<'_>, buffers: &mut [Vec<u8>]) {
        let buffer = &mut buffers[self.place.buffer];
        match (&self.input.source, given) {
            (Source::Codes { flip }, Given::Codes(codes)) => {
                assert_eq!(codes.len(), self.shape().codes());
                match self.input.layout {
                    Layout::Nhwc => copy_in(codes, &self.place, buffer, *flip),
                    Layout::Nchw => {
                        for_each_nchw(&self.place.view, |i, at| buffer[at] = codes[i] ^ flip);
                    }
                }
            }
            (Source::Floats { scale, zero_point }, Given::Floats(reals)) => {
                assert_eq!(reals.len(), self.shape().codes());
                for_each(self.input.layout, &self.place.view, |i, at| {
                    buffer[at] = quantize(reals[i], *scale, *zero_point);
                });
            }
            (source, _) => panic!("a tensor of another kind than {source:?}"),
        }
        self.place.fill_halo(buffer);
    }
}

/// A tensor on its way out.
#[derive(Debug)]
pub(super) struct Exit {
    output: Output,
    place: Place,
}

impl Exit {
    pub(super) fn new(output: &Output, place: Place) -> Exit {
        Exit {
            output: output.clone(),
            place,
        }
    }

    pub(super) fn shape(&self) -> Shape {
        self.place.view.shape
    }

    pub(super) fn run(&self, wanted: &mut Wanted<'_>, buffers: &[Vec<u8>]) {
        let buffer = &buffers[self.place.buffer][..];
        let view = &self.place.view;
        match (&self.output.target, wanted) {
            (Target::Codes { flip }, Wanted::Codes(codes)) => {
                assert_eq!(codes.len(), view.shape.codes());
                match (self.output.layout, view.row_len()) {
                    (Layout::Nhwc, Some(row)) => {
                        for (r, codes) in codes.chunks_exact_mut(row).enumerate() {
                            let from = &buffer[view.at(r, 0)..][..row];
                            for (code, from) in codes.iter_mut().zip(from) {
                                *code = from ^ flip;
                            }
                        }
                    }
                    (layout, _) => for_each(layout, view, |i, at| codes[i] = buffer[at] ^ flip),
                }
            }
            (Target::Floats { scale, zero_point }, Wanted::Floats(reals)) => {
                assert_eq!(reals.len(), view.shape.codes());
                for_each(self.output.layout, view, |i, at| {
                    reals[i] = (buffer[at] as i32 - zero_point) as f32 * scale;
                });
            }
            (Target::Sums { scale, zero_point }, Wanted::Floats(reals)) => {
                assert_eq!(reals.len(), view.shape.channels);
                let start = -(zero_point * view.shape.pixels() as i32);
                channel_sums(buffer, view, start, |channel, sum| {
                    reals[channel] = sum as f32 * scale;
                });
            }
            (target, _) => panic!("a tensor of another kind than {target:?}"),
        }
    }
}

/// Rows of codes into a place.
pub(super) fn copy_in(codes: &[u8], place: &Place, buffer: &mut [u8], flip: u8) {
    let view = &place.view;
    let row = view.shape.columns * view.shape.channels;
    for (r, codes) in codes.chunks_exact(row).enumerate() {
        let to = &mut buffer[view.at(r, 0)..][..row];
        to.copy_from_slice(codes);
        if flip != 0 {
            to.iter_mut().for_each(|code| *code ^= flip);
        }
    }
}

/// From one view to another of the same shape, both with pixels that touch.
pub(super) fn copy(from: &[u8], from_view: &View, to: &mut [u8], to_view: &View) {
    let row = to_view.shape.columns * to_view.shape.channels;
    for r in 0..to_view.shape.rows {
        to[to_view.at(r, 0)..][..row].copy_from_slice(&from[from_view.at(r, 0)..][..row]);
    }
}

/// The index of each element in the caller's tensor, and where its code lies.
#[inline(always)]
fn for_each(layout: Layout, view: &View, element: impl FnMut(usize, usize)) {
    match layout {
        Layout::Nhwc => for_each_nhwc(view, element),
        Layout::Nchw => for_each_nchw(view, element),
    }
}

#[inline(always)]
fn for_each_nhwc(view: &View, mut element: impl FnMut(usize, usize)) {
    let mut i = 0;
    for row in 0..view.shape.rows {
        for column in 0..view.shape.columns {
            let at = view.at(row, column);
            for channel in 0..view.shape.channels {
                element(i, at + channel);
                i += 1;
            }
        }
    }
}

#[inline(always)]
fn for_each_nchw(view: &View, mut element: impl FnMut(usize, usize)) {
    let mut i = 0;
    for channel in 0..view.shape.channels {
        for row in 0..view.shape.rows {
            for column in 0..view.shape.columns {
                element(i, view.at(row, column) + channel);
                i += 1;
            }
        }
    }
}
