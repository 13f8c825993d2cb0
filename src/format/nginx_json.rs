//! NGINX access logs as JSON, with the keys that people write; also APISIX and ingress-nginx
//! with a `log_format` of their own.
//!
//! There is no standard for the keys, so every usual spelling is tried, the most telling first.
//!
//! Invariants:
//! * the target is what the caller sent: `$request_uri`, then `$request`; `$uri` is what the
//!   server made of it, and counts where nothing better is there;
//! * `escape=default` writes `\xHH` into JSON, and an unquoted variable without a value leaves
//!   nothing after its colon: both are read as what they must mean, anything else is malformed;
//! * without a status a refused request would pass for use, so there is none without.
//!
//! The client is the first of: a token's claims, a consumer, the subject of the certificate,
//! the user of basic authentication (whom nobody verified when the answer is 401).
//!
//! Who decided: `upstream_status` says that the service answered; empty with 401 or 403 that
//! NGINX refused.
//!
//! Source: `ngx_http_log_module`.

use std::sync::{Arc, LazyLock};

use memchr::memmem;

use super::declared::{Declared, Meaning};
use super::requests::Requests;
use super::{LogFormat, RawRecord, RecordReader, SampleLine, Scratch, Skip};
use crate::model::AnsweredBy;

pub(super) struct NginxJson;

const USER: Meaning = Meaning::Own(0);

static FIELDS: LazyLock<Arc<Declared>> = LazyLock::new(|| {
    Arc::new(Declared::new(&[
        (Meaning::Time, &TIMES),
        (Meaning::Method, &["/request_method", "/method"]),
        (Meaning::Target, &["/request_uri"]),
        (Meaning::RequestLine, &["/request", "/request_line"]),
        (Meaning::Path, &["/uri", "/path", "/url"]),
        (Meaning::Query, &["/args", "/query_string", "/query"]),
        (Meaning::Status, &["/status", "/response_status"]),
        (Meaning::UpstreamStatus, &["/upstream_status"]),
        (
            Meaning::Client,
            &[
                "/azp",
                "/client_id",
                "/jwt_claim_azp",
                "/jwt_claim_client_id",
                "/jwt_azp",
                "/consumer",
                "/consumer_name",
                "/ssl_client_s_dn",
                "/remote_user",
                "/user",
            ],
        ),
        (USER, &["/remote_user", "/user"]),
        (Meaning::Scopes, &["/scope", "/scp", "/jwt_claim_scope"]),
        (Meaning::TokenId, &["/jti", "/jwt_claim_jti"]),
        (Meaning::Issued, &["/iat", "/jwt_claim_iat"]),
        (Meaning::Expires, &["/exp", "/jwt_claim_exp"]),
        (Meaning::Serial, &["/ssl_client_serial"]),
        (Meaning::Subject, &["/sub", "/jwt_claim_sub"]),
        (Meaning::RequestId, &["/request_id", "/req_id"]),
        (
            Meaning::Host,
            &["/host", "/http_host", "/server_name", "/vhost"],
        ),
        (
            Meaning::ClientIp,
            &[
                "/remote_addr",
                "/client_ip",
                "/remote_ip",
                "/remoteIP",
                "/clientip",
                "/remote_host",
            ],
        ),
        (
            Meaning::UserAgent,
            &["/http_user_agent", "/user_agent", "/agent", "/userAgent"],
        ),
    ]))
});

/// Keys of the time; `$msec` and `$time_iso8601` are more exact than `$time_local`.
const TIMES: [&str; 8] = [
    "/msec",
    "/time_iso8601",
    "/@timestamp",
    "/timestamp",
    "/time",
    "/ts",
    "/time_local",
    "/date",
];

/// Keys that nobody else has, or few.
const TELLING: [&str; 18] = [
    "remote_addr",
    "remote_user",
    "request_uri",
    "request_method",
    "body_bytes_sent",
    "bytes_sent",
    "request_time",
    "request_length",
    "http_user_agent",
    "http_referer",
    "http_referrer",
    "upstream_status",
    "upstream_addr",
    "upstream_response_time",
    // Apache, as people write it.
    "remoteIP",
    "userAgent",
    "referer",
    "bytes",
];

/// Whether a line is a request of NGINX, apart from its time.
pub(super) fn is_request(line: &SampleLine<'_>) -> bool {
    let any = |keys: &[&str]| keys.iter().any(|key| line.at(key).is_some());
    let path = |request: &str| request.starts_with('/') && line.at("method").is_some();
    let asked = line.says("request", |request| request.contains(" /") || path(request))
        || any(&["request_line"])
        || any(&["request_method", "method"]) && any(&["request_uri", "uri", "path", "url"]);
    asked && any(&["status", "response_status"]) && line.keys(&[], &TELLING) > 1
}

