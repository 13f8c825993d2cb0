//! What shippers, container runtimes and the gateways themselves put around records, and what
//! stands in front of the first and at the end of the last one.

use crate::support::{Case, daily, line};
use crate::{ROUTES, app_holds, report, verdict};

const KONG: &str = r#"{"request":{"id":"b1","uri":"\/orders\/\"7\"","method":"GET","headers":{"host":"api.example"},"tries":[{"ip":"a"},{"ip":"b"}]},"response":{"status":200},"latencies":{"kong":1,"proxy":2,"request":3},"route":{"name":"r"},"consumer":{"id":"c1","username":"app"},"authenticated_entity":{"id":"e1"},"source":"upstream","started_at":1767355200117}"#;
const AWS: &str = r#"{"requestId":"c6","ip":"198.51.100.23","requestTime":"02/Jan/2026:12:00:00 +0000","requestTimeEpoch":"1767355200117","httpMethod":"GET","resourcePath":"/orders/{id}","path":"/orders/7","status":"200","clientId":"app"}"#;
const ENVOY: &str = r#"{"start_time":"2026-01-02T12:00:00.117Z","method":"GET","path":"/orders/7","response_code":200,"response_flags":"-","azp":"app"}"#;
const NATIVE: &str =
    r#"{"time":1767355200,"client_id":"app","method":"GET","path":"/orders/7","status":200}"#;
const COMBINED: &str = r#"198.51.100.23 - app [02/Jan/2026:12:00:00 +0000] "GET /orders/7 HTTP/1.1" 200 12 "-" "a \"b\"""#;

const FORMATS: [(&str, &str); 5] = [
    ("kong", KONG),
    ("aws-apigw", AWS),
    ("envoy", ENVOY),
    ("native", NATIVE),
    ("combined", COMBINED),
];

/// Events of a log, as the format says it, without the place of each; and the places.
fn events(case: &Case, more: &[&str]) -> (Vec<String>, Vec<u64>) {
    let run = case.run(&[&["events", "--ndjson", "--logs", "log"], more].concat());
    assert_eq!(run.code, Some(0), "{more:?}: {}", run.err);
    let rows = run.out.lines().map(|row| {
        let mut row: serde_json::Value = serde_json::from_str(row).expect("a row");
        let place = row["source_offset"].take().as_u64().expect("a place");
        (row.to_string(), place)
    });
    rows.unzip()
}

