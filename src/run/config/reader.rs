//! Typed access to a TOML table in which every value knows its line.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::ConfigError;
use crate::model::words::closest;
use crate::model::{Day, Place};

/// The text of one file: turns byte offsets into lines.
pub(super) struct Text {
    file: Arc<str>,
    /// Offset of each line break.
    breaks: Vec<usize>,
}

impl Text {
    pub(super) fn new(text: &str, shown: &str) -> Self {
        Self {
            file: Arc::from(shown),
            breaks: memchr::memchr_iter(b'\n', text.as_bytes()).collect(),
        }
    }

    pub(super) fn place(&self, offset: usize) -> Place {
        let line = self.breaks.partition_point(|end| *end < offset) + 1;
        Place {
            file: Arc::clone(&self.file),
            line: u32::try_from(line).unwrap_or(u32::MAX),
        }
    }
}

/// A table, in the order of the file.
pub(super) struct Section<'a> {
    text: &'a Text,
    /// What it is called in messages; empty at the top.
    name: &'static str,
    /// Where it begins.
    start: usize,
    entries: Vec<Value<'a>>,
}

impl<'a> Section<'a> {
    pub(super) fn new(
        text: &'a Text,
        name: &'static str,
        start: usize,
        table: &'a DeTable<'_>,
    ) -> Self {
        let mut entries: Vec<Value<'a>> = table
            .iter()
            .map(|(key, value)| Value {
                text,
                key: key.get_ref(),
                key_at: key.span().start,
                item: None,
                node: value,
            })
            .collect();
        // In the order of the file, so that the first of several mistakes is named.
        entries.sort_by_key(|entry| entry.key_at);
        Self {
            text,
            name,
            start,
            entries,
        }
    }

    pub(super) fn entries(&self) -> &[Value<'a>] {
        &self.entries
    }

    pub(super) fn place(&self) -> Place {
        self.text.place(self.start)
    }

    /// The refusal of a key that is not known in this table.
    pub(super) fn unknown(&self, value: &Value<'_>, known: &[&str]) -> ConfigError {
        ConfigError::UnknownKey {
            place: self.text.place(value.key_at),
            key: value.key.to_owned(),
            table: self.name,
            help: super::values::accepted(value.key, known.iter().copied()),
        }
    }

    /// The place of the first key, when no key is known here or near one that is.
    pub(super) fn foreign(&self, known: &[&str]) -> Option<Place> {
        let ours = |value: &Value<'_>| {
            known.contains(&value.key) || closest(value.key, known.iter().copied()).is_some()
        };
        let first = self.entries().first()?;
        let foreign = !self.entries().iter().any(ours);
        foreign.then(|| self.text.place(first.key_at))
    }

    /// The refusal of a table without this key.
    pub(super) fn missing(&self, key: &'static str) -> ConfigError {
        ConfigError::MissingKey {
            place: self.place(),
            table: self.name,
            key,
        }
    }

    /// The refusal of a table that has none of these keys.
    pub(super) fn missing_all(&self, keys: &'static [&'static str]) -> ConfigError {
        ConfigError::MissingKeys {
            place: self.place(),
            table: self.name,
            keys,
        }
    }
}

/// A value under its key.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    text: &'a Text,
    pub(super) key: &'a str,
    key_at: usize,
    /// Set for an item of a list; its line may be another than the key's.
    item: Option<usize>,
    node: &'a Spanned<DeValue<'a>>,
}

impl<'a> Value<'a> {
    pub(super) fn place(&self) -> Place {
        self.text.place(self.item.unwrap_or(self.key_at))
    }

    fn wrong(&self, expected: &'static str) -> ConfigError {
        let found = match self.node.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        ConfigError::WrongType {
            place: self.place(),
            key: self.key.to_owned(),
            expected,
            found,
        }
    }

    pub(super) fn bad(&self, value: impl Into<String>, help: impl Into<String>) -> ConfigError {
        ConfigError::BadValue {
            place: self.place(),
            key: self.key.to_owned(),
            value: value.into(),
            help: help.into(),
        }
    }

