//! What can be wrong with a YAML text, and the line that shows it.

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
    source_line: String,
}

/// A source line is shown up to this many characters around the place.
const SHOWN: usize = 100;

/// The line of `text` with a caret under the column (both from 1), in two lines.
pub fn caret(text: &str, line: usize, column: usize) -> String {
    let source = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let from = column.saturating_sub(SHOWN / 2).max(1);
    let part = source.chars().skip(from - 1).take(SHOWN);
    let shown: String = part.map(|c| if c.is_control() { ' ' } else { c }).collect();
    let caret = " ".repeat(column.saturating_sub(from));
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    format!("{number} | {shown}\n{gutter} | {caret}^")
}

impl YamlError {
    /// An error at a line and column (both from 1) of `text`.
    pub(super) fn new(
        text: &str,
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
            source_line: caret(text, line, column),
        }
    }

    /// The line it is about, with a caret under the place. Two lines, no newline at the end.
    pub fn snippet(&self) -> &str {
        &self.source_line
    }

    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<&'static str> {
        self.help
    }
}
