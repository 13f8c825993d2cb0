//! An object as it was when it was first opened, and what lies below a prefix.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt as _};

use super::address::Address;
use super::cache::{self, Cache, FIRST, Fetched};
use super::segment::Segment;
use super::store::{client, handle, wait};
use super::{Listed, words};

/// Tries to get a segment whose bytes break off, after those of the client for each request.
const TRIES: u32 = 5;
/// Objects of a listing that wait for who asked.
const WAITING: usize = 2000;

/// An object, of which one state is read.
pub(super) struct Object {
    store: Arc<dyn ObjectStore>,
    path: Path,
    size: u64,
    /// The state, where the store names it.
    tag: Option<String>,
    number: u64,
}

impl fmt::Debug for Object {
    // A client would show its configuration.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} ({} bytes)", self.path, self.size)
    }
}

/// Object stores are known here.
#[expect(
    clippy::unnecessary_wraps,
    reason = "without the feature it is an error"
)]
pub(super) fn available() -> io::Result<()> {
    Ok(())
}

pub(super) fn path_of(address: &Address) -> io::Result<Path> {
    let path = if address.scheme.is_web() {
        Path::from_url_path(&address.key)
    } else {
        Path::parse(&address.key)
    };
    path.map_err(|_| io::Error::new(ErrorKind::InvalidInput, "it is no key of an object"))
}

