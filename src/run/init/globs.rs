//! Globs for the logs of a folder.
//!
//! In: the logs that were found, and every other file. Out: globs and names that catch all of
//! the logs, also the file that rotation makes tomorrow, and nothing else that lies there.
//!
//! Invariants:
//! * what a name says of a day or of a turn (`access.log-20261029`, `.2.gz`, `2026/10/29/`) is
//!   `*`; what is left of it stays;
//! * a glob that would catch a file that is no log is not proposed: then the names are, one by
//!   one; an empty file may be caught, since a log is empty after it was rotated.

use std::collections::BTreeMap;

use glob::Pattern;

use super::folder_scan::FolderContents;

/// Endings of compressed files.
const PACKED: [&str; 7] = [".gz", ".zst", ".bz2", ".xz", ".lz4", ".zip", ".tgz"];

/// What to write after `logs =`.
pub(super) fn patterns(found: &FolderContents) -> Vec<String> {
    let mut sources: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in found.logs.keys() {
        let rotated = rotated(name).filter(|glob| catches_logs_only(glob, found));
        let glob = rotated.unwrap_or_else(|| name.clone());
        sources.entry(glob).or_default().push(name);
    }
    // Several sources of one folder and ending.
    let mut alike: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for glob in sources.into_keys() {
        alike.entry(key(&glob)).or_default().push(glob);
    }
    let mut patterns = Vec::new();
    for ((folder, ending), globs) in alike {
        let one = format!("{folder}*{ending}");
        // A folder or ending with the glob's own characters would mean something else.
        let plain = !ending.is_empty() && !globs.iter().any(|glob| is_foreign(glob, found));
        if plain && globs.len() > 1 && catches_logs_only(&one, found) {
            patterns.push(one);
        } else {
            patterns.extend(globs);
        }
    }
    patterns.sort();
    patterns
}

/// Whether it is the name of a log, and would mean something else as a glob.
fn is_foreign(glob: &str, found: &FolderContents) -> bool {
    found.logs.contains_key(glob) && glob.contains(['*', '?', '[', ']'])
}

/// Whether every file that the glob catches is a log, or empty.
fn catches_logs_only(glob: &str, found: &FolderContents) -> bool {
    let parts: Option<Vec<Pattern>> = glob
        .split('/')
        .map(|part| Pattern::new(part).ok())
        .collect();
    let Some(parts) = parts else { return false };
    let caught = |name: &&String| {
        let names: Vec<&str> = name.split('/').collect();
        names.len() == parts.len()
            && parts
                .iter()
                .zip(names)
                .all(|(part, name)| part.matches(name))
    };
    let known = |name: &String| found.logs.contains_key(name) || found.empty.contains(name);
    found.all.iter().filter(caught).all(known)
}

/// The glob for the files that rotation makes of this one; `None` when nothing shows that it is
/// rotated.
fn rotated(name: &str) -> Option<String> {
    if name.contains(['*', '?', '[', ']']) {
        return None;
    }
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let (mut rest, mut turned) = (file, false);
    loop {
        let packed = PACKED.iter().find_map(|end| rest.strip_suffix(end));
        let number = || {
            let (rest, last) = rest.rsplit_once('.')?;
            let digits = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
            (digits && !rest.is_empty()).then_some(rest)
        };
        match packed.filter(|rest| !rest.is_empty()).or_else(number) {
            Some(shorter) => (rest, turned) = (shorter, true),
            None => break,
        }
    }
    let (dated, has_date) = without_dates(rest);
    let mut folders: Vec<String> = Vec::new();
    let mut in_date = false;
    for part in folder.split('/').filter(|part| !part.is_empty()) {
        let digits = part.bytes().all(|byte| byte.is_ascii_digit());
        in_date = digits && (is_year(part) || in_date && part.len() == 2) || is_date(part);
        folders.push(if in_date {
            "*".to_owned()
        } else {
            part.to_owned()
        });
    }
    let any_folder = folders.iter().any(|part| part == "*");
    let log = dated.strip_suffix(".log").is_some();
    if !(turned || has_date || any_folder || log) {
        return None;
    }
    // `access.log-*` would not catch `access.log` itself.
    let mut file = match dated
        .strip_suffix("-*")
        .or_else(|| dated.strip_suffix(".*"))
    {
        Some(live) if live.ends_with("log") => live.to_owned(),
        _ => dated,
    };
    if !file.ends_with('*') {
        file.push('*');
    }
    folders.push(file);
    Some(folders.join("/"))
}

