//! Block lists: one `- item` per line.

use super::comment::Comment;
use super::edit::Edit;
use super::list::{Fate, line_break, line_end, line_start, with_scalar};
use crate::model::Span;

/// Why an item is not edited whose lines are not its own.
const SHARED: &str = "it shares its line with something else";

/// A block list, line by line.
pub(super) struct Block {
    /// After the colon of the list's key: where `[]` goes when the list is emptied.
    colon: usize,
    /// Each item, or why it cannot be edited; it then takes nothing from the others.
    items: Vec<Result<Item, &'static str>>,
}

struct Item {
    /// First byte of the line with the dash.
    first: usize,
    /// Everything from the line's start to the dash's right neighbour.
    lead: String,
    /// In front of the line break of the last line.
    last: usize,
    /// After that line break.
    next: usize,
    /// Whether a comment stands on its lines.
    comment: bool,
    /// Bytes of the item itself.
    span: Span,
}

impl Block {
    pub(super) fn read(
        text: &str,
        key_end: usize,
        spans: &[Span],
        comments: &[Comment],
    ) -> Result<Self, &'static str> {
        let after = &text[key_end..];
        let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
        let colon = key_end + blanks + 1;
        if text.as_bytes().get(colon - 1) != Some(&b':') {
            return Err("its key is not written as `key:`");
        }
        let mut items: Vec<Result<Item, &'static str>> = Vec::with_capacity(spans.len());
        for span in spans {
            let mut item = Item::read(text, *span, comments);
            let first = line_start(text, span.start);
            if let Some(last) = items.last_mut()
                && last.as_ref().is_ok_and(|last| last.next > first)
            {
                *last = Err(SHARED);
            }
            if first < colon {
                item = Err(SHARED);
            }
            items.push(item);
        }
        Ok(Self { colon, items })
    }

    pub(super) fn owns_comment(&self, item: usize) -> bool {
        self.item(item).is_ok_and(|item| item.comment)
    }

    pub(super) fn first_byte(&self, item: usize) -> Option<usize> {
        self.item(item).map(|item| item.first).ok()
    }

    /// The item, or why it cannot be edited.
    fn item(&self, item: usize) -> Result<&Item, &'static str> {
        let lines = self.items.get(item).ok_or("the list has no such item")?;
        lines.as_ref().map_err(|reason| *reason)
    }

    pub(super) fn odd(&self, item: usize) -> Option<&'static str> {
        self.item(item).err()
    }

    pub(super) fn edits(
        &self,
        text: &str,
        fates: &[(usize, Fate)],
    ) -> Result<Vec<Edit>, &'static str> {
        let mut edits: Vec<Edit> = Vec::new();
        let gone = fates
            .iter()
            .filter(|(_, fate)| *fate == Fate::Remove)
            .count();
        if gone == self.items.len() && gone > 0 {
            edits.push(Edit::replace(
                Span {
                    start: self.colon,
                    end: self.colon,
                },
                " []".to_owned(),
            ));
        }
        for (index, fate) in fates {
            let item = self.item(*index)?;
            match fate {
                Fate::Remove => {
                    let above = edits
                        .pop_if(|edit| edit.replacement.is_empty() && edit.span.end == item.first);
                    let start = above.map_or(item.first, |edit| edit.span.start);
                    edits.push(Edit::delete(start, item.next));
                }
                Fate::Replace(scalar, texts) => {
                    let (first, more) = texts.split_first().ok_or("nothing replaces it")?;
                    if more.is_empty() {
                        edits.push(Edit::replace(*scalar, first.clone()));
                        continue;
                    }
                    let eol = match line_break(text, item.last) {
                        "" if text.contains("\r\n") => "\r\n",
                        "" => "\n",
                        eol => eol,
                    };
                    // One edit to the end of the item: its further lines come below the line
                    // that changes, not on their own in front of what follows.
                    let to_the_end = Span {
                        start: scalar.start,
                        end: item.last,
                    };
                    let mut new = with_scalar(text, to_the_end, *scalar, first);
                    for more in more {
                        let whole = with_scalar(text, item.span, *scalar, more);
                        new.extend([eol, item.lead.as_str(), whole.as_str()]);
                    }
                    edits.push(Edit::replace(to_the_end, new));
                }
            }
        }
        Ok(edits)
    }
}

impl Item {
    fn read(text: &str, span: Span, comments: &[Comment]) -> Result<Self, &'static str> {
        let first = line_start(text, span.start);
        let lead = &text[first..span.start];
        let dash = lead.trim_start_matches('\u{feff}').trim_start_matches(' ');
        let after = match dash.strip_prefix('-') {
            None if dash.trim().is_empty() => {
                return Err("it stands on another line than its dash");
            }
            after => after.ok_or(SHARED)?,
        };
        let properties = after.trim_start_matches([' ', '\t']);
        if properties.starts_with('!') {
            return Err("it has a YAML tag in front of it");
        }
        if after.is_empty() || !properties.is_empty() {
            return Err(SHARED);
        }
        let last = line_end(text, span.end);
        let from = comments.partition_point(|comment| comment.span.start < span.start);
        let inside = comments[from..]
            .iter()
            .take_while(|comment| comment.span.start < last);
        let end = comments[from..]
            .iter()
            .find(|comment| comment.span.start >= span.end && comment.span.start < last)
            .map_or(last, |comment| comment.span.start);
        if !text[span.end..end].trim().is_empty() {
            return Err(SHARED);
        }
        Ok(Self {
            first,
            lead: lead.to_owned(),
            last,
            next: last + line_break(text, last).len(),
            comment: inside.count() > 0,
            span,
        })
    }
}
