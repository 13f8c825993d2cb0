//! Two policies, or the logs of two layers, compared.

use std::collections::BTreeSet;

use super::policy::{load_today, policy, semantics};
use super::{
    Advised, Settings, audience_check, git_history, observed_days, pipeline, read_usage, routes,
};
use crate::analysis::layers::{self, Comparison, Layer, Place, PolicySide};
use crate::analysis::minimum::Universe;
use crate::analysis::weight;
use crate::catalog::matcher::Route;
use crate::grants;
use crate::model::{Policy, Requirement, Semantics, Window};

/// The result, with what it was made from.
#[derive(Debug)]
pub(crate) struct ComparedLayers {
    /// `policies` or `logs`.
    pub of: &'static str,
    /// The two, as they are called in every output.
    pub sides: [String; 2],
    /// What was found.
    pub found: Comparison,
    /// The days that both logs cover; none for policies.
    pub window: Option<Window>,
    /// What else is worth saying.
    pub notes: Vec<String>,
    /// What was incomplete.
    pub incomplete: Vec<String>,
}

/// Compares the policy of the settings with the one in these files.
pub(crate) fn policies(settings: &Settings, with: &[String]) -> anyhow::Result<ComparedLayers> {
    let both = [policy(settings)?, load_today(with, settings)?];
    for side in &both {
        audience_check::check(side)?;
    }
    let routes = routes::routes(settings)?;
    let (rules, mut notes) = rules(settings, &both, &routes);
    notes.extend(git_history::sentences(&both[0]));
    let weights = weight::weights(&routes.catalog, &settings.weights);
    let universes = rules
        .each_ref()
        .map(|rules| Universe::new(&routes.catalog, rules, &weights));
    let side = |at: usize| PolicySide {
        universe: &universes[at],
        policy: &both[at],
    };
    let found = layers::policies([&side(0), &side(1)], &routes.catalog);
    let operations = routes.catalog.operations.iter();
    let unstated = operations
        .filter(|operation| operation.requirement == Requirement::Unspecified)
        .count();
    if unstated > 0 {
        notes.push(format!(
            "operations whose requirement is not stated, which no policy decides about: {unstated}"
        ));
    }
    Ok(ComparedLayers {
        of: "policies",
        sides: [settings.grants.join(", "), with.join(", ")],
        found,
        window: None,
        notes,
        incomplete: Vec::new(),
    })
}

/// The scope rules of each side. A list that has no place for them is read with those of the other one.
fn rules(
    settings: &Settings,
    both: &[Policy; 2],
    routes: &pipeline::Routes,
) -> ([Semantics; 2], Vec<String>) {
    let states = |policy: &Policy| {
        let mut files = policy.files.iter();
        files.any(|file| file.matching.is_some() || !file.implies.is_empty())
    };
    let silent = |policy: &Policy| policy.files.iter().all(|file| !grants::states_rules(file));
    let of = |at: usize| semantics(settings, &both[at], routes);
    for (at, other) in [(0, 1), (1, 0)] {
        if silent(&both[at]) && states(&both[other]) {
            let note = "one of the two has no place for scope rules: those of the other one are used for both";
            return ([of(other), of(other)], vec![note.to_owned()]);
        }
    }
    let rules = [of(0), of(1)];
    let differ = rules[0].matching != rules[1].matching || rules[0].implies != rules[1].implies;
    let note = "the two have different scope rules (`match`, `implies`)".to_owned();
    (rules, if differ { vec![note] } else { Vec::new() })
}

/// Compares the gateway with the service: from the logs of both, or from the log of the gateway, where
/// that says who refused.
pub(crate) fn logs(
    settings: &Settings,
    service: Option<&Settings>,
) -> anyhow::Result<ComparedLayers> {
    let routes = routes::routes(settings)?;
    let known: BTreeSet<Vec<u8>> = if settings.grants.is_empty() {
        BTreeSet::new()
    } else {
        let clients = policy(settings)?.clients();
        clients
            .iter()
            .map(|name| name.as_str().as_bytes().to_vec())
            .collect()
    };
    let read = |settings: &Settings| read_usage::read_logs(settings, &routes, known.clone());
    let first = read(settings)?;
    let second = service.map(read).transpose()?;
    let mut window = window(settings, &first)?;
    if let (Some(service), Some(second)) = (service, &second) {
        let own = self::window(service, second)?;
        window = Window {
            from: window.from.max(own.from),
            to: window.to.min(own.to),
        };
        if window.from > window.to {
            return Err(Advised::new(
                "the two logs have no day in common",
                "give logs of the same days with --logs and --with-logs",
            ));
        }
    }
    let layer = |settings: &Settings, read: &pipeline::LoadedUsage, place| {
        let outside = observed_days::outside(settings, &read.coverage, window.to);
        layers::layer(&read.collected.usage, place, window, outside)
    };
    let gateway = layer(settings, &first, Place::Outer);
    let behind: Layer = match (service, &second) {
        (Some(settings), Some(read)) => layer(settings, read, Place::Inner),
        _ => layer(settings, &first, Place::Behind),
    };
    let label = |route: u32| {
        let route = routes.matcher.routes().get(route as usize);
        route.map_or_else(|| "(no operation)".to_owned(), Route::label)
    };
    let mut found = layers::logs([&gateway, &behind], &label);
    let mut notes = Vec::new();
    if second.is_none() {
        // Both opinions are from one log: what is missing is missing once.
        found.alone[1] = layers::Alone::default();
        let told = |layer: &Layer| {
            layer
                .answers
                .values()
                .any(|answers| answers.refused.is_some())
        };
        if !told(&gateway) && !told(&behind) {
            notes.push("no line says who refused, gateway or service: log the status of the service too, or give its log with --with-logs".to_owned());
        }
    }
    let incomplete = [Some(&first), second.as_ref()].into_iter().flatten();
    Ok(ComparedLayers {
        of: "logs",
        sides: ["gateway".to_owned(), "service".to_owned()],
        found,
        window: Some(window),
        notes,
        incomplete: incomplete
            .flat_map(|read| read.incomplete.iter().cloned())
            .collect(),
    })
}

fn window(settings: &Settings, read: &pipeline::LoadedUsage) -> anyhow::Result<Window> {
    if read.coverage.span().is_none() {
        return Err(Advised::new(
            format!("no records in {}", settings.logs.join(", ")),
            "name other logs, or see `scopetrim formats detect FILE`",
        ));
    }
    observed_days::window(settings, &read.coverage)
}
