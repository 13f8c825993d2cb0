use super::*;

/// Eight collections and what the reader adds, under one version.
const USUAL: [&str; 8] = [
    "GET /v1/orders",
    "POST /v1/orders",
    "GET /v1/orders/{id}",
    "PATCH /v1/orders/{id}",
    "GET /v1/users/{id}",
    "GET /v1/zeta/export",
    "POST /v1/exports",
    "GET /{anything}",
];

pub(super) fn routes(labels: &[impl AsRef<str>]) -> Vec<Route> {
    let route = |(index, label): (usize, &str)| {
        let (method, template) = label.split_once(' ').unwrap();
        Route {
            method: Method::parse(method.as_bytes()),
            template: template.to_owned(),
            operations: vec![index],
        }
    };
    labels
        .iter()
        .map(AsRef::as_ref)
        .enumerate()
        .map(route)
        .collect()
}

pub(super) fn indices(near: &Near) -> Vec<usize> {
    match near {
        Near::None => Vec::new(),
        Near::All => vec![usize::MAX],
        Near::Some(all) => all.iter().copied().collect(),
    }
}

/// Labels of the operations near a request; `*` for all.
fn near(labels: &[&str], request: &str) -> Vec<String> {
    let (method, path) = request.split_once(' ').unwrap();
    let cut = path.strip_suffix('…');
    let found = Nearness::new(&routes(labels)).of(
        Some(Method::parse(method.as_bytes())),
        cut.unwrap_or(path),
        cut.is_some(),
    );
    shown(labels, &found)
}

fn covered(labels: &[&str], method: Method, template: &str) -> Vec<String> {
    let found = Nearness::new(&routes(labels)).covered(Some(method), template);
    shown(labels, &found)
}

fn shown(labels: &[&str], near: &Near) -> Vec<String> {
    let label = |index: usize| {
        labels
            .get(index)
            .map_or("*".to_owned(), |label| (*label).to_owned())
    };
    indices(near).into_iter().map(label).collect()
}

#[track_caller]
fn is_near(request: &str, label: &str) {
    let found = near(&USUAL, request);
    assert!(
        found.iter().any(|candidate| candidate == label),
        "{request}: {found:?}"
    );
}

#[test]
fn another_base_path_or_version_may_be_the_same_operation() {
    for path in [
        "/api/zeta/export",
        "/gw/internal/zeta/export",
        "/zeta/export",
        "/v2/zeta/export",
        "/api/v1.1/zeta/export",
        "/some/where/v1/ZETA/Export/",
        "/v1%2Fzeta/export",
        "/v1/zeta%2Fexport",
        "/v1/zeta%252Fexport",
        "/v1/zeta%5cexport",
        "/v1/x/..%2Fzeta/export",
        "/v1//zeta/./export",
        "/v1/zeta/export;a=b",
        "/v1/zet%61/export",
    ] {
        assert_eq!(
            near(&USUAL, &format!("GET {path}")),
            ["GET /v1/zeta/export"],
            "{path}"
        );
    }
    is_near("POST /internal/v1/exports", "POST /v1/exports");
    is_near("GET /gw/orders/{}", "GET /v1/orders/{id}");
}

#[test]
fn what_a_request_has_more_at_its_end_does_not_make_it_another() {
    is_near("POST /v1/orders.json", "POST /v1/orders");
    is_near("GET /v1/orders/7.xml", "GET /v1/orders/{id}");
    is_near("GET /gw/v1/orders/{}/history", "GET /v1/orders/{id}");
    is_near("GET /unknown/v1/orders/{}/history", "GET /v1/orders/{id}");
    is_near("GET /gw/orders(7)/lines", "GET /v1/orders");
    is_near("POST /v2/exports:run", "POST /v1/exports");
    let verbs = [
        "POST /v1/p/{p}:testIamPermissions",
        "POST /v1/q",
        "GET /1.1/a/update.json",
    ];
    let verb = &verbs[..1];
    assert_eq!(near(&verbs, "POST /v2/p/{}:testIamPermissions"), verb);
    assert_eq!(near(&verbs, "POST /gw/p/a:testIamPermissions"), verb);
    assert_eq!(
        near(&verbs, "GET /2.0/a/update"),
        &verbs[2..],
        "the template has the format"
    );
    let named = ["POST /v1/{name}:cancel", "GET /v1/q"];
    assert_eq!(near(&named, "POST /v2/job:cancel"), &named[..1]);
    assert!(near(&named, "POST /v2/job:start").is_empty());
}

