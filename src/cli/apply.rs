//! `apply`: makes the edits of a plan in the policy files, or writes them as patches.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::{ExitStatus, config_overrides, diagnostics};
use crate::model::Level;
use crate::model::words::{plural, shell_word};
use crate::patch::{FilePatch, Patch, json_patch};
use crate::report::plan::{Holder, PlannedEdit};
use crate::report::{escape, pull_request, shown_diff};
use crate::run::apply::{OpenPlan, Selection, open};
use crate::run::config::{self, Config};
use crate::run::{Advised, SettingsSource, applied, atomic_file, repository, write_back};

/// Arguments of `apply`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("written").args(["split", "json_patch"]))]
#[command(after_help = "Examples:
  scopetrim analyze samples/shop --out result && scopetrim apply result --dry-run
  scopetrim apply result
  scopetrim apply result --level review --client billing --client search
  scopetrim apply result --level likely --split client --out patches

Run it in the folder in which the analysis ran. Every policy file has to be the one that was analysed. \
The undo is written next to the plan. With --split the policy files stay as they are, and --out gets a \
patch, its undo and the text of a pull request for each client or owner. Nothing is sent anywhere. Exit \
codes: 0 done, 2 error and nothing was changed, 3 done but some input of the analysis was incomplete.")]
pub(super) struct Args {
    /// Folder that `scopetrim analyze --out` wrote, or the plan.json in it
    #[arg(value_name = "DIR|PLAN")]
    plan: PathBuf,
    /// Edits that are made: up to this level; default: safe, or all that a review accepted
    #[arg(long, value_name = "LEVEL", value_parser = ["safe", "likely", "review"])]
    level: Option<String>,
    /// Only what this client loses, and nobody else; repeatable
    #[arg(long, value_name = "NAME")]
    client: Vec<String>,
    /// Only this term; repeatable
    #[arg(long, value_name = "TERM")]
    term: Vec<String>,
    /// Print the diff and change nothing
    #[arg(long, conflicts_with = "written")]
    dry_run: bool,
    /// Also edit files with changes that are not committed in git
    #[arg(long)]
    allow_dirty: bool,
    /// Write one patch for each, with its undo and the text of a pull request, and change nothing
    #[arg(long, value_name = "client|owner", value_parser = ["client", "owner"], requires = "out")]
    split: Option<String>,
    /// Write JSON Patch (RFC 6902) for each object of an API (Kubernetes RBAC, Auth0, Hydra) or the commands that revoke what goes (Entra), and change nothing
    #[arg(long, requires = "out")]
    json_patch: bool,
    /// Folder for the patches of --split or --json-patch
    #[arg(long, value_name = "DIR", requires = "written")]
    out: Option<PathBuf>,
    /// Configuration file with the policy formats of your own; default: scopetrim.toml in the current folder
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A policy format as in `[[policies]]`; repeatable
    #[arg(long, value_name = "TABLE")]
    policy_format: Vec<String>,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let source = SettingsSource {
        folder: None,
        file: args.config.clone(),
        over: Config {
            policies: config_overrides::policies(&args.policy_format)?,
            ..Config::default()
        },
    };
    let open = open(&args.plan, &source.settings()?.formats)?;
    let stated = args.level.as_deref().map(config::level);
    let level = match stated {
        Some(level) => level.unwrap_or(Level::Safe),
        // Somebody looked at each of them.
        None if open.reviewed => open.plan.level,
        None => Level::Safe,
    };
    let wanted = Selection {
        level,
        clients: args.client.iter().cloned().collect(),
        terms: args.term.iter().cloned().collect(),
    };
    let (edits, notes) = open.select(&wanted)?;
    for text in &open.plan.incomplete {
        diagnostics::note(false, &format!("incomplete: {text}"));
    }
    for text in &notes {
        diagnostics::note(false, text);
    }
    if edits.is_empty() {
        let safer = if level == Level::Safe {
            ""
        } else {
            " or safer"
        };
        writeln!(out, "nothing to apply at level {}{safer}", level.name())?;
    } else if let (Some(by), Some(folder)) = (&args.split, &args.out) {
        split(&open, &edits, by, folder, out)?;
    } else if let (true, Some(folder)) = (args.json_patch, &args.out) {
        json_patches(&open.patch(&edits)?, folder, out)?;
    } else {
        let patch = open.patch(&edits)?;
        if args.dry_run {
            diff(&patch, out)?;
        } else {
            make(&open, &patch, args.allow_dirty, out)?;
            for (file, count) in counts(&open, &edits) {
                writeln!(out, "{}: {}", shown(&file), plural(count, "edit"))?;
            }
        }
    }
    Ok(if open.plan.incomplete.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
}

fn diff(patch: &Patch, out: &mut dyn Write) -> std::io::Result<()> {
    let text: String = patch.files.iter().map(repository::diff).collect();
    if std::io::stdout().is_terminal() {
        return out.write_all(shown_diff::for_terminal(&text).as_bytes());
    }
    out.write_all(text.as_bytes())
}

/// Edits the policy files.
fn make(
    open: &OpenPlan,
    patch: &Patch,
    allow_dirty: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    write_back::check(patch, allow_dirty)?;
    let undo = applied::begin(&open.folder, patch)?;
    write_back::write(patch)?;
    let undo = shell_word(&undo.display().to_string());
    writeln!(out, "applied; `git apply {}` takes it back", shown(&undo))?;
    Ok(())
}

fn counts(open: &OpenPlan, edits: &[usize]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for edit in edits.iter().filter_map(|edit| open.plan.edits.get(*edit)) {
        let path = open.plan.files.get(edit.file).map(|file| file.path.clone());
        *counts.entry(path.unwrap_or_default()).or_default() += 1;
    }
    counts
}

/// Writes a patch, its undo and a text for each client or owner.
fn split(
    open: &OpenPlan,
    edits: &[usize],
    by: &str,
    folder: &Path,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    make_folder(folder)?;
    let by_owner = by == "owner";
    let key = |edit: &PlannedEdit| match (&edit.owner, &edit.of) {
        (Some(owner), _) if by_owner => format!("owner-{owner}"),
        (None, _) if by_owner => "without-owner".to_owned(),
        (_, Holder::Client(client)) => format!("client-{client}"),
        (_, Holder::Role(role)) => format!("role-{role}"),
    };
    let mut names = BTreeSet::new();
    for (key, numbers) in open.groups(edits, key) {
        let patch = open.patch(&numbers)?;
        let name = file_name(&key, &mut names);
        let (diff, undo) = (format!("{name}.diff"), format!("{name}.undo.diff"));
        let own = numbers.iter();
        let own: Vec<&PlannedEdit> = own.filter_map(|edit| open.plan.edits.get(*edit)).collect();
        let text =
            |part: fn(&FilePatch) -> String| -> String { patch.files.iter().map(part).collect() };
        let files = [
            (&diff, text(repository::diff)),
            (&undo, text(repository::undo)),
            (
                &format!("{name}.md"),
                pull_request::body(&open.plan, &own, (&diff, &undo)),
            ),
        ];
        for (name, text) in files {
            atomic_file::write_text(&folder.join(name), &text)?;
        }
        let written = folder.join(&diff).display().to_string();
        writeln!(
            out,
            "{}: {}",
            shown(&written),
            plural(numbers.len(), "edit")
        )?;
    }
    Ok(())
}

/// Writes the edits of each object as JSON Patch, and the commands that would send them.
fn json_patches(patch: &Patch, folder: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    make_folder(folder)?;
    let mut names = BTreeSet::new();
    let mut commands = String::new();
    for file in &patch.files {
        let objects = match json_patch::of_objects(file) {
            Ok(objects) => objects,
            Err(why) => {
                diagnostics::note(false, &format!("{}: no JSON Patch: {why}", file.path));
                continue;
            }
        };
        let alone = objects.iter().filter(|own| own.operations.is_empty());
        let alone = alone.filter(|own| own.command.is_some()).count();
        if alone > 0 {
            writeln!(out, "{}: {}", shown(&file.path), plural(alone, "command"))?;
        }
        for object in objects {
            if let Some(command) = &object.command {
                commands.push_str(command);
                commands.push('\n');
            }
            if object.operations.is_empty() {
                continue;
            }
            let name = format!("{}.json", file_name(&object.name, &mut names));
            let operations = serde_json::to_string_pretty(&object.operations)?;
            let target = folder.join(name);
            atomic_file::write_text(&target, &format!("{operations}\n"))?;
            let edits = object.operations.iter().filter(|own| own["op"] != "test");
            let count = plural(edits.count() as u64, "edit");
            writeln!(out, "{}: {count}", shown(&target.display().to_string()))?;
        }
    }
    if !commands.is_empty() {
        let target = folder.join("commands.txt");
        atomic_file::write_text(&target, &commands)?;
        writeln!(out, "{}", shown(&target.display().to_string()))?;
    }
    Ok(())
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Advised::new(
            format!("cannot make the folder `{}`: {error}", folder.display()),
            "choose another folder with --out",
        )
    })
}

/// A name that every file system takes and that no other group has, whatever letters are alike to it.
fn file_name(key: &str, known: &mut BTreeSet<String>) -> String {
    let plain = |letter: char| {
        let keeps = letter.is_ascii_alphanumeric() || "-_".contains(letter);
        if keeps { letter } else { '-' }
    };
    let base: String = key.chars().take(60).map(plain).collect();
    let mut name = base.clone();
    let mut number = 2;
    while !known.insert(name.to_ascii_lowercase()) {
        name = format!("{base}-{number}");
        number += 1;
    }
    name
}

fn shown(text: &str) -> std::borrow::Cow<'_, str> {
    escape::terminal(text)
}
