use super::*;
use crate::model::{Catalog, Method, Operation, Requirement, Scope, ScopeMatch, Semantics};

/// Seeded dice (splitmix64), so that a failure names its seed.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xd134_2543_de82_ef95))
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n as u64).unwrap()
    }
}

struct Case {
    catalog: Catalog,
    semantics: Semantics,
    weights: Vec<u64>,
    pool: BTreeSet<Term>,
    needed: Vec<usize>,
    hints: Hints,
    objective: Objective,
}

fn terms(names: &[&str]) -> BTreeSet<Term> {
    names.iter().map(|name| Term::new(name)).collect()
}

fn operation(method: Method, path: String, any_of: &[&[&str]]) -> Operation {
    let clauses = any_of
        .iter()
        .map(|clause| clause.iter().map(|scope| Scope::new(scope)).collect())
        .collect();
    Operation::new(method, path, Requirement::AnyOf(clauses))
}

fn random(seed: u64) -> Case {
    let mut dice = Dice::new(seed);
    let names: Vec<String> = (0..2 + dice.below(8))
        .map(|n| format!("{}:{}", ["a", "b", "c"][n % 3], n))
        .collect();
    let mut catalog = Catalog::default();
    for n in 0..=dice.below(12) {
        let method = [Method::Get, Method::Post, Method::Delete, Method::Head][dice.below(4)];
        let clauses: Vec<Vec<&str>> = (0..=dice.below(3))
            .map(|_| {
                (0..=dice.below(3))
                    .map(|_| names[dice.below(names.len())].as_str())
                    .collect()
            })
            .collect();
        let clauses: Vec<&[&str]> = clauses.iter().map(Vec::as_slice).collect();
        let mut op = operation(method, format!("/{n}"), &clauses);
        if dice.below(10) == 0 {
            op.requirement = Requirement::none();
        }
        if dice.below(3) == 0 {
            op.least = vec![Scope::new(&names[dice.below(names.len())])];
        }
        catalog.operations.push(op);
    }
    let mut semantics = Semantics::default();
    let mut pool: BTreeSet<Term> = names
        .iter()
        .filter(|_| dice.below(4) > 0)
        .map(|name| Term::new(name))
        .collect();
    match dice.below(4) {
        0 => {
            semantics.matching = ScopeMatch::Wildcard(':');
            pool.insert(Term::new(["a:*", "b:*", "*"][dice.below(3)]));
        }
        1 => {
            let scope = |dice: &mut Dice| Scope::new(&names[dice.below(names.len())]);
            semantics.implies.insert(
                scope(&mut dice),
                BTreeSet::from([scope(&mut dice), scope(&mut dice)]),
            );
        }
        _ => {}
    }
    let weights = catalog
        .operations
        .iter()
        .map(|_| 1 + dice.below(8) as u64)
        .collect();
    let needed = (0..catalog.operations.len())
        .filter(|_| dice.below(2) == 0)
        .collect();
    Case {
        catalog,
        semantics,
        weights,
        pool,
        needed,
        hints: [Hints::First, Hints::Tiebreak, Hints::Ignore][dice.below(3)],
        objective: [Objective::Reach, Objective::Reach, Objective::Risk][dice.below(3)],
    }
}

fn solve(case: &Case) -> Solution {
    let universe = Universe::new(&case.catalog, &case.semantics, &case.weights);
    minimum(&universe, &problem(case))
}

fn problem(case: &Case) -> Problem<'_> {
    Problem {
        needed: &case.needed,
        pool: &case.pool,
        held: None,
        hints: case.hints,
        objective: case.objective,
        node_budget: 1_000_000,
    }
}

/// The objective, from its definition and nothing else.
fn cost(judge: &Judge<'_>, kept: &BTreeSet<Term>) -> (Vec<u64>, Vec<String>) {
    let Judge {
        case,
        universe,
        hinting,
    } = judge;
    let open = universe.opens(kept);
    let hint = kept.iter().filter(|term| hinting.contains(*term)).count() as u64;
    let writes = open
        .iter()
        .filter(|op| case.catalog.operations[**op].method.is_write())
        .count() as u64;
    let risk = open.iter().map(|op| case.weights[*op]).sum();
    let count = kept.len() as u64;
    let ops = open.len() as u64;
    let cost = match (case.objective, case.hints) {
        (Objective::Reach, Hints::First) => vec![hint, writes, ops, risk, count],
        (Objective::Reach, _) => vec![writes, ops, hint, risk, count],
        (Objective::Risk, Hints::First) => vec![risk, hint, writes, ops, count],
        (Objective::Risk, _) => vec![risk, writes, ops, hint, count],
    };
    (cost, kept.iter().map(ToString::to_string).collect())
}

