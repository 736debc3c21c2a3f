//! What is run, one after another.

use super::border::copy;
use super::fuse::Fused;
use super::layout::{Layout, Place};
use crate::add::AddParams;
use crate::conv::{Dense, Depthwise, Residual};
use crate::graph::{Graph, Op};
use crate::kernels::Kernels;

/// One operator, with what was merged into it.
#[derive(Debug)]
pub(super) struct Step {
    work: Work,
    /// Where it reads, input by input.
    inputs: Vec<Place>,
    output: Place,
}

#[derive(Debug)]
enum Work {
    Dense(Vec<Dense>),
    Depthwise(Box<Depthwise>),
    Add(AddParams),
    /// For a reader that wants another halo.
    Copy,
}

/// The steps of a graph.
pub(super) fn steps(
    graph: &Graph,
    fused: &[Fused],
    layout: &Layout,
    kernels: &Kernels,
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
            });
            inputs[0] = copy;
        }
        let output = layout.place(f.output(graph));
        let work = match &node.op {
            Op::Conv(spec) if spec.is_depthwise() => Work::Depthwise(Box::new(Depthwise::new(
                spec,
                kernels,
                &inputs[0].view,
                &output.view,
            ))),
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
                Work::Dense(Dense::new(spec, kernels, from, to, residual.as_ref()))
            }
            Op::Add(params) => Work::Add(*params),
            Op::Constant(_) => continue,
        };
        steps.push(Step {
            work,
            inputs,
            output,
        });
    }
    steps
}

impl Step {
    pub(super) fn run(&self, kernels: &Kernels, buffers: &mut [Vec<u8>]) {
        // Taken out, so that the others can be read meanwhile; nothing is allocated.
        let mut output = std::mem::take(&mut buffers[self.output.buffer]);
        let input = |i: usize| &buffers[self.inputs[i].buffer][..];
        match &self.work {
            Work::Dense(groups) => {
                for conv in groups {
                    let other = match conv.residual {
                        Some(_) => input(1),
                        None => &[],
                    };
                    (kernels.dense)(conv, input(0), &mut output, other);
                }
            }
            Work::Depthwise(conv) => (kernels.depthwise)(conv, input(0), &mut output),
            Work::Add(params) => {
                let (a, b) = (&self.inputs[0].view, &self.inputs[1].view);
                let to = &self.output.view;
                let len = to.shape.columns * to.pixel_step;
                for row in 0..to.shape.rows {
                    let a = &input(0)[a.at(row, 0)..][..len];
                    let b = &input(1)[b.at(row, 0)..][..len];
                    (kernels.add)(params, a, b, &mut output[to.at(row, 0)..][..len]);
                }
            }
            Work::Copy => copy(
                input(0),
                &self.inputs[0].view,
                &mut output,
                &self.output.view,
            ),
        }
        self.output.fill_halo(&mut output);
        buffers[self.output.buffer] = output;
    }
}
