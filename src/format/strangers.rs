//! Files that are no request log, and what they are.
//!
//! In: the first lines of a file that no format reads. Out: its kind, so that nobody forces a
//! format on it. Next to request logs such a file is passed over record by record, and each
//! is counted.

use std::sync::Arc;

use super::nginx_json;
use super::requests::holds_request;
use super::{ALL, Format, LogFormat, RawRecord, RecordReader, SampleLine, Scratch, Skip};

/// What the format of such a file is called in outputs.
pub(crate) const NAME: &str = "other";

/// A kind: its name with what to do instead, and its lines.
struct Kind(&'static str, fn(&SampleLine<'_>) -> bool);

/// These are requests, or may be, which are not read: not to be passed over.
const REQUESTS: [&str; 5] = [WITHOUT_TIME, AZURE, AWS_WAF, MOD_SECURITY, NOTHING];
const WITHOUT_TIME: &str =
    "an NGINX access log without a time: add \"time\":\"$time_iso8601\" to its log_format";
const AZURE: &str = "a resource log of Azure that may tell of requests and is not read (read are GatewayLogs of API Management, \
    ApplicationGatewayAccessLog, FrontDoorAccessLog and MicrosoftGraphActivityLogs)";
const AWS_WAF: &str = "a log of AWS WAF, which has no answers: the access log of the load balancer, CloudFront or API Gateway has the same requests";
const MOD_SECURITY: &str =
    "an audit log of ModSecurity: the access log of the web server has the same requests";

const NOTHING: &str =
    "records in JSON that tell of no request: nothing in them is a method, a path or a status";

/// Categories of Azure's logs that tell of changes, of sign-ins and of the state of resources.
///
/// Firewalls and probes repeat, or never were, requests of the access log next to them.
const NO_REQUESTS: [&str; 33] = [
    "administrative",
    "adfssigninlogs",
    "alert",
    "applicationgatewayfirewalllog",
    "applicationgatewayperformancelog",
    "auditlogs",
    "autoscale",
    "azfwapplicationrule",
    "azfwdnsquery",
    "azfwnatrule",
    "azfwnetworkrule",
    "azurefirewallapplicationrule",
    "azurefirewalldnsproxy",
    "azurefirewallnetworkrule",
    "directorymanagement",
    "enrichedoffice365auditlogs",
    "frontdoorhealthprobelog",
    "frontdoorwebapplicationfirewalllog",
    "managedidentitysigninlogs",
    "networksecuritygroupevent",
    "networksecuritygroupflowevent",
    "noninteractiveusersigninlogs",
    "policy",
    "provisioninglogs",
    "recommendation",
    "resourcehealth",
    "riskyusers",
    "serviceprincipalriskevents",
    "userriskevents",
    "security",
    "serviceprincipalsigninlogs",
    "servicehealth",
    "signinlogs",
];

static KINDS: [Kind; 15] = [
    Kind(
        "an Okta system log: it tells of sign-ins and of changes, not of requests to an API",
        |line| {
            line.keys(
                &["eventType", "actor"],
                &["published", "outcome", "displayMessage"],
            ) > 2
                || line.keys(&["eventType", "legacyEventType"], &[]) > 0
                || line.keys(
                    &["eventtype", "actor"],
                    &["published", "outcome", "displaymessage"],
                ) > 2
        },
    ),
    Kind(
        "an Auth0 tenant log: it tells of sign-ins and of calls of Auth0's own management API",
        |line| {
            line.keys(&["data", "data/client_id", "data/date"], &[]) > 0
                || line.keys(&["log_id", "type", "client_id", "date"], &[]) > 0
        },
    ),
    Kind(
        "an Azure activity, sign-in or firewall log: it is no log of an API gateway (GatewayLogs of API Management are)",
        |line| {
            is_azure(line)
                && line.says("category", |own| {
                    NO_REQUESTS.contains(&&*own.to_ascii_lowercase())
                })
        },
    ),
    Kind(AZURE, is_azure),
    Kind(WITHOUT_TIME, |line| {
        nginx_json::is_request(line) && !nginx_json::has_time(line)
    }),
    Kind(
        "an error log of a web server: its access log is next to it",
        |line| is_error_log(line.text),
    ),
    Kind("status counters of NGINX Plus", |line| {
        line.keys(&["nginx_version", "connections"], &[]) > 0
    }),
    Kind("OpenTelemetry log records without HTTP requests", |line| {
        // Each record of an export is a line of its own here.
        let own = ["timeUnixNano", "observedTimeUnixNano"];
        let record = own.iter().any(|key| line.keys(&[key, "body"], &[]) > 0);
        (record || line.keys(&["resourceLogs"], &[]) > 0) && !holds_request(line.text)
    }),
    Kind(
        "messages of applications in the Elastic Common Schema",
        |line| {
            let ecs = ["ecs.version", "ecs/version"];
            let mut ecs = ecs.iter().map(|key| line.keys(&[key, "message"], &[]));
            ecs.any(|found| found > 0) && !holds_request(line.text)
        },
    ),
    Kind(
        "an execution log of AWS API Gateway: its access log is a setting of the stage",
        |line| {
            line.text.starts_with(b"(")
                && memchr::memmem::find(line.text, b") Extended Request Id:").is_some()
                || line.text.starts_with(b"Extended Request Id:")
        },
    ),
    Kind(AWS_WAF, |line| {
        line.keys(&["webaclId", "httpRequest", "action"], &[]) > 0
    }),
    Kind(MOD_SECURITY, |line| {
        let section = line
            .text
            .strip_prefix(b"--")
            .and_then(|id| id.strip_suffix(b"--"));
        let id = section.and_then(|id| id.split_last_chunk::<2>());
        id.is_some_and(|(id, [dash, part])| {
            *dash == b'-' && part.is_ascii_uppercase() && id.len() >= 8
        }) || line.keys(&["transaction/request", "transaction/producer"], &[]) > 0
    }),
    Kind("a server log of PostgreSQL", |line| {
        let has = |word| memchr::memmem::find(line.text, word).is_some();
        let levels = [
            &b"LOG:  "[..],
            b"ERROR:  ",
            b"FATAL:  ",
            b"STATEMENT:  ",
            b"DETAIL:  ",
            b"WARNING:  ",
        ];
        line.text.first().is_some_and(u8::is_ascii_digit)
            && levels.into_iter().any(has)
            && !holds_request(line.text)
    }),
    Kind("messages of an application, as keys and values", |line| {
        let has = |key| memchr::memmem::find(line.text, key).is_some();
        let request = [&b"method="[..], b"path=", b"uri=", b"url=", b"status="];
        has(b" level=") && has(b" msg=") && !request.into_iter().any(has)
    }),
    Kind(NOTHING, |line| {
        let object = line.json.as_ref();
        object.is_some_and(|object| !object.is_empty() && object.iter().all(tells_nothing))
    }),
];

