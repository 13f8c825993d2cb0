//! Grants in the shapes that policy formats have: read into entries and sites.

use std::sync::Arc;

use super::GrantError;
use super::comment::Comment;
use super::entry_reader::Reader;
use super::given::{Given, ItemGrant};
use super::language::Language;
use super::layout::Home;
use super::not_editable::{frozen_by, marker, templated_line};
use super::site::{EmptyMeans, Site, Terms};
use super::tree_path::Found;
use super::words::{Words, split};
use super::written::Syntax;
use crate::document::{Node, Value};
use crate::model::{Entry, Scope, Span};

/// How the grants of one client are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `[a, b]`: a list of names.
    List,
    /// `"a b"`: one string, with this between its words.
    Delimited(char),
    /// `[{group: a}, {group: b}]`: a list of mappings, each with the name under this key. An
    /// item may be the name alone.
    Objects(String),
    /// `{a: true, b: true}`: each key is a grant, unless its value is false or missing.
    Keys,
    /// `{contents: write}`: each key has one of these levels, the lowest first, and the term
    /// is `contents:write`. `none`, false and a missing value grant nothing.
    Levels(Arc<[String]>),
}

/// One item of a place.
struct Item<'n> {
    name: String,
    /// The scalar that holds the name, or the level.
    scalar: &'n Node,
    span: Span,
    whole: &'n Node,
    frozen: Option<String>,
    number: usize,
}

