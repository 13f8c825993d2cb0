use super::*;
use crate::format::LogFormat as _;
use crate::format::envoy::Envoy;
use crate::format::testing;
use crate::model::Refusal;

/// Envoy's own format.
const ENVOY: &str = r#"[2026-01-02T12:00:00.117Z] "GET /v1/orders/42?expand=items HTTP/2" 200 - 0 1843 24 21 "203.0.113.9, 192.0.2.1" "okhttp/4.12.0" "cc21d9b0" "api.example.com" "192.0.2.7:8080""#;
const TAIL: &str = " outbound|8080||orders.shop.svc.cluster.local 192.0.2.3:51216 192.0.2.9:8080 198.51.100.23:54321 -";

fn generations() -> [String; 4] {
    let between = |fields: &str| ENVOY.replace(" 200 - 0 ", &format!(" 200 - {fields} 0 "));
    [
        between(r#""-""#) + TAIL,
        between(r#""-" "-""#) + TAIL + " default",
        between(r#"via_upstream - "-""#) + TAIL + " default",
        between(r#"via_upstream - "TLS_error: a b""#) + TAIL + " orders route",
    ]
}

fn read<T>(line: &str, check: impl Fn(Result<RawRecord<'_>, Skip>) -> T) -> T {
    testing::read(&Envoy, line, check)
}

#[test]
fn envoy_and_the_four_generations_of_istio_give_the_same_request() {
    let all = generations();
    for line in all.iter().map(String::as_str).chain([ENVOY]) {
        read(line, |record| {
            let record = record.unwrap_or_else(|skip| panic!("{skip:?} {line}"));
            assert_eq!((record.time, record.status), (1_767_355_200_117, Some(200)));
            assert_eq!(
                (record.method, record.target),
                (&b"GET"[..], &b"/v1/orders/42?expand=items"[..])
            );
            assert_eq!(record.host, Some(&b"api.example.com"[..]), "{line}");
            assert_eq!(record.request_id, Some(&b"cc21d9b0"[..]));
            assert_eq!(record.user_agent, Some(&b"okhttp/4.12.0"[..]));
            assert_eq!((record.client, record.template), (None, None));
        });
    }
    read(ENVOY, |record| {
        assert_eq!(record.unwrap().client_ip, Some(&b"203.0.113.9"[..]));
    });
    read(&all[2], |record| {
        let record = record.unwrap();
        assert_eq!(record.client_ip, Some(&b"198.51.100.23"[..]));
        assert_eq!(record.answered_by, AnsweredBy::Upstream);
    });
}

#[test]
fn other_times_and_words_in_front_are_read() {
    let epoch = ENVOY.replace("2026-01-02T12:00:00.117Z", "1767355200.117");
    let emissary = format!("ACCESS {ENVOY}");
    for line in [epoch, emissary] {
        read(&line, |record| {
            assert_eq!(record.unwrap().time, 1_767_355_200_117, "{line}");
        });
    }
}

#[test]
fn quotes_that_envoy_does_not_escape_shift_nothing() {
    let line = ENVOY
        .replace("okhttp/4.12.0", r#"a" "b" x"y"#)
        .replace("/42?expand=items", r#"/4"2"#);
    read(&line, |record| {
        let record = record.unwrap();
        assert_eq!(record.target, br#"/v1/orders/4"2"#);
        assert_eq!(record.status, Some(200));
        assert_eq!(record.user_agent, Some(&br#"a" "b" x"y"#[..]));
        assert_eq!(record.host, Some(&b"api.example.com"[..]));
    });
    // What an operator added at the end leaves it open which field is which.
    read(&format!(r#"{ENVOY} "erp" "a b""#), |record| {
        let record = record.unwrap();
        assert_eq!((record.host, record.request_id), (None, None));
        assert_eq!(record.target, b"/v1/orders/42?expand=items");
    });
}

#[test]
fn who_refused_is_told_by_flags_and_details_and_a_missing_host() {
    let refused = |from: &str, to: &str| {
        let line = generations()[2].replace(from, to).replace(" 200 ", " 403 ");
        read(&line, |record| {
            let record = record.unwrap();
            (record.answered_by, record.claims.refusal)
        })
    };
    assert_eq!(
        refused("via_upstream", "rbac_access_denied_matched_policy[none]"),
        (AnsweredBy::Gateway, Refusal::Authorisation)
    );
    assert_eq!(
        refused("via_upstream", "jwt_authn_access_denied{Jwt_is_expired}"),
        (AnsweredBy::Gateway, Refusal::Authentication)
    );
    assert_eq!(
        refused(" 200 - via_upstream", " 200 UAEX -"),
        (AnsweredBy::Gateway, Refusal::Unsaid)
    );
    assert_eq!(
        refused("via_upstream", "via_upstream"),
        (AnsweredBy::Upstream, Refusal::Unsaid)
    );
    let no_host = ENVOY
        .replace("192.0.2.7:8080", "-")
        .replace(" 200 ", " 403 ");
    read(&no_host, |record| {
        assert_eq!(record.unwrap().answered_by, AnsweredBy::Gateway);
    });
    read(&ENVOY.replace(" 200 ", " 403 "), |record| {
        assert_eq!(record.unwrap().answered_by, AnsweredBy::Unknown);
    });
}

#[test]
fn a_connection_without_a_request_is_passed_over_and_a_cut_line_is_not() {
    for other in [
        r#"[2026-01-02T12:00:00.117Z] "- - -" 0 UF,URX "-" "-" 0 0 0 - "-" "-" "-" "-" "192.0.2.7:80" a - 192.0.2.1:1 192.0.2.2:2 - -"#,
        r#"[2026-01-02T12:00:00.117Z] "- - HTTP/1.1" 400 DPE - - "-" 0 11 0 - "-" "-" "-" "-" "-" - - 192.0.2.1:1 192.0.2.2:2 - -"#,
    ] {
        read(other, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord, "{other}");
        });
    }
    for cut in [30, 60, 77] {
        read(&ENVOY[..cut], |record| {
            assert_eq!(record.unwrap_err(), Skip::Malformed, "{}", &ENVOY[..cut]);
        });
    }
    // The client left before an answer: no status.
    read(&ENVOY.replace(" 200 - ", " 0 DC "), |record| {
        assert_eq!(record.unwrap().status, None);
    });
    assert_eq!(Envoy.name(), "envoy");
}
