//! One client: what it needed, what is left over, and why.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::exceptions::Exceptions;
use super::levels;
use super::minimum::{Holding, Problem, Solution, Universe, minimum};
use super::possible::Possible;
use super::prepared::Holder;
use super::rhythm::Rhythm;
use super::term::{narrowed, pattern_in_parts, pattern_stays, routes_of_terms, term_analysis};
use super::{ClientAnalysis, Completeness, Evidence, Exposure, Inputs, Options, Served};
use crate::model::{ClientName, Day, Millis, Reason, Requirement, Term};
use crate::usage::{ClientUse, Coverage, Days, RouteUse, UNMATCHED};

/// What is the same for every client at one date.
pub(super) struct Context<'a> {
    pub(super) inputs: &'a Inputs<'a>,
    pub(super) options: &'a Options,
    pub(super) universe: &'a Universe,
    pub(super) exceptions: Exceptions<'a>,
    /// Clients of each policy file that appear in the log.
    pub(super) joined: Vec<usize>,
    /// Requests about which something is uncertain.
    pub(super) possible: Possible<'a>,
    /// Too many days lack records.
    pub(super) days_missing: bool,
    /// All data hold too few days for any removal.
    pub(super) history_too_short: bool,
    /// Why the data of the window allow no answer at all, if so.
    pub(super) no_answer: Option<Reason>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        inputs: &'a Inputs<'a>,
        options: &'a Options,
        universe: &'a Universe,
    ) -> Self {
        let matched = |usage: &ClientUse| usage.routes.iter().any(|route| route.route != UNMATCHED);
        let seen = |client: &ClientName| inputs.usage.get(client).is_some_and(matched);
        let (coverage, window) = (inputs.coverage, options.window);
        Self {
            inputs,
            options,
            universe,
            exceptions: Exceptions::on(inputs.exceptions, window.to),
            possible: Possible::new(inputs, window),
            days_missing: levels::days_missing(coverage, window),
            history_too_short: levels::is_short(&coverage.days, window),
            no_answer: levels::no_answer(coverage, window),
            joined: inputs
                .policy
                .files
                .iter()
                .map(|file| file.clients.iter().filter(|client| seen(client)).count())
                .collect(),
        }
    }
}

/// One route in all data. Where several operations have equal templates, each request
/// may have been any of them, and is counted once.
pub(super) struct Ever {
    /// Operations of the route that the grants permit.
    pub(super) operations: Vec<usize>,
    /// All its days, some of need among them.
    pub(super) days: Days,
}

impl<'a> Context<'a> {
    /// Whether most clients of the policy files that name this one appear in the log, so
    /// that it would as well if it were at work.
    pub(super) fn is_well_seen(&self, id: &ClientName) -> bool {
        let files = self.inputs.policy.files.iter().zip(&self.joined);
        let mut naming = files.filter(|(file, _)| file.clients.contains(id));
        naming.all(|(file, seen)| 2 * seen > file.clients.len())
    }

    /// The days on which a client's requests would have been seen.
    pub(super) fn covered(&self, id: &ClientName) -> Cow<'a, BTreeMap<Day, u64>> {
        let blind = self.inputs.blind.get(id);
        without(self.inputs.coverage, blind.map(|blind| &blind.days))
    }
}

impl ClientAnalysis {
    /// The days on which its requests would have been seen: those on which its clocks run.
    pub fn covered<'c>(&self, coverage: &'c Coverage) -> Cow<'c, BTreeMap<Day, u64>> {
        without(coverage, Some(&self.absent))
    }
}

/// Covered days except some.
fn without<'c>(
    coverage: &'c Coverage,
    absent: Option<&BTreeSet<Day>>,
) -> Cow<'c, BTreeMap<Day, u64>> {
    let days = &coverage.days;
    match absent.filter(|absent| !absent.is_empty()) {
        Some(absent) => {
            let seen = days.iter().filter(|(day, _)| !absent.contains(day));
            Cow::Owned(seen.map(|(day, count)| (*day, *count)).collect())
        }
        None => Cow::Borrowed(days),
    }
}

