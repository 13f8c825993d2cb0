//! What a role makes of a removal: how safe its edit is, and who is the cause.
//!
//! In: the policy and every client's terms, each with the level of its own use. Out: the
//! level of the edit that takes it away, `manual` where there is none, and why.
//!
//! Invariants:
//! * a level only becomes less safe here;
//! * a narrowing that the files cannot be edited for is `manual`;
//! * what holds a removal back, a member or another scope of the role, is named; of many members
//!   the first, and how many others there are.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::narrowing::replacements;
use super::role_causes::{Causes, Whom};
use super::roles::{
    Decided, Levels, all_held_back, all_role_actions, is_editable, level, removals, together,
};
use super::{ClientAnalysis, TermAnalysis};
use crate::model::words::listed;
use crate::model::{ClientName, Level, Policy, PolicyFile, Reason, Roles, Term, Verdict, Via};

/// Members that are listed for one removal. All of them would be the square of a large role.
const LISTED: usize = 100;
/// Names in one sentence.
const NAMES: usize = 6;
/// Letters of one of them.
const LETTERS: usize = 80;

/// What becomes of one removal.
#[derive(Default)]
struct Limits {
    level: Option<Level>,
    reasons: Vec<Reason>,
    held_by: BTreeSet<ClientName>,
    held_by_more: usize,
    goes_with: BTreeSet<Term>,
}

impl Limits {
    /// Names whom a removal of this client is held by, others than itself.
    fn hold(&mut self, by: &[ClientName], client: &ClientName) {
        let others = by.iter().filter(|member| *member != client);
        self.held_by = others.take(LISTED).cloned().collect();
        let itself = usize::from(by.binary_search(client).is_ok());
        self.held_by_more = by.len() - itself - self.held_by.len();
    }
}

/// Gives each removal the level of its edit; those of roles that others need have none.
///
/// What is held in several ways and can be taken away in some of them has the level of
/// those edits: what the diff removes is never for a person to do.
pub(super) fn apply(policy: &Policy, clients: &mut [ClientAnalysis]) {
    let held = all_held_back(policy, clients);
    let free = |place: &(usize, usize)| is_editable(policy, *place) && !held.contains(place);
    let mut possible: Levels = all_role_actions(policy, clients)
        .into_iter()
        .filter(|(place, _)| free(place))
        .map(|(place, action)| (place, action.level))
        .collect();
    let grids = |file: &PolicyFile| file.document.iter().any(|own| !own.grids().is_empty());
    let grids = policy.files.iter().any(grids);
    for term in clients.iter().filter(|_| grids).flat_map(removals) {
        let own = term.vias.iter().filter(|via| via.role.is_none());
        for place in own.map(|via| (via.file, via.entry)).filter(free) {
            possible.insert(place, level(term));
        }
    }
    let together = together(policy, &mut possible);
    let narrowed: BTreeSet<ClientName> = replacements(policy, clients)
        .into_iter()
        .flat_map(|action| action.clients)
        .collect();
    let roles = policy.roles();
    let found: Vec<Vec<Limits>> = {
        let world = World {
            policy,
            roles: &roles,
            causes: Causes::new(policy, &roles, Decided(clients)),
            held: &held,
            possible: &possible,
            together: &together,
            decided: Decided(clients),
        };
        let of = |client: &ClientAnalysis| {
            let terms = client.terms.iter();
            terms.map(|term| world.limits(client, term)).collect()
        };
        clients.par_iter().map(of).collect()
    };
    clients
        .par_iter_mut()
        .zip(found)
        .for_each(|(client, limits)| {
            for (term, found) in client.terms.iter_mut().zip(limits) {
                if let Some(level) = found.level {
                    term.level = Some(level);
                    term.reasons.extend(found.reasons);
                    term.held_by = found.held_by;
                    term.held_by_more = found.held_by_more;
                    term.goes_with = found.goes_with;
                }
                if term.verdict == Verdict::Narrow && !narrowed.contains(&client.id) {
                    term.level = Some(Level::Manual);
                    term.reasons.push(Reason::NotEditable);
                }
            }
        });
}

