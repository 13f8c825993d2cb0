//! Cedar: a schema with one action for each rule, a `permit` for each client, its entities, and
//! the lines that find the action of a request.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::json;

use super::document::{lines, names, pretty};
use super::{File, Target, Wiring, comments, escape, head};
use crate::enforce::policy::Model;

pub(super) struct Cedar;

impl Target for Cedar {
    fn name(&self) -> &'static str {
        "cedar"
    }

    fn limits(&self, _: &Model) -> Vec<String> {
        vec![
            "Cedar sees no paths: what asks it takes the operation of the first line of cedar-actions.json that fits as the action, and refuses where that line refuses or none fits; the path is the one on the wire, without the query".to_owned(),
            "a caller without a name asks as the entity Anonymous that is called nobody".to_owned(),
        ]
    }

    fn files(&self, model: &Model, _: &Wiring) -> Vec<File> {
        let names = names(model);
        let actions: BTreeSet<usize> = model.entries.iter().map(|entry| entry.rule).collect();
        let mut schema = comments(self, model, "//");
        schema.push_str("\nentity Client;\nentity Anonymous;\nentity Api;\n");
        for rule in &actions {
            // Writing to a string cannot fail.
            let _ = writeln!(
                schema,
                "action {} appliesTo {{ principal: [Client, Anonymous], resource: [Api] }};",
                quoted(&names[*rule])
            );
        }
        let mut policies = comments(self, model, "//");
        let list = |rules: &BTreeSet<usize>| {
            let rules = rules
                .iter()
                .map(|rule| format!("    Action::{}", quoted(&names[*rule])));
            rules.collect::<Vec<_>>().join(",\n")
        };
        for (number, (client, rules)) in (1..).zip(&model.clients) {
            if rules.is_empty() {
                continue;
            }
            let _ = write!(
                policies,
                "\n// {}\n@id(\"client-{number}\")\npermit (\n  principal == Client::{},\n  action in [\n{}\n  ],\n  resource == Api::\"api\"\n);\n",
                escape::comment(client),
                quoted(client),
                list(rules)
            );
        }
        if !model.public.is_empty() {
            let _ = write!(
                policies,
                "\n// everybody\n@id(\"public\")\npermit (\n  principal,\n  action in [\n{}\n  ],\n  resource == Api::\"api\"\n);\n",
                list(&model.public)
            );
        }
        let entity = |kind: &str, id: &str| json!({ "uid": { "type": kind, "id": id }, "attrs": {}, "parents": [] });
        let clients = model.clients.keys().map(|client| entity("Client", client));
        let entities: Vec<_> = clients
            .chain([entity("Anonymous", "nobody"), entity("Api", "api")])
            .collect();
        vec![
            File {
                name: "policy.cedar",
                text: policies,
            },
            File {
                name: "policy.cedarschema",
                text: schema,
            },
            File {
                name: "cedar-entities.json",
                text: pretty(&json!(entities)),
            },
            File {
                name: "cedar-actions.json",
                text: pretty(&json!({ "generated": head(self, model), "lines": lines(model) })),
            },
        ]
    }
}

/// A string of Cedar: what is no plain character is written by its number.
fn quoted(text: &str) -> String {
    let mut safe = String::from("\"");
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() || " /_-.:{}+@".contains(letter) {
            safe.push(letter);
        } else {
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(letter));
        }
    }
    safe.push('"');
    safe
}
