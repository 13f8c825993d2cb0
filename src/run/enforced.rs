//! What a gateway has to let through, from an analysed policy.

use std::collections::{BTreeMap, BTreeSet};

use super::{Advised, AnalysisRun, Proved};
use crate::enforce::policy::build::{self, Rights};
use crate::enforce::policy::{Model, Purpose};
use crate::enforce::targets;
use crate::event::secret;
use crate::model::words::plural;
use crate::model::{ClientName, Method, Operation, Requirement};

/// The model after the proved removals.
///
/// An operation that asks for no scope is let through for every client of the policy, and for
/// everybody where its description says that it is public. One of which nothing is known is let
/// through for those alone that needed it.
pub(crate) fn enforced(
    run: &AnalysisRun,
    proved: &Proved,
    purpose: Purpose,
) -> anyhow::Result<Model> {
    let catalog = &run.routes.catalog;
    // Nor may an operation of one host stand in the way of one that is of every host.
    let placed: BTreeSet<&usize> = catalog.hosts.values().flatten().collect();
    let mixed = !placed.is_empty() && placed.len() < catalog.operations.len();
    if catalog.hosts.len() > 1 || mixed {
        return Err(Advised::new(
            "the API descriptions are of several hosts, and a gateway's policy has no place for them",
            "run it for each host with the descriptions of that host under --catalog",
        ));
    }
    if catalog
        .operations
        .iter()
        .all(|operation| operation.method == Method::Named)
    {
        return Err(Advised::new(
            "no operation of the API description has a method and a path",
            "a gateway sees requests: give a description with paths, such as OpenAPI or routes.yaml",
        ));
    }
    let unknown: BTreeSet<usize> = numbers(run, |operation| {
        operation.requirement == Requirement::Unspecified
    });
    let public = numbers(run, is_public);
    let mut rights: BTreeMap<String, Rights> = BTreeMap::new();
    let mut notes = Vec::new();
    for (client, held) in proved.policy_after(run).holdings() {
        let holding = run.universe.holding(held.keys());
        let all = 0..catalog.operations.len();
        let permitted: BTreeSet<usize> = all
            .filter(|op| run.universe.permits_holding(&holding, *op))
            .collect();
        let needed = run.analysis.client(&client).map(|client| &client.needed);
        let needed = needed.into_iter().flatten().map(|served| served.operation);
        let mut wanted: BTreeSet<usize> = needed.filter(|op| permitted.contains(op)).collect();
        wanted.extend(&public);
        if purpose == Purpose::Granted {
            wanted.extend(permitted.difference(&unknown));
        }
        rights.insert(client.as_str().to_owned(), Rights { permitted, wanted });
    }
    aliases(run, &mut rights);
    unsayable(&mut rights, &mut notes);
    notes.extend(open(run, &unknown, &public));
    if purpose == Purpose::Needed {
        notes.push("whatever a client needs less often than once in the window is refused: the window has to hold a whole cycle of its work".to_owned());
    }
    if run.settings.match_options.case_insensitive {
        notes.push("the API takes paths in any case, and what is written here takes the case of the catalogue only".to_owned());
    }
    if !run.only_in_log.is_empty() {
        let callers = plural(run.only_in_log.len(), "caller");
        notes.push(format!(
            "{callers} of the logs that no policy file names: refused"
        ));
    }
    let mut model = build::model(catalog, &rights, &public);
    model.notes.splice(0..0, notes);
    model.made_from = made_from(run, purpose, &model);
    Ok(model)
}

/// The operations for which this holds.
fn numbers(run: &AnalysisRun, holds: impl Fn(&Operation) -> bool) -> BTreeSet<usize> {
    let all = run.routes.catalog.operations.iter().enumerate();
    all.filter(|(_, operation)| holds(operation))
        .map(|(number, _)| number)
        .collect()
}

/// Whether callers that prove nothing are accepted, and that is said.
fn is_public(operation: &Operation) -> bool {
    operation.requirement.is_open() && (operation.optional_auth || operation.security.is_public())
}

/// What the logs call a client is what a gateway is told.
fn aliases(run: &AnalysisRun, rights: &mut BTreeMap<String, Rights>) {
    let stated = run.settings.aliases.iter().filter_map(|(log, client)| {
        let text = |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned).ok();
        Some((text(log)?, text(client)?))
    });
    let files = run.policy.files.iter().flat_map(|file| &file.aliases);
    let of_files = files
        .map(|(log, client): (&String, &ClientName)| (log.clone(), client.as_str().to_owned()));
    // A name that the policy itself uses is that client's.
    let stated: BTreeMap<String, String> = of_files
        .chain(stated)
        .filter(|(log, _)| !rights.contains_key(log))
        .collect();
    for (log, client) in stated {
        if let Some(own) = rights.get(&client).cloned() {
            rights.insert(log, own);
        }
    }
}

/// Takes out names that are secrets or that no request can carry.
fn unsayable(rights: &mut BTreeMap<String, Rights>, notes: &mut Vec<String>) {
    let before = rights.len();
    rights.retain(|name, _| !secret::is_secret(name.as_bytes()));
    let secrets = before - rights.len();
    if secrets > 0 {
        notes.push(format!(
            "{} that is a secret left out: give the client another one",
            plural(secrets, "name")
        ));
    }
    let before = rights.len();
    rights.retain(|name, _| !name.is_empty() && !name.contains(char::is_control));
    let odd = before - rights.len();
    if odd > 0 {
        notes.push(format!(
            "{} with control characters left out",
            plural(odd, "name")
        ));
    }
}

/// What is said about operations that ask for no scope.
fn open(run: &AnalysisRun, unknown: &BTreeSet<usize>, public: &BTreeSet<usize>) -> Vec<String> {
    let labels = |numbers: &BTreeSet<usize>| {
        let operations = numbers
            .iter()
            .filter_map(|number| run.routes.catalog.operations.get(*number));
        build::some(&operations.map(Operation::label).collect::<Vec<_>>())
    };
    let known: BTreeSet<usize> = numbers(run, |operation| operation.requirement.is_open());
    let of_clients: BTreeSet<usize> = known.difference(public).copied().collect();
    let mut notes = Vec::new();
    if !public.is_empty() {
        notes.push(format!(
            "public, and let through for everybody: {}",
            labels(public)
        ));
    }
    if !of_clients.is_empty() {
        notes.push(format!(
            "these ask for no scope, and no security scheme calls them public: let through for clients of the policy: {}",
            labels(&of_clients)
        ));
    }
    if !unknown.is_empty() {
        notes.push(format!(
            "these state no requirement: let through for clients that needed them in the window: {}",
            labels(unknown)
        ));
    }
    notes
}

/// Where it comes from: no clock, no name of a folder.
fn made_from(run: &AnalysisRun, purpose: Purpose, model: &Model) -> Vec<String> {
    let window = run.analysis.window;
    let allows = match purpose {
        Purpose::Granted => "all that the policy allows",
        Purpose::Needed => "what was needed in the window and the policy allows",
    };
    vec![
        format!(
            "Made from {}, {} and the requests of {} to {}.",
            plural(run.policy.files.len(), "policy file"),
            plural(run.routes.catalog.operations.len(), "operation"),
            window.from,
            window.to
        ),
        format!(
            "Allows (--for {}) {allows} after the removals up to the level {}: {}, {}.",
            purpose.name(),
            run.level.name(),
            plural(model.clients.len(), "client"),
            plural(model.used().len(), "rule")
        ),
        format!("Digest of what it allows: {}", targets::digest(model)),
    ]
}
