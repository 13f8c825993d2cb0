//! What the roles and users of AWS are called that Terraform names.
//!
//! In logs they have their names: so a literal name counts, from whichever file of the directory,
//! else the address does, which no log knows.

use super::code::{Code, Named, Resource, reference};

/// Types whose `name` is that of a principal.
const PRINCIPALS: [&str; 3] = ["aws_iam_role", "aws_iam_user", "aws_iam_group"];
/// Why what something else names is not edited.
const OTHER: &str = "whom it is for is named by a resource of another type";
/// Why what an address stands for is not edited.
const SEVERAL: &str = "whom it is for may be several roles, made by `count` or `for_each`";

impl Code<'_> {
    /// Whom an attribute names.
    pub(super) fn principal(&self, text: &str) -> Named {
        let plain = without_index(text);
        let Some(address) = reference(&plain) else {
            return self.named(text);
        };
        let mut named = match self.at(&address) {
            Some(resource) if PRINCIPALS.contains(&resource.kind) => {
                self.principal_itself(resource)
            }
            found => Named {
                frozen: found.map(|_| OTHER.to_owned()),
                ..self.by_address(&address)
            },
        };
        if named.by_address && plain != text {
            named.frozen = Some(SEVERAL.to_owned());
        }
        named
    }

    /// What a role or user is called.
    pub(super) fn principal_itself(&self, resource: &Resource<'_>) -> Named {
        if let Some(name) = resource.literal("name") {
            return Named {
                name,
                others: Vec::new(),
                frozen: None,
                by_address: false,
            };
        }
        let made = ["for_each", "count"];
        let several = made.iter().any(|key| resource.found.get(key).is_some());
        Named {
            frozen: several.then(|| SEVERAL.to_owned()),
            ..self.by_address(&resource.address())
        }
    }

    fn by_address(&self, address: &str) -> Named {
        Named {
            name: self.unique(address),
            others: Vec::new(),
            frozen: None,
            by_address: true,
        }
    }
}

/// An expression without what selects one of several instances of a resource.
pub(super) fn without_index(text: &str) -> String {
    let mut left = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        left.push_str(before);
        let plain = |c: char| c.is_alphanumeric() || "._-\"*".contains(c);
        match after.split_once(']') {
            Some((index, after)) if index.chars().all(plain) => rest = after,
            _ => {
                left.push('[');
                rest = after;
            }
        }
    }
    left.push_str(rest);
    left
}
