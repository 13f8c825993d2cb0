//! The section of each client on the page.
//!
//! In: the clients of a sealed report, the most weight to free first. Out: the sections
//! as HTML, and how they were chosen.
//!
//! Invariants:
//! * all sections together stay below a size, whatever is in them: first every scope
//!   has its row and its days, then only the scopes with a decision, then the clients
//!   are in a table without a section;
//! * what is left out is counted, with the command that shows it.

use std::collections::BTreeMap;

use minijinja::value::Serde;
use minijinja::{Environment, Error, Value, context};
use serde::Serialize;

use crate::model::{Term, Verdict};
use crate::report::model::{NeededOperation, TermView};
use crate::report::monthly::{ClientView, Head, Page};
use crate::report::page::Cut;

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
    /// Where each client with a section is explained.
    pub(super) clients: BTreeMap<String, String>,
    /// Where each recommendation with a row is explained, by its id.
    pub(super) terms: BTreeMap<String, String>,
}

impl Sections {
    /// As a value for the page; the texts are HTML already.
    pub(super) fn value(&self) -> Value {
        let texts = self.texts.iter().cloned().map(Value::from_safe_string);
        context! {
            texts => texts.collect::<Vec<Value>>(),
            whole => self.whole,
            without_strip => self.without_strip,
            clients => places(&self.clients),
            terms => places(&self.terms),
        }
    }
}

/// Names and places as a map of the template engine, which finds a name without a walk.
fn places(all: &BTreeMap<String, String>) -> Value {
    Value::from_pairs(
        all.iter()
            .map(|(name, place)| (name.as_str(), place.as_str())),
    )
}

/// A scope's row.
#[derive(Serialize)]
struct Row<'a> {
    term: TermView<'a>,
    /// Its place on the page, when something is recommended.
    anchor: Option<String>,
    /// Commands of the path that draws the days of use; `None` without one.
    path: Option<String>,
    /// There are days, and no room for them.
    left_out: bool,
}

/// What a section shows of a client.
#[derive(Serialize)]
struct Section<'a> {
    client: &'a ClientView<'a>,
    /// Its place on the page: a number, and nothing that a name could change.
    anchor: String,
    /// The command that shows everything about it.
    command: Option<String>,
    minimal: Cut<&'a Term>,
    whole: bool,
    rows: Cut<Row<'a>>,
    /// Kept scopes without a row.
    kept: Cut<&'a str>,
    needed: Cut<NeededOperation<'a>>,
    closed: Cut<&'a str>,
    demand: Cut<(String, String)>,
    credentials: Cut<&'a str>,
    diff: Cut<&'a str>,
}

/// Renders the sections until there is no room.
pub(super) fn sections(environment: &Environment<'_>, page: &Page<'_>) -> Result<Sections, Error> {
    let template = environment.get_template("client.html")?;
    let mut sections = Sections::default();
    let (mut used, mut strips) = (0, STRIPS);
    for (number, client) in page.clients.iter().enumerate() {
        let whole = used < WHOLE;
        let mut room = strips;
        let mut rendered = section(client, whole, &mut room);
        rendered.anchor(number + 1);
        let commands = page.commands.as_ref();
        rendered.command = commands.map(|own| own.explain(client.id()));
        let left_out = rendered.rows.rows.iter().filter(|row| row.left_out).count();
        let text = template.render(context! {
            s => Value::from(Serde(&rendered)),
            head => Value::from(Serde(Window::of(&page.head))),
        })?;
        if used + text.len() > ALL {
            break;
        }
        used += text.len();
        strips = room;
        sections.whole += usize::from(whole);
        sections.without_strip += left_out;
        let rows = rendered.rows.rows.iter();
        let terms = rows.filter_map(|row| Some((row.term.id()?, row.anchor.clone()?)));
        sections.terms.extend(terms);
        let place = (client.id().to_owned(), rendered.anchor);
        sections.clients.extend([place]);
        sections.texts.push(text);
    }
    Ok(sections)
}

impl Section<'_> {
    /// Numbers the section and the rows that others may point to.
    fn anchor(&mut self, number: usize) {
        self.anchor = format!("c{number}");
        for (at, row) in self.rows.rows.iter_mut().enumerate() {
            let named = row.term.found.kind.is_some();
            row.anchor = named.then(|| format!("c{number}-{}", at + 1));
        }
    }
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

fn section<'a>(client: &'a ClientView<'a>, whole: bool, room: &mut usize) -> Section<'a> {
    let decided = |term: &TermView<'_>| term.found.verdict != Verdict::Keep;
    let kept = client.terms().filter(|term| !decided(term));
    let kept = kept
        .map(|term| term.name())
        .take(usize::MAX * usize::from(!whole));
    let rows = client.terms().filter(|term| whole || decided(term));
    let rows = rows.enumerate().map(|(at, term)| {
        let runs = if at < TERMS { term.runs() } else { Vec::new() };
        let path = (!runs.is_empty()).then(|| path(&runs));
        let fits = path.as_ref().is_some_and(|path| path.len() <= *room);
        let left_out = path.is_some() && !fits;
        let path = path.filter(|_| fits);
        *room -= path.as_ref().map_or(0, String::len);
        Row {
            term,
            anchor: None,
            path,
            left_out,
        }
    });
    let few = |all: usize, fewer: usize| if whole { all } else { fewer };
    Section {
        whole,
        rows: Cut::of(rows, TERMS),
        kept: Cut::of(kept, KEPT),
        needed: Cut::of(client.needed(), few(20, 5)),
        closed: Cut::of(client.closed.iter().map(String::as_str), few(8, 3)),
        demand: Cut::of(client.demand(), few(12, 6)),
        credentials: Cut::of(client.credentials.iter().map(String::as_str), few(6, 3)),
        diff: Cut::of(client.diff.iter().map(String::as_str), few(24, 12)),
        minimal: Cut::of(&client.found.minimal, KEPT),
        anchor: String::new(),
        command: None,
        client,
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
