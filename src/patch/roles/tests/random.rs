//! Random policies in random styles: afterwards every client holds what it needs, and nothing else.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Decisions, drawn from bytes so that a failure shrinks.
struct Dice<'a>(std::slice::Iter<'a, u8>);

impl Dice<'_> {
    fn roll(&mut self, sides: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % sides
    }

    /// Each of these, or not.
    fn some<'t>(&mut self, of: &[&'t str]) -> Vec<&'t str> {
        let mut some = Vec::new();
        for one in of {
            if self.roll(2) == 0 {
                some.push(*one);
            }
        }
        some
    }
}

const TERMS: [&str; 6] = ["a:read", "a:write", "b:*", "https://x/c#d", "'e,[", "on"];
const ROLES: [&str; 3] = ["clerk", "a-read", "no"];
const CLIENTS: [&str; 6] = ["app", "b c", "3", "true", "web-1", "é"];

fn spelt(name: &str) -> String {
    let plain = name
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || "-:".contains(letter));
    if plain && !["on", "no", "true"].contains(&name) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', "''"))
    }
}

/// Writes a list below its key, which stands already.
fn list(text: &mut String, dice: &mut Dice<'_>, names: &[&str], indent: &str) {
    let attributes = |dice: &mut Dice<'_>, name: &str| match dice.roll(12) {
        0 if !ROLES.contains(&name) => format!("{{scope: {}, since: 2025-01-01}}", spelt(name)),
        _ => spelt(name),
    };
    if dice.roll(2) == 0 || names.is_empty() {
        let lines = dice.roll(3) == 0;
        text.push_str(" [");
        for (at, name) in names.iter().enumerate() {
            if lines {
                write!(text, "\n{indent}    ").unwrap();
            }
            text.push_str(&attributes(dice, name));
            if at + 1 < names.len() || dice.roll(4) == 0 {
                text.push_str(", ");
            }
            if lines && dice.roll(4) == 0 {
                write!(text, " # in {at}").unwrap();
            }
        }
        if lines {
            write!(text, "\n{indent}").unwrap();
        }
        text.push_str("]\n");
        return;
    }
    text.push_str([" # list\n", "\n"][dice.roll(2)]);
    let inner = ["  ", ""][dice.roll(2)];
    for name in names {
        if dice.roll(6) == 0 {
            writeln!(text, "{indent}{inner}# above {name}").unwrap();
        }
        write!(text, "{indent}{inner}- {}", attributes(dice, name)).unwrap();
        text.push_str(["\n", "\n", "\n", " # behind\n"][dice.roll(4)]);
    }
    if dice.roll(5) == 0 {
        writeln!(text, "{indent}{inner}# below").unwrap();
    }
}

/// One client or role.
fn holder(text: &mut String, dice: &mut Dice<'_>, name: &str, is_client: bool) {
    if dice.roll(4) == 0 {
        text.push_str("\n  # about the next\n");
    }
    write!(text, "  {}:", spelt(name)).unwrap();
    let terms = dice.some(&TERMS);
    let form = dice.roll(4);
    match form {
        0 => return list(text, dice, &terms, "  "),
        1 => {
            let terms: Vec<String> = terms.iter().map(|term| spelt(term)).collect();
            write!(text, " {{scopes: [{}]", terms.join(", ")).unwrap();
            if is_client && dice.roll(2) == 0 {
                write!(text, ", roles: [{}]", spelt(ROLES[dice.roll(3)])).unwrap();
            }
            text.push_str("}\n");
            return;
        }
        _ => {}
    }
    text.push('\n');
    if dice.roll(3) == 0 {
        text.push_str("    since: 2025-02-01\n");
    }
    text.push_str("    scopes:");
    list(text, dice, &terms, "    ");
    if is_client && dice.roll(2) == 0 {
        text.push_str("    roles:");
        let roles = dice.some(&ROLES);
        list(text, dice, &roles, "    ");
    }
    if is_client && dice.roll(4) == 0 {
        let optional = TERMS[dice.roll(TERMS.len())];
        writeln!(text, "    optional: [{}]", spelt(optional)).unwrap();
    }
    if dice.roll(3) == 0 {
        text.push_str("    owner: team # of it\n    # after it\n");
    }
}

fn text(dice: &mut Dice<'_>) -> String {
    let mut text = [
        "",
        "# head\n\n",
        "version: 1\n",
        "version: 1 # one\n\n# clients\n",
    ][dice.roll(4)]
    .to_owned();
    let before = dice.roll(2) == 0;
    let roles = |text: &mut String, dice: &mut Dice<'_>| {
        text.push_str("roles:\n");
        for role in ROLES {
            holder(text, dice, role, false);
        }
    };
    if before {
        roles(&mut text, dice);
    }
    text.push_str("clients:\n");
    for client in CLIENTS {
        holder(&mut text, dice, client, true);
    }
    if !before && dice.roll(2) == 0 {
        roles(&mut text, dice);
    }
    match dice.roll(6) {
        0 => text.replace('\n', "\r\n"),
        1 => text.trim_end().to_owned(),
        _ => text,
    }
}

fn comments(text: &str) -> BTreeMap<&str, usize> {
    let mut all = BTreeMap::new();
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with('#') {
            *all.entry(line).or_default() += 1;
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 60, ..ProptestConfig::with_cases(32) })]

    #[test]
    fn after_the_edit_every_client_holds_what_it_needs_and_nothing_else(
        style in vec(any::<u8>(), 200..400),
        spare in vec(any::<u8>(), 40),
        all in any::<bool>(),
    ) {
        let mut dice = Dice(style.iter());
        let text = text(&mut dice);
        let Ok(file) = grants::read(Arc::from(text.as_bytes()), "g.yaml") else {
            panic!("not a policy:\n{text}");
        };
        let mut policy = Policy { files: vec![file], ..Policy::default() };
        // A file without the roles that its clients have is no policy.
        prop_assume!(grants::join(&mut policy).is_ok());
        let mut needs = held(&policy);
        let mut spare = Dice(spare.iter());
        for terms in needs.values_mut() {
            terms.retain(|_| all || spare.roll(4) > 0);
        }
        let wanted = needs.clone();
        let odd = "way that cannot be added to";
        let patch = match made(&policy, &needs) {
            Ok(patch) => patch,
            // A role is not narrowed of which somebody needs more who cannot be given it otherwise.
            Err(RolesRefused::Place(refusal)) if refusal.reason.contains(odd) => return Ok(()),
            Err(error) => panic!("{error}\n{text}"),
        };
        // A place that is written in an odd way may stand in the way of its client; nothing else may.
        let (before, mut after) = (held(&policy), held(&patch.after));
        for (client, refusal) in &patch.left {
            prop_assert!(refusal.reason.contains(odd), "{}\n{}", refusal, text);
            let own = after.remove(client).unwrap();
            let needed = needs.remove(client).unwrap();
            prop_assert!(own.is_superset(&needed) && own.is_subset(&before[client]));
        }
        prop_assert_eq!(&after, &needs);
        let Some(file) = patch.files.first() else {
            return Ok(());
        };
        let new = String::from_utf8(file.new.clone()).unwrap();
        prop_assert_eq!(comments(&new), comments(&text), "\n{}\n{}", text, new);
        prop_assert_eq!(unified::apply(&new, &file.undo), Some(text));
        // The same again finds nothing to do.
        let again = made(&patch.after, &wanted).unwrap();
        prop_assert!(again.files.is_empty(), "{}\n{}", new, again.files[0].diff);
    }
}
