//! `report.html`: one file, no request to anywhere, readable without scripts.
//!
//! Invariants:
//! * every text passes [`escape::terminal`] and the HTML escape of the engine;
//! * the policy in the page allows its own styles and its one script, by hash,
//!   and nothing else;
//! * what is cut says how much is left out, and where the rest is.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, Output, State, Value, context};

use super::{OutputFile, RenderError, Renderer};
use super::{charts, page_model, sections};
use crate::model::words;
use crate::report::escape;
use crate::report::monthly::{Cut, Sealed};

/// Bytes of the diff that are shown.
const DIFF: usize = 100_000;

/// SHA-256 of `page.js`, as the page's policy states it.
pub(super) const SCRIPT_HASH: &str = "sha256-E4rNsIt2uXR5FChfJwGJGWTDm8qxllyXeW/nXzvxs7s=";

const STYLE: &str = include_str!("../html/page.css");
pub(super) const SCRIPT: &str = include_str!("../html/page.js");

/// The templates; one page, in parts that a reader can hold.
const TEMPLATES: [(&str, &str); 7] = [
    ("page.html", include_str!("../html/page.jinja")),
    ("words.html", include_str!("../html/words.jinja")),
    ("charts.html", include_str!("../html/charts.jinja")),
    ("decide.html", include_str!("../html/decide.jinja")),
    ("annex.html", include_str!("../html/annex.jinja")),
    ("clients.html", include_str!("../html/clients.jinja")),
    ("client.html", include_str!("../html/client.jinja")),
];

/// The HTML renderer.
pub(super) struct Html;

impl Renderer for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn purpose(&self) -> &'static str {
        "the page to read, to print and to sign"
    }

    fn files(&self, report: &Sealed<'_>) -> Result<Vec<OutputFile>, RenderError> {
        let page = &report.page;
        let environment = environment()?;
        let (bars, axis) = charts::bars(&page.clients);
        let sections = sections::sections(&environment, page)?;
        let level = page.head.level;
        let cuts = page.cuts.iter().filter(|cut| cut.tally.level == level);
        let cuts: Vec<&Cut> = cuts.collect();
        let text = environment.get_template("page.html")?.render(context! {
            p => serde(page_model::shown(page, sections.texts.len())),
            style => Value::from_safe_string(STYLE.to_owned()),
            script => Value::from_safe_string(SCRIPT.to_owned()),
            script_hash => Value::from_safe_string(SCRIPT_HASH.to_owned()),
            bars => serde(bars),
            axis => axis,
            lines => serde(charts::lines(&page.points, page.head.month)),
            cover => serde(charts::coverage(page)),
            cuts => serde(cuts),
            pooled => serde(page.pooled.iter().find(|pooled| pooled.level == level)),
            sections => sections.value(),
            diff => page.diff.as_deref().map(diff),
        })?;
        Ok(vec![OutputFile {
            name: "report.html",
            text,
        }])
    }
}

fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(format);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.add_filter("share", words::share);
    environment.add_filter("percent", words::percent);
    environment.add_filter("bound", words::percent_up);
    environment.add_filter("bound_count", words::tenths_up);
    environment.add_filter("count", words::grouped);
    environment.add_filter("plural", |value: u64, noun: &str| {
        words::plural_grouped(value, noun)
    });
    environment.add_filter("cut", |text: &str, most: usize| escape::cut(text, most));
    environment.add_filter("level", |level: &str| words::capital(level));
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

fn serde(value: impl serde::Serialize) -> Value {
    Value::from(Serde(value))
}

/// What would move a cursor or reorder text is made visible before HTML's own escape.
fn format(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() => {
            let visible = Value::from(escape::terminal(text).into_owned());
            minijinja::escape_formatter(out, state, &visible)
        }
        _ => minijinja::escape_formatter(out, state, value),
    }
}

/// The diff by lines, each with its kind; a long one is cut at a line.
fn diff(text: &str) -> Value {
    let mut shown = 0;
    let mut lines = Vec::new();
    for line in text.lines() {
        shown += line.len() + 1;
        if shown > DIFF {
            break;
        }
        let kind = match line.as_bytes() {
            [b'#', ..] => "why",
            [b'@', ..] | [b'-', b'-', b'-', ..] | [b'+', b'+', b'+', ..] => "head",
            [b'-', ..] => "less",
            [b'+', ..] => "more",
            _ => "same",
        };
        lines.push(context! { kind => kind, text => line });
    }
    let rest = text.lines().count() - lines.len();
    context! { lines => lines, rest => rest }
}
