//! Flags for the keys of `scopetrim.toml` that are tables, lists or rare.
//!
//! In: flags. Out: a configuration that says what they say; how it is laid over the file
//! is [`Config::over`].

use crate::grants::Description;
use crate::model::{Calendar, Closed, Day, ExpectedSource, SourcePattern};
use crate::run::Advised;
use crate::run::config::{self, Config};

/// How logs are read.
#[derive(Clone, Debug, Default, clap::Args)]
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
    /// A path of health checks, in addition to the usual ones
    #[arg(long, value_name = "PATH")]
    health_path: Vec<String>,
    /// Whether `//` in a path counts as `/`; default: true
    #[arg(long, value_name = "true|false")]
    merge_slashes: Option<bool>,
    /// Requests that are not a possible need: `path="/wp-*", status=[404], reason="scanner", until=2027-06-30`
    #[arg(long, value_name = "TABLE")]
    noise: Vec<String>,
    /// The share of all requests that a log holds: `0.01`, or `gw-eu*=0.01` for some inputs; the lowest that fits counts
    #[arg(long, value_name = "[GLOB=]RATE")]
    sampled: Vec<String>,
    /// Days on which no records are expected: `2026-12-24..2026-12-26` or `sunday`; added to the file's
    #[arg(long, value_name = "DAYS")]
    closed: Vec<String>,
    /// Whether every operation of the catalogue is logged at all; default: unknown
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    all_operations_logged: Option<bool>,
    /// A regular expression for path segments that are secrets, in addition to the known shapes
    #[arg(long, value_name = "REGEX")]
    redact: Vec<String>,
    /// Limit on the unpacked bytes that are read from one packed log or archive; default: 256GiB
    #[arg(long, value_name = "SIZE")]
    max_unpacked: Option<String>,
    /// One of several API descriptions, with what it describes: `file="orders.yaml", host="orders.example.com", audience="https://orders"`
    #[arg(long, value_name = "TABLE")]
    catalog_of: Vec<String>,
    /// An input that must have data on every day, as a pattern over names, or from a day on: `gw-eu*=2026-03-01`; in place of the file's
    #[arg(long, value_name = "PATTERN[=DAY]")]
    expected_source: Vec<String>,
    /// The offset from UTC of times that are written without a zone: `+02:00`; default: UTC, with a warning
    #[arg(long, value_name = "OFFSET", allow_hyphen_values = true)]
    zone: Option<String>,
}

/// How grants are judged.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct JudgingKeys {
    /// The API that logs and catalogue belong to, where the policy names several audiences
    #[arg(long, value_name = "URL")]
    audience: Option<String>,
    /// A scope that no request can show, in place of the default ones (`openid`, `profile`, ...)
    #[arg(long, value_name = "SCOPE")]
    protocol_scope: Vec<String>,
    /// Terms that never leave level review, as a glob, in place of the default ones
    #[arg(long, value_name = "GLOB")]
    protected: Vec<String>,
    /// A reviewed "keep this": `client="ops", term="incident.*", reason="drill", until=2027-06-30`
    #[arg(long, value_name = "TABLE")]
    exception: Vec<String>,
    /// Declares that grants without any other date are older than a day: `file="policies/*.json", granted_before=2025-01-01, reason="export"`
    #[arg(long, value_name = "TABLE")]
    granted: Vec<String>,
    /// A policy format of your own: `name="ours", clients="consumers[]", id="name", terms="access", shape="list", empty_means="none"`
    #[arg(long, value_name = "TABLE")]
    policy_format: Vec<String>,
    /// Two scopes that one client should not hold together: `a="payments:create", b="payments:approve", reason="four eyes"`
    #[arg(long, value_name = "TABLE")]
    toxic: Vec<String>,
    /// Risk of operations: `matches="DELETE /*", data="secret"`
    #[arg(long, value_name = "TABLE")]
    weight: Vec<String>,
    /// Declared as needed: a glob over terms, or an operation `POST /v1/exports`; added to the file's
    #[arg(long, value_name = "GLOB")]
    needs: Vec<String>,
    /// What makes a removal safe or likely, in place of the file's: `safe_p=0.01, likely_upper=0.1`
    #[arg(long, value_name = "TABLE")]
    levels: Option<String>,
    /// A setting of a rule; replaces everything that the file says about it: `F3.max_lifetime="2h"`
    #[arg(long, value_name = "KEY=VALUE")]
    rule: Vec<String>,
    /// Operations of a risk category, added to the file's: `money=["* /wallets/*"]`
    #[arg(long, value_name = "KEY=LIST")]
    category: Vec<String>,
}

