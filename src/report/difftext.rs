//! Why each line of a diff goes, as comments in front of the file's header.
//!
//! In: the view and a policy file. Out: lines that start with `# `, for the edits up to the
//! chosen level. Those of one holder with the same reasons are said once.
//!
//! Invariants:
//! * a line has at most 100 columns;
//! * `git apply` and `patch` skip text in front of `--- a/...`, and no line can
//!   pass for such a header, whatever the names are;
//! * the order is that of the file.
//!
//! The diff itself is made elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use super::View;
use super::escape;
use super::evidence;
use super::screen::Screen;
use crate::analysis::{Action, Evidence, TermAnalysis};
use crate::grants::history::SinceFrom;
use crate::model::words;
use crate::model::words::{percent_up, plural};
use crate::model::{Day, Entry, Granted, Level, Reason, Roles, Subject};

/// Names listed before the rest is only counted.
const NAMES: usize = 6;
/// Columns of one name or term.
const NAME_WIDTH: usize = 80;
/// Columns of a line.
pub(crate) const WIDTH: usize = 100;

/// Edits of one holder that have the same reasons.
struct Group<'a> {
    holder: String,
    level: Level,
    why: String,
    edits: Vec<(&'a Action, &'a Entry)>,
    /// The highest share of such grants that may be used again.
    upper: Option<f64>,
}

/// The comment of each group of edits of the file; empty when there is none.
pub(crate) fn reasons(
    view: &View<'_>,
    roles: &Roles<'_>,
    (file_index, name): (usize, &str),
    width: usize,
) -> String {
    // The actions are sorted by file.
    let start = view
        .actions
        .partition_point(|action| action.file < file_index);
    let of_file = view.actions[start..].iter();
    let of_file = of_file.take_while(|action| action.file == file_index);
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: BTreeMap<(String, Level, String), usize> = BTreeMap::new();
    for action in of_file.filter(|action| action.level <= view.level) {
        let file = view.policy.files.get(file_index);
        let Some(entry) = file.and_then(|file| file.entries.get(action.entry)) else {
            continue;
        };
        let holder = holder(roles, action, entry);
        let why = decided(view, action).join("; ");
        let place = groups.len();
        // What comes instead is said for each.
        let place = if action.replace_with.is_empty() {
            let key = (holder.clone(), action.level, why.clone());
            *known.entry(key).or_insert(place)
        } else {
            place
        };
        if place == groups.len() {
            groups.push(Group {
                holder,
                level: action.level,
                why,
                edits: Vec::new(),
                upper: None,
            });
        }
        let group = &mut groups[place];
        group.edits.push((action, entry));
        let upper = past(view, action).map(|evidence| evidence.odds.upper);
        group.upper = group.upper.into_iter().chain(upper).reduce(f64::max);
    }
    groups
        .iter()
        .map(|group| comment(group, name, width))
        .collect()
}

/// What goes, and below it why.
fn comment(group: &Group<'_>, name: &str, width: usize) -> String {
    let Some(((first, entry), rest)) = group.edits.split_first() else {
        return String::new();
    };
    let mut places = format!("{name}:{}", entry.place.line);
    let lines = rest.iter().map(|(_, entry)| entry.place.line);
    let lines: BTreeSet<u32> = lines.filter(|line| *line != entry.place.line).collect();
    let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
    if !lines.is_empty() {
        places = format!("{places}, {}", words::first(&lines, NAMES));
    }
    let granted: Vec<String> = group
        .edits
        .iter()
        .map(|(action, entry)| granted(action, entry))
        .collect();
    let instead = if first.replace_with.is_empty() {
        String::new()
    } else {
        format!(
            "  + {}",
            listed(first.replace_with.iter().map(AsRef::as_ref))
        )
    };
    let again = group
        .upper
        .map(|upper| format!("; at most {} come back", percent_up(upper)));
    let what = format!(
        "{places}  {}  - {}{instead}",
        group.holder,
        words::first(&granted, NAMES)
    );
    let why = format!(
        "{}: {}{}",
        group.level.name(),
        group.why,
        again.unwrap_or_default()
    );
    wrapped("# ", &what, width) + wrapped("#   ", &why, width).as_str()
}

/// Lines of at most so many columns, and of [`WIDTH`], that begin like this, the further ones
/// with more space.
pub(crate) fn wrapped(start: &str, text: &str, width: usize) -> String {
    const FURTHER: &str = "#     ";
    let width = width.min(WIDTH) - FURTHER.len();
    let mut lines = Vec::new();
    // Writing to memory cannot fail.
    let _ = Screen::narrow(&mut lines, width).whole("", text);
    let starts = std::iter::once(start).chain(std::iter::repeat(FURTHER));
    let lines = String::from_utf8_lossy(&lines);
    let lines = starts.zip(lines.lines());
    lines
        .flat_map(|(start, line)| [start, line, "\n"])
        .collect()
}

