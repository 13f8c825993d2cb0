//! The place of each mark of a chart. Widths and heights are percent of the
//! chart, so that a chart fits any page without scaling its text.

use serde::Serialize;

use crate::model::words::rounded;
use crate::report::monthly::{ClientView, DayCell, Month, Page, Point, Segments};

/// Clients of the bar chart.
const BARS: usize = 10;

/// One bar with its parts.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Bar<'a> {
    client: &'a str,
    before: f64,
    parts: Vec<Part>,
}

/// One part of a bar.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Part {
    /// Class of the pattern, and the word for it.
    kind: &'static str,
    x: f64,
    width: f64,
    share: f64,
}

/// The parts in their order.
fn parts(bar: &Segments) -> [(&'static str, f64); 6] {
    [
        ("needed", bar.needed),
        ("beyond", bar.beyond),
        ("protected", bar.protected),
        ("review", bar.review),
        ("likely", bar.likely),
        ("safe", bar.safe),
    ]
}

/// The clients from which most can be taken; the axis ends at the largest exposure shown.
pub(super) fn bars<'a>(clients: &[ClientView<'a>]) -> (Vec<Bar<'a>>, f64) {
    let before = |client: &ClientView<'_>| client.found.exposure.before;
    let shown: Vec<&ClientView<'a>> = clients
        .iter()
        .filter(|client| before(client) > 0.0)
        .take(BARS)
        .collect();
    let largest = shown.iter().copied().map(before).fold(0.0, f64::max);
    // The end of the axis is a round number above the largest bar.
    let axis = [0.05, 0.1, 0.2, 0.25, 0.5, 0.75, 1.0]
        .into_iter()
        .find(|end| largest <= *end)
        .unwrap_or(1.0);
    let bars = shown
        .into_iter()
        .map(|client| {
            let mut x = 0.0;
            let mut shown = Vec::new();
            for (kind, share) in parts(&client.bar) {
                let width = place(share / axis);
                if width > 0.0 {
                    shown.push(Part {
                        kind,
                        x: round(x),
                        width,
                        share,
                    });
                    x += width;
                }
            }
            Bar {
                client: client.id(),
                before: before(client),
                parts: shown,
            }
        })
        .collect();
    (bars, axis)
}

/// Two decimals are finer than a pixel.
fn round(value: f64) -> f64 {
    rounded(value, 2)
}

/// A place on an axis that is 100 long.
fn place(share: f64) -> f64 {
    round(share.clamp(0.0, 1.0) * 100.0)
}

/// A line over 13 months.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Line {
    kind: &'static str,
    dots: Vec<Dot>,
    strokes: Vec<[f64; 4]>,
    /// Where the number of the last dot stands: clear of that of the other line.
    label: f64,
}

/// A value of one month.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Dot {
    x: f64,
    y: f64,
    value: f64,
    month: Month,
}

/// The lines, and the place of each month.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Lines {
    lines: Vec<Line>,
    months: Vec<Tick>,
}

/// The name of one month under the lines.
#[derive(Clone, Debug, Serialize)]
struct Tick {
    x: f64,
    label: &'static str,
    applied: u64,
}

/// Exposure and unused share, 0 at the bottom and 1 at the top. A line is broken
/// where a month has no report.
pub(super) fn lines(points: &[Point], month: Month) -> Lines {
    let place = |at: Month| {
        let back = f64::from(month.since(at));
        round(97.0 - back * 94.0 / 12.0)
    };
    let line = |kind, value: fn(&Point) -> Option<f64>| {
        let dots: Vec<Dot> = points
            .iter()
            .filter_map(|point| {
                let value = value(point)?;
                Some(Dot {
                    x: place(point.month),
                    y: round(100.0 - value.clamp(0.0, 1.0) * 100.0),
                    value,
                    month: point.month,
                })
            })
            .collect();
        let strokes = dots
            .windows(2)
            .filter(|pair| pair[1].month.since(pair[0].month) == 1)
            .map(|pair| [pair[0].x, pair[0].y, pair[1].x, pair[1].y])
            .collect();
        Line {
            kind,
            label: dots.last().map_or(0.0, |dot| dot.y),
            dots,
            strokes,
        }
    };
    let applied = |month: Month| {
        let mut points = points.iter();
        points
            .find(|point| point.month == month)
            .and_then(|point| point.applied)
            .unwrap_or(0)
    };
    let mut both = [
        line("exposure", |point| point.exposure_mean),
        line("unused", |point| point.unused_share),
    ];
    let [one, other] = &mut both;
    (one.label, other.label) = apart(one.label, other.label);
    Lines {
        lines: both.into(),
        months: (0..13)
            .map(|back| month.plus(back - 12))
            .map(|month| Tick {
                x: place(month),
                label: month.short(),
                applied: applied(month),
            })
            .collect(),
    }
}

