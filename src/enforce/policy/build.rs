//! The policy of a gateway, from operations and what each client may do.
//!
//! In: the catalogue, and for each client the operations that the policy allows it and those
//! that are wanted. Out: a [`Model`], and a sentence for everything that it leaves out.
//!
//! Invariants:
//! * a client is allowed a rule only if the policy allows it every operation that a request of
//!   the rule may be: operations with equal templates, with templates that differ in case or a
//!   slash at the end alone, or of which it is not clear which one is meant;
//! * a HEAD request passes where GET does, unless an operation of HEAD or of any method may
//!   take it too: then only where the catalogue has HEAD itself.

use std::collections::{BTreeMap, BTreeSet};

use super::{Alphabet, METHODS, Model, Pattern, Rule};
use crate::catalog::matcher::Template;
use crate::model::words::plural;
use crate::model::{Catalog, Method, Operation};

/// Methods of an operation of any method. OPTIONS is served by one of its own only.
const OF_ANY: [&str; 6] = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"];

/// What one client may do, by the operations' numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rights {
    /// What the policy does not refuse it.
    pub permitted: BTreeSet<usize>,
    /// What is to be allowed of that.
    pub wanted: BTreeSet<usize>,
}

/// A rule before it has a place.
struct Draft {
    rule: Rule,
    /// The operations that a request of it is; none where it only refuses.
    operations: Vec<usize>,
    /// Serves any method: another one with the same path comes first.
    any: bool,
}

/// Makes the model; the lines about its origin are the caller's.
pub(crate) fn model(
    catalog: &Catalog,
    rights: &BTreeMap<String, Rights>,
    public: &BTreeSet<usize>,
) -> Model {
    let mut notes = Vec::new();
    let mut drafts = drafts(&catalog.operations, &mut notes);
    head(&mut drafts, &mut notes);
    head_of_any(&mut drafts);
    slash_after_rests(&mut drafts);
    drafts.sort_by_cached_key(|draft| {
        let pattern = &draft.rule.pattern;
        let rank = pattern.rank();
        (
            rank,
            pattern.folded(),
            pattern.clone(),
            draft.any,
            draft.rule.methods.clone(),
        )
    });
    let asked = together(&drafts);
    let allowed = |permitted: &BTreeSet<usize>, wanted: &BTreeSet<usize>| -> BTreeSet<usize> {
        let all = |at: &usize| {
            let own = &drafts[*at].operations;
            !own.is_empty()
                && own.iter().all(|op| wanted.contains(op))
                && asked[*at].is_subset(permitted)
        };
        (0..drafts.len()).filter(all).collect()
    };
    let clients: BTreeMap<String, BTreeSet<usize>> = rights
        .iter()
        .map(|(name, rights)| (name.clone(), allowed(&rights.permitted, &rights.wanted)))
        .collect();
    let public = allowed(public, public);
    let lost = lost(&drafts, rights, &clients);
    if lost > 0 {
        notes.push(format!(
            "{} of a client and an operation that it may call cannot be let through: the operation is left out above, or a gateway cannot tell it from one that is refused",
            plural(lost, "pair")
        ));
    }
    let literals = drafts
        .iter()
        .flat_map(|draft| draft.rule.pattern.literals());
    let alphabet = Alphabet::beside(literals);
    let rules: Vec<Rule> = drafts.into_iter().map(|draft| draft.rule).collect();
    Model {
        entries: Model::lines(&rules),
        rules,
        alphabet,
        clients,
        public,
        made_from: Vec::new(),
        notes,
    }
}

