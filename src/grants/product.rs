//! Rules that grant every value of one list for every value of another: verbs times resources.
//!
//! In: how the lists of each rule are written. Out: the edits that remove cells, or that put names
//! in the place of a wildcard.
//!
//! Invariants:
//! * the smallest edit: a value of a list goes when all its cells go, and a rule when all of its
//!   cells do;
//! * names come only in the place of a wildcard that is the one value of its list, the last one of
//!   the rule, and the same names for all cells that stay;
//! * what would need a second rule is refused, and said beforehand ([`Grid`]);
//! * a rule of which any part cannot be edited is not edited at all.

use super::list::List;
use super::quote;
use super::written::{Fate, Syntax};
use crate::model::{Edit, Grid, Span, Term};

/// The rules of one holder; an item is a cell of one of them.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) list: List,
    pub(super) rules: Vec<Rule>,
}

#[derive(Debug)]
pub(super) struct Rule {
    /// Which item of the list it is.
    pub(super) number: usize,
    /// The number of its first cell.
    pub(super) first: usize,
    pub(super) axes: Vec<Axis>,
    /// A comment goes with it, or stands above it.
    pub(super) comment: bool,
}

/// One list of a rule.
#[derive(Debug)]
pub(super) struct Axis {
    pub(super) key: &'static str,
    pub(super) names: Vec<String>,
    /// Where each of them is written.
    pub(super) spans: Vec<Span>,
    /// None for a value that is no list.
    pub(super) list: Option<List>,
}

impl Rule {
    pub(super) fn sides(&self) -> Vec<usize> {
        self.axes.iter().map(|axis| axis.names.len()).collect()
    }

    pub(super) fn cells(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.sides().iter().product::<usize>()
    }

    /// The last list, where it is a wildcard and nothing else.
    fn wildcard(&self) -> Option<&Axis> {
        let axis = self.axes.last()?;
        (axis.names == ["*"]).then_some(axis)
    }

    fn edits(
        &self,
        text: &str,
        gone: &dyn Fn(usize) -> bool,
        edits: &mut Vec<Edit>,
    ) -> Result<(), &'static str> {
        let sides = self.sides();
        let needed = Grid::needed(&sides, |cell| !gone(self.first + cell));
        let left: usize = needed
            .iter()
            .map(|values| values.iter().filter(|needed| **needed).count())
            .product();
        if left != self.cells().filter(|cell| !gone(*cell)).count() {
            return Err(TOGETHER);
        }
        for (axis, needed) in self.axes.iter().zip(needed) {
            let fates: Vec<(usize, Fate)> = (0..needed.len())
                .filter(|value| !needed[*value])
                .map(|value| (value, Fate::Remove))
                .collect();
            if !fates.is_empty() {
                let list = axis.list.as_ref().ok_or(TOGETHER)?;
                edits.extend(list.edits(text, &fates)?);
            }
        }
        Ok(())
    }
}

/// Why a wildcard stays.
const ALIKE: &str =
    "only a wildcard alone in the last list of its rule gives way to names, for the whole rule";

/// Why a cell stays that would go.
const TOGETHER: &str =
    "its rule grants it together with others that stay, and would have to become two rules";

impl Product {
    /// How many cells it has.
    pub(super) fn len(&self) -> usize {
        self.rules.iter().map(|rule| rule.cells().len()).sum()
    }

