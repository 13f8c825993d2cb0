//! Sentences about grants that are read, but not as their author may think.

use crate::model::{Entry, Granted, Subject, Warning};

/// The warning for a grant that is written twice.
pub(super) fn duplicate(entry: &Entry, first: u32) -> Warning {
    let subject = match &entry.subject {
        Subject::Client(client) => format!("client `{client}`"),
        Subject::Role(role) => format!("role `{role}`"),
    };
    let granted = match &entry.granted {
        Granted::Term(term) => format!("`{term}`"),
        Granted::Role(role) => format!("role `{role}`"),
    };
    let message = format!(
        "{subject} is granted {granted} twice, first in line {first}: only removing both takes it away"
    );
    Warning::new("duplicate-grant", message).at(entry.place.clone())
}
