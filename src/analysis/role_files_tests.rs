//! Roles whose terms and members stand in different files.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::backtest::world::{World, day};
use super::narrowing::actions;
use super::{Analysis, analyse};
use crate::grants;
use crate::model::{ClientName, Day, Granted, Policy, Reason, Subject, Term, Verdict};

const ROLES: &str = "version: 1\nroles:\n  clerk: {since: 2024-01-01, scopes: [a, b, c]}\n";
const FIRST: &str = "clients:\n  web: {since: 2024-01-01, roles: [clerk]}\n";
const SECOND: &str = "clients:\n  erp: {since: 2024-01-01, roles: [clerk]}\n  own: {since: 2024-01-01, scopes: [d], roles: [clerk]}\n";

/// A year in which each of these clients needs one scope.
fn world(files: &[&str], uses: &[(&str, u32)]) -> World {
    let needs = ["a", "b", "c", "d"].map(|scope| vec![scope.to_owned()]);
    let mut world = World::of(&needs, "clients: {}\n", ("2025-01-01", "2025-12-31"));
    let read = |(at, text): (usize, &&str)| {
        grants::read(Arc::from(text.as_bytes()), &format!("{at}.yaml")).unwrap()
    };
    world.policy = Policy {
        files: files.iter().enumerate().map(read).collect(),
        ..Policy::default()
    };
    for (client, route) in uses {
        let days = (day("2025-01-01").0..=day("2025-12-31").0).map(Day);
        world.uses(client, *route, days);
    }
    world
}

/// Every edit: whose, of what, and whom it takes something from.
fn edits(world: &World, analysis: &Analysis) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for action in actions(&world.policy, &analysis.clients, false) {
        let entry = world.policy.entry((action.file, action.entry)).unwrap();
        let subject = match &entry.subject {
            Subject::Client(client) => client.to_string(),
            Subject::Role(role) => format!("@{role}"),
        };
        let granted = match &entry.granted {
            Granted::Term(term) => term.to_string(),
            Granted::Role(role) => format!("@{role}"),
        };
        let clients: Vec<&str> = action.clients.iter().map(ClientName::as_str).collect();
        all.insert(format!("{subject} {granted} ({})", clients.join(" ")));
    }
    all
}

#[test]
fn a_term_leaves_a_role_when_no_member_of_any_file_needs_it() {
    let orders = [
        [ROLES, FIRST, SECOND],
        [SECOND, FIRST, ROLES],
        [FIRST, ROLES, SECOND],
    ];
    for files in orders {
        let world = world(&files, &[("web", 0), ("erp", 1), ("own", 3)]);
        let analysis = world.ask(analyse);
        let expected = ["@clerk c (erp own web)", "own @clerk (own)"];
        let expected = expected.map(str::to_owned).into();
        assert_eq!(edits(&world, &analysis), expected, "{files:?}");
        // `web` does not need it, and a member in another file does.
        let web = analysis.client(&ClientName::new("web")).unwrap();
        let b = web.term(&Term::new("b")).unwrap();
        assert_eq!(b.verdict, Verdict::Remove);
        assert!(b.reasons.contains(&Reason::SharedRole), "{:?}", b.reasons);
        let holders: Vec<&str> = b.held_by.iter().map(ClientName::as_str).collect();
        assert_eq!(holders, ["erp"]);
    }
}

#[test]
fn without_any_need_the_terms_leave_the_role_and_the_members_stay() {
    for files in [[ROLES, FIRST], [FIRST, ROLES]] {
        let mut world = world(&files, &[]);
        world.uses("web", 0, [day("2025-01-01")]);
        let analysis = world.ask(analyse);
        let found = edits(&world, &analysis);
        let expected = ["@clerk b (web)", "@clerk c (web)"].map(str::to_owned);
        assert!(found.is_superset(&expected.into()), "{found:?}");
        assert!(!found.contains("web @clerk (web)"), "{found:?}");
    }
}
