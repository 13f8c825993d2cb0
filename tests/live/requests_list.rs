//! The list itself, by what is awkward about a request.

use super::{Asked, Wire, get, raw};
use crate::token::Token;

pub(super) fn all() -> Vec<Asked> {
    let mut all = paths();
    all.extend(bytes());
    all.extend(queries());
    all.extend(forms());
    all.extend(methods());
    all.extend(callers());
    all.extend(statuses());
    all.extend(limits());
    all.extend(hardly_requests());
    all.extend(second_version());
    all
}

/// Dots, slashes and escapes in the path.
fn paths() -> Vec<Asked> {
    vec![
        get("a plain path", "/v1/orders/{m}"),
        get("an encoded slash", "/v1/orders/a%2Fb/{m}"),
        get("an encoded slash in lower case", "/v1/orders/a%2fb/{m}"),
        get("an encoded slash, twice", "/v1/orders/a%252Fb/{m}"),
        get("a dot segment", "/v1/orders/./{m}").path("/v1/orders/{m}"),
        get("two dots", "/v1/orders/x/../{m}").path("/v1/orders/{m}"),
        get("encoded dots", "/v1/orders/x/%2e%2e/{m}").path("/v1/orders/{m}"),
        get("an encoded dot", "/v1/orders/%2E/{m}").path("/v1/orders/{m}"),
        get("three dots", "/v1/orders/.../{m}"),
        get("dots at the end", "/v1/orders/{m}/x/..").path("/v1/orders/{m}/"),
        get("above the root", "/../v1/orders/{m}").no_path(),
        get("above the root, encoded", "/%2e%2e/v1/orders/{m}").no_path(),
        get("a double slash in front", "//v1/orders/{m}").path("/v1/orders/{m}"),
        get("double slashes", "/v1//orders///{m}").path("/v1/orders/{m}"),
        get("a slash at the end", "/v1/orders/{m}/"),
        get("two slashes at the end", "/v1/orders/{m}//").path("/v1/orders/{m}/"),
        get("matrix parameters", "/v1/orders;a=1/{m};b=2").path("/v1/orders/{m}"),
        get("an encoded semicolon", "/v1/orders/a%3Bb/{m}"),
        get("escapes that need not be", "/v1/%6Frders/%7E{m}").path("/v1/orders/~{m}"),
        get("an encoded space", "/v1/orders/a%20b/{m}"),
        get("a plus", "/v1/orders/a+b/{m}"),
        get("an encoded quote", "/v1/orders/a%22b/{m}"),
        get("an encoded backslash", "/v1/orders/a%5Cb/{m}"),
        get("an encoded line end", "/v1/orders/a%0D%0Ab/{m}"),
        get("an encoded question mark", "/v1/orders/a%3Fb/{m}"),
        get("an encoded number sign", "/v1/orders/a%23b/{m}"),
        get("an encoded percent", "/v1/orders/100%25/{m}"),
        get(
            "an encoded name in UTF-8",
            "/v1/orders/caf%C3%A9%E2%82%AC/{m}",
        ),
        get("an encoded null", "/v1/orders/a%00b/{m}"),
        get("an escape that is none", "/v1/orders/a%zzb/{m}"),
        get("a percent alone", "/v1/orders/%/{m}"),
        get("a colon and a verb", "/v1/orders/{m}:cancel"),
        get(
            "signs that need no escape",
            "/v1/orders/@me,$count!(*)'=&/{m}",
        ),
        get("upper case", "/V1/Orders/{m}"),
        get("an ending", "/v1/orders/{m}.json"),
    ]
}

