//! Checks of a description on its own: ranges, and that its parts agree.

use normgate_core::Score;

use super::description::{DataSet, Description, GateDescription, Loss};
use super::error::BundleError;

const MAX_CLASSES: usize = 1 << 12;
const MAX_NAME: usize = 200;

pub(super) fn check(d: &Description) -> Result<(), BundleError> {
    d.preprocess()?;
    if d.version == 0 {
        return Err(BundleError::field("version", 0, "1 or more"));
    }
    printable("name", &d.name)?;
    printable("producer", &d.producer)?;
    labels(&d.labels)?;
    if let Loss::LogitNorm { tau } = d.loss
        && !(tau.is_finite() && tau > 0.0)
    {
        return Err(BundleError::field(
            "loss.tau",
            tau,
            "a finite number above 0",
        ));
    }
    data_set("calibration", &d.calibration)?;
    data_set("fit", &d.fit)?;
    if let Some(test) = &d.accuracy.test {
        data_set("accuracy.test", test)?;
    }
    hash("graph_sha256", &d.graph_sha256)?;
    quantiles(d)?;
    d.references()?;
    if let Some(g) = &d.gate {
        gate(d, g)?;
    }
    for (name, value) in [("f32", d.accuracy.f32), ("int8", d.accuracy.int8)] {
        if let Some(v) = value
            && !(0.0..=1.0).contains(&v)
        {
            return Err(BundleError::field(
                format!("accuracy.{name}"),
                v,
                "in [0, 1]",
            ));
        }
    }
    Ok(())
}

/// Names reach terminals and file names: nothing in them may act there.
fn printable(field: &str, name: &str) -> Result<(), BundleError> {
    let plain = !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control);
    if plain {
        Ok(())
    } else {
        Err(BundleError::field(
            field,
            format!("{name:?}"),
            format!("a printable name of 1 to {MAX_NAME} bytes"),
        ))
    }
}

fn hash(field: &str, hash: &str) -> Result<(), BundleError> {
    if hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(())
    } else {
        Err(BundleError::field(
            field,
            format!("{hash:?}"),
            "64 hexadecimal digits",
        ))
    }
}

fn data_set(field: &str, set: &DataSet) -> Result<(), BundleError> {
    printable(&format!("{field}.name"), &set.name)?;
    hash(&format!("{field}.sha256"), &set.sha256)?;
    if set.images == 0 {
        return Err(BundleError::field(
            format!("{field}.images"),
            0,
            "1 or more",
        ));
    }
    Ok(())
}

fn labels(labels: &[String]) -> Result<(), BundleError> {
    if !(2..=MAX_CLASSES).contains(&labels.len()) {
        return Err(BundleError::field(
            "labels",
            format!("{} names", labels.len()),
            format!("2 to {MAX_CLASSES}"),
        ));
    }
    for (i, label) in labels.iter().enumerate() {
        printable(&format!("labels[{i}]"), label)?;
        if labels[..i].contains(label) {
            return Err(BundleError::field(
                format!("labels[{i}]"),
                label,
                "a name that no other class has",
            ));
        }
    }
    Ok(())
}

fn quantiles(d: &Description) -> Result<(), BundleError> {
    for (name, q) in &d.calibration_scores {
        let field = format!("calibration_scores.{name}");
        if Score::parse(name).is_err() {
            let names = Score::ALL.map(Score::name).join(", ");
            return Err(BundleError::field(field, "no score's name", names));
        }
        q.table(&field)?;
        if q.count != d.calibration.images {
            return Err(BundleError::field(
                format!("{field}.count"),
                q.count,
                format!("calibration.images, {}", d.calibration.images),
            ));
        }
    }
    Ok(())
}

/// A threshold is worth what its rank says: rate, rank, count and quantiles must tell one story.
fn gate(d: &Description, g: &GateDescription) -> Result<(), BundleError> {
    if !(g.reject_rate > 0.0 && g.reject_rate < 1.0) {
        return Err(BundleError::field(
            "gate.reject_rate",
            g.reject_rate,
            "in (0, 1)",
        ));
    }
    if !(g.energy_temperature.is_finite() && g.energy_temperature > 0.0) {
        return Err(BundleError::field(
            "gate.energy_temperature",
            g.energy_temperature,
            "a finite number above 0",
        ));
    }
    let n = d.calibration.images;
    let slots = n as f64 + 1.0;
    let rank = g.rank as f64;
    let fits =
        rank / slots <= g.reject_rate + 1e-12 && (rank + 1.0) / slots > g.reject_rate - 1e-12;
    if !(1..=n).contains(&g.rank) || !fits {
        return Err(BundleError::field(
            "gate.rank",
            g.rank,
            format!(
                "the rank of a reject rate of {} among {n} scores",
                g.reject_rate
            ),
        ));
    }
    let Some(gate) = d.gate()? else {
        return Ok(());
    };
    let table = &gate.table;
    let last = table.values().len() - 1;
    let below = (0..=last).rev().find(|&i| table.rank(i) < g.rank);
    let low = below.unwrap_or(0);
    let (low, high) = (table.values()[low], table.values()[(low + 1).min(last)]);
    if !(low..=high).contains(&g.threshold) {
        return Err(BundleError::field(
            "gate.threshold",
            g.threshold,
            format!(
                "{low} to {high}, the calibration scores about rank {}",
                g.rank
            ),
        ));
    }
    Ok(())
}
