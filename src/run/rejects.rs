//! Rejected lines: how many, and as JSON lines.

use crate::format::Skip;
use crate::input::Source;
use crate::report::json_text;
use crate::usage::Reject;

/// How many lines gave no record, and why; `None` when all but blank lines did.
pub(crate) fn sentence(skips: &[u64; Skip::ALL.len()]) -> Option<String> {
    let counted = Skip::ALL.iter().zip(skips);
    let named: Vec<String> = counted
        .filter(|(skip, count)| **skip != Skip::Blank && **count > 0)
        .map(|(skip, count)| format!("{} {count}", skip.name()))
        .collect();
    (!named.is_empty()).then(|| format!("lines without an event: {}", named.join(", ")))
}

/// One line for each rejected line: its file, its place, the reason, its masked beginning.
pub(crate) fn lines(sources: &[Source], rejects: &[Reject]) -> anyhow::Result<String> {
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
