//! Files with lines of several formats.

use super::super::detect::detect;
use super::*;

const HAPROXY: &str = r#"198.51.100.23:33317 [02/Jan/2026:12:00:00.117] fe~ orders/srv1 0/0/1/21/24 200 1843 - - ---- 3/3/1/1/0 0/0 "GET /v1/orders HTTP/1.1""#;
const COMBINED: &str = r#"198.51.100.23 - erp [02/Jan/2026:12:00:00 +0000] "GET /v1/stock HTTP/1.1" 200 1843 "-" "okhttp/4""#;
const KONG: &str = r#"{"latencies":{"kong":1},"request":{"method":"GET","uri":"/a"},"response":{"status":200},"consumer":{"username":"erp"},"route":{"name":"a"},"started_at":1767355200117}"#;
const NATIVE: &str =
    r#"{"time":1767355200,"client_id":"crm","method":"GET","path":"/b","status":200}"#;
const NOTICE: &str = "2026/01/02 12:00:00 [notice] 1#0: start worker process 7";

fn text(lines: &[(&str, usize)]) -> String {
    let lines = lines.iter();
    lines
        .map(|(line, n)| format!("{line}\n").repeat(*n))
        .collect()
}

/// The targets that are read, or why not.
fn read(format: &Format, text: &str) -> Vec<Result<String, Skip>> {
    let reader = format.open(text.as_bytes());
    let mut scratch = Scratch::default();
    reader.begin(0, &mut scratch);
    text.lines()
        .map(|line| {
            let record = reader.parse(line.as_bytes(), &mut scratch)?;
            let client = record.client.unwrap_or(b"-");
            Ok(String::from_utf8_lossy(&[client, b" ", record.target].concat()).into_owned())
        })
        .collect()
}

#[test]
fn lines_of_two_formats_are_read_each_as_its_own_however_few() {
    for (lines, name) in [
        ([(HAPROXY, 6), (COMBINED, 4)], "haproxy+combined"),
        ([(KONG, 150), (NATIVE, 150)], "kong+native"),
        ([(KONG, 1), (NATIVE, 1)], "kong+native"),
        ([(KONG, 299), (COMBINED, 1)], "kong+combined"),
    ] {
        let text = text(&lines);
        let seen = detect(text.as_bytes());
        let format = seen
            .format()
            .unwrap_or_else(|| panic!("{}", seen.explain()));
        assert_eq!(format.name(), name);
        let all = read(&format, &text);
        assert_eq!(all.len(), lines[0].1 + lines[1].1);
        assert!(all.iter().all(Result::is_ok), "{all:?}");
        let by_name = super::super::by_name(name).unwrap();
        assert_eq!(read(&by_name, &text), all);
    }
    assert!(
        super::super::by_name("native+kong").is_none(),
        "one name for one mixture"
    );
}

#[test]
fn each_format_of_a_mixture_is_counted() {
    let lines = text(&[(KONG, 3), (NATIVE, 2), (NOTICE, 1), ("{\"cut", 1)]);
    let seen = detect(lines.as_bytes());
    assert_eq!(seen.explain(), "kong 3 of 7, native 2 of 7, no requests 1");
    let opened = Opened::new(seen.format().unwrap(), lines.as_bytes());
    let mut scratch = Scratch::default();
    opened.reader.begin(0, &mut scratch);
    let read = lines
        .lines()
        .map(|line| opened.reader.parse(line.as_bytes(), &mut scratch).err());
    let read: Vec<_> = read.collect();
    assert_eq!(read[5..], [Some(Skip::OtherRecord), Some(Skip::Malformed)]);
    let mut formats = BTreeMap::new();
    assert_eq!(scratch.take_counts(&opened, &mut formats), 0);
    assert_eq!(formats, BTreeMap::from([("kong", 3), ("native", 2)]));
    scratch.take_counts(&opened, &mut formats);
    assert_eq!(
        formats,
        BTreeMap::from([("kong", 3), ("native", 2)]),
        "counted once"
    );
}

#[test]
fn messages_that_are_no_requests_are_passed_over_among_the_lines_of_one_format() {
    let lines = text(&[(NOTICE, 250), (KONG, 50)]);
    let format = detect(lines.as_bytes()).format().unwrap();
    assert_eq!((format.name(), format.parts().len()), ("kong", 0));
    let read = read(&format, &lines);
    assert_eq!(read[0], Err(Skip::OtherRecord));
    assert_eq!(read[250], Ok("erp /a".to_owned()));
}

#[test]
fn a_file_of_which_too_much_is_unknown_is_refused_with_all_counts() {
    let seen = detect(text(&[(KONG, 100), (NATIVE, 100), ("?", 50)]).as_bytes());
    assert!(seen.format().is_none());
    assert_eq!(seen.explain(), "kong 100 of 250, native 100 of 250");
}

#[test]
fn one_format_alone_is_no_mixture() {
    for line in [HAPROXY, COMBINED, KONG, NATIVE] {
        let seen = detect(text(&[(line, 20), ("?", 1)]).as_bytes());
        assert_eq!(seen.mixture, None, "{line}");
    }
    // The text reader passes such messages over by itself.
    assert_eq!(
        detect(text(&[(COMBINED, 9), (NOTICE, 1)]).as_bytes()).mixture,
        None
    );
}

#[test]
fn a_line_that_two_formats_read_differently_is_rejected() {
    let mixture = of(&[
        &super::super::native::Native,
        &super::super::nginx_json::NginxJson,
    ]);
    let format = Format::Known(mixture.unwrap());
    // Nobody recognises it without a status, and each has its own idea of the path.
    let line = r#"{"time":"2026-01-02T12:00:00Z","client_id":"a","method":"GET","path":"/x","request_uri":"/y"}"#;
    assert_eq!(read(&format, line), [Err(Skip::Malformed)]);
    let same = line.replace("/y", "/x");
    assert_eq!(read(&format, &same), [Ok("a /x".to_owned())]);
    let cut = r#"{"time":1767355200,"client_id":"a","method":"GET""#;
    assert_eq!(read(&format, cut), [Err(Skip::Malformed)]);
}

#[test]
fn a_message_that_holds_a_request_is_never_passed_over() {
    let mixture = of(&[&super::super::kong::Kong, &super::super::traefik::Traefik]);
    let format = Format::Known(mixture.unwrap());
    // Traefik's reader takes the first for a message of Traefik.
    let message = r#"{"level":"info","msg":"started"}"#;
    assert_eq!(read(&format, message), [Err(Skip::OtherRecord)]);
    let request = message.replace("started", "GET /v1/stock HTTP/1.1 200");
    let found = read(&format, &request);
    assert!(
        found[0].as_ref().is_err_and(|skip| skip.is_reject()),
        "{found:?}"
    );
}
