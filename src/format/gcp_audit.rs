//! Google Cloud audit logs (JSON lines of Cloud Logging).
//!
//! Invariants:
//! * an operation is a permission of IAM, as the entry names it (`storage.objects.get`); one
//!   request may need several, and uses all that were granted. An entry without permissions
//!   has the name of its method, which no policy names;
//! * what was denied (`granted: false`, or status 7) is no use, whatever else was granted;
//! * a long call is in the log at its beginning and its end: the entry of the end without
//!   permissions is another record;
//! * entries of reading and of data are off by default ("Data Access audit logs"): a
//!   permission of that kind that is in no line may well have been used, and is never judged
//!   by silence.
//!
//! The client is the principal: its mail address, or its subject.
//!
//! Source: `AuditLog` and `LogEntry` of Cloud Logging. Some systems write keys in lower case.

use std::sync::{Arc, LazyLock};

use super::declared::{Declared, Meaning};
use super::json::list::{member, objects};
use super::json::{self, Fields};
use super::{
    AuthKind, Claims, Decision, LogFormat, Named, RawRecord, RecordReader, SampleLine, Scratch,
    Skip, Token,
};
use crate::model::{AnsweredBy, Effect};

pub(super) struct GcpAudit;

const METHOD_NAME: Meaning = Meaning::Own(0);
const PERMISSIONS: Meaning = Meaning::Own(1);
const CODE: Meaning = Meaning::Own(2);
const LAST: Meaning = Meaning::Own(3);
const FIRST: Meaning = Meaning::Own(4);
const AUDIT: Meaning = Meaning::Own(5);

static FIELDS: LazyLock<Declared> = LazyLock::new(|| {
    Declared::new(&[
        (
            Meaning::Time,
            &["/timestamp", "/receiveTimestamp", "/receivetimestamp"],
        ),
        (
            AUDIT,
            &[
                "/protoPayload/methodName",
                "/protoPayload/authorizationInfo",
                "/protopayload/methodname",
            ],
        ),
        (
            METHOD_NAME,
            &["/protoPayload/methodName", "/protopayload/methodname"],
        ),
        (
            Meaning::Target,
            &["/protoPayload/resourceName", "/protopayload/resourcename"],
        ),
        (
            PERMISSIONS,
            &[
                "/protoPayload/authorizationInfo",
                "/protopayload/authorizationinfo",
            ],
        ),
        (
            CODE,
            &["/protoPayload/status/code", "/protopayload/status/code"],
        ),
        (FIRST, &["/operation/first"]),
        (LAST, &["/operation/last"]),
        (
            Meaning::Client,
            &[
                "/protoPayload/authenticationInfo/principalEmail",
                "/protoPayload/authenticationInfo/principalSubject",
                "/protopayload/authenticationinfo/principalemail",
            ],
        ),
        (
            Meaning::Credential,
            &["/protoPayload/authenticationInfo/serviceAccountKeyName"],
        ),
        (Meaning::RequestId, &["/insertId", "/insertid"]),
        (
            Meaning::ClientIp,
            &[
                "/protoPayload/requestMetadata/callerIp",
                "/protopayload/requestmetadata/callerip",
            ],
        ),
        (
            Meaning::UserAgent,
            &["/protoPayload/requestMetadata/callerSuppliedUserAgent"],
        ),
    ])
});

/// The last words of permissions that change how a project is set up. Such entries are always
/// written ("Admin Activity audit logs").
const ADMIN: [&str; 7] = [
    "create",
    "delete",
    "update",
    "setIamPolicy",
    "undelete",
    "enable",
    "disable",
];
/// Services of which that is so. Others write data under the same words.
const ADMIN_SERVICES: [&str; 8] = [
    "iam.",
    "resourcemanager.",
    "compute.",
    "container.",
    "cloudfunctions.",
    "run.",
    "dns.",
    "deploymentmanager.",
];

