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
    what: "A client's exposure, the risk-weighted share of the API that its scopes open, is above the limit; or it holds a scope whose name says that it is for administrators (`admin`, `root`, `superuser`, `owner`) and that opens something.",
    why: "Whoever takes over this one client has the API.",
    example: "legacy-cron: opens 62 % of the risk-weighted API and needed 4 %",
    guards: "Platform operators need much by nature: put them on the `allow` list, so that the exception is written down. Exposure counts operations of the API description only.",
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
            .map(|own| own.graded(settings, Severity::Low));
        wide.chain(admin).collect()
    }
}

/// A word of the name says that it is meant for administrators.
fn is_admin(term: &str) -> bool {
    let words = term.split(|letter: char| !letter.is_alphanumeric());
    let names = ["admin", "administrator", "root", "superuser", "owner"];
    words
        .map(str::to_ascii_lowercase)
        .any(|word| names.contains(&word.as_str()))
}
