//! What a gateway answered to the requests of a policy: a list for a terminal, JSON.
//!
//! Invariants: what was not asked is counted with its reason; what is cut from the list is
//! counted, and whole in JSON (`scopetrim.answers/1`); no token is in either.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::json_text;
use super::screen::Screen;
use crate::enforce::Checks;
use crate::enforce::gateway::{Answer, LeftOut, Verdict};
use crate::enforce::policy::requests::Request;
use crate::model::words::plural;

/// Name and version of the JSON.
const SCHEMA: &str = "scopetrim.answers/1";

/// Requests of a list that are shown.
const SHOWN: usize = 50;

/// What was asked of whom.
pub(crate) struct Asked<'a> {
    /// Where the gateway is.
    pub gateway: String,
    /// What was to be asked.
    pub checks: &'a Checks,
    /// What was answered.
    pub answers: &'a [Answer],
}

#[derive(Serialize)]
struct AskedJson<'a> {
    schema: &'static str,
    gateway: &'a str,
    asked: usize,
    right: usize,
    wrong: Vec<AnswerJson<'a>>,
    unclear: Vec<AnswerJson<'a>>,
    not_asked: BTreeMap<LeftOut, usize>,
}

#[derive(Serialize)]
struct AnswerJson<'a> {
    client: Option<&'a str>,
    method: &'a str,
    target: &'a str,
    /// `pass` or `refuse`.
    expected: &'static str,
    status: Option<u16>,
}

impl Asked<'_> {
    fn of(&self, verdict: Verdict) -> impl Iterator<Item = &Answer> {
        let all = self.answers.iter();
        all.filter(move |answer| answer.verdict == verdict)
    }

    /// Whether something is wrong.
    pub(crate) fn is_wrong(&self) -> bool {
        self.of(Verdict::Wrong).next().is_some()
    }

    /// Whether something that should be known is not.
    pub(crate) fn is_incomplete(&self) -> bool {
        let mut missing = [LeftOut::NoToken, LeftOut::Silent].iter();
        self.answers.is_empty()
            || self.of(Verdict::Unclear).next().is_some()
            || missing.any(|why| self.checks.left_out.contains_key(why))
    }

    /// The answers as JSON with a line end.
    pub(crate) fn json(&self) -> serde_json::Result<String> {
        let list = |verdict| {
            let all = self.of(verdict);
            all.map(|answer| AnswerJson {
                client: answer.request.client.as_deref(),
                method: &answer.request.method,
                target: &answer.request.target,
                expected: if answer.request.allowed {
                    "pass"
                } else {
                    "refuse"
                },
                status: answer.status,
            })
            .collect()
        };
        let value = AskedJson {
            schema: SCHEMA,
            gateway: &self.gateway,
            asked: self.answers.len(),
            right: self.of(Verdict::Right).count(),
            wrong: list(Verdict::Wrong),
            unclear: list(Verdict::Unclear),
            not_asked: self.checks.left_out.clone(),
        };
        json_text::pretty(&value).map(|text| text + "\n")
    }

    /// The list for a terminal.
    pub(crate) fn table(&self, out: &mut dyn Write, width: usize) -> io::Result<()> {
        let mut screen = Screen::new(out, width);
        screen.whole("gateway    ", &self.gateway)?;
        screen.whole("asked      ", &plural(self.answers.len() as u64, "request"))?;
        let sums = [
            (Verdict::Right, "right      "),
            (Verdict::Wrong, "wrong      "),
            (Verdict::Unclear, "unclear    "),
        ];
        for (verdict, label) in sums {
            screen.whole(label, &self.sum(verdict))?;
        }
        for (why, count) in &self.checks.left_out {
            let text = format!("{} {}", plural(*count as u64, "request"), why.reason());
            screen.whole("not asked  ", &text)?;
        }
        for (verdict, head) in [(Verdict::Wrong, "wrong"), (Verdict::Unclear, "unclear")] {
            let all: Vec<&Answer> = self.of(verdict).collect();
            if all.is_empty() {
                continue;
            }
            screen.line("")?;
            screen.line(head)?;
            for answer in all.iter().take(SHOWN) {
                let request = &answer.request;
                let got = answer
                    .status
                    .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
                screen.whole("  ", &format!("{}: {got}", expected(request)))?;
            }
            if all.len() > SHOWN {
                screen.line(&format!("  and {} more: see --json", all.len() - SHOWN))?;
            }
        }
        Ok(())
    }

    /// How many, and by which statuses.
    fn sum(&self, verdict: Verdict) -> String {
        let all: Vec<&Answer> = self.of(verdict).collect();
        if all.is_empty() {
            return "0".to_owned();
        }
        let part = |allowed: bool, what: &str| {
            let mut statuses: BTreeMap<Option<u16>, usize> = BTreeMap::new();
            let own = all
                .iter()
                .filter(|answer| answer.request.allowed == allowed);
            for answer in own {
                *statuses.entry(answer.status).or_default() += 1;
            }
            let count: usize = statuses.values().sum();
            let statuses: Vec<String> = statuses
                .into_iter()
                .map(|(status, count)| match status {
                    Some(status) => format!("{status}: {count}"),
                    None => format!("no answer: {count}"),
                })
                .collect();
            (count > 0).then(|| format!("{count} {what} ({})", statuses.join(", ")))
        };
        let parts = [
            part(true, "that have to pass"),
            part(false, "that have to be refused"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!("{}: {}", all.len(), parts.join("; "))
    }
}

/// Who asks, and what should have become of it.
fn expected(request: &Request) -> String {
    let who = request.caller();
    let what = if request.allowed {
        "has to pass"
    } else {
        "has to be refused"
    };
    format!("{who}: {} {} {what}", request.method, request.target)
}
