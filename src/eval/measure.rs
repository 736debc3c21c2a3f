use normgate_core::Score;
use serde::{Deserialize, Serialize};

use super::metrics::{MetricError, Roc};
use super::report::EvalError;
use super::risk::RiskCoverage;
use super::scored::ScoredSet;

/// How well a score tells a set from the in-distribution set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// [`Roc::auroc`]; the same whichever class is the positive one.
    pub auroc: f64,
    /// [`Roc::fpr_at_95_tpr`].
    pub fpr95: f64,
    /// [`Roc::aupr_in`].
    pub aupr_in: f64,
    /// [`Roc::aupr_out`].
    pub aupr_out: f64,
    /// The same as OpenOOD v1.5 has them.
    pub openood: OpenOod,
    /// Of both sets together; none where the in-distribution set has no labels.
    pub risk: Option<Risk>,
    /// Share of OOD accepted at the stored threshold; only for the score that the gate uses.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kept: Option<f64>,
    /// Share of OOD rejected at the stored threshold; only for the score that the gate uses.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rejected: Option<f64>,
}

/// Figures that may stand beside OpenOOD v1.5's: OOD is its positive class, and it integrates by trapezoids.
///
/// Zhang et al., "OpenOOD v1.5: Enhanced Benchmark for Out-of-Distribution Detection", 2023.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OpenOod {
    /// [`Roc::fpr_at_95_tpr_ood`]; its FPR@95.
    pub fpr95: f64,
    /// [`Roc::aupr_in_trapezoid`]; its AUPR_IN.
    pub aupr_in: f64,
    /// [`Roc::aupr_out_trapezoid`]; its AUPR_OUT.
    pub aupr_out: f64,
}

/// How often frames that a score keeps fail.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Risk {
    /// [`RiskCoverage::aurc`].
    pub aurc: f64,
    /// [`RiskCoverage::augrc`].
    pub augrc: f64,
}

/// Measures one score on one OOD set.
pub(super) fn measure(
    score: Score,
    gated: bool,
    id: &ScoredSet,
    ood: &ScoredSet,
) -> Result<Measures, EvalError> {
    let roc = roc(score, id, ood)?;
    let share = |frames: usize| gated.then(|| frames as f64 / ood.n() as f64);
    Ok(Measures {
        auroc: roc.auroc(),
        fpr95: roc.fpr_at_95_tpr(),
        aupr_in: roc.aupr_in(),
        aupr_out: roc.aupr_out(),
        openood: OpenOod {
            fpr95: roc.fpr_at_95_tpr_ood(),
            aupr_in: roc.aupr_in_trapezoid(),
            aupr_out: roc.aupr_out_trapezoid(),
        },
        risk: risk(score, id, Some(ood))?,
        kept: share(ood.kept()),
        rejected: share(ood.rejected()),
    })
}

/// The areas under one score's [`risk_coverage`].
pub(super) fn risk(
    score: Score,
    id: &ScoredSet,
    ood: Option<&ScoredSet>,
) -> Result<Option<Risk>, EvalError> {
    let curve = risk_coverage(score, id, ood)?;
    Ok(curve.map(|curve| Risk {
        aurc: curve.aurc(),
        augrc: curve.augrc(),
    }))
}

/// The ROC of one score on one set.
pub(super) fn roc(score: Score, id: &ScoredSet, ood: &ScoredSet) -> Result<Roc, EvalError> {
    Roc::new(id.scores(score), ood.scores(score)).map_err(|source| fault(score, ood, source))
}

/// The curve of one score on in-distribution with an OOD set, or alone; none where in-distribution has no labels.
pub(super) fn risk_coverage(
    score: Score,
    id: &ScoredSet,
    ood: Option<&ScoredSet>,
) -> Result<Option<RiskCoverage>, EvalError> {
    if id.correct().is_empty() {
        return Ok(None);
    }
    let beside = ood.map_or(&[][..], |set| set.scores(score));
    RiskCoverage::new(id.scores(score), id.correct(), beside)
        .map(Some)
        .map_err(|source| fault(score, ood.unwrap_or(id), source))
}

fn fault(score: Score, set: &ScoredSet, source: MetricError) -> EvalError {
    EvalError::Metric {
        set: set.name().into(),
        score: score.name(),
        source,
    }
}

/// The mean over sets, each counting the same; none without sets.
pub(super) fn mean<'a>(sets: impl Iterator<Item = &'a Measures> + Clone) -> Option<Measures> {
    let of = |get: fn(&Measures) -> Option<f64>| {
        let values: Option<Vec<f64>> = sets.clone().map(get).collect();
        values
            .filter(|v| !v.is_empty())
            .map(|v| v.iter().sum::<f64>() / v.len() as f64)
    };
    let risk = of(|m| Some(m.risk?.aurc)).zip(of(|m| Some(m.risk?.augrc)));
    Some(Measures {
        auroc: of(|m| Some(m.auroc))?,
        fpr95: of(|m| Some(m.fpr95))?,
        aupr_in: of(|m| Some(m.aupr_in))?,
        aupr_out: of(|m| Some(m.aupr_out))?,
        openood: OpenOod {
            fpr95: of(|m| Some(m.openood.fpr95))?,
            aupr_in: of(|m| Some(m.openood.aupr_in))?,
            aupr_out: of(|m| Some(m.openood.aupr_out))?,
        },
        risk: risk.map(|(aurc, augrc)| Risk { aurc, augrc }),
        kept: of(|m| m.kept),
        rejected: of(|m| m.rejected),
    })
}
