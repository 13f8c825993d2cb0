//! The diff as git sees it.

use std::path::Path;
use std::process::Command;

use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::*;

/// Runs `git apply` in a folder; `None` where there is no git.
fn git_apply(folder: &Path, diff: &str, check: bool) -> Option<bool> {
    let patch = folder.join("the.patch");
    std::fs::write(&patch, diff).unwrap();
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap());
    command.args(["-c", "core.autocrlf=false", "apply", "--whitespace=nowarn"]);
    if check {
        command.arg("--check");
    }
    let Ok(output) = command.arg(&patch).output() else {
        eprintln!("skipped: git is not installed");
        return None;
    };
    eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    Some(output.status.success())
}

/// The diff from one text to another one, whatever changed.
fn unified(old: &str, new: &str, path: &str) -> String {
    let (a, b) = (unified::lines(old), unified::lines(new));
    let blocks: Vec<unified::Block> = capture_diff_slices(Algorithm::Myers, &a, &b)
        .iter()
        .filter(|op| op.tag() != DiffTag::Equal)
        .map(|op| (op.old_range(), op.new_range()))
        .collect();
    unified::write(&a, &b, &blocks, path)
}

/// A diff as it is printed: `git apply` skips the reasons in front of a file's header.
fn annotated(diff: &str, note: &str) -> String {
    format!("# {}\n{diff}", note.replace('\n', " "))
}

/// Applies diff and undo with git and compares bytes.
pub(super) fn survives_git(patch: &FilePatch, note: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(&*patch.path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, &*patch.old).unwrap();
    let printed = annotated(&patch.diff, note);
    let Some(fits) = git_apply(folder.path(), &printed, true) else {
        return true;
    };
    fits && git_apply(folder.path(), &printed, false) == Some(true)
        && std::fs::read(&file).unwrap() == patch.new
        && git_apply(folder.path(), &patch.undo, false) == Some(true)
        && std::fs::read(&file).unwrap() == *patch.old
}

#[test]
fn git_applies_the_diff_and_the_undo_whatever_the_path() {
    let text = "clients:\n  c:\n    scopes:\n    - a # x\n    - b\n  d:\n    scopes: [a, e]\n";
    for path in [
        "policy/grants.yaml",
        "a b/ü grants.yaml",
        "q\"u\\o.yaml",
        "t\tab.yaml",
    ] {
        for eol in ["\n", "\r\n"] {
            for cut in [0, eol.len()] {
                let text = text.replace('\n', eol);
                let policy = policy(&text[..text.len() - cut], path);
                let patch = plan(&policy, &giving(&policy, &["a"]), &[]).unwrap();
                let note = "grants.yaml:4  c  - a  never used\n--- a/x\n+++ b/x\n@@ -1 +1 @@";
                assert!(survives_git(&patch.files[0], note), "{path} {eol:?} {cut}");
            }
        }
    }
}

#[test]
fn the_diff_is_what_a_reviewer_expects() {
    let text = "clients:\n  c:\n    scopes:\n    - a # x\n    - b\n";
    let policy = policy(text, "policy/grants.yaml");
    let patch = plan(&policy, &giving(&policy, &["a"]), &[]).unwrap();
    let printed = annotated(
        &patch.files[0].diff,
        "policy/grants.yaml:4  c  - a  never used",
    );
    insta::assert_snapshot!(printed, @r"
    # policy/grants.yaml:4  c  - a  never used
    --- a/policy/grants.yaml
    +++ b/policy/grants.yaml
    @@ -1,5 +1,4 @@
     clients:
       c:
         scopes:
    -    - a # x
         - b
    ");
}

#[test]
fn two_texts_give_a_diff_that_leads_from_one_to_the_other() {
    let texts = [
        "",
        "a",
        "a\n",
        "a\nb\n",
        "b\n",
        "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n",
        "1\nx\n3\n4\n5\n6\n7\n8\n9\n10\n11\nz\n",
        "a\r\nb",
    ];
    for old in texts {
        for new in texts {
            let diff = unified(old, new, "f");
            assert_eq!(unified::apply(old, &diff).as_deref(), Some(new), "{diff}");
            assert_eq!(diff.is_empty(), old == new);
        }
    }
}
