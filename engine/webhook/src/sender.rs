//! Sends messages: guarded addresses, no redirects, short waits; what the receiver answers beyond its status is not read.

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, Client, ClientBuilder, header, redirect};
use thiserror::Error;
use url::Url;

use crate::destinations::{Destinations, INSIDE, literal};

/// How long a receiver may take to accept the connection.
const CONNECTING: Duration = Duration::from_secs(5);
/// How long it may take to answer.
pub const ANSWERING: Duration = Duration::from_secs(15);

/// A message, signed.
pub(crate) struct Signed {
    pub id: String,
    pub second: i64,
    pub signature: String,
    pub body: String,
}

/// Why no answer came.
#[derive(Debug, Error)]
pub(crate) enum SendError {
    /// The address is not one to which anything is sent.
    #[error("{INSIDE}")]
    Inside,
    /// It took too long.
    #[error("時間内に応答がありませんでした。")]
    TooSlow,
    /// It could not be reached, or the connection broke.
    #[error("接続できませんでした（{0}）。")]
    Unreachable(String),
}

/// Why there is no way out.
#[derive(Debug, Error)]
pub enum NoSender {
    /// The authority's file holds no certificate.
    #[error("証明書がありません。")]
    NoCertificate,
    /// A certificate can't be read, or the system has no way to encrypt.
    #[error(transparent)]
    Client(#[from] reqwest::Error),
}

/// The program's way out. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sender {
    client: Client,
    destinations: Arc<Destinations>,
}

impl Sender {
    /// A sender that trusts the public authorities and, if given, the hall's own (PEM).
    ///
    /// # Errors
    /// When the certificate can't be read.
    pub fn new(destinations: Destinations, authority_pem: Option<&[u8]>) -> Result<Self, NoSender> {
        Self::within(destinations, authority_pem, ANSWERING)
    }

    /// The same with another limit on the time of an answer.
    ///
    /// # Errors
    /// As [`Sender::new`].
    pub fn within(
        destinations: Destinations,
        authority_pem: Option<&[u8]>,
        answering: Duration,
    ) -> Result<Self, NoSender> {
        let destinations = Arc::new(destinations);
        let mut builder = Client::builder()
            // A proxy of the environment would connect in our place, past the guard.
            .no_proxy()
            .redirect(redirect::Policy::none())
            .dns_resolver(Arc::new(GuardedNames(Arc::clone(&destinations))))
            .user_agent(concat!("kawasemi/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECTING)
            .timeout(answering);
        if let Some(pem) = authority_pem {
            let certificates = Certificate::from_pem_bundle(pem)?;
            if certificates.is_empty() {
                return Err(NoSender::NoCertificate);
            }
            builder = certificates.into_iter().fold(builder, ClientBuilder::add_root_certificate);
        }
        Ok(Self { client: builder.build()?, destinations })
    }

    /// Where it may send.
    pub fn destinations(&self) -> &Destinations {
        &self.destinations
    }

    /// Sends a message and answers the status.
    pub(crate) async fn send(&self, url: &Url, message: &Signed) -> Result<u16, SendError> {
        // A name is looked up and tested by the resolver; an address in its place never gets there.
        if let Some(address) = literal(url)
            && !self.destinations.admits(url.host_str().unwrap_or_default(), address)
        {
            return Err(SendError::Inside);
        }
        let request = self
            .client
            .post(url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", message.second)
            .header("webhook-signature", &message.signature)
            .body(message.body.clone());
        let response = request.send().await.map_err(|error| failure(&error))?;
        Ok(response.status().as_u16())
    }
}

/// Looks names up and keeps only the addresses to which messages may be sent.
struct GuardedNames(Arc<Destinations>);

/// No address of a name may be sent to.
#[derive(Debug, Error)]
#[error("no address of the host may be sent to")]
struct Refused;

impl Resolve for GuardedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let destinations = Arc::clone(&self.0);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let admitted: Vec<SocketAddr> = found.filter(|found| destinations.admits(&host, found.ip())).collect();
            if admitted.is_empty() {
                return Err(Refused.into());
            }
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}

fn failure(error: &reqwest::Error) -> SendError {
    let mut cause: &dyn StdError = error;
    loop {
        if cause.is::<Refused>() {
            return SendError::Inside;
        }
        match cause.source() {
            Some(source) => cause = source,
            None => break,
        }
    }
    if error.is_timeout() { SendError::TooSlow } else { SendError::Unreachable(cause.to_string()) }
}
