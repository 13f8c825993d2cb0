//! Why the bytes of a grant must not be touched.

use super::written::{line_end, line_start};
use crate::document::Node;

/// Why nothing below this node can be edited.
pub(super) fn frozen_by(inherited: Option<&String>, node: &Node) -> Option<String> {
    let reason = if node.alias {
        "it is reached through a YAML alias, and an edit would change every place that shares it"
    } else if node.anchor {
        "it has a YAML anchor, and an edit would change every place that shares it"
    } else if node.tagged {
        "it has a YAML tag whose meaning is not known"
    } else {
        return inherited.cloned();
    };
    Some(inherited.cloned().unwrap_or_else(|| reason.to_owned()))
}

/// The template marker in a string, if any: what it stands for is not known here.
pub(super) fn marker(text: &str) -> Option<&'static str> {
    // Helm and Jinja, GitHub and decK, Auth0 deploy-cli.
    let simple = ["${{", "{{", "{%", "${"]
        .into_iter()
        .find(|mark| text.contains(mark));
    let paired = || {
        ["##", "@@"]
            .into_iter()
            .find(|mark| text.matches(mark).count() >= 2)
    };
    simple.or_else(paired)
}

/// Why a scope is not written in place of another one.
pub(super) const UNWRITABLE: &str = "a policy file cannot hold the name of the narrower scope";

/// Whether no reader would take this for the name of one scope once it is written.
pub(super) fn unwritable(term: &str) -> bool {
    let splits = |c: char| c.is_whitespace() || c.is_control();
    term.is_empty() || term.contains(splits) || marker(term).is_some()
}

/// Why no item of a flow list with a template marker can be edited: the marker may produce
/// items, or brackets.
pub(super) fn templated_list(text: &str, list: &Node) -> Option<String> {
    let written = &text[list.span.start..list.span.end];
    let mark = marker(written).filter(|_| written.starts_with('['));
    mark.map(|mark| format!("its list holds a template marker (`{mark}`)"))
}

/// Why an item on a line with a template marker cannot be edited.
pub(super) fn templated_line(text: &str, item: &Node) -> Option<String> {
    let start = line_start(text, item.span.start);
    let end = line_end(text, item.span.end);
    marker(&text[start..end]).map(|mark| format!("its line holds a template marker (`{mark}`)"))
}
