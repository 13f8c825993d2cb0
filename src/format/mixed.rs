//! Files in which lines of several formats stand, as one syslog or one container's output has.
//!
//! In: the first lines of a file. Out: a format that reads each line as the one that it is
//! certain to be in.
//!
//! Invariants:
//! * a line is read as the format that recognises most on it; where two recognise as much,
//!   only if both read the same request from it; else it is rejected, never guessed;
//! * a file that one format reads completely is no mixture: nothing changes for it;
//! * a line that no format of the mixture has is passed over only when it is known to be no
//!   request, and each is counted;
//! * formats whose lines need other lines (a header, rows of several lines) are never mixed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::requests::holds_request;
use super::{
    ALL, Format, LogFormat, Opened, RawRecord, RecordReader, SampleLine, Scratch, Skip, strangers,
};
use crate::model::Effect;

/// What stands between the names of the formats in the name of a mixture.
const AND: char = '+';

/// Several formats, by line.
pub(super) struct Mixed {
    /// `haproxy+nginx-json`; the one name where other lines are only passed over.
    name: String,
    title: String,
    help: String,
    /// In the order of [`ALL`].
    parts: Vec<&'static dyn LogFormat>,
}

/// What the readers of a mixture use and count, one for each.
#[derive(Default)]
pub(super) struct Parts {
    /// The last one is for trying.
    scratches: Vec<Scratch>,
    read: Vec<u64>,
}

impl Scratch {
    /// What was read of one source since this was last asked: how many times without a zone,
    /// and for a mixture how many records of each format.
    pub(crate) fn take_counts(
        &mut self,
        opened: &Opened,
        formats: &mut BTreeMap<&'static str, u64>,
    ) -> u64 {
        let mut zoneless = self.clock.take_zoneless();
        if let Some((tried, all)) = self.parts.scratches.split_last_mut() {
            tried.clock.take_zoneless();
            let counts = all.iter_mut().map(|own| own.clock.take_zoneless());
            zoneless += counts.sum::<u64>();
        }
        for (name, read) in opened.format.parts().iter().zip(&self.parts.read) {
            *formats.entry(name).or_default() += read;
        }
        self.parts.read.clear();
        zoneless
    }
}

/// The mixture of these formats. A run knows a few, each of which is kept once.
fn of(parts: &[&'static dyn LogFormat]) -> Option<&'static Mixed> {
    static KNOWN: Mutex<BTreeMap<String, &'static Mixed>> = Mutex::new(BTreeMap::new());
    let names: Vec<&str> = parts.iter().map(|format| format.name()).collect();
    let name = names.join(&AND.to_string());
    let mixes = |format: &&'static dyn LogFormat| format.open(b"").framing().is_none();
    if parts.is_empty() || !parts.iter().all(mixes) {
        return None;
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(own) = known.get(&name) {
        return Some(own);
    }
    let titles: Vec<&str> = parts.iter().map(|format| format.title()).collect();
    let help =
        |format: &&'static dyn LogFormat| format!("{}: {}", format.name(), format.identity_help());
    let help: Vec<String> = parts.iter().map(help).collect();
    let own: &'static Mixed = Box::leak(Box::new(Mixed {
        name: name.clone(),
        title: titles.join(", and "),
        help: help.join("\n"),
        parts: parts.to_vec(),
    }));
    known.insert(name, own);
    Some(own)
}

/// The mixture or the one format with other lines that detection found under this name.
pub(super) fn named(name: &str) -> Option<Format> {
    let known = ALL
        .iter()
        .copied()
        .filter(|format| name.split(AND).any(|own| own == format.name()));
    of(&known.collect::<Vec<_>>()).map(|own| Format::Known(own))
}

/// One line of the sample.
pub(super) struct Seen<'a> {
    pub(super) line: SampleLine<'a>,
    /// The formats that recognise most on it, by their numbers in [`ALL`].
    pub(super) best: Vec<usize>,
}

impl<'a> Seen<'a> {
    /// What each format recognises on the line.
    pub(super) fn of(line: SampleLine<'a>) -> Self {
        let found: Vec<u32> = ALL.iter().map(|format| format.recognises(&line)).collect();
        let most = found.iter().copied().max().unwrap_or(0);
        let best = (0..found.len()).filter(|index| most > 0 && found[*index] == most);
        let best = best.collect();
        Self { line, best }
    }
}

/// The name of the mixture that the lines are, if they are one, and how many lines it passes over.
///
/// `main` is the format with most lines, and `alone` whether it would have the file without this.
pub(super) fn find(
    seen: &[Seen<'_>],
    head: &[u8],
    (main, alone): (usize, bool),
    enough: usize,
) -> Option<(&'static str, usize)> {
    let skip = |reader: &dyn RecordReader, line: &SampleLine<'_>| {
        reader.parse(line.text, &mut Scratch::default()).err()
    };
    let first = ALL.get(main)?.open(head);
    let mut parts = vec![false; ALL.len()];
    parts[main] = true;
    // Whether the main format alone would lose something, and lines that are no requests.
    let (mut lost, mut passed_over) = (false, 0);
    for Seen { line, best } in seen {
        match best.as_slice() {
            [other] if *other != main => {
                let reader = ALL[*other].open(head);
                if reader.framing().is_none() && skip(&*reader, line).is_none() {
                    parts[*other] = true;
                    lost |= skip(&*first, line).is_some();
                }
            }
            [] if strangers::is_known(line) => {
                passed_over += 1;
                lost |= skip(&*first, line).is_some_and(Skip::is_reject);
            }
            _ => {}
        }
    }
    let further = parts.iter().filter(|is_part| **is_part).count() > 1;
    // What the main format reads by itself stays as it is.
    if alone && !lost || !further && passed_over == 0 {
        return None;
    }
    let has = |own: &&Seen<'_>| own.best.iter().any(|format| parts[*format]);
    let known = seen.iter().filter(has).count() + passed_over;
    let all = ALL.iter().copied().zip(&parts);
    let parts: Vec<_> = all
        .filter(|(_, is_part)| **is_part)
        .map(|own| own.0)
        .collect();
    let certain = known * 100 >= seen.len() * enough;
    let own = certain.then(|| of(&parts)).flatten()?;
    Some((&own.name, passed_over))
}

