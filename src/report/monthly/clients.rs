//! Each client: what its exposure is made of, and what the month adds to its analysis.

use std::collections::{BTreeMap, BTreeSet};

use super::Extra;
use super::credentials::CredentialLine;
use super::own_diff::Blocks;
use super::page::{ClientView, Segments};
use crate::analysis::{ClientAnalysis, TermAnalysis};
use crate::model::{Operation, Place, Reason, Subject, Term, Verdict};
use crate::report::View;
use crate::report::model::TermView;

/// Every client, most weight to free first.
pub(super) fn clients<'a>(view: &'a View<'a>, extra: &Extra<'_>) -> Vec<ClientView<'a>> {
    let owners = owners(view);
    let mut clients: Vec<ClientView<'a>> = view
        .analysis
        .clients
        .iter()
        .map(|analysed| client(view, extra, analysed, &owners))
        .collect();
    clients.sort_by(|a, b| {
        b.freed()
            .total_cmp(&a.freed())
            .then_with(|| a.found.id.cmp(&b.found.id))
    });
    clients
}

/// Who answers for each client, as its entries say.
fn owners(view: &View<'_>) -> BTreeMap<String, String> {
    let mut owners: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in view.policy.files.iter().flat_map(|file| &file.entries) {
        if let (Subject::Client(client), Some(owner)) = (&entry.subject, &entry.owner) {
            let names = owners.entry(client.to_string()).or_default();
            names.insert(owner.to_string());
        }
    }
    owners
        .into_iter()
        .map(|(client, owner)| (client, owner.into_iter().collect::<Vec<_>>().join(", ")))
        .collect()
}

fn client<'a>(
    view: &'a View<'a>,
    extra: &Extra<'_>,
    found: &'a ClientAnalysis,
    owners: &BTreeMap<String, String>,
) -> ClientView<'a> {
    let stays = TermView::all(view, found).filter(|term| !term.goes_now());
    let stays: Vec<&Term> = stays.map(|term| &term.found.term).collect();
    let (now, then) = (
        extra.universe.opens(&found.granted),
        extra.universe.opens(stays.iter().copied()),
    );
    let label = |operation: &usize| {
        let operations = &view.catalog.operations;
        operations
            .get(*operation)
            .map_or_else(String::new, Operation::label)
    };
    let activity = extra.activity.get(&found.id);
    let credentials = extra.credentials.get(&found.id);
    ClientView {
        view,
        found,
        owner: owners.get(found.id.as_str()).cloned(),
        month_requests: activity.map_or(0, |month| month.requests),
        after: extra.universe.exposure(stays),
        operations_before: now.len(),
        operations_after: then.len(),
        closed: now.difference(&then).map(label).collect(),
        bar: bar(extra, found),
        credentials: credentials
            .into_iter()
            .flatten()
            .map(CredentialLine::sentence)
            .collect(),
        diff: Vec::new(),
    }
}

/// Gives each client the lines of the proved diff that are its own.
pub(super) fn add_diffs(extra: &Extra<'_>, clients: &mut [ClientView<'_>]) {
    let Some(proof) = &extra.proof else { return };
    let places: Vec<Vec<&Place>> = clients
        .iter()
        .map(|client| {
            let going = client.terms().filter(TermView::goes_now);
            going.flat_map(|term| term.places()).collect()
        })
        .collect();
    let blocks = Blocks::of(&proof.as_read, &places);
    for (number, client) in clients.iter_mut().enumerate() {
        client.diff = blocks.lines(number, &places[number]);
    }
}

/// The exposure in parts. Each step takes more terms away, so no part is negative.
fn bar(extra: &Extra<'_>, client: &ClientAnalysis) -> Segments {
    let removed = |term: &&TermAnalysis| term.verdict == Verdict::Remove;
    let protected = |term: &&TermAnalysis| term.reasons.contains(&Reason::Protected);
    let kept: BTreeSet<Term> = client
        .terms
        .iter()
        .filter(|term| !removed(term))
        .map(|term| term.term.clone())
        .collect();
    let guarded: BTreeSet<Term> = client
        .terms
        .iter()
        .filter(|term| !removed(term) || protected(term))
        .map(|term| term.term.clone())
        .collect();
    let (kept, guarded) = (
        extra.universe.exposure(&kept),
        extra.universe.exposure(&guarded),
    );
    let part = |from: f64, to: f64| ((from - to) * 10_000.0).round().max(0.0) / 10_000.0;
    let exposure = client.exposure;
    Segments {
        needed: exposure.needed,
        safe: part(exposure.before, exposure.after_safe),
        likely: part(exposure.after_safe, exposure.after_likely),
        review: part(exposure.after_likely, guarded),
        protected: part(guarded, kept),
        beyond: part(kept, exposure.needed),
    }
}
