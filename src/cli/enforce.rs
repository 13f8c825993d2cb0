//! `enforce`: the trimmed policy in the language of a gateway or of a policy engine.

use std::io::Write;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};

use super::args::{InputArgs, PolicyArgs};
use super::diagnostics::{self, say_incomplete, say_possible};
use super::settings::settings;
use super::{ExitStatus, analyze};
use crate::enforce::policy::Purpose;
use crate::enforce::targets::{self, File, NAMES, Wiring};
use crate::report::escape;
use crate::run::enforced::enforced;
use crate::run::{Advised, analyse, atomic_file, prove};

/// Arguments of `enforce`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim enforce samples/shop --target nginx --out gateway
  scopetrim enforce samples/shop --target envoy --for needed --level review --out gateway
  scopetrim enforce samples/shop --target rego --out policy

What is written allows no request that the policy after the removals refuses; what the language cannot say is \
refused, and named in the head of the file and on standard error. scopetrim-requests.ndjson holds requests with \
the answers that the gateway has to give. See docs/enforce.md for how each target is loaded.")]
pub(super) struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    inputs: InputArgs,
    /// Language to write
    #[arg(long, value_name = "NAME", value_parser = names())]
    target: String,
    /// All that the policy allows, or only what was needed in the window
    #[arg(long = "for", value_name = "granted|needed", default_value = "granted", value_parser = ["granted", "needed"])]
    purpose: String,
    /// Claim of the token that names the client (envoy, istio)
    #[arg(long, value_name = "NAME", default_value = "azp")]
    claim: String,
    /// Folder to write into
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// The targets, and names that are none but have an answer.
fn names() -> PossibleValuesParser {
    let answered = ELSEWHERE.map(|name| PossibleValue::new(name).hide(true));
    let all = NAMES.into_iter().map(PossibleValue::new).chain(answered);
    all.collect::<Vec<_>>().into()
}

/// Names that somebody may well give, and that are no targets.
const ELSEWHERE: [&str; 7] = [
    "aws",
    "aws-apigw",
    "authorizationpolicy",
    "express",
    "spring",
    "spring-security",
    "opa",
];

/// Why it is none, and what to take instead.
fn no_target(name: &str) -> anyhow::Error {
    match name {
        "aws" | "aws-apigw" => Advised::new(
            format!(
                "`{name}` is no target: `*` in a resource of execute-api crosses `/`, so API Gateway would let through more than the policy allows"
            ),
            "have the service behind it decide, with --target table, cedar or rego; docs/enforce.md says more under \"What is not there\"",
        ),
        "authorizationpolicy" => Advised::new(
            format!(
                "`{name}` is no target: `{{*}}` in its paths takes spellings such as `7%2Fx`, so it would allow more than the policy does"
            ),
            "use --target istio, which writes an EnvoyFilter",
        ),
        "express" | "spring" | "spring-security" => Advised::new(
            format!(
                "`{name}` is no target of its own: services read the table that --target table writes"
            ),
            "use --target table; docs/enforce.md has the code that reads it",
        ),
        "opa" => Advised::new(
            "`opa` is no target: its language is Rego",
            "use --target rego",
        ),
        _ => Advised::new(
            format!("`{name}` is not a target"),
            format!("use one of {}", NAMES.join(", ")),
        ),
    }
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let Some(target) = targets::by_name(&args.target) else {
        return Err(no_target(&args.target));
    };
    let purpose = match args.purpose.as_str() {
        "needed" => Purpose::Needed,
        _ => Purpose::Granted,
    };
    let run = analyse(settings(&args.inputs, &args.policy)?)?;
    let proved = prove(&run)?;
    let model = enforced(&run, &proved, purpose)?;
    let wiring = Wiring {
        claim: args.claim.clone(),
    };
    let mut files = target.files(&model, &wiring);
    files.push(targets::requests(&model));
    write_files(&args.out, &files, out)?;
    for note in model.notes.iter().chain(&target.limits(&model)) {
        diagnostics::note(run.settings.quiet, note);
    }
    for (client, why) in &proved.refused {
        diagnostics::note(
            false,
            &format!("no edit for `{client}`, so its grants are as they were: {why}"),
        );
    }
    say_possible(&run);
    say_incomplete(&run);
    Ok(analyze::status(&run, &proved))
}

fn write_files(
    folder: &std::path::Path,
    files: &[File],
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Advised::new(
            format!("cannot make the folder `{}`: {error}", folder.display()),
            "choose another folder with --out",
        )
    })?;
    for file in files {
        let path = folder.join(file.name);
        atomic_file::write_text(&path, &file.text)?;
        writeln!(out, "{}", escape::terminal(&path.display().to_string()))?;
    }
    Ok(())
}
