//! The settings of one run: the command line over `scopetrim.toml`, over the defaults.
//!
//! Paths on the command line start at the current folder; paths in the
//! configuration start at its own folder. What is shown, and what a diff names,
//! is always relative to the current folder where that is possible.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::addresses;
use super::config::{self, Config, PathCase};
use super::{Advised, LogFormats, NoProgress, Progress};
use crate::analysis::category::CategoryOverrides;
use crate::analysis::landmark::Thresholds;
use crate::analysis::weight::WeightOverride;
use crate::analysis::{Hints, Objective, PROTECTED, PROTOCOL_SCOPES};
use crate::catalog::matcher::MatchOptions;
use crate::catalog::{Listed, LoadOptions};
use crate::event::EventRules;
use crate::event::mask::Mask;
use crate::event::path::PathRules;
use crate::finding;
use crate::grants::Formats;
use crate::input::{self, Limits};
use crate::model::{
    Calendar, Day, Exception, ExpectedSource, Level, Logged, OutcomeTable, Scope, ScopeMatch,
    Stated,
};
use crate::usage::REJECT_SHARE;
use crate::usage::credentials::HashKey;

/// Settings of one run.
#[expect(clippy::struct_excessive_bools, reason = "switches, each on its own")]
pub struct Settings {
    /// Access logs: files, folders, globs.
    pub logs: Vec<String>,
    /// Usage kept on disk.
    pub ledger: Option<PathBuf>,
    /// Patterns over the inputs' names: each must have data on every day.
    pub expected_sources: Vec<ExpectedSource>,
    /// API descriptions.
    pub catalogs: Vec<String>,
    /// Further API descriptions, each with what it describes.
    pub listed: Vec<Listed>,
    /// Policy files.
    pub grants: Vec<String>,
    /// The policy formats.
    pub formats: Formats,
    /// The log formats that are stated; by content where none is.
    pub log_formats: LogFormats,
    /// How API descriptions are read.
    pub load: LoadOptions,
    /// What a held term opens; what the files state when absent.
    pub matching: Option<ScopeMatch>,
    /// How paths meet templates.
    pub match_options: MatchOptions,
    /// How a record becomes an event.
    pub rules: EventRules,
    /// Client name in the log to client name in the policy.
    pub aliases: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Threads and sizes.
    pub limits: Limits,
    /// Share of rejected records above which a log counts as incomplete.
    pub reject_share: f64,
    /// Notes are not wanted.
    pub quiet: bool,
    /// Told how far the reading is.
    pub progress: &'static dyn Progress,
    /// Days looked at.
    pub window: Option<u32>,
    /// Every window of a list, the shortest first; `window` is the longest.
    pub windows: Vec<u32>,
    /// First day looked at, in place of the window.
    pub since: Option<Day>,
    /// Last day looked at.
    pub as_of: Option<Day>,
    /// Policy files are read as git had them on this day.
    pub grants_at: Option<Day>,
    /// Table of dates for grants of unknown age.
    pub granted_since: Option<PathBuf>,
    /// Ask git for the age of grants without a date.
    pub blame: bool,
    /// Place of the vendor's privilege hint.
    pub hints: Hints,
    /// What is minimised first.
    pub objective: Objective,
    /// Removals up to this level go into the diff.
    pub level: Level,
    /// Also suggest narrower scopes.
    pub narrow: bool,
    /// The API that logs and catalogue are of.
    pub audience: Option<String>,
    /// Scopes that no request can show.
    pub protocol: BTreeSet<Scope>,
    /// Globs over terms that never leave level review.
    pub protected: Vec<String>,
    /// Globs over terms or operations that are declared as needed.
    pub needs: Vec<String>,
    /// What is stated about the logs: noise, samples, operations that are not logged.
    pub logged: Logged,
    /// Days on which no records are expected.
    pub calendar: Calendar,
    /// Ages of grants that nothing else dates.
    pub granted: Vec<Stated>,
    /// What makes a removal safe or likely.
    pub thresholds: Thresholds,
    /// Reviewed "keep this".
    pub exceptions: Vec<Exception>,
    /// Risk of operations.
    pub weights: Vec<WeightOverride>,
    /// It will be analysed: credentials are looked at, and of most requests no ids are.
    pub credentials: bool,
    /// The key that hashes credential ids.
    pub hash_key: HashKey,
    /// Settings of the rules behind the findings.
    pub findings: finding::Settings,
    /// Risk categories of operations.
    pub categories: CategoryOverrides,
}

