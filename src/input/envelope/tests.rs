use proptest::prelude::*;

use super::*;

const A: &str = r#"{"a":"x}{\"{","n":[{"b":1},{"c":2}]}"#;
const B: &str = r#"{"b":{"d":[]},"e":"\\"}"#;

/// The records of lines, each with its offset.
pub(super) fn records(text: &str) -> Vec<(usize, String)> {
    let mut bytes = text.as_bytes().to_vec();
    let envelope = Envelope::of(&bytes).unwrap_or_default();
    let mut ends = envelope.peel(&mut bytes);
    assert_eq!(bytes.len(), text.len());
    ends.push(bytes.len());
    let (mut found, mut from) = (Vec::new(), 0);
    for end in ends {
        let mut at = from;
        for line in bytes[from..end].split(|byte| *byte == b'\n') {
            let record = String::from_utf8_lossy(line);
            let record = record.trim_matches(['\0', ' ', '\r']);
            if !record.is_empty() {
                found.push((at, record.to_owned()));
            }
            at += line.len() + 1;
        }
        from = end;
    }
    found
}

/// Whether there is an envelope, and whether the records have no ends of lines.
pub(super) fn streamed(text: &str) -> Option<bool> {
    Envelope::of(text.as_bytes()).map(|envelope| envelope.streamed)
}

pub(super) fn texts(text: &str) -> Vec<String> {
    records(text).into_iter().map(|(_, text)| text).collect()
}

#[test]
fn heads_of_every_kind_are_taken_off_json_and_text() {
    let combined = r#"198.51.100.23 - erp [02/Jan/2026:12:00:00 +0000] "GET /o HTTP/1.1" 200 12"#;
    let named = r#"client.example - erp: [02/Jan/2026:12:00:00 +0000] "GET /o HTTP/1.1" 200 12"#;
    for head in [
        "<134>Jan  2 12:00:00 web1 nginx: ",
        "<134>Jan  2 12:00:00 nginx[7]: ",
        "Jan 12 12:00:00 10.0.0.5 nginx[7]: ",
        "Jan 12 12:00:00 - haproxy[7]: ",
        "Jan  2 2026 12:00:00.123 web1 kong: @cee: ",
        "<134>1 2026-01-02T12:00:00Z web1 nginx - - - ",
        "<14>1 2026-01-02T12:00:01.1Z gw1 kong 77 - [key@41058 tag=\"a\\\"]b\"][x y=\"z\"] ",
        "<14>1 - gw1 kong - - - \u{feff}",
        "212 <14>1 2026-01-02T12:00:01.1Z gw1 kong - - [key@41058 kong] ",
        "2026-01-02T12:00:00+00:00 web1 nginx: ",
        "2026-01-02T12:00:00.1Z stdout F ",
        "2026-01-02T12:00:00.123456789+01:00 stderr F ",
        "2026-01-02T12:00:00.1Z ",
        "2026-01-02 12:00:00,117 ",
        "<14>",
        "<14>kong: ",
        "web-1  | ",
        "[pod/nginx-7/nginx] ",
        "2026-01-02T12:00:00.1Z stdout F Jan  2 12:00:00 web1 nginx: ",
    ] {
        for text in [A, combined, named] {
            let line = format!("{head}{text}");
            assert_eq!(records(&line), [(0, text.to_owned())], "{line}");
            assert_eq!(streamed(&line), Some(false), "{line}");
        }
    }
    for head in [
        "Jan  2 12:00:00 gw1 ",
        "2026-01-02T12:00:00Z\tkong.access\t",
        "Jan  2 12:00:00 10.0.0.5 ",
    ] {
        assert_eq!(texts(&format!("{head}{A}")), [A], "{head}");
    }
}

