//! Spellings of paths and templates, and the trie against a reference that is slow and plain.

use proptest::prelude::*;

use super::*;
use crate::model::Requirement;

fn matcher(labels: &[String], options: MatchOptions) -> Matcher {
    let operations: Vec<Operation> = labels
        .iter()
        .map(|label| {
            let (method, path) = label.split_once(' ').unwrap();
            Operation::new(Method::parse(method.as_bytes()), path, Requirement::none())
        })
        .collect();
    Matcher::new(&operations, options).0
}

/// The template that a GET of the path is counted under.
fn get<'m>(matcher: &'m Matcher, path: &str) -> Option<&'m str> {
    let found = matcher.find(Method::Get, path.as_bytes())?;
    Some(&matcher.routes()[found.route as usize].template)
}

fn of(templates: &[&str]) -> Matcher {
    let labels: Vec<String> = templates.iter().map(|path| format!("GET {path}")).collect();
    matcher(&labels, MatchOptions::default())
}

#[test]
fn a_word_with_escapes_is_not_taken_for_a_parameter() {
    let m = of(&[
        "/users/@me",
        "/users/{id}",
        "/docs/{id}",
        "/docs/{id}:archive",
        "/enc/a b",
        "/enc/{id}",
        "/enc/caf\u{e9}",
        "/enc/x%7Ey",
        "/enc/%c3%bc",
    ]);
    for (path, template) in [
        ("/users/%40me", "/users/@me"),
        ("/users/%40you", "/users/{id}"),
        ("/docs/7%3Aarchive", "/docs/{id}:archive"),
        ("/docs/7%3aarchive", "/docs/{id}:archive"),
        ("/enc/a%20b", "/enc/a b"),
        ("/enc/caf%c3%a9", "/enc/caf\u{e9}"),
        ("/enc/caf\u{e9}", "/enc/caf\u{e9}"),
        ("/enc/x~y", "/enc/x%7Ey"),
        ("/enc/\u{fc}", "/enc/%c3%bc"),
        ("/enc/%C3%BC", "/enc/%c3%bc"),
    ] {
        assert_eq!(get(&m, path), Some(template), "{path}");
    }
}

#[test]
fn an_escape_never_makes_a_border_and_is_decoded_once() {
    let m = of(&["/a/{x}", "/a/{x}/b", "/a/%2540"]);
    assert_eq!(get(&m, "/a/1%2Fb"), Some("/a/{x}"));
    assert_eq!(get(&m, "/a/1%5Cb"), Some("/a/{x}"));
    assert_eq!(get(&m, "/a/%2540"), Some("/a/%2540"));
    assert_eq!(get(&m, "/a/%40"), Some("/a/{x}"));
    assert_eq!(get(&m, "/a/%zz%"), Some("/a/{x}"));
}

#[test]
fn a_parameter_with_a_pattern_takes_what_the_pattern_can() {
    let m = of(&[
        "/users/{id:[0-9]+}",
        "/users/{id:[0-9]{3}}/x",
        "/tree/{path:.*}",
        "/files/{file:path}",
        "/n/{id:int}",
        "/v1/{name=projects/*/keys/*}/versions",
        "/v1/{name=projects/*}:cancel",
        "/v1/{rest=**}",
    ]);
    for (path, template) in [
        ("/users/12", Some("/users/{id:[0-9]+}")),
        ("/users/123/x", Some("/users/{id:[0-9]{3}}/x")),
        ("/users/123/y", None),
        ("/tree/a/b", Some("/tree/{path:.*}")),
        ("/files/a/b", Some("/files/{file:path}")),
        ("/n/1/2", None),
        (
            "/v1/projects/p/keys/k/versions",
            Some("/v1/{name=projects/*/keys/*}/versions"),
        ),
        (
            "/v1/projects/p:cancel",
            Some("/v1/{name=projects/*}:cancel"),
        ),
        ("/v1/a/b/c", Some("/v1/{rest=**}")),
    ] {
        assert_eq!(get(&m, path), template, "{path}");
    }
}

#[test]
fn two_ways_to_take_the_rest_are_one_template() {
    let m = of(&["/f/**", "/f/{path+}"]);
    for path in ["/f/a/b", "/f/a", "/f/", "/f"] {
        let found = m.find(Method::Get, path.as_bytes()).unwrap();
        assert_eq!(
            m.routes()[found.route as usize].operations,
            [0, 1],
            "{path}"
        );
    }
}

