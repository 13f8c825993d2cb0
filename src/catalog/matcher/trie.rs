//! Templates as a tree of segments in flat arrays.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashTable;

use super::key::{Key, WHOLE};
use super::template::{Part, Segment, Template, fits, literal_len, may_share};
use crate::input::bytes::find;
use crate::model::Method;

/// Segments of a request path that are followed.
const DEPTH: usize = 64;
/// Nodes visited for one path; only hostile templates come near it.
const STEPS: u32 = 10_000;

const NONE: u32 = u32::MAX;

/// Routes of one template by method: a handful at most.
type Leaf = Vec<(Method, u32)>;

#[derive(Debug, Default)]
struct Node {
    /// Bit n is set when some literal child is n bytes long (modulo 64).
    literals: u64,
    /// The literal child that was added first: often the only one, as `api` and `v1` are.
    first: Option<(Key, u32)>,
    /// A literal child that fits needs no backtracking: there is no other child.
    only_literals: bool,
    mixed: Vec<(Vec<Part>, u32)>,
    parameter: Option<u32>,
    /// After one segment or more.
    many: Option<u32>,
    /// What a parameter does not take, nothing else does: there is nothing to backtrack to.
    parameter_is_last: bool,
    /// For a segment that two mixed children fit equally well: the operations of all of them.
    unclear: Leaf,
    leaf: Leaf,
    /// Routes that take the rest of the path.
    tail: Leaf,
    /// The tail also takes an empty rest.
    tail_empty: Leaf,
}

/// A literal child.
#[derive(Debug)]
struct Edge {
    key: Key,
    child: u32,
    /// Where the bytes of its segment are in `Trie::bytes`.
    start: u32,
    end: u32,
}

#[derive(Debug)]
pub(super) struct Trie {
    nodes: Vec<Node>,
    edges: HashTable<Edge>,
    bytes: Vec<u8>,
}

impl Trie {
    pub(super) fn new() -> Self {
        Self {
            nodes: vec![Node::default()],
            edges: HashTable::new(),
            bytes: Vec::new(),
        }
    }

    #[inline]
    fn literal(&self, node: u32, segment: &[u8]) -> Option<u32> {
        let key = Key::new(node, segment);
        if let Some((first, child)) = self.nodes[node as usize].first
            && first == key
            && segment.len() <= WHOLE
        {
            return Some(child);
        }
        let found = self.edges.find(key.hash(), |edge| {
            edge.key == key
                && (segment.len() <= WHOLE
                    || self.bytes.get(edge.start as usize..edge.end as usize) == Some(segment))
        });
        found.map(|edge| edge.child)
    }

    pub(super) fn add(&mut self, template: &Template, method: Method, route: u32, folded: bool) {
        let fold = |text: &[u8]| {
            if folded {
                text.to_ascii_lowercase()
            } else {
                text.to_vec()
            }
        };
        let mut node = 0_u32;
        for segment in &template.segments {
            node = match segment {
                Segment::Literal(text) => self.child(node, &fold(text)),
                Segment::Mixed(parts) => {
                    let parts: Vec<Part> = parts
                        .iter()
                        .map(|part| match part {
                            Part::Literal(text) => Part::Literal(fold(text)),
                            Part::Parameter => Part::Parameter,
                        })
                        .collect();
                    let known = self.nodes[node as usize]
                        .mixed
                        .iter()
                        .find(|(known, _)| *known == parts);
                    if let Some(child) = known.map(|(_, child)| *child) {
                        child
                    } else {
                        let child = self.grow();
                        self.nodes[node as usize].mixed.push((parts, child));
                        child
                    }
                }
                Segment::Parameter => {
                    if let Some(child) = self.nodes[node as usize].parameter {
                        child
                    } else {
                        let child = self.grow();
                        self.nodes[node as usize].parameter = Some(child);
                        child
                    }
                }
                Segment::Many => {
                    if let Some(child) = self.nodes[node as usize].many {
                        child
                    } else {
                        let child = self.grow();
                        self.nodes[node as usize].many = Some(child);
                        child
                    }
                }
                Segment::Tail(empty) => {
                    let node = &mut self.nodes[node as usize];
                    set(&mut node.tail, method, route);
                    if *empty {
                        set(&mut node.tail_empty, method, route);
                    }
                    return;
                }
            };
        }
        set(&mut self.nodes[node as usize].leaf, method, route);
    }

