//! Requests in the data that speak against a removal although they are no use of the term.

use std::collections::BTreeSet;

use super::client::Context;
use super::{ClientAnalysis, TermAnalysis};

/// Of a log that is a sample with a lower rate than this, nothing is above `review`: a
/// monthly request is then missed more often than not within half a year.
const THIN: f64 = 0.5;

/// The rate of the thinnest sample that the client is in, where one is stated.
pub(super) fn sampled(context: &Context<'_>, client: &ClientAnalysis) -> Option<f64> {
    context.inputs.blind.get(&client.id)?.sampled
}

/// Whether the client's log is too thin a sample for any level above `review`.
pub(super) fn is_thin(context: &Context<'_>, client: &ClientAnalysis) -> bool {
    sampled(context, client).is_some_and(|rate| rate < THIN)
}

/// Requests that the term would permit may stand in the data under another operation.
pub(super) fn counted_as_another(
    context: &Context<'_>,
    client: &ClientAnalysis,
    found: &TermAnalysis,
) -> bool {
    let blind = context.inputs.blind.get(&client.id);
    blind.is_some_and(|own| serves_any(context, client, found, &own.routes))
}

fn serves_any(
    context: &Context<'_>,
    client: &ClientAnalysis,
    found: &TermAnalysis,
    routes: &BTreeSet<u32>,
) -> bool {
    routes.iter().any(|route| {
        let route = context.inputs.routes.get(*route as usize);
        route.is_some_and(|route| {
            let mut operations = route.operations.iter();
            operations.any(|op| context.universe.serves(&found.term, &client.granted, *op))
        })
    })
}

/// Requests that the term would permit were refused in the window.
pub(super) fn denied_though_granted(
    context: &Context<'_>,
    client: &ClientAnalysis,
    found: &TermAnalysis,
) -> bool {
    client
        .denied
        .iter()
        .filter(|(_, _, permitted)| *permitted)
        .any(|(route, ..)| {
            let operations = context
                .inputs
                .routes
                .get(*route as usize)
                .map_or(&[][..], |route| &route.operations);
            operations
                .iter()
                .any(|op| context.universe.serves(&found.term, &client.granted, *op))
        })
}
