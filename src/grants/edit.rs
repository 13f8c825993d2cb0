//! One change of a file's bytes.

use crate::model::Span;

/// Replaces the bytes of `span` by `replacement`; an empty span inserts, an empty
/// replacement deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Which bytes go.
    pub span: Span,
    /// What comes instead.
    pub replacement: String,
}

impl Edit {
    /// An edit that only deletes.
    pub(super) fn delete(start: usize, end: usize) -> Self {
        Self::replace(Span { start, end }, String::new())
    }

    /// An edit that replaces.
    pub(super) fn replace(span: Span, replacement: String) -> Self {
        Self { span, replacement }
    }
}
