//! AWS API Gateway access logs in the text forms of the console's templates: CLF, CSV and XML.
//!
//! ```text
//! REST   ip caller user [requestTime] "METHOD resourcePath PROTOCOL" status length requestId extendedRequestId
//! HTTP   ip - - [requestTime] "METHOD routeKey PROTOCOL" status length requestId
//! REST   ip,caller,user,requestTime,METHOD,resourcePath,PROTOCOL,status,length,requestId,extendedRequestId
//! HTTP   ip,requestTime,METHOD,routeKey,PROTOCOL,status,length,requestId
//! both   <request id="requestId"> <ip>ip</ip> ... <resourcePath>resourcePath</resourcePath> ... </request>
//! ```
//!
//! Invariants:
//! * the path is the gateway's template, never what the caller sent: `/{proxy+}` may be any
//!   operation;
//! * the key of a route has its method in front (`GET /pets/{id}`), or is `$default`;
//! * nothing is escaped and there is no header in the CSV: a line with another number of cells
//!   is malformed;
//! * a message of a WebSocket has no method and no path: another record.
//!
//! Source: Amazon API Gateway developer guide, "Set up CloudWatch logging", examples of formats.

use super::{RawRecord, Scratch, Skip};
use crate::format::combined::parts::find_date;
use crate::format::json::parse_status;

/// One line of any of the forms.
struct Line<'a> {
    ip: &'a [u8],
    caller: &'a [u8],
    user: &'a [u8],
    time: &'a [u8],
    method: &'a [u8],
    /// Template or key of a route.
    resource: &'a [u8],
    status: &'a [u8],
    /// The extended id where there is one.
    request_id: &'a [u8],
}

/// Whether a line is of these forms: nobody else ends a line with such an id, or names a template.
pub(super) fn is_text(text: &[u8]) -> bool {
    line(text).is_some()
}

fn line(text: &[u8]) -> Option<Line<'_>> {
    if text.starts_with(b"<") {
        xml(text)
    } else if find_date(text).is_some() {
        clf(text)
    } else {
        csv(text)
    }
}

pub(super) fn read<'a>(text: &'a [u8], scratch: &mut Scratch) -> Result<RawRecord<'a>, Skip> {
    let line = line(text).ok_or(Skip::Malformed)?;
    let time = scratch.clock.clf(line.time).ok_or(Skip::BadTime)?;
    let says = |text: &'a [u8]| Some(text).filter(|text| !matches!(*text, b"" | b"-"));
    // The key of a route repeats the method.
    let path = match memchr::memchr(b' ', line.resource) {
        Some(at) => &line.resource[at + 1..],
        None => line.resource,
    };
    if path.first() != Some(&b'/') && path != b"$default" {
        return Err(Skip::OtherRecord);
    }
    let catches_all = memchr::memmem::find(path, b"+}").is_some();
    let (user, caller) = (says(line.user), says(line.caller));
    Ok(RawRecord {
        time,
        method: says(line.method).ok_or(Skip::MissingField)?,
        target: path,
        template: Some(path).filter(|path| path.first() == Some(&b'/') && !catches_all),
        templated: true,
        client: user.or(caller),
        client_alt: caller.filter(|caller| user.is_some_and(|user| user != *caller)),
        status: parse_status(line.status),
        request_id: says(line.request_id),
        client_ip: says(line.ip),
        ..RawRecord::default()
    })
}

