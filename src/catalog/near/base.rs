//! Which beginning of a template is a base path: what a gateway may have replaced.

use std::collections::{BTreeMap, BTreeSet};

use super::path::Token;
use crate::catalog::matcher::template::Segment;

/// Words in front of a path that name no collection.
const GENERIC: [&[u8]; 8] = [
    b"api",
    b"apis",
    b"rest",
    b"gw",
    b"gateway",
    b"public",
    b"internal",
    b"external",
];

/// Versions by another name, where they come first.
const STAGES: [&[u8]; 5] = [b"alpha", b"beta", b"latest", b"stable", b"unstable"];

/// `v1`, `v2.1`, `v1beta1`.
pub(super) fn version(text: &[u8]) -> bool {
    let rest = text.strip_prefix(b"v").unwrap_or_default();
    rest.first().is_some_and(u8::is_ascii_digit)
}

/// `2`, `1.1`.
fn number(text: &[u8]) -> bool {
    let digits = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    text.len() <= 4 && text.first().is_some_and(u8::is_ascii_digit) && text.iter().all(digits)
}

/// The template without its versions.
pub(super) fn unversioned(template: &[Segment]) -> Vec<Segment> {
    let mut left = Vec::new();
    for segment in template {
        let is_version = match segment {
            Segment::Literal(text) => {
                version(text) || number(text) || (left.is_empty() && STAGES.contains(&&**text))
            }
            _ => false,
        };
        if !is_version {
            left.push(segment.clone());
        }
    }
    left
}

/// The base paths of a catalogue.
#[derive(Debug, Default)]
pub(super) struct Bases {
    /// Words that every template has in common: as a collection they say nothing.
    pub(super) common: BTreeSet<Vec<u8>>,
    /// Words of a base path, each with the number of parameters after it.
    words: BTreeMap<Vec<u8>, usize>,
    base: Vec<Segment>,
    /// The base path of most, when not of all.
    longer: Vec<Segment>,
}

impl Bases {
    /// From all templates, without their versions.
    pub(super) fn new(templates: &[Vec<Segment>]) -> Self {
        let mut common = templates.first().cloned().unwrap_or_default();
        for template in templates {
            let same = common.iter().zip(template);
            let same = same.take_while(|(a, b)| a == b && !wide(a)).count();
            common.truncate(same);
        }
        let next = Next::after(&common, templates);
        let mut base = common.clone();
        let leaf = next.words.is_empty() || base.last() == Some(&Segment::Parameter);
        let resource = !base.is_empty() && (next.parameter || next.ends && leaf);
        if resource {
            // The last word is a collection of its own, not a base.
            while base.pop_if(|last| *last == Segment::Parameter).is_some() {}
            base.pop();
        }
        let longer = if resource {
            base.clone()
        } else {
            longest(base.clone(), templates)
        };
        let mut words = BTreeMap::new();
        let mut last = None;
        for segment in &longer {
            match segment {
                Segment::Literal(text) => {
                    words.insert(text.clone(), 0);
                    last = Some(text);
                }
                _ => {
                    if let Some(count) = last.and_then(|last| words.get_mut(last)) {
                        *count += 1;
                    }
                }
            }
        }
        let literals = common.iter().filter_map(|segment| match segment {
            Segment::Literal(text) => Some(text.clone()),
            _ => None,
        });
        Self {
            common: literals.collect(),
            words,
            base,
            longer,
        }
    }

    /// What is left of a template, which has no version, without its base path.
    pub(super) fn strip<'a>(&self, template: &'a [Segment]) -> &'a [Segment] {
        let rest = template.strip_prefix(self.longer.as_slice());
        let mut rest = rest
            .or_else(|| template.strip_prefix(self.base.as_slice()))
            .unwrap_or(template);
        while let [Segment::Literal(first), Segment::Literal(_), ..] = rest
            && GENERIC.contains(&&**first)
        {
            rest = &rest[1..];
        }
        rest
    }

    /// The positions in a path (bit n: before token n) that only a base path may precede.
    pub(super) fn ends(&self, path: &[Token]) -> u64 {
        let mut found = 1_u64;
        let mut at = 0;
        while let Some(token) = path.get(at) {
            let step = match token {
                Token::Word(word) if version(word) || number(word) => 1,
                Token::Word(word) if STAGES.contains(&&**word) || GENERIC.contains(&&**word) => 1,
                Token::Word(word) => match self.words.get(word) {
                    Some(parameters) => 1 + parameters,
                    None => break,
                },
                // A number as a version, or a tenant.
                Token::Id | Token::Any if at == 0 => 1,
                _ => break,
            };
            at += step;
            if at > path.len() {
                break;
            }
            found |= 1 << at;
        }
        for (index, token) in path.iter().enumerate() {
            if token.word().is_some_and(version) {
                found |= 1 << (index + 1);
            }
        }
        found
    }
}

/// The base path with the words that more than three quarters of the templates go on with.
fn longest(mut base: Vec<Segment>, templates: &[Vec<Segment>]) -> Vec<Segment> {
    loop {
        let next = Next::after(&base, templates);
        let mut words = next.words.iter();
        let Some((word, _)) = words.find(|(_, count)| **count * 4 > templates.len() * 3) else {
            return base;
        };
        base.push(Segment::Literal(word.to_vec()));
        let below = Next::after(&base, templates);
        // A collection has ids below it, a base path has collections.
        if below.parameter || below.words.len() < 3 {
            base.pop();
            return base;
        }
    }
}

fn wide(segment: &Segment) -> bool {
    matches!(
        segment,
        Segment::Mixed(_) | Segment::Many | Segment::Tail(_)
    )
}

/// What comes after a common beginning.
struct Next<'a> {
    words: BTreeMap<&'a [u8], usize>,
    parameter: bool,
    ends: bool,
}

impl<'a> Next<'a> {
    fn after(beginning: &[Segment], templates: &'a [Vec<Segment>]) -> Self {
        let mut next = Self {
            words: BTreeMap::new(),
            parameter: false,
            ends: false,
        };
        for template in templates {
            match template.strip_prefix(beginning) {
                Some([]) => next.ends = true,
                Some([Segment::Literal(word), ..]) => *next.words.entry(word).or_default() += 1,
                Some([Segment::Parameter | Segment::Mixed(_), ..]) => next.parameter = true,
                _ => {}
            }
        }
        next
    }
}
