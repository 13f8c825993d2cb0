//! The prepared cases, judged by a program that knows nothing of this one.
//!
//! They lie next to the repository (`../shared`) and are not part of it: without them, or without
//! Python for the judge, the tests say so and pass.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic, and says what it skipped"
)]

#[path = "judge/replayed.rs"]
mod replayed;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use scopetrim::model::Day;
use serde_json::{Map, Value};

const APPLICATION: &[&str] = &["--scheme", "Application"];
const DELEGATED: &[&str] = &["--scheme", "DelegatedWork"];
/// Which vendor's own description stands in for a case's neutral catalogue, how its scope lists are meant,
/// and what else it needs.
const DESCRIPTIONS: [(&str, &str, &str, &[&str]); 13] = [
    (
        "okta-management",
        "openapi/okta-management.yaml",
        "all",
        &[],
    ),
    (
        "digitalocean",
        "openapi/digitalocean-bundled.json",
        "all",
        &[],
    ),
    ("slack-any", "openapi/slack-web-swagger2.json", "any", &[]),
    ("figma-any", "openapi/figma.yaml", "any", &[]),
    (
        "xero-accounting-any",
        "openapi/xero-accounting.yaml",
        "any",
        &[],
    ),
    ("drive", "google-discovery/drive__v3.json", "all", &[]),
    ("gmail", "google-discovery/gmail__v1.json", "all", &[]),
    ("github-app", "github/app-permissions.json", "all", &[]),
    ("graph-synth", GRAPH, "all", APPLICATION),
    ("sample-report-Application", GRAPH, "all", APPLICATION),
    ("sample-report-Delegated", GRAPH, "all", DELEGATED),
    ("graph-least-Application", GRAPH, "all", APPLICATION),
    ("graph-least-DelegatedWork", GRAPH, "all", DELEGATED),
];
const GRAPH: &str = "msgraph/permissions.json";
/// What the names of Google's scopes begin with; the cases leave it out.
const GOOGLE: &str = "https://www.googleapis.com/auth/";
/// Logs of the same requests in a gateway's own format.
const GATEWAY_LOGS: [&str; 3] = ["access.kong", "access.apigw", "access.combined"];

#[test]
fn the_neutral_form_of_every_case_is_judged_right() {
    judge_all(|case| {
        vec![Run::new(
            case,
            "access.jsonl",
            case.join("catalog.json"),
            "all",
        )]
    });
}

#[test]
fn the_gateways_own_logs_are_judged_right() {
    judge_all(|case| {
        GATEWAY_LOGS
            .into_iter()
            .filter(|log| case.join(log).is_file())
            .map(|log| Run::new(case, log, case.join("catalog.json"), "all"))
            .collect()
    });
}

#[test]
fn the_vendors_own_descriptions_are_judged_right() {
    judge_all(described);
}

/// The runs of a case with its vendor's own description.
fn described(case: &Path) -> Vec<Run<'_>> {
    let name = case.file_name().unwrap();
    let known = DESCRIPTIONS.into_iter();
    known
        .filter(|(known, ..)| *known == name)
        .map(|(_, file, scopes, more)| {
            let path = shared().unwrap().join("data").join(file);
            Run {
                more,
                whole_urls: file.starts_with("google"),
                ..Run::new(case, "access.jsonl", path, scopes)
            }
        })
        .collect()
}

/// The vendor names the least permission of each operation, so that is what `--hints first` must choose.
#[test]
fn the_vendors_least_permission_is_found_when_hints_come_first() {
    let Some(cases) = cases() else { return };
    for case in cases.iter().filter(|case| is_graph_least(case)) {
        let expected = read(&case.join("expected.json"));
        let expected = expected["clients"].as_object().unwrap();
        let neutral = Run::new(case, "access.jsonl", case.join("catalog.json"), "all");
        let own = described(case).into_iter().map(|run| (run, "first"));
        for (run, hints) in own.chain([(neutral.clone(), "first"), (neutral, "ignore")]) {
            let minimal = run.minimal(&["--hints", hints]).unwrap();
            let exact = expected
                .iter()
                .filter(|(client, entry)| {
                    minimal.get(*client).map(names) == Some(names(&entry["keep"]))
                })
                .count();
            let all = expected.len();
            eprintln!("{}: hints {hints}: {exact} of {all} exact", case.display());
            assert!(hints != "first" || exact == all, "{exact} of {all}");
        }
    }
}

#[derive(Clone)]
struct Run<'a> {
    case: &'a Path,
    log: &'static str,
    catalog: PathBuf,
    scopes: &'static str,
    more: &'static [&'static str],
    /// The description names scopes by URLs, and the case by their last part.
    whole_urls: bool,
}

impl<'a> Run<'a> {
    fn new(case: &'a Path, log: &'static str, catalog: PathBuf, scopes: &'static str) -> Self {
        Self {
            case,
            log,
            catalog,
            scopes,
            more: &[],
            whole_urls: false,
        }
    }

