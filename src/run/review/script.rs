//! Decisions from a file, one JSON object a line, for scripts and tests.
//!
//! In: lines such as `{"client":"billing","term":"orders:write","decision":"accept"}`. Out: the
//! session with these decisions.
//!
//! Invariant: all of them are taken, or none. A line that means nothing is an error with its
//! place: a decision that went astray could pass for one that was made.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::Review;
use super::session::Session;
use crate::input;
use crate::model::words::closest;
use crate::report::plan::{Given, Holder, PlannedEdit};
use crate::report::review::Choice;
use crate::run::Advised;

/// Far above any list of decisions.
const MAX_BYTES: u64 = 256 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stated {
    client: Option<String>,
    role: Option<String>,
    term: Option<String>,
    member_of: Option<String>,
    decision: Choice,
    reason: Option<String>,
    until: Option<String>,
}

const HELP: &str = "a line is for example {\"client\":\"billing\",\"term\":\"orders:write\",\"decision\":\"accept\"}; \
`docs/review.md` has all fields";

impl Review<'_> {
    /// Takes the decisions of a file.
    pub(crate) fn take(&mut self, path: &Path) -> anyhow::Result<()> {
        let shown = path.display().to_string();
        let bytes = input::read_whole(path, MAX_BYTES).map_err(|error| {
            Advised::new(
                format!("cannot read the decisions `{shown}`: {error}"),
                "name a file with one JSON object a line",
            )
        })?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Advised::new(format!("`{shown}` is not UTF-8"), HELP))?;
        let mut session = self.session.clone();
        let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            let number = number + 1;
            if line.trim().is_empty() {
                continue;
            }
            let (item, wrong) = self.line(&mut session, line);
            if let Some((why, help)) = wrong {
                return Err(Advised::new(format!("{shown}:{number}: {why}"), help));
            }
            if let Some(before) = item.and_then(|item| taken.insert(item, number)) {
                return Err(Advised::new(
                    format!("{shown}:{number}: line {before} decides the same"),
                    "keep one of the two; what one holder is given in several places, and narrower terms in the \
                     place of a broad one, are decided together",
                ));
            }
        }
        self.session = session;
        Ok(())
    }

    /// The item that a line decides, or what is wrong with it.
    fn line(&self, session: &mut Session, line: &str) -> (Option<usize>, Option<(String, String)>) {
        let wrong = |why: String, help: &str| (None, Some((why, help.to_owned())));
        // The parser's own words quote the line, which may hold anything.
        let Ok(stated) = serde_json::from_str::<Stated>(line) else {
            return wrong("this is not a decision".to_owned(), HELP);
        };
        let holder = match (stated.client, stated.role) {
            (Some(client), None) => Holder::Client(client),
            (None, Some(role)) => Holder::Role(role),
            _ => {
                return wrong(
                    "either `client` or `role` says whose it is".to_owned(),
                    HELP,
                );
            }
        };
        let given = match (stated.term, stated.member_of) {
            (Some(term), None) => Given::Term(term),
            (None, Some(role)) => Given::Role(role),
            _ => {
                let why = "either `term` or `member_of` says what goes";
                return wrong(why.to_owned(), HELP);
            }
        };
        let name = (holder, given);
        let found = session.items.iter();
        let found = found
            .enumerate()
            .find(|(_, item)| item.names.contains(&name));
        let Some((at, _)) = found else {
            let (why, help) = self.unknown(&name.0, &name.1);
            return (None, Some((why, help)));
        };
        let until = match stated.until.as_deref().map(|text| session.day(text)) {
            None => None,
            Some(Ok(day)) => Some(day),
            Some(Err(why)) => return wrong(why, HELP),
        };
        match session.decide(at, stated.decision, stated.reason.as_deref(), until) {
            Ok(()) => (Some(at), None),
            Err(why) => wrong(why, HELP),
        }
    }

    /// Why a name is not among what is proposed.
    fn unknown(&self, holder: &Holder, given: &Given) -> (String, String) {
        let (Holder::Client(name) | Holder::Role(name)) = holder;
        let why = format!(
            "that `{name}` loses `{}` is not proposed at level {} or safer",
            given.name(),
            self.plan.level.name()
        );
        let takes =
            |edit: &&PlannedEdit| edit.clients.contains(name) && edit.terms.contains(given.name());
        if let Some(edit) = self.plan.edits.iter().find(takes) {
            let own = match (&edit.of, &edit.gives) {
                (Holder::Role(role), Given::Term(term)) => {
                    format!("it goes with `\"role\":\"{role}\",\"term\":\"{term}\"`")
                }
                (_, Given::Role(role)) => {
                    format!("it goes with `\"client\":\"{name}\",\"member_of\":\"{role}\"`")
                }
                (Holder::Client(_), Given::Term(_)) => String::new(),
            };
            return (why, own);
        }
        let of_holder = self.plan.edits.iter().filter(|edit| edit.of == *holder);
        let close = closest(given.name(), of_holder.map(|edit| edit.gives.name()));
        let help = close.map(|close| format!("did you mean `{close}`?"));
        let help = help.unwrap_or_else(|| {
            "`scopetrim explain CLIENT SCOPE` says why something stays; --level review proposes more"
                .to_owned()
        });
        (why, help)
    }
}
