//! `man`: the manual pages, made from the help.

use std::io::Write;
use std::path::PathBuf;

use super::{ExitStatus, command};
use crate::run::Advised;
use crate::run::atomic_file;

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim man | man -l -
  scopetrim man --out ~/.local/share/man/man1")]
pub(super) struct Args {
    /// Write a page for the program and for every subcommand into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let mut command = command();
    // Subcommands know their full names afterwards, and have what all of them share.
    command.build();
    let Some(folder) = &args.out else {
        clap_mangen::Man::new(command).render(out)?;
        return Ok(ExitStatus::Done);
    };
    std::fs::create_dir_all(folder).map_err(|error| {
        Advised::new(
            format!("cannot make the folder `{}`: {error}", folder.display()),
            "choose another folder with --out",
        )
    })?;
    let mut count = 0;
    pages(&command, "scopetrim", &mut |name, text| {
        count += 1;
        atomic_file::write_text(&folder.join(format!("{name}.1")), text)
    })?;
    writeln!(out, "{count} pages")?;
    Ok(ExitStatus::Done)
}

/// The page of each command, with its name.
fn pages(
    command: &clap::Command,
    name: &str,
    write: &mut dyn FnMut(&str, &str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .title(name)
        .render(&mut page)?;
    write(name, &String::from_utf8_lossy(&page))?;
    for sub in command.get_subcommands() {
        if sub.get_name() != "help" {
            pages(sub, &format!("{name}-{}", sub.get_name()), write)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subcommand_has_a_page_with_its_own_name_and_flags() {
        let mut command = command();
        command.build();
        let mut all = Vec::new();
        pages(&command, "scopetrim", &mut |name, text| {
            all.push((name.to_owned(), text.to_owned()));
            Ok(())
        })
        .unwrap();
        let of = |name: &str| {
            let page = all.iter().find(|(page, _)| page == name);
            page.map(|(_, text)| text.replace('\\', "")).unwrap()
        };
        assert!(of("scopetrim").contains("scopetrim-analyze(1)"));
        assert!(of("scopetrim-analyze").contains("--stats"));
        assert!(of("scopetrim-ledger-prune").contains("--keep"));
        assert!(all.len() > 30, "{}", all.len());
    }
}
