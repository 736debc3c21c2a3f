//! A short run on real images.

use std::path::Path;
use std::time::Duration;

use normgate_train::error::TrainError;
use normgate_train::metrics::EpochMetrics;
use normgate_train::recipe::Recipe;
use normgate_train::start::Start;
use normgate_train::train::{Setting, train};
use tch::Device;

use crate::{images, torch_rng};

/// How a run begins and ends.
#[derive(Clone, Copy)]
pub(crate) struct How<'a> {
    pub(crate) start: Option<&'a Start>,
    pub(crate) resume: bool,
    pub(crate) stop_after: Option<Duration>,
}

pub(crate) const FRESH: How<'static> = How {
    start: None,
    resume: false,
    stop_after: None,
};

pub(crate) const RESUMED: How<'static> = How {
    resume: true,
    ..FRESH
};

/// From the weights of another run.
pub(crate) fn from(start: &Start) -> How<'_> {
    How {
        start: Some(start),
        ..FRESH
    }
}

/// Fits the first 500 of [`images`]; the last 100 are held out.
pub(crate) fn run(
    recipe: &Recipe,
    out: &Path,
    how: How<'_>,
) -> Result<Vec<EpochMetrics>, TrainError> {
    let all = images();
    let setting = Setting {
        fit: &all.slice(0..500).unwrap(),
        calibration: &all.slice(500..600).unwrap(),
        start: how.start,
        device: Device::Cpu,
        out: out.to_owned(),
        resume: how.resume,
        measure_every: 1,
        stop_after: how.stop_after,
        progress: false,
    };
    let _alone = torch_rng();
    train(recipe, &setting)
}
