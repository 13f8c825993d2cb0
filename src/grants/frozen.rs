//! Why the bytes of a grant must not be touched.

use super::list;
use crate::input::yaml::Node;

/// Why nothing below this node can be edited.
pub(super) fn frozen_by(inherited: Option<&String>, node: &Node) -> Option<String> {
    let reason = if node.alias {
        "it stands behind a YAML alias, and an edit would change every place that shares it"
    } else if node.anchor {
        "it has a YAML anchor, and an edit would change every place that shares it"
    } else if node.tagged {
        "it has a YAML tag whose meaning is not known"
    } else {
        return inherited.cloned();
    };
    Some(inherited.cloned().unwrap_or_else(|| reason.to_owned()))
}

/// The template marker in a text, if any: what it stands for is not known here.
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

/// Why an item beside a template marker cannot be edited: the marker may stand in a flow
/// list's brackets, or on a block list's line.
pub(super) fn template(text: &str, list: &Node, item: &Node) -> Option<String> {
    let (place, start, end) = if text.as_bytes().get(list.span.start) == Some(&b'[') {
        ("list", list.span.start, list.span.end)
    } else {
        let start = list::line_start(text, item.span.start);
        ("line", start, list::line_end(text, item.span.end))
    };
    marker(&text[start..end]).map(|mark| format!("its {place} holds a template marker (`{mark}`)"))
}
