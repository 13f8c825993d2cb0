//! AWS CloudTrail: events as its files have them (`Records`), or one on a line (JSON).
//!
//! Invariants:
//! * an operation is `eventSource:eventName` (`s3.amazonaws.com:GetObject`); which action of IAM
//!   it needs says `cloudtrail_actions`;
//! * the client is the role of a session (`sessionIssuer.arn`), else the identity itself.
//!   AWS's own services are no clients;
//! * an `errorCode` that says so is a refusal; another error passed the check of permissions,
//!   or nobody can tell;
//! * digests and Insights events are other records;
//! * events of data are in a trail only when somebody asked for them, and those of KMS can be
//!   left out: an operation of such a service that is in no line may well have been used, and
//!   is never judged by silence.
//!
//! Source: "CloudTrail record contents". Some systems write every key in lower case.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::cloudtrail_actions::{action, besides, shown};
use super::declared::{Declared, Meaning};
use super::json;
use super::{
    AuthKind, Claims, Decision, LogFormat, Named, RawRecord, RecordReader, SampleLine, Scratch,
    Shown, Skip, Token,
};
use crate::model::{Effect, Refusal};

pub(super) struct CloudTrail;

const SOURCE: Meaning = Meaning::Own(0);
const ERROR: Meaning = Meaning::Own(1);
const READ_ONLY: Meaning = Meaning::Own(2);
const IDENTITY_TYPE: Meaning = Meaning::Own(3);
const CATEGORY: Meaning = Meaning::Own(4);
const MESSAGE: Meaning = Meaning::Own(5);

static FIELDS: LazyLock<Declared> = LazyLock::new(|| {
    Declared::new(&[
        (Meaning::Time, &["/eventTime", "/eventtime"]),
        (Meaning::Method, &["/eventName", "/eventname"]),
        (SOURCE, &["/eventSource", "/eventsource"]),
        (ERROR, &["/errorCode", "/errorcode"]),
        (MESSAGE, &["/errorMessage", "/errormessage"]),
        (READ_ONLY, &["/readOnly", "/readonly"]),
        (CATEGORY, &["/eventCategory", "/eventcategory"]),
        (IDENTITY_TYPE, &["/userIdentity/type", "/useridentity/type"]),
        (
            Meaning::Client,
            &[
                "/userIdentity/sessionContext/sessionIssuer/arn",
                "/userIdentity/arn",
                "/userIdentity/userName",
                "/userIdentity/principalId",
                "/useridentity/sessioncontext/sessionissuer/arn",
                "/useridentity/arn",
            ],
        ),
        (
            Meaning::ClientAlt,
            &[
                "/userIdentity/sessionContext/sessionIssuer/userName",
                "/userIdentity/userName",
            ],
        ),
        (Meaning::Subject, &["/userIdentity/arn"]),
        (Meaning::Credential, &["/userIdentity/accessKeyId"]),
        (
            Meaning::Issued,
            &["/userIdentity/sessionContext/attributes/creationDate"],
        ),
        (Meaning::RequestId, &["/eventID", "/eventid"]),
        (Meaning::ClientIp, &["/sourceIPAddress", "/sourceipaddress"]),
        (Meaning::UserAgent, &["/userAgent", "/useragent"]),
    ])
});

/// Services with events of data, or whose events can be left out of a trail. What a trail
/// says about these depends on how it was set up.
const SELECTED: [&str; 39] = [
    "appconfig",
    "appsync",
    "aoss",
    "b2bi",
    "bedrock",
    "bedrock-agent",
    "cassandra",
    "cloudtrail-data",
    "cloudwatch",
    "codewhisperer",
    "cognito-identity",
    "cognito-idp",
    "dynamodb",
    "ebs",
    "eks-auth",
    "finspace",
    "geo",
    "glue",
    "guardduty",
    "iotsitewise",
    "kendra-ranking",
    "kinesis",
    "kms",
    "lambda",
    "managedblockchain",
    "medical-imaging",
    "qbusiness",
    "rds-data",
    "rdsdata",
    "s3",
    "s3express",
    "s3-outposts",
    "sagemaker",
    "servicediscovery",
    "sns",
    "sqs",
    "ssm",
    "states",
    "xray",
];

/// Words with which the names of operations begin that change nothing.
const READS: [&str; 12] = [
    "Get", "List", "Describe", "Head", "Lookup", "Search", "Query", "Scan", "Batch", "Check",
    "Simulate", "Verify",
];

/// Error codes of a refusal for want of a right.
const REFUSALS: [&[u8]; 6] = [
    b"AccessDenied",
    b"AccessDeniedException",
    b"Client.UnauthorizedOperation",
    b"UnauthorizedOperation",
    b"UnauthorizedException",
    b"NotAuthorized",
];
/// Those of a caller who did not prove who it is.
const UNKNOWN_CALLER: [&[u8]; 7] = [
    b"ExpiredToken",
    b"ExpiredTokenException",
    b"InvalidClientTokenId",
    b"UnrecognizedClientException",
    b"SignatureDoesNotMatch",
    b"AuthFailure",
    b"InvalidAccessKeyId",
];

