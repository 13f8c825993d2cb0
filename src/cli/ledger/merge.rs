//! `ledger merge`: joins ledgers and partial results.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::super::ExitStatus;
use super::super::ingest::words;
use crate::report::escape;
use crate::run::Advised;
use crate::run::from_ledger::advised;
use crate::storage::is_remote;
use crate::usage::ledger::{Ledger, LedgerError, Writer};

pub(super) fn merge(
    from: &[PathBuf],
    into: &Path,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let mut all = Vec::new();
    for dir in from {
        all.extend(ledgers(dir)?);
    }
    for dir in &all {
        if same_place(dir, into) {
            let text = format!("`{}` cannot be merged into itself", dir.display());
            return Err(Advised::new(text, "leave it out: what is in --into stays"));
        }
    }
    let others: Vec<Ledger> = all
        .iter()
        .map(|dir| Ledger::open(dir))
        .collect::<Result<_, LedgerError>>()
        .map_err(|error| advised(&error))?;
    let mut writer = Writer::open(into).map_err(|error| advised(&error))?;
    let done = writer.merge_all(&others).map_err(|error| advised(&error))?;
    writer.compact().map_err(|error| advised(&error))?;
    writer.commit().map_err(|error| advised(&error))?;
    let lines = done.iter().map(|(facts, added)| {
        let (what, of) = words(added);
        format!("{}: {what} {}", facts.shown, of.join(", "))
    });
    let mut lines: Vec<String> = lines.collect();
    // Of logs with one name the order of merging must not show.
    lines.sort();
    for line in lines {
        writeln!(out, "{}", escape::terminal(line.trim_end()))?;
    }
    Ok(ExitStatus::Done)
}

/// Whether both lead to the same ledger.
fn same_place(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    if is_remote(a) || is_remote(b) {
        // As paths, so that a slash at the end makes no difference.
        return a == b;
    }
    real(a).is_some_and(|a| real(b).is_some_and(|b| a == b))
}

/// The folder itself when it is a ledger, else the ledgers that are its folders, sorted.
fn ledgers(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let Err(error) = Ledger::open(dir) else {
        return Ok(vec![dir.to_path_buf()]);
    };
    if !matches!(error, LedgerError::Foreign(_)) {
        return Err(advised(&error));
    }
    let found = Ledger::folders(dir).map_err(|error| advised(&error))?;
    for path in &found {
        // A partial result that is damaged, or a stranger among them, is an error: not to
        // merge it would look like days without records.
        Ledger::open(path).map_err(|error| advised(&error))?;
    }
    if found.is_empty() {
        return Err(advised(&error));
    }
    Ok(found)
}
