//! What was read, normalised: the operations of a catalogue, and who holds what.

use serde_json::{Value, json};

use crate::model::rows::{Cell, Column, Held, Rows, columns};
use crate::model::{Catalog, ClientName, Entry, Operation, Policy, Term, Via, Warning};
use crate::report::table::Table;

const OPERATIONS: [Column; 4] = columns! {
    method: Text, "HTTP method; `*` is any";
    path: Text, "path template";
    requires: Text, "scopes: `+` is and, `|` is or";
    operation_id: Text or Null, "the description's own id";
};

/// One row for each operation.
pub(crate) fn operations(catalog: &Catalog) -> Table<impl Rows> {
    let all: &[Operation] = &catalog.operations;
    let rows = Held::new(all.len(), |at, each| {
        let operation = &all[at];
        each(&[
            operation.method.name().into(),
            operation.path.as_str().into(),
            operation.demands().into(),
            operation.operation_id.as_deref().into(),
        ]);
    });
    Table::new(&OPERATIONS, rows)
}

const FINDINGS: [Column; 3] = columns! {
    code: Text, "kind of finding, in stable words";
    source: Text or Null, "file and line, where there is one";
    message: Text, "one sentence";
};

/// One row for each finding about a catalogue.
pub(crate) fn findings(found: &[Warning]) -> Table<impl Rows> {
    let rows = Held::new(found.len(), |at, each| {
        let warning = &found[at];
        each(&[
            warning.code.into(),
            warning
                .place
                .as_ref()
                .map_or(Cell::Null, |place| place.to_string().into()),
            warning.message.as_str().into(),
        ]);
    });
    Table::new(&FINDINGS, rows)
}

const GRANTS: [Column; 7] = columns! {
    client: Text, "who holds it";
    term: Text, "what is held";
    via: Text or Null, "the role through which it is held";
    since: Day or Null, "since when, where the file says so";
    owner: Text or Null, "who answers for it";
    optional: Bool, "requestable, but not issued by default";
    source: Text or Null, "file and line";
};

/// Who holds what, and how: sorted by client and term.
pub(crate) struct Grants<'p>(Vec<(ClientName, Term, Option<String>, Option<&'p Entry>)>);

impl<'p> Grants<'p> {
    /// The grants of the policy files, each way to hold one by itself.
    pub(crate) fn of(policy: &'p Policy) -> Self {
        let entry = |via: &Via| policy.files.get(via.file)?.entries.get(via.entry);
        let mut rows = Vec::new();
        for (client, held) in policy.holdings() {
            for (term, vias) in held {
                for via in vias {
                    let entry = entry(&via);
                    let role = via.role.map(|held| held.role.to_string());
                    rows.push((client.clone(), term.clone(), role, entry));
                }
            }
        }
        Self(rows)
    }

    /// One row for each.
    pub(crate) fn table(&self) -> Table<impl Rows> {
        let rows = Held::new(self.0.len(), |at, each| {
            let (client, term, role, entry) = &self.0[at];
            each(&[
                client.as_str().into(),
                term.as_str().into(),
                role.as_deref().into(),
                entry.and_then(|entry| entry.since).into(),
                entry.and_then(|entry| entry.owner.as_deref()).into(),
                entry.is_some_and(|entry| entry.optional).into(),
                entry.map_or(Cell::Null, |entry| entry.place.to_string().into()),
            ]);
        });
        Table::new(&GRANTS, rows)
    }

    /// The same as data, with file and line of the source as fields.
    pub(crate) fn json(&self) -> Vec<Value> {
        let rows = self.0.iter();
        rows.map(|(client, term, role, entry)| {
            json!({
                "client": client, "term": term, "via": role,
                "since": entry.and_then(|entry| entry.since), "owner": entry.and_then(|entry| entry.owner.clone()),
                "optional": entry.is_some_and(|entry| entry.optional),
                "source": entry.map(|entry| entry.place.clone()),
            })
        })
        .collect()
    }
}
