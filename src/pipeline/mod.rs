//! Source to sinks, frame by frame.
//!
//! ```text
//! Source --Frame--> Judge (preprocess, network, gate, commit, drift) --Record--> Fanout
//!                     ^                                                  ^
//!        Control: swap the model, stop                Meters: counts, times of stages
//! ```

mod drift;
mod judge;
mod run;
mod swap;

use thiserror::Error;

use crate::model::ModelError;
use crate::source::SourceError;

pub use drift::STANDS;
pub use judge::{Judge, Judgement, terms_of};
pub use run::{Control, Order, Pipeline, STALE};
pub use swap::{NewModel, Successor, Swapper};

/// Why the loop ended before its source did.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// The source died.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Nobody reads what the loop says.
    #[error("output: {0}")]
    Closed(String),
    /// The model cannot run.
    #[error(transparent)]
    Model(#[from] ModelError),
}
