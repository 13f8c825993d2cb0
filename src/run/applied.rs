//! What `apply` did with a plan: the record next to it, and what it says about files that are not
//! those of the plan any more.
//!
//! The record is written before the first policy file is changed. With it, a run after an
//! interrupted one can tell which files have the edits.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Advised, atomic_file, repository};
use crate::input;
use crate::model::ContentDigest;
use crate::model::words::shell_word;
use crate::patch::Patch;
use crate::report::json_text;
use crate::report::plan::Plan;

/// The record in the folder of the plan.
const NAME: &str = "applied.json";
const SCHEMA: &str = "scopetrim.applied/1";
/// Far above what is written for the largest policy.
const MAX_BYTES: u64 = 256 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Applied {
    schema: String,
    /// Name of the file that takes the edits back, in the same folder.
    undo: String,
    files: Vec<Edited>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edited {
    path: String,
    /// Digest without the edits.
    before: String,
    /// Digest with them.
    after: String,
}

/// Each policy file of a plan: its path, the digest that the plan has, and the one of today.
pub(super) fn digests(plan: &Plan) -> anyhow::Result<Vec<(String, String, String)>> {
    let of = |path: &String| {
        input::read_regular(Path::new(path), MAX_BYTES).map_err(|error| {
            Advised::new(
                format!("the policy file `{path}` cannot be read: {error}"),
                "check the path and its permissions",
            )
        })
    };
    let files = plan.files.iter().map(|file| {
        let now = ContentDigest::of(&of(&file.path)?).to_string();
        Ok((file.path.clone(), file.digest.clone(), now))
    });
    files.collect()
}

/// Why files are not those of the plan, where an earlier `apply` explains it.
pub(super) fn why_changed(
    folder: &Path,
    digests: &[(String, String, String)],
) -> Option<anyhow::Error> {
    let bytes = input::read_whole(&folder.join(NAME), MAX_BYTES).ok()?;
    let record: Applied = serde_json::from_slice(&bytes).ok()?;
    let edited = |file: &&(String, String, String)| {
        let own = |known: &Edited| {
            known.path == file.0 && known.before == file.1 && known.after == file.2
        };
        record.files.iter().any(own)
    };
    let is_edited = |path: &str| {
        let known = digests.iter().find(|file| file.0 == path);
        known.is_some_and(|file| edited(&file))
    };
    let changed = |file: &&(String, String, String)| file.1 != file.2;
    if record.schema != SCHEMA || !digests.iter().filter(changed).all(|file| edited(&file)) {
        return None;
    }
    let paths = record.files.iter().map(|file| file.path.as_str());
    let (with, without): (Vec<&str>, Vec<&str>) = paths.partition(|path| is_edited(path));
    let undo = folder.join(&record.undo).display().to_string();
    let undo = shell_word(&undo);
    let with = quoted(&with);
    if without.is_empty() {
        return Some(Advised::new(
            format!("the plan was applied already: {with} has its edits"),
            format!("`git apply {undo}` takes them back; for further edits run the analysis again"),
        ));
    }
    Some(Advised::new(
        format!(
            "an earlier run was interrupted: {with} has its edits, {} has not",
            quoted(&without)
        ),
        format!(
            "the part of {undo} about {with} takes them back (`git apply --include=FILE {undo}`); then apply again"
        ),
    ))
}

fn quoted(paths: &[&str]) -> String {
    let all: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
    all.join(", ")
}

/// Writes the undo and the record next to a plan, before anything is changed; gives the path of
/// the undo. The undo of another run stays.
pub(crate) fn begin(folder: &Path, patch: &Patch) -> anyhow::Result<PathBuf> {
    let undo: String = patch.files.iter().map(repository::undo).collect();
    let mut number = 1_u32;
    let name = loop {
        let name = match number {
            1 => "applied-undo.diff".to_owned(),
            _ => format!("applied-undo-{number}.diff"),
        };
        let file = folder.join(&name);
        let same = || {
            let known = input::read_regular(&file, MAX_BYTES);
            known.is_ok_and(|known| known == undo.as_bytes())
        };
        if file.symlink_metadata().is_err() || same() {
            break name;
        }
        number = number.saturating_add(1);
    };
    let file = folder.join(&name);
    atomic_file::write_text(&file, &undo)?;
    let files = patch.files.iter().map(|file| Edited {
        path: file.path.to_string(),
        before: ContentDigest::of(&file.old).to_string(),
        after: ContentDigest::of(&file.new).to_string(),
    });
    let record = Applied {
        schema: SCHEMA.to_owned(),
        undo: name,
        files: files.collect(),
    };
    let text = json_text::pretty(&record)? + "\n";
    atomic_file::write_text(&folder.join(NAME), &text)?;
    Ok(file)
}
