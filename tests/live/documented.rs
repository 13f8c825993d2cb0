//! The lines of configuration as the documentation has them.

use std::path::Path;

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    std::fs::read_to_string(path).unwrap()
}

/// The block of code in this language.
pub(crate) fn block(file: &str, language: &str) -> String {
    let text = read(file);
    let (_, rest) = text.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// The lines of a format in the list of formats, from the one that begins so: as many.
pub(crate) fn lines(format: &str, begin: &str, count: usize) -> String {
    let lines = indented(format, begin, count);
    lines.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

/// The same with the blanks in front of them.
pub(crate) fn indented(format: &str, begin: &str, count: usize) -> String {
    let text = read("formats.md");
    let (_, rest) = text.split_once(&format!("\n## `{format}`\n")).unwrap();
    let own = rest.split("\n## ").next().unwrap();
    let from = own
        .lines()
        .skip_while(|line| !line.trim().starts_with(begin));
    let lines: Vec<&str> = from.take(count).collect();
    assert_eq!(lines.len(), count, "{format} has no line {begin}");
    lines.join("\n")
}