    fn grow(&mut self) -> u32 {
        self.nodes.push(Node::default());
        u32::try_from(self.nodes.len() - 1).unwrap_or(NONE)
    }

    fn child(&mut self, node: u32, segment: &[u8]) -> u32 {
        if let Some(child) = self.literal(node, segment) {
            return child;
        }
        let child = self.grow();
        self.nodes[node as usize].literals |= 1 << (segment.len() % 64);
        let start = u32::try_from(self.bytes.len()).unwrap_or(NONE);
        self.bytes.extend_from_slice(segment);
        let edge = Edge {
            key: Key::new(node, segment),
            child,
            start,
            end: u32::try_from(self.bytes.len()).unwrap_or(NONE),
        };
        self.nodes[node as usize]
            .first
            .get_or_insert((edge.key, child));
        self.edges
            .insert_unique(edge.key.hash(), edge, |edge| edge.key.hash());
        child
    }

    /// Puts mixed segments in the order of their specificity. Nothing is added afterwards.
    pub(super) fn finish(&mut self) {
        for node in &mut self.nodes {
            node.parameter_is_last = node.tail.is_empty() && node.many.is_none();
            node.only_literals =
                node.mixed.is_empty() && node.parameter.is_none() && node.parameter_is_last;
            node.mixed.sort_by(|(a, _), (b, _)| {
                literal_len(b).cmp(&literal_len(a)).then_with(|| a.cmp(b))
            });
        }
    }

    /// Routes that some request cannot tell apart, because different mixed
    /// segments of equal weight fit it: by node, and there by method.
    pub(super) fn unclear(&self) -> Vec<(u32, Method, BTreeSet<u32>)> {
        let mut groups = Vec::new();
        for (number, node) in (0..).zip(&self.nodes) {
            let alike = |(a, _): &&(Vec<Part>, u32)| {
                node.mixed
                    .iter()
                    .any(|(b, _)| a != b && literal_len(a) == literal_len(b) && may_share(a, b))
            };
            let mut routes: BTreeMap<Method, BTreeSet<u32>> = BTreeMap::new();
            for (_, child) in node.mixed.iter().filter(alike) {
                self.below(*child, &mut routes);
            }
            let any = routes.get(&Method::Any).cloned().unwrap_or_default();
            for (method, mut reached) in routes {
                if method != Method::Options {
                    reached.extend(&any);
                }
                if reached.len() > 1 {
                    groups.push((number, method, reached));
                }
            }
        }
        groups
    }

    /// The route of a group that [`Self::unclear`] named.
    pub(super) fn settle(&mut self, node: u32, method: Method, route: u32) {
        set(&mut self.nodes[node as usize].unclear, method, route);
    }

