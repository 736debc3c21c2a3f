//! A model over a whole set of images, on every core.

use std::num::NonZeroUsize;

use normgate_core::{Logits, References, Score};

use super::report::EvalError;
use super::scored::{Answer, ScoredSet};
use crate::dataset::ImageSet;
use crate::model::{Inference, Model, ModelError};

/// Runs `model` on every image of `set`, in its order; `done` is called once an image, from any thread.
///
/// # Errors
/// The first [`ModelError`] of any image.
pub fn infer_all(
    model: &Model,
    set: &ImageSet,
    done: impl Fn() + Sync,
) -> Result<Vec<Inference>, ModelError> {
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let share = set.len().div_ceil(threads).max(1);
    let ranges: Vec<_> = (0..set.len())
        .step_by(share)
        .map(|start| start..set.len().min(start + share))
        .collect();
    let work = |range: std::ops::Range<usize>| -> Result<Vec<Inference>, ModelError> {
        let mut session = model.session()?;
        range
            .map(|i| {
                let inference = session.infer(set.image(i));
                done();
                inference
            })
            .collect()
    };
    let work = &work;
    std::thread::scope(|scope| {
        let workers: Vec<_> = ranges
            .into_iter()
            .map(|range| scope.spawn(move || work(range)))
            .collect();
        let mut all = Vec::with_capacity(set.len());
        for worker in workers {
            let part = worker
                .join()
                .unwrap_or_else(|_| Err(ModelError::Run("a worker thread panicked".into())))?;
            all.extend(part);
        }
        Ok(all)
    })
}

/// Scores the outputs of a set's images: every score that `references` allow, energy at `temperature`, the verdict
/// and, where `labels` gives the classes as indices into the logits, the answer.
///
/// # Errors
/// [`EvalError`] for outputs that cannot be scored.
pub fn score_all<V: AsRef<[f32]>, C: AsRef<[i8]>>(
    name: &str,
    model: &Model,
    references: &References<V, C>,
    outputs: &[Inference],
    temperature: f32,
    labels: Option<&[u16]>,
) -> Result<ScoredSet, EvalError> {
    let scores: Vec<Score> = references.scores(temperature).collect();
    let mut scored = ScoredSet::new(name, &scores);
    for (i, inference) in outputs.iter().enumerate() {
        let fault = |why: String| EvalError::Output {
            set: name.to_owned(),
            index: i,
            why,
        };
        let logits = Logits::new(&inference.logits).map_err(|e| fault(e.to_string()))?;
        let values: Result<Vec<f32>, _> = scores
            .iter()
            .map(|score| score.compute(&logits, &inference.features, references))
            .collect();
        let values = values.map_err(|e| fault(e.to_string()))?;
        let confidence = match model.description().loss.tau() {
            Some(tau) => logits.confidence(tau),
            None => logits.msp(),
        };
        let answer = labels.and_then(|l| l.get(i)).map(|&label| Answer {
            correct: logits.argmax() == label,
            confidence,
        });
        scored.push(&values, &model.judge(inference), answer)?;
    }
    Ok(scored)
}

/// Share of `outputs` whose largest logit is the label's, in [0, 1]; `None` for no outputs.
pub fn accuracy(outputs: &[Inference], labels: &[u16]) -> Option<f64> {
    let right = outputs
        .iter()
        .zip(labels)
        .filter(|(o, label)| Logits::new(&o.logits).is_ok_and(|z| z.argmax() == **label))
        .count();
    (!outputs.is_empty()).then(|| right as f64 / outputs.len() as f64)
}
