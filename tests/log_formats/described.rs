//! Logs that no format of the program reads: format strings, descriptions, proposals.

use serde_json::Value;

use super::support::Case;
use super::{GRANTS, ROUTES};

const STRING: &str = r#"nginx:$remote_addr [$time_iso8601] "$request" $status "$http_x_client_id""#;
const LINES: &str = "192.0.2.1 [2026-01-02T12:00:00+00:00] \"GET /orders?a=1 HTTP/1.1\" 200 \"erp\"\n192.0.2.1 [2026-01-02T12:00:01+00:00] \"POST /orders HTTP/1.1\" 403 \"erp\"\n";

fn case() -> Case {
    let case = Case::new();
    for (name, text) in [
        ("edge.log", LINES),
        ("routes.yaml", ROUTES),
        ("grants.yaml", GRANTS),
    ] {
        case.write(name, text);
    }
    case
}

fn rows(out: &str) -> Vec<Value> {
    out.lines()
        .map(|line| serde_json::from_str(line).expect("a row"))
        .collect()
}

const EVENTS: [&str; 7] = [
    "events",
    "--logs",
    "edge.log",
    "--catalog",
    "routes.yaml",
    "--output",
    "ndjson",
];

#[test]
fn what_a_line_begins_with_is_of_the_format_that_reads_it_so() {
    // Before a record of another format, this would be what a runtime or a receiver writes.
    let case = Case::new();
    let line = "2026-01-02T12:00:00.117Z edge 192.0.2.1 \"GET /orders HTTP/1.1\" 200 erp\n";
    case.write("edge.log", line.repeat(3));
    case.write("routes.yaml", ROUTES);
    let string = "nginx:$time_iso8601 $hostname $remote_addr \"$request\" $status $azp";
    let run = case.run(&[&EVENTS[..], &["--log-format-string", string]].concat());
    let rows = rows(&run.out);
    assert_eq!(rows.len(), 3, "{}", run.err);
    assert_eq!(rows[0]["time"], "2026-01-02T12:00:00.117Z");
    assert_eq!(rows[0]["client_id"], "erp");
}

#[test]
fn a_format_string_reads_its_lines_and_names_the_client_that_is_stated() {
    let case = case();
    let unnamed = case.run(&[&EVENTS[..], &["--log-format-string", STRING]].concat());
    let read = rows(&unnamed.out);
    assert_eq!(read.len(), 2, "{}", unnamed.err);
    assert!(
        read.iter().all(|row| row["client_id"].is_null()),
        "{read:?}"
    );
    let named = case.run(
        &[
            &EVENTS[..],
            &[
                "--log-format-string",
                STRING,
                "--log-client",
                "$http_x_client_id",
            ],
        ]
        .concat(),
    );
    let read = rows(&named.out);
    assert_eq!(
        (&read[0]["client_id"], &read[0]["path"], &read[1]["status"]),
        (
            &Value::from("erp"),
            &Value::from("/orders"),
            &Value::from(403)
        )
    );
}

#[test]
fn what_is_wrong_in_a_format_string_is_said_with_its_place() {
    let case = case();
    for (more, expected) in [
        (
            vec![
                "--log-format-string",
                "nginx:$remote_addr$status [$time_local] \"$request\"",
            ],
            "character 13, `$status [$time_local] \"$",
        ),
        (
            vec!["--log-format-string", "nginx:$remote_addr \"$request\""],
            "it does not log the time, the status",
        ),
        (
            vec!["--log-format-string", "ngnix:$status"],
            "did you mean `nginx`?",
        ),
        (vec!["--log-client", "$x"], "belongs to --log-format-string"),
        (
            vec![
                "--log-format-string",
                STRING,
                "--log-client",
                "$http_x_client",
            ],
            "did you mean `$http_x_client_id`?",
        ),
    ] {
        let run = case.run(&[&EVENTS[..], &more].concat());
        assert_eq!(run.code, Some(2), "{}", run.err);
        assert!(run.err.contains(expected), "{expected}: {}", run.err);
    }
}

#[test]
fn the_configuration_names_a_format_for_each_source() {
    let case = case();
    let kept = r#"{"time":"2026-01-02T12:00:00Z","client_id":"crm","method":"GET","path":"/orders","status":200}"#;
    case.write("gw.log", format!("{kept}\n"));
    case.write(
        "scopetrim.toml",
        format!(
            "logs = ['edge.log', 'gw.log']\ncatalog = ['routes.yaml']\ngrants = ['grants.yaml']\nlog_client = '$http_x_client_id'\n[format]\n'edge*' = '{STRING}'\n"
        ),
    );
    let run = case.run(&["events", "--output", "ndjson"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let clients: Vec<Value> = rows(&run.out)
        .iter()
        .map(|row| row["client_id"].clone())
        .collect();
    assert!(clients.contains(&Value::from("erp")) && clients.contains(&Value::from("crm")));
    case.write(
        "scopetrim.toml",
        format!("logs = ['edge.log']\nlog_format_string = '{STRING}'\nformat = 'kong'\n"),
    );
    let both = case.run(&["events", "--catalog", "routes.yaml"]);
    assert_eq!(both.code, Some(2));
    assert!(both.err.contains("keep one of them"), "{}", both.err);
}

#[test]
fn a_format_is_shown_proposed_and_checked() {
    let case = case();
    let shown = case.run(&["formats", "show", "nginx-json"]);
    assert_eq!(shown.code, Some(0), "{}", shown.err);
    assert!(
        shown.out.contains("format = \"my-nginx-json\"")
            && shown.out.contains("# Code, and in no description:")
    );
    let wrong = case.run(&["formats", "show", "nginx-jsn"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("did you mean `nginx-json`?"));

    let proposed = case.run(&["formats", "new", "edge.log"]);
    assert_eq!(proposed.code, Some(0), "{}{}", proposed.err, proposed.out);
    assert!(
        proposed.out.contains("# client = ...  # not found:"),
        "{}",
        proposed.out
    );
    assert!(
        !proposed.out.contains("erp") && !proposed.out.contains("/orders"),
        "{}",
        proposed.out
    );
    // As a user completes it.
    let client = proposed
        .out
        .lines()
        .map(|line| {
            if line.starts_with("# client =") {
                "client = 'f5'"
            } else {
                line
            }
        })
        .collect::<Vec<_>>()
        .join("\n");
    let line = LINES.lines().next().expect("a line");
    let sample = |expected: &str| {
        format!("{client}\n[[sample]]\nline = '{line}'\nexpect = {{ client = '{expected}' }}\n")
    };
    case.write("edge.toml", sample("erp"));
    let checked = case.run(&["formats", "check", "edge.toml"]);
    assert_eq!(checked.code, Some(0), "{}{}", checked.err, checked.out);
    assert!(
        checked.out.contains("sample 1: as expected"),
        "{}",
        checked.out
    );
    assert!(checked.out.contains("/orders?a=1"), "{}", checked.out);
    let run = case.run(&[&EVENTS[..], &["--format", "edge.toml"]].concat());
    assert_eq!(rows(&run.out)[0]["client_id"], "erp", "{}", run.err);

    case.write("edge.toml", sample("crm"));
    let checked = case.run(&["formats", "check", "edge.toml"]);
    assert_eq!(checked.code, Some(1), "{}", checked.err);
    assert!(checked.out.contains("expected: crm"), "{}", checked.out);
    let run = case.run(&[&EVENTS[..], &["--format", "edge.toml"]].concat());
    assert!(
        run.code == Some(2)
            && run
                .err
                .contains("`client` is read as `erp`, and `crm` is expected"),
        "{}",
        run.err
    );
}
