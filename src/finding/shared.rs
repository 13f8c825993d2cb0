//! What several rules ask in the same way.

use super::context::count;
use super::{Context, Doc, Finding, MissingField, RuleSettings, Threshold, Unit};
use crate::analysis::{ClientAnalysis, TermAnalysis};
use crate::model::words;
use crate::model::{Day, Granted, Millis, Outcome};
use crate::usage::DayUse;
use crate::usage::credentials::UNREAD;
use std::borrow::Borrow;

/// Thresholds of the rules about repeated refusals.
pub(super) const REPEATED: [Threshold; 2] = [
    Threshold {
        key: "min_events",
        unit: Unit::Count,
        default: 5,
        text: "refusals before it is reported",
    },
    Threshold {
        key: "min_days",
        unit: Unit::Count,
        default: 2,
        text: "days with refusals before it is reported",
    },
];

/// Threshold of the rules about refusals that may have a reason of business.
pub(super) const SHARE: Threshold = Threshold {
    key: "min_share",
    unit: Unit::Percent,
    default: 10,
    text: "share of the requests to the operation below which a service's refusals are a note",
};

/// Some operation asks for a scope.
pub(super) fn needs_requirements(context: &Context<'_>) -> Result<(), MissingField> {
    let restricted = (0..context.catalog.operations.len())
        .any(|operation| context.universe.is_restricted(operation));
    if restricted {
        return Ok(());
    }
    Err(MissingField::new(
        "scopes required by the operations (no operation of the API description asks for any)",
    ))
}

/// Some policy file grants a term.
pub(super) fn needs_grants(context: &Context<'_>) -> Result<(), MissingField> {
    let mut entries = context.policy.files.iter().flat_map(|file| &file.entries);
    if entries.any(|entry| matches!(entry.granted, Granted::Term(_))) {
        return Ok(());
    }
    Err(MissingField::new("grants (the policy files list none)"))
}

/// Some token of a known client was logged with its scopes.
pub(super) fn needs_token_scopes(context: &Context<'_>) -> Result<(), MissingField> {
    let table = context.credentials;
    let known = |number: u32| {
        let name = table.clients.get(number as usize);
        name.is_some_and(|name| context.client(name).is_some())
    };
    let mut issued = table.issued.keys();
    if issued.any(|(number, scope)| scope != UNREAD && known(*number)) {
        return Ok(());
    }
    Err(MissingField::new(
        "scopes of the token (no token of a known client was logged with its scopes)",
    ))
}

/// Some request of a known client has a status.
pub(super) fn needs_status(context: &Context<'_>) -> Result<(), MissingField> {
    let status = context.analysis.clients.iter().any(|client| {
        let used = context.used(client);
        let mut days = used.iter().flat_map(|(_, days)| days);
        days.any(|day| count(day, Outcome::Used) + day.denied() > 0)
    });
    if status {
        return Ok(());
    }
    Err(MissingField::new(
        "status of the answers (no request of a known client has one)",
    ))
}

/// One finding for each term of each client about which there is something to say.
pub(super) fn terms(
    context: &Context<'_>,
    (doc, settings): (&'static Doc, &RuleSettings),
    say: impl Fn(&ClientAnalysis, &TermAnalysis) -> Option<String>,
) -> Vec<Finding> {
    let clients = context.analysis.clients.iter();
    let all = clients.flat_map(|client| client.terms.iter().map(move |term| (client, term)));
    all.filter_map(|(client, term)| {
        let message = say(client, term)?;
        let subject = term.term.as_str();
        let finding = Finding::new(doc, settings, client.id.as_str(), subject, message);
        Some(finding.at(context.places(term)))
    })
    .collect()
}

/// Whether a path is that of a file that no API serves as an operation.
pub(super) fn is_static(path: &str) -> bool {
    const ENDINGS: [&str; 10] = [
        ".css", ".js", ".png", ".ico", ".svg", ".map", ".woff", ".woff2", ".jpg", ".gif",
    ];
    ENDINGS.iter().any(|end| path.ends_with(end))
}

/// Up to five names, and how many more there are.
pub(crate) fn named(names: &[impl Borrow<str>]) -> String {
    words::first(names, 5)
}

/// Requests of some kind on one route, over days.
#[derive(Clone, Copy)]
pub(super) struct Tally {
    pub(super) events: u64,
    pub(super) days: u64,
    pub(super) first: Millis,
    pub(super) last: Millis,
}

impl Tally {
    /// Adds up what `of` gives for each day, with the instants of `when`.
    pub(super) fn of<'d>(
        days: impl IntoIterator<Item = &'d DayUse>,
        of: impl Fn(&DayUse) -> u64,
        when: fn(&DayUse) -> (Millis, Millis),
    ) -> Option<Self> {
        let mut sum: Option<Self> = None;
        for day in days {
            let events = of(day);
            if events > 0 {
                let (first, last) = when(day);
                let tally = Self {
                    events,
                    days: 1,
                    first,
                    last,
                };
                sum = Some(sum.map_or(tally, |sum| sum.and(&tally)));
            }
        }
        sum
    }

    pub(super) fn and(self, other: &Self) -> Self {
        Self {
            events: self.events + other.events,
            days: self.days + other.days,
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }

    /// Enough for a rule with the thresholds [`REPEATED`].
    pub(super) fn is_repeated(&self, doc: &Doc, settings: &RuleSettings) -> bool {
        self.events >= settings.threshold(doc, "min_events")
            && self.days >= settings.threshold(doc, "min_days")
    }

    /// The finding with its counts, and examples of its first and last day.
    pub(super) fn on(&self, finding: Finding, route: u32, refused: bool) -> Finding {
        finding
            .seen(self.events, self.first, self.last)
            .traced(Day::of(self.first), route, refused)
            .traced(Day::of(self.last), route, refused)
    }
}