#[test]
fn expansions_of_a_query_are_cut_and_those_of_a_path_are_not() {
    let m = of(&[
        "/opt/{id}{?page,limit}",
        "/next/{id}{&page}",
        "/label{.ext}",
        "/m{;v}",
        "/maybe/{id?}",
        "/matrix/{point};x={x}/y",
    ]);
    for (path, template) in [
        ("/opt/7", "/opt/{id}{?page,limit}"),
        ("/next/7", "/next/{id}{&page}"),
        ("/label.json", "/label{.ext}"),
        ("/m", "/m{;v}"),
        ("/maybe/7", "/maybe/{id?}"),
        ("/matrix/p/y", "/matrix/{point};x={x}/y"),
    ] {
        assert_eq!(get(&m, path), Some(template), "{path}");
    }
}

#[test]
fn a_template_is_normalised_as_requests_are() {
    let m = of(&["//double//x", "/dot/./x", "/semi/a;b/{id}", "/end/"]);
    for (path, template) in [
        ("/double/x", "//double//x"),
        ("/dot/x", "/dot/./x"),
        ("/semi/a/1", "/semi/a;b/{id}"),
        ("/end/", "/end/"),
    ] {
        assert_eq!(get(&m, path), Some(template), "{path}");
    }
}

/// How specific a segment of a template is, the least number the most; mixed ones by their text.
type Rank = (u8, usize);

/// The rank of each segment, when the template fits the path; compared letter by letter.
fn fit(template: &str, path: &str) -> Option<Vec<Rank>> {
    let cut = |text: &str| -> Vec<String> {
        let segments = text.split('/').skip(1);
        let segments: Vec<String> = segments.map(str::to_owned).collect();
        if segments == [""] {
            Vec::new()
        } else {
            segments
        }
    };
    // What may be absent is there, or not.
    let with = template.replace("{x?}", "{}");
    let without = template.replace("/{x?}", "");
    let without = if without.is_empty() {
        "/".to_owned()
    } else {
        without
    };
    // `/**/` without anything is the root, whose path has no segment.
    let is_root = |template: &String| template.trim_start_matches("/**") == "/";
    let root = [&with, &without].into_iter().any(is_root);
    let root = root.then(|| "/".to_owned());
    [Some(with), Some(without), root]
        .iter()
        .flatten()
        .filter_map(|template| ranks(&cut(template), &cut(path)))
        .min()
}

fn ranks(template: &[String], rest: &[String]) -> Option<Vec<Rank>> {
    let Some((segment, more)) = template.split_first() else {
        return rest.is_empty().then(Vec::new);
    };
    let several = |text: &String| matches!(text.as_str(), "{+}" | "**");
    // Neighbours are one.
    if template.iter().all(several) {
        let enough = template.iter().all(|part| part == "**") || !rest.is_empty();
        return enough.then(|| vec![(3, 0)]);
    }
    if let Some(verb) = segment.strip_prefix("{+}").filter(|verb| !verb.is_empty()) {
        let one = vec![format!("{{}}{verb}")];
        let more = vec!["{+}".to_owned(), format!("{{}}{verb}")];
        return [one, more]
            .iter()
            .filter_map(|parts| ranks(parts, rest))
            .min();
    }
    // Every division is tried.
    let inner = &template[..template.len() - 1];
    let many = inner.iter().take_while(|part| several(part)).count();
    if many > 0 {
        let least = usize::from(template[..many].iter().any(|part| part == "{+}"));
        let fits = (least..=rest.len()).filter_map(|taken| {
            let filled = rest[..taken].iter().all(|segment| !segment.is_empty());
            let after = ranks(&template[many..], &rest[taken..])?;
            filled.then(|| [vec![(2, 1); taken], after].concat())
        });
        return fits.min();
    }
    let (text, after) = rest.split_first()?;
    let rank = match segment.as_str() {
        "{}" if text.is_empty() => return None,
        "{}" => (2, 0),
        mixed if mixed.contains("{}") => {
            let pattern = mixed.split("{}").map(regex::escape).collect::<Vec<_>>();
            let pattern = format!("^{}$", pattern.join(".+"));
            if !regex::Regex::new(&pattern).unwrap().is_match(text) {
                return None;
            }
            (1, 1_000 - (mixed.len() - 2 * mixed.matches("{}").count()))
        }
        literal if literal == text => (0, 0),
        _ => return None,
    };
    Some([vec![rank], ranks(more, after)?].concat())
}

