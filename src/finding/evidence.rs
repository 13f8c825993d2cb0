//! Ids of requests that show a finding, looked up when all rules are done.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::Finding;
use crate::model::Day;
use crate::usage::UsageTable;

/// Ids shown for one finding.
const SAMPLES: usize = 3;
/// Days that are looked at: merging a day of a large table has its price.
const DAYS: usize = 64;

/// What is looked for on one day: a finding, a route, refused or not.
type Wanted = (usize, u32, bool);

/// Adds the ids of example requests, where the log has ids. Findings beyond the
/// first 64 distinct days stay without. `rows` gives a table that has a day.
pub fn attach_samples<T: Borrow<UsageTable>, E: Send>(
    findings: &mut [Finding],
    rows: impl Fn(Day) -> Result<T, E> + Sync,
) -> Result<(), E> {
    let mut wanted: BTreeMap<Day, Vec<Wanted>> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        for trace in &finding.trace {
            let place = (index, trace.route, trace.refused);
            wanted.entry(trace.day).or_default().push(place);
        }
    }
    let wanted: Vec<(Day, Vec<Wanted>)> = wanted.into_iter().take(DAYS).collect();
    let seen: Vec<Vec<(usize, String)>> = wanted
        .into_par_iter()
        .map(|(day, places)| {
            let table = rows(day)?;
            Ok(of_day(findings, table.borrow(), day, places))
        })
        .collect::<Result<_, E>>()?;
    let mut found: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (index, id) in seen.into_iter().flatten() {
        found.entry(index).or_default().insert(id);
    }
    for (index, ids) in found {
        findings[index].samples = ids.into_iter().take(SAMPLES).collect();
    }
    Ok(())
}

/// The ids of one day, by finding.
fn of_day(
    findings: &[Finding],
    table: &UsageTable,
    day: Day,
    places: Vec<Wanted>,
) -> Vec<(usize, String)> {
    let mut by_row: BTreeMap<(u32, u32, bool), Vec<usize>> = BTreeMap::new();
    for (index, route, refused) in places {
        if let Some(client) = table.client(&findings[index].client) {
            let indices = by_row.entry((client, route, refused)).or_default();
            indices.push(index);
        }
    }
    let mut found = Vec::new();
    table.day_rows(day).for_each(|row| {
        let Some(id) = row.sample else { return };
        let key = (row.client, row.route, row.outcome.is_denied());
        for index in by_row.get(&key).into_iter().flatten() {
            found.push((*index, String::from_utf8_lossy(id).into_owned()));
        }
    });
    found
}
