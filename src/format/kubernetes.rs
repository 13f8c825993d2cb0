//! Audit logs of Kubernetes: JSON lines, the lists that webhooks get (`EventList`), and the
//! entries of Azure that hold a record as text (`kubernetes_azure.rs`).
//!
//! Invariants:
//! * one request is one use: that of stage `ResponseComplete`, or `Panic`. A request that takes
//!   long (a watch, `exec`) was allowed when its answer began (`ResponseStarted`), and its end may
//!   be in no log: that stage holds the permission, without a success;
//! * an operation is a permission of RBAC: resource, API group, subresource and verb
//!   (`deployments.apps/scale:update`), or a path and a verb (`/version:get`). Names and
//!   namespaces of objects play no part;
//! * the client is the user who is impersonated, if one is; who impersonates needs `impersonate`;
//! * an update or a patch that made the object (201) needs `create` as well;
//! * permissions that are asked within another request, and leave no line of their own
//!   (`escalate`, `bind`, `use`, `sign`, `approve`, keys of `userextras`), are never judged;
//! * what the authorizer forbade is no use, whatever the status; what it allowed and another
//!   part refused was refused by the service.
//!
//! Source: `k8s.io/apiserver/pkg/apis/audit` (v1 and its betas), and the annotations of the
//! authorization filter.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use super::declared::{Declared, Meaning};
use super::json::{self, Fields};
use super::{
    AuthKind, Decision, LogFormat, Named, RawRecord, RecordReader, SampleLine, Scratch, Shown,
    Skip, Token, asks, clock, detect,
};
use crate::model::{AnsweredBy, Effect};

#[path = "kubernetes_azure.rs"]
mod azure;
#[path = "kubernetes_wildcards.rs"]
mod wildcards;

pub(super) struct Audit;

const STAGE: Meaning = Meaning::Own(0);
const RESOURCE: Meaning = Meaning::Own(1);
const GROUP: Meaning = Meaning::Own(2);
const SUBRESOURCE: Meaning = Meaning::Own(3);
const DECISION: Meaning = Meaning::Own(4);
const USER: Meaning = Meaning::Own(5);
const IMPERSONATED_GROUPS: Meaning = Meaning::Own(6);

static FIELDS: LazyLock<Declared> = LazyLock::new(|| {
    Declared::new(&[
        (
            Meaning::Time,
            &["/requestReceivedTimestamp", "/timestamp", "/stageTimestamp"],
        ),
        (Meaning::Method, &["/verb"]),
        (Meaning::Target, &["/requestURI"]),
        (STAGE, &["/stage"]),
        (RESOURCE, &["/objectRef/resource"]),
        (GROUP, &["/objectRef/apiGroup"]),
        (SUBRESOURCE, &["/objectRef/subresource"]),
        (Meaning::Client, &["/impersonatedUser/username"]),
        (USER, &["/user/username"]),
        (IMPERSONATED_GROUPS, &["/impersonatedUser/groups"]),
        (Meaning::Status, &["/responseStatus/code"]),
        (Meaning::RequestId, &["/auditID"]),
        (Meaning::ClientIp, &["/sourceIPs"]),
        (Meaning::UserAgent, &["/userAgent"]),
        (DECISION, &["/annotations/authorization.k8s.io~1decision"]),
        (
            Meaning::Credential,
            &["/user/extra/authentication.kubernetes.io~1credential-id"],
        ),
    ])
});

/// Verbs that change nothing.
const READS: [&[u8]; 3] = [b"get", b"list", b"watch"];
/// Verbs of requests that change something, those for paths among them.
const WRITES: [&[u8]; 9] = [
    b"create",
    b"update",
    b"patch",
    b"delete",
    b"deletecollection",
    b"post",
    b"put",
    b"head",
    b"options",
];
/// The permissions that an impersonator needs.
const IMPERSONATE: &[u8] = b"users:impersonate";
const IMPERSONATE_ACCOUNT: &[u8] = b"serviceaccounts:impersonate";
const IMPERSONATE_GROUP: &[u8] = b"groups:impersonate";
/// Groups that the API server adds by itself.
const OF_ITSELF: [&[u8]; 3] = [
    b"system:authenticated",
    b"system:unauthenticated",
    b"system:serviceaccounts",
];

