//! What `--narrow` edits: of each client everything that a narrower scope stands in for, or
//! nothing of it.
//!
//! In: the policy and every client's terms. Out: edits that put narrower terms in the place of
//! an entry.
//!
//! Invariants:
//! * with a part of a client's narrowing done, what is left would be superfluous in a next run:
//!   where one entry cannot be edited, none of that client's is, and none that it shares;
//! * the term of a role is narrowed for everybody who has the role: where all of them are known
//!   and need no more of it than what comes in its place, and nobody gets more than the role gave;
//! * a rule of lists is narrowed as a whole: see [`rules`].

use std::collections::{BTreeMap, BTreeSet};

use super::roles::{Action, Decided, all_actions};
use super::{ClientAnalysis, TermAnalysis};
use crate::grants::replaceable;
use crate::model::{ClientName, Level, Policy, Roles, Subject, Term, Verdict, Via};

/// File and entry.
type Place = (usize, usize);

/// Everything that can be edited, at any level, sorted by file and entry.
///
/// `narrow` also replaces terms by narrower ones.
pub fn actions(policy: &Policy, clients: &[ClientAnalysis], narrow: bool) -> Vec<Action> {
    let mut all = all_actions(policy, clients);
    if narrow {
        all.extend(replacements(policy, clients));
    }
    all.sort_by_key(|action| (action.file, action.entry));
    all
}

pub(super) fn replacements(policy: &Policy, clients: &[ClientAnalysis]) -> Vec<Action> {
    let narrowing = clients
        .iter()
        .filter(|client| narrowed(client).next().is_some());
    let narrowing: Vec<&ClientAnalysis> = narrowing.collect();
    if narrowing.is_empty() {
        return Vec::new();
    }
    let world = World {
        policy,
        roles: policy.roles(),
        decided: Decided(clients),
    };
    let mut actions: BTreeMap<Place, Option<Action>> = BTreeMap::new();
    for client in &narrowing {
        for term in narrowed(client) {
            for via in &term.vias {
                let edit = || world.edit(client, term, via);
                actions.entry((via.file, via.entry)).or_insert_with(edit);
            }
        }
    }
    let whole = rules(policy, clients, &mut actions);
    let writable = writable(policy, &actions, &whole);
    actions.retain(|place, action| {
        let action = action.as_ref();
        action.is_some_and(|action| {
            action.replace_with.is_empty() || writable.contains(place) || whole.contains(place)
        })
    });
    loop {
        // Whoever cannot be narrowed as a whole is not narrowed at all.
        let whole = |client: &&&ClientAnalysis| {
            let mut vias = narrowed(client).flat_map(|term| &term.vias);
            vias.all(|via| actions.contains_key(&(via.file, via.entry)))
        };
        let left: BTreeSet<&ClientName> = narrowing
            .iter()
            .filter(|client| !whole(client))
            .map(|client| &client.id)
            .collect();
        let before = actions.len();
        actions.retain(|_, action| {
            let mut clients = action.iter().flat_map(|action| &action.clients);
            !clients.any(|client| left.contains(client))
        });
        if actions.len() == before {
            return actions.into_values().flatten().collect();
        }
    }
}

fn narrowed(client: &ClientAnalysis) -> impl Iterator<Item = &TermAnalysis> {
    let terms = client.terms.iter();
    terms.filter(|term| term.verdict == Verdict::Narrow)
}

/// Settles rules that are written as products of lists: a wildcard that is the only verb gives way
/// to every verb that is needed for some of the rule, where nothing of the rule stays as it is.
/// Gives the entries of such rules; in others nothing is narrowed.
fn rules(
    policy: &Policy,
    clients: &[ClientAnalysis],
    actions: &mut BTreeMap<Place, Option<Action>>,
) -> BTreeSet<Place> {
    let mut whole = BTreeSet::new();
    let grids = policy.files.iter().enumerate().flat_map(|(file, own)| {
        let grids = own.document.iter().flat_map(|document| document.grids());
        grids.map(move |grid| (file, grid))
    });
    let mut goes: Option<BTreeSet<Place>> = None;
    for (file, grid) in grids {
        let cells = || {
            grid.entries
                .iter()
                .map(move |entry| entry.map(|entry| (file, entry)))
        };
        let own: Vec<Place> = cells()
            .flatten()
            .filter(|place| actions.contains_key(place))
            .collect();
        if own.is_empty() {
            continue;
        }
        let goes = goes.get_or_insert_with(|| {
            let all = all_actions(policy, clients).into_iter();
            all.map(|action| (action.file, action.entry)).collect()
        });
        let settled = |place: Place| {
            matches!(actions.get(&place), Some(Some(_)))
                || !actions.contains_key(&place) && goes.contains(&place)
        };
        let all = cells().all(|place| place.is_some_and(settled));
        let verbs: Option<BTreeSet<String>> = own
            .iter()
            .filter_map(|place| actions.get(place)?.as_ref())
            .flat_map(|action| &action.replace_with)
            .map(|term| Some(term.as_str().rsplit_once(':')?.1.to_owned()))
            .collect();
        let verbs = verbs.filter(|_| all && grid.sides.last() == Some(&1));
        for place in own {
            let action = actions.get(&place).and_then(Option::as_ref);
            let named = action.and_then(|action| names(action, verbs.as_ref()?));
            match (named, actions.get_mut(&place)) {
                (Some(named), Some(Some(action))) => {
                    action.replace_with = named;
                    whole.insert(place);
                }
                (_, Some(action)) => *action = None,
                (_, None) => {}
            }
        }
    }
    whole
}

