//! What an earlier review decided, as far as it still holds.
//!
//! In: the items of today, and the record. Out: decisions that hold; those that are asked again;
//! those about what is not proposed any more.
//!
//! Invariants:
//! * a decision holds only for the evidence that it was made on, and a deferral until its day;
//! * nothing that was decided is forgotten before it is decided anew.

use std::collections::BTreeMap;

use super::items::{Item, Name, name};
use super::session::Session;
use crate::model::Day;
use crate::report::plan::Plan;
use crate::report::review::{Choice, Decision, Line, Record, SCHEMA};

/// An earlier review, laid over the items of today.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resumed {
    /// For each item the decision that holds.
    pub decisions: Vec<Option<Decision>>,
    /// For each item the decision that is asked again.
    pub earlier: Vec<Option<Decision>>,
    /// For each item the lines of that decision.
    outdated: Vec<Vec<Line>>,
    /// What is not proposed any more.
    pub gone: Vec<Line>,
}

/// Lays a record over the items.
pub(crate) fn resume(items: &[Item], record: Option<Record>, as_of: Day) -> Resumed {
    let mut known: BTreeMap<Name, Line> = BTreeMap::new();
    if let Some(record) = record {
        let lines = record.decisions.into_iter();
        // The youngest decision about the same comes first.
        for line in lines.chain(record.outdated).chain(record.gone) {
            let name = (line.of.clone(), line.gives.clone());
            known.entry(name).or_insert(line);
        }
    }
    let mut resumed = Resumed::default();
    for item in items {
        let lines: Vec<Line> = item
            .names
            .iter()
            .filter_map(|name| known.remove(name))
            .collect();
        let first = lines.first().map(|line| line.decision.clone());
        let same =
            |line: &Line| line.evidence == item.evidence && Some(&line.decision) == first.as_ref();
        let whole = lines.len() == item.names.len() && lines.iter().all(same);
        let waits = |decision: &Decision| !is_over(decision, as_of);
        if whole && first.as_ref().is_some_and(waits) {
            resumed.decisions.push(first);
            resumed.earlier.push(None);
            resumed.outdated.push(Vec::new());
        } else {
            resumed.decisions.push(None);
            resumed.earlier.push(first);
            resumed.outdated.push(lines);
        }
    }
    resumed.gone = known.into_values().collect();
    resumed
}

impl Resumed {
    /// Lines of items that are asked again and not decided yet.
    pub(crate) fn outdated(&self, session: &Session) -> Vec<Line> {
        let all = self.outdated.iter().enumerate();
        let open = all.filter(|(at, _)| {
            let choice = session.choice(*at);
            choice.is_none_or(|choice| choice == Choice::Skip)
        });
        open.flat_map(|(_, lines)| lines.iter().cloned()).collect()
    }
}

/// Whether a deferral ended before the data does.
pub(crate) fn is_over(decision: &Decision, as_of: Day) -> bool {
    decision.choice == Choice::Defer && decision.until.is_none_or(|until| until < as_of)
}

/// The record of a session about a plan, of which `limited` is what was accepted.
pub(crate) fn record(plan: &Plan, limited: &Plan, session: &Session, resumed: &Resumed) -> Record {
    let mut lines: BTreeMap<usize, Line> = BTreeMap::new();
    let mut open = 0;
    for (item, decision) in session.items.iter().zip(&session.decisions) {
        let Some(decision) = decision else {
            open += item.edits.len();
            continue;
        };
        if decision.choice == Choice::Skip {
            open += item.edits.len();
        }
        for wanted in &item.names {
            let own = item.edits.iter().filter_map(|number| {
                let edit = plan.edits.get(*number)?;
                (name(edit) == *wanted).then_some((*number, edit))
            });
            let own: Vec<_> = own.collect();
            let Some((number, first)) = own.first() else {
                continue;
            };
            let line = Line {
                of: first.of.clone(),
                gives: first.gives.clone(),
                replace_with: first.replace_with.clone(),
                level: item.level,
                clients: own
                    .iter()
                    .flat_map(|(_, edit)| edit.clients.clone())
                    .collect(),
                terms: own
                    .iter()
                    .flat_map(|(_, edit)| edit.terms.clone())
                    .collect(),
                evidence: item.evidence.clone(),
                decision: decision.clone(),
            };
            lines.insert(*number, line);
        }
    }
    Record {
        schema: SCHEMA.to_owned(),
        as_of: plan.as_of.clone(),
        from: plan.from.clone(),
        proposed: plan.hash.clone(),
        plan: limited.hash.clone(),
        open,
        decisions: lines.into_values().collect(),
        outdated: resumed.outdated(session),
        gone: resumed.gone.clone(),
    }
}

/// The numbers of the edits that were accepted.
pub(crate) fn accepted(session: &Session) -> std::collections::BTreeSet<usize> {
    let items = session.items.iter().enumerate();
    let accepted = items.filter(|(at, _)| session.choice(*at) == Some(Choice::Accept));
    accepted.flat_map(|(_, item)| item.edits.clone()).collect()
}
