//! F26: tokens that carry everything while the calls need little.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::presented::without_scopes;
use crate::finding::rule::{nist, owasp, soc2};
use crate::finding::shared::{named, needs_grants, needs_requirements, needs_token_scopes};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit, Unjudged,
};
use crate::model::words::plural;
use crate::model::{Clause, Day, Millis, Scope};
use crate::usage::credentials::Carried;

pub(super) struct FullToken;

static DOC: Doc = Doc {
    number: "F26",
    id: "full-token",
    title: "Tokens carry all scopes while calls need few",
    what: "A client's tokens always carry all, or nearly all, of the scopes that it is granted, while the calls of a day need only a few of them.",
    why: "A token that leaks is worth all that it carries, not what it was fetched for. RFC 9700 section 2.3 asks for tokens with the least privileges that the use at hand needs.",
    example: "erp-sync: its tokens always carry 12 of its 12 scopes, and on 9 of 10 days the calls need no more than 1 of them: orders:read (1204 requests on 84 days)",
    guards: "Only for clients that are granted at least `min_scopes` scopes that operations ask for. Full is a token with 90 % of them, always is 90 % of the requests that passed and whose token was logged with its scopes. Of a day all calls count together, with the fewest scopes that permit each, because tokens are not told apart: what one token needs is that or less. On 9 of 10 days they must need no more than `max_need` percent of the scopes of the token; at least `min_requests` requests on `min_days` days. It says nothing about scopes that are never needed: those are the removals of the report. Clients whose tokens were never logged with scopes are named as not evaluable.",
    action: "Ask for a token with the scopes of the job at hand: the `scope` parameter of the token request, or one client for each job.",
    fields: &[
        "policy file",
        "scopes of the token",
        "scopes required by the operations",
    ],
    severity: Severity::Low,
    thresholds: &[
        Threshold {
            key: "min_scopes",
            unit: Unit::Count,
            default: 5,
            text: "granted scopes from which a client is looked at",
        },
        Threshold {
            key: "max_need",
            unit: Unit::Percent,
            default: 25,
            text: "share of the token's scopes that a day's calls need at most",
        },
        Threshold {
            key: "min_requests",
            unit: Unit::Count,
            default: 20,
            text: "requests with such tokens",
        },
        Threshold {
            key: "min_days",
            unit: Unit::Count,
            default: 10,
            text: "days with such requests",
        },
    ],
    controls: &[nist("AC-6"), soc2("CC6.3"), owasp("API2")],
};

/// What one client's full tokens were used for.
#[derive(Default)]
struct Use<'a> {
    /// Requests with full tokens, and with any.
    full: u64,
    all: u64,
    /// By day what full tokens were needed for.
    days: BTreeMap<Day, BTreeSet<&'a Scope>>,
    /// Fewest scopes of a full token.
    carried: usize,
    span: Option<(Millis, Millis)>,
}

impl Rule for FullToken {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        needs_grants(context)?;
        needs_requirements(context)?;
        needs_token_scopes(context)
    }

    fn unjudged(&self, context: &Context<'_>, _: &RuleSettings) -> Vec<Unjudged> {
        without_scopes(context).into_iter().collect()
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let table = context.credentials;
        let window = context.analysis.window;
        let mut clients: BTreeMap<&str, Vec<&Carried>> = BTreeMap::new();
        for carried in table
            .carried
            .iter()
            .filter(|carried| !carried.refused && window.contains(carried.day))
        {
            if let Some(client) = table.clients.get(carried.client as usize) {
                clients.entry(client).or_default().push(carried);
            }
        }
        let known = context.catalog.required_scopes();
        let mut findings = Vec::new();
        for (client, rows) in clients {
            let Some(analysed) = context.client(client) else {
                continue;
            };
            let terms = analysed.granted.iter();
            let granted: BTreeSet<Scope> = terms
                .flat_map(|term| context.semantics.expand(term, &known))
                .collect();
            if (granted.len() as u64) < settings.threshold(&DOC, "min_scopes") {
                continue;
            }
            let used = used(context, &granted, &rows);
            findings.extend(judge(settings, client, granted.len(), &used));
        }
        findings
    }
}

fn used<'a>(context: &Context<'a>, granted: &BTreeSet<Scope>, rows: &[&Carried]) -> Use<'a> {
    let sets = &context.credentials.sets;
    let mut used = Use::default();
    for row in rows {
        let Some(set) = row.set.and_then(|set| sets.get(set as usize)) else {
            continue;
        };
        let set: BTreeSet<&str> = set.split(' ').collect();
        let carried = granted
            .iter()
            .filter(|scope| set.contains(scope.as_str()))
            .count();
        used.all += row.count;
        if carried * 10 < granted.len() * 9 {
            continue;
        }
        used.carried = if used.full == 0 {
            carried
        } else {
            used.carried.min(carried)
        };
        used.full += row.count;
        let (first, last) = used.span.unwrap_or((row.first, row.last));
        used.span = Some((first.min(row.first), last.max(row.last)));
        let operations = context.operations(row.route).iter();
        let clauses = operations
            .filter_map(|op| context.catalog.operations.get(*op))
            .flat_map(|op| op.requirement.clauses());
        let permits = |clause: &&Clause| clause.iter().all(|scope| set.contains(scope.as_str()));
        let fewest = clauses.filter(permits).min_by_key(|clause| clause.len());
        let day = used.days.entry(row.day).or_default();
        day.extend(fewest.into_iter().flatten());
    }
    used
}

fn judge(settings: &RuleSettings, client: &str, granted: usize, used: &Use<'_>) -> Option<Finding> {
    let days = used.days.len();
    let always = used.full * 10 >= used.all * 9;
    if !always
        || used.full < settings.threshold(&DOC, "min_requests")
        || (days as u64) < settings.threshold(&DOC, "min_days")
    {
        return None;
    }
    let mut needs: Vec<usize> = used.days.values().map(BTreeSet::len).collect();
    needs.sort_unstable();
    // Nine of ten days need this or less.
    let most = *needs.get((days * 9).div_ceil(10).saturating_sub(1))?;
    if (most * 100) as u64 > used.carried as u64 * settings.threshold(&DOC, "max_need") {
        return None;
    }
    let usual = used.days.values().filter(|scopes| scopes.len() <= most);
    let names: BTreeSet<&str> = usual.flatten().map(|scope| scope.as_str()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let which = if names.is_empty() {
        String::new()
    } else {
        format!(" ({})", named(&names))
    };
    let message = format!(
        "its tokens always carry {} of its {}, and on 9 of 10 days the calls need no more than {most} of them{which}: {} on {}",
        used.carried,
        plural(granted, "scope"),
        plural(used.full, "request"),
        plural(days, "day")
    );
    let (first, last) = used.span?;
    Some(Finding::new(&DOC, settings, client, "tokens", message).seen(used.full, first, last))
}