impl LogFormat for GcpAudit {
    fn name(&self) -> &'static str {
        "gcp-audit"
    }

    fn title(&self) -> &'static str {
        "Google Cloud audit logs (JSON lines)"
    }

    fn identity_help(&self) -> &'static str {
        "audit logs name the principal of every call, except where it is redacted: calls of read-only methods that \
         were denied, and calls by users outside the organisation. Read the log of the project that owns the resource"
    }

    fn names_operations(&self) -> bool {
        true
    }

    fn effect_of(&self, operation: &[u8]) -> Option<Effect> {
        let name = std::str::from_utf8(operation).ok()?;
        let word = name.rsplit('.').next()?;
        let admin = ADMIN.contains(&word) && ADMIN_SERVICES.iter().any(|own| name.starts_with(own));
        admin.then_some(Effect::Write)
    }

    fn as_description(&self) -> Option<String> {
        let code = "one call uses every permission that it was granted, and status 7 is a refusal";
        Some(super::show::json(self, &FIELDS, code))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let more = [
            "logName",
            "insertId",
            "resource",
            "severity",
            "logname",
            "insertid",
            "receiveTimestamp",
            "timestamp",
        ];
        let found = line.keys(&["protoPayload/methodName"], &more)
            + line.keys(&["protoPayload/authorizationInfo"], &more)
            + line.keys(&["protopayload/methodname"], &more);
        if found > 1 { 2 + found } else { 0 }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        Arc::new(Self)
    }
}

impl RecordReader for GcpAudit {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let Scratch {
            json: buffer,
            clock,
            text,
            ..
        } = scratch;
        text.clear();
        let declared = &*FIELDS;
        let fields = json::read(line, &declared.plan, buffer)?;
        let get = |meaning| declared.text(&fields, meaning);
        if !declared.has(&fields, AUDIT) {
            return Err(Skip::OtherRecord);
        }
        let code = get(CODE).unwrap_or(b"0");
        let refused = code == b"7";
        let found = permissions(&fields, refused, text);
        let ends = declared.has(&fields, LAST) && !declared.has(&fields, FIRST);
        if found == Found::Nothing && ends {
            return Err(Skip::OtherRecord);
        }
        let time = get(Meaning::Time).ok_or(Skip::MissingField)?;
        let time = clock.any(time).ok_or(Skip::BadTime)?;
        let method = get(METHOD_NAME).unwrap_or(b"call");
        if found == Found::Nothing {
            text.extend_from_slice(get(METHOD_NAME).ok_or(Skip::MissingField)?);
            text.push(b'\n');
        }
        let decision = match found {
            Found::Granted if !refused => Decision::Allowed,
            Found::Unsaid | Found::Nothing if !refused => Decision::Unsaid,
            _ => Decision::Denied,
        };
        let text: &'a [u8] = text;
        let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
        let (operation, more) = (&text[..end], text.get(end + 1..).unwrap_or_default());
        let credential = get(Meaning::Credential);
        Ok(RawRecord {
            time,
            method,
            target: get(Meaning::Target).unwrap_or_default(),
            named: Some(Named {
                more,
                ..Named::one(operation, effect(operation))
            }),
            decision,
            client: get(Meaning::Client),
            status: Some(status(code)),
            answered_by: AnsweredBy::Unknown,
            request_id: get(Meaning::RequestId),
            credential,
            client_ip: get(Meaning::ClientIp),
            user_agent: get(Meaning::UserAgent),
            claims: Claims::from(Token {
                kind: credential.map_or(AuthKind::Unknown, |_| AuthKind::Signature),
                ..Token::default()
            }),
            ..RawRecord::default()
        })
    }
}

/// What the list of permissions says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Granted,
    Unsaid,
    Denied,
}

/// The permissions of the entry, each ended by a line end: of a refused request those that
/// were refused, of another one those that were not.
fn permissions(fields: &Fields<'_>, refused: bool, text: &mut Vec<u8>) -> Found {
    let mut slots = FIELDS.of(PERMISSIONS).iter();
    let list = slots.find_map(|slot| fields.raw(*slot)).unwrap_or_default();
    let granted = |object| match member(object, "granted") {
        Some(b"true") => Found::Granted,
        Some(b"false") => Found::Denied,
        _ => Found::Unsaid,
    };
    let all = || {
        objects(list).filter_map(|object| Some((member(object, "permission")?, granted(object))))
    };
    let mut order = [Found::Granted, Found::Unsaid, Found::Denied];
    if refused {
        order.reverse();
    }
    let Some(found) = order
        .into_iter()
        .find(|kind| all().any(|(_, own)| own == *kind))
    else {
        return Found::Nothing;
    };
    for (permission, granted) in all() {
        let wanted = granted == found || (found == Found::Granted && granted == Found::Unsaid);
        let mut known = text.split(|byte| *byte == b'\n');
        if wanted && !permission.is_empty() && !known.any(|own| own == permission) {
            text.extend_from_slice(permission);
            text.push(b'\n');
        }
    }
    if text.is_empty() {
        Found::Nothing
    } else {
        found
    }
}