impl LogFormat for CloudTrail {
    fn name(&self) -> &'static str {
        "cloudtrail"
    }

    fn title(&self) -> &'static str {
        "AWS CloudTrail events (JSON lines, or files with Records)"
    }

    fn identity_help(&self) -> &'static str {
        "CloudTrail names the identity of every call. Where no event has one, they were cut down, or all are calls of \
         AWS's own services"
    }

    fn names_operations(&self) -> bool {
        true
    }

    fn effect_of(&self, operation: &[u8]) -> Option<Effect> {
        let (source, name) = std::str::from_utf8(operation).ok()?.split_once(':')?;
        let service = source.strip_suffix(".amazonaws.com")?;
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
        let judged = plain && !service.is_empty() && !SELECTED.contains(&service);
        judged.then(|| effect(name.as_bytes(), None))
    }

    fn permission(&self, operation: &str) -> Option<String> {
        action(operation)
    }

    fn shows(&self, permission: &str, seen: &BTreeMap<String, Effect>) -> Shown {
        let source = permission.split_once(':').map_or("", |(source, _)| source);
        if source.contains('.') {
            let effect = self.effect_of(permission.as_bytes());
            return effect.map_or(Shown::Nothing, Shown::Use);
        }
        let effect = |name: &str| effect(name.as_bytes(), None);
        shown(permission, seen, &SELECTED, (&READS, effect))
    }

    fn as_description(&self) -> Option<String> {
        Some(super::show::json(
            self,
            &FIELDS,
            "an operation is named by service and event, the client is the role of the session, and an error that is no refusal proves nothing",
        ))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let more = [
            "userIdentity",
            "eventTime",
            "awsRegion",
            "eventType",
            "eventVersion",
            "sourceIPAddress",
        ];
        let lower = [
            "useridentity",
            "eventtime",
            "awsregion",
            "eventtype",
            "eventversion",
            "sourceipaddress",
        ];
        let found = line.keys(&["eventSource", "eventName"], &more)
            + line.keys(&["eventsource", "eventname"], &lower);
        if found > 2 { found } else { 0 }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        Arc::new(Self)
    }
}

impl RecordReader for CloudTrail {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let Scratch {
            json: buffer,
            clock,
            text,
            ..
        } = scratch;
        let declared = &*FIELDS;
        let fields = json::read(line, &declared.plan, buffer)?;
        let get = |meaning| declared.text(&fields, meaning);
        if get(CATEGORY) == Some(b"Insight") || is_digest(line) {
            return Err(Skip::OtherRecord);
        }
        let source = get(SOURCE).ok_or(Skip::MissingField)?;
        let name = get(Meaning::Method).ok_or(Skip::MissingField)?;
        let time = get(Meaning::Time).ok_or(Skip::MissingField)?;
        let time = clock.any(time).ok_or(Skip::BadTime)?;
        text.clear();
        text.extend_from_slice(source);
        text.push(b':');
        text.extend_from_slice(name);
        let error = get(ERROR).unwrap_or_default();
        let is = |of: &[&[u8]]| of.contains(&error);
        let failed_login = error.is_empty() && get(MESSAGE) == Some(b"Failed authentication");
        let (decision, status, refusal) = if is(&REFUSALS) {
            (Decision::Denied, Some(403), Refusal::Authorisation)
        } else if is(&UNKNOWN_CALLER) || failed_login {
            (Decision::Unsaid, Some(401), Refusal::Authentication)
        } else if error.is_empty() {
            (Decision::Unsaid, Some(200), Refusal::Unsaid)
        } else {
            // Whether it got past the check of permissions nobody can tell: a need.
            (Decision::Unsaid, None, Refusal::Unsaid)
        };
        let mut slots = declared.of(READ_ONLY).iter();
        let read_only = slots.find_map(|slot| fields.raw(*slot));
        let own_service = get(IDENTITY_TYPE) == Some(b"AWSService");
        let client = get(Meaning::Client).filter(|_| !own_service);
        let token = Token {
            issued: get(Meaning::Issued)
                .and_then(|time| clock.any(time))
                .map(|time| time.div_euclid(1_000)),
            kind: client.map_or(AuthKind::Unknown, |_| AuthKind::Signature),
            ..Token::default()
        };
        Ok(RawRecord {
            time,
            method: name,
            target: source,
            named: Some(Named {
                more: besides(text),
                ..Named::one(text, effect(name, read_only))
            }),
            decision,
            client,
            client_alt: get(Meaning::ClientAlt).filter(|alt| client.is_some_and(|own| own != *alt)),
            status,
            request_id: get(Meaning::RequestId),
            subject: get(Meaning::Subject).filter(|own| Some(*own) != client),
            credential: get(Meaning::Credential),
            client_ip: get(Meaning::ClientIp),
            user_agent: get(Meaning::UserAgent),
            claims: Claims { token, refusal },
            ..RawRecord::default()
        })
    }
}