impl LogFormat for Mixed {
    fn name(&self) -> &str {
        &self.name
    }

    fn title(&self) -> &str {
        &self.title
    }

    fn identity_help(&self) -> &str {
        &self.help
    }

    fn tells_who_refused(&self) -> bool {
        self.parts.iter().any(|format| format.tells_who_refused())
    }

    // Of several, silence of one says nothing about the operations of another.
    fn names_operations(&self) -> bool {
        matches!(&*self.parts, [alone] if alone.names_operations())
    }

    fn effect_of(&self, operation: &[u8]) -> Option<Effect> {
        match &*self.parts {
            [alone] => alone.effect_of(operation),
            _ => None,
        }
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let found = self.parts.iter().map(|format| format.recognises(line));
        found.max().unwrap_or(0)
    }

    fn open(&self, sample: &[u8]) -> Arc<dyn RecordReader> {
        let open = |format: &&'static dyn LogFormat| (*format, format.open(sample));
        Arc::new(Reader(self.parts.iter().map(open).collect()))
    }

    fn parts(&self) -> Vec<&'static str> {
        match &*self.parts {
            [_] => Vec::new(),
            all => all.iter().map(|format| format.name()).collect(),
        }
    }
}

/// The readers of the formats of a mixture.
struct Reader(Vec<(&'static dyn LogFormat, Arc<dyn RecordReader>)>);

impl RecordReader for Reader {
    fn begin(&self, offset: u64, scratch: &mut Scratch) {
        let Scratch {
            claims,
            clock,
            parts,
            ..
        } = scratch;
        parts
            .scratches
            .resize_with(self.0.len() + 1, Scratch::default);
        parts.read.clear();
        parts.read.resize(self.0.len(), 0);
        for ((_, reader), own) in self.0.iter().zip(&mut parts.scratches) {
            own.claims = *claims;
            own.clock.state_as(clock);
            reader.begin(offset, own);
        }
    }

    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        if scratch.parts.scratches.len() != self.0.len() + 1 {
            self.begin(0, scratch);
        }
        let claims = scratch.claims;
        let Parts { scratches, read } = &mut scratch.parts;
        let (tried, own) = scratches.split_last_mut().ok_or(Skip::Malformed)?;
        let chosen = self.choose(line, tried)?;
        let ((_, reader), own) = self
            .0
            .get(chosen)
            .zip(own.get_mut(chosen))
            .ok_or(Skip::Malformed)?;
        own.claims = claims;
        let record = reader.parse(line, own)?;
        if let Some(count) = read.get_mut(chosen) {
            *count += 1;
        }
        Ok(record)
    }
}

/// What makes two readings of a line the same request.
type Told = (i64, Vec<u8>, Vec<u8>, Option<Vec<u8>>, Option<u16>);

impl Reader {
    /// The reader that has the line.
    fn choose(&self, line: &[u8], scratch: &mut Scratch) -> Result<usize, Skip> {
        let own = SampleLine::of(line);
        let found: Vec<u32> = self
            .0
            .iter()
            .map(|(format, _)| format.recognises(&own))
            .collect();
        let most = found.iter().copied().max().unwrap_or(0);
        if most == 0 && strangers::is_known(&own) {
            return Err(Skip::OtherRecord);
        }
        let mut best = (0..found.len()).filter(|index| found[*index] == most);
        let first = best.next().ok_or(Skip::Malformed)?;
        if most > 0 && best.next().is_none() {
            return Ok(first);
        }
        // Nobody knows it at sight, or several do: then it counts what they read.
        let (mut told, mut chosen): (Option<Told>, _) = (None, None);
        let (mut other, mut worst) = (false, Skip::Malformed);
        for index in (0..found.len()).filter(|index| found[*index] == most) {
            match self.0[index].1.parse(line, scratch) {
                Ok(record) => {
                    let own = (
                        record.time,
                        record.method.to_vec(),
                        record.target.to_vec(),
                        record.client.map(<[u8]>::to_vec),
                        record.status,
                    );
                    if *told.get_or_insert_with(|| own.clone()) != own {
                        return Err(Skip::Malformed);
                    }
                    chosen = chosen.or(Some(index));
                }
                Err(Skip::OtherRecord) => other = true,
                Err(Skip::Malformed) => {}
                Err(skip) => worst = skip,
            }
        }
        let cut_off = own.json.is_none() && line.first() == Some(&b'{');
        match chosen {
            Some(index) => Ok(index),
            None if other && !cut_off && !holds_request(line) => Err(Skip::OtherRecord),
            None => Err(worst),
        }
    }
}

#[cfg(test)]
#[path = "mixed_tests.rs"]
mod tests;
