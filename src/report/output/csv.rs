//! Three tables for spreadsheets (RFC 4180, CRLF), safe from formulas.

use super::{OutputFile, RenderError, Renderer};
use crate::model::{Day, Kind, Level};
use crate::report::escape::{csv_field, terminal};
use crate::report::monthly::{Cut, Page, Sealed, questions};

/// The CSV renderer.
pub(super) struct Csv;

impl Renderer for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn purpose(&self) -> &'static str {
        "grants.csv, findings.csv and backtest.csv for spreadsheets"
    }

    fn files(&self, report: &Sealed<'_>) -> Result<Vec<OutputFile>, RenderError> {
        let page = &report.page;
        Ok(vec![
            OutputFile {
                name: "grants.csv",
                text: grants(page),
            },
            OutputFile {
                name: "findings.csv",
                text: findings(page),
            },
            OutputFile {
                name: "backtest.csv",
                text: backtest(&page.cuts),
            },
        ])
    }
}

/// One line in the making.
#[derive(Default)]
struct Line(String);

impl Line {
    fn text(&mut self, text: &str) -> &mut Self {
        self.field(&csv_field(&terminal(text)))
    }

    /// Numbers and dates of our own need no guard, and a minus sign stays a number.
    fn field(&mut self, field: &str) -> &mut Self {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(field);
        self
    }

    fn number(&mut self, number: &impl ToString) -> &mut Self {
        self.field(&number.to_string())
    }

    fn maybe(&mut self, value: Option<impl ToString>) -> &mut Self {
        let text = value.map(|value| value.to_string()).unwrap_or_default();
        self.field(&text)
    }

    fn end(&mut self, out: &mut String) {
        out.push_str(&self.0);
        out.push_str("\r\n");
        self.0.clear();
    }
}

/// Several values in one field.
fn list(values: impl IntoIterator<Item = impl ToString>) -> String {
    let values: Vec<String> = values.into_iter().map(|own| own.to_string()).collect();
    values.join("; ")
}

fn grants(page: &Page<'_>) -> String {
    let mut out = String::from(
        "client,owner,term,roles,places,verdict,kind,level,reasons,held_since,first_used,last_used,days_used,idle_days,requests,chance,upper,replace_with,id\r\n",
    );
    let mut line = Line::default();
    for client in &page.clients {
        for term in client.terms() {
            let found = term.found;
            line.text(client.id())
                .text(client.owner.as_deref().unwrap_or_default())
                .text(term.name())
                .text(&list(term.roles()))
                .text(&list(term.places()))
                .text(found.verdict.name())
                .text(found.kind.map_or("", Kind::name))
                .text(found.level.map_or("", Level::name))
                .text(&list(found.reasons.iter().map(|own| questions::code(*own))))
                .maybe(found.since)
                .maybe(found.rhythm.first.map(Day::of))
                .maybe(found.rhythm.last.map(Day::of))
                .number(&term.days_used())
                .maybe(term.idle_days())
                .number(&term.uses())
                .maybe(term.p())
                .maybe(term.upper())
                .text(&list(&found.replace_with))
                .text(term.id().as_deref().unwrap_or_default())
                .end(&mut out);
        }
    }
    out
}

fn findings(page: &Page<'_>) -> String {
    let mut out = String::from("rule,severity,client,subject,message,controls,place,id\r\n");
    let mut line = Line::default();
    for group in &page.findings {
        for row in &group.rows {
            line.text(&group.rule)
                .text(&row.severity)
                .text(&row.client)
                .text(&row.subject)
                .text(&row.message)
                .text(&list(&group.controls))
                .text(
                    &row.place
                        .as_ref()
                        .map(ToString::to_string)
                        .unwrap_or_default(),
                )
                .text(&row.id)
                .end(&mut out);
        }
    }
    for own in &page.not_evaluable {
        let state = if own.partly {
            "evaluable in part"
        } else {
            "not evaluable"
        };
        line.text(own.rule)
            .text(state)
            .text(&list(own.clients))
            .text("")
            .text(&format!("missing: {}", own.missing))
            .text("")
            .text("")
            .text("")
            .end(&mut out);
    }
    out
}

/// One line for each past month end and level; without a backtest there is only the header.
fn backtest(cuts: &[Cut]) -> String {
    let mut out =
        String::from("as_of,level,censored,removals,wrong_removals,denied_requests,rate\r\n");
    let mut line = Line::default();
    for cut in cuts {
        let tally = &cut.tally;
        line.number(&cut.as_of)
            .text(tally.level.name())
            .number(&cut.censored)
            .number(&tally.removals)
            .number(&tally.wrong)
            .number(&tally.denied_requests)
            .maybe(tally.rate)
            .end(&mut out);
    }
    out
}
