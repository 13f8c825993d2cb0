//! F8: clients that can do nearly everything.

use std::collections::BTreeSet;

use crate::finding::rule::{iso, nist, soc2};
use crate::finding::shared::{needs_requirements, terms};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::model::words::plural;

pub(super) struct GodToken;

static DOC: Doc = Doc {
    number: "F8",
    id: "god-token",
    title: "One client can do most of the API",
    what: "A client's exposure, the risk-weighted share of the API that its scopes open, is above the limit; or it holds a scope whose name says that it is for administrators and that opens something: `admin`, `administrator`, `root`, `superuser` or `owner` as a part of its own (`users:admin`, `admin:write`), or a compound that ends with `admin`, `administrator` or `superuser` (`super-admin`).",
    why: "Whoever takes over this one client has the API.",
    example: "legacy-cron: opens 62 % of the risk-weighted API and needed 4 %",
    guards: "A word that only describes a thing does not count: `owner-profile:read`, `root-cause:read`, `account-owner:read`. Platform operators need much by nature: put them on the `allow` list, so that the exception is written down. Exposure counts operations of the API description only.",
    action: "Apply the proposed removals; split the client by task; give rare rights just in time.",
    fields: &["scopes required by the operations"],
    severity: Severity::Medium,
    thresholds: &[Threshold {
        key: "max_exposure",
        unit: Unit::Percent,
        default: 50,
        text: "exposure above which a client is reported",
    }],
    controls: &[nist("AC-6(5)"), iso("A.8.2"), soc2("CC6.3")],
};

impl Rule for GodToken {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        needs_requirements(context)
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let limit = u32::try_from(settings.threshold(&DOC, "max_exposure")).unwrap_or(100);
        let (wide, others): (Vec<_>, Vec<_>) = context
            .analysis
            .clients
            .iter()
            .partition(|client| client.exposure.before * 100.0 > f64::from(limit));
        let wide = wide.into_iter().map(|client| {
            let message = format!(
                "opens {:.0} % of the risk-weighted API and needed {:.0} %",
                client.exposure.before * 100.0,
                client.exposure.needed * 100.0
            );
            let places = client.terms.iter().flat_map(|term| context.places(term));
            Finding::new(&DOC, settings, client.id.as_str(), "client", message).at(places)
        });
        let narrow: BTreeSet<&str> = others.iter().map(|client| client.id.as_str()).collect();
        let admin = terms(context, (&DOC, settings), |client, term| {
            let opens = context.universe.opens([&term.term]).len();
            let named = narrow.contains(client.id.as_str()) && is_admin(term.term.as_str());
            (named && opens > 0).then(|| {
                format!(
                    "holds the administrator's scope `{}`, which opens {}",
                    term.term,
                    plural(opens, "operation")
                )
            })
        });
        let admin = admin
            .into_iter()
            .map(|finding| finding.graded(settings, Severity::Low));
        wide.chain(admin).collect()
    }
}

/// Words that name the right to do everything, where they are a separate part of the name.
const ALONE: [&str; 5] = ["admin", "administrator", "root", "superuser", "owner"];
/// The same as the last word of a compound: `super-admin`, but `account-owner` is a person.
const LAST: [&str; 3] = ["admin", "administrator", "superuser"];
/// What may be done with something: the last word of a name without other separators.
const VERBS: [&str; 12] = [
    "read", "write", "access", "all", "full", "manage", "create", "update", "delete", "list",
    "view", "edit",
];

/// The name says that it is meant for administrators: `users:admin`, `admin:write`,
/// `super-admin`; not `owner-profile:read`, where the word only describes a thing.
fn is_admin(term: &str) -> bool {
    let name = term.to_ascii_lowercase();
    let compound = |letter: char| matches!(letter, '-' | '_');
    let parts = name.split(|letter: char| !letter.is_alphanumeric() && !compound(letter));
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    if parts.iter().any(|part| ALONE.contains(part)) {
        return true;
    }
    let Some(last) = parts.last() else {
        return false;
    };
    let words: Vec<&str> = last.split(compound).collect();
    match words.as_slice() {
        [.., word] if LAST.contains(word) => true,
        // With `-` or `_` as the only separator, as in `admin_read`.
        [word, verb] => parts.len() == 1 && ALONE.contains(word) && VERBS.contains(verb),
        _ => false,
    }
}
