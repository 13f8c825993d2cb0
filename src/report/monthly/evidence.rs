//! What the report rests on, exceptions, roles.

use std::collections::BTreeMap;

use super::Extra;
use super::rows::{Evidence, ExceptionRow, FileRow, Link, RoleRow};
use crate::analysis::role_mining::JudgedRole;
use crate::model::{Entry, Exception, Granted, Subject};
use crate::report::View;
use crate::report::model::{Input, Warning};
use crate::report::roles::Look;

/// Digests, rows, how the program was called, and what it noticed.
pub(super) fn evidence<'a>(view: &View<'a>, extra: &Extra<'_>) -> Evidence<'a> {
    let grants = view.policy.files.iter().map(|file| FileRow {
        path: file.path.to_string(),
        digest: Some(file.digest.to_string()),
    });
    let mut notes = view.usage_notes.to_vec();
    notes.extend(extra.history.notes.iter().cloned());
    let until = view.coverage.span().map(|span| span.to);
    let end = extra.month.days().to;
    if let Some(until) = until.filter(|until| *until < end) {
        notes.push(format!(
            "the data ends on {until}, before the month does: its last {} not known",
            match end.0 - until.0 {
                1 => "day is".to_owned(),
                days => format!("{days} days are"),
            }
        ));
    }
    Evidence {
        inputs: view.inputs.iter().map(Input::of).collect(),
        grants: grants.collect(),
        catalogues: extra.catalogues.clone(),
        configuration: extra.configuration.clone(),
        command: extra.command.to_owned(),
        previous: extra.history.last().map(|last| Link {
            month: last.month,
            digest: last.digest.to_string(),
            id: last.id.clone(),
        }),
        notes,
        warnings: view.warnings.iter().map(Warning::of).collect(),
        only_in_log: view.only_in_log,
        never_seen: view.unused_names,
    }
}

/// Reviewed exceptions of the configuration and of the policy's own lines, by expiry.
pub(super) fn exceptions(view: &View<'_>, configured: &[Exception]) -> Vec<ExceptionRow> {
    let as_of = view.analysis.window.to;
    let mut rows: Vec<ExceptionRow> = configured
        .iter()
        .map(|exception| ExceptionRow {
            client: exception.client.clone(),
            term: exception.term.clone(),
            reason: exception.reason.clone(),
            owner: exception.owner.clone(),
            until: exception.until,
            days_left: exception.until.map(|until| until.0 - as_of.0),
            place: exception.place.clone(),
        })
        .collect();
    let entries = view.policy.files.iter().flat_map(|file| &file.entries);
    rows.extend(entries.filter_map(|entry| {
        let keep = entry.keep.as_ref()?;
        Some(ExceptionRow {
            client: subject(entry),
            term: match &entry.granted {
                Granted::Term(term) => term.to_string(),
                Granted::Role(role) => format!("role {role}"),
            },
            reason: keep.reason.clone().unwrap_or_default(),
            owner: entry.owner.as_ref().map(ToString::to_string),
            until: keep.until,
            days_left: keep.until.map(|until| until.0 - as_of.0),
            place: entry.place.clone(),
        })
    }));
    // Without an end it is looked at last.
    rows.sort_by(|a, b| {
        let key = |row: &ExceptionRow| (row.until.is_none(), row.until, row.place.clone());
        key(a).cmp(&key(b))
    });
    rows
}

fn subject(entry: &Entry) -> String {
    match &entry.subject {
        Subject::Client(client) => client.to_string(),
        Subject::Role(role) => format!("role {role}"),
    }
}

/// Roles with their members, what they look like, and how many members needed each term: first those for
/// administration whose members need nothing of the kind.
pub(super) fn roles(view: &View<'_>, judged: &[JudgedRole]) -> Vec<RoleRow> {
    let mut rows = Vec::new();
    let known = view.policy.roles();
    for (index, file) in view.policy.files.iter().enumerate() {
        let mut roles: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for entry in &file.entries {
            if let (Subject::Role(role), Granted::Term(term)) = (&entry.subject, &entry.granted) {
                roles.entry(role).or_default().push(term);
            }
        }
        for (role, terms) in roles {
            let members = known.members(index, role);
            let needed = |term: &crate::model::Term| {
                let clients = view.analysis.clients.iter();
                clients
                    .filter(|client| members.contains(&client.id) && client.minimal.contains(term))
                    .count()
            };
            let look = judged.iter();
            let look = look.filter(|own| own.role.name == *role);
            let look = look.filter(|own| own.role.members == members).find(|own| {
                let mut terms = terms.iter();
                terms.all(|term| own.role.terms.contains(*term))
            });
            let idle = look.map(|own| own.admin_without_need.iter());
            rows.push(RoleRow {
                look: look.map(Look::of),
                administration: idle
                    .into_iter()
                    .flatten()
                    .map(ToString::to_string)
                    .collect(),
                file: file.path.to_string(),
                role: role.to_string(),
                terms: terms
                    .into_iter()
                    .map(|term| (term.to_string(), needed(term)))
                    .collect(),
                members: members.iter().map(ToString::to_string).collect(),
            });
        }
    }
    rows.sort_by_key(|row| row.administration.is_empty());
    rows
}
