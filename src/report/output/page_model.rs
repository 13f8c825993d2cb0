//! What the page shows of a report: the first rows of each list, and how many there are.
//!
//! In: a sealed page. Out: data for the templates, borrowed.
//!
//! Invariant: its size does not grow with the number of clients, grants or findings
//! beyond the caps, and every list that is cut says how long it is.

use serde::Serialize;

use crate::report::monthly::{
    Advice, Change, Changes, ClientPage, Conclusion, DayCell, Evidence, ExceptionRow, FileRow,
    FindingGroup, FindingRow, Head, Human, InputRow, Link, Month, NotEvaluable, Outcome, Page,
    Point, RoleRow, SuspendPage, TermPage, Tile, WarningRow, only_findings,
};

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

/// The first of a list, and how many it has.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Cut<T> {
    pub(super) rows: Vec<T>,
    pub(super) all: usize,
}

impl<T> Cut<T> {
    pub(super) fn of(items: impl IntoIterator<Item = T>, most: usize) -> Self {
        let mut items = items.into_iter();
        let rows: Vec<T> = items.by_ref().take(most).collect();
        let all = rows.len() + items.count();
        Self { rows, all }
    }
}

/// A recommendation of annex A.
#[derive(Serialize)]
struct Recommended<'a> {
    client: &'a str,
    term: &'a TermPage,
}

/// A client without a sign of life.
#[derive(Serialize)]
struct Silent<'a> {
    id: &'a str,
    owner: Option<&'a str>,
    before: f64,
    suspend: &'a SuspendPage,
}

/// A client in one line.
#[derive(Serialize)]
struct Other<'a> {
    id: &'a str,
    status: &'a str,
    scopes: usize,
    going: usize,
    before: f64,
    after_all: f64,
}

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

#[derive(Serialize)]
struct Moved<'a> {
    name: &'static str,
    list: Cut<&'a Change>,
}

#[derive(Serialize)]
struct Since<'a> {
    with: Month,
    counts: Vec<(&'static str, usize)>,
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
    members: Cut<&'a str>,
    terms: Cut<&'a (String, usize)>,
}

#[derive(Serialize)]
struct Basis<'a> {
    inputs: Cut<&'a InputRow>,
    grants: &'a [FileRow],
    catalogues: &'a [FileRow],
    configuration: Option<&'a FileRow>,
    command: &'a str,
    version: &'a str,
    previous: Option<&'a Link>,
    notes: Cut<&'a str>,
    warnings: Cut<&'a WarningRow>,
    only_in_log: Cut<&'a (String, u64)>,
    never_seen: Cut<&'a str>,
}

/// Everything but the charts and the sections of the clients.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    head: &'a Head,
    incomplete: Cut<&'a str>,
    verdict: &'a Conclusion,
    tiles: &'a [Tile],
    points: &'a [Point],
    days: &'a [DayCell],
    advice: Cut<&'a Advice>,
    silent: Cut<Silent<'a>>,
    human: Cut<&'a Human>,
    findings: Vec<Group<'a>>,
    not_evaluable: Vec<&'a NotEvaluable>,
    partly: Vec<&'a NotEvaluable>,
    partly_rules: usize,
    changes: Option<Since<'a>>,
    outcomes: Became<'a>,
    exceptions: Cut<&'a ExceptionRow>,
    recommended: Cut<Recommended<'a>>,
    each: Cut<Found<'a>>,
    others: Cut<Other<'a>>,
    roles: Cut<Bundle<'a>>,
    evidence: Basis<'a>,
    proof: Option<&'a str>,
}

/// The page without the first `sections` clients, which have a section of their own.
pub(super) fn shown(page: &Page, sections: usize) -> Shown<'_> {
    let terms = page.clients.iter().flat_map(|client| {
        let open = client.terms.iter().filter(|term| term.id.is_some());
        open.map(|term| Recommended {
            client: &client.id,
            term,
        })
    });
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
        tiles: &page.tiles,
        points: &page.points,
        days: &page.days,
        advice: Cut::of(&page.advice, ADVICE),
        silent: Cut::of(page.clients.iter().filter_map(silent), ADVICE),
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
        recommended: Cut::of(terms, ROWS),
        each: Cut::of(each, ROWS),
        others: Cut::of(page.clients.iter().skip(sections).map(other), OTHERS),
        roles: Cut::of(page.roles.iter().map(role), ROWS),
        evidence: basis(&page.evidence),
        proof: page.proof.as_deref(),
    }
}

fn silent(client: &ClientPage) -> Option<Silent<'_>> {
    Some(Silent {
        id: &client.id,
        owner: client.owner.as_deref(),
        before: client.before,
        suspend: client.suspend.as_ref()?,
    })
}

fn other(client: &ClientPage) -> Other<'_> {
    Other {
        id: &client.id,
        status: client.status,
        scopes: client.terms.len(),
        going: client.going(),
        before: client.before,
        after_all: client.after_all,
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
    Since {
        with: own.with,
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
        members: Cut::of(own.members.iter().map(String::as_str), 12),
        terms: Cut::of(&own.terms, 30),
    }
}

fn basis(own: &Evidence) -> Basis<'_> {
    Basis {
        inputs: Cut::of(&own.inputs, INPUTS),
        grants: &own.grants,
        catalogues: &own.catalogues,
        configuration: own.configuration.as_ref(),
        command: &own.command,
        version: &own.version,
        previous: own.previous.as_ref(),
        notes: Cut::of(own.notes.iter().map(String::as_str), 20),
        warnings: Cut::of(&own.warnings, 50),
        only_in_log: Cut::of(&own.only_in_log, 20),
        never_seen: Cut::of(own.never_seen.iter().map(String::as_str), 20),
    }
}
