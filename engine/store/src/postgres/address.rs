//! What `--database-url` says: `postgres://…`, with one server or several, and the parameters of libpq that decide on
//! encryption.
//!
//! The library knows three values of `sslmode`; who verifies certificates uses others. So `sslmode` and `sslrootcert` are
//! taken off the address here and mean what they mean to libpq, and the tools of PostgreSQL are told the same. So is
//! `target_session_attrs`: of several servers the program always means the one that may be written ([`super::primary`]).

use std::net::IpAddr;
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

/// One of the servers of an address.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Host and port, as an operator writes them.
    pub name: String,
    /// How it alone is reached.
    pub config: Config,
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

/// How an installation's database is reached, for whoever checks it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Whether it runs on this machine.
    pub is_here: bool,
    /// The servers, name and port, that have to encrypt; none where it is left to them.
    pub encrypted: Vec<(String, u16)>,
    /// The file of authorities that the settings name; none for those that the system trusts.
    pub authorities: Option<PathBuf>,
}

impl Reach {
    /// What an address says.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it can't be understood.
    pub(crate) fn read(url: &str) -> Result<Self> {
        let Address { config, mode, roots } = Address::read(url)?;
        let here = |host: &Host| match host {
            Host::Unix(_) => true,
            Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        };
        let port = |n: usize| config.get_ports().get(n).or(config.get_ports().first()).copied().unwrap_or(5432);
        let servers = config.get_hosts().iter().enumerate().filter_map(|(n, host)| match host {
            Host::Tcp(name) => Some((name.clone(), port(n))),
            Host::Unix(_) => None,
        });
        let encrypts = matches!(mode, Mode::Require | Mode::VerifyCa | Mode::VerifyFull);
        Ok(Self {
            is_here: config.get_hosts().iter().all(here),
            encrypted: if encrypts { servers.collect() } else { Vec::new() },
            authorities: roots.filter(|roots| roots.as_os_str() != SYSTEM_ROOTS),
        })
    }
}

