//! The pages of the repository, and the blocks in them.

use std::fs;
use std::path::Path;

use crate::ROOT;

/// One Markdown page.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// From the root of the repository, with `/`.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A fenced block, with what an HTML comment in the line before it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block<'a> {
    pub(crate) language: &'a str,
    pub(crate) text: &'a str,
    pub(crate) remark: Option<&'a str>,
    /// Of the first line within the fence.
    pub(crate) line: usize,
    /// Where the text begins in the page.
    pub(crate) start: usize,
}

impl Page {
    pub(crate) fn read(name: &str) -> Self {
        let text = fs::read_to_string(Path::new(ROOT).join(name)).unwrap();
        Self {
            name: name.to_owned(),
            text,
        }
    }

    /// The fenced blocks in order.
    pub(crate) fn blocks(&self) -> Vec<Block<'_>> {
        let mut blocks = Vec::new();
        let mut open: Option<(&str, usize, usize)> = None;
        let mut remark = None;
        let mut at = 0;
        for (number, line) in self.text.split_inclusive('\n').enumerate() {
            let start = at;
            at += line.len();
            let line = line.trim_end();
            match (line.trim_start().strip_prefix("```"), open) {
                (Some(""), Some((language, from, line))) => {
                    let text = &self.text[from..start];
                    blocks.push(Block {
                        language,
                        text,
                        remark: remark.take(),
                        line,
                        start: from,
                    });
                    open = None;
                }
                (Some(language), None) => open = Some((language, at, number + 2)),
                (_, Some(_)) => {}
                (None, None) => {
                    let inner = line
                        .strip_prefix("<!--")
                        .and_then(|rest| rest.strip_suffix("-->"));
                    remark = inner.map(str::trim);
                }
            }
        }
        assert!(open.is_none(), "{}: a fence is not closed", self.name);
        blocks
    }

    /// The page without its fenced blocks and without code in lines, each line in its place.
    pub(crate) fn prose(&self) -> Vec<String> {
        let mut within = false;
        let mut lines = Vec::new();
        for line in self.text.lines() {
            let fence = line.trim_start().starts_with("```");
            within ^= fence;
            if fence || within {
                lines.push(String::new());
                continue;
            }
            // Every second part stands between backticks.
            let parts = line
                .split('`')
                .enumerate()
                .filter(|(index, _)| index % 2 == 0);
            lines.push(parts.map(|(_, part)| part).collect());
        }
        lines
    }
}

/// Every page that somebody reads: those at the root, those of `docs`, and those of the samples.
pub(crate) fn all() -> Vec<Page> {
    let mut names: Vec<String> = [".", "docs", "packaging"]
        .iter()
        .flat_map(|folder| markdown(folder))
        .collect();
    for entry in fs::read_dir(Path::new(ROOT).join("samples")).unwrap() {
        let sample = entry.unwrap().file_name().into_string().unwrap();
        names.extend(markdown(&format!("samples/{sample}")));
    }
    names.sort();
    assert!(names.len() > 20, "{names:?}");
    names.iter().map(|name| Page::read(name)).collect()
}

/// The Markdown files of a folder.
pub(crate) fn markdown(folder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(Path::new(ROOT).join(folder)) else {
        return Vec::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages = names.filter(|name| Path::new(name).extension().is_some_and(|end| end == "md"));
    let mut names: Vec<String> = pages
        .map(|name| match folder {
            "." => name,
            _ => format!("{folder}/{name}"),
        })
        .collect();
    names.sort();
    names
}

#[test]
fn blocks_are_found_with_their_remarks_and_lines() {
    let text =
        "# A\n\n<!-- not run: no cluster -->\n```sh\na\nb\n```\n`x` [y](z)\n\n```text\nc\n```\n";
    let page = Page {
        name: "a.md".to_owned(),
        text: text.to_owned(),
    };
    let blocks = page.blocks();
    assert_eq!(blocks[0].remark, Some("not run: no cluster"));
    assert_eq!((blocks[0].text, blocks[0].line), ("a\nb\n", 5));
    assert_eq!((blocks[1].language, blocks[1].remark), ("text", None));
    assert_eq!(page.prose()[7], " [y](z)");
}
