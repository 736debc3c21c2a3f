use normgate_core::ScoreTable;

use crate::model::Model;

/// The calibration scores of the model's gate; none without a gate.
pub fn score_table(model: &Model) -> Option<ScoreTable<'_>> {
    let scores = &model.description().calibration_scores;
    let scores = scores.get(model.gate()?.score.name())?;
    ScoreTable::new(&scores.values, scores.count).ok()
}