/// The rules of all operations that a gateway can know, one for each method and path.
fn drafts(operations: &[Operation], notes: &mut Vec<String>) -> Vec<Draft> {
    let mut drafts: BTreeMap<(Pattern, Method), Draft> = BTreeMap::new();
    let mut left_out: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (index, operation) in operations.iter().enumerate() {
        let Some(methods) = methods(operation.method) else {
            let why = "their methods are none that every gateway knows";
            left_out.entry(why).or_default().push(operation.label());
            continue;
        };
        for template in Template::all(&operation.path) {
            let pattern = match Pattern::new(&template) {
                Ok(pattern) => pattern,
                Err(why) => {
                    left_out.entry(why).or_default().push(operation.label());
                    continue;
                }
            };
            let draft = drafts.entry((pattern.clone(), operation.method));
            let draft = draft.or_insert_with(|| Draft {
                rule: Rule {
                    methods: methods.clone(),
                    pattern,
                    label: operation.label(),
                },
                operations: Vec::new(),
                any: operation.method == Method::Any,
            });
            if !draft.operations.contains(&index) {
                draft.operations.push(index);
            }
        }
    }
    for (why, labels) in left_out {
        notes.push(format!("left out, because {why}: {}", some(&labels)));
    }
    drafts.into_values().collect()
}