/// The name with `*` for its dates.
fn without_dates(name: &str) -> (String, bool) {
    let (mut out, mut rest, mut found) = (String::new(), name, false);
    while let Some(first) = rest.chars().next() {
        let long = date_length(rest);
        // A digit before it makes it a part of another number.
        let inside = out.ends_with(|last: char| last.is_ascii_digit());
        if long > 0 && !inside {
            if !out.ends_with('*') {
                out.push('*');
            }
            let after = &rest[long..];
            (rest, found) = (&after[random_length(after)..], true);
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    (out, found)
}

/// The bytes at the beginning that say a month, a day, an hour or a second: `2026-10`,
/// `20261029T0500Z`, `1793232000`; 0 when there are none.
fn date_length(text: &str) -> usize {
    let digits = |from: usize| {
        let rest = text.as_bytes().get(from..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let run = digits(0);
    if !(run >= 8 || run == 6 && text.starts_with("20") || run == 4 && is_year(&text[..4])) {
        return 0;
    }
    let mut end = run;
    loop {
        let separated = text
            .as_bytes()
            .get(end)
            .is_some_and(|byte| b"-_.:T".contains(byte));
        let more = digits(end + 1);
        if !(separated && (more == 2 || more == 4 || more == 6 || more >= 8)) {
            break;
        }
        end += 1 + more;
    }
    if run == 4 && end == 4 {
        return 0;
    }
    end + usize::from(text.as_bytes().get(end) == Some(&b'Z'))
}

/// The bytes of the random word that delivery puts after a date (`_6kvhMoVeCsc7v8U`); 0 when
/// there is none.
fn random_length(text: &str) -> usize {
    let Some(word) = text.strip_prefix(['_', '-']) else {
        return 0;
    };
    let end = word.find(|letter: char| !letter.is_ascii_alphanumeric());
    let word = &word[..end.unwrap_or(word.len())];
    let has = |of: fn(&u8) -> bool| word.as_bytes().iter().any(of);
    let random = word.len() >= 8 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    if random { 1 + word.len() } else { 0 }
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && text.starts_with("20") && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the name of a folder is a date, as it stands or after a name: `dt=2026-10-29`.
fn is_date(part: &str) -> bool {
    let value = part.rsplit_once('=').map_or(part, |(_, value)| value);
    !value.is_empty() && date_length(value) == value.len()
}

/// Folder with its slash, and the ending with its dot.
fn key(name: &str) -> (String, String) {
    let file = name.rfind('/').map_or(0, |slash| slash + 1);
    let ending = name[file..].rfind('.').map_or(name.len(), |dot| file + dot);
    (name[..file].to_owned(), name[ending..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rotation_adds_to_a_name_is_open() {
        for (names, glob) in [
            (
                &[
                    "logs/access.log",
                    "logs/access.log.1",
                    "logs/access.log.2.gz",
                    "logs/access.log-20261029",
                    "logs/access.log-20261029-1793232000.gz",
                    "logs/access.log.2026-10-29",
                ][..],
                "logs/access.log*",
            ),
            (
                &[
                    "kong-2026-10.log",
                    "kong-2026-10-29.log.gz",
                    "kong-20261029T0500Z.log",
                ],
                "kong-*.log*",
            ),
            (
                &["logs/2026/10/29/gw.log.gz", "logs/2026/10/30/gw.log"],
                "logs/*/*/*/gw.log*",
            ),
            (&["dt=2026-10-29/part-1.json"], "*/part-1.json*"),
            (
                &["trail_eu-west-1_20261029T0500Z_6kvhMoVeCsc7v8U.json.gz"],
                "trail_eu-west-1_*.json*",
            ),
            (&["a/gw_2026102905.jsonl"], "a/gw_*.jsonl*"),
        ] {
            for name in names {
                assert_eq!(rotated(name).as_deref(), Some(glob), "{name}");
            }
        }
        for name in [
            "events.json",
            "v2013.json",
            "gw-1.txt",
            "gw-2026.json",
            "a[1].log",
        ] {
            assert_eq!(rotated(name), None, "{name}");
        }
    }

    fn contents(logs: &[&str], others: &[&str]) -> FolderContents {
        let mut found = FolderContents::default();
        for name in logs {
            found.logs.insert((*name).to_owned(), "kong");
        }
        found.all = logs
            .iter()
            .chain(others)
            .map(|name| (*name).to_owned())
            .collect();
        found
    }

    #[test]
    fn a_glob_catches_no_other_file_and_names_stand_where_it_would() {
        let logs = ["l/access.log", "l/access.log.1"];
        assert_eq!(
            patterns(&contents(&logs, &["l/error.log"])),
            ["l/access.log*"]
        );
        let found = contents(&logs, &["l/access.log.sha256"]);
        assert_eq!(patterns(&found), logs);
        let mut found = contents(&["l/access.log.1"], &["l/access.log"]);
        assert_eq!(patterns(&found), ["l/access.log.1"]);
        found.empty.push("l/access.log".to_owned());
        assert_eq!(
            patterns(&found),
            ["l/access.log*"],
            "it was rotated just now"
        );
    }
}