/// What the client did, counted by operation.
pub(super) struct Needs {
    pub(super) served: BTreeMap<usize, Served>,
    /// Routes with an operation that the grants permit and that was needed in all data.
    pub(super) ever: Vec<Ever>,
    requests: u64,
    pub(super) unmatched: u64,
    denied: BTreeMap<u32, u64>,
    pub(super) without_grant: BTreeMap<u32, u64>,
    /// Some operation of the window states no requirement, or accepts anonymous callers.
    pub(super) unspecified: bool,
    pub(super) optional_auth: BTreeSet<usize>,
    pub(super) alive: Rhythm,
    /// What the past says about each grant, whatever its verdict; of silent clients only.
    pub(super) looks: BTreeMap<Term, Evidence>,
    pub(super) any_need: bool,
}

fn needs(context: &Context<'_>, held: &Holding, usage: Option<&ClientUse>) -> Needs {
    let mut needs = Needs {
        served: BTreeMap::new(),
        ever: Vec::new(),
        requests: 0,
        unmatched: 0,
        denied: BTreeMap::new(),
        without_grant: BTreeMap::new(),
        unspecified: false,
        optional_auth: BTreeSet::new(),
        alive: Rhythm::default(),
        looks: BTreeMap::new(),
        any_need: false,
    };
    for route in usage.into_iter().flat_map(|usage| &usage.routes) {
        add_route(context, held, route, &mut needs);
    }
    needs
}

fn add_route(context: &Context<'_>, held: &Holding, usage: &RouteUse, needs: &mut Needs) {
    let (window, catalog) = (context.options.window, context.inputs.catalog);
    let (mut need, mut denied, mut used) = (0, 0, 0);
    let mut span: Option<(Millis, Millis)> = None;
    let mut ever = false;
    for day in &usage.days {
        let all: u64 = day.counts.iter().sum();
        // What matches nothing shows no life.
        if usage.route != UNMATCHED {
            let at = (day.first, day.last);
            needs.alive.add(Day(day.day), all, at, window.to);
        }
        let needed = day.need();
        ever |= needed > 0;
        if !window.contains(Day(day.day)) {
            continue;
        }
        needs.requests += all;
        need += needed;
        denied += day.denied();
        if needed > 0 {
            used += day.counts[0];
            let (first, last) = span.unwrap_or((day.first, day.last));
            span = Some((first.min(day.first), last.max(day.last)));
        }
    }
    if denied > 0 {
        *needs.denied.entry(usage.route).or_default() += denied;
    }
    if usage.route == UNMATCHED {
        needs.unmatched += need;
        return;
    }
    let operations = context
        .inputs
        .routes
        .get(usage.route as usize)
        .map_or(&[][..], |route| &route.operations);
    // Equal templates: whichever the request was, what the grants permit has to stay permitted.
    let permitted: Vec<usize> = operations
        .iter()
        .copied()
        .filter(|op| context.universe.permits_holding(held, *op))
        .collect();
    if permitted.is_empty() && need > 0 {
        *needs.without_grant.entry(usage.route).or_default() += need;
    }
    if permitted.is_empty() || !ever {
        return;
    }
    for operation in &permitted {
        let operation = *operation;
        if let Some((first, last)) = span {
            needs.any_need = true;
            let served = needs.served.entry(operation).or_insert(Served {
                operation,
                count: 0,
                used: 0,
                first,
                last,
            });
            served.count += need;
            served.used += used;
            served.first = served.first.min(first);
            served.last = served.last.max(last);
            let described = &catalog.operations[operation];
            needs.unspecified |= described.requirement == Requirement::Unspecified;
            if described.optional_auth {
                needs.optional_auth.insert(operation);
            }
        }
    }
    needs.ever.push(Ever {
        operations: permitted,
        days: usage.days.clone(),
    });
}

