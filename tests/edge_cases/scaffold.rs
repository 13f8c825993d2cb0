//! A catalogue proposed from the logs: it is read again, and no request that it was made from is without an operation.

use super::support::{Case, daily, line};

#[test]
fn a_proposal_places_every_request_that_it_was_made_from() {
    let paths = [
        "/v1/orders",
        "/v1/orders/42",
        "/v1/orders/42/items/7",
        "/v1/users/cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2",
        "/files/a%20b.txt",
        "/%3Cscript%3E",
        "/x/*",
        "/x/{id}",
        "/a: b # c",
        "/\"quoted\"/'x'",
        "/%2e%2e%2f",
        "/reset/AKIAIOSFODNN7EXAMPLE",
        "/\u{e9}t\u{e9}",
        "/a;b=c/d",
        "/deep/1/2/3/4/5/6/7/8/9/10/11/12/13/14",
        "/trailing/",
        "/q?x=1#y",
    ];
    let mut log: String = paths
        .iter()
        .flat_map(|path| {
            [
                line(1, "app", &format!("GET {path}"), 200),
                line(2, "app", &format!("POST {path}"), 201),
            ]
        })
        .collect();
    log += &line(3, "app", "GET /n/refused", 403);
    log += &line(3, "app", "GET /n/absent", 404);
    log += &line(3, "app", "HEAD /v1/orders", 204);
    let case = Case::new();
    case.write("log.jsonl", &log);
    let base = ["catalog", "scaffold", "--logs", "log.jsonl"];
    let run = case.run(&[&base[..], &["--out", "routes.yaml"]].concat());
    assert_eq!((run.code, run.out.as_str()), (Some(0), ""), "{}", run.err);
    let text = std::fs::read_to_string(case.path("routes.yaml")).expect("the proposal");
    assert!(text.starts_with("# A PROPOSAL"), "{text}");
    assert!(
        !text.contains("refused") && !text.contains("absent") && !text.contains("AKIA"),
        "{text}"
    );
    assert!(
        text.contains("  GET /v1/orders/{id}/items/{id2}: orders:read\n"),
        "{text}"
    );
    assert_eq!(case.run(&base).out, text, "standard output has the same");
    // An edited file is not overwritten.
    let again = case.run(&[&base[..], &["--out", "routes.yaml"]].concat());
    assert_eq!(again.code, Some(2), "{}", again.err);
    assert!(again.err.contains("exists already"), "{}", again.err);
    let events = case.run(&[
        "events",
        "--logs",
        "log.jsonl",
        "--catalog",
        "routes.yaml",
        "--ndjson",
    ]);
    let mut placed = 0;
    for event in events.out.lines() {
        let event: serde_json::Value = serde_json::from_str(event).expect("an event");
        let served = event["status"].as_u64() < Some(400);
        assert_eq!(event["path_template"].is_string(), served, "{event}");
        placed += u32::from(served);
    }
    assert_eq!(placed, 35, "{}", events.out);
}

#[test]
fn a_ledger_will_do_and_nothing_to_propose_is_an_error() {
    let case = Case::of(
        "version: 1\nroutes:\n  GET /known/{key}: a\n",
        "",
        &daily(3, "app", "GET /known/7", 200),
    );
    case.write(
        "more.jsonl",
        line(5, "app", "PUT /other/7", 200) + &line(5, "app", "PUT /gone", 404),
    );
    for log in ["log.jsonl", "more.jsonl"] {
        let run = case.run(&[
            "ingest",
            log,
            "--ledger",
            "usage",
            "--catalog",
            "routes.yaml",
        ]);
        assert_eq!(run.code, Some(0), "{}", run.err);
    }
    let run = case.run(&["catalog", "scaffold", "--ledger", "usage"]);
    assert!(
        run.out
            .ends_with("routes:\n  GET /known/{id}: known:read\n  PUT /other/{id}: other:write\n"),
        "{} {}",
        run.out,
        run.err
    );
    let run = case.run(&[
        "catalog",
        "scaffold",
        "--ledger",
        "usage",
        "--catalog",
        "routes.yaml",
    ]);
    assert!(
        run.out
            .ends_with("routes:\n  GET /known/{key}: \"a\"\n  PUT /other/{id}: other:write\n"),
        "{} {}",
        run.out,
        run.err
    );
    case.write("none.jsonl", line(5, "app", "GET /x", 403));
    let run = case.run(&["catalog", "scaffold", "--logs", "none.jsonl"]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{}", run.err);
    assert!(run.err.contains("nothing to propose"), "{}", run.err);
}

#[test]
fn a_description_without_scopes_points_to_the_proposal_and_lint_fails_only_when_asked() {
    let case = Case::new();
    case.write("api.yaml", "openapi: 3.1.0\npaths: {/a: {post: {}}}\n");
    let run = case.run(&["catalog", "--catalog", "api.yaml"]);
    assert!(
        run.err
            .contains("states no scopes at all: `scopetrim catalog scaffold`"),
        "{}",
        run.err
    );
    let lint =
        |more: &[&str]| case.run(&[&["catalog", "lint", "--catalog", "api.yaml"], more].concat());
    let run = lint(&["--csv"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(
        run.out.contains("unspecified-security,api.yaml:2,"),
        "{}",
        run.out
    );
    assert_eq!(lint(&["--fail-on", "warning"]).code, Some(1));
    case.write("good.yaml", "version: 1\nroutes:\n  GET /a: a\n");
    let run = case.run(&[
        "catalog",
        "lint",
        "--catalog",
        "good.yaml",
        "--fail-on",
        "warning",
        "--json",
    ]);
    assert_eq!(
        (run.code, run.out.as_str()),
        (Some(0), "[\n]\n"),
        "{}",
        run.err
    );
}

#[test]
fn a_scheme_or_key_that_is_not_there_is_refused_with_those_that_are() {
    let case = Case::new();
    case.write(
        "api.yaml",
        "openapi: 3.1.0\npaths:\n  /a:\n    x-needs: [base]\n    get: {x-needs: 'one, two'}\n    put: {security: [{app: [w]}, {user: [u]}]}\n    post: {x-needs: 7}\n\
         components: {securitySchemes: {app: {type: oauth2}, user: {type: oauth2}}}\n",
    );
    let catalog =
        |more: &[&str]| case.run(&[&["catalog", "--catalog", "api.yaml", "--csv"], more].concat());
    let run = catalog(&["--scheme", "ap"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.err.contains("did you mean `app`? known are app, user"),
        "{}",
        run.err
    );
    let run = catalog(&["--scope-key", "x-need"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.err
            .contains("no operation of the API descriptions has the key `x-need`"),
        "{}",
        run.err
    );
    let run = catalog(&["--scheme", "app", "--scope-key", "x-needs"]);
    for row in [
        "GET,/a,one + two,",
        "PUT,/a,base + w,",
        "POST,/a,(not stated),",
    ] {
        assert!(run.out.contains(row), "{row}: {}", run.out);
    }
    let any = catalog(&["--scope-key", "x-needs", "--scopes", "any"]);
    assert!(
        any.out.contains("GET,/a,one | two,") && any.out.contains("PUT,/a,base + w | base + u,"),
        "{}",
        any.out
    );
}
