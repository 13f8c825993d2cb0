//! The log inputs of the page, the rotated files of one source together.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::report::model::Input;
use crate::usage::stem;

/// Every source with its files, as far as there is room.
#[derive(Serialize)]
pub(super) struct Inputs<'a> {
    sources: Vec<Source<'a>>,
    /// Files that are shown.
    shown: usize,
    /// Files.
    all: usize,
}

/// What rotation made several files of.
#[derive(Serialize)]
struct Source<'a> {
    /// What the names of its files have in common.
    name: String,
    files: usize,
    bytes: u64,
    records: u64,
    counted: u64,
    skipped: u64,
    rejected: u64,
    /// Files that were read to their ends, or that another one contains.
    whole: usize,
    rows: Vec<&'a Input<'a>>,
}

impl<'a> Inputs<'a> {
    /// The sources in the order of their first files; `most` files are shown.
    pub(super) fn of(inputs: &'a [Input<'a>], most: usize) -> Self {
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut sources: Vec<Source<'a>> = Vec::new();
        for (number, input) in inputs.iter().enumerate() {
            let name = stem(input.path);
            let place = *places.entry(name.clone()).or_insert(sources.len());
            if place == sources.len() {
                sources.push(Source::new(name));
            }
            if let Some(source) = sources.get_mut(place) {
                source.add(input, number < most);
            }
        }
        sources.retain(|source| !source.rows.is_empty());
        Self {
            sources,
            shown: inputs.len().min(most),
            all: inputs.len(),
        }
    }
}

impl<'a> Source<'a> {
    fn new(name: String) -> Self {
        Self {
            name,
            files: 0,
            bytes: 0,
            records: 0,
            counted: 0,
            skipped: 0,
            rejected: 0,
            whole: 0,
            rows: Vec::new(),
        }
    }

    fn add(&mut self, input: &'a Input<'a>, is_shown: bool) {
        self.files += 1;
        self.bytes += input.bytes;
        self.records += input.records;
        self.counted += input.counted;
        self.skipped += input.skipped.values().sum::<u64>();
        self.rejected += input.rejected;
        let whole = input.status == "checked" || input.status.starts_with("duplicate of ");
        self.whole += usize::from(whole);
        if is_shown {
            self.rows.push(input);
        }
    }
}
