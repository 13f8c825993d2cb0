//! The stages in order: settings, catalogue, policy, logs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::args::{InputArgs, PolicyArgs};
use super::analyze;
use super::talk::{self, Advised};
use crate::catalog::matcher::{MatchOptions, Matcher};
use crate::catalog::{self, LoadOptions, ScopeList};
use crate::event::EventRules;
use crate::event::identity::Identities;
use crate::event::path::PathRules;
use crate::format::{self, LogFormat, detect};
use crate::input::{Input, Limits, Source, discover, head};
use crate::analysis::weight::WeightOverride;
use crate::analysis::{Hints, Objective, PROTECTED, PROTOCOL_SCOPES};
use crate::model::{Catalog, Day, Exception, Level, OutcomeTable, Scope, ScopeMatch, Warning};
use crate::usage::{CollectOptions, Collected, Coverage, collect};

/// Settings of one run, from flags and configuration.
pub(super) struct Setup {
    /// Folder that relative paths start from.
    pub(super) base: PathBuf,
    pub(super) logs: Vec<String>,
    pub(super) catalogs: Vec<String>,
    pub(super) format: Option<&'static dyn LogFormat>,
    pub(super) load: LoadOptions,
    pub(super) matching: Option<ScopeMatch>,
    pub(super) match_options: MatchOptions,
    pub(super) rules: EventRules,
    pub(super) aliases: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) limits: Limits,
    pub(super) reject_share: f64,
    pub(super) quiet: bool,
    pub(super) grants: Vec<String>,
    pub(super) window: Option<u32>,
    pub(super) since: Option<Day>,
    pub(super) as_of: Option<Day>,
    pub(super) hints: Hints,
    pub(super) objective: Objective,
    pub(super) level: Level,
    pub(super) narrow: bool,
    pub(super) protocol: BTreeSet<Scope>,
    pub(super) protected: Vec<String>,
    pub(super) exceptions: Vec<Exception>,
    pub(super) weights: Vec<WeightOverride>,
}

/// The catalogue ready to match paths.
pub(super) struct Routes {
    pub(super) catalog: Catalog,
    pub(super) matcher: Matcher,
    pub(super) warnings: Vec<Warning>,
}

/// The logs as counted.
pub(super) struct Read {
    pub(super) sources: Vec<Source>,
    pub(super) formats: Vec<Option<&'static dyn LogFormat>>,
    pub(super) collected: Collected,
    pub(super) coverage: Coverage,
    /// What was incomplete, one sentence each.
    pub(super) incomplete: Vec<String>,
}

/// Creates a file, or says which one could not be.
pub(super) fn create(path: &Path) -> anyhow::Result<File> {
    File::create(path).map_err(|error| {
        Advised::new(
            format!("cannot write `{}`: {error}", path.display()),
            "check the folder and its permissions",
        )
    })
}

/// Reads settings.
pub(super) fn setup(args: &InputArgs, policy: Option<&PolicyArgs>) -> anyhow::Result<Setup> {
    let none = PolicyArgs::default();
    let policy = policy.unwrap_or(&none);
    let format = match &args.format {
        None => None,
        Some(name) => Some(format::by_name(name).ok_or_else(|| unknown_format(name))?),
    };
    let matching = match &args.matching {
        None => None,
        Some(text) => Some(ScopeMatch::parse(text).ok_or_else(|| {
            Advised::new(
                format!("`{text}` is no scope rule"),
                "use exact, wildcard:DELIM (orders:* with wildcard::), hierarchy:DELIM or glob",
            )
        })?),
    };
    let base_paths = args
        .base_path
        .iter()
        .map(|text| match text.split_once('=') {
            Some((host, prefix)) => (Some(host.to_owned()), prefix.to_owned()),
            None => (None, text.clone()),
        })
        .collect();
    let threads = args
        .threads
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    Ok(Setup {
        base: PathBuf::new(),
        logs: args.logs.clone(),
        catalogs: args.catalog.clone(),
        format,
        load: LoadOptions {
            scopes: if args.scopes.as_deref() == Some("any") {
                ScopeList::Any
            } else {
                ScopeList::All
            },
            base_path: None,
        },
        matching,
        match_options: MatchOptions {
            case_insensitive: args.path_case.as_deref() == Some("insensitive"),
        },
        rules: EventRules {
            outcomes: OutcomeTable::default(),
            paths: PathRules {
                base_paths,
                ..PathRules::default()
            },
            health: Vec::new(),
        },
        aliases: BTreeMap::new(),
        limits: Limits {
            threads,
            ..Limits::default()
        },
        reject_share: args.max_reject_share.unwrap_or(0.01),
        quiet: args.quiet,
        grants: policy.grants.clone(),
        window: policy.window.as_deref().map(days).transpose()?,
        since: policy.since.as_deref().map(date).transpose()?,
        as_of: policy.as_of.as_deref().map(date).transpose()?,
        hints: match policy.hints.as_deref() {
            Some("first") => Hints::First,
            Some("ignore") => Hints::Ignore,
            _ => Hints::Tiebreak,
        },
        objective: if policy.objective.as_deref() == Some("risk") { Objective::Risk } else { Objective::Reach },
        level: analyze::level(policy.level.as_deref()),
        narrow: policy.narrow,
        protocol: PROTOCOL_SCOPES.iter().map(|scope| Scope::new(scope)).collect(),
        protected: PROTECTED.iter().map(|pattern| (*pattern).to_owned()).collect(),
        exceptions: Vec::new(),
        weights: Vec::new(),
    })
}