/// Whether it has a time.
pub(super) fn has_time(line: &SampleLine<'_>) -> bool {
    TIMES.iter().any(|key| line.at(&key[1..]).is_some())
}

impl LogFormat for NginxJson {
    fn name(&self) -> &'static str {
        "nginx-json"
    }

    fn title(&self) -> &'static str {
        "NGINX and Apache access logs with a format of JSON (JSON lines)"
    }

    fn identity_help(&self) -> &'static str {
        "NGINX names a caller only for basic authentication. Add the caller to the log_format (and escape=json, so \
         that every line is JSON):\n    \
         NGINX Plus (auth_jwt): \"client_id\":\"$jwt_claim_azp\",\"scope\":\"$jwt_claim_scope\",\"jti\":\"$jwt_claim_jti\"\n    \
         auth_request: auth_request_set $azp $upstream_http_x_client_id; and \"client_id\":\"$azp\"\n    \
         mutual TLS: \"ssl_client_s_dn\":\"$ssl_client_s_dn\""
    }

    fn as_description(&self) -> Option<String> {
        Some(super::show::json(
            self,
            &FIELDS,
            "lines that are no JSON because of escape=default are repaired, an empty upstream status with 401 or 403 is a refusal of NGINX, and the user of basic authentication is not verified when the answer is 401",
        ))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        // `native` is one of its own, and others have more of theirs.
        let native = line.keys(&["time", "method", "path", "status"], &[]) > 0;
        if !native && is_request(line) && has_time(line) {
            2
        } else {
            0
        }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        let requests = Requests::new(&FIELDS).and(|declared, fields, record| {
            let said = declared.has(fields, Meaning::UpstreamStatus);
            record.answered_by = match record.upstream_status {
                Some(_) => AnsweredBy::Upstream,
                None if said && matches!(record.status, Some(401 | 403)) => AnsweredBy::Gateway,
                None => AnsweredBy::Unknown,
            };
            let basic = record.client == declared.text(fields, USER);
            record.anonymous = basic && record.status == Some(401) && record.client.is_some();
        });
        Arc::new(Reader(requests))
    }
}

struct Reader(Requests);

impl RecordReader for Reader {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        if !is_odd(line) {
            return self.0.parse(line, scratch);
        }
        let mut repaired = std::mem::take(&mut scratch.repaired);
        repair(line, &mut repaired);
        scratch.repaired = repaired;
        self.0.parse_repaired(scratch)
    }
}

/// Whether a line may be one that `repair` changes.
pub(super) fn is_odd(line: &[u8]) -> bool {
    memmem::find(line, b"\\x").is_some()
        || memmem::find(line, b"\":,").is_some()
        || memmem::find(line, b"\":}").is_some()
}

