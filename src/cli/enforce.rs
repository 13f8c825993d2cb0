//! `enforce`: the trimmed policy in the language of a gateway or of a policy engine.

use std::io::Write;
use std::path::PathBuf;

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
    #[arg(long, value_name = "NAME", value_parser = NAMES)]
    target: String,
    /// All that the policy allows, or only what was needed in the window
    #[arg(long = "for", value_name = "granted|needed", default_value = "granted", value_parser = ["granted", "needed"])]
    purpose: String,
    /// Claim of the token that names the client (envoy)
    #[arg(long, value_name = "NAME", default_value = "azp")]
    claim: String,
    /// Folder to write into
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let target = targets::by_name(&args.target).ok_or_else(|| {
        Advised::new(
            format!("`{}` is not a target", args.target),
            format!("use one of {}", NAMES.join(", ")),
        )
    })?;
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
