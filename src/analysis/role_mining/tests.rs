//! Exact covers, against a brute force; the same result in any order.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::kernel::{Limits, fewest};
use super::*;
use crate::model::{ClientName, RoleName, Term};

/// Cells of a small matrix.
fn cells(clients: usize, terms: usize) -> impl Strategy<Value = BTreeSet<(usize, usize)>> {
    proptest::collection::btree_set((0..clients, 0..terms), 0..clients * terms)
}

fn covered(roles: &[MinedRole]) -> BTreeSet<(usize, usize)> {
    let cells = |role: &MinedRole| {
        let terms = role.terms.clone();
        let of = move |client: usize| terms.clone().into_iter().map(move |term| (client, term));
        role.members.clone().into_iter().flat_map(of)
    };
    roles.iter().flat_map(cells).collect()
}

/// The fewest rectangles that cover the cells, by trying every set of maximal ones.
fn brute_force(cells: &BTreeSet<(usize, usize)>, clients: usize) -> usize {
    let row = |client: usize| -> BTreeSet<usize> {
        cells
            .iter()
            .filter(|cell| cell.0 == client)
            .map(|cell| cell.1)
            .collect()
    };
    let mut rectangles: BTreeSet<BTreeSet<(usize, usize)>> = BTreeSet::new();
    for some in 1_u32..1 << clients {
        let own = (0..clients).filter(|client| some >> client & 1 == 1);
        let common = own
            .clone()
            .map(row)
            .reduce(|one, other| &one & &other)
            .unwrap_or_default();
        let cells = own.flat_map(|client| common.iter().map(move |term| (client, *term)));
        rectangles.insert(cells.collect());
    }
    let rectangles: Vec<_> = rectangles
        .into_iter()
        .filter(|own| !own.is_empty())
        .collect();
    (0..=rectangles.len())
        .find(|count| covers(&rectangles, cells, *count))
        .unwrap()
}

fn covers(
    rectangles: &[BTreeSet<(usize, usize)>],
    open: &BTreeSet<(usize, usize)>,
    count: usize,
) -> bool {
    let Some(first) = open.first() else {
        return true;
    };
    count > 0
        && rectangles
            .iter()
            .filter(|own| own.contains(first))
            .any(|own| covers(rectangles, &(open - own), count - 1))
}

