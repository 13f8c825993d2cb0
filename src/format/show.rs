//! The formats of the program in the language in which a user describes one.
//!
//! In: what a format declares. Out: a description, with what is code in a comment.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::LogFormat;
use super::declared::{Declared, Meaning};
use super::mapping::MEANINGS;

/// Meanings that a format has for itself: more are not declared.
const OWN: u8 = 12;

/// A format of JSON.
pub(super) fn json(format: &dyn LogFormat, declared: &Declared, code: &str) -> String {
    let fields: Vec<(&str, Vec<&str>)> = named()
        .map(|(name, meaning)| (name, declared.paths_of(meaning)))
        .collect();
    let own: BTreeSet<&str> = (0..OWN)
        .flat_map(|number| declared.paths_of(Meaning::Own(number)))
        .chain(declared.paths_of(Meaning::AnsweredBy))
        .collect();
    written(format, "json", &fields, &own, code)
}

/// A table.
pub(super) fn columns(
    format: &dyn LogFormat,
    extends: &str,
    declared: &[(Meaning, &[&str])],
    code: &str,
) -> String {
    let of = |wanted: Meaning| -> Vec<&str> {
        let own = declared.iter().filter(|(meaning, _)| *meaning == wanted);
        own.flat_map(|(_, columns)| columns.iter().copied())
            .collect()
    };
    let fields: Vec<(&str, Vec<&str>)> = named()
        // In two columns, which a description joins by itself.
        .filter(|(name, _)| extends != "w3c" || *name != "time")
        .map(|(name, meaning)| (name, of(meaning)))
        .collect();
    let own = (0..OWN)
        .flat_map(|number| of(Meaning::Own(number)))
        .collect();
    written(format, extends, &fields, &own, code)
}

/// Each meaning once.
fn named() -> impl Iterator<Item = (&'static str, Meaning)> {
    let all = MEANINGS.iter().copied();
    all.filter(|(name, meaning)| *name != "expires" && !matches!(meaning, Meaning::Own(_)))
}

fn written(
    format: &dyn LogFormat,
    extends: &str,
    fields: &[(&str, Vec<&str>)],
    own: &BTreeSet<&str>,
    code: &str,
) -> String {
    let mut text = format!(
        "# {}\n# Code, and in no description: {code}.\n",
        format.title()
    );
    if !own.is_empty() {
        let own: Vec<&str> = own.iter().copied().collect();
        // A line that a terminal shows whole is easier to read than one line.
        text.push_str("# Code reads besides:");
        let mut width = 21;
        for place in own {
            if width + place.len() > 110 {
                text.push_str("\n#  ");
                width = 3;
            }
            width += place.len() + 1;
            let _ = write!(text, " {place}");
        }
        text.push('\n');
    }
    let _ = write!(
        text,
        "format = \"my-{}\"\nextends = \"{extends}\"\n\n[field]\n",
        format.name()
    );
    for (name, places) in fields {
        let quoted: Vec<String> = places.iter().map(|place| quoted(place)).collect();
        match quoted.as_slice() {
            [] => {}
            [one] => {
                let _ = writeln!(text, "{name} = {one}");
            }
            several => {
                let _ = writeln!(text, "{name} = [{}]", several.join(", "));
            }
        }
    }
    text
}

/// A text of TOML.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::mapping::Mapping;
    use super::super::{ALL, Scratch};

    #[test]
    fn a_shown_format_is_a_description_or_says_what_is_missing() {
        for format in ALL {
            let Some(text) = format.as_description() else {
                continue;
            };
            if let Err(why) = Mapping::parse(&text) {
                // What code makes of other places.
                assert!(
                    why.contains("is missing: "),
                    "{}: {why}\n{text}",
                    format.name()
                );
            }
            assert!(text.contains("# Code, and in no description: "), "{text}");
        }
    }

    #[test]
    fn the_description_of_a_format_reads_its_lines() {
        let line = br#"{"time_local":"02/Jan/2026:12:00:00 +0000","remote_addr":"192.0.2.1","request":"GET /v1/a HTTP/1.1","status":"200","client_id":"erp"}"#;
        let format = super::super::by_name("nginx-json").unwrap();
        let text = format.as_description().unwrap();
        let mapping = Mapping::parse(&text).unwrap();
        let reader = super::LogFormat::open(&mapping, line);
        let mut scratch = Scratch::default();
        let record = reader.parse(line, &mut scratch).unwrap();
        assert_eq!(
            (record.target, record.client),
            (&b"/v1/a"[..], Some(&b"erp"[..]))
        );
    }
}
