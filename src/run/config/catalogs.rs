//! `[[catalogs]]`: one of several API descriptions, with what it describes.

use super::ConfigError;
use super::names::CATALOG_KEYS;
use super::reader::Section;
use super::values::{parse_api_base, scopes};
use crate::catalog::Listed;

pub(super) fn catalog(section: &Section<'_>) -> Result<Listed, ConfigError> {
    let mut own = Listed::default();
    for value in section.entries() {
        match value.key {
            "file" => own.file = value.text()?,
            "host" => own.host = Some(value.parse(host)?),
            "base_path" => own.base_path = Some(value.parse(parse_api_base)?),
            "audience" => own.audience = Some(value.text()?),
            "scheme" => own.scheme = Some(value.text()?),
            "scope_key" => own.scope_key = Some(value.text()?),
            "scopes" => own.scopes = Some(value.parse(scopes)?),
            _ => return Err(section.unknown(value, &CATALOG_KEYS)),
        }
    }
    if own.file.is_empty() {
        return Err(section.missing("file"));
    }
    Ok(own)
}

/// A host as requests name it: no URL, and no pattern.
fn host(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_alphanumeric() || ".-_:[]".contains(c);
    if !text.is_empty() && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    Err("write the name of a host, with its port where it matters: `api.example.com`".to_owned())
}
