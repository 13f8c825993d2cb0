//! One JSON object per line with `time, client_id, method, path, status`: the
//! form to which any other log can be mapped.
//!
//! A gateway that could not read a request has no path for it: such a line is no record. One
//! without the key, or with another status, is rejected.

use std::sync::{Arc, LazyLock};

use super::combined::request::was_never_read;
use super::declared::{Declared, Meaning};
use super::json;
use super::{
    AuthKind, Claims, LogFormat, RawRecord, RecordReader, SampleLine, Scratch, Skip, Token, asks,
    clock,
};
use crate::model::AnsweredBy;

pub(super) struct Native;

/// One of the names of [`AuthKind`].
const AUTH: Meaning = Meaning::Own(0);

static FIELDS: LazyLock<Declared> = LazyLock::new(|| {
    Declared::new(&[
        (Meaning::Time, &["/time"]),
        (Meaning::Client, &["/client_id"]),
        (Meaning::Method, &["/method"]),
        (Meaning::Target, &["/path"]),
        (Meaning::Status, &["/status"]),
        (Meaning::RequestId, &["/request_id"]),
        (Meaning::UpstreamStatus, &["/upstream_status"]),
        (Meaning::AnsweredBy, &["/answered_by"]),
        (Meaning::Host, &["/host"]),
        (Meaning::Subject, &["/subject", "/subject_id"]),
        (Meaning::Credential, &["/credential", "/credential_id"]),
        (Meaning::Scopes, &["/scopes", "/token_scopes"]),
        (Meaning::ClientIp, &["/ip", "/remote_addr", "/client_ip"]),
        (Meaning::UserAgent, &["/user_agent"]),
        (Meaning::Issued, &["/iat", "/token_iat"]),
        (Meaning::Expires, &["/exp", "/token_exp"]),
        (AUTH, &["/auth"]),
    ])
});

impl LogFormat for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn title(&self) -> &'static str {
        "flat JSON lines with time, client_id, method, path, status"
    }

    fn identity_help(&self) -> &'static str {
        "give every line a `client_id`, the name that the policy file uses for the caller"
    }

    fn as_description(&self) -> Option<String> {
        Some(super::show::json(
            self,
            &FIELDS,
            "the kind of authentication, and who answered",
        ))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let all = ["time", "method", "path", "status"];
        let found = line.json.as_ref();
        let found = found.is_some_and(|object| all.iter().all(|key| object.contains_key(*key)));
        // Others use these names as well, and have more of their own.
        u32::from(found)
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        Arc::new(Self)
    }
}

impl RecordReader for Native {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let all = scratch.claims;
        let Scratch {
            json: buffer,
            clock,
            ..
        } = scratch;
        let declared = &*FIELDS;
        let fields = json::read(line, &declared.plan, buffer)?;
        let text = |meaning| declared.text(&fields, meaning);
        let status = declared.status(&fields, Meaning::Status);
        let no_path = text(Meaning::Target).is_none() && declared.has(&fields, Meaning::Target);
        if no_path && was_never_read(status) {
            return Err(Skip::OtherRecord);
        }
        let (Some(time), Some(method), Some(target)) = (
            text(Meaning::Time),
            text(Meaning::Method),
            text(Meaning::Target),
        ) else {
            return Err(Skip::MissingField);
        };
        let time = if time.len() >= 19 {
            clock.any(time)
        } else {
            clock::epoch(time)
        }
        .ok_or(Skip::BadTime)?;
        let upstream_status = declared.status(&fields, Meaning::UpstreamStatus);
        let answered_by = match text(Meaning::AnsweredBy) {
            Some(b"gateway") => AnsweredBy::Gateway,
            Some(b"upstream") => AnsweredBy::Upstream,
            _ if upstream_status.is_some() => AnsweredBy::Upstream,
            // There and empty: no service was asked.
            _ if matches!(status, Some(401 | 403))
                && declared.has(&fields, Meaning::UpstreamStatus) =>
            {
                AnsweredBy::Gateway
            }
            _ => AnsweredBy::Unknown,
        };
        let claims = if asks(all, status) {
            token(&fields).into()
        } else {
            Claims::default()
        };
        Ok(RawRecord {
            time,
            method,
            target,
            client: text(Meaning::Client),
            status,
            upstream_status,
            answered_by,
            request_id: text(Meaning::RequestId),
            host: text(Meaning::Host),
            subject: text(Meaning::Subject),
            credential: text(Meaning::Credential),
            token_scopes: declared.scopes(&fields),
            client_ip: text(Meaning::ClientIp),
            user_agent: text(Meaning::UserAgent),
            claims,
            ..RawRecord::default()
        })
    }
}

