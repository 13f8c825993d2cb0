//! k6: a script with one check for each request and a threshold over all
//! (<https://grafana.com/docs/k6/latest/using-k6/checks/>).

use std::fmt::Write as _;

use super::gateway::Said;
use super::requests::{Plan, Request};
use super::{Checks, Tool, escape};

pub(super) struct K6;

impl Tool for K6 {
    fn name(&self) -> &'static str {
        "k6"
    }

    fn extension(&self) -> &'static str {
        "js"
    }

    fn render(&self, plan: &Plan) -> String {
        let mut file = String::from(
            "// Boundary tests: what the trimmed policy must refuse, and what it must still permit.\n// Environment:\n",
        );
        for (name, holds) in &plan.variables {
            // Writing to a string cannot fail.
            let _ = writeln!(
                file,
                "//   {}: {}",
                name.to_uppercase(),
                escape::comment(holds)
            );
        }
        let refused = serde_json::json!(plan.refused);
        let _ = write!(
            file,
            "import http from 'k6/http';\nimport {{ check }} from 'k6';\n\n\
             export const options = {{ vus: 1, iterations: 1, maxRedirects: 0, thresholds: {{ checks: ['rate==1'] }} }};\n\
             const refused = {refused};\n\
             const passes = (r) => r.status > 0 && r.status < 500 && r.status !== 401 && r.status !== 403;\n\
             const denied = (r) => refused.includes(r.status);\n\
             const unauthenticated = (r) => r.status === 401;\n\n\
             function call(title, method, path, token, expected) {{\n\
             \x20 const headers = token ? {{ Authorization: `Bearer ${{__ENV[token]}}` }} : {{}};\n\
             \x20 check(http.request(method, __ENV.BASE + path, null, {{ headers }}), {{ [title]: expected }});\n\
             }}\n\nexport default function () {{\n"
        );
        for client in &plan.clients {
            let name = client.client.as_str();
            for gap in client.gaps() {
                let gap = escape::comment(&format!("{name}: {gap}"));
                let _ = writeln!(file, "  // {gap}");
            }
            for denied in &client.denied {
                let request = &denied.request;
                if let Some(note) = denied.canary_note() {
                    let _ = writeln!(file, "  // {note}");
                }
                call(
                    &mut file,
                    &format!("canary: {}", request.operation),
                    request,
                    Some(&denied.canary),
                    "passes",
                );
                let title = format!("{name} is refused: {}", request.operation);
                call(&mut file, &title, request, Some(&client.token), "denied");
                let title = format!("without a token: {}", request.operation);
                call(&mut file, &title, request, None, "unauthenticated");
            }
            for request in &client.allowed {
                let title = format!("{name} still passes: {}", request.operation);
                call(&mut file, &title, request, Some(&client.token), "passes");
            }
        }
        file.push_str("}\n");
        file
    }

    fn render_checks(&self, checks: &Checks) -> String {
        let mut file = String::from(
            "// What the gateway has to let through and to refuse.\n// Environment:\n",
        );
        for (name, holds) in checks.variables() {
            let holds = escape::comment(&holds);
            let _ = writeln!(file, "//   {}: {holds}", name.to_uppercase());
        }
        for gap in checks.gaps() {
            let _ = writeln!(file, "// {}", escape::comment(&gap));
        }
        file.push_str(
            "import http from 'k6/http';\nimport { check } from 'k6';\n\n\
             export const options = { vus: 1, iterations: 1, maxRedirects: 0, thresholds: { checks: ['rate==1'] } };\n\
             const passes = (...not) => (r) => r.status > 0 && r.status < 500 && !not.includes(r.status);\n\
             const refused = (...by) => (r) => by.includes(r.status);\n\
             const token = (name) => `Bearer ${__ENV[name]}`;\n\n\
             function call(title, method, target, headers, expected) {\n\
             \x20 check(http.request(method, __ENV.BASE + target, null, { headers }), { [title]: expected });\n\
             }\n\nexport default function () {\n",
        );
        for request in &checks.requests {
            let headers = match checks.caller(request) {
                Some((header, Said::Text(text))) => {
                    format!("{{ {}: {} }}", literal(header), literal(&text))
                }
                Some((header, Said::Token(name))) => {
                    let name = name.to_uppercase();
                    format!("{{ {}: token({}) }}", literal(header), literal(&name))
                }
                None => "{}".to_owned(),
            };
            let (expected, statuses) = if request.allowed {
                ("passes", checks.fails(request))
            } else {
                ("refused", checks.refusals(request))
            };
            let statuses: Vec<String> = statuses.iter().map(ToString::to_string).collect();
            let _ = writeln!(
                file,
                "  call({}, {}, {}, {headers}, {expected}({}));",
                literal(&escape::comment(&request.title())),
                literal(&request.method),
                literal(&request.target),
                statuses.join(", ")
            );
        }
        file.push_str("}\n");
        file
    }
}

/// A JSON text is a JavaScript literal (ECMAScript 2019).
fn literal(text: &str) -> String {
    serde_json::json!(text).to_string()
}

fn call(file: &mut String, title: &str, request: &Request, token: Option<&str>, expected: &str) {
    let token = token.map(str::to_uppercase);
    // A JSON text is a JavaScript literal (ECMAScript 2019).
    let _ = writeln!(
        file,
        "  call({}, {}, {}, {}, {expected});",
        serde_json::json!(escape::comment(title)),
        serde_json::json!(request.method.name()),
        serde_json::json!(request.path),
        serde_json::json!(token),
    );
}