/// Where settings come from: a folder, its configuration file, and what is laid over that.
#[derive(Clone, Debug, Default)]
pub struct SettingsSource {
    /// Folder to start from; default: the current one.
    pub folder: Option<PathBuf>,
    /// The configuration file; default: `scopetrim.toml` of the folder.
    pub file: Option<PathBuf>,
    /// Laid over the file. Its paths start at the current folder.
    pub over: Config,
}

impl SettingsSource {
    /// Reads the configuration file, if there is one, and lays the rest over it.
    pub fn settings(&self) -> anyhow::Result<Settings> {
        let file = self.read_file()?;
        Settings::new(self.over.clone().over(file))
    }

    /// The configuration file that is used, as shown to the user.
    pub fn shown_file(&self) -> Option<String> {
        self.path().map(|file| display(&file))
    }

    /// Every file that says how logs are read, and whose names count: API descriptions, policy
    /// files, descriptions of log formats, the key of hashes, and the configuration itself.
    pub(crate) fn files(&self) -> anyhow::Result<Vec<String>> {
        let config = self.over.clone().over(self.read_file()?);
        let formats = config.format.into_iter().map(|(_, text)| text);
        let own = self.path().map(|path| path.display().to_string());
        let files = config.catalog.into_iter();
        Ok(files
            .chain(config.catalogs.into_iter().map(|own| own.file))
            .chain(config.grants)
            .chain(formats.filter(|text| config::is_description(text)))
            .chain(config.hash_key)
            .chain(own)
            .collect())
    }

    fn path(&self) -> Option<PathBuf> {
        let folder = self.folder.as_deref().unwrap_or(Path::new(""));
        self.file.clone().or_else(|| config::find(&here(folder)))
    }

    /// What the file says, with paths as seen from the current folder.
    fn read_file(&self) -> anyhow::Result<Config> {
        if let Some(named) = &self.folder
            && !named.is_dir()
        {
            return Err(Advised::new(
                format!("`{}` is not a directory", named.display()),
                "name a directory that holds a scopetrim.toml; a second file needs the flag again: --catalog A --catalog B",
            ));
        }
        let Some(file) = self.path() else {
            let Some(folder) = self.folder.as_ref().filter(|_| self.over.logs.is_empty()) else {
                return Ok(Config::default());
            };
            let folder = here(folder);
            return Err(Advised::new(
                format!("`{}` holds no scopetrim.toml", folder.display()),
                format!(
                    "`scopetrim init {}` writes one from what it finds there",
                    folder.display()
                ),
            ));
        };
        let shown = display(&file);
        let config = config::load(&file, &shown)
            .map_err(|error| Advised::new(error.to_string(), error.help()))?;
        let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
        let config = config.placed(|name| from_folder(&folder, name));
        regular_files(&config, &shown)?;
        Ok(config)
    }
}

