//! What shippers put around a record, and what only looks like it.

use super::tests::{records, streamed, texts};

const COMBINED: &str =
    r#"198.51.100.23 - erp [02/Jan/2026:12:00:00 +0000] "GET /o/\"é\" HTTP/1.1" 200 12 "-" "a""#;
const JSON: &str =
    r#"{"time":"2026-01-02T12:00:00Z","client_id":"erp","method":"GET","path":"/o","status":200}"#;

/// Objects with `#` for the string of the record.
const AROUND_TEXT: [&str; 44] = [
    r#"{"log":#,"stream":"stdout","time":"2026-01-02T12:00:00Z"}"#,
    r#"{"container_id":"c","container_name":"/gw","source":"stdout","log":#}"#,
    r#"{"date":1767355200.1,"log":#,"kubernetes":{"pod_name":"gw"}}"#,
    r#"{"stream":"stdout","logtag":"F","message":#,"kubernetes":{}}"#,
    r#"{"@timestamp":"2026-01-02T12:00:01Z","@metadata":{"beat":"filebeat"},"agent":{"type":"filebeat"},"log":{"offset":0,"file":{"path":"/a"}},"message":#,"ecs":{"version":"8.0.0"},"host":{"name":"gw"}}"#,
    r#"{"@timestamp":"2026-01-02T12:00:01Z","beat":{"version":"6.8.0"},"offset":7,"source":"/a","message":#}"#,
    r#"{"@timestamp":"2026-01-02T12:00:01Z","agent":{},"event":{"original":#,"dataset":"x"}}"#,
    r#"{"@timestamp":"2026-01-02T12:00:01Z","log.file.path":"/a","event.original":#}"#,
    r#"{"@timestamp":"2026-01-02T12:00:01Z","@version":"1","host":"gw","path":"/a","message":#}"#,
    r#"{"file":"/a","host":"gw","message":#,"source_type":"file","timestamp":"2026-01-02T12:00:01Z"}"#,
    r#"{"message":#,"podName":"gw-7","containerName":"gw","namespace":"shop"}"#,
    r#"{"_id":"A","date":"2026-01-02T12:00:01Z","service":"gw","source":"nginx","status":"info","message":#,"attributes":{},"tags":[]}"#,
    r#"{"id":"A","type":"log","attributes":{"message":#,"timestamp":"2026-01-02T12:00:01Z"}}"#,
    r#"{"id":"A","content":{"timestamp":"2026-01-02T12:00:01Z","message":#,"tags":[]}}"#,
    r#"{"__REALTIME_TIMESTAMP":"1767355200117000","_SYSTEMD_UNIT":"nginx.service","PRIORITY":"6","MESSAGE":#}"#,
    r#"{"PROGRAM":"nginx","MESSAGE":#,"HOST":"gw"}"#,
    r#"{"preview":false,"offset":0,"result":{"_raw":#,"_time":"2026-01-02 12:00:00.000 UTC"}}"#,
    r#"{"preview":false,"offset":1,"lastrow":true,"result":{"_raw":#}}"#,
    r#"{"_raw":#,"_time":"2026-01-02","sourcetype":"access_combined"}"#,
    r#"{"time":1767355200.117,"host":"gw","source":"/a","sourcetype":"x","event":#}"#,
    r#"{"labels":{"app":"gw"},"line":#,"timestamp":"2026-01-02T12:00:00.117Z"}"#,
    r#"["1767355200117000000",#]"#,
    r#"["1767355200117000000", #, {"k":"v"}]"#,
    r#"["gw.access",1767355200,{"log":#}]"#,
    r#"{"insertId":"a","logName":"projects/p/logs/stdout","resource":{"type":"k8s_container"},"textPayload":#}"#,
    r#"{"insertId":"a","logName":"l","resource":{},"jsonPayload":{"message":#}}"#,
    r#"{"category":"kube-audit","operationName":"x","properties":{"log":#,"pod":"p"}}"#,
    r#"{"category":"AppServiceConsoleLogs","resourceId":"/S","resultDescription":#}"#,
    r#"{"TimeGenerated":"2026-01-02T12:00:00Z","PodName":"gw","LogMessage":#}"#,
    r#"{"logStreamName":"gw","timestamp":1767355200117,"message":#,"ingestionTime":1,"eventId":"3"}"#,
    r#"{"id":"3","timestamp":1767355200117,"message":#}"#,
    r#"[{"field":"@timestamp","value":"2026-01-02 12:00:00.117"},{"field":"@message","value":#},{"field":"@ptr","value":"x"}]"#,
    r#"{"EventId":"e","EventName":"GetObject","CloudTrailEvent":#}"#,
    r#"{"timeUnixNano":"1767355200117000000","body":{"stringValue":#},"attributes":[{"key":"log.file.name","value":{"stringValue":"a"}}]}"#,
    r#"{"@timestamp":"2026-01-02T12:00:01Z","body":#,"attributes":{"data_stream":{}},"http":{"request":{"method":"GET"}}}"#,
    r#"{"version":"1.1","host":"gw","short_message":"GET","full_message":#,"level":6}"#,
    r#"{"version":"1.1","host":"gw","short_message":#,"level":6}"#,
    r#"{"timestamp":"x","syslogtag":"nginx:","msg":#}"#,
    r#"{"topic":"logs","partition":0,"offset":7,"payload":#}"#,
    r#"{"timestamp_ns":1,"host":{"id":[]},"container":{"name":"c"},"type":"log.journald","message":#}"#,
    r#"{"_index":"logs","_source":{"@timestamp":"x","agent":{},"message":#}}"#,
    r#"{"_index":"logs","_id":"1","_score":1.0,"_source":{"log":#,"stream":"stdout"}}"#,
    r#"{"doc":{"@timestamp":"x","agent":{},"message":#},"doc_as_upsert":true}"#,
    r#"{"log":"{\"time\":\"x\",\"stream\":\"stdout\",\"log\":#2}","stream":"stdout"}"#,
];

