//! F25: operations that change something and ask nobody who it is.

use crate::finding::rule::{nist, owasp, pci};
use crate::finding::served::served;
use crate::finding::{Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity};
use crate::model::{Method, Operation, Requirement};

pub(super) struct PublicWrite;

static DOC: Doc = Doc {
    number: "F25",
    id: "public-write",
    title: "An operation that changes something is public or states no requirement",
    what: "By the API description, an operation with a method that writes accepts callers that prove nothing (`security: []`, or `{}` among the alternatives), or states no requirement at all, neither itself nor for the whole API.",
    why: "Whoever knows the address can change data. What states nothing is protected by what somebody remembers, and the next gateway or client library may take it for public.",
    example: "DELETE /v1/orders is public by its description (`security: []`) and served 1 client (3 requests): till",
    guards: "High for `security: []` on an operation that served requests in the window, and for `{}` among the alternatives where requests that name no caller passed; medium for the others: unused, or without a statement. A POST that is public by nature is a note: the token endpoint, logging in, signing up, asking for a new password, and what takes in webhooks and callbacks of others. Where the description states a requirement for no operation at all, it does not speak of security, and the rule is not evaluable.",
    action: "State what the operation requires, and check with a request without a token that it is refused; where it is meant to be public, put it on the `allow` list.",
    fields: &["security requirements in the API description"],
    severity: Severity::High,
    thresholds: &[],
    controls: &[owasp("API2"), owasp("API5"), nist("AC-14"), pci("7.2.1")],
};

/// Last words of paths that callers use before they are known.
const BY_NATURE: [&str; 20] = [
    "authenticate",
    "callback",
    "callbacks",
    "device_authorization",
    "forgot",
    "forgot-password",
    "introspect",
    "login",
    "password-reset",
    "register",
    "reset-password",
    "revoke",
    "session",
    "sessions",
    "sign-in",
    "sign-up",
    "signin",
    "signup",
    "token",
    "tokens",
];
/// The same, before the name of the one who calls: `/webhooks/stripe`, `/login/{provider}`.
const FROM_OTHERS: [&str; 7] = [
    "callback",
    "callbacks",
    "hooks",
    "login",
    "webhook",
    "webhooks",
    "signin",
];

impl Rule for PublicWrite {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        let states = |operation: &Operation| {
            let scopes = operation
                .requirement
                .clauses()
                .iter()
                .any(|one| !one.is_empty());
            scopes || operation.security.ways().next().is_some()
        };
        if context.catalog.operations.iter().any(states) {
            return Ok(());
        }
        Err(MissingField::new(
            "security requirements in the API description (no operation states any)",
        ))
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let all = &context.catalog.operations;
        let served = served(context, |index| open(&all[index]).is_some());
        let mut findings = Vec::new();
        for (index, operation) in all.iter().enumerate() {
            let Some(open) = open(operation) else {
                continue;
            };
            let served = served.get(&index);
            let severity = match (open, served) {
                _ if is_public_by_nature(operation) => Severity::Note,
                (Open::Everybody, Some(_)) => Severity::High,
                (Open::AmongOthers, Some(served)) if served.nobody > 0 => Severity::High,
                _ => Severity::Medium,
            };
            let what = match open {
                Open::Everybody => "is public by its description (`security: []`)",
                Open::AmongOthers => {
                    "accepts callers that prove nothing alongside others (`{}` in its `security`)"
                }
                Open::Unstated => "states no requirement that can be read",
            };
            let how = match served {
                Some(served) => format!("served {}", served.whom()),
                None => "served no request in the window".to_owned(),
            };
            let label = operation.label();
            let message = format!("{label} {what} and {how}");
            let finding = Finding::new(&DOC, settings, "", label, message)
                .graded(settings, severity)
                .at(operation.place.clone());
            findings.push(match served {
                Some(served) => served.on(finding),
                None => finding,
            });
        }
        findings
    }
}

/// In which way an operation is open.
#[derive(Clone, Copy)]
enum Open {
    /// Nobody has to prove anything.
    Everybody,
    /// Callers may, and need not.
    AmongOthers,
    /// Nothing is said.
    Unstated,
}

/// How an operation that changes something is open, if it is.
fn open(operation: &Operation) -> Option<Open> {
    if !operation.is_write() {
        return None;
    }
    if operation.optional_auth || operation.security.is_public() {
        let ways = operation.security.ways().next().is_some();
        let scopes = operation
            .requirement
            .clauses()
            .iter()
            .any(|scopes| !scopes.is_empty());
        return Some(if ways || scopes {
            Open::AmongOthers
        } else {
            Open::Everybody
        });
    }
    (operation.requirement == Requirement::Unspecified).then_some(Open::Unstated)
}

fn is_public_by_nature(operation: &Operation) -> bool {
    let path = operation.path.to_ascii_lowercase();
    let mut words = path.rsplit(['/', ':']).filter(|word| !word.is_empty());
    let (last, before) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let by_nature = !last.starts_with('{') && BY_NATURE.contains(&last);
    operation.method == Method::Post && (by_nature || FROM_OTHERS.contains(&before))
}
