//! What each client did, and what callers did that no policy file names.

use std::collections::{BTreeMap, BTreeSet};

use super::pipeline::LoadedUsage;
use crate::analysis::replay::observed::Outside;
use crate::event::secret::is_concealed;
use crate::model::{Cause, ClientName, Policy, Window};
use crate::usage::{ClientUse, Cluster, NOBODY, summarise};

/// Callers outside the policy whose use is learned from.
const FORMER: usize = 20_000;

/// Use by client.
type Usage = BTreeMap<ClientName, ClientUse>;

/// What these clients did, and what others did.
pub(crate) fn of(
    clients: BTreeSet<ClientName>,
    read: &LoadedUsage,
    window: Window,
    outside: Outside,
) -> (Usage, Usage) {
    let former = usage(former(&clients, read), read, window, outside);
    (usage(clients, read, window, outside), former)
}

fn usage(
    clients: BTreeSet<ClientName>,
    read: &LoadedUsage,
    window: Window,
    outside: Outside,
) -> BTreeMap<ClientName, ClientUse> {
    let table = &read.collected.usage;
    let wanted: BTreeMap<u32, ClientName> = clients
        .into_iter()
        .filter_map(|name| Some((table.client(name.as_str())?, name)))
        .collect();
    // What a wrong clock dated outside of the data did happen: it counts as of the last
    // day, so that what it needed stays. An end that was asked for cuts off what is later.
    let until = (!outside.late_counts).then_some(window.to);
    let rows = summarise(table, &wanted.keys().copied().collect(), until);
    rows.into_iter()
        .filter_map(|client_use| {
            Some((
                wanted.get(&client_use.client)?.clone(),
                client_use.within(outside.begins, window.to),
            ))
        })
        .collect()
}

/// What was done by requests that name no caller.
pub(crate) fn nobody(read: &LoadedUsage, window: Window, outside: Outside) -> ClientUse {
    let until = (!outside.late_counts).then_some(window.to);
    let client_use = summarise(&read.collected.usage, &BTreeSet::from([NOBODY]), until).pop();
    client_use.map_or_else(ClientUse::default, |client_use| {
        client_use.within(outside.begins, window.to)
    })
}

/// Callers that no policy file names, as far as they are named: those of most requests.
fn former(known: &BTreeSet<ClientName>, read: &LoadedUsage) -> BTreeSet<ClientName> {
    let requests = read.collected.usage.requests_by_client().into_iter();
    let mut all: Vec<(String, u64)> = requests
        .filter(|(name, _)| !name.is_empty() && !known.contains(name.as_str()))
        .filter(|(name, _)| !is_concealed(name))
        .collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let names = all.into_iter().take(FORMER);
    names.map(|(name, _)| ClientName::new(&name)).collect()
}

/// Unmatched paths of each client of the policy.
pub(crate) fn unmatched(policy: &Policy, read: &LoadedUsage) -> BTreeMap<ClientName, Vec<Cluster>> {
    let table = &read.collected.usage;
    policy
        .clients()
        .into_iter()
        .filter_map(|name| {
            let all = table.unplaced.get(&table.client(name.as_str())?)?;
            let unmatched = all
                .iter()
                .filter(|cluster| cluster.cause == Cause::NoOperation);
            Some((name.clone(), unmatched.cloned().collect()))
        })
        .collect()
}

/// Clients of the policy without a single request in the log.
pub(crate) fn never_seen(policy: &Policy, usage: &Usage) -> Vec<ClientName> {
    let mut names = policy.clients();
    names.retain(|client| !usage.contains_key(client));
    names.into_iter().collect()
}
