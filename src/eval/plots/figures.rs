//! The plots of one page: small, transparent, without legends, in colours that the page may replace.

use normgate_core::Score;

use super::super::reliability::Reliability;
use super::super::scored::ScoredSet;
use super::{
    PlotError, canvas, histogram as histograms, reliability as diagram, risk as risks, roc as rocs,
};

pub(in crate::eval) use risks::Kind as RiskKind;

/// The colours that the figures use, each with its name.
pub(in crate::eval) fn colors() -> impl Iterator<Item = (String, String)> {
    let named = [
        ("paper", plotters::style::WHITE),
        ("ink", canvas::INK),
        ("guide", canvas::GUIDE),
        ("grid", canvas::GRID),
        ("id", canvas::ID),
    ];
    let named = named.map(|(name, color)| (name.to_owned(), color));
    let sets = (0..canvas::OOD_COLORS).map(|i| (set_color(i), canvas::pen(i).color));
    let hex = |c: plotters::style::RGBColor| format!("#{:02X}{:02X}{:02X}", c.0, c.1, c.2);
    named
        .into_iter()
        .chain(sets)
        .map(move |(name, c)| (name, hex(c)))
}

/// The name of the `i`-th OOD set's colour.
pub(in crate::eval) fn set_color(i: usize) -> String {
    format!("ood{}", i % canvas::OOD_COLORS)
}

/// Whether the `i`-th OOD set's lines are dashed.
pub(in crate::eval) fn is_dashed(i: usize) -> bool {
    canvas::pen(i).dash > 0
}

/// In-distribution against the OOD sets at `places`, with the threshold if it is the score's.
pub(in crate::eval) fn histogram(
    score: Score,
    threshold: Option<f32>,
    id: &ScoredSet,
    ood: &[ScoredSet],
    places: std::ops::Range<usize>,
) -> Result<String, PlotError> {
    let sets: Vec<_> = places.map(|i| (&ood[i], canvas::pen(i))).collect();
    histograms::figure(score, threshold, id, &sets)
}

/// One curve a set, with dots at the threshold if it is the score's.
pub(in crate::eval) fn roc(
    score: Score,
    gated: bool,
    id: &ScoredSet,
    ood: &[ScoredSet],
) -> Result<String, PlotError> {
    rocs::figure(score, gated, id, ood)
}

/// In-distribution alone and with each set; none without labels.
pub(in crate::eval) fn risk(
    kind: RiskKind,
    score: Score,
    gated: bool,
    id: &ScoredSet,
    ood: &[ScoredSet],
) -> Result<Option<String>, PlotError> {
    risks::figure(kind, score, gated, id, ood)
}

/// The reliability diagram with the counts of its bins.
pub(in crate::eval) fn reliability(bins: &Reliability) -> Result<String, PlotError> {
    diagram::figure(bins)
}
