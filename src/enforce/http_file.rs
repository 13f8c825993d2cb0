//! `.http` files of editors, with the handler scripts of the `JetBrains` client
//! (<https://www.jetbrains.com/help/idea/http-client-in-product-code-editor.html>).

use std::fmt::Write as _;

use super::gateway::Said;
use super::requests::{Plan, Request};
use super::{Checks, Tool, escape};

pub(super) struct HttpFile;

impl Tool for HttpFile {
    fn name(&self) -> &'static str {
        "http"
    }

    fn extension(&self) -> &'static str {
        "http"
    }

    fn render(&self, plan: &Plan) -> String {
        let mut file = String::from(
            "# Boundary tests: what the trimmed policy must refuse, and what it must still permit.\n# Variables:\n",
        );
        for (name, holds) in &plan.variables {
            // Writing to a string cannot fail.
            let _ = writeln!(file, "#   {name}: {}", escape::comment(holds));
        }
        let refused = plan
            .refused
            .iter()
            .map(|status| format!("response.status === {status}"))
            .collect::<Vec<_>>()
            .join(" || ");
        for client in &plan.clients {
            let name = client.client.as_str();
            for gap in client.gaps() {
                let gap = escape::comment(&format!("{name}: {gap}"));
                let _ = writeln!(file, "\n# {gap}");
            }
            for denied in &client.denied {
                let request = &denied.request;
                let title = format!("canary: {}", request.operation);
                if let Some(note) = denied.canary_note() {
                    let _ = writeln!(file, "\n# {note}");
                }
                call(&mut file, &title, request, Some(&denied.canary), PASSES);
                let title = format!("{name} is refused: {}", request.operation);
                call(&mut file, &title, request, Some(&client.token), &refused);
                let title = format!("without a token: {}", request.operation);
                call(&mut file, &title, request, None, "response.status === 401");
            }
            for request in &client.allowed {
                let title = format!("{name} still passes: {}", request.operation);
                call(&mut file, &title, request, Some(&client.token), PASSES);
            }
        }
        file
    }

    fn render_checks(&self, checks: &Checks) -> String {
        let mut file =
            String::from("# What the gateway has to let through and to refuse.\n# Variables:\n");
        for (name, holds) in checks.variables() {
            let _ = writeln!(file, "#   {name}: {}", escape::comment(&holds));
        }
        for gap in checks.gaps() {
            let _ = writeln!(file, "# {}", escape::comment(&gap));
        }
        for request in &checks.requests {
            let title = escape::comment(&request.title());
            let _ = writeln!(
                file,
                "\n### {title}\n# @no-redirect\n{} {{{{base}}}}{}",
                request.method, request.target
            );
            let _ = match checks.caller(request) {
                Some((header, Said::Text(text))) => writeln!(file, "{header}: {text}"),
                Some((header, Said::Token(token))) => {
                    writeln!(file, "{header}: Bearer {{{{{token}}}}}")
                }
                None => Ok(()),
            };
            let (statuses, between) = if request.allowed {
                (checks.fails(request), " && ")
            } else {
                (checks.refusals(request), " || ")
            };
            let sign = if request.allowed { "!==" } else { "===" };
            let mut expected: Vec<String> = statuses
                .iter()
                .map(|status| format!("response.status {sign} {status}"))
                .collect();
            if request.allowed {
                expected.push("response.status < 500".to_owned());
            }
            assertion(&mut file, &title, &expected.join(between));
        }
        file
    }
}

const PASSES: &str = "response.status !== 401 && response.status !== 403 && response.status < 500";

fn call(file: &mut String, title: &str, request: &Request, token: Option<&str>, expected: &str) {
    let title = escape::comment(title);
    let _ = writeln!(
        file,
        "\n### {title}\n# @no-redirect\n{} {{{{base}}}}{}",
        request.method, request.path
    );
    if let Some(token) = token {
        let _ = writeln!(file, "Authorization: Bearer {{{{{token}}}}}");
    }
    assertion(file, &title, expected);
}

fn assertion(file: &mut String, title: &str, expected: &str) {
    let _ = writeln!(
        file,
        "\n> {{% client.test({}, () => client.assert({expected}, String(response.status))) %}}",
        serde_json::json!(title)
    );
}
