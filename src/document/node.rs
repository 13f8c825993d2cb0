//! One node of a document, with the bytes that it is written in.

use serde_json::Value as Json;

use crate::model::Span;

/// One scalar, list or mapping, and where it is.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent facts about the text, not states of one machine"
)]
pub(crate) struct Node {
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
pub(crate) enum Value {
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

impl Node {
    /// The value under a key, compared with the key as spelt: `get("200")` finds `200:` and `"200":`.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?
            .iter()
            .find(|(name, _)| name.text() == Some(key))
            .map(|(_, value)| value)
    }

    /// The text of a scalar as the author wrote it: a string's value, else the
    /// spelling (`007` stays `007`). `None` for collections and empty nodes.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => self.spelling.as_deref(),
        }
    }

    /// The value of a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list.
    pub(crate) fn as_seq(&self) -> Option<&[Self]> {
        match &self.value {
            Value::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// The pairs of a mapping.
    pub(crate) fn as_map(&self) -> Option<&[(Self, Self)]> {
        match &self.value {
            Value::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// What it is, for a sentence: `a list`.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Float(_) => "a number",
            Value::String(_) => "a string",
            Value::Seq(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// The same data as JSON. Keys are as spelt; `.inf` and `.nan`, which JSON lacks, become text.
    pub(crate) fn to_json(&self) -> Json {
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
