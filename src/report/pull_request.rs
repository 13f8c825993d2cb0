//! The text of a pull request for some edits of a plan, in Markdown.
//!
//! In: the plan and the edits of one patch. Out: what goes, where, how safe that is and why.
//! Names come from logs and policies, so all of them are escaped.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::escape::{cut, markdown};
use super::plan::{Given, Holder, Plan, PlannedEdit};
use crate::model::words::{first, plural};

/// Columns of one name.
const NAME_WIDTH: usize = 80;
/// Names listed before the rest is only counted.
const NAMES: usize = 6;

/// The text for the patch in the file `diff`, which the patch in `undo` takes back.
pub(crate) fn body(plan: &Plan, edits: &[&PlannedEdit], (diff, undo): (&str, &str)) -> String {
    let clients: BTreeSet<&String> = edits.iter().flat_map(|edit| &edit.clients).collect();
    let clients: Vec<String> = clients.into_iter().map(|name| safe(name)).collect();
    let mut text = format!("# {} of {}\n", trimmed(edits), first(&clients, NAMES));
    // Writing to a string cannot fail.
    for incomplete in &plan.incomplete {
        let _ = writeln!(text, "\n**Incomplete:** {}", markdown(incomplete));
    }
    if let (Some(from), Some(to)) = (&plan.from, &plan.as_of) {
        let _ = writeln!(
            text,
            "\nLogs from {} to {} were compared with what is granted.",
            markdown(from),
            markdown(to)
        );
    }
    text += "\n| grant | of | where | level | why |\n| --- | --- | --- | --- | --- |\n";
    for edit in edits {
        let _ = writeln!(text, "{}", row(plan, edit));
    }
    let _ = writeln!(
        text,
        "\nThe edited files were read again: they hold exactly the other grants. {} ({}) were replayed against the policy \
         without all grants of the plan: none was refused.",
        plural(plan.replayed_operations, "needed operation"),
        plural(plan.replayed_requests, "request")
    );
    let _ = writeln!(
        text,
        "\nThe change is `{diff}`; `git apply {undo}` takes it back."
    );
    text
}

fn trimmed(edits: &[&PlannedEdit]) -> String {
    let replaced = edits.iter().filter(|edit| !edit.replace_with.is_empty());
    let replaced = replaced.count();
    let removed = plural(edits.len() - replaced, "grant");
    match (replaced, edits.len() - replaced) {
        (0, _) => format!("Remove {removed}"),
        (_, 0) => format!("Narrow {}", plural(replaced, "grant")),
        _ => format!("Remove {removed}, narrow {replaced},"),
    }
}

fn row(plan: &Plan, edit: &PlannedEdit) -> String {
    let terms = edit.terms.iter().map(|term| safe(term)).collect::<Vec<_>>();
    let mut grant = match &edit.gives {
        Given::Term(term) => safe(term),
        Given::Role(role) => format!("role {} ({})", safe(role), first(&terms, NAMES)),
    };
    if !edit.replace_with.is_empty() {
        let with = edit.replace_with.iter().map(|term| safe(term));
        let with: Vec<String> = with.collect();
        let _ = write!(grant, " → {}", first(&with, NAMES));
    }
    let of = match &edit.of {
        Holder::Client(client) => safe(client),
        Holder::Role(role) => {
            let members = edit.clients.iter().map(|client| safe(client));
            let members: Vec<String> = members.collect();
            format!("role {} ({})", safe(role), first(&members, NAMES))
        }
    };
    let file = plan.files.get(edit.file).map_or("", |file| &file.path);
    format!(
        "| {grant} | {of} | {}:{} | {} | {} |",
        safe(file),
        edit.line,
        edit.level.name(),
        markdown(&edit.because.join("; "))
    )
}

fn safe(name: &str) -> String {
    markdown(&cut(name, NAME_WIDTH)).into_owned()
}