    /// All routes at a node and under it.
    fn below(&self, node: u32, routes: &mut BTreeMap<Method, BTreeSet<u32>>) {
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            let here = &self.nodes[node as usize];
            for (method, route) in here.leaf.iter().chain(&here.tail) {
                routes.entry(*method).or_default().insert(*route);
            }
            open.extend(here.mixed.iter().map(|(_, child)| *child));
            open.extend(here.parameter);
            open.extend(here.many);
            let edges = self.edges.iter().filter(|edge| edge.key.node == node);
            open.extend(edges.map(|edge| edge.child));
        }
    }

    #[inline]
    pub(super) fn find(&self, method: Method, path: &[u8]) -> Option<u32> {
        let rest = path.strip_prefix(b"/")?;
        let mut steps = STEPS;
        self.walk(
            0,
            (!rest.is_empty()).then_some(rest),
            method,
            DEPTH,
            &mut steps,
        )
    }

    fn walk(
        &self,
        mut node: u32,
        mut rest: Option<&[u8]>,
        method: Method,
        mut depth: usize,
        steps: &mut u32,
    ) -> Option<u32> {
        loop {
            *steps = steps.checked_sub(1)?;
            let current = &self.nodes[node as usize];
            let Some(text) = rest else {
                return at(&current.leaf, method).or_else(|| at(&current.tail_empty, method));
            };
            depth = depth.checked_sub(1)?;
            let end = find(b'/', text).unwrap_or(text.len());
            let segment = &text[..end];
            let next = text.get(end + 1..);
            // Most parameters are told from every literal by their length: no hash is taken.
            if current.literals >> (end % 64) & 1 == 1
                && let Some(child) = self.literal(node, segment)
            {
                if current.only_literals {
                    (node, rest) = (child, next);
                    continue;
                }
                if let Some(route) = self.walk(child, next, method, depth, steps) {
                    return Some(route);
                }
            }
            if !current.mixed.is_empty()
                && let Some(route) = self.mixed(current, (segment, next), method, depth, steps)
            {
                return Some(route);
            }
            if let Some(child) = current.parameter
                && !segment.is_empty()
            {
                if current.parameter_is_last {
                    (node, rest) = (child, next);
                    continue;
                }
                if let Some(route) = self.walk(child, next, method, depth, steps) {
                    return Some(route);
                }
            }
            if let Some(child) = current.many
                && let Some(route) = self.many(child, text, method, depth, steps)
            {
                return Some(route);
            }
            return at(&current.tail, method);
        }
    }

    /// What fits after one segment, two, and so on: the fewest that leave a fit.
    fn many(
        &self,
        child: u32,
        text: &[u8],
        method: Method,
        mut depth: usize,
        steps: &mut u32,
    ) -> Option<u32> {
        let mut rest = Some(text);
        while let Some(text) = rest {
            let end = find(b'/', text).unwrap_or(text.len());
            if end == 0 {
                return None;
            }
            rest = text.get(end + 1..);
            if let Some(route) = self.walk(child, rest, method, depth, steps) {
                return Some(route);
            }
            depth = depth.checked_sub(1)?;
        }
        None
    }

    /// The heaviest mixed segment that fits; of several equally heavy ones that
    /// lead to different routes, what represents all of them.
    fn mixed(
        &self,
        node: &Node,
        (segment, next): (&[u8], Option<&[u8]>),
        method: Method,
        depth: usize,
        steps: &mut u32,
    ) -> Option<u32> {
        let mut found: Option<(usize, u32)> = None;
        for (parts, child) in &node.mixed {
            let weight = literal_len(parts);
            if found.is_some_and(|(heavy, _)| weight < heavy) {
                break;
            }
            if !fits(parts, segment) {
                continue;
            }
            match (found, self.walk(*child, next, method, depth, steps)) {
                (Some((_, first)), Some(other)) if first != other => {
                    return at(&node.unclear, method).or(Some(first));
                }
                (None, Some(route)) => found = Some((weight, route)),
                _ => {}
            }
        }
        found.map(|(_, route)| route)
    }
}

/// Twins have one route, so that the first is as good as any.
fn set(leaf: &mut Leaf, method: Method, route: u32) {
    if leaf.iter().all(|(known, _)| *known != method) {
        leaf.push((method, route));
    }
}

#[inline]
fn at(leaf: &Leaf, method: Method) -> Option<u32> {
    let of = |wanted: Method| {
        leaf.iter()
            .find(|(known, _)| *known == wanted)
            .map(|(_, route)| *route)
    };
    match of(method) {
        // A browser that asks beforehand uses no operation of any method.
        None if method != Method::Options => of(Method::Any),
        found => found,
    }
}
