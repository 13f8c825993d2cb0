//! F8: clients that can do nearly everything.

use crate::finding::rule::{iso, nist, soc2};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};

pub(super) struct GodToken;

static DOC: Doc = Doc {
    number: "F8",
    id: "god-token",
    title: "One client can do most of the API",
    what: "A client's exposure, the risk-weighted share of the API that its scopes open, is above the limit.",
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

    fn evaluable(&self, context: &Context<'_>) -> Result<(), MissingField> {
        let restricted = (0..context.catalog.operations.len())
            .any(|operation| context.universe.is_restricted(operation));
        if restricted {
            return Ok(());
        }
        Err(MissingField::new(
            "scopes required by the operations (no operation of the API description asks for any)",
        ))
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let limit = u32::try_from(settings.threshold(&DOC, "max_exposure")).unwrap_or(100);
        let wide = context
            .analysis
            .clients
            .iter()
            .filter(|client| client.exposure.before * 100.0 > f64::from(limit));
        wide.map(|client| {
            let message = format!(
                "opens {:.0} % of the risk-weighted API and needed {:.0} %",
                client.exposure.before * 100.0,
                client.exposure.needed * 100.0
            );
            let places = client.terms.iter().flat_map(|term| context.places(term));
            Finding::new(&DOC, settings, client.id.as_str(), "client", message).at(places)
        })
        .collect()
    }
}
