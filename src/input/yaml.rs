//! YAML text to a tree that knows its own bytes.
//!
//! In: the text of one document and the name it is shown by. Out: nodes in file
//! order, each with its line and byte span, or an error with a place.
//!
//! Invariants:
//! * the span of a plain or quoted scalar is exactly the scalar, quotes included; that of
//!   a block scalar begins with its sign (`|`, `>`);
//! * plain scalars are typed by the YAML 1.2 core schema (section 10.3.2), quoted
//!   and block scalars are strings; no `yes`, no `on`, no dates;
//! * what is behind an alias says so, and aliases cannot blow memory up: what is
//!   written out and what aliases add to it are bounded apart;
//! * equal keys in one mapping, several documents and deep nesting are errors.
//!
//! Merge keys (`<<`, YAML 1.1) are ordinary keys here: the reader of a format
//! decides about them.

mod bracket;
mod build;
mod error;
mod offsets;
mod scalar;

use serde_json::Value as Json;

use crate::model::Span;

pub use error::YamlError;

/// Collections may nest this deep.
const MAX_DEPTH: usize = 128;
/// Nodes that are written out in one document. The largest published descriptions have
/// a third of it, and each takes about a hundred bytes of memory.
const WRITTEN_BUDGET: usize = 10_000_000;
/// Nodes that aliases add to one document, together with the copies kept of what they name.
const COPIED_BUDGET: usize = 2_000_000;

/// Bytes that may be parsed again for the sake of closing brackets (see `bracket`).
const REPAIR_BUDGET: usize = 256 << 20;

/// One scalar, list or mapping, and where it is.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent facts about the text, not states of one machine"
)]
pub struct Node {
    /// Line of its first byte, counted from 1.
    pub line: u32,
    /// Its bytes, without anchor and tag. An alias itself has the bytes of `*name`; the
    /// nodes below it those of the anchored text.
    pub span: Span,
    /// What it holds.
    pub value: Value,
    /// Whether it carries an anchor (`&name`).
    pub anchor: bool,
    /// Whether it was reached through an alias (`*name`).
    pub alias: bool,
    /// Whether it carries a tag of an application (`!Ref`), which is not interpreted here.
    pub tagged: bool,
    /// Whether it is a flow collection (`[a]`, `{a: b}`) or stands inside one.
    pub flow: bool,
    /// How a plain scalar that is not a string is spelt (`007`, `1.10`, `~`).
    pub spelling: Option<Box<str>>,
}

/// What a node holds. The order of the file is kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// Another number.
    Float(f64),
    /// Any other scalar.
    String(String),
    /// A list.
    Seq(Vec<Node>),
    /// A mapping: key and value. Keys are scalars, and no two are spelt alike.
    Map(Vec<(Node, Node)>),
}

/// Reads one YAML document; an empty text is `Null`.
///
/// `shown` is the file's name in error messages.
pub fn parse(text: &str, shown: &str) -> Result<Node, YamlError> {
    build::build(text, shown)
}

impl Node {
    /// The value under a key, compared with the key as spelt: `get("200")` finds `200:` and `"200":`.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?
            .iter()
            .find(|(name, _)| name.text() == Some(key))
            .map(|(_, value)| value)
    }

    /// The text of a scalar as the author wrote it: a string's value, else the
    /// spelling (`007` stays `007`). `None` for collections and empty nodes.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => self.spelling.as_deref(),
        }
    }

    /// The value of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn as_seq(&self) -> Option<&[Self]> {
        match &self.value {
            Value::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// The pairs of a mapping.
    pub fn as_map(&self) -> Option<&[(Self, Self)]> {
        match &self.value {
            Value::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// What it is, for a sentence: `a list`.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Float(_) => "a number",
            Value::String(_) => "a text",
            Value::Seq(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// The same data as JSON. Keys are as spelt; `.inf` and `.nan`, which JSON lacks, become text.
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Int(value) => Json::from(*value),
            Value::Float(value) => serde_json::Number::from_f64(*value)
                .map_or_else(|| Json::from(self.text().unwrap_or_default()), Json::Number),
            Value::String(text) => Json::from(text.as_str()),
            Value::Seq(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Value::Map(pairs) => Json::Object(
                pairs
                    .iter()
                    .map(|(key, value)| {
                        (key.text().unwrap_or_default().to_owned(), value.to_json())
                    })
                    .collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests;
