//! `[[policies]]`: a policy format as the user describes it.

use std::sync::Arc;

use super::ConfigError;
use super::names::{POLICY_KEYS, POLICY_ROLE_KEYS};
use super::reader::{Section, Value};
use crate::grants::{ALL, Description, EmptyMeans, Roles, Shape, TreePath};
use crate::model::words::closest;

/// The shapes by their names, as `shape` has them.
const SHAPES: [&str; 5] = ["list", "delimited", "objects", "keys", "levels"];
const EMPTY: [&str; 4] = ["none", "all", "public", "invalid"];

/// The parts of a shape as they are written.
#[derive(Default)]
struct ShapeParts<'a> {
    name: Option<(String, Value<'a>)>,
    separator: Option<(char, Value<'a>)>,
    key: Option<(String, Value<'a>)>,
    levels: Option<(Vec<String>, Value<'a>)>,
}

pub(super) fn policy(section: &Section<'_>) -> Result<Description, ConfigError> {
    let mut name = None;
    let mut empty_means = None;
    let mut parts = ShapeParts::default();
    let mut own = Description {
        name: String::new(),
        when: Vec::new(),
        clients: Vec::new(),
        id: Vec::new(),
        aliases: Vec::new(),
        audience: None,
        terms: Vec::new(),
        optional: Vec::new(),
        shape: Shape::List,
        empty_means: EmptyMeans::None,
        roles: None,
    };
    let mut id = None;
    for value in section.entries() {
        match value.key {
            "name" => name = Some(value.parse(named)?),
            "when" => own.when = when(value)?,
            "clients" => own.clients = paths(value)?,
            "id" => id = Some((paths(value)?, *value)),
            "aliases" => own.aliases = paths(value)?,
            "audience" => own.audience = Some(value.parse(TreePath::parse)?),
            "terms" => own.terms = paths(value)?,
            "optional" => own.optional = paths(value)?,
            "shape" => parts.name = Some((value.parse(|text| known(text, &SHAPES))?, *value)),
            "separator" => parts.separator = Some((value.parse(separator)?, *value)),
            "key" => parts.key = Some((value.text()?, *value)),
            "levels" => parts.levels = Some((value.texts()?, *value)),
            "empty_means" => empty_means = Some(value.parse(empty)?),
            "roles" => own.roles = Some(roles(value)?),
            _ => return Err(section.unknown(value, &POLICY_KEYS)),
        }
    }
    own.name = name.ok_or_else(|| section.missing("name"))?;
    own.empty_means = empty_means.ok_or_else(|| section.missing("empty_means"))?;
    if own.clients.is_empty() {
        return Err(section.missing("clients"));
    }
    if own.terms.is_empty() && own.optional.is_empty() {
        return Err(section.missing("terms"));
    }
    let recognised = own.clients.iter().all(TreePath::begins_with_key);
    if own.when.is_empty() && !recognised {
        // Every file would be one of this format.
        return Err(section.missing("when"));
    }
    let by_key = own.clients.iter().all(TreePath::is_of_entries);
    match id {
        Some((id, _)) => own.id = id,
        None if !by_key => return Err(section.missing("id")),
        None => {}
    }
    own.shape = parts.shape(section)?;
    Ok(own)
}

impl ShapeParts<'_> {
    fn shape(self, section: &Section<'_>) -> Result<Shape, ConfigError> {
        let name = self.name.ok_or_else(|| section.missing("shape"))?.0;
        let stray = |value: &Value<'_>, of: &str| {
            value.bad(value.key, format!("this key belongs to `shape = \"{of}\"`"))
        };
        if let Some((_, value)) = self.separator.as_ref().filter(|_| name != "delimited") {
            return Err(stray(value, "delimited"));
        }
        if let Some((_, value)) = self.key.as_ref().filter(|_| name != "objects") {
            return Err(stray(value, "objects"));
        }
        if let Some((_, value)) = self.levels.as_ref().filter(|_| name != "levels") {
            return Err(stray(value, "levels"));
        }
        Ok(match name.as_str() {
            "delimited" => Shape::Delimited(self.separator.map_or(' ', |(own, _)| own)),
            "objects" => Shape::Objects(self.key.ok_or_else(|| section.missing("key"))?.0),
            "levels" => {
                let (levels, value) = self.levels.ok_or_else(|| section.missing("levels"))?;
                let twice = levels.iter().enumerate();
                let mut twice =
                    twice.filter(|(at, level)| levels.iter().take(*at).any(|own| own == *level));
                if let Some((_, level)) = twice.next() {
                    return Err(
                        value.bad(level.as_str(), "each level is named once, the lowest first")
                    );
                }
                if let Some(level) = levels.iter().find(|level| level.contains(':')) {
                    return Err(value.bad(level.as_str(), "a level has no `:` in it"));
                }
                Shape::Levels(Arc::from(levels))
            }
            "keys" => Shape::Keys,
            _ => Shape::List,
        })
    }
}

fn roles(value: &Value<'_>) -> Result<Roles, ConfigError> {
    let section = value.section("`policies.roles`")?;
    let (mut at, mut id, mut terms, mut members) = (None, None, None, None);
    for value in section.entries() {
        let path = match value.key {
            "at" => &mut at,
            "id" => &mut id,
            "terms" => &mut terms,
            "members" => &mut members,
            _ => return Err(section.unknown(value, &POLICY_ROLE_KEYS)),
        };
        *path = Some(value.parse(TreePath::parse)?);
    }
    let at: TreePath = at.ok_or_else(|| section.missing("at"))?;
    if id.is_none() && !at.is_of_entries() {
        return Err(section.missing("id"));
    }
    Ok(Roles {
        at,
        id,
        terms: terms.ok_or_else(|| section.missing("terms"))?,
        members: members.ok_or_else(|| section.missing("members"))?,
    })
}

/// Paths with what stands there, or `true` for anything.
fn when(value: &Value<'_>) -> Result<Vec<(TreePath, Option<String>)>, ConfigError> {
    let section = value.section("`policies.when`")?;
    let mut all = Vec::new();
    for value in section.entries() {
        let path = TreePath::parse(value.key).map_err(|help| value.bad(value.key, help))?;
        let text = match value.flag() {
            Ok(true) => None,
            Ok(false) => {
                return Err(value.bad(
                    "false",
                    "write the value that has to be there, or true for any",
                ));
            }
            Err(_) => Some(value.text()?),
        };
        all.push((path, text));
    }
    Ok(all)
}

/// One path, or a list of them.
fn paths(value: &Value<'_>) -> Result<Vec<TreePath>, ConfigError> {
    match value.parse(TreePath::parse) {
        Err(ConfigError::WrongType { .. }) => value.each(|item| item.parse(TreePath::parse)),
        path => Ok(vec![path?]),
    }
}

/// A name that no built-in format has.
fn named(text: &str) -> Result<String, String> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.is_empty() || !text.chars().all(word) {
        return Err("a name of small letters, digits and hyphens".to_owned());
    }
    if ALL.iter().any(|format| format.name() == text) {
        return Err("a built-in format has this name; choose another one".to_owned());
    }
    Ok(text.to_owned())
}

fn separator(text: &str) -> Result<char, String> {
    let mut all = text.chars();
    match (all.next(), all.next()) {
        (Some(one), None) if one == ' ' || one.is_ascii_punctuation() => Ok(one),
        _ => Err("one character, a space or a mark: `,`".to_owned()),
    }
}

fn empty(text: &str) -> Result<EmptyMeans, String> {
    Ok(match known(text, &EMPTY)?.as_str() {
        "all" => EmptyMeans::All,
        "public" => EmptyMeans::Public,
        "invalid" => EmptyMeans::Invalid,
        _ => EmptyMeans::None,
    })
}

/// One of several words.
fn known(text: &str, words: &[&str]) -> Result<String, String> {
    if words.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(match closest(text, words.iter().copied()) {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("one of {}", words.join(", ")),
    })
}
