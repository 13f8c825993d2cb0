//! `compare`: what one layer allows and another one refuses.

use std::io::Write;

use super::args::{InputArgs, PolicyArgs};
use super::output::OutputArgs;
use super::settings::settings;
use super::{ExitStatus, analyze};
use crate::report::layers::{self as report, LayersView};
use crate::report::table::Format;
use crate::run::compared_layers;

/// Arguments of `compare`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim compare samples/shop --with service-grants.yaml
  scopetrim compare --logs gateway.jsonl --with-logs service.jsonl --catalog openapi.yaml
  scopetrim compare samples/shop --markdown

With --with two policies are compared: what each client may call, and which term opens it. With --with-logs the \
logs of the gateway and of the service behind it: what one let through and the other refused. With neither, the \
gateway's log alone, where its lines say who refused. See docs/compare.md.

Exit codes: 0 the two agree, 1 they do not, 2 error, 3 they agree, but some input was incomplete.")]
pub(super) struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
    /// Policy file to compare with that of --grants; repeatable
    #[arg(long, value_name = "FILE", conflicts_with_all = ["with_logs", "logs", "ledger"])]
    with: Vec<String>,
    /// Logs of the service behind the gateway: files, folders, globs
    #[arg(long, value_name = "PATH", num_args = 1..)]
    with_logs: Vec<String>,
    /// Write Markdown, for a pull request or a page
    #[arg(long, conflicts_with_all = ["output", "csv", "json", "ndjson", "parquet"])]
    markdown: bool,
    /// Write a page, in the design of the monthly report
    #[arg(long, conflicts_with_all = ["markdown", "output", "csv", "json", "ndjson", "parquet"])]
    html: bool,
    #[command(flatten)]
    inputs: InputArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let output = args.output.open(Format::Table)?;
    let first = settings(&args.inputs, &args.policy)?;
    let compared = if args.with.is_empty() {
        let service = if args.with_logs.is_empty() {
            None
        } else {
            let inputs = InputArgs {
                logs: args.with_logs.clone(),
                ledger: None,
                ..args.inputs.clone()
            };
            let mut service = settings(&inputs, &args.policy)?;
            service.ledger = None;
            Some(service)
        };
        compared_layers::logs(&first, service.as_ref())?
    } else {
        compared_layers::policies(&first, &args.with)?
    };
    let view = LayersView {
        of: compared.of,
        sides: &compared.sides,
        found: &compared.found,
        window: compared.window,
        notes: &compared.notes,
        incomplete: &compared.incomplete,
    };
    output.write(out, "row", |format, out| {
        match format {
            Format::Table if args.html => out.write_all(report::html(&view)?.as_bytes())?,
            Format::Table if args.markdown => report::markdown(&view, out)?,
            Format::Table => report::table(&view, out, analyze::width())?,
            Format::Json => out.write_all(report::json(&view)?.as_bytes())?,
            _ => return Ok(report::rows(&view).write(format, out)?),
        }
        Ok(0)
    })?;
    let alone = compared
        .found
        .alone
        .iter()
        .any(|alone| !alone.clients.is_empty());
    let differ = !compared.found.differences.is_empty();
    Ok(if differ || alone && compared.of == "policies" {
        ExitStatus::Found
    } else if compared.incomplete.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
}
