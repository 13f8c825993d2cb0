//! Numbers, counts, lists and quoted names in words: one function for each way of writing them.

mod names;
mod numbers;

pub(crate) use names::{
    backticks, capital, closest, first, git_path, listed, shell_word, toml_string,
};
pub(crate) use numbers::{
    compact, either, exact_duration, grouped, narrow, percent, percent_of, percent_to_hundredths,
    percent_up, plural, plural_grouped, rough_duration, rounded, rounded_up, share,
    ten_thousandths_up, tenths_up,
};
