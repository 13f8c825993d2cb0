//! Measures the levels on simulated histories, and compares them with a second implementation.
//!
//!     cargo run --release --example safety_bars -- SETTING...
//!
//! Each SETTING is a folder of histories, one folder each, with `grants.csv`, `coverage.csv`, `usage.csv`,
//! `future.csv` and `expected.csv` (docs/safety.md, "How it was measured"). The history goes through the
//! analysis as logs and a policy would; `expected.csv` holds what the other implementation says, `future.csv`
//! what happened afterwards. Two tables in Markdown are printed.
#![expect(
    clippy::print_stdout,
    reason = "the tables are what this program is for"
)]

#[path = "safety/history.rs"]
mod history;
#[path = "safety/table.rs"]
mod table;

use std::path::{Path, PathBuf};

use table::Setting;

fn main() -> Result<(), String> {
    let folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if folders.is_empty() {
        return Err("usage: safety_bars SETTING... (folders of histories)".to_owned());
    }
    let mut settings = Vec::new();
    for folder in &folders {
        settings.push(setting(folder)?);
    }
    print!("{}", table::render(&settings));
    Ok(())
}

fn setting(folder: &Path) -> Result<Setting, String> {
    let unreadable = |error| format!("cannot read `{}`: {error}", folder.display());
    let mut histories: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(unreadable)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("grants.csv").is_file())
        .collect();
    histories.sort();
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let mut setting = Setting::new(&name);
    for path in histories {
        let history = history::read(&path).map_err(|why| format!("`{}`: {why}", path.display()))?;
        setting.add(&history);
    }
    Ok(setting)
}
