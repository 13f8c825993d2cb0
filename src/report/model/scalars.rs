//! Words of the contract that are text in JSON and something better inside.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::model::{Catalog, ClientName, Day, Millis, Operation, Scope, Term};
use crate::report::monthly::Month;

/// A UTC time with milliseconds: `2026-01-02T12:00:00.117Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant(pub Millis);

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.rem_euclid(86_400_000);
        let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
        let day = Day::of(self.0);
        write!(
            f,
            "{day}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
            ms % 1_000
        )
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An operation by its method and path template, for example `GET /orders/{id}`.
#[derive(Clone, Copy, Debug)]
pub struct OperationName<'a>(pub &'a Operation);

impl<'a> OperationName<'a> {
    /// The operations with these numbers.
    pub(super) fn all(catalog: &'a Catalog, numbers: &[usize]) -> Vec<Self> {
        let known = |number: &usize| catalog.operations.get(*number).map(Self);
        numbers.iter().filter_map(known).collect()
    }
}

impl fmt::Display for OperationName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.method, self.0.path)
    }
}

impl Serialize for OperationName<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The id of an item: a hash of client, subject and rule, the same in every month.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(transparent)]
pub struct ItemId<'a>(pub &'a str);

/// A text of a stated form.
macro_rules! text_schema {
    ($type:ty, $name:literal, $description:literal, $pattern:literal) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"description": $description, "type": "string", "pattern": $pattern})
            }
        }
    };
}

text_schema!(Day, "day", "A UTC day.", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$");
text_schema!(
    Instant,
    "instant",
    "A UTC time with milliseconds.",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"
);
text_schema!(
    OperationName<'_>,
    "operation",
    "Method and path template, for example `GET /orders/{id}`.",
    "^[A-Z*]+ "
);
text_schema!(
    ItemId<'_>,
    "itemId",
    "Hash of client, subject and rule: the same in every month.",
    "^[0-9a-f]{20}$"
);
text_schema!(
    Month,
    "calendarMonth",
    "A calendar month.",
    "^[0-9]{4}-(0[1-9]|1[0-2])$"
);

/// A name that is any text.
macro_rules! name_schema {
    ($($type:ty),*) => {$(
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string"})
            }
        }
    )*};
}

name_schema!(ClientName, Scope, Term);
