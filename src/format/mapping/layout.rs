//! The layout of a line: fixed text, and variables between it.
//!
//! In: a line. Out: where the value of each variable is.
//!
//! Invariants:
//! * a line is read from both ends. Where a caller could have written the text between two
//!   variables into a value, the two answers differ, and the line is malformed: nobody is
//!   named by what somebody else wrote;
//! * what cannot be the value of its variable (a blank in an address, letters in a number)
//!   rules an answer out;
//! * nothing may be left over: before, between or after.

use super::span::Span;
use crate::format::Skip;
use crate::format::combined::parts::{closing_quote, is_error_log};
use crate::input::bytes::find;

/// What a value can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::format) enum Class {
    /// Any text.
    Any,
    /// Text of the server itself, such as a time: no caller writes into it.
    Own,
    /// The same with so many blanks in it.
    Blanks(usize),
    /// Text without blanks.
    Word,
    /// A number, or `-`.
    Number,
    /// One value for each attempt: `502, 200 : 200`.
    List,
}

/// A variable, and the fixed text before it.
#[derive(Clone, Debug)]
pub(in crate::format) struct Part {
    pub(in crate::format) before: Box<[u8]>,
    /// Blanks before the value are skipped.
    pub(in crate::format) padded: bool,
    pub(in crate::format) class: Class,
    /// The place of its value.
    pub(in crate::format) slot: usize,
    /// A record is refused where the two readings of it differ.
    pub(in crate::format) counts: bool,
}

/// A layout.
#[derive(Clone, Debug, Default)]
pub(in crate::format) struct Layout {
    pub(in crate::format) parts: Vec<Part>,
    pub(in crate::format) tail: Box<[u8]>,
    /// A quote within quotes has a backslash before it, or is written as a number.
    pub(in crate::format) quotes_escaped: bool,
    /// Lines that are messages of the server itself.
    pub(in crate::format) messages: Option<fn(&[u8]) -> bool>,
}

impl Layout {
    /// Reads a line; the spans are by the places of the variables.
    pub(super) fn read(
        &self,
        line: &[u8],
        spans: &mut [Span],
        other: &mut Vec<Span>,
    ) -> Result<(), Skip> {
        let mut search = Search::new(self, line, spans);
        let ahead = search.forward(0, 0);
        if ahead && self.is_sealed() {
            return Ok(());
        }
        other.clear();
        other.resize(spans.len(), Span::NONE);
        let mut search = Search::new(self, line, other);
        let back = line.ends_with(&self.tail)
            && search.backward(self.parts.len(), line.len() - self.tail.len());
        if search.budget == 0 {
            return Err(Skip::Malformed);
        }
        match (ahead, back) {
            (false, false) if self.is_message(line) => Err(Skip::OtherRecord),
            (false, false) => Err(Skip::Malformed),
            (true, false) => Ok(()),
            (false, true) => {
                spans.copy_from_slice(other);
                Ok(())
            }
            (true, true) => {
                for part in &self.parts {
                    if spans[part.slot] != other[part.slot] {
                        if part.counts {
                            return Err(Skip::Malformed);
                        }
                        spans[part.slot] = Span::NONE;
                    }
                }
                Ok(())
            }
        }
    }

    fn is_message(&self, line: &[u8]) -> bool {
        is_error_log(line) || self.messages.is_some_and(|own| own(line))
    }

    /// No caller can write what stands between two variables.
    fn is_sealed(&self) -> bool {
        let mut parts = self.parts.iter().enumerate();
        parts.all(|(number, part)| part.class != Class::Any || self.is_quoted(number))
    }

    /// Whether a variable is between quotes that its value cannot hold.
    fn is_quoted(&self, number: usize) -> bool {
        self.quotes_escaped
            && self.parts[number].before.ends_with(b"\"")
            && self.after(number).starts_with(b"\"")
    }

    /// The fixed text after a variable.
    fn after(&self, number: usize) -> &[u8] {
        self.parts
            .get(number + 1)
            .map_or(&self.tail, |part| &part.before)
    }
}

