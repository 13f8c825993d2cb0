//! Service principals and applications of a file: who is who, and what ids stand for.

use std::collections::BTreeMap;

use super::text;
use crate::document::Node;

/// Where the permissions of a resource are defined, by today's names and by those of old.
const PERMISSIONS: [&str; 4] = [
    "appRoles",
    "oauth2PermissionScopes",
    "publishedPermissionScopes",
    "oauth2Permissions",
];

/// What a file says about applications.
#[derive(Default)]
pub(super) struct Directory<'n> {
    /// The application id of a service principal, by its object id.
    applications: BTreeMap<&'n str, &'n str>,
    /// The name of a permission, by the application id of its resource and its own id.
    permissions: BTreeMap<(&'n str, &'n str), &'n str>,
}

impl<'n> Directory<'n> {
    pub(super) fn add(&mut self, node: &'n Node) {
        let Some(application) = text(node, "appId") else {
            return;
        };
        if let Some(id) = text(node, "id") {
            self.applications.insert(id, application);
        }
        let of_api = node
            .get("api")
            .and_then(|api| api.get("oauth2PermissionScopes"));
        let lists = PERMISSIONS
            .iter()
            .filter_map(|key| node.get(key))
            .chain(of_api);
        for permission in lists.flat_map(|list| list.as_seq().unwrap_or_default()) {
            if let (Some(id), Some(value)) = (text(permission, "id"), text(permission, "value"))
                && !value.is_empty()
            {
                self.permissions.insert((application, id), value);
            }
        }
    }

    /// The application id that an object id stands for, or the id itself.
    pub(super) fn application<'a>(&'a self, id: &'a str) -> &'a str {
        self.applications.get(id).copied().unwrap_or(id)
    }

    /// The name of a permission of a resource, or its id.
    pub(super) fn named<'a>(&'a self, resource: &'a str, id: &'a str) -> &'a str {
        let key = (self.application(resource), id);
        self.permissions.get(&key).copied().unwrap_or(id)
    }
}
