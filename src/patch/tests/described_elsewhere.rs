//! Descriptions of files in TOML, HCL and CSV, any way of writing: what is removed is what was
//! planned, to the byte. YAML and JSON are in `described.rs`.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;

use super::described::{Dice, Draft, description, holds, path};
use super::*;
use crate::grants::{Description, EmptyMeans, Formats, Shape};

/// The terms of one place as they are written after its sign.
fn value(draft: &mut Draft, dice: &mut Dice<'_>, (place, shape): (usize, &Shape)) -> String {
    let toml = draft.name == Some("f.toml");
    let count = dice.roll(4);
    let mut names = Vec::new();
    for _ in 0..count {
        let plain = format!(
            "{}{}",
            dice.of(&["a", "b:", "x.y/", "é-", "#"]),
            draft.terms.len()
        );
        let level = match shape {
            Shape::Levels(levels) => levels[dice.roll(levels.len())].clone(),
            _ => String::new(),
        };
        let term = if level.is_empty() {
            plain.clone()
        } else {
            format!("{plain}:{level}")
        };
        draft.terms.push((place, term));
        names.push((plain, level));
    }
    let mut quoted = |text: &str| {
        let quote = if toml { dice.of(&["\"", "'"]) } else { "\"" };
        format!("{quote}{text}{quote}")
    };
    if let Shape::Delimited(separator) = shape {
        let words: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
        return quoted(&words.join(&separator.to_string()));
    }
    let items: Vec<String> = names
        .iter()
        .map(|(name, level)| match shape {
            Shape::Objects(key) => format!("{{ {key} = {} }}", quoted(name)),
            Shape::Keys => format!("{} = true", quoted(name)),
            Shape::Levels(_) => format!("{} = {}", quoted(name), quoted(level)),
            _ => quoted(name),
        })
        .collect();
    let pairs = matches!(shape, Shape::Keys | Shape::Levels(_));
    let (open, close) = if pairs { ("{", "}") } else { ("[", "]") };
    let mut text = open.to_owned();
    // A table of TOML within a line has no line breaks.
    let gap = dice.of(if toml && pairs {
        &["", " "]
    } else {
        &["", " ", "\n  ", "\n\t"]
    });
    let last = items.len();
    for (at, item) in items.into_iter().enumerate() {
        let trailing = at + 1 < last || !(toml && pairs) && dice.roll(3) == 0;
        let comma = if trailing { "," } else { "" };
        write!(text, "{gap}{item}{comma}").unwrap();
        if gap.contains('\n') && dice.roll(4) == 0 {
            text.push_str(" # beside");
        }
        if gap.contains('\n') && dice.roll(5) == 0 {
            let comment = format!("# own{}, [", draft.comments.len());
            write!(text, "{gap}{comment}").unwrap();
            draft.comments.push(comment);
        }
    }
    write!(text, "{gap}{close}").unwrap();
    text
}

fn in_toml(dice: &mut Dice<'_>, own: &mut Description) -> Draft {
    own.roles = None;
    let mut draft = Draft {
        name: Some("f.toml"),
        ..Draft::default()
    };
    draft.text.push_str("kind = \"Access\" # kind\n");
    for place in 0..=dice.roll(3) {
        if own.id.is_empty() {
            writeln!(draft.text, "[spec.clients.c{place}.grants] # of {place}").unwrap();
        } else {
            let head = format!("[[spec.clients]]\nname = 'c{place}'\n");
            writeln!(draft.text, "{head}[spec.clients.grants]").unwrap();
        }
        let written = value(&mut draft, dice, (place, &own.shape));
        writeln!(draft.text, "given = {written} # after\nother = ['x']").unwrap();
    }
    draft
}

fn in_hcl(dice: &mut Dice<'_>, own: &mut Description) -> Draft {
    own.roles = None;
    own.when.clear();
    own.clients = vec![path("resource.access.*")];
    own.terms = vec![path("given")];
    let mut draft = Draft {
        name: Some("f.tf"),
        ..Draft::default()
    };
    for place in 0..=dice.roll(3) {
        let head = format!("resource \"access\" \"c{place}\" {{\n  name = \"c{place}\"\n");
        let written = value(&mut draft, dice, (place, &own.shape));
        let after = dice.of(&["", " # after", " // after"]);
        writeln!(
            draft.text,
            "{head}  given = {written}{after}\n  other = [\"x\"]\n}}"
        )
        .unwrap();
    }
    draft
}

