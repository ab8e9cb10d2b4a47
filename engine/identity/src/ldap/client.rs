//! What is asked of the directory: is this the right password, and who are these people now.
//!
//! Each question opens a connection of its own, over TLS, to the first server that answers. The service account looks the
//! person up and asks for the mapped groups; then the connection is bound anew as the person, which is what checks the password.
//! An empty password is never sent, since a directory takes that for an anonymous visit and says yes (RFC 4513, 5.1.2).
//! References to other servers are not followed: a password goes to the servers that the operator named and nowhere else.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kawasemi_kernel::RecordId;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, Scope, SearchEntry, SearchOptions};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;
use url::Url;

use super::config::{DirectoryConfig, DirectoryKind, GroupRole};
use super::health::Health;
use super::state::Blocked;

/// The person may be said to be unknown, disabled, expired or locked by these.
const STATE_ATTRIBUTES: [&str; 3] = ["userAccountControl", "accountExpires", "pwdAccountLockedTime"];
/// How many people are looked up with one search.
const AT_ONCE: usize = 50;
/// Groups in groups are followed so deep.
const DEEPEST: usize = 6;
/// `invalidCredentials` (RFC 4511, 4.1.9) and what servers answer to a password that they do not even compare.
const WRONG: [u32; 4] = [49, 48, 19, 53];
/// `noSuchObject` and `sizeLimitExceeded`.
const NOTHING_THERE: u32 = 32;
const TOO_MANY: u32 = 4;

/// What the mapping of the directory needs of the city's registers.
#[async_trait]
pub trait Registers: Send + Sync {
    /// The department with a code (部局コード).
    async fn department(&self, code: &str, at: Timestamp) -> Option<RecordId>;
    /// The member of the staff with a number (職員番号).
    async fn staff(&self, number: &str, at: Timestamp) -> Option<RecordId>;
}

/// A city's directory. Cheap to clone.
#[derive(Clone)]
pub struct Directory {
    inner: Arc<Inner>,
}

struct Inner {
    config: DirectoryConfig,
    password: String,
    /// None where the machine's authorities are believed.
    tls: Option<Arc<ClientConfig>>,
    health: Health,
    registers: Arc<dyn Registers>,
}

/// Why a directory can't be used as it is configured.
#[derive(Debug, Error)]
pub enum DirectoryError {
    /// The settings contradict one another.
    #[error("{0}")]
    Config(String),
    /// A file that the settings name can't be read.
    #[error("{setting} の {path} を読めません。")]
    File {
        /// Which setting.
        setting: &'static str,
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The authority's file holds no certificate.
    #[error("authority の {0} に、証明書（PEM）がありません。")]
    NoCertificate(String),
    /// TLS can't be set up.
    #[error("TLS を準備できません。")]
    Tls(#[from] rustls::Error),
}

/// No server of the directory answered. Which and why is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Down;

/// A person as the directory has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    /// What never changes.
    pub id: Vec<u8>,
    pub login: String,
    pub name: String,
    pub mail: Option<String>,
    pub number: Option<String>,
    /// The groups that bring something here, in the order of the settings.
    pub groups: Vec<GroupRole>,
    pub blocked: Option<Blocked>,
    dn: String,
}

/// What the directory says of a login name and a password.
#[derive(Debug)]
pub(super) enum Answer {
    /// It is them.
    Right(Box<Person>),
    /// Nobody, or the wrong password; both are one.
    Wrong,
    /// It may be them, and they may not come in. The id is known where the person was found.
    Blocked(Blocked, Vec<u8>),
}

impl Directory {
    /// Puts a directory together; asks nothing of it yet.
    ///
    /// # Errors
    /// [`DirectoryError`], each with what to change.
    pub fn new(config: DirectoryConfig, registers: Arc<dyn Registers>) -> Result<Self, DirectoryError> {
        config.check().map_err(DirectoryError::Config)?;
        let password = match (&config.password, &config.password_file) {
            (Some(password), _) => password.clone(),
            (None, Some(path)) => read(path, "password_file")?.trim_end_matches(['\r', '\n']).to_owned(),
            (None, None) => String::new(),
        };
        if password.is_empty() {
            return Err(DirectoryError::Config("bind_dn のパスワードが空です。".to_owned()));
        }
        let tls = config.authority.as_deref().map(tls).transpose()?;
        let health = Health::new(config.servers.len());
        Ok(Self { inner: Arc::new(Inner { config, password, tls, health, registers }) })
    }

