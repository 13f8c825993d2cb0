//! `replay`: which observed requests would a proposed policy deny?

use std::collections::BTreeSet;
use std::io::Write;

use super::ExitStatus;
use super::args::{Folder, InputArgs, PolicyArgs, PolicyFlags};
use super::diagnostics;
use super::output::OutputArgs;
use super::settings::{self, Settings};
use crate::analysis::minimum::Universe;
use crate::analysis::replay::observed::{observe, samples};
use crate::analysis::replay::proposal::{Fate, Side, simulate};
use crate::analysis::weight;
use crate::grants;
use crate::model::{ClientName, Policy, Semantics};
use crate::report::replay::{self as report, ReplayView};
use crate::report::table::Format;
use crate::run::client_join::check_joined;
use crate::run::{
    audience_check, git_history, input_diagnostics, observed_days, pipeline, policy, read_usage,
    routes,
};

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim replay samples/shop --grants proposal.yaml
  scopetrim replay --logs 'logs/*.gz' --catalog openapi.yaml --grants new.json --before grants.yaml
  scopetrim replay --logs access.jsonl --catalog catalog.json --grants new.json --output ndjson
  scopetrim replay . --grants-at 2026-03-31

The proposal may be in any supported policy format, or a plain JSON object: client to list of scopes. \
With --before, or when a scopetrim.toml names the policy that is in force, what was not covered \
before is told apart from what would newly be denied.

