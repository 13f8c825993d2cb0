//! The stages in order: settings, catalogue, policy, logs.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::Advised;
use super::settings::Settings;
use crate::catalog::matcher::{MatchOptions, Matcher};
use crate::event::identity::Identities;
use crate::format::{self, Format, Opened, detect, strangers};
use crate::input::{Input, Source, discover, head_within};
use crate::model::{Catalog, Warning};
use crate::usage::ledger::{self, Heads};
use crate::usage::{
    self, CollectOptions, Collected, Coverage, Evidence, PossibleNeeds, SourceFacts, Uncertain,
    delivered_twice, stated_days, without_success,
};

/// Clients outside the policy that are kept separate.
pub(crate) const MAX_CLIENTS: usize = 1 << 18;

/// The catalogue ready to match paths.
pub struct Routes {
    /// The operations and what they require.
    pub catalog: Catalog,
    /// Finds the operation of a path.
    pub matcher: Matcher,
    /// What a reviewer should know about the descriptions.
    pub warnings: Vec<Warning>,
}

/// The logs as counted.
pub struct LoadedUsage {
    /// The logs that were read; empty for a ledger alone.
    pub sources: Vec<Source>,
    /// The format of each source.
    pub formats: Vec<Option<Opened>>,
    /// What was counted.
    pub collected: Collected,
    /// What became of each input, by name.
    pub facts: Vec<SourceFacts>,
    /// The days that have data, and the gaps.
    pub coverage: Coverage,
    /// What was incomplete, one sentence each.
    pub incomplete: Vec<String>,
    /// What the reviewer should know about the data.
    pub notes: Vec<String>,
    /// The names of the policy.
    pub identities: Identities,
    /// What helps to place uncertain requests.
    pub uncertain: Uncertain,
    /// The table has the ids of refused requests alone: the ledger knows the others.
    pub ids_left_out: bool,
}

/// No operation is known, so no request matches one.
pub(crate) fn no_catalog() -> Routes {
    let catalog = Catalog::default();
    let (matcher, warnings) = Matcher::new(&catalog.operations, MatchOptions::default());
    Routes {
        catalog,
        matcher,
        warnings,
    }
}

/// The logs, found and recognised, and their size on disk in bytes.
pub(crate) struct Logs {
    pub(crate) sources: Vec<Source>,
    pub(crate) formats: Vec<Option<Opened>>,
    /// By which a ledger knows them.
    pub(crate) heads: Vec<Heads>,
    pub(crate) total: u64,
}

/// Finds the logs and recognises them.
pub(crate) fn open_logs(settings: &Settings) -> anyhow::Result<Logs> {
    open_inputs(settings, &inputs(settings)?, true)
}

/// The logs that are named, in order.
pub(crate) fn inputs(settings: &Settings) -> anyhow::Result<Vec<Input>> {
    if settings.logs.is_empty() {
        return Err(Advised::new(
            "no logs given",
            "name files, folders, globs or `-` with --logs PATH",
        ));
    }
    discover(&settings.logs, Path::new(""))
        .map_err(|error| Advised::new(error.to_string(), error.help()))
}

/// Opens them. `whole`: these are all, so that one of them has to be a request log. Of the heads
/// most is let go as soon as a format is known: of many thousand files they would be gigabytes.
pub(crate) fn open_inputs(
    settings: &Settings,
    inputs: &[Input],
    whole: bool,
) -> anyhow::Result<Logs> {
    let mut sources = Vec::with_capacity(inputs.len());
    let mut formats = Vec::with_capacity(inputs.len());
    let mut heads = Vec::with_capacity(inputs.len());
    // The first file that is no request log: it may be passed over next to one.
    let mut stranger = None;
    for input in inputs {
        let input = std::slice::from_ref(input);
        let mut opened = head_within(input, usage::layers(), &settings.limits);
        formats.extend(self::formats(settings, &mut opened, &mut stranger)?);
        heads.extend(opened.iter().map(|source| ledger::heads(&source.head)));
        opened.iter_mut().for_each(Source::shorten_head);
        sources.extend(opened);
    }
    let mut known = formats.iter().flatten();
    if let Some(alone) = stranger
        && whole
        && known.all(|opened: &Opened| opened.format.name() == strangers::NAME)
    {
        return Err(alone);
    }
    let total = sources
        .iter()
        .map(|source: &Source| source.input.size)
        .sum();
    Ok(Logs {
        sources,
        formats,
        heads,
        total,
    })
}

