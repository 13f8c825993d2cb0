//! Lines, tables and lists of Markdown; every text is escaped and cut.

use super::{ROWS, WIDE};
use crate::model::Place;
use crate::report::escape::{cut, markdown};

/// A bounded, harmless field.
pub(super) fn safe(text: &str) -> String {
    markdown(&cut(text, WIDE)).into_owned()
}

pub(super) fn list(names: &[String], most: usize) -> String {
    let mut shown: Vec<String> = names.iter().take(most).map(|name| safe(name)).collect();
    if names.len() > most {
        shown.push(format!("and {} more", names.len() - most));
    }
    shown.join(", ")
}

pub(super) fn places(places: &[Place]) -> String {
    let places: Vec<String> = places.iter().map(ToString::to_string).collect();
    list(&places, 3)
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
