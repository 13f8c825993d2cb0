//! `$ref` to another place of the same file, or to another file.
//!
//! In: a reference and the file it stands in. Out: the place it leads to.
//!
//! Invariants:
//! * relative files are resolved against the folder of the file that names them;
//! * a reference that leads back to itself is an error;
//! * nothing is fetched from the network.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::CatalogError;
use super::document::{Cursor, Document};

/// References that lead to references may be this many.
const MAX_CHAIN: usize = 64;

/// The files read so far, by their real paths.
#[derive(Debug, Default)]
pub(super) struct Files {
    read: RefCell<BTreeMap<PathBuf, Rc<Document>>>,
}

/// Where a reference leads.
#[derive(Debug)]
pub(super) struct Target {
    document: Rc<Document>,
    pointer: String,
    /// The references on the way here, for finding cycles.
    pub(super) trail: Vec<String>,
    at: String,
    reference: String,
}

impl Target {
    /// The value there.
    pub(super) fn cursor(&self) -> Result<Cursor<'_>, CatalogError> {
        Cursor::root(&self.document)
            .follow(&self.pointer)
            .ok_or_else(|| CatalogError::Reference {
                at: self.at.clone(),
                reference: self.reference.clone(),
                problem: "leads to nothing",
            })
    }
}

impl Files {
    /// Resolves the reference at a cursor; `trail` holds the references that led to it.
    pub(super) fn target(
        &self,
        reference: &Cursor<'_>,
        trail: &[String],
    ) -> Result<Target, CatalogError> {
        let text = reference.text()?;
        let fail = |problem| CatalogError::Reference {
            at: reference.at(),
            reference: text.to_owned(),
            problem,
        };
        let (file, fragment) = text.split_once('#').unwrap_or((text, ""));
        let decode = |part| percent_decode(part).ok_or_else(|| fail("is not UTF-8 when decoded"));
        let (file, pointer) = (decode(file)?, decode(fragment)?);
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err(fail("has a fragment that is no JSON pointer"));
        }
        let document = if file.is_empty() {
            Rc::clone(reference.document())
        } else if file.contains("://") || file.starts_with("//") {
            return Err(fail("leads to the network, which is not read"));
        } else if Path::new(&file).is_absolute() {
            return Err(fail("is an absolute path"));
        } else {
            self.open(reference.document(), &file)?
        };
        let step = format!("{}#{pointer}", document.path().display());
        if trail.contains(&step) {
            return Err(fail("leads back to itself"));
        }
        if trail.len() >= MAX_CHAIN {
            return Err(fail("is the end of a chain of references that is too long"));
        }
        let mut trail = trail.to_vec();
        trail.push(step);
        Ok(Target {
            document,
            pointer,
            trail,
            at: reference.at(),
            reference: text.to_owned(),
        })
    }

    fn open(&self, from: &Document, file: &str) -> Result<Rc<Document>, CatalogError> {
        let beside = |of: &Path| of.parent().unwrap_or(Path::new("")).join(file);
        let path = beside(from.path());
        let shown = beside(Path::new(&**from.shown()));
        // One file under two names is one file, or a cycle through it would look endless.
        let path = fs::canonicalize(&path).unwrap_or(path);
        if let Some(known) = self.read.borrow().get(&path) {
            return Ok(Rc::clone(known));
        }
        let document = Rc::new(Document::open(&path, &shown.to_string_lossy())?);
        self.read.borrow_mut().insert(path, Rc::clone(&document));
        Ok(document)
    }
}

/// Decodes `%2F` (RFC 3986 section 2.1); a `%` that begins no pair of digits stays.
fn percent_decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let pair = bytes.get(at + 1).zip(bytes.get(at + 2));
        let digits = pair.and_then(|(high, low)| {
            let high = char::from(*high).to_digit(16)?;
            let low = char::from(*low).to_digit(16)?;
            u8::try_from(high * 16 + low).ok()
        });
        if byte == b'%'
            && let Some(value) = digits
        {
            decoded.push(value);
            at += 3;
        } else {
            decoded.push(byte);
            at += 1;
        }
    }
    String::from_utf8(decoded).ok()
}