fn mined(cells: &BTreeSet<(usize, usize)>, size: (usize, usize), aim: Aim) -> Mined {
    let matrix = Matrix::new(size.0, size.1, cells.iter().copied());
    mine_with(
        &matrix,
        &Problem {
            aim,
            ..Problem::default()
        },
        20_000,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_fewest_roles_are_as_few_as_a_brute_force_finds_and_the_proof_never_lies(cells in cells(5, 6)) {
        let found = mined(&cells, (5, 6), Aim::Roles);
        prop_assert_eq!(covered(&found.roles), cells.clone());
        let least = brute_force(&cells, 5);
        prop_assert_eq!(found.roles.len(), least);
        prop_assert_eq!(found.at_least, least, "so small a matrix is proven");
    }

    #[test]
    fn roles_of_either_aim_give_exactly_what_is_needed(cells in cells(9, 12), roles in any::<bool>()) {
        let aim = if roles { Aim::Roles } else { Aim::Complexity };
        let found = mined(&cells, (9, 12), aim);
        prop_assert_eq!(covered(&found.roles), cells.clone());
        prop_assert!(found.roles.len() >= found.at_least);
        let sizes = found.roles.iter().map(|role| 1 + role.members.len() + role.terms.len());
        prop_assert_eq!(found.complexity, sizes.sum::<usize>());
        prop_assert_eq!(mined(&cells, (9, 12), aim), found, "the same again");
    }

    #[test]
    fn a_matrix_too_large_for_its_graph_is_covered_exactly_as_well(cells in cells(9, 12)) {
        let matrix = Matrix::new(9, 12, cells.iter().copied());
        let hurried = Limits { largest_graph: 4, steps: 1, reducing: 500 };
        let few = fewest(&matrix, matrix.rows.clone(), hurried);
        let roles: Vec<MinedRole> = few.roles.iter().map(|(clients, terms)| MinedRole {
            members: clients.iter().collect(),
            terms: terms.iter().collect(),
        }).collect();
        prop_assert_eq!(covered(&roles), cells);
        let exact = fewest(&matrix, matrix.rows.clone(), Limits::default());
        prop_assert!(few.at_least <= exact.roles.len(), "a bound holds however it is found");
        prop_assert!(exact.at_least <= few.roles.len());
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_proposal_gives_each_client_exactly_what_it_needs_under_any_limit(
        cells in cells(7, 8),
        existing in proptest::collection::vec((cells(7, 8), any::<bool>()), 0..3),
        keep_roles in any::<bool>(),
        max_roles in proptest::option::of(0_usize..4),
        max_per_client in proptest::option::of(0_usize..3),
        by in proptest::option::of(prop_oneof![Just(By::Owner), Just(By::Tag)]),
    ) {
        let client = |at: usize| ClientName::new(&format!("client-{at}"));
        let term = |at: usize| Term::new(&format!("area{at}.read"));
        let mut needs = Needs::new();
        for (one, other) in &cells {
            needs.entry(client(*one)).or_default().insert(term(*other));
        }
        let existing: Vec<ExistingRole> = existing.into_iter().enumerate().map(|(at, (cells, strangers))| ExistingRole {
            name: RoleName::new(&format!("role-{at}")),
            members: cells.iter().map(|cell| client(cell.0)).collect(),
            terms: cells.iter().map(|cell| term(cell.1)).take(3).collect(),
            strangers,
        }).collect();
        let meanings = Meanings {
            tags: (0..8).map(|at| (term(at), [format!("tag{}", at % 2)].into())).collect(),
            owners: (0..6).map(|at| (client(at), format!("owner{}", at % 3))).collect(),
            ..Meanings::default()
        };
        let options = RoleOptions { keep_roles, max_roles, max_per_client, by, ..RoleOptions::default() };
        let found = propose(&needs, &existing, &meanings, &options);
        let mut given = granted(&found.roles);
        if keep_roles {
            // What kept roles give is their own affair; beside them nothing is wider.
            for role in &existing {
                prop_assert!(max_roles.is_some() || found.roles.iter().any(|own| own.name == role.name
                    && own.terms == role.terms && role.members.is_subset(&own.members)));
            }
            let kept = granted(&existing.iter().map(|role| ProposedRole {
                name: role.name.clone(), members: role.members.clone(), terms: role.terms.clone(), exists: true, narrows: false,
            }).collect::<Vec<_>>());
            for (client, terms) in &mut given {
                let needed = needs.get(client).cloned().unwrap_or_default();
                let had = kept.get(client).cloned().unwrap_or_default();
                terms.retain(|term| needed.contains(term) || !had.contains(term));
            }
            given.retain(|_, terms| !terms.is_empty());
        }
        for (client, terms) in &found.direct {
            given.entry(client.clone()).or_default().extend(terms.iter().filter(|term| {
                !keep_roles || needs.get(client).is_some_and(|own| own.contains(*term))
            }).cloned());
        }
        given.retain(|_, terms| !terms.is_empty());
        prop_assert_eq!(&given, &needs);
        let names: BTreeSet<&RoleName> = found.roles.iter().map(|role| &role.name).collect();
        prop_assert_eq!(names.len(), found.roles.len(), "each name once");
        if !keep_roles {
            prop_assert!(max_roles.is_none_or(|most| found.roles.len() <= most));
            let mut counts: BTreeMap<&ClientName, usize> = BTreeMap::new();
            for member in found.roles.iter().flat_map(|role| &role.members) {
                *counts.entry(member).or_default() += 1;
            }
            prop_assert!(max_per_client.is_none_or(|most| counts.values().all(|count| *count <= most)));
        }
    }
}

#[test]
fn a_role_that_there_is_stays_where_it_costs_nothing() {
    // Three equal clients: any split of their terms would do, and one role for all costs least.
    let needs: Needs = (0..3)
        .map(|at| {
            (
                ClientName::new(&format!("c{at}")),
                ["a", "b"].map(Term::new).into(),
            )
        })
        .collect();
    let role = ExistingRole {
        name: RoleName::new("old-name"),
        members: needs.keys().cloned().collect(),
        terms: ["a", "b"].map(Term::new).into(),
        strangers: false,
    };
    let found = propose(
        &needs,
        &[role],
        &Meanings::default(),
        &RoleOptions::default(),
    );
    assert_eq!(found.roles.len(), 1);
    assert!(found.roles[0].exists && found.roles[0].name.as_str() == "old-name");
    assert!(found.is_fewest());
    assert_eq!((found.complexity, found.complexity_now), (6, 6));
}