    /// How it is reached and believed.
    pub fn config(&self) -> &DirectoryConfig {
        &self.inner.config
    }

    /// Whether no server answered lately, so that sign-ins are refused without waiting.
    pub fn is_down(&self, at: Timestamp) -> bool {
        self.inner.health.all_down(at)
    }

    pub(super) fn registers(&self) -> &dyn Registers {
        &*self.inner.registers
    }

    /// Whether a password is a person's.
    pub(super) async fn check(&self, login: &str, password: &str, at: Timestamp) -> Result<Answer, Down> {
        if login.is_empty() || password.is_empty() {
            return Ok(Answer::Wrong);
        }
        for (n, server) in self.servers(at) {
            let asked = tokio::time::timeout(self.limit(), self.ask(server, login, password, at)).await;
            match told(asked) {
                Ok(answer) => {
                    self.inner.health.well(n);
                    return Ok(answer);
                }
                Err(error) => self.failed(n, server, &error, at),
            }
        }
        Err(Down)
    }

    /// The people with some ids, as the directory has them now. Who is not there is not among them.
    pub(super) async fn look(&self, ids: &[Vec<u8>], at: Timestamp) -> Result<Vec<Person>, Down> {
        'servers: for (n, server) in self.servers(at) {
            let mut ldap = match told(tokio::time::timeout(self.limit(), self.connect(server)).await) {
                Ok(ldap) => ldap,
                Err(error) => {
                    self.failed(n, server, &error, at);
                    continue;
                }
            };
            let mut found = Vec::new();
            for some in ids.chunks(AT_ONCE) {
                match self.people(&mut ldap, some, at).await {
                    Ok(people) => found.extend(people),
                    Err(error) => {
                        self.failed(n, server, &error, at);
                        continue 'servers;
                    }
                }
            }
            self.inner.health.well(n);
            drop(ldap.unbind().await);
            return Ok(found);
        }
        Err(Down)
    }

    /// Tries to reach every server and to look somebody up, for the operator: the server and what was found wrong.
    ///
    /// A login name with nothing behind it is no mistake; a filter, a base or an account that the server refuses is.
    pub async fn try_servers(&self, login: &str, at: Timestamp) -> Vec<(Url, Result<Option<String>, String>)> {
        let mut tried = Vec::new();
        for server in &self.inner.config.servers {
            let look = async {
                let mut ldap = self.connect(server).await?;
                let found = self.find(&mut ldap, &self.inner.config.find_login(login), at).await?;
                let first = found.into_iter().next();
                let Some(mut person) = first else { return Ok(None) };
                person.groups = self.groups(&mut ldap, &person.dn).await?;
                let roles: Vec<&str> = person.groups.iter().map(|group| group.role.as_str()).collect();
                Ok(Some(format!("{}（{}）役割: {}", person.name, person.login, roles.join("、"))))
            };
            let outcome = told(tokio::time::timeout(self.limit(), look).await);
            tried.push((server.clone(), outcome.map_err(|error| chain(&error))));
        }
        tried
    }

    /// The servers that are worth trying now.
    fn servers(&self, at: Timestamp) -> impl Iterator<Item = (usize, &Url)> {
        let servers = self.inner.config.servers.iter().enumerate();
        servers.filter(move |(n, _)| self.inner.health.may_try(*n, at))
    }

    fn failed(&self, n: usize, server: &Url, error: &LdapError, at: Timestamp) {
        tracing::error!(%server, error = %chain(error), "a server of the directory did not answer as it should");
        self.inner.health.failed(n, at);
    }

    fn limit(&self) -> Duration {
        Duration::from_secs(u64::from(self.inner.config.timeout_seconds))
    }

