//! `normgate inspect`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args as ClapArgs;
use normgate::bundle::{Bundle, DataSet, Description, ReferencesDescription};
use normgate::model::InForce;
use normgate::percent;
use serde_json::json;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The model file.
    file: PathBuf,
    /// The share of known inputs that may be rejected, such as 0.02, and what comes of it; the file's own where not given.
    #[arg(long, value_name = "RATE")]
    reject_rate: Option<f64>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let bundle = Bundle::read(&args.file)?;
    let operators = operators(&bundle);
    let gate = in_force(bundle.description(), args.reject_rate)?;
    let text = if args.json {
        let all = json!({
            "file": args.file.display().to_string(),
            "bytes": bundle.bytes(),
            "operators": operators,
            "gate": gate,
            "reject_bound": gate.as_ref().and_then(|gate| gate.reject_bound),
            "description": bundle.description(),
        });
        format!("{}\n", serde_json::to_string_pretty(&all)?)
    } else {
        describe(&bundle, &operators, gate.as_ref(), args.reject_rate)?
    };
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

fn operators(bundle: &Bundle) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for node in bundle.model().graph.iter().flat_map(|g| &g.node) {
        *counts.entry(node.op_type.as_str()).or_default() += 1;
    }
    counts
}

/// The gate at the rate asked for, or at the file's own.
fn in_force(d: &Description, rate: Option<f64>) -> anyhow::Result<Option<InForce>> {
    let mut gate = d.gate()?;
    if let Some(rate) = rate {
        gate = d.at_reject_rate(gate, rate).context("--reject-rate")?;
    }
    Ok(gate.as_ref().map(InForce::of))
}

/// What is accepted, and how much of the known that rejects.
fn gate(
    t: &mut String,
    d: &Description,
    gate: Option<&InForce>,
    rate: Option<f64>,
) -> std::fmt::Result {
    let (Some(gate), Some(own)) = (gate, &d.gate) else {
        return writeln!(
            t,
            "gate          none: everything is unknown until a threshold is fitted"
        );
    };
    let asked = percent::trimmed(rate.unwrap_or(own.reject_rate));
    writeln!(
        t,
        "gate          accept iff {} >= {}, for a reject rate of {asked}%",
        gate.score, gate.threshold
    )?;
    writeln!(t, "threshold     {gate}")
}

/// What scores compare a frame with, and what it costs.
fn references(t: &mut String, d: &Description, r: &ReferencesDescription) -> std::fmt::Result {
    let rows = r.bank.rows.as_slice().len() / d.features.max(1);
    writeln!(
        t,
        "references    bank of {rows} x {} features in int8, neighbour {}; means of {} classes",
        d.features,
        r.bank.k,
        d.labels.len()
    )?;
    if let Some(c) = &r.combined {
        writeln!(
            t,
            "              combined: {} of {} and {}, ranked on {} fit images",
            c.rule, c.direction.score, c.magnitude.score, c.direction.scores.count
        )?;
    }
    Ok(())
}

fn describe(
    bundle: &Bundle,
    operators: &BTreeMap<&str, usize>,
    in_force: Option<&InForce>,
    rate: Option<f64>,
) -> Result<String, std::fmt::Error> {
    let d = bundle.description();
    let mut t = String::new();
    let set = |s: &DataSet| format!("{} ({} images, SHA-256 {})", s.name, s.images, s.sha256);
    let share = |v: Option<f64>| v.map_or("not measured".to_owned(), |v| percent::fixed(v) + "%");
    writeln!(
        t,
        "{} v{}, {:?}, {} bytes, schema {}",
        d.name,
        d.version,
        d.precision,
        bundle.bytes(),
        d.schema
    )?;
    writeln!(t, "producer      {}", d.producer)?;
    writeln!(
        t,
        "input         {} x {} pixels, {}, (pixel - {}) / {}",
        d.input.width, d.input.height, d.input.fit, d.input.mean, d.input.std
    )?;
    writeln!(t, "labels        {}", d.labels.join(", "))?;
    writeln!(t, "features      {}", d.features)?;
    let list: Vec<String> = operators
        .iter()
        .map(|(op, n)| format!("{n} {op}"))
        .collect();
    writeln!(t, "operators     {}", list.join(", "))?;
    writeln!(t, "loss          {}", d.trained_with())?;
    gate(&mut t, d, in_force, rate)?;
    if let Some(r) = &d.references {
        references(&mut t, d, r)?;
    }
    for (name, q) in &d.calibration_scores {
        let at = |p: f64| q.values[(p * (q.values.len() - 1) as f64).round() as usize];
        writeln!(
            t,
            "quantiles     {name:<12} 1% {:.4}  5% {:.4}  50% {:.4}  95% {:.4}  99% {:.4}",
            at(0.01),
            at(0.05),
            at(0.5),
            at(0.95),
            at(0.99)
        )?;
    }
    writeln!(
        t,
        "accuracy      f32 {}, int8 {}",
        share(d.accuracy.f32),
        share(d.accuracy.int8)
    )?;
    if let Some(test) = &d.accuracy.test {
        writeln!(t, "test set      {}", set(test))?;
    }
    writeln!(t, "fit set       {}", set(&d.fit))?;
    writeln!(t, "calibration   {}", set(&d.calibration))?;
    writeln!(t, "graph SHA-256 {}", d.graph_sha256)?;
    writeln!(t, "recipe        {}", d.recipe)?;
    Ok(t)
}
