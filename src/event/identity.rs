//! Which client of the policy a name in the log stands for.
//!
//! Invariants: names are compared byte for byte; an alias is declared, never
//! inferred; a name that the policy uses wins over one that it does not, so
//! that a consumer known by two names is not mistaken for a silent one; a name that
//! is a secret is compared, kept and shown as its hash alone. A name that differs from
//! one of the policy by case or whitespace only is never joined with it; [`Identities::alike`]
//! says which clients it may mean, so that nothing is taken from them by mistake.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::hash::HashKey;
use super::secret::conceal;

/// The names that policies use, and the declared aliases.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    known: BTreeSet<Vec<u8>>,
    aliases: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The policy's clients by what [`fold`] makes of their names and of their aliases.
    folded: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>,
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
        for (log, client) in aliases {
            all.insert(conceal(log, key).into_owned(), client.clone());
        }
        // A policy that names a client by its key still means that client.
        for client in &known {
            if let Cow::Owned(concealed) = conceal(client, key) {
                all.entry(concealed).or_insert_with(|| client.clone());
            }
        }
        let mut folded: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>> = BTreeMap::new();
        let client = known.iter().map(|client| (client, client));
        let by_alias = all.iter().filter(|(_, client)| known.contains(*client));
        for (name, client) in client.chain(by_alias) {
            folded.entry(fold(name)).or_default().insert(client.clone());
        }
        // Whitespace alone is nobody's name.
        folded.remove(&b""[..]);
        Self {
            known,
            aliases: all,
            folded,
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

    /// The policy's clients that a name of the log may mean though it is none of theirs: those
    /// whose name, or declared alias, differs from it by case or by whitespace around it only.
    ///
    /// More than one when the policy itself has names that differ by no more than that; none
    /// for a name that the policy uses. To be asked once for each name, not for each line.
    pub fn alike(&self, name: &[u8]) -> impl Iterator<Item = &[u8]> {
        let all = if self.is_known(name) {
            None
        } else {
            self.folded.get(&fold(name))
        };
        all.into_iter().flatten().map(Vec::as_slice)
    }

    /// Every name that a log may hold, with the one that the policy uses for it. A secret that
    /// an alias names is there as its hash.
    pub(super) fn names(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let known = self.known.iter().map(|client| (client, client));
        known
            .chain(&self.aliases)
            .map(|(logged, client)| (logged.as_slice(), client.as_slice()))
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

/// A name without what people and gateways change in passing: its case and the whitespace around it.
///
/// Up and down again, because the Greek sigma has two small forms. What is
/// not UTF-8 has the case of its ASCII letters only.
fn fold(name: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(name) else {
        return name.trim_ascii().to_ascii_lowercase();
    };
    let upper = text.trim().chars().flat_map(char::to_uppercase);
    let folded: String = upper.flat_map(char::to_lowercase).collect();
    folded.into_bytes()
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
        let concealed = names.resolve(TOKEN, None).into_owned();
        assert!(
            concealed.starts_with(b"cred:"),
            "{}",
            concealed.escape_ascii()
        );
        assert!(!names.is_known(&concealed));
        assert_eq!(names.resolve(TOKEN, Some(b"erp")), &b"erp"[..]);
    }

    #[test]
    fn a_token_that_the_policy_or_an_alias_names_is_still_that_client() {
        let bearer = [b"Bearer ", TOKEN].concat();
        let by_policy = names(TOKEN, (b"app-7", b"billing"));
        assert_eq!(by_policy.resolve(&bearer, None), TOKEN);
        let by_alias = names(b"erp", (&bearer, b"erp"));
        assert_eq!(by_alias.resolve(TOKEN, None), &b"erp"[..]);
    }

    fn alike(known: &[&str], aliases: &[(&str, &str)], name: &[u8]) -> Vec<String> {
        let bytes = |text: &&str| text.as_bytes().to_vec();
        let known = known.iter().map(bytes).collect();
        let aliases = aliases
            .iter()
            .map(|(log, client)| (bytes(log), bytes(client)));
        let names = Identities::new(known, &aliases.collect(), &HashKey::default());
        let text = |name: &[u8]| String::from_utf8(name.to_vec()).unwrap();
        names.alike(name).map(text).collect()
    }

    #[test]
    fn a_name_that_differs_only_in_case_or_whitespace_may_mean_the_client() {
        let of = |name: &str| alike(&["app000", "Straße Ω", "billing"], &[], name.as_bytes());
        assert_eq!(of("App000"), ["app000"]);
        assert_eq!(of("billing "), ["billing"]);
        assert_eq!(of("\u{a0}\tBILLING\u{2003}"), ["billing"]);
        assert_eq!(of("straße ω"), ["Straße Ω"]);
        assert_eq!(of("app000"), [""; 0], "it is that client");
        for other in ["app00", "app 000", "app-000", "bill", "", " "] {
            assert_eq!(of(other), [""; 0], "{other}");
        }
    }

    #[test]
    fn a_name_that_may_mean_several_clients_may_mean_each_of_them() {
        let known = ["ERP", "Erp", " erp", "shop", " "];
        assert_eq!(alike(&known, &[], b"erp"), [" erp", "ERP", "Erp"]);
        assert_eq!(alike(&known, &[], b"Erp"), [""; 0]);
        assert_eq!(alike(&known, &[], b""), [""; 0]);
    }

    #[test]
    fn a_name_near_an_alias_may_mean_the_client_of_the_alias() {
        let aliases = [("App-7", "billing"), ("app-8", "gone")];
        assert_eq!(alike(&["billing"], &aliases, b"app-7"), ["billing"]);
        assert_eq!(alike(&["billing"], &aliases, b"APP-8"), [""; 0]);
        assert_eq!(alike(&["b\u{fffd}"], &[], b"B\xff"), [""; 0]);
    }

    #[test]
    fn a_near_name_is_still_not_joined_with_the_client() {
        let names = names(b"erp", (b"app-7", b"billing"));
        assert_eq!(names.resolve(b"ERP", None), &b"ERP"[..]);
        assert_eq!(names.resolve(b"APP-7", Some(b"erp ")), &b"APP-7"[..]);
    }
}
