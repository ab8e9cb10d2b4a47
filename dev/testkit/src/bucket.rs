//! S3-compatible storage on this machine, by an implementation of the protocol that is not ours ([`s3s`]): it checks the signature
//! of every request and keeps its objects in a folder.

use std::path::Path;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use kawasemi_store::files::{Bucket, BucketConfig};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::certificates::Certificates;

/// The one bucket.
pub const BUCKET: &str = "kawasemi";
/// The id of the key that opens it.
pub const ACCESS_KEY: &str = "kingfisher";
/// The key's secret.
pub const SECRET_KEY: &str = "by the river";

/// A running storage. Its requests are answered by the runtime that started it.
pub struct Storage {
    /// Its address.
    pub endpoint: String,
    folder: TempDir,
}

impl Storage {
    /// Starts it, with one empty bucket.
    ///
    /// # Panics
    /// When this machine has no free port or no room for files.
    pub async fn start() -> Self {
        Self::start_with(None).await
    }

    /// The same with encrypted connections only, at `https://localhost`.
    ///
    /// # Panics
    /// As [`Storage::start`].
    pub async fn start_secured(certificates: &Certificates) -> Self {
        Self::start_with(Some(certificates.acceptor())).await
    }

    async fn start_with(acceptor: Option<TlsAcceptor>) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("a bucket is a folder");
        let mut service = S3ServiceBuilder::new(FileSystem::new(folder.path()).expect("the folder is there"));
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service = service.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let endpoint = match acceptor {
            None => format!("http://{address}"),
            Some(_) => format!("https://localhost:{}", address.port()),
        };
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (service, acceptor) = (service.clone(), acceptor.clone());
                tokio::spawn(async move {
                    let builder = Builder::new(TokioExecutor::new());
                    match acceptor {
                        None => drop(builder.serve_connection(TokioIo::new(socket), service).await),
                        Some(acceptor) => {
                            if let Ok(socket) = acceptor.accept(socket).await {
                                drop(builder.serve_connection(TokioIo::new(socket), service).await);
                            }
                        }
                    }
                });
            }
        });
        Self { endpoint, folder }
    }

    /// How the program reaches it.
    pub fn config(&self) -> BucketConfig {
        BucketConfig {
            bucket: BUCKET.to_owned(),
            endpoint: Some(self.endpoint.clone()),
            region: None,
            access_key: ACCESS_KEY.to_owned(),
            secret_key: SECRET_KEY.to_owned(),
            authority: None,
        }
    }

    /// The bucket, opened.
    ///
    /// # Panics
    /// Never, as long as [`Storage::config`] is good.
    pub fn bucket(&self) -> Bucket {
        Bucket::new(&self.config()).expect("the configuration is good")
    }

    /// The names of all objects, in order.
    pub fn objects(&self) -> Vec<String> {
        let bucket = self.folder.path().join(BUCKET);
        let mut found = Vec::new();
        gather(&bucket, &bucket, &mut found);
        found.sort();
        found
    }

    /// What it keeps of uploads that have not ended.
    pub fn unfinished(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with(".upload")).collect()
    }
}

/// What the storage notes for itself has names that begin with a dot.
fn gather(bucket: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => gather(bucket, &path, found),
            false if entry.file_name().to_string_lossy().starts_with('.') => {}
            false => found.push(path.strip_prefix(bucket).unwrap_or(&path).display().to_string()),
        }
    }
}