struct World<'a> {
    policy: &'a Policy,
    roles: &'a Roles<'a>,
    causes: Causes<'a>,
    /// Entries that stay because their list must not become empty.
    held: &'a BTreeSet<(usize, usize)>,
    possible: &'a Levels,
    /// Entries whose level, or whether they go at all, others of their rule decide.
    together: &'a BTreeSet<(usize, usize)>,
    decided: Decided<'a>,
}

impl World<'_> {
    /// Nothing for a term that stays.
    fn limits(&self, client: &ClientAnalysis, term: &TermAnalysis) -> Limits {
        let mut limits = Limits::default();
        if term.verdict != Verdict::Remove {
            return limits;
        }
        let term_level = term.level.unwrap_or(Level::Review);
        let mut places = term.vias.iter().map(|via| (via.file, via.entry));
        let together = places.any(|place| self.together.contains(&place));
        if let [via] = &*term.vias
            && via.role.is_none()
            && !together
            && let Some(own) = self.own_edit(term, via)
        {
            // Nobody else has a part in the edit of the client's own entry.
            limits.level = Some(term_level.max(own));
            return limits;
        }
        let edits: Vec<Option<Level>> = term.vias.iter().map(|via| self.edit(term, via)).collect();
        let Some(least) = edits.iter().flatten().max() else {
            limits.level = Some(Level::Manual);
            self.stuck(client, term, &mut limits);
            limits
                .reasons
                .extend(together.then_some(Reason::RuleGrantsTogether));
            return limits;
        };
        let mut worst = term_level.max(*least);
        if edits.contains(&None) {
            // Some of the ways to hold it end, and others are for a person to end.
            worst = worst.max(Level::Review);
            self.stuck(client, term, &mut limits);
        }
        limits.level = Some(worst);
        if worst > term_level {
            limits
                .reasons
                .extend(together.then_some(Reason::RuleGrantsTogether));
            let mut asked = Vec::new();
            for via in &term.vias {
                let least = self.less_safe((client, term), via, term_level, &mut limits);
                asked.extend(least.map(|least| (via, Whom::AtLeast(least))));
            }
            limits.hold(&self.causes.of(&term.term, asked), &client.id);
            if !limits.held_by.is_empty() {
                limits.reasons.push(Reason::RoleMemberLessSafe);
            }
            if !limits.goes_with.is_empty() {
                limits.reasons.push(Reason::RoleScopeLessSafe);
            }
        }
        limits
    }

    /// The edit of the client's own entry, which gives it this term alone.
    fn own_edit(&self, term: &TermAnalysis, via: &Via) -> Option<Level> {
        let place = (via.file, via.entry);
        if self.together.contains(&place) {
            return self.possible.get(&place).copied();
        }
        let editable = is_editable(self.policy, place) && !self.held.contains(&place);
        editable.then(|| level(term))
    }

    /// The safest edit that ends one way to hold a term.
    fn edit(&self, term: &TermAnalysis, via: &Via) -> Option<Level> {
        let (entry, whole) = self.edits(term, via);
        entry.into_iter().chain(whole).min()
    }

    /// The edit of the entry itself, and the one that takes the role from the client.
    fn edits(&self, term: &TermAnalysis, via: &Via) -> (Option<Level>, Option<Level>) {
        if via.role.is_none() {
            return (self.own_edit(term, via), None);
        }
        let at = |place: (usize, usize)| self.possible.get(&place).copied();
        let whole = via.role.as_ref().and_then(|held| at(held.place()));
        (at((via.file, via.entry)), whole)
    }

    /// What makes the edit less safe than the term's own use; and from which level on members of
    /// the role do.
    fn less_safe(
        &self,
        (client, term): (&ClientAnalysis, &TermAnalysis),
        via: &Via,
        term_level: Level,
        limits: &mut Limits,
    ) -> Option<Level> {
        let (entry, whole) = self.edits(term, via);
        let edit = entry.into_iter().chain(whole).min();
        let edit = edit.filter(|edit| *edit > term_level)?;
        let held = via.role.as_ref()?;
        if whole == Some(edit) {
            let defined = self.roles.definition(held.file, &held.role);
            let terms = defined.map(|file| self.roles.terms(file, &held.role));
            let terms = self.roles.names(&terms.unwrap_or_default());
            let least = terms.into_iter().filter(|candidate| {
                let found = self.decided.get(&client.id, candidate).map(level);
                **candidate != term.term && found.is_some_and(|level| level >= edit)
            });
            limits.goes_with.extend(least.cloned());
        }
        entry.filter(|entry| *entry == edit)
    }

    /// Why there is no edit: a member needs it, nobody knows, or the place is fixed.
    fn stuck(&self, client: &ClientAnalysis, term: &TermAnalysis, limits: &mut Limits) {
        let frozen = term.vias.iter().any(|via| {
            if self.edit(term, via).is_some() {
                return false;
            }
            let entry = self.policy.entry((via.file, via.entry));
            self.held.contains(&(via.file, via.entry))
                || entry.is_some_and(|entry| entry.frozen.is_some())
        });
        let kept = |via: &&Via| via.role.is_some() && self.edit(term, via).is_none();
        let held = |whom: Whom, limits: &mut Limits| {
            let kept = term.vias.iter().filter(kept).map(|via| (via, whom));
            limits.hold(&self.causes.of(&term.term, kept), &client.id);
            !limits.held_by.is_empty()
        };
        if held(Whom::Unknown, limits) {
            limits.reasons.push(Reason::RoleMemberUnknown);
        } else if held(Whom::Staying, limits) {
            limits.reasons.push(Reason::SharedRole);
        }
        if frozen {
            limits.reasons.push(Reason::NotEditable);
        }
    }
}

