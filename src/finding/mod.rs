//! Facts worth a reviewer's time, each with a stable rule id.
//!
//! In: the analysis, the usage, the credentials and the policy ([`Context`]). Out:
//! [`Outcomes`]: findings in the order of the rules, and the rules that could not be
//! judged, each with the field that it misses.
//!
//! Invariants:
//! * a rule without its data is `not evaluable`, never silently green;
//! * no finding changes a verdict;
//! * a finding's id depends on rule, client and subject alone, so that one month
//!   can be compared with the next, and no two findings have one id.
//!
//! A new rule is one file under `rules/` and its line in [`ALL`]. What to do about a
//! finding is up to the reviewer; a finding supports a control, it proves nothing.

mod by_token;
mod context;
mod credentials;
mod evidence;
#[cfg(test)]
mod id_tests;
mod places;
mod presented;
mod rule;
mod rules;
mod served;
mod settings;
mod shared;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::Serialize;

pub use context::Context;
pub use evidence::attach_samples;
pub use rule::{Control, Doc, MissingField, Rule, Threshold, Unit, Unjudged};
pub use rules::ALL;
pub use settings::{RuleSettings, Settings, Toxic};
pub(crate) use shared::named;

use rayon::prelude::*;

use crate::model::{Day, Millis, Place, ScopeMatch};

/// How much a finding matters; the last is the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "severity")]
pub enum Severity {
    /// For the record.
    Note,
    /// Worth tidying up.
    Low,
    /// Worth a ticket.
    Medium,
    /// Worth this week.
    High,
    /// Worth today.
    Critical,
}

impl Severity {
    /// Every severity, in order.
    pub const ALL: [Self; 5] = [
        Self::Note,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// The name used in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.name() == text)
    }
}

/// Which request shows the fact: its id is looked up when the rules are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trace {
    /// The day (UTC) of an example.
    pub day: Day,
    /// The route, as an index into the usage table's routes.
    pub route: u32,
    /// The example was refused.
    pub refused: bool,
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable id: a hash of rule, client and subject (16 hex digits).
    pub id: String,
    /// Stable id of the rule, for example `enforcement-hole`.
    pub rule: &'static str,
    /// Number of the rule, for example `F1`.
    pub number: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The client it is about; empty when it is about the API or the policy as a whole.
    pub client: String,
    /// The operation, credential or term it is about.
    pub subject: String,
    /// One sentence with its counts.
    pub message: String,
    /// Requests it rests on; 0 when it is not about requests.
    pub requests: u64,
    /// How much it is about, in the rule's own unit: operations, scopes, clients or networks.
    /// Twice as much is a worse finding. `None` for a rule without such a number; never a
    /// count of requests or days, for those grow while nothing changes.
    pub extent: Option<u64>,
    /// First such request.
    pub first_seen: Option<Millis>,
    /// Last such request.
    pub last_seen: Option<Millis>,
    /// Lines of policy or configuration files that it is about.
    pub places: Vec<Place>,
    /// Ids of requests that show it.
    pub samples: Vec<String>,
    /// Where such ids are to be found.
    pub trace: Vec<Trace>,
}

impl Finding {
    pub(crate) fn new(
        doc: &'static Doc,
        settings: &RuleSettings,
        client: &str,
        subject: impl Into<String>,
        message: String,
    ) -> Self {
        let subject = subject.into();
        Self {
            id: stable_id(doc.id, client, &subject),
            rule: doc.id,
            number: doc.number,
            severity: settings.severity.unwrap_or(doc.severity),
            client: client.to_owned(),
            subject,
            message,
            requests: 0,
            extent: None,
            first_seen: None,
            last_seen: None,
            places: Vec::new(),
            samples: Vec::new(),
            trace: Vec::new(),
        }
    }

    /// Another severity than the rule's own, unless the configuration sets one.
    pub(crate) fn graded(mut self, settings: &RuleSettings, severity: Severity) -> Self {
        self.severity = settings.severity.unwrap_or(severity);
        self
    }

    /// How much it is about: see [`Finding::extent`].
    pub(crate) fn extent(mut self, extent: usize) -> Self {
        self.extent = Some(extent as u64);
        self
    }

    pub(crate) fn seen(mut self, requests: u64, first: Millis, last: Millis) -> Self {
        self.requests = requests;
        self.first_seen = Some(first);
        self.last_seen = Some(last);
        self
    }

    pub(crate) fn at(mut self, places: impl IntoIterator<Item = Place>) -> Self {
        self.places.extend(places);
        self.places.sort();
        self.places.dedup();
        self
    }

    /// Adds what another finding of the same fact has seen.
    fn unite(&mut self, other: Self) {
        self.requests += other.requests;
        self.extent = self.extent.max(other.extent);
        self.first_seen = self.first_seen.into_iter().chain(other.first_seen).min();
        self.last_seen = self.last_seen.max(other.last_seen);
        self.places.extend(other.places);
        self.places.sort();
        self.places.dedup();
        self.trace.extend(other.trace);
    }

