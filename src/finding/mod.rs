//! Facts worth a reviewer's time, each with a stable rule id.
//!
//! In: the analysis. Out: findings, sorted by client. What to do about them is
//! the reviewer's affair; no finding changes a verdict here.

use serde::Serialize;

use crate::analysis::Analysis;
use crate::catalog::matcher::Route;

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable id of the rule.
    pub rule: &'static str,
    /// The client it is about.
    pub client: String,
    /// One sentence with its counts.
    pub message: String,
}

/// Clients that used what no grant permits: the mapping is wrong, or the gateway does not enforce.
pub fn findings(analysis: &Analysis, routes: &[Route]) -> Vec<Finding> {
    let label = |route: u32| {
        routes
            .get(route as usize)
            .map_or_else(String::new, Route::label)
    };
    let mut findings = Vec::new();
    for client in &analysis.clients {
        for (route, count) in &client.without_grant {
            findings.push(Finding {
                rule: "used-without-grant",
                client: client.id.to_string(),
                message: format!(
                    "{count} requests to {} were not refused although no grant permits them: the aliases, the scope \
                     rule or the catalogue may be wrong, or the gateway does not enforce",
                    label(*route)
                ),
            });
        }
    }
    findings
}