    fn raw(&self, expected: &'static str) -> Result<&'a str, ConfigError> {
        self.node
            .get_ref()
            .as_str()
            .ok_or_else(|| self.wrong(expected))
    }

    /// A text that is not empty.
    pub(super) fn text(&self) -> Result<String, ConfigError> {
        let text = self.raw("a string in quotes")?;
        if text.trim().is_empty() {
            return Err(self.bad(
                text,
                "write something between the quotes, or take the line out",
            ));
        }
        Ok(text.to_owned())
    }

    /// A text with a grammar.
    pub(super) fn parse<T>(
        &self,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        let text = self.raw("a string in quotes")?;
        read(text).map_err(|help| self.bad(text, help))
    }

    pub(super) fn flag(&self) -> Result<bool, ConfigError> {
        self.node
            .get_ref()
            .as_bool()
            .ok_or_else(|| self.wrong("true or false"))
    }

    /// A whole number between two bounds, both included.
    pub(super) fn integer(&self, least: u64, most: u64) -> Result<u64, ConfigError> {
        let Some(integer) = self.node.get_ref().as_integer() else {
            return Err(self.wrong("a whole number"));
        };
        i128::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .and_then(|number| u64::try_from(number).ok())
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| {
                self.bad(
                    integer.as_str(),
                    format!("a whole number from {least} to {most}"),
                )
            })
    }

    /// A number as written, and its value; one that cannot be read is not a number.
    pub(super) fn number(&self) -> Result<(&'a str, f64), ConfigError> {
        let text = match self.node.get_ref() {
            DeValue::Float(float) => float.as_str(),
            DeValue::Integer(integer) => integer.as_str(),
            _ => return Err(self.wrong("a number")),
        };
        Ok((text, text.parse().unwrap_or(f64::NAN)))
    }

    /// A number from 0 to 1.
    pub(super) fn share(&self) -> Result<f64, ConfigError> {
        let (text, share) = self.number()?;
        if (0.0..=1.0).contains(&share) {
            return Ok(share);
        }
        Err(self.bad(text, "a share is a number from 0 to 1; 0.01 is one percent"))
    }

    /// A day, as a TOML date or as a string.
    pub(super) fn day(&self) -> Result<Day, ConfigError> {
        const HELP: &str = "write a day of the calendar without a time, as in 2026-10-31";
        let text = match self.node.get_ref() {
            DeValue::Datetime(date) if date.time.is_none() && date.offset.is_none() => {
                date.to_string()
            }
            DeValue::Datetime(date) => return Err(self.bad(date.to_string(), HELP)),
            DeValue::String(text) => text.to_string(),
            _ => return Err(self.wrong("a date")),
        };
        // Ten characters: chrono would also read other spellings and years of six digits.
        Day::parse(&text)
            .filter(|_| text.len() == 10)
            .ok_or_else(|| self.bad(&text, HELP))
    }

    fn array(&self, expected: &'static str) -> Result<&'a DeArray<'a>, ConfigError> {
        self.node
            .get_ref()
            .as_array()
            .ok_or_else(|| self.wrong(expected))
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Result<Vec<Self>, ConfigError> {
        let items = self.array("a list in square brackets")?;
        Ok(items
            .iter()
            .map(|node| Self {
                item: Some(node.span().start),
                node,
                ..*self
            })
            .collect())
    }

    /// The items of a list, each read.
    pub(super) fn each<T>(
        &self,
        read: impl Fn(&Self) -> Result<T, ConfigError>,
    ) -> Result<Vec<T>, ConfigError> {
        self.items()?.iter().map(read).collect()
    }

    /// The tables of a list, each read.
    pub(super) fn tables<T>(
        &self,
        name: &'static str,
        read: impl Fn(&Section<'a>) -> Result<T, ConfigError>,
    ) -> Result<Vec<T>, ConfigError> {
        self.sections(name)?.iter().map(read).collect()
    }

    /// A list of strings, none of them empty.
    pub(super) fn texts(&self) -> Result<Vec<String>, ConfigError> {
        self.items()?.iter().map(Self::text).collect()
    }

    /// A list of status codes.
    pub(super) fn statuses(&self) -> Result<Vec<u16>, ConfigError> {
        let read = |item: &Self| Ok(u16::try_from(item.integer(100, 599)?).unwrap_or(u16::MAX));
        self.items()?.iter().map(read).collect()
    }

    pub(super) fn section(&self, name: &'static str) -> Result<Section<'a>, ConfigError> {
        let table = self
            .node
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong("a table"))?;
        let start = self.item.unwrap_or(self.key_at);
        Ok(Section::new(self.text, name, start, table))
    }

    /// A list of tables.
    pub(super) fn sections(&self, name: &'static str) -> Result<Vec<Section<'a>>, ConfigError> {
        self.array("a list of tables")?;
        self.items()?
            .iter()
            .map(|item| item.section(name))
            .collect()
    }
}
