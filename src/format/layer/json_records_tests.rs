use super::super::through::filtered;
use super::*;

fn read(text: &str) -> String {
    filtered(text.as_bytes(), Records::default)
}

#[test]
fn the_records_of_a_list_are_lines_and_what_is_around_them_is_nothing() {
    let list = r#"{"kind":"EventList","metadata":{},"items":[{"a":1}, {"b":[1]}],"x":{"y":1}}"#;
    assert!(JsonRecords.is_around(list.as_bytes()));
    let lines = read(list);
    let lines: Vec<&str> = lines
        .split('\n')
        .map(|line| line.trim_matches(['~', ' ']))
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(lines, [r#"{"a":1}"#, r#"{"b":[1]}"#]);
    let two = format!("{list}\n{list}");
    assert_eq!(read(&two).matches("{\"a\":1}").count(), 2);
    assert_eq!(read(r#"{"Records":[]}"#), format!("{}\n~", "~".repeat(12)));
}

#[test]
fn records_in_lists_within_lists_are_lines() {
    let text = r#"{"resourceLogs":[{"resource":{"a":[1]},"scopeLogs":[{"logRecords":[{"x":1},{"x":[2]}]},{"logRecords":[{"x":3}]}]}]}"#;
    assert!(JsonRecords.is_around(text.as_bytes()));
    let both = read(&format!("{text}\n{text}\n{{\"y\":1}}\n"));
    let lines = both.split('\n').map(|line| line.trim_matches(['~', ' ']));
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let one = [r#"{"x":1}"#, r#"{"x":[2]}"#, r#"{"x":3}"#];
    assert_eq!(lines, [&one[..], &one, &[r#"{"y":1}"#]].concat());
}

/// The lines that are not blank.
fn lines(text: &str) -> Vec<String> {
    assert!(JsonRecords.is_around(text.as_bytes()), "{text}");
    let read = read(text);
    let lines = read.split('\n').map(|line| line.trim_matches(['~', ' ']));
    lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn what_stores_and_services_answer_is_a_list_of_records() {
    let (a, b) = (r#"{"_id":"1","_source":{"x":1}}"#, r#"{"_source":{"x":2}}"#);
    for around in [
        "{\"took\":3,\"_shards\":{\"total\":1},\"hits\":{\"total\":{\"value\":2},\"hits\":[#1,#2]}}",
        "{\"hits\":{\"hits\":[#1,#2]}}\n",
        "{\"events\":[#1,#2],\"searchedLogStreams\":[]}",
        "{\n \"Events\": [\n #1,\n #2\n ]\n}",
        "{\"entries\":[#1,#2],\"nextPageToken\":\"x\"}",
        "{\"preview\":false,\"init_offset\":0,\"messages\":[],\"results\":[#1,#2],\"highlighted\":{}}",
        "{\"data\":[#1,#2],\"meta\":{\"page\":{}}}",
        "{\"messageType\":\"DATA_MESSAGE\",\"subscriptionFilters\":[\"f\"],\"logEvents\":[#1]}{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[#2]}",
    ] {
        let text = around.replace("#1", a).replace("#2", b);
        assert_eq!(lines(&text), [a, b], "{text}");
    }
    let insights = r#"{"results":[[{"field":"a"}],[{"field":"b"}]],"status":"Complete"}"#;
    assert_eq!(
        lines(insights),
        [r#"[{"field":"a"}]"#, r#"[{"field":"b"}]"#]
    );
}

#[test]
fn the_pairs_of_every_stream_of_loki_are_records() {
    let streams = r#"{"stream":{"app":"a"},"values":[["1","x ]"],["2","y"]]},{"stream":{},"values":[["3","z",{"k":"v"}]]}"#;
    let wanted = [r#"["1","x ]"]"#, r#"["2","y"]"#, r#"["3","z",{"k":"v"}]"#];
    let pushed = format!(r#"{{"streams":[{streams}]}}"#);
    let asked = format!(
        r#"{{"status":"success","data":{{"resultType":"streams","result":[{streams}],"stats":{{"values":[1]}}}}}}"#
    );
    assert_eq!(lines(&pushed), wanted);
    assert_eq!(lines(&asked), wanted);
}

#[test]
fn messages_of_the_delivery_itself_are_no_records() {
    let envelope = |kind: &str, text: &str| {
        format!(
            r#"{{"messageType":"{kind}","logEvents":[{{"id":"1","timestamp":1,"message":"{text}"}}]}}"#
        )
    };
    let text = envelope("DATA_MESSAGE", "a")
        + envelope("CONTROL_MESSAGE", "Checking health").as_str()
        + envelope("DATA_MESSAGE", "b").as_str();
    let found = lines(&text);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("\"a\"") && found[1].contains("\"b\""));
}

#[test]
fn a_list_that_breaks_off_is_an_error_unless_it_may_grow() {
    for (text, whole) in [
        (r#"{"records":[{"a":1},"#, true),
        (
            r#"{"messageType":"DATA_MESSAGE","logEvents":[{"a":1},{"b"#,
            false,
        ),
        (r#"{"hits":{"hits":[{"a":1}"#, false),
    ] {
        let (mut records, mut out) = (Records::default(), Vec::new());
        records.filter(text.as_bytes(), &mut out);
        assert_eq!(records.finish(&mut out).is_ok(), whole, "{text}");
        let lines: Vec<&[u8]> = out.split(|byte| *byte == b'\n').collect();
        assert!(lines[0].ends_with(br#"{"a":1}"#), "{text}");
    }
}

#[test]
fn records_over_several_lines_become_one_line_each() {
    let text = "[\n  {\n    \"a\": \"x,y\",\n    \"b\": {\"c\": []}\n  },\n  {\n \"a\": 2 }\n]\n";
    assert!(JsonRecords.is_around(text.as_bytes()));
    let lines = read(text);
    let lines: Vec<&str> = lines
        .lines()
        .map(|line| line.trim_matches(['~', ' ']))
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    let all: Vec<serde_json::Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(all[0]["a"], "x,y");
}

#[test]
fn an_object_without_a_list_and_what_is_no_json_stay() {
    for text in [
        "{\"items\":{\"a\":[1]}}\n",
        "hello, world\n",
        "{\"a\":{\"Records\":[{\"b\":1}]}}\n",
        "{\"path\":\"/\",\"events\":[{\"b\":1}],\"data\":[{\"c\":1}]}\n",
        "{\"stream\":\"stdout\",\"a\":{\"values\":[[1],[2]]},\"hits\":[1]}\n",
    ] {
        let text = text.replace(", ", " ");
        assert_eq!(read(&text), text);
    }
    assert_eq!(
        read("{\"records\":[{\"a\":1}]}\nGET /\n").lines().last(),
        Some("GET /")
    );
}

#[test]
fn a_record_that_was_cut_off_takes_no_other_with_it() {
    let lines = read("{\n\"a\": \"cut\n{\n\"b\": 1\n}\n");
    assert!(
        lines
            .lines()
            .any(|line| line.replace(' ', "") == "{\"b\":1}"),
        "{lines}"
    );
    let listed = read("{\"Records\":[{\"a\":\"cut\n{\"b\":1}]}");
    assert!(listed.contains("\n{\"b\":1}"), "{listed}");
}

#[test]
fn record_separators_are_line_ends() {
    let text = "\u{1e}{\"a\":1}\n\u{1e}{\n\"b\":2}\n";
    assert!(JsonRecords.is_around(text.as_bytes()));
    assert_eq!(read(text), "\n{\"a\":1}\n\n{ \"b\":2}\n");
}

#[test]
fn lines_of_records_are_not_in_this_layer() {
    for text in [
        "{\"time\":1,\"records\":[{\"a\":1}]}\n",
        "{\"items\":[{\"a\":1}],\"path\":\"/\"}\n",
        "{\"a\":1}\n{\"a\":2}\n",
        "[{\"a\":1},{\"a\":2}]",
        "[\n{\"a\":1},\n{\"a\":2}\n]",
        "{ \"a\": 1 }",
        "",
    ] {
        assert!(!JsonRecords.is_around(text.as_bytes()), "{text}");
    }
}
