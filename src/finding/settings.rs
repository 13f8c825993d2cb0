//! What the configuration says about rules.

use std::collections::BTreeMap;

use super::{Doc, Severity};

/// Two scopes that one client should not hold together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toxic {
    /// One of them, or a glob.
    pub a: String,
    /// The other, or a glob.
    pub b: String,
    /// Why.
    pub reason: String,
}

/// The settings of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSettings {
    /// The rule is applied.
    pub enabled: bool,
    /// Replaces the severity of every finding of the rule.
    pub severity: Option<Severity>,
    /// Globs over clients and subjects that the rule leaves alone.
    pub allow: Vec<String>,
    /// Thresholds that differ from the default, in their unit.
    pub thresholds: BTreeMap<&'static str, u64>,
    /// Pairs that exclude each other, in the order of the configuration.
    pub toxic: Vec<Toxic>,
}

impl Default for RuleSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            severity: None,
            allow: Vec::new(),
            thresholds: BTreeMap::new(),
            toxic: Vec::new(),
        }
    }
}

impl RuleSettings {
    /// A threshold as configured, else its default.
    pub fn threshold(&self, doc: &Doc, key: &str) -> u64 {
        self.thresholds.get(key).copied().unwrap_or_else(|| {
            doc.thresholds
                .iter()
                .find(|threshold| threshold.key == key)
                .map_or(0, |threshold| threshold.default)
        })
    }

    /// The same as a number of days.
    pub(super) fn days(&self, doc: &Doc, key: &str) -> i32 {
        i32::try_from(self.threshold(doc, key)).unwrap_or(i32::MAX / 2)
    }
}

/// The settings of all rules, by number (`F3`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Only rules about which the configuration says something.
    pub rules: BTreeMap<String, RuleSettings>,
    /// Pairs of scopes that exclude each other, for the rule about them.
    pub toxic: Vec<Toxic>,
}

impl Settings {
    /// What holds for a rule.
    pub fn of(&self, doc: &Doc) -> RuleSettings {
        let rule_settings = self.rules.get(doc.number).cloned().unwrap_or_default();
        RuleSettings {
            toxic: self.toxic.clone(),
            ..rule_settings
        }
    }
}