impl LogFormat for Audit {
    fn name(&self) -> &'static str {
        "kubernetes-audit"
    }

    fn title(&self) -> &'static str {
        "Kubernetes audit logs (JSON lines or EventList)"
    }

    fn identity_help(&self) -> &'static str {
        "the API server names the user of every request. Without users the file was cut down: write it with an audit \
         policy of level Metadata or above for the resources in question"
    }

    fn names_operations(&self) -> bool {
        true
    }

    fn effect_of(&self, operation: &[u8]) -> Option<Effect> {
        if [IMPERSONATE, IMPERSONATE_ACCOUNT, IMPERSONATE_GROUP].contains(&operation) {
            return Some(Effect::Write);
        }
        let colon = memchr::memrchr(b':', operation).filter(|at| *at > 0)?;
        let (resource, verb) = (&operation[..colon], &operation[colon + 1..]);
        let odd = |byte: &u8| matches!(byte, b'*' | b':') || byte.is_ascii_whitespace();
        let shown = READS.contains(&verb) || WRITES.contains(&verb);
        (shown && !resource.iter().any(odd)).then(|| effect(verb))
    }

    fn shows(&self, permission: &str, _: &BTreeMap<String, Effect>) -> Shown {
        match self.effect_of(permission.as_bytes()) {
            Some(_) if wildcards::is_asked_elsewhere(permission) => Shown::InPart,
            Some(effect) => Shown::Use(effect),
            None if permission.contains('*') => wildcards::shown(permission),
            None => Shown::Nothing,
        }
    }

    fn allows(&self, permission: &str, operation: &str) -> bool {
        wildcards::allows(permission, operation)
    }

    fn as_description(&self) -> Option<String> {
        Some(super::show::json(
            self,
            &FIELDS,
            "an operation is named by its resource and verb, only the last stage of a request counts, and an impersonated user is the client",
        ))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        if azure::is_entry(line) {
            return 6;
        }
        let Some(object) = &line.json else { return 0 };
        let has = |key: &&&str| object.contains_key(**key);
        let version = object.get("apiVersion").and_then(|value| value.as_str());
        let stated = version.is_some_and(|version| version.starts_with("audit.k8s.io/"));
        let keys = [
            "verb",
            "objectRef",
            "requestURI",
            "auditID",
            "stage",
            "responseStatus",
        ];
        let found = keys.iter().filter(has).count();
        let asked = object.contains_key("objectRef") || object.contains_key("requestURI");
        if stated || object.contains_key("verb") && asked && found > 2 {
            super::narrow(found) + 3 * u32::from(stated)
        } else {
            0
        }
    }

    fn open(&self, sample: &[u8]) -> Arc<dyn RecordReader> {
        if detect::sample(sample).any(|line| azure::is_entry(&line)) {
            return Arc::new(azure::Entries);
        }
        Arc::new(Self)
    }
}

impl RecordReader for Audit {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let all = scratch.claims;
        let Scratch {
            json, clock, text, ..
        } = scratch;
        Self::read(line, all, json, clock, text)
    }
}