/// Bytes that should have been escaped.
fn bytes() -> Vec<Asked> {
    vec![
        get("a raw quote", "/v1/orders/a\"b/{m}"),
        get("a raw quote and a status", "/v1/orders/x\" 204 0 \"/{m}")
            .path("/v1/orders/x\" 204 0 \"/{m}"),
        get("a raw backslash", "/v1/orders/a\\b/{m}"),
        get("a backslash at the end", "/v1/orders/{m}\\"),
        get("a backslash and a quote", "/v1/orders/{m}\\\""),
        get("an escape of the log", "/v1/orders/a\\x2Fb/{m}"),
        get("angle brackets", "/v1/orders/<b>/{m}"),
        get("braces and bars", "/v1/orders/{id}|^`[]/{m}"),
        get("a name in UTF-8", "/v1/orders/caf\u{e9}\u{1f600}/{m}"),
        get("bytes that are no UTF-8", "/v1/orders/")
            .bytes_of_target(b"/v1/orders/\xff\xc3/{m}")
            .path("/v1/orders/\u{fffd}\u{fffd}/{m}"),
        get("a raw space", "/v1/orders/a b/{m}"),
        get("a protocol in the path", "/v1/orders/a HTTP/1.1 b/{m}"),
        get("a control byte", "/v1/orders/a\u{1}b/{m}"),
        get("a delete byte", "/v1/orders/a\u{7f}b/{m}"),
        get("a tab", "/v1/orders/a\tb/{m}"),
        get("a number sign", "/v1/orders/{m}#part").path("/v1/orders/{m}"),
    ]
}

/// Everything after the question mark, and other places for what a caller likes.
fn queries() -> Vec<Asked> {
    vec![
        get("a query", "/v1/orders/{m}?a=1&b=2&&=&x"),
        get("an empty query", "/v1/orders/{m}?"),
        get("a query with quotes", "/v1/orders/{m}?q=\"x\"&r='y'"),
        get(
            "a query with encoded quotes",
            "/v1/orders/{m}?q=%22x%22%5C&r=%27",
        ),
        get(
            "a query with slashes and dots",
            "/v1/orders/{m}?next=/../a//b?c",
        ),
        get(
            "a query with an address",
            "/v1/orders/{m}?next=https://a.example/b",
        ),
        get("a query in UTF-8", "/v1/orders/{m}?q=caf\u{e9}"),
        get(
            "a query with a token",
            "/v1/orders/{m}?access_token=secret-in-a-query",
        ),
        get("an agent with quotes", "/v1/orders/{m}")
            .header("User-Agent", b"live/{m} \"GET /v1/admin HTTP/1.1\" 200 \\"),
        get("an agent in UTF-8", "/v1/orders/{m}")
            .header("User-Agent", "live/{m} caf\u{e9}".as_bytes()),
        get("an agent with other bytes", "/v1/orders/{m}")
            .header("User-Agent", b"live/{m} \xff\x9b"),
        get("a referrer that looks like a line", "/v1/orders/{m}").header(
            "Referer",
            b"\" 200 1 \"-\" \"x\" [02/Jan/2026:12:00:00 +0000] \"GET /x HTTP/1.1\" 200",
        ),
    ]
}

/// Forms of the request line, and versions.
fn forms() -> Vec<Asked> {
    vec![
        get("an absolute target", "http://api.example.com/v1/orders/{m}").path("/v1/orders/{m}"),
        get(
            "an absolute target with a port",
            "http://api.example.com:80/v1/orders/{m}?a=b",
        )
        .path("/v1/orders/{m}"),
        get(
            "an absolute target with TLS",
            "https://api.example.com/v1/orders/{m}",
        )
        .path("/v1/orders/{m}"),
        get(
            "an absolute target in upper case",
            "HTTP://API.example.com/v1/orders/{m}",
        )
        .path("/v1/orders/{m}"),
        get(
            "an absolute target of another host",
            "http://other.example/v1/orders/{m}",
        )
        .path("/v1/orders/{m}"),
        get(
            "an absolute target with a user",
            "http://user:word@api.example.com/v1/orders/{m}",
        )
        .path("/v1/orders/{m}"),
        get(
            "an absolute target without a path",
            "http://api.example.com",
        )
        .path("/"),
        get("the root", "/"),
        get("HTTP/1.0", "/v1/orders/{m}").version("HTTP/1.0"),
        get("HTTP/1.0 with a host", "/v1/orders/{m}")
            .version("HTTP/1.0")
            .header("Host", b"api.example.com"),
        get("HTTP/0.9", "/v1/orders/{m}")
            .version("")
            .token(Token::None),
        get("HTTP/2.0 in a line of text", "/v1/orders/{m}").version("HTTP/2.0"),
        get("a version that is none", "/v1/orders/{m}").version("HTTP/9.9"),
        get("a version of another protocol", "/v1/orders/{m}").version("RTSP/1.0"),
        get("two blanks before the version", "/v1/orders/{m} ").path("/v1/orders/{m}"),
        raw(
            "no host",
            b"GET /v1/orders/{m} HTTP/1.1\r\nConnection: close\r\n\r\n",
        )
        .path("/v1/orders/{m}"),
        raw(
            "line feeds alone",
            b"GET /v1/orders/{m} HTTP/1.1\nHost: api.example.com\nConnection: close\n\n",
        )
        .path("/v1/orders/{m}"),
        two_on_one_connection(),
    ]
}

