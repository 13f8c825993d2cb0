//! Whatever happens to the lines of one use, it is not taken away above review.

use super::support::{Case, daily, line};
use super::{DAYS, NAMES, Rng, grants, judged, log, reading, reports, routes};

/// What becomes of a line.
type Damage = fn(&str, &mut Rng) -> Vec<u8>;

/// What happens to each line of the use.
const KINDS: [(&str, Damage); 16] = [
    ("nothing", |own, _| own.into()),
    ("no name", |own, _| own.replace("\"app-0\"", "null").into()),
    ("capitals", |own, _| own.replace("app-0", "APP-0").into()),
    ("blanks", |own, _| own.replace("app-0", " app-0 ").into()),
    ("cut", |own, rng| {
        let end = own.len() / 3 + rng.below(own.len() * 2 / 3);
        [&own.as_bytes()[..end], b"\n"].concat()
    }),
    ("overwritten", |own, rng| {
        let mut bytes = own.as_bytes().to_vec();
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
    ("another version", |own, _| {
        own.replace("/v1/", "/v2/").into()
    }),
    ("another base", |own, _| {
        own.replace("/v1/", "/gw/api/").into()
    }),
    ("an encoded separator", |own, _| {
        own.replace("/exports/", "/exports%2F").into()
    }),
    ("an encoded letter", |own, _| {
        own.replace("/exports/", "/%65xports/").into()
    }),
    ("a suffix", |own, _| own.replace("/7\"", "/7.json\"").into()),
    ("something more", |own, _| {
        own.replace("/7\"", "/7/history\"").into()
    }),
    ("another method", |own, _| {
        own.replace("PATCH", "POST").into()
    }),
    ("an envelope", |own, _| {
        let record = serde_json::json!({"log": own, "stream": "stdout"});
        format!("{record}\n").into()
    }),
    ("throttled without a name", |own, _| {
        let own = own.replace("\"app-0\"", "null");
        own.replace(":200", ":429").into()
    }),
    ("split", |own, rng| {
        let at = own.len() / 3 + rng.below(own.len() / 3);
        [&own.as_bytes()[..at], b"\n", &own.as_bytes()[at..]].concat()
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
            let own = line(day, "app-0", "PATCH /v1/exports/7", 200);
            lines.push((day, damage(&own, &mut rng)));
        }
        // Somebody outside the policy, where nothing is asked for.
        let visits = daily(DAYS, "visitor", "GET /v1/public", 200);
        lines.push((0, visits.into_bytes()));
        if seed % 2 == 1 {
            // A flood of strangers beside it changes nothing.
            for at in 0..3_000 {
                let path = format!("GET /{}", word(&mut rng));
                let flood = line(DAYS - 1, &format!("scan-{at}"), &path, 401);
                lines.push((DAYS - 1, flood.into_bytes()));
            }
        }
        lines.sort_by_key(|own| own.0);
        let case = Case::of(&routes(), &grants(), "");
        case.write(
            "log.jsonl",
            lines.into_iter().flat_map(|own| own.1).collect::<Vec<u8>>(),
        );
        for (report, from) in reports(&case).iter().zip(["logs", "ledger"]) {
            let own = judged(report);
            for what in ["exports:change", "(advice)"] {
                let found = &own[&("app-0".to_owned(), what.to_owned())];
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
    let own = judged(&reports(&case)[0]);
    let likely = own.values().filter(|own| own.contains("likely")).count();
    assert!(likely >= 6 * NAMES.len(), "{own:?}");
}
