//! One JSON object per line with `time, client_id, method, path, status`: the
//! form to which any other log can be mapped.

use std::sync::LazyLock;

use super::json::{self, Plan};
use super::{AuthKind, LogFormat, RawRecord, SampleLine, Scratch, Skip, Token, clock, token};
use crate::model::AnsweredBy;

pub(super) struct Native;

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    Plan::new(&[
        &["time"],
        &["client_id"],
        &["method"],
        &["path"],
        &["status"],
        &["request_id"],
        &["upstream_status"],
        &["answered_by"],
        &["host"],
        &["subject"],
        &["credential"],
        &["scopes"],
        &["ip"],
        &["remote_addr"],
        &["user_agent"],
        &["iat"],
        &["exp"],
        &["auth"],
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

    fn recognises(&self, line: &SampleLine<'_>) -> bool {
        line.json.as_ref().is_some_and(|object| {
            ["time", "method", "path", "status"]
                .iter()
                .all(|key| object.contains_key(*key))
        })
    }

    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let Scratch {
            json: buffer,
            clock,
            ..
        } = scratch;
        let fields = json::read(line, &PLAN, buffer)?;
        let (Some(time), Some(method), Some(target)) =
            (fields.text(0), fields.text(2), fields.text(3))
        else {
            return Err(Skip::MissingField);
        };
        let time = if time.len() >= 19 {
            clock.any(time)
        } else {
            clock::epoch(time)
        }
        .ok_or(Skip::BadTime)?;
        let upstream_status = fields.status(6);
        let answered_by = match fields.text(7) {
            Some(b"gateway") => AnsweredBy::Gateway,
            Some(b"upstream") => AnsweredBy::Upstream,
            _ if upstream_status.is_some() => AnsweredBy::Upstream,
            _ => AnsweredBy::Unknown,
        };
        Ok(RawRecord {
            time,
            method,
            target,
            client: fields.text(1),
            status: fields.status(4),
            upstream_status,
            answered_by,
            request_id: fields.text(5),
            host: fields.text(8),
            subject: fields.text(9),
            credential: fields.text(10),
            token_scopes: token::scopes(&fields, 11),
            client_ip: fields.text(12).or_else(|| fields.text(13)),
            user_agent: fields.text(14),
            fields: Some(fields),
            ..RawRecord::default()
        })
    }

    fn token<'a>(&self, raw: &RawRecord<'a>) -> Token<'a> {
        let Some(fields) = raw.fields else {
            return Token::default();
        };
        let (issued, expires) = (
            token::seconds(&fields, &[15]),
            token::seconds(&fields, &[16]),
        );
        // One of the names of `AuthKind`.
        let stated = fields
            .text(17)
            .and_then(|text| AuthKind::parse(std::str::from_utf8(text).ok()?));
        let by_claims = (issued.is_some() || expires.is_some()).then_some(AuthKind::Token);
        Token {
            issued,
            expires,
            kind: stated.or(by_claims).unwrap_or_default(),
            credential: None,
        }
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
