//! One group's counts in 40 bytes.
//!
//! Ten million groups are a real case (many clients × many routes × a year), so
//! the instant is kept as milliseconds of its day, and the sample request id,
//! usually a UUID or 32 hex digits, as the 16 bytes it stands for.

use crate::event::secret::masked;

/// How the id of the sample request is kept; in the top bits of `meta`.
const NONE: u64 = 0;
const HEX: u64 = 1 << 60;
const UUID: u64 = 2 << 60;
/// In the arena: offset and length.
const ARENA: u64 = 3 << 60;
const FORM: u64 = 15 << 60;
const COUNT: u64 = (1 << 60) - 1;

/// Longest id that is kept; a longer one is cut.
const ID_MAX: usize = 64;

/// Count, first, last, and the id of the earliest request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    meta: u64,
    first: u32,
    last: u32,
    id: [u64; 2],
}

/// Ids of other forms than UUID and hex, end to end.
#[derive(Debug, Default)]
pub(super) struct Arena(Vec<u8>);

impl Arena {
    fn keep(&mut self, id: &[u8]) -> [u64; 2] {
        let id = &id[..id.len().min(ID_MAX)];
        let at = self.0.len() as u64;
        self.0.extend_from_slice(id);
        [at, id.len() as u64]
    }

    fn at(&self, place: [u64; 2]) -> &[u8] {
        let range = usize::try_from(place[0])
            .ok()
            .zip(usize::try_from(place[1]).ok());
        range
            .and_then(|(at, len)| self.0.get(at..at.checked_add(len)?))
            .unwrap_or_default()
    }
}

impl Cell {
    pub(super) fn new(ms: u32, id: &[u8], arena: &mut Arena) -> Self {
        let (form, id) = pack(id, arena);
        Self {
            meta: form | 1,
            first: ms,
            last: ms,
            id,
        }
    }

    /// A group that was counted before; instants are milliseconds of its day.
    pub(super) fn of(count: u64, (first, last): (u32, u32), id: &[u8], arena: &mut Arena) -> Self {
        let (form, id) = pack(id, arena);
        Self {
            meta: form | (count & COUNT),
            first,
            last,
            id,
        }
    }

    /// One more request. Of several at the earliest instant the smallest id is the sample.
    #[inline]
    pub(super) fn add(&mut self, ms: u32, id: &[u8], arena: &mut Arena) {
        self.meta += 1;
        self.last = self.last.max(ms);
        if ms <= self.first && (ms < self.first || self.later_id(id, arena)) {
            self.first = ms;
            let (form, id) = pack(id, arena);
            self.meta = (self.meta & COUNT) | form;
            self.id = id;
        }
    }

    /// One of the requests was counted twice. The rest stays: it is the same for both.
    pub(super) fn withdraw(&mut self) {
        if self.count() > 0 {
            self.meta -= 1;
        }
    }

    /// Whether the kept id sorts after `id`. No id sorts after every id.
    fn later_id(&self, id: &[u8], arena: &Arena) -> bool {
        if id.is_empty() {
            return false;
        }
        let mut buffer = [0; 36];
        match self.text(arena, &mut buffer) {
            None => true,
            Some(largest) => largest > &id[..id.len().min(ID_MAX)],
        }
    }

