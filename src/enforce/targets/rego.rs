//! Rego (Open Policy Agent): a fixed module, the policy as data, and tests.

use serde_json::json;

use super::document::{document, pretty};
use super::{File, Target, Wiring, comments, head};
use crate::enforce::policy::{Model, requests};

pub(super) struct Rego;

impl Target for Rego {
    fn name(&self) -> &'static str {
        "rego"
    }

    fn limits(&self, _: &Model) -> Vec<String> {
        vec![
            "input.path is the path as it is on the wire, without the query; what asks the engine must not decode it first".to_owned(),
            "input.client is a name that was proved; the engine believes it".to_owned(),
        ]
    }

    fn files(&self, model: &Model, _: &Wiring) -> Vec<File> {
        let head = head(self, model);
        let data = json!({ "scopetrim_policy": document(model, &head) });
        vec![
            File {
                name: "policy.rego",
                text: format!("{}\n{MODULE}", comments(self, model, "#")),
            },
            File {
                name: "data.json",
                text: pretty(&data),
            },
            File {
                name: "policy_test.rego",
                text: tests(model),
            },
        ]
    }
}

const MODULE: &str = r"package scopetrim

import rego.v1

default allow := false

# The lines that take the request; the first one decides.
fitting := [line |
	some line in data.scopetrim_policy.lines
	input.method in line.methods
	regex.match(line.path, input.path)
]

allow if {
	fitting[0].refuses == false
	fitting[0].rule in data.scopetrim_policy.public
}

allow if {
	fitting[0].refuses == false
	fitting[0].rule in data.scopetrim_policy.clients[input.client]
}
";

/// Requests with the decisions that they have to meet.
fn tests(model: &Model) -> String {
    let cases = requests::sampled(model).into_iter().map(|request| {
        let mut input = json!({ "method": request.method, "path": request.path() });
        if let Some(client) = &request.client {
            input["client"] = json!(client);
        }
        format!(
            "\t{},\n",
            json!({ "allowed": request.allowed, "input": input })
        )
    });
    let cases: String = cases.collect();
    format!(
        "package scopetrim_test\n\nimport rego.v1\n\nimport data.scopetrim\n\n\
         requests := [\n{cases}]\n\n\
         wrong contains request if {{\n\tsome request in requests\n\tdecision := scopetrim.allow with input as request.input\n\tdecision != request.allowed\n}}\n\n\
         test_every_request_is_decided_as_planned if count(wrong) == 0\n"
    )
}