Exit codes: 0 nothing would be denied, 1 some observed request would be, 2 error, 3 nothing would be \
denied, but some input was incomplete.")]
pub(super) struct Args {
    #[command(flatten)]
    folder: Folder,
    /// Proposed policy file; repeatable; default: those of the configuration
    #[arg(long, value_name = "FILE")]
    grants: Vec<String>,
    /// Policy file in force; repeatable; default: those of the configuration, when --grants names others
    #[arg(long, value_name = "FILE")]
    before: Vec<String>,
    /// Days looked at, for example 90d; default: all data, at most 365d
    #[arg(long, value_name = "DAYS")]
    window: Option<String>,
    /// Last day looked at, for example 2026-10-31; never later than the data
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// First day looked at, in place of --window
    #[arg(long, value_name = "DATE", conflicts_with = "window")]
    since: Option<String>,
    /// Replay the policy files as git had them at the end of this day; before: the same files today
    #[arg(long, value_name = "DATE")]
    grants_at: Option<String>,
    #[command(flatten)]
    inputs: InputArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let output = args.output.open(Format::Table)?;
    let mut settings = settings::settings(&args.inputs, &policy_args(args, args.grants.clone()))?;
    let old_files = if !args.before.is_empty() {
        args.before.clone()
    } else if args.grants_at.is_some() {
        settings.grants.clone()
    } else if args.grants.is_empty() {
        Vec::new()
    } else {
        settings::settings(&args.inputs, &policy_args(args, Vec::new()))?.grants
    };
    let new = policy::policy_and_names(&mut settings)?;
    let old = match old_files.as_slice() {
        [] => None,
        // What is in force is the file of today, whatever is replayed.
        files => Some(policy::load_today(files, &settings)?),
    };
    let both = Policy {
        files: old
            .iter()
            .chain([&new])
            .flat_map(|policy| policy.files.clone())
            .collect(),
        audience: new.audience.clone(),
    };
    audience_check::check(&both)?;
    let routes = routes::routes(&settings)?;
    let known = both.clients();
    let names = |name: &ClientName| name.as_str().as_bytes().to_vec();
    let mut read = read_usage::read_logs(&settings, &routes, known.iter().map(names).collect())?;
    let span = read.coverage.span();
    if span.is_none() {
        read.incomplete
            .push("the logs hold no records: nothing was replayed".to_owned());
    }
    let window = observed_days::window(&settings, &read.coverage)?;
    let outside = observed_days::outside(&settings, &read.coverage, window.to);
    let in_log = |name: &ClientName| read.collected.usage.client(name.as_str()).is_some();
    let joined = known.iter().any(in_log);
    if span.is_some() {
        let nobody = check_joined(&both, &read, joined)?;
        read.incomplete.extend(nobody);
    }
    let table = &read.collected.usage;
    let (semantics, mut notes) = semantics(&settings, old.as_ref(), &new, &routes);
    notes.extend(git_history::sentences(&new));
    let clocks = input_diagnostics::wrong_clocks(&read, settings.reject_share, outside);
    notes.extend(clocks.into_iter().map(|warning| warning.message));
    let weights = weight::weights(&routes.catalog, &settings.weights);
    let [old_universe, new_universe] = semantics
        .each_ref()
        .map(|semantics| Universe::new(&routes.catalog, semantics, &weights));
    let after = Side::new(&new_universe, &semantics[1], &new);
    let before = old
        .as_ref()
        .map(|policy| Side::new(&old_universe, &semantics[0], policy));
    let observed = observe(table, window, outside);
    let found = simulate(
        &routes.catalog,
        routes.matcher.routes(),
        &observed,
        &table.clients,
        |client| table.is_nameless(client),
        (before.as_ref(), &after),
    );
    let wanted: BTreeSet<(u32, u32)> = found
        .of(Fate::Denied)
        .map(|row| (row.seen.client, row.seen.route))
        .collect();
    let view = ReplayView {
        found: &found,
        window: span.map(|_| window),
        span,
        covered: read.coverage.covered(window),
        catalog: &routes.catalog,
        routes: routes.matcher.routes(),
        samples: &samples(table, (window, outside), &wanted),
        after: &settings.grants,
        before: &old_files,
        incomplete: &read.incomplete,
        notes: &notes,
    };
    output.write(out, "row", |format, out| {
        match format {
            Format::Table => report::table::write(&view, out, super::analyze::width())?,
            Format::Json => out.write_all(report::json(&view)?.as_bytes())?,
            _ => return Ok(report::rows(&view).write(format, out)?),
        }
        Ok(0)
    })?;
    for text in &read.incomplete {
        diagnostics::note(settings.quiet, &format!("incomplete: {text}"));
    }
    Ok(if found.sum(Fate::Denied).requests > 0 {
        ExitStatus::Found
    } else if read.incomplete.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
}

fn policy_args(args: &Args, grants: Vec<String>) -> PolicyArgs {
    PolicyArgs {
        folder: args.folder.clone(),
        flags: PolicyFlags {
            grants,
            window: args.window.clone(),
            as_of: args.as_of.clone(),
            since: args.since.clone(),
            grants_at: args.grants_at.clone(),
            ..PolicyFlags::default()
        },
    }
}

/// The scope rules before and under the proposal, and what is worth saying about them.
///
/// A list without a place for rules (a plain map, CSV) does not change them: the
/// enforcer stays the same. A native file that drops its rule does.
fn semantics(
    settings: &Settings,
    old: Option<&Policy>,
    new: &Policy,
    routes: &pipeline::Routes,
) -> ([Semantics; 2], Vec<String>) {
    let Some(old) = old else {
        let rule = policy::semantics(settings, new, routes);
        return ([rule.clone(), rule], Vec::new());
    };
    let states = |policy: &Policy| {
        let mut files = policy.files.iter();
        files.any(|file| file.matching.is_some() || !file.implies.is_empty())
    };
    let before = policy::semantics(settings, old, routes);
    let silent = new.files.iter().all(|file| !grants::states_rules(file));
    if silent && states(old) {
        let note = "the proposal has no place for scope rules: those of the policy before are used";
        return ([before.clone(), before], vec![note.to_owned()]);
    }
    let after = policy::semantics(settings, new, routes);
    let mut notes = Vec::new();
    if before.matching != after.matching || before.implies != after.implies {
        notes.push("the proposal changes the scope rules (`match`, `implies`)".to_owned());
    }
    ([before, after], notes)
}
