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

use super::charts;
use super::{OutputFile, RenderError, Renderer};
use crate::report::escape;
use crate::report::monthly::{Page, Sealed, words};

/// Rows of "do this now".
const ADVICE: usize = 12;
/// Rows of "needs a human" in front of the annex.
const HUMAN: usize = 8;
/// Rows of an annex table.
const ROWS: usize = 1_000;
/// Clients with a section of their own.
const SECTIONS: usize = 200;
/// Characters that all day strips may take.
const STRIPS: usize = 600_000;
/// Bytes of the diff that are shown.
const DIFF: usize = 100_000;

/// SHA-256 of `page.js`, as the page's policy states it.
pub(super) const SCRIPT_HASH: &str = "sha256-EFYG8/hICu9K8lJYLzPL1zZCG30SIfk/B3V0Zp3s67w=";

const STYLE: &str = include_str!("../html/page.css");
pub(super) const SCRIPT: &str = include_str!("../html/page.js");

/// The templates; one page, in parts that a reader can hold.
const TEMPLATES: [(&str, &str); 6] = [
    ("page.html", include_str!("../html/page.jinja")),
    ("words.html", include_str!("../html/words.jinja")),
    ("charts.html", include_str!("../html/charts.jinja")),
    ("decide.html", include_str!("../html/decide.jinja")),
    ("annex.html", include_str!("../html/annex.jinja")),
    ("clients.html", include_str!("../html/clients.jinja")),
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

    fn files(&self, report: &Sealed) -> Result<Vec<OutputFile>, RenderError> {
        let page = &report.page;
        let environment = environment()?;
        let (bars, axis) = charts::bars(&page.clients);
        let text = environment.get_template("page.html")?.render(context! {
            p => serde(page),
            style => Value::from_safe_string(STYLE.to_owned()),
            script => Value::from_safe_string(SCRIPT.to_owned()),
            script_hash => Value::from_safe_string(SCRIPT_HASH.to_owned()),
            bars => serde(bars),
            axis => axis,
            lines => serde(charts::lines(&page.points, page.head.month)),
            cover => serde(charts::coverage(page)),
            cuts => serde(charts::cuts(&page.backtest, Some(page.head.level.name()))),
            pooled => serde(charts::pooled(&page.backtest, page.head.level.name())),
            strips => serde(strips(page)),
            diff => page.diff.as_deref().map(diff),
            max => context! { advice => ADVICE, human => HUMAN, rows => ROWS, sections => SECTIONS },
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
    environment.add_filter("count", words::count);
    environment.add_filter("plural", |value: u64, noun: &str| {
        words::plural(value, noun)
    });
    environment.add_filter("cut", |text: &str, most: usize| escape::cut(text, most));
    environment.add_filter("level", |level: &str| capital(level));
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

/// `safe` becomes `Safe`.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// The day strip of each term of the clients with a section, as the commands of an
/// SVG path; `None` when all strips together would be too long.
fn strips(page: &Page) -> Vec<Vec<Option<String>>> {
    use std::fmt::Write as _;

    let mut left = STRIPS;
    page.clients
        .iter()
        .take(SECTIONS)
        .map(|client| {
            let path = |runs: &[(u32, u32)]| {
                let mut path = String::new();
                for (from, length) in runs {
                    // Writing to a string cannot fail.
                    let _ = write!(path, "M{from} 0h{length}v1h-{length}z");
                }
                let fits = path.len() <= left;
                left = left.saturating_sub(path.len());
                fits.then_some(path)
            };
            client
                .terms
                .iter()
                .map(|term| &term.strip[..])
                .map(path)
                .collect()
        })
        .collect()
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