impl Audit {
    fn read<'a>(
        line: &'a [u8],
        all: bool,
        buffer: &'a mut json::Scratch,
        clock: &mut clock::Clock,
        text: &'a mut Vec<u8>,
    ) -> Result<RawRecord<'a>, Skip> {
        text.clear();
        let declared = &*FIELDS;
        let fields = json::read(line, &declared.plan, buffer)?;
        let get = |meaning| declared.text(&fields, meaning);
        let stage = get(STAGE);
        if stage == Some(b"RequestReceived") {
            return Err(Skip::OtherRecord);
        }
        let verb = get(Meaning::Method).ok_or(Skip::MissingField)?;
        let operation = operation(&fields, verb, text).ok_or(Skip::MissingField)?;
        let time = get(Meaning::Time).ok_or(Skip::MissingField)?;
        let time = clock.any(time).ok_or(Skip::BadTime)?;
        let status = match stage {
            Some(b"Panic") => Some(500),
            // Whether it ends well nobody knows yet.
            Some(b"ResponseStarted") => None,
            _ => declared.status(&fields, Meaning::Status),
        };
        let (user, impersonated) = (get(USER), get(Meaning::Client));
        let client = impersonated.or(user);
        let decision = match get(DECISION) {
            Some(b"allow") => Decision::Allowed,
            Some(b"forbid") => Decision::Denied,
            _ => Decision::Unsaid,
        };
        let credential = declared.element(&fields, Meaning::Credential, false);
        let claims = if asks(all, status) {
            token(credential).into()
        } else {
            super::Claims::default()
        };
        let by = user.filter(|_| impersonated.is_some());
        let account = client.is_some_and(|name| name.starts_with(b"system:serviceaccount:"));
        let as_whom = if account {
            IMPERSONATE_ACCOUNT
        } else {
            IMPERSONATE
        };
        let groups = by.filter(|_| names_groups(&fields));
        let made = status == Some(201) && matches!(verb, b"update" | b"patch");
        let create = made.then(|| self::operation(&fields, b"create", text));
        let create = create.flatten();
        let text: &'a [u8] = text;
        Ok(RawRecord {
            time,
            method: verb,
            target: get(Meaning::Target).unwrap_or_default(),
            named: Some(Named {
                operation: &text[operation],
                effect: effect(verb),
                also: [
                    by.map(|user| (user, as_whom)),
                    groups.map(|user| (user, IMPERSONATE_GROUP)),
                    client.zip(create.map(|place| &text[place])),
                ],
                more: &[],
            }),
            decision,
            client,
            anonymous: client == Some(b"system:anonymous"),
            status,
            answered_by: AnsweredBy::Unknown,
            request_id: get(Meaning::RequestId),
            credential,
            // What comes before the last one the caller may have written itself.
            client_ip: declared.element(&fields, Meaning::ClientIp, true),
            user_agent: get(Meaning::UserAgent),
            claims,
            ..RawRecord::default()
        })
    }
}

fn effect(verb: &[u8]) -> Effect {
    if READS.contains(&verb) {
        Effect::Read
    } else {
        Effect::Write
    }
}

/// The permission that the request needs, in the buffer.
fn operation(fields: &Fields<'_>, verb: &[u8], text: &mut Vec<u8>) -> Option<Range<usize>> {
    let get = |meaning| FIELDS.text(fields, meaning);
    let start = text.len();
    if let Some(resource) = get(RESOURCE) {
        text.extend_from_slice(resource);
        if let Some(group) = get(GROUP) {
            text.push(b'.');
            text.extend_from_slice(group);
        }
        if let Some(sub) = get(SUBRESOURCE) {
            text.push(b'/');
            text.extend_from_slice(sub);
        }
    } else {
        let uri = get(Meaning::Target)?;
        let end = uri.iter().position(|byte| matches!(byte, b'?' | b'#'));
        text.extend_from_slice(&uri[..end.unwrap_or(uri.len())]);
    }
    text.push(b':');
    text.extend_from_slice(verb);
    Some(start..text.len())
}

/// Whether groups were impersonated, beyond those that come of themselves.
fn names_groups(fields: &Fields<'_>) -> bool {
    let mut slots = FIELDS.of(IMPERSONATED_GROUPS).iter();
    let list = slots.find_map(|slot| fields.raw(*slot)).unwrap_or_default();
    let mut names = list.split(|byte| *byte == b'"').skip(1).step_by(2);
    names.any(|name| !OF_ITSELF.contains(&name) && !name.starts_with(b"system:serviceaccounts:"))
}

/// `JTI=...` is the id of a token, `X509SHA256=...` that of a certificate.
fn token(credential: Option<&[u8]>) -> Token<'_> {
    let is = |of: &[u8]| credential.is_some_and(|id| id.starts_with(of));
    let kind = if is(b"JTI=") {
        AuthKind::Token
    } else if is(b"X509") {
        AuthKind::Certificate
    } else {
        AuthKind::Unknown
    };
    Token {
        kind,
        ..Token::default()
    }
}

#[cfg(test)]
#[path = "kubernetes_tests.rs"]
mod tests;
