//! Writes a healthy tenant in four log formats, with all, some or none of the planted problems.
//!
//!     cargo run --example tenant -- OUT_DIR [--clients 50] [--days 100] [--hours 6] [--seed 7] [--plant all|none|NAME]
//!
//! `OUT_DIR/aws`, `envoy`, `kong` and `combined` each hold `logs/access.log`, `openapi.yaml`, `grants.yaml` and
//! `scopetrim.toml`. Same bytes on every run: seeded, no clock. A plant is named by its slug; `--plant list`
//! prints them all.

#[path = "support/rng.rs"]
mod rng;
#[path = "tenant/mod.rs"]
mod tenant;

use std::path::Path;

use tenant::format::Format;
use tenant::plants::{self, Plant};
use tenant::{Size, Tenant};

const USAGE: &str = "usage: tenant OUT_DIR [--clients 50] [--days 100] [--hours 6] [--seed 7] [--plant all|none|list|NAME]";

fn main() -> Result<(), String> {
    let mut folder = None;
    let mut size = Size::default();
    let mut wanted = "none".to_owned();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(USAGE);
        match arg.as_str() {
            "--clients" => size.clients = number(&value()?)?,
            "--days" => size.days = number(&value()?)?,
            "--hours" => size.hours = number(&value()?)?,
            "--seed" => size.seed = number(&value()?)?.into(),
            "--plant" => wanted = value()?,
            _ if arg.starts_with('-') || folder.is_some() => return Err(USAGE.to_owned()),
            _ => folder = Some(arg),
        }
    }
    let all = plants::all();
    if wanted == "list" {
        print(&all);
        return Ok(());
    }
    let folder = folder.ok_or(USAGE)?;
    let plants: Vec<Plant> = all
        .into_iter()
        .filter(|plant| wanted == "all" || plant.slug == wanted)
        .collect();
    if plants.is_empty() && wanted != "none" {
        return Err(format!("no plant is called `{wanted}`: try `--plant list`"));
    }
    if !plants.is_empty() && size.days < tenant::LEAST_DAYS {
        let least = tenant::LEAST_DAYS;
        return Err(format!("the problems need at least {least} days of log"));
    }
    let tenant = Tenant::new(&size, &plants);
    for format in Format::ALL {
        let path = Path::new(&folder).join(format.name());
        tenant
            .write(format, &path)
            .map_err(|error| format!("cannot write to `{}`: {error}", path.display()))?;
    }
    Ok(())
}

fn number(text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a number: {USAGE}"))
}

#[expect(clippy::print_stdout, reason = "the list is what was asked for")]
fn print(plants: &[Plant]) {
    for plant in plants {
        println!("{}: {}", plant.slug, plant.name);
        for expect in &plant.expects {
            println!("    {}", expect.sentence());
        }
    }
}
