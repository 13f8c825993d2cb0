//! `explain --json`: the client's part of the report, and for each term its guards, what a
//! removal would make answer 403, and requirements; the days, and the windows.

use std::collections::BTreeMap;

use serde::Serialize;

use super::guards::guards;
use super::term::{in_short, lost};
use crate::analysis::ClientAnalysis;
use crate::analysis::minimum::Universe;
use crate::model::{Clause, Day, Window};
use crate::report::View;
use crate::report::explain_strip::day_marks;
use crate::report::model::{Client, OperationName, TermEntry};
use crate::usage::{Coverage, Holding};

/// One client, explained.
#[derive(Serialize)]
pub(crate) struct ExplainedClient<'a> {
    #[serde(flatten)]
    client: Client<'a, ExplainedTerm<'a>>,
    days: Option<Days<'a>>,
    windows: serde_json::Value,
}

#[derive(Serialize)]
struct ExplainedTerm<'a> {
    #[serde(flatten)]
    term: TermEntry<'a>,
    guards: Vec<GuardState>,
    would_deny: Option<Vec<OperationName<'a>>>,
    serves: Vec<ServedOperation<'a>>,
    in_short: Option<String>,
}

#[derive(Serialize)]
struct GuardState {
    guard: String,
    title: &'static str,
    state: &'static str,
    text: String,
}

#[derive(Serialize)]
struct ServedOperation<'a> {
    operation: Option<OperationName<'a>>,
    any_of: Option<&'a [Clause]>,
}

/// One character a day.
#[derive(Serialize)]
struct Days<'a> {
    from: Day,
    to: Day,
    marks: Marks,
    terms: BTreeMap<&'a str, String>,
}

#[derive(Serialize)]
struct Marks {
    #[serde(rename = "#")]
    used: &'static str,
    #[serde(rename = "+")]
    attempted: &'static str,
    #[serde(rename = "x")]
    refused: &'static str,
    #[serde(rename = ".")]
    unused: &'static str,
    #[serde(rename = "?")]
    unknown: &'static str,
}

/// Every fact about the client as data; `windows` are the figures of its windows.
pub(crate) fn explained<'a>(
    view: &'a View<'a>,
    universe: &Universe,
    client: &'a ClientAnalysis,
    holdings: &[Holding<'a>],
    windows: serde_json::Value,
) -> ExplainedClient<'a> {
    let covered = client.covered(view.coverage);
    let name = |number: &usize| view.catalog.operations.get(*number).map(OperationName);
    let mut terms = Vec::new();
    for term in &client.terms {
        for entry in TermEntry::ways(view, &covered, term) {
            let guards = guards(view, client, term);
            let lost = lost(universe, client, term);
            let any_of = |number: &usize| {
                let operation = view.catalog.operations.get(*number);
                operation.map(|operation| operation.requirement.clauses())
            };
            terms.push(ExplainedTerm {
                term: entry,
                in_short: in_short(view, client, term, &guards, lost.as_ref()),
                would_deny: lost.map(|all| all.iter().filter_map(name).collect()),
                serves: term
                    .serves
                    .iter()
                    .map(|number| ServedOperation {
                        operation: name(number),
                        any_of: any_of(number),
                    })
                    .collect(),
                guards: guards
                    .into_iter()
                    .map(|guard| GuardState {
                        guard: guard.name(),
                        title: guard.title,
                        state: guard.state.name(),
                        text: guard.text,
                    })
                    .collect(),
            });
        }
    }
    ExplainedClient {
        client: Client::with_terms(view, client, terms),
        days: days(view, client, holdings),
        windows,
    }
}

/// The days of each term that a request can show; `None` without data.
fn days<'a>(
    view: &View<'_>,
    client: &ClientAnalysis,
    holdings: &[Holding<'a>],
) -> Option<Days<'a>> {
    view.coverage.span()?;
    let Window { from, to } = view.analysis.window;
    let coverage = Coverage {
        days: client.covered(view.coverage).into_owned(),
        gaps: Vec::new(),
    };
    // For what no request can show, a day without use means nothing.
    let observable = holdings.iter().filter(|holding| holding.observable);
    let terms = observable.map(|holding| {
        let marks = day_marks(holding, &coverage, view.analysis.window);
        (holding.term, marks)
    });
    Some(Days {
        from,
        to,
        marks: Marks {
            used: "used",
            attempted: "attempted",
            refused: "refused only",
            unused: "no use",
            unknown: "no records",
        },
        terms: terms.collect(),
    })
}
