//! A term as the text of a scalar.

use super::written::Syntax;

/// Writes a term the way its neighbour `old` is written, where that is possible.
pub(super) fn like(old: &str, term: &str, syntax: Syntax) -> String {
    let double = || serde_json::Value::from(term).to_string();
    match (syntax, old.as_bytes().first()) {
        (Syntax::Json | Syntax::Toml, _) | (Syntax::Yaml, Some(b'"')) => double(),
        (Syntax::Hcl, _) => double().replace("${", "$${").replace("%{", "%%{"),
        (Syntax::Yaml, Some(b'\'')) if !term.contains(char::is_control) => {
            format!("'{}'", term.replace('\'', "''"))
        }
        (Syntax::Yaml, _) if is_plain(term) => term.to_owned(),
        (Syntax::Yaml | Syntax::Csv, _) => double(),
    }
}

/// Whether YAML reads the bare term back as this very text, wherever it is.
///
/// Narrower than YAML's own rule (1.2.2, section 7.3.3): letters, digits and a few
/// marks that open nothing; and nothing that YAML 1.1 or 1.2 reads as a truth value.
pub(super) fn is_plain(term: &str) -> bool {
    let inner =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | ':' | '-' | '+' | '*');
    let words = ["true", "false", "null", "yes", "no", "on", "off"];
    term.starts_with(|c: char| c.is_ascii_alphabetic())
        && !term.ends_with(':')
        && term.chars().all(inner)
        && !words.iter().any(|word| term.eq_ignore_ascii_case(word))
}
