//! What shippers, container runtimes and the gateways themselves put around records, and what
//! is in front of the first and at the end of the last one.

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
    let json = report(
        &case.analyze(&["--json", "--out", "out", "--max-reject-share", "1"]),
        0,
    );
    let input = &json["inputs"][0];
    assert_eq!(
        (&input["counted"], &input["rejected"]),
        (&1.into(), &1.into())
    );
    // The one after it was read as well: it is the first one once more.
    assert_eq!(input["skipped"]["repeated"], 1);
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
    let json = report(&case.analyze(&["--json"]), code);
    (verdict(&json, "app", "orders:write"), json)
}

#[test]
fn a_plain_log_that_is_cut_in_its_last_line_is_incomplete_and_one_without_a_line_end_is_not() {
    let log = daily(100, "app", "GET /orders", 200) + &line(99, "app", "POST /orders", 200);
    let open = log.trim_end();
    assert_eq!(last_use(&log, 0).0, "keep");
    assert_eq!(last_use(open, 0).0, "keep");
    for cut in [1, 20, 60] {
        let (found, json) = last_use(&open[..open.len() - cut], 3);
        assert_eq!(found, "undetermined", "{cut}");
        let status = json["inputs"][0]["status"].as_str().expect("a status");
        assert!(status.contains("cut off"), "{status}");
    }
    // NUL bytes and whitespace at the end are not a line.
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
fn a_log_after_a_hole_of_nul_bytes_is_read_and_the_hole_is_reported() {
    let log = daily(100, "app", "POST /orders", 200);
    for hole in [4_096, 65_536, (1 << 20) + 1] {
        let mut content = vec![0; hole];
        content.extend_from_slice(log.as_bytes());
        let (found, json) = last_use(content, 0);
        assert_eq!(found, "keep", "{hole}");
        assert_eq!(json["inputs"][0]["counted"], 100, "{hole}");
        let warnings = json["warnings"].as_array().expect("a list");
        let told = warnings
            .iter()
            .find(|warning| warning["code"] == "hole-in-log");
        let text = told
            .and_then(|warning| warning["message"].as_str())
            .expect("a warning");
        assert!(text.contains(&format!("{hole} NUL bytes")), "{text}");
    }
}

#[test]
fn a_first_line_that_is_longer_than_the_head_does_not_end_the_run() {
    let first = line(0, "app", "POST /orders", 200)
        .replace("/orders", &format!("/orders?x={}", "y".repeat(70_000)));
    let log = first + &daily(100, "app", "GET /orders", 200);
    let (found, json) = last_use(log, 0);
    assert_eq!(found, "keep");
    assert_eq!(json["inputs"][0]["counted"], 101);
}

/// What is read of a log, without the places.
fn read(log: impl AsRef<[u8]>) -> Vec<String> {
    let case = Case::new();
    case.write("log", log);
    events(&case, &[]).0
}

/// As a string of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[test]
fn n69_log_events_with_a_control_message_and_no_separator_are_three_events() {
    let envelope = |kind: &str, messages: &[&str]| {
        let events = messages.iter().enumerate().map(
            |(id, message)| serde_json::json!({"id": id.to_string(), "timestamp": 1, "message": message}),
        );
        let events: Vec<_> = events.collect();
        serde_json::json!({"messageType": kind, "owner": "1", "logGroup": "g", "logStream": "s",
            "subscriptionFilters": ["f"], "logEvents": events})
        .to_string()
    };
    let first = envelope("DATA_MESSAGE", &[AWS]);
    let log = [
        first.clone(),
        envelope(
            "CONTROL_MESSAGE",
            &["CWL CONTROL MESSAGE: Checking health of destination Firehose."],
        ),
        envelope("DATA_MESSAGE", &[AWS, &format!("{AWS}\n")]),
    ]
    .concat();
    let plain = read(format!("{AWS}\n").repeat(3));
    assert_eq!(read(&log), plain);
    assert_eq!(read(format!("{log}\n{first}")).len(), 4);
}

#[test]
fn n70_the_time_stamp_in_front_of_an_exported_line_is_peeled_off() {
    let plain = read(format!("{AWS}\n"));
    for head in [
        "2026-01-02T12:00:00.117Z ",
        "2026-01-02T12:00:00.117000+00:00 gw/access/0f1e ",
    ] {
        assert_eq!(read(format!("{head}{AWS}\n")), plain, "{head}");
    }
}

const AZURE: &str = r#"{"time":"2026-01-02T12:00:00.1170000Z","resourceId":"/SUBSCRIPTIONS/0","operationName":"Microsoft.ApiManagement/GatewayLogs","category":"GatewayLogs","callerIpAddress":"198.51.100.23","correlationId":"c7","properties":{"method":"GET","url":"https://gw.example/orders/7","responseCode":200,"backendResponseCode":200,"apimSubscriptionId":"app"}}"#;

#[test]
fn n78_a_list_of_azure_and_its_lines_are_the_same_events() {
    let plain = read(format!("{AZURE}\n{AZURE}\n"));
    assert_eq!(plain.len(), 2);
    assert_eq!(read(format!("{{\"records\":[{AZURE},{AZURE}]}}")), plain);
    assert_eq!(
        read(format!("{{\"records\": [\n{AZURE},\n{AZURE}\n]}}\n")),
        plain
    );
    assert_eq!(read(format!("[{AZURE},{AZURE}]")), plain);
    let batch = format!("{{\"records\":[{AZURE}]}}");
    assert_eq!(read(format!("{batch}{batch}")), plain);
}

#[test]
fn n79_properties_of_azure_may_be_a_string_that_holds_json() {
    let start = AZURE.find("{\"method\"").expect("properties");
    let (before, properties) = AZURE.split_at(start);
    let properties = properties.strip_suffix('}').expect("an object");
    let log = format!("{before}{}}}\n", quoted(properties));
    assert_eq!(read(log), read(format!("{AZURE}\n")));
    // Control planes of Kubernetes put the whole event there.
    let audit = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a1","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/shop/pods","verb":"list","user":{"username":"app"},"objectRef":{"resource":"pods","namespace":"shop","apiVersion":"v1"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-01-02T12:00:00.117000Z","stageTimestamp":"2026-01-02T12:00:00.141000Z"}"#;
    let log = format!(
        "{{\"time\":\"x\",\"category\":\"kube-audit\",\"operationName\":\"x\",\"properties\":{{\"log\":{}}}}}\n",
        quoted(&format!("{audit}\n"))
    );
    assert_eq!(read(log), read(format!("{audit}\n")));
}