#[test]
fn the_collection_is_the_first_word_that_not_all_operations_share() {
    let orders = &USUAL[..4];
    assert_eq!(near(&USUAL, "POST /v1/Orders/{}/cancel"), orders);
    assert_eq!(near(&USUAL, "GET /v3/orders/x/y/z"), [orders[0], orders[2]]);
    let labels: Vec<String> = ["orders", "users", "bills", "jobs"]
        .iter()
        .flat_map(|word| {
            [
                format!("GET /api/v1/{word}"),
                format!("GET /api/v1/{word}/{{id}}"),
            ]
        })
        .chain(["GET /health".to_owned()])
        .collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    for half in [&labels[..], &labels[..8]] {
        assert!(
            near(half, "GET /api/v1/invoices/{}").is_empty(),
            "another collection"
        );
        assert!(near(half, "GET /api/v2").is_empty());
        assert_eq!(near(half, "GET /api/v2/jobs/{}/log"), &labels[6..8]);
        assert_eq!(near(half, "GET /jobs"), &labels[6..8]);
    }
    let mail = [
        "GET /mail/v1/users/{user}/messages/{id}",
        "GET /mail/v1/users/{user}/profile",
        "GET /mail/v1/users/{user}/labels",
    ];
    assert_eq!(
        near(&mail, "GET /mail/v1/users/me/messages/{}/raw"),
        &mail[..1]
    );
    assert!(near(&mail, "GET /mail/v1/users/me/drafts").is_empty());
    let one = ["GET /v1/orders/{id}", "GET /v1/orders"];
    assert!(near(&one, "GET /v1/invoices/{}").is_empty());
    assert_eq!(near(&one, "GET /v1/orders/{}/history"), one);
}

#[test]
fn noise_and_other_collections_are_near_nothing() {
    for path in [
        "/favicon.ico",
        "/wp-login.php",
        "/.env",
        "/",
        "/v1",
        "/abcdefg",
        "/v1/invoices/{}",
        "/v1/invoices/{}/lines",
        "/{}",
        "/{}/{}",
        "/.git/config",
        "/v1/invoices/batch",
        "/%2e%2e%2f",
        "/{secret}",
        "/a/**",
    ] {
        for method in ["GET", "POST"] {
            assert!(
                near(&USUAL, &format!("{method} {path}")).is_empty(),
                "{path}"
            );
        }
    }
    assert!(
        near(&["GET /v1/export-2026-01"], "GET /gw/{}").is_empty(),
        "no word"
    );
    let hidden = [
        "GET /v1/export-2026-01/orders",
        "GET /v1/sk_live_abcdefghijkl/x",
        "GET /v1/a/b",
    ];
    assert_eq!(near(&hidden, "GET /gw/v1/{}/orders"), &hidden[..1]);
    assert_eq!(near(&hidden, "GET /gw/v1/{secret}/x"), &hidden[1..2]);
    assert!(
        near(&hidden, "GET /gw/v1/{}/b").is_empty(),
        "`a` looks like no id"
    );
}

#[test]
fn a_method_may_stand_for_another_one_and_a_preflight_for_none() {
    is_near("POST /v1/orders/{}", "PATCH /v1/orders/{id}");
    is_near("HEAD /v2/orders", "GET /v1/orders");
    is_near("BREW /v2/orders", "GET /v1/orders");
    assert!(near(&USUAL, "PUT /v2/users/{}").is_empty());
    assert!(near(&USUAL, "OPTIONS /v2/orders").is_empty());
    let options = ["OPTIONS /v1/zeta", "ANY /v1/zeta", "GET /v1/q"];
    assert_eq!(near(&options, "OPTIONS /v2/zeta"), &options[..1]);
    assert_eq!(near(&options, "PURGE /v2/zeta"), &options[1..2]);
    assert_eq!(
        indices(&Nearness::new(&routes(&options)).of(None, "/zeta", false)),
        [0, 1]
    );
}

