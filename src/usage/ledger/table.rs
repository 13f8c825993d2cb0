//! The tables and their columns. The day is the folder's name, `day=YYYY-MM-DD`,
//! as every engine that reads partitioned data sets expects.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// One table of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    /// What was done with tokens that carried which scopes.
    Carried,
    /// Which days each source has records of.
    Coverage,
    /// Which credential each client presented.
    Credentials,
    /// What was held at a day, as the policy files stated it.
    Grants,
    /// Scopes that the tokens of a source carried, under its last day.
    Issued,
    /// How long the tokens of each client live.
    Lifetimes,
    /// One row for each source, under its first day.
    Sources,
    /// Requests without an operation for certain, under the last day of their source.
    Unplaced,
    /// Requests by client, operation and outcome.
    Usage,
}

impl Table {
    /// Every table, in order.
    pub(crate) const ALL: [Self; 9] = [
        Self::Carried,
        Self::Coverage,
        Self::Credentials,
        Self::Grants,
        Self::Issued,
        Self::Lifetimes,
        Self::Sources,
        Self::Unplaced,
        Self::Usage,
    ];

    /// Its folder.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Carried => "carried",
            Self::Coverage => "coverage",
            Self::Credentials => "credentials",
            Self::Grants => "grants",
            Self::Issued => "issued",
            Self::Lifetimes => "lifetimes",
            Self::Sources => "sources",
            Self::Unplaced => "unplaced",
            Self::Usage => "usage",
        }
    }

    /// The table with this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// Whether its rows name a source.
    pub(super) fn has_source(self) -> bool {
        self != Self::Grants
    }

    /// Whether a day without rows says something: that nobody held anything.
    pub(super) fn is_empty_a_record(self) -> bool {
        self == Self::Grants
    }

    /// Whether `prune` drops its old days. What makes content known stays, and so do
    /// the grants, whose age is the point.
    pub(super) fn is_pruned(self) -> bool {
        !matches!(self, Self::Sources | Self::Grants)
    }

    /// The columns, in the order in which rows are sorted.
    pub(super) fn schema(self) -> SchemaRef {
        let instant = || DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
        let must = |name: &str, kind| Field::new(name, kind, false);
        let may = |name: &str, kind| Field::new(name, kind, true);
        let (text, number) = (DataType::Utf8, DataType::UInt64);
        let fields = match self {
            Self::Usage => vec![
                must("source", text.clone()),
                may("client", text.clone()),
                may("client_alt", text.clone()),
                may("method", text.clone()),
                may("template", text.clone()),
                must("outcome", text.clone()),
                must("count", number),
                must("first", instant()),
                must("last", instant()),
                may("sample_request_id", text),
            ],
            Self::Unplaced => vec![
                must("source", text.clone()),
                may("client", text.clone()),
                may("client_alt", text.clone()),
                must("cause", text.clone()),
                must("method", text.clone()),
                must("path", text.clone()),
                must("need", number.clone()),
                must("nameless", number.clone()),
                must("other", number.clone()),
                must("served", number),
                must("days", text.clone()),
                may("first", instant()),
                may("last", instant()),
                may("sample_request_id", text.clone()),
                may("tried", text),
            ],
            Self::Coverage => vec![
                must("source", text.clone()),
                must("records", number.clone()),
                must("nobody", number),
                may("first", instant()),
                may("last", instant()),
                must("complete", DataType::Boolean),
            ],
            Self::Sources => vec![
                must("source", text.clone()),
                must("path", text.clone()),
                may("format", text.clone()),
                must("status", text.clone()),
                may("reason", text.clone()),
                must("bytes", number.clone()),
                may("digest", text.clone()),
                may("head", text.clone()),
                must("head_bytes", number.clone()),
                may("first_line", text.clone()),
                must("records", number.clone()),
                must("counted", number.clone()),
                must("nobody", number.clone()),
                must("looser", number.clone()),
                must("ignored", text.clone()),
                must("skipped", text.clone()),
                may("first_day", DataType::Date32),
                may("last_day", DataType::Date32),
                must("catalogue", text.clone()),
                may("zoneless", number.clone()),
                must("success", number.clone()),
                must("untold", number),
                must("untold_days", text.clone()),
                may("formats", text),
            ],
            Self::Credentials => vec![
                must("source", text.clone()),
                must("client", text.clone()),
                may("client_alt", text.clone()),
                may("credential", text.clone()),
                must("others", DataType::Boolean),
                must("auth_kind", text.clone()),
                must("count", number.clone()),
                must("first", instant()),
                must("last", instant()),
                may("lifetime_min_s", DataType::UInt32),
                may("lifetime_max_s", DataType::UInt32),
                must("refused", number.clone()),
                must("endless", number.clone()),
                must("expired", number.clone()),
                must("scoped", number),
                must("networks", text.clone()),
                must("agents", text),
                may("lifetime_left_s", DataType::UInt32),
            ],
            Self::Issued => vec![
                must("source", text.clone()),
                must("client", text.clone()),
                may("client_alt", text.clone()),
                must("scope", text),
                must("count", number),
                must("first", instant()),
                must("last", instant()),
            ],
            Self::Carried | Self::Lifetimes | Self::Grants => return self.later(),
        };
        Arc::new(Schema::new(fields))
    }

    /// The tables with few columns.
    fn later(self) -> SchemaRef {
        let instant = || DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
        let must = |name: &str, kind| Field::new(name, kind, false);
        let may = |name: &str, kind| Field::new(name, kind, true);
        let (text, number) = (DataType::Utf8, DataType::UInt64);
        if self == Self::Grants {
            let fields = vec![
                must("client", text.clone()),
                must("term", text.clone()),
                may("via", text),
            ];
            return Arc::new(Schema::new(fields));
        }
        let mut fields = vec![must("source", text.clone())];
        fields.push(must("client", text.clone()));
        fields.push(may("client_alt", text.clone()));
        fields.extend(match self {
            Self::Carried => vec![
                must("method", text.clone()),
                must("template", text.clone()),
                must("refused", DataType::Boolean),
                may("scopes", text),
                must("count", number),
                must("first", instant()),
                must("last", instant()),
            ],
            _ => vec![must("lifetime_s", number.clone()), must("count", number)],
        });
        Arc::new(Schema::new(fields))
    }
}
