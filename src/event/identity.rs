//! Which client of the policy a name in the log stands for.
//!
//! Invariants: names are compared byte for byte; an alias is declared, never
//! inferred; a name that the policy uses wins over one that it does not, so
//! that a consumer known by two names is not mistaken for a silent one; a name that
//! is a secret is compared, kept and shown as its hash alone.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::hash::HashKey;
use super::secret::conceal;

/// The names that policies use, and the declared aliases.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    known: BTreeSet<Vec<u8>>,
    aliases: BTreeMap<Vec<u8>, Vec<u8>>,
    key: HashKey,
}

impl Identities {
    /// `known` are the client names of the policy files, `aliases` name in the log to name
    /// in the policy, `key` is the one under which secrets are hashed.
    pub fn new(
        known: BTreeSet<Vec<u8>>,
        aliases: &BTreeMap<Vec<u8>, Vec<u8>>,
        key: &HashKey,
    ) -> Self {
        let mut all: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        for (log, own) in aliases {
            all.insert(conceal(log, key).into_owned(), own.clone());
        }
        // A policy that names a client by its key still means that client.
        for own in &known {
            if let Cow::Owned(concealed) = conceal(own, key) {
                all.entry(concealed).or_insert_with(|| own.clone());
            }
        }
        Self {
            known,
            aliases: all,
            key: key.clone(),
        }
    }

    /// The name as it is kept.
    pub fn conceal<'a>(&self, name: &'a [u8]) -> Cow<'a, [u8]> {
        conceal(name, &self.key)
    }

    /// Whether the policy uses this name.
    pub fn is_known(&self, name: &[u8]) -> bool {
        self.known.contains(name)
    }

    /// Every name that a log may hold, with the one that the policy uses for it. A secret that
    /// an alias names is there as its hash.
    pub(super) fn names(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let known = self.known.iter().map(|own| (own, own));
        known
            .chain(&self.aliases)
            .map(|(logged, own)| (logged.as_slice(), own.as_slice()))
    }

    /// The client's name, given the names that one line holds, best first.
    pub fn resolve<'a>(&'a self, name: &'a [u8], alt: Option<&'a [u8]>) -> Cow<'a, [u8]> {
        let name = self.conceal(name);
        let alt = alt.map(|alt| self.conceal(alt));
        let names = || [Some(&name), alt.as_ref()].into_iter().flatten();
        if let Some(alias) = names().find_map(|name| self.aliases.get(&**name)) {
            return Cow::Borrowed(alias);
        }
        match alt {
            Some(alt) if !self.is_known(&name) && self.is_known(&alt) => alt,
            _ => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &[u8] = b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJlcnAifQ.c2ln";

    fn names(known: &[u8], alias: (&[u8], &[u8])) -> Identities {
        let aliases = BTreeMap::from([(alias.0.to_vec(), alias.1.to_vec())]);
        Identities::new(
            BTreeSet::from([known.to_vec()]),
            &aliases,
            &HashKey::default(),
        )
    }

    #[test]
    fn an_alias_wins_then_a_name_of_the_policy_then_the_first_name() {
        let names = names(b"erp-sync", (b"app-7", b"billing"));
        let of = |name: &'static [u8], alt| names.resolve(name, alt).into_owned();
        assert_eq!(of(b"app-7", Some(b"erp-sync")), b"billing");
        assert_eq!(of(b"app-0042", Some(b"erp-sync")), b"erp-sync");
        assert_eq!(of(b"Erp-Sync", None), b"Erp-Sync");
    }

    #[test]
    fn a_token_is_kept_as_its_hash_and_meets_no_other_client() {
        let names = names(b"erp", (b"app-7", b"billing"));
        let own = names.resolve(TOKEN, None).into_owned();
        assert!(own.starts_with(b"cred:"), "{}", own.escape_ascii());
        assert!(!names.is_known(&own));
        assert_eq!(names.resolve(TOKEN, Some(b"erp")), &b"erp"[..]);
    }

    #[test]
    fn a_token_that_the_policy_or_an_alias_names_is_still_that_client() {
        let bearer = [b"Bearer ", TOKEN].concat();
        let own = names(TOKEN, (b"app-7", b"billing"));
        assert_eq!(own.resolve(&bearer, None), TOKEN);
        let own = names(b"erp", (&bearer, b"erp"));
        assert_eq!(own.resolve(TOKEN, None), &b"erp"[..]);
    }
}
