//! The settings of one run: flags in front, `scopetrim.toml` behind, defaults last.
//!
//! Paths on the command line start at the current folder; paths in the
//! configuration start at its own folder. What is shown, and what a diff names,
//! is always relative to the current folder where that is possible.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::args::{InputArgs, PolicyArgs};
use super::config::{self, Config, PathCase};
use super::config_overrides;
use super::diagnostics::Advised;
use crate::analysis::category::CategoryOverrides;
use crate::analysis::landmark::Thresholds;
use crate::analysis::weight::WeightOverride;
use crate::analysis::{Hints, Objective, PROTECTED, PROTOCOL_SCOPES};
use crate::catalog::matcher::MatchOptions;
use crate::catalog::{LoadOptions, ScopeList};
use crate::event::EventRules;
use crate::event::mask::Mask;
use crate::event::path::PathRules;
use crate::finding;
use crate::format::{self, LogFormat};
use crate::input::{self, Limits};
use crate::model::{
    Calendar, Day, Exception, Level, Logged, OutcomeTable, Scope, ScopeMatch, Stated,
};
use crate::usage::REJECT_SHARE;
use crate::usage::credentials::HashKey;

/// Settings of one run.
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches of the command line, each on its own"
)]
pub(super) struct Settings {
    pub(super) logs: Vec<String>,
    /// Usage kept on disk.
    pub(super) ledger: Option<PathBuf>,
    /// Patterns over the inputs' names: each must have data on every day.
    pub(super) expected_sources: Vec<String>,
    pub(super) catalogs: Vec<String>,
    pub(super) grants: Vec<String>,
    pub(super) format: Option<&'static dyn LogFormat>,
    pub(super) load: LoadOptions,
    pub(super) matching: Option<ScopeMatch>,
    pub(super) match_options: MatchOptions,
    pub(super) rules: EventRules,
    pub(super) aliases: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) limits: Limits,
    pub(super) reject_share: f64,
    pub(super) quiet: bool,
    pub(super) window: Option<u32>,
    /// Every window of a list, the shortest first; `window` is the longest.
    pub(super) windows: Vec<u32>,
    pub(super) since: Option<Day>,
    pub(super) as_of: Option<Day>,
    /// Policy files are read as git had them on this day.
    pub(super) grants_at: Option<Day>,
    pub(super) granted_since: Option<PathBuf>,
    pub(super) blame: bool,
    pub(super) hints: Hints,
    pub(super) objective: Objective,
    pub(super) level: Level,
    pub(super) narrow: bool,
    pub(super) audience: Option<String>,
    pub(super) protocol: BTreeSet<Scope>,
    pub(super) protected: Vec<String>,
    pub(super) needs: Vec<String>,
    /// What is stated about the logs: noise, samples, operations that are not logged.
    pub(super) logged: Logged,
    pub(super) calendar: Calendar,
    /// Ages of grants that nothing else dates.
    pub(super) granted: Vec<Stated>,
    pub(super) thresholds: Thresholds,
    pub(super) exceptions: Vec<Exception>,
    pub(super) weights: Vec<WeightOverride>,
    /// It will be analysed: credentials are looked at, and of most requests no ids are.
    pub(super) credentials: bool,
    pub(super) hash_key: HashKey,
    pub(super) findings: finding::Settings,
    pub(super) categories: CategoryOverrides,
}

