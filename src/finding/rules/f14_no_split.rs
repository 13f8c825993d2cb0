//! F14: readers that may write.

use crate::finding::rule::{nist, owasp};
use crate::finding::{Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity};
use crate::model::words::{either, plural};

pub(super) struct NoSplit;

static DOC: Doc = Doc {
    number: "F14",
    id: "no-read-write-split",
    title: "A client only reads and may write",
    what: "Every operation that a client needed is a read, and it holds scopes that open writes.",
    why: "Reading and writing differ most in what a mistake or a theft costs, and are the easiest rights to separate.",
    example: "dashboard: needed 4 operations, all reads, and holds write scopes: orders:write, refunds:write (9 operations)",
    guards: "Only clients that needed something in the window are judged. Where one scope opens both reads and writes, the API itself has no split: the message names it all the same.",
    action: "Remove the write scopes; where one scope does both, split it in the API.",
    fields: &["client", "operation"],
    severity: Severity::Medium,
    thresholds: &[],
    controls: &[nist("AC-6"), owasp("API5")],
};

impl Rule for NoSplit {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        if context
            .analysis
            .clients
            .iter()
            .all(|client| client.needed.is_empty())
        {
            return Err(MissingField::new(
                "requests of the policy's clients in the window",
            ));
        }
        Ok(())
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let is_write = |op: &usize| context.catalog.operations[*op].is_write();
        let mut findings = Vec::new();
        for client in &context.analysis.clients {
            if client.needed.is_empty()
                || client
                    .needed
                    .iter()
                    .any(|served| is_write(&served.operation))
            {
                continue;
            }
            let writers: Vec<_> = client
                .terms
                .iter()
                .filter(|term| context.universe.opens([&term.term]).iter().any(is_write))
                .collect();
            if writers.is_empty() {
                continue;
            }
            let operations = context
                .universe
                .opens(writers.iter().map(|term| &term.term));
            let count = operations.iter().filter(|op| is_write(op)).count();
            let names: Vec<&str> = writers.iter().map(|term| term.term.as_str()).collect();
            let message = format!(
                "needed {}, {}, and holds {}: {} ({})",
                plural(client.needed.len(), "operation"),
                either(client.needed.len(), "a read", "all reads"),
                either(names.len(), "a write scope", "write scopes"),
                names.join(", "),
                plural(count, "write operation")
            );
            findings.push(
                Finding::new(&DOC, settings, client.id.as_str(), "client", message)
                    .extent(count)
                    .at(writers.iter().flat_map(|term| context.places(term))),
            );
        }
        findings
    }
}
