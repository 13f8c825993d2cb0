//! F16: a heavy operation is used after a long silence, from a new network, or at an
//! unusual hour.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::context::count;
use crate::finding::places::usual_hours;
use crate::finding::presented::too_short;
use crate::finding::rule::nist;
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit, Unjudged,
};
use crate::model::words::plural;
use crate::model::{Day, Millis, Outcome};
use crate::usage::credentials::{Facts, Network};
use crate::usage::{DayUse, Days};

pub(super) struct PrivilegedAfterIdle;

static DOC: Doc = Doc {
    number: "F16",
    id: "privileged-after-idle",
    title: "A heavy operation is used as never before",
    what: "Within the last `recent` days a client used an operation of high risk weight for the first time, or again after more than the limit's number of covered days; or on a day on which it came from a network, or at an hour, from which it never came before.",
    why: "A right that nobody needed for months and that is used today is either a yearly job, an incident, or somebody else. So is a heavy request from a place or at a time that the client does not have.",
    example: "ops-breakglass: DELETE /v1/orders/{id} was used on 2026-10-28 again after 214 silent covered days, on the day on which the client came from the new network 203.0.113.0/24",
    guards: "A feed for detection, not a verdict: true incidents look the same. One finding for each client and operation, with its days; it is medium where a long silence meets a new network or hour on one day, else low. Days without records stop the clock, and a log that covers no more days than `idle` shows no such silence: the rule then says so, and judges networks and hours alone. Only operations of at least `min_weight`. Networks and hours come from the credentials of the day, so that the new network may belong to another request of that day in the same hours. They are judged only where the log carries addresses or user agents, for clients that were seen on `known` earlier days and from at most `networks` networks; a client without a fixed place or time is left alone.",
    action: "Ask who did it and why; if it was meant, consider a grant just in time.",
    fields: &[
        "client",
        "operation",
        "more covered days than `idle` (for silences)",
        "network address (for new networks)",
    ],
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
        Threshold {
            key: "known",
            unit: Unit::Count,
            default: 60,
            text: "earlier days of the client that make its networks and hours known",
        },
        Threshold {
            key: "networks",
            unit: Unit::Count,
            default: 3,
            text: "networks of the earlier days up to which a client has a fixed place",
        },
    ],
    controls: &[nist("AC-2(12)")],
};

/// Where and when a client was active on one day; hours (UTC) as bits.
#[derive(Clone, Default)]
struct Habit {
    networks: BTreeMap<Network, u32>,
    hours: u32,
    /// Not all networks were kept.
    more: bool,
}

impl Rule for PrivilegedAfterIdle {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(
        &self,
        context: &Context<'_>,
        settings: &RuleSettings,
    ) -> Result<(), MissingField> {
        let known = u64::from(context.covered_days()) > settings.threshold(&DOC, "known");
        let mut rows = context.credential_rows();
        let placed = |facts: &Facts| facts.networks.items.len() + facts.agents.items.len() > 0;
        if known && rows.any(|(_, row)| placed(&row.facts)) {
            return Ok(());
        }
        too_short(context, (&DOC, settings), "idle")
    }

    fn unjudged(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Unjudged> {
        let missing = too_short(context, (&DOC, settings), "idle").err();
        let missing = missing.map(|missing| Unjudged {
            missing: format!("{} for use after a long silence", missing.0),
            clients: Vec::new(),
        });
        missing.into_iter().collect()
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let habits = habits(context);
        let nothing = BTreeMap::new();
        let mut findings = Vec::new();
        for client in &context.analysis.clients {
            let Some(usage) = context.usage.get(&client.id) else {
                continue;
            };
            let days = habits.get(client.id.as_str()).unwrap_or(&nothing);
            let mut habits = Habits {
                days,
                earlier: BTreeMap::new(),
            };
            for route in &usage.routes {
                findings.extend(on_route(
                    context,
                    settings,
                    (client.id.as_str(), route.route),
                    &route.days,
                    &mut habits,
                ));
            }
        }
        findings
    }
}

fn on_route(
    context: &Context<'_>,
    settings: &RuleSettings,
    (client, route): (&str, u32),
    days: &Days,
    habits: &mut Habits<'_>,
) -> Option<Finding> {
    let to = context.analysis.window.to;
    let recent = to.plus(-settings.days(&DOC, "recent"));
    let weight = settings.threshold(&DOC, "min_weight");
    let heavy = context
        .operations(route)
        .iter()
        .any(|op| context.weights.get(*op).copied().unwrap_or(0) >= weight);
    if !heavy {
        return None;
    }
    let mut events: Vec<UnusualDay> = Vec::new();
    let mut before: Option<Day> = None;
    let used = days.iter();
    let used = used.filter(|day| count(day, Outcome::Used) > 0 && Day(day.day) <= to);
    for day in used {
        let date = Day(day.day);
        let from = before.map_or(Day(i32::MIN), |before| before.plus(1));
        let silent = context.coverage.days.range(from..date).count() as u64;
        let idle = silent > settings.threshold(&DOC, "idle");
        let again = before.replace(date).is_some();
        if date <= recent {
            continue;
        }
        let unusual = unusual(settings, &day, habits);
        if !idle && unusual.is_empty() {
            continue;
        }
        let mut reasons = Vec::new();
        if idle {
            let how = if again {
                "again after"
            } else {
                "for the first time after"
            };
            reasons.push(format!("{how} {}", plural(silent, "silent covered day")));
        }
        let severity = if idle && !unusual.is_empty() {
            Severity::Medium
        } else {
            DOC.severity
        };
        reasons.extend(unusual);
        events.push(UnusualDay {
            severity,
            day: date,
            is_idle: idle,
            reasons: reasons.join(", "),
            requests: count(&day, Outcome::Used),
            span: day.passed(),
        });
    }
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        return None;
    };
    // Of equal ones the first: later runs then tell the same.
    let worst = events.iter().rev().max_by_key(|event| event.severity)?;
    let (label, days) = (context.label(route), events.len());
    let message = if days == 1 {
        let day = first.day;
        let comma = if first.is_idle { "" } else { "," };
        format!("{label} was used on {day}{comma} {}", first.reasons)
    } else {
        format!(
            "{label} was used as never before on {days} days from {} to {}; on {}: {}",
            first.day, last.day, worst.day, worst.reasons
        )
    };
    let requests = events.iter().map(|event| event.requests).sum();
    let finding = Finding::new(&DOC, settings, client, label, message)
        .graded(settings, worst.severity)
        .seen(requests, first.span.0, last.span.1)
        .traced(first.day, route, false);
    Some(if days == 1 {
        finding
    } else {
        finding.traced(last.day, route, false)
    })
}

