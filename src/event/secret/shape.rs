//! What a secret looks like, whatever text it is in.
//!
//! In: a string. Out: whether there is a secret in it.
//!
//! A secret has the shape of one: a form that vendors give to their keys, a name in front
//! that says so, or letters and digits without a sense for the eye. Words have none of it,
//! also with a model's number among them: `Kyocera-KPC650-EVDO-in-FreeBSD.html`. Ids are no
//! secrets either: UUIDs and digests in hex are left alone where nothing announces them.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::words::{Says, says};

/// Shapes of tokens and keys that let in anyone who holds them, and that no word has.
const PLAIN: [&str; 10] = [
    // JSON Web Token (RFC 7519): the first part is the Base64 of `{"`, the second one too.
    r"(?:\b|_)eyJ[A-Za-z0-9_-]{8,}|eyJ[A-Za-z0-9_-]{8,}\.eyJ",
    // PASETO, and the opaque tokens of Ory.
    r"v[1-4]\.(?:local|public)\.[A-Za-z0-9_-]{16,}",
    r"ory_(?:at|rt|ac)_[0-9A-Za-z_.-]{16,}",
    // Google API keys, OAuth tokens and client secrets.
    r"AIza[0-9A-Za-z_-]{35}",
    r"(?:\b|_)ya29\.[0-9A-Za-z_-]{10,}",
    r"GOCSPX-[0-9A-Za-z_-]{16,}",
    // GitHub and GitLab tokens.
    r"(?:gh[pousr]_|github_pat_|glpat-)[0-9A-Za-z_-]{16,}",
    // Slack tokens.
    r"(?:\b|_)(?:xox[a-z](?:\.xox[a-z])?|xapp-[0-9])-[0-9A-Za-z-]{8,}",
    // Secret and restricted keys of Stripe and the many that copied the form.
    r"(?:[sr]k_(?:live|test)|whsec)_[0-9A-Za-z]{12,}",
    // PyPI, Docker, Linear, New Relic, Postman, Square, Brevo, Atlassian.
    r"pypi-AgE[0-9A-Za-z_-]{16,}|(?:dckr_[op]at_|lin_(?:api|oauth)_|NRAK-|PMAK-|sq0(?:atp|csp)-|xkeysib-|ATATT3)[0-9A-Za-z_=-]{20,}",
];

/// The same with a beginning that words have too (`sk-hynix-memory`): no words may follow.
const UNLESS_WORDS: [&str; 6] = [
    // Credentials with their scheme in front (RFC 9110 section 11.4).
    r"(?i:bearer|basic)[+ :=_-]+[0-9A-Za-z+/=._~-]{8,}",
    r"(?:[sr]k_)[0-9A-Za-z]{12,}",
    // GitLab, OpenAI, SendGrid, npm, PyPI, DigitalOcean, Hugging Face, Shopify.
    r"gl(?:oas|dt|rt|rtr|cbt|ptt|ft|soat|imt|agent|ffct)-[0-9A-Za-z_-]{16,}",
    r"(?:sk-|SG\.|npm_|pypi-|do[opr]_v1_|hf_|shp[a-z]{2}_)[0-9A-Za-z_-]{16,}",
    // Vault, Databricks, Figma, Grafana, Supabase.
    r"(?:hv[sbr]\.|dapi|fig[duor]_|gl(?:sa|c)_|sbp_)[0-9A-Za-z_=-]{20,}",
    // Bots of Telegram.
    r"[0-9]{8,12}:[0-9A-Za-z_-]{30,}",
];

/// The shapes as patterns.
struct Shapes {
    /// All of them: one pass decides nearly every string.
    any: RegexSet,
    plain: RegexSet,
    unless_words: Regex,
}

static SHAPES: LazyLock<Option<Shapes>> = LazyLock::new(|| {
    let unless_words = format!(r"(?:\b|_)(?:{})", UNLESS_WORDS.join("|"));
    let built = RegexBuilder::new(&unless_words)
        .unicode(false)
        .size_limit(4 << 20)
        .build();
    let all: Vec<&str> = PLAIN.into_iter().chain([&*unless_words]).collect();
    Some(Shapes {
        any: set(&all).ok()?,
        plain: set(&PLAIN).ok()?,
        unless_words: built.ok()?,
    })
});

