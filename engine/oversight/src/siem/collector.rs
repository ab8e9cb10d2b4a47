//! Sending messages to a collector, and knowing that it has taken them.
//!
//! Syslog has no acknowledgement. Over TCP and TLS we therefore send some messages on a connection of their own, say that we are
//! done, and wait for the other side to close as well, which it does once it has read everything: only then the cursor goes on.
//! A collector that dies in between closes without that, or not in time, and gets the same messages again. Over UDP nobody
//! knows; that is for networks inside the hall.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{Address, By};

/// How long a collector may take for each step.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends messages and answers once they are taken.
pub(super) async fn send(address: &Address, authority: Option<&Path>, messages: &[String]) -> Result<(), String> {
    match address.by {
        By::Udp => datagrams(address, messages).await,
        By::Tcp => frames(connect(address).await?, messages).await,
        By::Tls => {
            let connector = connector(authority)?;
            let name = ServerName::try_from(address.host.clone()).map_err(|error| error.to_string())?;
            let stream = connect(address).await?;
            let stream = within("TLS の接続", connector.connect(name, stream)).await?;
            frames(stream, messages).await
        }
    }
}

async fn connect(address: &Address) -> Result<TcpStream, String> {
    within("接続", TcpStream::connect((address.host.as_str(), address.port))).await
}

async fn datagrams(address: &Address, messages: &[String]) -> Result<(), String> {
    let wrong = |error: std::io::Error| error.to_string();
    let mut targets = tokio::net::lookup_host((address.host.as_str(), address.port)).await.map_err(wrong)?;
    let target = targets.next().ok_or("ホストが見つかりません")?;
    let from = if target.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(from).await.map_err(wrong)?;
    // Connected, so that a port where nobody listens is told.
    socket.connect(target).await.map_err(wrong)?;
    for message in messages {
        socket.send(message.as_bytes()).await.map_err(wrong)?;
    }
    Ok(())
}

async fn frames(mut stream: impl AsyncRead + AsyncWrite + Unpin, messages: &[String]) -> Result<(), String> {
    let mut frames = Vec::with_capacity(messages.iter().map(|message| message.len() + 8).sum());
    for message in messages {
        frames.extend_from_slice(format!("{} ", message.len()).as_bytes());
        frames.extend_from_slice(message.as_bytes());
    }
    within("送信", stream.write_all(&frames)).await?;
    within("送信", stream.flush()).await?;
    within("送信", stream.shutdown()).await?;
    within("受け取りの確認", closed(&mut stream)).await
}

/// Waits until the other side has closed. Over TLS rsyslog does so without the farewell that the protocol asks for; we have said
/// ours, so what could be cut off is nothing of ours. A collector that dies resets the connection, which is another error.
async fn closed(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<()> {
    let mut rest = [0; 256];
    loop {
        match stream.read(&mut rest).await {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

async fn within<T>(what: &str, step: impl Future<Output = std::io::Result<T>>) -> Result<T, String> {
    match timeout(PATIENCE, step).await {
        Ok(outcome) => outcome.map_err(|error| format!("{what}に失敗しました（{error}）")),
        Err(_) => Err(format!("{what}が{}秒以内に終わりません", PATIENCE.as_secs())),
    }
}

fn connector(authority: Option<&Path>) -> Result<TlsConnector, String> {
    let Some(path) = authority else {
        return Err("tls:// には、認証局の証明書（siem.authority）が要ります".to_owned());
    };
    let wrong = |said: String| format!("認証局の証明書 {} を使えません（{said}）", path.display());
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut roots = RootCertStore::empty();
    for certificate in read.map_err(|error| wrong(error.to_string()))? {
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| wrong(error.to_string()))?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()).into())
}
