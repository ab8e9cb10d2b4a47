//! The requests to the identity provider: no redirects, short waits, bounded answers.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use openidconnect::reqwest::{self, Certificate, Client, ClientBuilder, redirect};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http};
use thiserror::Error;

/// The longest answer: key sets and tokens have some thousand bytes.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// Why a request to the provider failed.
#[derive(Debug, Error)]
pub enum HttpError {
    /// It could not be sent, or no answer came.
    #[error("the identity provider did not answer")]
    Request(#[from] reqwest::Error),
    /// The answer is no HTTP that could be read on.
    #[error("the identity provider's answer can't be read")]
    Answer(#[from] http::Error),
    /// The authority's file holds no certificate.
    #[error("there is no certificate in the authority's file")]
    NoCertificate,
    /// The answer is too long.
    #[error("the identity provider's answer is longer than {LONGEST_ANSWER} bytes")]
    TooLong,
}

/// Sends requests to the provider.
#[derive(Clone, Debug)]
pub(super) struct Http(Client);

impl Http {
    /// A client that trusts the public authorities and, if given, the hall's own.
    pub fn new(authority_pem: Option<&str>) -> Result<Self, HttpError> {
        let mut builder = Client::builder()
            // A redirect could lead our client's proof to another place.
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(10));
        if let Some(pem) = authority_pem {
            let certificates = Certificate::from_pem_bundle(pem.as_bytes())?;
            if certificates.is_empty() {
                return Err(HttpError::NoCertificate);
            }
            builder = certificates.into_iter().fold(builder, ClientBuilder::add_root_certificate);
        }
        Ok(Self(builder.build()?))
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut response = self.0.execute(request.try_into()?).await?;
        let mut answer = http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            answer = answer.header(name, value);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(HttpError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(answer.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
