//! What `explain --json` adds to the client's part of the report: guards, what a
//! removal would make answer 403, requirements, and the days.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::guards::guards;
use super::term::{in_short, lost};
use crate::analysis::ClientAnalysis;
use crate::analysis::minimum::Universe;
use crate::model::{Operation, Window};
use crate::report::View;
use crate::report::explain_strip::day_marks;
use crate::usage::{Coverage, Holding};

/// Adds the facts to the JSON of the client as the report has it.
pub fn add(
    (view, universe): (&View<'_>, &Universe),
    client: &ClientAnalysis,
    holdings: &[Holding<'_>],
    own: &mut Value,
) {
    let operation = |op: &usize| view.catalog.operations.get(*op).map(Operation::label);
    let mut terms: BTreeMap<&str, Value> = BTreeMap::new();
    for term in &client.terms {
        let guards = guards(view, client, term);
        let lost = lost(universe, client, term);
        let shown: Vec<Value> = guards
            .iter()
            .map(|own| {
                json!({"guard": own.name(), "title": own.title, "state": own.state.name(), "text": own.text})
            })
            .collect();
        let served: Vec<Value> = term
            .serves
            .iter()
            .map(|op| {
                json!({
                    "operation": operation(op),
                    "any_of": view.catalog.operations.get(*op).map(|own| own.requirement.clauses()),
                })
            })
            .collect();
        let refused = lost
            .as_ref()
            .map(|all| all.iter().filter_map(operation).collect::<Vec<_>>());
        terms.insert(
            term.term.as_str(),
            json!({
                "guards": shown,
                "would_deny": refused,
                "serves": served,
                "in_short": in_short(view, client, term, &guards, lost.as_ref()),
            }),
        );
    }
    let listed = own.get_mut("terms").and_then(Value::as_array_mut);
    for item in listed.into_iter().flatten() {
        let facts = item["term"].as_str().and_then(|term| terms.get(term));
        if let (Some(Value::Object(facts)), Some(item)) = (facts.cloned(), item.as_object_mut()) {
            item.extend(facts);
        }
    }
    if let Some(own) = own.as_object_mut() {
        own.insert("days".to_owned(), strips(view, client, holdings));
    }
}

/// One character a day: `#` used, `+` attempted, `x` refused only, `.` no use, `?` no records.
fn strips(view: &View<'_>, client: &ClientAnalysis, holdings: &[Holding<'_>]) -> Value {
    let Window { from, to } = view.analysis.window;
    if view.coverage.span().is_none() {
        return Value::Null;
    }
    let own = Coverage {
        days: client.covered(view.coverage).into_owned(),
        gaps: Vec::new(),
    };
    let terms: BTreeMap<&str, String> = holdings
        .iter()
        // Of what no request can show, a day without use is no fact.
        .filter(|own| own.observable)
        .map(|holding| {
            let marks = day_marks(holding, &own, view.analysis.window);
            (holding.term, marks)
        })
        .collect();
    json!({
        "from": from, "to": to,
        "marks": {"#": "used", "+": "attempted", "x": "refused only", ".": "no use", "?": "no records"},
        "terms": terms,
    })
}
