//! Object stores, as far as a user sees them: the same results as with files of this machine, whole
//! or previous states whatever happens, and clear words.
//!
//! Most tests run against a store of their own that can be made to fail; `real.rs` against moto
//! and Azurite, where these can be had.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic and print, and clippy exempts only `#[test]` functions"
)]

mod commit;
mod faults;
mod google;
mod killed;
mod many;
mod profiles;
mod reading;
mod real;
mod removal;
mod server;
mod spark;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use server::Server;

/// What must be in no output.
pub(crate) const SECRET: &str = "wJalrXUtnFEMI-test-secret";

/// A folder to work in, and a store.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) server: Arc<Server>,
}

impl World {
    /// With the description of the shop, here and in the store.
    pub(crate) fn new() -> Self {
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
            server: Server::start(),
        };
        world.add("openapi.yaml", &fs::read(shop("openapi.yaml")).unwrap());
        world.add("grants.yaml", &fs::read(shop("grants.yaml")).unwrap());
        world
    }

    /// A file of the same content here and in the bucket `b`.
    pub(crate) fn add(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self.server.put(&format!("b/{name}"), bytes);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scopetrim"));
        command
            .args(args.split_whitespace())
            .current_dir(self.folder.path())
            // What the user of this machine has in `~/.aws` is not read.
            .env("HOME", self.folder.path())
            .env(
                "AWS_ENDPOINT",
                format!("http://127.0.0.1:{}", self.server.port),
            )
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", SECRET);
        command
    }

    /// Runs it to its end; no output has the secret in it.
    pub(crate) fn run(&self, args: &str) -> Output {
        let output = self.command(args).output().unwrap();
        let told = format!("{output:?}");
        assert!(!told.contains(SECRET), "{told}");
        output
    }

    pub(crate) fn ok(&self, args: &str) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// It ends with an error, which is returned.
    pub(crate) fn fails(&self, args: &str) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(2), "{args}: {output:?}");
        text(&output.stderr)
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn shop(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("samples/shop").join(name)
}

/// Every file below a folder but the lock, with its bytes.
pub(crate) fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
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
    found
}

/// Lines of a log in the format that scopetrim has of its own, of a number of days.
pub(crate) fn log(client: &str, days: std::ops::Range<u32>, lines: u32) -> Vec<u8> {
    let mut text = String::new();
    for day in days {
        for line in 0..lines {
            let (minute, second) = (line / 60 % 60, line % 60);
            writeln!(
                text,
                "{{\"time\":\"2026-10-{day:02}T10:{minute:02}:{second:02}Z\",\"client_id\":\"{client}\",\"method\":\"GET\",\"path\":\"/v1/orders/{line}\",\"status\":200}}"
            ).unwrap();
        }
    }
    text.into_bytes()
}
