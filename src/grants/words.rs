//! A string that holds several terms: `scope: "a b c"`.

use super::quote::is_plain;
use super::written::Fate;
use crate::document::Node;
use crate::model::{Edit, Span};

/// The words of one string.
#[derive(Debug)]
pub(super) struct Words {
    /// The scalar, quotes included.
    whole: Span,
    /// What stands between the quotes, or everything.
    inner: Span,
    all: Vec<Span>,
    /// What stands between two of them.
    joint: String,
}

impl Words {
    /// The words of a scalar, each with its bytes; whitespace around a word is not part of it.
    /// The error says why the string cannot be edited.
    pub(super) fn read(text: &str, scalar: &Node, separator: char) -> Result<Self, &'static str> {
        let value = scalar.text().unwrap_or_default();
        let raw = &text[scalar.span.start..scalar.span.end];
        let quoted = raw.starts_with(['"', '\'']);
        let inner = if quoted {
            Span {
                start: scalar.span.start + 1,
                end: scalar.span.end.saturating_sub(1),
            }
        } else {
            scalar.span
        };
        if text.get(inner.start..inner.end) != Some(value) {
            return Err("its string is written with escapes or on several lines");
        }
        let words = split(value, separator)
            .map(|(at, word)| Span {
                start: inner.start + at,
                end: inner.start + at + word.len(),
            })
            .collect::<Vec<_>>();
        let joint = match words.as_slice() {
            [first, second, ..] => text[first.end..second.start].to_owned(),
            _ => separator.to_string(),
        };
        Ok(Self {
            whole: scalar.span,
            inner,
            all: words,
            joint,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn span(&self, word: usize) -> Span {
        self.all.get(word).copied().unwrap_or(self.whole)
    }

    pub(super) fn spell(&self, term: &str) -> Result<String, &'static str> {
        let joint = self.joint.trim();
        let splits = !joint.is_empty() && term.contains(joint);
        let plain = |c: char| c.is_alphanumeric() || "_./:-+*~@=".contains(c);
        let fits = if self.is_quoted() {
            term.chars().all(plain)
        } else {
            is_plain(term)
        };
        if fits && !splits {
            return Ok(term.to_owned());
        }
        Err("the new term needs quotes that a word of a string cannot have")
    }

    fn is_quoted(&self) -> bool {
        self.inner != self.whole
    }

    /// Whether a string without quotes still is one, whose first words go.
    fn still_starts(&self, text: &str, fates: &[(usize, Fate)]) -> bool {
        let gone = |word: &usize| fates.contains(&(*word, Fate::Remove));
        let first = (0..self.all.len()).find(|word| !gone(word)).unwrap_or(0);
        let rest = self
            .all
            .get(first)
            .map_or("", |word| &text[word.start..self.inner.end]);
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '/';
        let nothing = ["null", "true", "false", "yes", "no", "on", "off"];
        first == 0
            || rest.starts_with(word) && !nothing.iter().any(|word| rest.eq_ignore_ascii_case(word))
    }

    pub(super) fn edits(
        &self,
        text: &str,
        fates: &[(usize, Fate)],
    ) -> Result<Vec<Edit>, &'static str> {
        let mut edits = Vec::new();
        let removed = |(_, fate): &&(usize, Fate)| *fate == Fate::Remove;
        if fates.iter().filter(removed).count() == self.all.len() {
            edits.push(if self.is_quoted() {
                Edit::delete(self.inner.start, self.inner.end)
            } else {
                Edit::replace(self.whole, "\"\"".to_owned())
            });
            return Ok(edits);
        }
        if !self.is_quoted() && !self.still_starts(text, fates) {
            return Err("what is left of its string would need quotes");
        }
        fate_of_words(&self.all, fates, &self.joint, &mut edits)?;
        Ok(edits)
    }
}

/// Each word of a text, with its offset.
pub(super) fn split(text: &str, separator: char) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    let ends = move |c: char| c == separator || (separator == ' ' && c.is_ascii_whitespace());
    text.split(ends).filter_map(move |part| {
        let start = at + (part.len() - part.trim_start().len());
        at += part.len() + separator.len_utf8();
        let word = part.trim();
        (!word.is_empty()).then_some((start, word))
    })
}

/// Edits words of which at least one stays. One neighbouring separator goes with each: the
/// left one, or for the first words the right one.
pub(super) fn fate_of_words(
    words: &[Span],
    fates: &[(usize, Fate)],
    joint: &str,
    edits: &mut Vec<Edit>,
) -> Result<(), &'static str> {
    let mut fates = fates.iter().peekable();
    let mut kept_before = false;
    for (index, word) in words.iter().enumerate() {
        let fate = fates.next_if(|(item, _)| *item == index);
        match fate.map(|(_, fate)| fate) {
            None => kept_before = true,
            Some(Fate::Replace(_, texts)) => {
                kept_before = true;
                if texts.is_empty() {
                    return Err("nothing replaces it");
                }
                edits.push(Edit::replace(*word, texts.join(joint)));
            }
            Some(Fate::Remove) => {
                let before = index.checked_sub(1).and_then(|before| words.get(before));
                match (before, words.get(index + 1)) {
                    (Some(before), _) if kept_before => {
                        edits.push(Edit::delete(before.end, word.end));
                    }
                    (_, Some(after)) => edits.push(Edit::delete(word.start, after.start)),
                    _ => return Err("no word would be left"),
                }
            }
        }
    }
    Ok(())
}
