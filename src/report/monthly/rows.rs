//! The rows of the report's tables as data.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::month::Month;
use crate::model::{ClientName, Day, Level, Place};
use crate::report::model::{Input, TermView, Warning};
use crate::report::roles::Look;

/// One row of "do this now": what one client can lose.
#[derive(Clone, Debug, Serialize)]
pub struct Advice<'a> {
    /// The client.
    pub client: &'a str,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The terms.
    pub terms: Vec<&'a str>,
    /// Where they are written.
    pub places: BTreeSet<&'a Place>,
    /// Exposure now.
    pub before: f64,
    /// Exposure without the terms.
    pub after: f64,
    /// The evidence in one phrase.
    pub evidence: String,
    /// The least safe level of the terms.
    pub level: Level,
    /// Share of the risk weight freed, less the chance that it is needed again.
    pub gain: f64,
}

/// One row of "needs a human".
#[derive(Clone, Serialize)]
pub struct Human<'a> {
    /// Who answers for it.
    pub owner: Option<String>,
    /// The term of a client.
    #[serde(flatten)]
    pub term: TermView<'a>,
    /// `review`, `manual`, `protected` or `narrow`.
    pub what: &'static str,
    /// What to ask the owner.
    pub question: String,
    /// Share of the risk weight that only this term opens.
    pub weight: f64,
}

/// Grants of one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Its name in the markup.
    pub name: &'static str,
    /// Words behind the number.
    pub label: &'static str,
    /// Grants.
    pub count: usize,
    /// Those of them that served no request in the window.
    pub idle: usize,
}

/// All grants, counted in two ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// Clients that hold them.
    pub clients: usize,
    /// Pairs of client and scope.
    pub grants: usize,
    /// The groups that are not empty.
    pub groups: Vec<Group>,
    /// Grants that served a request in the window.
    pub served: usize,
    /// Grants that a request could have shown, and none did.
    pub idle: usize,
    /// Grants whose use no request shows, or that the data does not allow to judge.
    pub unseen: usize,
    /// What the requests show, in words.
    pub sentence: String,
}

/// Findings of one rule.
#[derive(Clone, Debug, Serialize)]
pub struct FindingGroup {
    /// The rule.
    pub rule: String,
    /// Its title, where the rule has one.
    pub title: Option<String>,
    /// The worst severity.
    pub severity: String,
    /// Controls that it supports.
    pub controls: Vec<String>,
    /// How many last month; `None` when not known.
    pub last: Option<u64>,
    /// The findings.
    pub rows: Vec<FindingRow>,
}

impl FindingGroup {
    /// The gravest, and of equal ones the one with the most requests.
    pub fn worst(&self) -> Option<&FindingRow> {
        self.rows.iter().min_by_key(|row| {
            (
                super::findings::gravity(&row.severity),
                std::cmp::Reverse(row.requests),
            )
        })
    }
}

/// One finding.
#[derive(Clone, Debug, Serialize)]
pub struct FindingRow {
    /// Stable id.
    pub id: String,
    /// The client; empty when it is about none.
    pub client: String,
    /// What it is about.
    pub subject: String,
    /// One sentence.
    pub message: String,
    /// Its severity.
    pub severity: String,
    /// Requests it rests on; 0 when it is not about requests.
    pub requests: u64,
    /// Where it can be fixed.
    pub place: Option<Place>,
}

/// What became of one recommendation of last month.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "outcome")]
pub struct Outcome {
    /// Stable id.
    #[schemars(regex(pattern = "^[0-9a-f]{20}$"))]
    pub id: String,
    /// The client.
    pub client: String,
    /// The term.
    pub term: String,
    /// Its level last month.
    pub level: String,
    /// What became of it.
    #[schemars(extend("enum" = ["applied", "open", "rejected", "rolled_back", "needed", "withdrawn"]))]
    pub state: &'static str,
    /// In words.
    pub detail: String,
    /// Refused requests of the month that the term would have permitted.
    pub denials: u64,
}

impl Outcome {
    /// The states and the words for them, in the order of every output.
    pub const STATES: [(&'static str, &'static str); 6] = [
        ("applied", "Applied"),
        ("open", "Open"),
        ("rejected", "Accepted by exception"),
        ("needed", "Needed again"),
        ("rolled_back", "Rolled back"),
        ("withdrawn", "No longer answerable"),
    ];
}

