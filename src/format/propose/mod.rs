//! A description for a log that no format reads, proposed from its first lines.
//!
//! In: the beginning of a log. Out: a description with its guesses marked, and what was not
//! found.
//!
//! Invariants:
//! * a guess is marked as one, with its reason: the name of a key, or its values;
//! * nobody is guessed to be the client by values alone: a wrong one would name somebody else;
//! * no value of the log is written into the description: it may be a secret.

mod guess;
mod shape;

use std::borrow::Cow;
use std::fmt::Write as _;

use super::show::quoted;
use crate::format::detect::trim;
use crate::input::unwrapped;
use guess::{FIELDS, Guess};
use shape::Shape;

/// Lines that are looked at.
const LINES: usize = 300;

/// A place of the log, and the values that were there.
struct Column {
    /// As a description names it.
    place: String,
    /// Within a text of JSON.
    inner: Option<String>,
    values: Vec<String>,
}

/// A proposal.
pub(crate) struct Proposal {
    /// The description.
    pub(crate) text: String,
    /// Fields without which no record can be made, and that were not found.
    pub(crate) missing: Vec<&'static str>,
}

/// Proposes a description; `None` where the lines have no layout in common.
pub(crate) fn propose(name: &str, head: &[u8]) -> Option<Proposal> {
    let whole = match memchr::memrchr(b'\n', head) {
        Some(end) => &head[..end],
        None => head,
    };
    let closed = of_lines(name, whole);
    if shape::has_header(whole) || closed.as_ref().is_some_and(|own| own.missing.is_empty()) {
        return closed;
    }
    // What is around the records may be a part of them: their time may be what a line begins with.
    let opened = of_lines(name, &unwrapped(whole));
    let missing = |own: &Option<Proposal>| own.as_ref().map_or(usize::MAX, |own| own.missing.len());
    if missing(&opened) <= missing(&closed) {
        opened
    } else {
        closed
    }
}

fn of_lines(name: &str, whole: &[u8]) -> Option<Proposal> {
    let lines: Vec<Cow<'_, str>> = whole
        .split(|byte| *byte == b'\n')
        .map(trim)
        .filter(|line| !line.is_empty())
        .take(LINES)
        .map(String::from_utf8_lossy)
        .collect();
    let shape = shape::find(&lines)?;
    let guesses = guess::all(&shape.columns);
    Some(written(name, &shape, &guesses, lines.len()))
}

fn written(name: &str, shape: &Shape, guesses: &[Option<Guess>], lines: usize) -> Proposal {
    let mut text = format!(
        "# Proposed from {lines} lines, of which {} have this layout. Every field is a guess: compare it with a line, \
         then add a\n# sample with what you expect, and run `scopetrim formats check` on this file.\n",
        shape.fits
    );
    let _ = write!(
        text,
        "format = {}\nextends = \"{}\"\n{}\n[field]\n",
        quoted(name),
        shape.extends,
        shape.settings
    );
    let mut missing = Vec::new();
    let line_found = guesses
        .iter()
        .zip(&FIELDS)
        .any(|(guess, field)| field.name == "request" && guess.is_some());
    for (guess, field) in guesses.iter().zip(&FIELDS) {
        let Some(guess) = guess else {
            let needless = match field.name {
                "method" | "target" => line_found,
                "request" => true,
                _ => false,
            };
            if needless || field.cost.is_empty() {
                continue;
            }
            let _ = writeln!(text, "# {} = ...  # not found: {}", field.name, field.cost);
            if field.needed {
                missing.push(field.name);
            }
            continue;
        };
        let column = &shape.columns[guess.column];
        let place = quoted(&column.place);
        let value = match (&column.inner, &guess.more) {
            (None, None) => place,
            (Some(inner), None) => format!("{{ at = {place}, json = {} }}", quoted(inner)),
            (None, Some(more)) => format!("{{ at = {place}, {more} }}"),
            (Some(inner), Some(more)) => {
                format!("{{ at = {place}, json = {}, {more} }}", quoted(inner))
            }
        };
        let _ = writeln!(text, "{} = {value}  # proposal: {}", field.name, guess.why);
    }
    let used: Vec<usize> = guesses.iter().flatten().map(|guess| guess.column).collect();
    let others: Vec<String> = shape
        .columns
        .iter()
        .enumerate()
        .filter(|(number, _)| !used.contains(number))
        .map(|(_, column)| match &column.inner {
            Some(inner) => format!("{} in {}", inner, column.place),
            None => column.place.clone(),
        })
        .collect();
    if !others.is_empty() {
        text.push_str("\n# Also in the lines, and not used:");
        let mut width = 34;
        for other in others {
            if width + other.len() > 110 {
                text.push_str("\n#  ");
                width = 3;
            }
            width += other.len() + 1;
            let _ = write!(text, " {}", other.escape_debug());
        }
        text.push('\n');
    }
    text.push_str(
        "\n# A sample is read whenever this file is. Replace what is secret in it.\n\
         # [[sample]]\n# line = '''...'''\n# expect = { client = \"...\", method = \"GET\", target = \"/...\", status = 200 }\n",
    );
    Proposal { text, missing }
}

