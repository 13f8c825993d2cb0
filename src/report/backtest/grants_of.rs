//! Whose grants the origins of a backtest take, and which month ends had none, in words.

use crate::analysis::backtest::{Backtest, GrantsOf};
use crate::model::words::{first, plural};

/// Month ends that are named one by one.
const NAMED: usize = 12;

/// What the numbers take for granted.
pub(in crate::report) fn assumptions(found: &Backtest) -> &'static str {
    match found.grants {
        GrantsOf::Today => {
            "today's configuration; today's grants, except those that the files date later (or git, for a line below an older date); unmatched paths hold no past removal back"
        }
        GrantsOf::Git => {
            "today's configuration; the grants as git had the policy files at each month end, and what they gained after it; unmatched paths hold no past removal back"
        }
        GrantsOf::Ledger => {
            "today's configuration; the grants as the ledger recorded them last, at most 31 days before each month end, and what later records gained; unmatched paths hold no past removal back"
        }
    }
}

/// The name of the source in the data.
pub(in crate::report) fn name(found: &Backtest) -> &'static str {
    match found.grants {
        GrantsOf::Today => "today",
        GrantsOf::Git => "as_held",
        GrantsOf::Ledger => "ledger",
    }
}

/// Why month ends were left out; `None` when none was.
pub(in crate::report) fn why(found: &Backtest) -> Option<&'static str> {
    let why = match found.grants {
        GrantsOf::Today => return None,
        GrantsOf::Git => "before the policy files were in git",
        GrantsOf::Ledger => "without a record of the grants in the 31 days before",
    };
    (!found.left_out.is_empty()).then_some(why)
}

/// The month ends that were left out, in one sentence.
pub(crate) fn left_out(found: &Backtest) -> Option<String> {
    let why = why(found)?;
    let days: Vec<String> = found.left_out.iter().map(ToString::to_string).collect();
    Some(format!(
        "{} {why}: {}",
        plural(days.len(), "month end"),
        first(&days, NAMED)
    ))
}