/// Finds the logs and hands their events to `work`.
pub(crate) fn events<T>(
    settings: &Settings,
    routes: &Routes,
    known: BTreeSet<Vec<u8>>,
    work: impl FnOnce(&[Source], &CollectOptions<'_>, &AtomicU64) -> T,
) -> anyhow::Result<T> {
    let Logs {
        sources,
        formats,
        total,
        ..
    } = open_logs(settings)?;
    let (identities, uncertain) = names(settings, routes, known);
    let options = CollectOptions {
        formats: &formats,
        rules: &settings.rules,
        identities: &identities,
        matcher: &routes.matcher,
        uncertain: &uncertain,
        limits: &settings.limits,
        max_clients: MAX_CLIENTS,
        credentials: Some(&settings.hash_key),
    };
    let done = Arc::default();
    let _followed = settings.progress.follow(total, &done);
    Ok(work(&sources, &options, &done))
}

/// The names of a policy, and what helps to place uncertain requests.
pub(crate) fn names(
    settings: &Settings,
    routes: &Routes,
    known: BTreeSet<Vec<u8>>,
) -> (Identities, Uncertain) {
    let identities = Identities::new(known, &settings.aliases, &settings.hash_key);
    let uncertain = Uncertain::new(&routes.matcher, &identities, settings.logged.noise.clone());
    (identities, uncertain)
}

impl LoadedUsage {
    /// The one value that all later stages see, wherever the data came from.
    pub(crate) fn new(
        settings: &Settings,
        (identities, uncertain): (Identities, Uncertain),
        (sources, formats): (Vec<Source>, Vec<Option<Opened>>),
        collected: Collected,
        facts: Vec<SourceFacts>,
        mut notes: Vec<String>,
    ) -> Self {
        let mut coverage =
            Coverage::with_calendar(&facts, settings.reject_share, &settings.calendar);
        let late = coverage.expect(&settings.expected_sources, &facts, &settings.calendar);
        notes.extend(late);
        notes.extend(delivered_twice(&facts));
        notes.extend(stated_days(&facts, &settings.calendar, &coverage));
        coverage.gaps.extend(without_success(&facts));
        coverage.gaps.sort();
        let incomplete = coverage
            .gaps
            .iter()
            .map(|gap| format!("`{}`: {}", gap.source, gap.reason))
            .collect();
        Self {
            sources,
            formats,
            collected,
            facts,
            coverage,
            incomplete,
            notes,
            identities,
            uncertain,
            ids_left_out: false,
        }
    }

    /// Requests whose client, operation or outcome is not certain.
    pub(crate) fn possible(&self, routes: &Routes) -> PossibleNeeds {
        PossibleNeeds::find(&Evidence {
            table: &self.collected.usage,
            facts: &self.facts,
            presence: &self.collected.presence,
            identities: &self.identities,
            catalog: &routes.catalog,
            near: self.uncertain.near(),
        })
    }
}

/// The format of each source; an unreadable or empty one has none. One that is no request log
/// is remembered as the error that it is when there is no other.
fn formats(
    settings: &Settings,
    sources: &mut [Source],
    stranger: &mut Option<anyhow::Error>,
) -> anyhow::Result<Vec<Option<Opened>>> {
    let mut formats = Vec::with_capacity(sources.len());
    for source in sources {
        let blank = source
            .sample()
            .iter()
            .all(|byte| byte.is_ascii_whitespace() || *byte == 0);
        let named = settings.log_formats.of(&source.input.shown);
        // What a user describes may be the object of a shipper, with the text in it.
        let closed = matches!(named, Some(format @ Format::Described(..))
            if detect::fits_unopened(&**format, source.sample()));
        if closed {
            source.leave_closed();
        }
        let found = match named {
            Some(format)
                if source.refused.is_none()
                    && !blank
                    && !closed
                    && !detect::fits(&**format, &source.head) =>
            {
                return Err(Advised::new(
                    format!(
                        "`{}`: none of its first lines fits the format `{}`",
                        source.input.shown,
                        format.name()
                    ),
                    "leave the format out, so that the content decides, or name the one it is in",
                ));
            }
            Some(format) => Some(format.clone()),
            None if source.refused.is_some() || blank => None,
            None => {
                let seen = detect::detect(source.sample());
                let refused = || not_recognised(&source.input, &seen);
                let other = || {
                    let other = strangers::passed_over(seen.stranger?)?;
                    stranger.get_or_insert_with(refused);
                    Some(other)
                };
                Some(seen.format().or_else(other).ok_or_else(refused)?)
            }
        };
        let opened = found.map(|format| Opened::new(format, source.sample()));
        if let Some(framing) = opened.as_ref().and_then(|opened| opened.reader.framing()) {
            source.frame(framing);
        }
        formats.push(opened);
    }
    Ok(formats)
}

fn not_recognised(input: &Input, seen: &detect::Detection) -> anyhow::Error {
    let shown = &input.shown;
    // Of a member the archive is what can be named.
    let file = input.path.as_deref().unwrap_or(Path::new("-")).display();
    let known: Vec<&str> = format::ALL.iter().map(|format| format.name()).collect();
    Advised::new(
        format!(
            "`{shown}`: the log format is not recognised: {}",
            seen.explain()
        ),
        if seen.stranger.is_some() {
            "name the access log of the gateway, and leave this file out".to_owned()
        } else {
            format!(
                "force one with --log-format ({}); `scopetrim formats detect {file}` shows the \
                 lines that fit; give the gateway's own format line with --log-format-string, or describe the log: \
                 `scopetrim formats new {file}` proposes how",
                known.join(", ")
            )
        },
    )
}
