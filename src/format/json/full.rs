//! The full parser: `serde_json`, after repairs that lose nothing useful.

use std::borrow::Cow;

use serde_json::Value;

use super::{Action, FoundValue, Kind, Plan, SLOTS, Scratch};
use crate::format::Skip;

/// Fills the scratch from a parsed line.
///
/// NGINX writes bytes over 0x7f unchecked even with `escape=json`, and some
/// loggers cut a surrogate pair in half: both are replaced (U+FFFD), because a
/// lost line would look like an unused permission.
pub(super) fn read(line: &[u8], plan: &Plan, scratch: &mut Scratch) -> Result<(), Skip> {
    scratch.found = [FoundValue::default(); SLOTS];
    scratch.text.clear();
    let text = String::from_utf8_lossy(line);
    let value: Value = match serde_json::from_str(&text) {
        Ok(value) => value,
        Err(_) => {
            serde_json::from_str(&without_lone_surrogates(&text)).map_err(|_| Skip::Malformed)?
        }
    };
    if !value.is_object() {
        return Err(Skip::Malformed);
    }
    walk(&value, plan, 0, scratch);
    Ok(())
}

fn walk(value: &Value, plan: &Plan, node: usize, scratch: &mut Scratch) {
    let Some(object) = value.as_object() else {
        return;
    };
    let here = &plan.nodes[node];
    for (key, action) in &here.keys {
        let exact = std::str::from_utf8(key)
            .ok()
            .filter(|_| !here.any_case)
            .and_then(|key| object.get(key));
        let similar = || {
            let mut members = object.iter().rev();
            let found = members.find(|(name, _)| here.same(key, name.as_bytes()));
            found.map(|(_, inner)| inner).filter(|_| here.any_case)
        };
        let Some(inner) = exact.or_else(similar) else {
            continue;
        };
        match action {
            Action::Enter(next) => walk(inner, plan, *next, scratch),
            Action::Take(slot) => {
                let (kind, text): (Kind, Cow<'_, str>) = match inner {
                    Value::Null => (Kind::Null, Cow::Borrowed("")),
                    Value::Bool(value) => (
                        Kind::Bool,
                        Cow::Borrowed(if *value { "true" } else { "false" }),
                    ),
                    Value::Number(number) => (Kind::Number, Cow::Owned(number.to_string())),
                    Value::String(text) => (Kind::Text, Cow::Borrowed(text)),
                    Value::Array(_) | Value::Object(_) => {
                        (Kind::Container, Cow::Owned(inner.to_string()))
                    }
                };
                let start = scratch.text.len();
                scratch.text.extend_from_slice(text.as_bytes());
                scratch.found[*slot] = FoundValue {
                    kind,
                    copied: true,
                    escaped: false,
                    start: u32::try_from(start).unwrap_or(u32::MAX),
                    end: u32::try_from(scratch.text.len()).unwrap_or(u32::MAX),
                };
            }
        }
    }
}

/// Replaces `\ud83d` that is not followed by its other half by `\ufffd`.
fn without_lone_surrogates(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let used = match surrogate(escape) {
            Some(0xd800..=0xdbff)
                if matches!(escape.get(6..).and_then(surrogate), Some(0xdc00..=0xdfff)) =>
            {
                out.push_str(&escape[..12]);
                12
            }
            Some(_) => {
                out.push_str("\\ufffd");
                6
            }
            None => {
                let used = escape
                    .char_indices()
                    .nth(2)
                    .map_or(escape.len(), |(at, _)| at);
                out.push_str(&escape[..used]);
                used
            }
        };
        rest = &escape[used..];
    }
    out.push_str(rest);
    out
}

/// The code of a `\uXXXX` escape when it is half of a surrogate pair.
fn surrogate(escape: &str) -> Option<u32> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    let code = u32::from_str_radix(digits, 16).ok()?;
    (0xd800..=0xdfff).contains(&code).then_some(code)
}
