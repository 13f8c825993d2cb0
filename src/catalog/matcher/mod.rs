//! Finds the route that served a request path.
//!
//! In: a method, a normalised path, and the operations of a catalogue.
//! Out: the most specific route, or `None` when no template fits.
//!
//! Invariants:
//! * the client plays no part: one path has one route for everybody, so
//!   requests can be summed per route;
//! * a literal segment wins over a parameter, segment by segment from the
//!   left, hence `/users/me` is never counted as `/users/{id}`;
//! * spellings of one path are one path: `/users/%40me` is `/users/@me`;
//! * two operations with equal templates share one route, and a request on it
//!   needs what both need; so does a request that fits two mixed segments of
//!   equal weight (`{id}.json` and `file-{name}`): it may be either operation;
//! * a HEAD request that the GET of its path may have served, or a less specific
//!   template, needs both;
//! * six thousand routes cost as much as fifty: one hash look-up for each
//!   segment, no list of patterns is walked.
//!
//! Which scopes a route needs is not known here.

mod further;
mod head_method;
mod hosts;
mod key;
mod overlap;
mod spelling;
#[cfg(test)]
mod spelling_tests;
pub(super) mod template;
#[cfg(test)]
mod tests;
mod trie;
mod variants;

use std::collections::{BTreeMap, BTreeSet};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

pub(crate) use overlap::may_have_taken;
pub(crate) use spelling::plain;
pub(super) use spelling::{canonical, query_start};
pub(crate) use template::{Part, Segment, Template};

use crate::model::{Method, Operation, Warning, label};
use further::{named, query_keys};
use trie::Trie;

/// How templates are compared with paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MatchOptions {
    /// Case plays no part (IIS, Microsoft Graph, Azure API Management).
    pub case_insensitive: bool,
}

/// Operations that one request path cannot distinguish: nearly always one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Method of the operations; `Any` serves every method.
    pub method: Method,
    /// Template of the first of them.
    pub template: String,
    /// Indices into the catalogue's operations.
    pub operations: Vec<usize>,
}

impl Route {
    /// `GET /v1/orders/{id}`, or the name of the operation.
    pub fn label(&self) -> String {
        label(self.method, &self.template)
    }
}

/// A match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteMatch {
    /// Index into [`Matcher::routes`].
    pub route: u32,
    /// Only without regard to case or to a trailing slash.
    pub looser: bool,
}

/// All routes of one catalogue.
#[derive(Debug)]
pub struct Matcher {
    routes: Vec<Route>,
    exact: Trie,
    /// The same with ASCII letters folded.
    folded: Trie,
    by_template: BTreeMap<(Vec<u8>, Method), u32>,
    /// Names of keys in the query string that a route's operations declare.
    query_keys: BTreeMap<u32, Vec<Box<str>>>,
    case_insensitive: bool,
    /// Operations that have names.
    named: HashMap<Box<[u8]>, u32, FixedState>,
    /// Routes of single hosts, where descriptions are those of one.
    hosts: Vec<hosts::OfHost>,
}

