//! What a rule is: documentation, the data it needs, and the check.

use serde::Serialize;

use super::shared::named;
use super::{Context, Finding, RuleSettings, Severity};
use crate::model::words::plural;

/// In what a threshold is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Days, written `90d`.
    Days,
    /// Seconds, written `15m`, `1h`, `2d`.
    Seconds,
    /// A whole number.
    Count,
    /// A whole number from 0 to 100.
    Percent,
}

/// A number that the configuration may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Threshold {
    /// Its key under `[rules.F…]`.
    pub key: &'static str,
    /// In what it is counted.
    pub unit: Unit,
    /// What holds without configuration.
    pub default: u64,
    /// What it does.
    pub text: &'static str,
}

/// A control that a finding supports. It never proves compliance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Control {
    /// The framework.
    pub framework: &'static str,
    /// Its control.
    pub control: &'static str,
}

/// NIST SP 800-53 revision 5.
pub(super) const fn nist(control: &'static str) -> Control {
    Control {
        framework: "NIST SP 800-53 r5",
        control,
    }
}

/// SOC 2 trust services criteria.
pub(super) const fn soc2(control: &'static str) -> Control {
    Control {
        framework: "SOC 2",
        control,
    }
}

/// ISO/IEC 27001:2022 annex A.
pub(super) const fn iso(control: &'static str) -> Control {
    Control {
        framework: "ISO 27001:2022",
        control,
    }
}

/// PCI DSS 4.0.1.
pub(super) const fn pci(control: &'static str) -> Control {
    Control {
        framework: "PCI DSS 4.0.1",
        control,
    }
}

/// OWASP API security top 10, 2023.
pub(super) const fn owasp(control: &'static str) -> Control {
    Control {
        framework: "OWASP API 2023",
        control,
    }
}

/// The user page of a rule.
#[derive(Debug, Serialize)]
pub struct Doc {
    /// `F1` and so on; never given to another rule.
    pub number: &'static str,
    /// Stable kebab-case id.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// What is detected.
    pub what: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// A finding as it reads.
    pub example: &'static str,
    /// What keeps it from crying wolf.
    pub guards: &'static str,
    /// What to do about a finding.
    pub action: &'static str,
    /// The data it needs.
    pub fields: &'static [&'static str],
    /// How much it matters, unless the configuration or the case says otherwise.
    pub severity: Severity,
    /// What can be set.
    pub thresholds: &'static [Threshold],
    /// Controls that the finding supports.
    pub controls: &'static [Control],
}

/// The field without which a rule cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingField(pub String);

impl MissingField {
    /// Names the field.
    pub fn new(field: impl Into<String>) -> Self {
        Self(field.into())
    }
}

/// A part of the data about which a rule can say nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unjudged {
    /// The field that it misses, and of what: `iat and exp of the token for 1 of 2
    /// clients: till`.
    pub missing: String,
    /// The clients, by name; empty where it is another part of the log.
    pub clients: Vec<String>,
}

impl Unjudged {
    /// Clients without a field; `None` when there are none.
    ///
    /// `of` is the number of all clients that the rule looks at.
    pub fn clients(field: &str, clients: Vec<String>, of: usize) -> Option<Self> {
        if clients.is_empty() {
            return None;
        }
        let missing = format!(
            "{field} for {} of {}: {}",
            clients.len(),
            plural(of, "client"),
            named(&clients)
        );
        Some(Self { missing, clients })
    }
}

/// One rule.
pub trait Rule: Sync {
    /// Its user page.
    fn doc(&self) -> &'static Doc;

    /// Whether the data allows an answer for anybody: whether the log could have shown it.
    fn evaluable(&self, context: &Context<'_>, settings: &RuleSettings)
    -> Result<(), MissingField>;

    /// Where it allows none although it does elsewhere: clients, or a part of the log,
    /// each with the field that is missing there.
    fn unjudged(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Unjudged> {
        let _ = (context, settings);
        Vec::new()
    }

    /// What it finds; called only when it is evaluable.
    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding>;
}