/// Readings of one line that are tried, before it counts as unclear.
const BUDGET: usize = 2_000;

/// Looks for the values of a line.
struct Search<'l, 's> {
    layout: &'l Layout,
    line: &'l [u8],
    spans: &'s mut [Span],
    budget: usize,
}

impl<'l, 's> Search<'l, 's> {
    fn new(layout: &'l Layout, line: &'l [u8], spans: &'s mut [Span]) -> Self {
        Self {
            layout,
            line,
            spans,
            budget: BUDGET,
        }
    }

    /// Takes the value of a part, if it can be one.
    fn take(&mut self, part: &Part, from: usize, to: usize) -> bool {
        self.budget = self.budget.saturating_sub(1);
        let Some(value) = self.line.get(from..to) else {
            return false;
        };
        let fits = part.class.fits(value);
        if fits {
            self.spans[part.slot] = Span::new(from, to, false);
        }
        fits && self.budget > 0
    }

    /// The parts from this one on, which begin here: each value ends as soon as it can.
    fn forward(&mut self, number: usize, at: usize) -> bool {
        let (layout, line) = (self.layout, self.line);
        let Some(part) = layout.parts.get(number) else {
            return line[at..] == *layout.tail;
        };
        let Some(rest) = line[at..].strip_prefix(&*part.before) else {
            return false;
        };
        let rest = if part.padded {
            rest.trim_ascii_start()
        } else {
            rest
        };
        let from = line.len() - rest.len();
        let after = layout.after(number);
        if layout.is_quoted(number) {
            let end = closing_quote(line, from).map(|(end, _)| end);
            return end
                .is_some_and(|end| self.take(part, from, end) && self.forward(number + 1, end));
        }
        if number + 1 == layout.parts.len() {
            let end = line.len().saturating_sub(after.len());
            return self.take(part, from, end) && self.forward(number + 1, end);
        }
        let mut at = from;
        while let Some(found) = line
            .get(at..)
            .and_then(|rest| memchr::memmem::find(rest, after))
        {
            let end = at + found;
            let whole = part.class != Class::List || !goes_on(line, from, end);
            if whole && self.take(part, from, end) && self.forward(number + 1, end) {
                return true;
            }
            if self.budget == 0 {
                break;
            }
            at = end + 1;
        }
        false
    }

    /// The parts before this one, of which the last ends here: each value begins as late as
    /// it can.
    fn backward(&mut self, number: usize, end: usize) -> bool {
        let (layout, line) = (self.layout, self.line);
        let Some(number) = number.checked_sub(1) else {
            return end == 0;
        };
        let part = &layout.parts[number];
        let before = &*part.before;
        if number == 0 {
            let from = before.len() + self.blanks(part, before.len(), end);
            return line.starts_with(before) && self.take(part, from, end) && self.backward(0, 0);
        }
        // A quote with an odd number of backslashes before it is one of the value.
        let quote = find(b'"', before).filter(|_| layout.quotes_escaped);
        let mut to = end;
        while let Some(at) = line
            .get(..to)
            .and_then(|text| memchr::memmem::rfind(text, before))
        {
            let hidden = quote.is_some_and(|quote| {
                let signs = line[..at + quote].iter().rev();
                signs.take_while(|byte| **byte == b'\\').count() % 2 == 1
            });
            let list = part.class == Class::List && in_list(line, at);
            let start = at + before.len();
            let from = start + self.blanks(part, start, end);
            if !hidden && !list && self.take(part, from, end) && self.backward(number, at) {
                return true;
            }
            if self.budget == 0 || start == 0 {
                break;
            }
            to = start - 1;
        }
        false
    }

    fn blanks(&self, part: &Part, from: usize, to: usize) -> usize {
        let value = self.line.get(from..to).unwrap_or_default();
        if part.padded {
            value.len() - value.trim_ascii_start().len()
        } else {
            0
        }
    }
}