impl Matcher {
    /// Compiles the operations' templates; equal templates are warned about.
    pub fn new(operations: &[Operation], options: MatchOptions) -> (Self, Vec<Warning>) {
        // An operation has several templates where a part of its path may be absent.
        let templates: Vec<(usize, Template)> = (0..)
            .zip(operations)
            .filter(|(_, op)| op.method != Method::Named)
            .flat_map(|(index, op)| {
                Template::all(&op.path)
                    .into_iter()
                    .map(move |segments| (index, segments))
            })
            .collect();
        let mut warnings = Vec::new();
        let mut groups: BTreeMap<(Vec<u8>, Method), Vec<usize>> = BTreeMap::new();
        for (index, template) in &templates {
            let key = (template.key(false), operations[*index].method);
            join(groups.entry(key).or_default(), *index);
        }
        let mut folded_groups: BTreeMap<(Vec<u8>, Method), Vec<usize>> = BTreeMap::new();
        for (index, template) in &templates {
            let key = (template.key(true), operations[*index].method);
            join(folded_groups.entry(key).or_default(), *index);
        }
        let own_groups = if options.case_insensitive {
            &folded_groups
        } else {
            &groups
        };
        for twins in own_groups.values().filter(|twins| twins.len() > 1) {
            let labels: Vec<String> = twins
                .iter()
                .map(|index| format!("`{}`", operations[*index].label()))
                .collect();
            warnings.push(Warning::new(
                "equal-templates",
                format!(
                    "{} cannot be told apart: a request on them needs what all of them need",
                    labels.join(" and ")
                ),
            ));
        }
        let route = |twins: &[usize]| Route {
            method: operations[twins[0]].method,
            template: operations[twins[0]].path.clone(),
            operations: twins.to_vec(),
        };
        // Operations that differ only by case share a route of their own for looser matches.
        let alone: BTreeSet<&Vec<usize>> = groups.values().collect();
        let own_groups: BTreeSet<&Vec<usize>> = own_groups.values().collect();
        let mut routes: Vec<Route> = own_groups.iter().map(|twins| route(twins)).collect();
        routes.sort_by(|a, b| (&a.template, a.method).cmp(&(&b.template, b.method)));
        if !options.case_insensitive {
            let folded: BTreeSet<&Vec<usize>> = folded_groups.values().collect();
            let others = folded.iter().filter(|twins| !alone.contains(*twins));
            routes.extend(others.map(|twins| route(twins)));
        }
        let numbers: BTreeMap<&[usize], u32> = routes
            .iter()
            .zip(0..)
            .map(|(route, number)| (route.operations.as_slice(), number))
            .collect();
        let number = |twins: &[usize]| numbers.get(twins).copied().unwrap_or(u32::MAX);
        let (mut exact, mut folded) = (Trie::new(), Trie::new());
        let mut by_template = BTreeMap::new();
        for (index, template) in &templates {
            let method = operations[*index].method;
            let (key, lower) = (template.key(false), template.key(true));
            if let Some(twins) = folded_groups.get(&(lower.clone(), method)) {
                folded.add(template, method, number(twins), true);
                if options.case_insensitive {
                    by_template.insert((lower, method), number(twins));
                }
            }
            if let Some(twins) = groups.get(&(key.clone(), method))
                && !options.case_insensitive
            {
                exact.add(template, method, number(twins), false);
                by_template.insert((key, method), number(twins));
            }
        }
        let named = named(operations, &mut routes);
        for (trie, fold) in [(&mut exact, false), (&mut folded, true)] {
            if fold || !options.case_insensitive {
                heads(trie, fold, &templates, operations, &mut routes);
            }
            trie.finish();
            settle(trie, operations, &mut routes, &mut warnings);
        }
        (
            Self {
                exact,
                folded,
                by_template,
                query_keys: query_keys(operations, &routes),
                case_insensitive: options.case_insensitive,
                routes,
                named,
                hosts: Vec::new(),
            },
            warnings,
        )
    }

    /// The routes, sorted by template and method.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// The names under which the operations of a route take a key in the query string.
    #[inline]
    pub fn query_keys(&self, route: u32) -> &[Box<str>] {
        // Most descriptions declare none: then this is one comparison.
        self.query_keys.get(&route).map_or(&[], Vec::as_slice)
    }

    /// The route of a request.
    ///
    /// HEAD is served by GET when no HEAD operation fits (RFC 9110 section
    /// 9.3.2), and by both where a less specific one fits. OPTIONS is served by an
    /// OPTIONS operation only: a browser that asks beforehand (Fetch standard, section
    /// 3.2) uses no operation of any method.
    #[inline]
    pub fn find(&self, method: Method, path: &[u8]) -> Option<RouteMatch> {
        let path = &*canonical(path);
        if self.case_insensitive {
            let lower = path.to_ascii_lowercase();
            return in_trie(&self.folded, method, &lower)
                .map(|route| RouteMatch {
                    route,
                    looser: false,
                })
                .or_else(|| {
                    Some(RouteMatch {
                        route: in_trie(&self.folded, method, &toggled(&lower)?)?,
                        looser: true,
                    })
                });
        }
        match in_trie(&self.exact, method, path) {
            Some(route) => Some(RouteMatch {
                route,
                looser: false,
            }),
            None => self.looser(method, path).map(|route| RouteMatch {
                route,
                looser: true,
            }),
        }
    }

