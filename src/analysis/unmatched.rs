//! Whether a request that matched nothing may have needed a term.

use super::client::Context;
use super::{ClientAnalysis, TermAnalysis};
use crate::catalog::matcher::Route;
use crate::event::mask::MASK;
use crate::model::Method;
use crate::usage::{Cluster, is_id};

/// A request that matched nothing may have been one of the term's operations.
pub(super) fn hit_by_unmatched(
    context: &Context<'_>,
    client: &ClientAnalysis,
    found: &TermAnalysis,
) -> bool {
    let paths: Vec<&Cluster> = client
        .unmatched
        .iter()
        .filter(|cluster| cluster.need > 0)
        .collect();
    if paths.is_empty() {
        return false;
    }
    context.inputs.routes.iter().any(|route| {
        paths.iter().any(|cluster| may_be(route, cluster))
            && route
                .operations
                .iter()
                .any(|op| context.universe.serves(&found.term, &client.granted, *op))
    })
}

/// The path ends like the template: the prefix, or the version in it, may be what
/// the catalogue does not know.
fn may_be(route: &Route, cluster: &Cluster) -> bool {
    let same_method = route.method == cluster.method
        || route.method == Method::Any
        || cluster.method == Method::Other
        || (route.method == Method::Get && cluster.method == Method::Head);
    if !same_method {
        return false;
    }
    // Under the same collection anything may be what the catalogue lacks.
    let collection = |path: &str| {
        path.trim_matches('/')
            .split('/')
            .find(|word| !version(word))
            .map(str::to_ascii_lowercase)
    };
    let (own, other) = (collection(&route.template), collection(&cluster.path));
    if own.is_some_and(|own| !own.contains('{') && Some(own) == other) {
        return true;
    }
    let path: Vec<&str> = cluster.path.trim_matches('/').split('/').rev().collect();
    let template: Vec<&str> = route.template.trim_matches('/').split('/').rev().collect();
    let version = |text: &str| {
        text.strip_prefix('v')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let mut words = 0;
    for (own, other) in template.iter().zip(&path) {
        let any = own.contains('{') || *own == "**";
        if any || hides(other, own) || (version(own) && version(other)) {
            continue;
        }
        if *other == "**" {
            return true;
        }
        if !own.eq_ignore_ascii_case(other) {
            return false;
        }
        words += 1;
    }
    words > 0
}

/// What stands in place of an id or of a secret may be a word of the template that looks like one.
fn hides(other: &str, own: &str) -> bool {
    (other == "{}" && is_id(own.as_bytes())) || other == MASK
}

/// `v1`, `v2.1`.
fn version(text: &str) -> bool {
    text.strip_prefix('v')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(template: &str, path: &str) -> bool {
        let route = Route {
            method: Method::Get,
            template: template.to_owned(),
            operations: vec![0],
        };
        may_be(
            &route,
            &Cluster {
                method: Method::Get,
                path: path.to_owned(),
                need: 1,
                other: 0,
                served: 1,
            },
        )
    }

    #[test]
    fn another_prefix_or_version_may_be_the_same_operation() {
        assert!(fits("/v1/orders/{id}", "/v2/orders/{}"));
        assert!(fits("/v1/orders/{id}", "/gateway/v1/orders/{}"));
        assert!(fits("/v1/orders", "/orders"));
        assert!(
            fits("/v1/orders/{id}", "/v1/orders/{}/cancel"),
            "the same collection"
        );
        assert!(
            fits("/v1/export-2026-01/orders", "/gw/v1/{}/orders"),
            "a word that looks like an id"
        );
        assert!(fits("/v1/sk_live_abcdefghijkl/x", "/gw/v1/{secret}/x"));
        assert!(!fits("/v1/orders/items", "/gw/v1/{}/items"));
        assert!(!fits("/v1/orders/{id}", "/v1/invoices/{}"));
        assert!(
            !fits("/{id}", "/favicon.ico"),
            "a template without a word says nothing"
        );
    }
}
