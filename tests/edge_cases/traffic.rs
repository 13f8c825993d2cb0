//! What a request proves, and when.

use crate::support::{Case, daily, line};
use crate::{ROUTES, app_holds, because, client, needed, report, term, texts, verdict};

#[test]
fn e1_created_accepted_and_no_content_count_as_use() {
    let log = daily(100, "app", "POST /orders", 201)
        + &daily(100, "app", "POST /invoices", 202)
        + &daily(100, "app", "DELETE /orders/7", 204)
        + &daily(100, "app", "PATCH /orders/7", 204);
    let grants = app_holds(&[
        "orders:write",
        "invoices:write",
        "orders:delete",
        "orders:change",
        "orders:read",
    ]);
    let report = report(&Case::of(ROUTES, &grants, &log).analyze(&["--json"]), 0);
    for scope in [
        "orders:write",
        "invoices:write",
        "orders:delete",
        "orders:change",
    ] {
        assert_eq!(verdict(&report, "app", scope), "keep", "{scope}");
        assert_eq!(term(&report, "app", scope)["uses"]["365"], 100, "{scope}");
    }
    assert_eq!(
        verdict(&report, "app", "orders:read"),
        "remove unused likely"
    );
}

#[test]
fn e11_a_refused_request_is_demand_and_no_use() {
    let log = daily(100, "app", "GET /orders", 200)
        + &daily(100, "app", "GET /invoices", 403)
        + &daily(100, "app", "DELETE /orders/7", 403);
    let grants = app_holds(&["orders:read", "invoices:read"]);
    let report = report(&Case::of(ROUTES, &grants, &log).analyze(&["--json"]), 0);
    assert_eq!(
        verdict(&report, "app", "invoices:read"),
        "remove unused review"
    );
    assert!(because(
        &report,
        "app",
        "invoices:read",
        "denied_though_granted"
    ));
    assert_eq!(term(&report, "app", "invoices:read")["uses"]["365"], 0);
    assert_eq!(needed(&report, "app"), ["GET /orders"]);
    let denied = client(&report, "app")["denied"].as_array().unwrap();
    let mut demand: Vec<String> = denied
        .iter()
        .map(|entry| {
            format!(
                "{} {} {}",
                entry["operation"], entry["requests"], entry["granted"]
            )
        })
        .collect();
    demand.sort();
    assert_eq!(
        demand,
        [
            "\"DELETE /orders/{id}\" 100 false",
            "\"GET /invoices\" 100 true"
        ]
    );
}

#[test]
fn e13_the_query_string_is_not_part_of_the_path_and_is_never_shown() {
    let log = daily(100, "app", "GET /orders?timeout=32s&token=hush-9f2c", 200)
        + &daily(100, "app", "GET /orders/7?x=/invoices", 200);
    let case = Case::of(ROUTES, &app_holds(&["orders:read", "invoices:read"]), &log);
    let run = case.analyze(&["--json"]);
    let report = report(&run, 0);
    assert_eq!(verdict(&report, "app", "orders:read"), "keep");
    assert_eq!(
        verdict(&report, "app", "invoices:read"),
        "remove unused likely"
    );
    assert_eq!(client(&report, "app")["unmatched"]["requests"], 0);
    assert!(!run.out.contains("hush-9f2c") && !run.err.contains("hush-9f2c"));
}

#[test]
fn e15_a_silent_client_next_to_speaking_ones_is_dormant_and_only_for_review() {
    let grants = "version: 1\nclients:\n  app:\n    since: 2024-01-01\n    scopes: [orders:read]\n  \
                  till:\n    since: 2024-01-01\n    scopes: [orders:read]\n";
    let log = daily(100, "app", "GET /orders", 200);
    let report = report(&Case::of(ROUTES, grants, &log).analyze(&["--json"]), 0);
    assert_eq!(client(&report, "till")["status"], "dormant");
    assert_eq!(
        verdict(&report, "till", "orders:read"),
        "remove unused review"
    );
    assert!(because(&report, "till", "orders:read", "client_silent"));
}

