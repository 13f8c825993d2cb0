//! `report.html`: the report of the month as one page.
//!
//! Invariant: what is cut says how much is left out, and where the rest is.

use minijinja::{Value, context};

use super::{OutputFile, RenderError, Renderer};
use super::{charts, page_model, sections};
use crate::report::monthly::{Cut, Sealed};
use crate::report::page::{environment, frame, serde};

/// Bytes of the diff that are shown.
const DIFF: usize = 100_000;

/// The HTML renderer.
pub(super) struct Html;

impl Renderer for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn purpose(&self) -> &'static str {
        "the page to read, to print and to sign"
    }

    fn files(&self, report: &Sealed<'_>) -> Result<Vec<OutputFile>, RenderError> {
        let page = &report.page;
        let environment = environment()?;
        let (bars, axis) = charts::bars(&page.clients);
        let sections = sections::sections(&environment, page)?;
        let level = page.head.level;
        let cuts = page.cuts.iter().filter(|cut| cut.tally.level == level);
        let cuts: Vec<&Cut> = cuts.collect();
        let text = environment.get_template("page.html")?.render(context! {
            p => serde(page_model::shown(page, sections.texts.len())),
            bars => serde(bars),
            axis => axis,
            lines => serde(charts::lines(&page.points, page.head.month)),
            cover => serde(charts::coverage(page)),
            cuts => serde(cuts),
            pooled => serde(page.pooled.iter().find(|pooled| pooled.level == level)),
            sections => sections.value(),
            diff => page.diff.as_deref().map(diff),
            ..frame()
        })?;
        Ok(vec![OutputFile {
            name: "report.html",
            text,
        }])
    }
}

/// The diff by lines, each with its kind; a long one is cut at a line.
fn diff(text: &str) -> Value {
    let mut shown = 0;
    let mut lines = Vec::new();
    for line in text.lines() {
        shown += line.len() + 1;
        if shown > DIFF {
            break;
        }
        let kind = match line.as_bytes() {
            [b'#', ..] => "why",
            [b'@', ..] | [b'-', b'-', b'-', ..] | [b'+', b'+', b'+', ..] => "head",
            [b'-', ..] => "less",
            [b'+', ..] => "more",
            _ => "same",
        };
        lines.push(context! { kind => kind, text => line });
    }
    let rest = text.lines().count() - lines.len();
    context! { lines => lines, rest => rest }
}
