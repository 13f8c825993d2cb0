//! Places where grants are written, and how they are removed from them.
//!
//! In: where a list, a mapping, a string of words or a table stands. Out: edits.
//!
//! Invariants:
//! * nothing goes but removed items, their separators, and what is on the
//!   lines they own; comments on lines of their own stay;
//! * an emptied list becomes `[]`, never nothing: a missing list could mean
//!   something else to another reader; where an empty one does, too, it is not emptied;
//! * a way of writing that is not understood to the last byte is not edited: an item
//!   of that kind stays as it is, and so does the list when it is the list's own.

use std::sync::Arc;

use super::comment::Comment;
use super::list::List;
use super::product::Product;
use super::quote;
use super::table::Table;
use super::words::Words;
use super::written::{Fate, Slot, Syntax};
use crate::document::Node;
use crate::model::{Edit, Span, Term};

/// What it means when nothing is left in a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmptyMeans {
    /// Nothing is granted.
    #[default]
    None,
    /// Everything is granted.
    All,
    /// Everybody may.
    Public,
    /// The file is refused by whoever reads it, or a default comes in its place.
    Invalid,
}

/// One place of a policy file that holds grants, as it is written.
#[derive(Debug)]
pub(super) struct Site {
    written: Written,
    pub(super) empty: EmptyMeans,
    pub(super) terms: Terms,
    /// The item of an outer site that goes when nothing is left here.
    pub(super) within: Option<Slot>,
}

#[derive(Debug)]
enum Written {
    /// A list, or a mapping of which each pair is an item.
    List(List),
    /// `"a b"`
    Words(Words),
    /// Rows with a cell of words each.
    Table(Table),
    /// Rules of several lists.
    Product(Product),
    /// One scalar, where a list may stand as well.
    Alone,
}

/// How a term is written in the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Terms {
    /// By its name.
    Names,
    /// As one of these levels, the lowest first; the term is `key:level`.
    Levels(Arc<[String]>),
    /// It cannot be: the reason.
    Fixed(&'static str),
}

impl Site {
    fn new(written: Written) -> Self {
        Self {
            written,
            empty: EmptyMeans::None,
            terms: Terms::Names,
            within: None,
        }
    }

    /// One scalar, which is the only grant of its place; a list may stand there as well.
    pub(super) fn alone() -> Self {
        Self::new(Written::Alone)
    }

    /// Whether nothing is left after this.
    pub(super) fn is_emptied(&self, fates: &[(usize, Fate)]) -> bool {
        let removed = |(_, fate): &&(usize, Fate)| *fate == Fate::Remove;
        fates.iter().filter(removed).count() == self.len()
    }