/// What NGINX must have meant.
pub(super) fn repair(line: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let (mut at, mut quoted) = (0, false);
    while let Some(byte) = line.get(at) {
        match (&line[at..], quoted) {
            ([b'\\', b'x', high, low, ..], true) => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let value = digit(*high)
                    .zip(digit(*low))
                    .map(|(high, low)| high << 4 | low);
                match value.and_then(|value| u8::try_from(value).ok()) {
                    // Bytes of longer characters stay themselves.
                    Some(byte @ 0x80..) => out.push(byte),
                    Some(_) => out.extend_from_slice(&[b'\\', b'u', b'0', b'0', *high, *low]),
                    None => {
                        out.extend_from_slice(b"\\\\x");
                        at += 2;
                        continue;
                    }
                }
                at += 4;
                continue;
            }
            ([b'\\', next, ..], true) => {
                out.extend_from_slice(&[b'\\', *next]);
                at += 2;
                continue;
            }
            ([b'"', ..], _) => quoted = !quoted,
            ([b':', b',' | b'}', ..], false) => {
                out.extend_from_slice(b":null");
                at += 1;
                continue;
            }
            _ => {}
        }
        out.push(*byte);
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    const LINE: &str = r#"{"time_local":"02/Jan/2026:12:00:00 +0000","remote_addr":"198.51.100.23","remote_user":"","request":"GET /v1/orders/42?expand=items HTTP/1.1","status":"200","body_bytes_sent":"1843","upstream_status":"502, 200","http_user_agent":"okhttp/4","request_id":"r1","client_id":"erp-sync"}"#;

    #[test]
    fn every_usual_spelling_of_one_request_is_that_request() {
        let parts = LINE.replace(
            r#""request":"GET /v1/orders/42?expand=items HTTP/1.1""#,
            r#""request_method":"GET","uri":"/v1/orders/42","args":"expand=items""#,
        );
        let whole = LINE.replace(
            r#""request":"GET /v1/orders/42?expand=items HTTP/1.1""#,
            r#""method":"GET","uri":"/index.php","request_uri":"/v1/orders/42?expand=items","args":"expand=items""#,
        );
        let exact = LINE.replace(
            r#""time_local":"02/Jan/2026:12:00:00 +0000""#,
            r#""msec":"1767355200.000""#,
        );
        for line in [LINE, &parts, &whole, &exact] {
            read(&NginxJson, line, |record| {
                let record = record.unwrap();
                assert_eq!(
                    (record.time, record.method),
                    (1_767_355_200_000, &b"GET"[..])
                );
                assert_eq!(record.target, b"/v1/orders/42?expand=items");
                assert_eq!(
                    (record.client, record.status),
                    (Some(&b"erp-sync"[..]), Some(200))
                );
                assert_eq!(
                    (record.upstream_status, record.answered_by),
                    (Some(200), AnsweredBy::Upstream)
                );
            });
        }
    }

    #[test]
    fn what_nginx_does_not_escape_for_json_is_read_as_it_must_mean() {
        let line = LINE
            .replace("okhttp/4", r"a\x22b\x5C\xD0\xBF\xZ1")
            .replace(r#""body_bytes_sent":"1843""#, r#""body_bytes_sent":,"rt":"#);
        let line = format!("{}}}", line.replace("\"rt\":,", "").trim_end_matches('}'));
        read(&NginxJson, &line, |record| {
            let record = record.unwrap();
            assert_eq!(record.user_agent, Some("a\"b\\п\\xZ1".as_bytes()));
            assert_eq!(record.target, b"/v1/orders/42?expand=items");
        });
        read(&NginxJson, &LINE.replace("okhttp/4", "a\"b"), |record| {
            assert_eq!(record.unwrap_err(), Skip::Malformed);
        });
    }

    #[test]
    fn what_people_write_for_apache_is_read() {
        let line = r#"{"time":"[02/Jan/2026:12:00:00 +0000]","remoteIP":"198.51.100.23","host":"api.example.com","request":"/v1/orders/42","query":"?expand=items","method":"GET","status":"200","userAgent":"okhttp/4","referer":"-"}"#;
        let seen = super::super::detect::detect(line.as_bytes());
        assert_eq!(
            seen.format().map(|format| format.name()),
            Some("nginx-json")
        );
        read(&NginxJson, line, |record| {
            let record = record.unwrap();
            assert_eq!((record.time, record.status), (1_767_355_200_000, Some(200)));
            assert_eq!(
                (record.method, record.target),
                (&b"GET"[..], &b"/v1/orders/42?expand=items"[..])
            );
            assert_eq!(record.client_ip, Some(&b"198.51.100.23"[..]));
        });
    }

    #[test]
    fn who_refused_and_whether_the_user_was_verified_is_kept() {
        let refused = LINE
            .replace("\"status\":\"200\"", "\"status\":\"401\"")
            .replace("502, 200", "-")
            .replace(r#""remote_user":"""#, r#""remote_user":"erp""#)
            .replace(r#","client_id":"erp-sync""#, "");
        read(&NginxJson, &refused, |record| {
            let record = record.unwrap();
            assert_eq!(
                (record.answered_by, record.anonymous),
                (AnsweredBy::Gateway, true)
            );
        });
    }

    #[test]
    fn no_request_and_no_time_are_told_apart() {
        for nothing in ["", "-", r"\u0016\u0003\u0001"] {
            let line = LINE.replace("GET /v1/orders/42?expand=items HTTP/1.1", nothing);
            read(&NginxJson, &line, |record| {
                assert_eq!(record.unwrap_err(), Skip::OtherRecord, "{nothing}");
            });
        }
        let uri = LINE.replace(
            "\"request\":\"GET /v1/orders/42?expand=items HTTP/1.1\"",
            r#""request_method":"","request_uri":"""#,
        );
        for (status, why) in [
            ("400", Skip::OtherRecord),
            ("414", Skip::OtherRecord),
            ("200", Skip::MissingField),
            ("403", Skip::MissingField),
        ] {
            let line = uri.replace("\"status\":\"200\"", &format!("\"status\":\"{status}\""));
            read(&NginxJson, &line, |record| {
                assert_eq!(record.unwrap_err(), why, "{status}");
            });
        }
        read(&NginxJson, &LINE.replace("time_local", "t"), |record| {
            assert_eq!(record.unwrap_err(), Skip::MissingField);
        });
        read(&NginxJson, &LINE.replace("02/Jan", "02/Mai"), |record| {
            assert_eq!(record.unwrap_err(), Skip::BadTime);
        });
    }
}
