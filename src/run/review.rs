//! A review: the removals of one analysis, decided one by one.
//!
//! In: a run, its proved edits, and what an earlier review left in the folder. Out: the plan of
//! what was accepted, the record, and exceptions for what stays.
//!
//! Invariants:
//! * `plan.json` holds what was accepted and nothing else, from before the first key on;
//! * the record is written last: a plan that it does not name is refused by `apply`;
//! * each file is there whole or as it was, after every decision.

mod evidence;
mod items;
pub(crate) mod keys;
mod page;
mod resume;
mod script;
pub(crate) mod session;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Advised, AnalysisRun, Proved, atomic_file};
use crate::analysis::Action;
use crate::input;
use crate::model::words::plural;
use crate::model::{ContentDigest, Day, Exception};
use crate::patch::{self, Patch, PatchError, Removal, Replacement};
use crate::report::explain_strip::Letters;
use crate::report::plan::{Given, Holder, Plan};
use crate::report::review::{Choice, Line, NAME, Record, exceptions};
use resume::{Resumed, accepted, is_over, record, resume};
use session::{Session, Stamp};

/// The record, next to the plan.
pub(crate) use crate::report::review::NAME as RECORD;

/// Far above what is written for the largest policy.
const MAX_BYTES: u64 = 1 << 30;
/// What `analyze --out` also writes, and what has to fit the plan.
const DIFFS: [&str; 2] = ["policy.diff", "undo.diff"];

/// Where a review is kept, and who makes it.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// The folder of the plan.
    pub folder: PathBuf,
    /// Who decides, where that was stated.
    pub by: Option<String>,
    /// When, where that was stated.
    pub on: Option<String>,
    /// Characters of the day strip.
    pub letters: Letters,
}

/// A review that is going on.
pub(crate) struct Review<'r> {
    run: &'r AnalysisRun,
    /// The edits of the plan, in its order.
    actions: Vec<&'r Action>,
    /// Everything that is proposed.
    plan: Plan,
    /// The decisions.
    pub session: Session,
    resumed: Resumed,
    order: Order,
    shown: Option<page::Shown>,
}

impl<'r> Review<'r> {
    /// Begins a review, or goes on with the one in the folder. Nothing is written yet.
    pub(crate) fn open(
        run: &'r AnalysisRun,
        proved: &Proved,
        order: Order,
    ) -> anyhow::Result<Self> {
        let plan = proved.plan(run)?;
        let actions = proved.actions(run);
        let items = items::items(&plan, |edits| evidence::digest(run, &plan, edits));
        let earlier = read(&order.folder)?;
        let as_of = run.analysis.window.to;
        let resumed = resume(&items, earlier, as_of);
        let stamp = Stamp {
            by: order.by.clone(),
            on: order.on.clone(),
            as_of,
        };
        let session = Session::new(
            items,
            resumed.decisions.clone(),
            resumed.earlier.clone(),
            stamp,
        );
        Ok(Self {
            run,
            actions,
            plan,
            session,
            resumed,
            order,
            shown: None,
        })
    }

    /// What became of earlier decisions; nothing where there are none.
    pub(crate) fn resumed(&self) -> Option<String> {
        let count = |all: &[Option<_>]| all.iter().flatten().count();
        let kept = count(&self.resumed.decisions);
        let (again, gone) = (count(&self.resumed.earlier), self.resumed.gone.len());
        if kept + again + gone == 0 {
            return None;
        }
        let mut parts = vec![format!("{} kept", plural(kept, "earlier decision"))];
        if again > 0 {
            parts.push(format!(
                "{again} asked again, because the evidence changed or the day has passed"
            ));
        }
        if gone > 0 {
            parts.push(format!("{gone} about what is not proposed any more"));
        }
        Some(parts.join(", "))
    }