/// Objects with `#` for the record as an object.
const AROUND_OBJECT: [&str; 12] = [
    r#"{"_index":"logs","_id":"1","_score":null,"_source":#,"sort":[1]}"#,
    r#"{ "_source" : # , "_id" : "1" }"#,
    r#"{"doc":#}"#,
    r#"{"time":1767355200.117,"sourcetype":"kong","event":#}"#,
    r#"{"@timestamp":"x","json":#,"agent":{},"log":{"file":{"path":"/a"}}}"#,
    r#"{"date":1.5,"kubernetes":{},"log_processed":#}"#,
    r#"{"insertId":"a","logName":"l","jsonPayload":#}"#,
    r#"{"version":"0","detail-type":"AWS API Call via CloudTrail","detail":#}"#,
    r#"{"@timestamp":"x","cloud":{},"aws":{"cloudtrail":#}}"#,
    r#"{"_id":"A","date":"x","attributes":#}"#,
    r#"["gw.access",1767355200,#]"#,
    r#"["gw.access", "2026-01-02T12:00:00Z", #]"#,
];

fn around(object: &str, record: &str) -> String {
    let once = serde_json::to_string(record).unwrap();
    let twice = serde_json::to_string(&once).unwrap();
    object
        .replace("#2", &twice[1..twice.len() - 1])
        .replace('#', &once)
}

#[test]
fn the_record_in_the_object_of_a_shipper_is_what_is_left() {
    for object in AROUND_TEXT {
        for record in [COMBINED, JSON] {
            let line = around(object, record);
            assert_eq!(records(&line), [(0, record.to_owned())], "{line}");
            assert_eq!(streamed(&line), Some(false), "{line}");
            // The line end that closes the text goes as well.
            assert_eq!(texts(&around(object, &format!("{record}\n"))), [record]);
        }
    }
    for object in AROUND_OBJECT {
        let line = object.replace('#', JSON);
        assert_eq!(records(&line), [(0, JSON.to_owned())], "{line}");
    }
}

