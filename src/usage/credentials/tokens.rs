//! What tokens carried, and how long they live.
//!
//! In: the scopes as the log writes them. Out: sums by day, client, set of scopes,
//! route and answer, so that a request can be judged by its own token; and the
//! lifetimes by day and client.
//!
//! Invariants:
//! * of one client and day at most [`MAX_SETS`] sets are kept apart, those with the
//!   smallest hashes: a set among the smallest of all was so at every moment, so its
//!   counts are whole. The rest is counted without its scopes, never with others;
//! * two texts of the same scopes in another order are one set.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hashbrown::HashMap;

use super::collector::Request;
use super::{CredentialTable, Issued, Scopes, Sum, UNREAD};
use crate::event::secret::scopes;
use crate::model::{Day, Millis, Outcome};
use crate::usage::{UNMATCHED, bounded::stable_hash};

/// Sets of scopes of one client and day that are kept apart.
pub(crate) const MAX_SETS: usize = 32;
/// Texts remembered before they are folded into the rows.
const REMEMBERED: usize = 8_192;
/// Stands for a list of scopes that is too long to be looked at.
pub(super) const TOO_LONG: &[u8] = b"\0";
/// Longest name of a scope that is kept.
const SCOPE: usize = 256;

/// Requests of one day on one route whose tokens carried the same scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Carried {
    /// The day (UTC).
    pub day: Day,
    /// Index into [`CredentialTable::clients`].
    pub client: u32,
    /// Index into the routes of the matcher.
    pub route: u32,
    /// They were refused; else they passed.
    pub refused: bool,
    /// Index into [`CredentialTable::sets`]; `None` beyond [`MAX_SETS`].
    pub set: Option<u32>,
    /// Requests.
    pub count: u64,
    /// First of them.
    pub first: Millis,
    /// Last of them.
    pub last: Millis,
}

type Set = Option<Arc<str>>;
type Days = BTreeMap<(Day, u32), Group>;
type Lifetimes = BTreeMap<(Day, u32, u32), u64>;

/// One client's day, bounded.
#[derive(Clone, Debug, Default)]
struct Group {
    rows: BTreeMap<(Set, u32, bool), Issued>,
    sets: BTreeSet<(u64, Arc<str>)>,
}

impl Group {
    fn add(&mut self, (set, route, refused): (Set, u32, bool), own: &Issued) {
        if let Some(set) = &set {
            self.sets
                .insert((stable_hash(set.as_bytes()), Arc::clone(set)));
        }
        let mut put = |key: (Set, u32, bool), own: &Issued| {
            self.rows
                .entry(key)
                .and_modify(|known| known.merge(own))
                .or_insert(*own);
        };
        put((set, route, refused), own);
        while self.sets.len() > MAX_SETS {
            let Some((_, largest)) = self.sets.pop_last() else {
                return;
            };
            let gone: Vec<_> = self
                .rows
                .extract_if(.., |key, _| key.0.as_ref() == Some(&largest))
                .collect();
            for ((_, route, refused), own) in gone {
                self.rows
                    .entry((None, route, refused))
                    .and_modify(|known| known.merge(&own))
                    .or_insert(own);
            }
        }
    }
}

/// Lifetimes of one combination: nearly always one value, so that it costs a comparison.
#[derive(Default)]
pub(super) struct Lives {
    step: u32,
    count: u64,
    others: BTreeMap<u32, u64>,
}

impl Lives {
    pub(super) fn add(&mut self, seconds: u32) {
        let step = rounded(seconds);
        if self.step != step {
            if self.count > 0 {
                *self.others.entry(self.step).or_default() += self.count;
            }
            (self.step, self.count) = (step, 0);
        }
        self.count += 1;
    }
}

/// A lifetime in seconds, rounded up so far that few values remain.
fn rounded(seconds: u32) -> u32 {
    const DAY: u32 = 86_400;
    let unit = match seconds {
        0..=3_600 => 60,
        3_601..=DAY => 900,
        86_401..=2_592_000 => DAY,
        _ => 30 * DAY,
    };
    // Ten years and no end in sight are the same.
    seconds.div_ceil(unit).saturating_mul(unit).min(3_660 * DAY)
}

/// A text of scopes as one worker met it.
struct Text {
    client: u32,
    set: Arc<str>,
    /// Some of it could not be kept, so that nothing may be concluded from what lacks.
    partly: bool,
    issued: Issued,
}

type Key = (u32, u32, bool);

