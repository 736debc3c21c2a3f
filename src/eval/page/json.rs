use serde::Serialize;

use super::lines::Lines;
use super::{GENERATOR, Page, PageError, Source};
use crate::bundle::{DataSet, Description, InputDescription, Loss, Precision};
use crate::eval::classes::{ClassReport, accepted_as, confusions, reports};
use crate::eval::gallery::Gallery;
use crate::eval::plots::points::{self, Points};
use crate::eval::reliability::{Reliability, ReliabilityBin};
use crate::eval::report::Report;

#[derive(Serialize)]
struct Document<'a> {
    generator: &'static str,
    command: &'a str,
    #[serde(flatten)]
    report: &'a Report,
    sources: &'a [Source],
    reliability: Vec<ReliabilityBin>,
    curves: Vec<Points>,
    classes: Vec<ClassReport>,
    confusions: Vec<Pair<'a>>,
    accepted_as: Vec<Taken<'a>>,
    mistakes: &'a Gallery,
    accepted: &'a [Gallery],
    description: Facts<'a>,
}

/// What the model's file says, without its large tables.
#[derive(Serialize)]
struct Facts<'a> {
    name: &'a str,
    version: u32,
    producer: &'a str,
    precision: Precision,
    labels: &'a [String],
    input: &'a InputDescription,
    loss: Loss,
    fit: &'a DataSet,
    calibration: &'a DataSet,
    graph_sha256: &'a str,
    recipe: &'a serde_json::Value,
}

impl<'a> Facts<'a> {
    fn of(d: &'a Description) -> Self {
        Self {
            name: &d.name,
            version: d.version,
            producer: &d.producer,
            precision: d.precision,
            labels: &d.labels,
            input: &d.input,
            loss: d.loss,
            fit: &d.fit,
            calibration: &d.calibration,
            graph_sha256: &d.graph_sha256,
            recipe: &d.recipe,
        }
    }
}

#[derive(Serialize)]
struct Pair<'a> {
    label: &'a str,
    class: &'a str,
    n: usize,
}

#[derive(Serialize)]
struct Taken<'a> {
    set: &'a str,
    class: &'a str,
    n: usize,
}

pub(super) fn of(page: &Page<'_>, reliability: &Reliability) -> Result<Vec<u8>, PageError> {
    let names = &page.description.labels;
    let name = |class: u16| names.get(usize::from(class)).map_or("", String::as_str);
    let pairs = confusions(page.id, page.labels).into_iter();
    let taken = page.ood.iter().flat_map(|set| {
        let of = move |(class, n)| (set.name(), class, n);
        accepted_as(set).into_iter().map(of)
    });
    let document = Document {
        generator: GENERATOR,
        command: page.command,
        report: page.report,
        sources: page.sources,
        reliability: reliability.bins().collect(),
        curves: points::of((page.score, page.report.gate.threshold), page.id, page.ood)?,
        classes: reports(page.id, page.labels, names),
        confusions: pairs
            .map(|((label, class), n)| Pair {
                label: name(label),
                class: name(class),
                n,
            })
            .collect(),
        accepted_as: taken
            .map(|(set, class, n)| Taken {
                set,
                class: name(class),
                n,
            })
            .collect(),
        mistakes: page.mistakes,
        accepted: page.accepted,
        description: Facts::of(page.description),
    };
    let mut json = Vec::new();
    document.serialize(&mut serde_json::Serializer::with_formatter(
        &mut json,
        Lines::default(),
    ))?;
    Ok(json)
}
