use super::*;
use crate::format::{Scratch, Skip};

const JSON: &str = "name = 'acme'\nkind = 'json'\nrequires = ['/svc']\n[fields]\ntime = '/ts'\nmethod = '/http/method'\ntarget = ['/http/uri', '/http/path']\nquery = '/http/query'\nclient = ['/auth/client_id', '/auth/user']\nstatus = '/http/status'\nscopes = '/auth/scope'\n";

fn read(
    mapping: &str,
    head: &str,
    line: &str,
) -> Result<(String, Option<String>, Option<u16>), Skip> {
    let mapping = Mapping::parse(mapping).unwrap();
    let mut scratch = Scratch::default();
    let reader = mapping.open(head.as_bytes());
    let raw = reader.parse(line.as_bytes(), &mut scratch)?;
    let text = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    Ok((
        format!("{} {}", text(raw.method), text(raw.target)),
        raw.client.map(text),
        raw.status,
    ))
}

#[test]
fn a_description_reads_json_at_its_pointers() {
    let line = r#"{"svc":"edge","ts":1767355200,"http":{"method":"GET","path":"/v1/orders","query":"a=1","status":"200"},"auth":{"user":"erp","scope":"orders:read"}}"#;
    let expected = (
        "GET /v1/orders?a=1".to_owned(),
        Some("erp".to_owned()),
        Some(200),
    );
    assert_eq!(read(JSON, "", line), Ok(expected));
    let missing = r#"{"svc":"edge","ts":1767355200,"http":{"path":"/"}}"#;
    assert_eq!(read(JSON, "", missing), Err(Skip::MissingField));
    assert_eq!(read(JSON, "", "{\"svc\":"), Err(Skip::Malformed));
}

#[test]
fn a_description_reads_rows_by_the_names_of_their_columns() {
    let csv = "name = 'acme-csv'\nkind = 'csv'\nseparator = ';'\n[fields]\ntime = 'When'\nmethod = 'Verb'\ntarget = 'Path'\nclient = 'App'\nstatus = 'Code'\n";
    let head = "Code;Path;Verb;App;When\n";
    let row = "403;\"/a;b\";GET;erp;2026-01-02T12:00:00Z";
    let expected = ("GET /a;b".to_owned(), Some("erp".to_owned()), Some(403));
    assert_eq!(read(csv, head, row), Ok(expected));
    assert_eq!(
        read(csv, head, "Code;Path;Verb;App;When"),
        Err(Skip::OtherRecord)
    );
    assert_eq!(read(csv, head, "403;/a"), Err(Skip::Malformed));
}

