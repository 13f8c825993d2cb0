use proptest::prelude::*;

use super::*;

fn plan() -> Plan {
    Plan::new(&[
        &["time"],
        &["a"],
        &["request", "uri"],
        &["request", "headers", "x"],
        &["b", "c"],
        &["n"],
    ])
}

/// Everything the six slots say, or `None` when the reader rejects the line.
fn answer(fields: &Fields<'_>) -> Vec<(Kind, Option<Vec<u8>>)> {
    (0..6)
        .map(|slot| (fields.kind(slot), fields.raw(slot).map(<[u8]>::to_vec)))
        .collect()
}

fn by_scan(line: &[u8]) -> Option<Vec<(Kind, Option<Vec<u8>>)>> {
    let (plan, mut scratch) = (plan(), Scratch::default());
    let answered = scan_line(line, &plan, &mut scratch);
    answered.then(|| {
        answer(&Fields {
            line,
            scratch: &scratch,
        })
    })
}

fn by_full(line: &[u8]) -> Option<Vec<(Kind, Option<Vec<u8>>)>> {
    let (plan, mut scratch) = (plan(), Scratch::default());
    full::read(line, &plan, &mut scratch).ok()?;
    Some(answer(&Fields {
        line,
        scratch: &scratch,
    }))
}

/// Containers and long numbers may be written differently by the two readers; their values may not.
fn same(scan: &[(Kind, Option<Vec<u8>>)], full: &[(Kind, Option<Vec<u8>>)]) -> bool {
    scan.iter().zip(full).all(|(a, b)| {
        let parsed = |text: &Option<Vec<u8>>| {
            text.as_deref()
                .and_then(|text| serde_json::from_slice::<serde_json::Value>(text).ok())
        };
        a.0 == b.0
            && match a.0 {
                Kind::Container | Kind::Number => parsed(&a.1) == parsed(&b.1),
                _ => a.1 == b.1,
            }
    })
}

fn json() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "time",
        "a",
        "request",
        "uri",
        "headers",
        "x",
        "b",
        "c",
        "n",
        "other",
        "",
        "r\\u0065quest",
        "\\/",
        "ключ",
    ]);
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("-0".to_owned()),
        Just("1e400".to_owned()),
        Just("12.50".to_owned()),
        Just("9223372036854775808".to_owned()),
        Just("NaN".to_owned()),
        Just("01".to_owned()),
        "\"[a-z{}\\[\\],: ]{0,24}\"".prop_map(|text| text),
        // Tokens and keys where a name belongs, also with a slash escaped.
        "\"(Bearer |Basic )?(eyJ[A-Za-z0-9_-]{0,40}\\.|ghp_|[A-Za-z0-9+=])(\\\\/[A-Za-z0-9+_-]{0,40}){0,2}\"".prop_map(|text| text),
        prop::sample::select(vec![
            r#""\/v1\/a""#,
            r#""q\"q\\""#,
            r#""\u0041\n""#,
            r#""\ud800""#,
            r#""\ud83d\ude00""#,
            r#""\x41""#,
            r#""кот""#,
            "\"tab\there\"",
            r#""unclosed"#,
        ])
        .prop_map(str::to_owned),
    ];
    scalar.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            3 => prop::collection::vec((key.clone(), inner.clone(), prop::sample::select(vec!["", " "])), 0..6).prop_map(|pairs| {
                let body: Vec<String> = pairs.iter().map(|(k, v, s)| format!("{s}\"{k}\"{s}:{s}{v}")).collect();
                format!("{{{}}}", body.join(","))
            }),
            1 => prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn the_scanner_and_the_full_parser_agree_on_every_line_the_scanner_answers(line in json()) {
        if let Some(scan) = by_scan(line.as_bytes()) {
            let full = by_full(line.as_bytes());
            prop_assert!(full.as_deref().is_some_and(|full| same(&scan, full)), "{line}\n{scan:?}\n{full:?}");
        }
    }

    #[test]
    fn what_was_learnt_from_earlier_lines_changes_no_answer(lines in prop::collection::vec(json(), 1..8), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (plan, mut scratch) = (plan(), Scratch::default());
        for line in &lines {
            let mut damaged = line.clone().into_bytes();
            let place = at.index(damaged.len());
            damaged[place] = byte;
            for line in [line.as_bytes(), line.as_bytes(), &damaged] {
                let answered = scan_line(line, &plan, &mut scratch);
                let by_shape = answered.then(|| answer(&Fields { line, scratch: &scratch }));
                prop_assert_eq!(by_shape, by_scan(line), "{}", String::from_utf8_lossy(line));
            }
        }
    }

    #[test]
    fn they_agree_on_damaged_lines_too(line in json(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = line.into_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        if let Some(scan) = by_scan(&bytes) {
            let full = by_full(&bytes);
            prop_assert!(full.as_deref().is_some_and(|full| same(&scan, full)), "{:?}", String::from_utf8_lossy(&bytes));
        }
    }
}

