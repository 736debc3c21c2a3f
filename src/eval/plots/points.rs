//! What a page's figures are drawn through, as numbers.

use normgate_core::Score;
use serde::Serialize;

use super::super::measure;
use super::super::report::EvalError;
use super::super::scored::ScoredSet;
use super::{canvas, histogram};

/// Points of all curves together; more would make the file too large to be read at once.
const MOST: usize = 30_000;

/// Digits behind the point that shares keep: a frame of a million.
const DIGITS: f64 = 1e6;

/// The figures of one score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::eval) struct Points {
    score: &'static str,
    /// As they are drawn: one for each OOD set where the score is the gate's, else one for all.
    histograms: Vec<Histogram>,
    /// FPR and TPR, one curve for each OOD set.
    roc: Vec<Curve<2>>,
    /// Coverage, selective risk and generalized risk; in-distribution alone first, then with each OOD set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    risk: Vec<Curve<3>>,
}

/// Bins of one width over a range of scores.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Histogram {
    from: f64,
    to: f64,
    sets: Vec<Shares>,
}

/// The share of a set's frames in each bin.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Shares {
    set: String,
    shares: Vec<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Curve<const N: usize> {
    set: String,
    #[serde(serialize_with = "as_lists")]
    points: Vec<[f64; N]>,
}

/// serde has arrays of every length only one by one.
fn as_lists<const N: usize, S: serde::Serializer>(
    points: &[[f64; N]],
    to: S,
) -> Result<S::Ok, S::Error> {
    to.collect_seq(points.iter().map(|point| &point[..]))
}

/// The figures of every score; `gate` is the gate's score with its threshold, whose risk is drawn too.
pub(in crate::eval) fn of(
    gate: (Score, f32),
    id: &ScoredSet,
    ood: &[ScoredSet],
) -> Result<Vec<Points>, EvalError> {
    let curves = id.all_scores().count() * ood.len() + ood.len() + 1;
    // A curve has 2 / gap points at most.
    let gap = canvas::CURVE_GAP.max(2.0 * curves as f64 / MOST as f64);
    let all: Vec<&ScoredSet> = ood.iter().collect();
    let points = |score: Score| {
        let gated = score == gate.0;
        let histograms = match gated {
            true => ood
                .iter()
                .map(|set| bins(score, Some(gate.1), id, &[set]))
                .collect::<Result<_, _>>()?,
            false => vec![bins(score, None, id, &all)?],
        };
        let roc = ood.iter().map(|set| {
            let curve = measure::roc(score, id, set)?.thinned(gap);
            Ok(Curve {
                set: set.name().to_owned(),
                points: curve.iter().map(|p| [short(p.0), short(p.1)]).collect(),
            })
        });
        Ok(Points {
            score: score.name(),
            histograms,
            roc: roc.collect::<Result<_, EvalError>>()?,
            risk: match gated {
                true => risks(score, id, ood, gap)?,
                false => Vec::new(),
            },
        })
    };
    id.all_scores().map(points).collect()
}

fn bins(
    score: Score,
    threshold: Option<f32>,
    id: &ScoredSet,
    ood: &[&ScoredSet],
) -> Result<Histogram, EvalError> {
    let drawn = histogram::shares(score, threshold, id, ood)?;
    let names = std::iter::once(id).chain(ood.iter().copied());
    let shares = std::iter::once(&drawn.id).chain(&drawn.ood);
    let sets = names.zip(shares).map(|(set, shares)| Shares {
        set: set.name().to_owned(),
        shares: shares.iter().copied().map(short).collect(),
    });
    let range = drawn.bins.range();
    Ok(Histogram {
        from: range.start,
        to: range.end,
        sets: sets.collect(),
    })
}

fn risks(
    score: Score,
    id: &ScoredSet,
    ood: &[ScoredSet],
    gap: f64,
) -> Result<Vec<Curve<3>>, EvalError> {
    let mut curves = Vec::new();
    for set in std::iter::once(None).chain(ood.iter().map(Some)) {
        let Some(curve) = measure::risk_coverage(score, id, set)? else {
            return Ok(Vec::new());
        };
        let points = curve.thinned(gap);
        let point = |p: &super::super::risk::RiskPoint| {
            [p.coverage, p.selective_risk, p.generalized_risk].map(short)
        };
        curves.push(Curve {
            set: set.unwrap_or(id).name().to_owned(),
            points: points.iter().map(point).collect(),
        });
    }
    Ok(curves)
}

fn short(share: f64) -> f64 {
    (share * DIGITS).round() / DIGITS
}
