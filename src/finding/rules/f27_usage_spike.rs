//! F27: a credential that is used as never before.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::finding::places::usual_hours;
use crate::finding::presented::{is_lasting, rows_of_each};
use crate::finding::rule::{nist, owasp, soc2};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit, Unjudged,
};
use crate::model::words::plural;
use crate::model::{Day, Millis};
use crate::usage::credentials::{CredentialHash, CredentialRow, Network, Which};

pub(super) struct UsageSpike;

static DOC: Doc = Doc {
    number: "F27",
    id: "usage-spike",
    title: "A credential is used as never before",
    what: "On a day of the last `recent` days a credential, or a client, sent far more requests than on any day before; or came from a new network at hours at which it is never active.",
    why: "A key that leaked is used by somebody else too: more requests, from elsewhere, at other hours. Often the provider's bill is the first sign.",
    example: "partner-export: cred:4a0d8c99e1f0 sent 2400 requests on 2026-10-03, usually 18 a day and never more than 30, for the first time from 203.0.113.0/24",
    guards: "Compared with the client's own past only: at least `min_history` earlier active days. A day is a spike when it has at least `min_requests` requests that were not refused, `factor` times the median, twice the busiest day before it (so that growth over weeks and month ends that were seen before are none), and a modified z-score above 3.5 of the logarithms of the counts: 0.6745 * (x - median) / MAD, where MAD is the median of the distances from the median, at least 0.1 (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993). Days of a spike do not count as past. A key that takes over the requests of the client's other keys is none. The first peak of a quarter or a year looks the same. A network is new where the client came from at most `networks` networks before; a spike from one is high. Hours are those of one in twenty earlier days, and the hour before and after.",
    action: "Ask the owner what changed. If nobody knows, treat the credential as stolen: revoke it, and look at what it read.",
    fields: &[
        "client",
        "30 active days of one client",
        "credential id (for single keys)",
        "network address (for new networks)",
    ],
    severity: Severity::Medium,
    thresholds: &[
        Threshold {
            key: "factor",
            unit: Unit::Count,
            default: 5,
            text: "times the median of the earlier active days",
        },
        Threshold {
            key: "min_requests",
            unit: Unit::Count,
            default: 100,
            text: "requests of such a day",
        },
        Threshold {
            key: "min_history",
            unit: Unit::Days,
            default: 30,
            text: "earlier active days that make a past",
        },
        Threshold {
            key: "recent",
            unit: Unit::Days,
            default: 30,
            text: "days before the end of the window that are looked at",
        },
        Threshold {
            key: "networks",
            unit: Unit::Count,
            default: 8,
            text: "earlier networks up to which another one is new",
        },
    ],
    controls: &[nist("AC-2(12)"), nist("SI-4"), soc2("CC7.2"), owasp("API4")],
};

/// Modified z-score above which a value is an outlier (Iglewicz and Hoaglin, 1993).
const SCORE: f64 = 3.5;
/// Least median distance of logarithms: a client that never varies is not infinitely odd.
const LEAST_SPREAD: f64 = 0.1;

/// What was done on one day.
#[derive(Clone, Default)]
struct Daily<'a> {
    requests: u64,
    networks: BTreeMap<&'a Network, u32>,
    /// Hours (UTC) as bits.
    hours: u32,
    /// Not all networks were kept.
    more: bool,
    span: Option<(Millis, Millis)>,
}

type Series<'a> = BTreeMap<Day, Daily<'a>>;

impl Rule for UsageSpike {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(
        &self,
        context: &Context<'_>,
        settings: &RuleSettings,
    ) -> Result<(), MissingField> {
        let least = settings.threshold(&DOC, "min_history");
        let most = rows_of_each(context).map(|(_, rows)| active_days(&rows));
        let most = most.max().unwrap_or(0);
        if most as u64 > least {
            return Ok(());
        }
        Err(MissingField::new(format!(
            "more than {} of one client (limit min_history; {most} seen)",
            plural(least, "active day")
        )))
    }

