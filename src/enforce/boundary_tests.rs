//! Requests made from templates.

use super::*;

#[test]
fn every_parameter_becomes_an_id_that_no_object_has() {
    assert_eq!(
        fill("/v1/orders/{id}/lines"),
        format!("/v1/orders/{NOBODY}/lines")
    );
    assert_eq!(
        fill("/files/{name}.{ext}"),
        format!("/files/{NOBODY}.{NOBODY}")
    );
    assert_eq!(fill("/a/**"), format!("/a/{NOBODY}"));
    assert_eq!(fill("/a/{b}{c}?d=e"), format!("/a/{NOBODY}"));
    assert_eq!(fill("/plain"), "/plain");
}
