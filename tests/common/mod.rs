//! Small cases (a catalogue, a log, a policy file) in folders of their own, and
//! the program run on them.
//!
//! The judge here is written apart from the program: a DNF over held scopes.

mod case;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

pub(crate) use case::{Case, Event, Holder, Op, Rng};

/// What each client holds, roles resolved.
pub(crate) type Held = BTreeMap<String, BTreeSet<String>>;

/// A folder that goes when the test ends.
pub(crate) struct Folder(tempfile::TempDir);

pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The report; the run must have ended with this code.
    pub(crate) fn report(&self, code: i32) -> Value {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        serde_json::from_str(&self.stdout).unwrap()
    }
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scopetrim"));
        ended(command.args(args).current_dir(self.root()))
    }

    /// `git apply` with these arguments; whether it took the patch.
    pub(crate) fn git_apply(&self, args: &[&str]) -> Run {
        let mut command = Command::new("git");
        command.arg("apply").args(args).current_dir(self.root());
        // The folder may lie inside somebody's repository.
        ended(command.env("GIT_CEILING_DIRECTORIES", self.root().parent().unwrap()))
    }

    /// Holdings of a policy file: by the library, and for JSON by hand as well.
    pub(crate) fn held(&self, name: &str) -> Held {
        let policy = scopetrim::stages::PolicyFormats::default()
            .load(&[(self.path(name), name.to_owned())])
            .unwrap();
        let by_library: Held = policy
            .holdings()
            .into_iter()
            .map(|(client, terms)| {
                let terms = terms.keys().map(|term| term.as_str().to_owned()).collect();
                (client.as_str().to_owned(), terms)
            })
            .collect();
        if Path::new(name).extension() == Some("json".as_ref()) {
            let whole: Value = serde_json::from_str(&self.read(name)).unwrap();
            for (client, own) in whole["clients"].as_object().unwrap() {
                let mut by_hand = texts(&own["scopes"]);
                for role in texts(&own["roles"]) {
                    by_hand.extend(texts(&whole["roles"][&role]));
                }
                let library = by_library.get(client).cloned().unwrap_or_default();
                assert_eq!(library, by_hand, "{client}");
            }
        }
        by_library
    }
}

fn ended(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

pub(crate) fn texts(list: &Value) -> BTreeSet<String> {
    let items = list.as_array().into_iter().flatten();
    items
        .map(|item| item.as_str().unwrap().to_owned())
        .collect()
}

/// Removals by client and term, with the level as a number (0 is the safest).
pub(crate) fn removals(report: &Value) -> BTreeMap<(String, String), usize> {
    let mut found = BTreeMap::new();
    for client in report["clients"].as_array().unwrap() {
        for term in client["terms"].as_array().unwrap() {
            if matches!(term["verdict"].as_str(), Some("remove" | "narrow")) {
                let level = ["safe", "likely", "review", "manual"]
                    .iter()
                    .position(|level| term["level"] == **level)
                    .unwrap();
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                found.insert((text(&client["id"]), text(&term["term"])), level);
            }
        }
    }
    found
}

/// The second report may only be more careful than the first.
pub(crate) fn only_more_careful(before: &Value, after: &Value) {
    let (before, after) = (removals(before), removals(after));
    for (key, level) in after {
        let known = before.get(&key);
        assert!(
            known.is_some_and(|known| *known <= level),
            "{key:?}: {known:?} became {level}"
        );
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}
