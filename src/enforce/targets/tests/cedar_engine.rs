//! Cedar, decided by its own engine; the action is found as the head of its files says.

use std::str::FromStr as _;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PolicySet,
    Request, Schema, ValidationMode, Validator,
};

use super::*;

struct CedarEngine {
    schema: Schema,
    policies: PolicySet,
    entities: Entities,
    lines: Lines,
}

impl CedarEngine {
    fn new(model: &Model) -> Self {
        let files = files(&cedar::Cedar, model);
        let (schema, _) = Schema::from_cedarschema_str(&files["policy.cedarschema"]).unwrap();
        let policies = PolicySet::from_str(&files["policy.cedar"]).unwrap();
        let checked = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        assert!(checked.validation_passed(), "{checked}");
        let entities =
            Entities::from_json_str(&files["cedar-entities.json"], Some(&schema)).unwrap();
        let actions: serde_json::Value =
            serde_json::from_str(&files["cedar-actions.json"]).unwrap();
        Self {
            schema,
            policies,
            entities,
            lines: Lines::of(&actions),
        }
    }
}

fn uid(kind: &str, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(EntityTypeName::from_str(kind).unwrap(), EntityId::new(id))
}

impl Engine for CedarEngine {
    fn allows(&mut self, client: Option<&str>, method: &str, path: &str) -> bool {
        let Some(line) = self.lines.decide(method, path) else {
            return false;
        };
        let principal = client.map_or(uid("Anonymous", "nobody"), |client| uid("Client", client));
        let action = uid("Action", line["operation"].as_str().unwrap());
        let request = Request::new(
            principal,
            action,
            uid("Api", "api"),
            Context::empty(),
            Some(&self.schema),
        )
        .unwrap();
        let answer = Authorizer::new().is_authorized(&request, &self.policies, &self.entities);
        assert_eq!(answer.diagnostics().errors().count(), 0);
        answer.decision() == Decision::Allow
    }
}

#[test]
fn cedar_decides_as_the_model() {
    let model = shop().model();
    decide_table(&mut CedarEngine::new(&model), &model, |_| true);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn any_cedar_policy_is_valid_and_decides_as_its_model(world in worlds(&NAMES), seed: u64) {
        let model = world.model();
        decide_mutated(&mut CedarEngine::new(&model), &model, seed, |_| true)?;
    }

    #[test]
    fn a_hostile_name_is_a_string_of_cedar(name in "\\PC{0,6}|[\\x00-\\xff\u{2028}'\"\\\\{}*]{0,6}") {
        let world = crate::enforce::policy::testing::World::of(&["GET /x"], &[(&name, &[0])], &[]);
        let mut engine = CedarEngine::new(&world.model());
        prop_assert!(engine.allows(Some(&name), "GET", "/x"));
        prop_assert!(!engine.allows(Some("other!"), "GET", "/x") || name == "other!");
    }
}
