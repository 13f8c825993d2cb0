//! The scopes that a client's tokens carried, compared with what it is granted.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::minimum::Universe;
use crate::analysis::{ClientAnalysis, Inputs};
use crate::model::{Day, Millis, Scope, Term, Verdict};
use crate::usage::credentials::{CredentialTable, Issued, MAX_ISSUED, UNREAD};

/// Days with tokens that must have been seen since a scope is granted, before it is
/// said to be never issued.
pub(crate) const ENOUGH_DAYS: usize = 30;

/// What the tokens of one client carried, in all data up to the end of the window.
#[derive(Clone, Debug, PartialEq)]
pub struct Tokens {
    /// Requests whose token carried a list of scopes.
    pub requests: u64,
    /// Days (UTC) with such requests.
    pub days: BTreeSet<Day>,
    /// Each scope, sorted by name.
    pub scopes: Vec<IssuedScope>,
    /// Granted terms that no token carried, or why that cannot be told.
    pub never_issued: Result<Vec<Term>, NotEvaluable>,
    /// Whether the names in the tokens are those of the policy or of the catalogue.
    comparable: bool,
}

/// One scope of the tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedScope {
    /// Its name, as the token spells it.
    pub scope: String,
    /// Requests with it.
    pub requests: u64,
    /// First of them.
    pub first: Millis,
    /// Last of them.
    pub last: Millis,
    /// What the policy says about it.
    pub standing: Standing,
}

/// How a scope of a token relates to the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A held term is or covers it.
    Granted,
    /// A scope of the protocol itself: `openid` and the like.
    Protocol,
    /// Nothing that the client holds covers it: an old token, or another issuer.
    NotGranted,
    /// The names in the tokens are not those of the policy.
    Unknown,
}

impl Standing {
    /// The name used in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Protocol => "protocol",
            Self::NotGranted => "not_granted",
            Self::Unknown => "unknown",
        }
    }
}

/// Why nobody can say which granted scopes are never issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotEvaluable {
    /// No token of the client was logged with its scopes.
    NoScopes,
    /// On too few days.
    FewDays,
    /// The names are others.
    OtherNames,
    /// Some list or name was too long to be kept.
    Unread,
    /// There were more names than are kept.
    TooMany,
}

impl NotEvaluable {
    /// The name used in data.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoScopes => "no_token_scopes",
            Self::FewDays => "too_few_days",
            Self::OtherNames => "other_names",
            Self::Unread => "list_too_long",
            Self::TooMany => "too_many_scopes",
        }
    }

    /// The reason in words.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NoScopes => "the log has no token of this client with its scopes",
            Self::FewDays => "tokens with scopes were seen on fewer than 30 days",
            Self::OtherNames => {
                "no scope in the tokens has a name of the policy or of the catalogue"
            }
            Self::Unread => "some token's list of scopes was too long to be read",
            Self::TooMany => "the tokens carried more than 256 different scopes",
        }
    }
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            requests: 0,
            days: BTreeSet::new(),
            scopes: Vec::new(),
            never_issued: Err(NotEvaluable::NoScopes),
            comparable: false,
        }
    }
}

impl Tokens {
    /// Whether the tokens can be compared with the grants.
    pub fn are_comparable(&self) -> bool {
        self.comparable
    }

    /// Scopes in tokens that nothing granted covers.
    pub fn not_granted(&self) -> impl Iterator<Item = &IssuedScope> {
        let beyond = |issued: &&IssuedScope| issued.standing == Standing::NotGranted;
        self.scopes.iter().filter(beyond)
    }
}

/// What was carried by one client's tokens, before it is compared.
#[derive(Default)]
pub(super) struct Carried<'a> {
    requests: u64,
    days: BTreeSet<Day>,
    scopes: Vec<(&'a str, Issued)>,
}

/// The tokens of each client up to a day.
pub(super) fn by_client(table: &CredentialTable, to: Day) -> BTreeMap<&str, Carried<'_>> {
    let mut all: BTreeMap<&str, Carried<'_>> = BTreeMap::new();
    let name = |client: u32| table.clients.get(client as usize).map(String::as_str);
    for row in table.rows.iter().filter(|row| row.day <= to) {
        if let Some(name) = name(row.client).filter(|_| row.facts.scoped > 0) {
            let carried = all.entry(name).or_default();
            carried.requests += row.facts.scoped;
            carried.days.insert(row.day);
        }
    }
    // A scope that first came later was not there yet.
    let known = table
        .issued
        .iter()
        .filter(|(_, issued)| Day::of(issued.first) <= to);
    for ((client, scope), issued) in known {
        if let Some(name) = name(*client) {
            let carried = all.entry(name).or_default();
            carried.scopes.push((scope.as_str(), *issued));
        }
    }
    all
}

/// Compares the tokens of one client with its grants.
pub(super) fn judge(
    client: &ClientAnalysis,
    inputs: &Inputs<'_>,
    universe: &Universe,
    protocol: &BTreeSet<Scope>,
    carried: Option<&Carried<'_>>,
) -> Tokens {
    let Some(carried) = carried.filter(|carried| !carried.days.is_empty()) else {
        return Tokens::default();
    };
    let names: Vec<&str> = carried
        .scopes
        .iter()
        .map(|(scope, _)| *scope)
        .filter(|scope| *scope != UNREAD)
        .collect();
    // What a term opens is looked up once: there may be many names.
    let opens: BTreeMap<&Term, Vec<u32>> = client
        .granted
        .iter()
        .map(|term| (term, universe.scopes_of(term)))
        .collect();
    let covers = |term: &Term, scope: &str| {
        let given = |number: u32| {
            let opened = opens.get(term);
            opened.is_some_and(|scopes| scopes.binary_search(&number).is_ok())
        };
        term.as_str() == scope
            || inputs.semantics.matching.covers(term.as_str(), scope)
            || universe.number(scope).is_some_and(given)
    };
    let held = |scope: &str| client.granted.iter().any(|term| covers(term, scope));
    let comparable = names
        .iter()
        .any(|scope| held(scope) || universe.number(scope).is_some());
    let standing = |scope: &str| {
        if held(scope) {
            Standing::Granted
        } else if protocol.contains(scope) {
            Standing::Protocol
        } else if comparable {
            Standing::NotGranted
        } else {
            Standing::Unknown
        }
    };
    let known = carried.scopes.iter().filter(|(scope, _)| *scope != UNREAD);
    let scopes = known
        .map(|(scope, issued)| IssuedScope {
            scope: (*scope).to_owned(),
            requests: issued.count,
            first: issued.first,
            last: issued.last,
            standing: standing(scope),
        })
        .collect();
    let unread = carried.scopes.len() > names.len();
    let never_issued = if carried.days.len() < ENOUGH_DAYS {
        Err(NotEvaluable::FewDays)
    } else if unread {
        Err(NotEvaluable::Unread)
    } else if names.len() >= MAX_ISSUED {
        Err(NotEvaluable::TooMany)
    } else if !comparable {
        Err(NotEvaluable::OtherNames)
    } else {
        let terms = client.terms.iter().filter(|found| {
            // Identity scopes are often left out of access tokens.
            found.verdict != Verdict::Unobservable
                && !names.iter().any(|scope| covers(&found.term, scope))
                && carried
                    .days
                    .range(found.since.unwrap_or(Day(i32::MIN))..)
                    .count()
                    >= ENOUGH_DAYS
        });
        Ok(terms.map(|found| found.term.clone()).collect())
    };
    Tokens {
        requests: carried.requests,
        days: carried.days.clone(),
        scopes,
        never_issued,
        comparable,
    }
}
