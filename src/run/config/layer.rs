//! One configuration laid over another: the command line over the file.
//!
//! A value or a list takes the place of the one below it. The tables `[aliases]`,
//! `[[exceptions]]`, `[[granted]]`, `[[toxic]]`, `[[weights]]`, `[[noise]]`, `[[sources]]`, `[sampled]` and
//! `[calendar]` are added to, because a flag that switched every other exception off would
//! take permissions away; so are `needs`, `redact`, `health_paths`, `[rules]` and `[categories]`.

use std::mem::{replace, take};
use std::path::{Path, PathBuf};

use super::values::is_description;
use super::{Config, path_pattern};
use crate::model::StatedOf;

impl Config {
    /// This configuration over another one; what this one does not say is as below.
    #[must_use]
    pub fn over(mut self, mut below: Self) -> Self {
        // Who names logs or a ledger here means these alone.
        if self.logs.is_empty() && self.ledger.is_none() {
            self.logs = take(&mut below.logs);
            self.ledger = below.ledger.take();
        }
        // Who names descriptions here means these alone.
        if !self.catalog.is_empty() || !self.catalogs.is_empty() {
            below.catalog.clear();
            below.catalogs.clear();
        }
        // Both say where the days begin.
        if self.windows.is_empty() && self.since.is_none() {
            self.windows = take(&mut below.windows);
            self.since = below.since.take();
        }
        self.denied = self.denied.or(below.denied.take());
        self.attempted = self.attempted.or(below.attempted.take());
        let aliases = replace(&mut self.aliases, take(&mut below.aliases));
        self.aliases.extend(aliases);
        let sampled = replace(&mut self.logged.sampled, take(&mut below.logged.sampled));
        self.logged.sampled.extend(sampled);
        // Of several weights the first that fits counts.
        self.weights.append(&mut below.weights);
        let rules = replace(&mut self.rules.rules, take(&mut below.rules.rules));
        self.rules.rules.extend(rules);
        let categories = replace(&mut self.categories, take(&mut below.categories));
        for (category, operations) in categories.add {
            let known = self.categories.add.entry(category).or_default();
            known.extend(operations);
        }
        self.categories.none.extend(categories.none);
        self.complete(below);
        self
    }

    /// The same with paths that start where `from_here` says: paths of a file start at its folder.
    #[must_use]
    pub(crate) fn placed(mut self, from_here: impl Fn(&str) -> String) -> Self {
        let lists = [&mut self.logs, &mut self.catalog, &mut self.grants];
        for name in lists.into_iter().flatten().chain(&mut self.hash_key) {
            *name = from_here(name);
        }
        for own in &mut self.catalogs {
            own.file = from_here(&own.file);
        }
        let names = self.format.iter_mut().map(|(_, name)| name);
        for name in names.filter(|name| is_description(name)) {
            *name = from_here(name);
        }
        for path in self.ledger.iter_mut().chain(&mut self.granted_since) {
            *path = placed(path, &from_here);
        }
        for rule in &mut self.granted {
            if let StatedOf::File(pattern) = &mut rule.of
                && let Ok(placed) = path_pattern(&from_here(pattern.as_str()))
            {
                *pattern = placed;
            }
        }
        self
    }
}

fn placed(path: &Path, from_here: impl Fn(&str) -> String) -> PathBuf {
    PathBuf::from(from_here(&path.display().to_string()))
}
