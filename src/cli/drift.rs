//! The options of the drift test, for all subcommands that have one.

use clap::Args;
use normgate_core::{DriftError, DriftPolicy};

/// Calibration sets that the rate holds for.
const ASSURANCE: f64 = 0.95;

/// How often an alarm may be false.
#[derive(Debug, Args)]
pub(super) struct Every {
    /// At most one false drift alarm in so many frames, on average; 1e8 are 38 days at 30 frames a second.
    #[arg(long, value_name = "FRAMES", default_value_t = 1e8)]
    drift_every: f64,
}

impl Every {
    pub(super) fn policy(&self, stride: u32) -> Result<DriftPolicy, DriftError> {
        DriftPolicy::new(self.drift_every, stride, ASSURANCE)
    }
}
