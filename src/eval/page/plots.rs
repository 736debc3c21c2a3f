use maud::{Markup, PreEscaped, html};
use normgate_core::Score;

use super::{Page, PageError, count, percent, scrolled, with_unit};
use crate::eval::plots::figures::{self, RiskKind};
use crate::eval::reliability::Reliability;
use crate::eval::report::ScoreReport;
use crate::eval::scored::ScoredSet;

/// The gate's score in pictures, the confidence, and the other scores to be opened.
pub(super) fn section(page: &Page<'_>, reliability: &Reliability) -> Result<Markup, PageError> {
    let gate = &page.report.gate;
    let threshold = Some(gate.threshold);
    let mut histograms = Vec::with_capacity(page.ood.len());
    for (i, set) in page.ood.iter().enumerate() {
        let svg = figures::histogram(page.score, threshold, page.id, page.ood, i..i + 1)?;
        histograms.push((i, set, svg));
    }
    Ok(html! {
        section {
            h2 { "The gate's score, " code { (gate.score) } }
            p { "Every set by its own share of images. Dashed: the threshold; what lies right of it is kept. The \
                outer bins also hold the few images beyond the axis." }
            div.figures {
                @for (i, set, svg) in &histograms {
                    figure {
                        h3 { (set.name()) }
                        (plot(svg, &format!("Histogram of {} for in-distribution and {}", gate.score, set.name())))
                        figcaption {
                            ul.legend {
                                li { (known()) (page.id.name()) ": " (kept(page.id)) }
                                li { (swatch(*i)) (set.name()) ": " (kept(set)) }
                            }
                        }
                    }
                }
            }
            div.figures {
                @if !page.ood.is_empty() {
                    figure {
                        h3 { "ROC" }
                        @let svg = figures::roc(page.score, true, page.id, page.ood)?;
                        (plot(&svg, &format!("ROC curves of {}", gate.score)))
                        figcaption {
                            p { "Dashed: chance, and 95\u{a0}% of in-distribution. Dots: the threshold." }
                            (sets(page, |score, i| format!("AUROC {}", with_unit(score.sets[i].measures.auroc))))
                        }
                    }
                }
                (risk(page, RiskKind::Selective)?)
                (risk(page, RiskKind::Generalized)?)
            }
        }
        (confidence(page, reliability)?)
        (others(page)?)
    })
}

fn risk(page: &Page<'_>, kind: RiskKind) -> Result<Markup, PageError> {
    let Some(svg) = figures::risk(kind, page.score, true, page.id, page.ood)? else {
        return Ok(html! {});
    };
    let (title, name) = match kind {
        RiskKind::Selective => ("Risk over coverage", "AURC"),
        RiskKind::Generalized => ("Generalized risk over coverage", "AUGRC"),
    };
    let area = |risk: Option<crate::eval::measure::Risk>| {
        let area = risk.map(|r| match kind {
            RiskKind::Selective => r.aurc,
            RiskKind::Generalized => r.augrc,
        });
        format!("{name} {}", with_unit(area))
    };
    Ok(html! {
        figure {
            h3 { (title) }
            (plot(&svg, &format!("{title} by {}", page.report.gate.score)))
            figcaption {
                p {
                    @match kind {
                        RiskKind::Selective => "A failure is a wrong class or any OOD image. Drawn from a coverage \
                            of 1\u{a0}%. Dots: the threshold.",
                        RiskKind::Generalized => "The same failures as a share of all images. Dots: the threshold.",
                    }
                }
                ul.legend {
                    li {
                        span.swatch.dashed style="--c: var(--ink)" {}
                        "in-distribution alone: " (area(page.gated().and_then(|s| s.risk)))
                    }
                }
                (sets(page, |score, i| area(score.sets[i].measures.risk)))
            }
        }
    })
}

