use super::super::testing::read;
use super::super::{Scratch, Skip};
use super::*;

const LINE: &str = r#"{"time":"2026-01-02T12:00:00.6442361Z","resourceId":"/TENANTS/0/PROVIDERS/MICROSOFT.AADIAM","operationName":"Microsoft Graph Activity","category":"MicrosoftGraphActivityLogs","resultSignature":"200","durationMs":"46268","callerIpAddress":"198.51.100.23","correlationId":"f773","properties":{"timeGenerated":"2026-01-02T12:00:00.6442361Z","requestId":"f773","operationId":"op1","apiVersion":"v1.0","requestMethod":"GET","responseStatusCode":200,"appId":"11111111-2222-3333-4444-5555aaaabbbb","userId":null,"servicePrincipalId":"sp-1","ipAddress":"198.51.100.23","userAgent":"python","requestUri":"https://graph.microsoft.com/v1.0/users?$select=id&$top=5","scopes":null,"roles":"User.Read.All Group.Read.All","wids":"","clientAuthMethod":"2","signInActivityId":"abc=","tokenIssuedAt":"2026-01-02T11:55:00Z"}}"#;

fn text(bytes: Option<&[u8]>) -> Option<String> {
    bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

#[test]
fn a_call_names_its_application_its_permissions_and_its_token() {
    read(&Graph, LINE, |record| {
        let record = record.unwrap();
        assert_eq!((record.time, record.status), (1_767_355_200_644, Some(200)));
        assert_eq!(
            record.target,
            b"https://graph.microsoft.com/v1.0/users?$select=id&$top=5"
        );
        assert_eq!(
            text(record.client).unwrap(),
            "11111111-2222-3333-4444-5555aaaabbbb"
        );
        assert_eq!(record.client_alt, Some(&b"sp-1"[..]));
        assert_eq!(
            text(record.token_scopes).unwrap(),
            "User.Read.All Group.Read.All"
        );
        assert_eq!(record.credential, Some(&b"abc"[..]));
        assert_eq!(record.claims.token.issued, Some(1_767_354_900));
        assert_eq!(record.claims.token.kind, AuthKind::Token);
        assert_eq!(record.answered_by, AnsweredBy::Upstream);
    });
}

#[test]
fn delegated_scopes_count_where_there_are_no_roles_and_neither_is_not_an_empty_token() {
    let of = |roles: &str, scopes: &str| {
        let line = LINE
            .replace(r#""User.Read.All Group.Read.All""#, roles)
            .replace(r#""scopes":null"#, &format!(r#""scopes":{scopes}"#));
        read(&Graph, &line, |record| text(record.unwrap().token_scopes))
    };
    assert_eq!(of("null", r#""Mail.Read""#).as_deref(), Some("Mail.Read"));
    assert_eq!(of(r#""""#, r#""Mail.Read""#).as_deref(), Some("Mail.Read"));
    // A directory role (`wids`) may have allowed it: nothing is known about the token.
    assert_eq!(of(r#""""#, "null"), None);
    assert_eq!(of("null", r#""""#), None);
}

#[test]
fn of_a_batch_the_requests_in_it_count_and_the_batch_itself_does_not() {
    let batch = LINE.replace("/v1.0/users?$select=id&$top=5", "/v1.0/$batch");
    let child = LINE.replace(r#""requestId":"f773""#, r#""requestId":"f774""#);
    for parent in [&batch, &batch.replace("$batch", "$batch/?x=1")] {
        read(&Graph, parent, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord);
        });
    }
    read(&Graph, &child, |record| {
        assert_eq!(record.unwrap().request_id, Some(&b"f774"[..]));
    });
    let named = LINE.replace("/users?", "/$batches?");
    read(&Graph, &named, |record| assert!(record.is_ok()));
}

#[test]
fn an_application_is_one_client_however_its_id_is_spelt() {
    let upper = LINE.replace("5555aaaabbbb", "5555AAAABBBB");
    let embedded = {
        let (head, object) = upper.split_once(r#""properties":"#).unwrap();
        let object = object.strip_suffix('}').unwrap();
        format!(
            r#"{head}"properties":{}}}"#,
            serde_json::to_string(object).unwrap()
        )
    };
    for line in [&upper, &embedded] {
        read(&Graph, line, |record| {
            let record = record.unwrap();
            assert_eq!(
                text(record.client).unwrap(),
                "11111111-2222-3333-4444-5555aaaabbbb"
            );
            // A policy may spell it as the log does.
            assert_eq!(
                text(record.client_alt).unwrap(),
                "11111111-2222-3333-4444-5555AAAABBBB"
            );
        });
    }
}

#[test]
fn what_was_escaped_twice_is_read_as_what_it_means() {
    let line = LINE.replace(
        "/users?$select=id&$top=5",
        r"/users('a@b.c')/messages/$count?a=1\\u0026b=2\\u00zz",
    );
    let line = line.replace("('a@b.c')", r"(\\u0027a@b.c\\u0027)");
    read(&Graph, &line, |record| {
        assert_eq!(
            String::from_utf8_lossy(record.unwrap().target),
            r"https://graph.microsoft.com/v1.0/users('a@b.c')/messages/$count?a=1&b=2\u00zz"
        );
    });
}

#[test]
fn the_table_of_log_analytics_is_the_same_as_json_and_as_csv() {
    let json = r#"{"TimeGenerated":"2026-01-02T12:00:00.644Z","RequestMethod":"GET","RequestUri":"https://graph.microsoft.com/beta//users","ResponseStatusCode":"403","AppId":"a-1","Roles":"","Scopes":"User.Read","Type":"MicrosoftGraphActivityLogs"}"#;
    read(&Graph, json, |record| {
        let record = record.unwrap();
        assert_eq!((record.time, record.status), (1_767_355_200_644, Some(403)));
        assert_eq!(record.target, b"https://graph.microsoft.com/beta//users");
        assert_eq!(record.client, Some(&b"a-1"[..]));
    });
    let header =
        "TimeGenerated [UTC],RequestMethod,RequestUri,ResponseStatusCode,AppId,Scopes,Roles";
    assert!(Graph.has_header(header.as_bytes()));
    let reader = Graph.open(header.as_bytes());
    let row =
        "\"1/2/2026, 12:00:00.644 PM\",GET,https://graph.microsoft.com/v1.0/me,200,A-1,User.Read,";
    let mut scratch = Scratch::default();
    let record = reader.parse(row.as_bytes(), &mut scratch).unwrap();
    assert_eq!(record.time, 1_767_355_200_644);
    assert_eq!(
        (record.client, record.client_alt),
        (Some(&b"a-1"[..]), Some(&b"A-1"[..]))
    );
    assert_eq!(record.token_scopes, Some(&b"User.Read"[..]));
}
