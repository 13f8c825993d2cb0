//! Lines of which the first that fits decides, as the files of several targets hold them, and the
//! table for services, decided as its head says. The program's own tests hold it against the
//! model; in `tests/enforce/` it is the reference for other targets.

use serde_json::Value;

/// The lines of a file.
pub(crate) struct Lines(Vec<(regex::Regex, Value)>);

impl Lines {
    /// Those under `lines`.
    pub(crate) fn of(document: &Value) -> Self {
        let lines = document["lines"].as_array().unwrap().iter().map(|line| {
            let regex = regex::Regex::new(line["path"].as_str().unwrap()).unwrap();
            (regex, line.clone())
        });
        Self(lines.collect())
    }

    /// The first line that takes the request, unless it refuses.
    pub(crate) fn decide(&self, method: &str, path: &str) -> Option<&Value> {
        let takes = |line: &Value| {
            let mut methods = line["methods"].as_array().unwrap().iter();
            methods.any(|own| own == method)
        };
        let mut lines = self.0.iter();
        let (_, line) = lines.find(|(regex, line)| takes(line) && regex.is_match(path))?;
        (line["refuses"] == false).then_some(line)
    }
}

/// The table for services.
pub(crate) struct Table {
    table: Value,
    lines: Lines,
}

impl Table {
    /// The text of `table.json`.
    pub(crate) fn of(text: &str) -> Self {
        let table: Value = serde_json::from_str(text).unwrap();
        let lines = Lines::of(&table);
        Self { table, lines }
    }

    pub(crate) fn allows(&self, client: Option<&str>, method: &str, path: &str) -> bool {
        let Some(line) = self.lines.decide(method, path) else {
            return false;
        };
        let holds = |list: &Value| {
            list.as_array()
                .is_some_and(|list| list.contains(&line["rule"]))
        };
        let own = client.is_some_and(|name| holds(&self.table["clients"][name]));
        own || holds(&self.table["public"])
    }
}
