//! Judges mined roles on real histories: made from the year before a date, against the year after.
//!
//!     cargo run --release --example roles_over_time -- HISTORY.csv[.gz]...
//!
//! Each HISTORY has the columns `day,client,resource`. A client needs what it used in the 365 days up to
//! a date, and six dates are judged. The table in Markdown (docs/roles.md) shows how many of the uses of
//! the year after the roles cover, for clients of the year before, and how much of what they give
//! was not used: beside one role for each client, and one role for all.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use scopetrim::analysis::role_mining::{Aim, Meanings, Needs, RoleOptions, propose};
use scopetrim::model::{ClientName, Day, Term};

/// Dates that are judged, and days of a year.
const DATES: i32 = 6;
const YEAR: i32 = 365;

/// Who used what on which day.
type Uses = Vec<(Day, ClientName, Term)>;

fn main() -> Result<(), String> {
    println!(
        "| history | until | clients | grants | roles (fewest) | roles (complexity) | uses covered | over-grant | one role for all: covered | over-grant |"
    );
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for name in std::env::args().skip(1) {
        let path = Path::new(&name);
        let uses = read(path)?;
        let stem = path.file_name().unwrap_or_default().to_string_lossy();
        let stem = stem.split('-').next().unwrap_or_default().to_owned();
        for date in dates(&uses) {
            println!("| {stem} | {date} |{}", row(&uses, date)?);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Uses, String> {
    let say = |error: &dyn std::fmt::Display| format!("`{}`: {error}", path.display());
    let file = File::open(path).map_err(|error| say(&error))?;
    let packed = path.extension().is_some_and(|extension| extension == "gz");
    let bytes: Box<dyn Read> = if packed {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let mut uses = Vec::new();
    for row in csv::Reader::from_reader(bytes).deserialize() {
        let row: BTreeMap<String, String> = row.map_err(|error| say(&error))?;
        let text = |key: &str| row.get(key).map_or("", String::as_str);
        let day = Day::parse(text("day")).ok_or_else(|| say(&"no date in `day`"))?;
        uses.push((
            day,
            ClientName::new(text("client")),
            Term::new(text("resource")),
        ));
    }
    Ok(uses)
}

/// The first a year after the start, the last a year before the end.
fn dates(uses: &Uses) -> Vec<Day> {
    let days = || uses.iter().map(|(day, ..)| *day);
    let (Some(first), Some(last)) = (days().min(), days().max()) else {
        return Vec::new();
    };
    let (first, last) = (first.plus(YEAR), last.plus(-YEAR));
    let step = (last.0 - first.0) / (DATES - 1);
    (0..DATES).map(|at| first.plus(at * step)).collect()
}

fn used(uses: &Uses, from: Day, to: Day) -> Needs {
    let mut needs = Needs::new();
    for (_, client, term) in uses.iter().filter(|(day, ..)| *day >= from && *day <= to) {
        let own = needs.entry(client.clone()).or_default();
        own.insert(term.clone());
    }
    needs
}

/// The figures of one date.
fn row(uses: &Uses, date: Day) -> Result<String, String> {
    let before = used(uses, date.plus(1 - YEAR), date);
    let mut after = used(uses, date.plus(1), date.plus(YEAR));
    after.retain(|client, _| before.contains_key(client));
    let found = [Aim::Roles, Aim::Complexity].map(|aim| {
        let options = RoleOptions {
            aim,
            ..RoleOptions::default()
        };
        propose(&before, &[], &Meanings::default(), &options)
    });
    let mut given = Needs::new();
    for role in &found[1].roles {
        for client in &role.members {
            let own = given.entry(client.clone()).or_default();
            own.extend(role.terms.iter().cloned());
        }
    }
    if given != before {
        return Err(format!(
            "{date}: the roles do not give exactly what was used"
        ));
    }
    let everything: BTreeSet<Term> = before.values().flatten().cloned().collect();
    let all: Needs = before
        .keys()
        .map(|client| (client.clone(), everything.clone()))
        .collect();
    let fewest = if found[0].is_fewest() {
        ""
    } else {
        " (not proven)"
    };
    Ok(format!(
        " {} | {} | {}{fewest} | {} | {} | {} |",
        before.len(),
        before.values().map(BTreeSet::len).sum::<usize>(),
        found[0].roles.len(),
        found[1].roles.len(),
        shares(&given, &after),
        shares(&all, &after)
    ))
}

/// The share of later uses that is covered, and the share of what is given that was not used.
fn shares(given: &Needs, after: &Needs) -> String {
    let none = BTreeSet::new();
    let both: usize = given
        .iter()
        .map(|(client, terms)| {
            after
                .get(client)
                .unwrap_or(&none)
                .intersection(terms)
                .count()
        })
        .sum();
    let count = |needs: &Needs| needs.values().map(BTreeSet::len).sum::<usize>().max(1);
    let (given, uses) = (count(given), count(after));
    format!(
        "{}.{} % | {}.{} %",
        100 * both / uses,
        1000 * both / uses % 10,
        100 * (given - both) / given,
        1000 * (given - both) / given % 10
    )
}
