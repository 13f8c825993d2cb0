//! Values that mean nothing.

use super::refused;

/// Text of a file, and how its refusal begins.
const REFUSED: &[(&str, &str)] = &[
    (
        "\nwindow = '3m'",
        "scopetrim.toml:2: `window` cannot be `3m` | ",
    ),
    (
        "window = 90",
        "scopetrim.toml:1: `window` has to be a text in quotes, not a whole number | ",
    ),
    (
        "logs = 'a.log'",
        "scopetrim.toml:1: `logs` has to be a list in square brackets, not a text | ",
    ),
    (
        "logs = [\n'a',\n1]",
        "scopetrim.toml:3: `logs` has to be a text in quotes, not a whole number | ",
    ),
    ("logs = ['']", "scopetrim.toml:1: `logs` cannot be `` | "),
    (
        "format = 'king'",
        "scopetrim.toml:1: `format` cannot be `king` | did you mean `kong`?",
    ),
    (
        "match = 'wildcard'",
        "scopetrim.toml:1: `match` cannot be `wildcard` | ",
    ),
    (
        "level = 'manual'",
        "scopetrim.toml:1: `level` cannot be `manual` | ",
    ),
    ("as_of = 2026-02-30", "scopetrim.toml:1: "),
    (
        "as_of = '31.10.2026'",
        "scopetrim.toml:1: `as_of` cannot be `31.10.2026` | ",
    ),
    (
        "as_of = 2026-10-31T10:00:00Z",
        "scopetrim.toml:1: `as_of` cannot be `2026-10-31T10:00:00Z` | ",
    ),
    (
        "threads = 0",
        "scopetrim.toml:1: `threads` cannot be `0` | a whole number from 1 to 1024",
    ),
    ("threads = -1", "scopetrim.toml:1: `threads` cannot be"),
    (
        "max_reject_share = 1.5",
        "scopetrim.toml:1: `max_reject_share` cannot be `1.5` | ",
    ),
    ("max_reject_share = nan", "scopetrim.toml:1: `max_"),
    (
        "max_line = '0'",
        "scopetrim.toml:1: `max_line` cannot be `0` | ",
    ),
    (
        "base_path = ['gw']",
        "scopetrim.toml:1: `base_path` cannot be `gw` | ",
    ),
    (
        "health_paths = ['lb']",
        "scopetrim.toml:1: `health_paths` cannot be `lb` | a path begins with `/`",
    ),
    (
        "redact = ['a', '(']",
        "scopetrim.toml:1: `redact` cannot be `(` | not a regular expression: ",
    ),
    (
        "[outcomes]\ndenied = [99]",
        "scopetrim.toml:2: `denied` cannot be `99` | ",
    ),
    (
        "[outcomes]\ndenied = [429]\nattempted = [429]",
        "scopetrim.toml:1: `outcomes` cannot be `429` | ",
    ),
    (
        "[aliases]\na = 1",
        "scopetrim.toml:2: `a` has to be a text in quotes, not a whole number | ",
    ),
    (
        "[[exceptions]]\nclient = 'a'\nterm = 'x'",
        "scopetrim.toml:1: `[[exceptions]]` has no `reason` | ",
    ),
    (
        "[exceptions]\nclient = 'a'",
        "scopetrim.toml:1: `exceptions` has to be a list of tables, not a table | ",
    ),
    (
        "[[weights]]\nweight = 1",
        "scopetrim.toml:1: `[[weights]]` has no `matches` | ",
    ),
    (
        "[[weights]]\nmatches = 'x'\ndata = 'secrets'",
        "scopetrim.toml:3: `data` cannot be `secrets` | did you mean `secret`?",
    ),
    (
        "since = 2026-01-01\nwindow = '9d'",
        "scopetrim.toml:1: `since` cannot be `2026-01-01` | ",
    ),
    (
        "since = 2026-02-01\nas_of = 2026-01-01",
        "scopetrim.toml:1: `since` cannot be `2026-02-01` | ",
    ),
    ("logs = []\nlogs = []", "scopetrim.toml:2: not valid TOML: "),
    ("logs = [", "scopetrim.toml:1: not valid TOML: "),
];

#[test]
fn a_value_that_means_nothing_is_refused_with_its_line() {
    for (text, sentence) in REFUSED {
        let said = refused(text);
        assert!(said.starts_with(sentence), "{text:?} gave {said}");
        assert!(!said.ends_with("| "), "{text:?} has no advice");
    }
}
