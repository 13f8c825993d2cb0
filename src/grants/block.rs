//! Block lists: one `- item` per line.

use super::comment::Comment;
use super::edit::Edit;
use super::list::{Fate, line_break, line_end, line_start};
use crate::model::Span;

/// A block list, line by line.
pub(super) struct Block {
    /// Behind the colon of the list's key: where `[]` goes when the list is emptied.
    colon: usize,
    items: Vec<Item>,
}

struct Item {
    /// First byte of the line with the dash.
    first: usize,
    /// Everything from the line's start to the dash's right neighbour.
    lead: String,
    /// In front of the line break of the last line.
    last: usize,
    /// Behind that line break.
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
        let behind = &text[key_end..];
        let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let colon = key_end + blanks + 1;
        if text.as_bytes().get(colon - 1) != Some(&b':') {
            return Err("its key is not written as `key:`");
        }
        let mut items = Vec::with_capacity(spans.len());
        for span in spans {
            let item = Item::read(text, *span, comments)?;
            if items
                .last()
                .is_some_and(|last: &Item| last.next > item.first)
                || item.first < colon
            {
                return Err("it shares its line with something else");
            }
            items.push(item);
        }
        Ok(Self { colon, items })
    }

    pub(super) fn owns_comment(&self, item: usize) -> bool {
        self.items.get(item).is_some_and(|item| item.comment)
    }

    pub(super) fn first_byte(&self, item: usize) -> Option<usize> {
        self.items.get(item).map(|item| item.first)
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
            let item = self.items.get(*index).ok_or("the list has no such item")?;
            match fate {
                Fate::Remove => {
                    // The last line of a file without a final line break takes the break
                    // before it along, so that the file still ends without one.
                    let to_the_end = item.next == item.last;
                    let above = edits
                        .pop_if(|edit| edit.replacement.is_empty() && edit.span.end == item.first);
                    let start = above.map_or(item.first, |edit| edit.span.start);
                    let start = if to_the_end {
                        break_before(text, start)
                    } else {
                        start
                    };
                    edits.push(Edit::delete(start, item.next));
                }
                Fate::Replace(scalar, texts) => {
                    let (first, more) = texts.split_first().ok_or("nothing replaces it")?;
                    if *scalar != item.span && !more.is_empty() {
                        return Err("an item with attributes can be replaced by one term only");
                    }
                    edits.push(Edit::replace(*scalar, first.clone()));
                    let eol = match line_break(text, item.last) {
                        "" if text.contains("\r\n") => "\r\n",
                        "" => "\n",
                        eol => eol,
                    };
                    let joint = format!("{eol}{}", item.lead);
                    let lines: String = more
                        .iter()
                        .flat_map(|more| [joint.as_str(), more])
                        .collect();
                    if !lines.is_empty() {
                        edits.push(Edit::replace(
                            Span {
                                start: item.last,
                                end: item.last,
                            },
                            lines,
                        ));
                    }
                }
            }
        }
        Ok(edits)
    }
}

/// Offset of the line break in front of a line's start.
fn break_before(text: &str, line: usize) -> usize {
    let above = &text[..line];
    above
        .strip_suffix("\r\n")
        .or_else(|| above.strip_suffix('\n'))
        .unwrap_or(above)
        .len()
}

impl Item {
    fn read(text: &str, span: Span, comments: &[Comment]) -> Result<Self, &'static str> {
        let first = line_start(text, span.start);
        let lead = &text[first..span.start];
        let dash = lead.trim_start_matches('\u{feff}').trim_start_matches(' ');
        let behind = dash
            .strip_prefix('-')
            .ok_or("it shares its line with something else")?;
        if behind.is_empty() || !behind.trim_matches([' ', '\t']).is_empty() {
            return Err("it shares its line with something else");
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
            return Err("it shares its line with something else");
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
