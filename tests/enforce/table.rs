//! The table that is written for services, decided as its head says. The program's own tests
//! hold it against the model; here it is the reference for other targets.

use std::path::Path;

use serde_json::Value;

pub(crate) struct Table {
    table: Value,
    lines: Vec<regex::Regex>,
}

impl Table {
    pub(crate) fn read(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join("table.json")).unwrap();
        let table: Value = serde_json::from_str(&text).unwrap();
        let lines = table["lines"].as_array().unwrap().iter();
        let lines = lines
            .map(|line| regex::Regex::new(line["path"].as_str().unwrap()).unwrap())
            .collect();
        Self { table, lines }
    }

    pub(crate) fn allows(&self, client: Option<&str>, method: &str, path: &str) -> bool {
        let mut lines = self.table["lines"]
            .as_array()
            .unwrap()
            .iter()
            .zip(&self.lines);
        let takes = |line: &Value| {
            line["methods"]
                .as_array()
                .unwrap()
                .iter()
                .any(|own| own == method)
        };
        let Some((line, _)) = lines.find(|(line, regex)| takes(line) && regex.is_match(path))
        else {
            return false;
        };
        let holds = |list: &Value| {
            list.as_array()
                .is_some_and(|list| list.contains(&line["rule"]))
        };
        let own = client.is_some_and(|name| holds(&self.table["clients"][name]));
        line["refuses"] == false && (own || holds(&self.table["public"]))
    }
}