/// Patterns over bytes, because a string need not be UTF-8; one that grows too large is an error.
pub(in crate::event) fn set<T: AsRef<str>>(patterns: &[T]) -> Result<RegexSet, regex::Error> {
    RegexSetBuilder::new(patterns)
        .unicode(false)
        .size_limit(4 << 20)
        .build()
}

/// The text with its percent-escapes decoded, however often it was encoded; `None` when it
/// was encoded more often than anybody does by mistake.
pub(in crate::event) fn decoded(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    const MOST: usize = 8;
    let mut text = Cow::Borrowed(text);
    for _ in 0..MOST {
        match once(&text) {
            Some(plainer) => text = Cow::Owned(plainer),
            None => return Some(text),
        }
    }
    None
}

/// Decoded once; `None` when there is nothing to decode.
fn once(text: &[u8]) -> Option<Vec<u8>> {
    let mut at = memchr::memchr(b'%', text)?;
    let mut plain = text[..at].to_vec();
    let mut found = false;
    while at < text.len() {
        let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
        let code = (text[at] == b'%').then(|| digit(at + 1).zip(digit(at + 2)));
        if let Some((high, low)) = code.flatten() {
            plain.extend(u8::try_from(high << 4 | low));
            found = true;
            at += 3;
        } else {
            plain.push(text[at]);
            at += 1;
        }
    }
    found.then_some(plain)
}

/// Whether there is a secret in a decoded text that has a known form or says what it is.
pub(in crate::event) fn holds_secret(text: &[u8]) -> bool {
    // Without the shapes nothing could be told apart, so every string counts as one.
    let Some(shapes) = SHAPES.as_ref() else {
        return true;
    };
    let hit = || {
        let mut hits = shapes.unless_words.find_iter(text);
        shapes.plain.is_match(text) || hits.any(|hit| !is_words(hit.as_bytes()))
    };
    shapes.any.is_match(text) && hit() || has_parameter(text)
}

/// `token=x`, `"api_key": "4f12a9"`: a parameter, a cookie or a header that says that its
/// value is a secret. After a colon, which separates other things too, only what looks like a key.
fn has_parameter(text: &[u8]) -> bool {
    let joins = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_.-[]".contains(byte);
    let quotes = |byte: &u8| b"\"' ".contains(byte);
    memchr::memchr2_iter(b'=', b':', text).any(|at| {
        let (before, after) = (&text[..at], &text[at + 1..]);
        let end = before.iter().rposition(|byte| !quotes(byte));
        let before = &before[..end.map_or(0, |end| end + 1)];
        let start = before.iter().rev().take_while(joins).count();
        let name = &before[before.len() - start..];
        if name.is_empty() || says(name).is_none() {
            return false;
        }
        let start = after.iter().take_while(|byte| quotes(byte)).count();
        let value = &after[start..];
        let ends = |byte: &u8| b"&;, \"'/".contains(byte) || text[at] == b':' && *byte == b':';
        let end = value.iter().position(ends).unwrap_or(value.len());
        let value = &value[..end];
        !value.is_empty() && (text[at] == b'=' || is_key(value))
    })
}

/// Whether the name before a string says that the text is a secret: `/password/4tzR7`. Words
/// (`/password/change`) and mere numbers are none.
pub(in crate::event) fn is_announced(before: &[u8], text: &[u8]) -> bool {
    match says(before) {
        None => false,
        Some(Says::Perhaps) => is_key(text),
        // After such a name a word with a number (`hunter2`) is one too.
        Some(Says::Plainly) => {
            let word = |run: &[u8]| run.len() >= 3 && run.iter().all(u8::is_ascii_alphabetic);
            let title = runs(text).count() > 1 && runs(text).any(word);
            is_mixed(text) && !(is_words(text) && (title || is_version(text)))
                || is_random_letters(text)
        }
    }
}

