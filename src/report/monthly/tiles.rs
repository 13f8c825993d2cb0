//! The four numbers of the first page, and the points of the lines.

use std::collections::BTreeMap;

use super::Extra;
use super::month::Month;
use super::page::{Point, Tile};
use super::rows::{Balance, FindingGroup, Outcome};
use crate::analysis::TermAnalysis;
use crate::finding::{self, Outcomes};
use crate::model::words;
use crate::model::{Kind, Reason, Verdict};
use crate::report::View;
use crate::report::model::Fleet;

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
    /// The numbers of this month.
    fn of_view(month: Month, view: &View<'_>) -> Self {
        let fleet = Fleet::of(&view.analysis.clients);
        let clients = view.analysis.clients.iter();
        let terms: Vec<&TermAnalysis> = clients.flat_map(|client| &client.terms).collect();
        let unused = terms.iter().filter(|term| is_unused(term)).count();
        let rules = view.outcomes.findings.iter().map(|finding| finding.rule);
        Self {
            month,
            exposure_mean: Some(fleet.exposure_mean_before),
            exposure_max: Some(fleet.exposure_max_before),
            unused_share: Some(share(unused, terms.len())),
            applied: None,
            findings: counted(rules),
        }
    }
}

/// How many findings each rule has.
pub(super) fn counted<'a>(rules: impl Iterator<Item = &'a str>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for rule in rules {
        *counts.entry(rule.to_owned()).or_default() += 1;
    }
    counts
}

/// Whether a request could show the term and none needed it; a redundant or broad term did
/// serve requests, also where an exception keeps it.
pub(super) fn is_unused(term: &TermAnalysis) -> bool {
    let shown = !matches!(term.verdict, Verdict::Unobservable | Verdict::Undetermined);
    let kept = term.reasons.contains(&Reason::Exception) && term.serves.is_empty();
    shown && (term.kind == Some(Kind::Unused) || kept)
}

/// A part of all, to four decimals.
pub(super) fn share(part: usize, all: usize) -> f64 {
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    (count(part) / count(all.max(1)) * 10_000.0).round() / 10_000.0
}

/// At most 13 months, this one last.
pub(super) fn points(
    view: &View<'_>,
    extra: &Extra<'_>,
    outcomes: &[Outcome],
) -> BTreeMap<Month, Point> {
    let mut points = extra.history.points();
    let mut point = Point::of_view(extra.month, view);
    point.applied = extra.history.last().map(|_| {
        let applied = outcomes
            .iter()
            .filter(|outcome| outcome.state == "applied")
            .count();
        applied as u64
    });
    points.insert(extra.month, point);
    points.retain(|month, _| extra.month.since(*month) < MONTHS);
    points
}

/// The four tiles.
pub(super) fn tiles(
    points: &BTreeMap<Month, Point>,
    findings: &[FindingGroup],
    outcomes: &Outcomes,
    balance: &Balance,
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
            detail: format!(
                "{} of {}",
                words::grouped(balance.idle as u64),
                words::plural_grouped(balance.grants as u64, "grant")
            ),
            ..difference(unused, of(last, |point| point.unused_share), words::percent)
        },
    ];
    for (label, rules) in [
        ("Enforcement holes", &HOLES[..]),
        ("Credentials past a limit", &CREDENTIALS[..]),
    ] {
        tiles.push(found(label, rules, findings, last, outcomes));
    }
    tiles
}

/// A tile that counts findings; a rule that was not run is not zero.
fn found(
    label: &'static str,
    rules: &[&str],
    findings: &[FindingGroup],
    last: Option<&Point>,
    outcomes: &Outcomes,
) -> Tile {
    let grave = findings
        .iter()
        .filter(|group| rules.contains(&group.rule.as_str()));
    let count: usize = grave.map(|group| group.rows.len()).sum();
    let run = rules.iter().any(|rule| evaluated(rule, outcomes)) || count > 0;
    let before = |point: &Point| -> u64 {
        let rules = rules.iter().filter_map(|rule| point.findings.get(*rule));
        rules.sum()
    };
    if !run {
        return Tile {
            label,
            value: "not evaluable".to_owned(),
            detail: missing(rules, outcomes),
            ..difference(None, None, words::share)
        };
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a count of findings is far below 2^52"
    )]
    let (now, then) = (count as f64, last.map(|point| before(point) as f64));
    let unjudged = unjudged(rules, outcomes);
    let mut tile = Tile {
        label,
        value: words::grouped(count as u64),
        detail: by_rule(rules, findings),
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

/// `13 old-credential, 2 unused-client`: what the number of the tile adds up.
fn by_rule(rules: &[&str], findings: &[FindingGroup]) -> String {
    let groups = findings
        .iter()
        .filter(|group| rules.contains(&&*group.rule));
    let parts: Vec<String> = groups
        .map(|group| format!("{} {}", words::grouped(group.rows.len() as u64), group.rule))
        .collect();
    if parts.is_empty() {
        "none found".to_owned()
    } else {
        parts.join(", ")
    }
}

/// Which of the rules were not judged, and which only in part.
fn unjudged(rules: &[&str], outcomes: &Outcomes) -> Vec<String> {
    let in_part = |rule: &str| {
        let mut list = outcomes.not_evaluable.iter();
        list.any(|unjudged| unjudged.rule == rule && unjudged.partly)
    };
    let (judged, not): (Vec<&str>, Vec<&str>) =
        rules.iter().partition(|rule| evaluated(rule, outcomes));
    let in_part: Vec<&str> = judged.into_iter().filter(|rule| in_part(rule)).collect();
    [("not judged", not), ("only in part", in_part)]
        .into_iter()
        .filter(|(_, rules)| !rules.is_empty())
        .map(|(how, rules)| format!("{how}: {}", rules.join(", ")))
        .collect()
}

/// Whether the rule was applied to this data. A report states what was not
/// evaluated and what was turned off; every other rule of this version was applied.
fn evaluated(rule: &str, outcomes: &Outcomes) -> bool {
    let mut list = outcomes.not_evaluable.iter();
    let not = list.any(|unjudged| unjudged.rule == rule && !unjudged.partly);
    finding::by_name(rule).is_some() && !not && !outcomes.disabled.contains(&rule)
}

fn missing(rules: &[&str], outcomes: &Outcomes) -> String {
    let mut list = outcomes.not_evaluable.iter();
    let reason = list.find(|unjudged| rules.contains(&unjudged.rule));
    reason.map_or_else(
        || "turned off by the configuration".to_owned(),
        |unjudged| format!("missing: {}", unjudged.missing.0),
    )
}

/// A tile with only the comparison filled in; less is better in all of them.
fn difference(now: Option<f64>, last: Option<f64>, text: fn(f64) -> String) -> Tile {
    let delta = now.zip(last).map(|(now, last)| now - last);
    let sign = |delta: f64| {
        // No arrow next to two equal numbers.
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
