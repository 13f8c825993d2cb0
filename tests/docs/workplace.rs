//! A folder as the reader of a page has it: the samples of the repository in a clone, to be written to freely.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::ROOT;

/// The width that the pages show.
const COLUMNS: &str = "100";
/// After the last day of every log, as in the repository.
const COMMITTED: &str = "2026-11-20T12:00:00Z";

pub(crate) struct Workplace(tempfile::TempDir);

impl Workplace {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(
            &Path::new(ROOT).join("samples"),
            &folder.path().join("samples"),
        );
        let workplace = Self(folder);
        let commit = "git init --quiet && git add samples && git -c user.name=a -c user.email=a@example.com \
             -c commit.gpgsign=false -c core.autocrlf=false commit --quiet --message samples";
        let done = workplace.shell(commit);
        assert!(done.status.success(), "{done:?}");
        workplace
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a line of shell in which `scopetrim` is the program under test.
    pub(crate) fn shell(&self, line: &str) -> Output {
        let binary = Path::new(env!("CARGO_BIN_EXE_scopetrim"));
        let mut path = vec![binary.parent().unwrap().to_owned()];
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        path.extend(std::env::split_paths(&inherited));
        Command::new("sh")
            .args(["-c", line])
            .current_dir(self.0.path())
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("COLUMNS", COLUMNS)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_AUTHOR_DATE", COMMITTED)
            .env("GIT_COMMITTER_DATE", COMMITTED)
            .env_remove("NO_COLOR")
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE")
            .output()
            .unwrap()
    }
}

/// Without a shell nothing can be tried as a reader would; that is said.
pub(crate) fn has_shell() -> bool {
    let has = Command::new("sh").args(["-c", "exit 0"]).status().is_ok();
    if !has {
        println!("skipped: there is no `sh`");
    }
    has
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
