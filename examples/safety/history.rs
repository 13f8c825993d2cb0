//! One simulated history, through the analysis.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use scopetrim::analysis::landmark::{Thresholds, guards};
use scopetrim::analysis::{Analysis, Evidence, Hints, Inputs, Objective, Options, analyse, weight};
use scopetrim::catalog::matcher::Route;
use scopetrim::model::{
    Catalog, ClientName, ContentDigest, Day, Entry, Granted, Level, Method, Operation, Place,
    Policy, PolicyFile, Requirement, Scope, Semantics, Span, Subject, Term, Verdict, Window,
};
use scopetrim::usage::{ClientUse, Coverage, DayUse, RouteUse};

/// The first simulated day as a date: 2025-01-01.
const EPOCH: i32 = 20_089;
/// The day of decision.
const END: i32 = 450;
/// Longest window of a run without `--window`.
const WINDOW: u32 = 365;
/// A window in which a grant idle for 30 days shows no use.
const SHORT: u32 = 29;

/// One grant: what is said, and what happened.
pub(crate) struct Case {
    pub(crate) client: String,
    /// Probability and bound; `None` when not idle for 30 days.
    pub(crate) odds: Option<(f64, f64)>,
    /// By the guards of the other implementation (G2, G3 and G4).
    pub(crate) core: Option<Level>,
    /// As the program says it, with the shortest window.
    pub(crate) short: Option<Level>,
    /// The same with the window of a run without flags.
    pub(crate) long: Option<Level>,
    /// What the other implementation says.
    pub(crate) expected: (f64, f64, String),
    pub(crate) never: bool,
    pub(crate) idle: u32,
    pub(crate) age: u32,
    /// Requests in the 90 days that followed, and days in 365.
    pub(crate) later: (u64, bool),
}

pub(crate) struct Read {
    pub(crate) cases: Vec<Case>,
    /// Safe, used again, safe or likely, used again: one horizon earlier.
    pub(crate) past: Option<[u32; 4]>,
}

type Rows = Vec<BTreeMap<String, String>>;
type Key = (String, String);

fn rows(folder: &Path, name: &str) -> Result<Rows, String> {
    let mut reader = csv::Reader::from_path(folder.join(name)).map_err(|e| e.to_string())?;
    let rows: Result<Rows, _> = reader.deserialize().collect();
    rows.map_err(|error| format!("{name}: {error}"))
}

fn text(row: &BTreeMap<String, String>, key: &str) -> String {
    row.get(key).cloned().unwrap_or_default()
}

fn number<T: std::str::FromStr>(row: &BTreeMap<String, String>, key: &str) -> Result<T, String> {
    let text = text(row, key);
    text.parse().map_err(|_| format!("`{text}` is no {key}"))
}

fn key(row: &BTreeMap<String, String>) -> Key {
    (text(row, "client"), text(row, "scope"))
}

pub(crate) fn read(folder: &Path) -> Result<Read, String> {
    let (grants, expected) = (rows(folder, "grants.csv")?, rows(folder, "expected.csv")?);
    let mut coverage = Coverage::default();
    for row in rows(folder, "coverage.csv")? {
        if number::<u8>(&row, "covered")? == 1 {
            coverage
                .days
                .insert(Day(EPOCH + number::<i32>(&row, "day")?), 1);
        }
    }
    let scopes: BTreeSet<String> = grants.iter().map(|row| text(row, "scope")).collect();
    let scopes: Vec<String> = scopes.into_iter().collect();
    let usage = usage(&rows(folder, "usage.csv")?, &scopes)?;
    let policy = policy(&grants)?;
    let (short, long) = (SHORT, WINDOW);
    let short = run(&scopes, &policy, &usage, &coverage, short);
    let long = run(&scopes, &policy, &usage, &coverage, long);
    let (now, default) = (decided(&short), decided(&long));
    let mut later: BTreeMap<Key, (u64, bool)> = BTreeMap::new();
    for row in rows(folder, "future.csv")? {
        let own = later.entry(key(&row)).or_default();
        own.1 = true;
        if number::<i32>(&row, "day")? < END + 90 {
            own.0 += number::<u64>(&row, "count")?;
        }
    }
    let mut cases = Vec::new();
    for row in &expected {
        let key = key(row);
        let (own, level) = now.get(&key).copied().unwrap_or_default();
        let core = own.map(|own| {
            if guards(&own.state, short.basis.days) {
                Thresholds::default().level(&own.odds)
            } else {
                Level::Review
            }
        });
        cases.push(Case {
            odds: own.map(|own| (own.odds.p, own.odds.upper)),
            core,
            short: level,
            long: default.get(&key).and_then(|found| found.1),
            expected: (number(row, "p")?, number(row, "upper")?, text(row, "level")),
            never: text(row, "never") == "1",
            idle: number(row, "idle")?,
            age: number(row, "age")?,
            later: later.get(&key).copied().unwrap_or_default(),
            client: key.0,
        });
    }
    let origin = short.basis.past.origins.first();
    let past = origin.map(|own| [own.safe, own.safe_used, own.likely, own.likely_used]);
    Ok(Read { cases, past })
}

