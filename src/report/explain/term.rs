//! One term of one client: verdict, reasons, guards, use, and what a mistake would cost.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;

use super::guards::{self, Guard, State};
use super::{Facts, instant, operation, requirement};
use crate::analysis::minimum::Universe;
use crate::analysis::{ClientAnalysis, Status, TermAnalysis};
use crate::grants::history::SinceFrom;
use crate::model::words::plural;
use crate::model::{Day, Entry, Kind, Level, Operation, Reason, Term, Verdict, Via};
use crate::report::difftext::{age, days};
use crate::report::{View, evidence, possible};

/// Windows of the use counts, in days, as the analysis counts them.
const WINDOWS: [u32; 5] = [30, 60, 90, 180, 365];
/// Operations that are named when they would be refused.
const LOST: usize = 8;

pub(super) fn about(
    (view, universe): (&View<'_>, &Universe),
    client: &ClientAnalysis,
    term: &TermAnalysis,
    facts: &mut Facts<'_>,
) -> io::Result<()> {
    let verdict = match term.verdict {
        Verdict::Undetermined => "undetermined (cannot tell)",
        other => other.name(),
    };
    let details = [term.kind.map(Kind::name), term.level.map(Level::name)];
    let details: Vec<&str> = details.into_iter().flatten().collect();
    facts.title(&format!(
        "{}   {}",
        term.term,
        [&[verdict], &details[..]].concat().join("   ")
    ))?;
    facts.fact("because", term.sentences())?;
    facts.fact(
        super::HELD,
        term.vias.iter().map(|via| held(view, term, via)),
    )?;
    facts.one(
        "granted",
        term.since.map_or_else(
            || {
                let cut = term.since_from == Some(SinceFrom::GitBoundary);
                let why = if cut {
                    "the clone is shallow, and its history is too short to say since when"
                } else {
                    "the files do not say since when"
                };
                why.to_owned()
            },
            |since| {
                let age = age(since, view.analysis.window.to);
                let from = match term.since_from {
                    Some(SinceFrom::GitBlame) => ", by the commit of the line",
                    Some(SinceFrom::GitBoundary) => " or more: the shallow clone ends there",
                    Some(SinceFrom::Ledger) => ", first seen in the ledger",
                    Some(SinceFrom::GivenTable) => ", by --granted-since",
                    Some(SinceFrom::PolicyFile) => ", by the policy file",
                    Some(SinceFrom::Stated) => " or more, stated in the configuration",
                    None => "",
                };
                let since = match term.since_from {
                    Some(SinceFrom::Stated) => format!("before {since}"),
                    _ => format!("since {since}"),
                };
                format!("{since} ({age}{from})")
            },
        ),
    )?;
    rhythm(view, client, term, facts)?;
    facts.fact("regular", evidence::regular(term))?;
    let past = term.evidence.as_ref();
    facts.fact(
        "the past",
        past.map(|evidence| evidence::sentence(&view.analysis.basis, evidence)),
    )?;
    let guards = guards::guards(view, client, term);
    let shown = guards.iter().map(Guard::sentence);
    facts.fact("guards", shown)?;
    facts.fact("may need it", possible::held(term))?;
    facts.fact("strangers", possible::strangers(term))?;
    facts.fact("never seen", possible::unseen(view, term))?;
    let lost = lost(universe, client, term);
    facts.fact("if wrong", wrong(view, term, lost.as_ref()))?;
    facts.fact(
        "serves",
        term.serves.iter().map(|op| operation(view, client, *op)),
    )?;
    let witness = |op: &usize| {
        let span = client
            .needed
            .iter()
            .find(|served| served.operation == *op)
            .map(|served| format!(", {} to {}", instant(served.first), instant(served.last)));
        format!(
            "{}{}; it needs {}",
            operation(view, client, *op),
            span.unwrap_or_default(),
            requirement(view, *op)
        )
    };
    facts.fact("only it for", term.witness.iter().map(witness))?;
    facts.fact("narrower", term.replace_with.iter().map(Term::to_string))?;
    facts.fact(
        "in short",
        in_short(view, client, term, &guards, lost.as_ref()),
    )
}

/// Whether a removal or a narrower scope is proposed, at whatever level.
fn goes(term: &TermAnalysis) -> bool {
    matches!(term.verdict, Verdict::Remove | Verdict::Narrow) && term.level.is_some()
}

/// Operations that would answer 403 without the term alone; `None` when it stays.
pub(super) fn lost(
    universe: &Universe,
    client: &ClientAnalysis,
    term: &TermAnalysis,
) -> Option<BTreeSet<usize>> {
    goes(term).then(|| universe.lost_without(&term.term, &client.granted))
}

/// What a wrong removal does, and how it is undone.
fn wrong(view: &View<'_>, term: &TermAnalysis, lost: Option<&BTreeSet<usize>>) -> Vec<String> {
    let Some(lost) = lost else {
        return Vec::new();
    };
    let mut lines = vec![would_fail(lost.len())];
    let label = |op: &usize| {
        let found = view.catalog.operations.get(*op);
        found.map_or_else(|| format!("operation {op}"), Operation::label)
    };
    lines[0].push_str(if lost.is_empty() { "" } else { ":" });
    lines.extend(lost.iter().take(LOST).map(label));
    if lost.len() > LOST {
        lines.push(format!("and {} more", lost.len() - LOST));
    }
    lines.push(undo(term).to_owned());
    lines
}

fn would_fail(lost: usize) -> String {
    match lost {
        0 => "no operation would answer 403 for it alone: other held scopes permit all of them"
            .to_owned(),
        1 => "1 operation would answer 403".to_owned(),
        many => format!("{many} operations would answer 403"),
    }
}

fn undo(term: &TermAnalysis) -> &'static str {
    if term.level.is_some_and(|level| level < Level::Manual) {
        "`undo.diff` of `scopetrim analyze --out DIR` puts it back"
    } else {
        "nothing is edited automatically here, so the undo is manual too"
    }
}

