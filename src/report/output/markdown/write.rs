//! Lines, tables and lists of Markdown; every text is escaped and cut.

use super::{ROWS, WIDE};
use crate::report::escape::{cut, markdown};

/// A bounded, harmless field.
pub(super) fn safe(text: &str) -> String {
    markdown(&cut(text, WIDE)).into_owned()
}

pub(super) fn list(
    names: impl IntoIterator<Item = impl ToString, IntoIter: ExactSizeIterator>,
    most: usize,
) -> String {
    let names = names.into_iter();
    let rest = names.len().saturating_sub(most);
    let shown = names.take(most).map(|name| safe(&name.to_string()));
    let mut shown: Vec<String> = shown.collect();
    if rest > 0 {
        shown.push(format!("and {rest} more"));
    }
    shown.join(", ")
}

pub(super) fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

pub(super) fn row(out: &mut String, cells: &[String]) {
    line(out, &format!("| {} |", cells.join(" | ")));
}

pub(super) fn table(out: &mut String, heads: &[&str]) {
    line(out, "");
    line(out, &format!("| {} |", heads.join(" | ")));
    line(out, &format!("|{}", " --- |".repeat(heads.len())));
}

pub(super) fn rest(out: &mut String, all: usize, file: &str) {
    if all > ROWS {
        line(out, &format!("\nAnd {} more in {file}.", all - ROWS));
    }
}
