//! Lines to which an operator added fields before, between and after the usual ones.

use proptest::prelude::*;

use super::Combined;
use super::tests::{ReadLine, read};
use crate::format::{RecordReader, Scratch, Skip};
use crate::model::AnsweredBy;

/// A line with this in place of request and status, and these fields before the date.
fn line(front: &str, rest: &str) -> String {
    format!("{front} [02/Jan/2026:12:00:00 +0000] {rest}")
}

fn seen(rest: &str) -> Result<ReadLine, Skip> {
    read(line("198.51.100.23 - erp", rest))
}

#[test]
fn traefik_says_whether_the_request_reached_the_service() {
    let by = |url: &str, status: &str| {
        let line = format!(
            r#"198.51.100.23 - - [02/Jan/2026:12:00:00 +0000] "GET /a HTTP/1.1" {status} 414 "-" "a \"b\"" 500 "a@docker -> b@docker" "{url}" 24ms"#
        );
        let mut scratch = Scratch::default();
        let record = Combined.parse(line.as_bytes(), &mut scratch);
        record.unwrap().answered_by
    };
    assert_eq!(by("http://192.0.2.7:80", "403"), AnsweredBy::Upstream);
    assert_eq!(by("-", "403"), AnsweredBy::Gateway);
    assert_eq!(by("-", "-"), AnsweredBy::Gateway);
}

