//! What the flags say, as the settings of a run.

use std::collections::BTreeSet;

use super::args::{InputArgs, PolicyArgs, PolicyFlags};
use super::{config_overrides, diagnostics};
use crate::model::{Day, ScopeMatch, SourcePattern};
pub(super) use crate::run::Settings;
use crate::run::config::{self, Config};
use crate::run::{Advised, NoProgress, SettingsSource};

/// The settings of a run: the flags over the configuration file.
pub(super) fn settings(args: &InputArgs, policy: &PolicyArgs) -> anyhow::Result<Settings> {
    of(&source(args, policy)?, args.quiet)
}

/// The settings from there, with a bar for who wants to be told.
pub(super) fn of(source: &SettingsSource, quiet: bool) -> anyhow::Result<Settings> {
    let mut settings = source.settings()?;
    settings.quiet = quiet;
    settings.progress = if quiet {
        &NoProgress
    } else {
        &diagnostics::Bar
    };
    Ok(settings)
}

/// Where the settings come from.
pub(super) fn source(args: &InputArgs, policy: &PolicyArgs) -> anyhow::Result<SettingsSource> {
    Ok(SettingsSource {
        folder: policy.folder.path().map(Into::into),
        file: args.config.clone(),
        over: over(args, &policy.flags)?,
    })
}

/// The log format that the flags state, for every input.
fn log_format(args: &InputArgs) -> anyhow::Result<Vec<(Option<SourcePattern>, String)>> {
    if let Some(text) = &args.log_format_string {
        let stated = config::format_string(text);
        let stated = stated
            .map_err(|why| Advised::new("--log-format-string does not name a server", why))?;
        return Ok(config::every_source(stated));
    }
    let format = args.format.clone();
    Ok(format.map(config::every_source).unwrap_or_default())
}

/// The flags as a configuration.
fn over(args: &InputArgs, policy: &PolicyFlags) -> anyhow::Result<Config> {
    let base_path = |text: &String| {
        config::parse_base_path(text)
            .map_err(|why| Advised::new(format!("`{text}` is not a base path"), why))
    };
    Ok(Config {
        logs: args.logs.clone(),
        ledger: args.ledger.clone(),
        catalog: args.catalog.clone(),
        format: log_format(args)?,
        log_client: args.log_client.clone(),
        scopes: chosen(args.scopes.as_deref(), config::scopes)?,
        scheme: args.scheme.clone(),
        scope_key: args.scope_key.clone(),
        matching: args.matching.as_deref().map(scope_rule).transpose()?,
        path_case: chosen(args.path_case.as_deref(), config::path_case)?,
        base_path: args
            .base_path
            .iter()
            .map(base_path)
            .collect::<Result<_, _>>()?,
        api_base: args
            .api_base
            .as_deref()
            .map(config::parse_api_base)
            .transpose()
            .map_err(|why| Advised::new("--api-base is not a path", why))?,
        max_line: args
            .max_line
            .as_deref()
            .map(config::parse_size)
            .transpose()
            .map_err(|why| Advised::new(why, "write for example 1MiB or 512KiB"))?,
        max_reject_share: args.max_reject_share.map(share).transpose()?,
        hash_key: args.hash_key.clone(),
        threads: args.threads.map(usize::from),
        grants: policy.grants.clone(),
        windows: match policy.window.as_deref() {
            Some(text) => windows(text)?,
            None => Vec::new(),
        },
        as_of: policy.as_of.as_deref().map(date).transpose()?,
        since: policy.since.as_deref().map(date).transpose()?,
        grants_at: policy.grants_at.as_deref().map(date).transpose()?,
        granted_since: policy.granted_since.clone(),
        blame: if policy.no_blame {
            Some(false)
        } else {
            policy.blame
        },
        hints: chosen(policy.hints.as_deref(), config::hints)?,
        objective: chosen(policy.objective.as_deref(), config::objective)?,
        level: chosen(policy.level.as_deref(), config::level)?,
        narrow: policy.narrow,
        ..config_overrides::configuration(&args.keys, &policy.keys)?
    })
}

/// A value whose choices the parser of the command line has checked already.
fn chosen<T>(
    text: Option<&str>,
    read: impl Fn(&str) -> Result<T, String>,
) -> anyhow::Result<Option<T>> {
    let read = text.map(read).transpose();
    read.map_err(|why| Advised::new("a flag has no such value", why))
}

fn scope_rule(text: &str) -> anyhow::Result<ScopeMatch> {
    ScopeMatch::parse(text).ok_or_else(|| {
        Advised::new(
            format!("`{text}` is not a scope rule"),
            "use exact, wildcard:DELIM (`wildcard::` for orders:*), hierarchy:DELIM, glob or glob-any-case",
        )
    })
}

/// A list of windows, sorted and each once.
fn windows(text: &str) -> anyhow::Result<Vec<u32>> {
    let all: BTreeSet<u32> = text
        .split(',')
        .map(|part| days(part.trim()))
        .collect::<anyhow::Result<_>>()?;
    Ok(all.into_iter().collect())
}

fn days(text: &str) -> anyhow::Result<u32> {
    config::parse_window(text).map_err(|why| {
        Advised::new(
            format!("`{text}` is not a window: {why}"),
            "write for example 30d, 90d or 365d",
        )
    })
}

/// Not a number, or above one, nothing would ever count as incomplete.
fn share(value: f64) -> anyhow::Result<f64> {
    if (0.0..=1.0).contains(&value) {
        return Ok(value);
    }
    Err(Advised::new(
        format!("`{value}` is not a share of rejected records"),
        "write a number from 0 to 1; 0.01 is one percent",
    ))
}

pub(super) fn date(text: &str) -> anyhow::Result<Day> {
    Day::parse(text).ok_or_else(|| {
        Advised::new(
            format!("`{text}` is not a date"),
            "write for example 2026-10-31",
        )
    })
}
