//! What the gate weighs: removals and findings as one list of issues with stable ids.
//!
//! In: the view, the thresholds, the known issues of a baseline. Out: issues, which of
//! them fail the gate, and renderers for people and for CI systems.
//!
//! Invariants:
//! * the id of an issue depends on its rule, client and subject alone: not on
//!   counts, dates or lines, so that a baseline stays good for months;
//! * the output format never changes what fails.
//!
//! A new output is one file and its line in [`ALL`].

mod baseline;
mod github;
mod json;
mod junit;
mod text;

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::analysis::{ClientAnalysis, TermAnalysis};
use crate::finding::{Finding, Severity, stable_id};
use crate::model::{Level, Place, Verdict};

use super::{View, suspend};
pub(crate) use baseline::Baseline;

/// The rule of a grant that can go.
pub(crate) const SURPLUS: &str = "surplus-grant";

/// Every output, the default first.
pub(crate) static ALL: &[&dyn Output] = &[&text::Text, &github::GitHub, &junit::JUnit, &json::Json];

/// One form of the result.
pub(crate) trait Output: Sync {
    /// The name used on the command line.
    fn name(&self) -> &'static str;

    /// The whole result as text.
    fn render(&self, outcome: &Outcome) -> String;
}

/// The output with this name.
pub(crate) fn by_name(name: &str) -> Option<&'static dyn Output> {
    ALL.iter().copied().find(|output| output.name() == name)
}

/// How grave an issue is, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// A removal, by its level: the safer it is, the less there is to wait for.
    Removal(Level),
    /// A finding, by its severity.
    Finding(Reverse<Severity>),
    /// A client's exposure is over the limit.
    Exposure,
}

impl Weight {
    /// The name used in every output.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Removal(level) => level.name(),
            Self::Finding(severity) => severity.0.name(),
            Self::Exposure => "exposure",
        }
    }
}

/// One thing that the gate weighs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issue {
    /// 16 hex digits: a hash of rule, client and subject.
    pub id: String,
    /// What it is: `surplus-grant`, `silent-client`, `exposure`, or the id of a finding's rule.
    pub rule: String,
    /// How grave it is.
    pub weight: Weight,
    /// The client; empty when it is about none.
    pub client: String,
    /// The term, operation or credential; empty when there is none.
    pub subject: String,
    /// One sentence.
    pub message: String,
    /// The line of the policy file that says so.
    pub place: Option<Place>,
    /// How much it is about, where it has such a number: see the field of that name in [`Finding`].
    pub extent: Option<u64>,
    /// It is in the baseline, and no worse than there.
    pub known: bool,
    /// It is in the baseline, and this is worse now: `medium -> high`.
    pub worse: Option<String>,
    /// It fails the gate.
    pub fails: bool,
}

impl Issue {
    /// The message, with what is worse than in the baseline.
    pub(crate) fn sentence(&self) -> String {
        match &self.worse {
            Some(worse) => format!("{}; worse than in the baseline: {worse}", self.message),
            None => self.message.clone(),
        }
    }
}

/// When the gate fails.
#[derive(Clone, Debug, Default)]
pub(crate) struct Thresholds {
    /// Removals that are at least as safe as this.
    pub level: Option<Level>,
    /// Findings at least as grave as this.
    pub severity: Option<Severity>,
    /// A client that can reach more than this share (0..1) of the API.
    pub exposure: Option<f64>,
}

/// Everything an output shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Sorted: failing ones first, then by gravity, client and subject.
    pub issues: Vec<Issue>,
    /// Ids of the baseline that no issue has any more.
    pub resolved: Vec<String>,
    /// What was incomplete; stated first.
    pub incomplete: Vec<String>,
}

impl Outcome {
    /// Issues that fail the gate.
    pub(crate) fn failing(&self) -> impl Iterator<Item = &Issue> {
        self.issues.iter().filter(|issue| issue.fails)
    }
}

