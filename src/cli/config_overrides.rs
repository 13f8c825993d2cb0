//! Flags for the keys of `scopetrim.toml` that are tables, lists or rare.
//!
//! In: flags and a configuration. Out: the configuration as if the flags stood in it.
//!
//! A list of the file is replaced by its flag; the tables `[aliases]`,
//! `[[exceptions]]`, `[[granted]]`, `[[toxic]]`, `[[weights]]`, `[[noise]]`, `[sampled]` and `[calendar]` are added to, because a
//! flag that switched every other exception off would take permissions away.

use std::io::ErrorKind;
use std::path::Path;

use super::config::{self, Config};
use super::diagnostics::Advised;
use crate::input;
use crate::model::Closed;
use crate::usage::credentials::HashKey;

/// How logs are read.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Rules for reading")]
pub(super) struct ReadingKeys {
    /// A client's name in the log and in the policy file, for example `billing-prod=billing`
    #[arg(long, value_name = "LOG=POLICY")]
    alias: Vec<String>,
    /// Status codes that mean "refused"; default: 401,403
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(100..=599))]
    denied: Vec<u16>,
    /// Status codes that prove nothing but still count as need; default: 429,499,503
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(100..=599))]
    attempted: Vec<u16>,
    /// A path of health checks, beside the customary ones
    #[arg(long, value_name = "PATH")]
    health_path: Vec<String>,
    /// Whether `//` in a path counts as `/`; default: true
    #[arg(long, value_name = "true|false")]
    merge_slashes: Option<bool>,
    /// Requests that are no possible need: `path="/wp-*", status=[404], reason="scanner", until=2027-06-30`
    #[arg(long, value_name = "TABLE")]
    noise: Vec<String>,
    /// Which share of the requests a log holds: `0.01`, or `gw-eu*=0.01` for some inputs; the lowest that fits counts
    #[arg(long, value_name = "[GLOB=]RATE")]
    sampled: Vec<String>,
    /// Days on which no records are to be expected: `2026-12-24..2026-12-26` or `sunday`; beside the file's
    #[arg(long, value_name = "DAYS")]
    closed: Vec<String>,
    /// Whether every operation of the catalogue is logged at all; default: unknown
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    all_operations_logged: Option<bool>,
    /// A regular expression over segments of paths that are secrets, beside the customary shapes
    #[arg(long, value_name = "REGEX")]
    redact: Vec<String>,
    /// Most unpacked bytes that are read of one packed log; default: 256GiB
    #[arg(long, value_name = "SIZE")]
    max_unpacked: Option<String>,
    /// An input that must have data on every day, as a pattern over names; in place of the file's
    #[arg(long, value_name = "PATTERN")]
    expected_source: Vec<String>,
}

/// How grants are judged.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Rules for judging")]
pub(super) struct JudgingKeys {
    /// The API that logs and catalogue are of, where the policy names several audiences
    #[arg(long, value_name = "URL")]
    audience: Option<String>,
    /// A scope that no request can show, in place of the customary ones (`openid`, `profile`, ...)
    #[arg(long, value_name = "SCOPE")]
    protocol_scope: Vec<String>,
    /// Terms that never leave level review, as a glob, in place of the customary ones
    #[arg(long, value_name = "GLOB")]
    protected: Vec<String>,
    /// A reviewed "keep this": `client="ops", term="incident.*", reason="drill", until=2027-06-30`
    #[arg(long, value_name = "TABLE")]
    exception: Vec<String>,
    /// Grants that nothing else dates are older than a day: `file="policies/*.json", granted_before=2025-01-01, reason="export"`
    #[arg(long, value_name = "TABLE")]
    granted: Vec<String>,
    /// Two scopes that one client should not hold together: `a="payments:create", b="payments:approve", reason="four eyes"`
    #[arg(long, value_name = "TABLE")]
    toxic: Vec<String>,
    /// Risk of operations: `matches="DELETE /*", data="secret"`
    #[arg(long, value_name = "TABLE")]
    weight: Vec<String>,
    /// Stated as needed: a glob over terms, or an operation `POST /v1/exports`; beside the file's
    #[arg(long, value_name = "GLOB")]
    needs: Vec<String>,
    /// What makes a removal safe or likely, in place of the file's: `safe_p=0.01, likely_upper=0.1`
    #[arg(long, value_name = "TABLE")]
    levels: Option<String>,
    /// One setting of a rule, in place of all that the file says of it: `F3.max_lifetime="2h"`
    #[arg(long, value_name = "KEY=VALUE")]
    rule: Vec<String>,
    /// Operations of a risk category, beside the file's: `money=["* /wallets/*"]`
    #[arg(long, value_name = "KEY=LIST")]
    category: Vec<String>,
}

