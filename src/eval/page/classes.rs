use maud::{Markup, html};

use super::{Page, count, percent, scrolled};
use crate::eval::classes::{accepted_as, confusions, reports};

/// More classes than this make no readable matrix, but a list of the most frequent confusions.
const MATRIX: usize = 24;

/// Pairs in that list.
const LIST: usize = 30;

/// How each class fared, and what is taken for what.
pub(super) fn section(page: &Page<'_>) -> Markup {
    let names = &page.description.labels;
    let table = html! {
        table {
            caption { "In-distribution images by their label. Percent." }
            thead { tr {
                th scope="col" { "class" }
                @for name in ["images", "accuracy", "kept", "accuracy of the kept"] { th.n scope="col" { (name) } }
            } }
            tbody {
                @for class in reports(page.id, page.labels, names) {
                    tr {
                        th scope="row" { (class.label) }
                        td.n { (count(class.n)) }
                        (bar(class.accuracy)) (bar(class.kept)) (bar(class.accuracy_kept))
                    }
                }
            }
        }
    };
    html! {
        section {
            h2 { "Classes" }
            (scrolled("Accuracy by class", table))
            @if names.len() <= MATRIX { (matrix(page)) } @else { (list(page)) }
            @if names.len() <= MATRIX && !page.ood.is_empty() { (taken(page)) }
        }
    }
}

fn bar(share: Option<f64>) -> Markup {
    let width = format!("--w: {:.2}%", 100.0 * share.unwrap_or(0.0));
    html! { td.n.bar style=(width) { (percent(share)) } }
}

fn matrix(page: &Page<'_>) -> Markup {
    let names = &page.description.labels;
    let counts = confusions(page.id, page.labels);
    let classes = || (0u16..).take(names.len());
    let row = |label: u16| -> Vec<usize> {
        classes()
            .map(|class| counts.get(&(label, class)).copied().unwrap_or(0))
            .collect()
    };
    let table = html! {
        table.matrix {
            caption { "Images by label (rows) and by the network's class (columns), kept or not. Shaded by the \
                share of the row." }
            (columns("label", names))
            tbody {
                @for label in classes() {
                    @let cells = row(label);
                    tr {
                        th scope="row" { (names[usize::from(label)]) }
                        @for (class, &n) in classes().zip(&cells) {
                            (cell(n, cells.iter().sum(), label == class))
                        }
                    }
                }
            }
        }
    };
    html! { h3 { "Confusion matrix" } (scrolled("Confusion matrix", table)) }
}

fn taken(page: &Page<'_>) -> Markup {
    let names = &page.description.labels;
    let table = html! {
        table.matrix {
            caption { "Accepted OOD images by set (rows) and by the class they are taken for (columns). Shaded by \
                the share of the row." }
            (columns("OOD set", names))
            tbody {
                @for set in page.ood {
                    @let counts = accepted_as(set);
                    tr {
                        th scope="row" { (set.name()) }
                        @for class in (0u16..).take(names.len()) {
                            (cell(counts.get(&class).copied().unwrap_or(0), set.kept(), false))
                        }
                    }
                }
            }
        }
    };
    html! { h3 { "What accepted unknowns are taken for" } (scrolled("Accepted unknowns by class", table)) }
}

fn columns(corner: &str, names: &[String]) -> Markup {
    html! {
        thead { tr {
            th scope="col" { (corner) }
            @for name in names { th scope="col" { span { (name) } } }
        } }
    }
}

fn cell(n: usize, of: usize, diagonal: bool) -> Markup {
    let shade = format!("--h: {:.3}", n as f64 / of.max(1) as f64);
    html! { td.n.own[diagonal].zero[n == 0] style=(shade) { (count(n)) } }
}

fn list(page: &Page<'_>) -> Markup {
    let names = &page.description.labels;
    let name = |class: u16| names.get(usize::from(class)).map_or("", String::as_str);
    let mut pairs: Vec<_> = confusions(page.id, page.labels)
        .into_iter()
        .filter(|((label, class), _)| label != class)
        .collect();
    pairs.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let table = html! {
        table {
            caption {
                "The " (pairs.len().min(LIST)) " most frequent of " (count(pairs.len()))
                " confusions, kept or not."
            }
            thead { tr {
                th scope="col" { "label" }
                th scope="col" { "the network's class" }
                th.n scope="col" { "images" }
            } }
            tbody {
                @for ((label, class), n) in pairs.iter().take(LIST) {
                    tr { th scope="row" { (name(*label)) } td { (name(*class)) } td.n { (count(*n)) } }
                }
            }
        }
    };
    html! { h3 { "Confusions" } (scrolled("The most frequent confusions", table)) }
}
