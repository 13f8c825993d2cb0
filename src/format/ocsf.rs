//! Open Cybersecurity Schema Framework: API Activity (class 6003) and HTTP Activity (4002),
//! as JSON lines.
//!
//! Invariants:
//! * an API Activity that names its operation is that operation: `service:operation`, or
//!   the operation alone where no service is named; anything else is an HTTP request;
//! * other classes are other records;
//! * which operations a source logs is not known: a permission that is in no line is never
//!   judged by silence.
//!
//! The client is the application (`actor.app_uid`, `actor.app_name`), else the user.
//!
//! Who decided is not in it: `status_id` and `action_id` say whether.
//!
//! Source: the OCSF schema, version 1.

use std::sync::{Arc, LazyLock};

use super::declared::{Declared, Meaning};
use super::json::{self, Fields};
use super::requests::Requests;
use super::{Decision, LogFormat, Named, RawRecord, RecordReader, SampleLine, Scratch, Skip};
use crate::model::Effect;

pub(super) struct Ocsf;

const CLASS: Meaning = Meaning::Own(0);
const OPERATION: Meaning = Meaning::Own(1);
const SERVICE: Meaning = Meaning::Own(2);
const STATUS_ID: Meaning = Meaning::Own(3);
const STATUS_CODE: Meaning = Meaning::Own(4);
const ACTION: Meaning = Meaning::Own(5);
const ACTIVITY: Meaning = Meaning::Own(6);

static FIELDS: LazyLock<Arc<Declared>> = LazyLock::new(|| {
    Arc::new(Declared::new(&[
        (CLASS, &["/class_uid"]),
        (Meaning::Time, &["/time", "/time_dt"]),
        (Meaning::Method, &["/http_request/http_method"]),
        (Meaning::Target, &["/http_request/url/path"]),
        (Meaning::Path, &["/http_request/url/url_string"]),
        (Meaning::Query, &["/http_request/url/query_string"]),
        (OPERATION, &["/api/operation"]),
        (SERVICE, &["/api/service/name"]),
        (
            Meaning::Status,
            &["/http_response/code", "/http_status", "/api/response/code"],
        ),
        (STATUS_ID, &["/status_id"]),
        (STATUS_CODE, &["/api/response/error", "/status_code"]),
        (ACTION, &["/action_id"]),
        (ACTIVITY, &["/activity_id"]),
        (
            Meaning::Client,
            &[
                "/actor/app_uid",
                "/actor/app_name",
                "/actor/user/name",
                "/actor/user/uid",
            ],
        ),
        (Meaning::Subject, &["/actor/user/uid", "/actor/user/name"]),
        (
            Meaning::Credential,
            &["/actor/user/credential_uid", "/actor/session/uid"],
        ),
        (
            Meaning::RequestId,
            &["/http_request/uid", "/api/request/uid", "/metadata/uid"],
        ),
        (Meaning::Host, &["/http_request/url/hostname"]),
        (Meaning::ClientIp, &["/src_endpoint/ip"]),
        (Meaning::UserAgent, &["/http_request/user_agent"]),
    ]))
});

/// API Activity and HTTP Activity.
const CLASSES: [&[u8]; 2] = [b"6003", b"4002"];

impl LogFormat for Ocsf {
    fn name(&self) -> &'static str {
        "ocsf"
    }

    fn title(&self) -> &'static str {
        "OCSF API Activity and HTTP Activity (JSON lines)"
    }

    fn identity_help(&self) -> &'static str {
        "OCSF has a place for the application that calls: let the pipeline that makes the events fill `actor.app_uid` \
         from the log it reads"
    }

    fn names_operations(&self) -> bool {
        true
    }

    fn tells_who_refused(&self) -> bool {
        false
    }

    fn as_description(&self) -> Option<String> {
        Some(super::show::json(
            self,
            &FIELDS,
            "which class a record is of decides what it means, and a denied action is a refusal",
        ))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let class = line.at("class_uid").and_then(serde_json::Value::as_u64);
        let known = class.is_some_and(|own| matches!(own, 6003 | 4002));
        if known {
            2 + line.keys(&["time"], &["metadata", "activity_id"])
        } else {
            0
        }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        let requests = Requests::new(&FIELDS)
            .passing_over(|declared, fields| !is_known(declared, fields))
            .and(decide);
        Arc::new(Reader(requests))
    }
}

struct Reader(Requests);

