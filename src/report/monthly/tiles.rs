//! The four numbers of the first page, and the points of the lines.

use std::collections::BTreeMap;

use serde_json::Value;

use super::month::Month;
use super::page::{Point, Tile};
use super::rows::{FindingGroup, Outcome};
use super::{Extra, words};
use crate::finding;

/// Months of the lines.
const MONTHS: i32 = 13;
/// Rules that find operations served without a grant.
const HOLES: [&str; 2] = ["enforcement-hole", "ungoverned-caller"];
/// Rules that find credentials past a limit.
const CREDENTIALS: [&str; 4] = [
    "old-credential",
    "rotation",
    "unused-client",
    "long-lived-token",
];

impl Point {
    /// The numbers that a report states about its own month.
    pub(super) fn of_report(month: Month, report: &Value) -> Self {
        let fleet = &report["fleet"];
        let mut findings: BTreeMap<String, u64> = BTreeMap::new();
        for finding in report["findings"].as_array().into_iter().flatten() {
            if let Some(rule) = finding["rule"].as_str() {
                *findings.entry(rule.to_owned()).or_default() += 1;
            }
        }
        Self {
            month,
            exposure_mean: fleet["exposure_mean_before"].as_f64(),
            exposure_max: fleet["exposure_max_before"].as_f64(),
            unused_share: unused_share(report),
            applied: None,
            findings,
        }
    }

    /// Reads one of `month.points` back.
    pub(super) fn of_json(value: &Value) -> Option<Self> {
        let findings = value["findings"].as_object().into_iter().flatten();
        Some(Self {
            month: Month::parse(value["month"].as_str()?)?,
            exposure_mean: value["exposure_mean"].as_f64(),
            exposure_max: value["exposure_max"].as_f64(),
            unused_share: value["unused_share"].as_f64(),
            applied: value["applied"].as_u64(),
            findings: findings
                .filter_map(|(rule, count)| Some((rule.clone(), count.as_u64()?)))
                .collect(),
        })
    }
}

/// Pairs of client and term that a request could show and that none needed, of all pairs.
fn unused_share(report: &Value) -> Option<f64> {
    let (mut all, mut unused) = (0_u32, 0_u32);
    for client in report["clients"].as_array()? {
        let mut by_term: BTreeMap<&str, bool> = BTreeMap::new();
        for term in client["terms"].as_array()? {
            let shown = !matches!(
                term["verdict"].as_str(),
                Some("unobservable" | "undetermined")
            );
            // A redundant or broad term did serve requests.
            let kind = term["kind"].as_str();
            let idle = kind == Some("unused") || kept_unused(term);
            by_term.insert(term["term"].as_str()?, shown && idle);
        }
        all += u32::try_from(by_term.len()).ok()?;
        unused += u32::try_from(by_term.values().filter(|idle| **idle).count()).ok()?;
    }
    let share = f64::from(unused) / f64::from(all.max(1));
    Some((share * 10_000.0).round() / 10_000.0)
}

/// Kept by an exception alone.
fn kept_unused(term: &Value) -> bool {
    let mut reasons = term["reasons"].as_array().into_iter().flatten();
    reasons.any(|reason| reason == "exception")
}

/// At most 13 months, this one last.
pub(super) fn points(
    extra: &Extra<'_>,
    report: &Value,
    outcomes: &[Outcome],
) -> BTreeMap<Month, Point> {
    let mut points = extra.history.points();
    let mut own = Point::of_report(extra.month, report);
    own.applied = extra.history.last().map(|_| {
        let applied = outcomes.iter().filter(|own| own.state == "applied").count();
        applied as u64
    });
    points.insert(extra.month, own);
    points.retain(|month, _| extra.month.since(*month) < MONTHS);
    points
}

/// The four tiles.
pub(super) fn tiles(
    points: &BTreeMap<Month, Point>,
    findings: &[FindingGroup],
    report: &Value,
) -> Vec<Tile> {
    let mut months = points.values().rev();
    let (now, last) = (months.next(), months.next());
    let of = |point: Option<&Point>, value: fn(&Point) -> Option<f64>| point.and_then(value);
    let mean = of(now, |point| point.exposure_mean);
    let max = of(now, |point| point.exposure_max);
    let unused = of(now, |point| point.unused_share);
    let number = |value: Option<f64>, text: fn(f64) -> String| {
        value.map_or_else(|| "not known".to_owned(), text)
    };
    let mut tiles = vec![
        Tile {
            label: "Exposure, mean of all clients",
            value: number(mean, words::share),
            detail: format!("largest {}", number(max, words::share)),
            ..difference(mean, of(last, |point| point.exposure_mean), words::share)
        },
        Tile {
            label: "Grants that served nothing",
            value: number(unused, words::percent),
            detail: "of all pairs of client and scope".to_owned(),
            ..difference(unused, of(last, |point| point.unused_share), words::percent)
        },
    ];
    for (label, rules) in [
        ("Enforcement holes", &HOLES[..]),
        ("Credentials past a limit", &CREDENTIALS[..]),
    ] {
        tiles.push(counted(label, rules, findings, last, report));
    }
    tiles
}

