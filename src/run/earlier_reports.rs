//! Finds and reads the reports of earlier months.

use std::path::{Path, PathBuf};

use super::Advised;
use crate::input;
use crate::report::monthly::Previous;

/// Largest earlier report that is read.
const MAX_PREVIOUS: u64 = 1 << 30;

/// Reads earlier reports: files as they are named, folders for the reports in them. Also
/// says which files of folders are none.
pub fn read(paths: &[PathBuf]) -> anyhow::Result<(Vec<Previous>, Vec<String>)> {
    let (mut reports, mut notes) = (Vec::new(), Vec::new());
    for path in paths {
        if !path.is_dir() {
            reports.push(one(path)?);
            continue;
        }
        let found = json_files(path)?;
        let before = reports.len();
        for file in &found {
            match one(file) {
                Ok(report) => reports.push(report),
                // A folder may hold other JSON files.
                Err(error) => notes.push(format!("{error}: ignored")),
            }
        }
        if reports.len() == before {
            return Err(Advised::new(
                format!("`{}` holds no report", path.display()),
                "name a report.json, or a folder that holds some, here or one level down",
            ));
        }
    }
    Ok((reports, notes))
}

fn one(path: &Path) -> anyhow::Result<Previous> {
    let advice = "name a report.json of `scopetrim report` or `scopetrim analyze --out`";
    let shown = input::with_slashes(&path.display().to_string());
    let cannot = |why: String| Advised::new(format!("cannot read `{shown}`: {why}"), advice);
    let bytes = input::read_whole(path, MAX_PREVIOUS).map_err(|error| cannot(error.to_string()))?;
    Previous::read(&bytes, &shown).map_err(|error| Advised::new(error.to_string(), advice))
}

/// JSON files of a folder and of the folders in it, sorted.
fn json_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let list = |folder: &Path| -> anyhow::Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(folder).map_err(|error| {
            Advised::new(
                format!("cannot read the folder `{}`: {error}", folder.display()),
                "check its permissions",
            )
        })?;
        let paths: Result<Vec<PathBuf>, std::io::Error> =
            entries.map(|entry| Ok(entry?.path())).collect();
        Ok(paths?)
    };
    let mut files = Vec::new();
    for path in list(folder)? {
        if path.is_dir() {
            files.extend(list(&path)?);
        } else {
            files.push(path);
        }
    }
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    Ok(files)
}
