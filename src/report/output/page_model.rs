//! What the page shows of a report: the first rows of each list, and how many there are.
//!
//! In: a sealed page. Out: data for the templates, borrowed.
//!
//! Invariant: its size does not grow with the number of clients, grants or findings
//! beyond the caps, and every list that is cut says how long it is.

use std::collections::BTreeMap;

use serde::Serialize;

use super::page_inputs::Inputs;
use crate::model::ClientName;
use crate::report::model::{NotEvaluable, TermView, Warning};
use crate::report::monthly::{
    Advice, Balance, Change, Changes, ClientView, Conclusion, DayCell, Evidence, ExceptionRow,
    FileRow, FindingGroup, FindingRow, Head, Human, Link, Month, Outcome, Page, Point, RoleRow,
    Tile, only_findings,
};
use crate::report::page::Cut;
use crate::report::roles::Look;

/// Rows of "do this now".
const ADVICE: usize = 12;
/// Rows of "needs a human" in front of the annex.
const HUMAN: usize = 8;
/// Rows of an annex table.
const ROWS: usize = 1_000;
/// Clients of the table of those without a section.
const OTHERS: usize = 5_000;
/// Log inputs.
const INPUTS: usize = 400;

/// The findings of a rule: how many, and the worst.
#[derive(Serialize)]
struct Group<'a> {
    rule: &'a str,
    title: Option<&'a str>,
    severity: &'a str,
    controls: &'a [String],
    last: Option<u64>,
    count: usize,
    worst: Option<&'a FindingRow>,
}

/// A finding of annex E.
#[derive(Serialize)]
struct Found<'a> {
    rule: &'a str,
    row: &'a FindingRow,
}

/// Scopes of one client about which the same is said.
#[derive(Serialize)]
struct Alike<'a> {
    /// The first of them, which says it for all.
    term: TermView<'a>,
    scopes: Vec<One<'a>>,
}

/// One of these scopes.
#[derive(Serialize)]
struct One<'a> {
    term: &'a str,
    id: Option<String>,
}

/// Every recommendation, those of one client that are alike in one row.
#[derive(Serialize)]
struct Recommended<'a> {
    rows: Vec<Alike<'a>>,
    shown: usize,
    all: usize,
}

/// The commands that come next.
#[derive(Serialize)]
struct Next {
    plan: String,
    dry_run: String,
    apply: String,
    roles: String,
}

#[derive(Serialize)]
struct Moved<'a> {
    name: &'static str,
    list: Cut<&'a Change>,
}

#[derive(Serialize)]
struct Since<'a> {
    with: Month,
    counts: Vec<(&'static str, usize)>,
    /// Items that are open now: recommendations and findings.
    open: usize,
    recommended: usize,
    found: usize,
    moved: [Moved<'a>; 6],
}

#[derive(Serialize)]
struct Became<'a> {
    any: bool,
    /// State, word for it, how many.
    states: Vec<(&'static str, &'static str, usize)>,
    denied: Cut<&'a Outcome>,
    told: Cut<&'a Outcome>,
}

#[derive(Serialize)]
struct Bundle<'a> {
    role: &'a str,
    file: &'a str,
    look: Option<&'a Look>,
    administration: Cut<&'a str>,
    members: Cut<&'a str>,
    terms: Cut<&'a (String, usize)>,
}

#[derive(Serialize)]
struct Basis<'a> {
    inputs: Inputs<'a>,
    grants: &'a [FileRow],
    catalogues: &'a [FileRow],
    configuration: Option<&'a FileRow>,
    command: &'a str,
    previous: Option<&'a Link>,
    notes: Cut<&'a str>,
    warnings: Cut<&'a Warning<'a>>,
    only_in_log: Cut<&'a (String, u64)>,
    never_seen: Cut<&'a ClientName>,
}

/// Everything but the charts and the sections of the clients.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    head: &'a Head,
    incomplete: Cut<&'a str>,
    verdict: &'a Conclusion,
    balance: &'a Balance,
    tiles: &'a [Tile],
    points: &'a [Point],
    days: &'a [DayCell],
    advice: Cut<&'a Advice<'a>>,
    silent: Cut<&'a ClientView<'a>>,
    human: Cut<&'a Human<'a>>,
    findings: Vec<Group<'a>>,
    not_evaluable: Vec<&'a NotEvaluable<'a>>,
    partly: Vec<&'a NotEvaluable<'a>>,
    partly_rules: usize,
    changes: Option<Since<'a>>,
    outcomes: Became<'a>,
    exceptions: Cut<&'a ExceptionRow>,
    recommended: Recommended<'a>,
    commands: Option<Next>,
    each: Cut<Found<'a>>,
    others: Cut<&'a ClientView<'a>>,
    roles: Cut<Bundle<'a>>,
    evidence: Basis<'a>,
    proof: Option<&'a str>,
}