#[test]
fn what_neither_the_server_nor_we_can_read_as_a_request_is_no_record() {
    for garbage in [
        "GET /v1/a b/c",
        "GET /v1/orders RTSP/1.0",
        r#"GET /v1/x\" 204"#,
    ] {
        let why =
            |status: u16| seen(&format!("\"{garbage}\" {status} 157 \"-\" \"-\"")).unwrap_err();
        for status in [400, 408, 414, 431, 505] {
            assert_eq!(why(status), Skip::OtherRecord, "{garbage} {status}");
        }
        for status in [200, 401, 403, 404, 500] {
            assert_eq!(why(status), Skip::Malformed, "{garbage} {status}");
        }
    }
    let read = seen(r#""GET /v1/orders HTTP/1.1" 400 157 "-" "-""#).unwrap();
    assert_eq!(read.target, "/v1/orders");
}

#[test]
fn a_field_between_request_and_status_is_not_part_of_the_path() {
    for (between, status) in [
        ("\"api.example\" 200 12 \"-\" \"a/1\"", Some(200)),
        ("\"api.example\" 403", Some(403)),
        ("https 403 153 \"-\" \"a/1\"", Some(403)),
        (
            "https 200 0 \"https://x.example/a 403 9\" \"a (200)\" - - -",
            Some(200),
        ),
        ("\"api.example\" https 0.005 8080 403 153 \"-\"", Some(403)),
        ("\"a 200 12 \\\" b\" 403 153", Some(403)),
        ("443 403 153 \"-\"", Some(403)),
        ("api.example 443 200 12 \"-\"", Some(200)),
        ("443 0 \"-\"", Some(443)),
        ("- 153 \"-\"", None),
        ("https - 153 \"-\"", None),
        ("https 000 0 \"-\"", None),
    ] {
        let seen = seen(&format!("\"GET /o?x=1 HTTP/1.1\" {between}")).unwrap();
        assert_eq!(
            (&*seen.method, &*seen.target),
            ("GET", "/o?x=1"),
            "{between}"
        );
        assert_eq!(
            (seen.status, seen.client.as_deref()),
            (status, Some("erp")),
            "{between}"
        );
    }
}

#[test]
fn a_status_that_may_be_another_field_is_not_guessed() {
    for between in [
        "api.example 404 200 12 \"-\"",
        "- 403 153 \"-\"",
        "https - 403 153 \"-\"",
        "https",
        "https 12 \"-\" \"a/1\"",
        "\"GET /other HTTP/1.1\" 200 12",
        "\"cut",
    ] {
        let seen = seen(&format!("\"GET /o HTTP/1.1\" {between}"));
        assert_eq!(seen, Err(Skip::Malformed), "{between}");
    }
}

#[test]
fn a_quoted_field_in_front_of_the_request_is_not_taken_for_it() {
    for front in [
        "\"-\"",
        "\"api.example\"",
        "\"203.0.113.9, 10.0.0.1\"",
        "\"a\" \"b\"",
        "\"a\" 443",
        "\"a\" x y",
    ] {
        let seen = seen(&format!("{front} \"POST /o HTTP/1.1\" 201 12 \"-\" \"c\"")).unwrap();
        assert_eq!(
            (&*seen.method, &*seen.target, seen.status),
            ("POST", "/o", Some(201)),
            "{front}"
        );
        assert_eq!(seen.agent.as_deref(), Some("c"), "{front}");
    }
    // A user agent that looks like a request is none: it has no status after it.
    let timeout = seen("\"-\" 408 0 \"-\" \"GET /o HTTP/1.1\"");
    assert_eq!(timeout, Err(Skip::OtherRecord));
}

#[test]
fn the_request_line_ends_at_the_version() {
    for request in [
        "GET /o HTTP/1.1 api.example",
        "GET /o HTTP/1.1 HTTP/1.1",
        "GET /o HTTP/2 -",
    ] {
        let seen = seen(&format!("\"{request}\" 200 12")).unwrap();
        assert_eq!((&*seen.target, seen.status), ("/o", Some(200)), "{request}");
    }
    assert_eq!(seen("\"GET /o https\" 200 12"), Err(Skip::Malformed));
}

#[test]
fn a_word_too_many_before_the_date_never_becomes_the_client() {
    for (front, client) in [
        ("198.51.100.4 (-) - -", None),
        ("198.51.100.4 (203.0.113.9) - -", None),
        ("198.51.100.4 (203.0.113.9, 10.0.0.1) - erp", Some("erp")),
        ("198.51.100.4 (-) - erp", Some("erp")),
        ("198.51.100.4 203.0.113.9 - -", None),
        ("198.51.100.4 203.0.113.9 - erp", Some("erp")),
        ("198.51.100.4 - - -", None),
        ("198.51.100.4 - John Smith", Some("John Smith")),
        ("api.example 198.51.100.4 (-) - erp", Some("erp")),
    ] {
        let seen = read(line(front, "\"GET /o HTTP/1.1\" 200 12")).unwrap();
        assert_eq!(seen.client.as_deref(), client, "{front}");
    }
    for front in [
        "198.51.100.4 - - erp",
        "198.51.100.4 - erp -",
        "198.51.100.4 - erp 203.0.113.9",
        "198.51.100.4 - erp (203.0.113.9)",
        "198.51.100.4 - (-) erp",
    ] {
        let seen = read(line(front, "\"GET /o HTTP/1.1\" 200 12"));
        assert_eq!(seen, Err(Skip::Malformed), "{front}");
    }
}

proptest! {
    #[test]
    fn further_fields_alter_neither_path_nor_status(
        before in proptest::collection::vec("\"[a-z0-9., -]{0,12}\"", 0..3),
        between in proptest::collection::vec("\"[a-z0-9./ -]{0,12}\"|[a-z]{1,8}|[0-9]\\.[0-9]{3}", 0..3),
        path in "/[a-z0-9/._-]{0,12}",
        status in prop::sample::select(&[200_u16, 201, 403, 503][..]),
    ) {
        let fields = |fields: &[String]| fields.iter().flat_map(|fields| [fields.as_str(), " "]).collect::<String>();
        let text = format!("{}\"GET {path} HTTP/1.1\" {}{status} 12 \"-\" \"c\"", fields(&before), fields(&between));
        match seen(&text) {
            Ok(seen) => prop_assert_eq!((seen.target, seen.status), (path, Some(status))),
            Err(skip) => prop_assert_eq!(skip, Skip::Malformed),
        }
    }
}
