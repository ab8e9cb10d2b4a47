//! Mail (メール): the hall's relay, through which operators are told of what is wrong.
//!
//! A look goes as far as a letter would, up to the addresses that the relay takes, and then takes it back: so it shows what a mere
//! connection does not, an account that has expired or a relay that passes nothing on, and sends nothing.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::address::Envelope;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use uuid::Uuid;

use crate::counterpart::{Counterpart, Opening};
use crate::finding::{Finding, State, Subject};

pub use lettre::Address;

/// How long a relay may take for everything.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it may take to be reached.
const REACHED: Duration = Duration::from_secs(5);
/// What a look is called.
const CHECK: &str = "メール";

/// How a connection to the relay is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Not at all: for a relay on this machine, or a network that is trusted.
    None,
    /// After asking for it (STARTTLS); never without it.
    StartTls,
    /// From the beginning.
    Direct,
}

/// The relay (中継サーバー), and who writes to whom.
#[derive(Clone, PartialEq, Eq)]
pub struct Relay {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// Account and password, where it asks for them.
    pub account: Option<(String, String)>,
    /// A file with the hall's own authorities (PEM), beside those that are known everywhere.
    pub authority: Option<PathBuf>,
    /// Who writes.
    pub from: Address,
    /// Who is told.
    pub operators: Vec<Address>,
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// Why nothing can be sent.
#[derive(Debug)]
pub enum MailError {
    /// The relay does not answer, or not in time.
    Away(String),
    /// It can't be trusted, or we not by it: the encryption or the account is at fault.
    Distrust(String),
    /// It refuses the sender or a receiver: the address and what was said.
    Refused(Address, String, bool),
    /// The letter can't be written.
    Unwritten(String),
}

impl fmt::Display for MailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away(why) => write!(f, "中継サーバーが答えません（{why}）。"),
            Self::Distrust(why) => write!(
                f,
                "中継サーバーと、安全な接続か認証ができません（{why}）。mail.relay の暗号化の方式、mail.authority、mail.user と mail.password を確かめてください。"
            ),
            Self::Refused(address, said, _) => {
                write!(f, "中継サーバーが {address} を受け付けません（{said}）。")
            }
            Self::Unwritten(why) => write!(f, "メールを作れません（{why}）。"),
        }
    }
}

impl std::error::Error for MailError {}

impl MailError {
    /// Whether it may be over by itself: the relay is started anew, or asks for patience.
    fn may_pass(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Refused(_, _, true))
    }
}

/// How it stands where no relay is set.
#[must_use]
pub fn none() -> Finding {
    let message = "使っていません。直す必要のあることをメールで受け取るには、設定 [mail] に中継サーバーとあて先を書いてください。";
    finding(State::Good, message.to_owned())
}

fn finding(state: State, message: String) -> Finding {
    Finding { subject: Subject::Mail, check: CHECK.to_owned(), state, message }
}

impl Relay {
    /// Looks whether a letter would be taken, and sends none.
    pub async fn look(&self) -> Finding {
        let place = format!("{}:{}", self.host, self.port);
        match in_time(self.rehearse()).await {
            Ok(()) => {
                let message =
                    format!("中継サーバー {place} が、差出人と{}人のあて先を受け付けます。", self.operators.len());
                finding(State::Good, message)
            }
            Err(error) => {
                let state = if error.may_pass() { State::Warning } else { State::Bad };
                let advice = "点検の結果がメールで届きません。設定 [mail] と中継サーバーを確かめてください。";
                finding(state, format!("{place}: {error}{advice}"))
            }
        }
    }

    /// Sends a letter to each operator by itself, so that one address that is refused silences no other.
    ///
    /// # Errors
    /// When nobody could be reached; the first reason.
    pub async fn send(&self, subject: &str, text: &str, at: Timestamp, id: Uuid) -> Result<(), MailError> {
        let (mut reached, mut first) = (0_usize, None);
        for operator in &self.operators {
            match in_time(self.send_to(operator, subject, text, at, id)).await {
                Ok(()) => reached += 1,
                Err(error) => {
                    tracing::warn!(%error, "an operator could not be told by mail");
                    first = first.or(Some(error));
                }
            }
        }
        match first {
            Some(error) if reached == 0 => Err(error),
            _ => Ok(()),
        }
    }

