//! Which requests are sent, and what answers to them say.

use std::collections::BTreeSet;

use super::*;
use crate::enforce::policy::requests::table;
use crate::enforce::policy::testing::shop;
use crate::enforce::{ALL, by_name};

fn options(identity: Identity) -> CheckOptions {
    CheckOptions {
        identity,
        unsafe_methods: false,
        accept_404: false,
        refused: BTreeSet::new(),
    }
}

fn by_header() -> Checks {
    let header = Identity::Header("X-Client".to_owned());
    Checks::new(table(&shop().model()), options(header))
}

fn request(client: Option<&str>, method: &str, target: &str, allowed: bool) -> Request {
    Request {
        client: client.map(str::to_owned),
        in_policy: client == Some("billing"),
        method: method.to_owned(),
        target: target.to_owned(),
        allowed,
    }
}

#[test]
fn nothing_that_could_write_is_asked_unless_that_is_wanted() {
    let reads = by_header();
    let methods: BTreeSet<&str> = reads.requests.iter().map(|one| &*one.method).collect();
    assert_eq!(methods, BTreeSet::from(["GET", "HEAD", "OPTIONS"]));
    let all = table(&shop().model());
    let wanted = CheckOptions {
        unsafe_methods: true,
        ..reads.options.clone()
    };
    let every = Checks::new(all.clone(), wanted);
    assert_eq!(every.left_out.get(&LeftOut::Writes), None);
    let left: usize = every.left_out.values().sum();
    assert_eq!(
        every.requests.len() + left,
        all.len(),
        "each is asked or counted"
    );
    assert!(every.requests.iter().any(|one| one.method == "DELETE"));
}

#[test]
fn a_caller_that_cannot_be_played_is_counted() {
    let checks = Checks::new(table(&shop().model()), options(Identity::Token));
    let callers: BTreeSet<Option<&str>> = checks
        .requests
        .iter()
        .map(|request| request.client.as_deref())
        .collect();
    let known = shop().model();
    for caller in callers.into_iter().flatten() {
        assert!(
            known.clients.contains_key(caller) || caller == STRANGER,
            "{caller}"
        );
    }
    assert!(checks.left_out[&LeftOut::NoSuchCaller] > 10);
    let variables: BTreeSet<&String> = checks.tokens.values().collect();
    assert_eq!(
        variables.len(),
        known.clients.len(),
        "one variable for each client"
    );
    assert!(
        by_header()
            .requests
            .iter()
            .all(|one| !one.client.as_ref().is_some_and(|name| name.ends_with(' ')))
    );
}

#[test]
fn a_refusal_is_403_and_what_else_it_may_be_depends_on_the_request() {
    let checks = by_header();
    let refused = |request: &Request| Vec::from_iter(checks.refusals(request));
    assert_eq!(
        refused(&request(Some("billing"), "GET", "/orders", false)),
        [403]
    );
    assert_eq!(refused(&request(None, "GET", "/orders", false)), [401, 403]);
    assert_eq!(
        refused(&request(Some("x"), "GET", "/orders", false)),
        [401, 403]
    );
    assert_eq!(
        refused(&request(Some("billing"), "GET", "/a/../b?x=1", false)),
        [400, 403]
    );
    assert_eq!(
        refused(&request(Some("billing"), "GET", "/a?x=/../%2F", false)),
        [403]
    );
    assert_eq!(
        refused(&request(Some("billing"), "get", "/a", false)),
        [400, 403, 405, 501]
    );
    let stated = Checks {
        options: CheckOptions {
            refused: BTreeSet::from([404, 405]),
            ..checks.options.clone()
        },
        ..checks.clone()
    };
    let strict = stated.refusals(&request(None, "get", "/%00", false));
    assert_eq!(Vec::from_iter(strict), [404, 405], "exactly these");
}

#[test]
fn an_answer_is_right_or_wrong_only_where_it_is_about_the_policy() {
    use Verdict::{Right, Unclear, Wrong};
    let checks = by_header();
    let of = |allowed, status| {
        let request = request(Some("billing"), "GET", "/orders", allowed);
        checks.judge(&request, status)
    };
    for (status, pass, refuse) in [
        (Some(200), Right, Wrong),
        (Some(302), Right, Wrong),
        (Some(400), Right, Wrong),
        (Some(404), Right, Wrong),
        (Some(403), Wrong, Right),
        (Some(401), Wrong, Unclear),
        (Some(429), Unclear, Unclear),
        (Some(500), Unclear, Unclear),
        (Some(503), Unclear, Unclear),
        (None, Unclear, Unclear),
    ] {
        assert_eq!(
            (of(true, status), of(false, status)),
            (pass, refuse),
            "{status:?}"
        );
    }
    let hides = Checks {
        options: CheckOptions {
            accept_404: true,
            ..checks.options.clone()
        },
        ..checks.clone()
    };
    let judged = |allowed| {
        hides.judge(
            &request(Some("billing"), "GET", "/orders", allowed),
            Some(404),
        )
    };
    assert_eq!(
        (judged(true), judged(false)),
        (Right, Right),
        "the id exists for nobody"
    );
}

#[test]
fn a_tool_gets_only_what_it_sends_as_it_is_and_every_request_of_that() {
    let checks = by_header();
    let for_tools = checks.clone().for_tools();
    let altered = for_tools.left_out[&LeftOut::Altered];
    assert_eq!(for_tools.requests.len() + altered, checks.requests.len());
    let steps = |request: &Request| {
        let path = path(&request.target)
            .to_ascii_lowercase()
            .replace("%2e", ".");
        path.split('/').any(|segment| matches!(segment, "." | ".."))
    };
    assert!(checks.requests.iter().any(steps) && !for_tools.requests.iter().any(steps));
    assert!(
        for_tools
            .requests
            .iter()
            .any(|one| one.target.contains("//"))
    );
    for (tool, mark) in ALL.iter().zip(["\nHTTP ", "\n  call(", "\n### "]) {
        let text = tool.render_checks(&for_tools);
        assert_eq!(
            text.matches(mark).count(),
            for_tools.requests.len(),
            "{}",
            tool.name()
        );
        assert!(
            text.contains("would not be sent as they are"),
            "{}",
            tool.name()
        );
    }
}

#[test]
fn a_file_for_hurl_says_who_calls_and_what_has_to_come_back() {
    let allowed = request(Some("billing"), "GET", "/orders?page=2", true);
    let refused = request(Some(STRANGER), "HEAD", "/orders", false);
    let nobody = request(None, "GET", "/orders;x=1", false);
    let checks = Checks::new(vec![allowed, refused, nobody], options(Identity::Token));
    let text = by_name("hurl").unwrap().render_checks(&checks);
    insta::assert_snapshot!(text, @r#"
    # What the gateway has to let through and to refuse.
    # Variables:
    #   base: address of the gateway, for example https://api.example.com
    #   token_billing: access token of billing

    # billing passes: GET /orders?page=2
    GET {{base}}/orders?page=2
    Authorization: Bearer {{token_billing}}
    HTTP *
    [Asserts]
    status != 401
    status != 403
    status < 500

    # scopetrim-unknown-client is refused: HEAD /orders
    HEAD {{base}}/orders
    Authorization: Bearer scopetrim-unknown-client
    HTTP *
    [Asserts]
    status toString matches "^(401|403)$"

    # a caller without a name is refused: GET /orders;x=1
    GET {{base}}/orders;x=1
    HTTP *
    [Asserts]
    status toString matches "^(400|401|403)$"
    "#);
}
