//! Each format's own lines are recognised as that format and as no other, however they come.

use std::io::Write as _;
use std::sync::Arc;

use super::super::LAYERS;
use super::*;
use crate::input::{Input, head};
use samples::SAMPLES;

#[path = "detect_samples.rs"]
mod samples;

/// The lines of a format.
pub(in crate::format) fn samples(format: &str) -> &'static [&'static str] {
    let own = SAMPLES.iter().find(|(name, _)| *name == format);
    own.map_or(&[], |(_, lines)| lines)
}

/// What a file with this content is recognised as.
pub(in crate::format) fn recognised(content: &[u8]) -> Vec<&'static str> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    let input = Input {
        path: Some(file.path().to_owned()),
        shown: Arc::from("log"),
        size: content.len() as u64,
    };
    let sources = head(&[input], LAYERS);
    let seen = detect(sources[0].sample());
    let first = seen.format().map(|format| format.name());
    assert_eq!(first, seen.scores.first().map(|score| score.0), "{seen:?}");
    seen.scores.iter().map(|score| score.0).collect()
}

fn packed(content: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(content).unwrap();
    packer.finish().unwrap()
}

#[test]
fn the_lines_of_each_format_are_of_that_format_and_of_no_other() {
    for format in ALL {
        let of = |(name, _): &&(&str, _)| *name == format.name();
        let (name, lines) = SAMPLES
            .iter()
            .find(of)
            .unwrap_or_else(|| panic!("{} has no lines", format.name()));
        let table = format.has_header(lines[0].as_bytes());
        let parts: Vec<String> = if table {
            vec![lines.join("\n") + "\n"]
        } else {
            lines.iter().map(|line| format!("{line}\n")).collect()
        };
        for part in &parts {
            assert_eq!(recognised(part.as_bytes()), [*name], "{part}");
            assert_eq!(
                recognised(part.trim_end().as_bytes()),
                [*name],
                "without a line end: {part}"
            );
            assert_eq!(
                recognised(&packed(part.as_bytes())),
                [*name],
                "packed: {part}"
            );
            let marked = [b"\xef\xbb\xbf", part.replace('\n', "\r\n").as_bytes()].concat();
            assert_eq!(recognised(&marked), [*name], "with a mark: {part}");
            // The first record was cut off; that of a table is after its header.
            let (first, rest) = part.split_at(if table { lines[0].len() + 1 } else { 0 });
            for broken in ["{\"a\":\"cut", "?", "GET /x 500"] {
                let text = format!("{first}{broken}\n{rest}");
                assert_eq!(recognised(text.as_bytes()), [*name], "{broken}: {part}");
            }
        }
    }
}

#[test]
fn the_lines_of_each_format_are_records_of_it() {
    for (name, lines) in SAMPLES {
        let format = super::super::by_name(name).unwrap();
        let text = lines.join("\n");
        let reader = format.open(text.as_bytes());
        let mut scratch = Scratch::default();
        reader.begin(0, &mut scratch);
        for line in *lines {
            let read = reader.parse(line.as_bytes(), &mut scratch);
            assert!(
                matches!(read, Ok(_) | Err(Skip::OtherRecord)),
                "{name}: {read:?} {line}"
            );
        }
    }
}

