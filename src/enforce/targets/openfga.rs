//! `OpenFGA`: a model with one relation, a tuple for each client and operation, and the lines
//! that find the operation of a request.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::json;

use super::document::{lines, names, pretty};
use super::{File, Target, Wiring, comments, head};
use crate::enforce::policy::{Model, build, requests};
use crate::model::words::plural;

pub(super) struct OpenFga;

const MODEL: &str = "
model
  schema 1.1

type client

type anonymous

type operation
  relations
    define can_call: [client, client:*, anonymous]
";

/// Bytes of an object and of a user that `OpenFGA` takes.
const LONGEST_OBJECT: usize = 256;
const LONGEST_USER: usize = 512;

/// Who asks without a name, and who stands for everybody that has one.
const NOBODY: &str = "anonymous:nobody";
const EVERYBODY: &str = "client:*";

impl Target for OpenFga {
    fn name(&self) -> &'static str {
        "openfga"
    }

    fn limits(&self, model: &Model) -> Vec<String> {
        let mut limits = vec![
            "OpenFGA sees no paths: what asks it takes the operation of the first line of openfga-operations.json that fits as the object, and refuses where that line refuses or none fits; the path is the one on the wire, without the query".to_owned(),
            "the user is client:NAME, with every byte of the name percent-encoded but letters, digits and -._~; a caller without a name, or with an empty one, asks as anonymous:nobody".to_owned(),
            "a store that holds other tuples of this model allows them too: delete those that an earlier run wrote".to_owned(),
        ];
        let unsayable: Vec<String> = clients(model)
            .filter(|(_, user)| user.is_none())
            .map(|(name, _)| name.clone())
            .collect();
        if !unsayable.is_empty() {
            limits.push(format!(
                "left out, because OpenFGA does not take names of this length: {}",
                build::some(&unsayable)
            ));
        }
        let long = objects(model).iter().filter(|own| own.is_none()).count();
        if long > 0 {
            limits.push(format!(
                "{} left out, because OpenFGA does not take names of this length: refused to everybody",
                plural(long, "operation")
            ));
        }
        limits
    }

    fn files(&self, model: &Model, _: &Wiring) -> Vec<File> {
        let objects = objects(model);
        let mut operations = lines(model);
        for (line, entry) in operations.iter_mut().zip(&model.entries) {
            let object = &objects[entry.rule];
            line["refuses"] = json!(entry.refuses || object.is_none());
            line["operation"] = json!(object);
        }
        vec![
            File {
                name: "openfga-model.fga",
                text: comments(self, model, "#") + MODEL,
            },
            File {
                name: "openfga-tuples.json",
                text: pretty(&json!(tuples(model, &objects))),
            },
            File {
                name: "openfga-operations.json",
                text: pretty(&json!({ "generated": head(self, model), "lines": operations })),
            },
            File {
                name: "openfga-tests.fga.yaml",
                text: comments(self, model, "#") + &tests(model, &objects),
            },
        ]
    }
}

fn tuples(model: &Model, objects: &[Option<String>]) -> Vec<serde_json::Value> {
    let mut tuples = Vec::new();
    let mut add = |user: &str, rules: &BTreeSet<usize>| {
        for object in rules.iter().filter_map(|rule| objects[*rule].as_ref()) {
            tuples.push(json!({ "user": user, "relation": "can_call", "object": object }));
        }
    };
    add(EVERYBODY, &model.public);
    add(NOBODY, &model.public);
    for (client, user) in clients(model) {
        if let Some(user) = user {
            // What everybody may is not said twice.
            add(&user, &(&model.clients[client] - &model.public));
        }
    }
    tuples
}

/// What the tool of `OpenFGA` checks the files by.
fn tests(model: &Model, objects: &[Option<String>]) -> String {
    let mut checks = BTreeSet::new();
    for request in requests::sampled(model) {
        let rule = model.rule(&request.method, request.path());
        let Some(object) = rule.and_then(|rule| objects[rule].as_ref()) else {
            continue;
        };
        let user = match request.client.as_deref().unwrap_or_default() {
            "" => Some(NOBODY.to_owned()),
            name => user(name),
        };
        checks.extend(user.map(|user| (object, user, request.allowed)));
    }
    let mut text = String::from(
        "\nname: scopetrim\nmodel_file: ./openfga-model.fga\ntuple_file: ./openfga-tuples.json\ntests:\n- name: requests are decided as planned\n  check:\n",
    );
    for (object, user, allowed) in checks {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  - {{ user: \"{user}\", object: \"{object}\", assertions: {{ can_call: {allowed} }} }}"
        );
    }
    text
}

/// The clients that are allowed something, each with what it asks as; none where its name is too long.
fn clients(model: &Model) -> impl Iterator<Item = (&String, Option<String>)> {
    let clients = model.clients.iter().filter(|(_, rules)| !rules.is_empty());
    clients.map(|(name, _)| (name, user(name)))
}

fn user(name: &str) -> Option<String> {
    let user = format!("client:{}", encoded(name, b"-._~"));
    (user.len() <= LONGEST_USER).then_some(user)
}

/// The name of each rule; none where it is too long.
fn objects(model: &Model) -> Vec<Option<String>> {
    let object = |name: &String| {
        let object = format!("operation:{}", encoded(name, b"-._~/{}"));
        (object.len() <= LONGEST_OBJECT).then_some(object)
    };
    names(model).iter().map(object).collect()
}

/// Percent-encoded, but for letters, digits and these.
fn encoded(text: &str, plain: &[u8]) -> String {
    let mut safe = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            safe.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(safe, "%{byte:02X}");
        }
    }
    safe
}