#[test]
fn n102_partial_lines_and_splits_of_16_kib_are_joined() {
    let long = format!("/orders/7?q={}", "x".repeat(40_000));
    let record = NATIVE.replace("/orders/7", &long);
    let plain = read(format!("{record}\n{NATIVE}\n"));
    assert_eq!(plain.len(), 2);
    let parts: Vec<&str> = (0..record.len().div_ceil(16_384))
        .map(|part| &record[part * 16_384..record.len().min((part + 1) * 16_384)])
        .collect();
    assert_eq!(parts.len(), 3);
    let time = "2026-01-02T12:00:00.117000000Z";
    let (mut interface, mut docker) = (Vec::new(), String::new());
    for (number, part) in parts.iter().enumerate() {
        let last = number == 2;
        let tag = if last { 'F' } else { 'P' };
        // Whatever stderr says in between.
        interface.push(format!(
            "{time} stdout {tag} {part}\n{time} stderr P x\n{time} stderr F y\n"
        ));
        let end = if last { "\n" } else { "" };
        for (text, stream) in [
            (format!("{part}{end}"), "stdout"),
            ("y\n".to_owned(), "stderr"),
        ] {
            docker += &serde_json::json!({"log": text, "stream": stream, "time": time}).to_string();
            docker.push('\n');
        }
    }
    interface.push(format!("{time} stdout F {NATIVE}\n"));
    docker += &serde_json::json!({"log": format!("{NATIVE}\n"), "stream": "stdout", "time": time})
        .to_string();
    docker.push('\n');
    for log in [interface.concat(), docker] {
        let case = Case::new();
        case.write("log", &log);
        let run = case.run(&["events", "--ndjson", "--format", "native", "--logs", "log"]);
        let rows = run.out.lines().map(|row| {
            let mut row: serde_json::Value = serde_json::from_str(row).expect("a row");
            row["source_offset"].take();
            row.to_string()
        });
        assert_eq!(rows.collect::<Vec<_>>(), plain, "{}", run.err);
        // A file that ends before the record does: nothing of it is read.
        let cut = log.find("stderr").expect("a line");
        case.write("log", &log[..cut]);
        let run = case.run(&["events", "--ndjson", "--format", "native", "--logs", "log"]);
        assert_eq!(run.out, "", "{}", run.err);
    }
}

#[test]
fn a_described_format_reads_the_object_of_a_shipper_itself() {
    let case = Case::new();
    case.write("acme.toml", "name = 'acme'\nkind = 'json'\n[fields]\ntime = '/ts'\nmethod = '/http/verb'\ntarget = '/http/path'\nclient = '/user'\nstatus = '/http/code'\n");
    case.write("log", r#"{"ts":1767355200,"http":{"verb":"GET","path":"/orders","code":200},"user":"app","host":"gw1","message":"198.51.100.4 - - [02/Jan/2026:12:00:00 +0000] \"GET /x HTTP/1.1\" 200 5"}"#);
    let (described, _) = events(&case, &["--format", "acme.toml"]);
    assert!(
        described[0].contains(r#""client_id":"app""#),
        "{described:?}"
    );
    // Without the description the text within it is what is known.
    let (known, _) = events(&case, &[]);
    assert!(known[0].contains(r#""format":"combined""#), "{known:?}");
}

#[test]
fn real_logs_in_envelopes_are_read() {
    let logs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/logs");
    if !logs.is_dir() {
        println!("skipped: ../shared/data/logs is absent");
        return;
    }
    for (file, format, wanted) in [
        (
            "apache/crowdsec-base-upsun-httplog-logs--base-upsun-httplog-logs.log",
            "combined",
            1,
        ),
        (
            "aws-cloudtrail/opensearch-aws_cloudtrail--samples.json",
            "cloudtrail",
            50,
        ),
        ("ocsf/opensearch-OCSF--sample.json", "ecs", 3),
        ("otlp/opensearch--nginx_access-log.json", "ecs", 1),
    ] {
        let log = logs.join(file);
        let log = log.to_str().expect("a path");
        let run = Case::new().run(&["events", "--ndjson", "--logs", log]);
        let own = format!("\"format\":\"{format}\"");
        let found = run.out.lines().filter(|row| row.contains(&own)).count();
        assert_eq!(found, wanted, "{file}: {}", run.err);
    }
}
