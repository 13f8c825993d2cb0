//! What was taken from where in the policy files, as rows.

use crate::grants::{known_by, places};
use crate::model::rows::{Cell, Column, Held, Rows, columns};
use crate::model::words::plural;
use crate::model::{Granted, Policy, Subject};
use crate::report::table::Table;

const COLUMNS: [Column; 7] = columns! {
    file: Text, "policy file";
    line: Integer(32), "line of the file";
    what: Text, "`format`: what the file is; `grant`: can be edited; `frozen`: a grant that cannot; `other`: no grant, left alone";
    holder: Text or Null, "client, or role with the word before its name";
    grant: Text or Null, "what is held, a role with the word before its name";
    path: Text or Null, "where it stands in the document; of what is no grant, no value is shown";
    why: Text or Null, "why it is what it is";
};

/// One thing in a file.
struct Row {
    file: String,
    line: u32,
    what: &'static str,
    holder: Option<String>,
    grant: Option<String>,
    path: Option<String>,
    why: Option<String>,
}

/// One row for the format of each file, for each of its grants, and for what is left alone.
pub(crate) fn table(policy: &Policy) -> Table<impl Rows> {
    let mut all = Vec::new();
    for file in &policy.files {
        let places = places(file);
        all.push(Row {
            file: file.path.to_string(),
            line: 1,
            what: "format",
            holder: None,
            grant: None,
            path: None,
            why: Some(format!("{}: {}", file.format, known_by(file))),
        });
        for (entry, path) in file.entries.iter().zip(places.entries) {
            all.push(Row {
                file: file.path.to_string(),
                line: entry.place.line,
                what: entry.frozen.as_ref().map_or("grant", |_| "frozen"),
                holder: Some(match &entry.subject {
                    Subject::Client(client) => client.to_string(),
                    Subject::Role(role) => format!("role {role}"),
                }),
                grant: Some(match &entry.granted {
                    Granted::Term(term) => term.to_string(),
                    Granted::Role(role) => format!("role {role}"),
                }),
                path,
                why: entry.frozen.clone(),
            });
        }
        for (path, line, times) in places.others {
            all.push(Row {
                file: file.path.to_string(),
                line,
                what: "other",
                holder: None,
                grant: None,
                path: Some(path),
                why: (times > 1).then(|| plural(times as u64, "time")),
            });
        }
    }
    let rows = Held::new(all.len(), move |at, each| {
        let row: &Row = &all[at];
        let text = |text: &Option<String>| text.clone().map_or(Cell::Null, Into::into);
        each(&[
            row.file.as_str().into(),
            row.line.into(),
            row.what.into(),
            text(&row.holder),
            text(&row.grant),
            text(&row.path),
            text(&row.why),
        ]);
    });
    Table::new(&COLUMNS, rows)
}
