//! One line for each client, level and kind of removal.
//!
//! In: the view. Out: rows, the safest level first, and within a level the client whose exposure
//! falls most.
//!
//! Invariants:
//! * a row that a person has to look at names what holds it back;
//! * the youngest grant of a row gives its date.

use std::collections::{BTreeMap, BTreeSet};

use super::View;
use super::escape;
use super::evidence::days_of_data;
use super::statistics::{ranked, removable};
use super::suspend::silent_days;
use crate::analysis::{ClientAnalysis, Status, TermAnalysis};
use crate::grants::history::SinceFrom;
use crate::model::words::{first, plural};
use crate::model::{Day, Kind, Level, Reason};

/// Columns of a scope that a row names.
const NAME: usize = 60;
/// Reasons that a row names.
const REASONS: usize = 2;

/// One line of the first screen.
pub(super) struct Row<'a> {
    pub(super) level: Level,
    pub(super) client: &'a str,
    /// The same in several lengths, the longest first: one that fits on a line is taken.
    texts: Vec<String>,
}

impl Row<'_> {
    /// The longest text that fits into so many columns, or the shortest.
    pub(super) fn text(&self, room: usize) -> &str {
        let fits = |text: &&String| escape::columns(text) <= room;
        let text = self.texts.iter().find(fits).or(self.texts.last());
        text.map(String::as_str).unwrap_or_default()
    }
}

/// All rows of the view.
pub(super) fn rows<'a>(view: &View<'a>) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for client in ranked(view) {
        let mut groups: BTreeMap<(Level, Kind, bool), Vec<&TermAnalysis>> = BTreeMap::new();
        for term in &client.terms {
            let Some(level) = removable(view, term) else {
                continue;
            };
            let key = (
                level,
                term.kind.unwrap_or(Kind::Unused),
                term.rhythm.last.is_some(),
            );
            groups.entry(key).or_default().push(term);
        }
        let mut advice = whole(view, client);
        for ((level, kind, _), terms) in groups {
            let why = match advice.take() {
                Some(advice) => format!("; {advice}"),
                None if level >= Level::Review => held_back(&terms),
                None => String::new(),
            };
            rows.push(Row {
                level,
                client: client.id.as_str(),
                texts: texts(view, kind, &terms, &why),
            });
        }
    }
    // The order of the clients stays within a level.
    rows.sort_by_key(|row| row.level);
    rows
}

/// `26 scopes never used in 396 days, held since 2025-01-15`, and what is shorter: first the
/// date is left out, then the name of an only scope.
fn texts(view: &View<'_>, kind: Kind, terms: &[&TermAnalysis], why: &str) -> Vec<String> {
    let count = plural(terms.len(), "scope");
    let name = match terms {
        [only] => escape::cut(only.term.as_str(), NAME),
        _ => count.clone(),
    };
    let last = terms.iter().filter_map(|term| term.rhythm.last).max();
    let how = match (kind, last) {
        (Kind::Redundant, _) => "not needed beside the other scopes".to_owned(),
        (Kind::Broad, _) => "broader than needed".to_owned(),
        (Kind::Unused, Some(last)) => format!("last used {}", Day::of(last)),
        (Kind::Unused, None) => format!("never used in {}", days_of_data(&view.analysis.basis)),
    };
    let held = held(terms);
    let text = |what: &str, held: &str| format!("{what} {how}{held}{why}");
    vec![
        text(&name, &held),
        text(&name, ""),
        text(&count, &held),
        text(&count, ""),
    ]
}

/// `, held since 2025-01-15`; nothing where a grant has no date.
fn held(terms: &[&TermAnalysis]) -> String {
    let dates: Option<BTreeSet<(Day, Option<SinceFrom>)>> = terms
        .iter()
        .map(|term| Some((term.since?, term.since_from)))
        .collect();
    let Some(dates) = dates else {
        return String::new();
    };
    match (dates.len(), dates.last()) {
        (1, Some((since, from))) => {
            let vague = matches!(from, Some(SinceFrom::GitBoundary | SinceFrom::Stated));
            format!(
                ", held since {since}{}",
                if vague { " or longer" } else { "" }
            )
        }
        (_, Some((since, _))) => format!(", held since {since} or longer"),
        (_, None) => String::new(),
    }
}

