//! What an operation could be abused for: categories beside the number.
//!
//! In: the catalogue and the configuration. Out: for each operation a set of
//! categories.
//!
//! A tag of the API description that is a category's name puts the operation into
//! it; a rule of the configuration adds or clears; otherwise words of the path and
//! the method tell. The words are a convention, and overridable.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::{Catalog, Method, Operation, ScopeMatch};

/// A kind of harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Changes who may do what.
    Escalation,
    /// Makes, shows or changes keys, tokens and passwords.
    Credentials,
    /// Gives out many records at once.
    BulkExport,
    /// Destroys data.
    Destructive,
    /// Moves money.
    Money,
}

impl Category {
    /// Every category, in order.
    pub const ALL: [Self; 5] = [
        Self::Escalation,
        Self::Credentials,
        Self::BulkExport,
        Self::Destructive,
        Self::Money,
    ];

    /// The name used in every output, in tags and in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Escalation => "escalation",
            Self::Credentials => "credentials",
            Self::BulkExport => "bulk-export",
            Self::Destructive => "destructive",
            Self::Money => "money",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.name() == text)
    }

    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Escalation => &[
                "admin",
                "grants",
                "permissions",
                "policies",
                "roles",
                "members",
                "consents",
                "impersonate",
                "serviceaccounts",
                "service-accounts",
            ],
            Self::Credentials => &[
                "keys",
                "apikeys",
                "api-keys",
                "api_keys",
                "credentials",
                "secrets",
                "tokens",
                "passwords",
                "password",
                "certificates",
            ],
            Self::BulkExport => &[
                "export", "exports", "download", "dump", "backup", "backups", "bulk",
            ],
            Self::Destructive => &["purge", "wipe", "destroy", "truncate"],
            Self::Money => &[
                "payments",
                "payouts",
                "refunds",
                "refund",
                "transfers",
                "charges",
                "withdrawals",
                "invoices",
            ],
        }
    }

    fn by_convention(self, operation: &Operation, words: &[String]) -> bool {
        let named = words
            .iter()
            .any(|word| self.words().contains(&word.as_str()));
        match self {
            // Reading who may do what changes nothing; reading a secret does harm.
            Self::Escalation | Self::Money => named && operation.method.is_write(),
            Self::Credentials | Self::BulkExport => named,
            Self::Destructive => named || operation.method == Method::Delete,
        }
    }
}

/// What the configuration says: globs over `METHOD /path` for each category, and
/// globs over operations that belong to none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CategoryOverrides {
    /// Adds operations to a category.
    pub add: BTreeMap<Category, Vec<String>>,
    /// These operations are in no category but the ones that `add` names.
    pub none: Vec<String>,
}

/// The categories of each operation of the catalogue.
pub fn categories(catalog: &Catalog, overrides: &CategoryOverrides) -> Vec<BTreeSet<Category>> {
    catalog
        .operations
        .iter()
        .map(|operation| of(operation, overrides))
        .collect()
}

fn of(operation: &Operation, overrides: &CategoryOverrides) -> BTreeSet<Category> {
    let label = operation.label();
    let fits = |globs: &[String]| {
        globs
            .iter()
            .any(|glob| ScopeMatch::Glob.covers(glob, &label))
    };
    let words: Vec<String> = operation
        .path
        .split(['/', ':'])
        .filter(|word| !word.is_empty() && !word.starts_with('{'))
        .map(str::to_ascii_lowercase)
        .collect();
    let cleared = fits(&overrides.none);
    Category::ALL
        .into_iter()
        .filter(|category| {
            let tagged = operation.tags.iter().any(|tag| tag == category.name());
            let added = overrides.add.get(category).is_some_and(|globs| fits(globs));
            added || (!cleared && (tagged || category.by_convention(operation, &words)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Requirement;

    fn names(label: &str, tags: &[&str], overrides: &CategoryOverrides) -> Vec<&'static str> {
        let (method, path) = label.split_once(' ').unwrap();
        let mut operation =
            Operation::new(Method::parse(method.as_bytes()), path, Requirement::none());
        operation.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        of(&operation, overrides)
            .into_iter()
            .map(Category::name)
            .collect()
    }

    #[test]
    fn words_and_methods_tell_and_reading_roles_is_no_escalation() {
        let plain = CategoryOverrides::default();
        let of = |label: &str| names(label, &[], &plain);
        assert_eq!(of("POST /users/{id}/roles"), ["escalation"]);
        assert_eq!(of("GET /users/{id}/roles"), [""; 0]);
        assert_eq!(of("GET /apps/{id}/secrets"), ["credentials"]);
        assert_eq!(of("DELETE /orders/{id}"), ["destructive"]);
        assert_eq!(of("POST /refunds"), ["money"]);
        assert_eq!(of("GET /orders/export"), ["bulk-export"]);
        assert_eq!(of("GET /orders/{id}"), [""; 0]);
    }

    #[test]
    fn tags_add_and_the_configuration_has_the_last_word() {
        let overrides = CategoryOverrides {
            add: BTreeMap::from([(Category::Money, vec!["* /wallets/*".to_owned()])]),
            none: vec!["DELETE /carts/*".to_owned()],
        };
        assert_eq!(names("GET /x", &["money"], &overrides), ["money"]);
        assert_eq!(names("PATCH /wallets/{id}", &[], &overrides), ["money"]);
        assert_eq!(names("DELETE /carts/{id}", &[], &overrides), [""; 0]);
    }
}
