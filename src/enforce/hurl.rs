//! Hurl: plain text, run with `hurl --test` (<https://hurl.dev/docs/hurl-file.html>).

use std::fmt::Write as _;

use super::gateway::Said;
use super::requests::{ClientPlan, Plan, Request};
use super::{Checks, Tool, escape};

pub(super) struct Hurl;

impl Tool for Hurl {
    fn name(&self) -> &'static str {
        "hurl"
    }

    fn extension(&self) -> &'static str {
        "hurl"
    }

    fn render(&self, plan: &Plan) -> String {
        let mut file = String::from(
            "# Boundary tests: what the trimmed policy must refuse, and what it must still permit.\n# Variables:\n",
        );
        for (name, holds) in &plan.variables {
            push(
                &mut file,
                &format!("#   {name}: {}\n", escape::comment(holds)),
            );
        }
        for client in &plan.clients {
            push_client(&mut file, client, &plan.refused);
        }
        file
    }

    fn render_checks(&self, checks: &Checks) -> String {
        let mut file =
            String::from("# What the gateway has to let through and to refuse.\n# Variables:\n");
        for (name, holds) in checks.variables() {
            push(
                &mut file,
                &format!("#   {name}: {}\n", escape::comment(&holds)),
            );
        }
        for gap in checks.gaps() {
            push(&mut file, &format!("# {}\n", escape::comment(&gap)));
        }
        for request in &checks.requests {
            push(
                &mut file,
                &format!("\n# {}\n", escape::comment(&request.title())),
            );
            // The target has no spaces and nothing that Hurl would take for its own.
            push(
                &mut file,
                &format!("{} {{{{base}}}}{}\n", request.method, request.target),
            );
            match checks.caller(request) {
                Some((header, Said::Text(text))) => push(&mut file, &format!("{header}: {text}\n")),
                Some((header, Said::Token(token))) => {
                    push(&mut file, &format!("{header}: Bearer {{{{{token}}}}}\n"));
                }
                None => {}
            }
            if request.allowed {
                push(&mut file, "HTTP *\n[Asserts]\n");
                for status in checks.fails(request) {
                    push(&mut file, &format!("status != {status}\n"));
                }
                push(&mut file, "status < 500\n");
            } else {
                push_refused(&mut file, checks.refusals(request));
            }
        }
        file
    }
}

/// The answer has one of these statuses.
fn push_refused(file: &mut String, refused: impl IntoIterator<Item = u16>) {
    let all: Vec<String> = refused
        .into_iter()
        .map(|status| status.to_string())
        .collect();
    match all.as_slice() {
        [status] => push(file, &format!("HTTP {status}\n")),
        several => {
            let several = several.join("|");
            push(
                file,
                &format!("HTTP *\n[Asserts]\nstatus toString matches \"^({several})$\"\n"),
            );
        }
    }
}

fn push(file: &mut String, line: &str) {
    file.push_str(line);
}

fn push_client(file: &mut String, client: &ClientPlan, refused: &[u16]) {
    let name = escape::comment(client.client.as_str());
    push(file, &format!("\n# ==== {name}\n"));
    for gap in client.gaps() {
        push(file, &format!("# {}\n", escape::comment(&gap)));
    }
    for denied in &client.denied {
        let operation = escape::comment(&denied.request.operation);
        let terms: Vec<String> = denied
            .terms
            .iter()
            .map(|term| escape::comment(term.as_str()))
            .collect();
        if let Some(note) = denied.canary_note() {
            push(file, &format!("\n# {note}"));
        }
        push(
            file,
            &format!("\n# the endpoint answers a caller that may: {operation}\n"),
        );
        push_request(file, &denied.request, Some(&denied.canary));
        push(file, PASSES);
        push(
            file,
            &format!(
                "\n# {name} must no longer reach {operation}   (removed: {})\n",
                terms.join(", ")
            ),
        );
        if denied.request.unsafe_method {
            push(
                file,
                "# destructive-risk: writes, if the gateway does not refuse it\n",
            );
        }
        push_request(file, &denied.request, Some(&client.token));
        push_refused(file, refused.iter().copied());
        push(
            file,
            &format!("\n# nobody reaches {operation} without a token\n"),
        );
        push_request(file, &denied.request, None);
        push(file, "HTTP 401\n");
    }
    for request in &client.allowed {
        push(
            file,
            &format!(
                "\n# {name} must still reach {}\n",
                escape::comment(&request.operation)
            ),
        );
        push_request(file, request, Some(&client.token));
        push(file, PASSES);
    }
}

/// Authorisation passed, whether or not the object exists.
const PASSES: &str = "HTTP *\n[Asserts]\nstatus != 401\nstatus != 403\nstatus < 500\n";

fn push_request(file: &mut String, request: &Request, token: Option<&str>) {
    // Writing to a string cannot fail.
    let _ = writeln!(file, "{} {{{{base}}}}{}", request.method, request.path);
    if let Some(token) = token {
        let _ = writeln!(file, "Authorization: Bearer {{{{{token}}}}}");
    }
}
