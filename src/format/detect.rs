//! Which format a file is in, from its first lines.
//!
//! Invariants: decided per file and by content; a file whose lines disagree is a mixture
//! ([`super::mixed`]) where each line is certain to be of one of its formats, else it is refused
//! with the candidates and their counts, never guessed.

use std::borrow::Cow;
use std::io::Read as _;

use super::mixed::{self, Seen};
use super::{ALL, Format, LogFormat, SampleLine, Scratch, Skip, strangers};
use crate::input::unwrapped;

/// Lines looked at.
const LINES: usize = 500;
/// Share of the sample, in percent, that has to be in one format when the sample is large.
const SHARE: usize = 95;
/// From this many lines on, a sample is large.
const LARGE: usize = 200;

/// How many lines of the sample each format recognises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Detection {
    /// Whole, non-empty lines in the sample.
    pub lines: usize,
    /// Format name and recognised lines, best first; formats without any are left out.
    pub scores: Vec<(&'static str, usize)>,
    /// What the file is instead, where no format reads it and that is known.
    pub stranger: Option<&'static str>,
    /// The name of the mixture that the lines are.
    pub mixture: Option<&'static str>,
    /// Lines that are known to be no requests, where there are others.
    pub passed_over: usize,
}

impl Detection {
    /// The format, when the sample leaves no doubt.
    pub(crate) fn format(&self) -> Option<Format> {
        match self.mixture {
            Some(name) => mixed::named(name),
            None => self.alone(),
        }
    }

    /// The one format that has nearly all lines.
    fn alone(&self) -> Option<Format> {
        let (name, score) = self.scores.first()?;
        if self
            .scores
            .get(1)
            .is_some_and(|(_, second)| second == score)
        {
            return None;
        }
        (score * 100 >= self.lines * self.enough())
            .then(|| super::by_name(name))
            .flatten()
    }

    /// The share of lines, in percent, that have to be known.
    fn enough(&self) -> usize {
        if self.lines >= LARGE { SHARE } else { 50 }
    }

    /// What was seen, in words.
    pub(crate) fn explain(&self) -> String {
        if self.lines == 0 {
            return "no lines".to_owned();
        }
        if let Some(stranger) = self.stranger {
            return format!("it looks like {stranger}");
        }
        if self.scores.is_empty() {
            return format!(
                "none of {} looks like a supported format",
                crate::model::words::plural(self.lines, "line")
            );
        }
        let counted = |(name, n): &(&str, usize)| format!("{name} {n} of {}", self.lines);
        let mut best: Vec<String> = self.scores.iter().map(counted).collect();
        if self.passed_over > 0 {
            best.push(format!("no requests {}", self.passed_over));
        }
        best.join(", ")
    }
}

/// Scores every format on the first lines of a file's content, without what is around
/// its records.
pub(crate) fn detect(head: &[u8]) -> Detection {
    // The first cells of its rows may look like what a shipper writes before a line.
    if let Some(format) = ALL.iter().find(|format| format.has_header(head)) {
        return by_header(*format, head);
    }
    let whole = head;
    let head = &*unwrapped(head);
    let lines: Vec<Seen<'_>> = sample(head).map(Seen::of).collect();
    let mut scores = vec![0; ALL.len()];
    for line in &lines {
        // A line on which two formats have as much is a line of both.
        line.best.iter().for_each(|format| scores[*format] += 1);
    }
    let mut scores: Vec<(usize, usize)> = scores.into_iter().enumerate().collect();
    scores.retain(|(_, score)| *score > 0);
    scores.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
    let named = scores
        .iter()
        .map(|(format, score)| (ALL[*format].name(), *score));
    let mut seen = Detection {
        lines: lines.len(),
        scores: named.collect(),
        stranger: None,
        mixture: None,
        passed_over: 0,
    };
    let alone = seen.alone().is_some();
    if let Some((main, _)) = scores.first()
        && let Some(found) = mixed::find(&lines, head, (*main, alone), seen.enough())
    {
        (seen.mixture, seen.passed_over) = (Some(found.0), found.1);
    } else if !alone {
        // What passes for a head of a shipper may be how its lines are known.
        seen.stranger = strangers::kind(lines.iter().map(|own| &own.line))
            .or_else(|| strangers::kind(sample(whole).collect::<Vec<_>>().iter()));
    }
    seen
}

/// What a header says, and how many lines are as it says.
fn by_header(format: &'static dyn LogFormat, head: &[u8]) -> Detection {
    let reader = format.open(head);
    let mut scratch = Scratch::default();
    let (mut lines, mut fits) = (0, 0);
    reader.begin(0, &mut scratch);
    for line in sample(head) {
        lines += 1;
        let read = reader.parse(line.text, &mut scratch);
        fits += usize::from(matches!(read, Ok(_) | Err(Skip::OtherRecord)));
    }
    Detection {
        lines,
        scores: vec![(format.name(), fits)],
        stranger: None,
        mixture: None,
        passed_over: 0,
    }
}

