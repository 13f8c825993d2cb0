//! Every fact behind the verdicts of one client.
//!
//! In: the view, a client, and one of its terms or none for all of them.
//! Out: plain lines, one fact each; a verdict to keep is explained like one to
//! remove.
//!
//! Invariants:
//! * numbers are exact, instants are UTC;
//! * nothing but escaped text is written.

use std::io::{self, Write};

use super::View;
use super::difftext::{age, days};
use super::escape;
use super::evidence;
use super::terminal::silent_days;
use crate::analysis::{ClientAnalysis, Served, Status, TermAnalysis};
use crate::catalog::matcher::Route;
use crate::grants::history::SinceFrom;
use crate::model::{Day, Entry, Kind, Level, Millis, Operation, Requirement, Term, Verdict, Via};
use crate::usage::UNMATCHED;

/// Windows of the use counts, in days, as the analysis counts them.
const WINDOWS: [u32; 5] = [30, 60, 90, 180, 365];

/// Writes every fact about the client and its terms, or about one term.
pub fn explain(
    view: &View<'_>,
    client: &ClientAnalysis,
    scope: Option<&Term>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut facts = Facts { out };
    facts.title(client.id.as_str())?;
    about(view, client, &mut facts)?;
    let mut terms = client
        .terms
        .iter()
        .filter(|term| scope.is_none_or(|scope| *scope == term.term))
        .peekable();
    if let (Some(scope), None) = (scope, terms.peek()) {
        facts.gap()?;
        facts.title(&format!("{scope} is not held by {}", client.id))?;
        facts.fact("holds", client.granted.iter().map(Term::to_string))?;
    }
    for term in terms {
        facts.gap()?;
        about_term(view, client, term, &mut facts)?;
    }
    facts.gap()?;
    traffic(view, client, &mut facts)
}

struct Facts<'w> {
    out: &'w mut dyn Write,
}

impl Facts<'_> {
    fn gap(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    fn title(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", escape::terminal(text))
    }

    /// A label with its values, one on each line; nothing when there is none.
    fn fact(&mut self, label: &str, values: impl IntoIterator<Item = String>) -> io::Result<()> {
        let mut label = label;
        for value in values {
            writeln!(self.out, "  {label:<13}{}", escape::terminal(&value))?;
            label = "";
        }
        Ok(())
    }

    fn one(&mut self, label: &str, value: impl Into<String>) -> io::Result<()> {
        self.fact(label, [value.into()])
    }
}

fn about(view: &View<'_>, client: &ClientAnalysis, facts: &mut Facts<'_>) -> io::Result<()> {
    let (window, own) = (view.analysis.window, client.exposure);
    facts.fact("incomplete", view.incomplete.iter().cloned())?;
    facts.one("status", client.status.name())?;
    facts.one(
        "last seen",
        client.last_seen.map_or_else(
            || "never in the data read".to_owned(),
            |last| {
                format!(
                    "{}, then {} with records and without a request",
                    instant(last),
                    days(silent_days(view, last) as u64)
                )
            },
        ),
    )?;
    facts.one(
        "window",
        format!(
            "{}..{}, {} of {} days have records",
            window.from,
            window.to,
            view.coverage.covered(window),
            window.days()
        ),
    )?;
    facts.one("requests", client.requests.to_string())?;
    facts.fact("complete", evidence::unseen(&client.seen))?;
    facts.fact("advice", advice(client))?;
    facts.one(
        "exposure",
        format!(
            "{:.3} now; {:.3} after safe, {:.3} after safe and likely, {:.3} after every removal; {:.3} was needed",
            own.before, own.after_safe, own.after_likely, own.after_all, own.needed
        ),
    )?;
    let minimal: Vec<String> = client.minimal.iter().map(Term::to_string).collect();
    facts.one(
        "minimal set",
        if minimal.is_empty() {
            "empty".to_owned()
        } else {
            minimal.join(", ")
        },
    )?;
    facts.one(
        "proof",
        match (&client.gap, client.minimal_proven) {
            (_, true) => "nothing smaller permits what was needed".to_owned(),
            (Some(gap), false) => format!("not proven minimal: {gap}"),
            (None, false) => "not proven minimal".to_owned(),
        },
    )
}

fn advice(client: &ClientAnalysis) -> Option<String> {
    matches!(client.status, Status::Silent | Status::Dormant).then(|| {
        "suspend the client, which is easy to undo, instead of removing its scopes one by one"
            .to_owned()
    })
}

fn about_term(
    view: &View<'_>,
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
    facts.fact(
        "because",
        term.reasons
            .iter()
            .map(|reason| reason.sentence().to_owned()),
    )?;
    facts.fact("held", term.vias.iter().map(|via| held(view, via)))?;
    facts.one(
        "granted",
        term.since.map_or_else(
            || "the files do not say since when".to_owned(),
            |since| {
                let from = match term.since_from {
                    Some(SinceFrom::GitBlame) => ", by the commit of the line",
                    Some(SinceFrom::Ledger) => ", first seen in the ledger",
                    Some(SinceFrom::GivenTable) => ", by --granted-since",
                    Some(SinceFrom::PolicyFile) | None => "",
                };
                let age = age(since, view.analysis.window.to);
                format!("since {since} ({age}{from})")
            },
        ),
    )?;
    rhythm(view, term, facts)?;
    facts.fact("regular", evidence::regular(term))?;
    let past = term.evidence.as_ref();
    facts.fact(
        "the past",
        past.map(|own| evidence::sentence(&view.analysis.basis, own)),
    )?;
    let undo = "`undo.diff` of `scopetrim analyze --out DIR` puts it back";
    let edits = term.level.is_some_and(|level| level < Level::Manual);
    facts.fact("if wrong", edits.then(|| undo.to_owned()))?;
    facts.fact(
        "serves",
        term.serves.iter().map(|op| operation(view, client, *op)),
    )?;
    facts.fact(
        "only it for",
        term.witness.iter().map(|op| operation(view, client, *op)),
    )?;
    facts.fact("narrower", term.replace_with.iter().map(Term::to_string))
}

