//! The names of the keys of tables, in the order of the documentation.

/// Keys of `[outcomes]`.
pub const OUTCOME_KEYS: [&str; 2] = ["denied", "attempted"];
/// Keys of `[levels]`.
pub const LEVEL_KEYS: [&str; 4] = ["safe_p", "safe_upper", "likely_p", "likely_upper"];
/// Keys of `[[catalogs]]`.
pub const CATALOG_KEYS: [&str; 7] = [
    "file",
    "host",
    "base_path",
    "audience",
    "scheme",
    "scope_key",
    "scopes",
];
/// Keys of `[[exceptions]]`.
pub const EXCEPTION_KEYS: [&str; 5] = ["client", "term", "reason", "owner", "until"];
/// Keys of `[[noise]]`.
pub const NOISE_KEYS: [&str; 7] = [
    "source", "path", "status", "caller", "reason", "owner", "until",
];
/// Keys of `[[sources]]`.
pub const SOURCE_KEYS: [&str; 3] = ["source", "since", "until"];
/// Keys of `[[granted]]`.
pub const GRANTED_KEYS: [&str; 5] = ["file", "client", "granted_before", "reason", "owner"];
/// Keys of `[[policies]]`.
pub const POLICY_KEYS: [&str; 14] = [
    "name",
    "when",
    "clients",
    "id",
    "aliases",
    "audience",
    "terms",
    "optional",
    "shape",
    "separator",
    "key",
    "levels",
    "empty_means",
    "roles",
];
/// Keys of `policies.roles`.
pub const POLICY_ROLE_KEYS: [&str; 4] = ["at", "id", "terms", "members"];
/// Keys of `[[toxic]]`.
pub const TOXIC_KEYS: [&str; 3] = ["a", "b", "reason"];
/// Keys of `[calendar]`.
pub const CALENDAR_KEYS: [&str; 1] = ["closed"];
/// Keys of `[[weights]]`.
pub const WEIGHT_KEYS: [&str; 4] = ["matches", "data", "weight", "tenant_wide"];
