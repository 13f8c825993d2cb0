//! A log format that a user describes in a TOML file, or by the format string of a server.
//!
//! ```toml
//! format = "acme"
//! extends = "json"                  # one object on each line
//! requires = ["/svc", "/http/uri"]  # what every record has
//!
//! [field]                           # JSON pointers (RFC 6901)
//! time = "/ts"
//! method = "/http/method"
//! target = ["/http/uri", "/http/path"]
//! client = ["/auth/client_id", "/auth/user"]
//! status = "/http/status"
//! ```
//!
//! In: the text of a file. Out: a [`LogFormat`] like those of the program.
//!
//! Invariants:
//! * of several places the first one counts that says something;
//! * a key that is not known is an error with its line;
//! * the samples of a file are read when it is, and one that is read otherwise is an error.
//!
//! docs/mapping-files.md documents the language.

mod assemble;
mod compile;
mod compiled;
pub(super) mod field;
mod file;
pub(crate) mod format_string;
pub(super) mod layout;
mod meanings;
mod reader;
mod record;
mod rules;
pub(crate) mod samples;
mod schema;
mod span;
pub(super) mod times;
mod unwrap;
pub(super) mod values;

use std::sync::Arc;

use assemble::{number, plan};
use compile::Builder;
pub(super) use compiled::{Answered, Compiled, FIRST, SECOND, THIRD};
pub(super) use meanings::MEANINGS;
use reader::Reader;
pub(super) use unwrap::Inner;
use values::Shape;

use super::declared::Meaning;
use super::json::list::Step;
use super::table::header;
use super::{LogFormat, RecordReader, SampleLine};
use format_string::Server;

/// A format as a file describes it.
pub struct Mapping {
    name: String,
    title: String,
    identity: String,
    requires: Vec<String>,
    compiled: Arc<Compiled>,
    samples: Vec<file::Sample>,
    redacted: Vec<String>,
}

/// The steps of a JSON pointer, in which `*` is everything of a list or an object.
fn pointer(text: &str) -> Vec<Step> {
    if text.is_empty() {
        return Vec::new();
    }
    let keys = super::declared::pointer(text).into_iter();
    keys.map(|key| match key.as_str() {
        "*" => Step::Each,
        key => Step::Key(key.into()),
    })
    .collect()
}

impl Mapping {
    /// Reads a description; the error says what is wrong and, where it is known, in which line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mapping = Self::unchecked(text)?;
        let mut samples = mapping.checked().into_iter();
        match samples.find_map(|sample| sample.problem()) {
            Some(problem) => Err(problem),
            None => Ok(mapping),
        }
    }

    /// The same, whatever its samples say.
    pub(crate) fn unchecked(text: &str) -> Result<Self, String> {
        let mut file = file::read(text)?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if file.format.is_empty() || !file.format.chars().all(is_name) {
            return Err(format!(
                "`format` cannot be `{}`: letters, digits, `-`, `_` and `.` alone",
                file.format
            ));
        }
        if super::by_name(&file.format).is_some() {
            return Err(format!(
                "`{}` is a format of the program: choose another name",
                file.format
            ));
        }
        let compiled = assemble::compile(&mut file)?;
        Ok(Self {
            name: file.format,
            title: file.title.unwrap_or_else(|| "described by a file".to_owned()),
            identity: file.identity.unwrap_or_else(|| {
                "the description of the format names the places of the caller under `field.client`".to_owned()
            }),
            requires: file.requires,
            compiled: Arc::new(compiled),
            samples: file.sample,
            redacted: file.redact.paths,
        })
    }

    /// The format that the format string of a server describes; `client` is the variable that
    /// names the caller, where that is not known.
    pub(crate) fn of_string(
        server: Server,
        text: &str,
        client: Option<&str>,
    ) -> Result<Self, String> {
        let written = format_string::read(server, text)?;
        Ok(Self {
            name: server.format_name().to_owned(),
            title: format!("a format string of {}", server.name()),
            identity: written.identity(server),
            requires: Vec::new(),
            compiled: Arc::new(written.compiled(client)?),
            samples: Vec::new(),
            redacted: Vec::new(),
        })
    }

    /// Patterns over the segments of paths that are secrets.
    pub(crate) fn redacted(&self) -> &[String] {
        &self.redacted
    }
}

impl LogFormat for Mapping {
    fn name(&self) -> &str {
        &self.name
    }

    fn title(&self) -> &str {
        &self.title
    }

    fn identity_help(&self) -> &str {
        &self.identity
    }

    fn tells_who_refused(&self) -> bool {
        let says = |meaning| {
            self.compiled
                .fields
                .iter()
                .any(|field| field.meaning == meaning)
        };
        says(Meaning::UpstreamStatus) || says(FIRST) || !self.compiled.outcome.is_empty()
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let Some(object) = &line.json else { return 0 };
        let whole = serde_json::Value::Object(object.clone());
        let has = |pointer: &&String| whole.pointer(pointer).is_some();
        let found = self.requires.iter().filter(has).count();
        u32::from(!self.requires.is_empty() && found == self.requires.len())
    }

    fn has_header(&self, sample: &[u8]) -> bool {
        let separator = match &self.compiled.shape {
            Shape::Rows { separator, columns } if columns.is_empty() => *separator,
            _ => return false,
        };
        let names = header(sample, separator);
        let has = |name: &String| {
            let mut names = names.iter();
            names.any(|own| own.eq_ignore_ascii_case(name.as_bytes()))
        };
        !self.requires.is_empty() && self.requires.iter().all(has)
    }

    fn open(&self, sample: &[u8]) -> Arc<dyn RecordReader> {
        Arc::new(Reader::new(&self.compiled, sample))
    }
}

#[cfg(test)]
#[path = "../mapping_tests.rs"]
mod tests;