/// The page without the first `sections` clients, which have a section of their own.
pub(super) fn shown<'a>(page: &'a Page<'a>, sections: usize) -> Shown<'a> {
    let clients = page.clients.iter();
    let silent = clients.clone().filter(|own| own.found.suspend.is_some());
    let terms = clients.flat_map(ClientView::terms);
    let recommended = terms.filter(|term| term.found.kind.is_some());
    let each = page.findings.iter().flat_map(|group| {
        group.rows.iter().map(|row| Found {
            rule: &group.rule,
            row,
        })
    });
    Shown {
        head: &page.head,
        incomplete: Cut::of(page.incomplete.iter().map(String::as_str), 5),
        verdict: &page.verdict,
        balance: &page.balance,
        tiles: &page.tiles,
        points: &page.points,
        days: &page.days,
        advice: Cut::of(&page.advice, ADVICE),
        silent: Cut::of(silent, ADVICE),
        human: Cut::of(&page.human, HUMAN),
        findings: page.findings.iter().map(group).collect(),
        not_evaluable: page
            .not_evaluable
            .iter()
            .filter(|own| !own.partly)
            .collect(),
        partly_rules: page.partly_judged().len(),
        partly: page.not_evaluable.iter().filter(|own| own.partly).collect(),
        changes: page.changes.as_ref().map(since),
        outcomes: became(&page.outcomes),
        exceptions: Cut::of(&page.exceptions, ROWS),
        recommended: alike(recommended),
        commands: page.commands.as_ref().map(|own| Next {
            plan: own.plan(),
            dry_run: own.dry_run(),
            apply: own.apply(),
            roles: own.roles(),
        }),
        each: Cut::of(each, ROWS),
        others: Cut::of(page.clients.iter().skip(sections), OTHERS),
        roles: Cut::of(page.roles.iter().map(role), ROWS),
        evidence: basis(&page.evidence),
        proof: page.proof.as_deref(),
    }
}

/// Puts scopes of a client together about which the same is said: a sentence for each of
/// thirty that were never used says no more than one for all.
fn alike<'a>(terms: impl Iterator<Item = TermView<'a>>) -> Recommended<'a> {
    let all = Cut::of(terms, ROWS);
    let mut rows: Vec<Alike<'_>> = Vec::new();
    let mut places: BTreeMap<_, usize> = BTreeMap::new();
    for term in &all.rows {
        let found = term.found;
        let said = (
            term.client.id.as_str(),
            (found.verdict, found.kind, found.level),
            (
                term.evidence(),
                found.sentences(),
                found.replace_with.as_slice(),
            ),
        );
        let place = *places.entry(said).or_insert(rows.len());
        if place == rows.len() {
            rows.push(Alike {
                term: *term,
                scopes: Vec::new(),
            });
        }
        rows[place].scopes.push(One {
            term: term.name(),
            id: term.id(),
        });
    }
    Recommended {
        rows,
        shown: all.rows.len(),
        all: all.all,
    }
}

fn group(own: &FindingGroup) -> Group<'_> {
    Group {
        rule: &own.rule,
        title: own.title.as_deref(),
        severity: &own.severity,
        controls: &own.controls,
        last: own.last,
        count: own.rows.len(),
        worst: own.worst(),
    }
}

fn since(own: &Changes) -> Since<'_> {
    fn moved<'a>(name: &'static str, list: impl IntoIterator<Item = &'a Change>) -> Moved<'a> {
        Moved {
            name,
            list: Cut::of(list, ROWS),
        }
    }
    let open = [&own.new, &own.ignored, &own.came_back];
    let open = || open.into_iter().flatten();
    let found = open().filter(|change| !change.recommendation).count();
    Since {
        with: own.with,
        open: open().count(),
        recommended: open().count() - found,
        found,
        counts: own.counts(),
        moved: [
            moved("New", &own.new),
            moved("Came back", &own.came_back),
            moved("Still open", &own.ignored),
            moved("Resolved", &own.resolved),
            moved("Allowed by the configuration", only_findings(&own.accepted)),
            moved("No longer judged", only_findings(&own.unjudged)),
        ],
    }
}

fn became(all: &[Outcome]) -> Became<'_> {
    let count = |state: &str| all.iter().filter(|own| own.state == state).count();
    Became {
        any: !all.is_empty(),
        states: Outcome::STATES
            .iter()
            .map(|(state, word)| (*state, *word, count(state)))
            .collect(),
        denied: Cut::of(all.iter().filter(|own| own.denials > 0), 10),
        told: Cut::of(all.iter().filter(|own| own.state != "open"), ROWS),
    }
}

fn role(own: &RoleRow) -> Bundle<'_> {
    Bundle {
        role: &own.role,
        file: &own.file,
        look: own.look.as_ref(),
        administration: Cut::of(own.administration.iter().map(String::as_str), 12),
        members: Cut::of(own.members.iter().map(String::as_str), 12),
        terms: Cut::of(&own.terms, 30),
    }
}

fn basis<'a>(own: &'a Evidence<'a>) -> Basis<'a> {
    Basis {
        inputs: Inputs::of(&own.inputs, INPUTS),
        grants: &own.grants,
        catalogues: &own.catalogues,
        configuration: own.configuration.as_ref(),
        command: &own.command,
        previous: own.previous.as_ref(),
        notes: Cut::of(own.notes.iter().map(String::as_str), 20),
        warnings: Cut::of(&own.warnings, 50),
        only_in_log: Cut::of(own.only_in_log, 20),
        never_seen: Cut::of(own.never_seen, 20),
    }
}
