//! The request target as a path that can be compared with templates.
//!
//! In: a target as a gateway logged it. Out: the path, borrowed unless a rule
//! changed it.
//!
//! Invariants:
//! * percent-escapes are decoded once and only for unreserved characters
//!   (RFC 3986 section 2.3), so `%2F` never becomes a segment border;
//! * a path that climbs above its root, or that is not a path, gives `None`:
//!   it must not match anything;
//! * the trailing slash stays: whether it matters is up to the matcher.

use super::base_path::strip_base;
use super::path_scan::look;

/// How targets are normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathRules {
    /// `//` counts as `/` (NGINX, Apache and Kong merge; Envoy does not by default).
    pub merge_slashes: bool,
    /// `;v=1` and the like are cut from each segment (RFC 3986 section 3.3).
    pub strip_matrix: bool,
    /// Prefixes to cut, for any host or for one: client path = prefix + API path.
    pub base_paths: Vec<(Option<String>, String)>,
}

impl Default for PathRules {
    fn default() -> Self {
        Self {
            merge_slashes: true,
            strip_matrix: true,
            base_paths: Vec::new(),
        }
    }
}

/// A path that can be matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NormalPath<'a> {
    /// Begins with `/`, without query and fragment.
    pub path: &'a [u8],
    /// Host of an absolute target, else the one that the log names.
    pub host: Option<&'a [u8]>,
    /// Another gateway may read another path here, see [`super::readings`]: an encoded
    /// separator, a backslash, a double encoding, `;`, `.`, `..` or `//`.
    pub odd: bool,
    /// Some rule changed it.
    pub changed: bool,
}

/// Normalises one target; `None` when it is not a path. `logged` is the host
/// that the log names next to the target; the host of an absolute target wins.
pub(crate) fn normalise<'a>(
    target: &'a [u8],
    logged: Option<&'a [u8]>,
    rules: &PathRules,
    scratch: &'a mut Vec<u8>,
) -> Option<NormalPath<'a>> {
    let (host, path) = split_authority(target)?;
    let (end, plain) = look(path);
    let host = host.or(logged);
    let path = &path[..end];
    if plain {
        let stripped = strip_base(path, host, rules);
        return Some(NormalPath {
            path: stripped,
            host,
            odd: false,
            changed: stripped.len() != path.len(),
        });
    }
    let how = Rewrite {
        merge_slashes: rules.merge_slashes,
        strip_matrix: rules.strip_matrix,
        dots: Dots::Resolve,
    };
    let odd = rewrite(path, how, scratch)?;
    let changed = scratch.as_slice() != path;
    let stripped = strip_base(scratch, host, rules);
    Some(NormalPath {
        path: stripped,
        host,
        odd,
        changed: changed || stripped.len() != scratch.len(),
    })
}

/// Cuts scheme and authority (`https://api.example.com:443/v1`) off an absolute target.
pub(super) fn split_authority(target: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    if target.first() == Some(&b'/') {
        return Some((None, target));
    }
    let scheme = memchr::memmem::find(target, b"://")?;
    if scheme == 0
        || !target[..scheme]
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
    {
        return None;
    }
    let rest = &target[scheme + 3..];
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?' | b'#'))
        .unwrap_or(rest.len());
    let authority = &rest[..end];
    // Credentials before `@` are not part of the host and are never kept.
    let host = authority
        .rsplit(|byte| *byte == b'@')
        .next()
        .unwrap_or_default();
    let host = host
        .strip_suffix(b":443")
        .or_else(|| host.strip_suffix(b":80"))
        .unwrap_or(host);
    let path = &rest[end..];
    Some((
        Some(host),
        if path.first() == Some(&b'/') {
            path
        } else {
            b"/"
        },
    ))
}

/// What is done with `.` and `..`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dots {
    /// Resolved; a path that climbs above its root is none.
    Resolve,
    /// Resolved; the root has itself as its parent (RFC 3986 section 5.2.4).
    Clamp,
    /// Segments like others.
    Keep,
}

