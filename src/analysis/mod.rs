//! Used against granted: the exact minimum, verdicts and levels.
//!
//! In: what each client holds, what it did per day and route, the catalogue,
//! and what the logs cover. Out: for each client and term a verdict, a level,
//! the reasons, and the smallest set that still permits everything needed.
//!
//! Invariants:
//! * missing data moves a verdict towards *keep* or *cannot tell*, never
//!   towards *remove*;
//! * the smallest set is a subset of what is held, and permits every operation
//!   that was needed in the window and that the held terms permit;
//! * a removal is called safe only by the organisation's own past (the landmark
//!   method), never by its own silence alone.
//!
//! Policy files are not edited here.

pub(crate) mod backtest;
pub(crate) mod blast;
mod calendar;
pub(crate) mod category;
mod client;
mod compare;
mod completeness;
mod contradicting_evidence;
pub(crate) mod demand;
mod evidence;
mod exceptions;
mod exposure;
pub(crate) mod landmark;
pub(crate) mod layers;
mod levels;
pub(crate) mod minimum;
mod narrowing;
mod possible;
mod prepared;
#[cfg(test)]
mod prepared_tests;
mod redundant;
pub(crate) mod replay;
mod rhythm;
mod role_causes;
#[cfg(test)]
mod role_files_tests;
mod role_limits;
pub mod role_mining;
mod roles;
mod serving;
pub(crate) mod share;
mod suspend;
mod term;
#[cfg(test)]
mod unproved_tests;
pub(crate) mod weight;

use std::collections::{BTreeMap, BTreeSet};

pub use crate::model::DaySet;
pub use calendar::Period;
pub(crate) use calendar::end_of;
pub use compare::{Added, ClientWindow, Compared, compare};
pub use completeness::Completeness;
pub use evidence::{Basis, Evidence};
pub use exceptions::{Exceptions, check_exceptions};
pub use landmark::Thresholds;
pub use minimum::{Hints, Objective};
pub use narrowing::actions;
pub use possible::{Held, Told};
pub use prepared::Prepared;
pub use rhythm::{Rhythm, WINDOWS};
pub use roles::Action;
pub use serving::serving;
pub use suspend::Suspension;

use crate::catalog::matcher::Route;
use crate::grants::history::{History, SinceFrom};
use crate::model::{
    Catalog, ClientName, Day, Exception, Kind, Level, Millis, Policy, Reason, Scope, Semantics,
    Term, Verdict, Via, Warning, Window,
};
use crate::usage::{Blind, ClientUse, Cluster, Coverage, PossibleNeeds};
use minimum::Universe;

/// What the analysis is asked to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// The days looked at; they end with as-of.
    pub window: Window,
    /// Place of the vendor's privilege hint in the objective.
    pub hints: Hints,
    /// What is minimised first.
    pub objective: Objective,
    /// Suggest narrower scopes of the catalogue as part of the minimal set.
    pub narrow: bool,
    /// Scopes that no API request can show: `openid` and the like.
    pub protocol: BTreeSet<Scope>,
    /// Globs over terms that never leave `review` (guard G6).
    pub protected: Vec<String>,
    /// Globs over terms, and operations (`GET /orders/*`), that something states as
    /// needed (guard G10).
    pub needs: Vec<String>,
    /// Whether every operation is logged at all: stated, denied, or not known.
    pub all_operations_logged: Option<bool>,
    /// What makes a removal safe or likely.
    pub thresholds: Thresholds,
    /// Search steps before "not proven minimal".
    pub node_budget: u64,
}

/// Scopes of the protocol itself (`OpenID` Connect Core section 5.4 and 11; `.default` is Entra's).
pub const PROTOCOL_SCOPES: [&str; 7] = [
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "offline_access",
    ".default",
];

/// Terms that never leave `review` by default: incident access cannot be predicted.
pub const PROTECTED: [&str; 6] = [
    "incident.*",
    "incident:*",
    "breakglass.*",
    "breakglass:*",
    "dr.*",
    "dr:*",
];

