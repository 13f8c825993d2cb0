//! The text of a first configuration.

use super::folder_scan::FolderContents;
use super::globs;
use crate::grants::{self, Proposed};
use crate::model::words::toml_string;

const HEAD: &str = "\
# Configuration of scopetrim. Paths are relative to this file; unknown keys are errors.
# Lines that begin with `#` show what else can be set, with the defaults where there are any.
";

const REST: &str = r#"
# --- how the files are read -------------------------------------------------
# format = "kong"               # log format; default: by content, for each file; or `log_format_string = "nginx:…"`, the server's own line
# scopes = "all"                # several scopes in one OpenAPI requirement: "all" or "any" of them
# scheme = "delegated"          # the security scheme that counts, where several give scopes
# scope_key = "x-required-scopes"  # a key of operations or paths that names scopes as well
# match = "exact"               # what a held scope opens: "exact", "wildcard::", "hierarchy:.", "glob"
# path_case = "sensitive"       # or "insensitive"
# api_base = "/v2"              # where the API's paths begin in the log, when not as the description's servers say
# base_path = ["/gw"]           # prefixes that the gateway adds; for one host: "api.example.com=/v2"
# merge_slashes = true          # `//` in a path counts as `/`
# health_paths = ["/lb"]        # health checks in addition to the usual ones
# redact = ["^ACME-[0-9]+$"]    # further secrets in paths, as regular expressions for a segment
# all_operations_logged = true  # every operation of the catalogue is logged at all; default: unknown
# max_line = "1MiB"             # a longer line is skipped and counted
# max_unpacked = "256GiB"       # limit on the unpacked bytes of one packed log or archive
# max_reject_share = 0.01       # more rejected records make a log incomplete
# threads = 2                   # default: one for each core
# ledger = "usage-ledger"       # folder of usage that `ingest` has counted already
# expected_sources = ["gw-*"]   # inputs that must have data on every day
# log_client = "$http_x_client" # the variable of that line that names the caller
# zone = "+02:00"               # offset from UTC of times that are written without a zone
# hash_key = "hash.key"         # secret key that hashes credential ids

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
# needs = ["reports:*"]         # declared as needed: terms, or operations `POST /v1/exports`

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

# [calendar]                    # days on which no records are expected, in UTC
# closed = ["2026-12-24..2026-12-26", "sunday"]

# [sampled]                     # logs that hold a part of the requests: name or glob = share
# "gw-eu*" = 0.01

# [[sources]]                   # a gateway, node or region that must have data, and since when
# source = "gw-eu*"
# since = 2026-03-01            # and `until`

# [[noise]]                     # reviewed: such requests cannot have needed a permission
# path = "/wp-*"                # and `source`, `status`, `caller`: all that are given have to fit
# status = [404]
# reason = "scanners look for a blog"
# owner = "sre"
# until = 2027-06-30

# [[granted]]                   # reviewed: grants without any other date are older than this day
# file = "policies/*.json"      # or `client = "erp-*"`
# granted_before = 2025-01-01
# reason = "exported at the end of 2024, and frozen since"
# owner = "iam"

# [[toxic]]                     # two scopes that one client should not hold together
# a = "payments:create"
# b = "payments:approve"
# reason = "four eyes on payments"

# [[policies]]                  # a policy format of your own, in YAML or JSON
# name = "ours"
# clients = "spec.consumers[]"
# id = "name"
# terms = "access"
# shape = "list"
# empty_means = "none"          # what an empty list grants; else all, public or invalid

# [[catalogs]]                  # in place of `catalog`: one of several APIs, by host or audience
# file = "orders.yaml"
# host = "orders.example.com"
# base_path = "/v2"             # where its paths begin in the log
# audience = "https://orders.example.com"  # of its scopes, as the policy files spell it

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

# [categories]                  # operations of a risk category, in addition to what their names say
# money = ["* /wallets/*"]
"#;

/// The text of a first configuration for what was found.
pub(crate) fn text(found: &FolderContents) -> String {
    let mut text = HEAD.to_owned();
    entry(
        &mut text,
        "Access logs: files, folders, globs. A glob also catches the file that rotation makes tomorrow.",
        "logs",
        &globs::patterns(found),
        "logs/access.log*",
    );
    entry(
        &mut text,
        "API descriptions. Remove those that this gateway does not serve.",
        "catalog",
        &found.catalogs,
        "openapi.yaml",
    );
    let proposed = found.proposed.iter();
    let described = proposed.filter(|(_, proposed)| matches!(proposed, Proposed::One(_)));
    let described = described.flat_map(|(files, _)| files.iter().cloned());
    let mut grants: Vec<String> = found.grants.iter().cloned().chain(described).collect();
    grants.sort();
    entry(
        &mut text,
        "Policy files: which client holds which scopes.",
        "grants",
        &grants,
        "grants.yaml",
    );
    text.push_str(REST);
    for (files, proposed) in &found.proposed {
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        text.push('\n');
        text.push_str(&grants::proposal_text(&files, proposed));
    }
    text
}

fn entry(text: &mut String, comment: &str, key: &str, files: &[String], example: &str) {
    let value = match files {
        [] => format!("# None was found here.\n# {key} = [\"{example}\"]"),
        [one] => format!("{key} = [{}]", toml_string(one)),
        many => {
            let lines: Vec<String> = many.iter().map(|file| toml_string(file)).collect();
            format!("{key} = [\n    {},\n]", lines.join(",\n    "))
        }
    };
    text.extend(["\n# ", comment, "\n", &value, "\n"]);
}
