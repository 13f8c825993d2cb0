//! F7: one credential in several hands.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::blast::joint_exposure;
use crate::finding::places::{HANDOVER, Places};
use crate::finding::presented::{by_client, is_lasting, rows_of_all, without_credential};
use crate::finding::rule::{nist, owasp, soc2};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit, Unjudged,
};
use crate::model::words::plural;
use crate::model::{Day, ScopeMatch};
use crate::usage::credentials::{CredentialHash, CredentialRow, Facts, Hours, Network, Which};

pub(super) struct SharedCredential;

static DOC: Doc = Doc {
    number: "F7",
    id: "shared-credential",
    title: "A credential is shared",
    what: "One credential is used from several networks, or by several kinds of program, within the same hours on several days; or by more than one client over the same time.",
    why: "A shared credential cannot be revoked without breaking somebody, and its log entries prove nothing about who acted. It may also be a stolen one.",
    example: "partner-export: cred:4a0d8c99e1f0 was used from up to 5 networks within one hour, on 12 days",
    guards: "Networks are /24 (IPv4) and /48 (IPv6). One day is never enough. A client of at least 30 active days has usual networks and programs: those of half of its first 20 active days, over all its credentials. Only what joins them is reported: at least `networks` (or `agents`) within one hour, more than are usual, and one of them not usual. Where a client was always like that, it has several egress zones or HTTP libraries, or was shared from the start: the log cannot tell, and that is one note. A network or program that is followed by another one within 7 days is a change and no sharing. Two clients share a credential when each used it on `days` days between the first use of the later one and the last use of the earlier one; a client that stops within 7 days after the other one began was renamed. A sharing that was last seen more than `recent` days ago is low. NAT pools look the same: put their networks, credentials or clients on the `allow` list; a client on it is not counted. Clients that show only ids of tokens that change by themselves are named as not evaluable.",
    action: "Give each user of the credential one of its own, then revoke it. If nobody knows the other network, treat it as stolen.",
    fields: &["client", "credential id", "network address or user agent"],
    severity: Severity::High,
    thresholds: &[
        Threshold {
            key: "networks",
            unit: Unit::Count,
            default: 3,
            text: "networks active within one hour",
        },
        Threshold {
            key: "agents",
            unit: Unit::Count,
            default: 2,
            text: "kinds of user agent active within one hour",
        },
        Threshold {
            key: "days",
            unit: Unit::Count,
            default: 3,
            text: "days on which that happens",
        },
        Threshold {
            key: "recent",
            unit: Unit::Days,
            default: 30,
            text: "days before the end of the window within which it was seen last, or it is low",
        },
    ],
    controls: &[nist("AC-2(9)"), nist("IA-2"), soc2("CC6.1"), owasp("API2")],
};

impl Rule for SharedCredential {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(
        &self,
        context: &Context<'_>,
        settings: &RuleSettings,
    ) -> Result<(), MissingField> {
        let all = context.named_credentials();
        let judged = || all.values().filter(|rows| stays(settings, rows));
        if judged().next().is_none() {
            return Err(MissingField::new(FIELD));
        }
        let told = |row: &&CredentialRow| {
            !row.facts.networks.items.is_empty() || !row.facts.agents.items.is_empty()
        };
        if !judged().flatten().any(told) {
            return Err(MissingField::new("network address or user agent"));
        }
        Ok(())
    }

