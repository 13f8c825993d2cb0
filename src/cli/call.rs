//! What of the present call the next one needs, read from what the parser understood: short and
//! long spellings, `--flag=value` and lists come out alike.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::report::next::Call;

/// Flags that say where this output goes, how it looks and how fast it comes.
const OF_THIS_CALL: [&str; 8] = [
    "json", "out", "backtest", "stats", "color", "quiet", "threads", "dir",
];

/// The call of the subcommand that was chosen.
pub(super) fn call(command: &Command, found: &ArgMatches) -> Call {
    let Some((name, found)) = found.subcommand() else {
        return Call::default();
    };
    let Some(command) = command.find_subcommand(name) else {
        return Call::default();
    };
    let mut call = Call {
        of_today: true,
        ..Call::default()
    };
    for arg in command.get_arguments() {
        let id = arg.get_id().as_str();
        if found.value_source(id) != Some(ValueSource::CommandLine) {
            continue;
        }
        let Some(raw) = found.get_raw(id) else {
            continue;
        };
        let values: Vec<String> = raw.map(|v| v.to_string_lossy().into_owned()).collect();
        let long = arg.get_long();
        match long {
            None | Some("dir") => call.folder = values.first().cloned(),
            Some("out") => call.out = values.first().cloned(),
            Some(long) if !OF_THIS_CALL.contains(&long) => {
                call.flags.extend(words(arg, long, values));
            }
            Some(_) => {}
        }
    }
    call
}

/// The flag as it can be written again.
fn words(arg: &Arg, long: &str, values: Vec<String>) -> Vec<String> {
    let flag = format!("--{long}");
    if matches!(arg.get_action(), ArgAction::SetTrue) {
        return vec![flag];
    }
    let several = arg
        .get_num_args()
        .is_some_and(|range| range.max_values() > 1);
    if several {
        return std::iter::once(flag).chain(values).collect();
    }
    // A value that begins with a dash is a flag without the equals sign.
    let joined = |value: &String| arg.is_require_equals_set() || value.starts_with('-');
    values
        .into_iter()
        .flat_map(|value| {
            if joined(&value) {
                vec![format!("{flag}={value}")]
            } else {
                vec![flag.clone(), value]
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Call {
        let command = super::super::command();
        let found = command
            .clone()
            .try_get_matches_from(line.split(' '))
            .unwrap();
        call(&command, &found)
    }

    #[test]
    fn inputs_are_kept_and_where_the_output_goes_is_not() {
        let call = of(
            "scopetrim analyze shop --level=review --logs a b --grants x --grants y --blame=false --out o --stats -q",
        );
        assert_eq!(call.folder.as_deref(), Some("shop"));
        assert_eq!(call.out.as_deref(), Some("o"));
        assert_eq!(
            call.flags.join(" "),
            "--grants x --grants y --blame=false --level review --logs a b"
        );
        assert_eq!(of("scopetrim analyze --dir shop").folder, call.folder);
    }

    #[test]
    fn what_is_left_of_a_call_can_be_read_again() {
        let line =
            "scopetrim analyze shop --logs a b --match wildcard:- --alias=-a=b --no-blame --json";
        let call = of(line);
        let again = format!(
            "scopetrim explain --dir shop CLIENT {}",
            call.flags.join(" ")
        );
        let command = super::super::command();
        command.try_get_matches_from(again.split(' ')).unwrap();
    }
}
