//! Who stands in the way of an edit of a role, looked up once for all of its members.
//!
//! In: entries of roles, and whom of those that hold them is asked for. Out: their names.
//!
//! Invariant: one question is answered once, however many members ask it. Members of one role
//! ask the same of each other: without this a role of everybody takes the square of its members.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::roles::{Decided, level};
use crate::model::{ClientName, Level, Policy, RoleName, Roles, Subject, Term, Verdict, Via};

/// Whom of those that hold an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whom {
    /// Those who do not lose the term, whatever the reason.
    Staying,
    /// Those of whom nobody knows whether they need it.
    Unknown,
    /// Those who lose it at this level, or at a less safe one.
    AtLeast(Level),
}

/// A term, and the entries of roles that give it.
type Question = (Term, Vec<((usize, usize), Whom)>);

pub(super) struct Causes<'a> {
    policy: &'a Policy,
    roles: &'a Roles<'a>,
    decided: Decided<'a>,
    answers: Mutex<BTreeMap<Question, Arc<[ClientName]>>>,
}

impl<'a> Causes<'a> {
    pub(super) fn new(policy: &'a Policy, roles: &'a Roles<'a>, decided: Decided<'a>) -> Self {
        Self {
            policy,
            roles,
            decided,
            answers: Mutex::new(BTreeMap::new()),
        }
    }

    /// Everybody whom one of these ways to hold a term is about, in the order of their names.
    pub(super) fn of<'v>(
        &self,
        term: &Term,
        asked: impl IntoIterator<Item = (&'v Via, Whom)>,
    ) -> Arc<[ClientName]> {
        let asked = asked.into_iter();
        let asked = asked.map(|(via, whom)| ((via.file, via.entry), whom));
        let question = (term.clone(), asked.collect());
        let answers = || self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let known = answers().get(&question).cloned();
        known.unwrap_or_else(|| {
            let (term, asked) = &question;
            let found = asked.iter().flat_map(|own| self.holders(term, own));
            let found: BTreeSet<ClientName> = found.collect();
            let found: Arc<[ClientName]> = found.into_iter().collect();
            answers().entry(question).or_insert(found).clone()
        })
    }

    fn holders(&self, term: &Term, (place, whom): &((usize, usize), Whom)) -> Vec<ClientName> {
        let Some(role) = self.own_role(*place) else {
            return Vec::new();
        };
        let mut holders = self.roles.members(place.0, role);
        if !matches!(whom, Whom::AtLeast(_)) {
            let strangers = self.roles.strangers(place.0, role).into_iter();
            holders.extend(strangers.map(|name| ClientName::new(name.as_str())));
        }
        let wanted = |member: &ClientName| {
            let found = self.decided.get(member, term);
            let verdict = found.map_or(Verdict::Undetermined, |found| found.verdict);
            match whom {
                Whom::Staying => verdict != Verdict::Remove,
                Whom::Unknown => verdict == Verdict::Undetermined,
                Whom::AtLeast(least) => found.map(level).is_some_and(|own| own >= *least),
            }
        };
        holders.into_iter().filter(wanted).collect()
    }

    /// The role that an entry stands in.
    fn own_role(&self, place: (usize, usize)) -> Option<&RoleName> {
        match &self.policy.entry(place)?.subject {
            Subject::Role(role) => Some(role),
            Subject::Client(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::analyse;
    use super::super::backtest::world::{World, day};
    use super::*;
    use crate::model::Reason;

    #[test]
    fn members_of_a_large_role_share_the_answer_and_the_list_of_each_ends() {
        let names: Vec<String> = (0..300).map(|number| format!("c{number:03}")).collect();
        let client = |name: &String| format!("  {name}: {{since: 2024-01-01, roles: [staff]}}\n");
        let clients = names.iter().map(client).collect::<Vec<_>>().concat();
        let policy = format!("version: 1\nroles:\n  staff: [a, b]\nclients:\n{clients}");
        let needs = ["a", "b"].map(|scope| vec![scope.to_owned()]);
        let mut world = World::of(&needs, &policy, ("2025-01-01", "2025-12-31"));
        let days = || (day("2025-01-01").0..=day("2025-12-31").0).map(crate::model::Day);
        for (number, name) in names.iter().enumerate() {
            world.uses(name, 0, days());
            if number % 2 == 0 {
                world.uses(name, 1, days());
            }
        }
        let analysis = world.ask(analyse);
        let term = Term::new("b");
        let roles = world.policy.roles();
        let decided = Decided(&analysis.clients);
        let causes = Causes::new(&world.policy, &roles, decided);
        let ask = |name: &String| {
            let found = decided.get(&ClientName::new(name), &term).unwrap();
            let asked = found.vias.iter().map(|via| (via, Whom::Staying));
            (found, causes.of(&term, asked))
        };
        let (_, first) = ask(&names[1]);
        assert_eq!(first.len(), 150);
        for name in names.iter().skip(1).step_by(2) {
            let (found, same) = ask(name);
            assert!(Arc::ptr_eq(&first, &same), "{name} is answered anew");
            assert_eq!((found.held_by.len(), found.held_by_more), (100, 50));
            let said = found.because(Reason::SharedRole);
            assert!(said.ends_with("c010 and 144 more)"), "{said}");
        }
    }
}
