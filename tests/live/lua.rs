//! The code for Kong and APISIX in the access phase of a real NGINX with its module for Lua, which
//! both gateways are made of. Which consumer a plugin found is a stand-in here; method and
//! path are what NGINX gives.

use std::path::Path;

use crate::enforced::{Caller, Enforcer, product, started, written};
use crate::gateway::{Places, Product};
use crate::yaml;

/// Where Debian installs the modules.
const MODULES: &str = "/usr/lib/nginx/modules";

pub(crate) static APISIX: Enforcer = Enforcer {
    product: Product {
        lacks,
        ..product("nginx", "-v", apisix)
    },
    caller: Caller::Header,
};

pub(crate) static KONG: Enforcer = Enforcer {
    product: Product {
        lacks,
        ..product("nginx", "-v", kong)
    },
    caller: Caller::Header,
};

fn lacks(_: &str) -> Option<String> {
    let module = Path::new(MODULES).join("ngx_http_lua_module.so");
    let lacks = || "it has no module for Lua".to_owned();
    (!module.is_file()).then(lacks)
}

fn apisix(places: &Places<'_>) -> Vec<String> {
    let document = yaml::read(&written(places, "apisix", "scopetrim-apisix.yaml"));
    let plugin = &document["global_rules"][0]["plugins"]["serverless-pre-function"];
    assert_eq!(plugin["phase"], "access");
    lua(
        places,
        plugin["functions"][0].as_str().unwrap(),
        APISIX_WORLD,
    )
}

/// APISIX calls the function of a plugin with its configuration and a context.
const APISIX_WORLD: &str = r#"
local status = decide(nil, { consumer_name = ngx.req.get_headers()["x-client"] })
if status then
  return ngx.exit(status)
end
"#;

fn kong(places: &Places<'_>) -> Vec<String> {
    let document = yaml::read(&written(places, "kong", "scopetrim-kong.yaml"));
    let code = document["plugins"][0]["config"]["access"][0]
        .as_str()
        .unwrap();
    let world = format!("{KONG_WORLD}\nreturn decide()\n");
    lua(places, code, &world)
}

/// What Kong's own library does with these names (`kong/pdk/request.lua`, `kong/pdk/response.lua`).
const KONG_WORLD: &str = r#"
kong = {
  client = { get_consumer = function()
    local name = ngx.req.get_headers()["x-client"]
    return name and { id = "5", username = name }
  end },
  request = {
    get_method = ngx.req.get_method,
    get_raw_path = function()
      local target = ngx.var.request_uri
      local query = target:find("?", 2, true)
      return query and target:sub(1, query - 1) or target
    end,
  },
  response = { exit = ngx.exit },
}
"#;

/// Starts NGINX with the code, and with what calls it.
fn lua(places: &Places<'_>, code: &str, world: &str) -> Vec<String> {
    places.put("policy.lua", code);
    places.put("access.lua", &WITH_POLICY.replace("<world>", world));
    started(places, CONFIGURATION)
}

/// Both gateways load the code once and call what it gives back.
const WITH_POLICY: &str = r#"
decide = decide or assert(loadfile("<folder>/policy.lua"))()
<world>
"#;

const CONFIGURATION: &str = "
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
events { worker_connections 256; }
http {
    lua_package_path '/usr/share/lua/5.1/?.lua;;';
    client_body_temp_path body;
    proxy_temp_path proxied;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    access_log off;
    server {
        listen 127.0.0.1:<port>;
        listen 127.0.0.1:<h2>;
        location / {
            access_by_lua_file <folder>/access.lua;
            proxy_pass http://127.0.0.1:<service>;
        }
    }
}
";