    pub(crate) fn traced(mut self, day: Day, route: u32, refused: bool) -> Self {
        self.trace.push(Trace {
            day,
            route,
            refused,
        });
        self
    }
}

/// The id of a finding: 16 hex digits that depend on rule, client and subject alone.
pub fn stable_id(rule: &str, client: &str, subject: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [rule, client, subject] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// A rule that could not be judged, or not of everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotEvaluable {
    /// Stable id of the rule.
    pub rule: &'static str,
    /// Number of the rule.
    pub number: &'static str,
    /// What it would need.
    pub missing: MissingField,
    /// It was judged for others.
    pub partly: bool,
    /// The clients about which nothing can be said, where it was judged for others.
    pub clients: Vec<String>,
}

/// What the rules found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// In the order of the rules, then by client and subject.
    pub findings: Vec<Finding>,
    /// What `allow` of a rule's settings lets pass.
    pub allowed: Vec<Finding>,
    /// Rules that could not be judged.
    pub not_evaluable: Vec<NotEvaluable>,
    /// Rules that the configuration turns off.
    pub disabled: Vec<&'static str>,
}

/// What became of one rule.
enum Checked {
    Disabled,
    NotEvaluable(MissingField),
    Found {
        findings: Vec<Finding>,
        allowed: Vec<Finding>,
        unjudged: Vec<Unjudged>,
    },
}

/// Applies every rule.
pub fn evaluate(context: &Context<'_>, settings: &Settings) -> Outcomes {
    let checked: Vec<Checked> = ALL
        .par_iter()
        .map(|rule| check(*rule, context, settings))
        .collect();
    let mut outcomes = Outcomes::default();
    for (rule, checked) in ALL.iter().zip(checked) {
        let doc = rule.doc();
        match checked {
            Checked::Disabled => outcomes.disabled.push(doc.id),
            Checked::NotEvaluable(missing) => outcomes.not_evaluable.push(NotEvaluable {
                rule: doc.id,
                number: doc.number,
                missing,
                partly: false,
                clients: Vec::new(),
            }),
            Checked::Found {
                findings,
                allowed,
                unjudged,
            } => {
                outcomes.findings.extend(findings);
                outcomes.allowed.extend(allowed);
                let unjudged = unjudged.into_iter().map(|unjudged| NotEvaluable {
                    rule: doc.id,
                    number: doc.number,
                    missing: MissingField(unjudged.missing),
                    partly: true,
                    clients: unjudged.clients,
                });
                outcomes.not_evaluable.extend(unjudged);
            }
        }
    }
    outcomes
}

fn check(rule: &dyn Rule, context: &Context<'_>, settings: &Settings) -> Checked {
    let rule_settings = settings.of(rule.doc());
    if !rule_settings.enabled {
        return Checked::Disabled;
    }
    if let Err(missing) = rule.evaluable(context, &rule_settings) {
        return Checked::NotEvaluable(missing);
    }
    let allowed = |finding: &Finding| {
        rule_settings.allow.iter().any(|pattern| {
            [&finding.client, &finding.subject]
                .into_iter()
                .any(|text| !text.is_empty() && ScopeMatch::Glob.covers(pattern, text))
        })
    };
    let (allowed, findings) = rule
        .check(context, &rule_settings)
        .into_iter()
        .partition::<Vec<Finding>, _>(allowed);
    Checked::Found {
        findings: one_for_each_fact(findings),
        allowed: one_for_each_fact(allowed),
        unjudged: rule.unjudged(context, &rule_settings),
    }
}

/// Sorted by client and subject, and of findings with one id the gravest, with what the others
/// have seen: a baseline, a ticket and a dashboard know a finding by its id.
fn one_for_each_fact(mut findings: Vec<Finding>) -> Vec<Finding> {
    let key = |finding: &Finding| (finding.client.clone(), finding.subject.clone());
    findings.sort_by_cached_key(|finding| {
        (
            key(finding),
            Reverse(finding.severity),
            finding.message.clone(),
        )
    });
    let mut all: Vec<(Finding, usize)> = Vec::with_capacity(findings.len());
    for finding in findings {
        match all.last_mut().filter(|(first, _)| first.id == finding.id) {
            Some((first, more)) => {
                first.unite(finding);
                *more += 1;
            }
            None => all.push((finding, 0)),
        }
    }
    all.into_iter()
        .map(|(mut finding, more)| {
            if more > 0 {
                finding.message = format!("{} (and {more} more like it)", finding.message);
            }
            finding
        })
        .collect()
}

/// The rule with this number or id, in any case.
pub fn by_name(name: &str) -> Option<&'static dyn Rule> {
    ALL.iter().copied().find(|rule| {
        let doc = rule.doc();
        doc.number.eq_ignore_ascii_case(name) || doc.id.eq_ignore_ascii_case(name)
    })
}