impl Class {
    /// Whether a value can be one of its variable.
    fn fits(self, value: &[u8]) -> bool {
        match self {
            Self::Any | Self::Own => true,
            Self::Blanks(count) => memchr::memchr_iter(b' ', value).count() == count,
            Self::Word => find(b' ', value).is_none() && find(b'"', value).is_none(),
            Self::Number => value
                .iter()
                .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+')),
            Self::List => find(b'"', value).is_none(),
        }
    }
}

/// Whether a blank is one within a list: `502, 200 : 200`.
fn in_list(line: &[u8], at: usize) -> bool {
    line[..at].ends_with(b",") || line[..at].ends_with(b" :") || line[at..].starts_with(b" : ")
}

/// Whether the list goes on after its end so far: `502, 200 : 200`.
fn goes_on(line: &[u8], from: usize, end: usize) -> bool {
    from < end && in_list(line, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `%a [%t] %u "%r" %s "%h"`: address, time, user, request, status, header.
    fn layout(quotes_escaped: bool) -> Layout {
        let part = |before: &str, class, slot| Part {
            before: before.as_bytes().into(),
            padded: false,
            class,
            slot,
            counts: true,
        };
        Layout {
            parts: vec![
                part("", Class::Word, 0),
                part(" [", Class::Own, 1),
                part("] ", Class::Any, 2),
                part(" \"", Class::Any, 3),
                part("\" ", Class::Number, 4),
                part(" \"", Class::Any, 5),
            ],
            tail: b"\""[..].into(),
            quotes_escaped,
            messages: None,
        }
    }

    fn read(layout: &Layout, line: &str) -> Result<Vec<String>, Skip> {
        let mut spans = [Span::NONE; 6];
        layout.read(line.as_bytes(), &mut spans, &mut Vec::new())?;
        let text = |span: &Span| {
            line.get(span.start as usize..span.end as usize)
                .unwrap_or("none")
                .to_owned()
        };
        Ok(spans.iter().map(text).collect())
    }

    #[test]
    fn values_are_what_is_between_the_fixed_text() {
        let line = r#"192.0.2.1 [now] erp sync "GET /a HTTP/1.1" 200 "x \" \\""#;
        let values = read(&layout(true), line).unwrap();
        assert_eq!(
            values,
            [
                "192.0.2.1",
                "now",
                "erp sync",
                "GET /a HTTP/1.1",
                "200",
                r#"x \" \\"#
            ]
        );
    }

    #[test]
    fn what_a_caller_could_have_written_decides_nothing() {
        // The user ends like the rest of a line, and the header holds another one.
        let user = r#"192.0.2.1 [now] a "GET /b HTTP/1.1" 200 "x" "GET /a HTTP/1.1" 200 "h""#;
        let header = r#"192.0.2.1 [now] a "GET /a HTTP/1.1" 403 "x" "GET /b HTTP/1.1" 200 "h""#;
        for line in [user, header] {
            assert_eq!(read(&layout(false), line), Err(Skip::Malformed), "{line}");
        }
        // A quote within the header alone changes nothing before it.
        let quote = r#"192.0.2.1 [now] a "GET /a HTTP/1.1" 200 "x "y" z""#;
        let values = read(&layout(false), quote).unwrap();
        assert_eq!(
            (values[3].as_str(), values[4].as_str()),
            ("GET /a HTTP/1.1", "200")
        );
    }

    #[test]
    fn what_is_left_over_or_cut_is_malformed() {
        for line in [
            r#"192.0.2.1 [now] a "GET /a HTTP/1.1" 200 "h" more"#,
            r#"x 192.0.2.1 [now] a "GET /a HTTP/1.1" 200 "h""#,
            r#"192.0.2.1 [now] a "GET /a HTTP/1.1" 200"#,
            "",
        ] {
            assert_eq!(read(&layout(true), line), Err(Skip::Malformed), "{line}");
        }
        let error = "2026/01/02 12:00:00 [error] 7#7: *1 open() failed";
        assert_eq!(read(&layout(true), error), Err(Skip::OtherRecord));
    }
}
