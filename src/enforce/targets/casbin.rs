//! Casbin: a model in which the first line that fits decides, and its lines.

use std::fmt::Write as _;

use super::document::anchored;
use super::{File, Target, Wiring, comments, escape};
use crate::enforce::policy::{Model, build};

pub(super) struct Casbin;

const MODEL: &str = r#"
[request_definition]
r = sub, obj, act

[policy_definition]
p = sub, obj, act, eft

[policy_effect]
e = priority(p.eft) || deny

[matchers]
m = (p.sub == "*" || r.sub == p.sub) && r.act == p.act && regexMatch(r.obj, p.obj)
"#;

impl Target for Casbin {
    fn name(&self) -> &'static str {
        "casbin"
    }

    fn limits(&self, model: &Model) -> Vec<String> {
        let mut limits = vec![
            "the lines are tried in their order: an adapter that keeps another one decides otherwise".to_owned(),
            "obj is the path as it is on the wire, without the query; sub is a name that was proved, and empty without one".to_owned(),
        ];
        let unsayable = model
            .clients
            .iter()
            .filter(|(name, rules)| !rules.is_empty() && !is_plain(name));
        let unsayable: Vec<String> = unsayable.map(|(name, _)| name.clone()).collect();
        if !unsayable.is_empty() {
            limits.push(format!(
                "left out, because readers of its lines differ on such names: {}",
                build::some(&unsayable)
            ));
        }
        limits
    }

    fn files(&self, model: &Model, _: &Wiring) -> Vec<File> {
        let head = comments(self, model, "#");
        let mut policy = head.clone();
        for (at, entry) in model.entries.iter().enumerate() {
            let rule = &model.rules[entry.rule];
            // A comma would end the field.
            let path = anchored(&model.regex(entry.rule), entry.refuses).replace(',', "\\x2C");
            let later =
                |other: &crate::enforce::policy::Entry| rule.meets(&model.rules[other.rule]);
            let hides = entry.refuses || model.entries[at + 1..].iter().any(later);
            let _ = writeln!(policy, "\n# {}", escape::comment(&rule.label));
            for method in &rule.methods {
                let mut line = |client: &str, effect: &str| {
                    // Writing to a string cannot fail.
                    let _ = writeln!(policy, "p, {client}, {path}, {method}, {effect}");
                };
                if !entry.refuses {
                    let clients = model
                        .clients
                        .iter()
                        .filter(|(_, own)| own.contains(&entry.rule));
                    for (client, _) in clients.filter(|(name, _)| is_plain(name)) {
                        line(client, "allow");
                    }
                    if model.public.contains(&entry.rule) {
                        line("*", "allow");
                    }
                }
                if hides {
                    line("*", "deny");
                }
            }
        }
        vec![
            File {
                name: "casbin-policy.csv",
                text: policy,
            },
            File {
                name: "casbin-model.conf",
                text: head + MODEL,
            },
        ]
    }
}

/// Names that mean themselves in every reader of comma-separated lines, and not everybody.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:@/+".contains(&byte);
    !name.is_empty() && name.bytes().all(plain)
}
