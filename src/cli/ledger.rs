//! `ledger`: look at the usage ledger, check, compact, prune or merge it.

mod merge;

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::Months;

use super::ExitStatus;
use crate::input::SourceStatus;
use crate::model::Day;
use crate::model::words::{either, plural};
use crate::report::escape;
use crate::run::from_ledger::advised;
use crate::run::{Advised, config};
use crate::storage;
use crate::usage::REJECT_SHARE;
use crate::usage::ledger::{Committed, Ledger, Writer};

/// Arguments of `ledger`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim ledger status usage
  scopetrim ledger verify --ledger usage
  scopetrim ledger compact usage
  scopetrim ledger prune usage --keep 15mo
  scopetrim ledger merge part-1 part-2 --into usage
  scopetrim ledger merge parts --into usage
  scopetrim ledger merge s3://acme-usage/parts/ --into s3://acme-usage/ledger
\nA ledger lies in a folder, or below a prefix of a bucket (s3://, gs://, az://): docs/scale.md.")]
pub(super) struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// Show days, sources and sizes
    #[command(after_help = "Examples:
  scopetrim ledger status usage
  scopetrim ledger status --ledger usage --json")]
    Status(Place),
    /// Compare every file with the manifest and add up the counts; exit 1 when something is wrong
    #[command(after_help = "Examples:
  scopetrim ledger verify usage")]
    Verify(Place),
    /// Join the files of each day into one, without loss
    #[command(after_help = "Examples:
  scopetrim ledger compact usage
  scopetrim ledger compact s3://acme-usage/ledger --remove")]
    Compact {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        removal: Removal,
    },
    /// Drop the days before the last ones
    #[command(after_help = "Examples:
  scopetrim ledger prune usage --keep 15mo
  scopetrim ledger prune s3://acme-usage/ledger --keep 15mo --remove")]
    Prune {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        removal: Removal,
        /// Time to keep, counted back from the last day with records: 15mo, 400d or 60w
        #[arg(long, value_name = "SPAN")]
        keep: String,
    },
    /// Add other ledgers or partial results, in any order, and compact
    #[command(after_help = "Examples:
  scopetrim ledger merge part-1 part-2 --into usage")]
    Merge {
        /// Ledgers or partial results, or folders of them
        #[arg(value_name = "DIR", required = true)]
        from: Vec<PathBuf>,
        /// The ledger to add them to; created when it does not exist
        #[arg(long, value_name = "DIR")]
        into: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
struct Removal {
    /// Remove from a bucket every file of the ledger that does not count any more; a run that writes meanwhile ends with an error
    #[arg(long)]
    remove: bool,
}

impl Removal {
    /// Commits. Out: also how many files were removed, where that was asked for.
    fn commit(&self, writer: Writer) -> anyhow::Result<(Committed, Option<usize>)> {
        let done = if self.remove {
            let done = writer.commit_and_remove();
            done.map(|(done, removed)| (done, Some(removed)))
        } else {
            writer.commit().map(|done| (done, None))
        };
        done.map_err(|error| advised(&error))
    }
}

#[derive(Debug, clap::Args)]
struct Place {
    /// Folder of the ledger; default: the one of scopetrim.toml
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The same folder as a flag, as in other subcommands
    #[arg(long, value_name = "DIR", conflicts_with = "dir")]
    ledger: Option<PathBuf>,
    /// Configuration file; default: scopetrim.toml in the current folder
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dir", "ledger"])]
    config: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Place {
    fn dir(&self) -> anyhow::Result<PathBuf> {
        if let Some(dir) = self.dir.as_ref().or(self.ledger.as_ref()) {
            return Ok(dir.clone());
        }
        let file = self.config.clone();
        if let Some(file) = file.or_else(|| config::find(Path::new("."))) {
            let shown = file.strip_prefix(".").unwrap_or(&file).display();
            let config = config::load(&file, &shown.to_string())
                .map_err(|error| Advised::new(error.to_string(), error.help()))?;
            if let Some(dir) = config.ledger {
                if storage::is_remote(&dir) {
                    return Ok(dir);
                }
                // As everywhere: paths in the configuration start at its own folder.
                let folder = file.parent().unwrap_or(Path::new(""));
                let folder = folder.strip_prefix(".").unwrap_or(folder);
                return Ok(folder.join(dir));
            }
        }
        Err(Advised::new(
            "no ledger given",
            "name its folder, alone or with --ledger DIR, or write `ledger = \"DIR\"` in scopetrim.toml",
        ))
    }
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    match &args.task {
        Task::Status(place) => status(&place.dir()?, place.json, out),
        Task::Verify(place) => verify(&place.dir()?, place.json, out),
        Task::Compact { place, removal } => compact(place, removal, out),
        Task::Prune {
            place,
            removal,
            keep,
        } => prune(place, removal, keep, out),
        Task::Merge { from, into } => merge::merge(from, into, out),
    }
}

fn compact(place: &Place, removal: &Removal, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let mut writer = existing(&place.dir()?)?;
    writer.compact().map_err(|error| advised(&error))?;
    let (done, removed) = removal.commit(writer)?;
    let mut text = format!(
        "{} in place of {}",
        plural(done.written, "file"),
        done.dropped
    );
    let mut value =
        serde_json::json!({"files_written": done.written, "files_dropped": done.dropped});
    if let Some(removed) = removed {
        write!(text, "; {} removed", plural(removed, "file"))?;
        value["files_removed"] = removed.into();
    }
    say(place.json, &text, &value, out)
}

fn prune(
    place: &Place,
    removal: &Removal,
    keep: &str,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let dir = place.dir()?;
    let mut writer = existing(&dir)?;
    let last = writer.last_day(REJECT_SHARE);
    let last = last.map_err(|error| advised(&error))?;
    let first = last.map(|last| first_day(last, keep)).transpose()?;
    let days = writer
        .prune_before(first)
        .map_err(|error| advised(&error))?;
    let (_, removed) = removal.commit(writer)?;
    let mut text = match first {
        Some(first) => format!("{} before {first} dropped", plural(days, "day")),
        None => "the ledger has no days".to_owned(),
    };
    let mut value = serde_json::json!({"first_day": first, "days_dropped": days});
    if let Some(removed) = removed {
        write!(text, "; {} removed", plural(removed, "file"))?;
        value["files_removed"] = removed.into();
    } else if storage::is_remote(&dir) && first.is_some() {
        text.push_str("; their files stay in the bucket: `--remove` removes them");
    }
    say(place.json, &text, &value, out)
}

fn say(
    json: bool,
    text: &str,
    value: &serde_json::Value,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    if json {
        writeln!(out, "{value:#}")?;
    } else {
        writeln!(out, "{text}")?;
    }
    Ok(ExitStatus::Done)
}

/// A writer of an existing ledger: a typing mistake should not create one.
fn existing(dir: &Path) -> anyhow::Result<Writer> {
    Ledger::open(dir).map_err(|error| advised(&error))?;
    Writer::open(dir).map_err(|error| advised(&error))
}

/// The first day that stays.
fn first_day(last: Day, keep: &str) -> anyhow::Result<Day> {
    let months = keep
        .strip_suffix("mo")
        .and_then(|digits| digits.parse::<u32>().ok());
    let first = match months {
        Some(0) => None,
        Some(months) => last
            .date()
            .checked_sub_months(Months::new(months))
            .map(|date| Day::from_date(date).plus(1)),
        None => config::parse_window(keep)
            .ok()
            .map(|days| crate::model::Window::ending(last, days).from),
    };
    first.ok_or_else(|| {
        Advised::new(
            format!("`{keep}` is not a time span"),
            "write for example 15mo, 400d or 60w",
        )
    })
}

fn status(dir: &Path, json: bool, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let read = |ledger: &Ledger| {
        let missing = ledger.missing_shards();
        Ok((
            ledger.summary(),
            ledger.records()?,
            ledger.grant_days(),
            missing,
        ))
    };
    let (summary, records, grants, shards) =
        Ledger::consistent(dir, read).map_err(|error| advised(&error))?;
    let span = summary.days.first().zip(summary.days.last());
    let missing: Vec<Day> = span.map_or_else(Vec::new, |(from, to)| {
        (from.0..=to.0)
            .map(Day)
            .filter(|day| !summary.days.contains(day))
            .collect()
    });
    let broken: Vec<(&str, &str)> = records
        .iter()
        .filter_map(|record| match &record.facts.status {
            SourceStatus::Complete | SourceStatus::Duplicate(_) => None,
            SourceStatus::Partial(reason) | SourceStatus::Unreadable(reason) => {
                Some((record.facts.shown.as_ref(), reason.as_str()))
            }
        })
        .collect();
    if json {
        let tables: serde_json::Map<String, serde_json::Value> = summary
            .tables
            .iter()
            .map(|(name, (files, rows, bytes))| {
                let summary = serde_json::json!({"files": files, "rows": rows, "bytes": bytes});
                ((*name).to_owned(), summary)
            })
            .collect();
        let whole = serde_json::json!({
            "from": span.map(|(from, _)| from),
            "to": span.map(|(_, to)| to),
            "covered_days": summary.days.len(),
            "missing_days": missing,
            "pruned_before": summary.pruned_before,
            "sources": records.len(),
            "incomplete": broken.iter().map(|(path, reason)| serde_json::json!({"path": path, "reason": reason})).collect::<Vec<_>>(),
            "missing_shards": shards,
            "grants_recorded_on": grants,
            "tables": tables,
        });
        writeln!(out, "{whole:#}")?;
        return Ok(ExitStatus::Done);
    }
    match span {
        None => writeln!(out, "no days")?,
        Some((from, to)) => writeln!(
            out,
            "{from} to {to}: {} with records, {} missing",
            plural(summary.days.len(), "day"),
            missing.len()
        )?,
    }
    if let Some(day) = summary.pruned_before {
        writeln!(out, "days before {day} were pruned")?;
    }
    writeln!(
        out,
        "{}, {} of them incomplete",
        plural(records.len(), "source"),
        broken.len()
    )?;
    for (path, reason) in broken {
        writeln!(out, "  {}", escape::terminal(&format!("{path}: {reason}")))?;
    }
    for missing in shards {
        writeln!(
            out,
            "not complete: {missing} of a list of logs is not merged"
        )?;
    }
    writeln!(out, "grants recorded on {}", plural(grants.len(), "day"))?;
    for (name, (files, rows, bytes)) in &summary.tables {
        writeln!(
            out,
            "{name:<12} {files:>6} files {rows:>12} rows {bytes:>14} bytes"
        )?;
    }
    if summary.most_files > 8 {
        writeln!(
            out,
            "one day has {} files: `scopetrim ledger compact` joins them",
            summary.most_files
        )?;
    }
    Ok(ExitStatus::Done)
}

fn verify(dir: &Path, json: bool, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let found = Ledger::verify(dir).map_err(|error| advised(&error))?;
    if json {
        let orphans: Vec<String> = found
            .orphans
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let whole = serde_json::json!({
            "files": found.files,
            "faults": found.faults,
            "orphans": orphans,
            "orphans_removed": found.cleaned,
        });
        writeln!(out, "{whole:#}")?;
    } else {
        for fault in &found.faults {
            writeln!(out, "{}", escape::terminal(fault))?;
        }
        let left = match (found.orphans.len(), found.cleaned) {
            (0, _) => String::new(),
            (n, true) => format!(
                "; {} that a crash had left over {} removed",
                plural(n, "file"),
                either(n, "was", "were")
            ),
            (n, false) => format!(
                "; {} {} to nobody, or to who is writing now",
                plural(n, "file"),
                either(n, "belongs", "belong")
            ),
        };
        let (files, faults) = (found.files, found.faults.len());
        writeln!(
            out,
            "{} {} right, {}{left}",
            plural(files, "file"),
            either(files, "is", "are"),
            plural(faults, "fault")
        )?;
    }
    Ok(if found.faults.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Found
    })
}
