//! One configuration laid over another: the command line over the file.
//!
//! A value or a list takes the place of the one below it. The tables `[aliases]`,
//! `[[exceptions]]`, `[[granted]]`, `[[toxic]]`, `[[weights]]`, `[[noise]]`, `[sampled]` and
//! `[calendar]` are added to, because a flag that switched every other exception off would
//! take permissions away; so are `needs`, `redact`, `health_paths`, `[rules]` and `[categories]`.

use std::path::{Path, PathBuf};

use super::{Config, path_pattern};
use crate::model::StatedOf;

impl Config {
    /// This configuration over another one; what this one does not say is as below.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        let Self {
            mut needs,
            mut health_paths,
            mut redact,
            mut logged,
            mut aliases,
            mut closed,
            mut granted,
            mut exceptions,
            mut rules,
            mut categories,
            ..
        } = below;
        // Who names logs or a ledger here means these alone.
        let (logs, ledger) = match (self.logs.is_empty(), &self.ledger) {
            (true, None) => (below.logs, below.ledger),
            _ => (self.logs, self.ledger),
        };
        // Both say where the days begin.
        let (windows, since) = if self.windows.is_empty() && self.since.is_none() {
            (below.windows, below.since)
        } else {
            (self.windows, self.since)
        };
        needs.extend(self.needs);
        health_paths.extend(self.health_paths);
        redact.extend(self.redact);
        logged.noise.extend(self.logged.noise);
        logged.sampled.extend(self.logged.sampled);
        logged.all_operations = self.logged.all_operations.or(logged.all_operations);
        aliases.extend(self.aliases);
        closed.extend(self.closed);
        granted.extend(self.granted);
        exceptions.extend(self.exceptions);
        // Of several weights the first that fits counts.
        let weights = [self.weights, below.weights].concat();
        rules.rules.extend(self.rules.rules);
        rules.toxic.extend(self.rules.toxic);
        for (category, operations) in self.categories.add {
            categories
                .add
                .entry(category)
                .or_default()
                .extend(operations);
        }
        categories.none.extend(self.categories.none);
        Self {
            logs,
            ledger,
            windows,
            since,
            needs,
            health_paths,
            redact,
            logged,
            aliases,
            closed,
            granted,
            exceptions,
            weights,
            rules,
            categories,
            expected_sources: list(self.expected_sources, below.expected_sources),
            catalog: list(self.catalog, below.catalog),
            grants: list(self.grants, below.grants),
            base_path: list(self.base_path, below.base_path),
            format: self.format.or(below.format),
            scopes: self.scopes.or(below.scopes),
            matching: self.matching.or(below.matching),
            path_case: self.path_case.or(below.path_case),
            api_base: self.api_base.or(below.api_base),
            as_of: self.as_of.or(below.as_of),
            granted_since: self.granted_since.or(below.granted_since),
            grants_at: self.grants_at.or(below.grants_at),
            blame: self.blame.or(below.blame),
            hints: self.hints.or(below.hints),
            objective: self.objective.or(below.objective),
            level: self.level.or(below.level),
            narrow: self.narrow.or(below.narrow),
            audience: self.audience.or(below.audience),
            protocol_scopes: self.protocol_scopes.or(below.protocol_scopes),
            protected: self.protected.or(below.protected),
            levels: self.levels.or(below.levels),
            max_line: self.max_line.or(below.max_line),
            max_unpacked: self.max_unpacked.or(below.max_unpacked),
            max_reject_share: self.max_reject_share.or(below.max_reject_share),
            threads: self.threads.or(below.threads),
            merge_slashes: self.merge_slashes.or(below.merge_slashes),
            denied: self.denied.or(below.denied),
            attempted: self.attempted.or(below.attempted),
            hash_key: self.hash_key.or(below.hash_key),
        }
    }

    /// The same with paths that start where `from_here` says: paths of a file start at its folder.
    #[must_use]
    pub(crate) fn placed(mut self, from_here: impl Fn(&str) -> String) -> Self {
        let lists = [&mut self.logs, &mut self.catalog, &mut self.grants];
        for name in lists.into_iter().flatten().chain(&mut self.hash_key) {
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

fn list<T>(own: Vec<T>, below: Vec<T>) -> Vec<T> {
    if own.is_empty() { below } else { own }
}
