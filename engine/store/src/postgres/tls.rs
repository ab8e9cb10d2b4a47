//! Encrypted connections to PostgreSQL, by rustls.
//!
//! [`Mode`] decides how far the server has to show who it is. A certificate that stands itself in the file of authorities
//! is accepted as it is, as libpq does, since small installations sign the server's certificate with nothing but itself.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;

use super::address::{Address, Mode};
use crate::error::{Result, StoreError};

/// Makes connections encrypted. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tls(TlsConnector);

impl Tls {
    /// What an address asks for.
    pub fn new(address: &Address) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Verifier::new(address, &provider)?;
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| StoreError::Io { detail: error.to_string() })?;
        let config = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth();
        Ok(Self(Arc::new(config).into()))
    }
}

/// What is asked of the server's certificate.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    /// None where the server may be anybody.
    known: Option<Known>,
    /// Whether the certificate must be for the host of the address.
    by_name: bool,
}

#[derive(Debug)]
struct Known {
    chain: Arc<WebPkiServerVerifier>,
    themselves: Vec<CertificateDer<'static>>,
}

impl Verifier {
    fn new(address: &Address, provider: &Arc<CryptoProvider>) -> Result<Self> {
        let by_name = address.mode == Mode::VerifyFull;
        let verifies = by_name || address.mode == Mode::VerifyCa;
        let known = match &address.roots {
            Some(path) if verifies => Some(Known::read(path, provider)?),
            _ => None,
        };
        Ok(Self { provider: Arc::clone(provider), known, by_name })
    }
}

impl Known {
    fn read(path: &Path, provider: &Arc<CryptoProvider>) -> Result<Self> {
        let refused = |why: String| {
            StoreError::refused(format!(
                "--database-url の sslrootcert {} を使えません（{why}）。認証局の証明書を PEM の形で置いてください。",
                path.display()
            ))
        };
        let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let themselves = read.map_err(|error| refused(error.to_string()))?;
        let mut roots = RootCertStore::empty();
        let (good, _) = roots.add_parsable_certificates(themselves.iter().cloned());
        if good == 0 {
            return Err(refused("証明書がない".to_owned()));
        }
        let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
        Ok(Self { chain: chain.map_err(|error| refused(error.to_string()))?, themselves })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(known) = &self.known else { return Ok(ServerCertVerified::assertion()) };
        if known.themselves.iter().any(|known| known == end_entity) {
            if self.by_name {
                rustls::client::verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            }
            return Ok(ServerCertVerified::assertion());
        }
        match known.chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is looked at last, so the chain is good.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.by_name => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// What to say of a connection that could not be encrypted; none for another failure.
pub(super) fn sentence(error: &tokio_postgres::Error) -> Option<String> {
    let mut cause = std::error::Error::source(error);
    while let Some(found) = cause {
        let inner = found.downcast_ref::<io::Error>().and_then(|error| error.get_ref());
        let of_tls = found.downcast_ref::<Error>().or_else(|| inner.and_then(|inner| inner.downcast_ref::<Error>()));
        if let Some(error) = of_tls {
            return Some(said(error));
        }
        cause = found.source();
    }
    // The library says this in words only.
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    cause.contains("server does not support TLS").then(|| {
        "データベースのサーバーが暗号化した接続を受け付けません。サーバーの ssl を on にするか、\
         --database-url の sslmode を確かめてください。"
            .to_owned()
    })
}

fn said(error: &Error) -> String {
    let why = match error {
        Error::InvalidCertificate(why) => match why {
            CertificateError::UnknownIssuer => {
                "sslrootcert にある認証局が発行したものではありません。発行した認証局の証明書を sslrootcert に置いてください"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "--database-url のホスト名に対する証明書ではありません。証明書にある名前で接続してください"
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "有効期限が切れています。サーバーの証明書を新しくしてください"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "まだ有効になっていません。この機械とサーバーの時計を確かめてください"
            }
            _ => return format!("データベースのサーバー証明書を確かめられません（{error}）。つないでいません。"),
        },
        _ => return format!("データベースと暗号化した接続を結べません（{error}）。"),
    };
    format!("データベースのサーバー証明書を確かめられません。{why}。つないでいません。")
}

/// The handshake with one host.
pub(crate) struct Handshake {
    connector: TlsConnector,
    /// None where the address has no host by which a server could be known, as for a socket, which is never encrypted.
    host: Option<ServerName<'static>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> MakeTlsConnect<S> for Tls {
    type Stream = Encrypted<S>;
    type TlsConnect = Handshake;
    type Error = std::convert::Infallible;

    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, Self::Error> {
        Ok(Handshake { connector: self.0.clone(), host: ServerName::try_from(host).ok().map(|host| host.to_owned()) })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> TlsConnect<S> for Handshake {
    type Stream = Encrypted<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let host = self.host.ok_or(io::ErrorKind::InvalidInput)?;
            Ok(Encrypted(self.connector.connect(host, stream).await?))
        })
    }
}

/// An encrypted stream.
pub(crate) struct Encrypted<S>(tokio_rustls::client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Encrypted<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Encrypted<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Encrypted<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(cx)
    }
}
