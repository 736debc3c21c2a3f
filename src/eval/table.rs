//! A report as aligned text.

use std::fmt;

use super::report::{Report, ScoreReport};
use crate::percent::{fixed as percent, trimmed};

const DETECTION: [&str; 8] = [
    "score", "OOD set", "AUROC", "FPR95", "AUPR-in", "AUPR-out", "kept", "rejected",
];

const SELECTION: [&str; 6] = ["score", "AURC", "AUGRC", "AURC", "AUGRC", "FPR95"];

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.in_distribution;
        writeln!(f, "model            {}", self.model)?;
        writeln!(f, "in-distribution  {}, {} frames", id.name, id.n)?;
        for (name, value) in [
            ("accuracy", id.accuracy),
            ("  of the kept", id.accuracy_kept),
            ("ECE", id.ece),
        ] {
            if let Some(value) = value {
                writeln!(f, "{name:<15}{:>8} %", percent(value))?;
            }
        }
        let gate = &self.gate;
        writeln!(f, "gate             {} >= {}", gate.score, gate.threshold)?;
        writeln!(
            f,
            "  rank           {} of {} calibration scores",
            gate.rank, gate.calibration_images
        )?;
        write!(
            f,
            "{:<15}{:>8} % rejected on average",
            "  expected",
            percent(gate.expected_reject)
        )?;
        if let Some(bound) = gate.reject_bound {
            let (share, assurance) = (percent(bound.share), trimmed(bound.assurance));
            write!(f, ", at most {share} % with {assurance} % assurance")?;
        }
        writeln!(f)?;
        writeln!(f, "{:<15}{:>8} %", "  kept", percent(id.kept))?;
        writeln!(f, "{:<15}{:>8} %", "  rejected", percent(id.rejected))?;
        if self.scores.iter().all(|s| s.sets.is_empty()) {
            return Ok(());
        }
        writeln!(f)?;
        lines(f, &self.detection(), 2)?;
        writeln!(f)?;
        writeln!(f, "Percent; in-distribution is the positive class.")?;
        writeln!(
            f,
            "FPR95: OOD accepted where 95 % of in-distribution is accepted."
        )?;
        writeln!(f, "kept, rejected: OOD at the gate's threshold.")?;
        writeln!(f)?;
        lines(f, &self.selection(), 1)?;
        writeln!(f)?;
        writeln!(
            f,
            "in-dist.: without OOD. with OOD: the mean over the sets, every OOD frame a failure."
        )?;
        write!(
            f,
            "OpenOOD: in-distribution rejected where 95 % of OOD is rejected, the mean over the sets."
        )
    }
}

impl Report {
    /// A row for each score on each set.
    fn detection(&self) -> Vec<[String; 8]> {
        let mut rows = vec![DETECTION.map(str::to_owned)];
        for score in &self.scores {
            let mut label = score.label();
            let sets = score.sets.iter().map(|s| (s.name.as_str(), &s.measures));
            for (set, m) in sets.chain(score.means()) {
                rows.push([
                    std::mem::take(&mut label),
                    set.to_owned(),
                    percent(m.auroc),
                    percent(m.fpr95),
                    percent(m.aupr_in),
                    percent(m.aupr_out),
                    optional(m.kept),
                    optional(m.rejected),
                ]);
            }
        }
        rows
    }

    /// A row for each score, under two lines of header.
    fn selection(&self) -> Vec<[String; 6]> {
        let over = [
            "", "in-dist.", "in-dist.", "with OOD", "with OOD", "OpenOOD",
        ];
        let mut rows = vec![over.map(str::to_owned), SELECTION.map(str::to_owned)];
        for score in &self.scores {
            let mixed = score.mean.and_then(|m| m.risk);
            rows.push([
                score.label(),
                optional(score.risk.map(|r| r.aurc)),
                optional(score.risk.map(|r| r.augrc)),
                optional(mixed.map(|r| r.aurc)),
                optional(mixed.map(|r| r.augrc)),
                optional(score.mean.map(|m| m.openood.fpr95)),
            ]);
        }
        rows
    }
}

impl ScoreReport {
    /// The score's name, with what it depends on.
    pub(super) fn label(&self) -> String {
        match self.temperature {
            Some(t) => format!("{} T={t}", self.score),
            None => self.score.clone(),
        }
    }
}

/// The first `words` columns to the left, the numbers to the right, no blanks at the end of a line.
fn lines<const N: usize>(
    f: &mut fmt::Formatter<'_>,
    rows: &[[String; N]],
    words: usize,
) -> fmt::Result {
    let width = |i: usize| rows.iter().map(|r| r[i].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    for row in rows {
        let mut line = String::new();
        for (i, (cell, width)) in row.iter().zip(widths).enumerate() {
            line += &if i < words {
                format!("{cell:<width$}  ")
            } else {
                format!("{cell:>width$}  ")
            };
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

fn optional(share: Option<f64>) -> String {
    share.map(percent).unwrap_or_default()
}