#[test]
fn envelopes_within_each_other_and_after_heads_are_taken_off() {
    let docker = around(AROUND_TEXT[0], COMBINED);
    let syslog = format!("<134>Jan  2 12:00:00 web1 nginx: {COMBINED}");
    for line in [
        format!("2026-01-02T12:00:00.1Z stdout F {docker}"),
        around(AROUND_TEXT[4], &docker),
        around(AROUND_TEXT[4], &syslog),
        around(AROUND_TEXT[39], &format!("web1 nginx: {COMBINED}")),
        format!("[pod/gw-7/gw] 2026-01-02T12:00:00.1Z {docker}"),
        format!(
            r#"{{"_index":"a","_source":{}}}"#,
            around(AROUND_TEXT[4], &docker)
        ),
    ] {
        assert_eq!(texts(&line), [COMBINED], "{line}");
    }
    let two = format!(
        "{}{}\n",
        around(AROUND_TEXT[3], COMBINED),
        around(AROUND_TEXT[20], JSON)
    );
    assert_eq!(texts(&two), [COMBINED, JSON]);
    let list = format!(
        "[{},\n{}]\n",
        around(AROUND_TEXT[20], COMBINED),
        around(AROUND_TEXT[20], JSON)
    );
    assert_eq!(texts(&list), [COMBINED, JSON]);
    assert_eq!(streamed(&list), Some(true));
}