impl Address {
    /// Reads an address, in the form of an URL or of `key=value` pairs.
    pub fn read(text: &str) -> Result<Self> {
        let is_url = text.starts_with("postgres://") || text.starts_with("postgresql://");
        let Taken { rest, mode, roots, target } = if is_url { from_url(text) } else { from_pairs(text) };
        check_target(target.as_deref())?;
        let mut config: Config = rest.parse().map_err(|_| {
            StoreError::refused(
                "--database-url の形が正しくありません。postgres://利用者@ホスト/データベース の形で指定してください。",
            )
        })?;
        check_ports(&config)?;
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

    /// The servers, in the order in which they are named.
    pub fn places(&self) -> Vec<Place> {
        let (hosts, addresses) = (self.config.get_hosts(), self.config.get_hostaddrs());
        let ports = self.config.get_ports();
        let place = |n: usize| {
            let port = ports.get(n).or(ports.first()).copied().unwrap_or(5432);
            let mut config = alone(&self.config);
            config.port(port);
            let mut name = String::new();
            if let Some(address) = addresses.get(n) {
                config.hostaddr(*address);
                name = address.to_string();
            }
            match hosts.get(n) {
                Some(Host::Tcp(host)) => {
                    config.host(host.as_str());
                    name.clone_from(host);
                }
                Some(Host::Unix(path)) => {
                    config.host_path(path);
                    name = path.display().to_string();
                }
                None => {}
            }
            let name = if name.contains(':') { format!("[{name}]:{port}") } else { format!("{name}:{port}") };
            Place { name, config }
        };
        (0..hosts.len().max(addresses.len())).map(place).collect()
    }
}

/// The same connection without a host.
fn alone(all: &Config) -> Config {
    let mut one = Config::new();
    one.ssl_mode(all.get_ssl_mode()).ssl_negotiation(all.get_ssl_negotiation());
    one.channel_binding(all.get_channel_binding()).keepalives(all.get_keepalives());
    one.keepalives_idle(all.get_keepalives_idle());
    if let Some(user) = all.get_user() {
        one.user(user);
    }
    if let Some(password) = all.get_password() {
        one.password(password);
    }
    if let Some(name) = all.get_dbname() {
        one.dbname(name);
    }
    if let Some(options) = all.get_options() {
        one.options(options);
    }
    if let Some(name) = all.get_application_name() {
        one.application_name(name);
    }
    if let Some(limit) = all.get_connect_timeout() {
        one.connect_timeout(*limit);
    }
    if let Some(limit) = all.get_tcp_user_timeout() {
        one.tcp_user_timeout(*limit);
    }
    if let Some(pause) = all.get_keepalives_interval() {
        one.keepalives_interval(pause);
    }
    if let Some(count) = all.get_keepalives_retries() {
        one.keepalives_retries(count);
    }
    one
}

/// Refuses to be sent to a standby: what the program reads, it reads where it writes.
fn check_target(target: Option<&str>) -> Result<()> {
    match target {
        None | Some("any" | "read-write" | "primary") => Ok(()),
        Some(other) => Err(StoreError::refused(format!(
            "--database-url の target_session_attrs に「{other}」は使えません。カワセミはいつも書き込める側（プライマリー）につなぎます。read-write と書くか、書かないでください。"
        ))),
    }
}

/// One port for all servers, or one for each.
fn check_ports(config: &Config) -> Result<()> {
    let (servers, ports) = (config.get_hosts().len().max(config.get_hostaddrs().len()), config.get_ports().len());
    if servers == 0 {
        return Err(StoreError::refused(
            "--database-url にサーバーがありません。postgres://利用者@ホスト/データベース の形で指定してください。",
        ));
    }
    if ports > 1 && ports != servers {
        return Err(StoreError::refused(format!(
            "--database-url のサーバーは{servers}台で、ポートは{ports}個です。ポートは一つにするか、サーバーごとに一つずつ書いてください。"
        )));
    }
    Ok(())
}

/// The address without what is ours.
#[derive(Default)]
struct Taken {
    rest: String,
    mode: Option<String>,
    roots: Option<String>,
    target: Option<String>,
}

impl Taken {
    /// The place of a parameter that is ours.
    fn place(&mut self, key: &str) -> Option<&mut Option<String>> {
        match key {
            "sslmode" => Some(&mut self.mode),
            "sslrootcert" => Some(&mut self.roots),
            "target_session_attrs" => Some(&mut self.target),
            _ => None,
        }
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

fn from_url(text: &str) -> Taken {
    let Some((address, parameters)) = text.split_once('?') else {
        return Taken { rest: text.to_owned(), ..Taken::default() };
    };
    let (mut taken, mut rest) = (Taken::default(), Vec::new());
    for pair in parameters.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=').and_then(|(key, value)| Some((taken.place(key)?, value))) {
            Some((place, value)) => *place = Some(percent_decode_str(value).decode_utf8_lossy().into_owned()),
            // The library takes one host from each such parameter, libpq all of them from one.
            None => match pair.strip_prefix("host=") {
                Some(hosts) => rest.extend(hosts.split(',').map(|host| format!("host={host}"))),
                None => rest.push(pair.to_owned()),
            },
        }
    }
    let parameters = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
    Taken { rest: format!("{address}{parameters}"), ..taken }
}

fn from_pairs(text: &str) -> Taken {
    let (mut taken, mut rest) = (Taken::default(), Vec::new());
    for pair in pairs(text) {
        match pair.split_once('=').and_then(|(key, value)| Some((taken.place(key)?, value))) {
            Some((place, value)) => {
                *place = Some(value.trim_matches('\'').replace("\\'", "'").replace("\\\\", "\\"));
            }
            None => rest.push(pair),
        }
    }
    Taken { rest: rest.join(" "), ..taken }
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
    fn whoever_checks_it_over_is_told_where_to_look() {
        let reach = |text: &str| Reach::read(text).unwrap();
        let far = reach("postgres://u@a.lg.jp:6432,b.lg.jp:6433/city?sslmode=verify-full&sslrootcert=/ca.pem");
        assert_eq!(far.encrypted, [("a.lg.jp".to_owned(), 6432), ("b.lg.jp".to_owned(), 6433)]);
        assert_eq!((far.is_here, far.authorities), (false, Some(PathBuf::from("/ca.pem"))));
        let known = reach("postgres://u@db.lg.jp/city?sslmode=verify-full&sslrootcert=system");
        assert_eq!((known.encrypted.len(), known.authorities), (1, None), "the system's own are renewed with it");
        for text in ["postgres://u@/city?host=%2Frun%2Fpostgresql", "host=127.0.0.1 user=u", "postgres://u@localhost/c"]
        {
            assert_eq!(reach(text), Reach { is_here: true, encrypted: Vec::new(), authorities: None }, "{text}");
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
            ("postgres://u@a,b/city?target_session_attrs=standby", "「standby」は使えません"),
            ("host=a,b,c port=1,2 user=u", "サーバーは3台で、ポートは2個です"),
        ] {
            let error = Address::read(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn several_servers_are_named_as_in_libpq() {
        for (text, names) in [
            ("postgres://u@a:5432,b:5433/city?target_session_attrs=read-write", &["a:5432", "b:5433"][..]),
            ("postgres://u@a,b/city?target_session_attrs=primary&sslmode=disable", &["a:5432", "b:5432"]),
            ("host=a,b port=5433 user=u dbname=city target_session_attrs=any", &["a:5433", "b:5433"]),
            ("postgres://u@/city?host=/run/a,/run/b&port=5432,5433", &["/run/a:5432", "/run/b:5433"]),
            ("postgres://u@[::1]:5432/city", &["[::1]:5432"]),
        ] {
            let places = Address::read(text).unwrap().places();
            assert_eq!(places.iter().map(|place| place.name.as_str()).collect::<Vec<_>>(), names, "{text}");
            for place in places {
                assert_eq!(place.config.get_hosts().len(), 1, "{text}");
                assert_eq!((place.config.get_user(), place.config.get_dbname()), (Some("u"), Some("city")), "{text}");
            }
        }
    }
}