/// What the definition of the objective needs to know of one case.
struct Judge<'a> {
    case: &'a Case,
    universe: Universe,
    /// Terms that serve an operation with a hint and are no operation's hint.
    hinting: BTreeSet<Term>,
}

impl<'a> Judge<'a> {
    fn new(case: &'a Case) -> Self {
        let universe = Universe::new(&case.catalog, &case.semantics, &case.weights);
        let hinting = if case.hints == Hints::Ignore {
            BTreeSet::new()
        } else {
            hinting(case, &universe)
        };
        Self {
            case,
            universe,
            hinting,
        }
    }
}

fn hinting(case: &Case, universe: &Universe) -> BTreeSet<Term> {
    let names = case.catalog.required_scopes();
    let hinted: Vec<usize> = case
        .needed
        .iter()
        .copied()
        .filter(|op| universe.is_restricted(*op) && universe.permits(&case.pool, *op))
        .filter(|op| {
            case.catalog.operations[*op]
                .least
                .iter()
                .any(|least| names.contains(least))
        })
        .collect();
    let least: BTreeSet<&Scope> = hinted
        .iter()
        .flat_map(|op| &case.catalog.operations[*op].least)
        .collect();
    let free = |term: &&Term| {
        !case
            .semantics
            .expand(term, &names)
            .iter()
            .any(|scope| least.contains(scope))
    };
    let serves = |term: &&Term| hinted.iter().any(|op| useful(case, universe, term, *op));
    case.pool
        .iter()
        .filter(free)
        .filter(serves)
        .cloned()
        .collect()
}

/// Whether the term is in a minimal way to permit the operation from the pool.
fn useful(case: &Case, universe: &Universe, term: &Term, op: usize) -> bool {
    let pool: Vec<&Term> = case.pool.iter().collect();
    (0..1_u32 << pool.len()).any(|mask| {
        let set: BTreeSet<Term> = chosen(&pool, mask);
        set.contains(term)
            && universe.is_restricted(op)
            && universe.permits(&set, op)
            && set
                .iter()
                .all(|one| !universe.permits(set.iter().filter(|term| *term != one), op))
    })
}

fn chosen(pool: &[&Term], mask: u32) -> BTreeSet<Term> {
    pool.iter()
        .enumerate()
        .filter(|(bit, _)| mask & 1 << bit != 0)
        .map(|(_, term)| (*term).clone())
        .collect()
}

fn brute_force(judge: &Judge<'_>) -> BTreeSet<Term> {
    let Judge { case, universe, .. } = judge;
    let pool: Vec<&Term> = case.pool.iter().collect();
    let must: Vec<usize> = case
        .needed
        .iter()
        .copied()
        .filter(|op| universe.permits(&case.pool, *op))
        .collect();
    (0..1_u32 << pool.len())
        .map(|mask| chosen(&pool, mask))
        .filter(|set| must.iter().all(|op| universe.permits(set, *op)))
        .min_by_key(|set| cost(judge, set))
        .unwrap()
}

#[test]
fn ten_thousand_random_instances_agree_with_brute_force() {
    for seed in 0..10_000 {
        let case = random(seed);
        let solution = solve(&case);
        assert!(solution.proven, "seed {seed}");
        let judge = Judge::new(&case);
        let best = brute_force(&judge);
        let (found, best_cost) = (cost(&judge, &solution.kept), cost(&judge, &best));
        assert_eq!(
            found, best_cost,
            "seed {seed}: {:?} against {best:?}",
            solution.kept
        );
    }
}

#[test]
fn every_kept_term_is_necessary_and_has_a_witness_of_it() {
    for seed in 0..2_000 {
        let case = random(seed);
        let universe = Universe::new(&case.catalog, &case.semantics, &case.weights);
        let solution = solve(&case);
        assert!(
            solution.kept.is_subset(&case.pool),
            "never a term that is not held (E9)"
        );
        for term in &solution.kept {
            let others: BTreeSet<Term> = solution
                .kept
                .iter()
                .filter(|kept| *kept != term)
                .cloned()
                .collect();
            let shown = solution.witness[term];
            assert!(case.needed.contains(&shown));
            assert!(
                !universe.permits(&others, shown) && universe.permits(&solution.kept, shown),
                "seed {seed}"
            );
        }
    }
}

