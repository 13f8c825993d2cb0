//! The page of `compare --html`.

use serde_json::json;

use super::pages::{HOSTILE, page, rows, spaced};
use super::sums::{by_id, parsed, text};
use super::{Case, ROUTES, line};

const POLICIES: [&str; 7] = [
    "compare",
    "--catalog",
    "routes.yaml",
    "--grants",
    "a.json",
    "--with",
    "b.json",
];

#[test]
fn the_page_of_two_policies_shows_what_differs_and_what_is_not_compared_and_why() {
    let case = Case::new();
    case.write("routes.yaml", ROUTES);
    case.write(
        "a.json",
        json!({"one": ["a:read", "a:write", "old:thing"], HOSTILE: ["b:read"], "left": ["a:read"]})
            .to_string(),
    );
    case.write(
        "b.json",
        json!({"one": ["a:read"], HOSTILE: ["b:read", "b:admin"], "right": ["a:read", "b:read"]})
            .to_string(),
    );
    let page = page(&case, &POLICIES, 1);
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;"),
        "{page}"
    );
    let page = parsed(&page);
    assert_eq!(
        rows(&page, "first"),
        [["one", "POST /a", "a:write at a.json:1"]]
    );
    assert_eq!(
        rows(&page, "second"),
        [[HOSTILE, "DELETE /b", "b:admin at b.json:1"]]
    );
    assert_eq!(
        rows(&page, "alone"),
        [["left", "a.json", "1"], ["right", "b.json", "2"]]
    );
    let alone = spaced(by_id(&page, "alone"));
    for told in [
        "there is nothing to compare it with",
        "one old:thing a.json",
        "nobody can say what they open",
    ] {
        assert!(alone.contains(told), "{alone}");
    }
    let verdict = text(by_id(&page, "conclusion"));
    assert!(verdict.contains("disagree about 2 operations"), "{verdict}");
}

#[test]
fn the_page_of_policies_that_agree_says_so_and_one_without_a_common_client_does_not() {
    let case = Case::new();
    case.write("routes.yaml", ROUTES);
    case.write("a.json", r#"{"one": ["a:read"]}"#);
    case.write("b.json", r#"{"one": ["a:read"]}"#);
    let same = page(&case, &POLICIES, 0);
    let same = parsed(&same);
    let told = text(by_id(&same, "conclusion"));
    assert!(
        told.contains("The two agree about everything that both know."),
        "{told}"
    );
    assert_eq!(
        text(by_id(&same, "alone")),
        "Not compared Nothing was left out."
    );
    case.write("b.json", r#"{"other": ["a:read"]}"#);
    let apart = page(&case, &POLICIES, 1);
    let apart = parsed(&apart);
    let told = text(by_id(&apart, "conclusion"));
    assert!(told.contains("No client is on both sides"), "{told}");
}

#[test]
fn the_page_of_two_logs_shows_refusals_and_requests_that_are_nobodys_opinion() {
    let case = Case::new();
    case.write("routes.yaml", ROUTES);
    let (mut gateway, mut service) = (String::new(), String::new());
    for day in 0..12 {
        for log in [&mut gateway, &mut service] {
            log.push_str(&line(day, HOSTILE, "GET /a", 200));
            log.push_str(&line(day, HOSTILE, "GET /nowhere", 200));
        }
        gateway.push_str(&line(day, HOSTILE, "POST /a", 200));
        let status = if day % 3 == 0 { 403 } else { 200 };
        service.push_str(&line(day, HOSTILE, "POST /a", status));
        service.push_str(&line(day, "cron", "GET /b", 200));
    }
    case.write("gateway.jsonl", gateway);
    case.write("service.jsonl", service);
    let args = "compare --catalog routes.yaml --logs gateway.jsonl --with-logs service.jsonl";
    let page = page(&case, &args.split(' ').collect::<Vec<_>>(), 1);
    let page = parsed(&page);
    assert_eq!(
        rows(&page, "first"),
        [[HOSTILE, "POST /a", "4", "4", "2026-01-01", "2026-01-10"]]
    );
    assert_eq!(
        text(by_id(&page, "second")),
        "Allowed by service, refused by gateway Nothing."
    );
    assert_eq!(rows(&page, "alone"), [["cron", "service", "12"]]);
    let alone = spaced(by_id(&page, "alone"));
    for told in [
        "To no operation of the API description gateway 12",
        "To no operation of the API description service 12",
        "--alias joins names",
    ] {
        assert!(alone.contains(told), "{alone}");
    }
    assert!(!alone.contains("They name no caller"), "{alone}");
}
