//! Boundary tests against a stub gateway: all pass where the trimmed policy is
//! enforced, and the ones about boundaries fail where the old one still is.
//!
//! The requests are sent by a small reader of the Hurl subset that is written;
//! where `hurl` itself is on the PATH it runs the same file.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

mod asked;
mod gateway;
mod served;
#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;

use gateway::{Held, gateway, held};
use support::Case;

const ROUTES: &str = "routes:
  GET /orders: [orders:read]
  GET /orders/{id}: [orders:read]
  POST /orders: [orders:write]
  DELETE /orders/{id}: [orders:admin]
  GET /reports: [reports:read, orders:admin]
  GET /audit/{day}: [audit:read + orders:read]
";

/// `shop` keeps reading; the other's name would end a template or open a script's.
const GRANTS: &str = "clients:
  shop:
    since: 2024-01-01
    scopes:
      - audit:read
      - orders:admin
      - orders:read
      - orders:write
  'Job }}`x`':
    since: 2024-01-01
    scopes:
      - orders:read
      - reports:read
";

fn case() -> Case {
    let log = [
        "shop GET /orders",
        "shop GET /orders/7",
        "Job }}`x` GET /orders",
    ]
    .map(|text| {
        let (client, request) = text.split_at(text.find(" GET").unwrap());
        support::daily(240, client, request.trim_start(), 200)
    });
    Case::of(ROUTES, GRANTS, &log.concat())
}

const ARGS: [&str; 8] = [
    "--logs",
    "log.jsonl",
    "--catalog",
    "routes.yaml",
    "--grants",
    "grants.yaml",
    "--level",
    "review",
];

fn hurl_file(case: &Case, more: &[&str]) -> String {
    let args: Vec<&str> = ["boundary-tests"]
        .into_iter()
        .chain(ARGS)
        .chain(more.iter().copied())
        .collect();
    let run = case.run(&args);
    assert_eq!(run.code, Some(0), "{}", run.err);
    run.out
}

const ALL: [&str; 5] = [
    "audit:read",
    "orders:admin",
    "orders:read",
    "orders:write",
    "reports:read",
];

/// One request of the file, with what is above it and what its answer must be.
#[derive(Debug, Default)]
struct Entry {
    comment: String,
    method: String,
    path: String,
    token: Option<String>,
    expected: Vec<String>,
}

/// Reads the subset of Hurl that is written, and nothing else.
fn read(file: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut comment = String::new();
    for line in file.lines() {
        if line.is_empty() {
            continue;
        }
        if let Some(text) = line.strip_prefix('#') {
            text.trim().clone_into(&mut comment);
        } else if let Some((method, path)) = line.split_once(" {{base}}") {
            assert!(
                method.bytes().all(|byte| byte.is_ascii_uppercase()),
                "{line}"
            );
            assert!(!path.contains(['{', '}', ' ', '#', '?']), "{line}");
            entries.push(Entry {
                comment: comment.clone(),
                method: method.to_owned(),
                path: path.to_owned(),
                ..Entry::default()
            });
        } else if let Some(token) = line.strip_prefix("Authorization: Bearer {{") {
            entries.last_mut().unwrap().token = Some(token.strip_suffix("}}").unwrap().to_owned());
        } else {
            let known = line == "HTTP *"
                || line == "[Asserts]"
                || line.starts_with("HTTP ")
                || line.starts_with("status ");
            assert!(known, "{line}");
            entries.last_mut().unwrap().expected.push(line.to_owned());
        }
    }
    entries
}

fn holds(expected: &str, status: u16) -> bool {
    let number = || expected.rsplit(' ').next().unwrap().parse::<u16>().unwrap();
    match expected {
        "HTTP *" | "[Asserts]" => true,
        "status toString matches \"^(403|404)$\"" => matches!(status, 403 | 404),
        _ if expected.starts_with("HTTP ") => status == number(),
        _ if expected.starts_with("status != ") => status != number(),
        _ if expected.starts_with("status < ") => status < number(),
        _ => panic!("{expected}"),
    }
}

/// The comments of the entries that fail.
fn failures(file: &str, base: &str, tokens: &BTreeMap<&str, &str>) -> Vec<String> {
    let mut failed = Vec::new();
    for entry in read(file) {
        let mut stream = TcpStream::connect(base.strip_prefix("http://").unwrap()).unwrap();
        let token = entry.token.as_ref().map_or(String::new(), |name| {
            format!("Authorization: Bearer {}\r\n", tokens[name.as_str()])
        });
        write!(
            stream,
            "{} {} HTTP/1.1\r\n{token}\r\n",
            entry.method, entry.path
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let status: u16 = text.split(' ').nth(1).unwrap().parse().unwrap();
        if !entry.expected.iter().all(|one| holds(one, status)) {
            failed.push(format!("{} [{status}]", entry.comment));
        }
    }
    failed
}

fn tokens() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("token_shop", "shop"),
        ("token_job_x", "job"),
        ("token_privileged", "god"),
    ])
}

fn old() -> Held {
    held(&[
        (
            "shop",
            &["audit:read", "orders:admin", "orders:read", "orders:write"],
        ),
        ("job", &["orders:read", "reports:read"]),
        ("god", &ALL),
    ])
}

fn new() -> Held {
    held(&[
        ("shop", &["orders:read"]),
        ("job", &["orders:read"]),
        ("god", &ALL),
    ])
}

