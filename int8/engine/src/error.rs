//! What an operator of the graph can be refused for.

/// Why an operator cannot be made, or cannot run.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Scales that are fine alone and out of range together.
    #[error("the scales give a multiplier of {found}, expected less than {limit}")]
    Multiplier {
        /// Input scales over output scale.
        found: f32,
        /// The first multiplier that is refused.
        limit: f32,
    },
    /// The window does not fit in the padded input.
    #[error("a window of {window} does not fit in a padded input of {padded} along {axis}")]
    WindowTooLarge {
        /// `height` or `width`.
        axis: &'static str,
        /// dilation * (kernel - 1) + 1.
        window: usize,
        /// Input and pads.
        padded: usize,
    },
    /// An image larger than this crate accepts.
    #[error("the {what} would take {limit} bytes or more for one image")]
    TooLarge {
        /// `padded input` or `output`.
        what: &'static str,
        /// The first size that is refused.
        limit: usize,
    },
    /// The machine has no memory for the images.
    #[error("no memory for {bytes} bytes of images")]
    OutOfMemory {
        /// The size that was asked for.
        bytes: usize,
    },
    /// Two parts of an operator do not fit each other.
    #[error("{what} is {found}, expected {expected}")]
    Mismatch {
        /// What was looked at.
        what: &'static str,
        /// What it is.
        found: String,
        /// What the rest asks for.
        expected: String,
    },
    /// `NORMGATE_ISA` names no instruction set of this crate.
    #[error("NORMGATE_ISA is \"{found}\", expected one of {expected}")]
    UnknownIsa {
        /// The name that was given.
        found: String,
        /// The names that are known.
        expected: String,
    },
    /// `NORMGATE_ISA` names an instruction set that this processor does not run.
    #[error("NORMGATE_ISA is \"{found}\", but this processor runs only {available}")]
    IsaNotHere {
        /// The name that was given.
        found: &'static str,
        /// The names that would do.
        available: String,
    },
    /// No pool of that many threads.
    #[error("no pool of {found} threads: {why}")]
    Threads {
        /// The count that was asked for.
        found: usize,
        /// What stands against it.
        why: String,
    },
}
