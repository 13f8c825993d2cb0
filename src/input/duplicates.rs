//! Which sources have the content of another, or only its beginning.
//!
//! In: opened sources. Out: for each one the source that may be read in its place.
//!
//! Sources whose first 64 KiB differ are told apart by these. Of the others BLAKE3 of
//! the whole content is taken, and on the way also of as much of it as each shorter one
//! has: a content that equals a part of that length is the beginning. A source that is
//! shorter than 64 KiB is compared byte by byte.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rayon::prelude::*;

use super::BLOCK;
use super::layer::Reader;
use super::limits::Limits;
use super::sample::HEAD;
use super::stream::{KEPT, Opened, Source};
use crate::model::ContentDigest;
use crate::storage::Content as Bytes;

/// A content: its digest, its length, and the error that ended it early, if any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Content {
    pub(super) digest: ContentDigest,
    pub(super) bytes: u64,
    pub(super) fault: Option<String>,
    /// Its last line is whole. Of two contents with the same digest both are or none is.
    ends: bool,
}

/// What was found out about the sources with the same beginning.
pub(super) struct Alike {
    /// The content of each source that was hashed.
    pub(super) contents: Vec<Option<Content>>,
    /// The source that may be read in place of each: an earlier one with the same
    /// content, or a longer one that begins with it, so that no chain of these is a circle.
    pub(super) original_of: Vec<Option<usize>>,
    /// How much of each was compared byte by byte.
    pub(super) heads: Vec<usize>,
    /// Files that begin like standard input.
    pub(super) like_stdin: Vec<bool>,
}

impl Alike {
    /// `None` when no two sources have the same beginning.
    pub(super) fn find(sources: &[Source], limits: &Limits) -> Option<Self> {
        let texts = whole_heads(sources);
        let heads = Heads::of(&texts);
        let wanted: Vec<bool> = (0..sources.len())
            .map(|source| heads.is_candidate(sources, source))
            .collect();
        if !wanted.contains(&true) {
            return None;
        }
        let hashed = in_parallel(limits, || heads.hash(sources, &wanted, limits));
        let mut first: BTreeMap<&Content, usize> = BTreeMap::new();
        let mut original_of = vec![None; sources.len()];
        for (source, hash) in hashed.iter().enumerate() {
            let Some(hash) = hash else { continue };
            let known = *first.entry(&hash.content).or_insert(source);
            original_of[source] = if known == source {
                heads.longer(&hashed, source)
            } else {
                Some(known)
            };
        }
        let is_stdin = |source: &Source| matches!(source.opened, Opened::Stdin(_));
        let stdin = sources.iter().position(is_stdin);
        let like_stdin = |source| {
            stdin.is_some_and(|stdin| source != stdin && heads.same(source).contains(&stdin))
        };
        Some(Self {
            original_of,
            heads: texts.iter().map(|head| head.len()).collect(),
            like_stdin: (0..sources.len()).map(like_stdin).collect(),
            contents: hashed
                .into_iter()
                .map(|hash| hash.map(|hash| hash.content))
                .collect(),
        })
    }
}

/// The first 64 KiB of each source, read again where only some of it was kept and where
/// that does not distinguish it from the others.
fn whole_heads(sources: &[Source]) -> Vec<Cow<'_, [u8]>> {
    let start = |source: &Source| source.head.len().min(KEPT);
    let mut starts: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
    for (index, source) in sources.iter().enumerate() {
        if source.refused.is_none() && !source.head.is_empty() {
            let start = &source.head[..start(source)];
            starts.entry(start).or_default().push(index);
        }
    }
    let mut alike = vec![false; sources.len()];
    for (start, same) in &starts {
        let after = (Bound::Excluded(*start), Bound::Unbounded);
        let further = starts.range::<[u8], _>(after);
        let mut further = further
            .take_while(|(other, _)| other.starts_with(start))
            .flat_map(|(_, other)| other)
            .peekable();
        if same.len() > 1 || further.peek().is_some() {
            same.iter()
                .chain(further)
                .for_each(|index| alike[*index] = true);
        }
    }
    let whole = sources.iter().zip(alike).map(|(source, alike)| {
        if source.refused.is_some() {
            Cow::Borrowed(&[][..])
        } else if alike && source.shortened {
            // One that cannot be read again is like no other.
            Cow::Owned(source.head_again().unwrap_or_default())
        } else {
            Cow::Borrowed(source.head.as_slice())
        }
    });
    whole.collect()
}

/// A content, and the digests of its beginnings of some lengths.
struct Hashed {
    content: Content,
    beginnings: BTreeMap<u64, ContentDigest>,
}

/// The sources by their first bytes.
struct Heads<'a> {
    texts: &'a [Cow<'a, [u8]>],
    groups: BTreeMap<&'a [u8], Vec<usize>>,
}