#[test]
fn a_record_with_the_key_of_a_shipper_is_no_envelope() {
    let message = serde_json::to_string(COMBINED).unwrap();
    for line in [
        // ECS: a pipeline read it already.
        format!(r#"{{"@timestamp":"x","http":{{"request":{{"method":"GET"}}}},"url":{{"path":"/o"}},"agent":{{}},"message":{message}}}"#),
        format!(r#"{{"@timestamp":"x","http.request.method":"GET","url.path":"/o","log.file.path":"a","message":{message}}}"#),
        format!(r#"{{"@timestamp":"x","url":{{"original":"/o"}},"event":{{"original":{message}}}}}"#),
        // Whoever wrote it says who called.
        format!(r#"{{"time":1,"client_id":"erp","method":"GET","path":"/o","status":200,"host":"gw","message":{message}}}"#),
        format!(r#"{{"insertId":"a","logName":"l","httpRequest":{{"requestMethod":"GET"}},"jsonPayload":{{"message":{message}}}}}"#),
        format!(r#"{{"timeUnixNano":"1","body":{{"stringValue":{message}}},"attributes":[{{"key":"http.request.method","value":{{"stringValue":"GET"}}}}]}}"#),
        r#"{"insertId":"a","logName":"l","timestamp":"x","jsonPayload":{"api_method":"m","http_method":"GET","url":"/o"}}"#.to_owned(),
        // Messages of applications.
        r#"{"@timestamp":"x","log.level":"INFO","message":"Started","ecs.version":"1.2.0","agent":{}}"#.to_owned(),
        r#"{"level":"info","ts":1.5,"logger":"http.log.access","msg":"handled request","request":{"method":"GET"}}"#.to_owned(),
        r#"{"@timestamp":"x","agent":{},"message":"{\"user\":\"a\"}"}"#.to_owned(),
        // No key of a shipper.
        format!(r#"{{"message":{message}}}"#),
        format!(r#"{{"level":"info","message":{message}}}"#),
        format!(r#"{{"event":{message},"time":1}}"#),
        // Which of the two counts?
        format!(r#"{{"agent":{{}},"message":{message},"message":{message}}}"#),
        r#"{"log":{"file":{"path":"GET /"}},"stream":"stdout"}"#.to_owned(),
        r#"["a","GET /"]"#.to_owned(),
        r#"["1767355200117000000"]"#.to_owned(),
        r#"{"index":"a","method":"GET"}"#.to_owned(),
        r#"{"index":{"method":"GET"}}"#.to_owned(),
    ] {
        assert_eq!(texts(&line), [line.as_str()], "{line}");
        assert_eq!(streamed(&line), None, "{line}");
    }
}

#[test]
fn a_text_that_the_shipper_cut_off_is_no_record() {
    let message = serde_json::to_string(COMBINED).unwrap();
    for line in [
        format!(
            r#"{{"@timestamp":"x","agent":{{}},"log":{{"flags":["truncated"]}},"message":{message}}}"#
        ),
        format!(r#"{{"stream":"stdout","logtag":"P","message":{message}}}"#),
        format!(
            r#"{{"container_id":"c","log":{message},"partial_message":"true","partial_last":"false"}}"#
        ),
        format!(
            r#"{{"_SYSTEMD_UNIT":"docker.service","CONTAINER_PARTIAL_MESSAGE":"true","MESSAGE":{message}}}"#
        ),
        format!(r#"{{"_partial":true,"file":"a","message":{message}}}"#),
        format!(
            r#"{{"insertId":"a","textPayload":{message},"split":{{"uid":"u","index":0,"totalSplits":2}}}}"#
        ),
    ] {
        let found = texts(&line);
        assert_eq!(found, [&line[1..]], "{line}");
    }
    // What the journal left out because of its size.
    let line = r#"{"__CURSOR":"s","PRIORITY":"6","MESSAGE":null}"#;
    assert_eq!(texts(line), [line]);
}

#[test]
fn the_journal_may_write_the_bytes_of_a_text() {
    let bytes: Vec<String> = COMBINED.bytes().map(|byte| byte.to_string()).collect();
    for between in [",", ", "] {
        let line = format!(
            r#"{{"PRIORITY":"6","MESSAGE":[{}],"_PID":"7"}}"#,
            bytes.join(between)
        );
        assert_eq!(texts(&line), [COMBINED]);
    }
    let line = r#"{"PRIORITY":"6","MESSAGE":[71,300]}"#;
    assert_eq!(texts(line), ["71,300"]);
}

#[test]
fn lines_that_speak_of_the_lines_around_them_are_none() {
    for line in [
        r#"{"index":{"_index":"logs","_id":"1"}}"#,
        r#"{ "create" : { } }"#,
        r#"{"delete":{"_index":"logs","_id":"1"}}"#,
        r#"{"preview":false,"lastrow":true}"#,
        r#"{"preview":false,"offset":3,"lastrow":true}"#,
    ] {
        let text = format!("{line}\n{JSON}\n");
        assert_eq!(texts(&text), [JSON], "{line}");
        assert_eq!(records(&text)[0].0, line.len() + 1);
    }
}

#[test]
fn heads_of_tools_that_show_logs_are_taken_off() {
    for head in [
        "\u{1b}[36mweb-1  | \u{1b}[0m",
        "web.1.x7k2@node1    | ",
        "web-1  | 2026-01-02T12:00:00.1Z ",
        "1767355200.117000 web1 nginx[7]: ",
        "nginx: ",
        "frontend.0 nginx[7]: ",
        "2026-01-02T12:00:00Z {} ",
        r#"2026-01-02T12:00:00Z {app="gw",x="a}\"b"} "#,
        "2026-01-02T12:00:00.117000+00:00 shop/gw/0f1e2d ",
        "2026-01-02T12:00:00.117000+00:00 2026/01/02/[$LATEST]0f1e2d ",
        "Jan 02 12:00:00 web1 nginx[7]: ",
        "2026-01-02T12:00:00+0000 web1 nginx[7]: ",
    ] {
        for record in [COMBINED, JSON] {
            let line = format!("{head}{record}");
            assert_eq!(texts(&line), [record], "{line}");
        }
    }
    for line in [
        // A part of a record is none.
        format!("2026-01-02T12:00:00.1Z stdout P {COMBINED}"),
        "1767355200.117    180 198.51.100.4 TCP_MISS/200 512 GET http://a.example/ - DIRECT/a text/html".to_owned(),
        "nginx: started".to_owned(),
    ] {
        assert_eq!(texts(&line), [line.as_str()]);
    }
}