impl TermAnalysis {
    /// A reason as a sentence, with the names of whom or what is the cause.
    pub fn because(&self, reason: Reason) -> String {
        let mut more = 0;
        let names: Vec<&str> = match reason {
            Reason::SharedRole | Reason::RoleMemberUnknown | Reason::RoleMemberLessSafe => {
                more = self.held_by_more;
                self.held_by.iter().map(ClientName::as_str).collect()
            }
            Reason::RoleScopeLessSafe => self.goes_with.iter().map(Term::as_str).collect(),
            _ => Vec::new(),
        };
        let sentence = reason.sentence();
        if names.is_empty() {
            return sentence.to_owned();
        }
        let cut = |name: &&str| name.chars().take(LETTERS).collect::<String>();
        let shown: Vec<String> = names.iter().take(NAMES).map(cut).collect();
        format!("{sentence} ({})", listed(&shown, names.len() + more))
    }

    /// All reasons as sentences, the most important first.
    pub fn sentences(&self) -> Vec<String> {
        let reasons = self.reasons.iter();
        reasons.map(|reason| self.because(*reason)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::analyse;
    use super::super::backtest::world::{World, day};
    use super::*;
    use crate::model::Day;

    #[test]
    fn what_no_edit_can_take_away_is_manual_whatever_its_use_says() {
        let needs = ["a", "b"].map(|scope| vec![scope.to_owned()]);
        // The second list is the first one again: an edit would change both.
        let policy = "version: 1\nclients:\n  steady: {since: 2024-01-01, scopes: &both [a, b]}\n  other: {since: 2024-01-01, scopes: *both}\n  own: {since: 2024-01-01, scopes: [a, b]}\n";
        let mut world = World::of(&needs, policy, ("2025-01-01", "2025-12-31"));
        for client in ["steady", "other", "own"] {
            let days = (day("2025-01-01").0..=day("2025-12-31").0).map(Day);
            world.uses(client, 0, days);
        }
        let clients = world.ask(analyse).clients;
        let level = |name: &str| {
            let client = clients.iter().find(|client| client.id.as_str() == name);
            let found = client.and_then(|client| client.term(&Term::new("b")));
            let found = found.unwrap();
            let fixed = found.reasons.contains(&Reason::NotEditable);
            (found.verdict, found.level == Some(Level::Manual), fixed)
        };
        assert_eq!(level("other"), (Verdict::Remove, true, true));
        assert_eq!(level("own"), (Verdict::Remove, false, false));
    }
}
