//! `scopetrim.toml`: the configuration file.
//!
//! In: one TOML file. Out: a [`Config`] in which every key that is not written is `None` or
//! empty, so that another one can be laid over it, and defaults below.
//!
//! Invariants:
//! * an unknown key is an error with its line: a typing mistake must not turn
//!   a protection off;
//! * every value is checked here, with its line; nothing is clamped or guessed;
//! * `docs/scopetrim.toml.schema.json` lists exactly these keys (a test compares).
//!
//! Paths are kept as written; they are relative to the folder of the file. No
//! file named in it is opened here.

mod catalogs;
mod error;
mod granted;
mod keys;
mod layer;
mod logged;
mod names;
mod policies;
mod reader;
mod rules;
mod sources;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

pub use crate::analysis::category::CategoryOverrides;
use crate::analysis::landmark::Thresholds;
pub use crate::analysis::weight::WeightOverride;
use crate::analysis::{Hints, Objective};
pub use crate::catalog::{Listed, ScopeList};
use crate::finding::Settings;
use crate::grants::Description;
use crate::input;
use crate::model::{
    Closed, Day, Exception, ExpectedSource, Level, Logged, ScopeMatch, SourcePattern, Stated,
};

pub use error::ConfigError;
pub(crate) use granted::pattern as path_pattern;
pub use keys::KEYS;
pub use names::{
    CALENDAR_KEYS, CATALOG_KEYS, EXCEPTION_KEYS, GRANTED_KEYS, LEVEL_KEYS, NOISE_KEYS,
    OUTCOME_KEYS, POLICY_KEYS, POLICY_ROLE_KEYS, SOURCE_KEYS, TOXIC_KEYS, WEIGHT_KEYS,
};
use reader::{Section, Text, Value};
pub use rules::{NO_CATEGORY, RULE_KEYS};
pub(crate) use sources::expected;
pub(crate) use values::is_description;
pub use values::{
    PathCase, every_source, format_string, hints, level, log_format, objective, parse_api_base,
    parse_base_path, parse_pattern, parse_sampled, parse_size, parse_window, parse_zone, path_case,
    scopes,
};

/// The name of the file.
pub const FILE_NAME: &str = "scopetrim.toml";

/// Far above any real file, and far below what would hurt.
const MAX_BYTES: u64 = 16 << 20;
/// Keeps sums over all operations within 64 bits.
const MAX_WEIGHT: u64 = 1_000_000;

