//! The questions of a review: which edits of a plan are decided together.
//!
//! In: the plan of everything that was proposed. Out: items, each with its edits.
//!
//! Invariants:
//! * every edit is in exactly one item;
//! * edits that are safe only together (narrower terms in the place of broad ones) are one item,
//!   and so is what one holder is given in several places;
//! * items of one holder stand together, in the order of the policy files.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Level;
use crate::report::plan::{Given, Holder, Plan, PlannedEdit};

/// Whose entry it is, and what it gives: what a decision is about.
pub(crate) type Name = (Holder, Given);

/// Edits that are decided together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Numbers of the edits in the plan, rising.
    pub edits: Vec<usize>,
    /// What they are about.
    pub names: BTreeSet<Name>,
    /// The holder of the first edit.
    pub holder: Holder,
    /// The least safe of them.
    pub level: Level,
    /// Digest of what is shown about them.
    pub evidence: String,
}

/// What an edit is about.
pub(crate) fn name(edit: &PlannedEdit) -> Name {
    (edit.of.clone(), edit.gives.clone())
}

/// The items of a plan; `evidence` gives the digest of what is shown about edits.
pub(crate) fn items(plan: &Plan, mut evidence: impl FnMut(&[&PlannedEdit]) -> String) -> Vec<Item> {
    let mut groups = Groups::new(plan.edits.len());
    let mut of_name = BTreeMap::new();
    let mut of_client = BTreeMap::new();
    for (number, edit) in plan.edits.iter().enumerate() {
        groups.join(number, *of_name.entry(name(edit)).or_insert(number));
        for client in &edit.together {
            groups.join(number, *of_client.entry(client).or_insert(number));
        }
    }
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for number in 0..plan.edits.len() {
        members
            .entry(groups.first(number))
            .or_default()
            .push(number);
    }
    let mut items: Vec<Item> = members
        .into_values()
        .filter_map(|numbers| {
            let edits: Vec<&PlannedEdit> =
                numbers.iter().filter_map(|n| plan.edits.get(*n)).collect();
            Some(Item {
                names: edits.iter().map(|edit| name(edit)).collect(),
                holder: edits.first()?.of.clone(),
                level: edits.iter().map(|edit| edit.level).max()?,
                evidence: evidence(&edits),
                edits: numbers,
            })
        })
        .collect();
    let mut place: BTreeMap<Holder, usize> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        place.entry(item.holder.clone()).or_insert(at);
    }
    items.sort_by_key(|item| place.get(&item.holder).copied());
    items
}

/// Which numbers belong together.
struct Groups(Vec<usize>);

impl Groups {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    /// The smallest number of the group.
    fn first(&mut self, number: usize) -> usize {
        let mut at = number;
        while let Some(next) = self.0.get(at).copied().filter(|next| *next != at) {
            at = next;
        }
        if let Some(own) = self.0.get_mut(number) {
            *own = at;
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.first(a), self.first(b));
        if let Some(own) = self.0.get_mut(a.max(b)) {
            *own = a.min(b);
        }
    }
}
