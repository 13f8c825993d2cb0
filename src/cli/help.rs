//! Which options `-h` shows, and under which heading each one is; `--help` shows all.

use clap::{Arg, Command};

/// Examples that `-h` shows.
const EXAMPLES: usize = 3;

/// A heading, and its options; those of the second list are not what most people need.
struct Group {
    heading: &'static str,
    common: &'static [&'static str],
    further: &'static [&'static str],
}

/// In the order of the help.
const GROUPS: [Group; 7] = [
    Group {
        heading: "Input",
        common: &[
            "logs",
            "with-logs",
            "ledger",
            "catalog",
            "config",
            "partial",
            "shard",
            "keep",
            "remove",
            "into",
        ],
        further: &[
            "dir",
            "log-format",
            "log-format-string",
            "log-client",
            "catalog-of",
            "threads",
            "max-line",
            "max-unpacked",
            "engine",
            "spark-submit",
            "tasks",
            "table",
            "column",
            "engine-binary",
            "job",
            "listed",
            "requests",
            "tokens",
            "client-header",
        ],
    },
    Group {
        heading: "Policy",
        common: &[
            "grants",
            "with",
            "before",
            "grants-history",
            "grants-as-of",
            "follow",
            "keep-roles",
        ],
        further: &[
            "max-roles",
            "max-per-client",
            "by",
            "grants-at",
            "policy-format",
            "audience",
            "match",
            "scopes",
            "scheme",
            "scope-key",
            "granted-since",
            "blame",
            "no-blame",
        ],
    },
    Group {
        heading: "Time",
        common: &["window", "as-of", "month", "months", "now"],
        further: &["since", "closed", "zone"],
    },
    Group {
        heading: "Safety",
        common: &[
            "level",
            "fail-on",
            "baseline",
            "max-exposure",
            "allow-shallow",
            "allow-dirty",
            "force",
            "decisions",
            "reviewer",
        ],
        further: &[
            "exception",
            "protected",
            "needs",
            "protocol-scope",
            "levels",
            "granted",
            "noise",
            "sampled",
            "all-operations-logged",
            "expected-source",
            "max-reject-share",
            "include-unsafe",
            "accept-404",
            "refused",
        ],
    },
    Group {
        heading: "Rules for reading",
        common: &[],
        further: &[
            "alias",
            "denied",
            "attempted",
            "base-path",
            "api-base",
            "path-case",
            "merge-slashes",
            "health-path",
            "redact",
            "hash-key",
        ],
    },
    Group {
        heading: "Rules for judging",
        common: &[],
        further: &[
            "objective",
            "scope-objective",
            "hints",
            "narrow",
            "weight",
            "toxic",
            "rule",
            "category",
        ],
    },
    Group {
        heading: "Output",
        common: &[
            "output",
            "json",
            "markdown",
            "diff",
            "html",
            "out",
            "stdout",
            "dry-run",
            "split",
            "json-patch",
            "limit",
            "client",
            "term",
            "ascii",
            "tool",
            "target",
            "for",
            "ask",
            "previous",
            "pseudonymise",
            "write-baseline",
            "rejects",
            "stats",
            "quiet",
        ],
        further: &[
            "csv",
            "ndjson",
            "parquet",
            "backtest",
            "undo",
            "organisation",
            "color",
            "claim",
        ],
    },
];

/// The same command line, grouped.
pub(super) fn grouped(command: Command) -> Command {
    shortened(command.mut_args(placed)).mut_subcommands(grouped)
}

/// `-h` ends with a few examples; `--help` with all of them, and with what else there is to say.
fn shortened(command: Command) -> Command {
    let Some(all) = command.get_after_help().cloned() else {
        return command;
    };
    let text = all.to_string();
    let examples = text.split("\n\n").next().unwrap_or_default();
    let short: Vec<&str> = examples.lines().take(1 + EXAMPLES).collect();
    command.after_help(short.join("\n")).after_long_help(all)
}

fn placed(arg: Arg) -> Arg {
    let Some(long) = arg.get_long() else {
        return arg;
    };
    // A folder has no other way where an argument without a flag means something else.
    let folder = arg.get_id() == "dir";
    let group = GROUPS.iter().find_map(|group| {
        let common = group.common.contains(&long);
        (common || group.further.contains(&long)).then_some((group.heading, common || folder))
    });
    match group {
        Some((heading, common)) => arg.help_heading(heading).hide_short_help(!common),
        None => arg,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each command that does something, with its full name.
    fn leaves(command: &Command, name: &str, found: &mut Vec<(String, Command)>) {
        for sub in command
            .get_subcommands()
            .filter(|sub| sub.get_name() != "help")
        {
            let name = format!("{name} {}", sub.get_name());
            leaves(sub, &name, found);
            found.push((name, sub.clone()));
        }
    }

    fn all() -> Vec<(String, Command)> {
        let mut command = super::super::command().term_width(100);
        command.build();
        let mut found = Vec::new();
        leaves(&command, "scopetrim", &mut found);
        found
    }

    #[test]
    fn the_short_help_of_every_subcommand_shows_few_options_and_fits_on_a_screen() {
        for (name, mut command) in all() {
            let shown = command.get_arguments();
            let shown =
                shown.filter(|arg| arg.get_long().is_some() && !arg.is_hide_short_help_set());
            let shown: Vec<&str> = shown.filter_map(Arg::get_long).collect();
            // `--help` and `--version` are two of them.
            assert!(shown.len() <= 18, "{name}: {shown:?}");
            let text = command.render_help().to_string();
            let lines = text.lines().count();
            assert!(lines <= 45, "{name}: {lines}\n{text}");
        }
    }

    #[test]
    fn every_subcommand_has_examples_and_they_are_calls_of_it() {
        for (name, mut command) in all() {
            let text = command.render_long_help().to_string();
            let mut lines = text.lines().skip_while(|line| *line != "Examples:").skip(1);
            assert!(lines.any(|line| line.contains(&name)), "{name}: {text}");
        }
    }

    #[test]
    fn every_flag_has_a_heading_and_a_sentence() {
        for (name, command) in all() {
            let flags = command
                .get_arguments()
                .filter(|arg| arg.get_long().is_some());
            for flag in flags.filter(|arg| arg.get_id() != "help" && arg.get_id() != "version") {
                let id = flag.get_id();
                assert!(
                    flag.get_help_heading().is_some(),
                    "{name}: {id} has no heading"
                );
                let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(
                    help.starts_with(char::is_uppercase),
                    "{name}: {id}: {help:?}"
                );
            }
        }
    }

    #[test]
    fn the_long_help_shows_what_the_short_one_leaves_out() {
        let (_, mut analyze) = all().swap_remove(0);
        let (short, long) = (analyze.render_help(), analyze.render_long_help());
        let shows = |text: &clap::builder::StyledStr, flag| text.to_string().contains(flag);
        for flag in ["--objective", "--noise", "--hash-key"] {
            assert!(!shows(&short, flag) && shows(&long, flag), "{flag}");
        }
        for flag in ["--logs", "--grants", "--window", "--level", "--json"] {
            assert!(shows(&short, flag), "{flag}");
        }
        assert!(long.to_string().contains("Safety:"));
    }
}