impl Object {
    /// Opens an object; who opens it again gets the same state.
    pub(super) fn open(address: &Address) -> io::Result<Arc<Self>> {
        static KNOWN: Mutex<BTreeMap<Address, Arc<Object>>> = Mutex::new(BTreeMap::new());
        static NEXT: AtomicU64 = AtomicU64::new(0);
        if address.key.is_empty() || address.key.ends_with('/') {
            return Err(io::Error::new(
                ErrorKind::IsADirectory,
                "it names no object",
            ));
        }
        let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(object) = known().get(address) {
            return Ok(Arc::clone(object));
        }
        let (store, path) = (client(address)?, path_of(address)?);
        let (size, tag, first) = {
            let (store, path) = (Arc::clone(&store), path.clone());
            wait(async move { beginning(&store, &path).await })??
        };
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let object = Arc::new(Self {
            store,
            path,
            size,
            // A weak tag says that two states are alike, not that they are equal.
            tag: tag.filter(|tag| !tag.starts_with("W/")),
            number,
        });
        if let Some(first) = first {
            Cache::shared().slot((number, 0)).0.fill(Ok(first));
        }
        // Of two who open it at the same time the first one counts.
        let kept = Arc::clone(known().entry(address.clone()).or_insert(object));
        Ok(kept)
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The segment with an offset in it. The next one is fetched meanwhile, unless only the head
    /// is looked at.
    pub(super) fn segment(self: &Arc<Self>, offset: u64) -> io::Result<Segment> {
        let number = cache::number(offset);
        let slot = self.slot(number)?;
        if number > 0 && cache::span(number).1 < self.size {
            self.slot(number + 1)?;
        }
        let bytes = slot.bytes();
        let bytes = bytes.map_err(|(kind, text)| io::Error::new(kind, text))?;
        let begins = cache::span(number).0;
        Ok(Segment { begins, bytes })
    }

    fn slot(self: &Arc<Self>, number: u64) -> io::Result<Arc<cache::Slot>> {
        let handle = handle()?;
        let (slot, is_new) = Cache::shared().slot((self.number, number));
        if is_new {
            let (object, filled) = (Arc::clone(self), Arc::clone(&slot));
            handle.spawn(async move {
                let fetched = object.fetch(number).await;
                if fetched.is_err() {
                    Cache::shared().forget((object.number, number));
                }
                filled.fill(fetched);
            });
        }
        Ok(slot)
    }

    async fn fetch(&self, number: u64) -> Fetched {
        let (begins, ends) = cache::span(number);
        let range = begins..ends.min(self.size);
        let mut tries = 1;
        loop {
            let options = GetOptions {
                range: Some(GetRange::Bounded(range.clone())),
                if_match: self.tag.clone(),
                ..GetOptions::default()
            };
            let error = match self.bytes(options, range.end - range.start).await {
                Ok(bytes) => return Ok(bytes),
                Err(Broken::Passing(error)) if tries < TRIES => error,
                Err(Broken::Passing(error) | Broken::Final(error)) => {
                    return Err((error.kind(), error.to_string()));
                }
            };
            drop(error);
            tokio::time::sleep(Duration::from_millis(100 << tries)).await;
            tries += 1;
        }
    }

    async fn bytes(&self, options: GetOptions, wanted: u64) -> Result<Bytes, Broken> {
        let found = self.store.get_opts(&self.path, options).await;
        let found = found.map_err(|error| Broken::of(&error))?;
        if found.meta.size != self.size {
            let text = "it was replaced while it was read";
            return Err(Broken::Final(io::Error::other(text)));
        }
        let bytes = found.bytes().await.map_err(|error| Broken::of(&error))?;
        if bytes.len() as u64 != wanted {
            let text = format!("{} bytes came in place of {wanted}", bytes.len());
            let cut = io::Error::new(ErrorKind::UnexpectedEof, text);
            return Err(Broken::Passing(cut));
        }
        Ok(bytes)
    }
}

/// Why bytes did not come.
enum Broken {
    /// They may come in another try.
    Passing(io::Error),
    Final(io::Error),
}

impl Broken {
    fn of(error: &object_store::Error) -> Self {
        let told = words::io(error);
        if words::is_passing(error) {
            Self::Passing(told)
        } else {
            Self::Final(told)
        }
    }
}

/// Size and state of an object, and its first segment.
async fn beginning(
    store: &Arc<dyn ObjectStore>,
    path: &Path,
) -> io::Result<(u64, Option<String>, Option<Bytes>)> {
    let options = GetOptions {
        range: Some(GetRange::Bounded(0..FIRST)),
        ..GetOptions::default()
    };
    match store.get_opts(path, options).await {
        Ok(found) => {
            let (size, tag) = (found.meta.size, found.meta.e_tag.clone());
            // What breaks off is fetched again by who needs it.
            let first = found.bytes().await.ok();
            let first = first.filter(|first| first.len() as u64 == size.min(FIRST));
            Ok((size, tag, first))
        }
        Err(error @ object_store::Error::NotFound { .. }) => Err(words::io(&error)),
        // An empty object has no first byte, and no server has to know ranges.
        Err(error) => match store.head(path).await {
            Ok(meta) if meta.size == 0 => Ok((0, meta.e_tag, Some(Bytes::new()))),
            Ok(_) if error.to_string().contains("non-partial") => Err(io::Error::other(
                "the server does not give out parts of files (range requests): download it first",
            )),
            _ => Err(words::io(&error)),
        },
    }
}

/// Hands over every object below a prefix. The listing goes on while the caller works, and no
/// further than a few pages ahead.
pub(super) fn each_below(
    prefix: &Address,
    each: &mut dyn FnMut(Listed) -> io::Result<()>,
) -> io::Result<()> {
    let (store, path) = (client(prefix)?, path_of(prefix)?);
    let (sender, mut receiver) = tokio::sync::mpsc::channel(WAITING);
    handle()?.spawn(async move {
        let (mut objects, mut last) = (store.list(Some(&path)), None);
        let mut tries = 1;
        while let Some(next) = objects.next().await {
            match next {
                Ok(meta) => {
                    last = Some(meta.location.clone());
                    tries = 1;
                    if sender.send(Ok(meta)).await.is_err() {
                        return;
                    }
                }
                // A page that broke off: the listing goes on after the last whole one.
                Err(error) if tries < TRIES && words::is_passing(&error) => {
                    tokio::time::sleep(Duration::from_millis(100 << tries)).await;
                    tries += 1;
                    objects = match &last {
                        Some(last) => store.list_with_offset(Some(&path), last),
                        None => store.list(Some(&path)),
                    };
                }
                Err(error) => {
                    let _ = sender.send(Err(words::io(&error))).await;
                    return;
                }
            }
        }
    });
    while let Some(next) = receiver.blocking_recv() {
        let meta = next?;
        each(Listed {
            name: prefix.with_key(meta.location.as_ref()).to_string(),
            size: meta.size,
        })?;
    }
    Ok(())
}
