//! Of which day `ingest` records what is held.

use std::collections::BTreeMap;

use serde_json::json;

use super::diagnostics;
use super::from_ledger::advised;
use super::settings::{self, Settings};
use crate::model::words::plural;
use crate::model::{Day, Policy};
use crate::usage::ledger::{OnRecord, Writer};

/// Of which day the policy files are said to be.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct RecordArgs {
    /// Record what is held as of this day; default: the last day of the ledger
    #[arg(long, value_name = "DATE", conflicts_with = "grants_at")]
    grants_as_of: Option<String>,
    /// Record the policy files as git had them at the end of this day, under this day
    #[arg(long, value_name = "DATE")]
    pub(super) grants_at: Option<String>,
}

/// What became of the record.
pub(super) enum Record {
    /// It is in the ledger: new, as before, or in place of another one.
    Held(Day, OnRecord, usize),
    /// It is not, and why.
    Not(String),
}

impl RecordArgs {
    /// Whether a day is named: then there has to be something to record.
    pub(super) const fn is_stated(&self) -> bool {
        self.grants_as_of.is_some() || self.grants_at.is_some()
    }

    /// The day that is named, if one is.
    pub(super) fn day(&self) -> anyhow::Result<Option<Day>> {
        let named = self.grants_as_of.as_ref().or(self.grants_at.as_ref());
        named.map(|text| settings::date(text)).transpose()
    }
}

/// Records what the policy files grant. `named` tells whether they stand on the command
/// line, `last` is the last day of the logs of this run.
///
/// A record under too early a day makes grants look older than they are, and a grant
/// that looks old can be removed. So nothing is recorded where the day is a guess:
/// beside logs that end before the ledger does, another record of its last day stays,
/// and a partial result has no last day that the files of a configuration are of.
pub(super) fn record(
    args: &RecordArgs,
    settings: &Settings,
    writer: &mut Writer,
    policy: &Policy,
    (named, partial, last): (bool, bool, Option<Day>),
) -> anyhow::Result<Option<Record>> {
    let stated = args.day()?;
    let day = match stated {
        Some(day) => day,
        None if partial && !named => {
            let text = "a partial result has no last day of its own; --grants-as-of DATE says of which day the policy files are";
            return Ok(Some(Record::Not(text.to_owned())));
        }
        None => match writer.last_day(settings.reject_share) {
            Ok(Some(day)) => day,
            Ok(None) => return Ok(None),
            Err(error) => return Err(advised(&error)),
        },
    };
    if let (None, Some(last)) = (stated, last)
        && last < day
    {
        let found = writer.grants_on_record(day, policy);
        if found.map_err(|error| advised(&error))? == OnRecord::Other {
            let text = format!(
                "these logs end on {last}, and of {day}, the last day of the ledger, it has another record, which stays; --grants-as-of DATE says of which day the policy files are"
            );
            return Ok(Some(Record::Not(text)));
        }
    }
    let found = writer.record_grants(day, policy);
    let found = found.map_err(|error| advised(&error))?;
    let grants = policy.holdings().values().map(BTreeMap::len).sum();
    Ok(Some(Record::Held(day, found, grants)))
}

impl Record {
    /// The line of the table; what was not done goes to standard error.
    pub(super) fn line(&self, quiet: bool) -> Option<String> {
        match self {
            Self::Held(day, found, grants) => {
                let what = match found {
                    OnRecord::Nothing => "recorded",
                    OnRecord::Same => "recorded already",
                    OnRecord::Other => "recorded, in place of what was,",
                };
                Some(format!(
                    "{} {what} as of {day}",
                    plural(*grants as u64, "grant")
                ))
            }
            Self::Not(why) => {
                diagnostics::note(quiet, &format!("what is held is not recorded: {why}"));
                None
            }
        }
    }

    pub(super) fn json(&self) -> serde_json::Value {
        match self {
            Self::Held(day, found, grants) => json!({
                "as_of": day.to_string(),
                "grants": grants,
                "result": match found {
                    OnRecord::Nothing => "added",
                    OnRecord::Same => "known already",
                    OnRecord::Other => "replaced",
                },
            }),
            Self::Not(why) => json!({"result": "not recorded", "reason": why}),
        }
    }
}
