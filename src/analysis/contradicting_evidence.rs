//! Requests in the data that speak against a removal although they are not a use of the term.

use super::ClientAnalysis;
use super::client::Context;
use super::levels::One;
use super::prepared::HeldTerm;

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

/// Requests that the term would permit may be in the data under another operation.
pub(super) fn counted_as_another(one: &One<'_>, held: &HeldTerm) -> bool {
    let blind = one.context.inputs.blind.get(&one.holder.id);
    let mut routes = blind.into_iter().flat_map(|blind| &blind.routes);
    routes.any(|route| serves_route(one, held, *route))
}

/// Requests that the term would permit were refused in the window.
pub(super) fn denied_though_granted(
    one: &One<'_>,
    client: &ClientAnalysis,
    held: &HeldTerm,
) -> bool {
    let mut permitted = client.denied.iter().filter(|(_, _, permitted)| *permitted);
    permitted.any(|(route, ..)| serves_route(one, held, *route))
}

fn serves_route(one: &One<'_>, held: &HeldTerm, route: u32) -> bool {
    let route = one.context.inputs.routes.get(route as usize);
    let mut operations = route.into_iter().flat_map(|route| &route.operations);
    operations.any(|operation| one.serves(held, *operation))
}