#[test]
fn the_order_of_operations_and_needs_does_not_matter() {
    for seed in 0..500 {
        let case = random(seed);
        let mut turned = random(seed);
        turned.catalog.operations.reverse();
        turned.weights.reverse();
        let last = case.catalog.operations.len() - 1;
        turned.needed = case.needed.iter().map(|op| last - op).collect();
        assert_eq!(solve(&case).kept, solve(&turned).kept, "seed {seed}");
    }
}

fn case(operations: Vec<Operation>, pool: &[&str], needed: &[usize]) -> Case {
    let weights = vec![1; operations.len()];
    Case {
        catalog: Catalog {
            operations,
            ..Catalog::default()
        },
        semantics: Semantics::default(),
        weights,
        pool: terms(pool),
        needed: needed.to_vec(),
        hints: Hints::Tiebreak,
        objective: Objective::Reach,
    }
}

#[test]
fn e8_the_term_that_covers_both_is_enough() {
    let operations = vec![
        operation(Method::Get, "/a".to_owned(), &[&["p1"], &["p2"]]),
        operation(Method::Get, "/b".to_owned(), &[&["p2"]]),
    ];
    assert_eq!(
        solve(&case(operations, &["p1", "p2"], &[0, 1])).kept,
        terms(&["p2"])
    );
}

#[test]
fn two_narrow_scopes_are_better_than_one_broad_one() {
    let mut operations = vec![
        operation(Method::Get, "/a".to_owned(), &[&["a.read"], &["all"]]),
        operation(Method::Get, "/b".to_owned(), &[&["b.read"], &["all"]]),
    ];
    operations.push(operation(Method::Delete, "/c".to_owned(), &[&["all"]]));
    let kept = solve(&case(operations, &["a.read", "all", "b.read"], &[0, 1])).kept;
    assert_eq!(kept, terms(&["a.read", "b.read"]));
}

#[test]
fn e27_of_two_equal_terms_the_first_name_stays() {
    let operations = vec![operation(Method::Get, "/a".to_owned(), &[&["x"], &["b"]])];
    assert_eq!(
        solve(&case(operations, &["x", "b"], &[0])).kept,
        terms(&["b"])
    );
}

#[test]
fn e32_reads_by_any_safe_method_are_never_joined_up_to_read_and_write() {
    for read in [Method::Get, Method::List, Method::Propfind, Method::Watch] {
        let operations = vec![
            operation(read, "/a".to_owned(), &[&["rw"], &["z"]]),
            operation(read, "/b".to_owned(), &[&["z"]]),
            operation(read, "/c".to_owned(), &[&["z"]]),
            operation(Method::Post, "/a".to_owned(), &[&["rw"]]),
        ];
        let kept = solve(&case(operations, &["z", "rw"], &[0])).kept;
        assert_eq!(kept, terms(&["z"]));
    }
}

#[test]
fn the_narrow_pool_never_opens_anything_new() {
    for seed in 0..1_000 {
        let case = random(seed);
        let universe = Universe::new(&case.catalog, &case.semantics, &case.weights);
        let pool = universe.narrow_pool(&case.pool);
        assert!(
            universe.opens(&pool).is_subset(&universe.opens(&case.pool)),
            "seed {seed}"
        );
    }
}

#[test]
fn exposure_is_monotone_and_runs_from_nothing_to_everything() {
    for seed in 0..300 {
        let case = random(seed);
        let universe = Universe::new(&case.catalog, &case.semantics, &case.weights);
        let none = BTreeSet::new();
        assert!(universe.exposure(&none).abs() < f64::EPSILON);
        let all: BTreeSet<Term> = case
            .catalog
            .required_scopes()
            .iter()
            .map(|s| Term::new(s.as_str()))
            .collect();
        let restricted = (0..case.catalog.operations.len()).any(|op| universe.is_restricted(op));
        assert!((universe.exposure(&all) - f64::from(u8::from(restricted))).abs() < f64::EPSILON);
        let fewer: BTreeSet<Term> = case.pool.iter().skip(1).cloned().collect();
        assert!(universe.exposure(&fewer) <= universe.exposure(&case.pool));
    }
}
