//! Whole objects as they are now, and changes on a condition.

use std::io::{self, ErrorKind};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use object_store::path::Path;
use object_store::{
    Error, GetOptions, ObjectStore, PutMode, PutOptions, PutPayload, UpdateVersion,
};

use super::address::Address;
use super::object::path_of;
use super::store::{client, wait};
use super::{Condition, Refused, Version, words};

/// Tries to get an object whose bytes break off.
const TRIES: u32 = 5;

/// The bytes of an object and its state; `limit` is the most that it may have.
pub(super) fn get(address: &Address, limit: u64) -> io::Result<(Vec<u8>, Version)> {
    let (store, path) = (client(address)?, path_of(address)?);
    wait(async move {
        let mut tries = 1;
        loop {
            let found = store.get_opts(&path, GetOptions::default()).await;
            let found = found.map_err(|error| words::io(&error))?;
            let size = found.meta.size;
            if size > limit {
                let text = format!("it has more than {limit} bytes");
                return Err(io::Error::new(ErrorKind::FileTooLarge, text));
            }
            let version = Version {
                tag: found.meta.e_tag.clone(),
                number: found.meta.version.clone(),
            };
            match found.bytes().await {
                Ok(bytes) if bytes.len() as u64 == size => return Ok((bytes.to_vec(), version)),
                Err(error) if tries == TRIES => return Err(words::io(&error)),
                Ok(_) if tries == TRIES => {
                    return Err(io::Error::new(ErrorKind::UnexpectedEof, "it is cut off"));
                }
                _ => tokio::time::sleep(Duration::from_millis(100 << tries)).await,
            }
            tries += 1;
        }
    })?
}

/// Puts an object if the condition holds.
pub(super) fn put(
    address: &Address,
    bytes: &[u8],
    condition: &Condition,
) -> Result<Version, Refused> {
    let mode = match condition {
        Condition::New => PutMode::Create,
        Condition::Instead(version) => PutMode::Update(UpdateVersion {
            e_tag: version.tag.clone(),
            version: version.number.clone(),
        }),
    };
    let store = client(address).map_err(Refused::Failed)?;
    let path = path_of(address).map_err(Refused::Failed)?;
    let payload = PutPayload::from(bytes.to_vec());
    let put = wait(async move {
        let options = PutOptions::from(mode);
        store.put_opts(&path, payload, options).await
    });
    match put.map_err(Refused::Failed)? {
        Ok(put) => Ok(Version {
            tag: put.e_tag,
            number: put.version,
        }),
        Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Err(Refused::Taken),
        Err(error) => Err(Refused::Failed(words::io(&error))),
    }
}

/// Removes objects of one bucket, many with one request where the store knows that.
pub(super) fn remove(addresses: &[Address]) -> io::Result<()> {
    let Some(first) = addresses.first() else {
        return Ok(());
    };
    let store = client(first)?;
    let paths: Vec<Path> = addresses.iter().map(path_of).collect::<Result<_, _>>()?;
    wait(async move {
        let paths = stream::iter(paths.into_iter().map(Ok)).boxed();
        let mut removed = store.delete_stream(paths);
        while let Some(next) = removed.next().await {
            match next {
                Ok(_) | Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(words::io(&error)),
            }
        }
        Ok(())
    })?
}
