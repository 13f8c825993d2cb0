//! Templates of which a part may be absent, as several templates.
//!
//! In: a template. Out: the same, then all that is left of it when parts are absent,
//! in the form of [`plain`].
//!
//! Absent may be: an expansion of a path (`{/x}`, RFC 6570 section 3.2.6), a whole segment
//! that a router marks (`/a/{id?}`), and what `**` stands for between others. A verb
//! after several segments (`{+name}:cancel`) is one after the last of them.

use super::spelling::{closing, plain, query_start};

/// Variants of one template. With more, none is made of it.
const MOST: usize = 16;

/// The template, then its variants.
pub(super) fn variants(path: &str) -> Vec<String> {
    let path = &path[..query_start(path).unwrap_or(path.len())];
    let whole = plain(path);
    let all = closure(path.to_owned(), without_optional).and_then(|all| {
        let mut texts: Vec<String> = Vec::new();
        for text in all {
            let plain = plain(&text);
            for text in closure(plain, less_or_more)? {
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
        }
        (texts.len() <= MOST).then_some(texts)
    });
    all.unwrap_or_else(|| vec![whole])
}

/// A string and everything that `step` makes of it and of that; `None` when it is too much.
fn closure(text: String, step: impl Fn(&str) -> Vec<String>) -> Option<Vec<String>> {
    let mut all = vec![text];
    let mut at = 0;
    while let Some(text) = all.get(at) {
        for next in step(text) {
            if !all.contains(&next) {
                all.push(next);
            }
        }
        if all.len() > MOST {
            return None;
        }
        at += 1;
    }
    Some(all)
}

/// The text without one of its optional parts, for each of them.
fn without_optional(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('{').map(|open| at + open) {
        let Some(close) = closing(&text[open..]).map(|close| open + close) else {
            break;
        };
        let (before, inside, after) = (&text[..open], &text[open + 1..close], &text[close + 1..]);
        if inside.starts_with('/') {
            found.push(format!("{before}{after}"));
        } else if let Some(front) = before.strip_suffix('/')
            && inside.ends_with('?')
            && (after.is_empty() || after.starts_with('/'))
        {
            found.push(format!("{front}{after}"));
        }
        at = close + 1;
    }
    found
}

/// A plain text without one `**` that others follow, for each of them; and with several
/// segments before a verb.
fn less_or_more(text: &str) -> Vec<String> {
    let segments: Vec<&str> = text.split('/').collect();
    let mut found = Vec::new();
    let Some((last, others)) = segments.split_last() else {
        return found;
    };
    for (at, segment) in others.iter().enumerate() {
        if matches!(*segment, "**" | "{**}") {
            let (before, after) = (&segments[..at], &segments[at + 1..]);
            found.push([before, after].concat().join("/"));
        }
    }
    let verb = ["{+}", "{**}"]
        .iter()
        .find_map(|many| last.strip_prefix(many));
    if let Some(verb) = verb.filter(|verb| !verb.is_empty()) {
        found.push(format!("{}/{{+}}/{{}}{verb}", others.join("/")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::variants;

    #[test]
    fn every_absent_part_makes_a_template_and_the_first_is_the_whole() {
        for (path, all) in [
            ("/a/{id}", &["/a/{}"][..]),
            ("/a/{id?}", &["/a/{}", "/a"]),
            ("/{id?}", &["/{}", "/"]),
            (
                "/a/{id?}/b/{n?}",
                &["/a/{}/b/{}", "/a/b/{}", "/a/{}/b", "/a/b"],
            ),
            ("/a{/x}", &["/a/{}", "/a"]),
            ("/a{/x,y}", &["/a/{}/{}", "/a"]),
            ("/a{/x*}{?page}", &["/a/{+}", "/a"]),
            ("/a/{x?}.json", &["/a/{}.json"]),
            ("/**/end", &["/**/end", "/end"]),
            ("/a/{r=**}/end", &["/a/{**}/end", "/a/end"]),
            ("/a/**", &["/a/**"]),
            (
                "/v1/{+name}:cancel",
                &["/v1/{+}:cancel", "/v1/{+}/{}:cancel"],
            ),
        ] {
            assert_eq!(variants(path), all, "{path}");
        }
        assert_eq!(variants(&"/{x?}".repeat(5)).len(), 6, "equal ones are one");
        let many = "/a/{x?}/b/{x?}/c/{x?}/d/{x?}/e/{x?}";
        assert_eq!(variants(many).len(), 1, "too many");
    }
}
