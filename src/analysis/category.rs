//! What an operation could be abused for: categories in addition to the number.
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
        Self::ALL
            .into_iter()
            .find(|category| category.name() == text)
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
            // By the words of a segment: see `is_credential`.
            Self::Credentials => &[],
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
        let named = match self {
            Self::Credentials => handles_credentials(&operation.path),
            _ => words
                .iter()
                .any(|word| self.words().contains(&word.as_str())),
        };
        match self {
            // Reading who may do what changes nothing; reading a secret does harm.
            Self::Escalation | Self::Money => named && operation.is_write(),
            Self::Credentials | Self::BulkExport => named,
            Self::Destructive => named || operation.method == Method::Delete,
        }
    }
}

/// Things that are secret, whatever word precedes them.
const SECRETS: [&str; 6] = [
    "secret",
    "password",
    "passphrase",
    "credential",
    "apikey",
    "keypair",
];
/// Things that are secret alone, or after one of [`OF_ACCESS`]: a page token or a gift
/// certificate opens nothing.
const OFTEN_SECRET: [&str; 3] = ["key", "token", "certificate"];
/// Words before a key, a token or a certificate that opens something.
const OF_ACCESS: [&str; 21] = [
    "access",
    "account",
    "admin",
    "api",
    "auth",
    "bearer",
    "client",
    "deploy",
    "encryption",
    "host",
    "master",
    "personal",
    "private",
    "public",
    "refresh",
    "server",
    "service",
    "session",
    "signing",
    "ssh",
    "tls",
];
/// What is done to a secret, before or after its name.
const DONE: [&str; 20] = [
    "change",
    "create",
    "forgot",
    "generate",
    "get",
    "issue",
    "list",
    "new",
    "recover",
    "renew",
    "reset",
    "reveal",
    "revoke",
    "revocation",
    "rotate",
    "rotation",
    "set",
    "show",
    "update",
    "regenerate",
];
/// Segments before `token` where callers get their own token (RFC 6749 section 3.2), which
/// is how everybody begins and no handling of somebody's credentials.
const TOKEN_ENDPOINTS: [&str; 6] = [
    "oauth",
    "oauth2",
    "connect",
    "auth",
    "openid-connect",
    "oidc",
];

/// A segment of the path names something secret: `secret`, `api-keys`, `rotateSecret`; not
/// `secret-santa` or `tokenizer`.
fn handles_credentials(path: &str) -> bool {
    let mut before = "";
    for segment in path.split(['/', ':']) {
        if segment.is_empty() || segment.starts_with('{') {
            continue;
        }
        let own_token = segment == "token" && TOKEN_ENDPOINTS.contains(&before);
        if !own_token && is_credential(segment) {
            return true;
        }
        before = segment;
    }
    false
}

fn is_credential(segment: &str) -> bool {
    let words = words_of(segment);
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.retain(|word| !DONE.contains(word));
    let Some((thing, before)) = words.split_last() else {
        return false;
    };
    let one = thing.strip_suffix('s').unwrap_or(thing);
    SECRETS.contains(&one)
        || (OFTEN_SECRET.contains(&one)
            && before
                .last()
                .is_none_or(|word| OF_ACCESS.contains(word) || SECRETS.contains(word)))
}

/// The words of `api-key`, `api_key` and `apiKey`, in lower case.
fn words_of(segment: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for letter in segment.chars() {
        let border = matches!(letter, '-' | '_' | '.');
        if (border || (lower && letter.is_uppercase()))
            && words.last().is_some_and(|word| !word.is_empty())
        {
            words.push(String::new());
        }
        lower = letter.is_lowercase();
        if let (false, Some(word)) = (border, words.last_mut()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
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
pub(crate) fn categories(
    catalog: &Catalog,
    overrides: &CategoryOverrides,
) -> Vec<BTreeSet<Category>> {
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
    fn words_and_methods_decide_and_reading_roles_is_not_escalation() {
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
    fn secrets_are_known_in_the_singular_and_in_compounds_and_like_words_are_none() {
        let plain = CategoryOverrides::default();
        for path in [
            "/oauth/clients/{id}/secret",
            "/clients/{id}/secret",
            "/users/{id}/api-key",
            "/users/{id}/apiKeys",
            "/apps/{id}/API_KEY",
            "/rotate-secret",
            "/apps/{id}:rotateSecret",
            "/apps/{id}/client-secrets/{secret}",
            "/password-reset",
            "/users/{id}/change_password",
            "/access-tokens",
            "/v1/tokens",
            "/users/{id}/token",
            "/keys",
            "/apps/{id}/key",
            "/tls-certificates",
            "/secret-key",
            "/revoke-token",
        ] {
            assert_eq!(
                names(&format!("GET {path}"), &[], &plain),
                ["credentials"],
                "{path}"
            );
        }
        for path in [
            "/secret-santa",
            "/v1/tokenizer",
            "/v1/tokenize",
            "/sort-keys",
            "/next-page-token",
            "/gift-certificates",
            "/keyboards",
            "/monkeys",
            "/token-usage",
            "/kv/{key}",
            "/oauth/token",
            "/reset",
            "/secretary",
        ] {
            assert_eq!(
                names(&format!("GET {path}"), &[], &plain),
                [""; 0],
                "{path}"
            );
        }
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
