//! What callers presented: rows of credentials, and of whom there are none.

use std::collections::{BTreeMap, BTreeSet};

use super::{Context, Doc, MissingField, RuleSettings, Unjudged};
use crate::format::AuthKind;
use crate::model::words::plural;
use crate::usage::credentials::{CredentialRow, UNREAD};

/// Rows of everybody up to the end of the window, whether or not a policy file names them.
pub(super) fn rows_of_all<'a>(
    context: &Context<'a>,
) -> impl Iterator<Item = (&'a str, &'a CredentialRow)> {
    let (table, to) = (context.credentials, context.analysis.window.to);
    let rows = table.rows.iter().filter(move |row| row.day <= to);
    rows.filter_map(|row| Some((table.clients.get(row.client as usize)?.as_str(), row)))
}

/// The same for each client, in the order of names and days. A client without rows is left out.
pub(super) fn rows_of_each<'a>(
    context: &Context<'a>,
) -> impl Iterator<Item = (&'a str, Vec<&'a CredentialRow>)> {
    let (table, to) = (context.credentials, context.analysis.window.to);
    let mut rows = vec![Vec::new(); table.clients.len()];
    for row in table.rows.iter().filter(|row| row.day <= to) {
        if let Some(rows) = rows.get_mut(row.client as usize) {
            rows.push(row);
        }
    }
    let names = table.clients.iter().map(String::as_str);
    names.zip(rows).filter(|(_, rows)| !rows.is_empty())
}

/// Rows by the name of their client.
pub(super) fn by_client<'a>(
    rows: impl Iterator<Item = (&'a str, &'a CredentialRow)>,
) -> BTreeMap<&'a str, Vec<&'a CredentialRow>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (client, row) in rows {
        all.entry(client).or_default().push(row);
    }
    all
}

/// The policy's clients with requests in the window that showed tokens, or of whom nobody
/// knows what they showed. Keys, certificates and passwords are not tokens.
pub(super) fn showing_tokens<'a>(
    context: &Context<'a>,
) -> BTreeMap<&'a str, Vec<&'a CredentialRow>> {
    let window = context.analysis.window;
    let rows = context.credential_rows();
    by_client(rows.filter(|(_, row)| {
        window.contains(row.day) && matches!(row.kind, AuthKind::Token | AuthKind::Unknown)
    }))
}

/// Whether a credential is one that stays: the ids of tokens change by themselves.
pub(super) fn is_lasting(rows: &[&CredentialRow]) -> bool {
    rows.iter().all(|row| row.kind != AuthKind::Token)
}

/// Policy clients with requests in the window of which `judged` holds for no credential, and
/// how many clients there are.
pub(super) fn without_credential(
    context: &Context<'_>,
    judged: impl Fn(&[&CredentialRow]) -> bool,
) -> (Vec<String>, usize) {
    let window = context.analysis.window;
    let mut clients: BTreeMap<&str, bool> = BTreeMap::new();
    for (client, row) in context.credential_rows() {
        if window.contains(row.day) {
            clients.entry(client).or_default();
        }
    }
    for ((client, _), rows) in context.named_credentials() {
        if let Some(found) = clients.get_mut(client) {
            *found |= judged(&rows);
        }
    }
    let none = clients.iter().filter(|(_, found)| !**found);
    (
        none.map(|(name, _)| (*name).to_owned()).collect(),
        clients.len(),
    )
}

/// A limit in days that the log is too short to show.
pub(super) fn too_short(
    context: &Context<'_>,
    (doc, settings): (&Doc, &RuleSettings),
    key: &str,
) -> Result<(), MissingField> {
    let (limit, days) = (settings.threshold(doc, key), context.covered_days());
    if u64::from(days) > limit {
        return Ok(());
    }
    Err(MissingField::new(format!(
        "more than {} (limit {key}; {days} covered)",
        plural(limit, "covered day")
    )))
}

/// Policy clients that show tokens, none of which was logged with its scopes.
pub(super) fn without_scopes(context: &Context<'_>) -> Option<Unjudged> {
    let table = context.credentials;
    let read = table.issued.keys().filter(|(_, scope)| scope != UNREAD);
    let read: BTreeSet<&str> = read
        .filter_map(|(number, _)| table.clients.get(*number as usize))
        .map(String::as_str)
        .collect();
    let clients = showing_tokens(context);
    let of = clients.len();
    let unread = clients.into_keys().filter(|client| !read.contains(client));
    let unread = unread.map(str::to_owned).collect();
    Unjudged::clients("scopes of the token", unread, of)
}
