//! APISIX: one global rule that decides by the raw path, after the plugins that prove who calls.

use super::{File, Target, Wiring, comments, indented, lua};
use crate::enforce::policy::Model;

pub(super) struct Apisix;

const RULE: &str = "global_rules:\n- id: scopetrim\n  plugins:\n    serverless-pre-function:\n      phase: access\n      functions:\n      - |\n";

/// `ngx.var.request_uri` is what was on the wire; the variable of the same name in `ctx` is not.
const LAST: &str = r#"return function(_, ctx)
  if not allows(ctx.consumer_name, ngx.req.get_method(), ngx.var.request_uri) then
    return 403, { message = "You cannot consume this service" }
  end
end
"#;

impl Target for Apisix {
    fn name(&self) -> &'static str {
        "apisix"
    }

    fn limits(&self, _: &Model) -> Vec<String> {
        vec![
            "the caller is the consumer that an authentication plugin found, by its username; without such a plugin nobody has a name".to_owned(),
            "APISIX before 3.17 runs global rules before it knows the consumer, and then refuses all that is not public: put the plugin of this rule into the plugin_configs of every route there".to_owned(),
            "APISIX compares the normalised path and the code the raw one, in which every path has one spelling; the method is the one that plugins of the rewrite phase left".to_owned(),
        ]
    }

    fn files(&self, model: &Model, _: &Wiring) -> Vec<File> {
        let code = indented(&lua::chunk(model, LAST), 8);
        vec![File {
            name: "scopetrim-apisix.yaml",
            // APISIX reads a file without this end as one that is still being written.
            text: comments(self, model, "#") + RULE + &code + "#END\n",
        }]
    }
}