/// One worker's part.
#[derive(Default)]
pub(super) struct Tokens {
    buffer: Vec<u8>,
    numbers: HashMap<Box<[u8]>, u32, foldhash::fast::FixedState>,
    texts: Vec<Text>,
    day: Option<Day>,
    today: HashMap<Key, Issued, foldhash::fast::FixedState>,
    carried: Days,
    issued: BTreeMap<u32, Scopes>,
    lifetimes: Lifetimes,
}

impl Tokens {
    /// Counts one request whose token carried these scopes.
    pub(super) fn add(&mut self, request: Request, scopes: &[u8], time: Millis) {
        let day = Day::of(time);
        if self.day != Some(day) {
            self.fold_day();
            self.day = Some(day);
        }
        if self.texts.len() > REMEMBERED {
            self.fold_texts();
        }
        let one = Issued {
            count: 1,
            first: time,
            last: time,
        };
        self.buffer.clear();
        self.buffer.extend_from_slice(&request.client.to_le_bytes());
        self.buffer.extend_from_slice(scopes);
        let known = self.numbers.get(&self.buffer[..]).copied();
        let number = known.unwrap_or_else(|| {
            let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
            self.numbers
                .insert(self.buffer.clone().into_boxed_slice(), number);
            let (set, partly) = normal(scopes);
            self.texts.push(Text {
                client: request.client,
                set: Arc::from(set),
                partly,
                issued: Issued { count: 0, ..one },
            });
            number
        });
        if let Some(text) = self.texts.get_mut(number as usize) {
            text.issued.merge(&one);
        }
        let refused = request.outcome.is_denied();
        if request.route == UNMATCHED || !(refused || request.outcome == Outcome::Used) {
            return;
        }
        self.today
            .entry((number, request.route, refused))
            .and_modify(|known| known.merge(&one))
            .or_insert(one);
    }

    /// Takes over the lifetimes of one combination.
    pub(super) fn lived(&mut self, day: Day, client: u32, lives: &mut Lives) {
        let own = std::mem::take(lives);
        let last = (own.count > 0).then_some((own.step, own.count));
        for (step, count) in own.others.into_iter().chain(last) {
            *self.lifetimes.entry((day, client, step)).or_default() += count;
        }
    }

    // The order of the hash table does not matter: these are sums.
    fn fold_day(&mut self) {
        let Some(day) = self.day else { return };
        for ((number, route, refused), own) in self.today.drain() {
            let Some(text) = self.texts.get(number as usize) else {
                continue;
            };
            let set = (!text.partly).then(|| Arc::clone(&text.set));
            self.carried
                .entry((day, text.client))
                .or_default()
                .add((set, route, refused), &own);
        }
    }

    fn fold_texts(&mut self) {
        self.fold_day();
        self.numbers.clear();
        for text in self.texts.drain(..) {
            let known = self.issued.entry(text.client).or_default();
            for scope in text.set.split(' ').filter(|scope| !scope.is_empty()) {
                known.add(scope, &text.issued);
            }
            if text.partly {
                known.add(UNREAD, &text.issued);
            }
        }
    }

    pub(super) fn into_sum(mut self, sum: &mut Sum, name: impl Fn(u32) -> Option<String>) {
        self.fold_texts();
        for (client, scopes) in self.issued {
            let Some(name) = name(client) else { continue };
            let client = sum.clients.of(&name);
            let own = sum.issued.entry(client).or_default();
            for (scope, issued) in &scopes.0 {
                own.add(scope, issued);
            }
        }
        for ((day, client), group) in self.carried {
            let Some(name) = name(client) else { continue };
            let client = sum.clients.of(&name);
            let own = sum.tokens.carried.entry((day, client)).or_default();
            for (key, issued) in group.rows {
                own.add(key, &issued);
            }
        }
        for ((day, client, step), count) in self.lifetimes {
            let Some(name) = name(client) else { continue };
            let client = sum.clients.of(&name);
            let key = (day, client, step);
            *sum.tokens.lifetimes.entry(key).or_default() += count;
        }
    }
}

/// The same of all workers and sources.
#[derive(Default)]
pub(super) struct Counted {
    carried: Days,
    lifetimes: Lifetimes,
}