impl Reader<'_> {
    /// Reads the grants of one place; `each` says what an item of this name gives, if anything.
    pub(super) fn shaped(
        &mut self,
        at: &Found<'_>,
        shape: &Shape,
        given: &Given,
        each: &mut dyn FnMut(&Node, &str) -> Option<ItemGrant>,
    ) -> Result<(), GrantError> {
        let node = at.node;
        if node.value == Value::Null {
            return Ok(());
        }
        let words =
            matches!(shape, Shape::Delimited(_)) && self.text[node.span.start..].starts_with('"');
        if let Some(shown) = self.language.computed(self.text, node).filter(|_| !words) {
            if let Some(grant) = each(node, &shown) {
                let frozen = Some(self.language.reason().to_owned());
                self.fixed_as(ItemGrant { frozen, ..grant }, node, given);
            }
            return Ok(());
        }
        let (written, items) = match shape {
            Shape::List | Shape::Objects(_) => self.listed(at, shape)?,
            Shape::Delimited(separator) => self.delimited(at, *separator)?,
            Shape::Keys | Shape::Levels(_) => self.keyed(at, shape)?,
        };
        let terms = match (given.fixed, shape) {
            (Some(reason), _) => Terms::Fixed(reason),
            (None, Shape::Levels(levels)) => Terms::Levels(Arc::clone(levels)),
            (None, Shape::Objects(_)) if items.iter().any(|item| has_more(item.whole)) => {
                Terms::Fixed("its other keys belong to what it grants now")
            }
            _ => Terms::Names,
        };
        let refused = written.as_ref().err().copied();
        let written = written.ok().map(|mut site| {
            site.empty = given.empty;
            site.terms = terms;
            site
        });
        let flow = node.flow || written.as_ref().is_some_and(Site::is_flow);
        // What these languages put into a string brings in no items: each says for itself.
        let hcl = self.layout.syntax == Syntax::Hcl;
        let inside = |mark: &&str| hcl || self.language != Language::None && **mark == *"${";
        let mark = marker(&self.text[node.span.start..node.span.end]);
        let mark = mark.filter(|mark| flow && !inside(mark));
        let templated = mark.map(|mark| format!("its list holds a template marker (`{mark}`)"));
        let site = self.layout.sites.len();
        self.layout.sites.push(written);
        let mut lines = Vec::new();
        for item in items {
            if !item.whole.alias {
                lines.extend([item.whole.line, self.last_line(item.whole)]);
            }
            let Some(found) = each(item.whole, &item.name) else {
                continue;
            };
            let written = self.layout.sites.get(site).and_then(Option::as_ref);
            let odd = written
                .and_then(|written| written.odd(item.number))
                .or(refused);
            let line = || (!flow && !hcl).then(|| templated_line(self.text, item.whole))?;
            let frozen = item.frozen.or(found.frozen).or_else(|| templated.clone());
            let frozen = frozen.or_else(line).or_else(|| odd.map(str::to_owned));
            let entry = Entry {
                subject: found.subject,
                granted: found.granted,
                optional: given.optional,
                since: None,
                since_line: None,
                owner: None,
                keep: None,
                place: self.place(item.scalar),
                span: item.span,
                audience: (found.audience)
                    .or_else(|| given.audience.clone())
                    .or_else(|| self.audience.clone()),
                frozen,
            };
            let home = Home {
                site,
                item: item.number,
                line: item.whole.line,
            };
            let own = [
                self.last_line(item.whole),
                item.whole.line,
                item.scalar.line,
            ];
            self.add(entry, own, home);
        }
        self.use_up(&lines);
        Ok(())
    }

    /// Takes in what is granted at a place and cannot be edited there.
    pub(super) fn fixed(&mut self, grant: ItemGrant, at: &Node) {
        let given = Given {
            optional: false,
            audience: None,
            empty: EmptyMeans::None,
            fixed: None,
        };
        self.fixed_as(grant, at, &given);
    }

    fn fixed_as(&mut self, grant: ItemGrant, at: &Node, given: &Given) {
        let entry = Entry {
            subject: grant.subject,
            granted: grant.granted,
            optional: given.optional,
            since: None,
            since_line: None,
            owner: None,
            keep: None,
            place: self.place(at),
            span: at.span,
            audience: (grant.audience)
                .or_else(|| given.audience.clone())
                .or_else(|| self.audience.clone()),
            frozen: grant.frozen,
        };
        let home = Home {
            site: self.layout.sites.len(),
            item: 0,
            line: at.line,
        };
        self.layout.sites.push(None);
        self.add(entry, [at.line; 3], home);
    }

    fn written(&self) -> (&str, &[Comment], Syntax) {
        (self.text, &self.layout.comments, self.layout.syntax)
    }

    fn listed<'n>(
        &self,
        at: &Found<'n>,
        shape: &Shape,
    ) -> Result<(Result<Site, &'static str>, Vec<Item<'n>>), GrantError> {
        let Some(nodes) = at.node.as_seq() else {
            return Err(self.wrong(at.node, Self::named(at), "a list"));
        };
        let (text, comments, syntax) = self.written();
        let site = Site::list(text, (at.key, at.node), nodes, comments, syntax);
        let mut items = Vec::new();
        for (number, node) in nodes.iter().enumerate() {
            let mut frozen = frozen_by(at.frozen.as_ref(), node);
            let mut scalar = node;
            if let (Shape::Objects(key), Value::Map(pairs)) = (shape, &node.value) {
                let of_key = |(name, _): &&(Node, Node)| name.text() == Some(key);
                let Some((_, value)) = pairs.iter().find(of_key) else {
                    return Err(GrantError::BadName {
                        place: self.place(node),
                        message: format!("an item of {} has no key `{key}`", Self::named(at)),
                    });
                };
                scalar = value;
                frozen = frozen_by(frozen.as_ref(), scalar);
            }
            let computed = self.language.computed(text, scalar);
            if computed.is_some() {
                frozen = Some(self.language.reason().to_owned());
            }
            let name = match computed {
                Some(shown) => shown,
                None => self.term(scalar, &Self::named(at))?,
            };
            let marked = || {
                let mark = marker(&name).filter(|_| self.language != Language::None);
                mark.map(|mark| format!("it holds a template marker (`{mark}`)"))
            };
            let frozen = frozen.or_else(marked).or_else(|| self.spelt(scalar, &name));
            items.push(Item {
                name,
                scalar,
                span: scalar.span,
                whole: node,
                frozen,
                number,
            });
        }
        Ok((site, items))
    }

    fn delimited<'n>(
        &self,
        at: &Found<'n>,
        separator: char,
    ) -> Result<(Result<Site, &'static str>, Vec<Item<'n>>), GrantError> {
        let node = at.node;
        let Some(value) = node.text().filter(|_| self.is_name(node)) else {
            return Err(self.wrong(node, Self::named(at), "a string"));
        };
        let words = Words::read(self.text, node, separator);
        let templated =
            marker(value).map(|mark| format!("its string holds a template marker (`{mark}`)"));
        let mut items = Vec::new();
        for (number, (_, word)) in split(value, separator).enumerate() {
            if word.chars().any(char::is_control) {
                return Err(GrantError::BadName {
                    place: self.place(node),
                    message: format!("{} holds a control character", Self::named(at)),
                });
            }
            items.push(Item {
                name: word.to_owned(),
                scalar: node,
                span: words.as_ref().map_or(node.span, |words| words.span(number)),
                whole: node,
                frozen: at.frozen.clone().or_else(|| templated.clone()),
                number,
            });
        }
        Ok((words.map(Site::words), items))
    }

    fn keyed<'n>(
        &mut self,
        at: &Found<'n>,
        shape: &Shape,
    ) -> Result<(Result<Site, &'static str>, Vec<Item<'n>>), GrantError> {
        let Some(pairs) = at.node.as_map() else {
            return Err(self.wrong(at.node, Self::named(at), "a mapping"));
        };
        let (text, comments, syntax) = self.written();
        let mut site = Site::map(text, (at.key, at.node), pairs, comments, syntax);
        if pairs.iter().any(|(key, _)| key.text() == Some("<<")) {
            site = Err("a merge key (`<<`) is next to it");
        }
        let mut items = Vec::new();
        // What a merge key brings in is granted as well.
        for (number, pair) in at.entries().into_iter().enumerate() {
            let Some(key) = pair.key else {
                continue;
            };
            let value = pair.node;
            let off = match &value.value {
                Value::Null | Value::Bool(false) => true,
                _ => value.text() == Some("none"),
            };
            if off {
                continue;
            }
            let mut name = self.term(key, &Self::named(at))?;
            let mut scalar = key;
            if let Shape::Levels(levels) = shape {
                let level = value.text().unwrap_or_default();
                let Some(height) = levels.iter().position(|known| known == level) else {
                    return Err(GrantError::WrongKind {
                        place: self.place(value),
                        what: format!("the level of a key of {}", Self::named(at)),
                        expected: "one of the levels that the format has",
                        found: value.kind().to_owned(),
                    });
                };
                self.ladder(&name, levels, height);
                name = format!("{name}:{level}");
                scalar = value;
            }
            let computed = self.language.computed(self.text, value);
            let computed = computed.map(|_| self.language.reason().to_owned());
            let frozen = pair.frozen.or(computed);
            items.push(Item {
                name,
                scalar,
                span: scalar.span,
                whole: key,
                frozen,
                number,
            });
        }
        Ok((site, items))
    }

    /// What a level opens: every lower one of the same key.
    fn ladder(&mut self, key: &str, levels: &[String], height: usize) {
        let scope = |level: &String| Scope::new(&format!("{key}:{level}"));
        for (at, level) in levels.iter().enumerate().take(height + 1).skip(1) {
            let lower = levels.iter().take(at).map(scope).collect();
            self.file().ladders.insert(scope(level), lower);
        }
    }

    /// How a place is called in a message: by its key.
    fn named(at: &Found<'_>) -> String {
        match at.key.and_then(Node::text) {
            Some(key) => format!("`{key}`"),
            None => "the list".to_owned(),
        }
    }

    /// Whether a scalar can be a name: in JSON a number is none.
    pub(super) fn is_name(&self, node: &Node) -> bool {
        match &node.value {
            Value::Null => false,
            Value::String(_) => true,
            _ => self.layout.syntax != Syntax::Json,
        }
    }

    fn term(&self, node: &Node, within: &str) -> Result<String, GrantError> {
        let Some(text) = node.text().filter(|_| self.is_name(node)) else {
            return Err(self.wrong(node, format!("a name in {within}"), "a string"));
        };
        let bad = |what: &str| GrantError::BadName {
            place: self.place(node),
            message: format!("a name in {within} {what}"),
        };
        if text.trim().is_empty() {
            return Err(bad("is empty"));
        }
        if text.chars().any(char::is_control) {
            return Err(bad("holds a control character"));
        }
        Ok(text.to_owned())
    }

    pub(super) fn spelt(&self, scalar: &Node, name: &str) -> Option<String> {
        let spelt = &self.text[scalar.span.start..scalar.span.end];
        let several = spelt != name && !spelt.starts_with(['"', '\'']);
        several.then(|| "it is written as a string of several lines".to_owned())
    }
}

/// Whether an item has other keys than the one with its name.
fn has_more(item: &Node) -> bool {
    item.as_map().is_some_and(|pairs| pairs.len() > 1)
}
