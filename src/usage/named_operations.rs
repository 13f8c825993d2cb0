//! The operations that a log names, for formats in which an operation is a permission.
//!
//! In: sources. Out: every name that is on a record, in order, and whether it reads or writes.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use crate::format::{Opened, Scratch, detect};
use crate::input::{Block, BlockSink, Limits, Source, read_once};
use crate::model::Effect;

/// Names that are kept: far more than any system has permissions.
const MOST: usize = 1 << 18;

/// Reads the names of all records.
pub(crate) fn named_operations(
    sources: &[Source],
    formats: &[Option<Opened>],
    limits: &Limits,
    progress: &AtomicU64,
) -> BTreeMap<Vec<u8>, Effect> {
    let sink = Sink { formats, limits };
    let (states, _) = read_once(sources, limits, &sink, progress);
    let mut all = BTreeMap::new();
    for state in states {
        for (name, effect) in state.names {
            keep(&mut all, &name, effect);
        }
    }
    all
}

struct Sink<'a> {
    formats: &'a [Option<Opened>],
    limits: &'a Limits,
}

#[derive(Default)]
struct State {
    scratch: Scratch,
    names: BTreeMap<Vec<u8>, Effect>,
}

impl BlockSink for Sink<'_> {
    type State = State;

    fn begin(&self) -> State {
        State::default()
    }

    fn block(&self, state: &mut State, block: Block<'_>) {
        let Some(Some(opened)) = self.formats.get(block.source) else {
            return;
        };
        opened.reader.begin(block.offset, &mut state.scratch);
        for line in block.bytes.split(|byte| *byte == b'\n').map(detect::trim) {
            if line.is_empty() || line.len() > self.limits.line {
                continue;
            }
            let Ok(record) = opened.reader.parse(line, &mut state.scratch) else {
                continue;
            };
            let Some(named) = record.named else { continue };
            keep(&mut state.names, named.operation, named.effect);
            let also = named.also.into_iter().flatten();
            let also = also.map(|(_, operation)| operation);
            for operation in also.chain(named.further()) {
                keep(&mut state.names, operation, Effect::Write);
            }
        }
    }
}

/// Of two effects the graver one counts.
fn keep(names: &mut BTreeMap<Vec<u8>, Effect>, name: &[u8], effect: Effect) {
    if let Some(known) = names.get_mut(name) {
        *known = (*known).max(effect);
    } else if names.len() < MOST {
        names.insert(name.to_vec(), effect);
    }
}
