//! The section of each client on the page.
//!
//! In: the clients of a sealed report, the most weight to free first. Out: the sections
//! as HTML, and how they were chosen.
//!
//! Invariants:
//! * all sections together stay below a size, whatever is in them: first every scope
//!   has its row and its days, then only the scopes with a decision, then the clients
//!   stand in a table without a section;
//! * what is left out is counted, with the command that shows it.

use minijinja::value::Serde;
use minijinja::{Environment, Error, Value, context};
use serde::Serialize;

use super::page_model::Cut;
use crate::model::Verdict;
use crate::report::monthly::{ClientPage, Head, NeededRow, Page, TermPage};

/// Bytes of sections up to which every scope has a row.
const WHOLE: usize = 600_000;
/// Bytes of all sections.
const ALL: usize = 1_500_000;
/// Bytes that the day strips of the sections may take.
const STRIPS: usize = 400_000;
/// Rows of scopes in one section.
const TERMS: usize = 60;
/// Kept scopes that a folded section names.
const KEPT: usize = 12;

/// The sections, and how many clients have which kind.
#[derive(Default, Serialize)]
pub(super) struct Sections {
    /// As HTML.
    pub(super) texts: Vec<String>,
    /// Clients with a row for every scope; the others have rows for decisions only.
    pub(super) whole: usize,
    /// Scopes whose strip was left out for room.
    pub(super) without_strip: usize,
}

impl Sections {
    /// As a value for the page; the texts are HTML already.
    pub(super) fn value(&self) -> Value {
        let texts = self.texts.iter().cloned().map(Value::from_safe_string);
        context! {
            texts => texts.collect::<Vec<Value>>(),
            whole => self.whole,
            without_strip => self.without_strip,
        }
    }
}

/// A scope's row.
#[derive(Serialize)]
struct Row<'a> {
    term: &'a TermPage,
    /// Commands of the path that draws the days of use; `None` without one.
    path: Option<String>,
    /// There are days, and no room for them.
    left_out: bool,
}

/// What a section shows of a client.
#[derive(Serialize)]
struct Section<'a> {
    client: Named<'a>,
    whole: bool,
    rows: Cut<Row<'a>>,
    /// Kept scopes without a row.
    kept: Cut<&'a str>,
    needed: Cut<&'a NeededRow>,
    closed: Cut<&'a str>,
    demand: Cut<&'a (String, String)>,
    credentials: Cut<&'a str>,
    diff: Cut<&'a str>,
}

/// The client's own facts.
#[derive(Serialize)]
struct Named<'a> {
    id: &'a str,
    owner: Option<&'a str>,
    status: &'a str,
    scopes: usize,
    going: usize,
    before: f64,
    after_all: f64,
    requests: u64,
    month_requests: u64,
    last_seen: Option<crate::model::Day>,
    operations_before: usize,
    operations_after: usize,
    minimal: Cut<&'a str>,
    minimal_proven: bool,
    gap: Option<&'a str>,
    unmatched: u64,
}

/// Renders the sections until there is no room.
pub(super) fn sections(environment: &Environment<'_>, page: &Page) -> Result<Sections, Error> {
    let template = environment.get_template("client.html")?;
    let mut sections = Sections::default();
    let (mut used, mut strips) = (0, STRIPS);
    for client in &page.clients {
        let whole = used < WHOLE;
        let mut room = strips;
        let own = section(client, whole, &mut room);
        let left_out = own.rows.rows.iter().filter(|row| row.left_out).count();
        let text = template.render(context! {
            s => Value::from(Serde(&own)),
            head => Value::from(Serde(Window::of(&page.head))),
        })?;
        if used + text.len() > ALL {
            break;
        }
        used += text.len();
        strips = room;
        sections.whole += usize::from(whole);
        sections.without_strip += left_out;
        sections.texts.push(text);
    }
    Ok(sections)
}

/// What a section needs of the head.
#[derive(Serialize)]
struct Window {
    days: u32,
    level: &'static str,
}

impl Window {
    fn of(head: &Head) -> Self {
        Self {
            days: head.window_days,
            level: head.level.name(),
        }
    }
}

fn section<'a>(client: &'a ClientPage, whole: bool, room: &mut usize) -> Section<'a> {
    let decided = |term: &&TermPage| term.verdict != Verdict::Keep.name();
    let kept = client.terms.iter().filter(|term| !decided(term));
    let kept = kept
        .map(|term| term.term.as_str())
        .take(usize::MAX * usize::from(!whole));
    let rows = client.terms.iter().filter(|term| whole || decided(term));
    let rows = rows.enumerate().map(|(at, term)| {
        let path = (at < TERMS && !term.strip.is_empty()).then(|| path(&term.strip));
        let fits = path.as_ref().is_some_and(|path| path.len() <= *room);
        let left_out = path.is_some() && !fits;
        let path = path.filter(|_| fits);
        *room -= path.as_ref().map_or(0, String::len);
        Row {
            term,
            path,
            left_out,
        }
    });
    let few = |all: usize, fewer: usize| if whole { all } else { fewer };
    Section {
        whole,
        rows: Cut::of(rows, TERMS),
        kept: Cut::of(kept, KEPT),
        needed: Cut::of(&client.needed, few(20, 5)),
        closed: Cut::of(client.closed.iter().map(String::as_str), few(8, 3)),
        demand: Cut::of(&client.demand, few(12, 6)),
        credentials: Cut::of(client.credentials.iter().map(String::as_str), few(6, 3)),
        diff: Cut::of(client.diff.iter().map(String::as_str), few(24, 12)),
        client: Named {
            id: &client.id,
            owner: client.owner.as_deref(),
            status: client.status,
            scopes: client.terms.len(),
            going: client.going(),
            before: client.before,
            after_all: client.after_all,
            requests: client.requests,
            month_requests: client.month_requests,
            last_seen: client.last_seen,
            operations_before: client.operations_before,
            operations_after: client.operations_after,
            minimal: Cut::of(client.minimal.iter().map(String::as_str), KEPT),
            minimal_proven: client.minimal_proven,
            gap: client.gap.as_deref(),
            unmatched: client.unmatched,
        },
    }
}

/// Runs of days as strokes along a line: `M12 0h3`.
fn path(runs: &[(u32, u32)]) -> String {
    use std::fmt::Write as _;

    let mut path = String::new();
    for (from, length) in runs {
        // Writing to a string cannot fail.
        let _ = write!(path, "M{from} 0h{length}");
    }
    path
}
