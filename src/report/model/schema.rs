//! The JSON Schema of the contract, made from its types.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Value, json};

use super::Report;

/// The schema of `scopetrim.report/1` (JSON Schema 2020-12): `docs/report.schema.json`.
pub fn schema() -> Schema {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .with_transform(RecursiveTransform(tidy))
        .into_generator()
        .into_root_schema_for::<Report<'static>>()
}

/// Objects are closed, names of a list are an `enum`, and sizes of integers are no concern of
/// the reader.
fn tidy(schema: &mut Schema) {
    if schema.get("properties").is_some() {
        schema.insert("additionalProperties".to_owned(), json!(false));
    }
    if schema
        .get("type")
        .is_some_and(|kind| kind != "string" && *kind != json!(["string", "null"]))
    {
        schema.remove("format");
    }
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ");
    }
    names(schema);
}

/// One value for each name, with its own description, becomes one list with one description.
fn names(schema: &mut Schema) {
    let Some(Value::Array(all)) = schema.get("oneOf") else {
        return;
    };
    let name = |variant: &Value| variant.get("const").cloned();
    let Some(values) = all.iter().map(name).collect::<Option<Vec<Value>>>() else {
        return;
    };
    let said = all.iter().filter_map(|variant| {
        let text = variant.get("description")?.as_str()?.trim_end_matches('.');
        Some(format!("`{}`: {text}", variant.get("const")?.as_str()?))
    });
    let said: Vec<String> = said.collect();
    let head = schema.get("description").and_then(Value::as_str);
    let description = format!("{} {}.", head.unwrap_or_default(), said.join("; "));
    schema.remove("oneOf");
    schema.insert(
        "description".to_owned(),
        json!(description.replace('\n', " ")),
    );
    schema.insert("enum".to_owned(), Value::Array(values));
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::schema;

    #[test]
    fn the_schema_in_docs_is_the_one_of_the_types() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json");
        let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap();
        assert!(written == text, "run the test with UPDATE_DOCS=1");
    }
}
