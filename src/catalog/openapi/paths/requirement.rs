//! What an operation demands: its `security`, and a key of the user's choice that names scopes.
//!
//! In: an operation and the path item around it. Out: the same with its requirement.
//!
//! Invariants:
//! * scopes of the key are needed in addition to those of `security`: of neither is any dropped;
//! * a key that cannot be read is unspecified.

use serde_json::Value;

use super::super::super::{ScopeList, lint};
use super::super::layers::Layers;
use super::super::security::{self, Need};
use super::Reader;
use crate::model::words::backticks;
use crate::model::{Operation, Security};

impl Reader<'_> {
    /// Fills in what the operation demands, which is held `copies` times.
    pub(super) fn require(
        &mut self,
        operation: &mut Operation,
        layers: &Layers<'_>,
        item: &Layers<'_>,
        copies: usize,
    ) {
        let stated = layers.get("security");
        let stated = stated.map(|value| security::read(value, self.options));
        let silent = stated.is_none() && self.root.is_none();
        let of = |key| Some((key, layers.get(key).or_else(|| item.get(key))?));
        let key = self.options.scope_key.as_deref().and_then(of);
        self.keyed |= key.is_some();
        let all = stated.as_ref().or(self.root.as_ref());
        let own = key.and_then(|key| with_key(key, all, self.options.scopes));
        let stated = own.or(stated);
        let place = || operation.place.clone();
        let label = || backticks(&operation.label());
        let need = match stated.as_ref().or(self.root.as_ref()) {
            None => {
                self.notes.add(
                    "unspecified-security",
                    "operations do not say what they require: unspecified is not public, and nothing is concluded from them",
                    label,
                    place(),
                );
                operation.security = Security::Unstated;
                return;
            }
            Some(Err(why)) => {
                self.notes.add(
                    "unreadable-security",
                    "operations have a `security` that cannot be read: nothing is concluded from them",
                    || format!("{}: {why}", label()),
                    place(),
                );
                return;
            }
            Some(Ok(need)) => need,
        };
        let clauses = need.requirement.clauses().iter();
        let named = need.ways.iter().flatten();
        let weight = clauses.map(|clause| 1 + clause.len()).sum::<usize>() + named.clone().count();
        let Some(left) = self.budget.checked_sub(weight * copies) else {
            self.notes.add(
                "too-many-scopes",
                "operations have more alternatives than can be held: nothing is concluded from them",
                label,
                place(),
            );
            return;
        };
        self.budget = left;
        let oauth =
            |name: &String| matches!(self.schemes.kind(name), Some("oauth2" | "openIdConnect"));
        if let Some(scheme) = need.left_out.iter().find(|name| oauth(name)) {
            self.notes.add(
                "scopeless-alternative",
                "operations accept an OAuth token without scopes as well as one with scopes; they are read as needing the scopes",
                || format!("{} with scheme {}", label(), backticks(scheme)),
                place(),
            );
        }
        if let Some(scheme) = named.clone().find(|name| !self.schemes.may_know(name)) {
            self.notes.add(
                "undeclared-scheme",
                "operations name a security scheme that is not declared",
                || format!("{} with scheme {}", label(), backticks(scheme)),
                place(),
            );
        }
        let pair = || {
            need.requirement
                .clauses()
                .iter()
                .find_map(lint::nested_names)
        };
        if let (ScopeList::All, Some((outer, inner))) = (self.options.scopes, pair()) {
            self.notes.add(
                "any-or-all",
                "operations list a scope together with one below its name, and all of a list are needed; where the vendor means any of them, use `--scopes any`",
                || format!("{} with `{outer}` and `{inner}`", label()),
                place(),
            );
        }
        operation.security = if silent {
            Security::Unstated
        } else {
            self.schemes.stated(need)
        };
        operation.requirement = need.requirement.clone();
        operation.optional_auth = need.optional;
    }
}

/// The demand with the scopes of the key; `None` where it names none.
fn with_key(
    (key, value): (&str, &Value),
    stated: Option<&Result<Need, String>>,
    scopes: ScopeList,
) -> Option<Result<Need, String>> {
    let named = match security::keyed(value, scopes) {
        Ok(named) if named.is_empty() => return None,
        Ok(named) => named,
        Err(why) => return Some(Err(format!("{} {why}", backticks(key)))),
    };
    match stated {
        Some(Err(_)) => None,
        Some(Ok(need)) => Some(need.and(&named)),
        None => Some(Need::default().and(&named)),
    }
}
