//! Block lists and mappings: one `- item`, or one `key: value`, per line; and blocks of HCL.

use super::comment::Comment;
use super::written::{Fate, line_break, line_end, line_start, with_scalar};
use crate::model::{Edit, Span};

/// Why an item is not edited whose lines are not its own.
const SHARED: &str = "it shares its line with something else";

/// What stands in front of an item on its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    /// `- `, in a list.
    Dash,
    /// Nothing: the item is a pair of a mapping.
    Key,
    /// Nothing: the item is a block of HCL, and nothing is left where all are gone.
    Whole,
}

/// A block list or mapping, line by line.
#[derive(Debug)]
pub(super) struct Block {
    /// After the colon of its key: where `[]` goes when the list is emptied.
    colon: Option<usize>,
    lead: Lead,
    /// Each item, or why it cannot be edited; it then takes nothing from the others.
    items: Vec<Result<Item, &'static str>>,
}

#[derive(Debug)]
struct Item {
    /// First byte of the line with the dash.
    first: usize,
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
        key_end: Option<usize>,
        spans: &[Span],
        (comments, lead): (&[Comment], Lead),
    ) -> Result<Self, &'static str> {
        let colon = key_end.map(|key_end| {
            let after = &text[key_end..];
            let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
            key_end + blanks + 1
        });
        if colon.is_some_and(|colon| text.as_bytes().get(colon - 1) != Some(&b':')) {
            return Err("its key is not written as `key:`");
        }
        let mut items: Vec<Result<Item, &'static str>> = Vec::with_capacity(spans.len());
        for span in spans {
            let mut item = Item::read(text, *span, comments, lead);
            let first = line_start(text, span.start);
            if let Some(last) = items.last_mut()
                && last.as_ref().is_ok_and(|last| last.next > first)
            {
                *last = Err(SHARED);
            }
            if colon.is_some_and(|colon| first < colon) {
                item = Err(SHARED);
            }
            items.push(item);
        }
        Ok(Self { colon, lead, items })
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
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
        if gone == self.items.len() && gone > 0 && self.lead != Lead::Whole {
            let colon = self
                .colon
                .ok_or("its list has no key, and cannot be emptied")?;
            let empty = match self.lead {
                Lead::Dash => " []",
                Lead::Key | Lead::Whole => " {}",
            };
            let here = Span {
                start: colon,
                end: colon,
            };
            edits.push(Edit::replace(here, empty.to_owned()));
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
                        new.extend([eol, &text[item.first..item.span.start], whole.as_str()]);
                    }
                    edits.push(Edit::replace(to_the_end, new));
                }
            }
        }
        Ok(edits)
    }
}

impl Item {
    fn read(
        text: &str,
        span: Span,
        comments: &[Comment],
        lead: Lead,
    ) -> Result<Self, &'static str> {
        if text[span.start..span.end].ends_with(char::is_whitespace) {
            return Err("it ends with a key that has no value");
        }
        let first = line_start(text, span.start);
        let before = text[first..span.start].trim_start_matches('\u{feff}');
        match lead {
            Lead::Dash => dashed(before)?,
            Lead::Key if before.trim_start_matches(' ').is_empty() => {}
            Lead::Whole if before.trim_start_matches([' ', '\t']).is_empty() => {}
            Lead::Key | Lead::Whole => return Err(SHARED),
        }
        let last = line_end(text, span.end);
        let from = comments.partition_point(|comment| comment.span.start < span.start);
        // Only those on its lines: a file may have more comments than items.
        let own = &comments[from..];
        let own = &own[..own.partition_point(|comment| comment.span.start < last)];
        if own.iter().any(|comment| comment.span.end > last) {
            return Err("the comment after it goes on in the next line");
        }
        let after = own.iter().find(|comment| comment.span.start >= span.end);
        let end = after.map_or(last, |comment| comment.span.start);
        if !text[span.end..end].trim().is_empty() {
            return Err(SHARED);
        }
        let mut next = last + line_break(text, last).len();
        let blank = |at: usize| text[at..line_end(text, at)].trim().is_empty();
        if lead == Lead::Whole && next < text.len() && blank(next) && first > 0 {
            // Of the empty lines around a block one goes with it.
            let above = line_start(text, first - 1);
            let end = line_end(text, next);
            if blank(above) {
                next = end + line_break(text, end).len();
            }
        }
        Ok(Self {
            first,
            last,
            next,
            comment: !own.is_empty(),
            span,
        })
    }
}

/// Refuses what stands in front of an item where that is not a dash alone.
fn dashed(before: &str) -> Result<(), &'static str> {
    let dash = before.trim_start_matches(' ');
    let after = match dash.strip_prefix('-') {
        None if dash.trim().is_empty() => {
            return Err("it is on another line than its dash");
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
    Ok(())
}