    /// `clients[].minimal` by client; every one must be proved.
    fn minimal(&self, more: &[&str]) -> Result<Map<String, Value>, String> {
        let expected = read(&self.case.join("expected.json"));
        let mut grants = read(&self.case.join("grants.json"));
        if self.whole_urls {
            renamed(&mut grants, |name| {
                if name.contains("://") {
                    name.to_owned()
                } else {
                    format!("{GOOGLE}{name}")
                }
            });
        }
        let mut policy = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
        serde_json::to_writer(&mut policy, &grants).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_scopetrim"));
        command
            .args(["analyze", "--quiet", "--json", "--scopes", self.scopes])
            .arg("--logs")
            .arg(self.case.join(self.log))
            .arg("--catalog")
            .arg(&self.catalog)
            .arg("--grants")
            .arg(policy.path())
            .args(self.more)
            .args(more);
        if let Some(start) = expected["window_start"].as_str() {
            // The synthetic cases look at 30 days; their logs begin earlier.
            let as_of = Day::parse(&start[..10]).unwrap().plus(30);
            command.args(["--window", "30d", "--as-of", &as_of.to_string()]);
        }
        let ran = command.output().unwrap();
        // A case without a request is done, but incomplete.
        let empty = std::fs::metadata(self.case.join(self.log)).unwrap().len() == 0;
        if ran.status.code() != Some(if empty { 3 } else { 0 }) {
            let said = String::from_utf8_lossy(&ran.stderr);
            return Err(format!("{}: {said}", ran.status));
        }
        let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
        let mut minimal = Map::new();
        for client in report["clients"].as_array().unwrap() {
            let id = client["id"].as_str().unwrap();
            if client["minimal_proven"] != true {
                return Err(format!("{id} is not proven minimal"));
            }
            let mut kept = client["minimal"].clone();
            if self.whole_urls {
                let short = |name: &str| name.strip_prefix(GOOGLE).unwrap_or(name).to_owned();
                renamed(&mut kept, short);
            }
            minimal.insert(id.to_owned(), kept);
        }
        Ok(minimal)
    }

    fn judge(&self) -> Result<(), String> {
        let minimal = self.minimal(&[])?;
        let mut answer = tempfile::NamedTempFile::new().unwrap();
        serde_json::to_writer(&mut answer, &minimal).unwrap();
        let ran = Command::new("python3")
            .arg(shared().unwrap().join("tools/check.py"))
            .args(["catalog.json", "access.jsonl", "grants.json"].map(|name| self.case.join(name)))
            .arg(answer.path())
            .arg("--expected")
            .arg(self.case.join("expected.json"))
            .output()
            .unwrap();
        if ran.status.success() {
            return Ok(());
        }
        let [out, err] = [&ran.stdout, &ran.stderr].map(|text| String::from_utf8_lossy(text));
        Err(format!("{out}{err}"))
    }
}

/// Judges what `runs` makes of each case and shows every failure at once.
fn judge_all(runs: impl Fn(&Path) -> Vec<Run<'_>>) {
    let Some(cases) = cases() else { return };
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: the judge needs python3");
        return;
    }
    let (mut count, mut wrong) = (0, Vec::new());
    // Its own score compares these: their clients have one request each and no judge's optimum.
    for case in cases.iter().filter(|case| !is_graph_least(case)) {
        for run in runs(case) {
            count += 1;
            if let Err(why) = run.judge() {
                let catalog = run.catalog.display();
                wrong.push(format!("{} {catalog}: {why}", case.join(run.log).display()));
            }
        }
    }
    eprintln!("{count} runs judged");
    assert!(count > 0, "no case was found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Beside the repository, or above it when this is a linked working tree.
fn shared() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let near = root.ancestors().skip(1).map(|folder| folder.join("shared"));
    near.into_iter()
        .find(|folder| folder.join("data/cases").is_dir())
}

/// Every folder with a whole case, at any depth, so that a new one is picked up.
fn cases() -> Option<Vec<PathBuf>> {
    let Some(shared) = shared() else {
        eprintln!("skipped: there are no cases next to the repository");
        return None;
    };
    let (mut open, mut found) = (vec![shared.join("data/cases")], Vec::new());
    while let Some(folder) = open.pop() {
        let complete = [
            "expected.json",
            "catalog.json",
            "access.jsonl",
            "grants.json",
        ]
        .iter()
        .all(|name| folder.join(name).is_file());
        if complete {
            found.push(folder);
            continue;
        }
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            }
        }
    }
    found.sort();
    Some(found)
}

fn is_graph_least(case: &Path) -> bool {
    let name = case.file_name().unwrap();
    name.to_string_lossy().starts_with("graph-least-")
}

/// Every string of a value under another name.
fn renamed(value: &mut Value, name: impl Fn(&str) -> String + Copy) {
    match value {
        Value::String(text) => *text = name(text),
        Value::Array(items) => items.iter_mut().for_each(|item| renamed(item, name)),
        Value::Object(map) => map.values_mut().for_each(|item| renamed(item, name)),
        _ => {}
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn names(list: &Value) -> BTreeSet<&str> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).collect()
}