    /// Joins two cells of one group whose ids live in the same arena.
    pub(super) fn merge(&mut self, other: &Self, arena: &Arena) {
        let (mut mine, mut theirs) = ([0; 36], [0; 36]);
        let count = self.count() + other.count();
        let earlier = other.first < self.first
            || (other.first == self.first
                && match (self.text(arena, &mut mine), other.text(arena, &mut theirs)) {
                    (Some(mine), Some(theirs)) => theirs < mine,
                    (None, Some(_)) => true,
                    (_, None) => false,
                });
        let form = if earlier { other.meta } else { self.meta } & FORM;
        if earlier {
            self.id = other.id;
        }
        self.meta = form | count;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// The same cell with its id moved into another arena.
    pub(super) fn moved(&self, from: &Arena, to: &mut Arena) -> Self {
        let mut cell = *self;
        if self.meta & FORM == ARENA {
            cell.id = to.keep(from.at(self.id));
        }
        cell
    }

    pub(super) fn count(&self) -> u64 {
        self.meta & COUNT
    }

    /// First and last in milliseconds of the day.
    pub(super) fn span(&self) -> (u32, u32) {
        (self.first, self.last)
    }

    /// The sample's id as it is kept.
    pub(super) fn id<'a>(&self, arena: &'a Arena) -> Id<'a> {
        match self.meta & FORM {
            HEX => Id::Hex(self.id),
            UUID => Id::Uuid(self.id),
            ARENA => Id::Text(arena.at(self.id)),
            _ => Id::None,
        }
    }

    /// A group from its parts.
    pub(super) fn with(
        count: u64,
        (first, last): (u32, u32),
        id: Id<'_>,
        arena: &mut Arena,
    ) -> Self {
        let (form, id) = match id {
            Id::None => (NONE, [0, 0]),
            Id::Hex(words) => (HEX, words),
            Id::Uuid(words) => (UUID, words),
            Id::Text(text) => (ARENA, arena.keep(text)),
        };
        Self {
            meta: form | (count & COUNT),
            first,
            last,
            id,
        }
    }

    /// The sample's id as it was written.
    pub(super) fn text<'a>(&self, arena: &'a Arena, buffer: &'a mut [u8; 36]) -> Option<&'a [u8]> {
        self.id(arena).text(buffer)
    }
}

/// The id of a sample in the form in which it takes least room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Id<'a> {
    /// The log has no ids.
    None,
    /// 32 hex digits.
    Hex([u64; 2]),
    /// The same as a UUID.
    Uuid([u64; 2]),
    /// Anything else.
    Text(&'a [u8]),
}

impl<'a> Id<'a> {
    /// As it was written.
    pub(super) fn text<'b>(self, buffer: &'b mut [u8; 36]) -> Option<&'b [u8]>
    where
        'a: 'b,
    {
        match self {
            Self::None => None,
            Self::Hex(words) => {
                let written = write_hex(words, &[], buffer);
                Some(&buffer[..written])
            }
            Self::Uuid(words) => {
                let written = write_hex(words, &[8, 13, 18, 23], buffer);
                Some(&buffer[..written])
            }
            Self::Text(text) => Some(text),
        }
    }
}

fn pack(id: &[u8], arena: &mut Arena) -> (u64, [u64; 2]) {
    let packed = match id.len() {
        0 => return (NONE, [0, 0]),
        32 => read_hex(id, false).map(|words| (HEX, words)),
        36 => read_hex(id, true).map(|words| (UUID, words)),
        _ => None,
    };
    // Where callers choose their ids, one may be a token.
    packed.unwrap_or_else(|| (ARENA, arena.keep(masked(id))))
}

/// Values of the lower-case hex digits; 16 for every other byte.
static DIGITS: [u8; 256] = {
    let mut digits = [16; 256];
    let mut digit = 0_u8;
    while digit < 16 {
        digits[b"0123456789abcdef"[digit as usize] as usize] = digit;
        digit += 1;
    }
    digits
};

/// 32 lower-case hex digits, with or without the hyphens of a UUID.
///
/// Once for each new group, so without a branch for each digit.
fn read_hex(id: &[u8], hyphens: bool) -> Option<[u64; 2]> {
    let mut text = [0; 32];
    if hyphens {
        let mut to = 0;
        for part in [0..8, 9..13, 14..18, 19..23, 24..36] {
            if part.start > 0 && *id.get(part.start - 1)? != b'-' {
                return None;
            }
            let end = to + part.len();
            text.get_mut(to..end)?.copy_from_slice(id.get(part)?);
            to = end;
        }
    } else {
        text = id.try_into().ok()?;
    }
    let mut all = 0;
    let words = [0, 1].map(|word| {
        text[word * 16..word * 16 + 16]
            .iter()
            .fold(0_u64, |value, byte| {
                let digit = DIGITS[usize::from(*byte)];
                all |= digit;
                value << 4 | u64::from(digit)
            })
    });
    (all < 16).then_some(words)
}

