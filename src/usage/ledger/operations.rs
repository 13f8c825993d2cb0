//! Operations by name: how a row outlives the catalogue it was counted with.

use std::collections::BTreeMap;

use crate::catalog::matcher::Matcher;
use crate::model::{Method, Operation};

/// The catalogue's routes, by the names under which the ledger keeps them.
pub(crate) struct Operations {
    names: Vec<(Method, String)>,
    by_name: BTreeMap<(String, Method), u32>,
    digest: String,
}

impl Operations {
    /// Names every route. Where a route stands for several operations that one
    /// request cannot tell apart, all their templates are its name: a catalogue
    /// in which that has changed does not know the name, and keeps the grants.
    pub(crate) fn new(matcher: &Matcher, operations: &[Operation]) -> Self {
        let names: Vec<(Method, String)> = matcher
            .routes()
            .iter()
            .map(|route| {
                let mut templates: Vec<&str> = route
                    .operations
                    .iter()
                    .filter_map(|index| operations.get(*index))
                    .map(|operation| operation.path.as_str())
                    .collect();
                templates.sort_unstable();
                templates.dedup();
                (route.method, templates.join(" | "))
            })
            .collect();
        let mut by_name = BTreeMap::new();
        let mut hasher = blake3::Hasher::new();
        for (number, (method, name)) in (0..).zip(&names) {
            by_name.insert((name.clone(), *method), number);
            hasher.update(method.name().as_bytes());
            hasher.update(b" ");
            hasher.update(name.as_bytes());
            hasher.update(b"\n");
        }
        Self {
            names,
            by_name,
            digest: hasher.finalize().to_hex()[..32].to_owned(),
        }
    }

    /// The name of a route.
    pub(super) fn name(&self, route: u32) -> Option<(Method, &str)> {
        let (method, name) = self.names.get(route as usize)?;
        Some((*method, name))
    }

    /// The route of this catalogue with that name.
    pub(super) fn route(&self, matcher: &Matcher, method: Method, name: &str) -> Option<u32> {
        self.by_name
            .get(&(name.to_owned(), method))
            .copied()
            // The same template with other parameter names.
            .or_else(|| {
                let found = matcher.find_template(method, name.as_bytes())?;
                // A route for every method is another one than was counted.
                (self.name(found.route)?.0 == method).then_some(found.route)
            })
    }

    /// Tells catalogues apart.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }
}

/// A template as the path of an unmatched request would be clustered.
pub(super) fn as_cluster(template: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(template.len());
    for (index, segment) in template.split('/').enumerate() {
        if index > 0 {
            out.push(b'/');
        }
        if segment.contains(['{', ':', '*']) {
            out.extend_from_slice(b"{}");
        } else {
            out.extend_from_slice(segment.as_bytes());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_becomes_the_path_that_unmatched_requests_have() {
        assert_eq!(as_cluster("/v1/orders/{id}/lines"), b"/v1/orders/{}/lines");
        assert_eq!(as_cluster("/"), b"/");
    }
}