/// The operations that fit best: those of the method, else of ANY, and for HEAD those of
/// GET as well where nothing describes HEAD so closely. OPTIONS has no use of ANY.
fn slow(labels: &[String], method: &str, path: &str) -> BTreeSet<usize> {
    let fits = |method: &str| {
        let all: Vec<(Vec<Rank>, bool, usize)> = labels
            .iter()
            .enumerate()
            .filter_map(|(index, label)| {
                let (stated, template) = label.split_once(' ').unwrap();
                if stated != method && (stated != "ANY" || method == "OPTIONS") {
                    return None;
                }
                Some((fit(template, path)?, stated == "ANY", index))
            })
            .collect();
        let best = all
            .iter()
            .map(|(ranks, any, _)| (ranks.clone(), *any))
            .min();
        let found: BTreeSet<usize> = all
            .into_iter()
            .filter(|(ranks, any, _)| Some((ranks.clone(), *any)) == best)
            .map(|(.., index)| index)
            .collect();
        (best, found)
    };
    let (best, mut found) = fits(method);
    if method == "HEAD" {
        let (get, as_get) = fits("GET");
        if best.is_none() || get < best {
            found.extend(as_get);
        }
    }
    found
}

fn toggle(path: &str) -> String {
    match path {
        "/" => "/".to_owned(),
        _ => path
            .strip_suffix('/')
            .map_or_else(|| format!("{path}/"), str::to_owned),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn the_trie_agrees_with_a_slow_reference(
        labels in prop::collection::btree_set(
            "(GET|POST|HEAD|OPTIONS|ANY) (/(a|b|B|\\{\\}|a\\{\\}|\\{\\}:b|\\{\\}\\.a|a\\{\\}:b|\\{\\}-\\{\\}|@m|\\{\\+\\}|\\*\\*)){0,3}(/\\{x\\?\\})?(/|/\\{\\+\\}|/\\*\\*|/a|/\\{\\}:b|/\\{\\+\\}:b)?",
            1..10,
        ),
        method in "GET|POST|HEAD|OPTIONS",
        path in "(/(a|b|B|ab|c:b|a1:b|a\\.a|a-b:b|@m|a-)){0,4}(/|/a|/b)",
        insensitive in any::<bool>(),
        escaped in any::<u32>(),
    ) {
        let labels: Vec<String> = labels.into_iter().collect();
        let m = matcher(&labels, MatchOptions { case_insensitive: insensitive });
        // Some letters of the request are spelled as escapes, which changes nothing.
        let spelt: String = path
            .chars()
            .enumerate()
            .map(|(index, c)| match c {
                '/' => c.to_string(),
                c if escaped >> (index % 32) & 1 == 1 => format!("%{:02x}", u32::from(c)),
                c => c.to_string(),
            })
            .collect();
        let found = m.find(Method::parse(method.as_bytes()), spelt.as_bytes());
        let lower: Vec<String> = labels
            .iter()
            .map(|label| {
                let (method, path) = label.split_once(' ').unwrap();
                format!("{method} {}", path.to_ascii_lowercase())
            })
            .collect();
        let (folded, text) = if insensitive {
            (&lower, path.to_ascii_lowercase())
        } else {
            (&labels, path.clone())
        };
        let tries = [
            (folded, text.clone()),
            (folded, toggle(&text)),
            (&lower, path.to_ascii_lowercase()),
            (&lower, toggle(&path.to_ascii_lowercase())),
        ];
        let wanted = tries
            .iter()
            .map(|(labels, path)| slow(labels, &method, path))
            .find(|found| !found.is_empty());
        match (found, wanted) {
            (None, None) => {}
            (Some(found), Some(wanted)) => {
                let operations: BTreeSet<usize> =
                    m.routes()[found.route as usize].operations.iter().copied().collect();
                prop_assert!(
                    operations.is_superset(&wanted),
                    "{} {} of {:?}: {:?}, not {:?}", method, path, labels, operations, wanted
                );
                prop_assert_eq!(found.looser, slow(folded, &method, &text).is_empty());
            }
            (found, wanted) => prop_assert!(
                false, "{} {} of {:?}: {:?}, not {:?}", method, path, labels, found, wanted
            ),
        }
    }
}
