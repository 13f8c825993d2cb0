//! Requests in the data that speak against a removal although they are no use of the term.

use std::collections::BTreeSet;

use super::client::Context;
use super::{ClientAnalysis, TermAnalysis};

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
