//! Why an API description was refused, and what to do about it.

use std::io;
use std::sync::Arc;

use crate::input::yaml::YamlError;

/// Why an API description was refused.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The file cannot be opened or read.
    #[error("{file}: the API description cannot be read: {source}")]
    Unreadable {
        /// The file as shown to the user.
        file: Arc<str>,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not UTF-8.
    #[error("{file}: the API description is not UTF-8 text")]
    NotText {
        /// The file as shown to the user.
        file: Arc<str>,
    },
    /// The YAML is broken.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// The JSON or the CSV is broken.
    #[error("{file}:{line}:{column}: {message}")]
    Syntax {
        /// The file as shown to the user.
        file: Arc<str>,
        /// Line, counted from 1.
        line: usize,
        /// Column, counted from 1.
        column: usize,
        /// What is wrong.
        message: String,
        /// The line with a caret below it.
        snippet: String,
    },
    /// No known kind of description.
    #[error(
        "{file}: this is no kind of API description that is known; its top-level keys are {seen}"
    )]
    UnknownKind {
        /// The file as shown to the user.
        file: Arc<str>,
        /// The top-level keys, in backticks.
        seen: String,
    },
    /// A version that is not supported.
    #[error("{at}: {kind} version `{version}` is not supported")]
    Version {
        /// File, and line where known.
        at: String,
        /// `OpenAPI`, `Swagger`, `routes file`.
        kind: &'static str,
        /// As written.
        version: String,
        /// What is supported.
        supported: &'static str,
    },
    /// A value has the wrong type.
    #[error("{at}: expected {expected} at `{pointer}`, found {found}")]
    Type {
        /// File, and line where known.
        at: String,
        /// JSON pointer (RFC 6901) into the file.
        pointer: String,
        /// `a list`.
        expected: &'static str,
        /// `a text`.
        found: &'static str,
    },
    /// A value has the right type and no meaning.
    #[error("{at}: {message}")]
    Value {
        /// File, and line where known.
        at: String,
        /// What is wrong.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// A `$ref` leads nowhere.
    #[error("{at}: reference `{reference}` {problem}")]
    Reference {
        /// File, and line where known.
        at: String,
        /// As written.
        reference: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl CatalogError {
    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } | Self::Syntax { .. } | Self::Type { .. } => None,
            Self::NotText { .. } => Some("save it as UTF-8".to_owned()),
            Self::Yaml(error) => error.help().map(str::to_owned),
            Self::UnknownKind { .. } => Some(
                "supported are OpenAPI 3.0 and 3.1 (`openapi`), Swagger 2.0 (`swagger`), routes files \
                 (`version` and `routes`, or CSV with the header `method,path,scopes`) and the normal \
                 form (`operations`)"
                    .to_owned(),
            ),
            Self::Version { supported, .. } => Some(format!("supported: {supported}")),
            Self::Value { help, .. } => help.clone(),
            Self::Reference { .. } => Some(
                "references may be local (`#/...`) or name a file relative to the one they stand in"
                    .to_owned(),
            ),
        }
    }

    /// The line it is about with a caret under the place, for errors of syntax.
    pub fn snippet(&self) -> Option<&str> {
        match self {
            Self::Yaml(error) => Some(error.snippet()),
            Self::Syntax { snippet, .. } => Some(snippet),
            _ => None,
        }
    }
}

/// Characters of a line that are shown around the place.
const SHOWN: usize = 100;

/// One line of `text` with a caret below `column` (both counted from 1).
pub(super) fn snippet(text: &str, line: usize, column: usize) -> String {
    let source = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let from = column.saturating_sub(SHOWN / 2).max(1);
    let part = source.chars().skip(from - 1).take(SHOWN);
    let shown: String = part.map(|c| if c.is_control() { ' ' } else { c }).collect();
    let caret = " ".repeat(column.saturating_sub(from));
    let gutter = " ".repeat(line.to_string().len());
    format!("{line} | {shown}\n{gutter} | {caret}^")
}

/// Advice such as ``did you mean `x`?``: the nearest of `known`, when it is near.
pub(super) fn did_you_mean(word: &str, known: &[&str]) -> Option<String> {
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}
