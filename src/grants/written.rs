//! What every way of writing shares: the rules of a text, its lines, and what becomes of an item.

use crate::model::Span;

/// Which rules the text of a list follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Comments, and a comma after the last item, may stand in a list.
    Yaml,
    /// Neither may.
    Json,
    /// As in YAML; comments begin with `#`, `//` or `/*`.
    Hcl,
    /// As in YAML; tables with headers are no lists.
    Toml,
    /// Rows and cells.
    Csv,
}

/// What happens to one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It goes.
    Remove,
    /// Its scalar (the span) is replaced by these strings; the list gets one item for each.
    Replace(Span, Vec<String>),
}

/// An item of an outer place: the number of its site, and that of the item.
pub(super) type Slot = (usize, usize);

/// The item's text with another text in place of its scalar, attributes and all.
pub(super) fn with_scalar(text: &str, item: Span, scalar: Span, new: &str) -> String {
    let (before, after) = (&text[item.start..scalar.start], &text[scalar.end..item.end]);
    [before, new, after].concat()
}

/// Offset of the first byte of the line.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Offset of the line's end, in front of its line break.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let end = text[at..].find('\n').map_or(text.len(), |more| at + more);
    if end > at && end < text.len() && text.as_bytes()[end - 1] == b'\r' {
        end - 1
    } else {
        end
    }
}

/// The line break that starts at the offset: `\r\n`, `\n` or nothing at the end.
pub(super) fn line_break(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    if rest.starts_with("\r\n") {
        &rest[..2]
    } else {
        &rest[..usize::from(rest.starts_with('\n'))]
    }
}
