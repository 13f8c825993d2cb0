//! What the analysis reads of one simulated history, made from its tables directly.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use scopetrim::analysis::landmark::Thresholds;
use scopetrim::analysis::{Analysis, Hints, Inputs, Objective, Options, analyse, weight};
use scopetrim::catalog::matcher::Route;
use scopetrim::grants::history::History;
use scopetrim::model::{
    Catalog, ClientName, ContentDigest, Day, Entry, Granted, Method, Operation, Place, Policy,
    PolicyFile, Requirement, Scope, Semantics, Span, Subject, Term, Window,
};
use scopetrim::usage::{ClientUse, Coverage, DayUse, PossibleNeeds, RouteUse};

/// The first simulated day as a date: 2025-01-01.
pub(crate) const EPOCH: i32 = 20_089;
/// The day of decision.
pub(crate) const END: i32 = 450;

/// What a run would have read.
pub(crate) struct World {
    pub(crate) catalog: Catalog,
    pub(crate) routes: Vec<Route>,
    pub(crate) policy: Policy,
    pub(crate) usage: BTreeMap<ClientName, ClientUse>,
    pub(crate) coverage: Coverage,
}

pub(crate) type Rows = Vec<BTreeMap<String, String>>;
pub(crate) type Key = (String, String);

pub(crate) fn rows(folder: &Path, name: &str) -> Result<Rows, String> {
    let mut reader = csv::Reader::from_path(folder.join(name)).map_err(|e| e.to_string())?;
    let rows: Result<Rows, _> = reader.deserialize().collect();
    rows.map_err(|error| format!("{name}: {error}"))
}

pub(crate) fn text(row: &BTreeMap<String, String>, key: &str) -> String {
    row.get(key).cloned().unwrap_or_default()
}

pub(crate) fn number<T: std::str::FromStr>(
    row: &BTreeMap<String, String>,
    key: &str,
) -> Result<T, String> {
    let text = text(row, key);
    text.parse().map_err(|_| format!("`{text}` is no {key}"))
}

pub(crate) fn key(row: &BTreeMap<String, String>) -> Key {
    (text(row, "client"), text(row, "scope"))
}

impl World {
    /// From the tables of a history, as logs and a policy would have given it.
    pub(crate) fn direct(folder: &Path) -> Result<Self, String> {
        let grants = rows(folder, "grants.csv")?;
        let mut coverage = Coverage::default();
        for day in covered(folder)? {
            coverage.days.insert(day, 1);
        }
        let scopes = scopes(&grants);
        let operation = |scope: &String| {
            let needs = Requirement::AnyOf(vec![BTreeSet::from([Scope::new(scope)])]);
            Operation::new(Method::Get, format!("/{scope}"), needs)
        };
        let route = |(index, scope): (usize, &String)| Route {
            method: Method::Get,
            template: format!("/{scope}"),
            operations: vec![index],
        };
        Ok(Self {
            catalog: Catalog {
                operations: scopes.iter().map(operation).collect(),
                ..Catalog::default()
            },
            routes: scopes.iter().enumerate().map(route).collect(),
            policy: policy(&grants)?,
            usage: usage(&rows(folder, "usage.csv")?, &scopes)?,
            coverage,
        })
    }

    /// The analysis as the command line would run it, with a window of so many days.
    pub(crate) fn analyse(&self, days: u32) -> Analysis {
        let inputs = Inputs {
            catalog: &self.catalog,
            semantics: &Semantics::default(),
            routes: &self.routes,
            weights: &weight::weights(&self.catalog, &[]),
            policy: &self.policy,
            usage: &self.usage,
            unmatched: &BTreeMap::new(),
            coverage: &self.coverage,
            // Everybody in the log is a client of the policy.
            blind: &BTreeMap::new(),
            possible: &PossibleNeeds::default(),
            history: &History::default(),
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
            all_operations_logged: None,
            node_budget: 2_000_000,
        };
        analyse(&inputs, &options)
    }
}

/// Days of the log that are covered.
pub(crate) fn covered(folder: &Path) -> Result<Vec<Day>, String> {
    let mut days = Vec::new();
    for row in rows(folder, "coverage.csv")? {
        if number::<u8>(&row, "covered")? == 1 {
            days.push(Day(EPOCH + number::<i32>(&row, "day")?));
        }
    }
    Ok(days)
}

/// Every scope that is granted, in order.
pub(crate) fn scopes(grants: &Rows) -> Vec<String> {
    let scopes: BTreeSet<String> = grants.iter().map(|row| text(row, "scope")).collect();
    scopes.into_iter().collect()
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
                .map(|(route, days)| RouteUse {
                    route,
                    days: days.into(),
                })
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
            since_line: None,
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
