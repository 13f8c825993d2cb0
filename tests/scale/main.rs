//! The recipes of `docs/scale.md`, run as they stand there: each gives the ledger that one
//! machine makes. What is not on this machine is named, and its test passes.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic and print, and clippy exempts only `#[test]` functions"
)]

mod jobs;
mod queries;
mod yaml;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The one block of the page with this info string.
pub(crate) fn block(info: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scale.md");
    let text = fs::read_to_string(page).unwrap();
    let fence = format!("\n```{info}\n");
    let mut found = text.split(&fence).skip(1);
    let block = found.next().unwrap().split_once("```").unwrap().0;
    assert!(found.next().is_none(), "two blocks `{info}`");
    block.to_owned()
}

/// A folder with logs and the description of the shop, as the page names them.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn of_the_shop() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/shop");
        fs::copy(shop.join("openapi.yaml"), folder.path("openapi.yaml")).unwrap();
        fs::create_dir(folder.path("logs")).unwrap();
        for entry in fs::read_dir(shop.join("logs")).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            // Fewer logs than shares: some shares are empty.
            if name.starts_with("kong-2025-") {
                fs::copy(entry.path(), folder.path("logs").join(name)).unwrap();
            }
        }
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A script of the page, with the program on the path.
    pub(crate) fn shell(&self, script: &str, more: &[(&str, &str)]) -> Output {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", script])
            .envs(more.iter().copied())
            .env("PATH", search_path())
            .current_dir(self.0.path());
        command.output().unwrap()
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scopetrim"));
        command.args(args).current_dir(self.0.path());
        command.output().unwrap()
    }

    /// The ledger that one machine makes, with every file's bytes.
    pub(crate) fn by_one_machine(&self) -> BTreeMap<String, Vec<u8>> {
        let catalog = ["--catalog", "openapi.yaml", "--ledger", "local"];
        let ingest = self.run(&[&["ingest", "logs"][..], &catalog].concat());
        assert!(ingest.status.success(), "{ingest:?}");
        let compact = self.run(&["ledger", "compact", "local"]);
        assert!(compact.status.success(), "{compact:?}");
        bytes(&self.path("local"))
    }
}

/// The folder of the program before those of this process.
fn search_path() -> OsString {
    let program = Path::new(env!("CARGO_BIN_EXE_scopetrim"));
    let before = std::env::var_os("PATH").unwrap_or_default();
    let folders = [program.parent().unwrap().to_path_buf()];
    let folders = folders.into_iter().chain(std::env::split_paths(&before));
    std::env::join_paths(folders).unwrap()
}

/// Every file below a folder but the lock, with its bytes.
pub(crate) fn bytes(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().unwrap() != "lock" {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    assert!(found.contains_key("manifest.json"), "{}", root.display());
    found
}
