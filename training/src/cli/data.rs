//! The images that the subcommands share.

use std::path::Path;

use anyhow::{Context, bail};
use normgate::dataset::{self, ImageSet, Split};
use normgate_core::{Fit, PreprocessSpec};

/// Side of the images that networks are trained on, pixels, where not told otherwise.
pub(super) const SIDE: u32 = 32;

/// Images at `path`, `[width, height]` pixels each.
pub(super) fn open(
    path: &Path,
    split: Split,
    [width, height]: [u32; 2],
) -> anyhow::Result<ImageSet> {
    let spec = PreprocessSpec::new(width, height, Fit::CenterCrop);
    Ok(dataset::open(path, split, &spec)?)
}

/// Fit and calibration images: the last `calibration` of the first `limit` are calibration.
pub(super) fn split(
    all: &ImageSet,
    limit: Option<usize>,
    calibration: usize,
) -> anyhow::Result<(ImageSet, ImageSet)> {
    let n = limit.unwrap_or(all.len()).min(all.len());
    if calibration == 0 || calibration >= n {
        bail!(
            "--calibration is {calibration}, expected 1 or more and fewer than the {n} images there are"
        );
    }
    let fit = all.slice(0..n - calibration).context("fit images")?;
    let held = all
        .slice(n - calibration..n)
        .context("calibration images")?;
    Ok((fit, held))
}
