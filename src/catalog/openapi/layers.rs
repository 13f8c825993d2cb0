//! A mapping together with what its `$ref`s lead to.
//!
//! OpenAPI leaves open what a path item's own fields mean alongside its `$ref`
//! (3.1.1, Path Item Object). Here both are read and the nearest wins, so that no
//! operation is lost.

use serde_json::{Map, Value};

use super::refs::Target;

/// A mapping and what its `$ref`s lead to: the nearest key wins.
pub(super) struct Layers<'v> {
    pub(super) node: &'v Value,
    pub(super) node_from: Option<&'v Target>,
    pub(super) chain: &'v [Target],
}

impl<'v> Layers<'v> {
    pub(super) fn get(&self, key: &str) -> Option<&'v Value> {
        self.node
            .get(key)
            .or_else(|| self.chain.iter().find_map(|target| target.value().get(key)))
    }

    /// Every layer, with the file it is in.
    pub(super) fn each(
        &self,
    ) -> impl Iterator<Item = (&'v Map<String, Value>, Option<&'v Target>)> {
        let first = std::iter::once((self.node, self.node_from));
        first
            .chain(
                self.chain
                    .iter()
                    .map(|target| (target.value(), Some(target))),
            )
            .filter_map(|(value, from)| Some((value.as_object()?, from)))
    }
}
