//! Damaged lines, one by one and by the thousand.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::event::hash::HashKey;

const KONG: &str = r#"{"started_at":1767322800000,"client_ip":"10.0.0.9","request":{"uri":"/v1/orders/42/items?x=1","url":"http://h:8000/v1/orders/42/items?x=1","method":"POST","headers":{"user-agent":"probe/1","host":"h"},"size":"130"},"service":{"name":"erp","host":"s","path":"/base","protocol":"http"},"route":{"name":"shop","paths":["/v1"]},"consumer":{"username":"billing","id":"c1"},"latencies":{"proxy":5,"kong":1},"upstream_status":"201","response":{"status":201,"size":"12"}}"#;
const FLAT: &str = r#"{"time":"2026-01-02T03:00:00Z","client_id":"billing","method":"POST","path":"/v1/orders/42/items","status":201,"user_agent":"probe/1"}"#;
const COMBINED: &str = r#"10.0.0.9 - billing [02/Jan/2026:03:00:00 +0000] "POST /v1/orders/42/items HTTP/1.1" 201 12 "-" "probe/1""#;
const AWS: &str = r#"{"requestId":"r1","ip":"10.0.0.9","requestTime":"02/Jan/2026:03:00:00 +0000","httpMethod":"POST","resourcePath":"/v1/orders/{id}/items","path":"/prod/v1/orders/42/items","stage":"prod","status":"201","clientId":"billing"}"#;
const ENVOY: &str = r#"{"start_time":"2026-01-02T03:00:00.000Z","method":"POST","path":"/v1/orders/42/items","response_code":201,"response_flags":"-","user_agent":"probe/1","client_id":"billing","upstream_host":"10.1.0.1:80"}"#;
const GOOD: [&str; 5] = [KONG, FLAT, COMBINED, AWS, ENVOY];

fn salvage() -> Salvage {
    let known = ["billing", "erp", "erp sync", "a", "Müller", "eu/west"];
    let known = known.map(|name| name.as_bytes().to_vec());
    let aliases = BTreeMap::from([(b"app-7".to_vec(), b"billing".to_vec())]);
    Salvage::new(&Identities::new(
        BTreeSet::from(known),
        &aliases,
        &HashKey::default(),
    ))
}

/// `clients ? mentioned | method target status`, or `no request`.
fn told(line: &[u8]) -> String {
    let remains = salvage().read(line);
    if remains.kind == Kind::NoRequest {
        return "no request".to_owned();
    }
    let names = |names: &BTreeSet<Vec<u8>>| {
        let names: Vec<_> = names
            .iter()
            .map(|name| String::from_utf8_lossy(name))
            .collect();
        names.join(",")
    };
    let target = remains.target.as_deref().map(String::from_utf8_lossy);
    let method = remains.method.map_or("-", Method::name);
    format!(
        "{}?{} {method} {}{} {}",
        names(&remains.clients),
        names(&remains.mentioned),
        target.as_deref().unwrap_or("-"),
        if remains.target_cut { "…" } else { "" },
        remains
            .status
            .map_or("-".to_owned(), |code| code.to_string()),
    )
}

