use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};

use super::{Page, count, with_unit};
use crate::eval::gallery::{Gallery, Picture};

/// The worst errors, to be looked at.
pub(super) fn section(page: &Page<'_>) -> Markup {
    html! {
        section {
            h2 { "The most confident mistakes" }
            p { (shown(page.mistakes)) " images with the wrong class, the highest confidence first." }
            (gallery(page.mistakes, mistake))
        }
        section {
            h2 { "The worst accepted unknowns" }
            p { "OOD images that the gate takes for a class, the highest " code { (page.report.gate.score) }
                " first; the threshold is " (page.report.gate.threshold) "." }
            @for set in page.accepted {
                h3 { (set.set) }
                p { (shown(set)) " accepted images." }
                (gallery(set, accepted))
            }
        }
    }
}

fn shown(gallery: &Gallery) -> Markup {
    html! { (count(gallery.pictures.len())) " of " (count(gallery.of)) }
}

fn gallery(gallery: &Gallery, facts: fn(&Picture) -> Markup) -> Markup {
    html! {
        @if !gallery.pictures.is_empty() {
            ul.gallery {
                @for picture in &gallery.pictures {
                    li {
                        img alt=(format!("image {} of {}", picture.index, gallery.set))
                            src=(format!("data:image/png;base64,{}", STANDARD.encode(&picture.png)));
                        (facts(picture))
                        span.note { "image " (picture.index) }
                    }
                }
            }
        }
    }
}

fn mistake(picture: &Picture) -> Markup {
    html! {
        strong { (picture.class) }
        @if let Some(label) = &picture.label { span { "is " (label) } }
        span.note { (with_unit(picture.confidence.map(f64::from))) ", "
            @if picture.kept { "kept" } @else { "rejected" } }
    }
}

fn accepted(picture: &Picture) -> Markup {
    html! {
        strong { (picture.class) }
        span.note { "score " (format!("{:.4}", picture.score)) }
    }
}
