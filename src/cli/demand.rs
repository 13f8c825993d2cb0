//! `demand`: what clients ask for and do not get.

use std::io::Write;

use super::ExitStatus;
use super::analyze::width;
use super::args::{InputArgs, PolicyArgs};
use super::diagnostics::{say_incomplete, say_ran_ahead};
use super::output::OutputArgs;
use super::settings::settings;
use crate::analysis::ClientAnalysis;
use crate::model::words::closest;
use crate::report::demand;
use crate::report::table::Format;
use crate::run::Advised;
use crate::run::analyse;

/// Arguments of `demand`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim demand samples/shop
  scopetrim demand samples/shop --client carrier-feed --window 90d
  scopetrim demand --logs 'logs/*.gz' --catalog openapi.yaml --grants grants.yaml --output csv --out demand.csv

For each client and refused operation (by default 401 and 403): requests, days, first, last, an id to look \
up, who refused, and whether the grants permit it. Where they do not, the smallest sets of scopes that \
would, with what else each would open. Nothing here is a recommendation to grant anything. Where the log \
has the scopes of tokens: what is granted and never issued, and what is issued and not granted. \
docs/demand.md explains each word.")]
pub(super) struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
    /// Only this client, as the policy file names it; repeatable
    #[arg(long, value_name = "NAME")]
    client: Vec<String>,
    #[command(flatten)]
    inputs: InputArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let output = args.output.open(Format::Table)?;
    let run = analyse(settings(&args.inputs, &args.policy)?)?;
    let all = &run.analysis.clients;
    for name in &args.client {
        if !all.iter().any(|client| client.id.as_str() == name) {
            let help = closest(name, all.iter().map(|client| client.id.as_str())).map_or_else(
                || "`scopetrim grants` lists the clients of the policy files".to_owned(),
                |close| format!("did you mean `{close}`?"),
            );
            let text = format!("no policy file names a client `{name}`");
            return Err(Advised::new(text, help));
        }
    }
    let wanted = |client: &&ClientAnalysis| {
        args.client.is_empty() || args.client.iter().any(|name| name == client.id.as_str())
    };
    let clients: Vec<&ClientAnalysis> = all.iter().filter(wanted).collect();
    let view = run.view();
    output.write(out, "row", |format, out| {
        match format {
            Format::Table => demand::table(&view, &clients, out, width())?,
            Format::Json => out.write_all(demand::json(&view, &clients)?.as_bytes())?,
            _ => return Ok(demand::rows(&view, &clients).write(format, out)?),
        }
        Ok(0)
    })?;
    say_incomplete(&run);
    say_ran_ahead(&run);
    Ok(if run.read.incomplete.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
}