/// Verdicts for one client; the levels wait for the past of all clients.
pub(super) fn analyse_client(context: &Context<'_>, holder: &Holder) -> (ClientAnalysis, Needs) {
    let (options, universe) = (context.options, context.universe);
    let usage = context.inputs.usage.get(&holder.id);
    let needs = needs(context, &holder.holding, usage);
    let needed: Vec<usize> = needs.served.keys().copied().collect();
    let solve = |pool: &BTreeSet<Term>, held: Option<&BTreeSet<Term>>| {
        minimum(
            universe,
            &Problem {
                needed: &needed,
                pool,
                held,
                hints: options.hints,
                objective: options.objective,
                node_budget: options.node_budget,
            },
        )
    };
    let mut solution = solve(&holder.observable, None);
    if let Some(names) = holder
        .names
        .as_ref()
        .filter(|_| context.inputs.catalog.in_parts)
    {
        // None stands in for another: patterns are judged each by itself.
        solution = solve(names, None);
    } else if let Some(names) = &holder.names {
        // What names allow is not left to a pattern, which is to become narrower.
        let named = solve(names, None);
        solution.kept.extend(named.kept);
        solution.proven &= named.proven;
    }
    let narrow = holder.narrow_pool.as_ref();
    let narrow = narrow.map(|pool| solve(pool, Some(&holder.observable)));
    // A narrower set counts only when it opens less than what is held already can.
    let narrow = narrow
        .filter(|found| universe.opens(&found.kept).len() < universe.opens(&solution.kept).len());
    let chosen = match &narrow {
        Some(narrow) if options.narrow => narrow,
        _ => &solution,
    };
    let mut client = draft(context, holder, &needs, chosen);
    let routes = routes_of_terms(context, holder, &needs);
    for (held, routes) in holder.terms.iter().zip(&routes) {
        let mut found = term_analysis(context, (&client, holder), &needs, (held, routes));
        if let Some(narrow) = narrow.as_ref().filter(|narrow| {
            solution.kept.contains(&held.term) && !narrow.kept.contains(&held.term)
        }) {
            narrowed(context, (&client, held), &mut found, &narrow.kept);
        } else if let Some(operation) = chosen.witness.get(&held.term) {
            found.witness = vec![*operation];
        }
        pattern_stays(held, &mut found);
        pattern_in_parts(context, held, &mut found);
        client.terms.push(found);
    }
    (client, needs)
}

/// The client without its terms and levels.
fn draft(
    context: &Context<'_>,
    holder: &Holder,
    needs: &Needs,
    chosen: &Solution,
) -> ClientAnalysis {
    let inputs = context.inputs;
    let id = &holder.id;
    let permits = |route: u32| permits_route(context, &holder.holding, route);
    let blind = inputs.blind.get(id);
    let status = levels::status(context, id, needs);
    ClientAnalysis {
        id: id.clone(),
        status,
        requests: needs.requests,
        last_seen: needs.alive.last,
        absent: blind.map(|blind| blind.days.clone()).unwrap_or_default(),
        seen: Completeness::of(needs.ever.iter().map(|route| &route.days)),
        exposure: Exposure::default(),
        suspend: None,
        minimal: chosen.kept.clone(),
        minimal_proven: chosen.proven,
        gap: chosen.gap.clone(),
        terms: Vec::with_capacity(holder.terms.len()),
        needed: needs.served.values().cloned().collect(),
        unmatched_requests: needs.unmatched,
        unmatched: inputs.unmatched.get(id).cloned().unwrap_or_default(),
        denied: needs
            .denied
            .iter()
            .map(|(route, count)| (*route, *count, permits(*route)))
            .collect(),
        faint: false,
        complete: levels::cannot_tell(context, status).is_none(),
        without_grant: needs
            .without_grant
            .iter()
            .map(|(route, count)| (*route, *count))
            .collect(),
        demand: super::demand::Demand::default(),
        granted: holder.granted.clone(),
    }
}

fn permits_route(context: &Context<'_>, held: &Holding, route: u32) -> bool {
    let operations = context
        .inputs
        .routes
        .get(route as usize)
        .map_or(&[][..], |route| &route.operations);
    operations.iter().any(|op| {
        context.universe.is_restricted(*op) && context.universe.permits_holding(held, *op)
    })
}
