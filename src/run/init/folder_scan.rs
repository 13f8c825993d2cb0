//! What lies in a folder: logs, API descriptions, policy files.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::catalog;
use crate::format::detect::detect;
use crate::grants;
use crate::input::{Input, head, yaml};
use crate::run::config::FILE_NAME;

/// Folders below this depth are not looked into.
const DEPTH: usize = 5;
/// Files looked at before giving up: `init` was started in the wrong folder.
const FILES: usize = 20_000;
/// Larger documents are neither descriptions nor policies that somebody wrote.
const DOCUMENT: u64 = 16 << 20;
/// Folders of tools, full of other people's examples.
const FOREIGN: [&str; 4] = ["node_modules", "target", "vendor", "__pycache__"];

/// What was found; every list is sorted, every path relative to the folder with `/`.
#[derive(Debug, Default)]
pub struct Found {
    /// Log and the name of its format.
    pub logs: BTreeMap<String, &'static str>,
    /// API descriptions.
    pub catalogs: Vec<String>,
    /// Policy files.
    pub grants: Vec<String>,
    /// Every file seen, to know what a glob would catch.
    pub all: Vec<String>,
    /// What was seen and not used, and why.
    pub left_out: Vec<String>,
}

impl Found {
    /// Number of logs in each format.
    pub fn formats(&self) -> BTreeMap<&'static str, usize> {
        let mut formats = BTreeMap::new();
        for name in self.logs.values() {
            *formats.entry(*name).or_default() += 1;
        }
        formats
    }
}

/// Looks into a folder; its files are judged by their content.
pub fn look(dir: &Path) -> io::Result<Found> {
    let mut found = Found::default();
    // The folder itself has to be readable; one below may be somebody else's.
    fs::read_dir(dir)?;
    walk(dir, "", 0, &mut found);
    found.all.sort();
    if found.all.len() >= FILES {
        found
            .left_out
            .push(format!("everything after the first {FILES} files"));
    }
    for name in found.all.clone() {
        judge(dir, &name, &mut found);
    }
    Ok(found)
}

fn walk(dir: &Path, prefix: &str, depth: usize, found: &mut Found) {
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
            // The configuration refuses a blank text: it is nearly always a slip.
            found
                .left_out
                .push(format!("{prefix}{name:?}: its name is blank"));
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

fn judge(dir: &Path, name: &str, found: &mut Found) {
    let path = dir.join(name);
    let size = fs::metadata(&path).map_or(0, |meta| meta.len());
    let extension = name
        .rsplit_once('.')
        .map_or("", |(_, extension)| extension)
        .to_ascii_lowercase();
    let document = ["yaml", "yml", "json", "csv"].contains(&extension.as_str());
    if name.ends_with(FILE_NAME) || size == 0 {
        return;
    }
    if document && size <= DOCUMENT {
        match kind(&path, name, &extension) {
            Kind::Catalog => return found.catalogs.push(name.to_owned()),
            Kind::Grants => return found.grants.push(name.to_owned()),
            Kind::Broken(why) => found.left_out.push(why),
            Kind::Other => {}
        }
    }
    // YAML is never a log; JSON may be one, an object a line.
    if ["yaml", "yml"].contains(&extension.as_str()) {
        return;
    }
    let input = Input {
        path: Some(path),
        shown: Arc::from(name),
        size,
    };
    for source in head(&[input]) {
        let detection = detect(source.sample());
        if let Some(format) = detection.format() {
            found.logs.insert(name.to_owned(), format.name());
        } else if source.refused.is_none() && !detection.scores.is_empty() {
            found
                .left_out
                .push(format!("{name}: {}", detection.explain()));
        }
    }
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
    if ["openapi", "swagger", "routes", "operations"]
        .iter()
        .any(|key| root.get(key).is_some())
    {
        return match catalog::load(path, name, &catalog::LoadOptions::default()) {
            Ok(_) => Kind::Catalog,
            Err(error) => Kind::Broken(error.to_string()),
        };
    }
    let lists_of_texts = root.as_map().is_some_and(|entries| {
        let texts = |node: &yaml::Node| {
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
