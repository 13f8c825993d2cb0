//! What the levels have to show in simulation, and whether they do.
//!
//! In: the tables of the settings, known by their names. Out: one row for each bar that the
//! tables allow to judge.

use std::fmt::Write as _;

use crate::table::{Sums, Table};

/// Setting; place of safe, or of safe and likely; recall asked at least; used again at most.
const ASKED: [(&str, usize, f64, f64); 3] = [
    ("base, 365 d", 0, 61.0, 0.3),
    ("base, 365 d", 1, 75.0, 0.6),
    ("hard, 365 d", 0, 40.0, 0.5),
];
/// What is promised everywhere: used again at most, in percent.
const PROMISED: [f64; 2] = [2.0, 5.0];
/// Removals below which a cell says nothing.
const ENOUGH: u64 = 50;
const LEVELS: [&str; 2] = ["`safe`", "`safe` and `likely`"];
/// Two-sided 95 %.
const Z: f64 = 1.96;

/// The bars, as Markdown.
pub(crate) fn render(tables: &[Table]) -> String {
    let mut text = "\n| bar | measured | |\n|---|---|---|\n".to_owned();
    let mut row = |bar: &str, measured: &str, met: bool| {
        let met = if met { "met" } else { "**not met**" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {bar} | {measured} | {met} |");
    };
    let named = |name: &str| tables.iter().find(|table| table.name == name);
    for (name, level, recall, wrong) in ASKED {
        let Some(result) = named(name) else { continue };
        let (found, again) = (result.recall()[level], result.both()[level].shares()[0]);
        row(
            &format!(
                "{name}: {} recall >= {recall} % at <= {wrong} %",
                LEVELS[level]
            ),
            &format!("{found:.1} % at {again:.2} %"),
            found >= recall && again <= wrong,
        );
    }
    let promises = PROMISED.into_iter().enumerate();
    for ((level, promised), parts) in
        promises.flat_map(|promise| [(promise, false), (promise, true)])
    {
        // Nobody can tell a dead scope from a resting one before its season was seen.
        let cells = tables.iter().filter(|table| level == 0 || !unseen(table));
        let cells = cells.filter(|cell| cell.name.contains(": ") == parts);
        let cells = cells.map(|cell| (&cell.name, cell.both()[level]));
        let cells: Vec<(&String, Sums)> =
            cells.filter(|(_, sums)| sums.removals >= ENOUGH).collect();
        let above = |sums: &Sums| 100.0 * lower(sums.again, sums.removals) > promised;
        let bad: Vec<String> = cells
            .iter()
            .filter(|(_, sums)| above(sums))
            .map(|(name, sums)| format!("{name}: {:.2} % of {}", sums.shares()[0], sums.removals))
            .collect();
        if cells.is_empty() {
            continue;
        }
        let of = if parts {
            "parts of a cell"
        } else {
            "each cell"
        };
        row(
            &format!("{of}, {}: used again <= {promised} %", LEVELS[level]),
            &format!("{} cells; above: {}", cells.len(), listed(&bad)),
            bad.is_empty(),
        );
    }
    let none = |what: &str, of_it: &dyn Fn(&Table) -> bool| {
        let cells: Vec<&Table> = tables.iter().filter(|table| of_it(table)).collect();
        let safe: u64 = cells.iter().map(|cell| cell.both()[0].removals).sum();
        let measured = format!("{safe} in {} cells", cells.len());
        (!cells.is_empty()).then(|| (format!("{what}: no `safe`"), measured, safe == 0))
    };
    let apps = |table: &Table| table.name.starts_with("god") && table.name.ends_with("apps");
    let empty = [
        none("season, log under a year", &unseen),
        none("god tokens, scopes of the apps", &apps),
    ];
    for (bar, measured, met) in empty.into_iter().flatten() {
        row(&bar, &measured, met);
    }
    for clients in [
        "5 clients",
        "5 clients, no heartbeat",
        "10 clients",
        "40 clients",
    ] {
        let at = |days: i32| named(&format!("{clients}, {days} d"));
        let five = clients.starts_with("5 ");
        if let (true, Some(one), Some(more)) = (five, at(119), at(120)) {
            let all = |table: &Table| table.levels.iter().map(|sums| sums.removals).sum::<u64>();
            // What was used on the additional day stays, and is not a removal.
            let kept = all(one) - all(more).min(all(one));
            let [one, more] = [one, more].map(|table| table.levels[1].removals);
            row(
                &format!(
                    "{clients}: at least as many `likely` with 120 days as with 119, \
                     but for what was used on the day more"
                ),
                &format!("{one}; {more}, and {kept} used"),
                one <= more + kept,
            );
        }
        if let (Some(short), Some(long)) = (at(95), at(365)) {
            let [short, long] = [short, long].map(|table| table.both()[1].removals);
            row(
                &format!("{clients}: removals fall by at most 15 % from 95 to 365 days"),
                &format!("{short}, {long}"),
                long * 100 >= short * 85,
            );
        }
    }
    text
}

/// Seasons, and a log under a year.
fn unseen(table: &Table) -> bool {
    ["season, 255 d", "season, 300 d"]
        .iter()
        .any(|name| table.name.starts_with(name))
}

fn listed(all: &[String]) -> String {
    if all.is_empty() {
        "none".to_owned()
    } else {
        all.join("; ")
    }
}

/// Lower bound of a share (Wilson).
fn lower(hits: u64, all: u64) -> f64 {
    let [hits, all] = [hits, all].map(|count| f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
    let (share, square) = (hits / all, Z * Z / all);
    let spread = Z * (share * (1.0 - share) / all + square / (4.0 * all)).sqrt();
    (share + square / 2.0 - spread) / (1.0 + square)
}
