//! Lines that fit a shape say what the full parser says of them.

use proptest::prelude::*;

use super::super::{Fields, Scratch, full, scan_line};
use super::*;

fn plan() -> Plan {
    Plan::new(&[
        &["time"],
        &["a"],
        &["request", "uri"],
        &["request", "headers", "x"],
        &["b"],
        &["n"],
    ])
}

type Answer = Vec<(Kind, Option<Vec<u8>>)>;

fn answer(line: &[u8], scratch: &Scratch) -> Answer {
    let fields = Fields { line, scratch };
    (0..6)
        .map(|slot| (fields.kind(slot), fields.raw(slot).map(<[u8]>::to_vec)))
        .collect()
}

fn by_scan(line: &[u8], plan: &Plan, scratch: &mut Scratch) -> Option<Answer> {
    scan_line(line, plan, scratch).then(|| answer(line, scratch))
}

fn by_full(line: &[u8], plan: &Plan) -> Option<Answer> {
    let mut scratch = Scratch::default();
    full::read(line, plan, &mut scratch).ok()?;
    Some(answer(line, &scratch))
}

/// Numbers and containers compared by value: the full parser writes them again.
fn by_value(answer: Answer) -> Vec<(Kind, Option<serde_json::Value>)> {
    let value = |kind: Kind, text: Vec<u8>| match kind {
        Kind::Container | Kind::Number => rounded(serde_json::from_slice(&text).unwrap()),
        _ => String::from_utf8(text).unwrap().into(),
    };
    answer
        .into_iter()
        .map(|(kind, text)| (kind, text.map(|text| value(kind, text))))
        .collect()
}

/// Both strings are rounded to a double, and the last digit may come out differently.
fn rounded(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Number(number) => {
            let number: f64 = number.to_string().parse().unwrap();
            format!("{number:.12e}").into()
        }
        Value::Array(items) => items.into_iter().map(rounded).collect(),
        Value::Object(pairs) => pairs
            .into_iter()
            .map(|(key, value)| (key, rounded(value)))
            .collect(),
        other => other,
    }
}