fn clf(text: &[u8]) -> Option<Line<'_>> {
    let date = find_date(text)?;
    let mut before = text[..date.start - 1].split(|byte| *byte == b' ');
    let (ip, caller, user) = (before.next()?, before.next()?, before.next()?);
    if before.next().is_some_and(|rest| !rest.is_empty()) {
        return None;
    }
    let asked = &text[date.end + 3..];
    let end = memchr::memrchr(b'"', asked)?;
    let after = asked.get(end + 2..)?;
    let asked = &asked[..end];
    let (method, asked) = asked.split_at(memchr::memchr(b' ', asked)?);
    let asked = &asked[1..];
    let (resource, _protocol) = asked.split_at(memchr::memrchr(b' ', asked)?);
    let mut words = after.split(|byte| *byte == b' ');
    let (status, second, third) = (words.next()?, words.next()?, words.next());
    let (fourth, none) = (words.next(), words.next().is_none());
    // A message of a WebSocket has no length. Others log a UUID as well, but no template.
    let message = third.is_none() && matches!(method, b"CONNECT" | b"MESSAGE" | b"DISCONNECT");
    let request_id = third.unwrap_or(second);
    let known = if is_uuid(request_id) {
        message
            || memchr::memchr(b'{', resource).is_some()
            || fourth.is_some_and(|id| id == b"-" || is_short(id))
    } else {
        is_short(request_id) && (third.is_some() || message)
    };
    (known && none).then_some(Line {
        ip,
        caller,
        user,
        time: &text[date],
        method,
        resource,
        status,
        request_id: fourth.filter(|id| *id != b"-").unwrap_or(request_id),
    })
}

fn csv(text: &[u8]) -> Option<Line<'_>> {
    let mut cells = [&b""[..]; 11];
    let mut count = 0;
    for cell in text.split(|byte| *byte == b',') {
        *cells.get_mut(count)? = cell;
        count += 1;
    }
    let line = match (count, cells) {
        (8, [ip, time, method, resource, _, status, _, request_id, ..]) => Line {
            ip,
            caller: b"-",
            user: b"-",
            time,
            method,
            resource,
            status,
            request_id,
        },
        (
            11,
            [
                ip,
                caller,
                user,
                time,
                method,
                resource,
                _,
                status,
                _,
                own,
                extended,
            ],
        ) => Line {
            ip,
            caller,
            user,
            time,
            method,
            resource,
            status,
            request_id: if extended == b"-" { own } else { extended },
        },
        _ => return None,
    };
    let date = line.time.get(2) == Some(&b'/') && line.time.get(11) == Some(&b':');
    let protocol = cells[if count == 8 { 4 } else { 6 }];
    (date && protocol.starts_with(b"HTTP/")).then_some(line)
}

/// Elements with text and no others; nothing is escaped.
fn xml(text: &[u8]) -> Option<Line<'_>> {
    let rest = text.strip_prefix(b"<request id=\"")?;
    let (request_id, rest) = rest.split_at(memchr::memchr(b'"', rest)?);
    let element = |name: &str| {
        let open = format!("<{name}>");
        let start = memchr::memmem::find(rest, open.as_bytes())? + open.len();
        let end = memchr::memmem::find(&rest[start..], format!("</{name}>").as_bytes())?;
        Some(rest[start..start + end].trim_ascii())
    };
    Some(Line {
        ip: element("ip").unwrap_or_default(),
        caller: element("caller").unwrap_or_default(),
        user: element("user").unwrap_or_default(),
        time: element("requestTime")?,
        method: element("httpMethod").unwrap_or_default(),
        resource: element("resourcePath").or_else(|| element("routeKey"))?,
        status: element("status").unwrap_or_default(),
        request_id,
    })
}

fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The extended id of a REST API and the id of an HTTP API, which end with `=`.
fn is_short(text: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_+/=".contains(byte);
    (12..=24).contains(&text.len()) && text.ends_with(b"=") && text.iter().all(letter)
}

#[cfg(test)]
mod tests {
    use super::super::AwsApiGateway;
    use super::*;
    use crate::format::detect::detect;
    use crate::format::testing;