/// Height of a line of text: percent of the height of the lines.
const TEXT: f64 = 13.0;

/// The places of two numbers, moved until neither covers the other or leaves the chart.
fn apart(one: f64, other: f64) -> (f64, f64) {
    let within = |place: f64| place.clamp(TEXT, 100.0 - TEXT / 2.0);
    let (high, low) = (within(one.min(other)), within(one.max(other)));
    let short = (TEXT - (low - high)).max(0.0);
    let low = within(low + short / 2.0);
    let high = high.min(low - TEXT);
    let low = low.max(high + TEXT);
    let (high, low) = (round(high), round(low));
    if one <= other {
        (high, low)
    } else {
        (low, high)
    }
}

/// Names of months under a strip; more would run into each other.
const TICKS: usize = 13;

/// The name of a month under the strip.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Start {
    x: f64,
    label: &'static str,
    /// It ends here, where there is no room behind.
    at_end: bool,
}

/// As many as there is room for, at equal distances.
fn thinned(all: Vec<(f64, &'static str)>) -> Vec<Start> {
    let step = all.len().div_ceil(TICKS).max(1);
    let shown = all.into_iter().step_by(step);
    let start = |(x, label)| Start {
        x,
        label,
        at_end: x > 93.0,
    };
    shown.map(start).collect()
}

/// Runs of days without records, and where each month begins.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Coverage {
    days: usize,
    missing: Vec<[usize; 2]>,
    ticks: Vec<Start>,
    month: [f64; 2],
}

/// The coverage strip, one unit wide for each day.
pub(super) fn coverage(page: &Page<'_>) -> Coverage {
    let days = &page.days;
    let mut missing: Vec<[usize; 2]> = Vec::new();
    for (at, _) in days.iter().enumerate().filter(|(_, day)| day.records == 0) {
        match missing.last_mut() {
            Some([from, length]) if *from + *length == at => *length += 1,
            _ => missing.push([at, 1]),
        }
    }
    let at_day = |at: usize| place(float(at) / float(days.len().max(1)));
    let first_of_month = |(at, day): (usize, &DayCell)| {
        let month = Month::of(day.day);
        (month.days().from == day.day).then(|| (at_day(at), month.short()))
    };
    let inside = |day: &DayCell| day.day >= page.head.from && day.day <= page.head.to;
    let from = days.iter().position(inside).unwrap_or(0);
    let length = days.iter().filter(|day| inside(day)).count();
    Coverage {
        days: days.len(),
        missing,
        ticks: thinned(days.iter().enumerate().filter_map(first_of_month).collect()),
        month: [at_day(from), at_day(length)],
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "days and rows are far below 2^52"
)]
fn float(value: usize) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_numbers_of_one_month_are_a_line_of_text_apart_and_inside_the_chart() {
        for one in 0..=100 {
            for other in 0..=100 {
                let (a, b) = apart(f64::from(one), f64::from(other));
                assert!((a - b).abs() >= TEXT - 0.011, "{one} {other}: {a} {b}");
                assert!(
                    a.min(b) >= 0.0 && a.max(b) <= 100.0,
                    "{one} {other}: {a} {b}"
                );
                assert!(
                    one == other || (one < other) == (a < b),
                    "{one} {other}: {a} {b}"
                );
            }
        }
        assert_eq!(
            apart(20.0, 80.0),
            (20.0, 80.0),
            "nothing moves that has room"
        );
    }

    #[test]
    fn a_long_window_has_no_more_names_of_months_than_a_year() {
        let months = |count: usize| {
            let at = |number: usize| (float(number) * 100.0 / float(count), "Jan");
            thinned((0..count).map(at).collect())
        };
        assert_eq!(months(12).len(), 12);
        assert!(months(37).len() <= TICKS, "{:?}", months(37));
        assert!(months(0).is_empty() && months(1).len() == 1);
        assert!(months(12).iter().all(|own| own.at_end == (own.x > 93.0)));
    }
}