    /// Writes plan, diffs, exceptions and record as they are now.
    pub(crate) fn save(&self) -> anyhow::Result<()> {
        let chosen = accepted(&self.session);
        let limited = self.plan.limited(&chosen)?;
        let patch = self
            .patch(&chosen)
            .map_err(|error| Advised::new(error.to_string(), error.help().unwrap_or_default()))?;
        let record = record(&self.plan, &limited, &self.session, &self.resumed);
        let of = |text: fn(&patch::FilePatch) -> &str| -> String {
            patch.files.iter().map(text).collect()
        };
        let [diff, undo] = DIFFS;
        let files = [
            ("plan.json", limited.text()?),
            (diff, of(|file| &file.diff)),
            (undo, of(|file| &file.undo)),
            (exceptions::NAME, exceptions::text(self.kept(&record))),
            (NAME, record.text()?),
        ];
        for (name, text) in files {
            atomic_file::write_text(&self.order.folder.join(name), &text)?;
        }
        Ok(())
    }

    /// Lines that keep something: those of today, and earlier ones whose place nothing took.
    fn kept<'l>(&self, record: &'l Record) -> impl Iterator<Item = &'l Line> {
        let as_of = self.run.analysis.window.to;
        // Used as the configuration, the file that is written here is not a reason to leave
        // anything out of it.
        let whole = |path: &Path| path.canonicalize().ok();
        let written = whole(&self.order.folder.join(exceptions::NAME));
        let stated = self.run.settings.exceptions.iter();
        let stated: Vec<&Exception> = stated
            .filter(|own| written.is_none() || whole(Path::new(own.place.file.as_ref())) != written)
            .collect();
        let held: BTreeSet<(Holder, Given)> = self
            .run
            .policy
            .files
            .iter()
            .flat_map(|file| &file.entries)
            .map(|entry| (Holder::of(&entry.subject), Given::of(&entry.granted)))
            .collect();
        let gone: Vec<&Line> = record
            .gone
            .iter()
            .filter(|line| held.contains(&(line.of.clone(), line.gives.clone())))
            .filter(|line| !is_stated(&stated, line, as_of))
            .collect();
        let lines = record.decisions.iter().chain(&record.outdated);
        lines
            .chain(gone)
            .filter(move |line| !is_over(&line.decision, as_of))
    }

    /// How many tables the exceptions have now.
    pub(crate) fn exceptions(&self) -> usize {
        let decisions = self.session.decisions.iter().flatten();
        let stay =
            decisions.filter(|decision| matches!(decision.choice, Choice::Defer | Choice::Reject));
        stay.count()
    }

    /// The patch of these edits of the plan.
    fn patch(&self, edits: &BTreeSet<usize>) -> Result<Patch, PatchError> {
        let (mut removals, mut replacements) = (Vec::new(), Vec::new());
        for action in edits.iter().filter_map(|number| self.actions.get(*number)) {
            let (file, entry) = (action.file, action.entry);
            if action.replace_with.is_empty() {
                removals.push(Removal { file, entry });
            } else {
                let with = action.replace_with.clone();
                replacements.push(Replacement { file, entry, with });
            }
        }
        patch::plan(&self.run.policy, &removals, &replacements)
    }
}

/// Whether the configuration keeps what the line keeps, for as long.
fn is_stated(stated: &[&Exception], line: &Line, as_of: Day) -> bool {
    let until = line.decision.until;
    let covers = |client: &str, term: &str| {
        stated.iter().any(|own| {
            own.client == client
                && own.term == term
                && own.until.is_none_or(|day| day >= until.unwrap_or(as_of))
        })
    };
    let mut clients = line.clients.iter();
    clients.all(|client| line.terms.iter().all(|term| covers(client, term)))
}

/// The record of an earlier review of this folder.
fn read(folder: &Path) -> anyhow::Result<Option<Record>> {
    let file = folder.join(NAME);
    if file.symlink_metadata().is_err() {
        return Ok(None);
    }
    let wrong = |why: String| {
        Advised::new(
            format!("`{}` is not the record of a review: {why}", file.display()),
            "name another folder with --out, or move the file away to begin anew",
        )
    };
    let bytes = input::read_regular(&file, MAX_BYTES).map_err(|error| wrong(error.to_string()))?;
    Record::read(&bytes).map(Some).map_err(wrong)
}

/// The plan that was reviewed, where the folder holds a review.
pub(crate) fn reviewed_plan(folder: &Path) -> anyhow::Result<Option<String>> {
    Ok(read(folder)?.map(|record| record.plan))
}

/// Digest of a text.
fn digest(text: &str) -> String {
    ContentDigest::of(text.as_bytes()).to_string()
}

#[cfg(test)]
mod tests;
