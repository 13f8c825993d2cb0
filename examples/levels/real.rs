//! Judges the levels on a real history: what would have been said at earlier dates, and what
//! was used afterwards.
//!
//! In: a CSV with the columns `day,client,resource` (one row: this client used this
//! resource on this day), packed with gzip or not. At each of six dates spread over it, every
//! client of the last 365 days holds all that it ever used; what was known until then goes
//! through the analysis, and the days after it judge each level.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use scopetrim::model::Day;

use crate::table::{Sums, Table};
use crate::world::{Key, Tenant};

/// Dates that are judged.
const DATES: i32 = 6;
/// Days before the first date, and after the last one.
const AROUND: (i32, i32) = (500, 366);
/// A client holds its grants for so many days after its last use.
const ALIVE: i32 = 365;

/// The days of use of each client and resource.
pub(crate) fn read(path: &Path) -> Result<BTreeMap<Key, Vec<Day>>, String> {
    let say = |error: &dyn std::fmt::Display| format!("`{}`: {error}", path.display());
    let file = File::open(path).map_err(|error| say(&error))?;
    let packed = path.extension().is_some_and(|extension| extension == "gz");
    let bytes: Box<dyn Read> = if packed {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let mut reader = csv::Reader::from_reader(bytes);
    let mut uses: BTreeMap<Key, Vec<Day>> = BTreeMap::new();
    for row in reader.deserialize() {
        let row: BTreeMap<String, String> = row.map_err(|error| say(&error))?;
        let text = |key: &str| row.get(key).cloned().unwrap_or_default();
        let day = Day::parse(&text("day")).ok_or_else(|| say(&"no date in `day`"))?;
        uses.entry((text("client"), text("resource")))
            .or_default()
            .push(day);
    }
    for days in uses.values_mut() {
        days.sort_unstable();
        days.dedup();
    }
    Ok(uses)
}

/// Six dates, the first 500 days after the start and the last a year before the end.
pub(crate) fn dates(uses: &BTreeMap<Key, Vec<Day>>) -> Vec<Day> {
    let first = uses.values().filter_map(|days| days.first()).min();
    let last = uses.values().filter_map(|days| days.last()).max();
    let (Some(first), Some(last)) = (first, last) else {
        return Vec::new();
    };
    let (first, last) = (first.0 + AROUND.0, last.0 - AROUND.1);
    (0..DATES)
        .map(|place| Day(first + (last - first) * place / (DATES - 1)))
        .collect()
}

/// The organisation as it was at the end of a day: whoever was alive holds what it ever used.
pub(crate) fn tenant(uses: &BTreeMap<Key, Vec<Day>>, at: Day) -> Tenant {
    let known = |days: &[Day]| days.partition_point(|day| *day <= at);
    let mut alive: BTreeMap<&String, Day> = BTreeMap::new();
    for ((client, _), days) in uses {
        if let Some(last) = known(days).checked_sub(1).map(|place| days[place]) {
            let end = alive.entry(client).or_insert(last);
            *end = last.max(*end);
        }
    }
    let held = uses.iter().filter(|((client, _), days)| {
        known(days) > 0 && alive.get(client).is_some_and(|last| at.0 - last.0 < ALIVE)
    });
    Tenant {
        grants: held.map(|(key, days)| (key.clone(), days[0])).collect(),
        uses: uses.clone(),
        ..Tenant::default()
    }
}

/// Six dates of a history, summed up.
pub(crate) fn judge(path: &Path) -> Result<Table, String> {
    let uses = read(path)?;
    let from = uses.values().filter_map(|days| days.first()).min().copied();
    let from = from.ok_or_else(|| format!("`{}` has no rows", path.display()))?;
    let mut table = Table::new(&path.file_stem().unwrap_or_default().to_string_lossy());
    for at in dates(&uses) {
        let tenant = tenant(&uses, at);
        table.add(&tenant, &tenant.said(from, at), at);
    }
    Ok(table)
}

/// The rule that needs no program: silent for so many days.
pub(crate) fn rule(tenant: &Tenant, at: Day, silent: i32) -> Sums {
    let mut sums = Sums::default();
    for key in tenant.grants.keys() {
        let days = tenant.uses.get(key).map_or(&[][..], |dates| dates);
        let last = days[..days.partition_point(|day| *day <= at)].last();
        if last.is_some_and(|last| at.0 - last.0 >= silent) {
            sums.add(
                None,
                tenant.comes_back(key, at, 90),
                tenant.comes_back(key, at, 365),
            );
        }
    }
    sums
}
