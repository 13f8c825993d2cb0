//! `boundary-tests`: requests that the trimmed policy must refuse, and ones that must still pass.

mod gateway;

use std::io::Write;
use std::path::PathBuf;

use super::args::{InputArgs, PolicyArgs};
use super::diagnostics::{self, say_incomplete, say_possible};
use super::settings::settings;
use super::{ExitStatus, analyze};
use crate::enforce::{self, Options, Plan, Subject};
use crate::run::{Advised, AnalysisRun, analyse, atomic_file, prove};

/// Arguments of `boundary-tests`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim boundary-tests samples/shop > boundary.hurl
  hurl --test --variables-file tokens.env boundary.hurl
  scopetrim boundary-tests samples/shop --tool k6 --client storefront-web
  scopetrim boundary-tests samples/shop --ask http://127.0.0.1:8080 --client-header X-Client
  scopetrim boundary-tests --requests gateway/scopetrim-requests.ndjson --ask http://gateway.test --tokens tokens.env
  scopetrim boundary-tests samples/shop --for granted > gateway.hurl
  scopetrim boundary-tests samples/shop --out tests/boundary

For each removal: a canary that shows the endpoint answers a caller who may, the request that must be \
refused, and the same without a token; then the requests that the client must still be able to send. \
Only methods that read are used, unless --include-unsafe is given; ids do not exist; tokens are variables.

With --for, --requests or --ask it is about a gateway that `scopetrim enforce` has configured: the requests that \
were written beside its policy, among them those that servers read in different ways. --ask sends them, over plain \
HTTP and byte for byte, and compares the answers; without it they are written for the tool, but for those that it \
would change on the way.

Exit codes of --ask: 0 the gateway decides as the policy does, 1 it does not, 2 error, 3 something was not \
asked or its answer is not clear.")]
pub(super) struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    inputs: InputArgs,
    /// Test tool to write for
    #[arg(long, value_name = "TOOL", default_value = "hurl", value_parser = ["hurl", "k6", "http"])]
    tool: String,
    /// Only this client; repeatable
    #[arg(long, value_name = "NAME")]
    client: Vec<String>,
    /// Also requests that would write if they were not refused (with ids that do not exist, without a body)
    #[arg(long)]
    include_unsafe: bool,
    /// A 404 counts as a refusal too, for gateways that hide what they deny
    #[arg(long = "accept-404")]
    accept_404: bool,
    /// Limit on the requests that must still pass, for each client
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    gateway: gateway::GatewayArgs,
    /// Write one file for each client into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "json")]
    out: Option<PathBuf>,
    /// Print the plan as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let tool = enforce::by_name(&args.tool).ok_or_else(|| {
        Advised::new(
            format!("`{}` is not a test tool", args.tool),
            "use hurl, k6 or http",
        )
    })?;
    if args.gateway.is_asked_for()? {
        return gateway::run(args, tool, out);
    }
    let run = analyse(settings(&args.inputs, &args.policy)?)?;
    check_clients(args, &run)?;
    let proved = prove(&run)?;
    let mut holdings = proved.policy_after(&run).holdings();
    let subjects: Vec<Subject<'_>> = run
        .analysis
        .clients
        .iter()
        .map(|client| Subject {
            client,
            after: holdings
                .remove(&client.id)
                .map(|held| held.into_keys().collect())
                .unwrap_or_default(),
        })
        .collect();
    let options = Options {
        unsafe_methods: args.include_unsafe,
        accept_404: args.accept_404,
        allowed_per_client: args.limit,
    };
    let mut plan = enforce::plan(
        &subjects,
        &run.universe,
        &run.routes.catalog,
        &run.routes.matcher,
        options,
    );
    if !args.client.is_empty() {
        plan = plan.only(|client| args.client.iter().any(|name| name == client.as_str()));
    }
    if args.json {
        writeln!(out, "{}", crate::report::json_text::pretty(&plan)?)?;
    } else if let Some(folder) = &args.out {
        write_files(folder, tool, &plan, out)?;
    } else {
        out.write_all(tool.render(&plan).as_bytes())?;
    }
    if plan.clients.is_empty() {
        diagnostics::note(
            run.settings.quiet,
            "nothing is removed at this level, so there is no boundary to test",
        );
    }
    for (client, why) in &proved.refused {
        diagnostics::note(false, &format!("no diff for `{client}`: {why}"));
    }
    say_possible(&run);
    say_incomplete(&run);
    Ok(analyze::status(&run, &proved))
}

/// Each client that is named has to be one of the policy.
fn check_clients(args: &Args, run: &AnalysisRun) -> anyhow::Result<()> {
    let known = |name: &String| {
        let mut clients = run.analysis.clients.iter();
        clients.any(|client| client.id.as_str() == name)
    };
    match args.client.iter().find(|name| !known(name)) {
        None => Ok(()),
        Some(name) => Err(Advised::new(
            format!("no policy file names the client `{name}`"),
            "`scopetrim grants` lists the clients",
        )),
    }
}

fn folder(folder: &std::path::Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Advised::new(
            format!("cannot make the folder `{}`: {error}", folder.display()),
            "choose another folder with --out",
        )
    })
}

fn write_files(
    folder: &std::path::Path,
    tool: &dyn enforce::Tool,
    plan: &Plan,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    self::folder(folder)?;
    for client in &plan.clients {
        let single = plan.clone().only(|name| *name == client.client);
        let name = client.token.trim_start_matches("token_");
        let path = folder.join(format!("{name}.{}", tool.extension()));
        atomic_file::write_text(&path, &tool.render(&single))?;
        writeln!(out, "{}", path.display())?;
    }
    Ok(())
}
