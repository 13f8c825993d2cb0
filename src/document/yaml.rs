//! YAML text to a tree that knows its own bytes.
//!
//! In: the text of one document, or of several in one file, and the name it is shown by.
//! Out: nodes in file order, each with its line and byte span, or an error with a place.
//!
//! Invariants:
//! * the span of a plain or quoted scalar is exactly the scalar, quotes included; that of
//!   a block scalar begins with its sign (`|`, `>`);
//! * plain scalars are typed by the YAML 1.2 core schema (section 10.3.2), quoted
//!   and block scalars are strings; no `yes`, no `on`, no dates;
//! * what is behind an alias says so, and aliases cannot blow memory up: what is
//!   written out and what aliases add to it are bounded apart;
//! * equal keys in one mapping and deep nesting are errors, and so are several documents
//!   where one is asked for.
//!
//! Merge keys (`<<`, YAML 1.1) are ordinary keys here: the reader of a format
//! decides about them.

mod bracket;
mod build;
mod error;
mod offsets;
mod scalar;

use super::{Node, Value};

use crate::model::Span;

pub(crate) use error::YamlError;

/// Collections may nest this deep.
const MAX_DEPTH: usize = 128;
/// Nodes that are written out in one document. The largest published descriptions have
/// a third of it, and each takes about a hundred bytes of memory.
const WRITTEN_BUDGET: usize = 10_000_000;
/// Nodes that aliases add to one document, together with the copies kept of what they name.
const COPIED_BUDGET: usize = 2_000_000;

/// Bytes that may be parsed again for the sake of closing brackets (see `bracket`).
const REPAIR_BUDGET: usize = 256 << 20;

/// Reads one YAML document; an empty text is `Null`.
///
/// `shown` is the file's name in error messages.
pub(crate) fn parse(text: &str, shown: &str) -> Result<Node, YamlError> {
    let documents = build::build(text, shown, build::Documents::One)?;
    Ok(documents.into_iter().next().unwrap_or_else(|| empty(text)))
}

/// Reads every document of a file; an empty text has none.
///
/// An alias names an anchor of its own document.
pub(crate) fn documents(text: &str, shown: &str) -> Result<Vec<Node>, YamlError> {
    build::build(text, shown, build::Documents::Any)
}

fn empty(text: &str) -> Node {
    let end = text.len();
    Node {
        line: 1,
        span: Span { start: end, end },
        value: Value::Null,
        anchor: false,
        alias: false,
        tagged: false,
        flow: false,
        spelling: None,
    }
}

#[cfg(test)]
mod tests;
