//! One term that a client holds, as every file of the monthly report shows it.
//!
//! Nothing is copied: what the analysis says is read in [`TermView::found`], and what follows
//! from it is computed where it is shown. The page reads it by the keys of its `Serialize`.

use std::collections::BTreeSet;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use crate::analysis::landmark::Odds;
use crate::analysis::{ClientAnalysis, DaySet, TermAnalysis};
use crate::model::words;
use crate::model::{Day, Kind, Level, Operation, Place, Reason, Scope, Verdict, Window};
use crate::report::View;
use crate::report::monthly::id;

/// One term of one client.
#[derive(Clone, Copy)]
pub struct TermView<'a> {
    view: &'a View<'a>,
    /// Who holds it.
    pub client: &'a ClientAnalysis,
    /// What the analysis says of it.
    pub found: &'a TermAnalysis,
}

impl<'a> TermView<'a> {
    /// Each term that the client holds, in the order of names.
    pub fn all(
        view: &'a View<'a>,
        client: &'a ClientAnalysis,
    ) -> impl Iterator<Item = Self> + Clone {
        let terms = client.terms.iter();
        terms.map(move |found| Self {
            view,
            client,
            found,
        })
    }

    /// As the policy file spells it.
    pub fn name(&self) -> &'a str {
        self.found.term.as_str()
    }

    /// Stable id, when something is recommended.
    pub fn id(&self) -> Option<String> {
        let kind = self.found.kind?;
        Some(id(self.client.id.as_str(), self.name(), kind.name()))
    }

    /// Whether its owner protects it.
    pub fn is_protected(&self) -> bool {
        self.found.reasons.contains(&Reason::Protected)
    }

    /// Whether its removal is up to the chosen level. What its owner protects is never for now,
    /// whatever the level.
    pub fn goes_now(&self) -> bool {
        let chosen = self.found.level.is_some_and(|own| own <= self.view.level);
        self.found.verdict == Verdict::Remove && chosen && !self.is_protected()
    }

    /// The roles it comes through.
    pub fn roles(&self) -> BTreeSet<&'a str> {
        let vias = self.found.vias.iter();
        vias.filter_map(|via| Some(via.role.as_ref()?.role.as_str()))
            .collect()
    }

    /// Where it is written.
    pub fn places(&self) -> Vec<&'a Place> {
        let files = &self.view.policy.files;
        let vias = self.found.vias.iter();
        vias.filter_map(|via| Some(&files.get(via.file)?.entries.get(via.entry)?.place))
            .collect()
    }

    /// Days of the window with use.
    pub fn days_used(&self) -> usize {
        let Window { from, to } = self.view.analysis.window;
        self.found.rhythm.days.range(from..=to).count()
    }

    /// Covered days since the last use.
    pub fn idle_days(&self) -> Option<u32> {
        let covered = self.client.covered(self.view.coverage);
        let to = self.view.analysis.window.to;
        self.found.rhythm.idle(&covered, to)
    }

    /// Requests of the window that it could serve.
    pub fn uses(&self) -> u64 {
        let needed = self.client.needed.iter();
        needed
            .filter(|served| self.found.serves.contains(&served.operation))
            .map(|served| served.count)
            .sum()
    }

    /// The chance that it is used again, from the past.
    pub fn p(&self) -> Option<f64> {
        self.odds().map(|own| words::rounded_up(own.p, 6))
    }

    /// The upper bound of that chance.
    pub fn upper(&self) -> Option<f64> {
        self.odds().map(|own| words::rounded_up(own.upper, 6))
    }

    fn odds(&self) -> Option<&'a Odds> {
        self.found.evidence.as_ref().map(|own| &own.odds)
    }

    /// Why it can go, in one phrase.
    pub fn evidence(&self) -> String {
        let to = self.view.analysis.window.to;
        let used = match self.found.rhythm.last.map(Day::of) {
            None if self.found.verdict == Verdict::Unobservable => {
                "no request can show it".to_owned()
            }
            None => {
                let covered = self.client.covered(self.view.coverage);
                let covered = covered.range(..=to).count() as u64;
                format!(
                    "never used in {} with records",
                    words::plural_grouped(covered, "day")
                )
            }
            Some(last) => match self.idle_days().unwrap_or(0) {
                0 => format!("last used {last}"),
                idle => format!(
                    "last used {last}, idle {}",
                    words::plural_grouped(idle.into(), "day")
                ),
            },
        };
        let since = match self.found.since {
            Some(since) => format!("held since {since}"),
            None => "held since an unknown day".to_owned(),
        };
        let past = self.odds().map(past);
        let facts = [Some(used), Some(since), past];
        facts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    /// Operations that only it permits in the minimal set, with what they ask for.
    fn witness(&self) -> Vec<String> {
        let operations = &self.view.catalog.operations;
        let witness = self.found.witness.iter();
        witness
            .map(|number| operations.get(*number).map_or_else(String::new, asked))
            .collect()
    }

    /// Runs of days with use: the first day of the window is 0, then the length.
    pub fn runs(&self) -> Vec<(u32, u32)> {
        runs(&self.found.rhythm.days, self.view.analysis.window)
    }
}

