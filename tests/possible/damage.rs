//! Whatever happens to the lines of one use, it is not taken away above review.

use super::support::{Case, daily, line};
use super::{DAYS, NAMES, Rng, grants, judged, log, reading, reports, routes};

/// What becomes of a line.
type Damage = fn(&str, &mut Rng) -> Vec<u8>;

/// What happens to each line of the use.
const KINDS: [(&str, Damage); 16] = [
    ("nothing", |text, _| text.into()),
    ("no name", |text, _| {
        text.replace("\"app-0\"", "null").into()
    }),
    ("capitals", |text, _| text.replace("app-0", "APP-0").into()),
    ("blanks", |text, _| text.replace("app-0", " app-0 ").into()),
    ("cut", |text, rng| {
        let end = text.len() / 3 + rng.below(text.len() * 2 / 3);
        [&text.as_bytes()[..end], b"\n"].concat()
    }),
    ("overwritten", |text, rng| {
        let mut bytes = text.as_bytes().to_vec();
        let (from, long) = (rng.below(bytes.len() - 12), 1 + rng.below(10));
        for byte in &mut bytes[from..from + long] {
            *byte = if rng.below(2) == 0 {
                b'!' + u8::try_from(rng.below(90)).unwrap()
            } else {
                0x80 + u8::try_from(rng.below(100)).unwrap()
            };
        }
        bytes
    }),
    ("another version", |text, _| {
        text.replace("/v1/", "/v2/").into()
    }),
    ("another base", |text, _| {
        text.replace("/v1/", "/gw/api/").into()
    }),
    ("an encoded separator", |text, _| {
        text.replace("/exports/", "/exports%2F").into()
    }),
    ("an encoded letter", |text, _| {
        text.replace("/exports/", "/%65xports/").into()
    }),
    ("a suffix", |text, _| {
        text.replace("/7\"", "/7.json\"").into()
    }),
    ("something more", |text, _| {
        text.replace("/7\"", "/7/history\"").into()
    }),
    ("another method", |text, _| {
        text.replace("PATCH", "POST").into()
    }),
    ("an envelope", |text, _| {
        let record = serde_json::json!({"log": text, "stream": "stdout"});
        format!("{record}\n").into()
    }),
    ("throttled without a name", |text, _| {
        let nameless = text.replace("\"app-0\"", "null");
        nameless.replace(":200", ":429").into()
    }),
    ("split", |text, rng| {
        let at = text.len() / 3 + rng.below(text.len() / 3);
        [&text.as_bytes()[..at], b"\n", &text.as_bytes()[at..]].concat()
    }),
];

#[test]
fn whatever_happens_to_the_lines_of_one_use_it_is_not_taken_away_above_review() {
    let mut wrong = Vec::new();
    for (seed, (kind, damage)) in (0..).zip(KINDS) {
        let mut rng = Rng(seed);
        let mut lines: Vec<(u32, Vec<u8>)> = reading(&mut rng)
            .into_iter()
            .map(|(day, text)| (day, text.into_bytes()))
            .collect();
        for day in (20..DAYS).step_by(9) {
            let text = line(day, "app-0", "PATCH /v1/exports/7", 200);
            lines.push((day, damage(&text, &mut rng)));
        }
        // Somebody outside the policy, where nothing is asked for.
        let visits = daily(DAYS, "visitor", "GET /v1/public", 200);
        lines.push((0, visits.into_bytes()));
        if seed % 2 == 1 {
            // A flood of strangers next to it changes nothing.
            for at in 0..3_000 {
                let path = format!("GET /{}", word(&mut rng));
                let flood = line(DAYS - 1, &format!("scan-{at}"), &path, 401);
                lines.push((DAYS - 1, flood.into_bytes()));
            }
        }
        lines.sort_by_key(|pair| pair.0);
        let case = Case::of(&routes(), &grants(), "");
        case.write(
            "log.jsonl",
            lines
                .into_iter()
                .flat_map(|pair| pair.1)
                .collect::<Vec<u8>>(),
        );
        for (report, from) in reports(&case).iter().zip(["logs", "ledger"]) {
            let verdicts = judged(report);
            for what in ["exports:change", "(advice)"] {
                let found = &verdicts[&("app-0".to_owned(), what.to_owned())];
                if found.contains("likely") || found.contains("safe") {
                    wrong.push(format!("{kind}, from the {from}: {what}: {found}"));
                }
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

fn word(rng: &mut Rng) -> String {
    (0..8)
        .map(|_| char::from(b'a' + u8::try_from(rng.below(26)).unwrap()))
        .collect()
}

#[test]
fn without_any_use_the_same_removal_is_reached_so_that_holding_everything_passes_no_test() {
    let lines = reading(&mut Rng(7));
    let case = Case::of(&routes(), &grants(), "");
    case.write("log.jsonl", log(lines));
    let verdicts = judged(&reports(&case)[0]);
    let likely = verdicts
        .values()
        .filter(|text| text.contains("likely"))
        .count();
    assert!(likely >= 6 * NAMES.len(), "{verdicts:?}");
}