impl Settings {
    /// What a configuration means: defaults for what it does not say, and the key that it names.
    pub fn new(config: Config) -> anyhow::Result<Self> {
        addresses::usable(&config)?;
        let log_formats = LogFormats::read(&config.format, config.log_client.as_deref())?;
        let limits = Limits::default();
        let limits = Limits {
            threads: config
                .threads
                .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
            unpacked: config.max_unpacked.unwrap_or(limits.unpacked),
            line: config
                .max_line
                .and_then(|bytes| usize::try_from(bytes).ok())
                .unwrap_or(limits.line),
            ..limits
        };
        if let (Some(denied), Some(attempted)) = (&config.denied, &config.attempted)
            && let Some(code) = denied.iter().find(|code| attempted.contains(code))
        {
            return Err(Advised::new(
                format!("status code `{code}` is both denied and attempted"),
                "a status code is either refused or proves nothing; name it with --denied or with --attempted",
            ));
        }
        let mut calendar = Calendar::default();
        for closed in &config.closed {
            calendar.close(*closed).map_err(|why| {
                Advised::new(format!("--closed cannot be `{}`", closed.name()), why)
            })?;
        }
        let names = |stated: Option<Vec<String>>, default: &[&str]| -> Vec<String> {
            stated.unwrap_or_else(|| default.iter().map(|name| (*name).to_owned()).collect())
        };
        let rules = EventRules {
            outcomes: OutcomeTable::stated(config.denied.as_deref(), config.attempted.as_deref()),
            paths: PathRules {
                base_paths: config.base_path,
                merge_slashes: config.merge_slashes.unwrap_or(true),
                ..PathRules::default()
            },
            health: config.health_paths,
            zone: config.zone,
            mask: Mask::new(&log_formats.with_redacted(config.redact))
                .map_err(|why| Advised::new(why, "check `redact`"))?,
        };
        Ok(Self {
            hash_key: hash_key(config.hash_key.as_ref())?,
            logs: config.logs,
            ledger: config.ledger,
            expected_sources: config::expected(config.expected_sources, config.sources),
            catalogs: config.catalog,
            listed: config.catalogs,
            grants: config.grants,
            formats: Formats::with(config.policies),
            log_formats,
            load: LoadOptions {
                scopes: config.scopes.unwrap_or_default(),
                base_path: config.api_base,
                scheme: config.scheme,
                scope_key: config.scope_key,
            },
            matching: config.matching,
            match_options: MatchOptions {
                case_insensitive: config.path_case == Some(PathCase::Insensitive),
            },
            rules,
            aliases: as_bytes(config.aliases),
            limits,
            reject_share: config.max_reject_share.unwrap_or(REJECT_SHARE),
            quiet: false,
            progress: &NoProgress,
            window: config.windows.last().copied(),
            windows: config.windows,
            since: config.since,
            as_of: config.as_of,
            grants_at: config.grants_at,
            granted_since: config.granted_since,
            blame: config.blame.unwrap_or(true),
            hints: config.hints.unwrap_or_default(),
            objective: config.objective.unwrap_or_default(),
            level: config.level.unwrap_or(Level::Likely),
            narrow: config.narrow.unwrap_or(false),
            audience: config.audience,
            protocol: names(config.protocol_scopes, &PROTOCOL_SCOPES)
                .iter()
                .map(|scope| Scope::new(scope))
                .collect(),
            protected: names(config.protected, &PROTECTED),
            needs: config.needs,
            logged: config.logged,
            calendar,
            granted: config.granted,
            thresholds: config.levels.unwrap_or_default(),
            exceptions: config.exceptions,
            weights: config.weights,
            credentials: false,
            findings: config.rules,
            categories: config.categories,
        })
    }
}

/// Names as logs have them.
fn as_bytes(names: BTreeMap<String, String>) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let names = names.into_iter();
    names
        .map(|(log, policy)| (log.into_bytes(), policy.into_bytes()))
        .collect()
}

fn here(dir: &Path) -> PathBuf {
    if dir.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        dir.to_path_buf()
    }
}

/// A path of the configuration as seen from the current folder.
fn from_folder(folder: &Path, name: &str) -> String {
    if name == "-"
        || crate::storage::is_remote(name)
        || folder.as_os_str().is_empty()
        || folder == Path::new(".")
    {
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

/// Refuses files of the configuration that are not regular ones. It may come with somebody
/// else's change: a pipe that never begins, or a device that never ends, must not hold up the run.
fn regular_files(config: &Config, shown: &str) -> anyhow::Result<()> {
    let dates = config.granted_since.as_ref();
    let dates = dates.map(|path| path.display().to_string());
    let listed: Vec<String> = config.catalogs.iter().map(|own| own.file.clone()).collect();
    let files: [(&str, &[String]); 5] = [
        ("catalog", &config.catalog),
        ("catalogs", &listed),
        ("grants", &config.grants),
        ("granted_since", dates.as_slice()),
        ("hash_key", config.hash_key.as_slice()),
    ];
    for (key, names) in files {
        for name in names {
            // What is missing is said where it is needed.
            let refused = input::regular(Path::new(name)).err();
            if let Some(error) = refused.filter(|error| error.kind() == ErrorKind::InvalidInput) {
                return Err(Advised::new(
                    format!("{shown}: `{key}` cannot be `{name}`: {error}"),
                    format!(
                        "name a file; what comes through a pipe can be named with --{} on the command line",
                        key.replace('_', "-")
                    ),
                ));
            }
        }
    }
    Ok(())
}

/// Far above any key.
pub(crate) const MAX_KEY: u64 = 1 << 20;

/// The key that hashes credential ids.
fn hash_key(file: Option<&String>) -> anyhow::Result<HashKey> {
    let Some(file) = file else {
        return Ok(HashKey::default());
    };
    let help = "name a file that holds a secret, for example 32 random bytes";
    let secret = input::read_whole(Path::new(file), MAX_KEY).map_err(|error| {
        Advised::new(format!("cannot read the key file `{file}`: {error}"), help)
    })?;
    if secret.is_empty() {
        return Err(Advised::new(
            format!("the key file `{file}` is empty"),
            help,
        ));
    }
    Ok(HashKey::of(&secret))
}