/// What the flags say.
pub(super) fn configuration(
    reading: &ReadingKeys,
    judging: &JudgingKeys,
) -> anyhow::Result<Config> {
    let mut config = Config::default();
    read_reading(reading, &mut config)?;
    read_judging(judging, &mut config)?;
    Ok(config)
}

fn read_reading(flags: &ReadingKeys, config: &mut Config) -> anyhow::Result<()> {
    for text in &flags.alias {
        // Identifiers in Base64 end with `=`, so the last one separates.
        let pair = text
            .rsplit_once('=')
            .filter(|(log, policy)| !log.is_empty() && !policy.is_empty());
        let (log, policy) = pair.ok_or_else(|| {
            Advised::new(
                format!("`{text}` is not an alias"),
                "write the name in the log, `=`, and the name in the policy file: billing-prod=billing",
            )
        })?;
        config.aliases.insert(log.to_owned(), policy.to_owned());
    }
    config.denied = stated(&flags.denied);
    config.attempted = stated(&flags.attempted);
    for path in &flags.health_path {
        if !path.starts_with('/') {
            return Err(Advised::new(
                format!("`{path}` is not the path of a health check"),
                "a path begins with `/`",
            ));
        }
        config.health_paths.push(path.clone());
    }
    for text in &flags.redact {
        let pattern = config::parse_pattern(text);
        config
            .redact
            .push(pattern.map_err(|why| refused("--redact", text, why))?);
    }
    for text in &flags.noise {
        let parsed = table("noise", "--noise", text)?.logged;
        config.logged.noise.extend(parsed.noise);
    }
    for text in &flags.sampled {
        let rates = config::parse_sampled(text);
        let rates = rates.map_err(|why| refused("--sampled", text, why))?;
        config.logged.sampled.extend(rates);
    }
    let mut calendar = Calendar::default();
    for text in &flags.closed {
        let closed = Closed::parse(text)
            .and_then(|closed| calendar.close(closed).map(|()| closed))
            .map_err(|why| refused("--closed", text, why))?;
        config.closed.push(closed);
    }
    config.logged.all_operations = flags.all_operations_logged;
    config.merge_slashes = flags.merge_slashes;
    if let Some(text) = &flags.max_unpacked {
        let size = config::parse_size(text);
        config.max_unpacked =
            Some(size.map_err(|why| Advised::new(format!("`{text}` is not a size"), why))?);
    }
    for text in &flags.catalog_of {
        let parsed = table("catalogs", "--catalog-of", text)?.catalogs;
        config.catalogs.extend(parsed);
    }
    expected(flags, config)?;
    if let Some(text) = &flags.zone {
        let zone = config::parse_zone(text);
        config.zone = Some(zone.map_err(|why| refused("--zone", text, why))?);
    }
    Ok(())
}

/// The sources that must have data, some of them from a day on.
fn expected(flags: &ReadingKeys, config: &mut Config) -> anyhow::Result<()> {
    for text in &flags.expected_source {
        let dated = text.rsplit_once('=');
        let dated = dated.and_then(|(name, day)| Some((name, Day::parse(day)?)));
        let Some((name, since)) = dated else {
            config.expected_sources.push(text.clone());
            continue;
        };
        let source = SourcePattern::parse(name);
        config.sources.push(ExpectedSource {
            source: source.map_err(|why| refused("--expected-source", text, why))?,
            since: Some(since),
            until: None,
        });
    }
    Ok(())
}