fn holder(roles: &Roles<'_>, action: &Action, entry: &Entry) -> String {
    match &entry.subject {
        Subject::Client(client) => short(client.as_str()),
        Subject::Role(role) => {
            let members = roles.members(action.file, role);
            format!(
                "role {} ({})",
                short(role.as_str()),
                listed(members.iter().map(AsRef::as_ref))
            )
        }
    }
}

fn granted(action: &Action, entry: &Entry) -> String {
    match &entry.granted {
        Granted::Term(term) => short(term.as_str()),
        Granted::Role(role) => {
            let terms = listed(action.terms.iter().map(AsRef::as_ref));
            format!("role {} ({terms})", short(role.as_str()))
        }
    }
}

/// Why the edit is made: what decided, last use and age, and what the past says.
pub(super) fn facts(view: &View<'_>, action: &Action) -> Vec<String> {
    let mut facts = decided(view, action);
    let past = past(view, action);
    facts.extend(past.map(|evidence| evidence::sentence(&view.analysis.basis, evidence)));
    facts
}

fn decided(view: &View<'_>, action: &Action) -> Vec<String> {
    let reasons = action.reasons.iter();
    let reasons = reasons.map(|reason| reason.sentence().to_owned());
    reasons.chain(dates(view, action)).collect()
}

/// What the past says about the term that comes back most often.
fn past<'a>(view: &View<'a>, action: &Action) -> Option<&'a Evidence> {
    let found = affected(view, action).into_iter();
    let evidence = found.filter_map(|found| found.evidence.as_ref());
    evidence.max_by(|a, b| a.odds.upper.total_cmp(&b.odds.upper))
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
    use super::super::testing::{Sample, day, sample};
    use super::*;
    use crate::model::{ClientName, Level, Term};

    fn said(sample: &Sample) -> String {
        let view = sample.view();
        reasons(&view, &view.policy.roles(), (0, "grants.yaml"), WIDTH)
    }

    #[test]
    fn every_edit_up_to_the_level_has_its_reason_and_members_are_named() {
        let mut sample = sample();
        assert_eq!(said(&sample).lines().count(), 2);
        sample.level = Level::Review;
        insta::assert_snapshot!(said(&sample), @r"
        # grants.yaml:12  billing  - orders:write
        #   likely: never used in the data read; granted 2025-01-15 (655 days)
        # grants.yaml:30  role admin (worker)  - refunds:write
        #   review: never used in the data read; the grant has no date, so its age is unknown
        ");
        let view = sample.view();
        assert_eq!(reasons(&view, &view.policy.roles(), (7, "x"), WIDTH), "");
    }

    #[test]
    fn edits_of_one_holder_with_the_same_reasons_are_said_once() {
        let mut sample = sample();
        let first = sample.actions[0].clone();
        let entries = &mut sample.policy.files[first.file].entries;
        let mut own = entries[first.entry].clone();
        for number in 0..9 {
            own.place.line = 50 + number;
            own.granted = Granted::Term(Term::new(&format!("stock:{number}")));
            entries.push(own.clone());
        }
        let added = entries.len() - 9..entries.len();
        let others = added.map(|entry| Action {
            entry,
            ..first.clone()
        });
        let others: Vec<Action> = others.collect();
        sample.actions.splice(1..1, others);
        let text = said(&sample);
        assert_eq!(text.matches("never used").count(), 1, "{text}");
        assert!(text.contains("and 4 more"), "{text}");
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
    }

    #[test]
    fn a_hostile_name_cannot_start_a_line_of_its_own() {
        let mut sample = sample();
        let name = ClientName::new("x\n--- a/grants.yaml\n+++ b/grants.yaml\u{1b}[2J");
        sample.policy.files[0].entries[1].subject = Subject::Client(name);
        let text = reasons(
            &sample.view(),
            &sample.view().policy.roles(),
            (0, "grants.yaml"),
            WIDTH,
        );
        assert_eq!(text.lines().count(), 2);
        assert!(text.lines().all(|line| line.starts_with("# ")), "{text}");
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn a_word_wider_than_a_line_is_broken_and_not_lost() {
        let word = "x".repeat(250);
        let text = wrapped("# ", &format!("a {word} b"), WIDTH);
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert!(text.lines().all(|line| line.starts_with("# ")), "{text}");
        assert_eq!(text.matches('x').count(), 250);
    }

    #[test]
    fn a_replacement_shows_both_sides() {
        let mut sample = sample();
        sample.actions[0].replace_with = vec![Term::new("orders:amend")];
        assert!(said(&sample).contains("- orders:write  + orders:amend\n#   likely:"));
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