/// `90d` or `90`.
fn days(text: &str) -> anyhow::Result<u32> {
    let number = text.strip_suffix('d').unwrap_or(text).parse().ok().filter(|days| (1..=3_660).contains(days));
    number.ok_or_else(|| Advised::new(format!("`{text}` is no number of days"), "write for example 30d, 90d or 365d"))
}

fn date(text: &str) -> anyhow::Result<Day> {
    Day::parse(text).ok_or_else(|| Advised::new(format!("`{text}` is no date"), "write for example 2026-10-31"))
}

fn unknown_format(name: &str) -> anyhow::Error {
    let known: Vec<&str> = format::ALL.iter().map(|format| format.name()).collect();
    Advised::new(
        format!("`{name}` is no log format"),
        format!("supported: {}", known.join(", ")),
    )
}

/// Reads the API descriptions.
pub(super) fn catalog(setup: &Setup) -> anyhow::Result<Routes> {
    if setup.catalogs.is_empty() {
        return Err(Advised::new(
            "no API description given",
            "name an OpenAPI or Swagger file or a routes.yaml with --catalog FILE",
        ));
    }
    let files: Vec<(PathBuf, &str)> =
        setup.catalogs.iter().map(|name| (setup.base.join(name), name.as_str())).collect();
    let files = files.iter().map(|(path, shown)| (path.as_path(), *shown));
    let catalog = catalog::load_many(files, &setup.load)
        .map_err(|error| Advised::new(error.to_string(), error.help().unwrap_or_default()))?;
    let (matcher, equal) = Matcher::new(&catalog.operations, setup.match_options);
    let mut warnings = catalog.warnings.clone();
    warnings.extend(equal);
    warnings.sort();
    warnings.dedup();
    Ok(Routes {
        catalog,
        matcher,
        warnings,
    })
}

/// Finds, recognises and reads the logs.
pub(super) fn read_logs(
    setup: &Setup,
    routes: &Routes,
    known: BTreeSet<Vec<u8>>,
) -> anyhow::Result<Read> {
    if setup.logs.is_empty() {
        return Err(Advised::new(
            "no logs given",
            "name files, folders, globs or `-` with --logs PATH",
        ));
    }
    let inputs: Vec<Input> = discover(&setup.logs, &setup.base)
        .map_err(|error| Advised::new(error.to_string(), error.help()))?;
    let sources = head(&inputs);
    let formats = formats(setup, &sources)?;
    let identities = Identities {
        known,
        aliases: setup.aliases.clone(),
    };
    let total = inputs.iter().map(|input| input.size).sum();
    let progress = AtomicU64::new(0);
    let options = CollectOptions {
        formats: &formats,
        rules: &setup.rules,
        identities: &identities,
        matcher: &routes.matcher,
        limits: &setup.limits,
        max_clients: 1 << 18,
    };
    let collected = talk::with_progress(setup.quiet, total, &progress, || {
        collect(&sources, &options, &progress)
    });
    let coverage = Coverage::new(&sources, &collected, setup.reject_share);
    let incomplete = coverage
        .gaps
        .iter()
        .map(|gap| format!("`{}`: {}", gap.source, gap.reason))
        .collect();
    Ok(Read {
        sources,
        formats,
        collected,
        coverage,
        incomplete,
    })
}

/// The format of each source; an unreadable or empty one has none.
fn formats(
    setup: &Setup,
    sources: &[Source],
) -> anyhow::Result<Vec<Option<&'static dyn LogFormat>>> {
    let mut formats = Vec::with_capacity(sources.len());
    for source in sources {
        let blank = source
            .head
            .iter()
            .all(|byte| byte.is_ascii_whitespace() || *byte == 0);
        let found = match setup.format {
            Some(format) => Some(format),
            None if source.refused.is_some() || blank => None,
            None => {
                let seen = detect::detect(&source.head);
                Some(
                    seen.format()
                        .ok_or_else(|| not_recognised(&source.input.shown, &seen))?,
                )
            }
        };
        formats.push(found);
    }
    Ok(formats)
}

fn not_recognised(shown: &Arc<str>, seen: &detect::Detection) -> anyhow::Error {
    let known: Vec<&str> = format::ALL.iter().map(|format| format.name()).collect();
    Advised::new(
        format!(
            "`{shown}`: the log format is not recognised: {}",
            seen.explain()
        ),
        format!(
            "force one with --format ({}); `scopetrim formats detect {shown}` shows the lines that fit",
            known.join(", ")
        ),
    )
}
