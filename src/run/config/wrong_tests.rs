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
        "scopetrim.toml:1: `window` has to be a string in quotes, not a whole number | ",
    ),
    (
        "logs = 'a.log'",
        "scopetrim.toml:1: `logs` has to be a list in square brackets, not a string | ",
    ),
    (
        "logs = [\n'a',\n1]",
        "scopetrim.toml:3: `logs` has to be a string in quotes, not a whole number | ",
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
        "scopetrim.toml:2: `a` has to be a string in quotes, not a whole number | ",
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
    (
        "\n[[noise]]\nreason = 'r'",
        "scopetrim.toml:2: `[[noise]]` has none of `source`, `path`, `status`, `caller` | ",
    ),
    (
        "[[noise]]\npath = '/wp-*'",
        "scopetrim.toml:1: `[[noise]]` has no `reason` | what is noise lets",
    ),
    (
        "[[noise]]\nsource = '*'\nreason = 'r'\npath = '/*'",
        "scopetrim.toml:2: `source` cannot be `*` | the rule would cover every request",
    ),
    (
        "[[noise]]\npath = 'wp-*'\nreason = 'r'",
        "scopetrim.toml:2: `path` cannot be `wp-*` | a path begins with `/`",
    ),
    (
        "[[noise]]\nsource = 'gw-['\nreason = 'r'",
        "scopetrim.toml:2: `source` cannot be `gw-[` | not a pattern over names: ",
    ),
    (
        "[[noise]]\nstatus = []\nreason = 'r'",
        "scopetrim.toml:2: `status` cannot be `[]` | name at least one status code",
    ),
    (
        "[[noise]]\nstatus = [\n404,\n4]\nreason = 'r'",
        "scopetrim.toml:4: `status` cannot be `4` | ",
    ),
    (
        "[[noise]]\npaht = '/wp-*'\nreason = 'r'",
        "scopetrim.toml:2: unknown key `paht` in `[[noise]]` | did you mean `path`?",
    ),
    (
        "sampled = 0",
        "scopetrim.toml:1: `sampled` cannot be `0` | a rate is a number above 0",
    ),
    (
        "[sampled]\na = 1\n'gw-*' = 1.01",
        "scopetrim.toml:3: `gw-*` cannot be `1.01` | a rate is a number above 0",
    ),
    (
        "[sampled]\n'gw-*' = nan",
        "scopetrim.toml:2: `gw-*` cannot be `nan` | a rate",
    ),
    (
        "[sampled]\n'gw-*' = '1 %'",
        "scopetrim.toml:2: `gw-*` has to be a number, not a string | ",
    ),
    (
        "[sampled]\n'gw-[' = 0.5",
        "scopetrim.toml:1: `sampled` cannot be `gw-[` | not a pattern over names: ",
    ),
    (
        "all_operations_logged = 'yes'",
        "scopetrim.toml:1: `all_operations_logged` has to be true or false, not a string | ",
    ),
    (
        "[[policies]]\nname = 'hydra-clients'\n",
        "scopetrim.toml:2: `name` cannot be `hydra-clients` | a built-in format has this name",
    ),
    (
        "[[policies]]\nname = 'ours'\nclients = 'c[]'\nid = 'n'\nterms = 't'\nshape = 'lists'\nempty_means = 'none'",
        "scopetrim.toml:6: `shape` cannot be `lists` | did you mean `list`?",
    ),
    (
        "[[policies]]\nname = 'ours'\nclients = '[]'\nid = 'n'\nterms = 't'\nshape = 'list'\nempty_means = 'none'",
        "scopetrim.toml:1: `[[policies]]` has no `when` | add a line",
    ),
    (
        "[[policies]]\nname = 'ours'\nclients = 'c[0]'",
        "scopetrim.toml:3: `clients` cannot be `c[0]` | `c[0]` is not a key",
    ),
    (
        "[[policies]]\nname = 'ours'\nclients = 'c[]'\nid = 'n'\nterms = 't'\nshape = 'list'\nkey = 'k'\nempty_means = 'none'",
        "scopetrim.toml:7: `key` cannot be `key` | this key belongs to `shape = \"objects\"`",
    ),
    (
        "[[policies]]\nname = 'ours'\nclients = 'c[]'\nterms = 't'\nshape = 'list'\nempty_means = 'none'",
        "scopetrim.toml:1: `[[policies]]` has no `id` | add a line",
    ),
    (
        "[[policies]]\nname = 'ours'\nclients = 'c.*'\nterms = 't'\nshape = 'list'",
        "scopetrim.toml:1: `[[policies]]` has no `empty_means` | add a line",
    ),
    (
        "[[policies]]\nname = 'ours'\ncleints = 'c.*'",
        "scopetrim.toml:3: unknown key `cleints` in `[[policies]]` | did you mean `clients`?",
    ),
    (
        "\n[[granted]]\ngranted_before = 2025-01-01\nreason = 'r'",
        "scopetrim.toml:2: `[[granted]]` has none of `file`, `client` | ",
    ),
    (
        "[[granted]]\nfile = 'a'\nclient = 'b'\ngranted_before = 2025-01-01\nreason = 'r'",
        "scopetrim.toml:3: `client` cannot be `b` | keep one of `file` and `client`",
    ),
    (
        "[[granted]]\nfile = 'a'\ngranted_before = 2025-01-01",
        "scopetrim.toml:1: `[[granted]]` has no `reason` | a stated age lets",
    ),
    (
        "[[granted]]\nfile = 'a'\nreason = 'r'",
        "scopetrim.toml:1: `[[granted]]` has no `granted_before` | add a line",
    ),
    (
        "[[granted]]\nfile = 'a'\ngranted_before = 'long ago'\nreason = 'r'",
        "scopetrim.toml:3: `granted_before` cannot be `long ago` | write a day",
    ),
    (
        "[[granted]]\nfile = 'a['\ngranted_before = 2025-01-01\nreason = 'r'",
        "scopetrim.toml:2: `file` cannot be `a[` | not a pattern over paths: ",
    ),
    (
        "[[granted]]\nfiel = 'a'\ngranted_before = 2025-01-01\nreason = 'r'",
        "scopetrim.toml:2: unknown key `fiel` in `[[granted]]` | did you mean `file`?",
    ),
    (
        "[calendar]\nclosed = ['sunday',\n'christmas']",
        "scopetrim.toml:3: `closed` cannot be `christmas` | write a day",
    ),
    (
        "[calendar]\nclosed = ['monday','tuesday','wednesday','thursday','friday','saturday','sunday']",
        "scopetrim.toml:2: `closed` cannot be `sunday` | with it every day would be closed",
    ),
    (
        "[calendar]\nclose = []",
        "scopetrim.toml:2: unknown key `close` in `[calendar]` | did you mean `closed`?",
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