    /// As what its certificates are looked at; none where it needs none.
    #[must_use]
    pub fn counterpart(&self) -> Option<Counterpart> {
        let opening = match self.encryption {
            Encryption::None => return None,
            Encryption::StartTls => Opening::Smtp,
            Encryption::Direct => Opening::Direct,
        };
        Some(Counterpart { role: "メールの中継".to_owned(), host: self.host.clone(), port: self.port, opening })
    }

    async fn rehearse(&self) -> Result<(), MailError> {
        let mut connection = self.open().await?;
        let mail = Mail::new(Some(self.from.clone()), Vec::new());
        connection.command(mail).await.map_err(|error| refused(&self.from, &error))?;
        for operator in &self.operators {
            let receiver = Rcpt::new(operator.clone(), Vec::new());
            connection.command(receiver).await.map_err(|error| refused(operator, &error))?;
        }
        // What was asked for is known by now; a relay that breaks off here would have taken the letter.
        let _ = connection.command(Rset).await;
        let _ = connection.quit().await;
        Ok(())
    }

    async fn send_to(
        &self,
        operator: &Address,
        subject: &str,
        text: &str,
        at: Timestamp,
        id: Uuid,
    ) -> Result<(), MailError> {
        let letter = Message::builder()
            .from(Mailbox::new(Some("カワセミ".to_owned()), self.from.clone()))
            .to(Mailbox::new(None, operator.clone()))
            .subject(subject)
            .date(SystemTime::from(at))
            .message_id(Some(format!("<{id}@{}>", self.from.domain())))
            .header(ContentType::TEXT_PLAIN)
            .body(text.to_owned())
            .map_err(|error| MailError::Unwritten(error.to_string()))?;
        let envelope = Envelope::new(Some(self.from.clone()), vec![operator.clone()])
            .map_err(|error| MailError::Unwritten(error.to_string()))?;
        let mut connection = self.open().await?;
        connection.send(&envelope, &letter.formatted()).await.map_err(|error| refused(operator, &error))?;
        let _ = connection.quit().await;
        Ok(())
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, MailError> {
        let hello = hello();
        let direct = if self.encryption == Encryption::Direct { Some(self.tls().await?) } else { None };
        let place = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(place, Some(REACHED), &hello, direct, None)
            .await
            .map_err(|error| unopened(&error))?;
        if self.encryption == Encryption::StartTls {
            connection.starttls(self.tls().await?, &hello).await.map_err(|error| unopened(&error))?;
        }
        if let Some((user, password)) = &self.account {
            let account = Credentials::new(user.clone(), password.clone());
            connection.auth(DEFAULT_MECHANISMS, &account).await.map_err(|error| MailError::Distrust(said(&error)))?;
        }
        Ok(connection)
    }

    async fn tls(&self) -> Result<TlsParameters, MailError> {
        let mut tls = TlsParameters::builder(self.host.clone());
        if let Some(path) = &self.authority {
            let unread = |error: String| MailError::Distrust(format!("mail.authority を読めません: {error}"));
            let pem = tokio::fs::read(path).await.map_err(|error| unread(error.to_string()))?;
            tls = tls.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| unread(error.to_string()))?);
        }
        tls.build().map_err(|error| MailError::Distrust(said(&error)))
    }
}

/// The machine's name; empty where the system does not say it.
#[must_use]
pub fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

/// The machine's name, as the protocol wants a greeting.
fn hello() -> ClientId {
    let name = host();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    if is_name { ClientId::Domain(name) } else { ClientId::default() }
}

async fn in_time<T>(work: impl Future<Output = Result<T, MailError>>) -> Result<T, MailError> {
    let late = |_| Err(MailError::Away(format!("{}秒待ちました", PATIENCE.as_secs())));
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(late)
}

fn unopened(error: &Error) -> MailError {
    // A client's own error is an encryption that the relay does not offer.
    let is_distrust = error.is_tls() || error.is_client() || is_of_encryption(error);
    if is_distrust { MailError::Distrust(said(error)) } else { MailError::Away(said(error)) }
}

/// Whether the encryption is behind an error: the library calls an unknown certificate a broken connection.
fn is_of_encryption(error: &Error) -> bool {
    let behind = std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |error| error.source());
    behind.into_iter().any(|error| {
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        error.is::<rustls::Error>() || inner.is_some_and(|inner| inner.is::<rustls::Error>())
    })
}

fn refused(address: &Address, error: &Error) -> MailError {
    if error.is_permanent() || error.is_transient() {
        MailError::Refused(address.clone(), said(error), error.is_transient())
    } else {
        MailError::Away(said(error))
    }
}

/// What was said, on one line.
fn said(error: &Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
