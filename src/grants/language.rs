//! The languages in which a value may be computed: what is written there is no literal.

use crate::document::{Node, Value};

/// The language of the values of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// Every value is a literal.
    None,
    /// Terraform, in HCL or JSON: strings with `${` or `%{`.
    Terraform,
    /// `CloudFormation`: `!Ref x`, `{"Ref": "x"}`, `{"Fn::Sub": "x"}`.
    CloudFormation,
}

impl Language {
    /// How a node is shown that is no literal.
    pub(super) fn computed(self, text: &str, node: &Node) -> Option<String> {
        match self {
            Self::None => None,
            Self::Terraform => {
                let value = node.as_str()?;
                let found = value.contains("${") || value.contains("%{");
                found.then(|| one_line(value))
            }
            Self::CloudFormation => {
                let function = match &node.value {
                    Value::Map(pairs) => match pairs.as_slice() {
                        [(key, _)] => key
                            .text()
                            .is_some_and(|key| key == "Ref" || key.starts_with("Fn::")),
                        _ => false,
                    },
                    _ => false,
                };
                if !node.tagged && !function {
                    return None;
                }
                let json = || node.to_json().to_string();
                let shown = node.text().map_or_else(json, one_line);
                let before = text.get(..node.span.start).unwrap_or_default().trim_end();
                let tag = before
                    .rsplit([' ', '\n', '[', ','])
                    .next()
                    .unwrap_or_default();
                if node.tagged && tag.starts_with('!') {
                    return Some(format!("{tag} {shown}"));
                }
                Some(shown)
            }
        }
    }

    /// Why such a value is not edited.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::None | Self::Terraform => {
                "it is an expression and not a literal, so what it grants is not known"
            }
            Self::CloudFormation => "it is an intrinsic function, so what it grants is not known",
        }
    }
}

/// A text with single spaces in place of whitespace and control characters.
fn one_line(text: &str) -> String {
    let splits = |c: char| c.is_whitespace() || c.is_control();
    let words: Vec<&str> = text.split(splits).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
