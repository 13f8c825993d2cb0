//! What lies in a folder: logs, API descriptions, policy files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::catalog;
use crate::document::{Node, yaml};
use crate::format::detect::detect;
use crate::grants::{self, Proposed};
use crate::input::{Input, head};
use crate::run::config::FILE_NAME;
use crate::usage::layers;

/// Folders below this depth are not looked into.
const DEPTH: usize = 10;
/// Files looked at before giving up: `init` was started in the wrong folder.
const FILES: usize = 20_000;
/// Larger documents are neither descriptions nor policies that somebody wrote.
const DOCUMENT: u64 = 16 << 20;
/// Descriptions proposed at most: more of them nobody would check.
const PROPOSALS: usize = 8;
/// Folders of tools, full of other people's examples.
const FOREIGN: [&str; 4] = ["node_modules", "target", "vendor", "__pycache__"];

/// What was found; every list is sorted, every path relative to the folder with `/`.
#[derive(Debug, Default)]
pub(crate) struct FolderContents {
    /// Log and the name of its format.
    pub logs: BTreeMap<String, &'static str>,
    /// API descriptions.
    pub catalogs: Vec<String>,
    /// Policy files.
    pub grants: Vec<String>,
    /// What is proposed for files that no format reads, and that may hold grants.
    pub proposed: Vec<(Vec<String>, Proposed)>,
    /// Every file seen, to know what a glob would catch.
    pub all: Vec<String>,
    /// Files without content: a log is empty after it was rotated.
    pub empty: Vec<String>,
    /// What was seen and not used, and why.
    pub left_out: Vec<String>,
    /// Files that are none of what is looked for, away from the logs.
    pub others: Vec<String>,
}

impl FolderContents {
    /// Number of logs in each format.
    pub(crate) fn formats(&self) -> BTreeMap<&'static str, usize> {
        let mut formats = BTreeMap::new();
        for name in self.logs.values() {
            *formats.entry(*name).or_default() += 1;
        }
        formats
    }
}

/// Looks into a folder; its files are judged by their content.
pub(crate) fn look(dir: &Path) -> io::Result<FolderContents> {
    let mut found = FolderContents::default();
    // The folder itself has to be readable; one below may be somebody else's.
    fs::read_dir(dir)?;
    walk(dir, "", 0, &mut found);
    found.all.sort();
    if found.all.len() >= FILES {
        found
            .left_out
            .push(format!("everything after the first {FILES} files"));
    }
    let mut unknown = Vec::new();
    for name in found.all.clone() {
        if !judge(dir, &name, &mut found) {
            unknown.push(name);
        }
    }
    // Next to logs a file that is none is worth a word: it may have been meant as one.
    let folder = |name: &str| name.rfind('/').map_or(0, |slash| slash + 1);
    for name in unknown {
        let logs = found.logs.keys();
        let mut next_to = logs.filter(|log| log[..folder(log)] == name[..folder(&name)]);
        if next_to.next().is_some() {
            let why = if found.empty.contains(&name) {
                "it is empty"
            } else {
                "it is no log that is known, and no description or policy"
            };
            found.left_out.push(format!("{name}: {why}"));
        } else {
            found.others.push(name);
        }
    }
    Ok(found)
}

fn walk(dir: &Path, prefix: &str, depth: usize, found: &mut FolderContents) {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => {
            found.left_out.push(format!("{prefix}: {error}"));
            return;
        }
    };
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    for name in names {
        let path = dir.join(&name);
        let Some(name) = name.to_str() else {
            found
                .left_out
                .push(format!("{}: its name is not UTF-8", path.display()));
            continue;
        };
        if name.trim().is_empty() {
            // The configuration refuses an empty string: it is nearly always a slip.
            found
                .left_out
                .push(format!("{prefix}{name:?}: its name is empty"));
            continue;
        }
        if name.starts_with('.') || found.all.len() >= FILES {
            continue;
        }
        let shown = format!("{prefix}{name}");
        // Links to folders are not followed: they can lead in circles.
        let is_folder = path.symlink_metadata().is_ok_and(|meta| meta.is_dir());
        if !is_folder && path.is_file() {
            found.all.push(shown);
        } else if is_folder && FOREIGN.contains(&name) {
            found.left_out.push(format!("{shown}/: a folder of tools"));
        } else if is_folder && depth >= DEPTH {
            found.left_out.push(format!("{shown}/: too deep"));
        } else if is_folder {
            walk(&path, &format!("{shown}/"), depth + 1, found);
        }
    }
}