/// What the file says; a key that is not written is `None` or empty.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Access logs: files, folders, globs.
    pub logs: Vec<String>,
    /// Folder of the usage ledger.
    pub ledger: Option<PathBuf>,
    /// Patterns over the inputs' names: each must have data on every day.
    pub expected_sources: Vec<String>,
    /// Gateways, nodes and regions that must have data, and since when.
    pub sources: Vec<ExpectedSource>,
    /// The zone of times that are written without one, in minutes east of UTC.
    pub zone: Option<i32>,
    /// API descriptions.
    pub catalog: Vec<String>,
    /// Further API descriptions, each with what it describes.
    pub catalogs: Vec<Listed>,
    /// Policy files.
    pub grants: Vec<String>,
    /// Log formats by name, file or format string, and of which inputs (`None`: of all); the
    /// first that fits counts, and the content where none does.
    pub format: Vec<(Option<SourcePattern>, String)>,
    /// The variable of a format string that names the caller.
    pub log_client: Option<String>,
    /// What several scopes in one OpenAPI requirement mean.
    pub scopes: Option<ScopeList>,
    /// The security scheme that counts, where several give scopes.
    pub scheme: Option<String>,
    /// A key of operations or paths that names scopes.
    pub scope_key: Option<String>,
    /// What a held term opens (`match`).
    pub matching: Option<ScopeMatch>,
    /// Whether letter case counts in paths.
    pub path_case: Option<PathCase>,
    /// Prefixes that the gateway puts before the API's paths: host, or `None` for all, and prefix.
    pub base_path: Vec<(Option<String>, String)>,
    /// Where the API's paths begin in the log, in place of the description's own servers.
    pub api_base: Option<String>,
    /// Days looked at, the shortest window first; the file names one, and the command line may name several.
    pub windows: Vec<u32>,
    /// First day looked at.
    pub since: Option<Day>,
    /// The day the analysis is for.
    pub as_of: Option<Day>,
    /// Table of dates for grants of unknown age.
    pub granted_since: Option<PathBuf>,
    /// Policy files are read as git had them on this day; on the command line alone.
    pub grants_at: Option<Day>,
    /// Ask git for the age of grants without a date.
    pub blame: Option<bool>,
    /// Place of the vendor's privilege hint.
    pub hints: Option<Hints>,
    /// What is minimised first.
    pub objective: Option<Objective>,
    /// Removals up to this level go into the diff.
    pub level: Option<Level>,
    /// Also suggest narrower scopes.
    pub narrow: Option<bool>,
    /// The API that logs and catalogue are of.
    pub audience: Option<String>,
    /// Replaces the scopes that no request can show.
    pub protocol_scopes: Option<Vec<String>>,
    /// Replaces the globs over terms that never leave `review`.
    pub protected: Option<Vec<String>>,
    /// Globs over terms or operations that are declared as needed.
    pub needs: Vec<String>,
    /// What makes a removal safe or likely.
    pub levels: Option<Thresholds>,
    /// Further paths of health checks.
    pub health_paths: Vec<String>,
    /// Further patterns over segments of paths that are secrets.
    pub redact: Vec<String>,
    /// What is stated about the logs: noise, samples, operations that are not logged.
    pub logged: Logged,
    /// Longest line read, in bytes.
    pub max_line: Option<u64>,
    /// Limit on the unpacked bytes that are read from one packed log or archive.
    pub max_unpacked: Option<u64>,
    /// Share of rejected records, 0 to 1, above which a log counts as incomplete.
    pub max_reject_share: Option<f64>,
    /// Worker threads.
    pub threads: Option<usize>,
    /// `//` in a path counts as `/`.
    pub merge_slashes: Option<bool>,
    /// Status codes that mean "refused" (`outcomes.denied`).
    pub denied: Option<Vec<u16>>,
    /// Status codes that prove nothing (`outcomes.attempted`).
    pub attempted: Option<Vec<u16>>,
    /// Client name in the log to client name in the policy.
    pub aliases: BTreeMap<String, String>,
    /// Days on which no records are expected.
    pub closed: Vec<Closed>,
    /// Ages of grants that nothing else dates.
    pub granted: Vec<Stated>,
    /// Policy formats, as the user describes them.
    pub policies: Vec<Description>,
    /// Reviewed "keep this".
    pub exceptions: Vec<Exception>,
    /// Risk weights.
    pub weights: Vec<WeightOverride>,
    /// Settings of the rules behind the findings.
    pub rules: Settings,
    /// Risk categories of operations.
    pub categories: CategoryOverrides,
    /// File with the secret key that hashes credential ids.
    pub hash_key: Option<String>,
}

/// The configuration file of a folder, if it has one. Folders above are not searched:
/// what a run does should not depend on where the folder lies.
pub fn find(dir: &Path) -> Option<PathBuf> {
    let path = dir.join(FILE_NAME);
    path.is_file().then_some(path)
}

/// Reads a file; `shown` is its name in messages.
pub fn load(path: &Path, shown: &str) -> Result<Config, ConfigError> {
    let unreadable = |reason: String| ConfigError::Unreadable {
        file: shown.to_owned(),
        reason,
    };
    let bytes =
        input::read_whole(path, MAX_BYTES).map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
    parse(&text, shown)
}

/// Reads the text of a file; `shown` is the file's name in messages.
pub fn parse(text: &str, shown: &str) -> Result<Config, ConfigError> {
    // A byte order mark is not content; it would only shift the columns of the first line.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = Text::new(text, shown);
    let root = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
        place: lines.place(error.span().map_or(0, |span| span.start)),
        reason: error.message().lines().collect::<Vec<_>>().join(", "),
    })?;
    let root = Section::new(&lines, "", 0, root.get_ref());
    if let Some(place) = root.foreign(&KEYS) {
        return Err(ConfigError::NotConfig { place });
    }
    let mut config = Config::default();
    for value in root.entries() {
        config.set(&root, value)?;
    }
    config.check(&root)?;
    Ok(config)
}

