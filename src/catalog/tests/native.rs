use super::super::LoadOptions;
use super::{read, read_with, refuse, table};

fn routes(text: &str) -> String {
    format!("version: 1\nroutes:\n{text}\n")
}

#[test]
fn routes_read_as_alternatives_of_scopes_needed_together() {
    let catalog = read(
        "version: 1\nimplies:\n  o:admin: [o:read, o:update]\nroutes:\n  GET /o/{id}: o:read\n  \
         post /o: [o:update, o:admin]\n  POST /r: [o:update + p:write]\n  PUT /r: a+b + c\n  \
         GET /health: public\n  GET /me: [authenticated]\n  ANY /admin/**: o:admin\n",
    );
    assert_eq!(
        table(&catalog),
        [
            "GET /o/{id}: o:read",
            "POST /o: o:update | o:admin",
            "POST /r: o:update + p:write",
            "PUT /r: a+b + c",
            "GET /health: -",
            "GET /me: -",
            "ANY /admin/**: o:admin",
        ]
    );
    assert_eq!(
        catalog.operations[0].place.as_ref().unwrap().to_string(),
        "api:5"
    );
    assert_eq!(catalog.implies["o:admin"].len(), 2);
}

#[test]
fn an_unknown_key_is_an_error_that_suggests_the_nearest_one() {
    let error = refuse("version: 1\nimply: {}\nroutes: {}\n");
    assert_eq!(error.to_string(), "api:2: unknown key `imply`");
    assert_eq!(error.help().unwrap(), "did you mean `implies`?");
}

#[test]
fn what_is_not_understood_is_an_error_at_its_line() {
    for (line, problem) in [
        ("  GET: a", "`GET` is no route"),
        ("  GTE /a: a", "`GTE` is no HTTP method"),
        ("  GET a: a", "does not begin with a slash"),
        ("  GET /**/a: a", "has `**` before its end"),
        ("  GET /a: a b", "neither one scope"),
        ("  GET /a: a +", "neither one scope"),
        ("  GET /a: + a", "neither one scope"),
        ("  GET /a: ''", "neither one scope"),
        ("  GET /a: []", "lists no scope"),
        ("  GET /a: [public, a]", "stands beside scopes"),
        ("  GET /a: a + public", "stands beside scopes"),
        ("  GET /a:", "found nothing"),
        ("  GET /a: 7", "found a number"),
        ("  GET /a: a\n  get  /a: b", "stands twice"),
    ] {
        let error = refuse(&routes(line)).to_string();
        assert!(error.contains(problem), "{line}: {error}");
        assert!(
            error.starts_with("api:3") || error.starts_with("api:4"),
            "{error}"
        );
    }
}

#[test]
fn the_version_is_asked_for() {
    assert!(
        refuse("routes: {}\n")
            .help()
            .unwrap()
            .contains("version: 1")
    );
    assert!(
        refuse("version: 2\nroutes: {}\n")
            .to_string()
            .contains("version `2`")
    );
}

#[test]
fn csv_reads_as_the_same_routes() {
    let catalog = read(
        "# routes\nmethod,path,scopes\nGET,/a,r\n\n# note\nPOST,/a,\"w | x + y\"\nGET,/h,public\n",
    );
    assert_eq!(
        table(&catalog),
        ["GET /a: r", "POST /a: w | x + y", "GET /h: -"]
    );
    let lines: Vec<u32> = catalog
        .operations
        .iter()
        .map(|op| op.place.as_ref().unwrap().line)
        .collect();
    assert_eq!(lines, [3, 6, 7]);
}

#[test]
fn csv_rows_that_are_not_understood_are_errors() {
    for (text, problem) in [
        ("method,path\nGET,/a\n", "api:1: the row has 2 fields"),
        ("path,method,scopes\n/a,GET,r\n", "api:1: the header is"),
        (
            "method,path,scopes\nGET,/a,r\nGET,/b,\n",
            "api:3: the route lists no scope",
        ),
        (
            "method,path,scopes\nGET,/a,r |w\n",
            "api:2: `r |w` is neither",
        ),
        (
            "method,path,scopes\nGET,/a,r\nget,/a,w\n",
            "api:3: route `GET /a` stands twice",
        ),
    ] {
        let error = refuse(text).to_string();
        assert!(error.starts_with(problem), "{error}");
    }
}

#[test]
fn a_base_path_stands_in_front_of_routes_too() {
    let options = LoadOptions {
        base_path: Some("/v1".to_owned()),
        ..LoadOptions::default()
    };
    let catalog = read_with("method,path,scopes\nGET,/a,r\n", &options).unwrap();
    assert_eq!(table(&catalog), ["GET /v1/a: r"]);
}