    /// The edits that remove cells.
    pub(super) fn edits(
        &self,
        text: &str,
        fates: &[(usize, Fate)],
    ) -> Result<Vec<Edit>, &'static str> {
        let fate = |cell: usize| {
            let at = fates.binary_search_by_key(&cell, |(cell, _)| *cell);
            at.ok().map(|at| &fates[at].1)
        };
        let gone = |cell: usize| fate(cell) == Some(&Fate::Remove);
        let mut edits = Vec::new();
        let mut whole = Vec::new();
        for rule in &self.rules {
            let staying: Vec<Option<&Fate>> =
                rule.cells().filter(|cell| !gone(*cell)).map(fate).collect();
            if let Some(names) = staying.iter().flatten().next() {
                if staying.iter().any(|own| *own != Some(*names)) {
                    return Err(ALIKE);
                }
                let list = rule.wildcard().and_then(|axis| axis.list.as_ref());
                let list = list.ok_or(ALIKE)?;
                edits.extend(list.edits(text, &[(0, (*names).clone())])?);
            }
            match rule.cells().filter(|cell| gone(*cell)).count() {
                0 => {}
                all if all == rule.cells().len() => whole.push((rule.number, Fate::Remove)),
                _ => rule.edits(text, &gone, &mut edits)?,
            }
        }
        if !whole.is_empty() {
            edits.extend(self.list.edits(text, &whole)?);
        }
        Ok(edits)
    }

    /// How these terms are written in the place of a cell, whose innermost part is a wildcard.
    pub(super) fn spell(
        &self,
        text: &str,
        cell: usize,
        (terms, syntax): (&[Term], Syntax),
    ) -> Result<Fate, &'static str> {
        let axis = self.rule_of(cell).and_then(Rule::wildcard).ok_or(ALIKE)?;
        let span = axis.spans.first().copied().ok_or(ALIKE)?;
        let spelt = &text[span.start..span.end];
        let texts = terms.iter().map(|term| {
            let (_, name) = term.as_str().rsplit_once(':').ok_or(ALIKE)?;
            Ok(quote::like(spelt, name, syntax))
        });
        let texts = texts.collect::<Result<_, &'static str>>()?;
        Ok(Fate::Replace(span, texts))
    }

    fn rule_of(&self, cell: usize) -> Option<&Rule> {
        // The rules are in the order of their cells.
        let after = self.rules.partition_point(|rule| rule.first <= cell);
        let rule = self.rules.get(after.checked_sub(1)?)?;
        rule.cells().contains(&cell).then_some(rule)
    }

    pub(super) fn owns_comment(&self, cell: usize) -> bool {
        self.rule_of(cell).is_some_and(|rule| rule.comment)
    }

    /// The grids, with the entry of each cell.
    pub(super) fn grids(&self, entry: &dyn Fn(usize) -> Option<usize>) -> Vec<Grid> {
        let rules = self.rules.iter();
        rules
            .map(|rule| Grid {
                sides: rule.sides(),
                entries: rule.cells().map(entry).collect(),
            })
            .collect()
    }

    /// The rules that would be needed where the cell alone goes; nothing where that is an edit.
    pub(super) fn rules_without(&self, cell: usize) -> Option<String> {
        let rule = self.rule_of(cell)?;
        let values = Grid::values(&rule.sides(), cell - rule.first);
        let wide = rule.axes.iter().filter(|axis| axis.names.len() > 1);
        if wide.count() < 2 {
            return None;
        }
        let mut rules = Vec::new();
        for (at, axis) in rule.axes.iter().enumerate() {
            let mut others = axis.names.clone();
            others.remove(*values.get(at)?);
            if others.is_empty() {
                continue;
            }
            let lists = rule.axes.iter().enumerate().map(|(of, axis)| {
                let names = match of.cmp(&at) {
                    std::cmp::Ordering::Less => vec![axis.names[values[of]].clone()],
                    std::cmp::Ordering::Equal => others.clone(),
                    std::cmp::Ordering::Greater => axis.names.clone(),
                };
                let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
                format!("{} [{}]", axis.key, names.join(", "))
            });
            rules.push(lists.collect::<Vec<_>>().join(" with "));
        }
        let lists: Vec<&str> = rule.axes.iter().map(|axis| axis.key).collect();
        Some(format!(
            "the rule grants {} together; without this alone it would be: {}",
            lists.join(" x "),
            rules.join("; and ")
        ))
    }
}
