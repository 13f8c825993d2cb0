//! Keys with levels: the edits that lower one, or remove it.

use std::collections::BTreeSet;

use super::described::{Dice, description};
use super::*;
use crate::grants::{Description, Formats, Shape};

#[test]
fn a_level_is_lowered_or_its_key_goes() {
    let own = Description {
        shape: Shape::Levels(["read", "write"].map(str::to_owned).to_vec().into()),
        ..description(&mut Dice([].iter()))
    };
    let text = "kind: Access\nspec:\n  clients:\n    app:\n      grants:\n        given:\n          contents: write # all\n          issues: none\n          checks: \"read\"\n";
    let read =
        |text: &str| Formats::with(vec![own.clone()]).read(Arc::from(text.as_bytes()), "f.yaml");
    let policy = Policy {
        files: vec![read(text).unwrap()],
        ..Policy::default()
    };
    let file = &policy.files[0];
    let opens = &file.ladders[&Scope::new("contents:write")];
    assert_eq!(opens, &BTreeSet::from([Scope::new("contents:read")]));
    let lower = Replacement {
        file: 0,
        entry: 0,
        with: vec![Term::new("contents:read")],
    };
    let patch = plan(&policy, &[], &[lower]).unwrap();
    let new = String::from_utf8(patch.files[0].new.clone()).unwrap();
    assert_eq!(new, text.replace("contents: write", "contents: read"));
    let patch = plan(&policy, &giving(&policy, &["contents:write"]), &[]).unwrap();
    let new = String::from_utf8(patch.files[0].new.clone()).unwrap();
    assert_eq!(new, text.replace("          contents: write # all\n", ""));
    assert!(read(&text.replace("write", "rwite")).is_err());
}
