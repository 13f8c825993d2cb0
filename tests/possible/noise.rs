//! What cannot be a served request changes no verdict, in JSON and in text alike.

use super::support::{Case, line};
use super::{DAYS, Rng, grants, judged, log, reading, reports, routes};

/// Lines of JSON and of the combined format that hold nothing.
fn noise(day: u32, kind: usize) -> [String; 2] {
    let json = |client: &str, request: &str, status| line(day, client, request, status);
    let nobody = |request: &str, status| json("x", request, status).replace("\"x\"", "null");
    let both = |client: Option<&str>, request: &str, status: u16| {
        let flat = client.map_or_else(
            || nobody(request, status),
            |client| json(client, request, status),
        );
        [flat.clone(), combined(&flat)]
    };
    let same = |text: &str| [format!("{text}\n"), format!("{text}\n")];
    match kind {
        0 => both(None, "PATCH /v1/exports/7", 401),
        1 => both(Some("stranger"), "PATCH /v1/exports/7", 403),
        2 => both(None, "GET /wp-login.php", 404),
        3 => both(None, "GET /favicon.ico", 200),
        4 => both(None, "GET /v1/public", 200),
        5 => both(Some("app-1"), "GET /healthz", 200),
        6 => same(
            "2026/02/03 04:05:06 [error] 12#0: *5 open() \"/x\" failed, client: 1.2.3.4, request: \"GET /x HTTP/1.1\"",
        ),
        7 => same("java.lang.IllegalStateException: it went wrong"),
        8 => same("    at org.example.Main.run(Main.java:17)"),
        9 => {
            let text = combined(&nobody("GET /x", 400));
            let text = text.replace("GET /x HTTP/1.1", "\\x16\\x03\\x01\\x02");
            [nobody("GET /x", 400).replace("GET", "\\u0016\\u0003"), text]
        }
        _ => {
            let text = combined(&nobody("GET /x", 408)).replace("GET /x HTTP/1.1", "");
            [
                nobody("GET /x", 408).replace("/x", "").replace("GET", ""),
                text,
            ]
        }
    }
}

/// The same record as a line of the combined format.
fn combined(flat: &str) -> String {
    let record: serde_json::Value = serde_json::from_str(flat).unwrap();
    let time = record["time"].as_str().unwrap();
    let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month: usize = time[5..7].parse().unwrap();
    let (day, month) = (&time[8..10], months[month - 1]);
    format!(
        "192.0.2.7 - {} [{day}/{month}/2026:12:00:00 +0000] \"{} {} HTTP/1.1\" {} 12 \"-\" \"agent\"\n",
        record["client_id"].as_str().unwrap_or("-"),
        record["method"].as_str().unwrap(),
        record["path"].as_str().unwrap(),
        record["status"],
    )
}

#[test]
fn noise_changes_no_verdict_and_json_and_text_of_the_same_traffic_agree() {
    let mut rng = Rng(3);
    let lines = reading(&mut rng);
    let texts: Vec<(u32, String)> = lines
        .iter()
        .map(|(day, flat)| (*day, combined(flat)))
        .collect();
    let of = |lines: Vec<(u32, String)>| {
        let case = Case::of(&routes(), &grants(), "");
        case.write("log.jsonl", log(lines));
        reports(&case).map(|report| judged(&report))
    };
    let [plain, ledger] = of(lines.clone());
    assert_eq!(plain, ledger);
    let [text, ledger] = of(texts.clone());
    assert_eq!((&plain, &plain), (&text, &ledger));
    for kind in 0..11 {
        let mut with = [lines.clone(), texts.clone()];
        for day in (3..DAYS).step_by(3) {
            for (lines, text) in with.iter_mut().zip(noise(day, kind)) {
                lines.push((day, text));
            }
        }
        for (lines, form) in with.into_iter().zip(["json", "text"]) {
            for found in of(lines) {
                assert_eq!(plain, found, "kind {kind} in {form}");
            }
        }
    }
}