/// Lines with what they show.
const TOLD: &[(&str, &str)] = &[
    // Text.
    (COMBINED, "billing? POST /v1/orders/42/items 201"),
    (
        r#"10.0.0.9 - billing [02/Jan/2026:03:00:00 +0000] "POST /v1/orders HTTP/1.1" "api" 403 1"#,
        "billing? POST /v1/orders -",
    ),
    (
        "10.0.0.9 - billing [02/Jan/2026:03:00:00 +0000 POST /v1/orders HTTP/1.1 403 1",
        "billing? POST /v1/orders -",
    ),
    (
        r#"10.0.0.9 - billing 02/Jan/2026:03:00:00 "POST /v1/orders HTTP/1.1" 403 1"#,
        "?billing POST /v1/orders 403",
    ),
    (
        r#"10.0.0.9 - - [02/Jan/2026:03:00:00 +0000] "GET /v1/ord"#,
        "? GET /v1/… -",
    ),
    (
        r#"10.0.0.9 - - [02/Jan/2026:03:00:00 +0000] "GET /v1/orders?x"#,
        "? GET /v1/orders -",
    ),
    (
        r#"10.0.0.9 - - [02/Jan/2026:03:00:00 +0000] "GET /v1/orders HT"#,
        "? GET /v1/orders -",
    ),
    (
        r#"10.0.0.9 - - [02/Jan/2026:03:00:00 +0000] "GET /v1/or ders/7 HTTP/1.1" 200 1"#,
        "? GET /v1/… -",
    ),
    (
        r#"10.0.0.9 - - [02/Jan/2026:03:00:00 +0000] "GET /v1/orders" 403 1"#,
        "? GET /v1/orders 403",
    ),
    (
        r#"10.0.0.9 - - [02/Jan/2026:03:00:00 +0000] "GET /v1/orders HTTP/1.1" 40"#,
        "? GET /v1/orders -",
    ),
    (
        r#"10.0.0.9 - - [02/Jan/2026:03:00:00 +0000] "GET /a HTTP/1.1" 403 x HTTP/1.1" 200 1"#,
        "? GET /a -",
    ),
    (
        r#"10.0.0.9 - - [02/Jan/2026:03:00:00 +0000] "GET https://h/v1/ord"#,
        "? GET https://h/v1/… -",
    ),
    ("LOCK /v1/orders HTTP/1.1\" 200 1", "? - /v1/orders 200"),
    ("10.0.0.9 - app-7 [02/Jan", "billing? - - -"),
    ("10.0.0.9 - a [02/Jan", "a? - - -"),
    ("10.0.0.9 - erp sync [02/Jan", "erp sync?erp - - -"),
    ("10.0.0.9 - erp eu [02/Jan", "?erp - - -"),
    ("10.0.0.9 - billing-eu [02/Jan", "? - - -"),
    ("10.0.0.9 - Billing [02/Jan", "?billing - - -"),
    ("10.0.0.9 - billing", "?billing - - -"),
    (r"10.0.0.9 - M\xC3\xBCller [02/Jan", "?Müller - - -"),
    (
        "Jan  2 03:00:00 billing nginx[7]: 10.0.0.9 - - [02/Jan",
        "?billing - - -",
    ),
    (
        r#"10.0.0.9 - - [02/Jan/2026:03:00:00 +0000] "GET /billing/1 HTTP/1.1" 200 1 "-" "billing""#,
        "?billing GET /billing/1 200",
    ),
    (
        r#"10.0.0.9 - erp [02/Jan/2026:03:00:00 +0000] "GET /v1/o10.0.0.8 - billing [02/Jan/2026:03:00:00 +0000] "GET /a HTTP/1.1" 403 1"#,
        "?billing,erp - - -",
    ),
    // JSON.
    (FLAT, "billing? POST /v1/orders/42/items 201"),
    (KONG, "billing?erp POST /v1/orders/42/items?x=1 201"),
    (AWS, "billing? POST /v1/orders/… 201"),
    (ENVOY, "billing? POST /v1/orders/42/items 201"),
    (
        r#"{"client_id":"billing","method":"POST","path":"/v1/orders","status":403,"ua":"Zend\x5CHttp"}"#,
        "billing? POST /v1/orders 403",
    ),
    (
        r#"{"client_id":"billing","method":"POST","path":"/v1/ord"#,
        "billing? POST /v1/… -",
    ),
    (r#"{"client_id":"billing","method":"PO"#, "billing? - - -"),
    (r#"{"client_id":"bill"#, "? - - -"),
    (
        r#"{"client_id":"eu\/west","request_uri":"\/v1\/orders"}"#,
        "eu/west? - /v1/orders -",
    ),
    (
        r#"{"ua":"x"y","method":"GET","path":"/v1/orders","status":"403"}"#,
        "? GET /v1/orders 403",
    ),
    (
        r#"{"ua":"x"y","method":"GET","status":"403","authStatus":"200"}"#,
        "? GET - -",
    ),
    (
        r#"{"request":{"ua":"x"y","method":"GET"},"service":{"path":"/base"}}"#,
        "? GET - -",
    ),
    (
        r#"{"service":{"name":"billing","path":"/base","status":403},"method":"GET"#,
        "?billing - - -",
    ),
    (
        r#"{"method":"GET","path":"/a","status":403}{"method":"POST","path":"/b","status":200}"#,
        "? - - -",
    ),
    (
        r#"{"client_id":"erp","method":"PO{"client_id":"billing","method":"GET","path":"/a","status":403}"#,
        "?billing,erp - - -",
    ),
    (
        r#"{"name":"erp","path":"/base","status":403},"route":{"name":"shop"},"consumer":{"username":"billing"}}"#,
        "billing?erp - - -",
    ),
    (
        r#"{"time":"2026{"time":"2026","client_id":"billing","path":"/a","status":403}"#,
        "?billing - - -",
    ),
    (
        r#"{"request":"GET /v1/orders HTTP/1.1","status":200,"user":"a"#,
        "? GET /v1/orders 200",
    ),
    (
        r#"{"routeKey":"ANY /pets/{proxy+}","path":"/prod/pets/1","httpMethod":"GET"}"#,
        "? GET - -",
    ),
    (
        r#"{"routeKey":"GET /pets/{proxy+}","path":"/prod/pets/1"}"#,
        "? GET /pets/… -",
    ),
    (
        r#"{"log":"10.0.0.9 - billing [02/Jan/2026:03:00:00 +0000] \"GET /v1/orders HTTP/1.1\" 403 1\n","stream":"stdout"}"#,
        "billing? GET /v1/orders 403",
    ),
    (
        r#"{"message":"{\"client_id\":\"billing\",\"method\":\"GET\",\"path\":\"/v1/ord"#,
        "billing? GET /v1/… -",
    ),
    (
        r#"<134>Jan  2 h kong: {"method":"GET","uri":"/v1/orders","#,
        "? GET /v1/orders -",
    ),
    (
        r#"{"method":null,"path":null,"response_code":0}"#,
        "? - - -",
    ),
    (r#"{"time":"2026"#, "? - - -"),
    // Remains that show only that something was there.
    ("{", "? - - -"),
    ("10.0.0.9 - - [", "? - - -"),
    (r#".1" 200 12 "-" "probe/1""#, "? - - -"),
    (
        r#"10.0.0.9 - - [02/Jan/2026:03:00:00 +0000] "-" 200 1"#,
        "? - - -",
    ),
    (
        "10.0.0.9 - - [02/Jan/2026:03:00:00 +0000] \"\u{1}ET /v1/orders HTTP/1.1\" 400 1",
        "? - - -",
    ),
];

#[test]
fn a_damaged_line_tells_what_is_certain_and_no_more() {
    for (line, expected) in TOLD {
        assert_eq!(told(line.as_bytes()), *expected, "{line}");
    }
}

#[test]
fn what_no_gateway_serves_is_not_a_request() {
    let raw =
        b"10.0.0.9 - - [02/Jan/2026:03:00:00 +0000] \"\x16\x03\x01\x02\0\x01\" 400 150 \"-\" \"-\"";
    assert_eq!(told(raw), "no request");
    for line in [
        r#"10.0.0.9 - - [02/Jan/2026:03:00:00 +0000] "\x16\x03\x01\x02\x00\x01" 400 150 "-" "-""#,
        r#"10.0.0.9 - - [02/Jan/2026:03:00:00 +0000] "\x16\x03\x01\x02"#,
        r#"10.0.0.9 - - [02/Jan/2026:03:00:00 +0000] "\x03\x00\x00/*\xE0\x00" 400 150 "-" "-""#,
        r#"10.0.0.9 - - [02/Jan/2026:03:00:00 +0000] "" 400 0 "-" "-""#,
        r#"10.0.0.9 - - [02/Jan/2026:03:00:00 +0000] "-" 408 0 "-" "-""#,
        r#"haproxy[7]: 10.0.0.9:3 [02/Jan/2026:03:00:00.155] in in/<NOSRV> -1/-1/5 400 187 - - PR-- 1/1 0/0 "<BADREQ>""#,
        r#"{"request":"\u0016\u0003\u0001","status":400,"remote_addr":"10.0.0.9"}"#,
        r#"{"request_method":"","request_uri":"","status":"400"}"#,
        r#"{"method":null,"path":null,"response_code":400}"#,
        r#"2026/01/02 03:04:05 [error] 12#0: *7 open() "/x" failed, request: "GET /v1/orders HTTP/1.1", host: "h""#,
        r#"[Wed Oct 11 14:32:52.123 2026] [core:error] [pid 7] AH00037: request "GET /v1/orders HTTP/1.1""#,
        r#"10.0.0.9 - - [02/Jan/2026:03:00:00 +0000] "<BADREQ>" 400 187 "" """#,
        "2026/01/02 03:04:05 [err",
        r#"2026/01/02 03:04:05 [warn] 12#0: *7 body {"a":"b"} is buffered, request: "POST /v1/orders HTTP/1.1""#,
        r#"{"log":"2026/01/02 03:04:05 [error] 12#0: upstream timed out\n","stream":"stderr"}"#,
        r#"{"level":"info","msg":"configuration reloaded"}"#,
        "Traceback (most recent call last):",
        "    at com.example.Main.run(Main.java:42)",
        "$ tail -f access.log",
        "total 48",
        "==> access.log <==",
        "nginx: the configuration file is ok",
        "",
    ] {
        assert_eq!(told(line.as_bytes()), "no request", "{line}");
    }
}

#[test]
fn an_access_record_that_an_error_message_runs_into_is_still_a_request() {
    let torn = format!("2026/01/02 03:04:05 [error] 12#0: *7 open() {COMBINED}");
    assert_eq!(
        told(torn.as_bytes()),
        "billing? POST /v1/orders/42/items 201"
    );
}

#[test]
fn a_line_of_names_or_of_any_length_is_read_in_bounded_time() {
    let names = "10.0.0.9 - erp [ billing ".repeat(40_000);
    assert!(salvage().read(names.as_bytes()).clients.is_empty());
    let deep = r#"{"request":[{"#.repeat(40_000);
    assert_eq!(salvage().read(deep.as_bytes()).target, None);
    let quotes = "\"\\\"".repeat(40_000);
    assert_eq!(salvage().read(quotes.as_bytes()).target, None);
}

/// What the damaged line shows is true of the line that it was.
fn check(line: &str, damaged: &[u8], cut: bool) -> Result<(), TestCaseError> {
    let remains = salvage().read(damaged);
    let billing = BTreeSet::from([b"billing".to_vec()]);
    prop_assert!(remains.clients.is_subset(&billing), "{:?}", remains);
    if let Some(method) = remains.method {
        prop_assert_eq!(method, Method::Post);
    }
    prop_assert!(!matches!(remains.status, Some(401 | 403)), "{:?}", remains);
    if let Some(target) = remains.target.as_deref() {
        let target = target
            .split(|byte| *byte == b'?')
            .next()
            .unwrap_or_default();
        let whole: &[u8] = b"/v1/orders/42/items";
        let path = target.strip_prefix(b"http://h:8000").unwrap_or(target);
        prop_assert!(
            if remains.target_cut {
                whole.starts_with(path)
            } else {
                path == whole
            },
            "{:?}",
            remains
        );
    }
    let shows = |what: &[u8]| memchr::memmem::find(damaged, what).is_some();
    if cut && (shows(b"{\"") || shows(b"- - [") || shows(b"- billing [")) {
        prop_assert_eq!(remains.kind, Kind::Request, "{}", line);
    }
    Ok(())
}

#[test]
fn a_line_cut_anywhere_shows_nothing_wrong_and_keeps_a_whole_name() {
    for line in GOOD {
        for at in 0..=line.len() {
            check(line, &line.as_bytes()[..at], true).unwrap();
            check(line, &line.as_bytes()[at..], true).unwrap();
            // The name and what ends it.
            let whole = line.find("billing").unwrap() + "billing\" ".len();
            let remains = salvage().read(&line.as_bytes()[..at]);
            if at > whole {
                assert_eq!(remains.clients.len(), 1, "{}", &line[..at]);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn bytes_that_no_target_holds_make_no_line_tell_anything_wrong(
        which in 0..GOOD.len(),
        at in any::<proptest::sample::Index>(),
        noise in proptest::collection::vec(prop_oneof![0_u8..9, 0x0e..0x20_u8, 0x7f..=0xff_u8], 1..24),
    ) {
        let line = GOOD[which];
        let mut damaged = line.as_bytes().to_vec();
        let at = at.index(damaged.len());
        let end = (at + noise.len()).min(damaged.len());
        damaged[at..end].copy_from_slice(&noise[..end - at]);
        check(line, &damaged, false)?;
        // Text and JSON name the caller between borders of at most 15 bytes.
        let name = line.find("billing").unwrap();
        if end + 15 < name || at > name + 9 {
            let remains = salvage().read(&damaged);
            prop_assert!(remains.kind == Kind::NoRequest || remains.clients.len() + remains.mentioned.len() > 0);
        }
        prop_assert_eq!(salvage().read(&damaged).kind, Kind::Request);
    }

    #[test]
    fn any_bytes_anywhere_claim_nothing_that_is_not_there(
        which in 0..GOOD.len(),
        at in any::<proptest::sample::Index>(),
        noise in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut damaged = GOOD[which].as_bytes().to_vec();
        let at = at.index(damaged.len());
        let end = (at + noise.len()).min(damaged.len());
        damaged.splice(at..end, noise);
        let remains = salvage().read(&damaged);
        let shows = |what: &[u8]| memchr::memmem::find(&damaged, what).is_some();
        for client in remains.clients.iter().filter(|client| client.as_slice() != b"a") {
            prop_assert!(shows(client) || (client == b"billing" && shows(b"app-7")));
        }
        if let Some(target) = remains.target.as_deref().filter(|target| !damaged.contains(&b'\\') && !target.is_empty()) {
            prop_assert!(shows(target), "{:?}", remains);
        }
        prop_assert!(!matches!(remains.status, Some(401 | 403)) || shows(b"401") || shows(b"403"));
    }

    #[test]
    fn no_bytes_panic(line in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b'\\'), Just(b'{'), Just(b'['), Just(b' '), Just(b'/')], 0..80)) {
        salvage().read(&line);
    }
}