/// Reads the configuration, if there is one, and puts the flags in front.
#[expect(
    clippy::too_many_lines,
    reason = "one line for each setting, in the order of the struct"
)]
pub(super) fn settings(args: &InputArgs, policy: &PolicyArgs) -> anyhow::Result<Settings> {
    let flags = &policy.flags;
    let (mut config, folder) = configuration(args, policy)?;
    config_overrides::put_in_front(&args.keys, &flags.keys, &mut config)?;
    let paths = |own: &[String], keys: &[String]| -> Vec<String> {
        if own.is_empty() {
            keys.iter().map(|key| from_folder(&folder, key)).collect()
        } else {
            own.to_vec()
        }
    };
    let format = match args.format.as_ref().or(config.format.as_ref()) {
        None => None,
        Some(name) => Some(format::by_name(name).ok_or_else(|| unknown_format(name))?),
    };
    let matching = match &args.matching {
        None => config.matching,
        Some(text) => Some(ScopeMatch::parse(text).ok_or_else(|| {
            Advised::new(
                format!("`{text}` is not a scope rule"),
                "use exact, wildcard:DELIM (`wildcard::` for orders:*), hierarchy:DELIM or glob",
            )
        })?),
    };
    let base_paths = if args.base_path.is_empty() {
        config.base_path.clone()
    } else {
        let read = |text: &String| {
            config::parse_base_path(text)
                .map_err(|why| Advised::new(format!("`{text}` is not a base path"), why))
        };
        args.base_path.iter().map(read).collect::<Result<_, _>>()?
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args
        .threads
        .map(usize::from)
        .or(config.threads)
        .unwrap_or(cores);
    let line = match &args.max_line {
        Some(text) => Some(
            config::parse_size(text)
                .map_err(|why| Advised::new(why, "write for example 1MiB or 512KiB"))?,
        ),
        None => config.max_line,
    };
    let limits = Limits {
        threads,
        unpacked: config.max_unpacked.unwrap_or(Limits::default().unpacked),
        ..Limits::default()
    };
    let line = line
        .and_then(|bytes| usize::try_from(bytes).ok())
        .unwrap_or(limits.line);
    let api_base = args.api_base.as_deref().map(config::parse_api_base);
    let api_base = api_base
        .transpose()
        .map_err(|why| Advised::new("--api-base is not a path", why))?;
    let insensitive = match args.path_case.as_deref() {
        Some(text) => text == "insensitive",
        None => config.path_case == Some(PathCase::Insensitive),
    };
    let reject_share = args
        .max_reject_share
        .map(share)
        .transpose()?
        .or(config.max_reject_share)
        .unwrap_or(REJECT_SHARE);
    let key_file = config
        .hash_key
        .as_ref()
        .map(|key| from_folder(&folder, key));
    let hash_key = config_overrides::hash_key(args.hash_key.as_ref().or(key_file.as_ref()))?;
    let names = |own: Option<Vec<String>>, default: &[&str]| -> Vec<String> {
        own.unwrap_or_else(|| default.iter().map(|name| (*name).to_owned()).collect())
    };
    let windows = flags.window.as_deref().map(windows).transpose()?;
    let windows = windows.unwrap_or_default();
    Ok(Settings {
        // Who names one of the two on the command line means that one alone.
        logs: if args.logs.is_empty() && args.ledger.is_some() {
            Vec::new()
        } else {
            paths(&args.logs, &config.logs)
        },
        ledger: args.ledger.clone().or_else(|| {
            let key = config.ledger.as_ref().filter(|_| args.logs.is_empty());
            key.map(|key| PathBuf::from(from_folder(&folder, key)))
        }),
        expected_sources: config.expected_sources.clone(),
        catalogs: paths(&args.catalog, &config.catalog),
        grants: paths(&flags.grants, &config.grants),
        format,
        load: LoadOptions {
            scopes: match args.scopes.as_deref() {
                Some("any") => ScopeList::Any,
                Some(_) => ScopeList::All,
                None => config.scopes.unwrap_or_default(),
            },
            base_path: api_base.or_else(|| config.api_base.clone()),
        },
        matching,
        match_options: MatchOptions {
            case_insensitive: insensitive,
        },
        rules: EventRules {
            outcomes: OutcomeTable::stated(config.denied.as_deref(), config.attempted.as_deref()),
            paths: PathRules {
                base_paths,
                merge_slashes: config.merge_slashes.unwrap_or(true),
                ..PathRules::default()
            },
            health: config.health_paths.clone(),
            mask: Mask::new(&config.redact).map_err(|why| Advised::new(why, "check `redact`"))?,
        },
        aliases: config
            .aliases
            .iter()
            .map(|(log, own)| (log.clone().into_bytes(), own.clone().into_bytes()))
            .collect(),
        limits: Limits { line, ..limits },
        reject_share,
        quiet: args.quiet,
        window: windows.last().copied().or(if flags.since.is_some() {
            None
        } else {
            config.window
        }),
        windows,
        since: flags
            .since
            .as_deref()
            .map(date)
            .transpose()?
            .or(if flags.window.is_some() {
                None
            } else {
                config.since
            }),
        as_of: flags
            .as_of
            .as_deref()
            .map(date)
            .transpose()?
            .or(config.as_of),
        grants_at: flags.grants_at.as_deref().map(date).transpose()?,
        granted_since: flags.granted_since.clone().or_else(|| {
            let key = config.granted_since.as_ref();
            key.map(|key| PathBuf::from(from_folder(&folder, key)))
        }),
        blame: !flags.no_blame && flags.blame.or(config.blame).unwrap_or(true),
        hints: match flags.hints.as_deref() {
            Some("first") => Hints::First,
            Some("ignore") => Hints::Ignore,
            Some(_) => Hints::Tiebreak,
            None => config.hints.unwrap_or_default(),
        },
        objective: match flags.objective.as_deref() {
            Some("risk") => Objective::Risk,
            Some(_) => Objective::Reach,
            None => config.objective.unwrap_or_default(),
        },
        level: match flags.level.as_deref() {
            Some("safe") => Level::Safe,
            Some("likely") => Level::Likely,
            Some(_) => Level::Review,
            None => config.level.unwrap_or(Level::Likely),
        },
        narrow: flags.narrow.or(config.narrow).unwrap_or(false),
        audience: config.audience,
        protocol: names(config.protocol_scopes, &PROTOCOL_SCOPES)
            .iter()
            .map(|scope| Scope::new(scope))
            .collect(),
        protected: names(config.protected, &PROTECTED),
        needs: config.needs,
        logged: config.logged,
        calendar: config.calendar,
        granted: config.granted,
        thresholds: config.levels,
        exceptions: config.exceptions,
        weights: config.weights,
        credentials: false,
        hash_key,
        findings: config.rules,
        categories: config.categories,
    })
}

fn here(dir: &Path) -> PathBuf {
    if dir.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        dir.to_path_buf()
    }
}

