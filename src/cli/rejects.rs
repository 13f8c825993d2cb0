//! Rejected lines as JSON lines.

use crate::input::Source;
use crate::report::json_text;
use crate::usage::Reject;

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
