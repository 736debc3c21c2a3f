//! A report as aligned text.

use std::fmt;

use super::report::{Measures, Report};

const HEADER: [&str; 8] = [
    "score", "OOD set", "AUROC", "FPR95", "AUPR-in", "AUPR-out", "kept", "rejected",
];

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
        writeln!(f, "{:<15}{:>8} %", "  kept", percent(id.kept))?;
        writeln!(f, "{:<15}{:>8} %", "  rejected", percent(id.rejected))?;
        if self.scores.iter().all(|s| s.sets.is_empty()) {
            return Ok(());
        }
        writeln!(f)?;
        lines(f, &self.rows())?;
        writeln!(f)?;
        writeln!(f, "Percent; in-distribution is the positive class.")?;
        writeln!(
            f,
            "FPR95: OOD accepted where 95 % of in-distribution is accepted."
        )?;
        write!(f, "kept, rejected: OOD at the gate's threshold.")
    }
}

impl Report {
    fn rows(&self) -> Vec<[String; 8]> {
        let mut rows = vec![HEADER.map(str::to_owned)];
        for score in &self.scores {
            let mut label = match score.temperature {
                Some(t) => format!("{} T={t}", score.score),
                None => score.score.clone(),
            };
            let sets = score.sets.iter().map(|s| (s.name.as_str(), &s.measures));
            for (set, measures) in sets.chain(score.mean.iter().map(|m| ("mean", m))) {
                rows.push(row(std::mem::take(&mut label), set, measures));
            }
        }
        rows
    }
}

fn row(label: String, set: &str, m: &Measures) -> [String; 8] {
    let optional = |share: Option<f64>| share.map(percent).unwrap_or_default();
    [
        label,
        set.to_owned(),
        percent(m.auroc),
        percent(m.fpr95),
        percent(m.aupr_in),
        percent(m.aupr_out),
        optional(m.kept),
        optional(m.rejected),
    ]
}

/// Words to the left, numbers to the right, no blanks at the end of a line.
fn lines(f: &mut fmt::Formatter<'_>, rows: &[[String; 8]]) -> fmt::Result {
    let width = |i: usize| rows.iter().map(|r| r[i].chars().count()).max().unwrap_or(0);
    let widths: [usize; 8] = std::array::from_fn(width);
    for row in rows {
        let mut line = String::new();
        for (i, (cell, width)) in row.iter().zip(widths).enumerate() {
            line += &if i < 2 {
                format!("{cell:<width$}  ")
            } else {
                format!("{cell:>width$}  ")
            };
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

fn percent(share: f64) -> String {
    format!("{:.2}", share * 100.0)
}