/// What the page shows of it.
impl Serialize for TermView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let found = self.found;
        let mut own = serializer.serialize_struct("TermView", 15)?;
        own.serialize_field("id", &self.id())?;
        own.serialize_field("client", &self.client.id)?;
        own.serialize_field("term", &found.term)?;
        own.serialize_field("via", &self.roles())?;
        own.serialize_field("places", &self.places())?;
        own.serialize_field("verdict", found.verdict.name())?;
        own.serialize_field("kind", &found.kind.map(Kind::name))?;
        own.serialize_field("level", &found.level.map(Level::name))?;
        own.serialize_field("reasons", &found.sentences())?;
        own.serialize_field("last_used", &found.rhythm.last.map(Day::of))?;
        own.serialize_field("days_used", &self.days_used())?;
        own.serialize_field("uses", &self.uses())?;
        own.serialize_field("evidence", &self.evidence())?;
        own.serialize_field("witness", &self.witness())?;
        own.serialize_field("replace_with", &found.replace_with)?;
        own.end()
    }
}

/// An operation with what it asks for: any of several sets of scopes.
fn asked(operation: &Operation) -> String {
    let (label, clauses) = (operation.label(), operation.requirement.clauses());
    let any: Vec<String> = clauses
        .iter()
        .take(4)
        .map(|all| {
            let all: Vec<&str> = all.iter().map(Scope::as_str).collect();
            all.join(" and ")
        })
        .collect();
    match clauses.len().saturating_sub(any.len()) {
        _ if any.is_empty() => label,
        0 => format!("{label}, which asks for {}", any.join(", or ")),
        more => format!(
            "{label}, which asks for {}, or {more} others",
            any.join(", or ")
        ),
    }
}

/// What grants that looked like it did.
fn past(odds: &Odds) -> String {
    if odds.similar == 0 {
        return "no similar grants to compare with".to_owned();
    }
    format!(
        "{} similar, {} used again ({})",
        words::grouped(odds.similar.into()),
        words::grouped(odds.reused.into()),
        words::percent_up(words::rounded_up(odds.p, 6))
    )
}

fn runs(days: &DaySet, window: Window) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for day in days.range(window.from..=window.to) {
        let at = u32::try_from(day.0 - window.from.0).unwrap_or(0);
        match runs.last_mut() {
            Some((from, length)) if *from + *length == at => *length += 1,
            _ => runs.push((at, 1)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_follow_each_other_are_one_run_and_days_outside_are_none() {
        let days: DaySet = [8, 10, 11, 12, 20].map(Day).into_iter().collect();
        let window = Window {
            from: Day(10),
            to: Day(20),
        };
        assert_eq!(runs(&days, window), [(0, 3), (10, 1)]);
    }
}
