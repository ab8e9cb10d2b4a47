//! A bucket of S3-compatible storage for the files of all cities, where several nodes serve the same ones.
//!
//! The service may be any that speaks the protocol (AWS, MinIO, Ceph, a hosting company's): it is asked for ordinary objects, parts
//! of an upload and server-side copies only. Its certificate is believed by the authorities that the operating system trusts, and by
//! the hall's own.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{BackoffConfig, Certificate, ClientOptions, RetryConfig};

use super::Files;
use crate::error::{Result, StoreError};

/// The largest upload: what the protocol copies in one request, by which an upload gets its final name.
pub const LARGEST: u64 = 5 * 1024 * 1024 * 1024;

/// How long a node looks for the storage, and how long it waits for the next piece of an answer.
const CONNECTING: Duration = Duration::from_secs(5);
const SILENCE: Duration = Duration::from_secs(30);
/// How often, and for how long in all, a request that failed on the way is repeated. Somebody waits at a page.
const REPEATED: usize = 3;
const REPEATING: Duration = Duration::from_secs(20);

/// Where a bucket lies, and as whom it is asked.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct BucketConfig {
    /// The bucket's name.
    pub bucket: String,
    /// The address of the service, below which the bucket is a folder; none for AWS.
    pub endpoint: Option<String>,
    /// The region, which AWS asks for.
    pub region: Option<String>,
    /// The access key's id.
    pub access_key: String,
    /// The access key's secret.
    pub secret_key: String,
    /// Certificates (PEM) of the hall's own authorities.
    pub authority: Option<Vec<u8>>,
}

impl fmt::Debug for BucketConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BucketConfig")
            .field("bucket", &self.bucket)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// A bucket. Cheap to clone.
#[derive(Clone)]
pub struct Bucket(Arc<AmazonS3>);

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bucket({})", self.0)
    }
}

impl Bucket {
    /// Prepares a bucket; nothing is asked of it yet.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when an address or certificate can't be understood.
    pub fn new(config: &BucketConfig) -> Result<Self> {
        // The client encrypts by whatever the process has chosen for all, and does without a choice of its own.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let endpoint = config.endpoint.as_deref().map(|address| address.trim_end_matches('/'));
        let is_plain = endpoint.is_some_and(|address| address.starts_with("http://"));
        let mut client = ClientOptions::new()
            .with_allow_http(is_plain)
            // A machine need not have any certificates where nothing is encrypted.
            .with_no_system_certificates(is_plain)
            .with_connect_timeout(CONNECTING)
            .with_read_timeout(SILENCE)
            // A large file takes as long as its reader.
            .with_timeout_disabled();
        if let Some(authority) = &config.authority {
            let certificates = Certificate::from_pem_bundle(authority).map_err(refused)?;
            if certificates.is_empty() {
                return Err(StoreError::refused("S3 互換の保存先の認証局のファイルに、証明書がありません。"));
            }
            client = certificates.into_iter().fold(client, ClientOptions::with_root_certificate);
        }
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&config.bucket)
            .with_access_key_id(&config.access_key)
            .with_secret_access_key(&config.secret_key)
            .with_retry(RetryConfig {
                backoff: BackoffConfig::default(),
                max_retries: REPEATED,
                retry_timeout: REPEATING,
            })
            .with_client_options(client);
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(region) = &config.region {
            builder = builder.with_region(region);
        }
        builder.build().map(|store| Self(Arc::new(store))).map_err(refused)
    }

    /// The files of a city.
    #[must_use]
    pub fn city(&self, code: &str) -> Files {
        Files::new(Arc::<AmazonS3>::clone(&self.0), &format!("cities/{code}/files"))
    }
}

fn refused(error: object_store::Error) -> StoreError {
    StoreError::refused(format!("S3 互換の保存先の設定に誤りがあります: {error}"))
}
