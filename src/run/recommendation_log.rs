//! Publications of recommendations: `recommendations.json` in `--out`, and those that `backtest --follow` reads.

use std::path::{Path, PathBuf};

use super::Advised;
use super::atomic_file;
use crate::analysis::Analysis;
use crate::analysis::backtest::recommendation_log::Published;
use crate::input;

/// The newest publication of a folder.
const NAME: &str = "recommendations.json";
/// How the names of all of them begin.
const PREFIX: &str = "recommendations";

/// Far above what is written for the largest policy.
const MAX_BYTES: u64 = 1 << 30;

/// Writes what an analysis recommends. The publication that was there is kept
/// under its date and hash, and named by the new one; one that says the same
/// stays as it is.
pub(crate) fn publish(folder: &Path, analysis: &Analysis) -> anyhow::Result<()> {
    let path = folder.join(NAME);
    let last = path.exists().then(|| read(&path)).transpose()?;
    let published = Published::new(analysis, last.as_ref());
    if let Some(last) = &last {
        if last.says_the_same(&published) {
            return Ok(());
        }
        let hash: String = last.hash.chars().skip("blake3:".len()).take(12).collect();
        let kept = folder.join(format!("{PREFIX}-{}-{hash}.json", last.as_of));
        write(&kept, last)?;
    }
    write(&path, &published)
}

fn write(path: &Path, published: &Published) -> anyhow::Result<()> {
    let mut text = crate::report::json_text::pretty(published)?;
    text.push('\n');
    atomic_file::write_text(path, &text)
}

/// Reads one publication, and refuses one that was changed.
fn read(path: &Path) -> anyhow::Result<Published> {
    let wrong = |why: String| {
        Advised::new(
            format!("`{}`: {why}", path.display()),
            "name a recommendations.json as `scopetrim analyze --out DIR` wrote it",
        )
    };
    let bytes = input::read_whole(path, MAX_BYTES).map_err(|error| wrong(error.to_string()))?;
    // The parser's own words quote the file, which may be any.
    let published: Published = serde_json::from_slice(&bytes).map_err(|error| {
        wrong(format!(
            "not a publication: line {}, column {}",
            error.line(),
            error.column()
        ))
    })?;
    if !published.is_whole() {
        return Err(wrong("its content is not what its hash says".to_owned()));
    }
    Ok(published)
}

/// Every publication of a file or folder, and the hashes that some of them name and that are not there.
pub(crate) fn load(path: &Path) -> anyhow::Result<(Vec<Published>, Vec<String>)> {
    let files: Vec<PathBuf> = if path.is_dir() {
        let unreadable = |error: std::io::Error| {
            Advised::new(
                format!("`{}`: {error}", path.display()),
                "name a file or a folder",
            )
        };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            let name = file
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let json = file.extension().is_some_and(|name| name == "json");
            if name.starts_with(PREFIX) && json {
                files.push(file);
            }
        }
        files.sort();
        files
    } else {
        vec![path.to_owned()]
    };
    let all: Vec<Published> = files
        .iter()
        .map(|file| read(file))
        .collect::<anyhow::Result<_>>()?;
    if all.is_empty() {
        return Err(Advised::new(
            format!("`{}` holds no recommendations", path.display()),
            "`scopetrim analyze --out DIR` writes a recommendations.json into DIR",
        ));
    }
    let mut missing: Vec<String> = all
        .iter()
        .filter_map(|published| published.previous.clone())
        .filter(|hash| !all.iter().any(|published| published.hash == *hash))
        .collect();
    missing.sort();
    missing.dedup();
    Ok((all, missing))
}