/// The first few names, and how many others there are.
pub(crate) fn some(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = names
        .iter()
        .take(SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn methods(method: Method) -> Option<Vec<&'static str>> {
    match method {
        Method::Any => Some(OF_ANY.to_vec()),
        method => METHODS
            .iter()
            .find(|name| **name == method.name())
            .map(|name| vec![*name]),
    }
}

/// Gives HEAD to the rules of GET, or refuses it there.
fn head(drafts: &mut Vec<Draft>, notes: &mut Vec<String>) {
    let is = |draft: &Draft, name: &str| draft.rule.methods == [name];
    let others: Vec<Pattern> = drafts
        .iter()
        .filter(|draft| draft.any || is(draft, "HEAD"))
        .map(|draft| draft.rule.pattern.clone())
        .collect();
    let own: BTreeSet<Pattern> = drafts
        .iter()
        .filter(|draft| is(draft, "HEAD"))
        .map(|draft| draft.rule.pattern.clone())
        .collect();
    let gets: BTreeSet<Pattern> = drafts
        .iter()
        .filter(|draft| is(draft, "GET"))
        .map(|draft| draft.rule.pattern.clone())
        .collect();
    // Of several segments at an unknown place the analysis does not say more, either.
    // Nor whether a slash at the end is an empty segment, which a parameter could take.
    let near = |one: &Pattern, other: &Pattern| {
        one.may_share(other)
            || one.shape().may_share(&other.shape())
            || other.has_many()
            || one.has_many()
    };
    let is_doubtful = |get: &&Pattern| others.iter().any(|other| near(get, other));
    let (mut last, mut clear): (Vec<&Pattern>, Vec<&Pattern>) = gets.iter().partition(is_doubtful);
    // A HEAD that one of these may take is as doubtful on every other GET of the same path.
    let mut doubt = BTreeSet::new();
    while !last.is_empty() {
        let beside = |get: &&Pattern| last.iter().any(|other| near(get, other));
        let (more, rest): (Vec<_>, Vec<_>) = clear.into_iter().partition(beside);
        doubt.extend(std::mem::replace(&mut last, more));
        clear = rest;
    }
    let mut refused = Vec::new();
    for draft in drafts.iter_mut().filter(|draft| is(draft, "GET")) {
        let rule = &mut draft.rule;
        if !doubt.contains(&rule.pattern) {
            rule.methods = vec!["GET", "HEAD"];
            continue;
        }
        // A rest that may be empty is also the path in front of it.
        let bare = rule.pattern.without_rest();
        let beside = bare.into_iter().chain(rule.pattern.with_slash_after_rest());
        let beside = beside.filter(|other| !gets.contains(other));
        let patterns = std::iter::once(rule.pattern.clone()).chain(beside);
        refused.extend(
            patterns
                .filter(|pattern| !own.contains(pattern))
                .map(|pattern| Draft {
                    rule: Rule {
                        methods: vec!["HEAD"],
                        pattern,
                        label: rule.label.clone(),
                    },
                    operations: Vec::new(),
                    any: false,
                }),
        );
    }
    if !refused.is_empty() {
        let labels: Vec<String> = refused
            .iter()
            .map(|draft| draft.rule.label.clone())
            .collect();
        notes.push(format!(
            "HEAD is refused where another operation of the catalogue may serve it as well: {}",
            some(&labels)
        ));
    }
    drafts.append(&mut refused);
}

/// Gives the HEAD of operations of any method a rule of its own: more is asked for it.
fn head_of_any(drafts: &mut Vec<Draft>) {
    let mut heads = Vec::new();
    for draft in drafts.iter_mut().filter(|draft| draft.any) {
        draft.rule.methods.retain(|method| *method != "HEAD");
        heads.push(Draft {
            rule: Rule {
                methods: vec!["HEAD"],
                ..draft.rule.clone()
            },
            operations: draft.operations.clone(),
            any: true,
        });
    }
    drafts.append(&mut heads);
}

/// Refuses a rest with a slash at its end, where no operation has it: some servers take the empty
/// segment for a part of the rest, and a wider rule must not let it through.
fn slash_after_rests(drafts: &mut Vec<Draft>) {
    let known: BTreeSet<(Pattern, &'static str)> = drafts
        .iter()
        .flat_map(|draft| {
            let methods = draft.rule.methods.iter();
            methods.map(|method| (draft.rule.pattern.clone(), *method))
        })
        .collect();
    let mut refused: BTreeMap<Pattern, Draft> = BTreeMap::new();
    for draft in drafts.iter() {
        for pattern in draft.rule.pattern.with_slash_after_rest() {
            let mut methods = draft.rule.methods.clone();
            methods.retain(|method| !known.contains(&(pattern.clone(), *method)));
            let own = refused.entry(pattern.clone()).or_insert_with(|| Draft {
                rule: Rule {
                    methods: Vec::new(),
                    pattern,
                    label: draft.rule.label.clone(),
                },
                operations: Vec::new(),
                any: false,
            });
            own.rule.methods.extend(methods);
            own.rule.methods.sort_unstable();
            own.rule.methods.dedup();
        }
    }
    refused.retain(|_, draft| !draft.rule.methods.is_empty());
    drafts.extend(refused.into_values());
}

/// For each rule, the operations that a request of it may be, all of which a client has to be permitted.
fn together(drafts: &[Draft]) -> Vec<BTreeSet<usize>> {
    let folded: Vec<Pattern> = drafts
        .iter()
        .map(|draft| draft.rule.pattern.folded())
        .collect();
    let shapes: Vec<Pattern> = folded.iter().map(Pattern::shape).collect();
    let unclear = |a: usize, b: usize| {
        let (one, other) = (&drafts[a].rule, &drafts[b].rule);
        let has = |rule: &Rule, name: &str| rule.methods.contains(&name);
        let shared = one.methods.iter().any(|own| has(other, own));
        let head = one.methods == ["HEAD"] && (has(other, "GET") || has(other, "HEAD"));
        // Where a HEAD may be answered by a GET, both are needed, except where the two paths show
        // which of them is meant: words and single parameters alone.
        let plain = one.pattern.is_plain() && other.pattern.is_plain();
        if head && !plain && shapes[a].may_share(&shapes[b]) {
            return true;
        }
        if !shared {
            return false;
        }
        // Of two methods of one path the own one is meant.
        let twins = shapes[a] == shapes[b] && one.pattern != other.pattern;
        // Of several segments at an unknown place it is not clear what a slash at the end belongs to.
        let many = one.pattern.has_many() || other.pattern.has_many();
        twins
            || folded[a].is_unclear_beside(&folded[b]) && folded[a].may_share(&folded[b])
            || many && shapes[a].may_share(&shapes[b])
    };
    let operations = |at: usize| {
        let others = (0..drafts.len()).filter(|other| unclear(at, *other));
        let all = others
            .chain([at])
            .flat_map(|other| &drafts[other].operations);
        all.copied().collect()
    };
    (0..drafts.len()).map(operations).collect()
}

/// Pairs of a client and an operation that no rule lets through.
fn lost(
    drafts: &[Draft],
    rights: &BTreeMap<String, Rights>,
    clients: &BTreeMap<String, BTreeSet<usize>>,
) -> usize {
    let mut lost = 0;
    for (name, rights) in rights {
        let rules = clients.get(name).into_iter().flatten();
        let reached: BTreeSet<usize> = rules
            .flat_map(|rule| drafts[*rule].operations.clone())
            .collect();
        lost += rights
            .wanted
            .intersection(&rights.permitted)
            .filter(|op| !reached.contains(op))
            .count();
    }
    lost
}
