//! Rego, decided by regorus.

use regorus::{Engine as Regorus, Value};

use super::*;

struct RegoEngine(Regorus);

impl RegoEngine {
    fn new(model: &Model) -> Self {
        let files = files(&rego::Rego, model);
        let mut engine = Regorus::new();
        for name in ["policy.rego", "policy_test.rego"] {
            engine
                .add_policy(name.to_owned(), files[name].clone())
                .unwrap();
        }
        engine
            .add_data(Value::from_json_str(&files["data.json"]).unwrap())
            .unwrap();
        Self(engine)
    }
}

impl Engine for RegoEngine {
    fn allows(&mut self, client: Option<&str>, method: &str, path: &str) -> bool {
        let mut input = serde_json::json!({ "method": method, "path": path });
        if let Some(client) = client {
            input["client"] = client.into();
        }
        self.0
            .set_input(Value::from_json_str(&input.to_string()).unwrap());
        self.0.eval_rule("data.scopetrim.allow".to_owned()).unwrap() == Value::from(true)
    }
}

#[test]
fn rego_decides_as_the_model_and_its_own_tests_pass() {
    let model = shop().model();
    let mut engine = RegoEngine::new(&model);
    decide_table(&mut engine, &model, |_| true);
    let rule = |engine: &mut RegoEngine, rule: &str| {
        engine
            .0
            .eval_rule(format!("data.scopetrim_test.{rule}"))
            .unwrap()
    };
    assert_eq!(
        rule(&mut engine, "test_every_request_is_decided_as_planned"),
        Value::from(true)
    );
    // And they fail where the policy is another one.
    let mut other = shop();
    other.rights.remove("billing");
    let files = files(&rego::Rego, &other.model());
    engine.0.clear_data();
    engine
        .0
        .add_data(Value::from_json_str(&files["data.json"]).unwrap())
        .unwrap();
    assert_eq!(
        rule(&mut engine, "test_every_request_is_decided_as_planned"),
        Value::Undefined
    );
}

#[test]
fn rego_refuses_an_input_that_is_no_request() {
    let mut engine = RegoEngine::new(&shop().model());
    for input in [
        "{}",
        r#"{"method":"GET","path":["/orders"],"client":"root"}"#,
        r#"{"method":["GET"],"path":"/orders","client":"root"}"#,
        r#"{"method":"GET","path":"/orders","client":["root"]}"#,
        r#"{"method":"GET","path":"/orders","client":null}"#,
    ] {
        engine.0.set_input(Value::from_json_str(input).unwrap());
        let decided = engine.0.eval_rule("data.scopetrim.allow".to_owned());
        assert!(
            !matches!(&decided, Ok(value) if *value == Value::from(true)),
            "{input} {decided:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2))]
    #[test]
    fn any_rego_decides_as_its_model(world in worlds(&NAMES), seed: u64) {
        let model = world.model();
        decide_mutated(&mut RegoEngine::new(&model), &model, seed, |_| true)?;
    }
}
