//! Rejected lines: how many, and as JSON lines.

use super::diagnostics;
use crate::format::Skip;
use crate::input::Source;
use crate::report::json_text;
use crate::usage::Reject;

/// Says how many lines gave no record, and why; whether a request may be lost with them.
pub(super) fn say(skips: &[u64; Skip::ALL.len()], quiet: bool) -> bool {
    let counted = Skip::ALL.iter().zip(skips);
    let counted = counted.filter(|(skip, count)| **skip != Skip::Blank && **count > 0);
    let named: Vec<String> = counted
        .clone()
        .map(|(skip, count)| format!("{} {count}", skip.name()))
        .collect();
    if !named.is_empty() {
        let text = format!("lines without an event: {}", named.join(", "));
        diagnostics::note(quiet, &text);
    }
    counted.map(|(skip, _)| skip).any(|skip| skip.is_reject())
}

/// One line for each rejected line: its file, its place, the reason, its masked beginning.
pub(super) fn lines(sources: &[Source], rejects: &[Reject]) -> anyhow::Result<String> {
    let mut text = String::new();
    for reject in rejects {
        let line = serde_json::json!({
            "file": sources.get(reject.source).map(|source| source.input.shown.as_ref()),
            "offset": reject.offset,
            "reason": reject.reason.name(),
            "excerpt": reject.excerpt,
        });
        text.push_str(&json_text::line(&line)?);
        text.push('\n');
    }
    Ok(text)
}
