//! What a log says against what was asked and answered, line by line.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::requests::Asked;
use crate::token::{CLIENT, Token};

/// One log of a gateway.
pub(crate) struct Log {
    /// Its file in the folder of the gateway.
    pub(crate) file: &'static str,
    /// The format by which it has to be known, without being told.
    pub(crate) format: &'static str,
    pub(crate) caller: Caller,
    pub(crate) refusal: Refusal,
    /// What is not as usual, by the name of the request.
    pub(crate) unusual: &'static [(&'static str, Is)],
}

/// Whether its lines name the caller.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    Named,
    Nobody,
}

/// Whether its lines say who refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Said,
    Unsaid,
}

/// What is not as usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Is {
    /// The gateway writes no line.
    NoLine,
    /// The line is no record, for this reason.
    PassedOver(&'static str),
    /// The log has another status than the caller got, or the caller got none.
    Status(Option<u16>),
    /// The log has another path.
    Path(&'static str),
    /// The gateway cut the path off.
    Cut,
    /// The outcome is another one.
    Outcome(&'static str),
}

/// A request with everything that came of it.
pub(crate) struct Answered {
    pub(crate) asked: Asked,
    /// What the caller got.
    pub(crate) statuses: Vec<u16>,
    /// It came through to the API.
    pub(crate) served: bool,
    /// Where its lines are, for each log.
    pub(crate) lines: Vec<Range<usize>>,
}

impl Log {
    /// How many lines a request leaves.
    pub(crate) fn lines_of(&self, asked: &Asked) -> usize {
        if self.rules(asked).contains(&Is::NoLine) {
            0
        } else {
            asked.paths.len()
        }
    }

    fn rules(&self, asked: &Asked) -> Vec<Is> {
        let own = self.unusual.iter().filter(|(name, _)| *name == asked.name);
        own.map(|(_, is)| *is).collect()
    }
}

/// What `scopetrim events` makes of a file.
struct Events {
    by_offset: BTreeMap<usize, Value>,
    /// Lines without an event, by reason.
    skipped: BTreeMap<String, usize>,
}

fn events(file: &Path) -> Events {
    let ran = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
        .args(["events", "--ndjson", "--logs"])
        .arg(file)
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    let rows = String::from_utf8(ran.stdout).unwrap();
    let rows = rows
        .lines()
        .map(|row| serde_json::from_str::<Value>(row).unwrap());
    let offset = |row: &Value| usize::try_from(row["source_offset"].as_u64().unwrap()).unwrap();
    let by_offset: BTreeMap<_, _> = rows.map(|row| (offset(&row), row)).collect();
    assert!(!by_offset.is_empty(), "{}: {said}", file.display());
    let counts = said.split_once("lines without an event: ");
    let counts = counts.and_then(|(_, rest)| rest.lines().next());
    let counts = counts.into_iter().flat_map(|counts| counts.split(", "));
    let skipped = counts
        .map(|count| count.split_once(' ').unwrap())
        .map(|(reason, count)| (reason.to_owned(), count.parse().unwrap()))
        .collect();
    Events { by_offset, skipped }
}

/// Everything in which the log differs from what happened.
pub(crate) fn differences(log: &Log, at: usize, all: &[Answered], file: &Path) -> Vec<String> {
    let text = std::fs::read(file).unwrap_or_default();
    let events = events(file);
    let mut found = Vec::new();
    let mut skipped = BTreeMap::new();
    for answered in all {
        let rules = log.rules(&answered.asked);
        let lines = line_starts(&text, &answered.lines[at]);
        let mut wrong = wrong(log, answered, &rules, &lines, &events);
        if wrong.is_empty() && !rules.is_empty() {
            let usual = self::wrong(log, answered, &[], &lines, &events);
            if usual.is_empty() {
                wrong.push("it is as usual, and a rule says that it is not".to_owned());
            }
        }
        for reason in reasons(&rules) {
            *skipped.entry(reason.to_owned()).or_default() += lines.len();
        }
        let line = String::from_utf8_lossy(&text[answered.lines[at].clone()]);
        let line: String = line.chars().take(500).collect();
        found.extend(wrong.into_iter().map(|what| {
            format!(
                "{}: {what} (caller got {:?}, came through: {})\n    {}",
                answered.asked.name,
                answered.statuses,
                answered.served,
                line.trim_end()
            )
        }));
    }
    if skipped != events.skipped {
        found.push(format!(
            "passed over: {:?}, expected {skipped:?}",
            events.skipped
        ));
    }
    let after = all.last().map_or(0, |last| last.lines[at].end);
    if after != text.len() {
        let more = String::from_utf8_lossy(&text[after..]);
        found.push(format!("lines of no request: {more}"));
    }
    let known: BTreeSet<_> = all.iter().map(|answered| answered.asked.name).collect();
    let unknown = log.unusual.iter().filter(|(name, _)| !known.contains(name));
    found.extend(unknown.map(|(name, _)| format!("no request is called {name:?}")));
    found
}

fn reasons(rules: &[Is]) -> Vec<&'static str> {
    let reason = |is: &Is| match is {
        Is::PassedOver(reason) => Some(*reason),
        _ => None,
    };
    rules.iter().filter_map(reason).collect()
}

fn line_starts(text: &[u8], range: &Range<usize>) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = range.start;
    while at < range.end {
        starts.push(at);
        let length = text[at..range.end].iter().position(|byte| *byte == b'\n');
        at = length.map_or(range.end, |length| at + length + 1);
    }
    starts
}

