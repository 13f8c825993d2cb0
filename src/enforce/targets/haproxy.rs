//! HAProxy: two map files, and the lines of a frontend that look into them.

use std::fmt::Write as _;

use super::document::request;
use super::{File, Target, Wiring, comments, escape};
use crate::enforce::policy::Model;

pub(super) struct HaProxy;

/// The value of rules that need no client.
const PUBLIC: &str = "public";

const LINES: &str = "
# In the frontend, after the rules that prove who calls and set txn.scopetrim_client.
http-request set-var(txn.scopetrim_path) path
http-request set-var(txn.scopetrim_name) var(txn.scopetrim_client),hex
http-request set-var(txn.scopetrim_rule) method,concat(:,txn.scopetrim_path),map_reg(scopetrim-rules.map)
http-request set-var(txn.scopetrim_allow) var(txn.scopetrim_rule),concat(:,txn.scopetrim_name),map_str(scopetrim-clients.map)
http-request deny deny_status 403 unless { var(txn.scopetrim_rule) -m str public } or { var(txn.scopetrim_allow) -m str allow }
";

impl Target for HaProxy {
    fn name(&self) -> &'static str {
        "haproxy"
    }

    fn limits(&self, _: &Model) -> Vec<String> {
        vec![
            "HAProxy compares the raw path, and passes it on as it is; http-request normalize-uri in front of these lines changes both".to_owned(),
            "the caller's name is in the variable txn.scopetrim_client, which a rule of yours sets from what was proved, such as jwt_payload_query after jwt_verify, or ssl_c_s_dn; a header that the caller can send proves nothing".to_owned(),
            "names of clients are in hexadecimal, because a map file has no quotes; HAProxy has to be built with PCRE, as distributions do, and else refuses the file".to_owned(),
        ]
    }

    fn files(&self, model: &Model, _: &Wiring) -> Vec<File> {
        let head = comments(self, model, "#");
        let (mut rules, mut clients) = (head.clone(), head.clone());
        for entry in &model.entries {
            let rule = &model.rules[entry.rule];
            let value = match entry.rule {
                _ if entry.refuses => "none".to_owned(),
                rule if model.public.contains(&rule) => PUBLIC.to_owned(),
                rule => rule.to_string(),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(
                rules,
                "# {}\n{} {value}",
                escape::comment(&rule.label),
                request(model, entry, ":", "")
            );
        }
        for (client, own) in &model.clients {
            let _ = writeln!(clients, "# {}", escape::comment(client));
            let mut name = String::new();
            for byte in client.bytes() {
                let _ = write!(name, "{byte:02X}");
            }
            for rule in own {
                let _ = writeln!(clients, "{rule}:{name} allow");
            }
        }
        vec![
            File {
                name: "scopetrim-haproxy.cfg",
                text: head + LINES,
            },
            File {
                name: "scopetrim-rules.map",
                text: rules,
            },
            File {
                name: "scopetrim-clients.map",
                text: clients,
            },
        ]
    }
}
