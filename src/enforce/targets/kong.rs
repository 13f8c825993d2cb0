//! Kong: one plugin that decides by the raw path, after those that prove who calls.

use super::{File, Target, Wiring, comments, indented, lua};
use crate::enforce::policy::Model;

pub(super) struct Kong;

const PLUGIN: &str =
    "_format_version: \"3.0\"\nplugins:\n- name: post-function\n  config:\n    access:\n    - |\n";

/// The name is looked for as in the logs of Kong.
const LAST: &str = r#"return function()
  local client
  local consumer = kong.client.get_consumer()
  if consumer then
    client = type(consumer.custom_id) == "string" and consumer.custom_id or consumer.username
  end
  if not allows(client, kong.request.get_method(), kong.request.get_raw_path()) then
    return kong.response.exit(403, { message = "You cannot consume this service" })
  end
end
"#;

impl Target for Kong {
    fn name(&self) -> &'static str {
        "kong"
    }

    fn limits(&self, _: &Model) -> Vec<String> {
        vec![
            "the caller is the consumer that an authentication plugin found, by its custom_id, or else its username; without such a plugin nobody has a name".to_owned(),
            "a post-function of a service, a route or a consumer takes the place of this one: put the code into it as well".to_owned(),
            "post-function is the last plugin: one that answers by itself, such as proxy-cache or aws-lambda, acts before it, and the method is the one that the others left".to_owned(),
            "Kong compares the normalised path and the code the raw one, in which every path has one spelling; untrusted_lua has to be sandbox, as it is by default, or on".to_owned(),
        ]
    }

    fn files(&self, model: &Model, _: &Wiring) -> Vec<File> {
        let text = comments(self, model, "#") + PLUGIN + &indented(&lua::chunk(model, LAST), 6);
        vec![File {
            name: "scopetrim-kong.yaml",
            text,
        }]
    }
}
