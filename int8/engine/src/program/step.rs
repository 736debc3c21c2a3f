//! What is run, one after another.

use super::bands::{Bands, Conv};
use super::border::copy;
use super::fuse::Fused;
use super::layout::{Layout, Place};
use super::threads::Threads;
use crate::add::AddParams;
use crate::broadcast::for_each_pair;
use crate::concat::concat_part;
use crate::conv::{Dense, Depthwise, Residual};
use crate::graph::{Graph, Op};
use crate::kernels::Kernels;
use crate::mul::MulParams;
use crate::pool::{AveragePool, GlobalAveragePool, Windows, max_pool};
use crate::table::Table;
use crate::view::View;

/// One operator, with what was merged into it.
#[derive(Debug)]
pub(super) struct Step {
    work: Work,
    /// Where it reads, input by input.
    inputs: Vec<Place>,
    output: Place,
    /// Applied to the output, image only.
    table: Option<Table>,
}

#[derive(Debug)]
enum Work {
    Conv(Bands),
    Add(AddParams),
    Mul(MulParams),
    Table(Table),
    /// Of each input, and where its channels go.
    Concat(Vec<(Option<Table>, View)>),
    AveragePool(AveragePool),
    GlobalAveragePool(GlobalAveragePool),
    MaxPool(Windows),
    /// For a reader that wants another halo.
    Copy,
}

/// The steps of a graph.
pub(super) fn steps(
    graph: &Graph,
    fused: &[Fused],
    layout: &Layout,
    kernels: &Kernels,
    threads: usize,
) -> Vec<Step> {
    let mut steps = Vec::new();
    for (i, f) in fused.iter().enumerate() {
        let node = &graph.nodes[f.node];
        let mut inputs: Vec<Place> = f.reads(graph).map(|value| layout.place(value)).collect();
        if let Some(copy) = layout.copy(i) {
            steps.push(Step {
                work: Work::Copy,
                inputs: vec![inputs[0]],
                output: copy,
                table: None,
            });
            inputs[0] = copy;
        }
        let output = layout.place(f.output(graph));
        let work = match &node.op {
            Op::Conv(spec) if spec.is_depthwise() => {
                let conv = Depthwise::new(spec, kernels, &inputs[0].view, &output.view);
                Work::Conv(Bands::new(Conv::Depthwise(conv), threads))
            }
            Op::Conv(spec) => {
                let residual = f.residual.map(|(add, _, swapped)| {
                    let Op::Add(params) = graph.nodes[add].op else {
                        unreachable!("only adds are merged")
                    };
                    Residual {
                        view: inputs[1].view,
                        params,
                        swapped,
                    }
                });
                let (from, to) = (&inputs[0].view, &output.view);
                let groups = Dense::new(spec, kernels, from, to, residual.as_ref());
                Work::Conv(Bands::new(Conv::Dense(groups), threads))
            }
            Op::Add(params) => Work::Add(*params),
            Op::Mul(params) => Work::Mul(*params),
            Op::Table(table) => Work::Table(table.clone()),
            Op::Concat(tables) => {
                let mut first = 0;
                let parts = tables.iter().zip(&inputs).map(|(table, place)| {
                    let channels = place.view.shape.channels;
                    let to = output.view.channels(first, channels);
                    first += channels;
                    (table.clone(), to)
                });
                Work::Concat(parts.collect())
            }
            Op::AveragePool(pool) => Work::AveragePool(*pool),
            Op::GlobalAveragePool(pool) => Work::GlobalAveragePool(*pool),
            Op::MaxPool(windows) => Work::MaxPool(*windows),
            Op::Constant(_) => continue,
        };
        steps.push(Step {
            work,
            inputs,
            output,
            table: f.table.and_then(|n| match &graph.nodes[n].op {
                Op::Table(table) => Some(table.clone()),
                _ => None,
            }),
        });
    }
    steps
}

impl Step {
    pub(super) fn run(&self, kernels: &Kernels, threads: &Threads, buffers: &mut [Vec<u8>]) {
        // Taken out, so that the others can be read meanwhile; nothing is allocated.
        let mut output = std::mem::take(&mut buffers[self.output.buffer]);
        let input = |i: usize| &buffers[self.inputs[i].buffer][..];
        let from = |i: usize| &self.inputs[i].view;
        let to = &self.output.view;
        match &self.work {
            Work::Conv(bands) => {
                let other = if self.inputs.len() > 1 { input(1) } else { &[] };
                bands.run(kernels, threads, input(0), &mut output, other);
            }
            Work::Add(params) => {
                let (a, b) = ((input(0), from(0)), (input(1), from(1)));
                for_each_pair(a, b, &mut output, to, |a, b, codes| {
                    (kernels.add)(params, a, b, codes);
                });
            }
            Work::Mul(params) => {
                let (a, b) = ((input(0), from(0)), (input(1), from(1)));
                for_each_pair(a, b, &mut output, to, |a, b, codes| params.run(a, b, codes));
            }
            Work::Table(table) => table.run(input(0), from(0), &mut output, to),
            Work::Concat(parts) => {
                for (i, (table, to)) in parts.iter().enumerate() {
                    concat_part(table.as_ref(), input(i), from(i), &mut output, to);
                }
            }
            Work::AveragePool(pool) => pool.run(input(0), from(0), &mut output, to),
            Work::GlobalAveragePool(pool) => pool.run(input(0), from(0), &mut output, to),
            Work::MaxPool(windows) => max_pool(windows, input(0), from(0), &mut output, to),
            Work::Copy => copy(input(0), from(0), &mut output, to),
        }
        if let Some(table) = &self.table {
            table.run_in_place(&mut output, to);
        }
        self.output.fill_halo(&mut output);
        buffers[self.output.buffer] = output;
    }
}