    fn unjudged(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Unjudged> {
        let least = settings.threshold(&DOC, "min_history");
        let window = context.analysis.window;
        let seen: Vec<(&str, usize)> = rows_of_each(context)
            .filter(|(name, rows)| {
                let mut passed = rows.iter().filter(|row| passed(row) > 0);
                context.client(name).is_some() && passed.any(|row| window.contains(row.day))
            })
            .map(|(name, rows)| (name, active_days(&rows)))
            .collect();
        let short = seen.iter().filter(|(_, days)| *days as u64 <= least);
        let short = short.map(|(name, _)| (*name).to_owned()).collect();
        let field = format!("more than {}", plural(least, "active day"));
        let unjudged = Unjudged::clients(&field, short, seen.len());
        unjudged.into_iter().collect()
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let clients: Vec<_> = rows_of_each(context).collect();
        let findings = clients
            .par_iter()
            .map(|(client, rows)| of_client(context, settings, client, rows));
        let findings: Vec<Vec<Finding>> = findings.collect();
        findings.into_iter().flatten().collect()
    }
}

fn of_client(
    context: &Context<'_>,
    settings: &RuleSettings,
    client: &str,
    rows: &[&CredentialRow],
) -> Vec<Finding> {
    let mut all = Series::new();
    let mut keys: BTreeMap<CredentialHash, Series<'_>> = BTreeMap::new();
    for row in rows {
        add(&mut all, row);
        if let Which::Named(hash) = row.credential
            && is_lasting(&[row])
        {
            add(keys.entry(hash).or_default(), row);
        }
    }
    let mut findings = Vec::new();
    for (hash, series) in &keys {
        if let Some((said, severity, spike)) = judge(context, settings, series, Some(&all)) {
            let message = format!("{hash:#} {said}");
            let finding = Finding::new(&DOC, settings, client, hash.to_string(), message);
            findings.push(spike.on(finding.graded(settings, severity)));
        }
    }
    // What one key did, the client did too.
    if findings.is_empty()
        && let Some((said, severity, spike)) = judge(context, settings, &all, None)
    {
        let finding = Finding::new(&DOC, settings, client, "client", said);
        findings.push(spike.on(finding.graded(settings, severity)));
    }
    findings
}

/// Requests of a row that were not refused.
fn passed(row: &CredentialRow) -> u64 {
    row.facts.count.saturating_sub(row.facts.refused)
}

/// Days on which requests of one client passed; its rows are in order of day.
fn active_days(rows: &[&CredentialRow]) -> usize {
    let active = rows.iter().filter(|row| passed(row) > 0);
    let days: Vec<Day> = active.map(|row| row.day).collect();
    days.chunk_by(|one, other| one == other).count()
}

fn add<'a>(series: &mut Series<'a>, row: &'a CredentialRow) {
    let facts = &row.facts;
    let requests = passed(row);
    if requests == 0 {
        return;
    }
    let daily = series.entry(row.day).or_default();
    daily.requests += requests;
    for (network, hours) in &facts.networks.items {
        *daily.networks.entry(network).or_default() |= hours;
        daily.hours |= hours;
    }
    for (_, hours) in &facts.agents.items {
        daily.hours |= hours;
    }
    daily.more |= facts.networks.more;
    let (first, last) = daily.span.unwrap_or((facts.first, facts.last));
    daily.span = Some((first.min(facts.first), last.max(facts.last)));
}

/// The days that stand out.
struct Spike {
    requests: u64,
    span: (Millis, Millis),
}

impl Spike {
    fn on(&self, finding: Finding) -> Finding {
        finding.seen(self.requests, self.span.0, self.span.1)
    }
}

/// What is usual, from the days before.
#[derive(Default)]
struct Past<'a> {
    counts: Vec<u64>,
    networks: BTreeSet<&'a Network>,
    more: bool,
    /// Active days by hour.
    hours: [usize; 24],
}

impl<'a> Past<'a> {
    fn add(&mut self, day: &Daily<'a>) {
        self.counts.push(day.requests);
        self.networks.extend(day.networks.keys().copied());
        self.more |= day.more;
        for (hour, days) in self.hours.iter_mut().enumerate() {
            *days += usize::from(day.hours >> hour & 1 == 1);
        }
    }

    fn median(&self) -> u64 {
        let mut all = self.counts.clone();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or(0)
    }

    /// Whether so many requests leave the past.
    fn is_left_by(&self, requests: u64, factor: u64) -> bool {
        let busiest = self.counts.iter().max().copied().unwrap_or(0);
        requests >= self.median().saturating_mul(factor)
            && requests >= busiest.saturating_mul(2)
            && score(&self.counts, requests) > SCORE
    }

    /// The first network of a day that was never seen before, with its hours.
    fn new_network(&self, day: &Daily<'a>, fixed: u64) -> Option<(&'a Network, u32)> {
        if self.networks.is_empty() || self.more || self.networks.len() as u64 > fixed {
            return None;
        }
        let mut networks = day.networks.iter();
        let new = networks.find(|(network, _)| !self.networks.contains(*network));
        new.map(|(network, hours)| (*network, *hours))
    }
}

