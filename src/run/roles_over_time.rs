//! How the roles of the months before would have done in the months after.
//!
//! In: a finished analysis. Out: what this command would have proposed at an earlier day, from what was
//! known then, against what the same clients needed afterwards; and the roles that there are, likewise.
//!
//! A use is an operation that a client needed afterwards and that its grants permit. A grant of a
//! role counts as used when its term takes part in permitting such an operation.

use std::collections::{BTreeMap, BTreeSet};

use super::AnalysisRun;
use super::analysis_run::options;
use super::role_needs::{needs, rhythms};
use crate::analysis::role_mining::{
    ExistingRole, Meanings, OverTime, ProposedRole, RoleOptions, RoleOverTime, granted, propose,
};
use crate::analysis::{Analysis, Inputs, Prepared};
use crate::model::{ClientName, Day, RoleName, Term, Window};
use crate::usage::ClientUse;

/// Days that are looked at after the split, and at least as many before it.
const DAYS: i32 = 90;

/// Looks back, where the logs have days enough.
pub(super) fn over_time(
    run: &AnalysisRun,
    existing: &[ExistingRole],
    meanings: &Meanings,
    asked: &RoleOptions,
) -> Option<OverTime> {
    let to = run.analysis.window.to;
    let (first, until) = (run.read.coverage.span()?.from, to.plus(-DAYS));
    if first > until.plus(1 - DAYS) {
        return None;
    }
    let known = known_at(run, until);
    let meanings = Meanings {
        rhythms: rhythms(&known.clients, &run.read.coverage.until(until)),
        ..meanings.clone()
    };
    let needs = needs(&known.clients, run.level);
    let proposal = propose(&needs, existing, &meanings, asked);
    let after = Window {
        from: until.plus(1),
        to,
    };
    let later = Later::of(run, after);
    let mut total = granted(&proposal.roles);
    for (client, terms) in &proposal.direct {
        total
            .entry(client.clone())
            .or_default()
            .extend(terms.iter().cloned());
    }
    let none = BTreeSet::new();
    let covered = later
        .uses
        .keys()
        .map(|client| later.covered(client, total.get(*client).unwrap_or(&none)));
    let proposed = proposal
        .roles
        .iter()
        .filter(|role| !role.exists || !asked.keep_roles);
    let proposed = proposed
        .map(|role: &ProposedRole| later.role((&role.name, false), &role.members, &role.terms));
    let existing = existing
        .iter()
        .map(|role| later.role((&role.name, true), &role.members, &role.terms));
    Some(OverTime {
        until,
        after,
        uses: later.uses.values().map(BTreeSet::len).sum(),
        covered: covered.sum(),
        roles: proposed.chain(existing).collect(),
    })
}

/// The analysis at the end of a day, from what was known then.
fn known_at(run: &AnalysisRun, until: Day) -> Analysis {
    let cut = |usage: &BTreeMap<ClientName, ClientUse>| -> BTreeMap<ClientName, ClientUse> {
        let known = usage.iter();
        known
            .map(|(client, usage)| (client.clone(), usage.until(until)))
            .collect()
    };
    let (usage, former) = (cut(&run.usage), cut(&run.former));
    let coverage = run.read.coverage.until(until);
    let unmatched = BTreeMap::new();
    let inputs = Inputs {
        catalog: &run.routes.catalog,
        semantics: &run.semantics,
        routes: run.routes.matcher.routes(),
        weights: &run.weights,
        policy: &run.policy,
        usage: &usage,
        former: &former,
        unmatched: &unmatched,
        coverage: &coverage,
        possible: &run.possible,
        blind: &run.blind,
        history: &run.history,
        exceptions: &run.settings.exceptions,
    };
    let whole = run.analysis.window;
    let window = Window {
        from: until.plus(whole.from.0 - whole.to.0),
        to: until,
    };
    let options = options(&run.settings, window);
    Prepared::new(&inputs, &options, &run.universe).analyse(&inputs, &options)
}

/// What clients needed in the days after, and what they hold.
struct Later<'r> {
    run: &'r AnalysisRun,
    uses: BTreeMap<&'r ClientName, BTreeSet<usize>>,
}

impl<'r> Later<'r> {
    fn of(run: &'r AnalysisRun, after: Window) -> Self {
        let mut uses = BTreeMap::new();
        for client in &run.analysis.clients {
            let routes = run
                .usage
                .get(&client.id)
                .into_iter()
                .flat_map(|usage| &usage.routes);
            let needed = routes.filter(|route| {
                let days = route.days.since(after.from);
                days.iter()
                    .any(|day| after.contains(Day(day.day)) && day.need() > 0)
            });
            let held = run.universe.holding(&client.granted);
            let operations = needed.filter_map(|route| {
                let at = usize::try_from(route.route).ok()?;
                run.routes.matcher.routes().get(at)
            });
            let operations = operations.flat_map(|route| route.operations.iter().copied());
            let own = operations.filter(|at| {
                run.universe.is_restricted(*at) && run.universe.permits_holding(&held, *at)
            });
            let own: BTreeSet<usize> = own.collect();
            if !own.is_empty() {
                uses.insert(&client.id, own);
            }
        }
        Self { run, uses }
    }

    fn covered(&self, client: &ClientName, terms: &BTreeSet<Term>) -> usize {
        let held = self.run.universe.holding(terms);
        let uses = self.uses.get(client).into_iter().flatten();
        uses.filter(|at| self.run.universe.permits_holding(&held, **at))
            .count()
    }

    /// How many of the terms took part in what the client needed.
    fn used(&self, client: &ClientName, terms: &BTreeSet<Term>) -> usize {
        let (Some(uses), Some(own)) = (self.uses.get(client), self.run.analysis.client(client))
        else {
            return 0;
        };
        let held: BTreeSet<Term> = own.granted.union(terms).cloned().collect();
        let serves = |term: &&Term| {
            uses.iter()
                .any(|at| self.run.universe.serves(term, &held, *at))
        };
        terms.iter().filter(serves).count()
    }

    fn role(
        &self,
        (name, exists): (&RoleName, bool),
        members: &BTreeSet<ClientName>,
        terms: &BTreeSet<Term>,
    ) -> RoleOverTime {
        let sum = |of: &dyn Fn(&ClientName) -> usize| members.iter().map(of).sum();
        RoleOverTime {
            name: name.clone(),
            exists,
            members: members.len(),
            terms: terms.clone(),
            grants: members.len() * terms.len(),
            used: sum(&|client| self.used(client, terms)),
            uses: sum(&|client| self.uses.get(client).map_or(0, BTreeSet::len)),
            covered: sum(&|client| self.covered(client, terms)),
        }
    }
}