#[test]
fn e15_when_no_client_of_the_policy_appears_the_run_stops() {
    let log = daily(100, "0oa7x", "GET /orders", 200);
    let case = Case::of(ROUTES, &app_holds(&["orders:read", "invoices:read"]), &log);
    let run = case.analyze(&["--json"]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    assert!(run.err.contains("names do not match"), "{}", run.err);
    assert!(run.err.contains("0oa7x") && run.err.contains("app"));
    // The alias that the message asks for is what helps.
    case.write("scopetrim.toml", "[aliases]\n0oa7x = \"app\"\n");
    let joined = report(&case.analyze(&["--json"]), 0);
    assert_eq!(verdict(&joined, "app", "orders:read"), "keep");
}

#[test]
fn e18_use_without_a_grant_is_a_finding_and_lowers_the_level() {
    let log = daily(100, "app", "GET /orders", 200) + &daily(100, "app", "GET /invoices", 200);
    let grants = app_holds(&["orders:read", "orders:write"]);
    let case = Case::of(ROUTES, &grants, &log);
    let report = report(&case.analyze(&["--json"]), 0);
    let all = report["findings"].as_array().unwrap();
    let findings: Vec<_> = all
        .iter()
        .filter(|finding| finding["rule"] == "enforcement-hole")
        .collect();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0]["client"], "app");
    let message = findings[0]["message"].as_str().unwrap();
    assert!(message.contains("100 requests to GET /invoices"));
    assert_eq!(
        verdict(&report, "app", "orders:write"),
        "remove unused review"
    );
    assert!(because(
        &report,
        "app",
        "orders:write",
        "used_without_grant"
    ));
    assert_eq!(
        texts(&client(&report, "app")["granted"]),
        ["orders:read", "orders:write"]
    );
}

#[test]
fn e24_the_window_ends_where_the_data_ends_however_old_the_export_is() {
    let old = |text: String| text.replace("\"2026-", "\"2019-");
    let log =
        old(daily(200, "app", "GET /orders", 200)) + &old(daily(60, "app", "GET /invoices", 200));
    let case = Case::of(ROUTES, &app_holds(&["orders:read", "invoices:read"]), &log);
    let whole = report(&case.analyze(&["--json"]), 0);
    assert_eq!(whole["as_of"], "2019-07-19");
    assert_eq!(whole["window_days"], 200);
    assert_eq!(verdict(&whole, "app", "invoices:read"), "keep");
    let short = report(&case.analyze(&["--json", "--window", "90d"]), 0);
    assert_eq!(short["window"]["from"], "2019-04-21");
    assert_eq!(verdict(&short, "app", "orders:read"), "keep");
    assert!(verdict(&short, "app", "invoices:read").starts_with("remove unused"));
    assert!(because(
        &short,
        "app",
        "invoices:read",
        "not_used_in_window"
    ));
    // A later day than the data's last one would make every client look silent.
    let late = report(&case.analyze(&["--json", "--as-of", "2026-10-31"]), 0);
    assert_eq!(late["as_of"], "2019-07-19");
    assert_eq!(verdict(&late, "app", "orders:read"), "keep");
}

#[test]
fn e24_one_clock_that_ran_ahead_does_not_make_every_grant_look_idle() {
    let stray = daily(1, "app", "GET /invoices", 200).replace("\"2026-", "\"2099-");
    let log = daily(200, "app", "GET /orders", 200) + &stray;
    let case = Case::of(ROUTES, &app_holds(&["orders:read", "invoices:read"]), &log);
    let whole = report(&case.analyze(&["--json"]), 0);
    assert_eq!(whole["as_of"], "2026-07-19");
    assert_eq!(verdict(&whole, "app", "orders:read"), "keep");
    // Dated wrongly or not, it was needed.
    assert_eq!(verdict(&whole, "app", "invoices:read"), "keep");
    assert!(
        whole["warnings"].to_string().contains("1 record is dated"),
        "{whole:#}"
    );
    let told = report(&case.analyze(&["--json", "--as-of", "2099-01-01"]), 0);
    assert_eq!(told["as_of"], "2099-01-01");
}

