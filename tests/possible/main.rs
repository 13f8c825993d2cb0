//! Possible need: no damage to a log turns what is used into a removal above review, and
//! what cannot be a served request changes nothing.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

mod damage;
mod noise;
#[path = "../support/mod.rs"]
mod support;
mod taken;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use support::{ANY_SHARE, Case, line};

/// Days of the log: enough for every guard about coverage.
pub(crate) const DAYS: u32 = 150;
pub(crate) const CLIENTS: usize = 6;

/// Numbers that look random and are the same in every run.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap()
    }
}

/// Six resources to read and to change, all under one base path.
pub(crate) fn routes() -> String {
    let mut text = "version: 1\nroutes:\n".to_owned();
    for name in NAMES {
        let _ = writeln!(text, "  GET /v1/{name}: {name}:read");
        let _ = writeln!(text, "  PATCH /v1/{name}/{{id}}: {name}:change");
    }
    text.push_str("  GET /v1/public: public\n");
    text
}

pub(crate) const NAMES: [&str; 6] = ["orders", "invoices", "refunds", "stock", "users", "exports"];

/// Everybody holds everything, for years.
pub(crate) fn grants() -> String {
    let mut text = "version: 1\nclients:\n".to_owned();
    for client in 0..CLIENTS {
        let scopes: Vec<String> = NAMES
            .iter()
            .flat_map(|name| [format!("{name}:read"), format!("{name}:change")])
            .collect();
        let scopes = scopes.join(", ");
        let _ = writeln!(
            text,
            "  app-{client}: {{since: 2020-01-01, scopes: [{scopes}]}}"
        );
    }
    text
}

/// What everybody does every day: read two resources. Nobody changes anything.
pub(crate) fn reading(rng: &mut Rng) -> Vec<(u32, String)> {
    let mut lines = Vec::new();
    for client in 0..CLIENTS {
        let first = rng.below(NAMES.len());
        for name in [NAMES[first], NAMES[(first + 1) % NAMES.len()]] {
            for day in 0..DAYS {
                let request = format!("GET /v1/{name}");
                lines.push((day, line(day, &format!("app-{client}"), &request, 200)));
            }
        }
    }
    lines
}

/// The lines in order of their days, as one log.
pub(crate) fn log(mut lines: Vec<(u32, String)>) -> Vec<u8> {
    lines.sort_by_key(|pair| pair.0);
    lines
        .into_iter()
        .flat_map(|pair| pair.1.into_bytes())
        .collect()
}

/// Verdict and level of each client and scope, and whether anybody is to be suspended above review.
pub(crate) fn judged(report: &Value) -> BTreeMap<(String, String), String> {
    let mut all = BTreeMap::new();
    for client in report["clients"].as_array().unwrap() {
        let id = client["id"].as_str().unwrap();
        for term in client["terms"].as_array().unwrap() {
            let key = (id.to_owned(), term["term"].as_str().unwrap().to_owned());
            all.insert(key, format!("{} {}", term["verdict"], term["level"]));
        }
        let advice = client["advice"]["level"].to_string();
        all.insert((id.to_owned(), "(advice)".to_owned()), advice);
    }
    all
}

/// The report of the logs, and the one of a ledger that they were ingested into.
pub(crate) fn reports(case: &Case) -> [Value; 2] {
    let run = case.analyze(&["--json", "--quiet"]);
    assert!(matches!(run.code, Some(0 | 3)), "{}", run.err);
    let files = ["--catalog", "routes.yaml", "--grants", "grants.yaml"];
    let ingest = [&["ingest", "log.jsonl", "--ledger", "usage"], &files[..]].concat();
    let added = case.run(&ingest);
    assert!(matches!(added.code, Some(0 | 3)), "{}", added.err);
    let analyze = ["analyze", "--ledger", "usage", "--json", "--quiet"];
    let analyze = [&analyze[..], &files, &ANY_SHARE].concat();
    let again = case.run(&analyze);
    assert!(matches!(again.code, Some(0 | 3)), "{}", again.err);
    [run, again].map(|run| serde_json::from_str(&run.out).expect("a report"))
}