fn confidence(page: &Page<'_>, reliability: &Reliability) -> Result<Markup, PageError> {
    if page.id.confidence().is_empty() {
        return Ok(html! {});
    }
    let table = html! {
        table {
            thead { tr {
                @for name in ["confidence, %", "images", "right class, %", "mean confidence, %"] {
                    th.n scope="col" { (name) }
                }
            } }
            tbody {
                @for bin in reliability.bins() {
                    tr {
                        th.n scope="row" { (format!("{:.1} to {:.1}", 100.0 * bin.from, 100.0 * bin.to)) }
                        td.n { (count(bin.n)) }
                        td.n { (percent(bin.accuracy)) }
                        td.n { (percent(bin.confidence)) }
                    }
                }
            }
        }
    };
    Ok(html! {
        section {
            h2 { "Confidence" }
            p { "The network's own probability of its class, on in-distribution images, kept or not. ECE, the mean \
                distance of confidence from accuracy over the bins, is "
                (with_unit(page.report.in_distribution.ece)) "." }
            div.figures {
                figure {
                    h3 { "Reliability" }
                    (plot(&figures::reliability(reliability)?, "Reliability diagram with the counts of its bins"))
                    figcaption { p { "Bars: images of a bin with the right class. Dots: at the bin's mean \
                        confidence. Dashed: where confidence is accuracy. Below: images in each of "
                    (Reliability::BINS) " bins." } }
                }
                (scrolled("Reliability, bin by bin", table))
            }
        }
    })
}

fn others(page: &Page<'_>) -> Result<Markup, PageError> {
    let mut figures = Vec::new();
    for (score, report) in scores(page) {
        if report.score != page.report.gate.score {
            let histogram = figures::histogram(score, None, page.id, page.ood, 0..page.ood.len())?;
            let roc = figures::roc(score, false, page.id, page.ood)?;
            figures.push((report, histogram, roc));
        }
    }
    Ok(html! {
        details {
            summary { h2 { "The other scores" } }
            ul.legend {
                li { (known()) (page.id.name()) }
                @for (i, set) in page.ood.iter().enumerate() { li { (swatch(i)) (set.name()) } }
            }
            @for (report, histogram, roc) in &figures {
                h3 { code { (report.label()) } }
                div.figures {
                    figure { (plot(histogram, &format!("Histograms of {}", report.score))) }
                    @if !page.ood.is_empty() {
                        figure { (plot(roc, &format!("ROC curves of {}", report.score))) }
                    }
                }
            }
        }
        @match figures.len() {
            0 => {}
            1 => p.folded { "1 further score is folded; open it to print." },
            n => p.folded { (n) " further scores are folded; open them to print." },
        }
    })
}

/// The scores with their reports.
fn scores<'a>(page: &Page<'a>) -> impl Iterator<Item = (Score, &'a ScoreReport)> {
    page.id.all_scores().zip(&page.report.scores)
}

/// The OOD sets with a figure each.
fn sets(page: &Page<'_>, figure: impl Fn(&ScoreReport, usize) -> String) -> Markup {
    html! {
        @if let Some(score) = page.gated() {
            ul.legend {
                @for (i, set) in page.ood.iter().enumerate() {
                    li { (swatch(i)) (set.name()) ": " (figure(score, i)) }
                }
            }
        }
    }
}

fn swatch(i: usize) -> Markup {
    let color = format!("--c: var(--{})", figures::set_color(i));
    html! { span.swatch.dashed[figures::is_dashed(i)] style=(color) {} }
}

/// `svg` is this program's own drawing, in which texts are escaped.
fn plot(svg: &str, label: &str) -> Markup {
    html! { div.plot role="img" aria-label=(label) { (PreEscaped(svg)) } }
}

/// The in-distribution set's mark in a legend.
fn known() -> Markup {
    html! { span.swatch.filled style="--c: var(--id)" {} }
}

fn kept(set: &ScoredSet) -> String {
    format!("{} kept", with_unit(set.kept() as f64 / set.n() as f64))
}
