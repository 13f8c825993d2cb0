//! The page of one item: its facts, its days and its diff.
//!
//! In: a review and the size of the screen. Out: a page as the screen draws it.
//!
//! Invariant: every line was escaped, and none is wider than its column.

use std::collections::{BTreeMap, BTreeSet};

use super::items::Item;
use super::session::{Mode, Session};
use super::{Review, evidence};
use crate::analysis::{ClientAnalysis, TermAnalysis, serving};
use crate::model::Verdict;
use crate::model::words::plural;
use crate::report::explain_strip::strip;
use crate::report::plan::{Holder, PlannedEdit};
use crate::report::review::Choice;
use crate::report::review::screen::{Body, HELP, Page, Prompt, columns};
use crate::report::{escape, explain, shown_diff};
use crate::usage::{Coverage, Holding};

/// Clients and terms of one item whose facts are shown.
const SHOWN: usize = 6;

/// What was made for an item and a width, kept until another one is shown.
pub(super) struct Shown {
    at: usize,
    width: usize,
    body: Body,
}

impl Review<'_> {
    /// The page for a screen of this size.
    pub(crate) fn page(&mut self, width: usize, height: usize) -> Page {
        let at = self.session.cursor;
        let fits = |shown: &Shown| shown.at == at && shown.width == width;
        if !self.shown.as_ref().is_some_and(fits) {
            let body = match self.session.item() {
                Some(item) => self.body(item, width),
                None => Body::default(),
            };
            self.shown = Some(Shown { at, width, body });
        }
        let body = self.shown.as_ref().map(|shown| shown.body.clone());
        let mut page = Page {
            body: body.unwrap_or_default(),
            ..head(&self.session)
        };
        if self.session.mode == Mode::Help {
            page.body = Body::of(HELP.lines().map(str::to_owned).collect());
        }
        // The screen is scrolled no further than to its last line.
        self.session.page = Page::room(height).saturating_sub(1).max(1);
        let most = page.lines(width).saturating_sub(Page::room(height));
        self.session.scroll = self.session.scroll.min(most);
        page.scroll = self.session.scroll;
        page
    }

    fn body(&self, item: &Item, width: usize) -> Body {
        let (main, side) = columns(width);
        let edits = item.edits.iter().filter_map(|n| self.plan.edits.get(*n));
        let edits: Vec<&PlannedEdit> = edits.collect();
        let (mut brief, mut facts) = (Vec::new(), Vec::new());
        for edit in &edits {
            brief.push(escape::cut(&self.place(edit), main));
        }
        if edits.len() > 1 {
            brief.push("decided together".to_owned());
        }
        let mut seen = BTreeSet::new();
        let taken = edits
            .iter()
            .flat_map(|edit| evidence::taken(self.run, edit));
        let taken: Vec<_> = taken
            .filter(|(client, term)| seen.insert((&client.id, &term.term)))
            .collect();
        for one in taken.iter().take(SHOWN) {
            let text = evidence::facts(self.run, *one, true, main);
            let why = text.lines().take_while(|line| !is_held(line));
            brief.push(String::new());
            if taken.len() > 1 {
                brief.push(escape::cut(&format!("{}:", one.0.id), main));
                let named = format!("{}, {}:", one.0.id, one.1.term);
                facts.push(escape::cut(&named, main));
            }
            // What it is and why, up to the first of the other facts.
            brief.extend(why.map(str::to_owned));
            let others = text.lines().skip_while(|line| !is_held(line));
            facts.extend(others.map(str::to_owned));
        }
        if taken.len() > SHOWN {
            let left = taken.len() - SHOWN;
            let more = format!("and {left} more: `scopetrim explain CLIENT SCOPE` shows each");
            brief.push(escape::cut(&more, main));
        }
        let mut drawn = self.days(&taken, side.unwrap_or(main));
        if !drawn.is_empty() {
            drawn.push(String::new());
        }
        drawn.extend(self.diff(item, side.unwrap_or(main)));
        Body {
            brief,
            drawn,
            facts,
        }
    }

    /// `grants.yaml:12  billing  - orders:write`.
    fn place(&self, edit: &PlannedEdit) -> String {
        let path = self
            .plan
            .files
            .get(edit.file)
            .map(|file| file.path.as_str());
        let holder = match &edit.of {
            Holder::Client(client) => client.clone(),
            Holder::Role(role) => {
                let clients: Vec<&str> = edit.clients.iter().map(String::as_str).collect();
                format!("role {role} ({})", clients.join(", "))
            }
        };
        let role = match &edit.gives {
            crate::report::plan::Given::Role(_) => "role ",
            crate::report::plan::Given::Term(_) => "",
        };
        let mut text = format!(
            "{}:{}  {holder}  - {role}{}",
            path.unwrap_or_default(),
            edit.line,
            edit.gives.name()
        );
        if !edit.replace_with.is_empty() {
            text = format!("{text}  + {}", edit.replace_with.join(", "));
        }
        text
    }

    /// The day strip, as `explain` draws it.
    fn days(&self, taken: &[(&ClientAnalysis, &TermAnalysis)], width: usize) -> Vec<String> {
        let run = self.run;
        let routes = run.routes.matcher.routes();
        let mut holdings = Vec::new();
        for (client, term) in taken.iter().take(SHOWN) {
            let usage = run.usage.get(&client.id);
            let mut served = usage.map_or_else(BTreeMap::new, |usage| {
                serving(&run.universe, routes, &client.granted, usage)
            });
            holdings.push(Holding {
                client: client.id.as_str(),
                term: term.term.as_str(),
                observable: term.verdict != Verdict::Unobservable,
                usage,
                routes: served.remove(&term.term).unwrap_or_default(),
            });
        }
        let Some((client, _)) = taken.first() else {
            return Vec::new();
        };
        // A day without the client's source is not a day without use.
        let coverage = Coverage {
            days: client.covered(&run.read.coverage).into_owned(),
            gaps: Vec::new(),
        };
        let mut out = Vec::new();
        // Writing to memory cannot fail.
        let _ = strip(
            &holdings,
            &coverage,
            run.analysis.window,
            self.order.letters,
            width,
            &mut out,
        );
        lines(&String::from_utf8_lossy(&out), width)
    }

    /// The diff of this item alone.
    fn diff(&self, item: &Item, width: usize) -> Vec<String> {
        let edits = item.edits.iter().copied().collect();
        match self.patch(&edits) {
            Ok(patch) => {
                let text: String = patch.files.iter().map(|file| file.diff.as_str()).collect();
                lines(&shown_diff::for_terminal(&text), width)
            }
            Err(error) => vec![escape::cut(&format!("no diff: {error}"), width)],
        }
    }
}