#[cfg(test)]
mod tests {
    use super::super::mapping::Mapping;
    use super::super::{LogFormat as _, Scratch};
    use super::*;

    /// What the proposal reads from the last line, and its text.
    fn read(log: &str) -> (Option<String>, String, Option<String>) {
        let proposal = propose("acme", log.as_bytes()).unwrap();
        assert!(proposal.missing.is_empty(), "{}", proposal.text);
        let mapping =
            Mapping::parse(&proposal.text).unwrap_or_else(|why| panic!("{why}\n{}", proposal.text));
        let reader = mapping.open(log.as_bytes());
        let mut scratch = Scratch::default();
        let line = log.lines().last().unwrap();
        let record = reader
            .parse(line.as_bytes(), &mut scratch)
            .unwrap_or_else(|why| panic!("{why:?}\n{}", proposal.text));
        let text = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let asked = format!(
            "{} {} {}",
            text(record.method),
            text(record.target),
            record.status.unwrap_or(0)
        );
        (record.client.map(text), asked, Some(proposal.text))
    }

    #[test]
    fn layouts_of_every_kind_are_proposed_and_read() {
        let json = "{\"svc\":\"edge\",\"ts\":1767355200,\"http\":{\"verb\":\"GET\",\"uri\":\"/v1/a?b=1\",\"code\":\"200\"},\"auth\":{\"client_id\":\"erp\"}}\n";
        let embedded = "{\"level\":\"info\",\"msg\":\"{\\\"at\\\":\\\"2026-01-02T12:00:00Z\\\",\\\"method\\\":\\\"GET\\\",\\\"path\\\":\\\"/v1/a?b=1\\\",\\\"status\\\":200,\\\"client\\\":\\\"erp\\\"}\"}\n";
        let csv = "When;Verb;Path;Code;App\n2026-01-02T12:00:00Z;GET;/v1/a?b=1;200;erp\n";
        let logfmt = "time=2026-01-02T12:00:00Z level=info method=GET path=\"/v1/a?b=1\" status=200 client_id=erp\n";
        for log in [json, embedded, csv, logfmt] {
            let log = if log == csv {
                log.to_owned()
            } else {
                log.repeat(3)
            };
            let (client, asked, text) = read(&log);
            assert_eq!(
                (client.as_deref(), asked.as_str()),
                (Some("erp"), "GET /v1/a?b=1 200"),
                "{text:?}"
            );
        }
        let text = "2026-01-02T12:00:00.117Z edge 192.0.2.1 \"GET /v1/a?b=1 HTTP/1.1\" 200 17ms\n";
        let (client, asked, text) = read(&text.repeat(5));
        assert_eq!((client, asked.as_str()), (None, "GET /v1/a?b=1 200"));
        let text = text.unwrap();
        assert!(text.contains("# client = ...  # not found: "), "{text}");
        assert!(text.contains("# proposal: "), "{text}");
    }

    #[test]
    fn no_value_is_shown_and_what_is_missing_is_said() {
        let log = "{\"time\":\"2026-01-02T12:00:00Z\",\"password\":\"hunter2\",\"path\":\"/secret-path\"}\n";
        let proposal = propose("acme", log.as_bytes()).unwrap();
        assert!(!proposal.text.contains("hunter2") && !proposal.text.contains("secret-path"));
        assert_eq!(proposal.missing, ["method", "status"]);
        assert!(
            proposal
                .text
                .contains("a refused request would pass for use")
        );
        assert!(propose("acme", b"").is_none());
        assert!(propose("acme", b"hello world\nthis is no log\n").is_none());
    }
}
