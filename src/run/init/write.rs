//! The text of a first configuration.

use std::collections::BTreeMap;

use super::folder_scan::Found;

const HEAD: &str = "\
# Configuration of scopetrim. Paths are relative to this file; unknown keys are errors.
# Lines that begin with `#` show what else can be set, with the defaults where there are any.
";

const REST: &str = r#"
# --- how the files are read -------------------------------------------------
# format = "kong"               # log format; default: by content, for each file
# scopes = "all"                # several scopes in one OpenAPI requirement: "all" or "any" of them
# match = "exact"               # what a held scope opens: "exact", "wildcard::", "hierarchy:.", "glob"
# path_case = "sensitive"       # or "insensitive"
# api_base = "/v2"              # where the API's paths begin in the log, when not as the description's servers say
# base_path = ["/gw"]           # prefixes that the gateway adds; for one host: "api.example.com=/v2"
# merge_slashes = true          # `//` in a path counts as `/`
# health_paths = ["/lb"]        # health checks beside the customary ones
# redact = ["^ACME-[0-9]+$"]    # further secrets in paths, as regular expressions over a segment
# all_operations_logged = true  # every operation of the catalogue is logged at all; default: unknown
# max_line = "1MiB"             # a longer line is skipped and counted
# max_unpacked = "256GiB"       # most unpacked bytes of one packed log
# max_reject_share = 0.01       # more rejected records make a log incomplete
# threads = 2                   # default: one for each core
# ledger = "usage-ledger"       # folder of usage that `ingest` has counted already
# expected_sources = ["gw-*"]   # inputs that must have data on every day
# hash_key = "hash.key"         # secret under which ids of credentials are hashed

# --- what is looked at, and what is suggested -------------------------------
# window = "90d"                # or `since = 2026-01-01`
# as_of = 2026-10-31            # default: the end of the data
# granted_since = "since.csv"   # dates for grants of unknown age: client,term,date
# blame = true                  # ask git for the age of grants without a date
# hints = "tiebreak"            # the vendor's privilege hint: "first", "tiebreak", "ignore"
# objective = "reach"           # or "risk"
# level = "likely"              # removals up to this level: "safe", "likely", "review"
# narrow = false                # also suggest narrower scopes
# audience = "https://api.example.com"  # which API this is, where the policy names several
# protocol_scopes = ["openid"]  # replaces the list of scopes that no request can show
# protected = ["incident.*"]    # replaces the list of terms that always need a reviewer
# needs = ["reports:*"]         # stated as needed: terms, or operations `POST /v1/exports`

# [levels]                      # largest chance of use in 90 days, and its largest bound
# safe_p = 0.02
# safe_upper = 0.05
# likely_p = 0.05
# likely_upper = 0.20

# [outcomes]                    # status codes
# denied = [401, 403]
# attempted = [429, 499, 503]

# [aliases]                     # name in the log = name in the policy
# "billing-prod" = "billing"

# [calendar]                    # days on which no records are to be expected, in UTC
# closed = ["2026-12-24..2026-12-26", "sunday"]

# [sampled]                     # logs that hold a part of the requests: name or glob = share
# "gw-eu*" = 0.01

# [[noise]]                     # reviewed: such requests cannot have needed a permission
# path = "/wp-*"                # and `source`, `status`, `caller`: all that are given have to fit
# status = [404]
# reason = "scanners look for a blog"
# owner = "sre"
# until = 2027-06-30

# [[granted]]                   # reviewed: grants that nothing else dates are older than this day
# file = "policies/*.json"      # or `client = "erp-*"`
# granted_before = 2025-01-01
# reason = "exported at the end of 2024, and frozen since"
# owner = "iam"

# [[toxic]]                     # two scopes that one client should not hold together
# a = "payments:create"
# b = "payments:approve"
# reason = "four eyes on payments"

# [[exceptions]]                # reviewed: keep this
# client = "ops"
# term = "incident.*"
# reason = "used only while the service is down"
# owner = "sre"
# until = 2027-06-30

# [[weights]]                   # risk of operations, by `METHOD /path` or tag
# matches = "* /customers/*"
# data = "personal"             # public, internal, personal, secret, payment
# tenant_wide = false

# [rules.F3]                    # a finding's rule: see `scopetrim rules`
# severity = "high"
# max_lifetime = "2h"

# [categories]                  # operations of a risk category, beside what their names say
# money = ["* /wallets/*"]
"#;

/// The text of a first configuration for what was found.
pub fn text(found: &Found) -> String {
    let mut text = HEAD.to_owned();
    entry(
        &mut text,
        "Access logs: files, folders, globs.",
        "logs",
        &patterns(found),
        "logs/*.gz",
    );
    entry(
        &mut text,
        "API descriptions. Take out those that this gateway does not serve.",
        "catalog",
        &found.catalogs,
        "openapi.yaml",
    );
    entry(
        &mut text,
        "Policy files: which client holds which scopes.",
        "grants",
        &found.grants,
        "grants.yaml",
    );
    text.push_str(REST);
    text
}

fn entry(text: &mut String, comment: &str, key: &str, files: &[String], example: &str) {
    let value = match files {
        [] => format!("# None was found here.\n# {key} = [\"{example}\"]"),
        [one] => format!("{key} = [{}]", quoted(one)),
        many => {
            let lines: Vec<String> = many.iter().map(|file| quoted(file)).collect();
            format!("{key} = [\n    {},\n]", lines.join(",\n    "))
        }
    };
    text.extend(["\n# ", comment, "\n", &value, "\n"]);
}

/// A TOML basic string. JSON's escapes are all TOML's, which refuses DEL as well.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .replace('\u{7f}', "\\u007F")
}

/// Logs of one folder and ending as one glob, when the glob catches nothing else.
fn patterns(found: &Found) -> Vec<String> {
    let mut groups: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for name in found.logs.keys() {
        groups.entry(key(name)).or_default().push(name);
    }
    let mut patterns = Vec::new();
    for ((folder, ending), names) in groups {
        let caught = found
            .all
            .iter()
            .filter(|name| key(name) == (folder, ending))
            .count();
        // A folder or ending with the glob's own characters would mean something else.
        let plain =
            !ending.is_empty() && !format!("{folder}{ending}").contains(['*', '?', '[', ']']);
        if plain && names.len() > 1 && caught == names.len() {
            patterns.push(format!("{folder}*{ending}"));
        } else {
            patterns.extend(names.into_iter().map(str::to_owned));
        }
    }
    patterns
}

/// Folder with its slash, and the ending with its dot.
fn key(name: &str) -> (&str, &str) {
    let file = name.rfind('/').map_or(0, |slash| slash + 1);
    let ending = name[file..].rfind('.').map_or(name.len(), |dot| file + dot);
    (&name[..file], &name[ending..])
}