/// Evidence and level of each removal.
fn decided(analysis: &Analysis) -> BTreeMap<Key, (Option<Evidence>, Option<Level>)> {
    let clients = analysis.clients.iter();
    clients
        .flat_map(|client| client.terms.iter().map(move |found| (client, found)))
        .filter(|(_, found)| found.verdict == Verdict::Remove)
        .map(|(client, found)| {
            let key = (client.id.to_string(), found.term.to_string());
            (key, (found.evidence, found.level))
        })
        .collect()
}

/// The analysis as the command line would run it, with a window of so many days.
fn run(
    scopes: &[String],
    policy: &Policy,
    usage: &BTreeMap<ClientName, ClientUse>,
    coverage: &Coverage,
    days: u32,
) -> Analysis {
    let operation = |scope: &String| {
        let needs = Requirement::AnyOf(vec![BTreeSet::from([Scope::new(scope)])]);
        Operation::new(Method::Get, format!("/{scope}"), needs)
    };
    let catalog = Catalog {
        operations: scopes.iter().map(operation).collect(),
        ..Catalog::default()
    };
    let route = |(index, scope): (usize, &String)| Route {
        method: Method::Get,
        template: format!("/{scope}"),
        operations: vec![index],
    };
    let routes: Vec<Route> = scopes.iter().enumerate().map(route).collect();
    let inputs = Inputs {
        catalog: &catalog,
        semantics: &Semantics::default(),
        routes: &routes,
        weights: &weight::weights(&catalog, &[]),
        policy,
        usage,
        unmatched: &BTreeMap::new(),
        coverage,
        history: &scopetrim::grants::history::History::default(),
        exceptions: &[],
    };
    let options = Options {
        window: Window::ending(Day(EPOCH + END - 1), days),
        hints: Hints::default(),
        objective: Objective::default(),
        narrow: false,
        protocol: BTreeSet::new(),
        protected: Vec::new(),
        needs: Vec::new(),
        thresholds: Thresholds::default(),
        node_budget: 2_000_000,
    };
    analyse(&inputs, &options)
}

fn usage(rows: &Rows, scopes: &[String]) -> Result<BTreeMap<ClientName, ClientUse>, String> {
    let mut all: BTreeMap<String, BTreeMap<u32, Vec<DayUse>>> = BTreeMap::new();
    for row in rows {
        let route = scopes.binary_search(&text(row, "scope"));
        let route = route.map_err(|_| "a use of a scope that nobody holds".to_owned())?;
        let day = EPOCH + number::<i32>(row, "day")?;
        let own = all.entry(text(row, "client")).or_default();
        let route = u32::try_from(route).map_err(|e| e.to_string())?;
        own.entry(route).or_default().push(DayUse {
            day,
            counts: filled(number(row, "count")?),
            first: Day(day).start(),
            last: Day(day).start(),
            ..DayUse::default()
        });
    }
    let client = |(index, (name, routes)): (usize, (String, BTreeMap<u32, Vec<DayUse>>))| {
        let routes = routes.into_iter();
        let own = ClientUse {
            client: u32::try_from(index).unwrap_or(u32::MAX),
            routes: routes
                .map(|(route, days)| RouteUse { route, days })
                .collect(),
        };
        (ClientName::new(&name), own)
    };
    Ok(all.into_iter().enumerate().map(client).collect())
}

/// Only served requests.
fn filled<const N: usize>(used: u64) -> [u64; N] {
    let mut counts = [0; N];
    if let Some(first) = counts.first_mut() {
        *first = used;
    }
    counts
}

fn policy(grants: &Rows) -> Result<Policy, String> {
    let file: Arc<str> = Arc::from("grants.csv");
    let mut entries = Vec::new();
    for (line, row) in grants.iter().enumerate() {
        entries.push(Entry {
            audience: None,
            subject: Subject::Client(ClientName::new(&text(row, "client"))),
            granted: Granted::Term(Term::new(&text(row, "scope"))),
            optional: false,
            since: Some(Day(EPOCH + number::<i32>(row, "granted_day")?)),
            owner: None,
            keep: None,
            place: Place {
                file: Arc::clone(&file),
                line: u32::try_from(line + 2).unwrap_or(u32::MAX),
            },
            span: Span { start: 0, end: 0 },
            frozen: None,
        });
    }
    let clients = grants
        .iter()
        .map(|row| ClientName::new(&text(row, "client")));
    Ok(Policy {
        audience: None,
        files: vec![PolicyFile {
            path: file,
            format: "csv",
            bytes: Arc::from(&[][..]),
            digest: ContentDigest::of(&[]),
            clients: clients.collect(),
            entries,
            warnings: Vec::new(),
            matching: None,
            implies: BTreeMap::new(),
        }],
    })
}
