//! Every fact behind the verdicts of one client.
//!
//! In: the view, a client, and one of its terms or none for all of them.
//! Out: plain lines, one fact each; a verdict to keep is explained like one to
//! remove.
//!
//! Invariants:
//! * numbers are exact, instants are UTC;
//! * nothing but escaped text is written.

mod guards;
pub(crate) mod json;
mod term;
mod traffic;

use std::io::{self, Write};

use super::View;
use super::difftext::days;
use super::evidence;
use super::screen::Screen;
use super::suspend::{self, silent_days};
use crate::analysis::minimum::Universe;
use crate::analysis::{ClientAnalysis, Served, TermAnalysis};
use crate::model::words::{either, plural};
use crate::model::{Day, Millis, Operation, Term};

/// Writes every fact about the client and its terms, or about one term.
///
/// `universe` is the catalogue of the view, compiled; lines are `width` columns wide
/// (kept within 60 to 200).
pub(crate) fn explain(
    (view, universe): (&View<'_>, &Universe),
    client: &ClientAnalysis,
    scope: Option<&Term>,
    out: &mut dyn Write,
    width: usize,
) -> io::Result<()> {
    let mut facts = Facts {
        screen: Screen::new(out, width),
        without: None,
    };
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
        term::about((view, universe), client, term, &mut facts)?;
    }
    facts.gap()?;
    traffic::traffic(view, client, &mut facts)
}

/// Writes the facts about one term, as [`explain`] does; where it is held is left out if it is
/// said elsewhere.
pub(crate) fn of_term(
    shown: (&View<'_>, &Universe),
    (client, term): (&ClientAnalysis, &TermAnalysis),
    places: bool,
    out: &mut dyn Write,
    width: usize,
) -> io::Result<()> {
    let mut facts = Facts {
        screen: Screen::new(out, width),
        without: (!places).then_some(HELD),
    };
    term::about(shown, client, term, &mut facts)
}

/// The label of the places where a term is held.
pub(crate) const HELD: &str = "held";

/// Facts as wrapped lines.
struct Facts<'w> {
    screen: Screen<'w>,
    /// Facts with this label are left out.
    without: Option<&'static str>,
}

impl Facts<'_> {
    fn gap(&mut self) -> io::Result<()> {
        self.screen.line("")
    }

    fn title(&mut self, text: &str) -> io::Result<()> {
        self.screen.whole("", text)
    }

    /// A label with its values, each on a line of its own; nothing when there is none.
    fn fact(&mut self, label: &str, values: impl IntoIterator<Item = String>) -> io::Result<()> {
        if self.without == Some(label) {
            return Ok(());
        }
        let mut label = label;
        for value in values {
            self.screen.whole(&format!("  {label:<13}"), &value)?;
            label = "";
        }
        Ok(())
    }

    fn one(&mut self, label: &str, value: impl Into<String>) -> io::Result<()> {
        self.fact(label, [value.into()])
    }
}

fn about(view: &View<'_>, client: &ClientAnalysis, facts: &mut Facts<'_>) -> io::Result<()> {
    let (window, exposure) = (view.analysis.window, client.exposure);
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
                    days(silent_days(view, client, last) as u64)
                )
            },
        ),
    )?;
    facts.one(
        "window",
        format!(
            "{}..{}, {} of {} with records",
            window.from,
            window.to,
            view.coverage.covered(window),
            plural(window.days(), "day")
        ),
    )?;
    facts.one("requests", client.requests.to_string())?;
    facts.fact("complete", evidence::unseen(&client.seen))?;
    facts.fact("advice", suspend::sentence(&view.analysis.basis, client))?;
    facts.one(
        "exposure",
        format!(
            "{:.3} now; {:.3} after safe, {:.3} after safe and likely, {:.3} after every removal; {:.3} was needed",
            exposure.before, exposure.after_safe, exposure.after_likely, exposure.after_all, exposure.needed
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
        format!(
            " ({} {} use)",
            served.used,
            either(served.used, "proves", "prove")
        )
    };
    format!("{}{proof}", plural(served.count, "request"))
}

/// The clauses of an operation's requirement: `a + b | c`.
fn requirement(view: &View<'_>, index: usize) -> String {
    let found = view.catalog.operations.get(index);
    found.map_or_else(|| "(not stated)".to_owned(), Operation::demands)
}

/// `2026-10-31 12:30 UTC`, cut to the minute.
fn instant(at: Millis) -> String {
    let (day, minutes) = (Day::of(at), (at - Day::of(at).start()).div_euclid(60_000));
    format!("{day} {:02}:{:02} UTC", minutes / 60, minutes % 60)
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