#[test]
fn what_is_wrong_in_a_description_is_named() {
    let wrong = |text: &str| Mapping::parse(text).err().unwrap_or_default();
    let without = |key: &str| {
        JSON.lines()
            .filter(|line| !line.starts_with(key))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert!(wrong(&without("time")).contains("`field.time` is missing"));
    assert!(wrong(&without("status")).contains("would pass for use"));
    assert!(wrong(&JSON.replace("client =", "clent =")).contains("did you mean `client`?"));
    assert!(wrong(&JSON.replace("'/ts'", "'ts'")).contains("is not a JSON pointer"));
    assert!(wrong(&JSON.replace("'acme'", "'kong'")).contains("is a format of the program"));
    assert!(wrong("name = 'a'\nkind = 'json'\ncolour = 1\n[fields]\n").starts_with("line 3: "));
}

#[test]
fn of_two_places_one_inside_the_other_neither_is_read_in_silence() {
    let wrong = |text: &str| Mapping::parse(text).err().unwrap_or_default();
    for (first, second) in [("/auth/user", "/auth"), ("/auth", "/auth/user")] {
        let nested = JSON.replace(
            "['/auth/client_id', '/auth/user']",
            &format!("['{first}', '{second}']"),
        );
        let nested = nested.replace("scopes = '/auth/scope'\n", "");
        let error = wrong(&nested);
        assert!(error.contains("`/auth/user` is in `/auth`"), "{error}");
    }
    // Also under two meanings, with others between them in the order of letters.
    let apart = JSON.replace("'/ts'", "'/http'");
    assert!(wrong(&apart).contains("is in `/http`"), "{}", wrong(&apart));
    let siblings = JSON.replace("'/ts'", "'/http-time'");
    assert_eq!(wrong(&siblings), "");
    let twice = JSON.replace("'/ts'", "'/http/method'");
    assert_eq!(wrong(&twice), "", "one place may say two things");
    let spelt = JSON.replace("'/auth/client_id'", "'/auth~'");
    let spelt = spelt.replace("'/auth/user'", "'/auth~0'");
    assert!(wrong(&spelt).contains("`/auth~0` is in `/auth~`"));
}

#[test]
fn more_places_than_can_be_read_are_refused() {
    let places: Vec<String> = (0..70).map(|n| format!("'/p{n}'")).collect();
    let many = JSON.replace("'/auth/user'", &places.join(", "));
    let error = Mapping::parse(&many).err().unwrap_or_default();
    assert!(error.contains("there can be 64"), "{error}");
}

#[test]
fn every_example_of_the_documentation_is_read_and_its_samples_are_as_expected() {
    let page = include_str!("../../docs/mapping-files.md");
    let blocks = page.split("```toml\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split("```").next());
    let mut read = 0;
    for block in blocks.filter(|block| block.contains("extends =")) {
        let mapping = Mapping::parse(block).unwrap_or_else(|why| panic!("{why}\n{block}"));
        assert!(!mapping.checked().is_empty(), "{block}");
        read += 1;
    }
    assert!(read >= 7, "{read}");
}

#[test]
fn every_key_and_every_field_is_in_the_documentation() {
    let page = include_str!("../../docs/mapping-files.md");
    let keys = schema::KEYS
        .iter()
        .chain(&schema::FIELD_KEYS)
        .chain(&schema::CONDITION_KEYS);
    let fields = MEANINGS
        .iter()
        .map(|(name, _)| name)
        .filter(|name| **name != "expires");
    let verdicts = rules::Verdict::NAMES.iter().map(|(name, _)| name);
    for name in keys.chain(fields).chain(verdicts) {
        let told = [
            format!("`{name}`"),
            format!("{name} ="),
            format!("[{name}]"),
        ];
        assert!(told.iter().any(|told| page.contains(told)), "{name}");
    }
}

#[test]
fn a_sample_that_is_read_otherwise_is_an_error_that_names_the_field() {
    let wrong = |sample: &str| {
        Mapping::parse(&format!("{JSON}[[sample]]\n{sample}\n"))
            .err()
            .unwrap()
    };
    let line = r#"line = '{"ts":1767355200,"http":{"method":"GET","path":"/a","status":200},"auth":{"user":"erp"}}'"#;
    let error = wrong(&format!("{line}\nexpect = {{ client = 'crm' }}"));
    assert_eq!(
        error,
        "sample 1: `client` is read as `erp`, and `crm` is expected"
    );
    let error = wrong(&format!("{line}\nexpect = {{ host = 'x' }}"));
    assert!(error.contains("`host` is not there"), "{error}");
    assert!(wrong("line = '{}'").contains("cannot be read: `missing_field`"));
    assert!(wrong(&format!("{line}\nskip = 'other_record'")).contains("is a record"));
    assert!(wrong(&format!("{line}\nexpct = {{}}")).contains("did you mean `expect`?"));
}

#[test]
fn what_cannot_be_is_refused_with_what_could_be() {
    let wrong = |text: &str| Mapping::parse(text).err().unwrap_or_default();
    let top = |line: &str| wrong(&format!("{line}\n{JSON}"));
    for (error, expected) in [
        (top("unescape = 'ngnix'"), "did you mean `nginx`?"),
        (top("key_case = 'both'"), "sensitive, insensitive"),
        (top("prefix = ['sylog']"), "did you mean `syslog`?"),
        (top("unwrap = ['records']"), "begins with `/`"),
        (top("when = [{ at = '/a' }]"), "says what the value is"),
        (top("when = [{ at = '/a', eqq = 1 }]"), "did you mean `eq`?"),
        (top("pattern = 'x'"), "not of `json`"),
        (
            wrong(&JSON.replace("'/ts'", "{ at = '/ts', tz = 'CET' }")),
            "is not a zone",
        ),
        (
            wrong(&JSON.replace("'/ts'", "{ at = '/ts', regex = '(' }")),
            "is not a regular expression",
        ),
        (
            wrong(&JSON.replace("'/http/method'", "{ at = '/m', tz = 'UTC' }")),
            "said of `time` alone",
        ),
        (
            wrong(&JSON.replace("kind = 'json'", "kind = 'jsn'")),
            "did you mean `json`?",
        ),
        (
            wrong(&format!("{JSON}[redact]\nheaders = ['client_id']\n")),
            "redact.headers",
        ),
        (
            wrong(&format!("{JSON}[outcome]\ndenid = []\n")),
            "did you mean `denied`?",
        ),
    ] {
        assert!(error.contains(expected), "{error} / {expected}");
    }
}

#[test]
fn the_first_spelling_and_the_second_are_one() {
    let second = JSON
        .replace("name =", "format =")
        .replace("kind =", "extends =")
        .replace("[fields]", "[field]");
    let line = r#"{"svc":"e","ts":1767355200,"http":{"method":"GET","path":"/a","status":"200"},"auth":{"user":"erp"}}"#;
    assert_eq!(read(JSON, "", line), read(&second, "", line));
}

proptest::proptest! {
    #[test]
    fn no_line_makes_a_described_format_fail(line in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80), cut in 0..200_usize) {
        let page = include_str!("../../docs/mapping-files.md");
        let blocks = page.split("```toml\n").skip(1).filter_map(|block| block.split("```").next());
        for block in blocks.filter(|block| block.contains("extends =")) {
            let mapping = Mapping::parse(block).unwrap();
            let mut scratch = Scratch::default();
            for sample in &mapping.samples {
                let whole = sample.line.as_bytes();
                let mut text = whole[..cut.min(whole.len())].to_vec();
                text.extend_from_slice(&line);
                let reader = mapping.open(&text);
                reader.begin(0, &mut scratch);
                let _ = reader.parse(&text, &mut scratch);
            }
        }
    }
}

#[test]
fn every_kind_of_key_works_next_to_all_the_others() {
    let text = r#"
format  = "acme-gw"
extends = "json"
unwrap  = ["/records/*", { string = "/message" }]
prefix  = ["syslog", "cri"]
when    = [{ at = "/category", eq = "GatewayLogs" }]
key_case = "insensitive"
missing = ["-", "", "null"]
unescape = "nginx"

[field]
time        = { at = ["/ts", "/time"], parse = ["rfc3339", "epoch_auto", "clf", "%Y/%m/%d - %H:%M:%S"], tz = "UTC", basis = "end" }
client      = { at = ["/azp", "/client_id", "/consumer/username"] }
credential  = { at = "/jti" }
scopes      = { at = "/scope", split = [" ", ";"] }
token_iat   = { at = "/iat", parse = ["epoch_auto"] }
method      = { at = "/request", regex = '^(?<v>\S+) ' }
target      = { at = "/request_uri" }
route       = { at = "/route/name" }
status      = { at = "/status", type = "u16" }
upstream_status = { at = "/upstream_status", last_of = "," }
request_id  = { at = "/request_id" }
duration    = { at = "/rt", unit = "s" }

[outcome]
denied_by_gateway  = [{ at = "/details", prefix = ["jwt_authn_access_denied", "rbac_access_denied", "ext_authz"] }]
denied_by_upstream = [{ field = "status", in = [401, 403], and_present = "upstream_status" }]
ignore = [{ field = "method", eq = "OPTIONS" }, { field = "target", prefix = ["/healthz"] }]

[redact]
headers = ["authorization", "cookie", "x-api-key", "apikey"]
query   = ["access_token", "api_key", "key", "sig"]

[[sample]]
line   = '{"records":[{"message":"{\"Category\":\"GatewayLogs\",\"ts\":\"2026-01-02T12:00:00\",\"azp\":\"null\",\"client_id\":\"e\\\\x22p\",\"scope\":\"a;b\",\"iat\":1767355200,\"jti\":\"t1\",\"request\":\"GET /y HTTP/1.1\",\"request_uri\":\"/x\",\"status\":403,\"upstream_status\":\"200, 403\"}"}]}'
expect = { time = "2026-01-02T12:00:00Z", client = 'e"p', scopes = ["a", "b"], method = "GET", target = "/x", status = 403, upstream_status = 403, answered_by = "upstream", credential = "t1", token_iat = 1767355200 }

[[sample]]
line   = '{"category":"GatewayLogs","time":1767355200,"request":"GET /","request_uri":"/healthz/live","status":200}'
skip   = "other_record"
"#;
    if let Err(why) = Mapping::parse(text) {
        panic!("{why}");
    }
}
