//! Texts become trees and tables that know their own bytes.
//!
//! In: the text of a YAML, JSON, TOML, HCL or CSV file, and the name it is shown by. Out: [`Node`]s
//! with lines and byte spans, or rows of cells with theirs, or an error with a place.
//!
//! Invariants:
//! * a text is read completely or refused with a place;
//! * the span of a scalar is exactly the scalar, quotes included;
//! * no error quotes the text: what is not what it should be may be a secret.
//!
//! What a key or a column means is not known here.

pub(crate) mod csv;
pub(crate) mod hcl;
pub(crate) mod json;
mod node;
pub(crate) mod toml;
pub(crate) mod yaml;

pub(crate) use node::{Node, Value};

#[cfg(test)]
pub(crate) mod parses {
    //! Counts how often a thread reads a text into a tree, for tests.

    use std::cell::Cell;

    thread_local! {
        static PARSES: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count() {
        PARSES.with(|parses| parses.set(parses.get() + 1));
    }

    /// How many texts `work` reads into trees.
    pub(crate) fn during<T>(work: impl FnOnce() -> T) -> (usize, T) {
        let before = PARSES.with(Cell::get);
        let done = work();
        (PARSES.with(Cell::get) - before, done)
    }
}