/// The policy formats that flags describe.
pub(super) fn policies(flags: &[String]) -> anyhow::Result<Vec<Description>> {
    let mut all = Vec::new();
    for text in flags {
        all.extend(table("policies", "--policy-format", text)?.policies);
    }
    Ok(all)
}

fn read_judging(flags: &JudgingKeys, config: &mut Config) -> anyhow::Result<()> {
    config.audience.clone_from(&flags.audience);
    config.protocol_scopes = stated(&flags.protocol_scope);
    config.protected = stated(&flags.protected);
    config.needs.clone_from(&flags.needs);
    for text in &flags.exception {
        let parsed = table("exceptions", "--exception", text)?.exceptions;
        config.exceptions.extend(parsed);
    }
    for text in &flags.granted {
        let parsed = table("granted", "--granted", text)?.granted;
        config.granted.extend(parsed);
    }
    config.policies = policies(&flags.policy_format)?;
    for text in &flags.toxic {
        let parsed = table("toxic", "--toxic", text)?.rules.toxic;
        config.rules.toxic.extend(parsed);
    }
    for text in &flags.weight {
        let parsed = table("weights", "--weight", text)?.weights;
        config.weights.extend(parsed);
    }
    if let Some(text) = &flags.levels {
        config.levels = setting(&format!("levels = {{ {text} }}"), "--levels", text)?.levels;
    }
    for text in &flags.rule {
        let parsed = setting(&format!("rules.{text}"), "--rule", text)?.rules;
        config.rules.rules.extend(parsed.rules);
    }
    for text in &flags.category {
        let parsed = setting(&format!("categories.{text}"), "--category", text)?.categories;
        for (category, operations) in parsed.add {
            let known = config.categories.add.entry(category).or_default();
            known.extend(operations);
        }
        config.categories.none.extend(parsed.none);
    }
    Ok(())
}

fn refused(flag: &str, text: &str, why: String) -> anyhow::Error {
    Advised::new(format!("{flag} cannot be `{text}`"), why)
}

fn stated<T: Clone>(list: &[T]) -> Option<Vec<T>> {
    (!list.is_empty()).then(|| list.to_vec())
}

/// A flag's text as one table of the file: the same grammar, the same checks.
fn table(key: &str, flag: &str, text: &str) -> anyhow::Result<Config> {
    setting(&format!("{key} = [{{ {text} }}]"), flag, text)
}

/// The line of the file that a flag means.
fn setting(line: &str, flag: &str, text: &str) -> anyhow::Result<Config> {
    config::parse(line, flag).map_err(|error| match error {
        config::ConfigError::Syntax { .. } => Advised::new(
            format!("{flag} cannot be `{text}`"),
            "write keys and values as in scopetrim.toml, separated by commas, strings in double quotes, and the whole in single quotes: 'client=\"ops\", term=\"incident.*\", reason=\"drill\"'",
        ),
        other => Advised::new(other.to_string(), other.help()),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::CommandFactory;

    use super::{JudgingKeys, ReadingKeys, configuration};
    use crate::run::config::{KEYS, parse};

    /// Keys whose flag has another name: one flag for one entry, or one for each key of a table.
    const RENAMED: [(&str, &[&str]); 14] = [
        ("format", &["log-format"]),
        ("catalogs", &["catalog-of"]),
        ("sources", &["expected-source"]),
        ("policies", &["policy-format"]),
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
        let lower = |reading: &ReadingKeys| {
            let flags = configuration(reading, &JudgingKeys::default()).unwrap();
            flags.over(parse(text, "x").unwrap()).logged
        };
        let plain = lower(&ReadingKeys::default());
        assert_eq!(plain.all_operations, Some(true));
        let both = lower(&ReadingKeys {
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
            let keys = renamed
                .get(key)
                .map_or_else(|| vec![plain.as_str()], |keys| keys.to_vec());
            for flag in keys {
                assert!(
                    flags.contains(&flag),
                    "`{key}` has no flag --{flag}: {flags:?}"
                );
            }
        }
    }
}
