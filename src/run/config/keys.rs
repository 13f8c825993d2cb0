//! The keys at the top of the file: for each one how it is read, and how the value of the
//! command line is laid over that of the file.
//!
//! A new key is a field of [`Config`] and a row here.
//!
//! * `one`: a value, or a list as a whole; what is stated above takes the place of the other;
//! * `list`: the same, where an empty list states nothing;
//! * `added`: what is stated above comes after what is stated below;
//! * `other`: see [`Config::over`].

use super::reader::{Section, Value};
use super::{
    Config, ConfigError, catalogs, exception, granted, health_paths, hints, level, logged,
    objective, parse_api_base, parse_base_path, parse_pattern, parse_size, parse_window,
    parse_zone, path_case, policies, rules, scopes, sources, thresholds, values, weight,
};

macro_rules! keys {
    ($config:ident, $value:ident; $($how:ident $name:literal $($field:ident).+ = $read:expr;)+) => {
        /// Keys at the top of the file, in the order of the documentation.
        pub const KEYS: [&str; [$($name),+].len()] = [$($name),+];

        impl Config {
            pub(super) fn set(
                &mut self,
                root: &Section<'_>,
                $value: &Value<'_>,
            ) -> Result<(), ConfigError> {
                let $config = self;
                match $value.key {
                    $($name => set!($how $config.$($field).+, $read),)+
                    _ => return Err(root.unknown($value, &KEYS)),
                }
                Ok(())
            }

            /// Takes from the one below what is not stated here.
            pub(super) fn complete(&mut self, below: Self) {
                $(complete!($how self.$($field).+, below.$($field).+);)+
            }
        }
    };
}

macro_rules! set {
    (one $field:expr, $read:expr) => {
        $field = Some($read)
    };
    (list $field:expr, $read:expr) => {
        $field = $read
    };
    (added $field:expr, $read:expr) => {
        $field = $read
    };
    (other $field:expr, $read:expr) => {
        $read
    };
}

macro_rules! complete {
    (one $field:expr, $below:expr) => {
        if $field.is_none() {
            $field = $below;
        }
    };
    (list $field:expr, $below:expr) => {
        if $field.is_empty() {
            $field = $below;
        }
    };
    (added $field:expr, $below:expr) => {
        $field.splice(0..0, $below);
    };
    (other $field:expr, $below:expr) => {};
}

keys! { config, value;
    other "logs" logs = config.logs = value.texts()?;
    other "ledger" ledger = config.ledger = Some(value.text()?.into());
    list "expected_sources" expected_sources = value.texts()?;
    list "catalog" catalog = value.texts()?;
    list "catalogs" catalogs = value.tables("`[[catalogs]]`", catalogs::catalog)?;
    list "grants" grants = value.texts()?;
    list "format" format = logged::formats(config, value)?;
    other "log_format_string" format = config.format = logged::format_string(config, value)?;
    one "log_client" log_client = value.text()?;
    one "scopes" scopes = value.parse(scopes)?;
    one "scheme" scheme = value.text()?;
    one "scope_key" scope_key = value.text()?;
    one "match" matching = value.parse(values::matching)?;
    one "path_case" path_case = value.parse(path_case)?;
    list "base_path" base_path = value.each(|item| item.parse(parse_base_path))?;
    one "api_base" api_base = value.parse(parse_api_base)?;
    other "window" windows = config.windows = vec![value.parse(parse_window)?];
    other "since" since = config.since = Some(value.day()?);
    one "as_of" as_of = value.day()?;
    one "granted_since" granted_since = value.text()?.into();
    one "blame" blame = value.flag()?;
    one "hints" hints = value.parse(hints)?;
    one "objective" objective = value.parse(objective)?;
    one "level" level = value.parse(level)?;
    one "narrow" narrow = value.flag()?;
    one "audience" audience = value.text()?;
    one "protocol_scopes" protocol_scopes = value.texts()?;
    one "protected" protected = value.texts()?;
    added "needs" needs = value.texts()?;
    added "health_paths" health_paths = health_paths(value)?;
    added "redact" redact = value.each(|item| item.parse(parse_pattern))?;
    one "all_operations_logged" logged.all_operations = value.flag()?;
    one "zone" zone = value.parse(parse_zone)?;
    one "max_line" max_line = value.parse(parse_size)?;
    one "max_unpacked" max_unpacked = value.parse(parse_size)?;
    one "max_reject_share" max_reject_share = value.share()?;
    // More than any machine has cores is a typing mistake.
    one "threads" threads = usize::try_from(value.integer(1, 1_024)?).unwrap_or(1);
    one "merge_slashes" merge_slashes = value.flag()?;
    one "hash_key" hash_key = value.text()?;
    one "levels" levels = thresholds(value)?;
    other "outcomes" denied = config.set_outcomes(value)?;
    other "aliases" aliases = for alias in value.section("`[aliases]`")?.entries() {
        config.aliases.insert(alias.key.to_owned(), alias.text()?);
    };
    added "calendar" closed = granted::closed(value)?;
    other "sampled" logged = config.logged.sampled = logged::sampled(value)?;
    added "sources" sources = value.tables("`[[sources]]`", sources::source)?;
    added "noise" logged.noise = value.tables("`[[noise]]`", logged::noise)?;
    added "granted" granted = value.tables("`[[granted]]`", granted::granted)?;
    added "exceptions" exceptions = value.tables("`[[exceptions]]`", exception)?;
    added "policies" policies = value.tables("`[[policies]]`", policies::policy)?;
    added "toxic" rules.toxic = rules::read_toxic(value)?;
    other "weights" weights = config.weights = value.tables("`[[weights]]`", weight)?;
    other "rules" rules = rules::read_rules(config, value)?;
    other "categories" categories = rules::read_categories(config, value)?;
}