/// Puts the flags in front of what the file says.
pub(super) fn put_in_front(
    reading: &ReadingKeys,
    judging: &JudgingKeys,
    config: &mut Config,
) -> anyhow::Result<()> {
    for text in &reading.alias {
        // Identifiers in Base64 end with `=`, so the last one separates.
        let pair = text
            .rsplit_once('=')
            .filter(|(log, own)| !log.is_empty() && !own.is_empty());
        let (log, own) = pair.ok_or_else(|| {
            Advised::new(
                format!("`{text}` is not an alias"),
                "write the name in the log, `=`, and the name in the policy file: billing-prod=billing",
            )
        })?;
        config.aliases.insert(log.to_owned(), own.to_owned());
    }
    replace(&mut config.denied, &reading.denied);
    replace(&mut config.attempted, &reading.attempted);
    if let (Some(denied), Some(attempted)) = (&config.denied, &config.attempted)
        && let Some(code) = denied.iter().find(|code| attempted.contains(code))
    {
        return Err(Advised::new(
            format!("status code `{code}` is both denied and attempted"),
            "a status code is either refused or proves nothing; name it with --denied or with --attempted",
        ));
    }
    for path in &reading.health_path {
        if !path.starts_with('/') {
            return Err(Advised::new(
                format!("`{path}` is not the path of a health check"),
                "a path begins with `/`",
            ));
        }
        config.health_paths.push(path.clone());
    }
    for text in &reading.redact {
        let pattern = config::parse_pattern(text);
        let pattern =
            pattern.map_err(|why| Advised::new(format!("--redact cannot be `{text}`"), why))?;
        config.redact.push(pattern);
    }
    for text in &reading.noise {
        let own = table("noise", "--noise", text)?.logged;
        config.logged.noise.extend(own.noise);
    }
    for text in &reading.sampled {
        let own = config::parse_sampled(text);
        let own = own.map_err(|why| Advised::new(format!("--sampled cannot be `{text}`"), why))?;
        config.logged.sampled.extend(own);
    }
    for text in &reading.closed {
        let own = Closed::parse(text).and_then(|own| config.calendar.close(own));
        own.map_err(|why| Advised::new(format!("--closed cannot be `{text}`"), why))?;
    }
    let logged = &mut config.logged;
    logged.all_operations = reading.all_operations_logged.or(logged.all_operations);
    config.merge_slashes = reading.merge_slashes.or(config.merge_slashes);
    if let Some(text) = &reading.max_unpacked {
        let size = config::parse_size(text);
        config.max_unpacked =
            Some(size.map_err(|why| Advised::new(format!("`{text}` is not a size"), why))?);
    }
    config.audience = judging.audience.clone().or(config.audience.take());
    replace(&mut config.protocol_scopes, &judging.protocol_scope);
    replace(&mut config.protected, &judging.protected);
    for text in &judging.exception {
        config
            .exceptions
            .extend(table("exceptions", "--exception", text)?.exceptions);
    }
    for text in &judging.granted {
        let own = table("granted", "--granted", text)?.granted;
        config.granted.extend(own);
    }
    add_toxic(&judging.toxic, config)?;
    // Of several weights the first that fits counts, so those of the flags stand first.
    let mut weights = Vec::new();
    for text in &judging.weight {
        weights.extend(table("weights", "--weight", text)?.weights);
    }
    config.weights.splice(0..0, weights);
    if !reading.expected_source.is_empty() {
        config.expected_sources.clone_from(&reading.expected_source);
    }
    config.needs.extend(judging.needs.iter().cloned());
    if let Some(text) = &judging.levels {
        config.levels = setting(&format!("levels = {{ {text} }}"), "--levels", text)?.levels;
    }
    for text in &judging.rule {
        let own = setting(&format!("rules.{text}"), "--rule", text)?.rules;
        config.rules.rules.extend(own.rules);
    }
    for text in &judging.category {
        let own = setting(&format!("categories.{text}"), "--category", text)?.categories;
        for (category, operations) in own.add {
            config
                .categories
                .add
                .entry(category)
                .or_default()
                .extend(operations);
        }
        config.categories.none.extend(own.none);
    }
    Ok(())
}

fn add_toxic(pairs: &[String], config: &mut Config) -> anyhow::Result<()> {
    for text in pairs {
        let own = table("toxic", "--toxic", text)?.rules.toxic;
        config.rules.toxic.extend(own);
    }
    Ok(())
}

