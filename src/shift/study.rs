//! How many frames a drift test takes to tell of each corruption.

use normgate_core::{Drift, DriftDetector, DriftPolicy, Tails};
use rand::seq::SliceRandom;

use super::report::{Delay, Row, Share, ShiftReport};
use super::{Corruption, Severity, ShiftError, mixed, random};
use crate::bundle::Gate;
use crate::dataset::ImageSet;
use crate::eval::labels::aligned;
use crate::eval::run::{accuracy, infer_all};
use crate::model::Model;

/// How shifts are watched for.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The drift test's rate and stride.
    pub policy: DriftPolicy,
    /// The corruptions, each at every severity.
    pub corruptions: Vec<Corruption>,
    /// In how many random orders the images are shown, each to a test that has seen nothing.
    pub orders: u32,
    /// Chooses the orders and the noise.
    pub seed: u64,
}

/// A part of the seed that no corruption has.
const ORDERS: u64 = u64::MAX;

/// Shows the images of `set` to `model` as they are and under the corruptions, from the first frame
/// on. `done` is called once an image and shift, from any thread. Repeats exactly for the same arguments.
///
/// # Errors
/// [`ShiftError`]: no gate, a set without the model's labels, an image that cannot be scored.
pub fn study(
    model: &Model,
    set: &ImageSet,
    plan: &Plan,
    done: impl Fn() + Sync,
) -> Result<ShiftReport, ShiftError> {
    let watch = Watch::new(model, set, plan)?;
    let (share, tails) = watch.score("no shift", set, &done)?;
    let alarms = watch.runs(&tails, |detector, order| {
        let alarms = order.filter(|&tails| detector.push(tails).is_some());
        alarms.count() as u64
    });
    let mut shifts = Vec::new();
    for &corruption in &plan.corruptions {
        for severity in Severity::ALL {
            let shifted = corruption.apply_all(severity, set, plan.seed)?;
            let shift = format!("{} {}", corruption.name(), severity.number());
            let (share, tails) = watch.score(&shift, &shifted, &done)?;
            let found = watch.runs(&tails, first_alarm);
            shifts.push(Row {
                corruption: corruption.name(),
                severity: severity.number(),
                share,
                delay: Delay::of(&found),
            });
        }
    }
    let d = model.description();
    Ok(ShiftReport {
        model: format!("{} v{}", d.name, d.version),
        frames: set.len(),
        images_sha256: set.sha256(),
        plan: plan.clone(),
        unshifted: share,
        false_alarms: alarms.iter().sum(),
        shifts,
    })
}

/// The first alarm's frame, counted from 1, and its direction.
fn first_alarm(
    detector: &mut DriftDetector,
    order: &mut dyn Iterator<Item = Tails>,
) -> Option<(u64, Drift)> {
    (1..)
        .zip(order)
        .find_map(|(frame, tails)| Some((frame, detector.push(tails)?)))
}

struct Watch<'a> {
    model: &'a Model,
    gate: &'a Gate,
    detector: DriftDetector,
    labels: Vec<u16>,
    orders: u32,
    seed: u64,
}

impl<'a> Watch<'a> {
    fn new(model: &'a Model, set: &ImageSet, plan: &Plan) -> Result<Self, ShiftError> {
        let gate = model.gate().ok_or(ShiftError::Ungated)?;
        Ok(Self {
            model,
            gate,
            detector: DriftDetector::new(&gate.table, plan.policy),
            labels: aligned(set, &model.description().labels)?,
            orders: plan.orders,
            seed: plan.seed,
        })
    }

    /// How the images fare, and the p-values of each.
    fn score(
        &self,
        shift: &str,
        images: &ImageSet,
        done: &(impl Fn() + Sync),
    ) -> Result<(Share, Vec<Tails>), ShiftError> {
        let outputs = infer_all(self.model, images, done)?;
        let mut rejected = 0;
        let mut tails = Vec::with_capacity(outputs.len());
        for (index, output) in outputs.iter().enumerate() {
            let verdict = self.model.judge(output);
            rejected += usize::from(!verdict.is_known());
            let score = verdict.score().ok_or_else(|| ShiftError::Unscored {
                index,
                shift: shift.to_owned(),
            })?;
            tails.push(self.gate.table.tails(score));
        }
        let share = Share {
            accuracy: accuracy(&outputs, &self.labels).unwrap_or(0.0),
            rejected: rejected as f64 / outputs.len() as f64,
        };
        Ok((share, tails))
    }

    /// What a fresh test makes of each order. One order is held at a time, and made anew for each shift.
    fn runs<T>(
        &self,
        tails: &[Tails],
        run: impl Fn(&mut DriftDetector, &mut dyn Iterator<Item = Tails>) -> T,
    ) -> Vec<T> {
        let mut places: Vec<usize> = Vec::with_capacity(tails.len());
        let of = |order: u32| {
            places.clear();
            places.extend(0..tails.len());
            places.shuffle(&mut random(mixed(self.seed, [ORDERS, u64::from(order)])));
            let mut detector = self.detector;
            run(&mut detector, &mut places.iter().map(|&place| tails[place]))
        };
        (0..self.orders).map(of).collect()
    }
}
