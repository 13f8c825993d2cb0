//! A format string that is JSON: which key holds which variables.
//!
//! In: text and variables. Out: each value that has variables, with its pointer.

use serde_json::Value;

use super::{Token, Var};

/// Begins and ends the number of a variable in a text.
const MARK: char = '\u{1}';

/// A value of the JSON.
pub(super) struct Member<'t> {
    /// Where it is.
    pub(super) pointer: String,
    pub(super) vars: Vec<&'t Var>,
    /// The text before each variable, and after the last.
    texts: Vec<String>,
}

/// The values of the format, in order.
pub(super) fn members(tokens: &[Token]) -> Result<Vec<Member<'_>>, String> {
    let mut json = String::new();
    let (mut quoted, mut escaped) = (false, false);
    let mut vars: Vec<&Var> = Vec::new();
    for token in tokens {
        match token {
            Token::Text(text) => {
                for c in text.chars() {
                    quoted ^= c == '"' && !escaped;
                    escaped = c == '\\' && !escaped;
                    json.push(c);
                }
            }
            Token::Blanks => json.push(' '),
            Token::Var(var) => {
                let mark = format!("\\u0001{}\\u0001", vars.len());
                if quoted {
                    json.push_str(&mark);
                } else {
                    json.push('"');
                    json.push_str(&mark);
                    json.push('"');
                }
                vars.push(var);
            }
        }
    }
    let value: Value = serde_json::from_str(json.trim()).map_err(|error| {
        // The place in the text of the error is not that of the string.
        let error = error.to_string();
        error
            .split(" at line")
            .next()
            .unwrap_or_default()
            .to_owned()
    })?;
    let mut found = Vec::new();
    walk(&value, String::new(), &vars, &mut found);
    Ok(found)
}

fn walk<'t>(value: &Value, pointer: String, vars: &[&'t Var], found: &mut Vec<Member<'t>>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let key = key.replace('~', "~0").replace('/', "~1");
                walk(value, format!("{pointer}/{key}"), vars, found);
            }
        }
        Value::String(text) if text.contains(MARK) => {
            let (mut texts, mut own) = (vec![String::new()], Vec::new());
            for (number, part) in text.split(MARK).enumerate() {
                let var = part
                    .parse::<usize>()
                    .ok()
                    .and_then(|number| vars.get(number));
                match var {
                    Some(var) if number % 2 == 1 => {
                        own.push(*var);
                        texts.push(String::new());
                    }
                    _ => texts
                        .last_mut()
                        .unwrap_or(&mut String::new())
                        .push_str(part),
                }
            }
            found.push(Member {
                pointer,
                vars: own,
                texts,
            });
        }
        _ => {}
    }
}

impl Member<'_> {
    /// The value is one variable and nothing else.
    pub(super) fn is_whole(&self) -> bool {
        self.vars.len() == 1 && self.texts.iter().all(String::is_empty)
    }

    /// A pattern whose group is the variable of this number.
    pub(super) fn pattern(&self, wanted: usize) -> Result<String, &'static str> {
        let mut pattern = "(?s)^".to_owned();
        for (number, var) in self.vars.iter().enumerate() {
            let text = &self.texts[number];
            let bounded = var.known.shape != ".*?" || number == 0;
            if text.is_empty() && !bounded && (number == wanted || number == wanted + 1) {
                return Err(
                    "nothing is between this variable and the next one in the same value: log each under a key of its own",
                );
            }
            pattern.push_str(&regex::escape(text));
            if number == wanted {
                pattern.push_str("(?<v>");
            } else {
                pattern.push_str("(?:");
            }
            pattern.push_str(var.known.shape);
            pattern.push(')');
        }
        pattern.push_str(&regex::escape(self.texts.last().map_or("", String::as_str)));
        pattern.push('$');
        Ok(pattern)
    }
}
