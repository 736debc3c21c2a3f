//! The images that the subcommands share.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use normgate::dataset::{self, ImageSet, Split};
use normgate_core::{Fit, PreprocessSpec};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Side of the images that networks are trained on, pixels, where not told otherwise.
pub(super) const SIDE: u32 = 32;

/// The training images; export and threshold take the calibration set from them again.
#[derive(Debug, Args)]
pub(super) struct TrainingImages {
    /// Training images: a CIFAR-10/100 binary folder or file, an IDX file, or a folder with one folder a class; the
    /// same for train, export and threshold.
    #[arg(long)]
    data: PathBuf,
    /// Use only the first N of them; the same for train, export and threshold.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Shuffle them by a seed before they are split, as a folder read class by class needs; the same for train,
    /// export and threshold.
    #[arg(long, value_name = "SEED")]
    shuffle: Option<u64>,
    /// Leave these classes out, by name: what a network was never shown is a near OOD set of its own; the same for
    /// train, export and threshold.
    #[arg(long, value_name = "CLASSES", value_delimiter = ',')]
    leave_out: Vec<String>,
}

impl TrainingImages {
    /// Fit and calibration images, `[width, height]` pixels each; those that `held` names are the calibration set.
    pub(super) fn open(&self, size: [u32; 2], held: Held) -> anyhow::Result<(ImageSet, ImageSet)> {
        let mut all = open(&self.data, Split::Train, size)?;
        if let Some(seed) = self.shuffle {
            let mut places: Vec<usize> = (0..all.len()).collect();
            places.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
            all = all.select(&places)?;
        }
        let n = self.limit.unwrap_or(all.len()).min(all.len());
        let (count, cut) = match held {
            Held::Last(count) => (count, n.checked_sub(count)),
            Held::Kept(count) => (count, self.before_kept(&all.slice(0..n)?, count)),
        };
        let Some(cut) = cut.filter(|&cut| count > 0 && cut > 0) else {
            bail!(
                "--calibration is {count}, expected 1 or more and fewer than the {n} images there are"
            );
        };
        let fit = all.slice(0..cut).context("fit images")?;
        let held = all.slice(cut..n).context("calibration images")?;
        let fit = without(fit, &self.leave_out)?;
        let held = without(held, &self.leave_out)?;
        check_classes(&fit, "fit")?;
        check_classes(&held, "calibration")?;
        Ok((fit, held))
    }

    /// Where the last `count` images of the classes that stay begin.
    fn before_kept(&self, all: &ImageSet, count: usize) -> Option<usize> {
        let labels = all.labels().unwrap_or_default();
        let left_out = |&at: &usize| {
            let class = labels.get(at).map(|&l| &all.classes()[usize::from(l)]);
            class.is_some_and(|name| self.leave_out.contains(name))
        };
        let mut kept = (0..all.len()).rev().filter(|at| !left_out(at));
        kept.nth(count.checked_sub(1)?)
    }
}

/// Which of the training images are the calibration set.
#[derive(Debug, Clone, Copy)]
pub(super) enum Held {
    /// The last so many, of whatever class.
    Last(usize),
    /// The last so many of the classes that are not left out, as a file or a checkpoint counts them.
    Kept(usize),
}

/// Images at `path`, `[width, height]` pixels each.
pub(super) fn open(
    path: &Path,
    split: Split,
    [width, height]: [u32; 2],
) -> anyhow::Result<ImageSet> {
    let spec = PreprocessSpec::new(width, height, Fit::CenterCrop);
    Ok(dataset::open(path, split, &spec)?)
}

/// `set` without the images of the classes `left_out`; the others keep their order.
fn without(set: ImageSet, left_out: &[String]) -> anyhow::Result<ImageSet> {
    if left_out.is_empty() {
        return Ok(set);
    }
    for name in left_out {
        if !set.classes().contains(name) {
            bail!(
                "--leave-out names {name}, expected one of {}",
                set.classes().join(", ")
            );
        }
    }
    let kept: Vec<usize> = (0..set.classes().len())
        .filter(|&c| !left_out.contains(&set.classes()[c]))
        .collect();
    let places: Vec<usize> = (0..set.len())
        .filter(|&i| kept.contains(&usize::from(set.labels().unwrap_or_default()[i])))
        .collect();
    let part = set.select(&places)?;
    let labels = part.labels().unwrap_or_default().iter();
    let labels = labels
        .filter_map(|&l| kept.iter().position(|&c| c == usize::from(l)))
        .map(|l| l as u16)
        .collect();
    let classes = kept.iter().map(|&c| set.classes()[c].clone()).collect();
    Ok(ImageSet::new(
        part.width(),
        part.height(),
        part.images().to_vec(),
        Some(labels),
        classes,
    )?)
}

/// A part that lacks a class is no sample of the whole: its threshold would mean nothing.
fn check_classes(part: &ImageSet, role: &str) -> anyhow::Result<()> {
    let labels = part.labels().unwrap_or_default();
    for (class, name) in part.classes().iter().enumerate() {
        if !labels.is_empty() && !labels.iter().any(|&l| usize::from(l) == class) {
            bail!(
                "the {} {role} images have none of class {name}; expected every class: --shuffle mixes a set that is read class by class",
                part.len()
            );
        }
    }
    Ok(())
}