fn write_hex(words: [u64; 2], hyphens: &[usize], buffer: &mut [u8; 36]) -> usize {
    let mut at = 0;
    for digit in 0..32 {
        if hyphens.contains(&at) {
            buffer[at] = b'-';
            at += 1;
        }
        let nibble = words[digit / 16] >> (60 - 4 * (digit % 16)) & 15;
        buffer[at] = b"0123456789abcdef"[usize::try_from(nibble).unwrap_or(0)];
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Day;
    use crate::usage::day_table::PackedDay;

    fn sample(cell: &Cell, arena: &Arena) -> Option<String> {
        cell.text(arena, &mut [0; 36])
            .map(|id| String::from_utf8(id.to_vec()).unwrap())
    }

    #[test]
    fn an_id_comes_back_as_it_was_written() {
        for id in [
            "0123456789abcdef0123456789abcdef",
            "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2",
            "CC21D9B0-CF5C-432B-8C7E-98AEB7988CD2",
            "req 7",
        ] {
            let mut arena = Arena::default();
            let cell = Cell::new(5, id.as_bytes(), &mut arena);
            assert_eq!(sample(&cell, &arena).as_deref(), Some(id));
        }
        assert_eq!(
            sample(&Cell::new(5, b"", &mut Arena::default()), &Arena::default()),
            None
        );
    }

    #[test]
    fn the_earliest_request_is_the_sample_in_any_order_of_arrival() {
        let events = [
            (7, "b"),
            (3, "z"),
            (3, "0123456789abcdef0123456789abcdef"),
            (9, "a"),
            (3, ""),
        ];
        let mut orders = Vec::new();
        for turn in 0..events.len() {
            let mut arena = Arena::default();
            let mut cell: Option<Cell> = None;
            for step in 0..events.len() {
                let (ms, id) = events[(turn + step) % events.len()];
                match &mut cell {
                    None => cell = Some(Cell::new(ms, id.as_bytes(), &mut arena)),
                    Some(cell) => cell.add(ms, id.as_bytes(), &mut arena),
                }
            }
            let cell = cell.unwrap();
            orders.push((cell.count(), cell.span(), sample(&cell, &arena)));
        }
        assert!(orders.iter().all(|order| *order == orders[0]), "{orders:?}");
        assert_eq!(
            orders[0],
            (
                5,
                (3, 9),
                Some("0123456789abcdef0123456789abcdef".to_owned())
            )
        );
    }

    #[test]
    fn taking_a_repeat_out_changes_the_count_alone_and_never_leaves_a_row_without_a_request() {
        let mut arena = Arena::default();
        let mut first = Cell::new(5, b"req 7", &mut arena);
        first.add(9, b"req 8", &mut arena);
        first.add(9, b"req 8", &mut arena);
        first.withdraw();
        assert_eq!((first.count(), first.span()), (2, (5, 9)));
        assert_eq!(sample(&first, &arena).as_deref(), Some("req 7"));
        // Two requests with one fingerprint, the second on a row of its own.
        let mut second = Cell::new(3, b"req 9", &mut arena);
        second.withdraw();
        second.withdraw();
        let rows = &mut vec![(1, first), (2, second)];
        let packed = PackedDay::of(Day(0), rows, &arena);
        let counts: Vec<(u64, (u32, u32))> =
            packed.iter().map(|row| (row.count, row.span)).collect();
        assert_eq!(counts, [(2, (5, 9)), (1, (3, 3))]);
    }

    #[test]
    fn a_cell_is_forty_bytes_or_less() {
        assert!(size_of::<Cell>() <= 32);
    }
}