#[test]
fn where_the_trimmed_policy_is_enforced_every_test_passes() {
    let file = hurl_file(&case(), &[]);
    assert_eq!(
        failures(&file, &gateway(new()), &tokens()),
        Vec::<String>::new(),
        "{file}"
    );
    let methods: BTreeSet<String> = read(&file).into_iter().map(|entry| entry.method).collect();
    assert_eq!(
        methods,
        BTreeSet::from(["GET".to_owned()]),
        "only reads by default"
    );
}

#[test]
fn where_the_old_policy_is_still_enforced_each_boundary_fails_and_nothing_else() {
    let failed = failures(&hurl_file(&case(), &[]), &gateway(old()), &tokens());
    assert_eq!(
        failed,
        [
            "Job } }<U+0060>x<U+0060> must no longer reach GET /reports   (removed: reports:read) [200]",
            "shop must no longer reach GET /reports   (removed: orders:admin) [200]",
            "shop must no longer reach GET /audit/{day}   (removed: audit:read) [404]",
        ]
    );
}

#[test]
fn where_nobody_is_let_in_the_canaries_say_that_a_refusal_proves_nothing() {
    let file = hurl_file(&case(), &[]);
    let shut = held(&[("shop", &[]), ("job", &[]), ("god", &[])]);
    let failed = failures(&file, &gateway(shut), &tokens());
    assert!(
        failed.iter().any(|one| one.contains("a caller that may")),
        "{failed:?}"
    );
    assert!(
        failed.iter().any(|one| one.contains("must still reach")),
        "{failed:?}"
    );
    assert!(
        !failed.iter().any(|one| one.contains("must no longer")),
        "{failed:?}"
    );
}

#[test]
fn writes_are_only_sent_when_asked_for_and_carry_a_warning() {
    let case = case();
    let file = hurl_file(&case, &["--include-unsafe"]);
    assert!(file.contains("# destructive-risk"), "{file}");
    let writes = read(&file)
        .into_iter()
        .filter(|entry| entry.method != "GET");
    assert_eq!(
        writes.map(|entry| entry.path).collect::<BTreeSet<_>>(),
        BTreeSet::from(["/orders".to_owned()])
    );
    assert_eq!(
        failures(&file, &gateway(new()), &tokens()),
        Vec::<String>::new()
    );
    let without = hurl_file(&case, &[]);
    assert!(
        without.contains("# not tested: orders:write: it permitted writing operations only"),
        "{without}"
    );
}

#[test]
fn a_gateway_that_hides_what_it_denies_needs_the_flag() {
    let file = hurl_file(&case(), &["--accept-404"]);
    assert!(file.contains("status toString matches \"^(403|404)$\""));
    assert_eq!(
        failures(&file, &gateway(new()), &tokens()),
        Vec::<String>::new()
    );
}

#[test]
fn the_other_tools_hold_the_same_requests() {
    let case = case();
    let expected = read(&hurl_file(&case, &[])).len();
    let script = hurl_file(&case, &["--tool", "k6"]);
    assert_eq!(script.matches("\n  call(").count(), expected, "{script}");
    let rest = hurl_file(&case, &["--tool", "http"]);
    assert_eq!(rest.matches("\n### ").count(), expected, "{rest}");
    // A name from the policy acts in none of them.
    assert!(!script.contains("}}`") && !rest.contains("}}`"));
}

#[test]
fn one_client_can_be_chosen_and_one_file_is_written_for_each() {
    let case = case();
    let file = hurl_file(&case, &["--client", "shop"]);
    assert!(
        file.contains("# ==== shop") && !file.contains("Job"),
        "{file}"
    );
    let unknown: Vec<&str> = ["boundary-tests"]
        .into_iter()
        .chain(ARGS)
        .chain(["--client", "nobody"])
        .collect();
    assert_eq!(case.run(&unknown).code, Some(2));
    let listed = hurl_file(&case, &["--out", "hurl"]);
    assert_eq!(listed.lines().count(), 2, "{listed}");
    let hurl = std::fs::read_to_string(case.path("hurl/shop.hurl")).unwrap();
    assert_eq!(hurl, file);
}

#[test]
fn a_level_at_which_nothing_goes_gives_no_test_and_says_so() {
    let case = case();
    let args: Vec<&str> = ["boundary-tests"]
        .into_iter()
        .chain(ARGS[..6].iter().copied())
        .chain(["--level", "safe"])
        .collect();
    let run = case.run(&args);
    assert_eq!(run.code, Some(0));
    assert!(run.err.contains("no boundary to test"), "{}", run.err);
    assert!(
        case.analyze(&["--level", "safe"])
            .out
            .contains("no removals"),
        "the diff is empty as well"
    );
    assert_eq!(read(&run.out).len(), 0);
}

#[test]
fn hurl_itself_agrees_where_it_is_installed() {
    let version = std::process::Command::new("hurl").arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        println!("skipped: no hurl on the PATH");
        return;
    }
    let case = case();
    case.write("all.hurl", hurl_file(&case, &["--include-unsafe"]));
    for (policy, passes) in [(new(), true), (old(), false)] {
        let mut command = std::process::Command::new("hurl");
        command
            .args(["--test", "--variable"])
            .arg(format!("base={}", gateway(policy)));
        for (name, value) in tokens() {
            command.arg("--variable").arg(format!("{name}={value}"));
        }
        let output = command.arg(case.path("all.hurl")).output().unwrap();
        assert_eq!(
            output.status.success(),
            passes,
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
