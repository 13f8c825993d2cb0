//! F2: gateway and service do not agree on who may do what.

use crate::finding::context::count;
use crate::finding::rule::{nist, owasp, soc2};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::model::{Day, Outcome};
use crate::usage::DayUse;

pub(super) struct LayerDisagreement;

static DOC: Doc = Doc {
    number: "F2",
    id: "layer-disagreement",
    title: "Gateway and service disagree",
    what: "The gateway lets requests through that the service refuses (late deny), the gateway refuses requests that the grants permit (early deny), or the same client and operation is allowed and refused side by side on one day (split brain).",
    why: "Two layers with two opinions mean that one of them is wrong. The one that is too open is the one an attacker will find.",
    example: "erp-sync: late deny: the service refused 31 of 212 requests to POST /v1/orders that the gateway let through",
    guards: "At least `min_events` refusals on at least `min_days` days. A service also refuses for reasons of business (quota, state of a tenant), a firewall in front may refuse too: read the examples first. Usage is kept by day, so split brain is judged only on days on which all requests of the client to the operation lie within one hour.",
    action: "Compare the scope checks of both layers for the operation, and make the outer one at least as strict.",
    fields: &[
        "client",
        "operation",
        "status",
        "who refused (gateway or service)",
    ],
    severity: Severity::Medium,
    thresholds: &[
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
    ],
    controls: &[nist("AC-3"), soc2("CC6.1"), owasp("API5")],
};

impl Rule for LayerDisagreement {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    /// Refusals of which nobody knows who made them count as the service's; when
    /// the log never names the gateway, it probably cannot.
    fn evaluable(&self, context: &Context<'_>) -> Result<(), MissingField> {
        let mut refused = [0, 0];
        for client in &context.analysis.clients {
            for day in context.used(client).iter().flat_map(|(_, days)| days) {
                refused[0] += count(day, Outcome::DeniedGateway);
                refused[1] += count(day, Outcome::DeniedUpstream);
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
        let mut findings = Vec::new();
        for client in &context.analysis.clients {
            for (route, days) in context.used(client) {
                if context.operations(route).is_empty() {
                    continue;
                }
                let label = context.label(route);
                let permitted = context.permits(client, route);
                let total: u64 = days.iter().map(|day| day.need() + day.denied()).sum();
                let mut say =
                    |kind: &str, which: &dyn Fn(&DayUse) -> u64, text: &str, low: bool| {
                        let own: Vec<&&DayUse> = days.iter().filter(|day| which(day) > 0).collect();
                        let events: u64 = own.iter().map(|day| which(day)).sum();
                        let (Some(first), Some(last)) = (own.first(), own.last()) else {
                            return;
                        };
                        if events < settings.threshold(&DOC, "min_events")
                            || (own.len() as u64) < settings.threshold(&DOC, "min_days")
                        {
                            return;
                        }
                        let message =
                            format!("{kind}: {events} of {total} requests to {label} {text}");
                        let severity = if low { Severity::Low } else { DOC.severity };
                        findings.push(
                            Finding::new(
                                &DOC,
                                settings,
                                client.id.as_str(),
                                format!("{label} ({kind})"),
                                message,
                            )
                            .graded(settings, severity)
                            .seen(events, first.first, last.last)
                            .traced(Day(first.day), route, true)
                            .traced(Day(last.day), route, true),
                        );
                    };
                say(
                    "late deny",
                    &|day| count(day, Outcome::DeniedUpstream),
                    "passed the gateway and were refused by the service",
                    false,
                );
                if permitted {
                    say(
                        "early deny",
                        &|day| count(day, Outcome::DeniedGateway),
                        "were refused by the gateway although the grants permit them",
                        false,
                    );
                }
                say(
                    "split brain",
                    &|day| {
                        let both = count(day, Outcome::Used) > 0 && day.denied() > 0;
                        if both && day.last - day.first < 3_600_000 {
                            day.denied()
                        } else {
                            0
                        }
                    },
                    "were refused within an hour of others that passed",
                    true,
                );
            }
        }
        findings
    }
}