/// Items that came, went and stayed.
#[derive(Clone, Debug, Serialize)]
pub struct Changes {
    /// The month compared with.
    pub with: Month,
    /// First seen now.
    pub new: Vec<Change>,
    /// Open then, not now: the grant is gone, or the fact is no longer found.
    pub resolved: Vec<Change>,
    /// Not open now because an exception keeps the grant, or a rule's `allow` the finding.
    pub accepted: Vec<Change>,
    /// Recommendations that no longer hold: the scope is needed again, or recommended for
    /// another reason.
    pub void: Vec<Change>,
    /// Not open now because the data or the configuration no longer allows an answer.
    pub unjudged: Vec<Change>,
    /// Closed for a while, open again.
    pub came_back: Vec<Change>,
    /// Open then and now.
    pub ignored: Vec<Change>,
    /// The clients of the policy then.
    #[serde(skip)]
    pub clients: BTreeSet<String>,
}

impl Changes {
    /// How many, in the order and the words of every output. What became of a recommendation
    /// that is neither open nor resolved is told with the recommendations, and not here again.
    pub fn counts(&self) -> Vec<(&'static str, usize)> {
        let always = [
            ("new", self.new.len()),
            ("still open", self.ignored.len()),
            ("resolved", self.resolved.len()),
            ("came back", self.came_back.len()),
        ];
        let some = [
            (
                "allowed by the configuration",
                only_findings(&self.accepted).count(),
            ),
            ("no longer judged", only_findings(&self.unjudged).count()),
        ];
        let some = some.into_iter().filter(|(_, count)| *count > 0);
        always.into_iter().chain(some).collect()
    }
}

/// Those of a list that recommend nothing.
pub(crate) fn only_findings(list: &[Change]) -> impl Iterator<Item = &Change> {
    list.iter().filter(|change| !change.recommendation)
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// Stable id.
    pub id: String,
    /// The client.
    pub client: String,
    /// The term, or what the finding is about.
    pub subject: String,
    /// Kind or rule.
    pub rule: String,
    /// Level or severity.
    pub level: String,
    /// It recommends a change of the policy.
    pub recommendation: bool,
    /// First month of the present run.
    pub since: Month,
    /// Calendar months from `since` to this report.
    pub for_months: i32,
    /// The months in which it was open, this one included.
    pub months: Vec<Month>,
}

/// A reviewed "keep this".
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "exception")]
pub struct ExceptionRow {
    /// The client, a role, or `*`.
    pub client: String,
    /// The term, or a glob.
    pub term: String,
    /// The reviewer's reason.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Last day.
    pub until: Option<Day>,
    /// Days left; negative when expired.
    pub days_left: Option<i32>,
    /// Where it is written.
    pub place: Place,
}

/// One role.
#[derive(Clone, Debug, Serialize)]
pub struct RoleRow {
    /// The policy file.
    pub file: String,
    /// Its name.
    pub role: String,
    /// Who has it.
    pub members: Vec<String>,
    /// What it gives, and how many members needed it.
    pub terms: Vec<(String, usize)>,
    /// What it looks like beside what its members need.
    pub look: Option<Look>,
    /// Members of a role for administration that need nothing of the kind.
    pub administration: Vec<String>,
}

/// What the report rests on.
pub struct Evidence<'a> {
    /// The log inputs.
    pub inputs: Vec<Input<'a>>,
    /// Policy files with digest.
    pub grants: Vec<FileRow>,
    /// API descriptions with digest.
    pub catalogues: Vec<FileRow>,
    /// The configuration file.
    pub configuration: Option<FileRow>,
    /// How the program was called.
    pub command: String,
    /// The earlier report that this one follows.
    pub previous: Option<Link>,
    /// What else a reviewer should know.
    pub notes: Vec<String>,
    /// Warnings: code, sentence, place.
    pub warnings: Vec<Warning<'a>>,
    /// Clients of the log that no policy names.
    pub only_in_log: &'a [(String, u64)],
    /// Clients of the policy that the log never names.
    pub never_seen: &'a [ClientName],
}

/// One file with its digest.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "file")]
pub struct FileRow {
    /// As shown to the user.
    pub path: String,
    /// Digest of its bytes; `None` when it could not be read again.
    pub digest: Option<String>,
}

/// The report before this one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "previous_report")]
pub struct Link {
    /// Its month.
    pub month: Month,
    /// Digest of its file.
    pub digest: String,
    /// Its id, when it is a monthly report.
    pub id: Option<String>,
}
