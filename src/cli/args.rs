//! Flags that several subcommands share. Each has a key of the same meaning in
//! `scopetrim.toml`; a flag wins over the key.

use std::path::{Path, PathBuf};

use super::config_overrides::{JudgingKeys, ReadingKeys};

/// What to read, and how.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct InputArgs {
    /// Configuration file; default: scopetrim.toml in DIR or in the current folder
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Access logs: files, folders, globs, s3://..., or `-` for standard input
    ///
    /// Takes every name up to the next flag, as a shell expands a pattern; DIR comes before it. Objects are named by s3://, gs://,
    /// az:// and https://, where the program was built with object storage.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(super) logs: Vec<String>,
    /// Usage ledger, made by `scopetrim ingest`
    ///
    /// Without --logs only the ledger is read.
    #[arg(long, value_name = "DIR")]
    pub(super) ledger: Option<PathBuf>,
    /// API description: OpenAPI, routes.yaml and others; repeatable
    ///
    /// OpenAPI, Swagger, routes.yaml, a vendor's own table, or the normal form.
    #[arg(long, value_name = "FILE")]
    pub(super) catalog: Vec<String>,
    /// Log format, or a TOML file that describes one; default: by content, for each file (see `scopetrim formats`)
    #[arg(long = "log-format", alias = "format", value_name = "NAME")]
    pub(super) format: Option<String>,
    /// The gateway's own format line: `nginx:'$remote_addr ...'`, also apache, envoy, haproxy and goaccess
    #[arg(long, value_name = "SERVER:TEXT", conflicts_with = "format")]
    pub(super) log_format_string: Option<String>,
    /// The variable of that line that names the caller, where it is a header that the gateway sets: `$http_x_client_id`
    #[arg(long, value_name = "VARIABLE")]
    pub(super) log_client: Option<String>,
    /// What several scopes in one OpenAPI requirement mean
    #[arg(long, value_name = "all|any", value_parser = ["all", "any"])]
    pub(super) scopes: Option<String>,
    /// The security scheme that counts, where an API description has several that give scopes
    #[arg(long, value_name = "NAME")]
    pub(super) scheme: Option<String>,
    /// A key of the operations or paths of an OpenAPI file that names scopes: x-required-scopes
    #[arg(long, value_name = "KEY")]
    pub(super) scope_key: Option<String>,
    /// What a held scope opens: exact, wildcard:DELIM, hierarchy:DELIM, glob or glob-any-case
    #[arg(long = "match", value_name = "RULE")]
    pub(super) matching: Option<String>,
    /// Whether the case of a path matters
    #[arg(long, value_name = "CASE", value_parser = ["sensitive", "insensitive"])]
    pub(super) path_case: Option<String>,
    /// Prefix that the gateway puts before the API's paths (PREFIX or HOST=PREFIX)
    #[arg(long, value_name = "PREFIX")]
    pub(super) base_path: Vec<String>,
    /// Where the API's paths begin in the log, in place of the description's own servers: /v2, or / for none
    #[arg(long, value_name = "PATH")]
    pub(super) api_base: Option<String>,
    /// Longest line that is read
    #[arg(long, value_name = "SIZE")]
    pub(super) max_line: Option<String>,
    /// Share of rejected records (0..1) above which a log counts as incomplete
    #[arg(long, value_name = "SHARE")]
    pub(super) max_reject_share: Option<f64>,
    /// File with the secret key that hashes credential ids; default: a fixed key
    #[arg(long, value_name = "FILE")]
    pub(super) hash_key: Option<String>,
    /// Worker threads, 1 to 1024; default: one for each core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub(super) threads: Option<u16>,
    /// No progress and no notes on standard error
    #[arg(long, short)]
    pub(super) quiet: bool,
    #[command(flatten)]
    pub(super) keys: ReadingKeys,
}

/// The folder to start from. Where there is no other argument without a flag, it may be
/// named either way: a command learned for one subcommand works for the next.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Folder {
    /// Folder to start from; paths of its scopetrim.toml are relative to it
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The same as DIR
    #[arg(long = "dir", value_name = "DIR", conflicts_with = "dir")]
    flag: Option<PathBuf>,
}

impl Folder {
    /// Where a subcommand has its own flag for the folder.
    pub(super) const fn at(flag: Option<PathBuf>) -> Self {
        Self { dir: None, flag }
    }

    /// The folder, where it was named without a flag.
    pub(super) fn positional(&self) -> Option<&Path> {
        self.dir.as_deref()
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.dir.as_deref().or(self.flag.as_deref())
    }
}

/// A folder, and what is held.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct PolicyArgs {
    #[command(flatten)]
    pub(super) folder: Folder,
    #[command(flatten)]
    pub(super) flags: PolicyFlags,
}

/// What is held, and what to do about it.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct PolicyFlags {
    /// Policy file that says which client holds which scopes; repeatable
    #[arg(long, value_name = "FILE")]
    pub(super) grants: Vec<String>,
    /// Days looked at, for example 90d; default: all data, at most 365d
    ///
    /// Of a list (30d,90d,365d) the longest decides, and the result shows what it adds to the others.
    #[arg(long, value_name = "DAYS")]
    pub(super) window: Option<String>,
    /// Last day looked at, for example 2026-10-31; never later than the data
    #[arg(long, value_name = "DATE")]
    pub(super) as_of: Option<String>,
    /// First day looked at, in place of --window
    #[arg(long, value_name = "DATE", conflicts_with = "window")]
    pub(super) since: Option<String>,
    /// Read the policy files as git had them at the end of this day
    #[arg(long, value_name = "DATE")]
    pub(super) grants_at: Option<String>,
    /// Table of dates for grants of unknown age: client,term,date
    #[arg(long, value_name = "FILE")]
    pub(super) granted_since: Option<PathBuf>,
    /// Ask git for the age of grants without a date; default: true
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true", conflicts_with = "no_blame")]
    pub(super) blame: Option<bool>,
    /// The same as --blame=false
    #[arg(long)]
    pub(super) no_blame: bool,
    /// Place of the vendor's `least` hint in the objective
    #[arg(long, value_name = "PLACE", value_parser = ["first", "tiebreak", "ignore"])]
    pub(super) hints: Option<String>,
    /// What is minimised first: operations that can be reached, or their risk weight
    #[arg(long, value_name = "WHAT", value_parser = ["reach", "risk"])]
    pub(super) objective: Option<String>,
    /// Removals that go into the diff: up to safe, likely or review
    #[arg(long, value_name = "LEVEL", hide_possible_values = true, value_parser = ["safe", "likely", "review"])]
    pub(super) level: Option<String>,
    /// Also replace broad scopes by narrower ones of the catalogue (level review)
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) narrow: Option<bool>,
    #[command(flatten)]
    pub(super) keys: JudgingKeys,
}