/// Weighs everything against the thresholds and the baseline.
pub(crate) fn weigh(view: &View<'_>, thresholds: &Thresholds, baseline: &Baseline) -> Outcome {
    let mut issues = Vec::new();
    for client in &view.analysis.clients {
        issues.extend(
            client
                .terms
                .iter()
                .filter_map(|term| surplus(view, client, term, thresholds)),
        );
        issues.extend(silent(view, client, thresholds));
        issues.extend(exposed(client, thresholds));
    }
    issues.extend(found(view, thresholds));
    for issue in &mut issues {
        let known = baseline.issues.get(&issue.id);
        issue.worse = known.and_then(|known| known.worse(issue));
        issue.known = known.is_some() && issue.worse.is_none();
        issue.fails = issue.fails && !issue.known;
    }
    issues.sort_by(|a, b| {
        b.fails
            .cmp(&a.fails)
            .then_with(|| a.weight.cmp(&b.weight))
            .then_with(|| (&a.client, &a.subject, &a.rule).cmp(&(&b.client, &b.subject, &b.rule)))
    });
    let open: BTreeSet<&str> = issues.iter().map(|issue| issue.id.as_str()).collect();
    let resolved = baseline
        .issues
        .keys()
        .filter(|id| !open.contains(id.as_str()))
        .cloned()
        .collect();
    Outcome {
        issues,
        resolved,
        incomplete: view.incomplete.to_vec(),
    }
}

fn surplus(
    view: &View<'_>,
    client: &ClientAnalysis,
    term: &TermAnalysis,
    thresholds: &Thresholds,
) -> Option<Issue> {
    let level = term
        .level
        .filter(|_| matches!(term.verdict, Verdict::Remove | Verdict::Narrow))?;
    let (client, name) = (client.id.as_str(), term.term.as_str());
    let via = term.vias.first();
    let entry = via.and_then(|via| view.policy.files.get(via.file)?.entries.get(via.entry));
    Some(Issue {
        id: stable_id(SURPLUS, client, name),
        rule: SURPLUS.to_owned(),
        weight: Weight::Removal(level),
        client: client.to_owned(),
        subject: name.to_owned(),
        message: format!(
            "{client} holds {name}, which can go ({}): {}",
            level.name(),
            term.sentences().join("; ")
        ),
        place: entry.map(|entry| entry.place.clone()),
        extent: None,
        known: false,
        worse: None,
        fails: thresholds.level.is_some_and(|most| level <= most),
    })
}

/// A client that can be suspended as a whole weighs as much as a removal.
fn silent(view: &View<'_>, client: &ClientAnalysis, thresholds: &Thresholds) -> Option<Issue> {
    let level = client.suspend.as_ref()?.level;
    let sentence = suspend::sentence(&view.analysis.basis, client)?;
    let vias = client.terms.iter().flat_map(|term| &term.vias);
    let entry = vias
        .filter_map(|via| view.policy.files.get(via.file)?.entries.get(via.entry))
        .min_by_key(|entry| &entry.place);
    Some(Issue {
        id: stable_id("silent-client", client.id.as_str(), ""),
        rule: "silent-client".to_owned(),
        weight: Weight::Removal(level),
        client: client.id.to_string(),
        subject: String::new(),
        message: format!("{}: {sentence}", client.id),
        place: entry.map(|entry| entry.place.clone()),
        extent: Some(client.terms.len() as u64),
        known: false,
        worse: None,
        fails: thresholds.level.is_some_and(|most| level <= most),
    })
}

fn exposed(client: &ClientAnalysis, thresholds: &Thresholds) -> Option<Issue> {
    let most = thresholds.exposure?;
    let exposure = client.exposure.before;
    let (reach, limit) = apart(exposure * 100.0, most * 100.0);
    (exposure > most).then(|| Issue {
        id: stable_id("exposure", client.id.as_str(), ""),
        rule: "exposure".to_owned(),
        weight: Weight::Exposure,
        client: client.id.to_string(),
        subject: String::new(),
        message: format!(
            "{} can reach {reach} % of the risk-weighted API; the limit is {limit} %",
            client.id
        ),
        place: None,
        extent: (1..=100_u32)
            .rev()
            .find(|percent| f64::from(*percent) <= exposure * 100.0)
            .map(u64::from),
        known: false,
        worse: None,
        fails: true,
    })
}

