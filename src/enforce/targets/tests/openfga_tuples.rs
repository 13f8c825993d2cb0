//! The tuples for `OpenFGA`, looked up as its model says. Its own engine is asked in `tests/live/`.

use std::collections::BTreeSet;

use super::*;

struct Tuples {
    lines: Lines,
    tuples: BTreeSet<(String, String)>,
}

impl Tuples {
    fn new(model: &Model) -> Self {
        let files = files(&openfga::OpenFga, model);
        let json =
            |name: &str| -> serde_json::Value { serde_json::from_str(&files[name]).unwrap() };
        let all = json("openfga-tuples.json");
        let tuples = all.as_array().unwrap().iter().map(|tuple| {
            assert_eq!(tuple["relation"], "can_call");
            let [user, object] = ["user", "object"].map(|key| tuple[key].as_str().unwrap());
            assert!(user.len() <= 512 && object.len() <= 256);
            for name in [user, object] {
                let (_, id) = name.split_once(':').unwrap();
                assert!(!id.contains([':', '#', '@', ' ']), "{name}");
            }
            (user.to_owned(), object.to_owned())
        });
        let own = tuples.collect::<BTreeSet<_>>();
        assert_eq!(own.len(), all.as_array().unwrap().len(), "no tuple twice");
        Self {
            lines: Lines::of(&json("openfga-operations.json")),
            tuples: own,
        }
    }
}

impl Engine for Tuples {
    fn allows(&mut self, client: Option<&str>, method: &str, path: &str) -> bool {
        let Some(line) = self.lines.decide(method, path) else {
            return false;
        };
        let object = line["operation"].as_str().unwrap();
        let holds = |user: &str| self.tuples.contains(&(user.to_owned(), object.to_owned()));
        match client.unwrap_or_default() {
            "" => holds("anonymous:nobody"),
            name => {
                let encoded = name.bytes().map(|byte| match byte {
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                        char::from(byte).to_string()
                    }
                    byte => format!("%{byte:02X}"),
                });
                holds(&format!("client:{}", encoded.collect::<String>())) || holds("client:*")
            }
        }
    }
}

#[test]
fn the_tuples_decide_as_the_model_and_names_that_are_too_long_get_nothing() {
    let model = shop().model();
    decide_table(&mut Tuples::new(&model), &model, |_| true);
    let long = "x".repeat(600);
    let path = format!("GET /{long}");
    let world = crate::enforce::policy::testing::World::of(
        &["GET /x", &path],
        &[(&long, &[0]), ("short", &[0, 1])],
        &[],
    );
    let model = world.model();
    let mut tuples = Tuples::new(&model);
    assert!(tuples.allows(Some("short"), "GET", "/x"));
    assert!(!tuples.allows(Some(&long), "GET", "/x"));
    assert!(!tuples.allows(Some("short"), "GET", &path[4..]));
    let limits = openfga::OpenFga.limits(&model);
    assert_eq!(
        limits
            .iter()
            .filter(|limit| limit.contains("left out"))
            .count(),
        2,
        "{limits:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_tuples_decide_as_their_model(world in worlds(&NAMES), seed: u64) {
        let model = world.model();
        decide_mutated(&mut Tuples::new(&model), &model, seed, |_| true)?;
    }
}
