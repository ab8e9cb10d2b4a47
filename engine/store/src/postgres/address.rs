//! What `--database-url` says: `postgres://…`, with the parameters of libpq that decide on encryption.
//!
//! The library knows three values of `sslmode`; who verifies certificates uses others. So `sslmode` and `sslrootcert` are
//! taken off the address here and mean what they mean to libpq, and the tools of PostgreSQL are told the same.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::error::{Result, StoreError};

/// Where a system keeps the authorities that it trusts, for `sslrootcert=system`.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// A database's address.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub config: Config,
    pub mode: Mode,
    /// The file of authorities that the server's certificate must come from.
    pub roots: Option<PathBuf>,
}

/// How the connection is protected, named as in `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Not at all.
    Disable,
    /// Encrypted if the server can, whoever it is.
    Prefer,
    /// Encrypted, whoever the server is.
    Require,
    /// Encrypted, with a certificate of a known authority.
    VerifyCa,
    /// Encrypted, with a certificate of a known authority for the host of the address.
    VerifyFull,
}

impl Mode {
    /// As libpq writes it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }

    fn read(text: &str) -> Result<Self> {
        Ok(match text {
            "disable" => Self::Disable,
            "allow" | "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            other => {
                return Err(StoreError::refused(format!(
                    "--database-url の sslmode に「{other}」は使えません。disable、prefer、require、verify-ca、verify-full のどれかにしてください。"
                )));
            }
        })
    }
}

impl Address {
    /// Reads an address, in the form of an URL or of `key=value` pairs.
    pub fn read(text: &str) -> Result<Self> {
        let (rest, mode, roots) = if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            from_url(text)
        } else {
            from_pairs(text)
        };
        let mut config: Config = rest.parse().map_err(|_| {
            StoreError::refused(
                "--database-url の形が正しくありません。postgres://利用者@ホスト/データベース の形で指定してください。",
            )
        })?;
        let roots = roots.filter(|path| !path.is_empty());
        let roots = roots.map(|path| PathBuf::from(if path == "system" { SYSTEM_ROOTS } else { &path }));
        let is_local = config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
        let mode = match (mode.as_deref().map(Mode::read).transpose()?, &roots) {
            // What is said is done; a socket has nobody in between.
            (None, None) if is_local => Mode::Disable,
            (None, None) => Mode::Prefer,
            // As in libpq: whoever names an authority wants it to be asked.
            (Some(Mode::Require), Some(_)) => Mode::VerifyCa,
            (None, Some(_)) => Mode::VerifyFull,
            (Some(mode @ (Mode::VerifyCa | Mode::VerifyFull)), None) => {
                return Err(StoreError::refused(format!(
                    "--database-url の sslmode={} には sslrootcert も要ります。サーバー証明書を発行した認証局の証明書（PEM）のファイルを指定してください（例 sslrootcert=/etc/kawasemi/ca.pem。公的な認証局なら sslrootcert=system）。",
                    mode.key()
                )));
            }
            (Some(mode), _) => mode,
        };
        config.ssl_mode(match mode {
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => SslMode::Require,
        });
        Ok(Self { config, mode, roots })
    }
}

/// The same address for another database of the same server. `name` is a plain word.
pub(crate) fn with_database(text: &str, name: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        // The last of several says.
        return format!("{text} dbname={name}");
    };
    let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let host = place.split_once('/').map_or(place, |(host, _)| host);
    let kept = parameters.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("dbname="));
    let kept = kept.collect::<Vec<_>>().join("&");
    let parameters = if kept.is_empty() { String::new() } else { format!("?{kept}") };
    format!("{scheme}://{host}/{name}{parameters}")
}

/// The address without what is ours, `sslmode` and `sslrootcert`.
type Taken = (String, Option<String>, Option<String>);

