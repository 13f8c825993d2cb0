//! NGINX: `map`s from the request line to a rule, and from rule and client to a decision.

use std::fmt::Write as _;

use super::document::request;
use super::{File, Target, Wiring, comments, escape};
use crate::enforce::policy::Model;

pub(super) struct Nginx;

impl Target for Nginx {
    fn name(&self) -> &'static str {
        "nginx"
    }

    fn limits(&self, _: &Model) -> Vec<String> {
        vec![
            "NGINX matches locations by the decoded and normalised path, and passes on the raw one where proxy_pass has no path: so the raw request line is compared here, in which every path has one spelling".to_owned(),
            "the caller's name is in $scopetrim_client, which a map of yours sets from what was proved, such as $ssl_client_s_dn; a header that the caller can send proves nothing".to_owned(),
            "in the server: if ($scopetrim_allow != 1) { return 403; } which acts before auth_request and auth_jwt: a name that only these find is not known yet".to_owned(),
        ]
    }

    fn files(&self, model: &Model, _: &Wiring) -> Vec<File> {
        let mut text = comments(self, model, "#");
        text.push_str(
            "\nmap \"$request_method $request_uri\" $scopetrim_rule {\n    default \"\";\n",
        );
        for entry in &model.entries {
            let rule = &model.rules[entry.rule];
            let value = if entry.refuses {
                String::from("\"\"")
            } else {
                entry.rule.to_string()
            };
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "    # {}\n    \"~{}\" {value};",
                escape::comment(&rule.label),
                request(model, entry, " ", "(?:[?].*)?")
            );
        }
        text.push_str(
            "}\n\nmap \"$scopetrim_rule $scopetrim_client\" $scopetrim_allow {\n    default 0;\n",
        );
        for (client, rules) in model.clients.iter().filter(|(_, rules)| !rules.is_empty()) {
            let _ = writeln!(
                text,
                "    # {}\n    \"~^(?:{}) {}\\\\z\" 1;",
                escape::comment(client),
                numbers(rules),
                bytes(client)
            );
        }
        if !model.public.is_empty() {
            let _ = writeln!(
                text,
                "    # everybody\n    \"~^(?:{}) \" 1;",
                numbers(&model.public)
            );
        }
        text.push_str("}\n");
        vec![File {
            name: "scopetrim-nginx.conf",
            text,
        }]
    }
}

fn numbers(rules: &std::collections::BTreeSet<usize>) -> String {
    let numbers: Vec<String> = rules.iter().map(ToString::to_string).collect();
    numbers.join("|")
}

/// A name in a regular expression within quotes: what is no letter or digit by its number. Keys
/// of a map that are no regular expressions would be compared without regard to case.
fn bytes(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\\\x{byte:02X}");
        }
    }
    text
}
