//! F2: gateway and service do not agree on who may do what.

use crate::analysis::ClientAnalysis;
use crate::finding::by_token::{ByToken, Told};
use crate::finding::context::count;
use crate::finding::rule::{nist, owasp, soc2};
use crate::finding::shared::{REPEATED, SHARE, Tally};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unjudged,
};
use crate::format;
use crate::model::Outcome;
use crate::model::words::{percent_of, plural};
use crate::usage::DayUse;

pub(super) struct LayerDisagreement;

const THRESHOLDS: [Threshold; 3] = [REPEATED[0], REPEATED[1], SHARE];

static DOC: Doc = Doc {
    number: "F2",
    id: "layer-disagreement",
    title: "Gateway and service disagree",
    what: "The gateway lets requests through that the service refuses (late deny), the gateway refuses requests that the grants permit (early deny), or the same client and operation is allowed and refused within one hour (split brain).",
    why: "Two layers with two opinions mean that one of them is wrong. The one that is too open is the one an attacker will find.",
    example: "erp-sync: late deny: the service refused 31 of 212 requests to POST /v1/orders that the gateway let through",
    guards: "At least `min_events` refusals on at least `min_days` days. Only refusals for lack of a right count: a 401, a token after its end and what the gateway calls a failed authentication say nothing about scopes. Who refused is taken from each line; a line that does not say it is nobody's refusal, and a client whose refusals never say it is named as not judged. A service also refuses for reasons of business (quota, state of a tenant): where the grants permit the operation, the tokens do not lack the scope, and the service refuses less than `min_share` of what reaches it, the finding is a note. A firewall in front may refuse too: read the examples first. Where the log carries the scopes of tokens, a refused token that lacked the scope is not an early deny. Usage is kept by day with the first and last instant of what passed and of what was refused: split brain is reported where two of these lie within one hour, so that some cases stay unseen and none is made up; it is low where the gateway refused, and a note where nobody knows who did.",
    action: "Compare the scope checks of both layers for the operation (`scopetrim compare` lists them all), and make the outer one at least as strict.",
    fields: &[
        "client",
        "operation",
        "status",
        "who refused (gateway or service)",
    ],
    severity: Severity::Medium,
    thresholds: &THRESHOLDS,
    controls: &[nist("AC-3"), soc2("CC6.1"), owasp("API5")],
};

impl Rule for LayerDisagreement {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        let sums = context
            .analysis
            .clients
            .iter()
            .map(|client| refusals(context, client));
        let (known, unknown) = sums.fold((0, 0), |all, sum| (all.0 + sum.0, all.1 + sum.1));
        let sources = context.sources.iter().filter_map(|source| source.format);
        let formats: Vec<_> = sources.filter_map(format::by_name).collect();
        // A log without a refusal may be one that could not have named who refused.
        let mute = !formats.is_empty()
            && formats
                .iter()
                .all(|log_format| !log_format.tells_who_refused());
        if known == 0 && (unknown > 0 || mute) {
            return Err(MissingField::new(WHO));
        }
        Ok(())
    }

    fn unjudged(&self, context: &Context<'_>, _: &RuleSettings) -> Vec<Unjudged> {
        let clients = context.analysis.clients.iter();
        let refused = clients.map(|client| (client, refusals(context, client)));
        let refused: Vec<_> = refused.filter(|(_, (a, b))| a + b > 0).collect();
        let untold = refused.iter().filter(|(_, (known, _))| *known == 0);
        let names = untold.map(|(client, _)| client.id.to_string()).collect();
        Unjudged::clients(WHO, names, refused.len())
            .into_iter()
            .collect()
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
                let told = tokens.days(client.id.as_str(), route, true);
                let told = |day: &DayUse| told.get(&day.day).copied().unwrap_or_default();
                let total: u64 = days.iter().map(|day| day.need() + day.denied()).sum();
                let early = |day: &DayUse| {
                    let gateway = count(day, Outcome::DeniedGateway);
                    if permitted {
                        gateway.saturating_sub(told(day).lacked)
                    } else {
                        // Who refused which token is not known: the fewest that fit.
                        let others = day.forbidden() - gateway;
                        told(day).carried.saturating_sub(others).min(gateway)
                    }
                };
                let why = if permitted {
                    "the grants permit them"
                } else {
                    "their tokens carry the scopes"
                };
                let late = |day: &DayUse| count(day, Outcome::DeniedService);
                let business = is_business(settings, &days, permitted, &told);
                let split = |day: &DayUse| {
                    let early = day.forbidden() - late(day);
                    if is_split(day) { early } else { 0 }
                };
                let gateway = |day: &DayUse| split(day).min(count(day, Outcome::DeniedGateway));
                let by_gateway = Tally::of(days.iter(), gateway, DayUse::refused)
                    .is_some_and(|sum| sum.is_repeated(&DOC, settings));
                let kinds: [Kind<'_>; 3] = [
                    (
                        "late deny",
                        format!(
                            "passed the gateway and were refused by the service{}",
                            if business {
                                "; most others with the same rights were not, so that its reason is probably another"
                            } else {
                                ""
                            }
                        ),
                        if business {
                            Severity::Note
                        } else {
                            DOC.severity
                        },
                        &late,
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
                        if by_gateway {
                            Severity::Low
                        } else {
                            Severity::Note
                        },
                        &split,
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

/// Whether the service refuses a small part of what the gateway was right to let through:
/// then its reason is probably another than rights.
fn is_business(
    settings: &RuleSettings,
    days: &[DayUse],
    permitted: bool,
    told: &dyn Fn(&DayUse) -> Told,
) -> bool {
    let late = |day: &DayUse| count(day, Outcome::DeniedService);
    // What the gateway should have refused itself.
    let open = |day: &DayUse| {
        if permitted {
            let others = day.forbidden() - late(day);
            told(day).lacked.saturating_sub(others).min(late(day))
        } else {
            late(day).saturating_sub(told(day).carried)
        }
    };
    let is_open =
        Tally::of(days, open, DayUse::refused).is_some_and(|sum| sum.is_repeated(&DOC, settings));
    let reached = days.iter().map(|day| day.need() + late(day)).sum();
    let share = percent_of(days.iter().map(late).sum(), reached);
    !is_open && share < settings.threshold(&DOC, "min_share")
}

const WHO: &str =
    "who refused a request: gateway or service (upstream status, `source`, response code details)";

/// A client's requests in the window for which a line says who answered, refused or passed,
/// and refusals for which nobody knows who made them.
fn refusals(context: &Context<'_>, client: &ClientAnalysis) -> (u64, u64) {
    let used = context.used(client);
    let days = used.iter().flat_map(|(_, days)| days);
    days.fold((0, 0), |(known, unknown), day| {
        let denied = count(day, Outcome::DeniedUnknown);
        (known + day.forbidden() - denied, unknown + denied)
    })
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
    [passed.0, passed.1].iter().any(|time| {
        [refused.0, refused.1]
            .iter()
            .any(|other| (time - other).abs() <= HOUR)
    })
}