#[test]
fn what_is_not_a_head_stays() {
    for line in [
        A,
        r#"198.51.100.23 - erp [02/Jan/2026:12:00:00 +0000] "GET /o HTTP/1.1" 200 12"#,
        r#"Jan - erp [02/Jan/2026:12:00:00 +0000] "GET /o HTTP/1.1" 200 12"#,
        r#"shop.example 198.51.100.4 - - [02/Jan/2026:12:00:00 +0000] "GET /o HTTP/1.1" 200 12"#,
        "[Fri Jan 02 12:00:00.880562 2026] [ssl:info] [pid 1] x",
        "2026/01/02 12:00:00 [error] 31#31: *1 open() failed",
        "Jan  2 12:00:00 web1 kong: ",
        "<x> {}",
        "<14",
        r#"{"log":"x"}"#,
        r#"{"log":7,"stream":"stdout"}"#,
        r#"{"log":"x","stream":"stdout""#,
        r#"{"a":{"log":"x","stream":"y"}}"#,
        r#"{"a":"x"#,
        "",
    ] {
        assert_eq!(records(line).len(), usize::from(!line.is_empty()), "{line}");
        assert_eq!(texts(line).concat(), line.trim_end(), "{line}");
        assert_eq!(Envelope::of(line.as_bytes()), None, "{line}");
    }
}

#[test]
fn records_of_one_line_are_told_apart_with_their_places() {
    let (a, b) = (A.len(), B.len());
    let found = |at: &[usize]| -> Vec<(usize, String)> {
        at.iter()
            .zip([A, B])
            .map(|(at, text)| (*at, text.to_owned()))
            .collect()
    };
    for (line, at, streamed) in [
        (format!("{A}{B}\n"), [0, a], false),
        (format!("{A}{B}"), [0, a], true),
        (format!("{A} {B}\n"), [0, a + 1], false),
        (format!("[{A},{B}]\n"), [0, a + 2], true),
        (format!("[ {A} , {B} ]"), [0, a + 3], true),
        (format!("[{A}][{B}]"), [0, a + 2], true),
        (format!("[\n{A},\n{B}\n]\n"), [2, a + 4], true),
        (
            format!("Jan  2 12:00:00 gw1 kong: [{A},{B}]\n"),
            [0, a + 28],
            false,
        ),
    ] {
        assert_eq!(records(&line), found(&at), "{line}");
        assert_eq!(self::streamed(&line), Some(streamed), "{line}");
    }
    assert_eq!(a + b, records(&format!("{A}{B}{A}"))[2].0);
    assert_eq!(texts("[]\n[{}]"), ["{}"]);
}

