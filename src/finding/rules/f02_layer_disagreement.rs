//! F2: gateway and service do not agree on who may do what.

use crate::finding::context::count;
use crate::finding::rule::{nist, owasp, soc2};
use crate::finding::shared::{ByToken, REPEATED, Tally};
use crate::finding::{Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity};
use crate::model::Outcome;
use crate::model::words::plural;
use crate::usage::DayUse;

pub(super) struct LayerDisagreement;

static DOC: Doc = Doc {
    number: "F2",
    id: "layer-disagreement",
    title: "Gateway and service disagree",
    what: "The gateway lets requests through that the service refuses (late deny), the gateway refuses requests that the grants permit (early deny), or the same client and operation is allowed and refused within one hour (split brain).",
    why: "Two layers with two opinions mean that one of them is wrong. The one that is too open is the one an attacker will find.",
    example: "erp-sync: late deny: the service refused 31 of 212 requests to POST /v1/orders that the gateway let through",
    guards: "At least `min_events` refusals on at least `min_days` days. A service also refuses for reasons of business (quota, state of a tenant), a firewall in front may refuse too: read the examples first. Where the log carries the scopes of tokens, a refused token that lacked the scope is no early deny. Usage is kept by day with the first and last instant of what passed and of what was refused: split brain is reported where two of these lie within one hour, so that some cases stay unseen and none is made up.",
    action: "Compare the scope checks of both layers for the operation, and make the outer one at least as strict.",
    fields: &[
        "client",
        "operation",
        "status",
        "who refused (gateway or service)",
    ],
    severity: Severity::Medium,
    thresholds: &REPEATED,
    controls: &[nist("AC-3"), soc2("CC6.1"), owasp("API5")],
};

impl Rule for LayerDisagreement {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    /// Refusals of which nobody knows who made them count as the service's; when
    /// the log never names the gateway, it probably cannot.
    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        let mut refused = [0, 0];
        for client in &context.analysis.clients {
            for day in context.used(client).iter().flat_map(|(_, days)| days) {
                refused[0] += count(day, Outcome::DeniedGateway);
                refused[1] += count(day, Outcome::DeniedService);
            }
        }
        if refused[0] == 0 && refused[1] > 0 {
            return Err(MissingField::new(
                "who refused a request: gateway or service (upstream status, `source`, response code details)",
            ));
        }
        Ok(())
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let tokens = ByToken::new(context);
        let mut findings = Vec::new();
        for client in &context.analysis.clients {
            for (route, days) in context.used(client) {
                if context.operations(route).is_empty() {
                    continue;
                }
                let label = context.label(route);
                let permitted = context.permits(client, route);
                let told = tokens.days(&client.id, route, true);
                let total: u64 = days.iter().map(|day| day.need() + day.denied()).sum();
                let early = |day: &DayUse| {
                    let gateway = count(day, Outcome::DeniedGateway);
                    let told = told.get(&day.day).copied().unwrap_or_default();
                    if permitted {
                        gateway.saturating_sub(told.lacked)
                    } else {
                        // Who refused which token is not known: the fewest that fit.
                        let service = count(day, Outcome::DeniedService);
                        told.carried.saturating_sub(service).min(gateway)
                    }
                };
                let why = if permitted {
                    "the grants permit them"
                } else {
                    "their tokens carry the scopes"
                };
                let kinds: [Kind<'_>; 3] = [
                    (
                        "late deny",
                        "passed the gateway and were refused by the service".to_owned(),
                        DOC.severity,
                        &|day| count(day, Outcome::DeniedService),
                    ),
                    (
                        "early deny",
                        format!("were refused by the gateway although {why}"),
                        DOC.severity,
                        &early,
                    ),
                    (
                        "split brain",
                        "were refused on days on which others passed within an hour".to_owned(),
                        Severity::Low,
                        &|day| if is_split(day) { day.denied() } else { 0 },
                    ),
                ];
                for (kind, text, severity, which) in kinds {
                    let sum = Tally::of(days.iter(), which, DayUse::refused);
                    let Some(sum) = sum.filter(|sum| sum.is_repeated(&DOC, settings)) else {
                        continue;
                    };
                    let message = format!(
                        "{kind}: {} of {} to {label} {text}",
                        sum.events,
                        plural(total, "request")
                    );
                    let subject = format!("{label} ({kind})");
                    let finding =
                        Finding::new(&DOC, settings, client.id.as_str(), subject, message);
                    findings.push(sum.on(finding.graded(settings, severity), route, true));
                }
            }
        }
        findings
    }
}

/// Its name, what happened, how much it matters, and how many of a day's requests it is about.
type Kind<'k> = (&'static str, String, Severity, &'k dyn Fn(&DayUse) -> u64);

/// Some request passed within an hour of one that was refused. Of each kind the
/// first and last of the day are known: what lies between them may hide a case, and
/// can never make one up.
fn is_split(day: &DayUse) -> bool {
    const HOUR: i64 = 3_600_000;
    let spans = (day.passed.span(day.day), day.refused.span(day.day));
    let (Some(passed), Some(refused)) = spans else {
        return false;
    };
    [passed.0, passed.1].iter().any(|own| {
        [refused.0, refused.1]
            .iter()
            .any(|other| (own - other).abs() <= HOUR)
    })
}
