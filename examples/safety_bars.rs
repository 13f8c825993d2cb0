//! Measures the levels on simulated histories, and compares them with a second implementation.
//!
//!     cargo run --release --example safety_bars -- [--through-ledger] SETTING...
//!
//! Each SETTING is a folder of histories, one folder each, with `grants.csv`, `coverage.csv`, `usage.csv`,
//! `future.csv` and `expected.csv` (docs/safety.md, "How it was measured"). The history goes through the
//! analysis as logs and a policy would, or with `--through-ledger` is written as log lines, ingested into a
//! ledger in a temporary folder, and read back from it; `expected.csv` holds what the other implementation says, `future.csv`
//! what happened afterwards. Tables in Markdown are printed, and the bars of the method with whether they are met.
#![expect(
    clippy::print_stdout,
    reason = "the tables are what this program is for"
)]

#[path = "safety/bars.rs"]
mod bars;
#[path = "safety/history.rs"]
mod history;
#[path = "safety/ledger.rs"]
mod ledger;
#[path = "safety/table.rs"]
mod table;
#[path = "safety/world.rs"]
mod world;

use std::path::{Path, PathBuf};

use table::Setting;
use world::World;

/// Log lines written for one client, scope and day.
const LINES: u64 = 4;

fn main() -> Result<(), String> {
    let mut folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let named = folders.len();
    folders.retain(|name| name.as_os_str() != "--through-ledger");
    let through_ledger = folders.len() < named;
    if folders.is_empty() {
        return Err(
            "usage: safety_bars [--through-ledger] SETTING... (folders of histories)".to_owned(),
        );
    }
    let mut settings = Vec::new();
    for folder in &folders {
        settings.push(setting(folder, through_ledger)?);
    }
    print!("{}{}", table::render(&settings), bars::render(&settings));
    Ok(())
}

fn setting(folder: &Path, through_ledger: bool) -> Result<Setting, String> {
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
        let say = |why: String| format!("`{}`: {why}", path.display());
        let world = if through_ledger {
            let scratch = tempfile::tempdir().map_err(|error| say(error.to_string()))?;
            ledger::world(&path, scratch.path(), LINES)
        } else {
            World::direct(&path)
        };
        let history = history::read(&path, &world.map_err(say)?).map_err(say)?;
        setting.add(&history);
    }
    Ok(setting)
}
