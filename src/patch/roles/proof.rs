//! What was written is what was planned: entry by entry, and client by client.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::FilePlan;
use crate::analysis::role_mining::Needs;
use crate::grants::Refusal;
use crate::model::{ClientName, Granted, Policy, PolicyFile, Subject, Term, Via};
use crate::patch::{described, key, same};

/// Every entry that stays reads as before, in its order; what is new was planned, and is all there.
pub(super) fn entries(old: &PolicyFile, new: &PolicyFile, plan: &FilePlan) -> Result<(), String> {
    let mut open: BTreeSet<(Subject, Granted)> = BTreeSet::new();
    for (client, change) in &plan.clients {
        let roles = change.roles.iter().cloned().map(Granted::Role);
        let all = roles.chain(change.terms.iter().cloned().map(Granted::Term));
        open.extend(all.map(|granted| (Subject::Client(client.clone()), granted)));
    }
    for role in &plan.roles {
        let terms = role.terms.iter().cloned().map(Granted::Term);
        open.extend(terms.map(|granted| (Subject::Role(role.name.clone()), granted)));
    }
    let gone = plan.gone();
    let stay = old.entries.iter().enumerate();
    let mut stay = stay
        .filter(|(at, _)| !gone.contains(at))
        .map(|(_, entry)| entry)
        .peekable();
    for entry in &new.entries {
        if let Some(known) = stay.next_if(|known| key(known) == key(entry)) {
            same(known, Some(entry), false)?;
        } else if entry.optional || !open.remove(&(entry.subject.clone(), entry.granted.clone())) {
            let what = described(&entry.granted, &entry.place);
            return Err(format!("{what} was not planned"));
        }
    }
    if let Some(missing) = stay.next() {
        let what = described(&missing.granted, &missing.place);
        return Err(format!("{what} is missing"));
    }
    if let Some((subject, _)) = open.pop_first() {
        return Err(match subject {
            Subject::Client(client) => format!("client `{client}` does not get all of it"),
            Subject::Role(role) => format!("role `{role}` does not get all of it"),
        });
    }
    if old.matching != new.matching || old.implies != new.implies {
        return Err("its scope semantics changed".to_owned());
    }
    if old.clients != new.clients {
        return Err("it names other clients".to_owned());
    }
    let added = plan.roles.iter().map(|role| &role.name);
    let roles: BTreeSet<_> = old.roles.keys().chain(added).collect();
    if !new.roles.keys().eq(roles) {
        return Err("it defines other roles".to_owned());
    }
    Ok(())
}

/// Every client holds what it is to hold, and nothing that it did not hold; what it may only
/// request is not issued to it. Those that are left as they are may hold more than they are to.
pub(super) fn holdings(
    before: &Policy,
    after: &Policy,
    (wanted, left): (&Needs, &BTreeMap<ClientName, Refusal>),
) -> Result<(), String> {
    let (had, has) = (before.holdings(), after.holdings());
    let none = BTreeMap::new();
    let issued = |policy: &Policy, vias: &[Via]| {
        let plain = |via: &Via| {
            let entry = policy.entry((via.file, via.entry));
            via.role.is_some() || entry.is_some_and(|entry| !entry.optional)
        };
        vias.iter().any(plain)
    };
    let clients: BTreeSet<&ClientName> =
        had.keys().chain(has.keys()).chain(wanted.keys()).collect();
    for client in clients {
        let had = had.get(client).unwrap_or(&none);
        let has = has.get(client).unwrap_or(&none);
        let wanted = wanted.get(client);
        let mut missing = wanted.into_iter().flatten();
        if let Some(term) = missing.find(|term| !has.contains_key(*term)) {
            return Err(format!(
                "client `{client}` would lose `{term}`, which it needs"
            ));
        }
        let needs = |term: &Term| {
            left.contains_key(client) || wanted.is_some_and(|wanted| wanted.contains(term))
        };
        for (term, vias) in has {
            let held = had.get(term).filter(|_| needs(term));
            let held = held.ok_or_else(|| {
                format!("client `{client}` would hold `{term}`, which it does not need")
            })?;
            if issued(after, vias) != issued(before, held) {
                return Err(format!(
                    "client `{client}` would be issued `{term}` in another way"
                ));
            }
        }
    }
    Ok(())
}