fn two_on_one_connection() -> Asked {
    let mut asked = raw(
        "two requests on one connection",
        b"GET /v1/orders/{m}/first HTTP/1.1\r\nHost: api.example.com\r\n\r\n\
          GET /v1/orders/{m}/second HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n",
    );
    asked.paths = ["first", "second"]
        .map(|which| Some(format!("/v1/orders/{{m}}/{which}")))
        .to_vec();
    asked
}

fn methods() -> Vec<Asked> {
    vec![
        get("HEAD", "/v1/orders/{m}").method("HEAD"),
        get("POST with a body", "/v1/orders/{m}")
            .method("POST")
            .body(64),
        get("PUT", "/v1/orders/{m}").method("PUT").body(1),
        get("PATCH", "/v1/orders/{m}").method("PATCH").body(1),
        get("DELETE", "/v1/orders/{m}").method("DELETE"),
        get("OPTIONS", "/v1/orders/{m}").method("OPTIONS"),
        get("OPTIONS of a browser", "/v1/orders/{m}")
            .method("OPTIONS")
            .token(Token::None)
            .header("Origin", b"https://a.example")
            .header("Access-Control-Request-Method", b"POST"),
        get("OPTIONS of the server", "*")
            .method("OPTIONS")
            .no_path(),
        get("CONNECT", "api.example.com:443")
            .method("CONNECT")
            .no_path(),
        get("TRACE", "/v1/orders/{m}").method("TRACE"),
        get("PROPFIND", "/v1/orders/{m}").method("PROPFIND"),
        get("PURGE", "/v1/orders/{m}").method("PURGE"),
        get("a method in lower case", "/v1/orders/{m}")
            .method("get")
            .logged_as("GET"),
        get("a method of its own", "/v1/orders/{m}")
            .method("X-ARCHIVE_1")
            .logged_as("OTHER"),
        get("a method with a sign", "/v1/orders/{m}")
            .method("GE\"T")
            .logged_as("OTHER"),
    ]
}

/// Who asks, and who says to be whom.
fn callers() -> Vec<Asked> {
    let forged = &b"admin"[..];
    vec![
        get("no token", "/v1/orders/{m}").token(Token::None),
        get("a token without the right", "/v1/orders/{m}").token(Token::Powerless),
        get("a token of somebody else", "/v1/orders/{m}").token(Token::Forged),
        get("a header in place of a token", "/v1/orders/{m}")
            .token(Token::None)
            .header("X-Client-Id", forged),
        get("a header next to a token", "/v1/orders/{m}").header("X-Client-Id", forged),
        get(
            "a header next to a token without the right",
            "/v1/orders/{m}",
        )
        .token(Token::Powerless)
        .header("X-Client-Id", forged),
        get(
            "a header next to a token of somebody else",
            "/v1/orders/{m}",
        )
        .token(Token::Forged)
        .header("X-Client-Id", forged),
        get("other headers that name a client", "/v1/orders/{m}")
            .token(Token::None)
            .header("X-Jwt-Azp", forged)
            .header("X-Consumer-Username", forged)
            .header("X_Client_Id", forged)
            .header("OIDC_CLAIM_azp", forged),
        get("a public path", "/public/{m}").token(Token::None),
        get("a header on a public path", "/public/{m}")
            .token(Token::None)
            .header("X-Client-Id", forged)
            .header("X-Jwt-Azp", forged)
            .header("X-Consumer-Username", forged)
            .header("OIDC_CLAIM_azp", forged),
        get("a user without a token", "/v1/orders/{m}")
            .token(Token::None)
            .header("Authorization", b"Basic YWRtaW46YWRtaW4="),
        get("a user on a public path", "/public/{m}")
            .token(Token::None)
            .header("Authorization", b"Basic YWRtaW46YWRtaW4="),
    ]
}