fn configuration_path(args: &InputArgs, policy: &PolicyArgs) -> Option<PathBuf> {
    let dir = policy.folder.path().unwrap_or(Path::new("")).to_path_buf();
    args.config.clone().or_else(|| config::find(&here(&dir)))
}

/// The configuration file that is used, as shown to the user.
pub(super) fn configuration_file(args: &InputArgs, policy: &PolicyArgs) -> Option<String> {
    configuration_path(args, policy).map(|file| display(&file))
}

/// The configuration file, named or found, and the folder its paths start from.
fn configuration(args: &InputArgs, policy: &PolicyArgs) -> anyhow::Result<(Config, PathBuf)> {
    let dir = policy.folder.path().unwrap_or(Path::new("")).to_path_buf();
    if let Some(named) = policy.folder.path()
        && !named.is_dir()
    {
        return Err(Advised::new(
            format!("`{}` is not a directory", named.display()),
            "name a directory that holds a scopetrim.toml; a second file needs the flag again: --catalog A --catalog B",
        ));
    }
    let here = here(&dir);
    let file = configuration_path(args, policy);
    let Some(file) = file else {
        if policy.folder.path().is_some() && args.logs.is_empty() {
            return Err(Advised::new(
                format!("`{}` holds no scopetrim.toml", here.display()),
                format!(
                    "`scopetrim init {}` writes one from what it finds there",
                    here.display()
                ),
            ));
        }
        return Ok((Config::default(), dir));
    };
    let shown = display(&file);
    let mut config = config::load(&file, &shown)
        .map_err(|error| Advised::new(error.to_string(), error.help()))?;
    let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
    super::undated_grants::below(&mut config.granted, |name| from_folder(&folder, name));
    config_overrides::regular_files(&config, &shown, |name| from_folder(&folder, name))?;
    Ok((config, folder))
}

/// A path of the configuration as seen from the current folder.
fn from_folder(folder: &Path, name: &str) -> String {
    if name == "-" || folder.as_os_str().is_empty() || folder == Path::new(".") {
        return name.to_owned();
    }
    display(&folder.join(name))
}

/// Relative to the current folder where possible, with `/`, so that a diff can be applied there.
fn display(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(&here).unwrap_or(path);
    let path = path.strip_prefix(".").unwrap_or(path);
    input::with_slashes(&path.display().to_string())
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

fn unknown_format(name: &str) -> anyhow::Error {
    let known: Vec<&str> = format::ALL.iter().map(|format| format.name()).collect();
    let close = super::suggest::closest(name, known.iter().copied());
    let hint = close
        .map(|close| format!("did you mean `{close}`? "))
        .unwrap_or_default();
    Advised::new(
        format!("`{name}` is not a log format"),
        format!("{hint}supported: {}", known.join(", ")),
    )
}