/// Everything the analysis reads.
pub struct Inputs<'a> {
    /// Operations and requirements.
    pub catalog: &'a Catalog,
    /// What a held term opens.
    pub semantics: &'a Semantics,
    /// The routes of the usage rows.
    pub routes: &'a [Route],
    /// Risk weight of each operation.
    pub weights: &'a [u64],
    /// The policy files.
    pub policy: &'a Policy,
    /// Since when grants are held, in addition to what the files say.
    pub history: &'a History,
    /// What clients of the policy did, by name.
    pub usage: &'a BTreeMap<ClientName, ClientUse>,
    /// What callers did that no policy file names: former clients show how long scopes rest.
    pub former: &'a BTreeMap<ClientName, ClientUse>,
    /// Unmatched paths by client.
    pub unmatched: &'a BTreeMap<ClientName, Vec<Cluster>>,
    /// Requests whose client, operation or outcome is not certain.
    pub possible: &'a PossibleNeeds,
    /// What the logs cover.
    pub coverage: &'a Coverage,
    /// What of a client's use cannot be seen, where that is known.
    pub blind: &'a BTreeMap<ClientName, Blind>,
    /// Exceptions of the configuration.
    pub exceptions: &'a [Exception],
}

/// Whether a client is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Requests in the window, and no long silence at its end.
    Active,
    /// Every request was refused.
    DeniedOnly,
    /// Silent for longer than is usual for it.
    Silent,
    /// In the policy, and not once in the log.
    Dormant,
    /// There is no data to tell.
    Unknown,
}

impl Status {
    /// The name used in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::DeniedOnly => "denied_only",
            Self::Silent => "silent",
            Self::Dormant => "dormant",
            Self::Unknown => "unknown",
        }
    }
}

/// Shares of the API's risk-weighted operations, 0..1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Exposure {
    /// Now.
    pub before: f64,
    /// After all removals called safe.
    pub after_safe: f64,
    /// After all removals called safe or likely.
    pub after_likely: f64,
    /// After every removal, down to the minimal set and what cannot be judged.
    pub after_all: f64,
    /// Of the operations needed in the window.
    pub needed: f64,
}

/// Operation used, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// Index into the catalogue's operations.
    pub operation: usize,
    /// Requests in the window that must stay permitted.
    pub count: u64,
    /// Of these, requests that prove use.
    pub used: u64,
    /// First such request in the window.
    pub first: Millis,
    /// Last such request in the window.
    pub last: Millis,
}

/// What can be said about one term of one client.
#[derive(Clone, Debug)]
pub struct TermAnalysis {
    /// The term.
    pub term: Term,
    /// How the client comes to hold it.
    pub vias: Vec<Via>,
    /// What should happen.
    pub verdict: Verdict,
    /// Why it can go.
    pub kind: Option<Kind>,
    /// How safe that is.
    pub level: Option<Level>,
    /// What decided, most important first.
    pub reasons: Vec<Reason>,
    /// Since when it is granted, at the latest date any file gives.
    pub since: Option<Day>,
    /// Who says so.
    pub since_from: Option<SinceFrom>,
    /// When and how often requests were served by it.
    pub rhythm: Rhythm,
    /// What similar grants did at earlier dates; only for removals that are idle for 30 days.
    pub evidence: Option<Evidence>,
    /// Operations of the window that only the kept set with this term permits.
    pub witness: Vec<usize>,
    /// Operations of the window it could have served.
    pub serves: Vec<usize>,
    /// Narrower scopes that would do.
    pub replace_with: Vec<Term>,
    /// Other members of a role for whose sake it stays in the role, or leaves it less safely.
    pub held_by: BTreeSet<ClientName>,
    /// How many more of them there are.
    pub held_by_more: usize,
    /// Other scopes of a role that the client loses with it, and less safely.
    pub goes_with: BTreeSet<Term>,
    /// Requests whose client, operation or outcome is not certain, and that may have needed it.
    pub possible: Vec<Held>,
    /// Requests of callers that no policy file names, on operations that it opens.
    pub strangers: Vec<Held>,
    /// How many of the operations that would be closed nobody was ever seen on, and some of them.
    pub unseen: (usize, Vec<usize>),
}

