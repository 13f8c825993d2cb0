//! The result as JSON text: `scopetrim.report/1`, described by
//! `docs/report.schema.json`. The keys are those of [`super::model`].
//!
//! Some clients are written at a time, in parallel: they are nearly all of the text, and
//! that of two thousand is 128 MB.

use std::io::{self, Write};

use rayon::prelude::*;

use super::model::{Client, Instant, Report};
use super::{View, json_text};
use crate::model::Millis;

/// Clients whose text is in memory at a time, for each thread.
const GROUP: usize = 16;

/// Where the clients go; no string contains a line end, so it is found only once.
const EMPTY: &str = "\n  \"clients\": []";

/// `2026-01-02T12:00:00.117Z`.
pub(crate) fn instant(time: Millis) -> String {
    Instant(time).to_string()
}

/// Writes the report as pretty JSON with a line end.
pub(crate) fn write(view: &View<'_>, mut out: impl Write) -> io::Result<()> {
    write_report(view, Report::of(view), &mut out)
}

/// The same of a report that may have more parts.
pub(super) fn write_report<'a>(
    view: &'a View<'a>,
    mut report: Report<'a>,
    out: &mut impl Write,
) -> io::Result<()> {
    let clients = report.clients.take();
    let text = json_text::pretty(&report)?;
    let Some((above, below)) = text.split_once(EMPTY).filter(|_| !clients.is_empty()) else {
        return writeln!(out, "{text}");
    };
    out.write_all(above.as_bytes())?;
    let mut before = "\n  \"clients\": [\n    ";
    for group in clients.chunks(GROUP * rayon::current_num_threads().max(1)) {
        let items: Vec<String> = group
            .par_iter()
            .map(|client| json_text::pretty_item(&Client::of(view, client)))
            .collect::<Result<_, _>>()?;
        for item in items {
            out.write_all(before.as_bytes())?;
            out.write_all(item.as_bytes())?;
            before = ",\n    ";
        }
    }
    writeln!(out, "\n  ]{below}")
}
