//! Addresses of object stores in the settings: usable ones, or an error before anything is read.

use std::path::Path;

use super::Advised;
use super::config::Config;
use crate::storage;

/// Refuses addresses that cannot be used before anything is read, or shown.
pub(super) fn usable(config: &Config) -> anyhow::Result<()> {
    let listed = config.catalogs.iter().map(|own| &own.file);
    let names = config
        .logs
        .iter()
        .chain(&config.catalog)
        .chain(&config.grants);
    for name in names.chain(listed).filter(|name| storage::is_remote(name)) {
        address(name)?;
    }
    let ledger = config.ledger.as_deref().and_then(Path::to_str);
    ledger
        .filter(|name| storage::is_remote(name))
        .map_or(Ok(()), address)
}

/// Refuses an address that cannot be used.
pub(crate) fn address(name: &str) -> anyhow::Result<()> {
    storage::check(name).map_err(|error| {
        let advice = if error.kind() == std::io::ErrorKind::Unsupported {
            "the programs of the releases have it; to build one: `cargo build --release --features object-storage`"
        } else {
            "write s3://BUCKET/KEY, gs://BUCKET/KEY, az://CONTAINER/KEY or https://HOST/PATH"
        };
        Advised::new(format!("`{}`: {error}", storage::shown(name)), advice)
    })
}
