//! A folder as the reader of a page has it: the samples of the repository, to be written to freely.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::ROOT;

/// The width that the pages show.
const COLUMNS: &str = "100";

pub(crate) struct Workplace(tempfile::TempDir);

impl Workplace {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(
            &Path::new(ROOT).join("samples"),
            &folder.path().join("samples"),
        );
        Self(folder)
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
            .env_remove("NO_COLOR")
            // No repository above the folder may date the grants.
            .env("GIT_CEILING_DIRECTORIES", self.0.path().parent().unwrap())
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
