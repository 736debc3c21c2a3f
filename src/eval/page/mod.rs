use std::path::{Path, PathBuf};

use maud::{DOCTYPE, Markup, PreEscaped, html};
use normgate_core::Score;
use serde::Serialize;
use thiserror::Error;

use super::gallery::Gallery;
use super::plots::{PlotError, figures};
use super::reliability::Reliability;
use super::report::{EvalError, Report};
use super::scored::ScoredSet;
use super::whole;
use crate::bundle::Description;

mod classes;
mod facts;
mod json;
mod lines;
mod pictures;
mod plots;
mod scores;

/// An evaluation as one HTML page without anything outside of it, and the same as JSON.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// What the model's file says.
    pub description: &'a Description,
    /// The gate's score.
    pub score: Score,
    /// The figures.
    pub report: &'a Report,
    /// The in-distribution set.
    pub id: &'a ScoredSet,
    /// Its labels, as indices into the description's; shape `[frames]`.
    pub labels: &'a [u16],
    /// The OOD sets, in the report's order.
    pub ood: &'a [ScoredSet],
    /// Where the sets come from, in-distribution first.
    pub sources: &'a [Source],
    /// The in-distribution frames with the wrong class.
    pub mistakes: &'a Gallery,
    /// The accepted frames of each OOD set.
    pub accepted: &'a [Gallery],
    /// The command that made the page.
    pub command: &'a str,
}

/// Where a set comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The set's name.
    pub name: String,
    /// Its file or folder.
    pub path: String,
    /// Images.
    pub images: usize,
    /// [`ImageSet::sha256`](crate::dataset::ImageSet::sha256).
    pub sha256: String,
}

/// Why there is no page.
#[derive(Debug, Error)]
pub enum PageError {
    /// A plot was not drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// The figures have no JSON.
    #[error("cannot write the report as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl From<EvalError> for PageError {
    fn from(error: EvalError) -> Self {
        Self::Plot(error.into())
    }
}

impl Page<'_> {
    /// The page, as an HTML document.
    ///
    /// # Errors
    /// [`PageError::Plot`] for scores or confidences that cannot be drawn.
    pub fn html(&self) -> Result<String, PageError> {
        let title = format!("{}: evaluation", self.report.model);
        let reliability = self.reliability()?;
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    // Nothing is fetched and nothing runs, whatever a name may hold.
                    meta http-equiv="Content-Security-Policy"
                        content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="generator" content=(GENERATOR);
                    title { (title) }
                    style { (PreEscaped(style())) }
                }
                body {
                    header {
                        p.kind { "normgate evaluation" }
                        h1 { (self.report.model) }
                        (facts::headline(self))
                    }
                    main {
                        (facts::model(self))
                        (facts::sets(self))
                        (scores::section(self))
                        (plots::section(self, &reliability)?)
                        (classes::section(self))
                        (pictures::section(self))
                    }
                    footer {
                        h2 { "How it was made" }
                        p { "With " (GENERATOR) ", by this command:" }
                        pre tabindex="0" { code { (self.command) } }
                        p { "All was computed by the runtime that runs on the device. The same figures are in "
                            code { (JSON_NAME) } "." }
                    }
                }
            }
        };
        Ok(page.into_string())
    }

    /// The same figures as JSON.
    ///
    /// # Errors
    /// [`PageError::Plot`] for confidences out of range, [`PageError::Json`].
    pub fn json(&self) -> Result<Vec<u8>, PageError> {
        json::of(self, &self.reliability()?)
    }

    /// Writes `index.html` and `report.json` into `dir`, which is made if it is absent. Each is replaced as a whole.
    ///
    /// # Errors
    /// [`PageError`]; what stood there before stays then.
    pub fn write(&self, dir: &Path) -> Result<(), PageError> {
        let (html, json) = (self.html()?, self.json()?);
        let failed = |(path, source)| PageError::Write { path, source };
        std::fs::create_dir_all(dir).map_err(|e| failed((dir.to_owned(), e)))?;
        let files = [
            (dir.join(JSON_NAME), json.as_slice()),
            (dir.join(HTML_NAME), html.as_bytes()),
        ];
        whole::write(&files).map_err(failed)
    }

    fn reliability(&self) -> Result<Reliability, PageError> {
        let bins = Reliability::new(self.id.confidence(), self.id.correct());
        bins.map_err(|source| {
            let set = self.id.name().to_owned();
            EvalError::Answers { set, source }.into()
        })
    }

    /// The gate's score in the report.
    fn gated(&self) -> Option<&super::report::ScoreReport> {
        let scores = &self.report.scores;
        scores.iter().find(|s| s.score == self.report.gate.score)
    }
}

const HTML_NAME: &str = "index.html";
const JSON_NAME: &str = "report.json";
const GENERATOR: &str = concat!("normgate ", env!("CARGO_PKG_VERSION"));

/// The sheet, with the figures' colours as variables that its dark half replaces.
fn style() -> String {
    let mut variables = String::from(":root {");
    let mut uses = String::new();
    for (name, color) in figures::colors() {
        variables += &format!(" --{name}: {color};");
        uses += &format!(".plot [fill=\"{color}\"] {{ fill: var(--{name}); }}\n");
        uses += &format!(".plot [stroke=\"{color}\"] {{ stroke: var(--{name}); }}\n");
    }
    format!("{variables} }}\n{uses}{}", include_str!("style.css"))
}

/// A share in percent with two decimals, or a dash.
fn percent(share: impl Into<Option<f64>>) -> String {
    share
        .into()
        .map_or_else(|| "–".to_owned(), crate::percent::fixed)
}

/// The same with its unit, which never starts a line.
fn with_unit(share: impl Into<Option<f64>>) -> String {
    format!("{}\u{a0}%", percent(share))
}

/// A table that scrolls where it has no room.
fn scrolled(label: &str, table: Markup) -> Markup {
    html! { div.scroll role="region" tabindex="0" aria-label=(label) { (table) } }
}

/// A whole number with thin spaces between thousands.
fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}
