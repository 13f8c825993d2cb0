//! Sets of operations: those of a collection, and those found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Entry, Near, may};
use crate::model::Method;

/// Operations of one collection by the method of a request.
#[derive(Debug, Default)]
pub(super) struct Collection {
    pub(super) entries: Vec<usize>,
    by_method: BTreeMap<Method, Arc<BTreeSet<usize>>>,
    /// For a method that none of them has.
    any: Arc<BTreeSet<usize>>,
    all: Arc<BTreeSet<usize>>,
}

impl Collection {
    pub(super) fn of(&self, method: Option<Method>) -> &Arc<BTreeSet<usize>> {
        match method {
            None | Some(Method::Post | Method::Any | Method::Other) => &self.all,
            Some(method) => self.by_method.get(&method).unwrap_or(&self.any),
        }
    }
}

pub(super) fn collections(entries: &[Entry]) -> BTreeMap<Vec<u8>, Collection> {
    let mut all: BTreeMap<Vec<u8>, Collection> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        if let Some(word) = entry.collection() {
            all.entry(word.to_vec()).or_default().entries.push(index);
        }
    }
    for collection in all.values_mut() {
        let members = || collection.entries.iter().map(|index| &entries[*index]);
        let of = |fits: &dyn Fn(Method) -> bool| {
            let members = members().filter(|entry| fits(entry.method));
            Arc::new(
                members
                    .flat_map(|entry| entry.operations.iter().copied())
                    .collect(),
            )
        };
        let mut methods: BTreeSet<Method> = members().map(|entry| entry.method).collect();
        methods.extend([Method::Head, Method::Options]);
        collection.by_method = methods
            .into_iter()
            .map(|method| (method, of(&|stated| may(stated, Some(method)))))
            .collect();
        collection.any = of(&|stated| stated == Method::Any);
        collection.all = of(&|_| true);
    }
    all
}

/// What was found so far; one shared set stays shared.
#[derive(Default)]
pub(super) struct Candidates<'a> {
    shared: Option<&'a Arc<BTreeSet<usize>>>,
    operations: BTreeSet<usize>,
}

impl<'a> Candidates<'a> {
    pub(super) fn shared(&mut self, operations: &'a Arc<BTreeSet<usize>>) {
        match self.shared {
            None => self.shared = Some(operations),
            Some(first) if Arc::ptr_eq(first, operations) => {}
            Some(_) => self.operations.extend(operations.iter()),
        }
    }

    pub(super) fn add(&mut self, entry: &Entry) {
        self.operations.extend(&entry.operations);
    }

    pub(super) fn near(mut self) -> Near {
        match self.shared {
            Some(shared) if self.operations.is_subset(shared) && !shared.is_empty() => {
                Near::Some(Arc::clone(shared))
            }
            shared => {
                self.operations
                    .extend(shared.into_iter().flat_map(|all| all.iter()));
                Near::of(self.operations)
            }
        }
    }
}