/// What can be said about one client.
#[derive(Clone, Debug)]
pub struct ClientAnalysis {
    /// Its name in the policy.
    pub id: ClientName,
    /// Whether it is alive.
    pub status: Status,
    /// Requests in the window.
    pub requests: u64,
    /// Last request in all data.
    pub last_seen: Option<Millis>,
    /// Days with records on which a source that carries it has none.
    pub absent: BTreeSet<Day>,
    /// How much of it the log has shown.
    pub seen: Completeness,
    /// Exposure before and after.
    pub exposure: Exposure,
    /// Advice to suspend it as a whole, when it is silent.
    pub suspend: Option<Suspension>,
    /// Everything it holds, sorted.
    pub granted: BTreeSet<Term>,
    /// The exact minimum of the window.
    pub minimal: BTreeSet<Term>,
    /// The search proved that nothing smaller exists.
    pub minimal_proven: bool,
    /// How far from proven, if not.
    pub gap: Option<String>,
    /// Each held term, in the order of names.
    pub terms: Vec<TermAnalysis>,
    /// Needed operations of the window.
    pub needed: Vec<Served>,
    /// Requests of the window that matched no operation and may have needed something.
    pub unmatched_requests: u64,
    /// Unmatched paths.
    pub unmatched: Vec<Cluster>,
    /// It needed something that is near no operation, or lines that may be its own could
    /// not be read: none of its grants is safe to remove.
    pub faint: bool,
    /// Refused requests of the window by route, and whether the client's grants permit it.
    pub denied: Vec<(u32, u64, bool)>,
    /// No input that may hold its requests is missing in the window.
    pub complete: bool,
    /// Routes that were used although the grants do not permit them.
    pub without_grant: Vec<(u32, u64)>,
    /// What it asks for and does not get; filled by `demand::fill`.
    pub demand: demand::Demand,
}

impl ClientAnalysis {
    /// What can be said about a held term.
    pub fn term(&self, term: &Term) -> Option<&TermAnalysis> {
        let at = self.terms.binary_search_by(|known| known.term.cmp(term));
        self.terms.get(at.ok()?)
    }
}

impl Analysis {
    /// What can be said about a client.
    pub fn client(&self, client: &ClientName) -> Option<&ClientAnalysis> {
        find(&self.clients, client)
    }
}

/// A client of a list in the order of names.
fn find<'a>(clients: &'a [ClientAnalysis], client: &ClientName) -> Option<&'a ClientAnalysis> {
    let at = clients.binary_search_by(|known| known.id.cmp(client));
    clients.get(at.ok()?)
}

/// The result for all clients.
pub struct Analysis {
    /// Days looked at.
    pub window: Window,
    /// What the levels rest on.
    pub basis: Basis,
    /// One entry for each client of the policy, sorted by name.
    pub clients: Vec<ClientAnalysis>,
    /// What a reviewer should know.
    pub warnings: Vec<Warning>,
    /// Requests whose client, operation or outcome is not certain, and what they hold.
    pub possible: Vec<Told>,
}

/// Analyses every client of the policy.
pub fn analyse(inputs: &Inputs<'_>, options: &Options) -> Analysis {
    let universe = Universe::new(inputs.catalog, inputs.semantics, inputs.weights);
    Prepared::new(inputs, options, &universe).analyse(inputs, options)
}

/// What is decided about each client, before anything is shown of it.
pub(crate) struct Decisions {
    pub(crate) basis: Basis,
    pub(crate) clients: Vec<ClientAnalysis>,
}

impl Prepared<'_> {
    /// Analyses every client at the date of the options; `inputs` has the policy that was
    /// prepared.
    pub fn analyse(&self, inputs: &Inputs<'_>, options: &Options) -> Analysis {
        use rayon::prelude::*;

        let context = client::Context::new(inputs, options, self.universe);
        let Decisions { basis, mut clients } = self.decide_in(&context);
        let mut warnings = check_exceptions(inputs.exceptions, inputs.policy, options.window.to);
        warnings.extend(redundant::warnings(inputs.policy, &clients));
        let held = clients.par_iter_mut().zip(&self.clients);
        held.for_each(|(client, holder)| {
            client.exposure = exposure::exposure(&context, client, holder);
        });
        let possible = context.possible.told(&clients);
        Analysis {
            window: options.window,
            basis,
            clients,
            warnings,
            possible,
        }
    }

    /// Verdicts and levels alone, as a replay of the past needs them.
    pub(crate) fn decide(&self, inputs: &Inputs<'_>, options: &Options) -> Decisions {
        self.decide_in(&client::Context::new(inputs, options, self.universe))
    }

    fn decide_in(&self, context: &client::Context<'_>) -> Decisions {
        use rayon::prelude::*;

        let holders = self.clients.par_iter();
        let mut drafts: Vec<(ClientAnalysis, client::Needs)> = holders
            .map(|holder| client::analyse_client(context, holder))
            .collect();
        let basis = evidence::learn(context, self, &mut drafts);
        let drafts = drafts.into_par_iter().zip(&self.clients);
        let mut clients: Vec<ClientAnalysis> = drafts
            .map(|(draft, holder)| levels::settle(context, &basis, draft, holder))
            .collect();
        role_limits::apply(context.inputs.policy, &mut clients);
        Decisions { basis, clients }
    }
}