/// A tile that counts findings; a rule that was not run is not zero.
fn counted(
    label: &'static str,
    rules: &[&str],
    findings: &[FindingGroup],
    last: Option<&Point>,
    report: &Value,
) -> Tile {
    let own = findings
        .iter()
        .filter(|own| rules.contains(&own.rule.as_str()));
    let count: usize = own.map(|own| own.rows.len()).sum();
    let run = rules.iter().any(|rule| evaluated(rule, report)) || count > 0;
    let before = |point: &Point| -> u64 {
        let rules = rules.iter().filter_map(|rule| point.findings.get(*rule));
        rules.sum()
    };
    if !run {
        return Tile {
            label,
            value: "not evaluable".to_owned(),
            detail: missing(rules, report),
            ..difference(None, None, words::share)
        };
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a count of findings is far below 2^52"
    )]
    let (now, then) = (count as f64, last.map(|point| before(point) as f64));
    let unjudged = unjudged(rules, report);
    let mut tile = Tile {
        label,
        value: words::count(count as u64),
        detail: if count == 0 {
            "none found"
        } else {
            "see findings"
        }
        .to_owned(),
        ..difference(Some(now), then, |value| format!("{value:.0}"))
    };
    if !unjudged.is_empty() {
        tile.detail = format!("{}; {}", tile.detail, unjudged.join("; "));
        if tile.judgement == Some("better") {
            // Fewer may have been found because fewer could be judged.
            (tile.direction, tile.delta, tile.judgement) = (None, None, None);
        }
    }
    tile
}

/// Which of the rules were not judged, and which only in part.
fn unjudged(rules: &[&str], report: &Value) -> Vec<String> {
    let in_part = |rule: &str| {
        let mut list = report["not_evaluable"].as_array().into_iter().flatten();
        list.any(|own| own["rule"] == rule && own["partly"] == true)
    };
    let (judged, not): (Vec<&str>, Vec<&str>) =
        rules.iter().partition(|rule| evaluated(rule, report));
    let in_part: Vec<&str> = judged.into_iter().filter(|rule| in_part(rule)).collect();
    [("not judged", not), ("only in part", in_part)]
        .into_iter()
        .filter(|(_, rules)| !rules.is_empty())
        .map(|(how, rules)| format!("{how}: {}", rules.join(", ")))
        .collect()
}

/// Whether the rule was applied to this data. A report states what was not
/// evaluated and what was turned off; every other rule of this version was applied.
fn evaluated(rule: &str, report: &Value) -> bool {
    let listed = |key: &str| {
        let mut list = report[key].as_array().into_iter().flatten();
        list.any(|own| own == rule || (own["rule"] == rule && own["partly"] != true))
    };
    finding::by_name(rule).is_some() && !listed("not_evaluable") && !listed("rules_off")
}

fn missing(rules: &[&str], report: &Value) -> String {
    let list = report["not_evaluable"].as_array().into_iter().flatten();
    let reason = list
        .filter(|own| {
            own["rule"]
                .as_str()
                .is_some_and(|rule| rules.contains(&rule))
        })
        .find_map(|own| own["missing"].as_str().or(own["reason"].as_str()));
    reason.map_or_else(
        || "turned off by the configuration".to_owned(),
        |missing| format!("missing: {missing}"),
    )
}

/// A tile with only the comparison filled in; less is better in all of them.
fn difference(now: Option<f64>, last: Option<f64>, text: fn(f64) -> String) -> Tile {
    let delta = now.zip(last).map(|(now, last)| now - last);
    let sign = |delta: f64| {
        // Nobody should see an arrow beside two equal numbers.
        let equal = now
            .zip(last)
            .is_some_and(|(now, last)| text(now) == text(last));
        if equal {
            ("same", "unchanged")
        } else if delta > 0.0 {
            ("up", "worse")
        } else {
            ("down", "better")
        }
    };
    Tile {
        label: "",
        value: String::new(),
        detail: String::new(),
        last: last.map(text),
        direction: delta.map(|delta| sign(delta).0),
        delta: delta.map(|delta| text(delta.abs())),
        judgement: delta.map(|delta| sign(delta).1),
    }
}