/// A day on which an operation was used as never before.
struct UnusualDay {
    severity: Severity,
    day: Day,
    /// The first reason is a long silence.
    is_idle: bool,
    reasons: String,
    requests: u64,
    span: (Millis, Millis),
}

/// The days of one client.
struct Habits<'a> {
    days: &'a BTreeMap<Day, Habit>,
    /// What was known before a day, of those that were asked for: each is asked for by many
    /// operations.
    earlier: BTreeMap<Day, Earlier<'a>>,
}

/// What all days before one have together.
struct Earlier<'a> {
    days: usize,
    networks: BTreeSet<&'a Network>,
    /// Not all networks were kept.
    more: bool,
    /// Usual hours (UTC) as bits.
    hours: u32,
}

impl<'a> Habits<'a> {
    fn before(&mut self, day: Day) -> &Earlier<'a> {
        let days = self.days;
        self.earlier.entry(day).or_insert_with(|| {
            let earlier = || days.range(..day).map(|(_, habit)| habit);
            let active = |hour: u32| {
                earlier()
                    .filter(|habit| habit.hours >> hour & 1 == 1)
                    .count()
            };
            let count = earlier().count();
            Earlier {
                days: count,
                networks: earlier().flat_map(|habit| habit.networks.keys()).collect(),
                more: earlier().any(|habit| habit.more),
                hours: usual_hours(active, count),
            }
        })
    }
}

/// What the client's other days do not have.
fn unusual(settings: &RuleSettings, day: &DayUse, habits: &mut Habits<'_>) -> Vec<String> {
    let date = Day(day.day);
    let today = habits.days.get(&date);
    let earlier = habits.before(date);
    if (earlier.days as u64) < settings.threshold(&DOC, "known") {
        return Vec::new();
    }
    let (first, last) = day.passed();
    let hour = |instant: i64| u32::try_from((instant - date.start()) / 3_600_000).unwrap_or(0);
    let during = (hour(first)..=hour(last)).fold(0, |bits: u32, hour| bits | 1 << hour);
    let mut unusual = Vec::new();
    let networks = &earlier.networks;
    let fixed = !networks.is_empty()
        && networks.len() as u64 <= settings.threshold(&DOC, "networks")
        && !earlier.more;
    if fixed && let Some(today) = today {
        let mut new = today.networks.iter();
        let new = new.find(|(network, hours)| !networks.contains(network) && **hours & during != 0);
        if let Some((network, _)) = new {
            unusual.push(format!(
                "on the day on which the client came from the new network {network}"
            ));
        }
    }
    if earlier.hours != 0 && during & earlier.hours == 0 {
        unusual.push(format!(
            "at {:02} h UTC, when the client is never active otherwise",
            hour(first)
        ));
    }
    unusual
}

/// By client and day.
fn habits<'a>(context: &Context<'a>) -> BTreeMap<&'a str, BTreeMap<Day, Habit>> {
    let mut all: BTreeMap<&str, BTreeMap<Day, Habit>> = BTreeMap::new();
    for (client, row) in context.credential_rows() {
        let habit = all.entry(client).or_default().entry(row.day).or_default();
        for (network, hours) in &row.facts.networks.items {
            *habit.networks.entry(*network).or_default() |= hours;
            habit.hours |= hours;
        }
        for (_, hours) in &row.facts.agents.items {
            habit.hours |= hours;
        }
        habit.more |= row.facts.networks.more;
    }
    all
}