    /// A connection as the service account.
    async fn connect(&self, server: &Url) -> Result<Ldap, LdapError> {
        let mut settings = LdapConnSettings::new().set_starttls(server.scheme() == "ldap");
        if let Some(tls) = &self.inner.tls {
            settings = settings.set_config(Arc::clone(tls));
        }
        let (connection, mut ldap) = LdapConnAsync::from_url_with_settings(settings, server).await?;
        tokio::spawn(async move {
            // Whoever waits for an answer on it is told; here it is only the end of a connection.
            if let Err(error) = connection.drive().await {
                tracing::debug!(%error, "a connection to the directory broke off");
            }
        });
        ldap.simple_bind(&self.inner.config.bind_dn, &self.inner.password).await?.success()?;
        Ok(ldap)
    }

    async fn ask(&self, server: &Url, login: &str, password: &str, at: Timestamp) -> Result<Answer, LdapError> {
        let mut ldap = self.connect(server).await?;
        let mut found = self.find(&mut ldap, &self.inner.config.find_login(login), at).await?;
        if found.len() > 1 {
            tracing::error!("the directory has several people under one login name; nobody is let in with it");
            found.clear();
        }
        let Some(mut person) = found.pop() else {
            // As much work as for a known name.
            let nobody = format!("cn=-,{}", self.inner.config.user_base);
            drop(ldap.simple_bind(&nobody, password).await?);
            return Ok(Answer::Wrong);
        };
        person.groups = self.groups(&mut ldap, &person.dn).await?;
        let bound = ldap.simple_bind(&person.dn, password).await?;
        drop(ldap.unbind().await);
        Ok(match bound.rc {
            0 => match person.blocked {
                Some(blocked) => Answer::Blocked(blocked, person.id),
                None => Answer::Right(Box::new(person)),
            },
            rc if WRONG.contains(&rc) => match Blocked::of_bind(&bound.text) {
                Some(blocked) => Answer::Blocked(blocked, person.id),
                None => Answer::Wrong,
            },
            _ => return Err(LdapError::LdapResult { result: bound }),
        })
    }

    async fn people(&self, ldap: &mut Ldap, ids: &[Vec<u8>], at: Timestamp) -> Result<Vec<Person>, LdapError> {
        let filter = self.inner.config.find_ids(ids.iter().map(Vec::as_slice));
        let mut found = self.find(ldap, &filter, at).await?;
        for person in &mut found {
            person.groups = self.groups(ldap, &person.dn).await?;
        }
        Ok(found)
    }

    async fn find(&self, ldap: &mut Ldap, filter: &str, at: Timestamp) -> Result<Vec<Person>, LdapError> {
        let config = &self.inner.config;
        let mut attributes = vec![
            config.id_attribute(),
            config.login_attribute(),
            config.name_attribute(),
            config.mail_attribute(),
            config.number_attribute(),
        ];
        attributes.extend(STATE_ATTRIBUTES);
        let options = SearchOptions::new().sizelimit(AT_ONCE as i32 + 1);
        let search = ldap.with_timeout(self.limit()).with_search_options(options);
        let result = search.search(&config.user_base, Scope::Subtree, filter, attributes).await?;
        if ![0, TOO_MANY, NOTHING_THERE].contains(&result.1.rc) {
            return Err(LdapError::LdapResult { result: result.1 });
        }
        let entries = result.0.into_iter().filter(|entry| !entry.is_ref() && !entry.is_intermediate());
        Ok(entries.filter_map(|entry| self.person(SearchEntry::construct(entry), at)).collect())
    }

    /// A person's entry; none for one without an id or a login name, by which nobody could be known again.
    fn person(&self, entry: SearchEntry, at: Timestamp) -> Option<Person> {
        let config = &self.inner.config;
        let id = bytes(&entry, config.id_attribute())?;
        let login = text(&entry, config.login_attribute())?;
        let locked = text(&entry, "pwdAccountLockedTime").is_some();
        let control = text(&entry, "userAccountControl");
        let expires = text(&entry, "accountExpires");
        Some(Person {
            id,
            name: text(&entry, config.name_attribute()).unwrap_or_else(|| login.clone()),
            login,
            mail: text(&entry, config.mail_attribute()),
            number: text(&entry, config.number_attribute()),
            groups: Vec::new(),
            blocked: Blocked::of_entry(control.as_deref(), expires.as_deref(), locked, at),
            dn: entry.dn,
        })
    }

