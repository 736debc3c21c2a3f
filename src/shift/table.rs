//! A report of shifts as aligned text.

use std::fmt;

use super::report::{Delay, ShiftReport};
use crate::percent::{self, fixed};

impl fmt::Display for ShiftReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (plan, policy) = (&self.plan, &self.plan.policy);
        let shown = self.frames as u64 * u64::from(plan.orders);
        writeln!(f, "model        {}", self.model)?;
        writeln!(
            f,
            "images       {}, in {} random orders, seed {}",
            self.frames, plan.orders, plan.seed
        )?;
        writeln!(
            f,
            "drift test   at most one false alarm in {} frames on average, one frame in {} looked at, for {} % of calibration sets",
            policy.frames(),
            policy.stride(),
            percent::trimmed(policy.assurance()),
        )?;
        writeln!(
            f,
            "unshifted    accuracy {} %, rejected {} %, {} false alarms in {shown} frames (at most {:.3} stated)",
            fixed(self.unshifted.accuracy),
            fixed(self.unshifted.rejected),
            self.false_alarms,
            shown as f64 / policy.frames(),
        )?;
        writeln!(f)?;
        writeln!(
            f,
            "{:<17} {:>8}  {:>8}  {:>8}  {:>7}  {:>7}  {:>7}  {:>7}  scores",
            "corruption", "severity", "accuracy", "rejected", "alarmed", "median", "least", "most"
        )?;
        for row in &self.shifts {
            let d = &row.delay;
            // The first line of each corruption names it.
            let name = if row.severity == 1 {
                row.corruption
            } else {
                ""
            };
            writeln!(
                f,
                "{name:<17} {:>8}  {:>8}  {:>8}  {:>7}  {:>7}  {:>7}  {:>7}  {}",
                row.severity,
                fixed(row.share.accuracy),
                fixed(row.share.rejected),
                format!("{}/{}", d.alarmed, plan.orders),
                frames(d.median),
                frames(d.least),
                frames(d.most),
                direction(d),
            )?;
        }
        writeln!(f)?;
        writeln!(f, "accuracy, rejected: percent of the images.")?;
        write!(
            f,
            "median, least, most: frames to the first alarm over the orders; - where none came within the images."
        )
    }
}

fn frames(count: Option<u64>) -> String {
    count.map_or_else(|| "-".to_owned(), |count| count.to_string())
}

fn direction(delay: &Delay) -> &'static str {
    match (delay.falling, delay.rising) {
        (0, 0) => "-",
        (_, 0) => "falling",
        (0, _) => "rising",
        _ => "both",
    }
}