/// `; no date, protected`: what keeps it from a safer level.
fn held_back(terms: &[&TermAnalysis]) -> String {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    let reasons = terms.iter().flat_map(|term| &term.reasons);
    for short in reasons.filter_map(|reason| short(*reason)) {
        *counts.entry(short).or_default() += 1;
    }
    let mut reasons: Vec<(&'static str, usize)> = counts.into_iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let names: Vec<&str> = reasons.iter().map(|(name, _)| *name).collect();
    if names.is_empty() {
        String::new()
    } else {
        format!("; {}", first(&names, REASONS))
    }
}

/// What to do about a client that is silent as a whole.
fn whole(view: &View<'_>, client: &ClientAnalysis) -> Option<String> {
    let level = client.suspend.as_ref().map(|found| found.level.name());
    let advice = level.map_or_else(String::new, |level| format!(": suspend it ({level})"));
    match client.status {
        Status::Silent => {
            let silent = client
                .last_seen
                .map_or(0, |last| silent_days(view, client, last));
            let days = plural(silent, "day");
            Some(format!("client silent for {days}{advice}"))
        }
        Status::Dormant => Some(format!("client never seen{advice}")),
        Status::DeniedOnly => Some("every request was refused".to_owned()),
        Status::Unknown | Status::Active => None,
    }
}

/// The reason in a few words; `None` for what made it removable, which the row says already.
fn short(reason: Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::Needed
        | Reason::NeverUsed
        | Reason::NotUsedInWindow
        | Reason::OthersSuffice
        | Reason::NarrowerSuffices => return None,
        Reason::PatternGivenUp | Reason::NarrowerIsPattern => "a pattern",
        Reason::OnlyAttempted => "seen in failed requests only",
        Reason::DeniedThoughGranted => "refused although granted",
        Reason::ProtocolScope | Reason::OpensNoOperation | Reason::NotRecorded => {
            "no request can show it"
        }
        Reason::PartialInput => "incomplete input",
        Reason::NoData => "no log records",
        Reason::HistoryTooShort => "fewer than 90 days of logs",
        Reason::DaysMissing | Reason::SourceMissing => "days without records",
        Reason::GrantTooYoung => "granted less than 90 days ago",
        Reason::GrantAgeUnknown => "no date in the policy",
        Reason::StillInRhythm | Reason::Calendar => "its next use may be due",
        Reason::SeasonNotSeen => "the coming season is not in the logs",
        Reason::UsedThisSeasonLastYear | Reason::SeasonOfTheFleet => {
            "used at this season last year"
        }
        Reason::Protected => "protected by the owner",
        Reason::ClientSilent => "the client is silent",
        Reason::NameNotProven => "unknown callers may be this client",
        Reason::NeededInWindow => "needed within the window",
        Reason::SharedRequirement => "not all removals together",
        Reason::StaticNeed => "stated as needed",
        Reason::TooFewSimilar => "too few similar grants",
        Reason::ComesBack => "such grants often come back",
        Reason::PastRemovalsFailed | Reason::BacktestBrake => "earlier advice failed",
        Reason::Exception => "an exception",
        Reason::SharedRole => "another member needs the role",
        Reason::RoleMemberUnknown => "no data of a member of the role",
        Reason::RoleMemberLessSafe | Reason::RoleScopeLessSafe => {
            "the role as a whole is less safe"
        }
        Reason::RuleGrantsTogether => "one rule grants more than this",
        Reason::PossibleNeed => "uncertain requests may need it",
        Reason::OperationNeverSeen => "nobody was seen on its operation",
        Reason::Sampled => "the log is a sample",
        Reason::UnmatchedTraffic => "requests that match no operation",
        Reason::CountedAsAnother => "an older catalogue merged its operation",
        Reason::UsedWithoutGrant => "used what is not granted",
        Reason::OptionalAuthentication => "anonymous callers are let in",
        Reason::RequirementUnknown => "an operation states no scope",
        Reason::NotProvenMinimal => "not proven to be minimal",
        Reason::NotEditable => "the file cannot be edited here",
        Reason::CommentAffected => "the line has a comment",
    })
}
