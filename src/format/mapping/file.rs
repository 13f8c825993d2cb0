//! The file of a description, as it is written.
//!
//! In: TOML. Out: its keys with their types; what they mean is up to the compiler.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::de::DeTable;

use super::meanings::MEANINGS;
use super::schema;

/// A description.
#[derive(Deserialize)]
pub(super) struct File {
    #[serde(alias = "name")]
    pub(super) format: String,
    #[serde(alias = "kind")]
    pub(super) extends: String,
    pub(super) title: Option<String>,
    pub(super) identity: Option<String>,
    pub(super) separator: Option<char>,
    #[serde(default)]
    pub(super) columns: Vec<String>,
    #[serde(default)]
    pub(super) requires: Vec<String>,
    pub(super) pattern: Option<Texts>,
    #[serde(default)]
    pub(super) unwrap: Vec<Outer>,
    #[serde(default)]
    pub(super) prefix: Vec<Prefix>,
    #[serde(default)]
    pub(super) when: Vec<Rule>,
    pub(super) key_case: Option<String>,
    pub(super) missing: Option<Vec<String>>,
    pub(super) unescape: Option<String>,
    #[serde(default, alias = "fields")]
    pub(super) field: BTreeMap<String, Sources>,
    #[serde(default)]
    pub(super) outcome: BTreeMap<String, Vec<Rule>>,
    #[serde(default)]
    pub(super) redact: Redact,
    #[serde(default, alias = "samples")]
    pub(super) sample: Vec<Sample>,
}

/// One text or several.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Texts {
    One(String),
    Several(Vec<String>),
}

impl Texts {
    pub(super) fn all(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Several(texts) => texts,
        }
    }
}

/// Where records are within a line.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Outer {
    Values(String),
    Named {
        string: Option<String>,
        values: Option<String>,
    },
}

/// What is before a record.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Prefix {
    Named(String),
    Regex { regex: String },
}

/// Where a field is.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Sources {
    Place(String),
    Table(Box<Source>),
    Several(Vec<Sources>),
}

/// A place, and what is done with its value.
#[derive(Clone, Deserialize)]
pub(super) struct Source {
    pub(super) at: Texts,
    pub(super) json: Option<String>,
    pub(super) regex: Option<String>,
    pub(super) join: Option<String>,
    pub(super) parse: Option<Texts>,
    pub(super) tz: Option<String>,
    pub(super) basis: Option<String>,
    pub(super) split: Option<Texts>,
    pub(super) first_of: Option<String>,
    pub(super) last_of: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) unit: Option<String>,
    pub(super) unescape: Option<String>,
    pub(super) missing: Option<Vec<String>>,
    pub(super) basic: Option<bool>,
}

impl Source {
    /// A place alone.
    pub(super) fn of(at: String) -> Self {
        Self {
            at: Texts::One(at),
            json: None,
            regex: None,
            join: None,
            parse: None,
            tz: None,
            basis: None,
            split: None,
            first_of: None,
            last_of: None,
            kind: None,
            unit: None,
            unescape: None,
            missing: None,
            basic: None,
        }
    }
}

/// A condition on a record.
#[derive(Deserialize)]
pub(super) struct Rule {
    pub(super) at: Option<String>,
    pub(super) field: Option<String>,
    pub(super) json: Option<String>,
    pub(super) eq: Option<toml::Value>,
    #[serde(rename = "in")]
    pub(super) one_of: Option<Vec<toml::Value>>,
    pub(super) prefix: Option<Texts>,
    pub(super) contains: Option<Texts>,
    pub(super) regex: Option<String>,
    pub(super) present: Option<bool>,
    #[serde(default)]
    pub(super) not: bool,
    pub(super) and_present: Option<String>,
    pub(super) and_absent: Option<String>,
}

/// What no output may show.
#[derive(Default, Deserialize)]
pub(super) struct Redact {
    #[serde(default)]
    pub(super) headers: Vec<String>,
    #[serde(default)]
    pub(super) query: Vec<String>,
    #[serde(default)]
    pub(super) paths: Vec<String>,
}

/// A line, and what is read from it.
#[derive(Deserialize)]
pub(super) struct Sample {
    pub(super) line: String,
    #[serde(default)]
    pub(super) expect: BTreeMap<String, toml::Value>,
    pub(super) skip: Option<String>,
}

/// Reads the keys of a file.
pub(super) fn read(text: &str) -> Result<File, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let at = |span: Option<std::ops::Range<usize>>, message: &str| {
        let message = message.lines().collect::<Vec<_>>().join(", ");
        match span {
            Some(span) => format!("line {}: {message}", schema::line_of(text, span.start)),
            None => message,
        }
    };
    let root = DeTable::parse(text).map_err(|error| at(error.span(), error.message()))?;
    let fields: Vec<&str> = MEANINGS.iter().map(|(name, _)| *name).collect();
    if let Some(unknown) = schema::unknown(root.get_ref(), &fields, text) {
        return Err(unknown);
    }
    toml::from_str(text).map_err(|error| at(error.span(), error.message()))
}
