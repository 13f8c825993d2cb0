//! Every rule of `scopetrim.toml` as a flag: what each one changes.
#![expect(
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

#[path = "flags/exports.rs"]
mod exports;
#[path = "flags/logged.rs"]
mod logged;
#[path = "flags/prefixes.rs"]
mod prefixes;
mod support;

use std::io::Write as _;

use serde_json::Value;
use support::{Case, daily, line};

const ROUTES: &str =
    "version: 1\nroutes:\n  GET /orders: orders:read\n  POST /orders: orders:write\n";
const GRANTS: &str = "version: 1\nclients:\n  app:\n    since: 2024-01-01\n    scopes:\n      - orders:read\n      - orders:write\n";

fn case(more: &str) -> Case {
    let log = daily(100, "app", "GET /orders", 200) + more;
    Case::of(ROUTES, GRANTS, &log)
}

#[track_caller]
fn report(case: &Case, code: i32, more: &[&str]) -> Value {
    let run = case.analyze(&[&["--json", "--quiet"], more].concat());
    assert_eq!(run.code, Some(code), "{}", run.err);
    serde_json::from_str(&run.out).expect("a report")
}

fn term<'a>(report: &'a Value, name: &str) -> &'a Value {
    let terms = report["clients"][0]["terms"].as_array().expect("terms");
    terms
        .iter()
        .find(|term| term["term"] == name)
        .expect("the term")
}

#[test]
fn an_alias_joins_the_name_in_the_log_with_the_name_in_the_policy() {
    let case = Case::of(ROUTES, GRANTS, &daily(100, "YWJj=", "GET /orders", 200));
    let run = case.analyze(&[]);
    assert_eq!(run.code, Some(2), "{}", run.err);
    assert!(run.err.contains("--alias"), "{}", run.err);
    let report = report(&case, 0, &["--alias", "YWJj==app"]);
    assert_eq!(report["clients"][0]["requests"], 100);
    let run = case.analyze(&["--alias", "app"]);
    assert!(run.err.contains("`app` is not an alias"), "{}", run.err);
}

