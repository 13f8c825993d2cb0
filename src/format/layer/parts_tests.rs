use super::super::through::filtered;
use super::*;

fn read(text: &str) -> Vec<String> {
    assert!(Parts.is_around(text.as_bytes()), "{text}");
    let read = filtered(text.as_bytes(), Joiner::default);
    let lines = read.split('\n').map(|line| line.trim_end_matches('~'));
    lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

const TIME: &str = "2026-01-02T12:00:00.117000000Z";

#[test]
fn parts_of_one_stream_are_joined_and_those_of_the_other_never() {
    let text = format!(
        "{TIME} stdout F one\n{TIME} stdout P {{\"a\":\n{TIME} stderr P oh\n{TIME} stderr F  no\n\
         {TIME} stdout P 1,\n{TIME} stderr F err\n{TIME} stdout F \"b\":2}}\n{TIME} stdout F two\n"
    );
    let wanted = [
        format!("{TIME} stdout F one"),
        format!("{TIME} stdout F {{\"a\":1,\"b\":2}}"),
        format!("{TIME} stderr F oh no"),
        format!("{TIME} stderr F err"),
        format!("{TIME} stdout F two"),
    ];
    assert_eq!(read(&text), wanted);
}

#[test]
fn a_record_without_its_end_stays_a_part() {
    let text = format!("{TIME} stdout P a\n{TIME} stderr F b\n{TIME} stdout P c\n");
    let wanted = [format!("{TIME} stdout P ac"), format!("{TIME} stderr F b")];
    assert_eq!(read(&text), wanted);
    // The end of a record that was given up is none.
    let long = "x".repeat(HELD);
    let text = format!("{TIME} stdout P {long}\n{TIME} stdout F end\n{TIME} stdout F next\n");
    let lines = read(&text);
    assert_eq!(lines[1], format!("{TIME} stdout P end"));
    assert_eq!(lines[2], format!("{TIME} stdout F next"));
}

fn json(text: &str, stream: &str) -> String {
    format!(
        "{}\n",
        serde_json::json!({"log": text, "stream": stream, "time": TIME})
    )
}

#[test]
fn docker_splits_after_16_kib_and_nothing_shorter_is_a_part() {
    let first = format!("{{\"a\":\"{}", "\"é".repeat(SPLIT / 3));
    let (first, rest) = (&first[..SPLIT], "\"}\n");
    let text = [
        json("x\n", "stdout"),
        json(first, "stdout"),
        json("err\n", "stderr"),
        json(rest, "stdout"),
        // Ends of processes and shippers that leave the line end out.
        json("y", "stdout"),
        json("z", "stdout"),
    ]
    .concat();
    let lines = read(&text);
    assert_eq!(lines.len(), 5);
    let joined: serde_json::Value = serde_json::from_str(&lines[1]).unwrap();
    assert_eq!(joined["log"], format!("{first}{rest}"));
    assert!(lines[2].contains("err"));
    assert_eq!(lines[3], json("y", "stdout").trim_end());
    // Without its end it is not even an object.
    let lines = read(&json(first, "stdout"));
    assert!(lines[0].starts_with("~\"log\""));
}

#[test]
fn other_lines_are_not_in_this_layer() {
    for text in [
        "2026-01-02T12:00:00Z nginx: GET\n",
        "2026-01-02T12:00:00Z stdout x y\n",
        "{\"time\":1,\"log\":\"x\"}\n",
        "stdout F x\n",
        "",
    ] {
        assert!(!Parts.is_around(text.as_bytes()), "{text}");
    }
}