/// The last word of a permission says what it does; what is not known changes something.
fn effect(operation: &[u8]) -> Effect {
    let word = operation
        .rsplit(|byte| *byte == b'.')
        .next()
        .unwrap_or_default();
    let reads = [
        &b"get"[..],
        b"list",
        b"search",
        b"read",
        b"query",
        b"Get",
        b"List",
    ];
    if reads.iter().any(|read| word.starts_with(read)) {
        Effect::Read
    } else {
        Effect::Write
    }
}

/// The HTTP status of a code of gRPC (`google.rpc.Code`).
fn status(code: &[u8]) -> u16 {
    match code {
        b"0" => 200,
        b"3" | b"9" | b"11" => 400,
        b"5" => 404,
        b"6" | b"10" => 409,
        b"7" => 403,
        b"8" => 429,
        b"14" => 503,
        b"16" => 401,
        _ => 500,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    const LINE: &str = r#"{"insertId":"a","logName":"projects/p/logs/cloudaudit.googleapis.com%2Fdata_access","protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","authenticationInfo":{"principalEmail":"erp@p.iam.gserviceaccount.com","serviceAccountKeyName":"//iam/keys/1"},"authorizationInfo":[{"permission":"storage.objects.delete","resource":"b","granted":true,"resourceAttributes":{"x":[1]}},{"granted":true,"permission":"storage.objects.create"},{"granted":true,"permission":"storage.objects.delete"}],"methodName":"storage.objects.create","requestMetadata":{"callerIp":"198.51.100.23"},"status":{}},"timestamp":"2026-01-02T12:00:00.117Z"}"#;

    #[test]
    fn every_permission_that_was_granted_is_used() {
        read(&GcpAudit, LINE, |record| {
            let record = record.unwrap();
            let named = record.named.unwrap();
            assert_eq!(
                (record.time, named.operation),
                (1_767_355_200_117, &b"storage.objects.delete"[..])
            );
            assert_eq!(named.more, b"storage.objects.create\n");
            assert_eq!(record.client, Some(&b"erp@p.iam.gserviceaccount.com"[..]));
            assert_eq!(
                (record.decision, record.status),
                (Decision::Allowed, Some(200))
            );
        });
    }

    #[test]
    fn what_was_denied_is_no_use_and_names_what_was_denied() {
        let of = |line: &str| {
            read(&GcpAudit, line, |record| {
                let record = record.unwrap();
                (
                    record.decision,
                    String::from_utf8_lossy(record.named.unwrap().operation).into_owned(),
                )
            })
        };
        let denied = LINE
            .replace("\"status\":{}", "\"status\":{\"code\":7}")
            .replace("\"granted\":true,", "");
        assert_eq!(of(&denied).0, Decision::Denied);
        assert_eq!(
            of(&LINE.replace("true", "false")),
            (Decision::Denied, "storage.objects.delete".to_owned())
        );
        let partly = denied.replace(
            "\"permission\":\"storage.objects.create\"",
            "\"granted\":true,\"permission\":\"storage.objects.create\"",
        );
        assert_eq!(of(&partly).1, "storage.objects.delete");
        // Left out, and the call was answered.
        let unsaid = LINE.replace("\"granted\":true,", "");
        assert_eq!(of(&unsaid).0, Decision::Unsaid);
        let none = LINE.replace("authorizationInfo", "x");
        assert_eq!(
            of(&none),
            (Decision::Unsaid, "storage.objects.create".to_owned())
        );
    }

    #[test]
    fn the_end_of_a_long_call_is_another_record_and_data_is_not_judged_by_silence() {
        let end = LINE.replace("authorizationInfo", "x").replace(
            "{\"insertId\"",
            "{\"operation\":{\"last\":true},\"insertId\"",
        );
        read(&GcpAudit, &end, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord);
        });
        read(&GcpAudit, &LINE.replace("timestamp", "t"), |record| {
            assert_eq!(record.unwrap_err(), Skip::MissingField);
        });
        assert_eq!(GcpAudit.effect_of(b"storage.objects.create"), None);
        assert_eq!(GcpAudit.effect_of(b"compute.instances.get"), None);
        assert_eq!(
            GcpAudit.effect_of(b"iam.serviceAccounts.create"),
            Some(Effect::Write)
        );
    }
}