impl Config {
    fn set_outcomes(&mut self, value: &Value<'_>) -> Result<(), ConfigError> {
        let section = value.section("`[outcomes]`")?;
        for value in section.entries() {
            let codes = match value.key {
                "denied" => &mut self.denied,
                "attempted" => &mut self.attempted,
                _ => return Err(section.unknown(value, &OUTCOME_KEYS)),
            };
            *codes = Some(value.statuses()?);
        }
        let (Some(denied), Some(attempted)) = (&self.denied, &self.attempted) else {
            return Ok(());
        };
        match denied.iter().find(|code| attempted.contains(code)) {
            Some(code) => Err(value.bad(
                code.to_string(),
                "a status code is either denied or attempted, not both",
            )),
            None => Ok(()),
        }
    }

    /// What no single key can show.
    fn check(&self, root: &Section<'_>) -> Result<(), ConfigError> {
        let Some(value) = root.entries().iter().find(|value| value.key == "since") else {
            return Ok(());
        };
        let Some(since) = self.since else {
            return Ok(());
        };
        if !self.windows.is_empty() {
            return Err(value.bad(
                since.to_string(),
                "`window` and `since` both say where to begin; keep one of them",
            ));
        }
        match self.as_of {
            Some(as_of) if since > as_of => {
                Err(value.bad(since.to_string(), format!("it lies after `as_of`, {as_of}")))
            }
            _ => Ok(()),
        }
    }
}

fn thresholds(value: &Value<'_>) -> Result<Thresholds, ConfigError> {
    let section = value.section("`[levels]`")?;
    let mut thresholds = Thresholds::default();
    for value in section.entries() {
        let share = match value.key {
            "safe_p" => &mut thresholds.safe_p,
            "safe_upper" => &mut thresholds.safe_upper,
            "likely_p" => &mut thresholds.likely_p,
            "likely_upper" => &mut thresholds.likely_upper,
            _ => return Err(section.unknown(value, &LEVEL_KEYS)),
        };
        *share = value.share()?;
    }
    Ok(thresholds)
}

fn health_paths(value: &Value<'_>) -> Result<Vec<String>, ConfigError> {
    let absolute = |text: &str| {
        if text.starts_with('/') {
            Ok(text.to_owned())
        } else {
            Err("a path begins with `/`".to_owned())
        }
    };
    value
        .items()?
        .iter()
        .map(|item| item.parse(absolute))
        .collect()
}

fn exception(section: &Section<'_>) -> Result<Exception, ConfigError> {
    let (mut client, mut term, mut reason, mut owner, mut until) = (None, None, None, None, None);
    for value in section.entries() {
        match value.key {
            "client" => client = Some(value.text()?),
            "term" => term = Some(value.text()?),
            "reason" => reason = Some(value.text()?),
            "owner" => owner = Some(value.text()?),
            "until" => until = Some(value.day()?),
            _ => return Err(section.unknown(value, &EXCEPTION_KEYS)),
        }
    }
    Ok(Exception {
        client: client.ok_or_else(|| section.missing("client"))?,
        term: term.ok_or_else(|| section.missing("term"))?,
        reason: reason.ok_or_else(|| section.missing("reason"))?,
        owner,
        until,
        place: section.place(),
    })
}

fn weight(section: &Section<'_>) -> Result<WeightOverride, ConfigError> {
    let mut rule = WeightOverride::default();
    for value in section.entries() {
        match value.key {
            "matches" => rule.matches = value.text()?,
            "data" => {
                // A class by its name, or its number.
                let named = value.parse(values::data_class);
                rule.data = Some(match named {
                    Err(ConfigError::WrongType { .. }) => value.integer(0, MAX_WEIGHT)?,
                    named => named?,
                });
            }
            "weight" => rule.weight = Some(value.integer(0, MAX_WEIGHT)?),
            "tenant_wide" => rule.tenant_wide = value.flag()?,
            _ => return Err(section.unknown(value, &WEIGHT_KEYS)),
        }
    }
    if rule.matches.is_empty() {
        return Err(section.missing("matches"));
    }
    Ok(rule)
}

#[cfg(test)]
#[path = "config/tests.rs"]
mod tests;