/// The terms of a wildcard over verbs with these in its place.
fn names(action: &Action, verbs: &BTreeSet<String>) -> Option<Vec<Term>> {
    let head = action.terms.first()?.as_str().strip_suffix(":*")?;
    let names = verbs
        .iter()
        .map(|verb| Term::new(&format!("{head}:{verb}")));
    Some(names.collect())
}

/// The entries in whose place the files can hold what is to come there, those of whole rules aside.
fn writable(
    policy: &Policy,
    actions: &BTreeMap<Place, Option<Action>>,
    whole: &BTreeSet<Place>,
) -> BTreeSet<Place> {
    let mut wanted: BTreeMap<usize, Vec<(usize, Vec<Term>)>> = BTreeMap::new();
    for action in actions.values().flatten() {
        if !action.replace_with.is_empty() && !whole.contains(&(action.file, action.entry)) {
            let of_file = wanted.entry(action.file).or_default();
            of_file.push((action.entry, action.replace_with.clone()));
        }
    }
    let mut written = BTreeSet::new();
    for (file, wanted) in wanted {
        let found = policy
            .files
            .get(file)
            .map(|file| replaceable(file, &wanted));
        written.extend(found.into_iter().flatten().map(|entry| (file, entry)));
    }
    written
}

struct World<'a> {
    policy: &'a Policy,
    roles: Roles<'a>,
    decided: Decided<'a>,
}

impl World<'_> {
    /// The edit of one entry; `None` where a role or a fixed place is in the way.
    fn edit(&self, client: &ClientAnalysis, term: &TermAnalysis, via: &Via) -> Option<Action> {
        let entry = self.policy.entry((via.file, via.entry))?;
        if entry.frozen.is_some() {
            return None;
        }
        let mut action = Action {
            file: via.file,
            entry: via.entry,
            clients: BTreeSet::from([client.id.clone()]),
            terms: BTreeSet::from([term.term.clone()]),
            level: Level::Review,
            reasons: term.reasons.iter().copied().collect(),
            // None at all where others of the narrower set do what it did.
            replace_with: term.replace_with.clone(),
        };
        if via.role.is_none() {
            return Some(action);
        }
        let Subject::Role(role) = &entry.subject else {
            return None;
        };
        if !self.roles.strangers(via.file, role).is_empty() {
            return None;
        }
        let members = self.roles.members(via.file, role);
        let found: Option<Vec<&TermAnalysis>> = members
            .iter()
            .map(|member| self.decided.get(member, &term.term))
            .collect();
        let found = found?;
        let goes =
            |found: &&TermAnalysis| matches!(found.verdict, Verdict::Narrow | Verdict::Remove);
        if !found.iter().all(goes) {
            return None;
        }
        let narrow = found
            .iter()
            .filter(|found| found.verdict == Verdict::Narrow);
        let all: BTreeSet<&Term> = narrow
            .clone()
            .flat_map(|found| &found.replace_with)
            .collect();
        // What one needs another must not get by it.
        let file = self.policy.files.get(via.file)?;
        let all_verbs = term.term.as_str().strip_suffix('*');
        let all_verbs = all_verbs.filter(|head| file.in_parts && head.ends_with(':'));
        let within = |new: &&Term| {
            let (wide, new) = (term.term.as_str(), new.as_str());
            let verb = all_verbs.and_then(|head| new.strip_prefix(head));
            verb.is_some_and(|verb| !verb.contains(['*', ':']))
                || file.matching.is_some_and(|rule| rule.includes(wide, new))
        };
        let alike = || {
            found
                .iter()
                .all(|own| own.replace_with == term.replace_with)
        };
        if !all.iter().all(within) && !alike() {
            return None;
        }
        action.replace_with = all.into_iter().cloned().collect();
        action.reasons = narrow.flat_map(|found| &found.reasons).copied().collect();
        action.clients = members;
        Some(action)
    }
}