fn wrong(
    log: &Log,
    answered: &Answered,
    rules: &[Is],
    lines: &[usize],
    events: &Events,
) -> Vec<String> {
    let asked = &answered.asked;
    let paths = asked.expected_paths();
    let count = if rules.contains(&Is::NoLine) {
        0
    } else {
        paths.len()
    };
    if lines.len() != count {
        return vec![format!("{} lines, expected {count}", lines.len())];
    }
    let mut wrong = Vec::new();
    let passed_over = !reasons(rules).is_empty();
    for (at, (line, path)) in lines.iter().zip(paths).enumerate() {
        match events.by_offset.get(line) {
            None if !passed_over => wrong.push("its line is no record".to_owned()),
            Some(event) if passed_over => wrong.push(format!("its line is a record: {event}")),
            Some(event) => wrong.extend(unlike(log, answered, at, path.as_deref(), rules, event)),
            None => {}
        }
    }
    wrong
}

/// In what one record is not like the request.
fn unlike(
    log: &Log,
    answered: &Answered,
    at: usize,
    path: Option<&str>,
    rules: &[Is],
    event: &Value,
) -> Vec<String> {
    let asked = &answered.asked;
    let mut path = path.map(str::to_owned);
    let mut outcome = None;
    let mut status = answered.statuses.get(at).copied();
    for rule in rules {
        match rule {
            Is::Status(other) => status = *other,
            Is::Path(other) => path = Some(other.replace("{m}", &asked.marker)),
            Is::Outcome(other) => outcome = Some(*other),
            Is::Cut => {
                let logged = event["path"].as_str().map(str::to_owned);
                let begins =
                    |whole: &String| logged.as_ref().is_some_and(|cut| whole.starts_with(cut));
                if path.as_ref().is_some_and(begins) {
                    path = logged;
                }
            }
            Is::NoLine | Is::PassedOver(_) => {}
        }
    }
    let client = event["client_id"].as_str();
    let mut wrong = Vec::new();
    let mut compare = |what: &str, is: &Value, expected: &Value| {
        if is != expected {
            wrong.push(format!("{what} is {is}, expected {expected}"));
        }
    };
    compare("format", &event["format"], &log.format.into());
    compare("method", &event["method"], &asked.logged_method.into());
    compare("path", &event["path"], &path.clone().into());
    compare("status", &event["status"], &status.into());
    let expected = match outcome {
        Some(outcome) => outcome,
        None => usual_outcome(log, asked, status, path.as_deref(), client, answered.served),
    };
    compare("outcome", &event["outcome"], &expected.into());
    if !callers(log, answered).contains(&client) {
        wrong.push(format!("the client is {client:?}"));
    }
    // Targets may be very long.
    for text in &mut wrong {
        text.truncate(text.floor_char_boundary(400));
    }
    wrong
}

/// Whom a line may name: where the request came through the caller is known; where a gateway
/// answered by itself it may not have looked yet.
fn callers(log: &Log, answered: &Answered) -> Vec<Option<&'static str>> {
    let mut may = Vec::new();
    let own = matches!(answered.asked.token, Token::Erp | Token::Powerless)
        && log.caller == Caller::Named;
    if own {
        may.push(Some(CLIENT));
    }
    // Of a 401 no name is believed.
    if !own || !answered.served || answered.statuses == [401] {
        may.push(None);
    }
    may
}

/// The table of outcomes, written apart from the program.
fn usual_outcome(
    log: &Log,
    asked: &Asked,
    status: Option<u16>,
    path: Option<&str>,
    client: Option<&str>,
    served: bool,
) -> &'static str {
    let aside = matches!(asked.method, "OPTIONS" | "CONNECT" | "TRACE");
    let refused = matches!(status, Some(401 | 403));
    match status {
        // A client that was let through with something that is no path used something.
        _ if aside || path.is_none() && (refused || client.is_none()) => "ignored",
        Some(401) => "denied_authentication",
        Some(403) if log.refusal == Refusal::Unsaid => "denied_unknown",
        Some(403) if served => "denied_upstream",
        Some(403) => "denied_gateway",
        _ if client.is_none() => "unauthenticated",
        Some(429 | 499 | 503) | None => "attempted",
        Some(_) => "used",
    }
}
