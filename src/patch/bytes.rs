//! Edits become new bytes that are read again, and two versions of a file become a diff and its undo.

use std::sync::Arc;

use super::unified::{self, Block};
use super::{FilePatch, PatchError, edit, ordered};
use crate::grants::Edit;
use crate::model::PolicyFile;

/// Makes edits in memory, and reads the result as a later run will read it: its format is
/// detected again.
pub(super) fn applied(
    file: &PolicyFile,
    old: &str,
    edits: Vec<Edit>,
) -> Result<(Vec<Edit>, PolicyFile), PatchError> {
    let edits = ordered(old, edits).map_err(|source| PatchError::Overlap {
        file: Arc::clone(&file.path),
        source,
    })?;
    let Some(document) = &file.document else {
        return Err(PatchError::wrong(file, "how it is written is not known"));
    };
    let new = Arc::from(edit::apply(old, &edits).into_bytes());
    let reread = document
        .reread(new, &file.path)
        .map_err(|source| PatchError::Unreadable {
            file: Arc::clone(&file.path),
            source,
        })?;
    if reread.format != file.format {
        let difference = format!("it reads as format `{}`", reread.format);
        return Err(PatchError::wrong(file, difference));
    }
    Ok((edits, reread))
}

/// The diff and the undo between a file and what it became, each applied once.
pub(super) fn written(
    index: usize,
    file: &PolicyFile,
    reread: PolicyFile,
    blocks: &[Block],
) -> Result<FilePatch, PatchError> {
    let wrong = |difference: &str| PatchError::wrong(file, difference);
    let (old, new) = (text(file)?, text(&reread)?);
    let (old_lines, new_lines) = (unified::lines(old), unified::lines(new));
    let diff = unified::write(&old_lines, &new_lines, blocks, &file.path);
    let back = blocks.iter().cloned().map(|(gone, come)| (come, gone));
    let back: Vec<Block> = back.collect();
    let undo = unified::write(&new_lines, &old_lines, &back, &file.path);
    if unified::apply(old, &diff).as_deref() != Some(new) {
        return Err(wrong("its diff does not give the edited bytes"));
    }
    if unified::apply(new, &undo).as_deref() != Some(old) {
        return Err(wrong("its undo does not give the bytes back"));
    }
    Ok(FilePatch {
        file: index,
        path: Arc::clone(&file.path),
        old: Arc::clone(&file.bytes),
        new: reread.bytes.to_vec(),
        reread,
        diff,
        undo,
    })
}

/// The text of a file.
pub(super) fn text(file: &PolicyFile) -> Result<&str, PatchError> {
    std::str::from_utf8(&file.bytes).map_err(|_| PatchError::wrong(file, "it is not text"))
}