impl Counted {
    pub(super) fn add(&mut self, table: &CredentialTable, number: impl Fn(u32) -> Option<u32>) {
        let sets = table.sets.iter().map(|set| Arc::from(set.as_str()));
        let sets: Vec<Arc<str>> = sets.collect();
        for own in &table.carried {
            let Some(client) = number(own.client) else {
                continue;
            };
            let set = own.set.and_then(|set| sets.get(set as usize).cloned());
            let issued = Issued {
                count: own.count,
                first: own.first,
                last: own.last,
            };
            let group = self.carried.entry((own.day, client)).or_default();
            group.add((set, own.route, own.refused), &issued);
        }
        for ((day, client, step), count) in &table.lifetimes {
            if let Some(client) = number(*client) {
                *self.lifetimes.entry((*day, client, *step)).or_default() += count;
            }
        }
    }

    pub(super) fn clients(&self) -> impl Iterator<Item = u32> {
        let carried = self.carried.keys().map(|(_, client)| *client);
        carried.chain(self.lifetimes.keys().map(|(_, client, _)| *client))
    }

    /// The distinct sets, what was done with which, and lifetimes; `place` gives a client its
    /// place in the table.
    pub(super) fn finish(
        self,
        place: impl Fn(u32) -> u32,
    ) -> (Vec<String>, Vec<Carried>, Lifetimes) {
        let sets: BTreeSet<Arc<str>> = self
            .carried
            .values()
            .flat_map(|group| group.rows.keys().filter_map(|(set, ..)| set.clone()))
            .collect();
        let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
        let mut carried: Vec<Carried> = Vec::new();
        for ((day, client), group) in &self.carried {
            for ((set, route, refused), own) in &group.rows {
                let at = |set: &Arc<str>| {
                    let at = sets.binary_search_by(|own| own.as_str().cmp(set)).ok()?;
                    u32::try_from(at).ok()
                };
                carried.push(Carried {
                    day: *day,
                    client: place(*client),
                    route: *route,
                    refused: *refused,
                    set: set.as_ref().and_then(at),
                    count: own.count,
                    first: own.first,
                    last: own.last,
                });
            }
        }
        carried.sort_unstable();
        let lifetimes = self.lifetimes.into_iter();
        let placed = lifetimes.map(|((day, client, step), n)| ((day, place(client), step), n));
        (sets, carried, placed.collect())
    }
}

/// The names sorted, one space between, and whether some could not be kept.
fn normal(text: &[u8]) -> (String, bool) {
    let text = plain(text);
    let fits = |own: &&[u8]| own.len() <= SCOPE && *own != TOO_LONG;
    let all: BTreeSet<_> = scopes(split(&text)).map(|own| own.filter(fits)).collect();
    let names: BTreeSet<_> = (all.iter().flatten().copied().map(String::from_utf8_lossy)).collect();
    let names: Vec<_> = names.into_iter().collect();
    (names.join(" "), all.contains(&None))
}

/// Scopes separated by spaces or commas, or in a JSON array.
pub(in crate::usage) fn split(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| matches!(byte, b' ' | b',' | b'[' | b']' | b'"'))
        .filter(|scope| !scope.is_empty())
}

/// The list without the escapes of a JSON array; a text has lost its own already.
fn plain(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.starts_with(b"[") || !text.contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    match serde_json::from_slice::<Vec<String>>(text) {
        Ok(names) => Cow::Owned(names.join(" ").into_bytes()),
        Err(_) => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_rounded_up_and_the_usual_ones_stay() {
        for exact in [60, 900, 3_600, 7_200, 86_400, 30 * 86_400] {
            assert_eq!(rounded(exact), exact);
        }
        assert_eq!(
            (rounded(61), rounded(3_601), rounded(90_000), rounded(0)),
            (120, 4_500, 172_800, 0)
        );
        let values: BTreeSet<u32> = (0..4_000_000_u32).step_by(7).map(rounded).collect();
        assert!(values.len() < 250, "{}", values.len());
    }

    #[test]
    fn the_order_of_scopes_in_a_token_does_not_matter() {
        assert_eq!(normal(b"b a"), ("a b".to_owned(), false));
        assert_eq!(normal(br#"["a","b","a"]"#), ("a b".to_owned(), false));
        assert_eq!(normal(br#"["a","b\/c"]"#), ("a b/c".to_owned(), false));
        assert_eq!(normal(b""), (String::new(), false));
    }

    #[test]
    fn a_set_of_which_some_could_not_be_kept_says_so() {
        assert_eq!(normal(TOO_LONG), (String::new(), true));
        assert_eq!(normal(b"eyJhbGciOiJI.e30.c r"), ("r".to_owned(), true));
        let long = [b"a ".as_slice(), &[b'x'; SCOPE + 1]].concat();
        assert_eq!(normal(&long), ("a".to_owned(), true));
    }
}
