//! What a reviewer is shown about an edit, as text and as a digest.
//!
//! Invariant: the digest covers every fact of `explain` about everything that the edit takes, and
//! no place in a file: an edit elsewhere in the file moves lines and changes no evidence.

use crate::analysis::{ClientAnalysis, TermAnalysis};
use crate::model::{ClientName, Term};
use crate::report::explain;
use crate::report::plan::{Plan, PlannedEdit};
use crate::run::AnalysisRun;

/// Columns of the text that the digest is of.
const WIDTH: usize = 200;

/// What an edit takes from whom.
pub(super) fn taken<'r>(
    run: &'r AnalysisRun,
    edit: &PlannedEdit,
) -> Vec<(&'r ClientAnalysis, &'r TermAnalysis)> {
    let clients = edit.clients.iter().map(|name| ClientName::new(name));
    let mut found = Vec::new();
    for client in clients.filter_map(|name| run.analysis.client(&name)) {
        let terms = edit.terms.iter().map(|name| Term::new(name));
        found.extend(terms.filter_map(|term| Some((client, client.term(&term)?))));
    }
    found
}

/// Digest of the evidence for edits that are decided together.
pub(super) fn digest(run: &AnalysisRun, plan: &Plan, edits: &[&PlannedEdit]) -> String {
    let mut text = String::new();
    for edit in edits {
        let mut bare = (*edit).clone();
        (bare.line, bare.start, bare.end, bare.file) = (0, 0, 0, 0);
        let path = plan.files.get(edit.file).map(|file| file.path.as_str());
        // Serialising plain data cannot fail, and no text would only mean to ask again.
        text.push_str(&serde_json::to_string(&(path, bare)).unwrap_or_default());
        text.push('\n');
        for taken in taken(run, edit) {
            text.push_str(&facts(run, taken, false, WIDTH));
        }
    }
    super::digest(&text)
}

/// The facts of `explain` about one term of one client.
pub(super) fn facts(
    run: &AnalysisRun,
    taken: (&ClientAnalysis, &TermAnalysis),
    places: bool,
    width: usize,
) -> String {
    let mut out = Vec::new();
    // Writing to memory cannot fail.
    let _ = explain::of_term((&run.view(), &run.universe), taken, places, &mut out, width);
    String::from_utf8_lossy(&out).into_owned()
}