#[test]
fn records_of_every_format_are_read_inside_of_every_envelope() {
    let docker = |text: &str| {
        let object = serde_json::json!({"log": format!("{text}\n"), "stream": "stdout", "time": "2026-01-02T12:00:00Z"});
        format!("{object}\n")
    };
    for (name, record) in FORMATS {
        let case = Case::new();
        case.write("log", format!("{record}\n").repeat(2));
        let (plain, _) = events(&case, &[]);
        assert_eq!(plain.len(), 2, "{name}");
        assert!(plain[0].contains(r#""client_id":"app""#), "{plain:?}");
        let mut wrapped = vec![
            docker(record),
            format!("2026-01-02T12:00:00.1Z stdout F {record}\n"),
            format!("<134>Jan  2 12:00:00 gw1 gateway[7]: {record}\n"),
            format!("<14>1 2026-01-02T12:00:01.1Z gw1 kong - - [key@41058 kong] {record}\n"),
            docker(&format!("Jan  2 12:00:00 gw1 gateway: {record}")),
        ];
        if record.starts_with('{') {
            let empty = [record; 1];
            wrapped.extend([
                record.to_owned(),
                format!("[{}]\n", empty.join(",")),
                format!("gw1  | [{record}]\n"),
            ]);
        }
        for line in wrapped {
            case.write("log", line.repeat(2));
            for more in [&[][..], &["--format", name]] {
                let (found, places) = events(&case, more);
                assert_eq!(found, plain, "{name} {more:?}: {line}");
                let second = usize::try_from(places[1]).expect("a place");
                // The place of the line, or of the record where one line has several.
                assert!(
                    (line.len()..=line.len() + 1).contains(&second),
                    "{name}: {second} in {line}"
                );
            }
        }
    }
}

#[test]
fn a_broken_record_of_a_batch_is_rejected_at_its_place_and_hides_no_other() {
    let case = Case::of(ROUTES, &app_holds(&["orders:read"]), "");
    let broken = r#"{"request":{"id":7},"latencies":{},"x":[1]}"#;
    let log = format!("[{KONG},{broken},{KONG}]\n");
    case.write("log.jsonl", &log);
    let own = report(
        &case.analyze(&["--json", "--out", "out", "--max-reject-share", "1"]),
        0,
    );
    let input = &own["inputs"][0];
    assert_eq!(
        (&input["counted"], &input["rejected"]),
        (&2.into(), &1.into())
    );
    let rejects = std::fs::read_to_string(case.path("out/rejects.ndjson")).expect("rejects");
    let reject: serde_json::Value = serde_json::from_str(rejects.trim()).expect("one line");
    let place = usize::try_from(reject["offset"].as_u64().expect("a place")).expect("a place");
    assert!(log[place..].starts_with(broken), "{reject}");
}

/// The verdict on `orders:write`, used by the last line only, and the report.
fn last_use(log: impl AsRef<[u8]>, code: i32) -> (String, serde_json::Value) {
    let grants = app_holds(&["orders:read", "orders:write"]);
    let case = Case::of(ROUTES, &grants, "");
    case.write("log.jsonl", log);
    let own = report(&case.analyze(&["--json"]), code);
    (verdict(&own, "app", "orders:write"), own)
}

#[test]
fn a_plain_log_that_is_cut_in_its_last_line_is_incomplete_and_one_without_a_line_end_is_not() {
    let log = daily(100, "app", "GET /orders", 200) + &line(99, "app", "POST /orders", 200);
    let open = log.trim_end();
    assert_eq!(last_use(&log, 0).0, "keep");
    assert_eq!(last_use(open, 0).0, "keep");
    for cut in [1, 20, 60] {
        let (found, own) = last_use(&open[..open.len() - cut], 3);
        assert_eq!(found, "undetermined", "{cut}");
        let status = own["inputs"][0]["status"].as_str().expect("a status");
        assert!(status.contains("cut off"), "{status}");
    }
    // NUL bytes and blanks at the end are no line.
    assert_eq!(last_use(format!("{log}\0\0\0\0 "), 0).0, "keep");
}

#[test]
fn events_of_a_log_that_is_cut_in_its_last_line_say_so() {
    let case = Case::new();
    case.write("log", format!("{NATIVE}\n{}", &NATIVE[..40]));
    let run = case.run(&["events", "--ndjson", "--logs", "log"]);
    assert_eq!(run.code, Some(3), "{}", run.err);
    assert_eq!(run.out.lines().count(), 1);
}

#[test]
fn a_log_behind_a_hole_of_nul_bytes_is_read_and_the_hole_is_said() {
    let log = daily(100, "app", "POST /orders", 200);
    for hole in [4_096, 65_536, (1 << 20) + 1] {
        let mut content = vec![0; hole];
        content.extend_from_slice(log.as_bytes());
        let (found, own) = last_use(content, 0);
        assert_eq!(found, "keep", "{hole}");
        assert_eq!(own["inputs"][0]["counted"], 100, "{hole}");
        let warnings = own["warnings"].as_array().expect("a list");
        let told = warnings.iter().find(|own| own["code"] == "hole-in-log");
        let text = told
            .and_then(|own| own["message"].as_str())
            .expect("a warning");
        assert!(text.contains(&format!("{hole} NUL bytes")), "{text}");
    }
}

#[test]
fn a_first_line_that_is_longer_than_the_head_does_not_end_the_run() {
    let first = line(0, "app", "POST /orders", 200)
        .replace("/orders", &format!("/orders?x={}", "y".repeat(70_000)));
    let log = first + &daily(100, "app", "GET /orders", 200);
    let (found, own) = last_use(log, 0);
    assert_eq!(found, "keep");
    assert_eq!(own["inputs"][0]["counted"], 101);
}