fn in_csv(dice: &mut Dice<'_>, own: &mut Description) -> Draft {
    own.roles = None;
    own.when = vec![(path("[].\"Client ID\""), None)];
    own.clients = vec![path("[]")];
    own.id = vec![path("\"Client ID\"")];
    own.terms = vec![path("given")];
    own.empty_means = EmptyMeans::None;
    let separator = [' ', ';', ','][dice.roll(3)];
    own.shape = Shape::Delimited(separator);
    let mut draft = Draft {
        name: Some("f.csv"),
        ..Draft::default()
    };
    draft.text.push_str("given,note,Client ID\n");
    for place in 0..=dice.roll(5) {
        let written = value(&mut draft, dice, (place, &own.shape));
        let bare = written.trim_matches('"');
        let quoted = separator == ',' || dice.roll(2) == 0;
        let cell = if quoted { &written } else { bare };
        writeln!(draft.text, "{cell},\"n, {place}\",c{place}").unwrap();
    }
    draft
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]
    #[test]
    fn what_is_removed_from_toml_hcl_and_csv_of_any_description_is_what_was_planned(
        bytes in vec(any::<u8>(), 0..120),
        chosen in vec(any::<bool>(), 16),
    ) {
        let mut dice = Dice(bytes.iter());
        let mut own = description(&mut dice);
        let mut draft = match dice.roll(3) {
            0 => in_toml(&mut dice, &mut own),
            1 => in_hcl(&mut dice, &mut own),
            _ => in_csv(&mut dice, &mut own),
        };
        if dice.roll(3) == 0 {
            draft.text = draft.text.replace('\n', "\r\n");
        }
        if dice.roll(3) == 0 {
            draft.text = draft.text.trim_end().to_owned();
        }
        if dice.roll(4) == 0 {
            draft.text.insert(0, '\u{feff}');
        }
        holds(&own, &draft, &chosen)?;
        for entry in 0..draft.terms.len() {
            let alone: Vec<bool> = (0..=entry).map(|other| other == entry).collect();
            holds(&own, &draft, &alone)?;
        }
    }

    #[test]
    fn no_text_of_toml_or_csv_makes_a_described_format_panic(
        bytes in vec(any::<u8>(), 0..12),
        text in r#"(kind = "Access"\n|\[spec.clients.a.grants\]\n|\[\[spec.clients\]\]\n|given = |name = |\n|\r\n|a|'|"|"""|\[|\]|\{|\}|, |=|#| # keep|é|,|;|client,given\n|\u{feff}|\t){0,48}"#,
    ) {
        for (name, table) in [("f.toml", false), ("f.csv", true)] {
            let mut own = description(&mut Dice(bytes.iter()));
            if table {
                own.clients = vec![path("[]")];
                own.id = vec![path("client")];
                own.terms = vec![path("given")];
                own.when.clear();
            }
            let file = Formats::with(vec![own]).read(Arc::from(text.as_bytes()), name);
            let _ = grants::propose(&Arc::from(text.as_bytes()), name);
            if let Ok(file) = file {
                let free = (0..file.entries.len()).filter(|entry| file.entries[*entry].frozen.is_none());
                let all: BTreeMap<usize, Change> = free.map(|entry| (entry, Change::Remove)).collect();
                let _ = (grants::comments_affected(&file), grants::edits(&file, &all));
            }
        }
    }

    #[test]
    fn no_text_makes_a_described_format_panic(
        bytes in vec(any::<u8>(), 0..12),
        text in r#"(kind: Access\n|spec:|clients:|grants:|given:|name: |  |\n|\r\n|---\n|- |a|b|'|"|\[|\]|\{|\}|, |:|#| # keep|read|write|group: |&a |\*a|é|<<: |!x |\||\t|\$\{\{){0,48}"#,
    ) {
        let own = description(&mut Dice(bytes.iter()));
        if let Ok(file) = Formats::with(vec![own]).read(Arc::from(text.as_bytes()), "f.yaml") {
            let free = (0..file.entries.len()).filter(|entry| file.entries[*entry].frozen.is_none());
            let all: BTreeMap<usize, Change> = free.map(|entry| (entry, Change::Remove)).collect();
            let _ = (grants::comments_affected(&file), grants::edits(&file, &all));
        }
    }
}
