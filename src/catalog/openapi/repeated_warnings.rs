//! Warnings that would repeat for each operation, said once with their number.

use std::collections::BTreeMap;

use crate::model::{Place, Warning};

/// What was noticed, by code.
#[derive(Default)]
pub(super) struct Notes(BTreeMap<&'static str, Note>);

struct Note {
    count: usize,
    sentence: &'static str,
    first: String,
    place: Option<Place>,
}

impl Notes {
    /// Counts one more; the first one is the example. `sentence` follows the number.
    pub(super) fn add(
        &mut self,
        code: &'static str,
        sentence: &'static str,
        first: impl FnOnce() -> String,
        place: Option<Place>,
    ) {
        self.0
            .entry(code)
            .and_modify(|note| note.count += 1)
            .or_insert_with(|| Note {
                count: 1,
                sentence,
                first: first(),
                place,
            });
    }

    /// One warning for each code: the number, the sentence, the first example.
    pub(super) fn into_warnings(self) -> impl Iterator<Item = Warning> {
        self.0.into_iter().map(|(code, note)| Warning {
            code,
            message: format!(
                "{} {}; the first is {}",
                note.count, note.sentence, note.first
            ),
            place: note.place,
        })
    }
}
