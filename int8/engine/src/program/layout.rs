//! A place in memory for each value: in which buffer, with which halo. Buffers are shared by values of which
//! one is no longer needed when the other is made.

use super::fuse::Fused;
use crate::error::EngineError;
use crate::geometry::halo;
use crate::graph::{Graph, Op, Value};
use crate::view::{Halo, Shape, View};

/// Where a value lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) buffer: usize,
    pub(super) view: View,
    halo: Halo,
    /// What the halo is filled with.
    zero: u8,
}

impl Place {
    /// Has to be done after the image was written, since another one may have been here.
    pub(super) fn fill_halo(&self, buffer: &mut [u8]) {
        if self.halo.is_empty() {
            return;
        }
        let View {
            shape,
            row_step,
            pixel_step,
            offset,
        } = self.view;
        let row = shape.columns * pixel_step;
        buffer[..offset].fill(self.zero);
        // What is right of a row and left of the next one lies together.
        let gap = row_step - row;
        if gap > 0 {
            for r in 1..shape.rows {
                let at = offset + r * row_step - gap;
                buffer[at..at + gap].fill(self.zero);
            }
        }
        let end = offset + (shape.rows - 1) * row_step + row;
        let rest = self.halo.right * pixel_step + self.halo.below * row_step;
        buffer[end..end + rest].fill(self.zero);
    }
}

/// All places.
#[derive(Debug)]
pub(super) struct Layout {
    places: Vec<Option<Place>>,
    /// For a convolution that wants another zero around its input than the value has: a copy's place.
    copies: Vec<(usize, Place)>,
    pub(super) buffers: Vec<usize>,
}

impl Layout {
    pub(super) fn new(graph: &Graph, fused: &[Fused]) -> Result<Layout, EngineError> {
        let mut halos: Vec<Option<(Halo, u8)>> = vec![None; graph.values.len()];
        let mut wants_copy = Vec::new();
        for (i, f) in fused.iter().enumerate() {
            if let Some((halo, zero)) = wanted_halo(graph, f) {
                let value = graph.nodes[f.node].inputs[0];
                match &mut halos[value] {
                    None => halos[value] = Some((halo, zero)),
                    Some((known, known_zero)) if *known_zero == zero => *known = known.union(halo),
                    Some(_) => wants_copy.push((i, halo, zero)),
                }
            }
        }

        let mut pool = Pool::default();
        let mut places: Vec<Option<Place>> = vec![None; graph.values.len()];
        let at = |pool: &mut Pool, shape: Shape, wanted: Option<(Halo, u8)>, own: bool| {
            let (halo, zero) = wanted.unwrap_or_default();
            let len = halo.buffer_len(shape).ok_or(EngineError::TooLarge {
                what: "image",
                limit: crate::geometry::MAX_IMAGE_BYTES,
            })?;
            Ok::<_, EngineError>(Place {
                buffer: pool.take(len, own),
                view: View::with_halo(shape, halo),
                halo,
                zero,
            })
        };
        for node in &graph.nodes {
            if let Op::Constant(_) = node.op {
                let value = node.output;
                places[value] = Some(at(&mut pool, graph.values[value], halos[value], true)?);
            }
        }
        for input in &graph.inputs {
            let value = input.value;
            places[value] = Some(at(&mut pool, graph.values[value], halos[value], false)?);
        }
        let last = last_uses(graph, fused);
        let mut copies = Vec::new();
        for (i, f) in fused.iter().enumerate() {
            let mut copy = None;
            if let Some((_, halo, zero)) = wants_copy.iter().find(|(at, ..)| *at == i) {
                let shape = graph.values[graph.nodes[f.node].inputs[0]];
                let place = at(&mut pool, shape, Some((*halo, *zero)), false)?;
                copies.push((i, place));
                copy = Some(place.buffer);
            }
            let output = f.output(graph);
            places[output] = Some(at(&mut pool, graph.values[output], halos[output], false)?);
            // Only after the output has its place: a kernel does not write over what it reads.
            pool.free.extend(copy);
            let mut done: Vec<Value> = f
                .reads(graph)
                .chain([output])
                .filter(|v| last[*v] <= i)
                .collect();
            done.sort_unstable();
            done.dedup();
            pool.free.extend(
                done.iter()
                    .filter_map(|v| places[*v])
                    .map(|p| p.buffer)
                    .filter(|b| !pool.own[*b]),
            );
        }
        Ok(Layout {
            places,
            copies,
            buffers: pool.lens,
        })
    }

    /// # Panics
    /// For a value that fusion has left out.
    pub(super) fn place(&self, value: Value) -> Place {
        self.places[value].expect("a value that is read has a place")
    }

    pub(super) fn copy(&self, fused: usize) -> Option<Place> {
        let found = self.copies.iter().find(|(at, _)| *at == fused);
        found.map(|(_, place)| *place)
    }

    pub(super) fn constants(&self, graph: &Graph) -> Vec<(Place, Vec<u8>)> {
        let constant = |node: &crate::graph::Node| match &node.op {
            Op::Constant(codes) => Some((self.place(node.output), codes.to_vec())),
            _ => None,
        };
        graph.nodes.iter().filter_map(constant).collect()
    }
}

fn wanted_halo(graph: &Graph, fused: &Fused) -> Option<(Halo, u8)> {
    match &graph.nodes[fused.node].op {
        Op::Conv(spec) => {
            let halo = halo(&spec.y, &spec.x);
            (!halo.is_empty()).then_some((halo, spec.input_zero as u8))
        }
        _ => None,
    }
}

/// The index of the last step that needs each value; outputs are needed for ever.
fn last_uses(graph: &Graph, fused: &[Fused]) -> Vec<usize> {
    let mut last = vec![0; graph.values.len()];
    for (i, f) in fused.iter().enumerate() {
        f.reads(graph).for_each(|value| last[value] = i);
        last[f.output(graph)] = i;
    }
    for output in &graph.outputs {
        last[output.value] = usize::MAX;
    }
    last
}

/// Buffers that are given out and come back.
#[derive(Debug, Default)]
struct Pool {
    lens: Vec<usize>,
    /// Never come back.
    own: Vec<bool>,
    free: Vec<usize>,
}

impl Pool {
    /// The free buffer that needs least growth, or wastes least.
    fn take(&mut self, len: usize, own: bool) -> usize {
        let cost = |buffer: usize| {
            let has = self.lens[buffer];
            (len.saturating_sub(has), has.saturating_sub(len))
        };
        let best = (0..self.free.len()).min_by_key(|i| cost(self.free[*i]));
        if let (Some(best), false) = (best, own) {
            let buffer = self.free.swap_remove(best);
            self.lens[buffer] = self.lens[buffer].max(len);
            return buffer;
        }
        self.lens.push(len);
        self.own.push(own);
        self.lens.len() - 1
    }
}