/// Whether something is said about the file.
fn judge(dir: &Path, name: &str, found: &mut FolderContents) -> bool {
    let path = dir.join(name);
    let size = fs::metadata(&path).map_or(0, |meta| meta.len());
    let extension = name
        .rsplit_once('.')
        .map_or("", |(_, extension)| extension)
        .to_ascii_lowercase();
    let document = ["yaml", "yml", "json", "csv", "toml", "tf"].contains(&extension.as_str());
    if name.ends_with(FILE_NAME) {
        return true;
    }
    if size == 0 {
        found.empty.push(name.to_owned());
        return false;
    }
    let mut broken = false;
    if document && size <= DOCUMENT {
        match kind(&path, name, &extension) {
            Kind::Catalog => {
                found.catalogs.push(name.to_owned());
                return true;
            }
            Kind::Grants => {
                found.grants.push(name.to_owned());
                return true;
            }
            Kind::Broken(why) => {
                if propose(&path, name, found) {
                    return true;
                }
                found.left_out.push(why);
                broken = true;
            }
            Kind::Other => {}
        }
    }
    // YAML and HCL are never a log; JSON may be one, an object a line.
    if ["yaml", "yml", "toml", "tf"].contains(&extension.as_str()) {
        let proposed = document && size <= DOCUMENT && !broken && propose(&path, name, found);
        return broken || proposed;
    }
    let input = Input {
        path: Some(path.clone()),
        shown: Arc::from(name),
        size,
    };
    for source in head(&[input], layers()) {
        let detection = detect(source.sample());
        if let Some(format) = detection.format() {
            found.logs.insert(name.to_owned(), format.name());
            return true;
        }
        if document && size <= DOCUMENT && propose(&path, name, found) {
            return true;
        }
        if let Some(why) = &source.refused {
            found.left_out.push(format!("{name}: not read: {why}"));
            return true;
        }
        if !detection.scores.is_empty() || detection.stranger.is_some() {
            found
                .left_out
                .push(format!("{name}: {}", detection.explain()));
            return true;
        }
    }
    broken
}

/// Whether a file that no format reads looks like one with grants; what is proposed for it is
/// kept, once for all files of one form.
fn propose(path: &Path, name: &str, found: &mut FolderContents) -> bool {
    let Ok(bytes) = fs::read(path) else {
        return false;
    };
    let mut proposed = grants::propose(&Arc::from(bytes), name);
    match &mut proposed {
        Proposed::Nothing => return false,
        Proposed::Unclear(_) => {}
        Proposed::One(own) => {
            let mut names: BTreeSet<String> = BTreeSet::new();
            for (files, known) in &mut found.proposed {
                let Proposed::One(known) = known else {
                    continue;
                };
                names.insert(known.description.name.clone());
                let called =
                    std::mem::replace(&mut own.description.name, known.description.name.clone());
                if own.description == known.description {
                    files.push(name.to_owned());
                    return true;
                }
                own.description.name = called;
            }
            let first = own.description.name.clone();
            let mut number = 2;
            while names.contains(&own.description.name) {
                own.description.name = format!("{first}-{number}");
                number += 1;
            }
        }
    }
    if found.proposed.len() >= PROPOSALS {
        found
            .left_out
            .push(format!("{name}: it may hold grants, like others before it"));
    } else {
        found.proposed.push((vec![name.to_owned()], proposed));
    }
    true
}

enum Kind {
    Catalog,
    Grants,
    /// It says that it is one of both, and cannot be read.
    Broken(String),
    Other,
}

fn kind(path: &Path, name: &str, extension: &str) -> Kind {
    let Ok(bytes) = fs::read(path) else {
        return Kind::Broken(format!("{name}: cannot be read"));
    };
    let file = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let stem = file.split('.').next().unwrap_or_default();
    let named = ["grants", "policy", "policies"].contains(&stem);
    if extension == "tf" {
        return match grants::read(Arc::from(bytes), name) {
            Ok(_) => Kind::Grants,
            Err(grants::GrantError::NoGrants { .. }) => Kind::Other,
            Err(error) => Kind::Broken(error.to_string()),
        };
    }
    if extension == "toml" {
        return Kind::Other;
    }
    if extension == "csv" {
        return match catalog::load(path, name, &catalog::LoadOptions::default()) {
            Ok(_) => Kind::Catalog,
            Err(_) if is_grants(&bytes, name) && (named || has_header(&bytes)) => Kind::Grants,
            Err(_) => Kind::Other,
        };
    }
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return Kind::Other;
    };
    let Ok(root) = yaml::parse(text, name) else {
        // Most often a log with an object a line.
        return if named {
            Kind::Broken(format!("{name}: named like a policy, but cannot be read"))
        } else {
            Kind::Other
        };
    };
    // Kong's file says what routes ask for, and most often who holds what: it is a policy first.
    let kong = root.get("_format_version").is_some();
    let keys = ["openapi", "swagger", "routes", "operations"];
    if !kong && keys.iter().any(|key| root.get(key).is_some()) {
        return match catalog::load(path, name, &catalog::LoadOptions::default()) {
            Ok(_) => Kind::Catalog,
            Err(error) => Kind::Broken(error.to_string()),
        };
    }
    let lists_of_texts = root.as_map().is_some_and(|entries| {
        let texts = |node: &Node| {
            node.as_seq()
                .is_some_and(|items| items.iter().all(|item| item.as_str().is_some()))
        };
        !entries.is_empty() && entries.iter().all(|(_, value)| texts(value))
    });
    let clients = root
        .get("clients")
        .is_some_and(|clients| clients.as_map().is_some());
    match (
        named || clients || (extension == "json" && lists_of_texts),
        grants::read(Arc::from(bytes), name),
    ) {
        (true, Ok(_)) => Kind::Grants,
        (false, Ok(file)) if grants::is_of_a_vendor(&file) => Kind::Grants,
        (true, Err(error)) => Kind::Broken(error.to_string()),
        (false, _) => Kind::Other,
    }
}

fn is_grants(bytes: &[u8], name: &str) -> bool {
    grants::read(Arc::from(bytes), name).is_ok()
}

/// Any two-column table can be read as a policy; one that nobody named so has to say it.
fn has_header(bytes: &[u8]) -> bool {
    let line = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let line = String::from_utf8_lossy(line).to_ascii_lowercase();
    line.contains("client") && line.contains("scope")
}