fn token<'a>(fields: &json::Fields<'a>) -> Token<'a> {
    let declared = &*FIELDS;
    let issued = declared.seconds(fields, Meaning::Issued);
    let expires = declared.seconds(fields, Meaning::Expires);
    let stated = declared
        .text(fields, AUTH)
        .and_then(|text| AuthKind::parse(std::str::from_utf8(text).ok()?));
    let by_claims = (issued.is_some() || expires.is_some()).then_some(AuthKind::Token);
    Token {
        issued,
        expires,
        kind: stated.or(by_claims).unwrap_or_default(),
        credential: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = (Option<Vec<u8>>, Option<u16>, i64);

    fn read(line: &str) -> Result<Read, Skip> {
        let mut scratch = Scratch::default();
        let record = Native.parse(line.as_bytes(), &mut scratch)?;
        Ok((
            record.client.map(<[u8]>::to_vec),
            record.status,
            record.time,
        ))
    }

    #[test]
    fn times_may_be_text_or_epoch_and_codes_text_or_number() {
        let noon = 1_767_355_200_000;
        for (time, status) in [
            ("\"2026-01-02T12:00:00Z\"", "200"),
            ("1767355200", "\"200\""),
            ("1767355200000", "200"),
        ] {
            let line = format!(
                r#"{{"time":{time},"client_id":"erp","method":"GET","path":"/x","status":{status}}}"#
            );
            assert_eq!(
                read(&line),
                Ok((Some(b"erp".to_vec()), Some(200), noon)),
                "{line}"
            );
        }
    }

    #[test]
    fn a_client_that_is_a_dash_or_missing_is_nobody() {
        for client in ["\"client_id\":\"-\",", "\"client_id\":null,", ""] {
            let line =
                format!(r#"{{{client}"time":1767355200,"method":"GET","path":"/x","status":0}}"#);
            assert_eq!(read(&line).unwrap(), (None, None, 1_767_355_200_000));
        }
    }

    #[test]
    fn a_request_that_no_gateway_could_read_is_no_record_and_a_served_one_without_a_path_is_rejected()
     {
        let with = |path: &str, status: &str| {
            let line = format!(r#"{{"time":1767355200,"method":"",{path}"status":{status}}}"#);
            read(&line).unwrap_err()
        };
        for path in [r#""path":"","#, r#""path":"-","#, r#""path":null,"#] {
            for status in ["400", "\"408\"", "414", "431", "505"] {
                assert_eq!(with(path, status), Skip::OtherRecord, "{path} {status}");
            }
            for status in ["200", "401", "404", "500", "0"] {
                assert_eq!(with(path, status), Skip::MissingField, "{path} {status}");
            }
        }
        assert_eq!(with("", "400"), Skip::MissingField);
    }

    #[test]
    fn an_empty_status_of_the_service_says_that_the_gateway_refused() {
        let by = |status: u16, more: &str| {
            let line = format!(
                r#"{{"time":1767355200,"method":"GET","path":"/x","status":{status}{more}}}"#
            );
            let mut scratch = Scratch::default();
            let record = Native.parse(line.as_bytes(), &mut scratch).unwrap();
            record.answered_by
        };
        let empty = r#","upstream_status":"""#;
        assert_eq!(by(403, empty), AnsweredBy::Gateway);
        assert_eq!(by(401, r#","upstream_status":"-""#), AnsweredBy::Gateway);
        assert_eq!(by(403, r#","upstream_status":"403""#), AnsweredBy::Upstream);
        assert_eq!(by(403, ""), AnsweredBy::Unknown);
        assert_eq!(by(502, empty), AnsweredBy::Unknown);
    }

    #[test]
    fn only_a_text_or_a_list_is_a_list_of_scopes() {
        let scopes = |value: &str| {
            let line = format!(
                r#"{{"time":1767355200,"method":"GET","path":"/x","status":200,"scopes":{value}}}"#
            );
            let mut scratch = Scratch::default();
            let record = Native.parse(line.as_bytes(), &mut scratch).unwrap();
            record.token_scopes.map(<[u8]>::to_vec)
        };
        for list in [r#""a b""#, r#""[\"a\",\"b\"]""#, r#"["a","b"]"#, r#""""#] {
            assert!(scopes(list).is_some(), "{list}");
        }
        for other in ["7", "null", r#"{"a":1}"#, r#""-""#, r#""[\"a\",\"b""#] {
            assert_eq!(scopes(other), None, "{other}");
        }
    }

    #[test]
    fn a_client_name_is_kept_byte_for_byte() {
        let line =
            r#"{"time":1767355200,"client_id":"Erp ","method":"GET","path":"/x","status":200}"#;
        assert_eq!(read(line).unwrap().0, Some(b"Erp ".to_vec()));
    }
}
