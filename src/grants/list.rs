//! Lists as they are written, and how items are removed from them.
//!
//! In: where a list and its items stand. Out: edits.
//!
//! Invariants:
//! * nothing goes but removed items, their separators, and what is on the
//!   lines they own; comments on lines of their own stay;
//! * an emptied list becomes `[]`, never nothing: a missing list could mean
//!   something else to another reader;
//! * a way of writing that is not understood to the last byte is not edited: an item
//!   of that kind stays as it is, and so does the list when it is the list's own.

use super::comment::Comment;
use super::edit::Edit;
use super::{block, flow};
use crate::input::yaml::Node;
use crate::model::Span;

/// Which rules the text of a list follows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Comments, and a comma after the last item, may stand in a list.
    Yaml,
    /// Neither may.
    Json,
}

/// One list of a policy file, as it is written.
pub(super) enum List {
    /// `[a, b]`
    Flow(flow::Flow),
    /// `- a`
    Block(block::Block),
}

/// What happens to one item.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It goes.
    Remove,
    /// Its scalar (the span) is replaced by these strings; the list gets one item for each.
    Replace(Span, Vec<String>),
}

impl List {
    /// Reads how a list is written; the error says why it cannot be edited.
    pub(super) fn read(
        text: &str,
        (key, node): (&Node, &Node),
        items: &[Node],
        comments: &[Comment],
        syntax: Syntax,
    ) -> Result<Self, &'static str> {
        let spans: Vec<Span> = items.iter().map(|item| item.span).collect();
        let bracket = text.as_bytes().get(node.span.start) == Some(&b'[');
        if bracket && node.flow {
            flow::Flow::read(text, node.span, &spans, syntax).map(Self::Flow)
        } else {
            block::Block::read(text, key.span.end, &spans, comments).map(Self::Block)
        }
    }

    /// The edits that give each named item its fate.
    pub(super) fn edits(
        &self,
        text: &str,
        fates: &[(usize, Fate)],
    ) -> Result<Vec<Edit>, &'static str> {
        match self {
            Self::Flow(list) => list.edits(text, fates),
            Self::Block(list) => list.edits(text, fates),
        }
    }

    /// Whether taking the item out also takes a comment out.
    pub(super) fn owns_comment(&self, item: usize) -> bool {
        match self {
            Self::Flow(list) => list.owns_comment(item),
            Self::Block(list) => list.owns_comment(item),
        }
    }

    /// Why the item alone cannot be edited, where the rest of the list can.
    pub(super) fn odd(&self, item: usize) -> Option<&'static str> {
        match self {
            Self::Flow(list) => list.odd(item),
            Self::Block(list) => list.odd(item),
        }
    }

    /// Offset of the line that starts with the item, when one does.
    pub(super) fn own_line(&self, text: &str, item: usize) -> Option<usize> {
        let start = match self {
            Self::Flow(list) => list.start(item)?,
            Self::Block(list) => return list.first_byte(item),
        };
        let line = line_start(text, start);
        text[line..start]
            .trim_start_matches('\u{feff}')
            .trim()
            .is_empty()
            .then_some(line)
    }
}

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