#[test]
fn the_outcome_of_a_status_code_can_be_said() {
    let case = case(&line(50, "app", "POST /orders", 418));
    let verdict = |more: &[&str]| term(&report(&case, 0, more), "orders:write")["verdict"].clone();
    assert_eq!(verdict(&[]), "keep");
    assert_eq!(verdict(&["--denied", "401,418"]), "remove");
    assert_eq!(
        verdict(&["--attempted", "418", "--attempted", "429"]),
        "keep"
    );
    let run = case.analyze(&["--denied", "418", "--attempted", "418"]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    assert!(run.err.contains("`418` is both"), "{}", run.err);
    let refused = self::case(&line(50, "app", "POST /orders", 403));
    let verdict =
        |more: &[&str]| term(&report(&refused, 0, more), "orders:write")["verdict"].clone();
    assert_eq!(verdict(&[]), "remove");
    assert_eq!(verdict(&["--denied", "401", "--attempted", "403"]), "keep");
    assert_eq!(
        verdict(&["--attempted", "403"]),
        "keep",
        "what proves nothing does not mean refused any more"
    );
}

#[test]
fn a_health_path_says_nothing_about_permissions() {
    let case = case(&line(50, "app", "GET /lb", 200));
    let unmatched =
        |more: &[&str]| report(&case, 0, more)["clients"][0]["unmatched"]["requests"].clone();
    assert_eq!(
        (unmatched(&[]), unmatched(&["--health-path", "/lb"])),
        (1.into(), 0.into())
    );
    assert_eq!(case.analyze(&["--health-path", "lb"]).code, Some(2));
}

#[test]
fn two_slashes_count_as_one_unless_told_otherwise() {
    let post = |day, status| line(day, "app", "POST //orders", status);
    let case = case(&(post(50, 200) + &post(51, 403)));
    let found = |more: &[&str]| report(&case, 0, more);
    for more in [&[][..], &["--merge-slashes", "false"]] {
        assert_eq!(term(&found(more), "orders:write")["verdict"], "keep");
    }
    let refused = |more: &[&str]| found(more)["clients"][0]["denied"].to_string();
    assert!(refused(&[]).contains("POST /orders"), "{}", refused(&[]));
    let apart = refused(&["--merge-slashes", "false"]);
    assert!(!apart.contains("POST /orders"), "{apart}");
}

#[test]
fn a_packed_log_is_read_up_to_the_limit_and_then_is_partial() {
    let case = case("");
    let long = daily(365, "app", "GET /orders?page=1", 200).repeat(60);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(long.as_bytes()).expect("packed");
    case.write("log.jsonl", packed.finish().expect("packed"));
    assert_eq!(report(&case, 0, &[])["inputs"][0]["status"], "checked");
    let partial = report(&case, 3, &["--max-unpacked", "1MiB"]);
    let status = partial["inputs"][0]["status"].as_str().expect("a status");
    assert!(
        status.starts_with("partial: ") && status.contains("--max-unpacked"),
        "{status}"
    );
    assert_eq!(
        term(&partial, "orders:write")["level"],
        Value::Null,
        "nothing is removed from half a log"
    );
    // What is not packed has its size on disk, and no such limit.
    case.write("log.jsonl", long);
    assert_eq!(
        report(&case, 0, &["--max-unpacked", "1MiB"])["inputs"][0]["status"],
        "checked"
    );
    assert_eq!(case.analyze(&["--max-unpacked", "much"]).code, Some(2));
}

#[test]
fn protected_terms_and_exceptions_hold_a_removal() {
    let case = case("");
    let write = |more: &[&str]| term(&report(&case, 0, more), "orders:write").clone();
    let plain = write(&[]);
    assert_eq!(
        (&plain["verdict"], &plain["level"]),
        (&"remove".into(), &"likely".into())
    );
    assert_eq!(write(&["--protected", "*:write"])["level"], "review");
    let kept = write(&[
        "--exception",
        "client=\"app\", term=\"*:write\", reason=\"drill\", until=2027-06-30",
    ]);
    assert_eq!(kept["verdict"], "keep");
    for (table, words) in [
        ("client=\"app\", term=\"x\"", "has no `reason`"),
        ("clinet=\"app\"", "unknown key `clinet`"),
        ("app:x", "--exception cannot be `app:x`"),
        ("client=\"a\" }], level='x'", "--exception cannot be"),
    ] {
        let run = case.analyze(&["--exception", table]);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{table}");
        assert!(
            run.err.contains(words) && run.err.contains("help: "),
            "{}",
            run.err
        );
    }
}

#[test]
fn what_is_stated_as_needed_of_an_operation_holds_all_that_it_needs_together() {
    let routes = format!("{ROUTES}  POST /exports: exports:run + data:read\n");
    let grants = format!("{GRANTS}      - exports:run\n      - data:read\n");
    let case = Case::of(&routes, &grants, &daily(100, "app", "GET /orders", 200));
    let json = report(&case, 0, &["--needs", "POST /exports"]);
    for scope in ["exports:run", "data:read"] {
        let reasons = term(&json, scope)["reasons"].to_string();
        assert!(reasons.contains("static_need"), "{scope}: {reasons}");
    }
    let reasons = term(&json, "orders:write")["reasons"].to_string();
    assert!(!reasons.contains("static_need"), "{reasons}");
}

#[test]
fn what_the_configuration_says_of_nothing_is_a_warning() {
    let case = case("");
    let codes = |more: &[&str]| -> Vec<String> {
        let json = report(&case, 0, more);
        let warnings = json["warnings"].as_array().expect("warnings");
        let text = |one: &Value| format!("{}: {}", one["code"], one["message"]).replace('"', "");
        warnings.iter().map(text).collect()
    };
    assert_eq!(codes(&[]), [""; 0]);
    let met = [
        "--alias",
        "x=app",
        "--needs",
        "orders:w*",
        "--needs",
        "POST *",
    ];
    assert_eq!(codes(&met), [""; 0]);
    assert_eq!(
        codes(&[
            "--alias",
            "x=apps",
            "--needs",
            "POST /order",
            "--weight",
            "matches=\"PUT *\", weight=1"
        ]),
        [
            "unmet-alias: alias `x` = `apps`: no policy file names that client: did you mean `app`?",
            "unmet-need: `POST /order` under `needs` is neither a held term nor an operation of the catalogue",
            "unmet-weight: `PUT *` under `weights` is neither an operation of the catalogue nor a tag",
        ]
    );
}

#[test]
fn a_protocol_scope_is_not_an_unknown_scope() {
    let case = case("");
    case.write("grants.yaml", GRANTS.to_owned() + "      - device_sso\n");
    let reasons = |more: &[&str]| {
        let report = report(&case, 0, more);
        let grant = term(&report, "device_sso");
        assert_eq!(grant["verdict"], "unobservable");
        let unknown = report["warnings"].as_array().expect("warnings");
        let unknown = unknown.iter().any(|one| one["code"] == "unknown-scope");
        (grant["reasons"].clone(), unknown)
    };
    let (plain, with) = (reasons(&[]), reasons(&["--protocol-scope", "device_sso"]));
    assert_ne!(plain.0, with.0);
    assert_eq!((plain.1, with.1), (true, false));
}

#[test]
fn a_weight_changes_the_exposure_and_goes_before_those_of_the_file() {
    let case = case("");
    let before = |more: &[&str]| report(&case, 0, more)["clients"][0]["exposure"]["needed"].clone();
    let plain = before(&[]);
    let heavy = before(&["--weight", "matches=\"POST /orders\", weight=100"]);
    assert_ne!(plain, heavy);
    case.write(
        "light.toml",
        "[[weights]]\nmatches = \"POST /orders\"\nweight = 1\n",
    );
    let both = before(&[
        "--config",
        "light.toml",
        "--weight",
        "matches=\"POST /orders\", weight=100",
    ]);
    assert_eq!(both, heavy);
}

#[test]
fn a_flag_can_take_back_what_the_file_switches_on() {
    let case = Case::of(
        "version: 1\nroutes:\n  GET /orders: [orders:read, orders:all]\n  POST /orders: orders:all\n",
        "version: 1\nclients:\n  app:\n    since: 2024-01-01\n    scopes: [orders:all]\n",
        &daily(100, "app", "GET /orders", 200),
    );
    case.write("narrow.toml", "narrow = true\n");
    let minimal = |more: &[&str]| {
        let args = [&["--config", "narrow.toml"], more].concat();
        report(&case, 0, &args)["clients"][0]["minimal"].clone()
    };
    assert_eq!(minimal(&[]), serde_json::json!(["orders:read"]));
    assert_eq!(
        minimal(&["--narrow=false"]),
        serde_json::json!(["orders:all"])
    );
    assert_eq!(minimal(&["--narrow"]), serde_json::json!(["orders:read"]));
}

#[test]
fn a_base_path_of_one_host_goes_by_the_host_that_the_log_names() {
    let with = |host: &str| {
        let record = line(50, "app", "POST /v2/orders", 200);
        record
            .replace("{\"", &format!("{{\"host\":\"{host}\",\""))
            .replacen("\"\"", "\"", 1)
    };
    for (host, verdict) in [("api.example.com", "keep"), ("other.example.com", "remove")] {
        let case = case(&with(host));
        let report = report(&case, 0, &["--base-path", "api.example.com=/v2"]);
        let found = term(&report, "orders:write");
        assert_eq!(found["verdict"], verdict, "{host}");
    }
    let run = case("").analyze(&["--base-path", "v2"]);
    assert!(run.err.contains("`v2` is not a base path"), "{}", run.err);
}

#[test]
fn the_base_of_a_description_can_be_replaced_by_what_the_log_has() {
    let description = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\nservers: [{url: 'https://h/v1'}, {url: 'https://h/v2'}]\npaths:\n  /orders:\n    get: {security: [{o: ['orders:read']}]}\n    post: {security: [{o: ['orders:write']}]}\n";
    let minimal = |paths: &str, more: &[&str]| {
        let log = daily(100, "app", &format!("GET {paths}/orders"), 200);
        let json = report(&Case::of(description, GRANTS, &log), 0, more);
        let codes = json["warnings"].to_string();
        (
            json["clients"][0]["minimal"]
                .to_string()
                .contains("orders:read"),
            codes.contains("few-requests-match") && codes.contains("--api-base"),
        )
    };
    assert_eq!(minimal("/v1", &[]), (true, false));
    assert_eq!(minimal("/v2", &[]), (true, false));
    assert_eq!(minimal("/v3", &[]), (false, true));
    assert_eq!(minimal("/v2", &["--api-base", "/v2"]), (true, false));
    assert_eq!(minimal("", &[]), (false, true));
    assert_eq!(minimal("", &["--api-base", "/"]), (true, false));
    let both = ["--api-base", "/", "--base-path", "/gw"];
    assert_eq!(minimal("/gw", &both), (true, false));
    let run = case("").analyze(&["--api-base", "v2"]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    assert!(
        run.err.contains("for none") || run.err.contains("bare"),
        "{}",
        run.err
    );
}

#[test]
fn a_number_of_threads_that_means_nothing_is_refused() {
    let case = case("");
    for threads in ["0", "-1", "5000"] {
        let run = case.analyze(&[&format!("--threads={threads}")]);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{threads}");
        assert!(run.err.contains("1..=1024"), "{}", run.err);
    }
    assert_eq!(case.analyze(&["--threads", "300"]).code, Some(0));
}

#[test]
fn secrets_in_paths_that_match_nothing_are_masked_and_ones_own_can_be_named() {
    let secret = "sk_live_abcdefghijkl";
    let log = [
        format!("GET /reset/{secret}"),
        "GET /reset/ACME-x/now".to_owned(),
    ];
    let log: String = log
        .iter()
        .map(|request| line(50, "app", request, 200))
        .collect();
    let case = case(&log);
    let paths = |more: &[&str]| {
        let report = report(&case, 0, more);
        let list = report["clients"][0]["unmatched"]["paths"]
            .as_array()
            .expect("paths")
            .clone();
        list.iter()
            .map(|entry| entry["path"].as_str().expect("a path").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(paths(&[]), ["/reset/ACME-x/now", "/reset/{secret}"]);
    assert_eq!(
        paths(&["--redact", "^ACME-"]),
        ["/reset/{secret}", "/reset/{secret}/now"]
    );
    let run = case.analyze(&["--redact", "("]);
    assert!(
        run.err.contains("--redact cannot be `(`") && run.err.contains("unclosed group"),
        "{}",
        run.err
    );
}

#[test]
fn the_folder_may_be_named_with_or_without_a_flag() {
    let case = case("");
    for (name, text) in [("routes.yaml", ROUTES), ("grants.yaml", GRANTS)] {
        case.write(&format!("here/{name}"), text);
    }
    case.write("here/log.jsonl", daily(100, "app", "GET /orders", 200));
    case.write(
        "here/scopetrim.toml",
        "logs = [\"log.jsonl\"]\ncatalog = [\"routes.yaml\"]\ngrants = [\"grants.yaml\"]\n",
    );
    for command in [
        "analyze", "backtest", "catalog", "check", "demand", "events", "grants", "replay", "usage",
        "windows",
    ] {
        let bare = case.run(&[command, "here"]);
        let flag = case.run(&[command, "--dir", "here"]);
        assert!(!bare.out.is_empty(), "{command}: {}", bare.err);
        assert_eq!(
            (bare.code, &bare.out, &bare.err),
            (flag.code, &flag.out, &flag.err),
            "{command}"
        );
        let both = case.run(&[command, "here", "--dir", "here"]);
        assert_eq!((both.code, both.out.as_str()), (Some(2), ""), "{command}");
        let none = case.run(&[command, "nowhere"]);
        assert!(
            none.err.contains("`nowhere` is not a directory"),
            "{}",
            none.err
        );
    }
}
