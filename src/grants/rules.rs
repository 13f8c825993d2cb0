//! Rules of several lists, read into one entry for each cell.
//!
//! Invariants:
//! * a rule of which any part cannot be edited is not edited at all;
//! * a cell is as old as the youngest of the lines that it needs.

use super::GrantError;
use super::entry_reader::Reader;
use super::given::ItemGrant;
use super::layout::Home;
use super::list::List;
use super::not_editable::{frozen_by, marker};
use super::product::{Axis, Product, Rule};
use super::site::Site;
use super::tree_path::Found;
use crate::document::{Node, Value};
use crate::model::{Entry, Grid, Span};

/// A rule may have this many cells.
const MAX_CELLS: usize = 1 << 16;

/// One rule as its format found it.
pub(super) struct RuleLists<'n> {
    /// Which item of the list of rules it is.
    pub(super) number: usize,
    /// The rule itself.
    pub(super) rule: Found<'n>,
    /// Its lists, that of the innermost part of a term last.
    pub(super) lists: Vec<(&'static str, Found<'n>)>,
    /// How the values of a cell are spelt as one term.
    pub(super) spell: fn(&[&str]) -> String,
}

impl Reader<'_> {
    /// Reads the rules of one holder, all in one list; `each` says what a term gives.
    pub(super) fn products(
        &mut self,
        list: &Found<'_>,
        rules: Vec<RuleLists<'_>>,
        each: &dyn Fn(&str) -> ItemGrant,
    ) -> Result<(), GrantError> {
        let nodes = list.node.as_seq().unwrap_or_default();
        let (comments, syntax) = (&self.layout.comments, self.layout.syntax);
        let written = List::items(self.text, (list.key, list.node), nodes, comments, syntax);
        let site = self.layout.sites.len();
        // Its place is kept: what is read below stands in it.
        self.layout.sites.push(None);
        let flow = list.node.flow || written.as_ref().is_ok_and(List::is_flow);
        let all = marker(&self.text[list.node.span.start..list.node.span.end]).filter(|_| flow);
        let mut product = Vec::new();
        for found in rules {
            let number = found.number;
            let first = product.last().map_or(0, |rule: &Rule| rule.cells().end);
            let odd = match &written {
                Ok(list) => list.odd(number),
                Err(reason) => Some(*reason),
            };
            let node = found.rule.node;
            let own = || marker(&self.text[node.span.start..node.span.end]);
            let templated = all.or_else(own);
            let templated =
                templated.map(|mark| format!("its rule holds a template marker (`{mark}`)"));
            let frozen = found.rule.frozen.clone().or(templated);
            let frozen = frozen.or_else(|| odd.map(str::to_owned));
            let mut axes = Vec::new();
            let mut values: Vec<Vec<&Node>> = Vec::new();
            let mut fixed = frozen;
            for (key, at) in &found.lists {
                let (list, nodes, why) = self.axis(key, at)?;
                fixed = fixed.or(why);
                values.push(nodes);
                axes.push(list);
            }
            let sides = values.iter().map(Vec::len);
            if sides.fold(1_usize, usize::saturating_mul) > MAX_CELLS {
                return Err(GrantError::BadName {
                    place: self.place(node),
                    message: format!("a rule grants more than {MAX_CELLS} things together"),
                });
            }
            let comment = written.as_ref().is_ok_and(|list| {
                list.owns_comment(number) || self.holds_comment(node) || self.is_below_comment(node)
            });
            let rule = Rule {
                number,
                first,
                axes,
                comment,
            };
            self.cells((&rule, &found, &values), (site, fixed.as_ref()), each);
            product.push(rule);
        }
        if let Ok(list) = written {
            self.layout.sites[site] = Some(Site::product(Product {
                list,
                rules: product,
            }));
        }
        Ok(())
    }

    /// One entry for each cell of a rule.
    fn cells(
        &mut self,
        (rule, found, values): (&Rule, &RuleLists<'_>, &[Vec<&Node>]),
        (site, frozen): (usize, Option<&String>),
        each: &dyn Fn(&str) -> ItemGrant,
    ) {
        let sides = rule.sides();
        for item in rule.cells() {
            let cell = Grid::values(&sides, item - rule.first);
            let names = rule.axes.iter().zip(&cell);
            let names: Vec<&str> = names.map(|(axis, at)| axis.names[*at].as_str()).collect();
            let nodes = values.iter().zip(&cell).map(|(nodes, at)| nodes[*at]);
            let nodes: Vec<&Node> = nodes.collect();
            // A cell is as young as the youngest line that it needs, so it spans them all.
            let start = nodes.iter().min_by_key(|node| node.span.start);
            let end = nodes.iter().map(|node| node.span.end).max();
            let (Some(start), Some(end)) = (start, end) else {
                continue;
            };
            let grant = each(&(found.spell)(&names));
            let entry = Entry {
                subject: grant.subject,
                granted: grant.granted,
                optional: false,
                since: None,
                since_line: None,
                owner: None,
                keep: None,
                place: self.place(start),
                span: Span {
                    start: start.span.start,
                    end,
                },
                audience: self.audience.clone(),
                frozen: grant.frozen.or_else(|| frozen.cloned()),
            };
            let line = |at: usize| nodes.get(at).map_or(start.line, |node| node.line);
            let home = Home {
                site,
                item,
                line: found.rule.node.line,
            };
            self.add(entry, [line(0), line(1), line(2)], home);
        }
        let lines: Vec<u32> = values.iter().flatten().map(|node| node.line).collect();
        self.use_up(&lines);
    }

    /// One list of a rule: its values, and why it cannot be edited.
    fn axis<'n>(
        &self,
        key: &'static str,
        at: &Found<'n>,
    ) -> Result<(Axis, Vec<&'n Node>, Option<String>), GrantError> {
        let (nodes, written) = match at.node.as_seq() {
            Some(nodes) => {
                let (comments, syntax) = (&self.layout.comments, self.layout.syntax);
                let list = List::items(self.text, (at.key, at.node), nodes, comments, syntax);
                (nodes, Some(list))
            }
            None if at.node.value == Value::Null => (&[][..], None),
            None => (std::slice::from_ref(at.node), None),
        };
        let mut frozen = at.frozen.clone();
        let mut names = Vec::new();
        for (number, node) in nodes.iter().enumerate() {
            let shown = self.language.computed(self.text, node);
            let computed = shown.as_ref().map(|_| self.language.reason().to_owned());
            let name = match shown {
                Some(shown) => shown,
                None => self.value(node, key)?.to_owned(),
            };
            let odd = written.as_ref().and_then(|written| match written {
                Ok(list) => list.odd(number),
                Err(reason) => Some(*reason),
            });
            frozen = frozen_by(frozen.as_ref(), node)
                .or(computed)
                .or_else(|| self.spelt(node, &name))
                .or_else(|| odd.map(str::to_owned));
            names.push(name);
        }
        let list = written.and_then(Result::ok);
        let spans = nodes.iter().map(|node| node.span).collect();
        let axis = Axis {
            key,
            names,
            spans,
            list,
        };
        Ok((axis, nodes.iter().collect(), frozen))
    }

    /// A value of a list; an empty one is a name, too (the core API group).
    fn value<'n>(&self, node: &'n Node, key: &str) -> Result<&'n str, GrantError> {
        let Some(text) = node.text().filter(|_| self.is_name(node)) else {
            return Err(self.wrong(node, format!("a value of `{key}`"), "a string"));
        };
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) && marker(text).is_none() {
            return Err(GrantError::BadName {
                place: self.place(node),
                message: format!("a value of `{key}` holds whitespace or a control character"),
            });
        }
        Ok(text)
    }

    fn holds_comment(&self, node: &Node) -> bool {
        let comments = &self.layout.comments;
        let from = comments.partition_point(|comment| comment.span.start < node.span.start);
        comments
            .get(from)
            .is_some_and(|comment| comment.span.start < node.span.end)
    }

    fn is_below_comment(&self, node: &Node) -> bool {
        let above = node.line.saturating_sub(1);
        let comments = &self.layout.comments;
        let at = comments.binary_search_by_key(&above, |comment| comment.line);
        let comment = at.ok().and_then(|at| comments.get(at));
        comment.is_some_and(|comment| comment.own_line)
    }
}