#[test]
fn a_file_that_is_no_request_log_is_refused_as_what_it_is() {
    for (line, what) in [
        (
            r#"{"eventType":"user.session.start","actor":{"id":"1"},"published":"2026-01-02T12:00:00Z","outcome":{}}"#,
            "an Okta system log",
        ),
        (
            r#"{"data":{"client_id":"1","date":"2026-01-02","description":"x"},"log_id":"1"}"#,
            "an Auth0 tenant log",
        ),
        (
            r#"{"time":"2026-01-02T12:00:00Z","resourceId":"/s","operationName":"Microsoft.Compute/disks/delete","category":"Administrative","resultType":"Success","correlationId":"a"}"#,
            "an Azure activity",
        ),
        (
            r#"{"time":"2026-01-02T12:00:00Z","resourceId":"/s","operationName":"StorageRead","category":"StorageRead","properties":{"clientIP":"198.51.100.23"}}"#,
            "a resource log of Azure that may tell of requests",
        ),
        (
            r#"{"remote_addr":"198.51.100.23","request":"GET /a HTTP/1.1","status":"200","body_bytes_sent":"1"}"#,
            "an NGINX access log without a time",
        ),
        (
            "2026/01/02 12:00:00 [error] 7#7: *1 open() failed",
            "an error log",
        ),
        (
            "2026-01-02 12:00:00.117 UTC [123] LOG:  database system is ready",
            "a server log of PostgreSQL",
        ),
        (
            r#"{"timestamp":1,"webaclId":"a","action":"ALLOW","httpRequest":{"uri":"/a"}}"#,
            "a log of AWS WAF",
        ),
        ("--a1b2c3d4-A--", "an audit log of ModSecurity"),
        (
            r#"{"admin":"a","is_anomalous":true,"total_events":4,"first_event":"2026-01-02 12:00:00"}"#,
            "records in JSON that tell of no request",
        ),
        (
            r#"time="2026-01-02T12:00:00Z" level=debug msg="Handling TCP connection from 198.51.100.23:1""#,
            "messages of an application",
        ),
        (
            "[Fri Jan 02 12:00:00.880562 2026] [auth_basic:error] [pid 1] AH01618",
            "an error log",
        ),
    ] {
        let seen = detect(format!("{line}\n{line}\n").as_bytes());
        assert!(seen.format().is_none(), "{line}");
        assert!(
            seen.explain().starts_with(&format!("it looks like {what}")),
            "{line}: {}",
            seen.explain()
        );
    }
    assert_eq!(
        detect(b"hello\n").explain(),
        "none of 1 line looks like a supported format"
    );
}

#[test]
fn what_may_tell_of_requests_is_never_passed_over() {
    let kind = |line: &str| {
        let seen = detect(format!("{line}\n{line}\n").as_bytes());
        assert!(seen.format().is_none(), "{line}");
        seen.stranger.and_then(strangers::passed_over)
    };
    let azure = |category: &str| {
        format!(
            r#"{{"time":"2026-01-02T12:00:00Z","resourceId":"/s","operationName":"x","category":"{category}","properties":{{}}}}"#
        )
    };
    for told in ["Administrative", "SignInLogs"] {
        assert!(kind(&azure(told)).is_some(), "{told}");
    }
    for told in ["ApplicationGatewayFirewallLog", "FrontDoorHealthProbeLog"] {
        assert!(kind(&azure(told)).is_some(), "{told}");
    }
    for waf in [
        r#"{"timestamp":1,"webaclId":"a","action":"ALLOW","httpRequest":{"uri":"/a"}}"#,
        "--a1b2c3d4-A--",
        r#"{"what":"GET /orders 200"}"#,
        r#"{"path":"/orders","n":1}"#,
    ] {
        assert!(kind(waf).is_none(), "{waf}");
    }
    for other in ["StorageRead", "AppServiceHTTPLogs", "New"] {
        assert!(kind(&azure(other)).is_none(), "{other}");
    }
    let message = r#"{"@timestamp":"2026-01-02T12:00:00Z","message":"hi","ecs.version":"1.6.0"}"#;
    assert!(kind(message).is_some());
    let raw = message.replace(
        "hi",
        r#"192.0.2.1 - erp [x] \"GET /orders HTTP/1.1\" 200 1"#,
    );
    assert!(kind(&raw).is_none(), "{raw}");
    // One among others is rejected.
    let all = format!("{message}\n{message}\n{message}\n");
    let found = detect(all.as_bytes())
        .stranger
        .and_then(strangers::passed_over);
    let reader = found.unwrap().open(all.as_bytes());
    let mut scratch = Scratch::default();
    for (line, skip) in [(message, Skip::OtherRecord), (&*raw, Skip::Malformed)] {
        assert_eq!(
            reader.parse(line.as_bytes(), &mut scratch).unwrap_err(),
            skip
        );
    }
}