    /// Reads how a list is written; the error says why it cannot be edited.
    pub(super) fn list(
        text: &str,
        at: (Option<&Node>, &Node),
        items: &[Node],
        comments: &[Comment],
        syntax: Syntax,
    ) -> Result<Self, &'static str> {
        let list = List::items(text, at, items, comments, syntax)?;
        Ok(Self::new(Written::List(list)))
    }

    /// Reads how a mapping is written of which each pair is an item.
    pub(super) fn map(
        text: &str,
        at: (Option<&Node>, &Node),
        pairs: &[(Node, Node)],
        comments: &[Comment],
        syntax: Syntax,
    ) -> Result<Self, &'static str> {
        let list = List::pairs(text, at, pairs, comments, syntax)?;
        Ok(Self::new(Written::List(list)))
    }

    /// A string of words.
    pub(super) fn words(words: Words) -> Self {
        Self::new(Written::Words(words))
    }

    /// A table.
    pub(super) fn table(table: Table) -> Self {
        Self::new(Written::Table(table))
    }

    /// The rules of one holder.
    pub(super) fn product(product: Product) -> Self {
        Self {
            terms: Terms::Fixed("a rule is written as lists"),
            ..Self::new(Written::Product(product))
        }
    }

    /// The rules, where it is made of them.
    pub(super) fn as_product(&self) -> Option<&Product> {
        match &self.written {
            Written::Product(product) => Some(product),
            _ => None,
        }
    }

    /// How many items it has.
    pub(super) fn len(&self) -> usize {
        match &self.written {
            Written::List(list) => list.len(),
            Written::Words(words) => words.len(),
            Written::Table(table) => table.len(),
            Written::Product(product) => product.len(),
            Written::Alone => 1,
        }
    }

    /// The text of a term in the place of the item whose scalar is `old`.
    pub(super) fn spell(
        &self,
        text: &str,
        old: Span,
        term: &Term,
        syntax: Syntax,
    ) -> Result<String, &'static str> {
        let spelt = &text[old.start..old.end];
        match (&self.written, &self.terms) {
            (_, Terms::Fixed(reason)) => Err(reason),
            (_, Terms::Levels(levels)) => {
                let (_, level) = term.as_str().rsplit_once(':').ok_or("it is not a level")?;
                if !levels.iter().any(|known| known == level) {
                    return Err("it is not a level");
                }
                Ok(quote::like(spelt, level, syntax))
            }
            (Written::Words(words), _) => words.spell(term.as_str()),
            (Written::Table(table), _) => table.spell(old, term.as_str()),
            _ => Ok(quote::like(spelt, term.as_str(), syntax)),
        }
    }

    /// The edits that give each named item its fate.
    pub(super) fn edits(
        &self,
        text: &str,
        fates: &[(usize, Fate)],
    ) -> Result<Vec<Edit>, &'static str> {
        if self.is_emptied(fates) {
            match self.empty {
                EmptyMeans::None => {}
                EmptyMeans::All => return Err("its list would be empty, which grants everything"),
                EmptyMeans::Public => return Err("its list would be empty, which lets anybody in"),
                EmptyMeans::Invalid => {
                    return Err(
                        "its list would be empty, which does not mean that nothing is granted",
                    );
                }
            }
        }
        let several =
            |(_, fate): &(usize, Fate)| matches!(fate, Fate::Replace(_, texts) if texts.len() > 1);
        if matches!(self.terms, Terms::Levels(_)) && fates.iter().any(several) {
            return Err("one key has one level");
        }
        match &self.written {
            Written::List(list) => list.edits(text, fates),
            Written::Words(words) => words.edits(text, fates),
            Written::Table(table) => table.edits(text, fates),
            Written::Product(product) => product.edits(text, fates),
            Written::Alone => match fates {
                [(_, Fate::Replace(span, texts))] if texts.len() == 1 => {
                    Ok(vec![Edit::replace(*span, texts.concat())])
                }
                [(_, Fate::Replace(span, texts))] => {
                    let list = format!("[{}]", texts.join(", "));
                    Ok(vec![Edit::replace(*span, list)])
                }
                _ => Err("one string holds one name"),
            },
        }
    }

    /// Whether taking the item out also takes a comment out.
    pub(super) fn owns_comment(&self, item: usize) -> bool {
        match &self.written {
            Written::List(list) => list.owns_comment(item),
            Written::Product(product) => product.owns_comment(item),
            Written::Words(_) | Written::Table(_) | Written::Alone => false,
        }
    }

    /// Whether it is a flow collection, whose lines are not those of its items.
    pub(super) fn is_flow(&self) -> bool {
        matches!(&self.written, Written::List(list) if list.is_flow())
    }

    /// Why the item alone cannot be edited, where the rest of the list can.
    pub(super) fn odd(&self, item: usize) -> Option<&'static str> {
        match &self.written {
            Written::List(list) => list.odd(item),
            Written::Words(_) | Written::Table(_) | Written::Product(_) | Written::Alone => None,
        }
    }

    /// Offset of the line that starts with the item, when one does.
    pub(super) fn own_line(&self, text: &str, item: usize) -> Option<usize> {
        match &self.written {
            Written::List(list) => list.own_line(text, item),
            Written::Words(_) | Written::Table(_) | Written::Product(_) | Written::Alone => None,
        }
    }
}