/// The modified z-score of the logarithm of a count.
#[expect(clippy::cast_precision_loss, reason = "a logarithm forgets far more")]
fn score(past: &[u64], requests: u64) -> f64 {
    let log = |count: u64| (count as f64).ln();
    let middle = |mut all: Vec<f64>| {
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(0.0)
    };
    let logs: Vec<f64> = past.iter().map(|count| log(*count)).collect();
    let median = middle(logs.clone());
    let spread = middle(logs.iter().map(|value| (value - median).abs()).collect());
    0.6745 * (log(requests) - median) / spread.max(LEAST_SPREAD)
}

fn judge(
    context: &Context<'_>,
    settings: &RuleSettings,
    series: &Series<'_>,
    whole: Option<&Series<'_>>,
) -> Option<(String, Severity, Spike)> {
    let window = context.analysis.window;
    let recent = window.to.plus(-settings.days(&DOC, "recent"));
    let history = usize::try_from(settings.threshold(&DOC, "min_history")).unwrap_or(usize::MAX);
    let (min_requests, factor) = (
        settings.threshold(&DOC, "min_requests"),
        settings.threshold(&DOC, "factor"),
    );
    let fixed = settings.threshold(&DOC, "networks");
    let mut past = Past::default();
    let mut spikes: Vec<(Day, &Daily<'_>)> = Vec::new();
    let mut strange: Vec<(Day, &Daily<'_>)> = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    let mut from_new = false;
    for (day, daily) in series {
        let tested = *day > recent && window.contains(*day) && past.counts.len() >= history;
        let new = past.new_network(daily, fixed).filter(|_| tested);
        let usual = usual_hours(|hour| past.hours[hour as usize], past.counts.len());
        let spike = tested
            && daily.requests >= min_requests
            && past.is_left_by(daily.requests, factor)
            && !whole.is_some_and(|all| takes_over(series, all, *day));
        if spike {
            if let Some((network, _)) = new.filter(|_| !from_new) {
                from_new = true;
                reasons.push(format!("for the first time from {network}"));
            }
            spikes.push((*day, daily));
            continue;
        }
        if let Some((network, hours)) = new
            && usual != 0
            && hours & usual == 0
        {
            if strange.is_empty() {
                let hour = hours.trailing_zeros();
                strange.push((*day, daily));
                if spikes.is_empty() {
                    reasons.push(format!(
                        "came for the first time from {network} on {day}, at {hour:02} h UTC, when it is never active otherwise"
                    ));
                }
            }
            continue;
        }
        past.add(daily);
    }
    if spikes.is_empty() {
        return Some((reasons.pop()?, DOC.severity, sum(&strange)?));
    }
    let most = spikes.iter().map(|(_, daily)| daily.requests).max()?;
    let (from, to) = (spikes.first()?.0, spikes.last()?.0);
    let sent = plural(most, "request");
    let when = if from == to {
        format!("sent {sent} on {from}")
    } else {
        let days = plural(spikes.len(), "day");
        format!("sent up to {sent} a day on {days} from {from} to {to}")
    };
    let busiest = past.counts.iter().max().copied().unwrap_or(0);
    let mut message = format!(
        "{when}, usually {} a day and never more than {busiest}",
        past.median()
    );
    if from_new
        && let Some(reason) = reasons
            .iter()
            .find(|reason| reason.starts_with("for the first"))
    {
        message = format!("{message}, {reason}");
    }
    let severity = if from_new {
        Severity::High
    } else {
        DOC.severity
    };
    Some((message, severity, sum(&spikes)?))
}

fn sum(days: &[(Day, &Daily<'_>)]) -> Option<Spike> {
    let spans = || days.iter().filter_map(|(_, daily)| daily.span);
    Some(Spike {
        requests: days.iter().map(|(_, daily)| daily.requests).sum(),
        span: (
            spans().map(|span| span.0).min()?,
            spans().map(|span| span.1).max()?,
        ),
    })
}

/// Whether the client's other credentials did as much less as this one did more: its requests
/// moved from one to the other.
fn takes_over(series: &Series<'_>, all: &Series<'_>, day: Day) -> bool {
    let requests = |of: &Series<'_>, day: Day| of.get(&day).map_or(0, |daily| daily.requests);
    let others = |day: Day| requests(all, day).saturating_sub(requests(series, day));
    let mut before: Vec<u64> = all.range(..day).map(|(day, _)| others(*day)).collect();
    before.sort_unstable();
    let usual = before.get(before.len() / 2).copied().unwrap_or(0);
    let now = others(day);
    now * 10 < usual * 9 && now + requests(series, day) / 2 < usual
}
