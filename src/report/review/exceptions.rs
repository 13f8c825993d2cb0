//! What was deferred or rejected, as exceptions for `scopetrim.toml`.
//!
//! In: decisions that keep something. Out: `[[exceptions]]` tables, which may be added to the end
//! of a configuration file or be one of their own.
//!
//! Invariants:
//! * each client and term that the entry gives has a table of its own, and none twice;
//! * the text is valid TOML whatever the names are, and holds no control characters.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Choice, Line};
use crate::model::Day;
use crate::report::escape::is_unseen;

/// The file, next to `plan.json`.
pub(crate) const NAME: &str = "exceptions.toml";

const HEAD: &str = "# What the review deferred or rejected. Add it to the end of scopetrim.toml: the next analysis then\n\
     # keeps these permissions, deferred ones until their day.\n";
const NONE: &str = "# Nothing is deferred or rejected.\n";

/// The tables of the lines that keep something; a later line about the same gives way to an
/// earlier one.
pub(crate) fn text<'l>(lines: impl IntoIterator<Item = &'l Line>) -> String {
    let mut known = BTreeSet::new();
    let mut tables = String::new();
    for line in lines {
        let decision = &line.decision;
        let until = match decision.choice {
            Choice::Defer => decision.until,
            Choice::Reject => None,
            Choice::Accept | Choice::Skip => continue,
        };
        for client in &line.clients {
            for term in &line.terms {
                if known.insert((client, term)) {
                    table(&mut tables, (client, term), line, until);
                }
            }
        }
    }
    if tables.is_empty() {
        return NONE.to_owned();
    }
    format!("{HEAD}{tables}")
}

fn table(text: &mut String, (client, term): (&str, &str), line: &Line, until: Option<Day>) {
    let reason = line.decision.reason.as_deref().unwrap_or_default();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "\n[[exceptions]]\nclient = {}\nterm = {}\nreason = {}\n",
        string(client),
        string(term),
        string(reason)
    );
    if let Some(by) = &line.decision.by {
        let _ = writeln!(text, "owner = {}", string(by));
    }
    if let Some(day) = until {
        let _ = writeln!(text, "until = {day}");
    }
}

/// A basic string in which what nobody sees is written as its code.
fn string(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if is_unseen(letter) => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::{Decision, Line};
    use super::*;
    use crate::model::Level;
    use crate::report::plan::{Given, Holder};

    fn line(client: &str, term: &str, choice: Choice, until: Option<&str>) -> Line {
        Line {
            of: Holder::Client(client.to_owned()),
            gives: Given::Term(term.to_owned()),
            replace_with: Vec::new(),
            level: Level::Safe,
            clients: BTreeSet::from([client.to_owned()]),
            terms: BTreeSet::from([term.to_owned()]),
            evidence: String::new(),
            decision: Decision {
                choice,
                reason: Some("because".to_owned()),
                until: until.and_then(Day::parse),
                by: None,
                on: None,
                as_of: None,
            },
        }
    }

    #[test]
    fn what_is_deferred_ends_on_its_day_and_what_is_rejected_has_no_end() {
        let mut lines = vec![
            line("a", "x:read", Choice::Defer, Some("2027-01-31")),
            line("b", "y:*", Choice::Reject, None),
            line("c", "z", Choice::Accept, None),
            line("d", "z", Choice::Skip, None),
            line("a", "x:read", Choice::Reject, None),
        ];
        lines[1].decision.by = Some("ann".to_owned());
        insta::assert_snapshot!(text(&lines), @r#"
        # What the review deferred or rejected. Add it to the end of scopetrim.toml: the next analysis then
        # keeps these permissions, deferred ones until their day.

        [[exceptions]]
        client = "a"
        term = "x:read"
        reason = "because"
        until = 2027-01-31

        [[exceptions]]
        client = "b"
        term = "y:*"
        reason = "because"
        owner = "ann"
        "#);
        assert_eq!(text(&lines[2..4]), NONE);
    }

    #[test]
    fn a_role_has_an_exception_for_each_member_and_term() {
        let mut own = line("a", "x", Choice::Reject, None);
        own.clients.insert("b".to_owned());
        own.terms.insert("y".to_owned());
        assert_eq!(text(&[own]).matches("[[exceptions]]").count(), 4);
    }

    proptest! {
        #[test]
        fn any_name_and_reason_comes_back_from_the_file(
            client in any::<String>(), term in any::<String>(), reason in any::<String>(),
        ) {
            let mut own = line(&client, &term, Choice::Defer, Some("2027-01-31"));
            own.decision.reason = Some(reason.clone());
            let text = text(&[own]);
            let mut letters = text.chars();
            prop_assert!(letters.all(|c| c == '\n' || !is_unseen(c)), "{text}");
            let read: toml::Table = toml::from_str(&text).unwrap();
            let table = &read["exceptions"][0];
            prop_assert_eq!(table["client"].as_str(), Some(client.as_str()));
            prop_assert_eq!(table["term"].as_str(), Some(term.as_str()));
            prop_assert_eq!(table["reason"].as_str(), Some(reason.as_str()));
        }
    }
}
