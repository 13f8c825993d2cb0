//! Roles into the section `roles`, which is made where there is none.

use super::{LONGEST, NewRole, RoleEdits, SHARED, frozen_by, insert};
use crate::document::{Node, Value};
use crate::grants::Edit;
use crate::grants::written::{Syntax, line_start};
use crate::model::Term;

impl RoleEdits<'_> {
    pub(super) fn defined(&self, roles: &[NewRole]) -> Result<Vec<Edit>, String> {
        let Some(root) = self.root.as_map().filter(|_| !roles.is_empty()) else {
            return Ok(Vec::new());
        };
        let section = root.iter().find(|(key, _)| key.text() == Some("roles"));
        let shared = frozen_by(None, &self.root);
        let shared = section.map_or(shared.clone(), |(_, node)| frozen_by(shared.as_ref(), node));
        if let Some(reason) = shared {
            return Err(reason);
        }
        let edit = match section {
            None => self.new_section(root, roles)?,
            Some((_, node)) if self.is_flow(node) => match &node.value {
                Value::Map(pairs) => {
                    let texts: Vec<String> =
                        roles.iter().map(|role| self.in_braces(role)).collect();
                    self.within_braces(node, pairs.first().map(|(key, _)| key), &texts)?
                }
                _ => return Err("`roles` is written in a way that cannot be added to".to_owned()),
            },
            Some((key, node)) => {
                let first = node.as_map().and_then(<[_]>::first);
                let indent = first.map(|(first, _)| self.indent(first).ok_or(SHARED));
                let indent = indent.transpose()?;
                let lines = self.lines(indent.unwrap_or(self.indent_of_clients()), roles);
                match indent {
                    // Comments that are indented further than a role's name are about that role.
                    Some(own) => self.below(self.last_byte(node), &lines, Some(own.len() + 1))?,
                    None => self.below(key.span.end, &lines, None)?,
                }
            }
        };
        Ok(vec![edit])
    }

    /// In front of the clients, and of the comment above them.
    fn new_section(&self, root: &[(Node, Node)], roles: &[NewRole]) -> Result<Edit, String> {
        let clients = root.iter().find(|(key, _)| key.text() == Some("clients"));
        let (key, _) = clients.ok_or("the file has no clients")?;
        let before = self.indent(key);
        if self.is_flow(&self.root) {
            let texts: Vec<String> = roles.iter().map(|role| self.in_braces(role)).collect();
            let (name, eol) = (self.spelt("roles"), self.eol());
            let text = match before {
                Some(before) => {
                    let inner = format!("{eol}{before}{before}");
                    let texts = texts.join(&format!(",{inner}"));
                    format!("{name}: {{{inner}{texts}{eol}{before}}},{eol}{before}")
                }
                None => format!("{name}: {{{}}}, ", texts.join(", ")),
            };
            return Ok(insert(key.span.start, text));
        }
        before.ok_or(SHARED)?;
        let own_line = line_start(self.text, key.span.start);
        let mut at = own_line;
        while at > 0 {
            let above = line_start(self.text, at - 1);
            if !self.text[above..at].starts_with('#') {
                break;
            }
            at = above;
        }
        // A comment at the top is about the file.
        if at == 0 {
            at = own_line;
        }
        let mut lines = vec!["roles:".to_owned()];
        lines.extend(self.lines(self.indent_of_clients(), roles));
        // As the sections of the file are set apart.
        if self.text.contains("\n\n") || self.text.contains("\r\n\r\n") {
            lines.push(String::new());
        }
        let eol = self.eol();
        let new = lines.iter().flat_map(|line| [line.as_str(), eol]);
        Ok(insert(at, new.collect()))
    }

    /// The indentation of the first client.
    fn indent_of_clients(&self) -> &str {
        let clients = self.root.get("clients").and_then(Node::as_map);
        let first = clients.and_then(<[_]>::first);
        let indent = first.and_then(|(key, _)| self.indent(key));
        indent.filter(|indent| !indent.is_empty()).unwrap_or("  ")
    }

    /// The lines of block mappings.
    fn lines(&self, indent: &str, roles: &[NewRole]) -> Vec<String> {
        let mut lines = Vec::new();
        for role in roles {
            let terms = || role.terms.iter().map(Term::as_str);
            let attributes = self.attributes(role);
            let bare = format!("{indent}{}", self.pair(role.name.as_str(), terms()));
            if attributes.is_empty() && bare.len() <= LONGEST {
                lines.push(bare);
                continue;
            }
            lines.push(format!("{indent}{}:", self.spelt(role.name.as_str())));
            lines.extend(attributes.iter().map(|pair| format!("{indent}  {pair}")));
            let whole = format!("{indent}  {}", self.pair("scopes", terms()));
            if whole.len() <= LONGEST {
                lines.push(whole);
            } else {
                lines.push(format!("{indent}  scopes:"));
                lines.extend(terms().map(|term| format!("{indent}    - {}", self.spelt(term))));
            }
        }
        lines
    }

    /// `name: [a, b]`, or `name: {since: 2025-01-01, scopes: [a, b]}`
    fn in_braces(&self, role: &NewRole) -> String {
        let mut pairs = self.attributes(role);
        let terms = role.terms.iter().map(Term::as_str);
        if pairs.is_empty() {
            return self.pair(role.name.as_str(), terms);
        }
        pairs.push(self.pair("scopes", terms));
        format!(
            "{}: {{{}}}",
            self.spelt(role.name.as_str()),
            pairs.join(", ")
        )
    }

    /// What a role has beside its terms, as pairs.
    fn attributes(&self, role: &NewRole) -> Vec<String> {
        let since = role.since.map(|day| match self.syntax {
            Syntax::Json => format!("{}: \"{day}\"", self.spelt("since")),
            _ => format!("since: {day}"),
        });
        let owner = role.owner.as_deref();
        let owner = owner.map(|owner| format!("{}: {}", self.spelt("owner"), self.spelt(owner)));
        since.into_iter().chain(owner).collect()
    }
}