fn replace<T: Clone>(key: &mut Option<Vec<T>>, flag: &[T]) {
    if !flag.is_empty() {
        *key = Some(flag.to_vec());
    }
}

/// A flag's text as one table of the file: the same grammar, the same checks.
fn table(key: &str, flag: &str, text: &str) -> anyhow::Result<Config> {
    setting(&format!("{key} = [{{ {text} }}]"), flag, text)
}

/// One line of the file that a flag stands for.
fn setting(line: &str, flag: &str, text: &str) -> anyhow::Result<Config> {
    config::parse(line, flag).map_err(|error| match error {
        config::ConfigError::Syntax { .. } => Advised::new(
            format!("{flag} cannot be `{text}`"),
            "write keys and values as in scopetrim.toml, with commas between, texts in double quotes, and the whole in single quotes: 'client=\"ops\", term=\"incident.*\", reason=\"drill\"'",
        ),
        other => Advised::new(other.to_string(), other.help()),
    })
}

/// Refuses files of the configuration that are not regular ones. It may come with somebody
/// else's change: a pipe that never begins, or a device that never ends, must not hold up the run.
pub(super) fn regular_files(
    config: &Config,
    shown: &str,
    path: impl Fn(&str) -> String,
) -> anyhow::Result<()> {
    let files: [(&str, &[String]); 4] = [
        ("catalog", &config.catalog),
        ("grants", &config.grants),
        ("granted_since", config.granted_since.as_slice()),
        ("hash_key", config.hash_key.as_slice()),
    ];
    for (key, names) in files {
        for name in names.iter().map(|name| path(name)) {
            // What is missing is said where it is needed.
            let refused = input::regular(Path::new(&name)).err();
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
pub(super) const MAX_KEY: u64 = 1 << 20;

/// The key under which ids of credentials are hashed.
pub(super) fn hash_key(file: Option<&String>) -> anyhow::Result<HashKey> {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::CommandFactory;

    use super::config::{KEYS, parse};
    use super::{JudgingKeys, ReadingKeys, put_in_front};

    /// Keys whose flag has another name: one flag for one entry, or one for each key of a table.
    const RENAMED: [(&str, &[&str]); 10] = [
        ("calendar", &["closed"]),
        ("expected_sources", &["expected-source"]),
        ("rules", &["rule"]),
        ("categories", &["category"]),
        ("health_paths", &["health-path"]),
        ("protocol_scopes", &["protocol-scope"]),
        ("outcomes", &["denied", "attempted"]),
        ("aliases", &["alias"]),
        ("exceptions", &["exception"]),
        ("weights", &["weight"]),
    ];

    #[test]
    fn what_flags_state_about_the_logs_is_added_to_the_file() {
        let text = "all_operations_logged = true\n[sampled]\n'*' = 0.5\n[[noise]]\nstatus = [408]\nreason = 'r'\n";
        let own = |reading: &ReadingKeys| {
            let mut config = parse(text, "x").unwrap();
            put_in_front(reading, &JudgingKeys::default(), &mut config).unwrap();
            config.logged
        };
        let plain = own(&ReadingKeys::default());
        assert_eq!(plain.all_operations, Some(true));
        let both = own(&ReadingKeys {
            noise: vec!["path=\"/wp-*\", reason=\"scanner\"".to_owned()],
            sampled: vec!["gw-eu*=0.01".to_owned(), "1".to_owned()],
            all_operations_logged: Some(false),
            ..ReadingKeys::default()
        });
        assert_eq!(both.all_operations, Some(false));
        assert_eq!((plain.noise.len(), both.noise.len()), (1, 2));
        assert_eq!(both.noise[1].path.as_deref(), Some("/wp-*"));
        let rates = |shown| (plain.sampled.rate_of(shown), both.sampled.rate_of(shown));
        assert_eq!(rates("gw-eu-1.log"), (Some(0.5), Some(0.01)));
        assert_eq!(rates("gw-us-1.log"), (Some(0.5), Some(0.5)));
    }

    #[test]
    fn every_key_of_the_file_has_a_flag() {
        let renamed = BTreeMap::from(RENAMED);
        let command = super::super::Cli::command();
        let analyze = command.find_subcommand("analyze").unwrap();
        let flags: Vec<&str> = analyze
            .get_arguments()
            .filter_map(clap::Arg::get_long)
            .collect();
        for key in KEYS {
            let plain = key.replace('_', "-");
            let own = renamed
                .get(key)
                .map_or_else(|| vec![plain.as_str()], |own| own.to_vec());
            for flag in own {
                assert!(
                    flags.contains(&flag),
                    "`{key}` has no flag --{flag}: {flags:?}"
                );
            }
        }
    }
}
