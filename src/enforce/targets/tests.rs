//! Targets decided by engines that are crates, against the model. Casbin is in `tests/enforce/`:
//! what its engine links changes how other code of a crate is understood.

mod cedar_engine;
#[path = "../../../tests/enforce/table.rs"]
mod evaluator;
mod istio_document;
mod lua_engine;
mod openfga_tuples;
mod rego_engine;
#[path = "../../../tests/scale/yaml.rs"]
mod yaml;

use evaluator::{Lines, Table};
use proptest::prelude::*;

use super::*;
use crate::enforce::policy::requests::{self, Request};
use crate::enforce::policy::testing::{NAMES, mutated, shop, worlds};

/// Makes the engine's decision from the files of a target.
trait Engine {
    fn allows(&mut self, client: Option<&str>, method: &str, path: &str) -> bool;
}

fn wiring() -> Wiring {
    Wiring {
        claim: "azp".to_owned(),
    }
}

fn files(target: &dyn Target, model: &Model) -> std::collections::BTreeMap<&'static str, String> {
    let files = target.files(model, &wiring()).into_iter();
    files.map(|file| (file.name, file.text)).collect()
}

/// The whole table, with the decision of the engine for each request.
fn decide_table(engine: &mut dyn Engine, model: &Model, knows: impl Fn(&str) -> bool) {
    let table = requests::table(model);
    assert!(table.iter().filter(|request| request.allowed).count() > 20);
    for Request {
        client,
        method,
        target,
        allowed,
        in_policy: _,
    } in &table
    {
        let decided = engine.allows(client.as_deref(), method, requests::path(target));
        let expected = *allowed && client.as_deref().is_none_or(&knows);
        assert_eq!(decided, expected, "{client:?} {method} {target}");
    }
}

/// All plain requests and a thousand mutated ones.
fn decide_mutated(
    engine: &mut dyn Engine,
    model: &Model,
    seed: u64,
    knows: impl Fn(&str) -> bool,
) -> Result<(), TestCaseError> {
    let clients: Vec<Option<&str>> = model
        .clients
        .keys()
        .map(|name| Some(name.as_str()))
        .chain([None])
        .collect();
    let plain = model.rules.iter().flat_map(|rule| {
        let path = rule.pattern.sample("7");
        rule.methods
            .iter()
            .map(move |method| ((*method).to_owned(), path.clone()))
    });
    let plain =
        plain.flat_map(|request| clients.iter().map(move |client| (*client, request.clone())));
    let mutated = mutated(model, seed, 1_000).into_iter().enumerate();
    let mutated = mutated.map(|(at, request)| (clients[at % clients.len()], request));
    for (client, (method, path)) in plain.chain(mutated) {
        let expected = model.allows(client, &method, &path) && client.is_none_or(&knows);
        prop_assert_eq!(
            engine.allows(client, &method, &path),
            expected,
            "{:?} {} {}",
            client,
            method,
            path
        );
    }
    Ok(())
}

impl Engine for Table {
    fn allows(&mut self, client: Option<&str>, method: &str, path: &str) -> bool {
        Self::allows(self, client, method, path)
    }
}

fn the_table(model: &Model) -> Table {
    Table::of(&files(&table::Table, model)["table.json"])
}

#[test]
fn the_table_decides_as_the_model() {
    let model = shop().model();
    decide_table(&mut the_table(&model), &model, |_| true);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_table_decides_as_its_model(world in worlds(&NAMES), seed: u64) {
        let model = world.model();
        decide_mutated(&mut the_table(&model), &model, seed, |_| true)?;
    }
}

#[test]
fn every_target_names_itself_and_its_files_say_what_they_were_made_from() {
    let mut model = shop().model();
    model.made_from = vec!["origin `x`\nof this".to_owned()];
    assert!(ALL.iter().map(|target| target.name()).eq(super::NAMES));
    for target in ALL {
        let files = target.files(&model, &wiring());
        assert!(
            files[0]
                .text
                .contains("origin <U+0060>x<U+0060><U+000A>of this"),
            "{}",
            files[0].text
        );
        assert!(
            files[0]
                .text
                .contains(&format!("--target {}", target.name()))
        );
        for limit in target.limits(&model) {
            assert!(files[0].text.contains(&escape::comment(&limit)), "{limit}");
            assert!(
                !limit.ends_with('.')
                    && (!limit.contains(['`', '"']) || limit.contains("left out")),
                "{limit}"
            );
        }
        assert_eq!(files, target.files(&model, &wiring()));
        assert!(by_name(target.name()).is_some());
    }
}

#[test]
fn a_hostile_name_is_one_word_in_every_line_of_text() {
    let evil = "x\" 1;\n}\nmap $a $b { default 1; } # ' \\ ${y} {{z}} */ \u{2028} \u{1b}[2J";
    let operations = ["GET /a\"b'c\\d}e{f", "GET /x"];
    let model = crate::enforce::policy::testing::World::of(
        &operations,
        &[(evil, &[0, 1]), ("plain", &[1])],
        &[],
    )
    .model();
    let plain = crate::enforce::policy::testing::World::of(
        &operations,
        &[("other", &[0, 1]), ("plain", &[1])],
        &[],
    )
    .model();
    for target in ALL {
        for (file, expected) in target
            .files(&model, &wiring())
            .iter()
            .zip(target.files(&plain, &wiring()))
        {
            let name = file.name;
            // JSON and Rego hold names as JSON: their readers are asked above.
            if !name.ends_with("json") && name != "policy_test.rego" {
                assert!(
                    file.text
                        .chars()
                        .all(|c| c == '\n' || c == '\t' || !c.is_control()),
                    "{name}"
                );
                assert!(!file.text.contains(['\u{2028}', '\u{1b}']), "{name}");
                if name != "casbin-policy.csv" {
                    assert!(
                        file.text.lines().count() <= expected.text.lines().count() + 1,
                        "{name}\n{}",
                        file.text
                    );
                }
            }
        }
    }
}