#[test]
fn a_clock_that_ran_behind_does_not_make_a_grant_look_long_unused_or_the_log_long() {
    let stray = daily(1, "app", "GET /invoices", 200).replace("\"2026-", "\"2001-");
    let log = daily(200, "app", "GET /orders", 200) + &stray;
    let grants = app_holds(&["orders:read", "invoices:read", "invoices:write"]);
    let case = Case::of(ROUTES, &grants, &log);
    let whole = report(&case.analyze(&["--json"]), 0);
    assert_eq!(whole["window"]["from"], "2026-01-01");
    assert_eq!(
        (&whole["window_days"], &whole["coverage"]["covered_days"]),
        (&200.into(), &200.into())
    );
    assert_eq!(whole["coverage"]["missing_days"], serde_json::json!([]));
    // When it was needed is not known, but it was.
    assert_eq!(verdict(&whole, "app", "invoices:read"), "keep");
    // What nobody needed is judged as without the record.
    let without = Case::of(ROUTES, &grants, &daily(200, "app", "GET /orders", 200));
    let without = report(&without.analyze(&["--json"]), 0);
    let of = |report| verdict(report, "app", "invoices:write");
    assert_eq!(of(&whole), of(&without));
    let warnings = whole["warnings"].to_string();
    assert!(
        warnings.contains("1 record is dated more than a year before"),
        "{whole:#}"
    );
    // An earlier end changes nothing about it, and a window of some days neither.
    for more in [
        ["--as-of", "2026-05-01"],
        ["--window", "90d"],
        ["--since", "2026-02-01"],
    ] {
        let cut = report(&case.analyze(&[&["--json"][..], &more].concat()), 0);
        assert_eq!(verdict(&cut, "app", "invoices:read"), "keep", "{more:?}");
    }
    // Who asks for those days takes them at their word.
    let told = report(&case.analyze(&["--json", "--since", "2001-01-01"]), 0);
    assert!(!told["warnings"].to_string().contains("clock-ran-behind"));
    assert_eq!(told["window"]["from"], "2001-01-01");
}

#[test]
fn many_records_of_long_ago_are_an_old_log_and_no_wrong_clock() {
    let old = daily(20, "app", "GET /invoices", 200).replace("\"2026-", "\"2021-");
    let log = old + &daily(200, "app", "GET /orders", 200);
    let case = Case::of(ROUTES, &app_holds(&["orders:read", "invoices:read"]), &log);
    let whole = report(&case.analyze(&["--json"]), 0);
    assert!(!whole["warnings"].to_string().contains("clock-ran-behind"));
    assert!(verdict(&whole, "app", "invoices:read").starts_with("remove unused"));
}

#[test]
fn e28_preflight_health_and_probe_requests_exercise_nothing() {
    let log = daily(100, "app", "GET /orders", 200)
        + &daily(100, "app", "OPTIONS /invoices", 204)
        + &daily(100, "app", "GET /healthz", 200)
        + &daily(100, "app", "POST /v1/projects/p:testIamPermissions", 200);
    let grants = app_holds(&["orders:read", "invoices:read", "invoices:write"]);
    let report = report(&Case::of(ROUTES, &grants, &log).analyze(&["--json"]), 0);
    let input = &report["inputs"][0];
    assert_eq!(input["records"], 400);
    assert_eq!(input["counted"], 100);
    for reason in ["preflight", "health", "probe"] {
        assert_eq!(input["skipped"][reason], 100, "{reason}");
    }
    for scope in ["invoices:read", "invoices:write"] {
        assert_eq!(verdict(&report, "app", scope), "remove unused likely");
    }
    assert_eq!(client(&report, "app")["unmatched"]["requests"], 0);
}

#[test]
fn e28_head_needs_what_get_needs() {
    let log = daily(100, "app", "HEAD /orders/7", 200);
    let grants = app_holds(&["orders:read", "invoices:read"]);
    let report = report(&Case::of(ROUTES, &grants, &log).analyze(&["--json"]), 0);
    assert_eq!(verdict(&report, "app", "orders:read"), "keep");
    assert_eq!(needed(&report, "app"), ["GET /orders/{id}"]);
}

#[test]
fn throttled_and_unavailable_answers_block_a_removal_and_prove_no_use() {
    let log = daily(100, "app", "GET /orders", 200)
        + &daily(100, "app", "GET /invoices", 429)
        + &line(50, "app", "POST /invoices", 503);
    let grants = app_holds(&["orders:read", "invoices:read", "invoices:write"]);
    let report = report(&Case::of(ROUTES, &grants, &log).analyze(&["--json"]), 0);
    for scope in ["invoices:read", "invoices:write"] {
        assert_eq!(verdict(&report, "app", scope), "keep");
        assert!(because(&report, "app", scope, "only_attempted"));
    }
}
