use maud::{Markup, html};
use normgate_core::Score;

use super::{Page, Source, count, with_unit};
use crate::bundle::{DataSet, Description, Precision};
use crate::percent::trimmed;

/// The few figures that say how good it is.
pub(super) fn headline(page: &Page<'_>) -> Markup {
    let id = &page.report.in_distribution;
    let mean = page.gated().and_then(|score| score.mean);
    let risk = page.gated().and_then(|score| score.risk);
    let sets = page.ood.len();
    let over = match sets {
        1 => "1 set of unknowns".to_owned(),
        n => format!("{n} sets of unknowns, each counting the same"),
    };
    let tiles = [
        ("known images kept", Some(id.kept), "by the gate"),
        (
            "unknown images rejected",
            mean.and_then(|m| m.rejected),
            "by the gate, mean",
        ),
        ("accuracy of the kept", id.accuracy_kept, "known images"),
        ("accuracy", id.accuracy, "known images, kept or not"),
        ("AUROC", mean.map(|m| m.auroc), "gate's score, mean"),
        (
            "FPR95",
            mean.map(|m| m.fpr95),
            "gate's score, mean; lower is better",
        ),
        (
            "AUGRC",
            risk.map(|r| r.augrc),
            "known images; lower is better",
        ),
        ("ECE", id.ece, "of the confidence; lower is better"),
    ];
    html! {
        p { "How well the network names " (count(id.n)) " images of its classes, and how well its gate tells them \
            from "
            (over) "." }
        ul.tiles {
            @for (name, share, note) in tiles.into_iter().filter(|tile| tile.1.is_some()) {
                li { span.value { (with_unit(share)) } span.name { (name) } span.note { (note) } }
            }
        }
    }
}

/// What the file says of itself, and the gate in words.
pub(super) fn model(page: &Page<'_>) -> Markup {
    let d = page.description;
    let precision = match d.precision {
        Precision::Int8 => "int8: u8 activations, s8 weights",
        Precision::F32 => "f32",
    };
    html! {
        section {
            h2 { "Model" }
            dl.facts {
                dt { "name" } dd { (d.name) " v" (d.version) }
                dt { "arithmetic" } dd { (precision) }
                dt { "input" } dd { (d.input.width) " × " (d.input.height) " pixels, " (d.input.fit) }
                dt { "labels" } dd { (d.labels.len()) ": " (d.labels.join(", ")) }
                dt { "loss" } dd { (d.trained_with()) }
                dt { "gate" }
                dd {
                    "known iff " code { (page.report.gate.score) } " ≥ " (page.report.gate.threshold)
                    @if page.score == Score::Combined { (parts(d)) }
                }
                dt { "trained on" } dd { (set(&d.fit)) }
                dt { "calibrated on" } dd { (set(&d.calibration)) }
                dt { "written by" } dd { (d.producer) }
                dt { "graph" } dd { "SHA-256 " span.hash { (d.graph_sha256) } }
            }
            (bound(page))
        }
    }
}

/// The two scores behind the combined one.
fn parts(d: &Description) -> Markup {
    let combined = d.references.as_ref().and_then(|r| r.combined.as_ref());
    html! {
        @if let Some(c) = combined {
            ", of " code { (c.direction.score) } " and " code { (c.magnitude.score) } " by the rule "
            code { (c.rule) }
        }
    }
}

/// What the threshold promises, beside what was seen.
fn bound(page: &Page<'_>) -> Markup {
    let gate = &page.report.gate;
    let seen = page.report.in_distribution.rejected;
    html! {
        p {
            "The threshold is the score of rank " (count(gate.rank)) " among those of " (count(gate.calibration_images))
            " calibration images, from the lowest. An image that is exchangeable with them is rejected with \
                probability at most "
            (with_unit(gate.expected_reject)) ", over the draw of both."
            @if let Some(bound) = gate.reject_bound {
                " With " (trimmed(bound.assurance)) "\u{a0}% assurance, this threshold rejects at most "
                (with_unit(bound.share)) " of such images."
            }
            " Of the in-distribution set here it rejects " strong { (with_unit(seen)) } "."
            @if gate.reject_bound.is_some_and(|bound| seen > bound.share) {
                " That is more than the bound: the draw of these or of the calibration images was unlucky, or the two \
                    differ."
            }
        }
        p { "Nothing is promised of unknown images; only measurements like the ones below tell." }
    }
}

/// The sets that were scored.
pub(super) fn sets(page: &Page<'_>) -> Markup {
    let table = html! {
        table {
            caption { "Images as the network saw them. The fingerprint is over size, labels and pixels." }
            thead { tr {
                th scope="col" { "set" }
                th scope="col" { "from" }
                th.n scope="col" { "images" }
                th scope="col" { "SHA-256" }
            } }
            tbody {
                @for source in page.sources {
                    tr {
                        th scope="row" { (source.name) }
                        td.path { (source.path) }
                        td.n { (count(source.images)) }
                        td { span.hash { (source.sha256) } }
                    }
                }
            }
        }
    };
    let d = page.description;
    let used = [("trained", &d.fit), ("calibrated", &d.calibration)];
    let seen = |source: &Source| {
        used.into_iter()
            .find(|(_, set)| set.sha256 == source.sha256)
    };
    html! {
        section {
            h2 { "Test sets" }
            (super::scrolled("Test sets", table))
            @for (source, (what, _)) in page.sources.iter().filter_map(|s| Some((s, seen(s)?))) {
                p.warning { "The model was " (what) " on the images of " (source.name)
                    " themselves: its figures are too good." }
            }
        }
    }
}

fn set(set: &DataSet) -> Markup {
    html! { (set.name) ", " (count(set.images)) " images, SHA-256 " span.hash { (set.sha256) } }
}
