use super::*;
use crate::format::detect::detect;

#[path = "combined_hostile_tests.rs"]
mod hostile;

const PLAIN: &str = r#"198.51.100.23 - erp-sync [02/Jan/2026:12:00:00 +0000] "GET /v1/orders/42?expand=items HTTP/1.1" 200 1843 "-" "okhttp/4.12.0""#;

#[derive(Debug, Default, PartialEq)]
pub(super) struct ReadLine {
    pub(super) time: i64,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) client: Option<String>,
    pub(super) anonymous: bool,
    pub(super) status: Option<u16>,
    pub(super) upstream: Option<u16>,
    pub(super) by: AnsweredBy,
    pub(super) id: Option<String>,
    pub(super) host: Option<String>,
    pub(super) ip: Option<String>,
    pub(super) agent: Option<String>,
}

pub(super) fn read(line: impl AsRef<[u8]>) -> Result<ReadLine, Skip> {
    let mut scratch = Scratch::default();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Combined
        .parse(line.as_ref(), &mut scratch)
        .map(|record| ReadLine {
            time: record.time,
            method: text(record.method),
            target: text(record.target),
            client: record.client.map(text),
            anonymous: record.anonymous,
            status: record.status,
            upstream: record.upstream_status,
            by: record.answered_by,
            id: record.request_id.map(text),
            host: record.host.map(text),
            ip: record.client_ip.map(text),
            agent: record.user_agent.map(text),
        })
}

/// A line with this request line and status.
fn asked(request: &str, status: &str) -> String {
    format!(r#"198.51.100.23 - - [02/Jan/2026:12:00:00 +0000] "{request}" {status} 0 "-" "-""#)
}

fn target(request: &str) -> String {
    read(asked(request, "200")).unwrap().target
}

fn client(user: &str) -> Option<String> {
    read(PLAIN.replace("erp-sync", user)).unwrap().client
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is used where an optional string is expected"
)]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_plain_line_gives_every_field_without_a_copy() {
    let seen = read(PLAIN).unwrap();
    let expected = ReadLine {
        time: 1_767_355_200_000,
        method: "GET".to_owned(),
        target: "/v1/orders/42?expand=items".to_owned(),
        client: some("erp-sync"),
        status: Some(200),
        ip: some("198.51.100.23"),
        agent: some("okhttp/4.12.0"),
        ..ReadLine::default()
    };
    assert_eq!(seen, expected);
    let mut scratch = Scratch::default();
    assert!(Combined.parse(PLAIN.as_bytes(), &mut scratch).is_ok());
    assert!(scratch.text.is_empty());
}

#[test]
fn common_main_and_unknown_further_fields_are_read_the_same_way() {
    let common = &PLAIN[..PLAIN.find(" \"-\"").unwrap()];
    for extra in [
        "",
        " \"-\" \"okhttp/4.12.0\"",
        " \"-\" \"okhttp/4.12.0\" \"203.0.113.9, 198.51.100.1\"",
        " 0.202 \"-\" \"okhttp/4.12.0\" rt=0.1 those are other words",
        " \"-\" \"okhttp/4.12.0\" 12 \"other\" \"words\" 24s",
        " \"cut",
    ] {
        let seen = read(format!("{common}{extra}")).unwrap();
        assert_eq!(
            (seen.status, seen.client.as_deref(), seen.by),
            (Some(200), Some("erp-sync"), AnsweredBy::Unknown),
            "{extra}"
        );
        assert_eq!((seen.upstream, seen.id), (None, None), "{extra}");
    }
}

#[test]
fn a_request_that_never_came_is_not_a_record() {
    for (request, status) in [("-", "408"), ("", "400")] {
        assert_eq!(
            read(asked(request, status)),
            Err(Skip::OtherRecord),
            "{request}"
        );
    }
}

#[test]
fn garbage_bytes_and_words_are_not_a_record() {
    for request in [
        r"\x16\x03\x01\x02\x00 x",
        r"\x16\x03\x01\x02\x00",
        "batman",
        "HELP",
        r"G\x45T / HTTP/1.1",
        " / HTTP/1.1",
        "lv|'|'|Win XP|'|'|No",
    ] {
        assert_eq!(
            read(asked(request, "400")),
            Err(Skip::OtherRecord),
            "{request}"
        );
    }
}

