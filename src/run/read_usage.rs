//! What was used: from the logs, from the ledger, or from both.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::input_diagnostics::notes;
use super::pipeline::{LoadedUsage, Logs, MAX_CLIENTS, Routes, names, open_logs};
use super::{Settings, from_ledger};
use crate::usage::{CollectOptions, SourceFacts, collect};

/// What is known of usage: from the logs, from the ledger, or from both.
pub(crate) fn read_logs(
    settings: &Settings,
    routes: &Routes,
    known: BTreeSet<Vec<u8>>,
) -> anyhow::Result<LoadedUsage> {
    let names = names(settings, routes, known);
    if let Some(dir) = &settings.ledger {
        return from_ledger::read(dir, settings, routes, names);
    }
    let Logs {
        sources,
        formats,
        total,
        ..
    } = open_logs(settings)?;
    let options = CollectOptions {
        formats: &formats,
        rules: &settings.rules,
        identities: &names.0,
        matcher: &routes.matcher,
        uncertain: &names.1,
        limits: &settings.limits,
        max_clients: MAX_CLIENTS,
        credentials: settings.credentials.then_some(&settings.hash_key),
    };
    let done = Arc::default();
    let followed = settings.progress.follow(total, &done);
    let collected = collect(&sources, &options, &done);
    drop(followed);
    let facts = SourceFacts::of_all(&sources, &formats, &collected);
    let looser = collected.looser;
    Ok(LoadedUsage::new(
        settings,
        names,
        (sources, formats),
        collected,
        facts,
        notes(looser),
    ))
}