    #[cold]
    fn looser(&self, method: Method, path: &[u8]) -> Option<u32> {
        let other = toggled(path);
        let slash = other
            .as_ref()
            .and_then(|other| in_trie(&self.exact, method, other));
        slash
            .or_else(|| in_trie(&self.folded, method, &path.to_ascii_lowercase()))
            .or_else(|| {
                let lower = other?.to_ascii_lowercase();
                in_trie(&self.folded, method, &lower)
            })
    }

    /// The route of an operation that the log names.
    #[inline]
    pub(crate) fn find_named(&self, name: &[u8]) -> Option<RouteMatch> {
        let route = *self.named.get(name)?;
        Some(RouteMatch {
            route,
            looser: false,
        })
    }

    /// The route of a template that the gateway itself logged, equal up to parameter names.
    pub fn find_template(&self, method: Method, template: &[u8]) -> Option<RouteMatch> {
        let text = std::str::from_utf8(template).ok()?;
        let key = Template::parse(text).key(self.case_insensitive);
        let exact = self.by_template.get(&(key.clone(), method));
        let any = || self.by_template.get(&(key, Method::Any));
        let route = *exact.or_else(|| any().filter(|_| method != Method::Options))?;
        Some(RouteMatch {
            route,
            looser: false,
        })
    }
}

/// Adds an operation once.
fn join(twins: &mut Vec<usize>, index: usize) {
    if twins.last() != Some(&index) {
        twins.push(index);
    }
}

/// Equal for templates that fit the same paths.
pub(super) fn shape(path: &str) -> Vec<u8> {
    Template::parse(path).key(false)
}

/// Gives HEAD requests that two operations may have served a route that needs both.
fn heads(
    trie: &mut Trie,
    folded: bool,
    templates: &[(usize, Template)],
    operations: &[Operation],
    routes: &mut Vec<Route>,
) {
    let mut known: BTreeMap<Vec<usize>, u32> = (0..)
        .zip(routes.iter())
        .filter(|(_, route)| route.method == Method::Head)
        .map(|(number, route)| (route.operations.clone(), number))
        .collect();
    for shared in head_method::shared(templates, operations, folded) {
        let next = u32::try_from(routes.len()).unwrap_or(u32::MAX);
        let number = *known.entry(shared.operations.clone()).or_insert(next);
        if number == next {
            routes.push(Route {
                method: Method::Head,
                template: operations[shared.get].path.clone(),
                operations: shared.operations,
            });
        }
        trie.add(&shared.template, Method::Head, number, folded);
    }
}

/// Gives requests that fit different templates equally well a route that needs what all of these need.
fn settle(
    trie: &mut Trie,
    operations: &[Operation],
    routes: &mut Vec<Route>,
    warnings: &mut Vec<Warning>,
) {
    for (node, method, group) in trie.unclear() {
        let members: BTreeSet<usize> = group
            .iter()
            .filter_map(|route| routes.get(*route as usize))
            .flat_map(|route| route.operations.iter().copied())
            .collect();
        let members: Vec<usize> = members.into_iter().collect();
        let Some(first) = members.first().map(|first| &operations[*first]) else {
            continue;
        };
        let route = Route {
            method,
            template: first.path.clone(),
            operations: members,
        };
        let number = if let Some(known) = routes.iter().position(|known| *known == route) {
            known
        } else {
            let labels: Vec<String> = route
                .operations
                .iter()
                .map(|index| format!("`{}`", operations[*index].label()))
                .collect();
            warnings.push(Warning::new(
                "unclear-templates",
                format!(
                    "{} fit some paths equally well: a request on such a path needs what all of them need",
                    labels.join(" and ")
                ),
            ));
            routes.push(route);
            routes.len() - 1
        };
        trie.settle(node, method, u32::try_from(number).unwrap_or(u32::MAX));
    }
}

#[inline]
fn in_trie(trie: &Trie, method: Method, path: &[u8]) -> Option<u32> {
    match trie.find(method, path) {
        None if method == Method::Head => trie.find(Method::Get, path),
        found => found,
    }
}

/// The path with its trailing slash added or taken away; `None` for `/`.
fn toggled(path: &[u8]) -> Option<Vec<u8>> {
    match path {
        b"" | b"/" => None,
        [rest @ .., b'/'] => Some(rest.to_vec()),
        _ => Some([path, b"/"].concat()),
    }
}
