//! The rules' own pages: the list, one page, and `docs/findings.md`.

use std::fmt::Write as _;

use crate::finding::{self, Doc, Threshold, Unit};

/// One line for each rule.
pub(crate) fn list() -> String {
    let mut text = String::new();
    for rule in finding::ALL {
        let doc = rule.doc();
        let _ = writeln!(
            text,
            "{:<4} {:<24} {:<9} {}",
            doc.number,
            doc.id,
            doc.severity.name(),
            doc.title
        );
    }
    text
}

/// The page of one rule, as Markdown.
pub(crate) fn page(doc: &Doc) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "## {} {}: {}\n", doc.number, doc.id, doc.title);
    let _ = writeln!(text, "{}\n", doc.what);
    let _ = writeln!(text, "**Why.** {}\n", doc.why);
    let _ = writeln!(text, "**Example.** {}\n", doc.example);
    let _ = writeln!(text, "**Guards.** {}\n", doc.guards);
    let _ = writeln!(text, "**What to do.** {}\n", doc.action);
    let _ = writeln!(text, "**Needs.** {}\n", doc.fields.join("; "));
    let _ = writeln!(text, "**Severity.** {}\n", doc.severity.name());
    if !doc.thresholds.is_empty() {
        let _ = writeln!(
            text,
            "| key under `[rules.{}]` | default | meaning |",
            doc.number
        );
        let _ = writeln!(text, "| --- | --- | --- |");
        for threshold in doc.thresholds {
            let _ = writeln!(
                text,
                "| `{}` | `{}` | {} |",
                threshold.key,
                shown(threshold),
                threshold.text
            );
        }
        text.push('\n');
    }
    let controls: Vec<String> = doc
        .controls
        .iter()
        .map(|control| format!("{} {}", control.framework, control.control))
        .collect();
    let _ = writeln!(text, "**Supports.** {}", controls.join("; "));
    text
}

/// A default as it would be written in the configuration.
fn shown(threshold: &Threshold) -> String {
    let value = threshold.default;
    match threshold.unit {
        Unit::Days => format!("\"{value}d\""),
        Unit::Seconds if value.is_multiple_of(3_600) => format!("\"{}h\"", value / 3_600),
        Unit::Seconds if value.is_multiple_of(60) => format!("\"{}m\"", value / 60),
        Unit::Seconds => format!("\"{value}s\""),
        Unit::Count | Unit::Percent => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `docs/findings.md` holds; a test compares.
    fn document() -> String {
        let mut text = String::from(HEAD);
        for rule in finding::ALL {
            text.push('\n');
            text.push_str(&page(rule.doc()));
        }
        text
    }

    const HEAD: &str = "# Findings

Facts worth a reviewer's time, in addition to the removals. `scopetrim rules` lists the rules, `scopetrim rules explain F3` prints one of these
pages, `analyze --json` carries the findings under `findings`. No finding changes a verdict.

A rule without its data is listed under `not_evaluable` with the field that it misses: it is never silently green. Where it can judge
some clients, or a part of the log, the entry says so (`partly`, `clients`). A finding has a stable
`id`, made of rule, client and subject, so that one month can be compared with the next. The controls are ones that a finding *supports*:
it is evidence for a reviewer and proves no compliance.

Each rule can be set in `scopetrim.toml`, by its number or its id:

```toml
[rules.F3]
max_lifetime = \"2h\"      # a threshold of the rule
severity = \"high\"        # note, low, medium, high, critical
allow = [\"ops-*\"]        # globs over clients and subjects (F7: networks too) that it leaves alone

[rules.F14]
enabled = false

[categories]             # what an operation could be abused for; tags of the API description say it too
money = [\"* /wallets/*\"]
none = [\"DELETE /carts/*\"]
```

`samples/findings` plants every rule, with a near miss of each; its README lists what must come out.
[findings-formats.md](findings-formats.md) says which rule can be judged on which log format.

Where the log carries the scopes of tokens, F1, F2 and F18 judge each request by its own token, and F22 and F23 compare tokens with grants: requests are kept by day, client,
route and set of scopes (32 sets of a client and day; beyond them the grants are used instead). A ledger into which grants were recorded
(`ingest --grants`) shows F1, F13 and F22 what was once held and is gone.

Credentials (F3, F4, F5, F6, F7, F10, F16, F27) are read from the logs where the format carries them: ids of keys, tokens and certificates, `iat` and
`exp`, addresses, user agents. An id is replaced by a keyed hash before anything is kept (`cred:…`). The default key is the same
everywhere, so it keeps ids from being read, not from being guessed; `--hash-key FILE` (or `hash_key`) takes a secret of your own.
Addresses are cut to /24 and /48, user agents to their family. Of one client and day 16 credentials are kept separate; the rest counts as one.

The categories are `escalation`, `credentials`, `bulk-export`, `destructive` and `money`. `blast_radius` in the report is the
exposure of all clients of one owner together.
";

    #[test]
    fn the_document_is_what_the_rules_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/findings.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, document()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap();
        assert_eq!(written, document(), "run the test with UPDATE_DOCS=1");
    }
}