#[test]
fn a_batch_may_be_any_operation_below_its_prefix() {
    for path in [
        "/$batch",
        "/v1/$batch",
        "/gw/_bulk",
        "/api/v2/batch",
        "/batch/v1",
        "/odata/batch.json",
    ] {
        assert_eq!(near(&USUAL, &format!("POST {path}")), ["*"], "{path}");
    }
    assert_eq!(near(&USUAL, "POST /v1/orders/batch"), &USUAL[..4]);
    assert_eq!(near(&USUAL, "PUT /v1/users/_bulk"), ["GET /v1/users/{id}"]);
    assert!(near(&USUAL, "OPTIONS /$batch").is_empty());
}

#[test]
fn a_path_that_was_cut_may_be_whatever_begins_so() {
    assert_eq!(near(&USUAL, "GET /v1/or…"), [USUAL[0], USUAL[2]]);
    assert_eq!(near(&USUAL, "GET /v1/zeta/…"), [USUAL[5]]);
    assert_eq!(near(&USUAL, "GET …").len(), 5);
    assert_eq!(near(&USUAL, "GET /v2/zeta/exp…"), [USUAL[5]]);
    assert!(near(&USUAL, "GET /v1/invoi…").is_empty());
    assert_eq!(near(&USUAL, "GET /unkn…"), [USUAL[7]]);
    let deep = format!("GET /gw/orders{}/**", "/x".repeat(10));
    is_near(&deep, "GET /v1/orders/{id}");
}

#[test]
fn a_gateways_template_covers_what_shares_a_path_with_it() {
    let pets = [
        "GET /pets",
        "GET /pets/{id}",
        "GET /pets/{id}/toys",
        "POST /pets/{id}/toys",
        "DELETE /owners/mine",
        "GET /owners/{id}:log",
    ];
    let get = |template| covered(&pets, Method::Get, template);
    assert_eq!(get("/pets/{proxy+}"), &pets[1..3]);
    assert_eq!(get("/prod/pets/{proxy+}"), &pets[0..3], "a stage in front");
    assert_eq!(get("/pets/*"), &pets[0..3]);
    assert_eq!(get("/pets*"), &pets[0..3]);
    assert_eq!(get("/{proxy+}").len(), 4);
    assert_eq!(get("/pets/{petId}"), &pets[1..2]);
    assert_eq!(get("/owners/{all}"), &pets[5..6]);
    assert_eq!(
        covered(&pets, Method::Delete, "ANY /owners/{who}"),
        &pets[4..5]
    );
    assert_eq!(
        covered(&pets, Method::Any, "POST /pets/{a}/{b}"),
        &pets[3..4]
    );
    assert_eq!(
        covered(&pets, Method::Post, "/owners/{id}"),
        &pets[4..6],
        "an override"
    );
    for all in ["$default", "", "~/pets/(?<id>.*)"] {
        assert_eq!(get(all), ["*"], "{all}");
    }
    assert!(get("/vets/{id}").is_empty());
    assert!(get("/{a}/{b}/{c}/{d}").is_empty());
}

#[test]
fn many_paths_against_many_routes_take_no_time() {
    let labels: Vec<String> = (0..6_000)
        .map(|n| format!("GET /api/v1/things{}/{{id}}/parts{}", n % 300, n % 40))
        .collect();
    let nearness = Nearness::new(&routes(&labels));
    let start = std::time::Instant::now();
    for n in 0..20_000 {
        let path = match n % 4 {
            0 => format!("/word{n}/other"),
            1 => format!("/gw/v2/things{}/{{}}/parts{}", n % 300, n % 40),
            2 => format!("/api/v1/unknown{n}/{{}}/parts"),
            _ => format!("/api/v1/{{secret}}/{{}}/x{n}"),
        };
        nearness.of(Some(Method::Get), &path, false);
    }
    let took = start.elapsed();
    println!("{took:?}");
    assert!(
        took.as_secs() < 20,
        "{took:?}, in a build without optimisation"
    );
}
