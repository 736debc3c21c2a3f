use std::collections::BTreeMap;

use serde::Serialize;

use super::scored::ScoredSet;

/// How the frames of one class fared. Shares are in [0, 1].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassReport {
    /// The class's name.
    pub label: String,
    /// Frames.
    pub n: usize,
    /// Share with the right class, kept or not; none without frames.
    pub accuracy: Option<f64>,
    /// Share accepted at the gate's threshold; none without frames.
    pub kept: Option<f64>,
    /// Share of the accepted frames with the right class; none where none is accepted.
    pub accuracy_kept: Option<f64>,
}

/// One report a class, in the order of `names`. `labels` are the frames' of `id`, as indices into `names`.
pub fn reports(id: &ScoredSet, labels: &[u16], names: &[String]) -> Vec<ClassReport> {
    #[derive(Clone, Copy, Default)]
    struct Count {
        n: usize,
        right: usize,
        kept: usize,
        both: usize,
    }
    let mut counts = vec![Count::default(); names.len()];
    let frames = id.correct().iter().zip(id.kept_frames());
    for (&label, (&right, &kept)) in labels.iter().zip(frames) {
        if let Some(count) = counts.get_mut(usize::from(label)) {
            count.n += 1;
            count.right += usize::from(right);
            count.kept += usize::from(kept);
            count.both += usize::from(right && kept);
        }
    }
    let share = |part: usize, of: usize| (of > 0).then(|| part as f64 / of as f64);
    let report = |(label, c): (&String, Count)| ClassReport {
        label: label.clone(),
        n: c.n,
        accuracy: share(c.right, c.n),
        kept: share(c.kept, c.n),
        accuracy_kept: share(c.both, c.kept),
    };
    names.iter().zip(counts).map(report).collect()
}

/// Frames by label and by the class of the largest logit, kept or not. Pairs without frames are left out.
pub fn confusions(id: &ScoredSet, labels: &[u16]) -> BTreeMap<(u16, u16), usize> {
    let mut counts = BTreeMap::new();
    for (&label, class) in labels.iter().zip(id.nearest()) {
        if let Some(class) = class {
            *counts.entry((label, *class)).or_default() += 1;
        }
    }
    counts
}

/// The accepted frames of a set by the class they are taken for. Classes without frames are left out.
pub fn accepted_as(set: &ScoredSet) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    for (class, &kept) in set.nearest().iter().zip(set.kept_frames()) {
        if let (Some(class), true) = (class, kept) {
            *counts.entry(*class).or_default() += 1;
        }
    }
    counts
}