/// How one path is rewritten.
#[derive(Clone, Copy)]
pub(super) struct Rewrite {
    pub(super) merge_slashes: bool,
    pub(super) strip_matrix: bool,
    pub(super) dots: Dots,
}

/// Writes the normalised path; whether it is odd, or `None` above the root.
pub(super) fn rewrite(path: &[u8], how: Rewrite, out: &mut Vec<u8>) -> Option<bool> {
    let mut odd = false;
    out.clear();
    let mut segments = path.split(|byte| *byte == b'/').skip(1).peekable();
    let mut segment_buffer = Vec::new();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        segment_buffer.clear();
        odd |= decode(segment, &mut segment_buffer);
        let matrix = memchr::memchr(b';', &segment_buffer);
        odd |= matrix.is_some();
        let matrix = matrix.filter(|_| how.strip_matrix);
        let segment = &segment_buffer[..matrix.unwrap_or(segment_buffer.len())];
        let dots = matches!(segment, b"." | b"..");
        odd |= dots || (segment.is_empty() && !last);
        match segment {
            _ if dots && how.dots != Dots::Keep => {
                if segment == b".." {
                    match memchr::memrchr(b'/', out) {
                        Some(parent) => out.truncate(parent),
                        None if how.dots == Dots::Clamp => {}
                        None => return None,
                    }
                }
                if last {
                    out.push(b'/');
                }
            }
            b"" if how.merge_slashes && !last => {}
            _ => {
                out.push(b'/');
                out.extend_from_slice(segment);
            }
        }
    }
    if out.is_empty() {
        out.push(b'/');
    }
    Some(odd)
}