#[test]
fn a_record_that_was_cut_off_hides_at_most_the_next_one() {
    let one = r#"{"request":{"uri":"\/a"},"n":[{"b":1},{"c":2}],"t":17}"#;
    let two = r#"{"request":{"uri":"\/b"},"t":18}"#;
    for (broken, hides) in [
        (r#"{"a":"x"#, true),
        ("{", true),
        (r#"{"a":{"b":1}"#, false),
        (r#"{"a":"x}"#, false),
    ] {
        let found = texts(&format!("{one}{broken}{two}{one}{two}"));
        let hidden = format!("{broken}{two}");
        let wanted = if hides {
            vec![one, &hidden, one, two]
        } else {
            vec![one, broken, two, one, two]
        };
        assert_eq!(found, wanted);
    }
}

#[test]
fn a_string_in_an_object_is_decoded_in_place() {
    let wrap = |text: &str| {
        format!(
            "{}\n",
            serde_json::json!({"log": format!("{text}\n"), "stream": "stdout", "time": "2026-01-02T12:00:00Z"})
        )
    };
    for text in [A, "a \"b\" \\ \u{1}\t\u{e9}\u{1f600} c", "x"] {
        let line = wrap(text);
        assert_eq!(texts(&line), [text.replace('\u{7f}', "")], "{line}");
        assert_eq!(streamed(&line), Some(false));
    }
    assert_eq!(texts(&wrap("a\nb")), ["a b"]);
    assert_eq!(
        texts(&wrap(&format!("2026-01-02T12:00:00Z stdout F {A}"))),
        [A]
    );
    assert_eq!(texts(&wrap(&wrap(A))), [A]);
    assert_eq!(texts(&wrap(&format!("[{A},{B}]"))), [A, B]);
    let other =
        r#"{"date":1.5,"kubernetes":{"a":[{"log":"no"}]},"log":"\ud83d\ude00\ud83d \u00e9\/\x"}"#;
    assert_eq!(texts(other), ["\u{1f600}\u{fffd} \u{e9}/\\x"]);
    assert_eq!(
        &*unwrapped(format!("{A}{B}").as_bytes()),
        format!("{A}\n{B}").as_bytes()
    );
}

fn record() -> impl Strategy<Value = String> {
    let text = || "[a-z{}\\[\\],\"\\\\ ]{0,6}";
    (text(), text(), proptest::collection::vec(text(), 0..3)).prop_map(|(a, b, list)| {
        let list: Vec<_> = list
            .into_iter()
            .map(|text| serde_json::json!({ "k": text }))
            .collect();
        serde_json::json!({"request": {"uri": a}, "b": b, "tries": list}).to_string()
    })
}

proptest! {
    #[test]
    fn whatever_is_between_and_around_records_they_are_all_found(
        records in proptest::collection::vec((record(), prop::sample::select(&["", ",", " ", "]\n[", "][", "\n"][..])), 1..8),
    ) {
        let text: String = records.iter().flat_map(|(record, gap)| [record.as_str(), gap]).collect();
        let wanted: Vec<&String> = records.iter().map(|(record, _)| record).collect();
        let list = format!("[{text}]");
        let found = texts(&list);
        prop_assert_eq!(found.iter().collect::<Vec<_>>(), wanted);
        for (at, record) in self::records(&list) {
            let gap = list[at..].find('{').unwrap_or(0);
            prop_assert!(list[at + gap..].starts_with(&record));
        }
    }

    #[test]
    fn a_stream_in_blocks_ends_where_the_whole_one_does(
        records in proptest::collection::vec((record(), prop::sample::select(&["", ",", "\n"][..])), 1..8),
        block in 1..40_usize,
    ) {
        let text: String = records.iter().flat_map(|(record, gap)| [record.as_str(), gap]).collect();
        let mut frames = Frames::default();
        let mut at = 0;
        for bytes in text.as_bytes().chunks(block) {
            if let Some((first, last)) = frames.ends(bytes) {
                for end in [first, last] {
                    let whole = text[..at + end].trim_end_matches(['\n', ',']);
                    let closed = whole.is_empty() || whole.ends_with('\u{7d}');
                    prop_assert!(closed);
                    let count = texts(whole).len();
                    let wanted: Vec<&str> = records.iter().take(count).map(|record| &*record.0).collect();
                    prop_assert_eq!(texts(whole), wanted);
                }
            }
            at += bytes.len();
        }
    }

    #[test]
    fn no_bytes_are_ever_a_panic_and_no_length_changes(
        parts in proptest::collection::vec(prop::sample::select(&[
            "{", "}", "[", "]", "\"", "\\", ",", ":", " ", "\n", "\"log\":\"", "\"stream\":", "<14>", "1 ", "Jan  2 12:00:00 ",
            "2026-01-02T12:00:00Z ", "stdout F ", "kong: ", "\"message\":\"GET ", "\"host\":", "\"MESSAGE\":[71,", "\"PRIORITY\":",
            "[{\"field\":\"@message\",\"value\":\"", "[\"1767355200117000000\",", "\"_source\":", "\"_id\":", "{\"index\":{}}", "{app=\"",
            "\u{1b}[3m", "web | ", "\"event\":{\"original\":", "\"lastrow\":true", "\\ud83d", "\\u00e9", "\0", "a", "é",
        ][..]), 0..30),
    ) {
        let text = parts.concat();
        let mut bytes = text.clone().into_bytes();
        let envelope = Envelope { streamed: false, shipped: true };
        let seams = envelope.peel(&mut bytes);
        prop_assert_eq!(bytes.len(), text.len());
        prop_assert!(seams.is_sorted());
        let _ = Envelope::of(text.as_bytes());
        let _ = Frames::default().ends(text.as_bytes());
    }
}
