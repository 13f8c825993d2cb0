//! Apache httpd, which checks tokens with `mod_auth_openidc`, and both lines that are
//! recommended for it.

use std::path::Path;

use crate::compare::{Caller, Is, Log, Refusal};
use crate::documented;
use crate::gateway::{Places, Product};
use crate::token::{CLIENT, KEY};

/// Where Debian has them.
const MODULES: &str = "/usr/lib/apache2/modules";

pub(crate) static PRODUCT: Product = Product {
    name: "apache",
    program: "apache2",
    version: "-v",
    known: "/2.4.",
    lacks: |_| {
        let file = Path::new(MODULES).join("mod_auth_openidc.so");
        (!file.is_file()).then(|| "no mod_auth_openidc on this machine".to_owned())
    },
    configure,
    ready: None,
    logs: &[
        Log {
            file: "who.log",
            format: "combined",
            caller: Caller::Named,
            refusal: Refusal::Unsaid,
            unusual: UNUSUAL,
        },
        Log {
            file: "scopetrim.log",
            format: "combined",
            caller: Caller::Named,
            refusal: Refusal::Unsaid,
            unusual: UNUSUAL,
        },
    ],
};

/// The gateway could not read it as a request, and says so.
const UNREAD: Is = Is::PassedOver("other_record");

const UNUSUAL: &[(&str, Is)] = &[
    ("a version of another protocol", UNREAD),
    ("a raw quote and a status", UNREAD),
    ("a raw space", UNREAD),
    ("a tab", UNREAD),
    ("HTTP/0.9", Is::Status(Some(401))),
    ("a method with a sign", UNREAD),
    ("a caller that leaves", Is::Status(Some(200))),
    ("words", UNREAD),
    ("a method alone", UNREAD),
    ("TLS on a plain port", UNREAD),
    ("a protocol in the path", Is::Path("/v1/orders/a")),
    ("a target that is too long", Is::Cut),
];

fn configure(places: &Places<'_>) -> Vec<String> {
    let own = documented::block("log-formats.md", "apache");
    let own = own.lines().next().unwrap();
    let who = documented::lines("combined", "Apache (mod_auth_openidc): LogFormat", 1);
    let who = who.split_once(": ").unwrap().1.to_owned();
    let text = CONFIGURATION
        .replace("<modules>", MODULES)
        .replace("<who>", &who)
        .replace("<own>", own)
        .replace("<key>", KEY)
        .replace("<client>", CLIENT);
    let path = places.put("httpd.conf", &text);
    ["-f", &path, "-D", "FOREGROUND"]
        .map(str::to_owned)
        .to_vec()
}

const CONFIGURATION: &str = r#"
ServerRoot "<folder>"
DefaultRuntimeDir "<folder>"
PidFile "<folder>/httpd.pid"
ErrorLog "<folder>/error.log"
ServerName api.example.com
Listen 127.0.0.1:<port>
Listen 127.0.0.1:<h2>
User www-data
Group www-data
LoadModule mpm_event_module <modules>/mod_mpm_event.so
LoadModule authn_core_module <modules>/mod_authn_core.so
LoadModule authz_core_module <modules>/mod_authz_core.so
LoadModule authz_user_module <modules>/mod_authz_user.so
LoadModule auth_openidc_module <modules>/mod_auth_openidc.so
LoadModule rewrite_module <modules>/mod_rewrite.so
LoadModule env_module <modules>/mod_env.so
LoadModule proxy_module <modules>/mod_proxy.so
LoadModule proxy_http_module <modules>/mod_proxy_http.so
LoadModule http2_module <modules>/mod_http2.so
Protocols h2c http/1.1
LimitRequestBody 1024
AllowEncodedSlashes NoDecode

<who>
CustomLog "<folder>/who.log" who
<own>
CustomLog "<folder>/scopetrim.log" scopetrim

OIDCOAuthVerifySharedKeys "plain#live#<key>"
OIDCOAuthRemoteUserClaim azp
SetEnv proxy-nokeepalive 1
RewriteEngine On
RewriteRule "^/limited/" "-" [R=429,L]
ProxyPass "/down/" "http://127.0.0.1:<closed>/down/" nocanon
ProxyPass "/" "http://127.0.0.1:<service>/" nocanon
<Location "/">
    AuthType oauth20
    AuthzSendForbiddenOnFailure On
    Require claim scope:orders:all
</Location>
<Location "/public/">
    AuthType None
    Require all granted
</Location>
"#;
