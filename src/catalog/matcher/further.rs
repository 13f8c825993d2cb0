//! What finds an operation other than its path: its name, and keys in the query string.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::Route;
use crate::model::{Method, Operation, Scheme};

/// Adds a route for each operation that has a name.
pub(super) fn named(
    operations: &[Operation],
    routes: &mut Vec<Route>,
) -> HashMap<Box<[u8]>, u32, FixedState> {
    let mut named = HashMap::default();
    let numbered = operations.iter().enumerate();
    for (index, operation) in numbered.filter(|(_, own)| own.method == Method::Named) {
        let next = u32::try_from(routes.len()).unwrap_or(u32::MAX);
        let name = Box::from(operation.path.as_bytes());
        let number = *named.entry(name).or_insert(next);
        if let Some(known) = routes.get_mut(number as usize) {
            known.operations.push(index);
        } else {
            routes.push(Route {
                method: Method::Named,
                template: operation.path.clone(),
                operations: vec![index],
            });
        }
    }
    named
}

pub(super) fn query_keys(
    operations: &[Operation],
    routes: &[Route],
) -> BTreeMap<u32, Vec<Box<str>>> {
    let mut all = BTreeMap::new();
    for (number, route) in (0..).zip(routes) {
        let described = route.operations.iter().filter_map(|op| operations.get(*op));
        let schemes = described.flat_map(|operation| operation.security.ways().flatten());
        let names: BTreeSet<&str> = schemes
            .filter_map(|scheme| match scheme {
                Scheme::QueryKey(name) => Some(&**name),
                _ => None,
            })
            .collect();
        if !names.is_empty() {
            all.insert(number, names.into_iter().map(Box::from).collect());
        }
    }
    all
}