impl RecordReader for Reader {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        // Only an API Activity has it.
        if memchr::memmem::find(line, b"\"operation\"").is_none() {
            return self.0.parse(line, scratch);
        }
        let Scratch {
            json: buffer,
            clock,
            text,
            ..
        } = scratch;
        let declared = &**FIELDS;
        let fields = json::read(line, &declared.plan, buffer)?;
        let get = |meaning| declared.text(&fields, meaning);
        if !is_known(declared, &fields) {
            return Err(Skip::OtherRecord);
        }
        let time = get(Meaning::Time).ok_or(Skip::MissingField)?;
        let time = clock.any(time).ok_or(Skip::BadTime)?;
        text.clear();
        if let Some(service) = get(SERVICE) {
            text.extend_from_slice(service);
            text.push(b':');
        }
        text.extend_from_slice(get(OPERATION).ok_or(Skip::MissingField)?);
        let effect = match get(ACTIVITY) {
            Some(b"2") => Effect::Read,
            _ => Effect::Write,
        };
        let mut record = RawRecord {
            time,
            method: get(Meaning::Method).unwrap_or(b"call"),
            target: get(Meaning::Target).unwrap_or_default(),
            named: Some(Named::one(text, effect)),
            client: get(Meaning::Client),
            status: declared.status(&fields, Meaning::Status),
            request_id: get(Meaning::RequestId),
            subject: get(Meaning::Subject),
            credential: get(Meaning::Credential),
            client_ip: get(Meaning::ClientIp),
            user_agent: get(Meaning::UserAgent),
            ..RawRecord::default()
        };
        decide(declared, &fields, &mut record);
        Ok(record)
    }
}

fn is_known(declared: &Declared, fields: &Fields<'_>) -> bool {
    declared
        .text(fields, CLASS)
        .is_none_or(|class| CLASSES.contains(&class))
}

/// What was decided: a denial by its words, or a success without a status.
fn decide<'a>(declared: &Declared, fields: &Fields<'a>, record: &mut RawRecord<'a>) {
    let get = |meaning| declared.text(fields, meaning);
    let code = get(STATUS_CODE).unwrap_or_default();
    let denied = [
        &b"AccessDenied"[..],
        b"Client.UnauthorizedOperation",
        b"PERMISSION_DENIED",
        b"Forbidden",
    ];
    let refused = denied.iter().any(|own| code.starts_with(own));
    if refused || get(ACTION) == Some(b"2") {
        record.decision = Decision::Denied;
    } else if record.status.is_none() && get(STATUS_ID) == Some(b"1") {
        record.status = Some(200);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    const CALL: &str = r#"{"class_uid":6003,"activity_id":2,"time":1767355200117,"status_id":1,"api":{"operation":"GetObject","service":{"name":"s3"}},"actor":{"app_uid":"erp","user":{"uid":"u1"}},"src_endpoint":{"ip":"198.51.100.23"},"metadata":{"uid":"m1"}}"#;
    const HTTP: &str = r#"{"class_uid":4002,"activity_id":3,"time":1767355200117,"http_request":{"http_method":"GET","url":{"path":"/v1/orders","query_string":"x=1","hostname":"api.example.com"}},"http_response":{"code":200},"actor":{"app_name":"erp"},"metadata":{}}"#;

    #[test]
    fn a_call_is_its_operation_and_a_request_its_path() {
        read(&Ocsf, CALL, |record| {
            let record = record.unwrap();
            let named = record.named.unwrap();
            assert_eq!(
                (named.operation, named.effect),
                (&b"s3:GetObject"[..], Effect::Read)
            );
            assert_eq!(
                (record.client, record.status),
                (Some(&b"erp"[..]), Some(200))
            );
        });
        read(&Ocsf, HTTP, |record| {
            let record = record.unwrap();
            assert_eq!(
                (record.time, record.target),
                (1_767_355_200_117, &b"/v1/orders?x=1"[..])
            );
            assert_eq!((record.client, record.named), (Some(&b"erp"[..]), None));
        });
    }

    #[test]
    fn a_denial_is_no_use_and_other_classes_are_passed_over() {
        for denied in [
            CALL.replace(
                "\"status_id\":1",
                "\"status_id\":2,\"status_code\":\"AccessDenied\"",
            ),
            CALL.replace("\"status_id\":1", "\"action_id\":2"),
        ] {
            read(&Ocsf, &denied, |record| {
                assert_eq!(record.unwrap().decision, Decision::Denied);
            });
        }
        for line in [CALL, HTTP] {
            let other = line.replace("6003", "3002").replace("4002", "3002");
            read(&Ocsf, &other, |record| {
                assert_eq!(record.unwrap_err(), Skip::OtherRecord);
            });
        }
        read(&Ocsf, &CALL.replace("\"time\"", "\"t\""), |record| {
            assert_eq!(record.unwrap_err(), Skip::MissingField);
        });
        assert_eq!(Ocsf.effect_of(b"s3:GetObject"), None);
    }
}