/// Digests of log files lie in the same bucket.
fn is_digest(line: &[u8]) -> bool {
    line.starts_with(b"{\"awsAccountId\"")
        && memchr::memmem::find(line, b"\"digestStartTime\"").is_some()
}

/// The event says it, or the first word of its name.
fn effect(name: &[u8], read_only: Option<&[u8]>) -> Effect {
    let reads = match read_only {
        Some(b"true") => true,
        Some(b"false") => false,
        _ => {
            READS.iter().any(|word| name.starts_with(word.as_bytes()))
                && !name.starts_with(b"BatchWrite")
        }
    };
    if reads { Effect::Read } else { Effect::Write }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    const LINE: &str = r#"{"eventVersion":"1.09","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:erp-sync","arn":"arn:aws:sts::111122223333:assumed-role/erp/erp-sync","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/erp","userName":"erp"},"attributes":{"creationDate":"2026-01-02T11:40:00Z"}}},"eventTime":"2026-01-02T12:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-1","sourceIPAddress":"198.51.100.23","userAgent":"aws-sdk-go","requestParameters":null,"requestID":"ABC","eventID":"5f0c","readOnly":true,"eventType":"AwsApiCall","eventCategory":"Data"}"#;

    #[test]
    fn the_documented_event_names_its_operation_and_its_role() {
        read(&CloudTrail, LINE, |record| {
            let record = record.unwrap();
            let named = record.named.unwrap();
            assert_eq!(
                (named.operation, named.effect),
                (&b"s3.amazonaws.com:GetObject"[..], Effect::Read)
            );
            assert_eq!(
                record.client,
                Some(&b"arn:aws:iam::111122223333:role/erp"[..])
            );
            assert_eq!(record.client_alt, Some(&b"erp"[..]));
            assert_eq!((record.time, record.status), (1_767_355_200_000, Some(200)));
            assert_eq!(record.claims.token.issued, Some(1_767_354_000));
        });
        // An empty issuer next to an identity.
        let user = LINE.replace(r#""sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/erp","userName":"erp"}"#, r#""sessionIssuer":{}"#);
        read(&CloudTrail, &user, |record| {
            assert_eq!(
                record.unwrap().client,
                Some(&b"arn:aws:sts::111122223333:assumed-role/erp/erp-sync"[..])
            );
        });
        read(
            &CloudTrail,
            &LINE.replace("AssumedRole", "AWSService"),
            |record| {
                assert_eq!(record.unwrap().client, None);
            },
        );
    }

    #[test]
    fn an_error_code_is_a_refusal_or_no_proof() {
        let of = |code: &str| {
            let line = LINE.replace(
                r#""eventID""#,
                &format!(r#""errorCode":"{code}","eventID""#),
            );
            read(&CloudTrail, &line, |record| {
                let record = record.unwrap();
                (record.decision, record.status)
            })
        };
        assert_eq!(of("AccessDenied"), (Decision::Denied, Some(403)));
        assert_eq!(of("ExpiredToken"), (Decision::Unsaid, Some(401)));
        assert_eq!(of("NoSuchKey"), (Decision::Unsaid, None));
    }

    #[test]
    fn other_records_are_passed_over_and_what_a_trail_may_leave_out_is_not_judged() {
        for other in [
            r#"{"eventVersion":"1.07","eventTime":"2026-01-02T12:00:00Z","eventCategory":"Insight","eventSource":"s3.amazonaws.com"}"#,
            r#"{"awsAccountId":"1","digestStartTime":"2026-01-02T12:00:00Z"}"#,
        ] {
            read(&CloudTrail, other, |record| {
                assert_eq!(record.unwrap_err(), Skip::OtherRecord);
            });
        }
        read(&CloudTrail, &LINE.replace("eventTime", "t"), |record| {
            assert_eq!(record.unwrap_err(), Skip::MissingField);
        });
        let of = |name: &str| CloudTrail.effect_of(name.as_bytes());
        assert_eq!(of("iam.amazonaws.com:CreateUser"), Some(Effect::Write));
        assert_eq!(of("iam.amazonaws.com:ListUsers"), Some(Effect::Read));
        for silent in [
            "s3.amazonaws.com:GetObject",
            "iam.amazonaws.com:*",
            "s3:GetObject",
            "kms.amazonaws.com:Decrypt",
        ] {
            assert_eq!(of(silent), None, "{silent}");
        }
    }
}
