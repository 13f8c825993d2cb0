//! A random tenant: who holds what since when, who uses what on which days, and the files
//! that say so.
//!
//! There are no callers that the policy does not name, and no requests that match nothing:
//! the doubt that these raise about a silent client begins with its silence, so with the
//! newest days taken away, when it was not silent yet, there is none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use scopetrim::model::Day;
use serde_json::Value;

use super::super::support::{ANY_SHARE, Case, line};
use super::super::{NAMES, Rng};

/// One request; its operation is 0 for the public one, else 1 + the scope of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) day: u32,
    pub(super) client: usize,
    pub(super) operation: usize,
    pub(super) status: u16,
    pub(super) source: usize,
    pub(super) named: bool,
}

/// A scope of a client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Grant {
    /// Days after the first day of the log; negative before it.
    pub(super) since: i32,
    /// The policy file says so next to the scope.
    pub(super) dated: bool,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Client {
    /// By scope: 2 n reads the resource n, 2 n + 1 changes it.
    pub(super) scopes: BTreeMap<usize, Grant>,
    /// The policy file has the date of the oldest scope next to the client, for all of them.
    pub(super) dated: bool,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Tenant {
    pub(super) days: u32,
    pub(super) clients: Vec<Client>,
    pub(super) lines: Vec<Line>,
    pub(super) sources: usize,
    /// A source that lacks some days, which others have.
    pub(super) gappy: Option<usize>,
    /// The window is shorter than the data.
    pub(super) short: bool,
    /// Days of which the ledger has a record of the grants; none without a ledger.
    pub(super) records: BTreeSet<u32>,
}

/// Whether the removal of each scope, and the advice to suspend the client, is above review.
pub(super) type Judged = BTreeMap<(usize, Option<usize>), bool>;

const SOURCES: [&str; 3] = ["gw-a.jsonl", "gw-b-2026-01.jsonl", "gw-c.jsonl"];

/// Whether a scope opens an operation. Every other resource can be read by whoever may change it.
pub(super) fn opens(scope: usize, operation: usize) -> bool {
    let of_resource = operation % 2 == 1 && scope == operation && (scope / 2).is_multiple_of(2);
    scope + 1 == operation || of_resource
}

impl Line {
    pub(super) fn is_refused(self) -> bool {
        self.status == 403
    }
}

impl Tenant {
    pub(super) fn random(seed: u64) -> Self {
        let mut rng = Rng(seed);
        let sources = 1 + rng.below(3);
        let days = 130 + u32::try_from(rng.below(60)).unwrap();
        let mut tenant = Self {
            days,
            clients: Vec::new(),
            lines: Vec::new(),
            sources,
            gappy: None,
            short: rng.below(3) == 0,
            records: BTreeSet::new(),
        };
        for number in 0..2 + rng.below(6) {
            tenant.clients.push(client(&mut rng, days));
            tenant.lines_of(number, &mut rng);
        }
        // The first one calls everywhere every day, so that no day is without data.
        for source in 0..sources {
            tenant.lines.extend((0..days).map(|day| Line {
                day,
                client: 0,
                operation: 0,
                status: 200,
                source,
                named: true,
            }));
        }
        if sources > 1 && rng.below(3) == 0 {
            let from = u32::try_from(rng.below(90)).unwrap();
            // It keeps 30 days whatever is taken away: with fewer it counts as part of another.
            let gap = from..from + 5 + u32::try_from(rng.below(35)).unwrap();
            tenant.gappy = Some(1);
            tenant
                .lines
                .retain(|line| line.source != 1 || !gap.contains(&line.day));
        }
        if rng.below(3) == 0 {
            let record = |_| u32::try_from(rng.below(days as usize - 20)).unwrap();
            tenant.records = (0..2).map(record).collect();
            tenant.records.insert(days - 1);
        }
        tenant.lines.sort_by_key(|line| (line.day, line.client));
        tenant
    }

    fn lines_of(&mut self, client: usize, rng: &mut Rng) {
        let home = rng.below(self.sources);
        let days = self.days as usize;
        // Some are never seen, and some fall silent.
        let end = match rng.below(10) {
            0 if client > 0 => return,
            1 | 2 => rng.below(days),
            _ => days,
        };
        let held: Vec<usize> = self.clients[client].scopes.keys().copied().collect();
        let mut add = |found: Vec<usize>, operation, status, source| {
            let found = found.into_iter().filter(|day| *day < end);
            self.lines.extend(found.map(|day| Line {
                day: u32::try_from(day).unwrap(),
                client,
                operation,
                status,
                source,
                named: true,
            }));
        };
        for scope in &held {
            let start = rng.below(days);
            let found: Vec<usize> = match rng.below(16) {
                0 | 1 => (0..days).collect(),
                2 => (0..start).collect(),
                3 => (start..days).collect(),
                4 | 5 => (start % 7..days).step_by(7).collect(),
                6 => (start % 30..days).step_by(30).collect(),
                7 => vec![start],
                8 => (0..3).map(|_| rng.below(days)).collect(),
                _ => Vec::new(),
            };
            let status = [200, 200, 200, 200, 404, 429][rng.below(6)];
            let source = [home, home, rng.below(self.sources)][rng.below(3)];
            add(found, scope + 1, status, source);
        }
        // Refusals: of what it does not hold, and now and then of what it does.
        for _ in 0..rng.below(3) {
            let scope = rng.below(2 * NAMES.len());
            let opened = held.iter().any(|scope_held| opens(*scope_held, scope + 1));
            if !opened || rng.below(4) == 0 {
                let found = (0..=rng.below(3)).map(|_| rng.below(days)).collect();
                add(found, scope + 1, 403, home);
            }
        }
    }

    /// Days on which the client was seen by its name.
    pub(super) fn life(&self, client: usize) -> BTreeSet<u32> {
        let matching = |line: &&Line| line.client == client && line.named;
        self.lines
            .iter()
            .filter(matching)
            .map(|line| line.day)
            .collect()
    }

    /// Requests of the client that a scope opens.
    pub(super) fn of(&self, client: usize, scope: usize) -> impl Iterator<Item = &Line> {
        let matching = move |line: &&Line| line.client == client && opens(scope, line.operation);
        self.lines.iter().filter(matching)
    }

    /// The last day with data.
    pub(super) fn end(&self) -> u32 {
        self.lines.iter().map(|line| line.day).max().unwrap_or(0)
    }

    /// Whether its silence is longer than 30 days, and than twice any silence before.
    pub(super) fn is_silent(&self, client: usize) -> bool {
        let life: Vec<u32> = self.life(client).into_iter().collect();
        let gaps = life.windows(2).map(|pair| pair[1] - pair[0] - 1);
        let gap = gaps.max().unwrap_or(0);
        life.last().is_none_or(|last| {
            let idle = self.end() - last;
            idle > 30 && idle > 2 * gap
        })
    }

    fn routes() -> String {
        let mut text = "version: 1\nroutes:\n  GET /v1/public: public\n".to_owned();
        for (number, name) in NAMES.iter().enumerate() {
            let more = if number.is_multiple_of(2) {
                format!("[{name}:read, {name}:change]")
            } else {
                format!("{name}:read")
            };
            let _ = writeln!(text, "  GET /v1/{name}: {more}");
            let _ = writeln!(text, "  PATCH /v1/{name}/{{id}}: {name}:change");
        }
        text
    }

    /// The policy file; as it was at the end of a day, for a record of the grants.
    fn policy(&self, at: Option<u32>) -> String {
        let mut text = "version: 1\nclients:\n".to_owned();
        for (number, client) in self.clients.iter().enumerate() {
            let _ = writeln!(text, "  app-{number}:");
            let oldest = client
                .scopes
                .values()
                .map(|scope| scope.since)
                .min()
                .unwrap();
            if client.dated {
                let _ = writeln!(text, "    since: {}", day(oldest));
            }
            text.push_str("    scopes:\n");
            for (scope, grant) in &client.scopes {
                if at.is_some_and(|at| grant.since > i32::try_from(at).unwrap()) {
                    continue;
                }
                let since = if grant.dated {
                    format!(", since: {}", day(grant.since))
                } else {
                    String::new()
                };
                let _ = writeln!(text, "      - {{scope: '{}'{since}}}", scope_name(*scope));
            }
        }
        text
    }

    fn log(&self, source: usize) -> String {
        let lines = self.lines.iter().filter(|line| line.source == source);
        lines
            .map(|logged| {
                let name = format!("app-{}", logged.client);
                let request = match logged.operation.checked_sub(1) {
                    None => "GET /v1/public".to_owned(),
                    Some(scope) if scope % 2 == 0 => format!("GET /v1/{}", NAMES[scope / 2]),
                    Some(scope) => format!("PATCH /v1/{}/7", NAMES[scope / 2]),
                };
                let text = line(logged.day, &name, &request, logged.status);
                if logged.named {
                    text
                } else {
                    text.replace(&format!("\"{name}\""), "null")
                }
            })
            .collect()
    }

    /// What the program says about it.
    pub(super) fn judged(&self) -> Judged {
        let case = Case::new();
        case.write("routes.yaml", Self::routes());
        case.write("grants.yaml", self.policy(None));
        let mut logs = Vec::new();
        for (source, name) in SOURCES.iter().enumerate().take(self.sources) {
            let text = self.log(source);
            if !text.is_empty() {
                case.write(name, text);
                logs.push(*name);
            }
        }
        for record in &self.records {
            case.write("then.yaml", self.policy(Some(*record)));
            let at = day(i32::try_from(*record).unwrap());
            let args = [
                &["ingest", "--ledger", "usage", "--quiet", "--logs"],
                &logs[..],
            ]
            .concat();
            let more = [
                "--catalog",
                "routes.yaml",
                "--grants",
                "then.yaml",
                "--grants-as-of",
                &at,
            ];
            let run = case.run(&[&args[..], &more].concat());
            assert!(matches!(run.code, Some(0 | 3)), "{}", run.err);
        }
        let mut args = vec!["analyze", "--json", "--quiet", "--catalog", "routes.yaml"];
        args.extend(["--grants", "grants.yaml"]);
        args.extend(ANY_SHARE);
        if self.short {
            args.extend(["--window", "60d"]);
        }
        if self.records.is_empty() {
            args.push("--logs");
            args.extend(logs);
        } else {
            args.extend(["--ledger", "usage"]);
        }
        let run = case.run(&args);
        assert!(matches!(run.code, Some(0 | 3)), "{}", run.err);
        levels(&serde_json::from_str(&run.out).expect("a report"))
    }
}

fn client(rng: &mut Rng, days: u32) -> Client {
    let mut scopes = BTreeMap::new();
    for _ in 0..2 + rng.below(6) {
        let since = match rng.below(3) {
            0 if !scopes.is_empty() => i32::try_from(rng.below(days as usize + 60)).unwrap() - 80,
            _ => -400 - i32::try_from(rng.below(900)).unwrap(),
        };
        let grant = Grant {
            since,
            dated: false,
        };
        scopes.entry(rng.below(2 * NAMES.len())).or_insert(grant);
    }
    let dated = match rng.below(5) {
        // Dates next to each scope, or no dates at all.
        0 | 1 => {
            let stated = rng.below(8) > 0;
            for scope in scopes.values_mut() {
                scope.dated = stated;
            }
            false
        }
        // Of what came later the file may say nothing.
        _ => {
            for scope in scopes.values_mut() {
                scope.dated = scope.since > -100 && rng.below(2) == 0;
            }
            true
        }
    };
    Client { scopes, dated }
}

/// The date so many days after the first day of the log.
fn day(number: i32) -> String {
    Day::parse("2026-01-01").unwrap().plus(number).to_string()
}

fn scope_name(scope: usize) -> String {
    let what = ["read", "change"][scope % 2];
    format!("{}:{what}", NAMES[scope / 2])
}

fn levels(report: &Value) -> Judged {
    let goes = |level: &Value| matches!(level.as_str(), Some("safe" | "likely"));
    let mut all = Judged::new();
    for client_value in report["clients"].as_array().unwrap() {
        let id = client_value["id"].as_str().unwrap();
        let client: usize = id.trim_start_matches("app-").parse().unwrap();
        for term in client_value["terms"].as_array().unwrap() {
            let scopes = 0..2 * NAMES.len();
            let scope = scopes
                .into_iter()
                .find(|scope| term["term"] == scope_name(*scope).as_str());
            all.insert((client, scope), goes(&term["level"]));
        }
        all.insert((client, None), goes(&client_value["advice"]["level"]));
    }
    all
}
