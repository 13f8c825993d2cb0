//! Ids of requests that show a finding, looked up when all rules are done.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::model::Day;
use crate::usage::UsageTable;

/// Ids shown for one finding.
const SAMPLES: usize = 3;
/// Days that are looked at: merging a day of a large table has its price.
const DAYS: usize = 64;

/// Adds the ids of example requests, where the log has ids. Findings beyond the
/// first 64 distinct days stay without.
pub fn attach_samples(findings: &mut [Finding], table: &UsageTable) {
    let mut wanted: BTreeMap<Day, Vec<(usize, u32, u32, bool)>> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        let Some(client) = table.client(&finding.client) else {
            continue;
        };
        for trace in &finding.trace {
            let place = (index, client, trace.route, trace.refused);
            wanted.entry(trace.day).or_default().push(place);
        }
    }
    let mut found: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (day, places) in wanted.into_iter().take(DAYS) {
        table.day_rows(day).for_each(|row| {
            let Some(id) = row.sample else { return };
            for (index, client, route, refused) in &places {
                if (row.client, row.route, row.outcome.is_denied()) == (*client, *route, *refused) {
                    let id = String::from_utf8_lossy(id).into_owned();
                    found.entry(*index).or_default().insert(id);
                }
            }
        });
    }
    for (index, ids) in found {
        findings[index].samples = ids.into_iter().take(SAMPLES).collect();
    }
}
