//! Routes of several hosts: a request is compared with the operations of its own host.
//!
//! Invariants:
//! * operations that are of no host are of every one;
//! * where the host of a request is not known, or no description is of it, the request may be
//!   one on any of them;
//! * a route is one number, whichever hosts it is of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::further::query_keys;
use super::{MatchOptions, Matcher, Route, RouteMatch};
use crate::event::base_path::same_host;
use crate::model::{Method, Operation};

/// The routes of one host.
#[derive(Debug)]
pub(super) struct OfHost {
    host: Arc<str>,
    matcher: Matcher,
    /// For each of its routes the number among all.
    numbers: Vec<u32>,
}

impl Matcher {
    /// The same with what is known about hosts: for each of them its operations.
    #[must_use]
    pub(crate) fn with_hosts(
        mut self,
        operations: &[Operation],
        hosts: &BTreeMap<Arc<str>, BTreeSet<usize>>,
        options: MatchOptions,
    ) -> Self {
        let placed: BTreeSet<usize> = hosts.values().flatten().copied().collect();
        let mut known: BTreeMap<(Method, String, Vec<usize>), u32> = BTreeMap::new();
        for (number, route) in (0..).zip(&self.routes) {
            known.entry(key(route)).or_insert(number);
        }
        for (host, of_host) in hosts {
            let own: Vec<usize> = (0..operations.len())
                .filter(|index| of_host.contains(index) || !placed.contains(index))
                .collect();
            let described: Vec<Operation> = own
                .iter()
                .filter_map(|index| operations.get(*index).cloned())
                .collect();
            let (matcher, _) = Self::new(&described, options);
            let mut numbers = Vec::with_capacity(matcher.routes.len());
            for route in &matcher.routes {
                let among_all = route.operations.iter();
                let among_all = among_all.filter_map(|index| own.get(*index).copied());
                let route = Route {
                    operations: among_all.collect(),
                    ..route.clone()
                };
                let next = u32::try_from(self.routes.len()).unwrap_or(u32::MAX);
                let number = *known.entry(key(&route)).or_insert(next);
                if number == next {
                    self.routes.push(route);
                }
                numbers.push(number);
            }
            self.hosts.push(OfHost {
                host: Arc::clone(host),
                matcher,
                numbers,
            });
        }
        self.query_keys = query_keys(operations, &self.routes);
        self
    }

    /// The route of a request at a host, where that is known.
    #[inline]
    pub fn find_at(&self, host: Option<&[u8]>, method: Method, path: &[u8]) -> Option<RouteMatch> {
        if self.hosts.is_empty() {
            return self.find(method, path);
        }
        let own = host.and_then(|host| {
            let mut all = self.hosts.iter();
            all.find(|own| same_host(own.host.as_bytes(), host))
        });
        let Some(own) = own else {
            return self.find(method, path);
        };
        let found = own.matcher.find(method, path)?;
        let route = *own.numbers.get(found.route as usize)?;
        Some(RouteMatch { route, ..found })
    }
}

fn key(route: &Route) -> (Method, String, Vec<usize>) {
    (
        route.method,
        route.template.clone(),
        route.operations.clone(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Requirement;

    #[test]
    fn a_request_meets_the_operations_of_its_host_and_all_where_that_is_not_known() {
        let operation = |path: &str| Operation::new(Method::Get, path, Requirement::Unspecified);
        let operations = [
            operation("/a"),
            operation("/a"),
            operation("/{x}"),
            operation("/b"),
        ];
        let hosts = BTreeMap::from([
            (Arc::from("one.example.com"), BTreeSet::from([0])),
            (Arc::from("two.example.com"), BTreeSet::from([1, 3])),
        ]);
        let options = MatchOptions::default();
        let matcher = Matcher::new(&operations, options).0;
        let matcher = matcher.with_hosts(&operations, &hosts, options);
        let found = |host: Option<&str>, path: &str| {
            let found = matcher.find_at(host.map(str::as_bytes), Method::Get, path.as_bytes());
            let route = found.map(|found| &matcher.routes()[found.route as usize]);
            route.map_or(vec![], |route| route.operations.clone())
        };
        assert_eq!(found(Some("one.example.com"), "/a"), [0]);
        assert_eq!(found(Some("TWO.example.com:8443"), "/a"), [1]);
        assert_eq!(found(Some("one.example.com"), "/b"), [2]);
        assert_eq!(found(Some("two.example.com"), "/b"), [3]);
        for host in [None, Some("gateway.internal")] {
            assert_eq!(found(host, "/a"), [0, 1]);
            assert_eq!(found(host, "/b"), [3]);
        }
    }
}
