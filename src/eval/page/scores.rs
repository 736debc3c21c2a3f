use maud::{Markup, html};

use super::{Page, percent, scrolled};
use crate::eval::measure::{Measures, Risk};
use crate::eval::report::ScoreReport;

/// Under the grouped headings.
const COLUMNS: [&str; 10] = [
    "FPR95 ↓",
    "AUPR-in ↑",
    "AUPR-out ↑",
    "FPR95 ↓",
    "AUPR-in ↑",
    "AUPR-out ↑",
    "AURC ↓",
    "AUGRC ↓",
    "kept ↓",
    "rejected ↑",
];

/// Every score on every set.
pub(super) fn section(page: &Page<'_>) -> Markup {
    let table = html! {
        table.scores {
            caption { "Percent. Arrows point to where better is." }
            thead {
                tr {
                    th scope="col" rowspan="2" { "score" }
                    th scope="col" rowspan="2" { "OOD set" }
                    th.n scope="col" rowspan="2" { "AUROC ↑" }
                    th.group scope="colgroup" colspan="3" { "in-distribution positive" }
                    th.group scope="colgroup" colspan="3" { "OOD positive, as OpenOOD" }
                    th.group scope="colgroup" colspan="2" { "risk over coverage" }
                    th.group scope="colgroup" colspan="2" { "OOD at the threshold" }
                }
                tr {
                    @for name in COLUMNS {
                        th.n scope="col" { (name) }
                    }
                }
            }
            @for score in &page.report.scores {
                (rows(page, score))
            }
        }
    };
    html! {
        section {
            h2 { "Scores" }
            p { "A score is one number of an image, higher for in-distribution. The gate compares "
                code { (page.report.gate.score) } " with its threshold; the others are here for comparison." }
            (scrolled("Every score on every set", table))
            (terms(page))
        }
    }
}

fn rows(page: &Page<'_>, score: &ScoreReport) -> Markup {
    let gated = score.score == page.report.gate.score;
    let means = score.means().count();
    let alone = usize::from(score.risk.is_some());
    html! {
        tbody.gated[gated] {
            @for (i, set) in score.sets.iter().enumerate() {
                tr {
                    @if i == 0 {
                        th scope="rowgroup" rowspan=(score.sets.len() + means + alone) {
                            (score.label()) @if gated { " " span.badge { "gate" } }
                        }
                    }
                    th scope="row" { (set.name) }
                    (cells(&set.measures))
                }
            }
            @for (name, mean) in score.means() {
                tr.mean { th scope="row" { (name) } (cells(mean)) }
            }
            @if let Some(risk) = score.risk {
                tr {
                    @if score.sets.is_empty() { th scope="rowgroup" { (score.label()) } }
                    th scope="row" { "no OOD" }
                    @for _ in 0..7 { td {} }
                    (risks(Some(risk)))
                    td {} td {}
                }
            }
        }
    }
}

fn cells(m: &Measures) -> Markup {
    let own = [m.auroc, m.fpr95, m.aupr_in, m.aupr_out];
    let theirs = [m.openood.fpr95, m.openood.aupr_in, m.openood.aupr_out];
    html! {
        @for share in own.into_iter().chain(theirs) { td.n { (percent(share)) } }
        (risks(m.risk))
        @for share in [m.kept, m.rejected] {
            td.n { @if let Some(share) = share { (percent(share)) } }
        }
    }
}

fn risks(risk: Option<Risk>) -> Markup {
    html! {
        td.n { (percent(risk.map(|r| r.aurc))) }
        td.n { (percent(risk.map(|r| r.augrc))) }
    }
}

/// What the columns mean.
fn terms(page: &Page<'_>) -> Markup {
    let near = &page.report.near_sets;
    html! {
        dl.terms {
            dt { "AUROC" }
            dd { "How often an in-distribution image scores higher than an OOD one; the same whichever is positive." }
            dt { "FPR95" }
            dd { "In-distribution positive: OOD accepted where 95\u{a0}% of in-distribution is accepted. OOD \
                positive, OpenOOD v1.5's sign: in-distribution rejected where 95\u{a0}% of OOD is rejected." }
            dt { "AUPR-in, AUPR-out" }
            dd { "Area under precision over recall, with in-distribution or OOD as the positive class. Left: \
                average precision, as scikit-learn has it. Right: trapezoids, as OpenOOD has it." }
            dt { "AURC, AUGRC" }
            dd { "Images are kept from the highest score down. A failure is a wrong class or any OOD image. AURC: \
                the share of failures among the kept, over all coverages. AUGRC: kept failures as a share of all \
                images, over all coverages. Rows of a set: in-distribution and that set together, all images \
                counting the same. Row “no OOD”: in-distribution alone. The papers give AUGRC in thousandths: ten \
                times these figures." }
            dt { "kept, rejected" }
            dd { "OOD at the gate's threshold." }
            dt { "mean" }
            dd { "Over the sets, each counting the same." }
            @if !near.is_empty() {
                dt { "near, far" }
                dd { "The mean over the near-OOD sets (" (near.join(", ")) ") and over the others." }
            }
        }
    }
}
