//! Every `sh` block of every page runs, and every quoted output is the output.
//!
//! The blocks of one page run in order in one folder with the samples, line by line. A command ends with 0, or
//! with 3 ("done, but some input was incomplete"), unless its line says otherwise: `# exit code 1`. In front of a
//! block may stand, as a comment that no reader sees:
//!
//! * `<!-- not run: REASON -->`: what a test cannot run;
//! * a further word behind the `sh` of the fence: another test runs the block, and asks for it by that name;
//! * `<!-- file NAME -->`: the block is this file, and the commands after it may use it;
//! * `<!-- output of `COMMAND` -->`: the block is what this command prints at this point of the page.
//!   `UPDATE_DOCS=1` writes it anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::page::{self, Block, Page};
use crate::workplace::{Workplace, has_shell};
use crate::{ROOT, update};

#[test]
fn every_command_of_every_page_runs_and_quoted_output_is_real() {
    if !has_shell() {
        return;
    }
    let pages = page::all();
    // The program itself uses all cores: more pages at once would only need more memory.
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(page) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push(try_out(page));
        }
        done
    };
    let done: Vec<Result<usize, String>> = std::thread::scope(|scope| {
        let running = [(); 3].map(|()| scope.spawn(work));
        running
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    let wrong: Vec<&str> = done
        .iter()
        .filter_map(|done| done.as_ref().err())
        .map(String::as_str)
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let count: usize = done.iter().flatten().sum();
    assert!(count > 60, "only {count} commands ran");
}

#[test]
fn a_page_that_lies_is_found() {
    if !has_shell() {
        return;
    }
    let page = |text: &str| Page {
        name: "a.md".to_owned(),
        text: text.to_owned(),
    };
    let ran = |text: &str| try_out(&page(text));
    assert_eq!(ran("```sh\nscopetrim --version\n```\n"), Ok(1));
    assert_eq!(ran("```sh\nscopetrim \\\n  --version\n```\n"), Ok(1));
    assert!(
        ran("```sh\nscopetrim no-such-command\n```\n")
            .unwrap_err()
            .contains("a.md:2: ")
    );
    assert_eq!(
        ran("```sh\nscopetrim no-such-command   # exit code 2\n```\n"),
        Ok(1)
    );
    assert_eq!(
        ran("<!-- not run: no such thing -->\n```sh\nscopetrim no-such-command\n```\n"),
        Ok(0)
    );
    assert!(ran("<!-- not run: -->\n```sh\nscopetrim --version\n```\n").is_err());
    assert!(ran("```sh\ncargo run --example no_such_example\n```\n").is_err());
    assert!(ran("```sh nobody\ntrue\n```\n").is_err());
    assert!(ran("<!-- output of `echo a` -->\n```text\na\n```\n").is_ok());
    if !update() {
        assert!(
            ran("<!-- output of `echo a` -->\n```text\nb\n```\n")
                .unwrap_err()
                .contains("a.md:3: ")
        );
    }
}

/// Runs what the page shows; how many commands were run, or what was wrong.
fn try_out(page: &Page) -> Result<usize, String> {
    let blocks = page.blocks();
    let quotes = |block: &Block<'_>| output_of(block).is_some();
    if !blocks
        .iter()
        .any(|block| block.language.split(' ').next() == Some("sh") || quotes(block))
    {
        return Ok(0);
    }
    let folder = Workplace::new();
    let mut count = 0;
    let mut anew = Vec::new();
    for block in &blocks {
        if let Some(command) = output_of(block) {
            let printed = run(&folder, command, page, block.line - 1)?;
            count += 1;
            if printed != block.text && update() {
                anew.push((block.start..block.start + block.text.len(), printed));
            } else if printed != block.text {
                let Page { name, .. } = page;
                return Err(format!(
                    "{name}:{}: not what `{command}` prints (UPDATE_DOCS=1 writes it anew):\n{printed}",
                    block.line
                ));
            }
            continue;
        }
        if let Some(name) = block.remark.and_then(|remark| remark.strip_prefix("file ")) {
            fs::write(folder.path(name), block.text).map_err(|error| error.to_string())?;
        }
        if block.language.starts_with("sh ") && !asked_for(block.language) {
            let Block { language, line, .. } = block;
            return Err(format!(
                "{}:{line}: no test asks for `{language}`",
                page.name
            ));
        }
        if block.language != "sh" {
            continue;
        }
        if let Some(reason) = block
            .remark
            .and_then(|remark| remark.strip_prefix("not run:"))
        {
            if reason.trim().is_empty() {
                return Err(format!(
                    "{}:{}: not run, and no reason",
                    page.name, block.line
                ));
            }
            continue;
        }
        for (line, command) in commands(block) {
            count += usize::from(try_line(&folder, page, line, &command)?);
        }
    }
    if !anew.is_empty() {
        let mut text = page.text.clone();
        for (place, printed) in anew.into_iter().rev() {
            text.replace_range(place, &printed);
        }
        fs::write(Path::new(ROOT).join(&page.name), text).map_err(|error| error.to_string())?;
    }
    Ok(count)
}

/// The lines of a block with their numbers; a line that ends with a backslash goes on in the next.
fn commands(block: &Block<'_>) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    let mut whole = String::new();
    for (number, line) in (block.line..).zip(block.text.lines()) {
        whole.push_str(line.trim());
        if whole.ends_with('\\') {
            whole.pop();
            continue;
        }
        let command = std::mem::take(&mut whole);
        if !command.is_empty() && !command.starts_with('#') {
            all.push((number, command));
        }
    }
    all
}

/// `cargo` would build anew what is under test: how it is called is looked at, and `cargo run` is the program.
fn try_line(folder: &Workplace, page: &Page, line: usize, command: &str) -> Result<bool, String> {
    let Some(cargo) = command.strip_prefix("cargo ") else {
        return run(folder, command, page, line).map(|_| true);
    };
    if let Some(arguments) = cargo.strip_prefix("run --release -- ") {
        return run(folder, &format!("scopetrim {arguments}"), page, line).map(|_| true);
    }
    let mut words = cargo.split_whitespace();
    let known = match words.next() {
        Some("build" | "install" | "test" | "bench" | "fmt" | "clippy") => true,
        Some("run") => {
            let example = words
                .skip_while(|word| *word != "--example")
                .nth(1)
                .unwrap_or_default();
            Path::new(ROOT)
                .join(format!("examples/{example}.rs"))
                .exists()
        }
        _ => false,
    };
    let refused = format!(
        "{}:{line}: `{command}` is no command of cargo that a page can show",
        page.name
    );
    if known { Ok(false) } else { Err(refused) }
}

/// What the command prints.
fn run(folder: &Workplace, command: &str, page: &Page, line: usize) -> Result<String, String> {
    let (_, said) = command.split_once("# exit code ").unwrap_or_default();
    let expected: Option<i32> = said
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .and_then(|code| code.parse().ok());
    let ran = folder.shell(command);
    let fine = match (ran.status.code(), expected) {
        (Some(code), Some(expected)) => code == expected,
        (code, None) => matches!(code, Some(0 | 3)),
        (None, Some(_)) => false,
    };
    if fine {
        return Ok(String::from_utf8_lossy(&ran.stdout).into_owned());
    }
    let mut text = String::new();
    let error = String::from_utf8_lossy(&ran.stderr);
    let _ = write!(
        text,
        "{}:{line}: `{command}` ended with {}\n{error}",
        page.name, ran.status
    );
    Err(text)
}

/// Whether some test takes the block with this line behind its fence.
fn asked_for(language: &str) -> bool {
    let mut folders = vec![Path::new(ROOT).join("tests")];
    let wanted = format!("block(\"{language}\")");
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs")
                && fs::read_to_string(&path).unwrap().contains(&wanted)
            {
                return true;
            }
        }
    }
    false
}

fn output_of<'a>(block: &Block<'a>) -> Option<&'a str> {
    block.remark?.strip_prefix("output of `")?.strip_suffix('`')
}
