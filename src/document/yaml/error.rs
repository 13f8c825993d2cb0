//! What can be wrong with a YAML text, and where. Its content is not quoted: a text that
//! is not what it should be may be a secret.

use std::sync::Arc;

/// Why a YAML text was refused, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct YamlError {
    /// The file as shown to the user.
    pub file: Arc<str>,
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    message: String,
    help: Option<&'static str>,
}

impl YamlError {
    /// An error at a line and column, both from 1.
    pub(super) fn new(
        file: &str,
        (line, column): (usize, usize),
        message: impl Into<String>,
        help: Option<&'static str>,
    ) -> Self {
        Self {
            file: Arc::from(file),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            message: message.into(),
            help,
        }
    }

    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<&'static str> {
        self.help
    }
}
