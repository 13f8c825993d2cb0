//! The bars that the levels have to pass, and whether they do.
//!
//! In: the sums of each setting, known by the names of their folders. Out: one row
//! for each bar; a setting that was not measured has none.

use std::fmt::Write as _;

use crate::table::Setting;

/// First of two rules (safe, safe and likely) of what is judged.
const JUDGED: [(&str, usize); 3] = [
    ("method", 2),
    ("program", 6),
    ("program and suspensions", 10),
];

/// Recall asked at least, and wrong removals at most, of safe or of safe and likely.
const REMOVALS: [(&str, usize, Option<f64>, f64); 5] = [
    ("base", 0, Some(0.65), 0.0035),
    ("base", 1, Some(0.78), 0.0060),
    ("hard", 0, None, 0.0035),
    ("small", 1, None, 0.0060),
    ("missing", 0, None, 0.0045),
];

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "**not met**" }
}

/// One row for each bar that can be judged, as Markdown.
pub(crate) fn render(settings: &[Setting]) -> String {
    let mut text = "\n| bar | asked | of | measured | |\n|---|---|---|---|---|\n".to_owned();
    // Writing to a string cannot fail.
    let mut row = |bar: &str, asked: &str, of: &str, measured: &str, met: bool| {
        let _ = writeln!(
            text,
            "| {bar} | {asked} | {of} | {measured} | {} |",
            verdict(met)
        );
    };
    for own in settings {
        for (_, level, recall, wrong) in REMOVALS.iter().filter(|bar| bar.0 == own.name) {
            let what = ["safe", "safe and likely"][*level];
            for (name, first) in JUDGED {
                let (found, came) = own.rates(first + level);
                let asked = match recall {
                    Some(recall) => {
                        format!("{} of the surplus at {}", percent(*recall), percent(*wrong))
                    }
                    None => format!("wrong at most {}", percent(*wrong)),
                };
                row(
                    &format!("{}: {what}", own.name),
                    &asked,
                    name,
                    &format!("{} at {}", percent(found), percent(came)),
                    recall.is_none_or(|recall| found >= recall) && came <= *wrong,
                );
            }
        }
        if own.name == "base" {
            let (brier, log) = own.scores();
            row(
                "base: scores",
                "Brier 0.031, log 0.110",
                "method",
                &format!("{brier:.4}, {log:.4}"),
                brier <= 0.031 && log <= 0.110,
            );
            let worst = own.low_bins().map(|(said, seen)| seen / said);
            let worst = worst.fold(0.0, f64::max);
            row(
                "base: calibration below 5 %",
                "seen at most 1.25 x predicted",
                "method",
                &format!("at most {worst:.2} x"),
                worst <= 1.25,
            );
        }
        for (level, said) in own.said().into_iter().enumerate() {
            let (Some(said), (_, came)) = (said, own.rates(2 + level)) else {
                continue;
            };
            row(
                &format!(
                    "{}: own backtest, {}",
                    own.name,
                    ["safe", "safe and likely"][level]
                ),
                "at least 0.9 x what came",
                "method",
                &format!("{} said, {} came", percent(said), percent(came)),
                said >= 0.9 * came,
            );
        }
    }
    text
}
