//! What every HTML page has in common: its frame, its style, its script, and the engine that escapes.
//!
//! Invariants:
//! * a page is one file, makes no request to anywhere, and can be read without scripts;
//! * every text passes [`escape::terminal`] and the HTML escape of the engine;
//! * the policy in a page allows its own styles and its one script, by hash, and nothing else;
//! * a list that is cut says how long it is.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, Output, State, Value, context};
use serde::Serialize;

use super::escape;
use crate::model::words;

/// SHA-256 of `page.js`, as the policy of a page states it.
pub(super) const SCRIPT_HASH: &str = "sha256-E4rNsIt2uXR5FChfJwGJGWTDm8qxllyXeW/nXzvxs7s=";

const STYLE: &str = include_str!("html/page.css");
pub(super) const SCRIPT: &str = include_str!("html/page.js");

/// The templates; each page in parts that a reader can hold.
const TEMPLATES: [(&str, &str); 11] = [
    ("base.html", include_str!("html/base.jinja")),
    ("words.html", include_str!("html/words.jinja")),
    ("page.html", include_str!("html/page.jinja")),
    ("charts.html", include_str!("html/charts.jinja")),
    ("decide.html", include_str!("html/decide.jinja")),
    ("annex.html", include_str!("html/annex.jinja")),
    ("clients.html", include_str!("html/clients.jinja")),
    ("client.html", include_str!("html/client.jinja")),
    ("lists.html", include_str!("html/lists.jinja")),
    ("roles.html", include_str!("html/roles.jinja")),
    ("layers.html", include_str!("html/layers.jinja")),
];

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

/// The engine with every template.
pub(super) fn environment() -> Result<Environment<'static>, Error> {
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

/// What the frame of a page needs.
pub(super) fn frame() -> Value {
    context! {
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(SCRIPT.to_owned()),
        script_hash => Value::from_safe_string(SCRIPT_HASH.to_owned()),
    }
}

/// Data as a value for a template.
pub(super) fn serde(value: impl Serialize) -> Value {
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