/// `grants.yaml:30 through role admin (grants.yaml:44)`, and what the lines say beside.
fn held(view: &View<'_>, via: &Via) -> String {
    let entries = view
        .policy
        .files
        .get(via.file)
        .map_or(&[][..], |file| &file.entries);
    let place = |index: usize| {
        entries.get(index).map_or_else(
            || "unknown place".to_owned(),
            |entry| entry.place.to_string(),
        )
    };
    let mut parts = vec![place(via.entry)];
    parts.extend(entries.get(via.entry).into_iter().flat_map(remarks));
    if let Some((role, membership)) = &via.role {
        parts[0] = format!("{} through role {role} ({})", parts[0], place(*membership));
        parts.extend(entries.get(*membership).into_iter().flat_map(remarks));
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

fn rhythm(view: &View<'_>, term: &TermAnalysis, facts: &mut Facts<'_>) -> io::Result<()> {
    let (own, covered, to) = (&term.rhythm, &view.coverage.days, view.analysis.window.to);
    let (Some(first), Some(last)) = (own.first, own.last) else {
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
        format!("{} requests on {}", own.total, days(own.days.len() as u64)),
    )?;
    let counts: Vec<String> = WINDOWS
        .iter()
        .zip(own.uses)
        .map(|(back, uses)| format!("{back} d: {uses}"))
        .collect();
    facts.one("uses", counts.join("   "))?;
    let longest = own.longest_gap().map_or_else(
        || "unknown (one day of use)".to_owned(),
        |gap| days(gap.into()),
    );
    let idle = days(own.idle(covered, to).unwrap_or(0).into());
    facts.one(
        "silence",
        format!("longest {longest}, now {idle} with records"),
    )
}

fn operation(view: &View<'_>, client: &ClientAnalysis, index: usize) -> String {
    let label = view
        .catalog
        .operations
        .get(index)
        .map_or_else(|| format!("operation {index}"), Operation::label);
    client
        .needed
        .iter()
        .find(|served| served.operation == index)
        .map_or_else(
            || label.clone(),
            |served| format!("{label}  {}", counted(served)),
        )
}

fn counted(served: &Served) -> String {
    let proof = if served.used == served.count {
        String::new()
    } else {
        format!(" ({} prove use)", served.used)
    };
    format!("{} requests{proof}", served.count)
}

fn traffic(view: &View<'_>, client: &ClientAnalysis, facts: &mut Facts<'_>) -> io::Result<()> {
    facts.title("traffic in the window")?;
    let needed = client.needed.iter().map(|served| {
        let (first, last) = (instant(served.first), instant(served.last));
        format!(
            "{}  {first} to {last}",
            operation(view, client, served.operation)
        )
    });
    facts.fact("needed", needed)?;
    if client.needed.is_empty() {
        facts.one("needed", "nothing that the grants permit")?;
    }
    let denied = client.denied.iter().map(|(index, count, granted)| {
        let why = match (*index, granted) {
            (UNMATCHED, _) => "",
            (_, true) => ", although its grants permit it",
            (route, false) if asks_nothing(view, route) => {
                ", though the catalogue states no scope for it"
            }
            (_, false) => ", not granted",
        };
        format!("{}  {count} refused{why}", route(view, *index))
    });
    facts.fact("denied", denied)?;
    let beyond = client.without_grant.iter();
    facts.fact(
        "not granted",
        beyond.map(|(index, count)| format!("{}  {count} requests passed", route(view, *index))),
    )?;
    if client.unmatched_requests > 0 || !client.unmatched.is_empty() {
        facts.one(
            "unmatched",
            format!(
                "{} requests match no operation and may have needed a scope",
                client.unmatched_requests
            ),
        )?;
    }
    let clusters = client.unmatched.iter();
    facts.fact(
        "",
        clusters.map(|own| {
            format!(
                "{} {}  {} passed, {} refused or anonymous",
                own.method, own.path, own.need, own.other
            )
        }),
    )
}

/// No scope is asked for, or the catalogue does not say: "not granted" would be wrong.
fn asks_nothing(view: &View<'_>, route: u32) -> bool {
    let operations = view
        .routes
        .get(route as usize)
        .map_or(&[][..], |route| &route.operations);
    let open = |op: &usize| {
        let found = view.catalog.operations.get(*op);
        found
            .is_none_or(|op| op.requirement.is_open() || op.requirement == Requirement::Unspecified)
    };
    operations.iter().any(open)
}

fn route(view: &View<'_>, index: u32) -> String {
    if index == UNMATCHED {
        return "(no operation of the catalogue)".to_owned();
    }
    view.routes
        .get(index as usize)
        .map_or_else(|| format!("route {index}"), Route::label)
}

/// `2026-10-31 12:30 UTC`, cut to the minute.
fn instant(at: Millis) -> String {
    let (day, minutes) = (Day::of(at), (at - Day::of(at).start()).div_euclid(60_000));
    format!("{day} {:02}:{:02} UTC", minutes / 60, minutes % 60)
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