/// Whether the reasons end here.
fn is_held(line: &str) -> bool {
    line.strip_prefix("  ")
        .is_some_and(|line| line.starts_with(explain::HELD))
}

/// Lines for a screen: tabs as spaces, and what is too wide marked.
fn lines(text: &str, width: usize) -> Vec<String> {
    let plain = |line: &str| {
        let line = line.trim_end_matches('\r').replace('\t', "    ");
        escape::cut(&line, width)
    };
    text.lines().map(plain).collect()
}

/// What stands above and below the facts.
fn head(session: &Session) -> Page {
    let visible = session.visible();
    let place = visible.iter().position(|at| *at == session.cursor);
    let what = session.item().map(|item| {
        let mut names = item.names.iter();
        let first = names.next().map(|(holder, given)| {
            let holder = match holder {
                Holder::Client(name) => name.clone(),
                Holder::Role(name) => format!("role {name}"),
            };
            format!("{holder}  {}", given.name())
        });
        let more = names.count();
        let and = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        first.unwrap_or_default() + and.as_str()
    });
    let counts = session.counts();
    let parts = [
        (counts.accepted, "accepted"),
        (counts.deferred, "deferred"),
        (counts.rejected, "rejected"),
        (counts.skipped, "skipped"),
        (counts.unseen, "open"),
    ];
    let parts = parts.map(|(count, name)| format!("{count} {name}"));
    let filter = session
        .filter
        .map_or_else(String::new, |level| format!("   only {}", level.name()));
    let decision = session
        .decisions
        .get(session.cursor)
        .and_then(Option::as_ref);
    let earlier = session.earlier.get(session.cursor).and_then(Option::as_ref);
    let state = match (&session.notice, decision, earlier) {
        (Some(notice), ..) => notice.clone(),
        (None, Some(decision), _) => decision.sentence(),
        (None, None, Some(earlier)) => {
            format!("before, on other evidence: {}", earlier.sentence())
        }
        (None, None, None) => String::new(),
    };
    let prompt = match &session.mode {
        Mode::Reason { choice, text } => Some(Prompt {
            label: if *choice == Choice::Defer {
                "Defer, because: "
            } else {
                "Reject, because: "
            },
            text: text.clone(),
        }),
        Mode::Until { text, .. } => Some(Prompt {
            label: "Until (date, or 90d): ",
            text: text.clone(),
        }),
        Mode::Browse | Mode::Help => None,
    };
    Page {
        count: place.map_or_else(
            || plural(0, "removal"),
            |place| format!("{} of {}", place + 1, visible.len()),
        ),
        what: what.unwrap_or_default(),
        level: session.item().map(|item| item.level),
        progress: parts.join("  ") + filter.as_str(),
        body: Body::default(),
        scroll: 0,
        state,
        prompt,
    }
}