    fn unjudged(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Unjudged> {
        let (none, of) = without_credential(context, |rows| stays(settings, rows));
        Unjudged::clients(FIELD, none, of).into_iter().collect()
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let rows = || rows_of_all(context).filter(|(client, _)| !is_allowed(settings, client));
        let mut findings = Vec::new();
        for (client, rows) in by_client(rows()) {
            let hands = Hands {
                context,
                settings,
                client,
            };
            findings.extend(hands.check(&rows));
        }
        let mut owners: BTreeMap<CredentialHash, BTreeMap<&str, Vec<&CredentialRow>>> =
            BTreeMap::new();
        for (client, row) in rows() {
            if let Which::Named(hash) = row.credential {
                let owner = owners.entry(hash).or_default().entry(client);
                owner.or_default().push(row);
            }
        }
        let shared = owners.iter().filter(|(_, owner)| owner.len() > 1);
        findings.extend(
            shared.filter_map(|(hash, holders)| of_clients(context, settings, *hash, holders)),
        );
        findings
    }
}

const FIELD: &str =
    "credential id of keys or certificates (the ids of tokens change by themselves)";

/// Whether it can be seen on enough days: it is not a token, or is one that lives that long.
fn stays(settings: &RuleSettings, rows: &[&CredentialRow]) -> bool {
    let days: BTreeSet<Day> = rows.iter().map(|row| row.day).collect();
    is_lasting(rows) || days.len() as u64 >= settings.threshold(&DOC, "days")
}

fn is_allowed(settings: &RuleSettings, text: &str) -> bool {
    let mut patterns = settings.allow.iter();
    patterns.any(|pattern| ScopeMatch::Glob.covers(pattern, text))
}

/// Whether it was last seen long before the end of the window.
fn is_over(context: &Context<'_>, settings: &RuleSettings, last: Day) -> bool {
    last.plus(settings.days(&DOC, "recent")) < context.analysis.window.to
}

/// A credential that several clients used over the same time.
fn of_clients(
    context: &Context<'_>,
    settings: &RuleSettings,
    hash: CredentialHash,
    owners: &BTreeMap<&str, Vec<&CredentialRow>>,
) -> Option<Finding> {
    let window = context.analysis.window;
    let least = settings.threshold(&DOC, "days");
    let uses: Vec<(&str, BTreeSet<Day>)> = owners
        .iter()
        .map(|(client, rows)| (*client, rows.iter().map(|row| row.day).collect()))
        .collect();
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let mut span: Option<(Day, Day)> = None;
    for (index, (one, used)) in uses.iter().enumerate() {
        for (other, theirs) in &uses[index + 1..] {
            let Some((from, to)) = side_by_side(used, theirs) else {
                continue;
            };
            let (from, to) = (from.max(window.from), to.min(window.to));
            let days = |all: &BTreeSet<Day>| {
                let inside = all.iter().filter(|day| from <= **day && **day <= to);
                inside.count() as u64
            };
            if days(used).min(days(theirs)) >= least.max(1) {
                names.extend([*one, *other]);
                let known = span.unwrap_or((from, to));
                span = Some((known.0.min(from), known.1.max(to)));
            }
        }
    }
    let (from, to) = span?;
    let held = names.iter().filter_map(|name| context.client(name));
    let blast = joint_exposure(context.universe, held.map(|client| &client.granted));
    let (count, list) = (
        names.len(),
        names.iter().copied().collect::<Vec<_>>().join(", "),
    );
    let over = is_over(context, settings, to);
    let (is, until) = if over {
        ("was", format!(" until {to}"))
    } else {
        ("is", String::new())
    };
    let message = format!(
        "{hash:#} {is} used by {count} clients ({list}){until}; together they hold exposure {blast}"
    );
    let rows = owners.iter().filter(|(name, _)| names.contains(*name));
    let rows = rows.flat_map(|(_, rows)| rows);
    let rows: Vec<&CredentialRow> = rows
        .copied()
        .filter(|row| from <= row.day && row.day <= to)
        .collect();
    let finding = Finding::new(&DOC, settings, "", hash.to_string(), message);
    Some(
        seen(finding, &rows)
            .graded(settings, severity(over))
            .extent(count),
    )
}

/// The time over which both were in use; `None` where one took the place of the other.
fn side_by_side(one: &BTreeSet<Day>, other: &BTreeSet<Day>) -> Option<(Day, Day)> {
    let [a, b] = [one, other].map(|days| Some((*days.first()?, *days.last()?)));
    let (a, b) = (a?, b?);
    let (from, to) = (a.0.max(b.0), a.1.min(b.1));
    let renamed = (a.0 < b.0 && a.1 < b.1) || (b.0 < a.0 && b.1 < a.1);
    (from <= to && !(renamed && to.0 - from.0 <= HANDOVER)).then_some((from, to))
}

fn severity(over: bool) -> Severity {
    if over { Severity::Low } else { DOC.severity }
}

fn seen(finding: Finding, rows: &[&CredentialRow]) -> Finding {
    let first = rows.iter().map(|row| row.facts.first).min();
    let last = rows.iter().map(|row| row.facts.last).max();
    let requests = rows.iter().map(|row| row.facts.count).sum();
    match first.zip(last) {
        Some((first, last)) => finding.seen(requests, first, last),
        None => finding,
    }
}

/// The credentials of one client.
struct Hands<'a, 'c> {
    context: &'c Context<'a>,
    settings: &'c RuleSettings,
    client: &'a str,
}

/// Rows of one kind of place.
struct Many<'a> {
    /// Which joined the usual ones, with the most places of one hour.
    joined: (Vec<&'a CredentialRow>, usize),
    /// Which are as many as usual.
    usual: (Vec<&'a CredentialRow>, usize),
}

impl<'a> Hands<'a, '_> {
    fn check(&self, rows: &[&'a CredentialRow]) -> Vec<Finding> {
        let networks = Places::new(rows, |facts| &facts.networks);
        let agents = Places::new(rows, |facts| &facts.agents);
        let window = self.context.analysis.window;
        let mut credentials: BTreeMap<CredentialHash, Vec<&CredentialRow>> = BTreeMap::new();
        for row in rows.iter().filter(|row| window.contains(row.day)) {
            if let Which::Named(hash) = row.credential {
                credentials.entry(hash).or_default().push(row);
            }
        }
        let mut findings = Vec::new();
        let mut notes = [(Vec::new(), 0), (Vec::new(), 0)];
        let mut note = |kind: usize, (rows, most): (Vec<&'a CredentialRow>, usize)| {
            notes[kind].0.extend(rows);
            notes[kind].1 = most.max(notes[kind].1);
        };
        for (hash, rows) in credentials {
            let network = |network: &Network| !is_allowed(self.settings, &network.to_string());
            let many = self.many(
                &rows,
                "networks",
                &networks,
                |facts| &facts.networks,
                network,
            );
            let usually = networks.usual();
            let said = self.say(hash, many.joined, |most| {
                format!("from up to {}{}", plural(most, "network"), usual(usually))
            });
            note(0, many.usual);
            if said.is_some() {
                findings.extend(said);
                continue;
            }
            let many = self.many(&rows, "agents", &agents, |facts| &facts.agents, |_| true);
            let usually = agents.usual();
            findings.extend(self.say(hash, many.joined, |most| {
                format!(
                    "by up to {} of program{}",
                    plural(most, "kind"),
                    usual(usually)
                )
            }));
            note(1, many.usual);
        }
        let [networks, agents] = notes;
        findings.extend(self.note("networks", networks, |most| {
            let what = plural(most, "network");
            format!("{what} all the time: egress of several zones")
        }));
        findings.extend(self.note("programs", agents, |most| {
            let what = plural(most, "kind");
            format!("{what} of program all the time: several HTTP libraries")
        }));
        findings
    }

    fn many<T: Ord>(
        &self,
        rows: &[&'a CredentialRow],
        threshold: &str,
        places: &Places<'a, T>,
        of: impl Fn(&'a Facts) -> &'a Hours<T>,
        counts: impl Fn(&T) -> bool,
    ) -> Many<'a> {
        let least = usize::try_from(self.settings.threshold(&DOC, threshold)).unwrap_or(usize::MAX);
        let mut many = Many {
            joined: (Vec::new(), 0),
            usual: (Vec::new(), 0),
        };
        for row in rows {
            let items = of(&row.facts).items.iter().filter(|(item, _)| counts(item));
            let together = places.together(row.day, &items);
            let (into, most) = if together.joined >= least.max(places.usual() + 1) {
                (&mut many.joined, together.joined)
            } else if together.all >= least {
                (&mut many.usual, together.all)
            } else {
                continue;
            };
            into.0.push(row);
            into.1 = into.1.max(most);
        }
        many
    }

    fn say(
        &self,
        hash: CredentialHash,
        (rows, most): (Vec<&CredentialRow>, usize),
        what: impl Fn(usize) -> String,
    ) -> Option<Finding> {
        let (days, last) = self.enough(&rows)?;
        let over = is_over(self.context, self.settings, last);
        let until = if over {
            format!(", until {last}")
        } else {
            String::new()
        };
        let message = format!(
            "{hash:#} was used {} within one hour, on {}{until}",
            what(most),
            plural(days, "day")
        );
        let finding = Finding::new(&DOC, self.settings, self.client, hash.to_string(), message);
        Some(
            seen(finding, &rows)
                .graded(self.settings, severity(over))
                .extent(most),
        )
    }

    fn note(
        &self,
        subject: &str,
        (rows, most): (Vec<&CredentialRow>, usize),
        what: impl Fn(usize) -> String,
    ) -> Option<Finding> {
        let (days, _) = self.enough(&rows)?;
        let message = format!(
            "uses {}, or shared from the start; the log cannot tell (within one hour, on {})",
            what(most),
            plural(days, "day")
        );
        let finding = Finding::new(&DOC, self.settings, self.client, subject, message);
        Some(seen(finding, &rows).graded(self.settings, Severity::Note))
    }

    /// On how many days, where they are enough, and the last one.
    fn enough(&self, rows: &[&CredentialRow]) -> Option<(usize, Day)> {
        let days: BTreeSet<Day> = rows.iter().map(|row| row.day).collect();
        let enough = days.len() as u64 >= self.settings.threshold(&DOC, "days");
        days.last()
            .filter(|_| enough)
            .map(|last| (days.len(), *last))
    }
}

/// ` (usually 3)`, where something is usual.
fn usual(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(" (usually {count})"),
    }
}