/// A layout: every line of it has these keys in this order, and one of the strings at each leaf.
#[derive(Clone, Debug)]
enum Layout {
    Leaf(Vec<&'static str>),
    Object(Vec<(&'static str, Layout)>),
    Array(Vec<Layout>),
}

fn layout() -> impl Strategy<Value = Layout> {
    const TEXTS: &[&str] = &[
        "\"\"",
        "\"GET\"",
        r#""\/api\/v1\/a\/33ba2f29-e7c1-48bb-a884-3f48a94b7866\/members""#,
        "\"a name of more than sixteen bytes\"",
        r#""q\"uo\\te\\""#,
        r#""\u0041\u00e9\n""#,
        "\"кот\"",
        r#""{\"request\":{\"uri\":1}}""#,
    ];
    const NUMBERS: &[&str] = &[
        "0",
        "7",
        "-1",
        "200",
        "1780272000000",
        "0.35",
        "-0.5",
        "123456789012345678",
    ];
    const MIXED: &[&str] = &[
        "null",
        "true",
        "false",
        "\"-\"",
        "12",
        "{}",
        "[]",
        r#"{"x":"inner"}"#,
        r#"{"uri":"u","headers":{"x":"y"}}"#,
    ];
    let leaf = prop_oneof![
        3 => prop::sample::subsequence(TEXTS, 1..4),
        2 => prop::sample::subsequence(NUMBERS, 1..4),
        1 => prop::sample::subsequence(MIXED, 1..4),
    ];
    let key = prop::sample::select(vec![
        "time",
        "a",
        "request",
        "uri",
        "headers",
        "x",
        "b",
        "n",
        "other",
        "",
        "\\/",
        "a-key-of-more-than-sixteen-bytes",
    ]);
    leaf.prop_map(Layout::Leaf)
        .prop_recursive(3, 24, 6, move |inner| {
            prop_oneof![
                3 => prop::collection::vec((key.clone(), inner.clone()), 0..7).prop_map(Layout::Object),
                1 => prop::collection::vec(inner, 0..3).prop_map(Layout::Array),
            ]
        })
}

/// One line of a layout; the choices decide which text is at each leaf.
fn write(
    layout: &Layout,
    space: &str,
    choices: &mut impl Iterator<Item = usize>,
    out: &mut String,
) {
    match layout {
        Layout::Leaf(texts) => out.push_str(texts[choices.next().unwrap_or(0) % texts.len()]),
        Layout::Object(pairs) => {
            out.push('{');
            for (index, (key, inner)) in pairs.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                out.push_str(&[space, "\"", key, "\":", space].concat());
                write(inner, space, choices, out);
            }
            out.push('}');
        }
        Layout::Array(items) => {
            out.push('[');
            for (index, inner) in items.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write(inner, space, choices, out);
            }
            out.push(']');
        }
    }
}

/// What may happen to a line on its way.
#[derive(Clone, Copy, Debug)]
enum Mishap {
    None,
    Byte(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    /// A piece of the line occurs twice.
    Twice(prop::sample::Index, prop::sample::Index),
    /// A key in another spelling.
    Respelt,
    Trailing,
}

fn mishap() -> impl Strategy<Value = Mishap> {
    prop_oneof![
        12 => Just(Mishap::None),
        2 => (any::<prop::sample::Index>(), prop_oneof![any::<u8>(), prop::sample::select(&b"\"\\{}[],:0 \n\x00\x80"[..])]).prop_map(|(at, byte)| Mishap::Byte(at, byte)),
        1 => any::<prop::sample::Index>().prop_map(Mishap::Cut),
        1 => (any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(from, to)| Mishap::Twice(from, to)),
        1 => Just(Mishap::Respelt),
        1 => Just(Mishap::Trailing),
    ]
}

fn befall(line: String, mishap: Mishap) -> Vec<u8> {
    let mut bytes = line.into_bytes();
    match mishap {
        Mishap::None => {}
        Mishap::Byte(at, byte) => {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        Mishap::Cut(at) => bytes.truncate(at.index(bytes.len())),
        Mishap::Twice(from, to) => {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            let piece = bytes[from.min(to)..from.max(to)].to_vec();
            let at = from.max(to);
            bytes.splice(at..at, piece);
        }
        Mishap::Respelt => {
            let text = String::from_utf8(bytes).unwrap();
            bytes = text.replacen("\"a\":", "\"\\u0061\":", 1).into_bytes();
        }
        Mishap::Trailing => bytes.push(b' '),
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn lines_of_learnt_layouts_say_what_the_full_parser_says(
        layouts in prop::collection::vec(layout(), 1..4),
        space in prop::sample::select(vec!["", " "]),
        lines in prop::collection::vec((any::<prop::sample::Index>(), prop::collection::vec(0_usize..4, 0..24), mishap()), 1..40),
    ) {
        let (plan, mut scratch) = (plan(), Scratch::default());
        for (layout, choices, mishap) in lines {
            let mut line = String::new();
            write(layout.get(&layouts), space, &mut choices.into_iter(), &mut line);
            let line = befall(line, mishap);
            let learned = by_scan(&line, &plan, &mut scratch);
            prop_assert_eq!(&learned, &by_scan(&line, &plan, &mut Scratch::default()), "{}", String::from_utf8_lossy(&line));
            if let Some(learned) = learned {
                let full = by_full(&line, &plan);
                prop_assert_eq!(Some(by_value(learned)), full.map(by_value), "{}", String::from_utf8_lossy(&line));
            }
        }
    }
}

fn kong(id: u32, path: &str, agent: &str, consumer: &str) -> String {
    format!(
        r#"{{"request":{{"id":"{id:032x}","uri":"\/v1\/{path}\/{id}","headers":{{"host":"api.example.com","x":"{agent}"}}}},"response":{{"status":200}},"latencies":{{"kong":2,"proxy":{}}}{consumer},"time":{}}}"#,
        id % 7,
        1_780_272_000_000_u64 + u64::from(id)
    )
}

#[test]
fn after_a_few_lines_every_line_of_a_gateway_fits_a_shape() {
    let (plan, mut scratch) = (plan(), Scratch::default());
    let mut fitted = 0;
    for id in 0..2_000 {
        // Every tenth request has no consumer: another layout.
        let consumer = if id % 10 == 3 { "" } else { r#","a":"one""# };
        let agent = ["curl\\/8", "a \\\"quoted\\\" one", "кот"][id as usize % 3];
        let line = kong(id, ["orders", "items"][id as usize % 2], agent, consumer);
        let before: u64 = scratch.shapes.list.iter().map(|shape| shape.fitted).sum();
        let answer = by_scan(line.as_bytes(), &plan, &mut scratch).unwrap();
        assert_eq!(
            by_value(answer),
            by_value(by_full(line.as_bytes(), &plan).unwrap()),
            "{line}"
        );
        let after: u64 = scratch.shapes.list.iter().map(|shape| shape.fitted).sum();
        fitted += u64::from(after > before);
    }
    assert!(fitted > 1_970, "{fitted}");
    assert_eq!(scratch.shapes.list.len(), 2);
}

#[test]
fn an_object_whose_keys_differ_is_read_anew_on_each_line() {
    let (plan, mut scratch) = (plan(), Scratch::default());
    for round in 0..4 {
        for headers in [
            r#"{"x":"1"}"#,
            r#"{"y":"2","x":"3"}"#,
            "{}",
            r#"{"y":{"x":4}}"#,
            "null",
        ] {
            let line =
                format!(r#"{{"request":{{"headers":{headers},"uri":"/{round}"}},"n":{round}}}"#);
            let answer = by_scan(line.as_bytes(), &plan, &mut scratch).unwrap();
            assert_eq!(
                by_value(answer),
                by_value(by_full(line.as_bytes(), &plan).unwrap()),
                "{line}"
            );
        }
    }
    assert_eq!(scratch.shapes.list.len(), 1);
    assert!(scratch.shapes.list[0].fitted > 10);
}

#[test]
fn a_log_without_a_common_layout_is_soon_left_to_the_scanner() {
    let (plan, mut scratch) = (plan(), Scratch::default());
    let mut learned = 0;
    for n in 0..4_000 {
        let line = format!(r#"{{"key{n}":1,"n":{n}}}"#);
        let before = scratch.shapes.purse;
        assert!(by_scan(line.as_bytes(), &plan, &mut scratch).is_some());
        learned += u32::from(scratch.shapes.purse < before);
    }
    assert!(
        learned <= 64 && scratch.shapes.list.len() <= SHAPES,
        "{learned}"
    );
}

#[test]
fn the_layout_may_change_in_the_middle_of_a_log() {
    let (plan, mut scratch) = (plan(), Scratch::default());
    for n in 0..300 {
        let line = match n / 100 {
            0 => format!(r#"{{"time":{n},"a":"x{n}"}}"#),
            1 => format!(r#"{{"a":"x{n}","time":{n}}}"#),
            _ => format!(r#"{{ "time": {n}, "a": "x{n}" }}"#),
        };
        let answer = by_scan(line.as_bytes(), &plan, &mut scratch).unwrap();
        assert_eq!(answer[1].1, Some(format!("x{n}").into_bytes()), "{line}");
        assert_eq!(answer[0].1, Some(n.to_string().into_bytes()), "{line}");
    }
    assert_eq!(scratch.shapes.list.len(), 3);
}
