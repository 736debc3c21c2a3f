//! What the scores of features compare a frame with, taken of images that the weights were fitted on: the calibration
//! images stay unseen, so that the threshold's bound holds.

use normgate::bundle::{
    BankDescription, Codes, CombinedDescription, PartDescription, ReferencesDescription,
    ScoreQuantiles,
};
use normgate::model::Inference;
use normgate_core::{ClassMeans, FeatureBank, Features, Logits, References, Rule, Score};

use crate::error::TrainError;

/// How references are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Rows of the bank, as many of each class as of any other, but at most half of a class's images, and at least one.
    pub rows: usize,
    /// The neighbour whose distance is the score, from 1.
    pub k: usize,
    /// Combined's score of the direction.
    pub direction: Score,
    /// Combined's score of the magnitude.
    pub magnitude: Score,
    /// How combined joins the two.
    pub rule: Rule,
}

/// The most images that rank combined's two scores.
const RANKED: usize = 5_000;

/// Makes references of the outputs on labelled fit images; `labels` are indices into the logits.
///
/// The bank takes each class's first images, in their order. The last images that are not in it rank combined's two
/// scores. Features that are all zero have no direction and are left out.
///
/// # Errors
/// A class without usable features, fewer than two images left to rank by, or numbers out of range.
pub fn make(
    plan: &Plan,
    outputs: &[Inference],
    labels: &[u16],
    classes: usize,
) -> Result<ReferencesDescription, TrainError> {
    let data = |e: &dyn std::fmt::Display| TrainError::Data(format!("references: {e}"));
    let channels = outputs.first().map_or(0, |o| o.features.len());
    let mut room = vec![0; classes];
    for &label in labels {
        if let Some(room) = room.get_mut(usize::from(label)) {
            *room += 1;
        }
    }
    // Half of a small class stays out of the bank, to rank by.
    let each = |class: usize| (plan.rows / classes.max(1)).clamp(1, (room[class] / 2).max(1));
    let mut taken = vec![0; classes];
    let mut sums = vec![vec![0f64; channels]; classes];
    let (mut rows, mut others) = (vec![], vec![]);
    for (i, (output, &label)) in outputs.iter().zip(labels).enumerate() {
        let class = usize::from(label);
        let features = Features::new(&output.features).map_err(|e| data(&e))?;
        if class >= classes || features.norm() == 0.0 {
            continue;
        }
        for (sum, &v) in sums[class].iter_mut().zip(&output.features) {
            *sum += f64::from(v);
        }
        if taken[class] < each(class) {
            taken[class] += 1;
            rows.push(features);
        } else {
            others.push(i);
        }
    }
    if let Some(class) = taken.iter().position(|&n| n == 0) {
        return Err(data(&format!("no fit image of class {class} has features")));
    }
    let means = means(&sums).map_err(|e| data(&e))?;
    let bank = bank(&rows, channels, plan.k).map_err(|e| data(&e))?;
    let mut references = ReferencesDescription {
        means,
        bank,
        combined: None,
    };
    let usable = references
        .check(channels, classes)
        .map_err(|e| data(&normgate::error::one_line(&e)))?;
    let ranked = &others[others.len().saturating_sub(RANKED)..];
    let part = |score: Score| part(score, &usable, outputs, ranked).map_err(|e| data(&e));
    references.combined = Some(CombinedDescription {
        rule: plan.rule.name().to_owned(),
        direction: part(plan.direction)?,
        magnitude: part(plan.magnitude)?,
    });
    Ok(references)
}

fn means(sums: &[Vec<f64>]) -> Result<Codes, normgate_core::FeaturesError> {
    let mut all = vec![];
    for sum in sums {
        // A mean's length does not count, so the sum does.
        let largest = sum.iter().fold(f64::MIN_POSITIVE, |m, v| m.max(v.abs()));
        let mean: Vec<f32> = sum.iter().map(|v| (v / largest) as f32).collect();
        let mut codes = vec![0; mean.len()];
        ClassMeans::encode(&Features::new(&mean)?, &mut codes)?;
        all.extend(codes);
    }
    Ok(all.into())
}

fn bank(
    rows: &[Features<'_>],
    channels: usize,
    k: usize,
) -> Result<BankDescription, normgate_core::FeaturesError> {
    let largest = rows.iter().map(|h| h.largest() / h.norm());
    let scale = (largest.fold(0.0, f64::max) / 127.0) as f32;
    let mut codes = vec![0; rows.len() * channels];
    for (row, codes) in rows.iter().zip(codes.chunks_exact_mut(channels)) {
        FeatureBank::encode(row, scale, codes)?;
    }
    Ok(BankDescription {
        rows: codes.into(),
        scale,
        k,
    })
}

fn part<V: AsRef<[f32]>, C: AsRef<[i8]>>(
    score: Score,
    references: &References<V, C>,
    outputs: &[Inference],
    ranked: &[usize],
) -> Result<PartDescription, String> {
    let mut values = ranked
        .iter()
        .map(|&i| {
            let logits = Logits::new(&outputs[i].logits).map_err(|e| e.to_string())?;
            let value = score.compute(&logits, &outputs[i].features, references);
            value.map_err(|e| e.to_string())
        })
        .collect::<Result<Vec<f32>, String>>()?;
    values.sort_unstable_by(f32::total_cmp);
    let scores = ScoreQuantiles::of(&values).filter(|_| values.len() > 1);
    Ok(PartDescription {
        score: score.name().to_owned(),
        scores: scores
            .ok_or("no fit images beside the bank's; expected 2 or more, or a smaller bank")?,
    })
}