    const REST: &str = r#"198.51.100.23 AIDAEXAMPLE erp-sync [02/Jan/2026:12:00:00 +0000] "GET /orders/{id} HTTP/1.1" 200 1843 c6af9ac6-7b61-11e6-9a41-93e8deadbeef XyZ1EHJoIAMFabc="#;
    const HTTP: &str = r#"198.51.100.23 - - [02/Jan/2026:12:00:00 +0000] "GET GET /orders/{id} HTTP/1.1" 200 1843 JKJaXmPLvHcESHA="#;
    const REST_CSV: &str = "198.51.100.23,AIDAEXAMPLE,erp-sync,02/Jan/2026:12:00:00 +0000,GET,/orders/{id},HTTP/1.1,200,1843,c6af9ac6-7b61-11e6-9a41-93e8deadbeef,XyZ1EHJoIAMFabc=";
    const REST_XML: &str = r#"<request id="c6af9ac6-7b61-11e6-9a41-93e8deadbeef"> <ip>198.51.100.23</ip> <caller>AIDAEXAMPLE</caller> <user>erp-sync</user> <requestTime>02/Jan/2026:12:00:00 +0000</requestTime> <httpMethod>GET</httpMethod> <resourcePath>/orders/{id}</resourcePath> <status>200</status> <protocol>HTTP/1.1</protocol> <responseLength>1843</responseLength> </request>"#;
    const HTTP_CSV: &str = "198.51.100.23,02/Jan/2026:12:00:00 +0000,GET,GET /orders/{id},HTTP/1.1,200,1843,JKJaXmPLvHcESHA=";

    fn read<T>(line: &str, check: impl Fn(Result<RawRecord<'_>, Skip>) -> T) -> T {
        testing::read(&AwsApiGateway, line, check)
    }

    #[test]
    fn every_template_of_the_console_gives_the_route_and_who_called() {
        for line in [REST, HTTP, REST_CSV, HTTP_CSV, REST_XML] {
            let seen = detect(format!("{line}\n").as_bytes());
            assert_eq!(
                seen.format().map(|format| format.name()),
                Some("aws-apigw"),
                "{seen:?}"
            );
            read(line, |record| {
                let record = record.unwrap();
                assert_eq!((record.time, record.status), (1_767_355_200_000, Some(200)));
                assert_eq!(
                    (record.method, record.target),
                    (&b"GET"[..], &b"/orders/{id}"[..]),
                    "{line}"
                );
                assert!(record.templated);
                assert_eq!(record.template, Some(&b"/orders/{id}"[..]));
            });
        }
        for line in [REST, REST_CSV] {
            read(line, |record| {
                let record = record.unwrap();
                assert_eq!(
                    (record.client, record.client_alt),
                    (Some(&b"erp-sync"[..]), Some(&b"AIDAEXAMPLE"[..]))
                );
                assert_eq!(record.request_id, Some(&b"XyZ1EHJoIAMFabc="[..]));
            });
        }
    }

    #[test]
    fn what_catches_all_is_no_template_and_a_message_is_no_request() {
        for all in [
            REST.replace("/orders/{id}", "/{proxy+}"),
            HTTP.replace("GET /orders/{id}", "$default"),
            HTTP_CSV.replace("GET /orders/{id}", "$default"),
        ] {
            read(&all, |record| {
                let record = record.unwrap();
                assert!(record.templated && record.template.is_none(), "{all}");
            });
        }
        let message = r#"198.51.100.23 - - [02/Jan/2026:12:00:00 +0000] "MESSAGE sendMessage abc=" 200 c6af9ac6-7b61-11e6-9a41-93e8deadbeef"#;
        read(message, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord);
        });
    }

    #[test]
    fn a_line_of_another_server_and_one_with_cells_too_many_are_not_of_it() {
        for other in [
            r#"198.51.100.23 - erp [02/Jan/2026:12:00:00 +0000] "GET /orders HTTP/1.1" 200 1843"#,
            r#"198.51.100.23 - erp [02/Jan/2026:12:00:00 +0000] "GET /orders HTTP/1.1" 200 1843 "-" "okhttp/4""#,
        ] {
            let seen = detect(format!("{other}\n").as_bytes());
            assert_eq!(seen.format().map(|format| format.name()), Some("combined"));
        }
        for odd in [
            &REST_CSV.replace("erp-sync", "a,b"),
            &REST_CSV[..80],
            &REST[..100],
        ] {
            read(odd, |record| {
                assert_eq!(record.unwrap_err(), Skip::Malformed, "{odd}");
            });
        }
    }
}
