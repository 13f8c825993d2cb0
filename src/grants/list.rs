//! Lists and mappings as they are written: `[a, b]` or `- a`, `{a: read}` or `a: read`.

use super::comment::Comment;
use super::written::{Fate, Syntax, line_start};
use super::{block, flow};
use crate::document::Node;
use crate::model::{Edit, Span};

/// One list, or one mapping of which each pair is an item.
#[derive(Debug)]
pub(super) enum List {
    /// `[a, b]`, `{a: read, b: write}`
    Flow(flow::Flow),
    /// `- a`, `a: read`
    Block(block::Block),
}

impl List {
    /// Reads how a list is written; the error says why it cannot be edited.
    pub(super) fn items(
        text: &str,
        at: (Option<&Node>, &Node),
        items: &[Node],
        comments: &[Comment],
        syntax: Syntax,
    ) -> Result<Self, &'static str> {
        let spans: Vec<Span> = items.iter().map(|item| item.span).collect();
        let (key, node) = at;
        // Items outside brackets are blocks in HCL, and each names its own key.
        let (key, lead) = match syntax {
            Syntax::Hcl => (None, block::Lead::Whole),
            _ => (key, block::Lead::Dash),
        };
        Self::read(text, (key, node), &spans, (comments, syntax), (b'[', lead))
    }

    /// Reads how a mapping is written of which each pair is an item.
    pub(super) fn pairs(
        text: &str,
        at: (Option<&Node>, &Node),
        pairs: &[(Node, Node)],
        comments: &[Comment],
        syntax: Syntax,
    ) -> Result<Self, &'static str> {
        let whole = |(key, value): &(Node, Node)| Span {
            start: key.span.start,
            end: value.span.end.max(key.span.end),
        };
        let spans: Vec<Span> = pairs.iter().map(whole).collect();
        let how = (b'{', block::Lead::Key);
        Self::read(text, at, &spans, (comments, syntax), how)
    }

    fn read(
        text: &str,
        (key, node): (Option<&Node>, &Node),
        spans: &[Span],
        (comments, syntax): (&[Comment], Syntax),
        (bracket, lead): (u8, block::Lead),
    ) -> Result<Self, &'static str> {
        if node.flow && text.as_bytes().get(node.span.start) == Some(&bracket) {
            flow::Flow::read(text, node.span, spans, syntax).map(Self::Flow)
        } else if syntax == Syntax::Toml {
            Err("it is written as a table of TOML with a header or lines of its own")
        } else {
            let key = key.map(|key| key.span.end);
            block::Block::read(text, key, spans, (comments, lead)).map(Self::Block)
        }
    }

    /// How many items it has.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Flow(list) => list.len(),
            Self::Block(list) => list.len(),
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

    /// Whether removing the item also removes a comment.
    pub(super) fn owns_comment(&self, item: usize) -> bool {
        match self {
            Self::Flow(list) => list.owns_comment(item),
            Self::Block(list) => list.owns_comment(item),
        }
    }

    /// Whether it is a flow collection, whose lines are not those of its items.
    pub(super) fn is_flow(&self) -> bool {
        matches!(self, Self::Flow(_))
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
