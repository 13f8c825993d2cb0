//! Ages that a reviewer states for grants which nothing else dates.
//!
//! In: the rules of the configuration, a policy file's name and a client's.
//! Out: whether a rule is about a grant of that file or client.
//!
//! Whether something else dates the grant is not known here.

use glob::{MatchOptions, Pattern};

use super::semantics::glob;
use super::{Day, Place};

/// A reviewed "these grants are older than this day" from the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// Which grants.
    pub of: StatedOf,
    /// The day before which they were granted.
    pub before: Day,
    /// How that is known.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where it is written.
    pub place: Place,
}

/// Which grants a statement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatedOf {
    /// Those of the policy files whose path fits; `*` stays within one folder.
    File(Pattern),
    /// Those of the clients whose name fits, a glob.
    Client(String),
}

/// As in the lists of files: a folder is crossed by `**` only.
const WITHIN: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

impl Stated {
    /// Whether it is about what this policy file gives this client.
    pub fn fits(&self, file: &str, client: &str) -> bool {
        match &self.of {
            StatedOf::File(path) => path.matches_with(file.trim_start_matches("./"), WITHIN),
            StatedOf::Client(name) => glob(name.as_bytes(), client.as_bytes()),
        }
    }

    /// The rule in words, for messages.
    pub fn label(&self) -> String {
        match &self.of {
            StatedOf::File(path) => format!("file `{path}`"),
            StatedOf::Client(name) => format!("client `{name}`"),
        }
    }

    /// What only its author should know of a sentence about it: the pattern and the reason.
    #[must_use]
    pub fn hidden(&self, sentence: &str) -> String {
        let reason = format!("({})", self.reason);
        let shown = sentence.replace(&self.label(), "some grants");
        shown.replace(&reason, "(reason withheld)")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn rule(of: StatedOf) -> Stated {
        Stated {
            of,
            before: Day(0),
            reason: "export".to_owned(),
            owner: None,
            place: Place {
                file: Arc::from("scopetrim.toml"),
                line: 1,
            },
        }
    }

    #[test]
    fn a_file_is_named_by_its_path_and_a_star_stays_in_its_folder() {
        let file = |pattern: &str| rule(StatedOf::File(Pattern::new(pattern).unwrap()));
        let rule = file("policies/*.json");
        assert!(rule.fits("policies/a.json", "x") && rule.fits("./policies/a.json", "x"));
        for other in ["policies/old/a.json", "a.json", "x/policies/a.json"] {
            assert!(!rule.fits(other, "x"), "{other}");
        }
        assert!(file("**/*.json").fits("policies/old/a.json", "x"));
        assert!(!file("a.json").fits("ab.json", "a.json"));
    }

    #[test]
    fn a_client_is_named_by_a_glob_over_its_whole_name() {
        let rule = rule(StatedOf::Client("erp-*".to_owned()));
        assert!(rule.fits("grants.json", "erp-1"));
        assert!(!rule.fits("erp-1", "ERP-1") && !rule.fits("erp-1", "my-erp-1"));
    }

    #[test]
    fn a_hidden_sentence_has_neither_pattern_nor_reason() {
        let rule = rule(StatedOf::Client("acme-*".to_owned()));
        let text = format!("1 grant of {} ({})", rule.label(), rule.reason);
        assert_eq!(
            rule.hidden(&text),
            "1 grant of some grants (reason withheld)"
        );
    }
}
