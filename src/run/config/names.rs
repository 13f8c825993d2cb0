//! The names of all keys, in the order of the documentation.

/// Keys at the top of the file, in the order of the documentation.
pub const KEYS: [&str; 45] = [
    "logs",
    "ledger",
    "expected_sources",
    "catalog",
    "grants",
    "format",
    "scopes",
    "match",
    "path_case",
    "base_path",
    "api_base",
    "window",
    "since",
    "as_of",
    "granted_since",
    "blame",
    "hints",
    "objective",
    "level",
    "narrow",
    "audience",
    "protocol_scopes",
    "protected",
    "needs",
    "health_paths",
    "redact",
    "all_operations_logged",
    "max_line",
    "max_unpacked",
    "max_reject_share",
    "threads",
    "merge_slashes",
    "hash_key",
    "levels",
    "outcomes",
    "aliases",
    "calendar",
    "sampled",
    "noise",
    "granted",
    "exceptions",
    "toxic",
    "weights",
    "rules",
    "categories",
];
/// Keys of `[outcomes]`.
pub const OUTCOME_KEYS: [&str; 2] = ["denied", "attempted"];
/// Keys of `[levels]`.
pub const LEVEL_KEYS: [&str; 4] = ["safe_p", "safe_upper", "likely_p", "likely_upper"];
/// Keys of `[[exceptions]]`.
pub const EXCEPTION_KEYS: [&str; 5] = ["client", "term", "reason", "owner", "until"];
/// Keys of `[[noise]]`.
pub const NOISE_KEYS: [&str; 7] = [
    "source", "path", "status", "caller", "reason", "owner", "until",
];
/// Keys of `[[granted]]`.
pub const GRANTED_KEYS: [&str; 5] = ["file", "client", "granted_before", "reason", "owner"];
/// Keys of `[[toxic]]`.
pub const TOXIC_KEYS: [&str; 3] = ["a", "b", "reason"];
/// Keys of `[calendar]`.
pub const CALENDAR_KEYS: [&str; 1] = ["closed"];
/// Keys of `[[weights]]`.
pub const WEIGHT_KEYS: [&str; 4] = ["matches", "data", "weight", "tenant_wide"];
