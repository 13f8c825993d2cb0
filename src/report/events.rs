//! Normalised events for reading: the columns that fit next to each other.

use crate::model::rows::{Cell, Column, EachRow, columns};
use crate::usage::EventRow;

/// What is shown of an event.
pub(crate) const SHORT: [Column; 5] = columns! {
    time: Instant, "when the request came in";
    client: Text or Null, "who asked";
    status: Integer(16) or Null, "status of the answer";
    outcome: Text or Null, "what the answer proves";
    operation: Text, "method and path";
};

/// The row of an event; a request that matched no operation shows its path.
pub(crate) fn short(event: &EventRow, each: &mut EachRow<'_>) {
    let text = |name| event.text(name).unwrap_or("-");
    let what = event
        .text("path_template")
        .map_or_else(|| format!("{} (no operation)", text("path")), str::to_owned);
    each(&[
        Cell::Instant(event.time()),
        event.text("client_id").into(),
        event.cell("status").clone(),
        event.text("outcome").into(),
        format!("{} {what}", text("method")).into(),
    ]);
}
