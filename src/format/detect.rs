//! Which format a file is in, from its first lines.
//!
//! Invariants: decided per file and by content; a file whose lines disagree is
//! refused with the two best candidates and their counts, never guessed.

use serde::Serialize;

use super::{ALL, LogFormat, SampleLine, Scratch, Skip};
use crate::input::unwrapped;

/// Lines looked at.
const LINES: usize = 500;
/// Share of the sample, in percent, that has to be in one format when the sample is large.
const SHARE: usize = 95;
/// From this many lines on, a sample is large.
const LARGE: usize = 200;

/// How many lines of the sample each format recognises.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Detection {
    /// Whole, non-empty lines in the sample.
    pub lines: usize,
    /// Format name and recognised lines, best first; formats without any are left out.
    pub scores: Vec<(&'static str, usize)>,
}

impl Detection {
    /// The format, when the sample leaves no doubt.
    pub fn format(&self) -> Option<&'static dyn LogFormat> {
        let (name, score) = self.scores.first()?;
        let enough = if self.lines >= LARGE { SHARE } else { 50 };
        (score * 100 >= self.lines * enough)
            .then(|| super::by_name(name))
            .flatten()
    }

    /// What was seen, in words.
    pub fn explain(&self) -> String {
        if self.lines == 0 {
            return "no lines".to_owned();
        }
        if self.scores.is_empty() {
            return format!(
                "none of {} looks like a supported format",
                crate::model::words::plural(self.lines, "line")
            );
        }
        let best: Vec<String> = self
            .scores
            .iter()
            .take(2)
            .map(|(name, n)| format!("{name} {n} of {}", self.lines))
            .collect();
        best.join(", ")
    }
}

/// Scores every format on the first lines of a file's content, without what is around
/// its records.
pub fn detect(head: &[u8]) -> Detection {
    let head = &*unwrapped(head);
    let mut scores = vec![0; ALL.len()];
    let mut lines = 0;
    for line in sample(head) {
        lines += 1;
        // The first format that recognises a line has it: the order of the registry decides.
        if let Some(index) = ALL.iter().position(|format| format.recognises(&line)) {
            scores[index] += 1;
        }
    }
    let mut scores: Vec<(&'static str, usize)> = ALL
        .iter()
        .zip(scores)
        .filter(|(_, score)| *score > 0)
        .map(|(format, score)| (format.name(), score))
        .collect();
    scores.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
    Detection { lines, scores }
}

/// Whether one of the first lines is a record of the format, or one of those that it passes over.
pub fn fits(format: &dyn LogFormat, head: &[u8]) -> bool {
    // Of a log whose first record is still being written nothing is known.
    if memchr::memchr(b'\n', head).is_none() && trim(head).first() == Some(&b'{') {
        return true;
    }
    let head = &*unwrapped(head);
    let mut scratch = Scratch::default();
    sample(head).any(|line| {
        let read = format.parse(line.text, &mut scratch);
        matches!(read, Ok(_) | Err(Skip::OtherRecord)) || format.recognises(&line)
    })
}

/// The first lines of a file's content that are not blank.
fn sample(head: &[u8]) -> impl Iterator<Item = SampleLine<'_>> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    // The last line may be cut by the sample's end.
    let whole = match memchr::memrchr(b'\n', head) {
        Some(end) => &head[..end],
        None => head,
    };
    let lines = whole.split(|byte| *byte == b'\n').map(trim);
    let lines = lines.filter(|text| !text.is_empty()).take(LINES);
    lines.map(|text| {
        let json = if text.first() == Some(&b'{') {
            serde_json::from_str(&String::from_utf8_lossy(text)).ok()
        } else {
            None
        };
        SampleLine { text, json }
    })
}

/// A line without a byte order mark, a carriage return, NUL padding or whitespace around it.
pub fn trim(text: &[u8]) -> &[u8] {
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
mod tests {
    use super::*;

    const KONG: &str =
        r#"{"latencies":{"kong":1},"request":{"uri":"\/a"},"route":{"name":"a"},"started_at":1}"#;
    const NATIVE: &str = r#"{"time":1,"client_id":"a","method":"GET","path":"/","status":200}"#;

    fn name(text: &str) -> Option<&'static str> {
        detect(text.as_bytes()).format().map(LogFormat::name)
    }

    #[test]
    fn content_decides_also_behind_a_byte_order_mark_and_padding() {
        assert_eq!(name(KONG), Some("kong"));
        assert_eq!(
            name(&format!("\u{feff}{NATIVE}\r\n\0\0\0\n")),
            Some("native")
        );
        assert_eq!(trim(b"\xef\xbb\xbf {}\r"), b"{}");
        assert_eq!(trim("\u{ff0f}x ".as_bytes()), "\u{ff0f}x".as_bytes());
        assert_eq!(name("hello\nworld\n"), None);
        assert_eq!(name(""), None);
    }

    #[test]
    fn a_file_of_two_formats_is_refused_with_both_named() {
        let mixed = format!(
            "{}{}",
            format!("{KONG}\n").repeat(150),
            format!("{NATIVE}\n").repeat(150)
        );
        let seen = detect(mixed.as_bytes());
        assert!(seen.format().is_none());
        assert_eq!(seen.explain(), "kong 150 of 300, native 150 of 300");
    }

    #[test]
    fn a_format_fits_when_one_line_is_a_record_of_it() {
        let fits = |name, text: &str| fits(super::super::by_name(name).unwrap(), text.as_bytes());
        let mixed = format!("x\n{NATIVE}\ny\n");
        assert!(fits("native", &mixed) && fits("kong", &format!("{mixed}{KONG}\n")));
        assert!(!fits("kong", &mixed) && !fits("combined", &mixed));
    }
}