/// Whether a string that is named as a key may be one.
pub(super) fn is_key(text: &[u8]) -> bool {
    is_mixed(text) && !is_words(text) || is_random_letters(text)
}

/// Letters and digits, and long enough to keep somebody out.
fn is_mixed(text: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| text.iter().any(class);
    text.len() >= 5 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
}

fn is_random_letters(text: &[u8]) -> bool {
    text.len() >= 12
        && text.iter().all(u8::is_ascii_alphabetic)
        && text.iter().any(u8::is_ascii_uppercase)
        && humps(text) * 3 >= text.len()
}

/// Parts of letters and digits.
fn runs(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| !byte.is_ascii_alphanumeric())
        .filter(|run| !run.is_empty())
}

/// Whether each part of a string is a word, a number, or the number of a model.
pub(super) fn is_words(text: &[u8]) -> bool {
    runs(text).all(is_word)
}

fn is_word(run: &[u8]) -> bool {
    const LONGEST: usize = 15;
    let digits = run.iter().filter(|byte| byte.is_ascii_digit()).count();
    let humps = humps(run);
    if digits == run.len() {
        run.len() <= 8
    } else if digits == 0 && run.len() > 9 {
        let first = run.iter().skip(1).position(u8::is_ascii_uppercase);
        let longest = first.map_or(run.len(), |at| (at + 1).max(run.len() - at - 1));
        humps <= 2 && longest <= LONGEST
    } else {
        let changes = run
            .windows(2)
            .filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit());
        // `KPC650`, `4K`, and `GTX970M`.
        let most = if run.iter().take(2).all(u8::is_ascii_uppercase) {
            2
        } else {
            1
        };
        run.len() <= 9 && humps <= 3 && changes.count() <= most || is_version(run)
    }
}

/// `v2beta1`.
fn is_version(text: &[u8]) -> bool {
    text.len() <= 8 && text.first() == Some(&b'v') && text.get(1).is_some_and(u8::is_ascii_digit)
}

/// How often a word begins: at a capital, at a number, and after one. `FreeBSD` has two.
fn humps(run: &[u8]) -> usize {
    let begins = |at: usize| {
        let (Some(letter), Some(before)) =
            (run.get(at), at.checked_sub(1).and_then(|at| run.get(at)))
        else {
            return true;
        };
        let small_after = run.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        let capital = letter.is_ascii_uppercase()
            && (before.is_ascii_lowercase() || before.is_ascii_uppercase() && small_after);
        capital || letter.is_ascii_digit() != before.is_ascii_digit()
    };
    (0..run.len()).filter(|at| begins(*at)).count()
}

/// Capitals, small letters and digits that change places too often for words: the last
/// part of a chat's webhook, a key without a prefix.
///
/// Measured: of names of files, packages, operations and slugs none is taken for one, and of
/// random text in Base64 one in 25 of 20 letters is missed, one in 200 of 32, one in 1000 of 43.
pub(in crate::event) fn is_random(text: &[u8]) -> bool {
    let joins = |byte: &u8| byte.is_ascii_alphanumeric() || b"_~.=+-".contains(byte);
    text.split(|byte| !joins(byte)).any(|piece| {
        if piece.len() < 20 {
            return false;
        }
        let (mut letters, mut humped) = (0, 0);
        let (mut small, mut capital, mut digit) = (false, false, false);
        for run in runs(piece) {
            let changes = humps(run);
            // Short parts are in every title, the numbers of models among them.
            if run.len() <= 9 && changes <= 3 {
                continue;
            }
            letters += run.len();
            humped += changes;
            small |= run.iter().any(u8::is_ascii_lowercase);
            capital |= run.iter().any(u8::is_ascii_uppercase);
            digit |= run.iter().any(u8::is_ascii_digit);
        }
        let often = if digit {
            letters >= 16 && humped * 3 >= letters
        } else {
            letters >= 24 && humped * 25 >= letters * 9
        };
        small && capital && often
    })
}

#[cfg(test)]
#[path = "shape_tests.rs"]
mod tests;