/// Whether one of the first lines is a record of the format, or one of those that it passes over.
pub(crate) fn fits(format: &dyn LogFormat, head: &[u8]) -> bool {
    // Of a log whose first record is still being written nothing is known.
    if memchr::memchr(b'\n', head).is_none() && trim(head).first() == Some(&b'{') {
        return true;
    }
    let whole = if format.has_header(head) {
        Cow::Borrowed(head)
    } else {
        unwrapped(head)
    };
    let head = &*whole;
    let reader = format.open(head);
    // Records within records are looked for where the reader will find them.
    let framed = reader.framing().map(|framing| {
        let mut framed = Vec::new();
        let inner = std::io::Cursor::new(head.to_vec());
        let read = framing.open(Box::new(inner)).read_to_end(&mut framed);
        read.map(|_| framed).unwrap_or_default()
    });
    let head = framed.as_deref().unwrap_or(head);
    let mut scratch = Scratch::default();
    reader.begin(0, &mut scratch);
    sample(head).any(|line| {
        let read = reader.parse(line.text, &mut scratch);
        matches!(read, Ok(_) | Err(Skip::OtherRecord)) || format.recognises(&line) > 0
    })
}

/// Whether the first lines are records of the format with all that is around them: the head of
/// a line may be a part of it, and so may the object of a shipper.
pub(crate) fn fits_unopened(format: &dyn LogFormat, head: &[u8]) -> bool {
    let records = |head: &[u8]| {
        let reader = format.open(head);
        let mut scratch = Scratch::default();
        reader.begin(0, &mut scratch);
        let lines = sample(head);
        lines
            .filter(|line| reader.parse(line.text, &mut scratch).is_ok())
            .count()
    };
    let whole = records(head);
    whole > 0 && whole >= records(&unwrapped(head))
}

/// The first lines of a file's content that are not blank.
pub(super) fn sample(head: &[u8]) -> impl Iterator<Item = SampleLine<'_>> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    // The last line may be cut by the sample's end.
    let whole = match memchr::memrchr(b'\n', head) {
        Some(end) => &head[..end],
        None => head,
    };
    let lines = whole.split(|byte| *byte == b'\n').map(trim);
    let lines = lines.filter(|text| !text.is_empty()).take(LINES);
    lines.map(SampleLine::of)
}

/// A line without a byte order mark, a carriage return, NUL padding or whitespace around it.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let start = text
        .iter()
        .position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | 0))
        .unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | 0))
        .map_or(start, |at| at + 1);
    &text[start..end]
}

#[cfg(test)]
#[path = "detect_tests.rs"]
mod matrix;
#[cfg(test)]
pub(super) use matrix::{recognised, samples};

#[cfg(test)]
mod tests {
    use super::*;

    const KONG: &str =
        r#"{"latencies":{"kong":1},"request":{"uri":"\/a"},"route":{"name":"a"},"started_at":1}"#;
    const NATIVE: &str = r#"{"time":1,"client_id":"a","method":"GET","path":"/","status":200}"#;

    fn name(text: &str) -> Option<String> {
        let found = detect(text.as_bytes()).format();
        found.map(|format| format.name().to_owned())
    }

    #[test]
    fn content_decides_also_behind_a_byte_order_mark_and_padding() {
        assert_eq!(name(KONG).as_deref(), Some("kong"));
        assert_eq!(
            name(&format!("\u{feff}{NATIVE}\r\n\0\0\0\n")).as_deref(),
            Some("native")
        );
        assert_eq!(trim(b"\xef\xbb\xbf {}\r"), b"{}");
        assert_eq!(trim("\u{ff0f}x ".as_bytes()), "\u{ff0f}x".as_bytes());
        assert_eq!(name("hello\nworld\n"), None);
        assert_eq!(name(""), None);
    }

    #[test]
    fn a_file_of_two_formats_and_much_else_is_refused_with_both_named() {
        let mixed = [KONG, NATIVE, "?"].map(|line| format!("{line}\n").repeat(150));
        let seen = detect(mixed.concat().as_bytes());
        assert!(seen.format().is_none());
        assert_eq!(seen.explain(), "kong 150 of 450, native 150 of 450");
    }

    #[test]
    fn a_format_fits_when_one_line_is_a_record_of_it() {
        let fits = |name, text: &str| fits(&*super::super::by_name(name).unwrap(), text.as_bytes());
        let mixed = format!("x\n{NATIVE}\ny\n");
        assert!(fits("native", &mixed) && fits("kong", &format!("{mixed}{KONG}\n")));
        assert!(!fits("kong", &mixed) && !fits("combined", &mixed));
    }
}
