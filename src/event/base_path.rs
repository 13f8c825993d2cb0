//! Prefixes that a gateway puts in front of the API's paths.

use super::path::PathRules;

/// Cuts the longest configured prefix that ends at a segment border.
pub(super) fn strip_base<'a>(path: &'a [u8], host: Option<&[u8]>, rules: &PathRules) -> &'a [u8] {
    if rules.base_paths.is_empty() {
        return path;
    }
    let fits = |(wanted, prefix): &&(Option<String>, String)| {
        let prefix = prefix.trim_end_matches('/').as_bytes();
        wanted
            .as_ref()
            .is_none_or(|wanted| host.is_none_or(|host| same_host(wanted.as_bytes(), host)))
            && path
                .strip_prefix(prefix)
                .is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
    };
    let longest = rules
        .base_paths
        .iter()
        .filter(fits)
        .map(|(_, prefix)| prefix.trim_end_matches('/').len())
        .max();
    match longest.map(|len| &path[len..]) {
        Some([]) => b"/",
        Some(rest) => rest,
        None => path,
    }
}

/// Host names have no case (RFC 9110 section 4.2.3); a port counts only where the rule has one.
pub(crate) fn same_host(wanted: &[u8], host: &[u8]) -> bool {
    let bare = match memchr::memrchr(b':', host) {
        Some(at) if host[at + 1..].iter().all(u8::is_ascii_digit) => &host[..at],
        _ => host,
    };
    wanted.eq_ignore_ascii_case(host) || wanted.eq_ignore_ascii_case(bare)
}
