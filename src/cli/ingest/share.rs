//! The arguments of `ingest` on a share, from those of the whole run.
//!
//! What says how logs are read goes along as it was written; where they are, where the
//! result goes and what is printed is the whole run's affair.

use std::ffi::OsString;

use clap::ArgMatches;
use clap::parser::ValueSource;

use crate::engine;
use crate::run::Advised;

/// Not for a share.
const OWN: [&str; 19] = [
    "files",
    "logs",
    "ledger",
    "partial",
    "shard",
    "listed",
    "engine",
    "spark_submit",
    "tasks",
    "table",
    "column",
    "engine_binary",
    "job",
    "grants_as_of",
    "grants_at",
    "rejects",
    "threads",
    "quiet",
    "json",
];
/// Whose values are files, or may be.
const FILES: [&str; 6] = ["config", "dir", "catalog", "grants", "hash_key", "format"];

/// The arguments after `ingest`, from a command line that was understood.
pub(super) fn arguments(line: &[OsString]) -> anyhow::Result<Vec<String>> {
    let command = super::super::command();
    let found = command.clone().try_get_matches_from(line)?;
    let (Some(ingest), Some(found)) = (
        command.find_subcommand("ingest"),
        found.subcommand_matches("ingest"),
    ) else {
        return Err(Advised::new(
            "an engine runs `ingest` alone",
            "call `scopetrim ingest`",
        ));
    };
    let mut args = Vec::new();
    for arg in ingest.get_arguments() {
        let id = arg.get_id().as_str();
        let stated = found.value_source(id) == Some(ValueSource::CommandLine);
        if let (true, false, Some(long)) = (stated, OWN.contains(&id), arg.get_long()) {
            if arg.get_action().takes_values() {
                args.extend(values(found, id).map(|value| format!("--{long}={value}")));
            } else {
                args.push(format!("--{long}"));
            }
        }
    }
    Ok(args)
}

/// What was written after a flag. The whole command line is UTF-8.
fn values<'a>(found: &'a ArgMatches, id: &str) -> impl Iterator<Item = String> + use<'a> {
    let file = FILES.contains(&id);
    let raw = found.get_raw(id).into_iter().flatten();
    raw.filter_map(|value| value.to_str()).map(move |value| {
        if file {
            engine::relative(value)
        } else {
            value.to_owned()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_read_as_the_whole_run_was_told_to() {
        let line = "scopetrim ingest a b.log --ledger usage --catalog x.yaml --catalog y.yaml --engine spark \
            --spark-submit s --tasks 3 --threads 2 --grants g.yaml --grants-as-of 2026-01-01 --quiet --json --dir d \
            --merge-slashes=false --denied 401,403 --alias a=b --format combined --all-operations-logged";
        let line: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let mut args = arguments(&line).unwrap();
        args.sort();
        let expected = [
            "--alias=a=b",
            "--all-operations-logged=true",
            "--catalog=x.yaml",
            "--catalog=y.yaml",
            "--denied=401",
            "--denied=403",
            "--dir=d",
            "--grants=g.yaml",
            "--log-format=combined",
            "--merge-slashes=false",
        ];
        assert_eq!(args, expected);
    }
}