#[test]
fn a_quote_in_the_path_is_decoded_as_nginx_and_as_apache_wrote_it() {
    assert_eq!(target(r"GET /a\x22b HTTP/1.1"), "/a\"b");
    assert_eq!(target(r#"GET /a\"b HTTP/1.1"#), "/a\"b");
    assert_eq!(target(r#"GET /a\" 200 9 \"b HTTP/1.1"#), "/a\" 200 9 \"b");
    assert_eq!(target(r"GET /a\\b\tc\n HTTP/1.1"), "/a\\b\tc\n");
}

#[test]
fn an_unescaped_quote_or_a_lone_backslash_shifts_no_field() {
    for (request, path) in [(r#"GET /a"b HTTP/1.1"#, "/a\"b"), (r"GET /a\", r"/a\")] {
        let seen = read(asked(request, "404")).unwrap();
        assert_eq!((seen.target.as_str(), seen.status), (path, Some(404)));
    }
    assert_eq!(
        read(PLAIN.replace("okhttp/4.12.0", r"foo\")).unwrap().agent,
        some(r"foo\")
    );
}

#[test]
fn hexadecimal_escapes_become_bytes_and_what_is_none_stays() {
    assert_eq!(target(r"GET /\xD0\xBF HTTP/1.1"), "/п");
    assert_eq!(target(r"GET /\xd0\xbf HTTP/1.1"), "/п");
    assert_eq!(target(r"GET /\xZ1\x4 HTTP/1.1"), r"/\xZ1\x4");
    assert_eq!(client(r"\xD0\xBF"), some("п"));
}

#[test]
fn a_user_may_hold_spaces_brackets_and_quotes() {
    assert_eq!(client("John Smith"), some("John Smith"));
    assert_eq!(client("[02/ x:"), some("[02/ x:"));
    assert_eq!(client("J [x] \"] y"), some("J [x] \"] y"));
    assert_eq!(
        client("[02/Jan/2026:12:00:00 +0000] x"),
        some("[02/Jan/2026:12:00:00 +0000] x")
    );
    assert_eq!(
        client(r#"[02/Jan/2020:12:00:00 +0000] \"GET /x HTTP/1.1\" 200"#),
        some(r#"[02/Jan/2020:12:00:00 +0000] "GET /x HTTP/1.1" 200"#)
    );
}

#[test]
fn a_missing_user_is_nobody_and_one_with_401_is_not_verified() {
    assert_eq!(client("-"), None);
    assert_eq!(client("\"\""), None);
    let refused = read(PLAIN.replace("\" 200 ", "\" 401 ")).unwrap();
    assert!(refused.anonymous && refused.client.is_some());
    assert!(!read(PLAIN).unwrap().anonymous);
}

#[test]
fn http_0_9_has_no_protocol() {
    assert_eq!(target("GET /"), "/");
    assert_eq!(
        target("GET http://api.example.com/a"),
        "http://api.example.com/a"
    );
}

#[test]
fn spaces_in_the_target_stay() {
    assert_eq!(target("GET /a b HTTP/1.1"), "/a b");
    assert_eq!(target("GET /a b HTTP/1.2x"), "/a b");
    assert_eq!(target("GET  /a  HTTP/1.1"), "/a");
}

#[test]
fn requests_without_a_path_are_handed_on_as_they_are() {
    for (request, method, path) in [
        ("CONNECT h:443 HTTP/1.1", "CONNECT", "h:443"),
        ("PRI * HTTP/2.0", "PRI", "*"),
        ("OPTIONS * HTTP/1.0", "OPTIONS", "*"),
    ] {
        let seen = read(asked(request, "400")).unwrap();
        assert_eq!((seen.method.as_str(), seen.target.as_str()), (method, path));
    }
}

#[test]
fn body_bytes_and_status_may_be_a_dash() {
    assert_eq!(
        read(PLAIN.replace(" 1843 ", " - ")).unwrap().status,
        Some(200)
    );
    assert_eq!(
        read(PLAIN.replace(" 200 1843 ", " - - ")).unwrap().status,
        None
    );
    assert_eq!(
        read(PLAIN.replace(" 200 1843 ", " 000 0 ")).unwrap().status,
        None
    );
}

#[test]
fn the_tail_of_ingress_nginx_gives_the_last_upstream_status_and_who_answered() {
    let tail = |status: &str, tail: &str| {
        let seen = read(format!(
            "{} {tail}",
            PLAIN.replace(" 200 ", &format!(" {status} "))
        ))
        .unwrap();
        (seen.upstream, seen.by, seen.id)
    };
    let id = some("752178adb17130b291aefd8c386279e7");
    let one = "462 0.050 [default-orders-8080] [] 192.0.2.7:8080 1843 0.049 200 752178adb17130b291aefd8c386279e7";
    assert_eq!(
        tail("200", one),
        (Some(200), AnsweredBy::Upstream, id.clone())
    );
    let retried = "462 0.050 [default-orders-8080] [other] 192.0.2.7:80, 192.0.2.8:80 : [2001:db8::1]:80 0, 0 : 9 0.1, 0.2 : 0.3 502, 200 : 200 752178adb17130b291aefd8c386279e7";
    assert_eq!(
        tail("200", retried),
        (Some(200), AnsweredBy::Upstream, id.clone())
    );
    let unanswered =
        "462 0.050 [default-orders-8080] [] 192.0.2.7:80, 192.0.2.8:80 0, 0 0.1, 0.2 502, - -";
    assert_eq!(tail("499", unanswered), (None, AnsweredBy::Unknown, None));
    let refused = "462 0.000 [default-orders-8080] [] - - - - 752178adb17130b291aefd8c386279e7";
    assert_eq!(tail("403", refused), (None, AnsweredBy::Gateway, id));
    let old = "462 0.050 [default-orders-8080] 192.0.2.7:8080 1843 0.049 403";
    assert_eq!(tail("403", old), (Some(403), AnsweredBy::Upstream, None));
}

#[test]
fn the_hour_that_happens_twice_is_told_apart_by_its_offset() {
    let at = |offset: &str| {
        read(PLAIN.replace(
            "02/Jan/2026:12:00:00 +0000",
            &format!("25/Oct/2026:02:30:00 {offset}"),
        ))
        .unwrap()
        .time
    };
    assert_eq!(at("+0100") - at("+0200"), 3_600_000);
}

#[test]
fn the_address_may_be_a_list_a_socket_or_have_a_port() {
    for (address, ip) in [
        ("127.0.0.1, 198.51.100.23", some("127.0.0.1")),
        (
            "203.0.113.1, 2001:db8::1, 198.51.100.23",
            some("203.0.113.1"),
        ),
        ("unix:", None),
        ("-", None),
        ("2001:db8::1", some("2001:db8::1")),
        ("::ffff:198.51.100.23", some("::ffff:198.51.100.23")),
        ("198.51.100.23:50229", some("198.51.100.23")),
        ("client.example.net", some("client.example.net")),
    ] {
        let seen = read(PLAIN.replace("198.51.100.23", address)).unwrap();
        assert_eq!(
            (seen.ip, seen.client.as_deref(), seen.host),
            (ip, Some("erp-sync"), None),
            "{address}"
        );
    }
}

#[test]
fn a_localised_month_is_a_bad_time_and_not_another_format() {
    for month in ["Mai", "Dez", "f\u{e9}vr."] {
        assert_eq!(
            read(PLAIN.replace("Jan", month)),
            Err(Skip::BadTime),
            "{month}"
        );
    }
}

#[test]
fn a_virtual_host_in_front_is_the_host() {
    for (front, host) in [
        ("api.example.com:443 198.51.100.23", "api.example.com"),
        ("api.example.com 198.51.100.23", "api.example.com"),
        ("192.0.2.1:443 198.51.100.23", "192.0.2.1"),
        ("api.example.com:80 client.example.net", "api.example.com"),
    ] {
        let seen = read(PLAIN.replace("198.51.100.23", front)).unwrap();
        assert_eq!(
            (seen.host.as_deref(), seen.client.as_deref()),
            (Some(host), Some("erp-sync")),
            "{front}"
        );
        assert_eq!(seen.ip.as_deref(), front.split(' ').next_back(), "{front}");
    }
}

#[test]
fn relatives_with_more_before_the_date_are_read() {
    let seen = read(PLAIN.replace(" - erp-sync", " - [198.51.100.23] - erp-sync")).unwrap();
    assert_eq!(seen.client, some("erp-sync"));
    let seen = read(PLAIN.replace(
        "198.51.100.23 - erp-sync",
        "api 198.51.100.23 - 95386da81aa13b6ab3ce9c989e1e470e -",
    ))
    .unwrap();
    assert_eq!(
        (seen.client, seen.id, seen.host),
        (None, some("95386da81aa13b6ab3ce9c989e1e470e"), some("api"))
    );
}

#[test]
fn lines_of_the_error_log_are_other_records_and_the_rest_is_malformed() {
    for line in [
        "2026/01/02 12:00:00 [error] 31#31: *1 open() failed, request: \"GET / HTTP/1.1\"",
        "[Fri Jan 02 12:00:00.880562 2026] [ssl:info] [pid 1] x",
    ] {
        assert_eq!(read(line), Err(Skip::OtherRecord), "{line}");
    }
    for line in [
        "",
        "[",
        "hello",
        &PLAIN[..60],
        &PLAIN[..80],
        "a [02/Jan/2026] \"",
        "x [02/Jan/2026:12:00:00 +0000] \"GET / HTTP/1.1\" 20",
    ] {
        assert_eq!(read(line), Err(Skip::Malformed), "{line}");
    }
}

#[test]
fn other_text_logs_are_not_taken_for_this_one() {
    assert_eq!(
        detect(PLAIN.as_bytes())
            .format()
            .map(|format| format.name()),
        Some("combined")
    );
    for line in [
        r#"[2026-01-02T12:00:00.117Z] "GET /v1 HTTP/2" 200 - 0 1843 24 21 "198.51.100.23" "a" "b" "c" "d""#,
        r#"198.51.100.23:44740 [02/Jan/2026:12:00:00.117] fe be/s1 0/0/1/2/3 200 99 - - ---- 1/1/1/1/0 0/0 "GET / HTTP/1.1""#,
    ] {
        let scores = detect(line.as_bytes()).scores;
        assert!(scores.iter().all(|(name, _)| *name != "combined"), "{line}");
    }
}
