//! F16: a heavy operation is used again after a long silence.

use crate::finding::context::count;
use crate::finding::rule::nist;
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::model::{Day, Outcome};
use crate::usage::DayUse;

pub(super) struct PrivilegedAfterIdle;

static DOC: Doc = Doc {
    number: "F16",
    id: "privileged-after-idle",
    title: "A heavy operation is used after a long silence",
    what: "A client used an operation of high risk weight for the first time, or again after more than the limit's number of covered days, within the last `recent` days.",
    why: "A right that nobody needed for months and that is used today is either a yearly job, an incident, or somebody else.",
    example: "ops-breakglass: DELETE /v1/orders/{id} was used on 2026-10-28 after 214 silent covered days",
    guards: "A feed for detection, not a verdict: true incidents look the same. Days without records stop the clock. Only operations of at least `min_weight`. Networks and times of day are not compared with it, because usage is kept by day and operation.",
    action: "Ask who did it and why; if it was meant, consider a grant just in time.",
    fields: &["client", "operation", "90 covered days"],
    severity: Severity::Low,
    thresholds: &[
        Threshold {
            key: "idle",
            unit: Unit::Days,
            default: 90,
            text: "silent covered days before it",
        },
        Threshold {
            key: "recent",
            unit: Unit::Days,
            default: 30,
            text: "days before the end of the window that are looked at",
        },
        Threshold {
            key: "min_weight",
            unit: Unit::Count,
            default: 8,
            text: "least risk weight of the operation",
        },
    ],
    controls: &[nist("AC-2(12)")],
};

impl Rule for PrivilegedAfterIdle {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>) -> Result<(), MissingField> {
        let days = context.covered_days();
        if days <= 90 {
            return Err(MissingField::new(format!(
                "more than 90 covered days ({days} covered)"
            )));
        }
        Ok(())
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let to = context.analysis.window.to;
        let recent = to.plus(-settings.days(&DOC, "recent"));
        let limit = settings.threshold(&DOC, "idle");
        let weight = settings.threshold(&DOC, "min_weight");
        let mut findings = Vec::new();
        for client in &context.analysis.clients {
            let Some(usage) = context.usage.get(&client.id) else {
                continue;
            };
            for route in &usage.routes {
                let heavy = context
                    .operations(route.route)
                    .iter()
                    .any(|op| context.weights.get(*op).copied().unwrap_or(0) >= weight);
                if !heavy {
                    continue;
                }
                let used: Vec<&DayUse> = route
                    .days
                    .iter()
                    .filter(|day| count(day, Outcome::Used) > 0 && Day(day.day) <= to)
                    .collect();
                let mut before: Option<Day> = None;
                for day in used {
                    let own = Day(day.day);
                    let from = before.map_or(Day(i32::MIN), |before| before.plus(1));
                    let silent = context.coverage.days.range(from..own).count() as u64;
                    if own > recent && silent > limit {
                        let label = context.label(route.route);
                        let how = if before.is_some() {
                            "again after"
                        } else {
                            "for the first time after"
                        };
                        let message =
                            format!("{label} was used on {own} {how} {silent} silent covered days");
                        findings.push(
                            Finding::new(&DOC, settings, client.id.as_str(), label, message)
                                .seen(count(day, Outcome::Used), day.first, day.last)
                                .traced(own, route.route, false),
                        );
                    }
                    before = Some(own);
                }
            }
        }
        findings
    }
}
