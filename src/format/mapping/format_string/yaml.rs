//! The format of an access log in Envoy's configuration: YAML or JSON.
//!
//! In: a format, or the part of a configuration that holds one. Out: the text of the format; a
//! format of keys as JSON.

use serde_json::{Map, Value};

/// Keys that hold a format as text.
const TEXTS: [&str; 3] = ["text_format", "inline_string", "format"];
/// Keys that hold one of keys.
const OBJECTS: [&str; 2] = ["json_format", "typed_json_format"];

pub(super) fn format_of(given: &str) -> Result<String, String> {
    let text = given.trim();
    if text.starts_with('{') {
        let Ok(value) = serde_json::from_str::<Value>(text) else {
            return Ok(text.to_owned());
        };
        return Ok(found(&value).unwrap_or_else(|| text.to_owned()));
    }
    let named = TEXTS.iter().chain(&OBJECTS).any(|key| {
        text.lines().any(|line| {
            line.trim_start_matches([' ', '-'])
                .starts_with(&format!("{key}:"))
        })
    });
    let keys = text.lines().count() > 1
        && text
            .lines()
            .all(|line| line.trim().is_empty() || line.contains(": "));
    if !named && !keys {
        // One line of text, perhaps between the quotes of YAML.
        return Ok(scalar(text));
    }
    let lines: Vec<(usize, &str)> = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .map(|line| {
            (
                line.len() - line.trim_start_matches([' ', '-']).len(),
                line.trim_start_matches([' ', '-']),
            )
        })
        .collect();
    let mut at = 0;
    let value = Value::Object(mapping(&lines, &mut at, 0));
    found(&value).or_else(|| keys.then(|| value.to_string())).ok_or_else(|| {
        "no `text_format`, `json_format` or `inline_string` is in this part of the configuration".to_owned()
    })
}

/// The format in a configuration, at any depth.
fn found(value: &Value) -> Option<String> {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                if OBJECTS.contains(&key.as_str()) && value.is_object() {
                    return Some(value.to_string());
                }
                if TEXTS.contains(&key.as_str())
                    && let Some(text) = value.as_str()
                {
                    return Some(text.to_owned());
                }
            }
            object.values().find_map(found)
        }
        Value::Array(list) => list.iter().find_map(found),
        _ => None,
    }
}

/// The keys of one depth of YAML. Lists have one item each here.
fn mapping(lines: &[(usize, &str)], at: &mut usize, depth: usize) -> Map<String, Value> {
    let mut object = Map::new();
    while let Some((indent, line)) = lines.get(*at).copied() {
        if indent < depth {
            break;
        }
        *at += 1;
        let Some((key, value)) = key_of(line) else {
            continue;
        };
        let deeper = lines.get(*at).is_some_and(|(next, _)| *next > indent);
        let value = match value {
            "" if deeper => Value::Object(mapping(lines, at, indent + 1)),
            "|" | "|-" | ">" | ">-" | "|+" if deeper => {
                let mut text = String::new();
                while let Some((_, line)) = lines.get(*at).filter(|(next, _)| *next > indent) {
                    text.push_str(line);
                    *at += 1;
                }
                Value::String(text)
            }
            value => Value::String(scalar(value)),
        };
        object.insert(key, value);
    }
    object
}

/// A key in quotes or without them, and what follows its colon.
fn key_of(line: &str) -> Option<(String, &str)> {
    if let Some(quote) = line.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let end = line[1..].find(quote)? + 1;
        let value = line[end + 1..].trim_start().strip_prefix(':')?;
        return Some((line[1..end].to_owned(), value.trim()));
    }
    let (key, value) = line
        .split_once(": ")
        .or_else(|| Some((line.strip_suffix(':')?, "")))?;
    Some((key.trim().to_owned(), value.trim()))
}

/// A scalar without its quotes.
fn scalar(text: &str) -> String {
    let whole = text.len() >= 2;
    if whole && text.starts_with('"') && text.ends_with('"') {
        // A format may begin and end with quotes of its own.
        let inner: Result<String, _> = serde_json::from_str(text);
        return inner.unwrap_or_else(|_| text.to_owned());
    }
    if whole && text.starts_with('\'') && text.ends_with('\'') {
        return text[1..text.len() - 1].replace("''", "'");
    }
    text.to_owned()
}
