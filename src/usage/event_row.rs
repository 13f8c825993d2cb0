//! The columns of a normalised event, and its row.
//!
//! Invariant: one list of columns makes the names and types in every format, so that
//! they cannot disagree.

use crate::model::Millis;
use crate::model::rows::{Cell, Column, columns};

/// Names and kinds, in their order.
pub const EVENT_COLUMNS: [Column; 20] = columns! {
    time: Micros, "when the request came in";
    source_file: Text or Null, "the log";
    source_offset: Integer(64), "where the line begins, in bytes";
    format: Text or Null, "format of the log";
    request_id: Text or Null, "the gateway's id of the request";
    client_id: Text or Null, "who asked";
    subject_id: Text or Null, "for whom";
    credential_id: Text or Null, "hash of the credential";
    token_scopes: List(" ") or Null, "scopes of the token";
    token_iat: Instant or Null, "when the token was issued";
    token_exp: Instant or Null, "when the token expires";
    method: Text or Null, "HTTP method";
    host: Text or Null, "host of the request";
    path: Text or Null, "normalised path without its query";
    path_template: Text or Null, "path of the operation";
    status: Integer(16) or Null, "status of the answer";
    upstream_status: Integer(16) or Null, "status of the service";
    outcome: Text or Null, "what the answer proves";
    client_ip: Text or Null, "address of the client";
    user_agent: Text or Null, "the client's program";
};

/// One normalised event.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRow {
    pub(super) cells: [Cell<'static>; EVENT_COLUMNS.len()],
}

impl EventRow {
    /// The values of all columns, in the order of [`EVENT_COLUMNS`].
    pub const fn cells(&self) -> &[Cell<'static>] {
        &self.cells
    }

    /// The value of one column; `Null` when there is no such column.
    pub fn cell(&self, column: &str) -> &Cell<'static> {
        let mut all = EVENT_COLUMNS.iter().zip(&self.cells);
        all.find(|(known, _)| known.name == column)
            .map_or(&Cell::Null, |(_, cell)| cell)
    }

    /// The value of a text column.
    pub fn text(&self, column: &str) -> Option<&str> {
        match self.cell(column) {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }

    /// UTC, in milliseconds since 1970.
    pub fn time(&self) -> Millis {
        match self.cell("time") {
            Cell::Instant(time) => *time,
            _ => 0,
        }
    }
}
