//! One client for each bucket, and the one thread on which all requests run.
//!
//! Credentials are those that the providers' own tools find: environment, web identity, profiles,
//! and the metadata service of the machine.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use object_store::{BackoffConfig, ClientConfigKey, ObjectStore, RetryConfig};
use tokio::runtime::{Builder, Handle};

use super::address::{Address, Scheme};
use super::{profile, words};

/// What one request may take, with its body.
const TIMEOUT: &str = "120 seconds";

/// The client of a bucket; of each there is one.
pub(super) fn client(address: &Address) -> io::Result<Arc<dyn ObjectStore>> {
    static CLIENTS: Mutex<BTreeMap<String, Arc<dyn ObjectStore>>> = Mutex::new(BTreeMap::new());
    // TLS is set up there.
    handle()?;
    let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
    let root = address.root();
    if let Some(known) = clients.get(&root) {
        return Ok(Arc::clone(known));
    }
    let made = make(address)?;
    clients.insert(root, Arc::clone(&made));
    Ok(made)
}

fn make(address: &Address) -> io::Result<Arc<dyn ObjectStore>> {
    let built = |error: object_store::Error| words::io(&error);
    let bucket = address.authority.as_str();
    Ok(match address.scheme {
        Scheme::S3 => {
            let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
            if let Some(key) = own("AWS_TIMEOUT") {
                builder = builder.with_config(AmazonS3ConfigKey::Client(key), TIMEOUT);
            }
            let builder = profile::apply(builder)?;
            Arc::new(builder.with_retry(retry()).build().map_err(built)?)
        }
        Scheme::Google => {
            let mut builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket);
            if let Some(key) = own("GOOGLE_TIMEOUT") {
                builder = builder.with_config(GoogleConfigKey::Client(key), TIMEOUT);
            }
            Arc::new(builder.with_retry(retry()).build().map_err(built)?)
        }
        Scheme::Azure => {
            let mut builder = MicrosoftAzureBuilder::from_env().with_container_name(bucket);
            if let Some(key) = own("AZURE_TIMEOUT") {
                builder = builder.with_config(AzureConfigKey::Client(key), TIMEOUT);
            }
            Arc::new(builder.with_retry(retry()).build().map_err(built)?)
        }
        Scheme::Http | Scheme::Https => {
            let builder = HttpBuilder::new()
                .with_url(address.root())
                .with_config(ClientConfigKey::AllowHttp, "true")
                .with_config(ClientConfigKey::Timeout, TIMEOUT);
            Arc::new(builder.with_retry(retry()).build().map_err(built)?)
        }
    })
}

/// The key of the timeout, where the environment does not set it.
fn own(variable: &str) -> Option<ClientConfigKey> {
    let stated = std::env::var_os(variable).is_some();
    (!stated).then_some(ClientConfigKey::Timeout)
}

/// What a busy store (429, 503) and a broken connection are given: half a minute.
fn retry() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(5),
            base: 2.0,
        },
        max_retries: 10,
        retry_timeout: Duration::from_mins(1),
    }
}

/// Where requests run.
pub(super) fn handle() -> io::Result<&'static Handle> {
    static HANDLE: OnceLock<Result<Handle, String>> = OnceLock::new();
    let made = HANDLE.get_or_init(|| start().map_err(|error| error.to_string()));
    made.as_ref()
        .map_err(|text| io::Error::other(text.as_str()))
}

fn start() -> io::Result<Handle> {
    // It is an error only when somebody was first, who then chose.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("object storage".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(handle)
}

/// Waits for something that runs there.
pub(super) fn wait<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> io::Result<T> {
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    handle()?.spawn(async move {
        // Nobody waits any more when the caller has gone.
        let _ = sender.send(work.await);
    });
    receiver
        .recv()
        .map_err(|_| io::Error::other("the request was given up"))
}
