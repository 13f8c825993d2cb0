//! An invented organisation, its log and its policy.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use assert_cmd::Command;
use chrono::{Days, NaiveDate};
use serde_json::Value;

/// Clients that read orders.
pub(crate) const CLIENTS: i64 = 70;
/// Days of its log: 2025-05-24 to 2026-06-27, so that the coming season was seen.
pub(crate) const DAYS: i64 = 400;

const ROUTES: &str = "version: 1\nroutes:\n  GET /orders: [orders:read]\n  POST /orders: [orders:write]\n  GET /reports: [reports:read]\n";

/// Client, and method with path.
pub(crate) type Call = (i64, &'static str);

/// One organisation.
pub(crate) struct Org<'a> {
    /// Requests on each day.
    pub(crate) calls: &'a dyn Fn(i64) -> Vec<Call>,
    /// Lines for each request.
    pub(crate) times: usize,
    /// Weeks by which every date is later.
    pub(crate) weeks: u64,
    /// The name of a client.
    pub(crate) name: &'a dyn Fn(i64) -> String,
    /// More entries of the policy, under `clients:`.
    pub(crate) grants: &'a str,
    /// More arguments.
    pub(crate) more: &'a [&'a str],
}

/// `c07`.
pub(crate) fn named(client: i64) -> String {
    format!("c{client:02}")
}

impl Default for Org<'_> {
    fn default() -> Self {
        Self {
            calls: &reads,
            times: 1,
            weeks: 0,
            name: &named,
            grants: "",
            more: &[],
        }
    }
}

/// Everybody reads orders every third day, in turns.
pub(crate) fn reads(day: i64) -> Vec<Call> {
    let turn = |client: &i64| (client + day) % 3 == 0;
    (0..CLIENTS)
        .filter(turn)
        .map(|client| (client, "GET /orders"))
        .collect()
}

impl Org<'_> {
    /// What a command prints on standard output.
    pub(crate) fn run(&self, command: &str, more: &[&str]) -> String {
        self.run_in(&self.folder(), command, more)
    }

    /// Its log, its routes and its policy.
    pub(crate) fn folder(&self) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let later = |date: NaiveDate| date.checked_add_days(Days::new(7 * self.weeks)).unwrap();
        let first = later(NaiveDate::from_ymd_opt(2025, 5, 24).unwrap());
        let since = later(NaiveDate::from_ymd_opt(2024, 1, 1).unwrap());
        let (mut log, mut grants) = (String::new(), "version: 1\nclients:\n".to_owned());
        for (day, date) in (0..DAYS).zip(first.iter_days()) {
            for (client, call) in (self.calls)(day) {
                let (method, path) = call.split_once(' ').unwrap();
                let client = (self.name)(client);
                let line = format!(
                    r#"{{"time":"{date}T12:00:00Z","client_id":"{client}","method":"{method}","path":"{path}","status":200}}"#
                );
                for _ in 0..self.times {
                    writeln!(log, "{line}").unwrap();
                }
            }
        }
        for client in 0..CLIENTS {
            let client = (self.name)(client);
            writeln!(
                grants,
                "  {client}:\n    since: {since}\n    scopes: [orders:read, orders:write, reports:read]"
            )
            .unwrap();
        }
        grants += self.grants;
        for (name, text) in [
            ("log.jsonl", &*log),
            ("routes.yaml", ROUTES),
            ("grants.yaml", &*grants),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    /// What a command prints on standard output, in a folder that may have been edited.
    pub(crate) fn run_in(
        &self,
        folder: &tempfile::TempDir,
        command: &str,
        more: &[&str],
    ) -> String {
        let ran = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
            .current_dir(folder.path())
            .args(command.split(' '))
            .args(["--logs", "log.jsonl", "--catalog", "routes.yaml"])
            .args(["--grants", "grants.yaml"])
            .args(self.more)
            .args(more)
            .output()
            .unwrap();
        assert_eq!(ran.status.code(), Some(0), "{ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    }

    /// The report of `analyze --json`.
    pub(crate) fn report(&self) -> Value {
        serde_json::from_str(&self.run("analyze", &["--json"])).unwrap()
    }
}

/// The report with these calls, each logged so many times.
pub(crate) fn report(calls: &dyn Fn(i64) -> Vec<Call>, times: usize, more: &[&str]) -> Value {
    let org = Org {
        calls,
        times,
        more,
        ..Org::default()
    };
    org.report()
}

/// Level and evidence of each client's term.
pub(crate) fn levels(report: &Value) -> BTreeMap<(String, String), (String, Value)> {
    let mut found = BTreeMap::new();
    for client in report["clients"].as_array().unwrap() {
        for term in client["terms"].as_array().unwrap() {
            let name = |value: &Value| value.as_str().unwrap_or("-").to_owned();
            let key = (name(&client["id"]), name(&term["term"]));
            found.insert(key, (name(&term["level"]), term["evidence"].clone()));
        }
    }
    found
}

pub(crate) fn count(report: &Value, level: &str) -> usize {
    levels(report)
        .values()
        .filter(|(name, _)| name == level)
        .count()
}