fn read_text(line: &[u8], slot: usize) -> Option<Vec<u8>> {
    let mut scratch = Scratch::default();
    let plan = plan();
    let fields = read(line, &plan, &mut scratch).ok()?;
    fields.text(slot).map(<[u8]>::to_vec)
}

#[test]
fn an_escaped_slash_is_a_slash() {
    assert_eq!(
        read_text(br#"{"request":{"uri":"\/v1\/a"}}"#, 2).as_deref(),
        Some(&b"/v1/a"[..])
    );
    assert!(
        by_scan(br#"{"request":{"uri":"\/v1\/a"}}"#).is_some(),
        "the usual Kong line stays on the fast path"
    );
}

#[test]
fn two_plans_share_a_scratch_and_not_what_was_learnt() {
    let (one, two) = (Plan::new(&[&["a"]]), Plan::new(&[&["n"], &["a"]]));
    let mut scratch = Scratch::default();
    let line = br#"{"a":"x","n":"y"}"#;
    for _ in 0..3 {
        assert_eq!(
            read(line, &one, &mut scratch).unwrap().raw(0),
            Some(&b"x"[..])
        );
        assert_eq!(
            read(line, &two, &mut scratch).unwrap().raw(0),
            Some(&b"y"[..])
        );
    }
}

#[test]
fn of_a_repeated_key_the_last_counts() {
    assert_eq!(
        read_text(br#"{"n":200,"n":403}"#, 5).as_deref(),
        Some(&b"403"[..])
    );
    assert_eq!(
        read_text(br#"{"request":{"uri":"/a"},"request":{"uri":"/b"}}"#, 2).as_deref(),
        Some(&b"/b"[..])
    );
    assert_eq!(
        read_text(br#"{"request":{"uri":"/a"},"request":null}"#, 2),
        None
    );
}

#[test]
fn ten_thousand_levels_are_rejected_without_a_stack_overflow() {
    let mut line = b"{\"a\":".to_vec();
    line.extend(std::iter::repeat_n(b'[', 10_000));
    line.extend(std::iter::repeat_n(b']', 10_000));
    line.push(b'}');
    let mut scratch = Scratch::default();
    assert!(matches!(
        read(&line, &plan(), &mut scratch),
        Err(Skip::Malformed)
    ));
}

#[test]
fn broken_text_keeps_the_line() {
    assert_eq!(
        read_text(b"{\"a\":\"caf\xe9\",\"n\":1}", 5).as_deref(),
        Some(&b"1"[..])
    );
    assert_eq!(
        read_text(br#"{"a":"\ud800x","n":1}"#, 5).as_deref(),
        Some(&b"1"[..])
    );
    assert_eq!(
        read_text(br#"{"a":"\ud83d\ude00"}"#, 1).as_deref(),
        Some("😀".as_bytes())
    );
}

#[test]
fn missing_empty_and_dash_are_all_missing() {
    for line in [
        &br#"{"a":""}"#[..],
        br#"{"a":"-"}"#,
        br#"{"a":null}"#,
        b"{}",
    ] {
        assert_eq!(read_text(line, 1), None);
    }
}
