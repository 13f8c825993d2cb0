//! Why each line of a diff goes, as comments in front of the file's header.
//!
//! In: the view and a policy file. Out: lines that start with `# `, one for
//! each edit up to the chosen level.
//!
//! Invariants:
//! * `git apply` and `patch` skip text in front of `--- a/...`, and no line can
//!   pass for such a header, whatever the names are;
//! * the order is that of the file.
//!
//! The diff itself is made elsewhere.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::View;
use super::escape;
use super::evidence;
use crate::analysis::{Action, TermAnalysis};
use crate::grants::history::SinceFrom;
use crate::model::words;
use crate::model::words::plural;
use crate::model::{Day, Entry, Granted, Reason, Roles, Subject};

/// Names listed before the rest is only counted.
const NAMES: usize = 6;
/// Columns of one name or term.
const NAME_WIDTH: usize = 80;

/// One comment line for each edit of the file; empty when there is none.
pub(crate) fn reasons(view: &View<'_>, roles: &Roles<'_>, file_index: usize) -> String {
    let mut text = String::new();
    // The actions are sorted by file.
    let start = view
        .actions
        .partition_point(|action| action.file < file_index);
    let of_file = view.actions[start..].iter();
    let of_file = of_file.take_while(|action| action.file == file_index);
    for action in of_file.filter(|action| action.level <= view.level) {
        let file = view.policy.files.get(file_index);
        if let Some(entry) = file.and_then(|file| file.entries.get(action.entry)) {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "# {}",
                escape::terminal(&line((view, roles), action, entry))
            );
        }
    }
    text
}

fn line((view, roles): (&View<'_>, &Roles<'_>), action: &Action, entry: &Entry) -> String {
    let subject = match &entry.subject {
        Subject::Client(client) => short(client.as_str()),
        Subject::Role(role) => {
            let members = roles.members(action.file, role);
            format!(
                "role {} ({})",
                short(role.as_str()),
                listed(members.iter().map(AsRef::as_ref))
            )
        }
    };
    let granted = match &entry.granted {
        Granted::Term(term) => short(term.as_str()),
        Granted::Role(role) => {
            let terms = listed(action.terms.iter().map(AsRef::as_ref));
            format!("role {} ({terms})", short(role.as_str()))
        }
    };
    let instead = if action.replace_with.is_empty() {
        String::new()
    } else {
        format!(
            "  + {}",
            listed(action.replace_with.iter().map(AsRef::as_ref))
        )
    };
    let level = action.level.name();
    format!(
        "{}  {subject}  - {granted}{instead}  {level}: {}",
        entry.place,
        facts(view, action).join("; ")
    )
}

/// Why the edit is made: what decided, last use and age, and what the past says.
pub(super) fn facts(view: &View<'_>, action: &Action) -> Vec<String> {
    let past = affected(view, action)
        .into_iter()
        .filter_map(|found| found.evidence.as_ref())
        .max_by(|a, b| a.odds.upper.total_cmp(&b.odds.upper));
    let mut facts: Vec<String> = action
        .reasons
        .iter()
        .map(|reason| reason.sentence().to_owned())
        .collect();
    facts.extend(dates(view, action));
    facts.extend(past.map(|evidence| evidence::sentence(&view.analysis.basis, evidence)));
    facts
}

/// Last use and age of the grant; the youngest grant of all members counts.
fn dates(view: &View<'_>, action: &Action) -> Vec<String> {
    let found = affected(view, action);
    let mut facts = Vec::new();
    if let Some(last) = found.iter().filter_map(|term| term.rhythm.last).max() {
        facts.push(format!("last used {}", Day::of(last)));
    }
    let dates: Option<BTreeSet<(Day, Option<SinceFrom>)>> = found
        .iter()
        .map(|term| Some((term.since?, term.since_from)))
        .collect();
    match dates.as_ref().and_then(BTreeSet::last) {
        Some((since, from)) => {
            let (before, more) = match from {
                Some(SinceFrom::GitBoundary) => ("on or before ", " or more"),
                Some(SinceFrom::Stated) => ("before ", " or more, stated in the configuration"),
                _ => ("", ""),
            };
            let age = age(*since, view.analysis.window.to);
            facts.push(format!("granted {before}{since} ({age}{more})"));
        }
        None if !action.reasons.contains(&Reason::GrantAgeUnknown) => {
            facts.push("grant without date".to_owned());
        }
        None => {}
    }
    facts
}

fn affected<'a>(view: &View<'a>, action: &Action) -> Vec<&'a TermAnalysis> {
    let clients = action.clients.iter();
    let clients = clients.filter_map(|client| view.analysis.client(client));
    clients
        .flat_map(|client| action.terms.iter().filter_map(|term| client.term(term)))
        .collect()
}

/// `654 days`, or that the day lies ahead.
pub(super) fn age(since: Day, to: Day) -> String {
    u64::try_from(i64::from(to.0) - i64::from(since.0))
        .map_or_else(|_| "after the window".to_owned(), days)
}

/// `1 day`, `654 days`.
pub(super) fn days(count: u64) -> String {
    plural(count, "day")
}

fn short(name: &str) -> String {
    escape::cut(name, NAME_WIDTH)
}

/// The first names, and how many more there are.
pub(super) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    words::first(&names.map(short).collect::<Vec<_>>(), NAMES)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{day, sample};
    use super::*;
    use crate::model::{ClientName, Level, Term};

    #[test]
    fn every_edit_up_to_the_level_has_its_reason_and_members_are_named() {
        let mut sample = sample();
        assert_eq!(
            reasons(&sample.view(), &sample.view().policy.roles(), 0)
                .lines()
                .count(),
            1
        );
        sample.level = Level::Review;
        insta::assert_snapshot!(reasons(&sample.view(), &sample.view().policy.roles(), 0), @r"
        # grants.yaml:12  billing  - orders:write  likely: never used in the data read; granted 2025-01-15 (655 days)
        # grants.yaml:30  role admin (worker)  - refunds:write  review: never used in the data read; the grant has no date, so its age is unknown
        ");
        assert_eq!(
            reasons(&sample.view(), &sample.view().policy.roles(), 7),
            ""
        );
    }

    #[test]
    fn a_hostile_name_cannot_start_a_line_of_its_own() {
        let mut sample = sample();
        let name = ClientName::new("x\n--- a/grants.yaml\n+++ b/grants.yaml\u{1b}[2J");
        sample.policy.files[0].entries[1].subject = Subject::Client(name);
        let text = reasons(&sample.view(), &sample.view().policy.roles(), 0);
        assert_eq!(text.lines().count(), 1);
        assert!(text.lines().all(|line| line.starts_with("# ")), "{text}");
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn a_replacement_shows_both_sides() {
        let mut sample = sample();
        sample.actions[0].replace_with = vec![Term::new("orders:amend")];
        assert!(
            reasons(&sample.view(), &sample.view().policy.roles(), 0)
                .contains("- orders:write  + orders:amend  likely:")
        );
    }

    #[test]
    fn a_grant_of_the_future_has_no_age() {
        assert_eq!(
            age(day("2026-01-02"), day("2026-01-01")),
            "after the window"
        );
        assert_eq!(age(day("2025-01-15"), day("2026-10-31")), "654 days");
    }
}