fn from_url(text: &str) -> Taken {
    let Some((address, parameters)) = text.split_once('?') else { return (text.to_owned(), None, None) };
    let (mut mode, mut roots, mut rest) = (None, None, Vec::new());
    for pair in parameters.split('&').filter(|pair| !pair.is_empty()) {
        let decoded = |value: &str| Some(percent_decode_str(value).decode_utf8_lossy().into_owned());
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = decoded(value),
            Some(("sslrootcert", value)) => roots = decoded(value),
            _ => rest.push(pair),
        }
    }
    let parameters = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
    (format!("{address}{parameters}"), mode, roots)
}

fn from_pairs(text: &str) -> Taken {
    let (mut mode, mut roots, mut rest) = (None, None, String::new());
    for pair in pairs(text) {
        let value = |value: &str| Some(value.trim_matches('\'').replace("\\'", "'").replace("\\\\", "\\"));
        match pair.split_once('=') {
            Some(("sslmode", found)) => mode = value(found),
            Some(("sslrootcert", found)) => roots = value(found),
            _ => {
                rest.push_str(pair);
                rest.push(' ');
            }
        }
    }
    (rest.trim_end().to_owned(), mode, roots)
}

/// The pairs of `key=value key='quoted value'`, each as it is written.
fn pairs(text: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c: char| {
        let ends = c.is_whitespace() && !quoted;
        if c == '\'' && !escaped {
            quoted = !quoted;
        }
        escaped = c == '\\' && !escaped;
        ends
    })
    .filter(|pair| !pair.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encryption_is_decided_as_libpq_decides_it() {
        for (text, mode, roots) in [
            ("postgres://u@db.lg.jp/city", Mode::Prefer, None),
            ("postgres://u@/city?host=%2Frun%2Fpostgresql", Mode::Disable, None),
            ("postgres://u@/city?host=%2Frun%2Fpostgresql&sslmode=prefer", Mode::Prefer, None),
            ("postgres://u@db/city?sslmode=require&application_name=x", Mode::Require, None),
            ("postgres://u@db/city?sslmode=require&sslrootcert=%2Fa%20b.pem", Mode::VerifyCa, Some("/a b.pem")),
            ("postgres://u@db/city?sslrootcert=/ca.pem", Mode::VerifyFull, Some("/ca.pem")),
            ("postgres://u@db/city?sslmode=verify-full&sslrootcert=system", Mode::VerifyFull, Some(SYSTEM_ROOTS)),
            ("host=db user=u sslmode=verify-ca sslrootcert='/a b.pem' dbname=city", Mode::VerifyCa, Some("/a b.pem")),
            ("host=db user=u sslmode=disable", Mode::Disable, None),
        ] {
            let read = Address::read(text).unwrap();
            assert_eq!((read.mode, read.roots.as_deref().and_then(|path| path.to_str())), (mode, roots), "{text}");
            assert_eq!(read.config.get_user(), Some("u"), "{text}");
        }
    }

    #[test]
    fn another_database_of_the_same_server_has_the_same_address() {
        for (text, expected) in [
            ("postgres://u:p@db.lg.jp/city", "postgres://u:p@db.lg.jp/other"),
            ("postgres://u@db", "postgres://u@db/other"),
            (
                "postgresql://u@/city?host=%2Frun%2Fpostgresql&dbname=city&sslmode=disable",
                "postgresql://u@/other?host=%2Frun%2Fpostgresql&sslmode=disable",
            ),
            ("host=db user=u dbname=city", "host=db user=u dbname=city dbname=other"),
        ] {
            let written = with_database(text, "other");
            assert_eq!(written, expected);
            let (before, after) = (Address::read(text).unwrap(), Address::read(&written).unwrap());
            assert_eq!(after.config.get_dbname(), Some("other"), "{text}");
            assert_eq!((after.config.get_user(), after.mode), (before.config.get_user(), before.mode), "{text}");
            assert_eq!(after.config.get_hosts(), before.config.get_hosts(), "{text}");
        }
    }

    #[test]
    fn what_can_not_be_done_is_refused_with_what_to_write() {
        for (text, said) in [
            ("postgres://u@db/city?sslmode=verify-full", "sslrootcert も要ります"),
            ("postgres://u@db/city?sslmode=strict", "「strict」は使えません"),
            ("mysql://u@db/city", "形が正しくありません"),
        ] {
            let error = Address::read(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