    /// Which of the mapped groups hold an entry.
    async fn groups(&self, ldap: &mut Ldap, dn: &str) -> Result<Vec<GroupRole>, LdapError> {
        let config = &self.inner.config;
        if config.groups.is_empty() {
            return Ok(Vec::new());
        }
        let (mut held, mut next) = (BTreeSet::new(), vec![dn.to_owned()]);
        // Active Directory follows groups in groups itself; elsewhere each group is asked for in turn, each once.
        let deepest = if config.kind == DirectoryKind::ActiveDirectory { 1 } else { DEEPEST };
        for _ in 0..deepest {
            let mut found = Vec::new();
            for member in std::mem::take(&mut next) {
                let filter = config.find_groups(&member);
                let search = ldap.with_timeout(self.limit());
                let result = search.search(config.group_base(), Scope::Subtree, &filter, ["1.1"]).await?;
                let (entries, _) = result.success()?;
                let entries = entries.into_iter().filter(|entry| !entry.is_ref() && !entry.is_intermediate());
                found.extend(entries.map(|entry| SearchEntry::construct(entry).dn));
            }
            next.extend(found.into_iter().filter(|dn| held.insert(folded(dn))));
        }
        Ok(config.groups.iter().filter(|group| held.contains(&folded(&group.dn))).cloned().collect())
    }
}

/// What came of an exchange that had to end in time.
fn told<T>(asked: Result<Result<T, LdapError>, tokio::time::error::Elapsed>) -> Result<T, LdapError> {
    asked.unwrap_or_else(|elapsed| Err(LdapError::Timeout { elapsed }))
}

fn read(path: &std::path::Path, setting: &'static str) -> Result<String, DirectoryError> {
    let said = |source| DirectoryError::File { setting, path: path.display().to_string(), source };
    std::fs::read_to_string(path).map_err(said)
}

/// What connections are encrypted with, where only the hall's own authority is believed.
fn tls(path: &std::path::Path) -> Result<Arc<ClientConfig>, DirectoryError> {
    let pem = read(path, "authority")?;
    let none = || DirectoryError::NoCertificate(path.display().to_string());
    let certificates: Vec<CertificateDer<'_>> =
        CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().map_err(|_| none())?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate)?;
    }
    if roots.is_empty() {
        return Err(none());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// The first value of an attribute; servers are free in the case of its name.
fn text(entry: &SearchEntry, attribute: &str) -> Option<String> {
    let (_, values) = entry.attrs.iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute))?;
    values.first().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The same for a value that need not be text.
fn bytes(entry: &SearchEntry, attribute: &str) -> Option<Vec<u8>> {
    let binary = entry.bin_attrs.iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute));
    let written = || entry.attrs.iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute));
    let found = binary
        .and_then(|(_, values)| values.first().cloned())
        .or_else(|| written().and_then(|(_, values)| values.first().map(|value| value.clone().into_bytes())));
    found.filter(|bytes| !bytes.is_empty())
}

/// A name in the directory as names are compared: without regard to case and to spaces beside separators.
fn folded(dn: &str) -> String {
    let parts = dn.split(',').map(|part| {
        let (kind, value) = part.split_once('=').unwrap_or(("", part));
        format!("{}={}", kind.trim(), value.trim())
    });
    parts.collect::<Vec<_>>().join(",").to_lowercase()
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        said = format!("{said}: {cause}");
        source = cause.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn names_in_the_directory_are_compared_as_the_directory_does() {
        assert_eq!(folded("CN=Parks, OU=Groups,dc=City"), folded("cn=parks,ou=groups,DC=city"));
        assert_ne!(folded("cn=parks,ou=a"), folded("cn=parks,ou=b"));
    }
}
