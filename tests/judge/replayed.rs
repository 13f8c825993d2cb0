//! `replay` against the judge: proposals that lack one needed scope are denied
//! exactly where the judge's COVER check fails, client by client and operation
//! by operation.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use rayon::prelude::*;
use scopetrim::model::Day;
use serde_json::{Map, Value, json};

use super::{Run, cases, read, shared};

/// Scopes dropped for each client, one in each proposal.
const ROUNDS: usize = 3;

/// The judge's own functions, over several proposals: for each a list of `client METHOD path`.
const COVER: &str = r"
import collections, json, sys
sys.path.insert(0, sys.argv[1])
import check
case, proposals = sys.argv[2], json.load(open(sys.argv[3]))
index = check.compile_catalog(json.load(open(case + '/catalog.json'))['operations'])
grants = {c: set(s) for c, s in json.load(open(case + '/grants.json')).items()}
window = json.load(open(case + '/expected.json')).get('window_start')
used = collections.defaultdict(dict)
for line in open(case + '/access.jsonl'):
    r = json.loads(line)
    if int(r['status']) in (401, 403) or (window and r['time'] < window):
        continue
    op = check.find(index, r['method'], r['path'])
    if op and check.allowed(op, grants.get(r['client_id'], set())):
        used[r['client_id']][op['method'], op['path']] = op
print(json.dumps([sorted(c + ' ' + m + ' ' + p.split('?')[0].split('#')[0] for c, ops in used.items() for (m, p), op in ops.items()
    if not check.allowed(op, set(kept.get(c, [])))) for kept in proposals]))
";

#[test]
fn a_proposal_without_a_needed_scope_is_denied_exactly_where_the_judge_denies() {
    let Some(cases) = cases() else { return };
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: the judge needs python3");
        return;
    }
    let judged: Vec<Judged> = cases.par_iter().map(|case| judge(case)).collect();
    let sum = |of: fn(&Judged) -> usize| judged.iter().map(of).sum::<usize>();
    let (mutated, caught) = (
        sum(|judged_case| judged_case.mutated),
        sum(|judged_case| judged_case.caught),
    );
    eprintln!("{caught} of {mutated} mutated grants caught");
    let wrong: String = judged
        .iter()
        .map(|judged_case| judged_case.wrong.as_str())
        .collect();
    assert!(wrong.is_empty(), "{wrong}");
    assert!(mutated > 0, "nothing was mutated");
    assert_eq!(caught, mutated);
}

#[derive(Default)]
struct Judged {
    mutated: usize,
    caught: usize,
    wrong: String,
}

fn judge(case: &Path) -> Judged {
    let mut result = Judged::default();
    let proposals = proposals(case);
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("proposals.json");
    let all: Vec<&Map<String, Value>> = proposals.iter().map(|proposal| &proposal.kept).collect();
    std::fs::write(&whole, json!(all).to_string()).unwrap();
    let ran = Command::new("python3")
        .args(["-c", COVER])
        .arg(shared().unwrap().join("tools"))
        .args([case, &whole])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let judged: Vec<Vec<String>> = serde_json::from_slice(&ran.stdout).unwrap();
    for (proposal, judged) in proposals.iter().zip(judged) {
        let mine = denied(case, folder.path(), &proposal.kept);
        if mine != judged {
            let only = |a: &[String], b: &[String]| -> Vec<String> {
                a.iter()
                    .filter(|entry| !b.contains(entry))
                    .cloned()
                    .collect()
            };
            let (extra, missed) = (only(&mine, &judged), only(&judged, &mine));
            let case = case.display();
            writeln!(result.wrong, "{case}: extra {extra:?}, missed {missed:?}").unwrap();
        }
        // A minimal set has no scope to spare, so that each client that lost one is caught.
        for client in &proposal.mutated {
            result.mutated += 1;
            let prefix = format!("{client} ");
            let hit = mine.iter().any(|text| text.starts_with(&prefix));
            result.caught += usize::from(hit);
        }
    }
    result
}

struct Proposal {
    kept: Map<String, Value>,
    /// Clients that lost a needed scope.
    mutated: Vec<String>,
}

/// The minimal sets; the same with the n-th scope of each client dropped; and
/// with every second client not named at all.
fn proposals(case: &Path) -> Vec<Proposal> {
    let minimal = Run::new(case, "access.jsonl", case.join("catalog.json"), "all")
        .minimal(&[])
        .unwrap();
    let mut all = vec![Proposal {
        kept: minimal.clone(),
        mutated: Vec::new(),
    }];
    for round in 0..ROUNDS {
        let (mut kept, mut mutated) = (minimal.clone(), Vec::new());
        for (client, scopes) in &mut kept {
            let scopes = scopes.as_array_mut().unwrap();
            if round < scopes.len() {
                scopes.remove(round);
                mutated.push(client.clone());
            }
        }
        if !mutated.is_empty() {
            all.push(Proposal { kept, mutated });
        }
    }
    let (mut kept, mut mutated) = (Map::new(), Vec::new());
    for (at, (client, scopes)) in minimal.into_iter().enumerate() {
        if at % 2 == 0 {
            kept.insert(client, scopes);
        } else if scopes != json!([]) {
            mutated.push(client);
        }
    }
    all.push(Proposal { kept, mutated });
    all
}

/// `client METHOD path` of everything that `replay` says would be denied, sorted.
fn denied(case: &Path, folder: &Path, kept: &Map<String, Value>) -> Vec<String> {
    let proposal = folder.join("new.json");
    std::fs::write(&proposal, json!(kept).to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_scopetrim"));
    command
        .args(["replay", "--quiet", "--json", "--scopes", "all", "--logs"])
        .arg(case.join("access.jsonl"))
        .arg("--catalog")
        .arg(case.join("catalog.json"))
        .arg("--grants")
        .arg(&proposal)
        .arg("--before")
        .arg(case.join("grants.json"));
    if let Some(start) = read(&case.join("expected.json"))["window_start"].as_str() {
        let as_of = Day::parse(&start[..10]).unwrap().plus(30);
        command.args(["--window", "30d", "--as-of", &as_of.to_string()]);
    }
    let ran = command.output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    let empty = std::fs::metadata(case.join("access.jsonl")).unwrap().len() == 0;
    let report: Value = serde_json::from_slice(&ran.stdout)
        .unwrap_or_else(|_| panic!("{}: {said}", case.display()));
    let rows = report["denied"].as_array().unwrap();
    let code = match (rows.is_empty(), empty) {
        (false, _) => 1,
        (true, true) => 3,
        (true, false) => 0,
    };
    assert_eq!(ran.status.code(), Some(code), "{}: {said}", case.display());
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap();
        let key = format!("{} {}", text("client"), text("operation"));
        *counted.entry(key).or_default() += row["requests"].as_u64().unwrap();
    }
    assert!(counted.values().all(|count| *count > 0));
    counted.into_keys().collect()
}
