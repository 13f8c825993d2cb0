//! Kong and APISIX, decided by the code in their files in `LuaJIT`, which both run, with stand-ins
//! for what the gateways give to it.

use mlua::{Function, Lua, MultiValue, Table, Value};
use saphyr_parser::{Event, Parser};

use super::*;

/// All that the sandbox of Kong leaves in and the code asks for.
const LIBRARY: [&str; 7] = [
    "ipairs", "pairs", "string", "table", "tonumber", "tostring", "type",
];

/// The code is the global `decide`, and what is around it the global `world`.
struct LuaEngine(Lua);

impl LuaEngine {
    /// With these globals around the code, which look into the `request` of each decision.
    fn new(code: &str, globals: &str) -> Self {
        let lua = Lua::new();
        {
            let world: Table<'_> = lua.load(globals).eval().unwrap();
            for name in LIBRARY {
                let own: Value<'_> = lua.globals().get(name).unwrap();
                world.set(name, own).unwrap();
            }
            let decide = lua.load(code).set_environment(world.clone());
            // The first run makes the function of all others, in both gateways.
            let decide: Function<'_> = decide.eval().unwrap();
            lua.globals().set("decide", decide).unwrap();
            lua.globals().set("world", world).unwrap();
        }
        Self(lua)
    }

    fn kong(model: &Model) -> Self {
        let text = &files(&kong::Kong, model)["scopetrim-kong.yaml"];
        Self::new(&code(text), KONG)
    }

    fn apisix(model: &Model) -> Self {
        let text = &files(&apisix::Apisix, model)["scopetrim-apisix.yaml"];
        Self::new(&code(text), APISIX)
    }
}

const KONG: &str = r#"
local request = {}
return {
  request = request,
  kong = {
    client = { get_consumer = function()
      return request.client and { id = "5", username = request.client, custom_id = request.custom_id }
    end },
    request = {
      get_method = function() return request.method end,
      get_raw_path = function() return request.path end,
    },
    response = { exit = function(status) return status end },
  },
}"#;

const APISIX: &str = r#"
local request = {}
return {
  request = request,
  ngx = {
    req = { get_method = function() return request.method end },
    var = setmetatable({}, { __index = function(_, name)
      return name == "request_uri" and request.path .. "?x=/../y"
    end }),
  },
}"#;

/// The code, as a reader of YAML gets it.
fn code(text: &str) -> String {
    let mut events = Parser::new_from_str(text).map(|event| event.expect("YAML").0);
    let code = events.find_map(|event| match event {
        Event::Scalar(value, ..) if value.contains("local LINES") => Some(value.into_owned()),
        _ => None,
    });
    assert!(
        events.all(|event| !matches!(event, Event::Scalar(..))),
        "it is the last"
    );
    code.expect("the code")
}

impl Engine for LuaEngine {
    fn allows(&mut self, client: Option<&str>, method: &str, path: &str) -> bool {
        let world: Table<'_> = self.0.globals().get("world").unwrap();
        let request: Table<'_> = world.get("request").unwrap();
        let client = client.map(|name| self.0.create_string(name).unwrap());
        request.set("client", client.clone()).unwrap();
        request.set("method", method).unwrap();
        request.set("path", path).unwrap();
        let context = self.0.create_table().unwrap();
        context.set("consumer_name", client).unwrap();
        let decide: Function<'_> = self.0.globals().get("decide").unwrap();
        let answer: MultiValue<'_> = decide.call((Value::Nil, context)).unwrap();
        match answer.iter().next() {
            None => true,
            Some(Value::Integer(403)) => false,
            Some(Value::Number(status)) if (status - 403.0).abs() < 0.1 => false,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn kong_and_apisix_decide_as_the_model() {
    let model = shop().model();
    decide_table(&mut LuaEngine::kong(&model), &model, |_| true);
    decide_table(&mut LuaEngine::apisix(&model), &model, |_| true);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn any_code_for_kong_and_apisix_decides_as_its_model(world in worlds(&NAMES), seed: u64) {
        let model = world.model();
        decide_mutated(&mut LuaEngine::kong(&model), &model, seed, |_| true)?;
        decide_mutated(&mut LuaEngine::apisix(&model), &model, seed.rotate_left(7), |_| true)?;
    }
}

#[test]
fn a_consumer_of_kong_is_called_what_its_logs_call_it() {
    let mut engine = LuaEngine::kong(&shop().model());
    assert!(engine.allows(Some("billing"), "GET", "/orders"));
    engine
        .0
        .load("world.request.custom_id = 'idle'")
        .exec()
        .unwrap();
    assert!(!engine.allows(Some("billing"), "GET", "/orders"));
    engine
        .0
        .load("world.request.custom_id = 'billing'")
        .exec()
        .unwrap();
    assert!(engine.allows(Some("idle"), "GET", "/orders"));
    // A consumer may have an id alone.
    engine.0.load("world.request.custom_id = 5").exec().unwrap();
    assert!(!engine.allows(Some("idle"), "GET", "/orders"));
}

/// Each check of the code is one that some request of the table needs.
#[test]
fn the_requests_notice_a_check_that_is_missing() {
    let model = shop().model();
    let text = code(&files(&kong::Kong, &model)["scopetrim-kong.yaml"]);
    let table = requests::table(&model);
    for (check, other) in [
        ("text:byte(1) == 46", "false"),
        ("if last == 0 or", "if"),
        ("byte == 0xE0 or", "byte == 0xE1 or"),
        ("byte >= 0xC2", "byte >= 0xC0"),
        ("or encoded[byte]", "or byte > 0"),
        ("line.rule and texts or folded", "texts"),
        ("public[line.rule] or", ""),
        ("elseif #texts ~= count", "elseif #texts < count"),
        ("if not fits[at]", "if false"),
    ] {
        assert!(text.contains(check), "{check}");
        let mut engine = LuaEngine::new(&text.replacen(check, other, 1), KONG);
        let wrong = table.iter().filter(|request| {
            let path = requests::path(&request.target);
            engine.allows(request.client.as_deref(), &request.method, path) != request.allowed
        });
        assert!(wrong.count() > 0, "{check}");
    }
}
