//! A format's reader without anything around it, to measure it.

use super::{Opened, Scratch, by_name, detect};

/// The format with this name, opened for a source that begins with `sample`.
pub fn opened_for(name: &str, sample: &[u8]) -> Option<Opened> {
    Some(Opened::new(by_name(name)?, sample))
}

impl Opened {
    /// How many lines of a text are records. It is read as the beginning of a source is.
    pub fn records_in(&self, text: &[u8]) -> u64 {
        let mut scratch = Scratch::default();
        self.reader.begin(0, &mut scratch);
        let mut records = 0;
        let mut rest = text;
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let line = detect::trim(&rest[..end]);
            let read = self.reader.parse(line, &mut scratch);
            records += u64::from(std::hint::black_box(&read).is_ok());
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        records
    }
}
