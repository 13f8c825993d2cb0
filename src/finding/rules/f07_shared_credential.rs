//! F7: one credential in several hands.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::blast::joint_exposure;
use crate::finding::rule::{nist, owasp, soc2};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::model::words::plural;
use crate::model::{Day, ScopeMatch};
use crate::usage::credentials::{Agent, CredentialHash, CredentialRow, Hours, Network, Ranked};

pub(super) struct SharedCredential;

static DOC: Doc = Doc {
    number: "F7",
    id: "shared-credential",
    title: "A credential is shared",
    what: "One credential is used from several networks, or by several kinds of program, within the same hours on several days; or by more than one client.",
    why: "A shared credential cannot be revoked without breaking somebody, and its log entries prove nothing about who acted. It may also be a stolen one.",
    example: "partner-export: cred:4a0d8c99e1f0 was used from up to 5 networks within one hour, on 12 days",
    guards: "Networks are /24 (IPv4) and /48 (IPv6). NAT pools, egress rotation and deployments in several regions look alike: put their networks, credentials or clients on the `allow` list. One day is never enough.",
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
    ],
    controls: &[nist("AC-2(9)"), nist("IA-2"), soc2("CC6.1"), owasp("API2")],
};

impl Rule for SharedCredential {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        let all = context.named_credentials();
        if all.is_empty() {
            return Err(MissingField::new(
                "credential id (key id, jti, certificate serial)",
            ));
        }
        let told = |row: &&CredentialRow| {
            !row.facts.networks.items.is_empty() || !row.facts.agents.items.is_empty()
        };
        if !all.values().flatten().any(told) {
            return Err(MissingField::new("network address or user agent"));
        }
        Ok(())
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let window = context.analysis.window;
        let mut findings = Vec::new();
        let mut owners: BTreeMap<CredentialHash, BTreeSet<&str>> = BTreeMap::new();
        for ((client, hash), rows) in context.named_credentials() {
            owners.entry(hash).or_default().insert(client);
            let rows: Vec<&CredentialRow> = rows
                .into_iter()
                .filter(|row| window.contains(row.day))
                .collect();
            findings.extend(in_several_hands(settings, client, hash, &rows));
        }
        for (hash, clients) in owners.iter().filter(|(_, clients)| clients.len() > 1) {
            let names: Vec<&str> = clients.iter().copied().collect();
            let held = names.iter().filter_map(|name| context.client(name));
            let blast = joint_exposure(context.universe, held.map(|own| &own.granted));
            let message = format!(
                "{hash:#} is used by {} clients ({}); together they hold exposure {blast}",
                names.len(),
                names.join(", ")
            );
            findings.push(Finding::new(&DOC, settings, "", hash.to_string(), message));
        }
        findings
    }
}

fn in_several_hands(
    settings: &RuleSettings,
    client: &str,
    hash: CredentialHash,
    rows: &[&CredentialRow],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |what: String, own: &[(Day, &CredentialRow)]| {
        let days: BTreeSet<Day> = own.iter().map(|(day, _)| *day).collect();
        let (Some((_, first)), Some((_, last))) = (own.first(), own.last()) else {
            return;
        };
        if (days.len() as u64) < settings.threshold(&DOC, "days") {
            return;
        }
        let requests = own.iter().map(|(_, row)| row.facts.count).sum();
        let message = format!(
            "{hash:#} was used {what} within one hour, on {}",
            plural(days.len(), "day")
        );
        findings.push(
            Finding::new(&DOC, settings, client, hash.to_string(), message).seen(
                requests,
                first.facts.first,
                last.facts.last,
            ),
        );
    };
    let networks = |row: &CredentialRow| {
        let kept = row.facts.networks.items.iter().filter(|(network, _)| {
            let shown = network.to_string();
            !settings
                .allow
                .iter()
                .any(|own| ScopeMatch::Glob.covers(own, &shown))
        });
        together::<Network>(&kept.copied().collect::<Vec<_>>())
    };
    let agents = |row: &CredentialRow| together::<Agent>(&row.facts.agents.items);
    let pick = |least: u64, of: &dyn Fn(&CredentialRow) -> usize| {
        let own: Vec<(Day, &CredentialRow)> = rows
            .iter()
            .filter(|row| of(row) as u64 >= least)
            .map(|row| (row.day, *row))
            .collect();
        let most = own.iter().map(|(_, row)| of(row)).max().unwrap_or(0);
        (own, most)
    };
    let (own, most) = pick(settings.threshold(&DOC, "networks"), &networks);
    say(format!("from up to {}", plural(most, "network")), &own);
    if own.is_empty() {
        let (own, most) = pick(settings.threshold(&DOC, "agents"), &agents);
        let kinds = plural(most, "kind");
        say(format!("by up to {kinds} of program"), &own);
    }
    findings
}

fn together<T: Ranked>(items: &[(T, u32)]) -> usize {
    Hours {
        items: items.to_vec(),
        more: false,
    }
    .together()
}
