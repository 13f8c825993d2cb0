//! The ten guards of a removal, each with its number, passed or failed.
//!
//! In: the view, a client and one of its terms. Out: G1 to G10 in order, or nothing
//! for a term that stays, for which no guard was asked.
//!
//! Invariant: a guard is failed exactly when the analysis left its reason; the
//! figures next to it are those that the analysis looked at.

use crate::analysis::{ClientAnalysis, Period, Status, TermAnalysis};
use crate::grants::history::SinceFrom;
use crate::model::{Day, Kind, Reason, Verdict, Window};
use crate::report::View;
use crate::report::difftext::{age, days};

/// Days of guard G1.
const DAYS: u32 = 90;

/// How a guard came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Passed,
    Failed,
    /// Something else had decided before.
    NotReached,
}

impl State {
    /// The name used in every output.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotReached => "not_reached",
        }
    }
}

/// One guard.
pub(super) struct Guard {
    number: u8,
    pub(super) title: &'static str,
    pub(super) state: State,
    /// What it looked at.
    pub(super) text: String,
}

impl Guard {
    /// `G1`.
    pub(super) fn name(&self) -> String {
        format!("G{}", self.number)
    }

    /// `G1 coverage: 90 of the last 90 days have records: passed`.
    pub(super) fn sentence(&self) -> String {
        let state = match self.state {
            State::NotReached => "not reached",
            other => other.name(),
        };
        format!("G{} {}: {}: {state}", self.number, self.title, self.text)
    }
}

/// Reasons that do not keep the last guards from being asked.
fn lets_pass(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::NeverUsed
            | Reason::NotUsedInWindow
            | Reason::SeasonNotSeen
            | Reason::UsedThisSeasonLastYear
            | Reason::PastRemovalsFailed
            | Reason::UnmatchedTraffic
            | Reason::SharedRequirement
            | Reason::BacktestBrake
            | Reason::SharedRole
            | Reason::RoleMemberUnknown
            | Reason::RoleMemberLessSafe
            | Reason::RoleScopeLessSafe
            | Reason::RuleGrantsTogether
            | Reason::NotEditable
    )
}

/// G1 to G10 of a removal or of a narrower scope.
pub(super) fn guards(view: &View<'_>, client: &ClientAnalysis, term: &TermAnalysis) -> Vec<Guard> {
    let asked = matches!(term.verdict, Verdict::Remove | Verdict::Narrow) && term.level.is_some();
    if !asked {
        return Vec::new();
    }
    let by_past = term.kind == Some(Kind::Unused)
        && term.evidence.is_some()
        && term.reasons.iter().all(|reason| lets_pass(*reason));
    let guard = |number: u8, title, reasons: &[Reason], text: String| {
        let found: Vec<&str> = reasons
            .iter()
            .filter(|reason| term.reasons.contains(reason))
            .map(|reason| reason.sentence())
            .collect();
        let state = if !found.is_empty() {
            State::Failed
        } else if number == 8 && !by_past {
            State::NotReached
        } else {
            State::Passed
        };
        let text = match state {
            State::Failed => format!("{text} ({})", found.join("; ")),
            State::NotReached => "something else had decided before".to_owned(),
            State::Passed => text,
        };
        Guard {
            number,
            title,
            state,
            text,
        }
    };
    vec![
        guard(
            1,
            "coverage",
            &[
                Reason::HistoryTooShort,
                Reason::DaysMissing,
                Reason::SourceMissing,
            ],
            coverage(view, client),
        ),
        guard(
            2,
            "age",
            &[Reason::GrantAgeUnknown, Reason::GrantTooYoung],
            granted(view, term),
        ),
        guard(
            3,
            "rhythm",
            &[Reason::StillInRhythm],
            rhythm(view, client, term),
        ),
        guard(
            4,
            "season",
            &[
                Reason::SeasonNotSeen,
                Reason::UsedThisSeasonLastYear,
                Reason::SeasonOfTheFleet,
            ],
            season(view, term),
        ),
        guard(5, "calendar", &[Reason::Calendar], calendar(term)),
        guard(
            6,
            "protected",
            &[Reason::Protected],
            "patterns of `protected`".to_owned(),
        ),
        guard(
            7,
            "together",
            &[Reason::SharedRequirement],
            "what stays after all removals of the client, against what was needed".to_owned(),
        ),
        guard(
            8,
            "past removals",
            &[Reason::PastRemovalsFailed],
            "what the same method would have removed earlier, against what was used".to_owned(),
        ),
        guard(
            9,
            "whole client",
            &[Reason::ClientSilent],
            alive(client, term),
        ),
        guard(
            10,
            "stated need",
            &[Reason::StaticNeed],
            "patterns of `needs`".to_owned(),
        ),
    ]
}

fn coverage(view: &View<'_>, client: &ClientAnalysis) -> String {
    let to = view.analysis.window.to;
    let basis = &view.analysis.basis;
    let last = Window::ending(to, DAYS.min(basis.days.max(1)));
    let absent = match client.absent.range(last.from..=last.to).count() {
        0 => String::new(),
        count => {
            format!(" ({count} of them without a record from a source that carries the client)")
        }
    };
    format!(
        "{} of the last {} have records{absent}, {} of {} in all",
        view.coverage.covered(last),
        days(last.days().into()),
        basis.covered,
        days(basis.days.into())
    )
}

fn granted(view: &View<'_>, term: &TermAnalysis) -> String {
    term.since.map_or_else(
        || "since an unknown day".to_owned(),
        |since| {
            let to = view.analysis.window.to;
            let (before, or) = match term.since_from {
                Some(SinceFrom::GitBoundary) => ("", " or earlier"),
                Some(SinceFrom::Stated) => ("before ", ", as the configuration states"),
                _ => ("", ""),
            };
            format!(
                "granted {before}{since}{or}, {} before the end",
                age(since, to)
            )
        },
    )
}

fn rhythm(view: &View<'_>, client: &ClientAnalysis, term: &TermAnalysis) -> String {
    let to = view.analysis.window.to;
    match (
        term.rhythm.idle(&client.covered(view.coverage), to),
        term.rhythm.longest_gap(),
    ) {
        (None, _) => "never used".to_owned(),
        (Some(idle), None) => format!("silent for {}, used on one day", days(idle.into())),
        (Some(idle), Some(gap)) => format!(
            "silent for {} with records, longest silence before {}",
            days(idle.into()),
            days(gap.into())
        ),
    }
}

fn season(view: &View<'_>, term: &TermAnalysis) -> String {
    let from = view.coverage.span().map_or_else(
        || "no logs".to_owned(),
        |span| format!("logs from {}", span.from),
    );
    match term.rhythm.days.last() {
        Some(last) => format!("{from}, last used {last}"),
        None => format!("{from}, never used"),
    }
}

fn calendar(term: &TermAnalysis) -> String {
    Period::find(&term.rhythm.days).map_or_else(
        || "no regular use".to_owned(),
        |period| format!("runs {}", period.words),
    )
}

fn alive(client: &ClientAnalysis, term: &TermAnalysis) -> String {
    match (client.status, client.last_seen) {
        (Status::Active, Some(last)) => format!("active, last request {}", Day::of(last)),
        (status, _) => match &client.suspend {
            Some(suspension) if !term.reasons.contains(&Reason::ClientSilent) => format!(
                "{}, and its requests would be seen; to suspend it as a whole: {}",
                status.name(),
                suspension.level.name()
            ),
            _ => status.name().to_owned(),
        },
    }
}
