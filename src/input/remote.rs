//! From an address to the objects that it names: one object, what lies below a prefix, or a glob.
//!
//! In: `s3://bucket/key`, `s3://bucket/prefix/` or `s3://bucket/logs/**/*.gz`. Out: each object
//! once, with its size.
//!
//! As in folders, names that begin with a dot below a prefix are passed over.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use glob::Pattern;

use super::DiscoverError;
use super::expand::is_pattern;
use crate::storage::{self, Address, Listed, shown};

/// The objects that a name stands for, with their sizes.
pub(super) fn find(name: &str) -> Result<BTreeMap<Arc<str>, u64>, DiscoverError> {
    let unreadable = |error: io::Error| DiscoverError::Unreadable {
        path: shown(name),
        reason: error.to_string(),
    };
    storage::check(name).map_err(unreadable)?;
    let address = Address::parse(name).map_err(unreadable)?;
    if !address.key.ends_with('/')
        && !address.key.is_empty()
        && let Some(size) = storage::size(&address).map_err(unreadable)?
    {
        return Ok(BTreeMap::from([(Arc::from(address.to_string()), size)]));
    }
    if address.scheme.is_web() {
        return Err(DiscoverError::NoObject(name.to_owned()));
    }
    let (prefix, pattern) = split(&address.key);
    let prefix = address.with_key(prefix);
    let parts = parts(name, pattern)?;
    let below = prefix.to_string().trim_end_matches('/').len() + 1;
    let mut found: BTreeMap<Arc<str>, u64> = BTreeMap::new();
    let mut keep = |listed: Listed| {
        let rest = listed.name.get(below..).unwrap_or_default();
        let wanted = if parts.is_empty() {
            !rest.is_empty() && !rest.split('/').any(|part| part.starts_with('.'))
        } else {
            fits(&parts, &rest.split('/').collect::<Vec<_>>())
        };
        if wanted {
            found.insert(Arc::from(listed.name), listed.size);
        }
        Ok(())
    };
    storage::each_below(&prefix, &mut keep).map_err(unreadable)?;
    without_markers(&mut found).map_err(unreadable)?;
    match (found.is_empty(), parts.is_empty()) {
        (false, _) => Ok(found),
        (true, false) => Err(DiscoverError::NoMatch(name.to_owned())),
        (true, true) => Err(DiscoverError::NoObject(name.to_owned())),
    }
}

/// Consoles make a folder by an empty object whose name ends with `/`; a listing shows it
/// without that, and no object has the name.
fn without_markers(found: &mut BTreeMap<Arc<str>, u64>) -> io::Result<()> {
    let empty = found.iter().filter(|(_, size)| **size == 0);
    let empty: Vec<Arc<str>> = empty.map(|(name, _)| Arc::clone(name)).collect();
    for name in empty {
        if storage::size(&Address::parse(&name)?)?.is_none() {
            found.remove(&name);
        }
    }
    Ok(())
}

/// What of a key is no pattern, and the rest.
fn split(key: &str) -> (&str, &str) {
    let mut at = 0;
    for part in key.split_inclusive('/') {
        if is_pattern(part) {
            return (&key[..at], &key[at..]);
        }
        at += part.len();
    }
    (key, "")
}

/// One part of a pattern; `None` stands for any folders.
type Part = Option<Pattern>;

fn parts(name: &str, pattern: &str) -> Result<Vec<Part>, DiscoverError> {
    let parts = pattern.split('/').filter(|part| !part.is_empty());
    let part = |text: &str| match text {
        "**" => Ok(None),
        text => Pattern::new(text)
            .map(Some)
            .map_err(|error| DiscoverError::BadGlob {
                pattern: name.to_owned(),
                reason: error.to_string(),
            }),
    };
    parts.map(part).collect()
}

fn fits(parts: &[Part], names: &[&str]) -> bool {
    match (parts.split_first(), names.split_first()) {
        (None, None) => true,
        (Some((None, rest)), _) => {
            // A file is no folder: something has to come after `**`.
            !rest.is_empty() && (0..names.len()).any(|at| fits(rest, &names[at..]))
        }
        (Some((Some(part), rest)), Some((name, names))) => part.matches(name) && fits(rest, names),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_in_keys_what_they_mean_in_folders() {
        let fits = |pattern: &str, name: &str| {
            let parts = parts(pattern, pattern).unwrap();
            fits(&parts, &name.split('/').collect::<Vec<_>>())
        };
        for (pattern, name, expected) in [
            ("*.gz", "a.gz", true),
            ("*.gz", "sub/a.gz", false),
            ("*/*.gz", "sub/a.gz", true),
            ("**/*.gz", "a.gz", true),
            ("**/*.gz", "x/y/a.gz", true),
            ("**/y/*.gz", "x/y/a.gz", true),
            ("**/y/*.gz", "x/z/a.gz", false),
            ("day=2026-1[01]-*/a.gz", "day=2026-11-03/a.gz", true),
            ("?.gz", "ab.gz", false),
            ("**", "a.gz", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
        assert_eq!(split("logs/2026/*.gz"), ("logs/2026/", "*.gz"));
        assert_eq!(split("logs/2026"), ("logs/2026", ""));
        assert_eq!(split("*/a"), ("", "*/a"));
        assert!(parts("x", "a[").is_err());
    }
}