/// The whole case in a few sentences: use, client, past, guards, what a mistake costs.
pub(super) fn in_short(
    view: &View<'_>,
    client: &ClientAnalysis,
    term: &TermAnalysis,
    guards: &[Guard],
    refused: Option<&BTreeSet<usize>>,
) -> Option<String> {
    let (refused, level) = (refused?, term.level?);
    let to = view.analysis.window.to;
    let mut text = format!("{} held by {}: {}. ", term.term, client.id, level.name());
    // Writing to a string cannot fail.
    let _ = match term.rhythm.last {
        None => write!(text, "Never used in the data read. "),
        Some(last) => write!(
            text,
            "Last used on {}, {} with records ago; {} in all on {}, longest silence between two: {}. ",
            Day::of(last),
            days(
                term.rhythm
                    .idle(&client.covered(view.coverage), to)
                    .unwrap_or(0)
                    .into()
            ),
            term.rhythm.total,
            days(term.rhythm.days.len() as u64),
            term.rhythm
                .longest_gap()
                .map_or_else(|| "unknown".to_owned(), |gap| days(gap.into())),
        ),
    };
    let _ = match (client.status, client.last_seen) {
        (Status::Active, Some(last)) => write!(
            text,
            "The client itself is active (last request {}). ",
            Day::of(last)
        ),
        (status, _) => write!(text, "The client itself is {}. ", status.name()),
    };
    if let Some(evidence) = &term.evidence {
        let _ = write!(
            text,
            "{}. ",
            evidence::sentence(&view.analysis.basis, evidence)
        );
    }
    let failed: Vec<String> = guards
        .iter()
        .filter(|guard| guard.state == State::Failed)
        .map(Guard::name)
        .collect();
    let passed = guards
        .iter()
        .filter(|guard| guard.state == State::Passed)
        .count();
    if failed.is_empty() && passed == guards.len() {
        let _ = write!(text, "Guards: all {passed} passed. ");
    } else {
        let _ = write!(text, "Guards: {passed} of {} passed", guards.len());
        if !failed.is_empty() {
            let _ = write!(text, ", failed: {}", failed.join(", "));
        }
        text.push_str(". ");
    }
    let _ = write!(
        text,
        "If wrong: {}; {}.",
        would_fail(refused.len()),
        undo(term)
    );
    Some(text)
}

/// `grants.yaml:30 through role admin (grants.yaml:44)`, and what else the lines say.
fn held(view: &View<'_>, term: &TermAnalysis, via: &Via) -> String {
    let entry = |place: (usize, usize)| view.policy.entry(place);
    let place = |at: (usize, usize)| {
        entry(at).map_or_else(
            || "unknown place".to_owned(),
            |entry| entry.place.to_string(),
        )
    };
    let own = (via.file, via.entry);
    let mut parts = vec![place(own)];
    parts.extend(entry(own).into_iter().flat_map(remarks));
    if term.reasons.contains(&Reason::RuleGrantsTogether) {
        let file = view.policy.files.get(via.file);
        let document = file.and_then(|file| file.document.as_ref());
        parts.extend(document.and_then(|document| document.rules_without(via.entry)));
    }
    if let Some(held) = &via.role {
        let given = held.place();
        parts[0] = format!("{} through role {} ({})", parts[0], held.role, place(given));
        parts.extend(entry(given).into_iter().flat_map(remarks));
    }
    parts.join(", ")
}

fn remarks(entry: &Entry) -> Vec<String> {
    let keep = entry.keep.as_ref().map(|keep| {
        let until = keep
            .until
            .map(|day| format!(" until {day}"))
            .unwrap_or_default();
        format!(
            "keep{until}: {}",
            keep.reason.as_deref().unwrap_or("no reason given")
        )
    });
    let optional = entry.optional.then(|| "optional".to_owned());
    let owner = entry.owner.as_ref().map(|owner| format!("owner {owner}"));
    let frozen = entry
        .frozen
        .as_ref()
        .map(|frozen| format!("cannot be edited: {frozen}"));
    [optional, owner, keep, frozen]
        .into_iter()
        .flatten()
        .collect()
}

fn rhythm(
    view: &View<'_>,
    client: &ClientAnalysis,
    term: &TermAnalysis,
    facts: &mut Facts<'_>,
) -> io::Result<()> {
    let (rhythm, to) = (&term.rhythm, view.analysis.window.to);
    let covered = client.covered(view.coverage);
    let (Some(first), Some(last)) = (rhythm.first, rhythm.last) else {
        // Never seen and never visible are not the same.
        let unseen = term.verdict == Verdict::Unobservable;
        let text = if unseen {
            "no request can show it"
        } else {
            "never in the data read"
        };
        return facts.one("used", text);
    };
    facts.one(
        "used",
        format!("first {}, last {}", instant(first), instant(last)),
    )?;
    facts.one(
        "",
        format!(
            "{} on {}",
            plural(rhythm.total, "request"),
            days(rhythm.days.len() as u64)
        ),
    )?;
    let counts: Vec<String> = WINDOWS
        .iter()
        .zip(rhythm.uses)
        .map(|(back, uses)| format!("{back} d: {uses}"))
        .collect();
    facts.one("uses", counts.join("   "))?;
    let longest = rhythm.longest_gap().map_or_else(
        || "unknown (one day of use)".to_owned(),
        |gap| days(gap.into()),
    );
    let idle = days(rhythm.idle(&covered, to).unwrap_or(0).into());
    facts.one(
        "silence",
        format!("longest {longest}, now {idle} with records"),
    )
}
