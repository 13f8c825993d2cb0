//! The operations of an API and what each requires.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::{Place, Scope, ScopeMatch, Security, Term, Warning};

/// An HTTP method: RFC 9110 section 9, the IANA registry of methods, and the
/// verbs of Kubernetes, whose audit logs use them in the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the variants are the methods' own names")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
    Trace,
    Connect,
    Query,
    Acl,
    BaselineControl,
    Bind,
    Checkin,
    Checkout,
    Copy,
    Label,
    Link,
    Lock,
    Merge,
    Mkactivity,
    Mkcalendar,
    Mkcol,
    Mkredirectref,
    Mkworkspace,
    Move,
    Orderpatch,
    Pri,
    Propfind,
    Proppatch,
    Purge,
    Rebind,
    Report,
    Search,
    Unbind,
    Uncheckout,
    Unlink,
    Unlock,
    Update,
    Updateredirectref,
    VersionControl,
    Approve,
    Attest,
    Create,
    Deletecollection,
    Escalate,
    Impersonate,
    List,
    Proxy,
    Sign,
    Use,
    Watch,
    /// What is done has a name of its own, in place of a path: a permission of Kubernetes.
    Named,
    /// In a catalogue: every method. Never in a log.
    Any,
    /// In a log: a method no catalogue entry can name.
    Other,
}

/// Every method a catalogue can name.
const NAMES: [(&str, Method); 54] = [
    ("GET", Method::Get),
    ("HEAD", Method::Head),
    ("POST", Method::Post),
    ("PUT", Method::Put),
    ("PATCH", Method::Patch),
    ("DELETE", Method::Delete),
    ("OPTIONS", Method::Options),
    ("TRACE", Method::Trace),
    ("CONNECT", Method::Connect),
    ("QUERY", Method::Query),
    ("ACL", Method::Acl),
    ("BASELINE-CONTROL", Method::BaselineControl),
    ("BIND", Method::Bind),
    ("CHECKIN", Method::Checkin),
    ("CHECKOUT", Method::Checkout),
    ("COPY", Method::Copy),
    ("LABEL", Method::Label),
    ("LINK", Method::Link),
    ("LOCK", Method::Lock),
    ("MERGE", Method::Merge),
    ("MKACTIVITY", Method::Mkactivity),
    ("MKCALENDAR", Method::Mkcalendar),
    ("MKCOL", Method::Mkcol),
    ("MKREDIRECTREF", Method::Mkredirectref),
    ("MKWORKSPACE", Method::Mkworkspace),
    ("MOVE", Method::Move),
    ("ORDERPATCH", Method::Orderpatch),
    ("PRI", Method::Pri),
    ("PROPFIND", Method::Propfind),
    ("PROPPATCH", Method::Proppatch),
    ("PURGE", Method::Purge),
    ("REBIND", Method::Rebind),
    ("REPORT", Method::Report),
    ("SEARCH", Method::Search),
    ("UNBIND", Method::Unbind),
    ("UNCHECKOUT", Method::Uncheckout),
    ("UNLINK", Method::Unlink),
    ("UNLOCK", Method::Unlock),
    ("UPDATE", Method::Update),
    ("UPDATEREDIRECTREF", Method::Updateredirectref),
    ("VERSION-CONTROL", Method::VersionControl),
    ("APPROVE", Method::Approve),
    ("ATTEST", Method::Attest),
    ("CREATE", Method::Create),
    ("DELETECOLLECTION", Method::Deletecollection),
    ("ESCALATE", Method::Escalate),
    ("IMPERSONATE", Method::Impersonate),
    ("LIST", Method::List),
    ("PROXY", Method::Proxy),
    ("SIGN", Method::Sign),
    ("USE", Method::Use),
    ("WATCH", Method::Watch),
    ("NAMED", Method::Named),
    ("ANY", Method::Any),
];

impl Method {
    /// Reads a method as logs and catalogues spell it, in any case; unknown names are `Other`.
    pub fn parse(text: &[u8]) -> Self {
        // The usual spelling first: this runs once per log line.
        match text {
            b"GET" => return Self::Get,
            b"POST" => return Self::Post,
            b"PUT" => return Self::Put,
            b"DELETE" => return Self::Delete,
            b"PATCH" => return Self::Patch,
            _ => {}
        }
        NAMES
            .iter()
            .find(|(name, _)| text.eq_ignore_ascii_case(name.as_bytes()))
            .map_or(Self::Other, |(_, method)| *method)
    }

    /// Upper-case name; `OTHER` for what no catalogue can name.
    pub fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(_, method)| *method == self)
            .map_or("OTHER", |(name, _)| name)
    }

    /// Whether an operation of this method counts as a write: every method that is not safe
    /// (RFC 9110 section 9.2.1, and the column "Safe" of the IANA registry of methods).
    /// LIST (Vault, Kubernetes) and WATCH (Kubernetes) read as well.
    pub fn is_write(self) -> bool {
        !matches!(
            self,
            Self::Get
                | Self::Head
                | Self::Options
                | Self::Pri
                | Self::Propfind
                | Self::Query
                | Self::Report
                | Self::Search
                | Self::Trace
                | Self::List
                | Self::Watch
        )
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Method {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Whether an operation reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Nothing is changed.
    Read,
    /// Something may be changed.
    Write,
}

/// Scopes that are all needed together.
pub type Clause = BTreeSet<Scope>;

/// What an operation demands of its caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// The description does not say. Unspecified is not public: nothing can be
    /// concluded from such an operation.
    Unspecified,
    /// Any one of these clauses is enough; an empty clause asks for no scope.
    AnyOf(Vec<Clause>),
}

