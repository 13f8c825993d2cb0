//! What only a monthly report has.

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::Value;

use super::scalars::ItemId;
use crate::model::Day;
use crate::report::monthly::{
    Conclusion, CredentialLine, ExceptionRow, FileRow, Item, Link, Month, Outcome, Point,
};

/// One month, and how it compares with the months before.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "month", transform = with_id)]
pub struct MonthPart<'a> {
    /// The month.
    pub month: Month,
    /// Its first day.
    pub from: Day,
    /// Its last day.
    pub to: Day,
    /// Last day with a record, up to as-of; null without data.
    pub data_until: Option<Day>,
    /// Days of the month with records.
    #[schemars(range(max = 31))]
    pub covered_days: u32,
    /// Records of the month, of all clients.
    pub requests: u64,
    /// What --organisation said.
    pub organisation: Option<&'a str>,
    /// What --now said.
    pub made: Option<&'a str>,
    /// Names are hashes under a key.
    pub pseudonymised: bool,
    /// Version of the program.
    pub version: &'a str,
    /// The numbers of the verdict line.
    pub conclusion: &'a Conclusion,
    /// Up to 13 months, this one last.
    #[schemars(length(max = 13))]
    pub points: &'a [Point],
    /// Recommendations and findings that are open.
    pub items: Vec<OpenItem<'a>>,
    /// Items of the last 25 months that are not open now.
    pub closed: Vec<ClosedItem<'a>>,
    /// Ids that were open in the last report and are resolved: the grant is gone, or the fact is no
    /// longer found; null without one.
    pub resolved: Option<Vec<ItemId<'a>>>,
    /// Ids that were open in the last report and that an exception or a rule's allow accepts now;
    /// null without one.
    pub accepted: Option<Vec<ItemId<'a>>>,
    /// Ids that were open in the last report and for which the data or the configuration allows no
    /// answer now; null without one.
    pub unjudged: Option<Vec<ItemId<'a>>>,
    /// What became of the recommendations of the last report.
    pub outcomes: &'a [Outcome],
    /// What each client authenticated with, up to as-of; clients for which the log shows nothing
    /// are left out.
    pub credentials: Vec<ClientCredentials<'a>>,
    /// Reviewed exceptions with their expiry.
    pub exceptions: &'a [ExceptionRow],
    /// Digests of policy, catalogue and configuration, the command, and the link to the last report.
    pub evidence: RestsOn<'a>,
    /// BLAKE3 of the compact JSON without this key, 32 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = "^[0-9a-f]{32}$"))]
    pub id: Option<&'a str>,
}

/// The id is missing only while it is computed.
fn with_id(schema: &mut Schema) {
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.push("id".into());
    }
}

/// An item that is open.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "open_item")]
pub struct OpenItem<'a> {
    /// The same in every month.
    pub id: ItemId<'a>,
    /// What it says.
    #[serde(flatten)]
    pub item: &'a Item,
    /// What the earlier reports say about it.
    #[schemars(extend("enum" = ["new", "ignored", "came_back", "first_report"]))]
    pub state: &'static str,
    /// First month of the unbroken run.
    pub since: Month,
    /// Months in which it was open.
    pub months: &'a [Month],
}

/// An item of earlier months.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "closed_item")]
pub struct ClosedItem<'a> {
    /// The same in every month.
    pub id: ItemId<'a>,
    /// What it said last.
    #[serde(flatten)]
    pub item: &'a Item,
    /// Months in which it was open.
    #[schemars(with = "Vec<Month>")]
    pub months: &'a std::collections::BTreeSet<Month>,
}

/// What one client authenticated with.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "client_credentials")]
pub struct ClientCredentials<'a> {
    /// The client.
    pub client: &'a str,
    /// One for each key or certificate, one for all tokens together.
    #[schemars(length(min = 1))]
    pub credentials: &'a [CredentialLine],
}

/// What the report rests on.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "rests_on")]
pub struct RestsOn<'a> {
    /// Policy files.
    pub grants: &'a [FileRow],
    /// API descriptions.
    pub catalogues: &'a [FileRow],
    /// The configuration file.
    pub configuration: Option<&'a FileRow>,
    /// How the program was called.
    pub command: &'a str,
    /// The earlier report that this one follows.
    pub previous: Option<&'a Link>,
}