impl<'a> Heads<'a> {
    fn of(texts: &'a [Cow<'a, [u8]>]) -> Self {
        let mut groups: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
        for (index, text) in texts.iter().enumerate() {
            // What is refused has none.
            if !text.is_empty() {
                groups.entry(text).or_default().push(index);
            }
        }
        Self { texts, groups }
    }

    /// The sources with the same first bytes, this one among them.
    fn same(&self, index: usize) -> &[usize] {
        self.groups
            .get(&*self.texts[index])
            .map_or(&[], Vec::as_slice)
    }

    /// The content may go on after the first bytes.
    fn is_long(&self, index: usize) -> bool {
        self.texts[index].len() >= HEAD
    }

    /// The sources whose first bytes are all of a short one's, and more.
    fn further(&self, index: usize) -> impl Iterator<Item = usize> {
        let head: &[u8] = &self.texts[index];
        let short = !self.is_long(index) && !head.is_empty();
        self.groups
            .range::<[u8], _>((Bound::Excluded(head), Bound::Unbounded))
            .take_while(move |(other, _)| short && other.starts_with(head))
            .flat_map(|(_, sources)| sources.iter().copied())
    }

    /// Whether another source may have its content.
    fn is_candidate(&self, sources: &[Source], index: usize) -> bool {
        let alone = self.same(index).len() < 2 && self.further(index).next().is_none();
        !alone && !matches!(sources[index].opened, Opened::Stdin(_))
    }

    /// Hashes the wanted sources: first the packed ones, because only then their lengths are known.
    fn hash(&self, sources: &[Source], wanted: &[bool], limits: &Limits) -> Vec<Option<Hashed>> {
        let size = |index: usize| match sources[index].opened {
            Opened::Plain { size } => Some(size),
            _ => None,
        };
        // A short one is compared with the heads.
        let same = |index: usize| {
            let long = self.is_long(index);
            if long { self.same(index) } else { &[] }
        };
        let packed: Vec<Option<Hashed>> = (0..sources.len())
            .into_par_iter()
            .map(|index| {
                let marks = same(index).iter().filter_map(|other| size(*other));
                let now = wanted[index] && size(index).is_none();
                now.then(|| hash(&sources[index], limits, &marks.collect(), true))?
            })
            .collect();
        let whole = |index: usize| {
            let content = &packed[index].as_ref()?.content;
            content.fault.is_none().then_some(content.bytes)
        };
        let lengths = |index: usize| -> BTreeSet<u64> {
            let same = same(index).iter().copied();
            same.filter_map(|other| size(other).or_else(|| whole(other)))
                .collect()
        };
        let more: Vec<Option<Hashed>> = (0..sources.len())
            .into_par_iter()
            .map(|index| {
                if !wanted[index] {
                    return None;
                }
                let mut marks = lengths(index);
                let Some(content) = &packed[index] else {
                    return hash(&sources[index], limits, &marks, true);
                };
                marks.retain(|mark| {
                    *mark < content.content.bytes && !content.beginnings.contains_key(mark)
                });
                marks.last()?;
                hash(&sources[index], limits, &marks, false)
            })
            .collect();
        let joined = packed.into_iter().zip(more).map(|pair| match pair {
            (Some(mut hashed), Some(more)) => {
                hashed.beginnings.extend(more.beginnings);
                Some(hashed)
            }
            (hashed, more) => hashed.or(more),
        });
        joined.collect()
    }

    /// The first source of which this one is only the beginning.
    fn longer(&self, hashed: &[Option<Hashed>], index: usize) -> Option<usize> {
        let (head, content) = (&self.texts[index], &hashed[index].as_ref()?.content);
        if content.fault.is_some() {
            return None;
        }
        // The last line may go on in the longer one, which then has to have its end.
        let whole = |other: usize| {
            let other = hashed[other].as_ref();
            content.ends || other.is_some_and(|other| other.content.fault.is_none())
        };
        if !self.is_long(index) {
            if content.bytes != head.len() as u64 {
                return None;
            }
            let has_end = |other: usize| {
                let rest = self.texts[other].get(head.len()..);
                rest.is_some_and(|rest| rest.contains(&b'\n'))
            };
            return self
                .further(index)
                .filter(|other| whole(*other) || has_end(*other))
                .min();
        }
        let begins = |other: usize| {
            let other = hashed[other].as_ref();
            other.is_some_and(|other| {
                content.bytes < other.content.bytes
                    && other.beginnings.get(&content.bytes) == Some(&content.digest)
            })
        };
        let mut same = self.same(index).iter().copied();
        same.find(|other| begins(*other) && whole(*other))
    }
}

fn in_parallel<T: Send>(limits: &Limits, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(limits.threads.max(1))
        .build();
    match pool {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

/// Hashes a file's content, also its beginnings of the marked lengths, and after the
/// last of these only when `to_the_end`. `None` for standard input and for what cannot
/// be opened or is too much: such a source is read like any other.
fn hash(
    source: &Source,
    limits: &Limits,
    marks: &BTreeSet<u64>,
    to_the_end: bool,
) -> Option<Hashed> {
    let (mut reader, packed): (Reader, _) = match source.opened {
        // What is appended meanwhile is left for the next run, as in the reading itself.
        Opened::Plain { size } => {
            let file = Bytes::open(source.input.path.as_deref()?).ok()?;
            (Box::new(file.take(size)), Arc::default())
        }
        Opened::Packed => source.content().ok()?,
        Opened::Stdin(_) => return None,
    };
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; BLOCK];
    let (mut bytes, mut fault, mut end) = (0, None, b'\n');
    let mut beginnings = BTreeMap::new();
    let mut marks = marks.iter().copied().peekable();
    while to_the_end || marks.peek().is_some() {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                let mut rest = &buffer[..count];
                end = buffer[count - 1];
                while let Some(mark) = marks.next_if(|mark| *mark <= bytes + rest.len() as u64) {
                    let (before, after) = rest.split_at(usize::try_from(mark - bytes).unwrap_or(0));
                    hasher.update(before);
                    bytes = mark;
                    beginnings.insert(mark, ContentDigest(*hasher.finalize().as_bytes()));
                    rest = after;
                }
                hasher.update(rest);
                bytes += rest.len() as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                fault = Some(error.to_string());
                break;
            }
        }
        let unpacked = packed.load(Ordering::Relaxed);
        if matches!(source.opened, Opened::Packed) && limits.too_much(bytes, unpacked).is_some() {
            return None;
        }
    }
    Some(Hashed {
        content: Content {
            digest: ContentDigest(*hasher.finalize().as_bytes()),
            bytes,
            fault,
            ends: end == b'\n',
        },
        beginnings,
    })
}