/// Two numbers with as many digits as it takes to see that they differ.
fn apart(value: f64, limit: f64) -> (String, String) {
    let with = |digits: usize| (format!("{value:.digits$}"), format!("{limit:.digits$}"));
    (0..6)
        .map(with)
        .find(|(text, limit)| text != limit)
        .unwrap_or_else(|| with(6))
}

fn found(view: &View<'_>, thresholds: &Thresholds) -> Vec<Issue> {
    // Findings below the limit and below `high` are for the report: the gate does not list them.
    let least = thresholds.severity.unwrap_or(Severity::High);
    let grave = |finding: &&Finding| finding.severity >= least.min(Severity::High);
    let all = view.outcomes.findings.iter().filter(grave);
    all.map(|finding| Issue {
        id: finding.id.clone(),
        rule: finding.rule.to_owned(),
        weight: Weight::Finding(Reverse(finding.severity)),
        client: finding.client.clone(),
        subject: finding.subject.clone(),
        message: if finding.client.is_empty() {
            finding.message.clone()
        } else {
            format!("{}: {}", finding.client, finding.message)
        },
        place: finding.places.first().cloned(),
        extent: finding.extent,
        known: false,
        worse: None,
        fails: thresholds
            .severity
            .is_some_and(|least| finding.severity >= least),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ClientName;
    use crate::report::testing::sample;

    #[test]
    fn a_finding_about_a_caller_of_no_policy_or_about_nobody_reads_well_and_acts_nowhere() {
        let doc = crate::finding::by_name("F1").unwrap().doc();
        let settings = crate::finding::Settings::default().of(doc);
        let found = |client: &str| {
            let text = "3 requests to DELETE /x passed".to_owned();
            Finding::new(doc, &settings, client, "DELETE /x", text)
        };
        let hostile = "]]>\r\n::error::owned,\u{1b}[2J\u{202e}%0A";
        let mut sample = sample();
        assert!(!sample.policy.clients().contains(&ClientName::new(hostile)));
        sample.outcomes.findings = vec![found(""), found(hostile)];
        let thresholds = Thresholds {
            severity: Some(Severity::Critical),
            ..Thresholds::default()
        };
        let outcome = weigh(&sample.view(), &thresholds, &Baseline::default());
        assert_eq!(outcome.failing().count(), 2);
        for output in ALL {
            let text = output.render(&outcome);
            let what = output.name();
            assert!(
                !text.contains(['\u{1b}', '\u{202e}', '\r']),
                "{what}: {text}"
            );
            let owned = |line: &str| line.trim_start().starts_with("::error::owned");
            assert!(!text.lines().any(owned), "{what}: {text}");
        }
        let lines = |name: &str, start: &str| -> Vec<String> {
            let text = by_name(name).unwrap().render(&outcome);
            let lines = text.lines().filter(|line| line.starts_with(start));
            lines.map(str::to_owned).collect()
        };
        let of_nobody = "critical [enforcement-hole] 3 requests to DELETE /x passed  (";
        assert!(lines("text", "critical")[0].starts_with(of_nobody));
        let of_nobody = "::error title=enforcement-hole critical::3 requests to DELETE /x passed";
        assert_eq!(lines("github", "::error")[0], of_nobody);
        let xml = by_name("junit").unwrap().render(&outcome);
        let document = roxmltree::Document::parse(&xml).unwrap();
        let cases = document
            .descendants()
            .filter(|node| node.has_tag_name("testcase"));
        let names: Vec<&str> = cases.filter_map(|node| node.attribute("name")).collect();
        assert!(
            names.iter().any(|name| name.starts_with("DELETE /x ")),
            "{names:?}"
        );
    }

    #[test]
    fn an_exposure_above_the_limit_never_reads_like_the_limit() {
        let pair = |value: &str, limit: &str| (value.to_owned(), limit.to_owned());
        assert_eq!(apart(62.0, 50.0), pair("62", "50"));
        assert_eq!(apart(50.04, 50.0), pair("50.04", "50.00"));
        assert_eq!(apart(50.4, 50.0), pair("50.4", "50.0"));
    }
}