/// What the service says, also instead of an answer.
fn statuses() -> Vec<Asked> {
    vec![
        get("201", "/v1/orders/{m}?give=201").method("POST").body(1),
        get("204", "/v1/orders/{m}?give=204"),
        get("302", "/v1/orders/{m}?give=302"),
        get("304", "/v1/orders/{m}?give=304"),
        get("400 of the service", "/v1/orders/{m}?give=400"),
        get("401 of the service", "/v1/orders/{m}?give=401"),
        get("403 of the service", "/v1/orders/{m}?give=403"),
        get("404 of the service", "/v1/orders/{m}?give=404"),
        get("429 of the service", "/v1/orders/{m}?give=429"),
        get("499 of the service", "/v1/orders/{m}?give=499"),
        get("500 of the service", "/v1/orders/{m}?give=500"),
        get("503 of the service", "/v1/orders/{m}?give=503"),
        get("599 of the service", "/v1/orders/{m}?give=599"),
        get("no answer of the service", "/v1/orders/{m}?give=close"),
        get("a service that is down", "/down/{m}"),
        get("a caller that leaves", "/v1/orders/{m}?give=slow").over(Wire::Leaves),
    ]
}

/// What a gateway answers before it asks who calls.
fn limits() -> Vec<Asked> {
    let long = |length: usize| "x".repeat(length);
    vec![
        get("a request within the limit", "/limited/{m}"),
        get("too many requests, and a header", "/limited/{m}")
            .token(Token::None)
            .header("X-Client-Id", b"admin"),
        get("too many requests, with a token", "/limited/{m}"),
        get("a body that is too long", "/v1/orders/{m}")
            .method("POST")
            .body(4096),
        get("a body that is too long, and a header", "/v1/orders/{m}")
            .method("POST")
            .body(4096)
            .token(Token::None)
            .header("X-Client-Id", b"admin"),
        get("a long path", &format!("/v1/orders/{}/{{m}}", long(3_000))),
        get("a long query", &format!("/v1/orders/{{m}}?{}", long(3_000))),
        get(
            "a target that is too long",
            &format!("/v1/orders/{{m}}/{}", long(100_000)),
        ),
        get("headers that are too long", "/v1/orders/{m}")
            .header("X-Long", long(100_000).as_bytes()),
    ]
}

/// What a scanner sends.
fn hardly_requests() -> Vec<Asked> {
    vec![
        raw("words", b"hello there {m}\r\n\r\n"),
        raw("a method alone", b"GET\r\n\r\n"),
        raw("a target that is no path", b"GET v1/orders/{m} HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n"),
        raw("TLS on a plain port", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n\r\n"),
        raw("two lengths", b"POST /v1/orders/{m} HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nxx").method("POST").path("/v1/orders/{m}"),
        raw("a header without a colon", b"GET /v1/orders/{m} HTTP/1.1\r\nHost: api.example.com\r\nnonsense\r\nConnection: close\r\n\r\n").path("/v1/orders/{m}"),
    ]
}

/// The same over HTTP/2, where a target may hold what a line of text cannot.
fn second_version() -> Vec<Asked> {
    let all = vec![
        get("HTTP/2", "/v1/orders/{m}"),
        get("HTTP/2: POST", "/v1/orders/{m}").method("POST"),
        get("HTTP/2: dots and slashes", "/v1/orders/./x/..//{m}").path("/v1/orders/{m}"),
        get("HTTP/2: an encoded slash", "/v1/orders/a%2Fb/{m}"),
        get("HTTP/2: quotes", "/v1/orders/a\"b/{m}?q=\"x\\"),
        get("HTTP/2: a name in UTF-8", "/v1/orders/caf\u{e9}/{m}"),
        get("HTTP/2: no token", "/v1/orders/{m}").token(Token::None),
        get("HTTP/2: a header in place of a token", "/v1/orders/{m}")
            .token(Token::None)
            .header("X-Client-Id", b"admin"),
        get("HTTP/2: a token without the right", "/v1/orders/{m}").token(Token::Powerless),
        get("HTTP/2: 404 of the service", "/v1/orders/{m}?give=404"),
        get("HTTP/2: an agent with quotes", "/v1/orders/{m}")
            .header("User-Agent", b"live/{m} \" 200 \\"),
    ];
    let over = |asked: Asked| asked.over(Wire::Http2);
    all.into_iter().map(over).collect()
}
