//! A graph, ready to run: fused, laid out in memory once, weights packed once.
//!
//! In the order of making: [`fuse`] merges operators, [`layout`] gives each value a place, [`step`] makes what
//! is run, in [`bands`] where there are [`threads`]; [`border`] goes between the caller's tensors and the images inside.

mod bands;
mod border;
mod fuse;
mod layout;
mod step;
mod threads;

pub use threads::Threads;

use crate::error::EngineError;
use crate::graph::Graph;
use crate::kernels::{Isa, Kernels};
use crate::view::Shape;
use border::{Enter, Exit};
use layout::Place;
use step::Step;

/// What can be run, by any number of threads at once, each with a [`Memory`] of its own.
#[derive(Debug)]
pub struct Program {
    kernels: &'static Kernels,
    threads: Threads,
    enters: Vec<Enter>,
    steps: Vec<Step>,
    exits: Vec<Exit>,
    /// Bytes of each buffer.
    buffers: Vec<usize>,
    constants: Vec<(Place, Vec<u8>)>,
}

/// The buffers of one thread's runs.
#[derive(Clone, Debug)]
pub struct Memory {
    buffers: Vec<Vec<u8>>,
}

/// A tensor that the caller gives, for one image.
#[derive(Clone, Copy, Debug)]
pub enum Given<'a> {
    /// As [`Source::Codes`](crate::Source::Codes) has them.
    Codes(&'a [u8]),
    /// As [`Source::Floats`](crate::Source::Floats) has them.
    Floats(&'a [f32]),
}

/// Where the caller gets a tensor, for one image.
#[derive(Debug)]
pub enum Wanted<'a> {
    /// As [`Target::Codes`](crate::Target::Codes) has them.
    Codes(&'a mut [u8]),
    /// As [`Target::Floats`](crate::Target::Floats) has them.
    Floats(&'a mut [f32]),
}

impl Program {
    /// Makes a program of `graph` for the kernels of `isa` and the caller's thread.
    ///
    /// # Errors
    /// [`EngineError`] where parts of the graph do not fit each other, an image is too large, or this
    /// processor does not run `isa`.
    pub fn new(graph: &Graph, isa: Isa) -> Result<Program, EngineError> {
        Program::with_threads(graph, isa, Threads::ONE)
    }

    /// The same for a pool of threads, which gives the same codes. A run then allocates what waking threads takes.
    ///
    /// # Errors
    /// As [`Program::new`].
    pub fn with_threads(graph: &Graph, isa: Isa, threads: Threads) -> Result<Program, EngineError> {
        let Some(kernels) = isa.kernels() else {
            return Err(EngineError::IsaNotHere {
                found: isa.name(),
                available: Isa::available()
                    .map(Isa::name)
                    .collect::<Vec<_>>()
                    .join(", "),
            });
        };
        graph.check()?;
        let fused = fuse::fuse(graph);
        let layout = layout::Layout::new(graph, &fused)?;
        let steps = step::steps(graph, &fused, &layout, kernels, threads.count());
        let place = |value: usize| layout.place(value);
        Ok(Program {
            kernels,
            threads,
            enters: graph
                .inputs
                .iter()
                .map(|input| Enter::new(input, place(input.value)))
                .collect(),
            exits: graph
                .outputs
                .iter()
                .map(|output| Exit::new(output, place(output.value)))
                .collect(),
            constants: layout.constants(graph),
            steps,
            buffers: layout.buffers,
        })
    }

    /// The instruction set that it was made for.
    pub fn isa(&self) -> Isa {
        self.kernels.isa
    }

    /// How many operators are run, after fusion.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// Bytes of a [`Memory`].
    pub fn memory_len(&self) -> usize {
        self.buffers.iter().sum()
    }

    /// Of each input and each output.
    pub fn shapes(&self) -> (Vec<Shape>, Vec<Shape>) {
        (
            self.enters.iter().map(Enter::shape).collect(),
            self.exits.iter().map(Exit::shape).collect(),
        )
    }

    /// The memory for one thread's runs.
    ///
    /// # Errors
    /// [`EngineError::OutOfMemory`].
    pub fn memory(&self) -> Result<Memory, EngineError> {
        let buffer = |len: &usize| {
            let mut buffer = Vec::new();
            buffer
                .try_reserve_exact(*len)
                .map_err(|_| EngineError::OutOfMemory { bytes: *len })?;
            buffer.resize(*len, 0);
            Ok(buffer)
        };
        let mut buffers: Vec<Vec<u8>> =
            self.buffers.iter().map(buffer).collect::<Result<_, _>>()?;
        for (place, codes) in &self.constants {
            let buffer = &mut buffers[place.buffer];
            border::copy_in(codes, place, buffer, 0);
            place.fill_halo(buffer);
        }
        Ok(Memory { buffers })
    }

    /// Runs one image. Allocates nothing.
    ///
    /// # Panics
    /// If `memory` is another program's, or if the count, the kind or the length of a tensor is not the graph's.
    pub fn run(&self, memory: &mut Memory, given: &[Given<'_>], wanted: &mut [Wanted<'_>]) {
        assert_eq!(
            (given.len(), wanted.len()),
            (self.enters.len(), self.exits.len())
        );
        let buffers = &mut memory.buffers;
        for (enter, given) in self.enters.iter().zip(given) {
            enter.run(given, buffers);
        }
        self.threads.enter(|| {
            for step in &self.steps {
                step.run(self.kernels, &self.threads, buffers);
            }
        });
        for (exit, wanted) in self.exits.iter().zip(wanted) {
            exit.run(wanted, buffers);
        }
    }
}