impl Requirement {
    /// The operation asks for no scope at all.
    pub fn none() -> Self {
        Self::AnyOf(vec![Clause::new()])
    }

    /// One of the clauses is empty, so no scope is ever needed.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::AnyOf(clauses) if clauses.iter().any(BTreeSet::is_empty))
    }

    /// The clauses; none when the requirement is unspecified.
    pub fn clauses(&self) -> &[Clause] {
        match self {
            Self::Unspecified => &[],
            Self::AnyOf(clauses) => clauses,
        }
    }
}

/// One operation of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its method; `Any` serves every method.
    pub method: Method,
    /// Path template with the base path in front, as documented: `/v1/orders/{id}`.
    pub path: String,
    /// What it demands.
    pub requirement: Requirement,
    /// The description's own id.
    pub operation_id: Option<String>,
    /// Scopes that the vendor marks as least privileged for it.
    pub least: Vec<Scope>,
    /// Risk weight, when the catalogue sets one; otherwise it is derived.
    pub weight: Option<u32>,
    /// Whether it reads or writes, where that is said; else its method tells.
    pub effect: Option<Effect>,
    /// Tags of the description.
    pub tags: Vec<String>,
    /// Marked as deprecated.
    pub deprecated: bool,
    /// Anonymous callers are accepted alongside callers with scopes (an OpenAPI `{}` entry).
    pub optional_auth: bool,
    /// How callers prove who they are.
    pub security: Security,
    /// Where it is described.
    pub place: Option<Place>,
}

impl Operation {
    /// An operation with nothing but a method, a path and a requirement.
    pub fn new(method: Method, path: impl Into<String>, requirement: Requirement) -> Self {
        Self {
            method,
            path: path.into(),
            requirement,
            operation_id: None,
            least: Vec::new(),
            weight: None,
            effect: None,
            tags: Vec::new(),
            deprecated: false,
            optional_auth: false,
            security: Security::Unknown,
            place: None,
        }
    }

    /// What it demands, for people: `a + b | c`, `(no scope)` or `(not stated)`.
    pub fn demands(&self) -> String {
        let clauses = match &self.requirement {
            Requirement::Unspecified => return "(not stated)".to_owned(),
            open if open.is_open() && !self.optional_auth => return "(no scope)".to_owned(),
            Requirement::AnyOf(clauses) => clauses,
        };
        let scopes = clauses.iter().filter(|clause| !clause.is_empty());
        let mut words: Vec<String> = scopes
            .map(|clause| {
                let names: Vec<&str> = clause.iter().map(Scope::as_str).collect();
                names.join(" + ")
            })
            .collect();
        if words.is_empty() {
            return "(no scope)".to_owned();
        }
        if self.requirement.is_open() {
            words.push("(anonymous)".to_owned());
        }
        words.join(" | ")
    }

    /// An operation that has a name, which is that of the scope it needs.
    pub fn named(name: &str, effect: Option<Effect>) -> Self {
        Self::named_for(name, effect, &[name])
    }

    /// An operation that has a name, and needs one of these scopes.
    pub fn named_for(name: &str, effect: Option<Effect>, scopes: &[&str]) -> Self {
        let ways = scopes.iter().map(|scope| Clause::from([Scope::new(scope)]));
        let plain = Self::new(Method::Named, name, Requirement::AnyOf(ways.collect()));
        Self { effect, ..plain }
    }

    /// Whether it may change something.
    pub fn is_write(&self) -> bool {
        let stated = self.effect.map(|effect| effect == Effect::Write);
        stated.unwrap_or_else(|| self.method.is_write())
    }

    /// `GET /v1/orders/{id}`, or its name.
    pub fn label(&self) -> String {
        label(self.method, &self.path)
    }
}

/// How an operation is called: method and path, or its name.
pub(crate) fn label(method: Method, path: &str) -> String {
    match method {
        Method::Named => path.to_owned(),
        method => format!("{method} {path}"),
    }
}

/// All operations of an API, in the order of their source.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Path or name of the source as shown to the user.
    pub source: Arc<str>,
    /// The operations; their index is their id in one run.
    pub operations: Vec<Operation>,
    /// Scopes the source declares, whether or not an operation asks for them.
    pub declared: BTreeSet<Scope>,
    /// Holding the key implies holding the values.
    pub implies: BTreeMap<Scope, BTreeSet<Scope>>,
    /// How held terms are compared with required scopes, when the source says so.
    pub matching: Option<ScopeMatch>,
    /// Terms that allow something of which logs show nothing.
    pub unrecorded: BTreeSet<Term>,
    /// Terms that are patterns and judged by what logs show of their members, each with those
    /// members of which logs need not show anything.
    pub patterns: BTreeMap<Term, BTreeSet<Term>>,
    /// A term holds in a part of the system that it does not name, so none stands in for another.
    pub in_parts: bool,
    /// What the reader noticed.
    pub warnings: Vec<Warning>,
    /// The operations of each host; those of none are of all.
    pub hosts: BTreeMap<Arc<str>, BTreeSet<usize>>,
}

impl Catalog {
    /// Every scope that some operation asks for.
    pub fn required_scopes(&self) -> BTreeSet<Scope> {
        let all = self.operations.iter().map(|op| op.requirement.clauses());
        all.flatten().flatten().cloned().collect()
    }
}

#[cfg(test)]
#[path = "catalog_tests.rs"]
mod tests;