/// Words of keys under which somebody writes something of a request.
const WORDS: [&str; 22] = [
    "action",
    "api",
    "call",
    "client",
    "code",
    "endpoint",
    "event",
    "http",
    "log",
    "message",
    "method",
    "msg",
    "operation",
    "path",
    "query",
    "request",
    "resource",
    "route",
    "status",
    "uri",
    "url",
    "verb",
];

/// Whether neither a key nor what is in it may be a part of a request.
fn tells_nothing((key, value): (&String, &serde_json::Value)) -> bool {
    use serde_json::Value;
    let mut words = key.split(|letter: char| !letter.is_ascii_alphanumeric());
    // Counts and flags are about many of them, and none of one.
    let counted = matches!(value, Value::Bool(_))
        || words.clone().any(|word| {
            matches!(
                word,
                "total" | "count" | "max" | "mean" | "score" | "stddev"
            )
        });
    if !counted
        && words.any(|word| {
            WORDS
                .iter()
                .any(|own| word.to_ascii_lowercase().contains(own))
        })
    {
        return matches!(value, Value::String(text) if text.len() < 40 && is_date(text));
    }
    match value {
        Value::String(text) => !text.contains('/') && !text.contains(" HTTP"),
        Value::Array(items) => items.iter().all(|item| tells_nothing((key, item))),
        Value::Object(object) => object.iter().all(tells_nothing),
        _ => true,
    }
}

/// A date, which is nothing of a request whatever its key is called.
fn is_date(text: &str) -> bool {
    text.len() >= 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-'
}

/// The kind of this name as a format, unless its lines are requests.
pub(crate) fn passed_over(kind: &str) -> Option<Format> {
    let known = KINDS.iter().find(|own| own.0 == kind)?;
    (!REQUESTS.contains(&kind)).then_some(Format::Known(known))
}

impl LogFormat for Kind {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        self.0
    }

    fn identity_help(&self) -> &'static str {
        ""
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        u32::from((self.1)(line))
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        Arc::new(PassedOver(self.1))
    }
}

/// Knows the lines of its kind. Another one that holds a request, or is of some format, is a
/// request that is not read, and no other record.
struct PassedOver(fn(&SampleLine<'_>) -> bool);

impl RecordReader for PassedOver {
    fn parse<'a>(&self, line: &'a [u8], _: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let line = SampleLine::of(line);
        let request =
            || holds_request(line.text) || ALL.iter().any(|format| format.recognises(&line) > 0);
        Err(if !(self.0)(&line) && request() {
            Skip::Malformed
        } else {
            Skip::OtherRecord
        })
    }
}

/// Logs that Azure's diagnostic settings export.
fn is_azure(line: &SampleLine<'_>) -> bool {
    line.keys(
        &["category", "operationName"],
        &["resourceId", "correlationId", "properties"],
    ) > 3
}

/// Whether a line is known to be no request.
pub(super) fn is_known(line: &SampleLine<'_>) -> bool {
    let first = KINDS.iter().find(|kind| (kind.1)(line));
    first.is_some_and(|kind| !REQUESTS.contains(&kind.0))
}

/// What most of the lines are, if it is known.
pub(super) fn kind<'a>(lines: impl Iterator<Item = &'a SampleLine<'a>>) -> Option<&'static str> {
    let (mut counts, mut all) = ([0_usize; KINDS.len()], 0);
    for line in lines {
        all += 1;
        let first = KINDS.iter().position(|kind| (kind.1)(line));
        if let Some(first) = first {
            counts[first] += 1;
        }
    }
    let (kind, count) = counts
        .iter()
        .enumerate()
        .max_by_key(|(kind, count)| (**count, usize::MAX - kind))?;
    (*count * 2 > all).then(|| KINDS[kind].0)
}

/// NGINX: `2026/01/02 12:00:00 [error] 7#7: ...`. Apache: `[Fri Jan 02 12:00:00.880562 2026] [core:error] ...`.
fn is_error_log(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&text[..text.len().min(80)]);
    let level = |word: &str| {
        [
            "[error]", "[warn]", "[notice]", "[crit]", "[info]", "[alert]",
        ]
        .contains(&word)
    };
    let mut words = text.split(' ');
    let nginx = words
        .next()
        .is_some_and(|day| day.len() == 10 && day.as_bytes()[4] == b'/')
        && words.nth(1).is_some_and(level);
    let apache = text.starts_with('[') && text.get(4..5) == Some(" ") && text.contains("] [");
    nginx || apache
}
