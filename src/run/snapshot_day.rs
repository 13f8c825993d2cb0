//! Of which day `ingest` records what is held.

use std::collections::BTreeMap;

use super::from_ledger::advised;
use super::settings::Settings;
use crate::model::{Day, Policy};
use crate::usage::ledger::{OnRecord, Writer};

/// What became of the record.
pub enum Record {
    /// It is in the ledger: new, as before, or in place of another one.
    Held(Day, OnRecord, usize),
    /// It is not, and why.
    Not(String),
}

/// What is known of the day that policy files are of.
pub(crate) struct DayOfPolicy {
    /// The day that is named, if one is.
    pub(crate) stated: Option<Day>,
    /// The files are named for this run, not in the configuration.
    pub(crate) files_named: bool,
    /// The result is a part of a ledger.
    pub(crate) partial: bool,
    /// The last day of the logs of this run.
    pub(crate) last: Option<Day>,
}

/// Records what the policy files grant.
///
/// A record under too early a day makes grants look older than they are, and a grant
/// that looks old can be removed. So nothing is recorded where the day is a guess:
/// with logs that end before the ledger does, another record of its last day stays,
/// and a partial result has no last day that the files of a configuration are of.
pub(crate) fn record(
    known: &DayOfPolicy,
    settings: &Settings,
    writer: &mut Writer,
    policy: &Policy,
) -> anyhow::Result<Option<Record>> {
    let day = match known.stated {
        Some(day) => day,
        None if known.partial && !known.files_named => {
            let text = "a partial result has no last day; --grants-as-of DATE says which day the policy files are of";
            return Ok(Some(Record::Not(text.to_owned())));
        }
        None => match writer.last_day(settings.reject_share) {
            Ok(Some(day)) => day,
            Ok(None) => return Ok(None),
            Err(error) => return Err(advised(&error)),
        },
    };
    if let (None, Some(last)) = (known.stated, known.last)
        && last < day
    {
        let found = writer.grants_on_record(day, policy);
        if found.map_err(|error| advised(&error))? == OnRecord::Other {
            let text = format!(
                "these logs end on {last}, but the ledger ends on {day} and already has another record for that day, which stays; --grants-as-of DATE says which day the policy files are of"
            );
            return Ok(Some(Record::Not(text)));
        }
    }
    let found = writer.record_grants(day, policy);
    let found = found.map_err(|error| advised(&error))?;
    let grants = policy.holdings().values().map(BTreeMap::len).sum();
    Ok(Some(Record::Held(day, found, grants)))
}
