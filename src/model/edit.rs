//! Changes of a policy file: what is to happen to its entries, and the bytes that say so.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Debug;
use std::sync::Arc;

use super::{Place, PolicyFile, Span, Term};

/// A policy file as its reader keeps it: where its entries stand, so that they can be edited
/// without reading the file again.
pub trait PolicyDocument: Debug + Send + Sync {
    /// The edits that make these changes, by index into `file.entries`.
    ///
    /// All changes of a file have to be given at once: what a list looks like
    /// without one item depends on the others.
    fn edit(
        &self,
        file: &PolicyFile,
        changes: &BTreeMap<usize, Change>,
    ) -> Result<Vec<Edit>, EditRefusal>;

    /// The entries that cannot be removed without losing or moving a comment.
    fn comments(&self, file: &PolicyFile) -> BTreeMap<usize, CommentEffect>;

    /// Groups of entries of which one at least has to stay: the list that they are in must not
    /// become empty.
    fn never_empty(&self) -> &[Vec<usize>];

    /// Entries that are written as products of lists, of which not any part can go.
    fn grids(&self) -> &[Grid];

    /// How the rest of a grid would have to be written without this entry, where it goes alone.
    fn rules_without(&self, entry: usize) -> Option<String>;

    /// Reads other bytes of the same file, as a later run would read them.
    fn reread(&self, bytes: Arc<[u8]>, shown: &str) -> Result<PolicyFile, Unreadable>;
}

/// Entries that a file grants together, as one list times another: values can be removed from
/// the lists, and what is left is a product again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// How many values each list has.
    pub sides: Vec<usize>,
    /// The entry of each cell, the values of the last list next to each other; no entry where
    /// a cell never goes.
    pub entries: Vec<Option<usize>>,
}

impl Grid {
    /// For each list, which of its values some cell has that stays.
    pub fn needed(sides: &[usize], stays: impl Fn(usize) -> bool) -> Vec<Vec<bool>> {
        let mut needed: Vec<Vec<bool>> = sides.iter().map(|side| vec![false; *side]).collect();
        for cell in (0..sides.iter().product()).filter(|cell| stays(*cell)) {
            for (values, value) in needed.iter_mut().zip(Self::values(sides, cell)) {
                values[value] = true;
            }
        }
        needed
    }

    /// Which value of each list a cell has.
    pub fn values(sides: &[usize], cell: usize) -> Vec<usize> {
        let mut rest = cell;
        let mut values: Vec<usize> = sides
            .iter()
            .rev()
            .map(|side| {
                let value = rest % side;
                rest /= side;
                value
            })
            .collect();
        values.reverse();
        values
    }

    /// Those of the entries that would go which stay, as every value that they have is needed
    /// by others that stay.
    pub fn stuck(&self, goes: impl Fn(usize) -> bool) -> Vec<usize> {
        let goes = |cell: usize| self.entries[cell].is_some_and(&goes);
        let needed = Self::needed(&self.sides, |cell| !goes(cell));
        let inside = |cell: &usize| {
            let values = Self::values(&self.sides, *cell);
            values
                .iter()
                .zip(&needed)
                .all(|(value, needed)| needed[*value])
        };
        let cells = 0..self.entries.len();
        cells
            .filter(|cell| goes(*cell) && inside(cell))
            .filter_map(|cell| self.entries[cell])
            .collect()
    }
}

/// Why other bytes of a policy file cannot be read.
pub type Unreadable = Box<dyn Error + Send + Sync>;

/// What happens to one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It goes.
    Remove,
    /// These terms stand in its place; none at all is refused.
    Replace(Vec<Term>),
}

/// What removing an entry does to a comment; such an edit needs a reviewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentEffect {
    /// The comment after the entry goes with it.
    Lost,
    /// The comment above the entry stays, and would be read as that of the next one.
    Reattached,
}

/// One change of a file's bytes: replaces the bytes of `span` by `replacement`; an empty span
/// inserts, an empty replacement deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Which bytes go.
    pub span: Span,
    /// What comes instead.
    pub replacement: String,
}

impl Edit {
    /// An edit that only deletes.
    pub fn delete(start: usize, end: usize) -> Self {
        Self::replace(Span { start, end }, String::new())
    }

    /// An edit that replaces.
    pub fn replace(span: Span, replacement: String) -> Self {
        Self { span, replacement }
    }
}

/// Why entries of a file cannot be edited.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct EditRefusal {
    /// File and line of the first such entry.
    pub place: Place,
    /// Why.
    pub reason: String,
}
