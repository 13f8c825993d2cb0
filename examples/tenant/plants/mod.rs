//! The planted problems and near misses: what each adds to the healthy tenant, and what has to be found.
//!
//! A plant is data. What has to be found is stated by what the log of a format carries, never by what a rule
//! happens to do: a rule that cannot see it in a format has to say so there (`unjudged`). A near miss expects
//! nothing; whatever is above a note and belongs to no plant is wrong.

mod clients;
mod credentials;
mod described;
mod enforcement;
mod near;
mod policy;
mod refusals;
mod tokens;

use super::call::Call;
use super::files::{Grant, Operation};
use super::format::Format;

/// A problem, or what only looks like one.
pub(crate) struct Plant {
    /// Its name on the command line.
    pub(crate) slug: &'static str,
    /// What is wrong, or what is not.
    pub(crate) name: &'static str,
    pub(crate) calls: Vec<Call>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) operations: Vec<Operation>,
    /// Lines above the clients of the policy file.
    pub(crate) head: &'static str,
    /// A scope that is declared only.
    pub(crate) declared: Option<&'static str>,
    /// Tables of the configuration.
    pub(crate) config: &'static str,
    pub(crate) expects: Vec<Expect>,
}

impl Plant {
    fn new(slug: &'static str, name: &'static str) -> Self {
        Self {
            slug,
            name,
            calls: Vec::new(),
            grants: Vec::new(),
            operations: Vec::new(),
            head: "",
            declared: None,
            config: "",
            expects: Vec::new(),
        }
    }

    fn calls(self, calls: impl IntoIterator<Item = Call>) -> Self {
        let calls = self.calls.into_iter().chain(calls).collect();
        Self { calls, ..self }
    }

    /// A client of the policy that has the plant's name, with these scopes.
    fn granted(self, scopes: &str) -> Self {
        let slug = self.slug;
        self.grants([Grant::new(slug, scopes)])
    }

    fn grants(self, grants: impl IntoIterator<Item = Grant>) -> Self {
        let grants = self.grants.into_iter().chain(grants).collect();
        Self { grants, ..self }
    }

    fn operations(self, operations: impl IntoIterator<Item = Operation>) -> Self {
        let operations = operations.into_iter().collect();
        Self { operations, ..self }
    }

    fn head(self, head: &'static str) -> Self {
        Self { head, ..self }
    }

    fn declared(self, scope: &'static str) -> Self {
        let declared = Some(scope);
        Self { declared, ..self }
    }

    fn config(self, config: &'static str) -> Self {
        Self { config, ..self }
    }

    fn expects(self, expects: impl IntoIterator<Item = Expect>) -> Self {
        let expects = expects.into_iter().collect();
        Self { expects, ..self }
    }
}

/// How often a finding has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    Once,
    /// Once or more often: the rule decides how it groups.
    Some,
    /// It may be there: it is another true view of the same problem.
    Maybe,
}

/// One finding that has to be there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expect {
    /// `F1`.
    pub(crate) rule: &'static str,
    /// As in the report; empty for nobody, and for the API or policy as a whole.
    pub(crate) client: &'static str,
    /// One of these, with `|` between them.
    pub(crate) severity: &'static str,
    /// Stands in the subject or the message; a key by its id (`K-...`).
    pub(crate) about: &'static str,
    pub(crate) requests: Option<u64>,
    /// It names a line of a file.
    pub(crate) place: bool,
    pub(crate) times: Times,
    /// The formats in which it is found.
    pub(crate) found: &'static [Format],
    /// The formats in which the rule has to say that it cannot judge this client, or nobody at all.
    pub(crate) unjudged: &'static [Format],
}

/// The formats that carry claims of tokens, and who refused.
pub(crate) const JSON: &[Format] = &[Format::Aws, Format::Envoy, Format::Kong];
/// The formats that carry ids of keys.
pub(crate) const KEYS: &[Format] = &[Format::Aws, Format::Kong];
pub(crate) const NO_KEYS: &[Format] = &[Format::Envoy, Format::Combined];
pub(crate) const TEXT: &[Format] = &[Format::Combined];
const NEVER: &[Format] = &[];

impl Expect {
    /// Found once, in every format.
    const fn new(rule: &'static str, client: &'static str, severity: &'static str) -> Self {
        Self {
            rule,
            client,
            severity,
            about: "",
            requests: None,
            place: false,
            times: Times::Once,
            found: &Format::ALL,
            unjudged: NEVER,
        }
    }

    /// `F2 of late-deny, medium, once, 12 requests: "late deny" (aws, envoy, kong; not evaluable: combined)`.
    pub(crate) fn sentence(&self) -> String {
        let names = |of: &[Format]| {
            let names: Vec<&str> = of.iter().map(|format| format.name()).collect();
            names.join(", ")
        };
        let mut text = self.rule.to_owned();
        if !self.client.is_empty() {
            text = format!("{text} of {}", self.client);
        }
        text = format!("{text}, {}", self.severity.replace('|', " or "));
        text += match self.times {
            Times::Once => ", once",
            Times::Some => ", once or more often",
            Times::Maybe => ", or not",
        };
        if let Some(requests) = self.requests {
            text = format!("{text}, {requests} requests");
        }
        if self.place {
            text += ", with its line";
        }
        if !self.about.is_empty() {
            text = format!("{text}: {:?}", self.about);
        }
        text = format!("{text} ({}", names(self.found));
        if !self.unjudged.is_empty() {
            text = format!("{text}; not evaluable: {}", names(self.unjudged));
        }
        text + ")"
    }

    const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    const fn requests(self, requests: u64) -> Self {
        let requests = Some(requests);
        Self { requests, ..self }
    }

    const fn placed(self) -> Self {
        let place = true;
        Self { place, ..self }
    }

    const fn only(self, found: &'static [Format]) -> Self {
        Self { found, ..self }
    }

    const fn unjudged(self, unjudged: &'static [Format]) -> Self {
        Self { unjudged, ..self }
    }

    const fn some(self) -> Self {
        let times = Times::Some;
        Self { times, ..self }
    }

    const fn maybe(self) -> Self {
        let times = Times::Maybe;
        Self { times, ..self }
    }
}

/// All of them, in the order of the rules; the near misses are last.
pub(crate) fn all() -> Vec<Plant> {
    let parts = [
        enforcement::plants(),
        refusals::plants(),
        tokens::plants(),
        credentials::plants(),
        clients::plants(),
        described::plants(),
        policy::plants(),
        near::plants(),
    ];
    parts.into_iter().flatten().collect()
}