/// Decodes unreserved characters once; whether something stayed that another gateway may decode.
fn decode(segment: &[u8], out: &mut Vec<u8>) -> bool {
    let mut odd = segment.contains(&b'\\');
    let mut at = 0;
    while at < segment.len() {
        let byte = segment[at];
        match escape(&segment[at..]) {
            Some(code) if code.is_ascii_alphanumeric() || b"-._~".contains(&code) => {
                out.push(code);
                at += 3;
            }
            Some(code) => {
                odd |= matches!(code, b'/' | b'\\' | 0 | b'%');
                out.extend_from_slice(&segment[at..at + 3]);
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    odd
}

/// The byte that an escape at the beginning of the text stands for.
pub(super) fn escape(text: &[u8]) -> Option<u8> {
    match text {
        [b'%', digits @ ..] => digits.get(..2).and_then(hex),
        _ => None,
    }
}

fn hex(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok()?;
    if digits.iter().all(u8::is_ascii_hexdigit) {
        u8::from_str_radix(text, 16).ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(target: &str) -> Option<(String, bool)> {
        let mut scratch = Vec::new();
        let normal = normalise(target.as_bytes(), None, &PathRules::default(), &mut scratch)?;
        Some((
            String::from_utf8_lossy(normal.path).into_owned(),
            normal.odd,
        ))
    }

    fn clean(target: &str) -> Option<String> {
        path(target).map(|(path, _)| path)
    }

    #[test]
    fn query_fragment_scheme_host_and_port_are_cut() {
        assert_eq!(
            clean("/v1/orders/42?a=/b#c").as_deref(),
            Some("/v1/orders/42")
        );
        assert_eq!(
            clean("https://u:p@api.example.com:443/v1?x").as_deref(),
            Some("/v1")
        );
        assert_eq!(clean("http://api.example.com").as_deref(), Some("/"));
        for garbage in ["*", "", "api.example.com:443", "-", "://x/", "a b://x/"] {
            assert_eq!(clean(garbage), None, "{garbage}");
        }
    }

    #[test]
    fn a_path_is_odd_when_another_gateway_may_read_another_one() {
        for odd in [
            "/a%2fb",
            "/a%5Cb",
            "/a\\b",
            "/a%252Fb",
            "/a;b",
            "/a/;",
            "/a/./b",
            "/a/%2e%2E",
            "/a//b",
            "//",
        ] {
            assert_eq!(path(odd).map(|(_, odd)| odd), Some(true), "{odd}");
        }
        for plain in [
            "/",
            "/a/",
            "/a%20b",
            "/%6Frders",
            "/.well-known/a..b",
            "/a?b=//;..%2F",
        ] {
            assert_eq!(path(plain).map(|(_, odd)| odd), Some(false), "{plain}");
        }
    }

    #[test]
    fn an_encoded_slash_is_not_a_segment_border() {
        assert_eq!(path("/v1/a%2Fb"), Some(("/v1/a%2Fb".to_owned(), true)));
        assert_eq!(path("/v1/%252e"), Some(("/v1/%252e".to_owned(), true)));
        assert_eq!(
            path("/v1/%6Frders%20x"),
            Some(("/v1/orders%20x".to_owned(), false))
        );
    }

    #[test]
    fn dots_are_resolved_flagged_and_never_leave_the_root() {
        assert_eq!(
            path("/v1/orders/../admin"),
            Some(("/v1/admin".to_owned(), true))
        );
        assert_eq!(
            path("/v1/orders/%2e%2E/admin"),
            Some(("/v1/admin".to_owned(), true))
        );
        assert_eq!(path("/v1/./x"), Some(("/v1/x".to_owned(), true)));
        assert_eq!(path("/../etc/passwd"), None);
        assert_eq!(clean("/.well-known/x").as_deref(), Some("/.well-known/x"));
    }

    #[test]
    fn slashes_are_merged_and_matrix_parameters_cut_by_rule() {
        assert_eq!(clean("//v1///users/").as_deref(), Some("/v1/users/"));
        assert_eq!(
            clean("/v1/users;v=1;jsessionid=2/x").as_deref(),
            Some("/v1/users/x")
        );
        let rules = PathRules {
            merge_slashes: false,
            strip_matrix: false,
            base_paths: Vec::new(),
        };
        let mut scratch = Vec::new();
        assert_eq!(
            normalise(b"/a//b;c", None, &rules, &mut scratch)
                .unwrap()
                .path,
            b"/a//b;c"
        );
    }

    #[test]
    fn a_base_path_is_cut_at_a_segment_border_only() {
        let rules = PathRules {
            base_paths: vec![
                (None, "/gw".to_owned()),
                (Some("h".to_owned()), "/gw/v2/".to_owned()),
            ],
            ..PathRules::default()
        };
        let mut scratch = Vec::new();
        let mut at = |host: Option<&str>, target: &str| {
            let host = host.map(str::as_bytes);
            let normal = normalise(target.as_bytes(), host, &rules, &mut scratch).unwrap();
            String::from_utf8(normal.path.to_vec()).unwrap()
        };
        for host in ["h", "H", "h:8443"] {
            assert_eq!(at(Some(host), "/gw/v2/x"), "/x", "{host}");
        }
        assert_eq!(at(Some("other"), "/gw/v2/x"), "/v2/x");
        assert_eq!(at(Some("other"), "https://h/gw/v2/x"), "/x");
        let mut cut = |target: &str| at(None, target);
        assert_eq!(cut("/gw/orders"), "/orders");
        assert_eq!(cut("/gwx/orders"), "/gwx/orders");
        assert_eq!(cut("https://h/gw/v2/a%41"), "/aA");
        assert_eq!(cut("/gw"), "/");
    }

    proptest! {
        #[test]
        fn a_normal_path_stays_as_it_is_and_no_input_panics(target in proptest::collection::vec(any::<u8>(), 0..64)) {
            let (mut one, mut two) = (Vec::new(), Vec::new());
            let target = [b"/", target.as_slice()].concat();
            if let Some(normal) = normalise(&target, None, &PathRules::default(), &mut one) {
                prop_assert_eq!(normal.path.first(), Some(&b'/'));
                // Escapes are decoded once: what a second pass would decode was flagged.
                if !normal.odd && let Some(again) = normalise(normal.path, None, &PathRules::default(), &mut two) {
                    prop_assert_eq!(again.path, normal.path);
                }
            }
        }
    }
}
