//! The pictures of the terminal are what the program prints, to the byte: `UPDATE_DOCS=1` draws them anew.
//!
//! A picture is SVG with its text as text, in the colours that the program asks for. The one of the report's page
//! needs a browser: `docs/pictures/report.sh` takes it, and here only its size is looked at.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::workplace::{Workplace, has_shell};
use crate::{ROOT, update};

/// File, what is typed, columns, and how many lines are shown at most.
const PICTURES: [(&str, &str, usize, usize); 4] = [
    ("analyze", "scopetrim analyze samples/shop", 100, 46),
    ("init", "scopetrim init samples/nginx", 80, 12),
    ("nginx", "scopetrim analyze samples/nginx", 100, 90),
    (
        "explain",
        "scopetrim explain samples/nginx billing orders:write",
        100,
        60,
    ),
];
/// What a reader of the README loads.
const LIGHT: u64 = 150_000;

const FONT: f64 = 14.0;
const ADVANCE: f64 = 8.4;
const LINE: f64 = 19.0;
const MARGIN: f64 = 16.0;
const BAR: f64 = 34.0;

#[test]
fn the_pictures_of_the_terminal_are_what_the_program_prints() {
    if !has_shell() {
        return;
    }
    let folder = Workplace::new();
    let colour = folder.shell("scopetrim analyze --help").stdout;
    let colour = String::from_utf8(colour).unwrap().contains("--color");
    let mut wrong = Vec::new();
    for (name, command, columns, most) in PICTURES {
        let wanted = if colour && !command.contains(" init ") {
            " --color always"
        } else {
            ""
        };
        let ran = folder.shell(&format!("COLUMNS={columns} {command}{wanted}"));
        assert!(ran.status.success(), "{command}: {ran:?}");
        let printed = String::from_utf8(ran.stdout).unwrap();
        let drawn = draw(command, &printed, columns, most);
        let path = Path::new(ROOT).join(format!("docs/pictures/{name}.svg"));
        if update() {
            fs::write(&path, &drawn).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != drawn {
            wrong.push(format!(
                "docs/pictures/{name}.svg is not what `{command}` prints now"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} (UPDATE_DOCS=1 cargo test --test docs)",
        wrong.join("\n")
    );
}

#[test]
fn pictures_are_light_well_formed_and_say_what_they_show() {
    let mut count = 0;
    for entry in fs::read_dir(Path::new(ROOT).join("docs/pictures")).unwrap() {
        let path = entry.unwrap().path();
        let size = fs::metadata(&path).unwrap().len();
        assert!(size < LIGHT, "{}: {size} bytes", path.display());
        let end = path.extension().unwrap().to_str().unwrap().to_owned();
        match end.as_str() {
            "svg" => {
                let text = fs::read_to_string(&path).unwrap();
                let document = roxmltree::Document::parse(&text).unwrap();
                let title = document
                    .descendants()
                    .find(|node| node.has_tag_name("title"));
                assert!(
                    title
                        .and_then(|title| title.text())
                        .is_some_and(|title| title.len() > 10),
                    "{}",
                    path.display()
                );
            }
            "png" => assert!(
                fs::read(&path).unwrap().starts_with(b"\x89PNG"),
                "{}",
                path.display()
            ),
            "sh" => continue,
            other => panic!("{other} is no picture"),
        }
        count += 1;
    }
    assert!(count > PICTURES.len(), "{count} pictures");
}

#[test]
fn colours_and_signs_of_the_output_are_drawn() {
    let drawn = draw(
        "a < b",
        "\u{1b}[1;31m- <x>\u{1b}[0m & y\n\n  1\n  2\n",
        20,
        3,
    );
    assert!(
        drawn.contains(r#"<tspan class="b red">- &lt;x&gt;</tspan><tspan> &amp; y</tspan>"#),
        "{drawn}"
    );
    assert!(drawn.contains("<title>a &lt; b</title>"), "{drawn}");
    assert!(
        drawn.contains(">  1<") && !drawn.contains(">  2<") && drawn.contains("1 more line"),
        "{drawn}"
    );
}

/// The output of a command as a window of a terminal.
fn draw(command: &str, printed: &str, columns: usize, most: usize) -> String {
    let lines: Vec<&str> = printed.trim_end().lines().collect();
    let cut = lines.len().saturating_sub(most);
    let mut shown: Vec<String> = lines.iter().take(most).map(|line| spans(line)).collect();
    if cut > 0 {
        let more = if cut == 1 { "line" } else { "lines" };
        shown.push(format!(r#"<tspan class="dim">… {cut} more {more}</tspan>"#));
    }
    let width = f64::from(u32::try_from(columns).unwrap()) * ADVANCE + 2.0 * MARGIN;
    let rows = f64::from(u32::try_from(shown.len() + 2).unwrap());
    let height = BAR + rows * LINE + MARGIN;
    let mut text = String::new();
    let title = escaped(command);
    let _ = write!(
        text,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" role="img">
<title>{title}</title>
<style>
text {{ font: {FONT}px ui-monospace, "SFMono-Regular", "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #d6dbe4; white-space: pre; }}
.b {{ font-weight: bold; }} .dim {{ fill: #9aa5b8; }} .red {{ fill: #ff8f8f; }} .green {{ fill: #8fd694; }} .yellow {{ fill: #f0cf7a; }}
.blue {{ fill: #8ab8ff; }} .magenta {{ fill: #e0a8ff; }} .cyan {{ fill: #7fd6d6; }}
</style>
<rect width="100%" height="100%" rx="8" fill="#171b24"/>
<circle cx="20" cy="17" r="5" fill="#5a6377"/><circle cx="38" cy="17" r="5" fill="#5a6377"/><circle cx="56" cy="17" r="5" fill="#5a6377"/>
"##
    );
    let prompt = format!(r#"<tspan class="green">$</tspan><tspan class="b"> {title}</tspan>"#);
    let rows = [prompt, String::new()].into_iter().chain(shown);
    let mut y = BAR + LINE;
    for row in rows {
        if !row.is_empty() {
            let _ = writeln!(
                text,
                r#"<text x="{MARGIN}" y="{y}" xml:space="preserve">{row}</text>"#
            );
        }
        y += LINE;
    }
    text.push_str("</svg>\n");
    text
}

/// A line with its colours (SGR) as spans.
fn spans(line: &str) -> String {
    let mut text = String::new();
    let mut classes: Vec<&str> = Vec::new();
    let mut parts = line.split("\u{1b}[");
    let mut put = |part: &str, classes: &[&str]| {
        if part.is_empty() {
            return;
        }
        let part = escaped(part);
        let _ = match classes {
            [] => write!(text, "<tspan>{part}</tspan>"),
            classes => write!(
                text,
                r#"<tspan class="{}">{part}</tspan>"#,
                classes.join(" ")
            ),
        };
    };
    put(parts.next().unwrap_or_default(), &classes);
    for part in parts {
        let (codes, rest) = part.split_once('m').unwrap();
        for code in codes.split(';') {
            let class = match code.trim_start_matches('0') {
                "" | "39" => None,
                "1" => Some("b"),
                "2" | "90" => Some("dim"),
                "31" | "91" => Some("red"),
                "32" | "92" => Some("green"),
                "33" | "93" => Some("yellow"),
                "34" | "94" => Some("blue"),
                "35" | "95" => Some("magenta"),
                "36" | "96" => Some("cyan"),
                "22" => {
                    classes.retain(|class| !matches!(*class, "b" | "dim"));
                    continue;
                }
                // Underlined, italic and their ends: no colour.
                _ => continue,
            };
            match class {
                None if code.ends_with("39") => {
                    classes.retain(|class| matches!(*class, "b" | "dim"));
                }
                None => classes.clear(),
                Some(class) => classes.push(class),
            }
        }
        put(rest, &classes);
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
