//! What several rules ask in the same way.

use std::collections::{BTreeMap, BTreeSet};

use super::context::count;
use super::{Context, Doc, Finding, MissingField, RuleSettings, Threshold, Unit, Unjudged};
use crate::analysis::{ClientAnalysis, TermAnalysis};
use crate::format::AuthKind;
use crate::model::words::plural;
use crate::model::{ClientName, Day, Granted, Millis, Outcome, Term};
use crate::usage::DayUse;
use crate::usage::credentials::{Carried, CredentialRow, UNREAD};

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
    if entries.any(|own| matches!(own.granted, Granted::Term(_))) {
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
                let own = Self {
                    events,
                    days: 1,
                    first,
                    last,
                };
                sum = Some(sum.map_or(own, |sum| sum.and(&own)));
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

/// Requests judged by the scopes that their own tokens carried.
pub(super) struct ByToken<'a> {
    rows: BTreeMap<(&'a str, u32), Vec<(&'a Carried, bool)>>,
}

/// What the tokens of one client and route say about one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Requests whose token carried what the operation asks for.
    pub(super) carried: u64,
    /// Requests whose token did not.
    pub(super) lacked: u64,
}

impl<'a> ByToken<'a> {
    pub(super) fn new(context: &Context<'a>) -> Self {
        let table = context.credentials;
        let window = context.analysis.window;
        let terms: Vec<BTreeSet<Term>> = table
            .sets
            .iter()
            .map(|set| set.split(' ').filter(|own| !own.is_empty()))
            .map(|set| set.map(Term::new).collect())
            .collect();
        let mut known: BTreeMap<(u32, u32), bool> = BTreeMap::new();
        let mut rows: BTreeMap<(&str, u32), Vec<(&Carried, bool)>> = BTreeMap::new();
        for own in table.carried.iter().filter(|own| window.contains(own.day)) {
            let client = table.clients.get(own.client as usize);
            let set = own
                .set
                .and_then(|set| Some((set, terms.get(set as usize)?)));
            let (Some(client), Some((number, set))) = (client, set) else {
                continue;
            };
            let permitted = *known.entry((number, own.route)).or_insert_with(|| {
                let operations = context.operations(own.route).iter();
                operations
                    .copied()
                    .any(|op| context.universe.permits(set, op))
            });
            rows.entry((client, own.route))
                .or_default()
                .push((own, permitted));
        }
        Self { rows }
    }

    fn of(&self, client: &ClientName, route: u32, refused: bool) -> Vec<(&'a Carried, bool)> {
        let rows = self.rows.get(&(client.as_str(), route));
        let rows = rows.into_iter().flatten().copied();
        rows.filter(|(own, _)| own.refused == refused).collect()
    }

    /// By day, what passed or was refused.
    pub(super) fn days(
        &self,
        client: &ClientName,
        route: u32,
        refused: bool,
    ) -> BTreeMap<i32, Told> {
        let mut days: BTreeMap<i32, Told> = BTreeMap::new();
        for (own, permitted) in self.of(client, route, refused) {
            let told = days.entry(own.day.0).or_default();
            if permitted {
                told.carried += own.count;
            } else {
                told.lacked += own.count;
            }
        }
        days
    }

    /// Requests that passed although their token did not carry what the operation asks for.
    pub(super) fn lacking(&self, client: &ClientName, route: u32) -> Option<Tally> {
        let mut days = BTreeSet::new();
        let mut sum: Option<Tally> = None;
        let lacking = self.of(client, route, false).into_iter();
        for (own, _) in lacking.filter(|(_, permitted)| !permitted) {
            let tally = Tally {
                events: own.count,
                days: u64::from(days.insert(own.day)),
                first: own.first,
                last: own.last,
            };
            sum = Some(sum.map_or(tally, |sum| sum.and(&tally)));
        }
        sum
    }
}

/// Rows of everybody up to the end of the window, whether or not a policy file names them.
pub(super) fn rows_of_all<'a>(
    context: &Context<'a>,
) -> impl Iterator<Item = (&'a str, &'a CredentialRow)> {
    let (table, to) = (context.credentials, context.analysis.window.to);
    let rows = table.rows.iter().filter(move |row| row.day <= to);
    rows.filter_map(|row| Some((table.clients.get(row.client as usize)?.as_str(), row)))
}

/// Rows by the name of their client.
pub(super) fn by_client<'a>(
    rows: impl Iterator<Item = (&'a str, &'a CredentialRow)>,
) -> BTreeMap<&'a str, Vec<&'a CredentialRow>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (client, row) in rows {
        all.entry(client).or_default().push(row);
    }
    all
}

/// The policy's clients with requests in the window that showed tokens, or of which nobody
/// knows what they showed. Keys, certificates and passwords are no tokens.
pub(super) fn showing_tokens<'a>(
    context: &Context<'a>,
) -> BTreeMap<&'a str, Vec<&'a CredentialRow>> {
    let window = context.analysis.window;
    let rows = context.credential_rows();
    by_client(rows.filter(|(_, row)| {
        window.contains(row.day) && matches!(row.kind, AuthKind::Token | AuthKind::Unknown)
    }))
}

/// Whether a credential is one that stays: the ids of tokens change by themselves.
pub(super) fn is_lasting(rows: &[&CredentialRow]) -> bool {
    rows.iter().all(|row| row.kind != AuthKind::Token)
}

/// Policy clients with requests in the window of which `judged` holds for no credential, and
/// how many clients there are.
pub(super) fn without_credential(
    context: &Context<'_>,
    judged: impl Fn(&[&CredentialRow]) -> bool,
) -> (Vec<String>, usize) {
    let window = context.analysis.window;
    let mut clients: BTreeMap<&str, bool> = BTreeMap::new();
    for (client, row) in context.credential_rows() {
        if window.contains(row.day) {
            clients.entry(client).or_default();
        }
    }
    for ((client, _), rows) in context.named_credentials() {
        if let Some(found) = clients.get_mut(client) {
            *found |= judged(&rows);
        }
    }
    let none = clients.iter().filter(|(_, found)| !**found);
    (
        none.map(|(name, _)| (*name).to_owned()).collect(),
        clients.len(),
    )
}

/// A limit in days that the log is too short to show.
pub(super) fn too_short(
    context: &Context<'_>,
    (doc, settings): (&Doc, &RuleSettings),
    key: &str,
) -> Result<(), MissingField> {
    let (limit, days) = (settings.threshold(doc, key), context.covered_days());
    if u64::from(days) > limit {
        return Ok(());
    }
    Err(MissingField::new(format!(
        "more than {} (limit {key}; {days} covered)",
        plural(limit, "covered day")
    )))
}

/// Policy clients that show tokens, none of which was logged with its scopes.
pub(super) fn without_scopes(context: &Context<'_>) -> Option<Unjudged> {
    let table = context.credentials;
    let read = table.issued.keys().filter(|(_, scope)| scope != UNREAD);
    let read: BTreeSet<&str> = read
        .filter_map(|(number, _)| table.clients.get(*number as usize))
        .map(String::as_str)
        .collect();
    let clients = showing_tokens(context);
    let of = clients.len();
    let unread = clients.into_keys().filter(|client| !read.contains(client));
    let unread = unread.map(str::to_owned).collect();
    Unjudged::clients("scopes of the token", unread, of)
}
