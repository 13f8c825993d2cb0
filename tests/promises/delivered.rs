//! What a shipper delivered twice counts once, told by the request's id and by all that counts.

use serde_json::{Value, json};

use crate::common::{Case, Folder, Run, gzip};

/// A log of several blocks in which each line has an id of its own.
fn lines(case: &Case, count: usize) -> Vec<String> {
    let events = case.events.iter().cycle().take(count);
    let line = |(at, event): (usize, _)| {
        let mut line: Value = serde_json::from_str(&case.line(event, at)).unwrap();
        line["request_id"] = json!(format!("{:032x}", at * 7919 + 1));
        line.to_string()
    };
    events.enumerate().map(line).collect()
}

fn text(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

/// Some lines again at once, and some batches a few blocks later, as after a lost answer.
fn delivered(lines: &[String]) -> (Vec<String>, u64) {
    let mut again = Vec::new();
    for (batch, own) in lines.chunks(2_000).enumerate() {
        for (at, line) in own.iter().enumerate() {
            again.push(line.clone());
            if at % 11 == 3 {
                again.push(line.clone());
            }
        }
        if batch % 3 == 2 {
            again.extend_from_slice(&lines[(batch - 2) * 2_000..(batch - 1) * 2_000]);
        }
    }
    let more = (again.len() - lines.len()) as u64;
    (again, more)
}

/// The report without its inputs and notes, and the only input.
fn parts(run: &Run) -> (Value, Value) {
    let mut report = run.report(0);
    let inputs = report.as_object_mut().unwrap().remove("inputs").unwrap();
    report.as_object_mut().unwrap().remove("notes").unwrap();
    (report, inputs[0].clone())
}

#[test]
fn a_request_delivered_twice_counts_once_with_any_threads_and_however_it_is_packed() {
    let case = Case::new(11);
    let folder = case.folder();
    let lines = lines(&case, 30_000);
    folder.put("log.jsonl", text(&lines));
    let (once, _) = parts(&case.analyze(&folder, &["log.jsonl"], &[]));
    let (again, more) = delivered(&lines);
    let again = text(&again);
    assert!(again.len() > 6 << 19, "several blocks");
    folder.put("again.jsonl", &again);
    folder.put("again.gz", gzip(again.as_bytes()));
    for log in ["again.jsonl", "again.gz"] {
        let mut outputs = Vec::new();
        for threads in ["1", "2", "5"] {
            let run = case.analyze(&folder, &[log], &["--threads", threads]);
            let (twice, input) = parts(&run);
            for (key, value) in once.as_object().unwrap() {
                assert_eq!(twice[key], *value, "{key}");
            }
            assert_eq!(input["skipped"]["repeated"], more);
            let of = |key: &str| input[key].as_u64().unwrap();
            let skipped: u64 = input["skipped"]
                .as_object()
                .unwrap()
                .values()
                .map(|count| count.as_u64().unwrap())
                .sum();
            assert_eq!(of("records"), of("counted") + skipped + of("rejected"));
            assert_eq!(of("records"), lines.len() as u64 + more);
            outputs.push(run.stdout);
        }
        assert!(outputs.iter().all(|output| *output == outputs[0]), "{log}");
    }
}

#[test]
fn how_many_records_came_twice_is_said_in_a_note() {
    let case = Case::new(11);
    let folder = case.folder();
    let lines = lines(&case, 100);
    folder.put("log.jsonl", text(&[&lines[..], &lines[..7]].concat()));
    let args = ["analyze", "--catalog", "catalog.json", "--grants"];
    let logs = [
        case.policy_name(),
        "--format",
        "native",
        "--logs",
        "log.jsonl",
        "--stats",
    ];
    let run = folder.run(&[&args[..], &logs].concat());
    let said = "7 records were delivered twice and count once (same request id, time, client, request and status)";
    let words: Vec<&str> = run.stdout.split_whitespace().collect();
    assert!(words.join(" ").contains(said), "{}", run.stdout);
    folder.put("log.jsonl", text(&lines));
    let run = folder.run(&[&args[..], &logs].concat());
    assert!(!run.stdout.contains("delivered"), "{}", run.stdout);
}

#[test]
fn requests_with_one_id_that_differ_in_anything_else_are_several() {
    let case = Case::new(11);
    let folder = case.folder();
    let event = case
        .events
        .iter()
        .find(|event| event.client == "c0")
        .unwrap();
    let line: Value = serde_json::from_str(&case.line(event, 3)).unwrap();
    let with = |key: &str, value: Value| {
        let mut own = line.clone();
        own["request_id"] = json!("chosen-by-the-client");
        own[key] = value;
        own.to_string()
    };
    let time = line["time"].as_i64().unwrap();
    let several = [
        with("path", line["path"].clone()),
        // A retry, with a later time.
        with("time", json!(time + 1)),
        with("status", json!(202)),
        with("client_id", json!("somebody-else")),
        with(
            "path",
            json!(format!("{}?page=2", line["path"].as_str().unwrap())),
        ),
        with("method", json!("HEAD")),
        with("request_id", json!("chosen-by-the-clien")),
        // Without an id nothing tells two requests from one.
        with("request_id", Value::Null),
        with("request_id", Value::Null),
        with("request_id", json!("")),
        with("request_id", json!("")),
    ];
    folder.put("log.jsonl", text(&several));
    let (_, input) = parts(&case.analyze(&folder, &["log.jsonl"], &[]));
    assert_eq!(input["skipped"]["repeated"], Value::Null, "{input}");
    assert_eq!(input["records"], several.len());
    let twice = [&several[..], &several[..7]].concat();
    folder.put("log.jsonl", text(&twice));
    let (_, input) = parts(&case.analyze(&folder, &["log.jsonl"], &[]));
    assert_eq!(input["skipped"]["repeated"], 7, "{input}");
}

#[test]
fn a_ledger_counts_once_what_came_twice_and_a_log_that_grew_takes_its_place() {
    let case = Case::new(11);
    let folder = case.folder();
    let lines = lines(&case, 9_000);
    let (again, _) = delivered(&lines);
    folder.put("log.jsonl", text(&again));
    let ingest = |folder: &Folder| {
        let args = ["ingest", "--catalog", "catalog.json", "--format", "native"];
        let run = folder.run(&[&args[..], &["--logs", "log.jsonl", "--ledger", "ledger"]].concat());
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        run.stdout
    };
    let (direct, input) = parts(&case.analyze(&folder, &["log.jsonl"], &[]));
    folder.put("log.jsonl", text(&again[..again.len() / 2]));
    ingest(&folder);
    folder.put("log.jsonl", text(&again));
    let said = ingest(&folder);
    assert!(said.contains("in place of"), "{said}");
    let run = folder.run(&["ledger", "verify", "--ledger", "ledger"]);
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    let policy = case.policy_name();
    let args = ["analyze", "--catalog", "catalog.json", "--grants", policy];
    let more = [
        "--quiet", "--json", "--level", "review", "--ledger", "ledger",
    ];
    let (kept, known) = parts(&folder.run(&[&args[..], &more].concat()));
    assert_eq!(known["skipped"], input["skipped"]);
    assert_eq!(kept["clients"], direct["clients"]);
}
