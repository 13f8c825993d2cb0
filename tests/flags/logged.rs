//! What is stated about the logs: noise, samples, operations that are not logged.
#[path = "dated.rs"]
mod dated;

use crate::support::{Case, daily};

const ROUTES: &str = "version: 1\nroutes:\n  GET /orders: orders:read\n";
const GRANTS: &str =
    "version: 1\nclients:\n  app:\n    since: 2024-01-01\n    scopes: [orders:read]\n";

fn case() -> Case {
    Case::of(ROUTES, GRANTS, &daily(100, "app", "GET /orders", 200))
}

#[test]
fn a_statement_about_the_logs_is_read_from_a_flag_and_from_the_file() {
    let case = case();
    for flags in [
        &[
            "--noise",
            "path=\"/wp-*\", status=[404], reason=\"scanner\", owner=\"sre\", until=2027-06-30",
        ][..],
        &[
            "--sampled",
            "0.5",
            "--sampled",
            "gw-eu*=0.01",
            "--sampled",
            "a=b=1",
        ],
        &["--all-operations-logged"],
        &["--all-operations-logged=false"],
    ] {
        let run = case.analyze(flags);
        assert_eq!(run.code, Some(0), "{flags:?}: {}", run.err);
    }
    case.write(
        "own.toml",
        "all_operations_logged = true\n[sampled]\n\"gw-eu*\" = 0.01\n[[noise]]\ncaller = \"masscan/*\"\nreason = \"scanner\"\n",
    );
    let run = case.analyze(&["--config", "own.toml"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
}

#[test]
fn a_statement_about_the_logs_that_means_nothing_is_refused_with_advice() {
    let case = case();
    for (flag, text, words) in [
        ("--noise", "path=\"/wp-*\"", "has no `reason`"),
        (
            "--noise",
            "reason=\"r\"",
            "none of `source`, `path`, `status`, `caller`",
        ),
        (
            "--noise",
            "path=\"*\", reason=\"r\"",
            "`path` cannot be `*`",
        ),
        (
            "--noise",
            "client=\"a\", reason=\"r\"",
            "unknown key `client`",
        ),
        ("--noise", "/wp-*", "--noise cannot be `/wp-*`"),
        ("--sampled", "0", "--sampled cannot be `0`"),
        ("--sampled", "gw-*=1.5", "--sampled cannot be `gw-*=1.5`"),
        ("--sampled", "=0.1", "--sampled cannot be `=0.1`"),
        ("--sampled", "gw-*", "--sampled cannot be `gw-*`"),
        ("--sampled", "NaN", "--sampled cannot be `NaN`"),
    ] {
        let run = case.analyze(&[flag, text]);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{text}");
        assert!(
            run.err.contains(words) && run.err.contains("help: "),
            "{text}: {}",
            run.err
        );
    }
    let run = case.analyze(&["--all-operations-logged=maybe"]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
}
