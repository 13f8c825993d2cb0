//! Which client of the policy a name in the log stands for.
//!
//! Invariants: names are compared byte for byte; an alias is declared, never
//! inferred; a name that the policy uses wins over one that it does not, so
//! that a consumer known by two names is not mistaken for a silent one.

use std::collections::{BTreeMap, BTreeSet};

/// The names that policies use, and the declared aliases.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    /// Client names of the policy files.
    pub known: BTreeSet<Vec<u8>>,
    /// Name in the log to name in the policy.
    pub aliases: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Identities {
    /// The client's name, given the names that one line holds, best first.
    pub fn resolve<'a>(&'a self, name: &'a [u8], alt: Option<&'a [u8]>) -> &'a [u8] {
        let names = [Some(name), alt];
        let names = || names.iter().flatten().copied();
        if let Some(alias) = names().find_map(|name| self.aliases.get(name)) {
            return alias;
        }
        names()
            .find(|name| self.known.contains(*name))
            .unwrap_or(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_wins_then_a_name_of_the_policy_then_the_first_name() {
        let names = Identities {
            known: BTreeSet::from([b"erp-sync".to_vec()]),
            aliases: BTreeMap::from([(b"app-7".to_vec(), b"billing".to_vec())]),
        };
        assert_eq!(names.resolve(b"app-7", Some(b"erp-sync")), b"billing");
        assert_eq!(names.resolve(b"app-0042", Some(b"erp-sync")), b"erp-sync");
        assert_eq!(names.resolve(b"Erp-Sync", None), b"Erp-Sync");
    }
}
