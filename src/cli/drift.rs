//! The options of the drift test.

use clap::Args;
use normgate_core::{ASSURANCE, DriftError, DriftPolicy};

/// One frame in so many is looked at: about ten seconds of a camera.
const STRIDE: u32 = 300;
/// Frames for each false alarm.
const EVERY: f64 = 1e8;

/// Whether the stream of frames is watched, and how.
#[derive(Debug, Args)]
pub(super) struct DriftArgs {
    /// Watch whether frames still look like the calibration images.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    drift: bool,
    #[command(flatten)]
    every: Every,
    /// Look at one frame in N. Longer than a scene lasts, for an alarm's rate holds for frames as independent as the
    /// calibration images; 1 for pictures that have nothing to do with each other.
    #[arg(long, value_name = "N", default_value_t = STRIDE)]
    drift_stride: u32,
}

/// How often an alarm may be false.
#[derive(Debug, Args)]
pub(super) struct Every {
    /// At most one false drift alarm in so many frames, on average; 1e8 are 38 days at 30 frames a second.
    #[arg(long, value_name = "FRAMES", default_value_t = EVERY)]
    drift_every: f64,
}

impl DriftArgs {
    /// The test's rate; none where frames are not watched.
    pub(super) fn policy(&self) -> anyhow::Result<Option<DriftPolicy>> {
        if !self.drift {
            return Ok(None);
        }
        self.every.policy(self.drift_stride).map(Some)
    }
}

/// The rate of a camera where none is asked for.
pub(super) fn usual() -> anyhow::Result<DriftPolicy> {
    Every { drift_every: EVERY }.policy(STRIDE)
}

impl Every {
    /// The rate at one frame in `stride`.
    pub(super) fn policy(&self, stride: u32) -> anyhow::Result<DriftPolicy> {
        let policy = DriftPolicy::new(self.drift_every, stride, ASSURANCE);
        policy.map_err(|e| match e {
            DriftError::Stride => anyhow::anyhow!("--drift-stride: {e}"),
            e => anyhow::anyhow!("--drift-every: {e}"),
        })
    }
}
