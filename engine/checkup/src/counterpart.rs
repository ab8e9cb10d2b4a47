//! The certificates that servers show to which the program connects.
//!
//! A connection is begun as far as the certificates are seen, and closed: nothing is sent over it and nothing believed of it, so a
//! certificate that has ended, or that nobody vouches for, can be told of rather than merely refused.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use crate::certificates::{Certificate, Holder};

/// How long a server may take to show its certificates.
const PATIENCE: Duration = Duration::from_secs(5);
/// What asks PostgreSQL for encryption: its length and the protocol's number for it.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
/// What asks a directory for encryption (RFC 4511, 4.14): message 1, an extended request, the name of StartTLS.
const START_TLS: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

/// Bytes of a mail server's answer at most.
const MAIL_ANSWER: usize = 8_192;

/// How encryption begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// With the connection.
    Direct,
    /// After asking PostgreSQL for it.
    Postgres,
    /// After asking a directory for it (StartTLS).
    Ldap,
    /// After asking a mail server for it (STARTTLS).
    Smtp,
}

/// A server to which the program connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterpart {
    /// What it is, in words.
    pub role: String,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How encryption begins.
    pub opening: Opening,
}

impl Counterpart {
    /// The server of an address that begins with `https:`; none for another.
    #[must_use]
    pub fn of_web(role: impl Into<String>, url: &Url) -> Option<Self> {
        if url.scheme() != "https" {
            return None;
        }
        let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        Some(Self { role: role.into(), host, port: url.port().unwrap_or(443), opening: Opening::Direct })
    }

    /// The server of an address that begins with `ldaps:` or `ldap:`; none for another.
    #[must_use]
    pub fn of_directory(role: impl Into<String>, url: &Url) -> Option<Self> {
        let (usual, opening) = match url.scheme() {
            "ldaps" => (636, Opening::Direct),
            "ldap" => (389, Opening::Ldap),
            _ => return None,
        };
        let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        Some(Self { role: role.into(), host, port: url.port().unwrap_or(usual), opening })
    }

    /// Looks at the certificates that it shows.
    pub async fn look(&self) -> Holder {
        let certificates = match tokio::time::timeout(PATIENCE, self.shown()).await {
            Ok(Ok(shown)) => shown.iter().map(|der| Certificate::read(der)).collect(),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("{}秒待っても答えません", PATIENCE.as_secs())),
        };
        let place = format!("{}:{}", self.host, self.port);
        Holder {
            check: format!("証明書: {}（{place}）", self.role), key: place, certificates, renews_by_name: false
        }
    }

    async fn shown(&self) -> io::Result<Vec<CertificateDer<'static>>> {
        let mut stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        match self.opening {
            Opening::Direct => {}
            Opening::Postgres => {
                stream.write_all(&SSL_REQUEST).await?;
                if stream.read_u8().await? != b'S' {
                    return Err(io::Error::other("暗号化した接続を受け付けません"));
                }
            }
            Opening::Ldap => {
                stream.write_all(START_TLS).await?;
                start_tls_granted(&mut stream).await?;
            }
            Opening::Smtp => {
                for asked in ["", "EHLO localhost\r\n", "STARTTLS\r\n"] {
                    stream.write_all(asked.as_bytes()).await?;
                    mail_server_agrees(&mut stream).await?;
                }
            }
        }
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        let seen = Arc::new(Seen::default());
        let config = ClientConfig::builder_with_provider(Arc::clone(&seen.provider))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(seen.clone())
            .with_no_client_auth();
        let outcome = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        let shown = std::mem::take(&mut *seen.shown.lock().unwrap_or_else(PoisonError::into_inner));
        match outcome {
            // One that asks for a certificate of ours breaks off after it has shown its own.
            _ if !shown.is_empty() => Ok(shown),
            Ok(_) => Ok(shown),
            Err(error) => Err(error),
        }
    }
}

/// Reads a directory's answer to StartTLS: an extended response whose result is success (0).
async fn start_tls_granted(stream: &mut TcpStream) -> io::Result<()> {
    let refused = || io::Error::other("StartTLS を受け付けません");
    let mut head = [0; 2];
    stream.read_exact(&mut head).await?;
    // The answer is short; only some servers write its length in several octets all the same.
    let length = match head[1] {
        short @ 0..=0x7f => usize::from(short),
        long => {
            let mut octets = vec![0; usize::from(long & 0x7f)];
            stream.read_exact(&mut octets).await?;
            octets
                .iter()
                .try_fold(0_usize, |length, octet| length.checked_mul(256)?.checked_add(usize::from(*octet)))
                .ok_or_else(refused)?
        }
    };
    if head[0] != 0x30 || length > 4_096 {
        return Err(refused());
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await?;
    let result = answer.windows(3).find(|part| part[..2] == [0x0a, 0x01]).map(|part| part[2]);
    if answer.contains(&0x78) && result == Some(0) { Ok(()) } else { Err(refused()) }
}

/// Reads a mail server's answer, which may have several lines, up to its last one (RFC 5321, 4.2.1): agreed where it begins with 2.
async fn mail_server_agrees(stream: &mut TcpStream) -> io::Result<()> {
    let mut line = Vec::new();
    for _ in 0..MAIL_ANSWER {
        match stream.read_u8().await? {
            b'\n' if line.get(3) == Some(&b'-') => line.clear(),
            b'\n' if line.first() == Some(&b'2') => return Ok(()),
            b'\n' => break,
            byte => line.push(byte),
        }
    }
    Err(io::Error::other("STARTTLS を受け付けません"))
}

/// Lets every certificate pass and remembers it. Nothing is sent over such a connection.
#[derive(Debug)]
struct Seen {
    provider: Arc<CryptoProvider>,
    shown: Mutex<Vec<CertificateDer<'static>>>,
}

impl Default for Seen {
    fn default() -> Self {
        Self { provider: Arc::new(rustls::crypto::ring::default_provider()), shown: Mutex::default() }
    }
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let all = std::iter::once(end_entity).chain(intermediates).map(|der| der.clone().into_owned());
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = all.collect();
        Ok(ServerCertVerified::assertion())
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
