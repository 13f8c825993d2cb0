//! The `keep` comment.

use super::*;

#[test]
fn a_keep_comment_holds_for_every_grant_of_its_line() {
    let text = "clients:\n  c:\n    scopes: [a, b] # keep\n  d:\n    scopes:\n    - e # keep: reason=why\n    - scope: f # keep until=2030-01-01\n      owner: x\n    - g\n    - h # keeping this sorted\n    - i # keep for audits\n    # keep this list sorted\n    - j\n";
    let file = yaml(text);
    let kept: Vec<bool> = file
        .entries
        .iter()
        .map(|entry| entry.keep.is_some())
        .collect();
    assert_eq!(kept, [true, true, true, true, false, false, true, false]);
    assert_eq!(
        file.entries[6].keep.as_ref().unwrap().reason.as_deref(),
        Some("for audits")
    );
    assert_eq!(file.warnings.len(), 1);
    assert_eq!(file.warnings[0].code, "keep-in-prose");
}

#[test]
fn a_keep_comment_may_begin_with_a_capital_or_go_on_after_a_full_stop() {
    let text = "clients:\n  c:\n    - a # Keep until=2030-01-01\n    - b # KEEP: reason=why\n    - c # keep, for the audit\n    - d # Keep!\n    - e # keep-alive\n    - f # Keeper\n    - g # k\u{e9}ep\n";
    let file = yaml(text);
    let kept = |entry: &Entry| entry.keep.is_some();
    let kept: Vec<bool> = file.entries.iter().map(kept).collect();
    assert_eq!(kept, [true, true, true, true, false, false, false]);
    assert_eq!(
        file.entries[2].keep.as_ref().unwrap().reason.as_deref(),
        Some("for the audit")
    );
}

#[test]
fn a_keep_comment_that_cannot_be_honoured_is_an_error() {
    let cases = [
        (
            "until=2027-02-30",
            "grants.yaml:3: `2027-02-30` is not a date",
        ),
        (
            "reason=\"x",
            "grants.yaml:3: the quotes of `reason` in a keep comment do not close",
        ),
        (
            "til=2027-01-01",
            "grants.yaml:3: unknown attribute `til` in a keep comment",
        ),
        (
            "until=2027-01-01 please",
            "grants.yaml:3: `please` in a keep comment is not an attribute",
        ),
        (
            "until=2027-01-01 until=2027-01-01",
            "grants.yaml:3: `until` occurs twice in a keep comment",
        ),
    ];
    for (attributes, message) in cases {
        let text = format!("clients:\n  c:\n  - a # keep {attributes}\n");
        assert_eq!(refused(&text, "grants.yaml").0, message);
    }
    for lost in [
        "clients:\n  c: # keep\n  - a\n",
        "clients:\n  c:\n  # keep until=2027-01-01\n  - a\n",
    ] {
        assert!(
            refused(lost, "grants.yaml")
                .0
                .ends_with("this keep comment is on no grant's line")
        );
    }
}

#[test]
fn a_hash_in_a_scalar_is_not_a_comment() {
    let file = yaml(
        "clients:\n  c: ['# keep', \"a # keep\\\n    b\", x#keep]\n"
            .replace("a # keep\\\n    b", "a\\x23")
            .as_str()
            .replace("'# keep'", "'#keep'")
            .as_str(),
    );
    assert_eq!(file.entries.len(), 3);
    assert!(file.entries.iter().all(|entry| entry.keep.is_none()));
}
