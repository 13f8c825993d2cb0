//! The parts of a table: columns, cells, and where its rows come from.
//!
//! Invariants:
//! * a row has one cell for each column, of the column's kind or `Null`;
//! * rows come in parts: a part may be rendered on any thread, and the parts are taken in
//!   order, so that a long table is never in memory as a whole.
//!
//! How a table is written is not known here.

use std::borrow::Cow;

use super::{Day, Millis};

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, the same in every format.
    pub name: &'static str,
    /// What its cells hold.
    pub kind: Kind,
    /// Whether a cell may be empty.
    pub optional: bool,
    /// What it says.
    pub doc: &'static str,
}

/// Columns as a list: name, kind, `or Null` where a cell may be empty, and what it says.
macro_rules! columns {
    ($($name:ident: $kind:ident $(($of:expr))? $(or $null:ident)?, $doc:literal;)*) => {
        [$($crate::model::rows::Column {
            name: stringify!($name),
            kind: $crate::model::rows::Kind::$kind $(($of))?,
            optional: [$(stringify!($null),)? ""].len() > 1,
            doc: $doc,
        }),*]
    };
}
pub(crate) use columns;

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A count; where a format has types, with so many bits (16, 32 or 64).
    Integer(u8),
    /// A number; in text with so many decimals, or as many as it needs.
    Float(Option<usize>),
    /// Yes or no.
    Bool,
    /// A UTC day.
    Day,
    /// An instant in milliseconds.
    Instant,
    /// An instant in milliseconds, which a format with types stores in microseconds.
    Micros,
    /// Strings; in text with this between them.
    List(&'static str),
}

impl Kind {
    /// Whether it is a number, which a reader compares digit by digit.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Integer(_) | Self::Float(_))
    }
}

/// One value; `Null` is "not known" or "not applicable", never "no".
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Null,
    /// A string, as hostile as it came.
    Text(Cow<'a, str>),
    /// A count.
    Integer(u64),
    /// A number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// A UTC day.
    Day(Day),
    /// An instant, UTC.
    Instant(Millis),
    /// Strings; none of them is not the same as `Null`.
    List(Vec<Cow<'a, str>>),
}

impl<'a> Cell<'a> {
    /// The strings as one cell.
    pub fn list<T: Into<Cow<'a, str>>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }

    /// An instant, where there is one.
    pub fn instant(time: impl Into<Option<Millis>>) -> Self {
        time.into().map_or(Self::Null, Self::Instant)
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Cell<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Cell<'_> {
    fn from(count: u64) -> Self {
        Self::Integer(count)
    }
}

impl From<u32> for Cell<'_> {
    fn from(count: u32) -> Self {
        Self::Integer(count.into())
    }
}

impl From<usize> for Cell<'_> {
    fn from(count: usize) -> Self {
        Self::Integer(count as u64)
    }
}

impl From<f64> for Cell<'_> {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<bool> for Cell<'_> {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}

impl From<Day> for Cell<'_> {
    fn from(day: Day) -> Self {
        Self::Day(day)
    }
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Takes one row after the other.
pub(crate) type EachRow<'r> = dyn FnMut(&[Cell<'_>]) + 'r;
/// Hands over each row of a part, in order.
pub(crate) type Part<'p> = dyn Fn(&mut EachRow<'_>) + 'p;

/// Where the rows of a table come from.
pub trait Rows {
    /// Renders each part, possibly on several threads, and has the results taken in order.
    fn for_each_part<T: Send, E>(
        &self,
        render: impl Fn(&Part<'_>) -> T + Sync,
        take: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E>;
}

/// Items of one part.
const PART: usize = 256;

/// Rows of things that are in memory: `cells` hands over those of each item, by its index.
pub(crate) struct Held<F> {
    items: usize,
    cells: F,
}

impl<F: Fn(usize, &mut EachRow<'_>)> Held<F> {
    /// The rows of so many items.
    pub(crate) const fn new(items: usize, cells: F) -> Self {
        Self { items, cells }
    }
}

impl<F: Fn(usize, &mut EachRow<'_>)> Rows for Held<F> {
    fn for_each_part<T: Send, E>(
        &self,
        render: impl Fn(&Part<'_>) -> T + Sync,
        mut take: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        for start in (0..self.items).step_by(PART) {
            let part = start..self.items.min(start + PART);
            take(render(&|row| {
                part.clone().for_each(|item| (self.cells)(item, row));
            }))?;
        }
        Ok(())
    }
}
