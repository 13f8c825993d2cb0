//! Where something is in a file.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

/// A file as the user named it, and a line in it (1 is the first).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[schemars(rename = "place")]
pub struct Place {
    /// Path relative to the working folder or configuration file, as shown to the user.
    pub file: Arc<str>,
    /// Line number, counted from 1.
    #[schemars(range(min = 1))]
    pub line: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A half-open range of bytes in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte.
    pub end: usize,
}

/// Something the user should know that does not stop the run.
///
/// `code` is stable and kebab-case, so that it can be searched and filtered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Warning {
    /// Stable kebab-case code, for example `equal-templates`.
    pub code: &'static str,
    /// One sentence: lower case, no full stop, user input in backticks.
    pub message: String,
    /// The file and line it is about, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

impl Warning {
    /// A warning that is about no particular line.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            place: None,
        }
    }

    /// The same warning, at a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }
}
