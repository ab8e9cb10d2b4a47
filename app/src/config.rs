//! The configuration: a TOML file, the environment and the command line, each stronger than the one before.
//!
//! All three are read into the same shape, [`Settings`], in which everything may be absent; [`Config`] is what they mean
//! together. What is unknown is refused by name, in the file and in the environment, since a mistyped setting that is
//! silently ignored is found too late.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use jiff::SignedDuration;
use kawasemi_checkup::mail::Relay;
use kawasemi_desk::{MapSettings, Role};
use kawasemi_identity::oidc::ProviderConfig;
use kawasemi_identity::{DirectoryConfig, Rules};
use kawasemi_kernel::municipality::MunicipalityCode;
use kawasemi_oversight::hours::OpeningHours;
use kawasemi_oversight::siem::Target;
use kawasemi_schema::error::nearest;
use kawasemi_schema::{SourceFile, read_toml};
use kawasemi_store::files::{BucketConfig, LARGEST};
use kawasemi_webhook::Allowed;
use serde::Deserialize;
use url::Url;

use self::audit::{AuditSettings, SiemSettings};
use self::mail::MailSettings;
use self::map::MapFile;
use crate::cli::Global;
use crate::sanitize::{SanitizeSettings, Sanitizing};

mod audit;
mod mail;
mod map;

/// Every variable of the environment that belongs to the program begins so.
const PREFIX: &str = "KAWASEMI_";
/// Variables that tests use among themselves; the program passes them over.
const TESTS: &str = "KAWASEMI_TEST_";
/// The variable that names the file; it stands for no setting in it.
const CONFIG_FILE: &str = "KAWASEMI_CONFIG";
/// The file that is read where none is named.
const USUAL_FILE: &str = "kawasemi.toml";

/// What one source says. The keys are those of the file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The data folder of SQLite.
    data: Option<PathBuf>,
    /// The address of PostgreSQL, in place of a data folder.
    database_url: Option<String>,
    /// The city that the command line means where there are several.
    city: Option<MunicipalityCode>,
    /// The folder of attached files and of the audit's key, beside a PostgreSQL database.
    folder: Option<PathBuf>,
    /// The file of the keys that seal secrets (封緘の鍵); without it they lie in the folder of each city.
    seal_keys: Option<PathBuf>,
    /// Serving.
    serve: ServeSettings,
    /// The log.
    log: LogSettings,
    /// Attached files.
    files: FileSettings,
    /// Webhooks.
    webhooks: WebhookSettings,
    /// Prints.
    print: PrintSettings,
    /// Other systems' files.
    exchange: ExchangeSettings,
    /// Signing in.
    sign_in: SignInSettings,
    /// The hall's directory (LDAP), by the code of the city. Not in the environment.
    ldap: BTreeMap<MunicipalityCode, DirectoryConfig>,
    /// Oversight.
    audit: AuditSettings,
    /// Where the logs are sent.
    siem: SiemSettings,
    /// Files from outside, made anew (無害化).
    sanitize: SanitizeSettings,
    /// Transfer between the portal and the desk.
    courier: CourierSettings,
    /// Backups.
    backup: BackupSettings,
    /// Mail to operators.
    mail: MailSettings,
    /// Maps.
    map: MapFile,
    /// The hall's own identity provider (庁内の認証基盤), by the code of the city. Not in the environment.
    provider: BTreeMap<MunicipalityCode, ProviderConfig>,
}

/// `[files]`
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileSettings {
    /// The bucket of S3-compatible storage that holds attached files.
    bucket: Option<String>,
    /// The address of the service, unless it is AWS.
    endpoint: Option<String>,
    /// The region, which AWS asks for.
    region: Option<String>,
    /// The access key's id.
    access_key: Option<String>,
    /// The access key's secret.
    secret_key: Option<String>,
    /// A file with the certificates of the hall's own authorities (PEM).
    authority: Option<PathBuf>,
}

impl fmt::Debug for FileSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSettings").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

impl FileSettings {
    fn overlaid(self, over: Self) -> Self {
        Self {
            bucket: over.bucket.or(self.bucket),
            endpoint: over.endpoint.or(self.endpoint),
            region: over.region.or(self.region),
            access_key: over.access_key.or(self.access_key),
            secret_key: over.secret_key.or(self.secret_key),
            authority: over.authority.or(self.authority),
        }
    }

    /// The bucket that they mean, but for the authority's file; none where files lie in a folder.
    fn settled(self) -> anyhow::Result<Option<BucketConfig>> {
        if self == Self::default() {
            return Ok(None);
        }
        let (Some(bucket), Some(access_key), Some(secret_key)) = (self.bucket, self.access_key, self.secret_key) else {
            bail!(
                "[files] には bucket、access_key、secret_key の三つが要ります（フォルダーに置くなら [files] を消してください）。"
            );
        };
        if self.endpoint.is_none() && self.region.is_none() {
            bail!("[files] に endpoint（S3 互換の保存先のアドレス）か region（AWS の地域）を書いてください。");
        }
        let is_web = |address: &str| Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if let Some(endpoint) = self.endpoint.as_deref().filter(|endpoint| !is_web(endpoint)) {
            bail!("files.endpoint は https:// か http:// で始まるアドレスにしてください（いまは {endpoint}）。");
        }
        Ok(Some(BucketConfig {
            bucket,
            endpoint: self.endpoint,
            region: self.region,
            access_key,
            secret_key,
            authority: None,
        }))
    }
}

/// `[exchange]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ExchangeSettings {
    /// The folder under which other systems' files arrive and are given out.
    folder: Option<PathBuf>,
}

/// `[webhooks]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WebhookSettings {
    /// Hosts and networks inside the hall to which messages may be sent.
    allow: Option<Vec<String>>,
    /// A file with the certificates of the hall's own authorities (PEM).
    authority: Option<PathBuf>,
}

/// `[print]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PrintSettings {
    /// Folders with fonts, beside those of the system.
    fonts: Option<Vec<PathBuf>>,
}

/// `[sign_in]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SignInSettings {
    /// The roles whose holders need a second factor.
    second_factor_roles: Option<Vec<String>>,
    /// After how many minutes without use a shared machine locks itself.
    counter_lock_minutes: Option<u32>,
    /// After how many minutes without use a session at a shared machine ends.
    counter_end_minutes: Option<u32>,
}

impl SignInSettings {
    fn overlaid(self, over: Self) -> Self {
        Self {
            second_factor_roles: over.second_factor_roles.or(self.second_factor_roles),
            counter_lock_minutes: over.counter_lock_minutes.or(self.counter_lock_minutes),
            counter_end_minutes: over.counter_end_minutes.or(self.counter_end_minutes),
        }
    }

    /// How long things last, with the usual where nothing is said.
    fn settled(self) -> anyhow::Result<Rules> {
        let usual = Rules::default();
        let minutes =
            |said: Option<u32>, usual: SignedDuration| said.map_or(usual, |n| SignedDuration::from_mins(i64::from(n)));
        let lock = minutes(self.counter_lock_minutes, usual.counter_lock);
        let end = minutes(self.counter_end_minutes, usual.counter_idle);
        if !(1..=60).contains(&lock.as_mins()) {
            bail!("sign_in.counter_lock_minutes は 1 から 60 までにしてください（いまは {}）。", lock.as_mins());
        }
        if end <= lock || end.as_mins() > 720 {
            bail!(
                "sign_in.counter_end_minutes は counter_lock_minutes より長く、720 までにしてください（いまは {}）。",
                end.as_mins()
            );
        }
        Ok(Rules {
            second_factor_roles: self.second_factor_roles.unwrap_or_default(),
            counter_lock: lock,
            counter_idle: end,
            ..usual
        })
    }
}

/// `[courier]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CourierSettings {
    /// The portal's address, to which the desk goes.
    portal: Option<String>,
    /// A file with the certificates of the hall's own authorities (PEM).
    authority: Option<PathBuf>,
    /// Seconds between two visits.
    every: Option<u64>,
}

/// `[backup]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct BackupSettings {
    /// The folder in which backups are put, whoever puts them there.
    folder: Option<PathBuf>,
}

/// `[serve]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ServeSettings {
    /// Which half of a separated installation this is: `all`, `portal` or `desk`.
    role: Option<String>,
    /// The address and port to listen on.
    listen: Option<SocketAddr>,
    /// Whether a proxy before the program tells the visitor's address and whether the connection is encrypted.
    behind_proxy: Option<bool>,
    /// Whether browsers reach the program over https, which a proxy before it ends.
    https: Option<bool>,
    /// The largest upload in MiB.
    upload_mib: Option<u64>,
    /// How many connections to PostgreSQL at most.
    connections: Option<usize>,
    /// How many seconds stopping may take.
    stop_seconds: Option<u64>,
}

/// `[log]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LogSettings {
    /// The format.
    format: Option<LogFormat>,
    /// What is logged, such as `info` or `warn,kawasemi_store=debug`.
    level: Option<String>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people on a terminal.
    Human,
    /// A JSON object for each line, for collectors.
    Json,
}

/// What a setting in the environment is turned into before it is read like the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    YesNo,
    /// Texts with commas between them.
    List,
}

/// Every setting: its place in the file, from which its name in the environment follows (`serve.listen` is
/// `KAWASEMI_SERVE_LISTEN`), and what it holds.
const SETTINGS: &[(&str, Kind)] = &[
    ("data", Kind::Text),
    ("database_url", Kind::Text),
    ("city", Kind::Text),
    ("folder", Kind::Text),
    ("seal_keys", Kind::Text),
    ("serve.role", Kind::Text),
    ("serve.listen", Kind::Text),
    ("serve.behind_proxy", Kind::YesNo),
    ("serve.https", Kind::YesNo),
    ("serve.upload_mib", Kind::Integer),
    ("serve.connections", Kind::Integer),
    ("serve.stop_seconds", Kind::Integer),
    ("log.format", Kind::Text),
    ("log.level", Kind::Text),
    ("files.bucket", Kind::Text),
    ("files.endpoint", Kind::Text),
    ("files.region", Kind::Text),
    ("files.access_key", Kind::Text),
    ("files.secret_key", Kind::Text),
    ("files.authority", Kind::Text),
    ("webhooks.allow", Kind::List),
    ("webhooks.authority", Kind::Text),
    ("print.fonts", Kind::List),
    ("exchange.folder", Kind::Text),
    ("sign_in.second_factor_roles", Kind::List),
    ("sign_in.counter_lock_minutes", Kind::Integer),
    ("sign_in.counter_end_minutes", Kind::Integer),
    ("audit.open", Kind::Text),
    ("audit.close", Kind::Text),
    ("audit.log_years", Kind::Integer),
    ("siem.collector", Kind::Text),
    ("siem.authority", Kind::Text),
    ("siem.folder", Kind::Text),
    ("siem.file_mib", Kind::Integer),
    ("siem.keep", Kind::Integer),
    ("sanitize.mode", Kind::Text),
    ("sanitize.command", Kind::List),
    ("sanitize.desk", Kind::YesNo),
    ("sanitize.pdf", Kind::Text),
    ("sanitize.input_mib", Kind::Integer),
    ("sanitize.pages", Kind::Integer),
    ("sanitize.seconds", Kind::Integer),
    ("sanitize.memory_mib", Kind::Integer),
    ("courier.portal", Kind::Text),
    ("courier.authority", Kind::Text),
    ("courier.every", Kind::Integer),
    ("backup.folder", Kind::Text),
    ("mail.relay", Kind::Text),
    ("mail.user", Kind::Text),
    ("mail.password", Kind::Text),
    ("mail.authority", Kind::Text),
    ("mail.from", Kind::Text),
    ("mail.operators", Kind::List),
    ("map.gsi", Kind::YesNo),
    ("map.outline", Kind::Text),
    ("map.outline_attribution", Kind::Text),
];

/// The configuration in force.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the cities lie.
    pub place: Place,
    /// The city that the command line means; none for the only one.
    pub city: Option<MunicipalityCode>,
    /// What lies outside the database: attached files, the audit's key and its copy. The data folder, or the folder beside
    /// a PostgreSQL database.
    pub folder: PathBuf,
    /// The file of the keys that seal secrets, for all cities; none where each city has its own in its folder.
    pub seal_keys: Option<PathBuf>,
    /// Which half of a separated installation this is.
    pub role: Role,
    /// The portal to which the desk goes; none where parcels travel by file.
    pub portal: Option<Url>,
    /// The hall's own authorities for the portal, as a PEM file.
    pub portal_authority: Option<PathBuf>,
    /// How often the desk goes to the portal.
    pub portal_every: Duration,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Whether a proxy stands before the program.
    pub behind_proxy: bool,
    /// Whether browsers reach the program over https.
    pub https: bool,
    /// The largest upload in bytes.
    pub upload_limit: u64,
    /// Connections to PostgreSQL at most.
    pub connections: usize,
    /// How long stopping may take.
    pub stop_within: Duration,
    /// How log lines look; none for people on a terminal and JSON elsewhere.
    pub log_format: Option<LogFormat>,
    /// What is logged.
    pub log_level: String,
    /// The bucket of attached files; none where they lie in the folder.
    pub bucket: Option<BucketConfig>,
    /// The hall's own authorities for the bucket, as a PEM file.
    pub bucket_authority: Option<PathBuf>,
    /// Where inside the hall webhooks may send.
    pub webhook_allow: Vec<Allowed>,
    /// The hall's own authorities for webhooks, as a PEM file.
    pub webhook_authority: Option<PathBuf>,
    /// Folders with fonts, beside those of the system.
    pub font_folders: Vec<PathBuf>,
    /// The folder of other systems' files; none where they come only by hand.
    pub exchange_folder: Option<PathBuf>,
    /// The folder in which backups are put; none where only those are known that were taken here.
    pub backup_folder: Option<PathBuf>,
    /// Through which relay operators are told of what is wrong; none where mail is not used.
    pub mail: Option<Relay>,
    /// What lies under maps.
    pub map: MapSettings,
    /// How long sessions last, and who needs a second factor.
    pub sign_in: Rules,
    /// The directories (LDAP), by the code of the city.
    pub directories: BTreeMap<MunicipalityCode, DirectoryConfig>,
    /// When the office is open.
    pub hours: OpeningHours,
    /// How many years the logs of looks and sign-ins are kept.
    pub log_years: u16,
    /// Where the logs are sent.
    pub siem: Vec<Target>,
    /// How files from outside are made anew.
    pub sanitizing: Sanitizing,
    /// The identity providers, by the code of the city.
    pub providers: BTreeMap<MunicipalityCode, ProviderConfig>,
}

/// Where the cities lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A data folder (SQLite).
    Folder(PathBuf),
    /// A PostgreSQL database.
    Database(String),
}

impl Config {
    /// Reads the file and the environment and lets the command line have the last word.
    ///
    /// # Errors
    /// A named file that can't be read, an unknown setting, a value of the wrong form; each with its place.
    pub fn read(
        global: &Global,
        listen: Option<SocketAddr>,
        role: Option<&str>,
        variables: &BTreeMap<String, String>,
    ) -> anyhow::Result<Self> {
        let file = match global.config.clone().or_else(|| variables.get(CONFIG_FILE).map(PathBuf::from)) {
            Some(named) => read_file(&named)?,
            None if Path::new(USUAL_FILE).is_file() => read_file(Path::new(USUAL_FILE))?,
            None => Settings::default(),
        };
        let environment = read_environment(variables)?;
        let flags = Settings {
            data: global.data.clone(),
            database_url: global.database_url.clone(),
            city: global.city,
            folder: None,
            seal_keys: None,
            serve: ServeSettings { listen, role: role.map(str::to_owned), ..ServeSettings::default() },
            log: LogSettings::default(),
            files: FileSettings::default(),
            webhooks: WebhookSettings::default(),
            print: PrintSettings::default(),
            exchange: ExchangeSettings::default(),
            sign_in: SignInSettings::default(),
            ldap: BTreeMap::new(),
            audit: AuditSettings::default(),
            siem: SiemSettings::default(),
            sanitize: SanitizeSettings::default(),
            courier: CourierSettings::default(),
            backup: BackupSettings::default(),
            mail: MailSettings::default(),
            map: MapFile::default(),
            provider: BTreeMap::new(),
        };
        [file, environment, flags].into_iter().try_fold(Settings::default(), Settings::overlaid)?.settled()
    }
}

impl Settings {
    /// These settings with those of a stronger source laid over them.
    fn overlaid(self, over: Self) -> anyhow::Result<Self> {
        if over.data.is_some() && over.database_url.is_some() {
            bail!("data と database_url の両方が指定されています。どちらか一方にしてください。");
        }
        // Data folder and database exclude one another, so the stronger source decides for both.
        let (data, database_url) = match (over.data, over.database_url) {
            (None, None) => (self.data, self.database_url),
            chosen => chosen,
        };
        Ok(Self {
            data,
            database_url,
            city: over.city.or(self.city),
            folder: over.folder.or(self.folder),
            seal_keys: over.seal_keys.or(self.seal_keys),
            serve: ServeSettings {
                role: over.serve.role.or(self.serve.role),
                listen: over.serve.listen.or(self.serve.listen),
                behind_proxy: over.serve.behind_proxy.or(self.serve.behind_proxy),
                https: over.serve.https.or(self.serve.https),
                upload_mib: over.serve.upload_mib.or(self.serve.upload_mib),
                connections: over.serve.connections.or(self.serve.connections),
                stop_seconds: over.serve.stop_seconds.or(self.serve.stop_seconds),
            },
            log: LogSettings { format: over.log.format.or(self.log.format), level: over.log.level.or(self.log.level) },
            files: self.files.overlaid(over.files),
            webhooks: WebhookSettings {
                allow: over.webhooks.allow.or(self.webhooks.allow),
                authority: over.webhooks.authority.or(self.webhooks.authority),
            },
            print: PrintSettings { fonts: over.print.fonts.or(self.print.fonts) },
            exchange: ExchangeSettings { folder: over.exchange.folder.or(self.exchange.folder) },
            sign_in: self.sign_in.overlaid(over.sign_in),
            ldap: self.ldap.into_iter().chain(over.ldap).collect(),
            audit: self.audit.overlaid(over.audit),
            siem: self.siem.overlaid(over.siem),
            sanitize: self.sanitize.overlaid(over.sanitize),
            courier: CourierSettings {
                portal: over.courier.portal.or(self.courier.portal),
                authority: over.courier.authority.or(self.courier.authority),
                every: over.courier.every.or(self.courier.every),
            },
            backup: BackupSettings { folder: over.backup.folder.or(self.backup.folder) },
            mail: self.mail.overlaid(over.mail),
            map: self.map.overlaid(over.map),
            provider: self.provider.into_iter().chain(over.provider).collect(),
        })
    }

    /// What they mean, with the usual where nothing is said.
    fn settled(self) -> anyhow::Result<Config> {
        let connections = self.serve.connections.unwrap_or(16);
        if !(1..=500).contains(&connections) {
            bail!("serve.connections は 1 から 500 までにしてください（いまは {connections}）。");
        }
        let stop_seconds = self.serve.stop_seconds.unwrap_or(60);
        if !(5..=600).contains(&stop_seconds) {
            bail!("serve.stop_seconds は 5 から 600 までにしてください（いまは {stop_seconds}）。");
        }
        let upload_mib = self.serve.upload_mib.unwrap_or(200);
        if !(1..=10_240).contains(&upload_mib) {
            bail!("serve.upload_mib は 1 から 10240 までにしてください（いまは {upload_mib}）。");
        }
        let sign_in = self.sign_in.settled()?;
        for (code, directory) in &self.ldap {
            directory.check().map_err(|said| anyhow::anyhow!("[ldap.{code}] の{said}"))?;
        }
        let (hours, log_years) = self.audit.settled()?;
        let siem = self.siem.settled()?;
        let bucket_authority = self.files.authority.clone();
        let bucket = self.files.settled()?;
        if bucket.is_some() && upload_mib * 1024 * 1024 > LARGEST {
            bail!(
                "S3 互換の保存先では、serve.upload_mib は {} までです（いまは {upload_mib}）。",
                LARGEST / 1024 / 1024
            );
        }
        let allow = self.webhooks.allow.unwrap_or_default();
        let allow = allow.iter().map(|text| text.trim().parse::<Allowed>());
        let webhook_allow =
            allow.collect::<Result<_, _>>().map_err(|said| anyhow::anyhow!("webhooks.allow の{said}"))?;
        let (role, portal, portal_every) = halves(self.serve.role.as_deref(), &self.courier)?;
        Ok(Config {
            hours,
            log_years,
            siem,
            role,
            portal,
            portal_authority: self.courier.authority,
            portal_every,
            bucket,
            bucket_authority,
            webhook_allow,
            webhook_authority: self.webhooks.authority,
            exchange_folder: self.exchange.folder,
            backup_folder: self.backup.folder,
            mail: self.mail.settled()?,
            map: self.map.settled()?,
            sanitizing: self.sanitize.settled()?,
            folder: if self.database_url.is_some() {
                self.folder.unwrap_or_else(data)
            } else {
                self.data.clone().unwrap_or_else(data)
            },
            place: match self.database_url {
                Some(url) => Place::Database(url),
                None => Place::Folder(self.data.unwrap_or_else(data)),
            },
            seal_keys: self.seal_keys,
            city: self.city,
            listen: self.serve.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            behind_proxy: self.serve.behind_proxy.unwrap_or(false),
            https: self.serve.https.unwrap_or(false),
            upload_limit: upload_mib * 1024 * 1024,
            connections,
            stop_within: Duration::from_secs(stop_seconds),
            log_format: self.log.format,
            log_level: self.log.level.unwrap_or_else(|| "info".to_owned()),
            font_folders: self.print.fonts.unwrap_or_default(),
            sign_in,
            directories: self.ldap,
            providers: self.provider,
        })
    }
}

/// Which half this is, and how the desk reaches the portal.
fn halves(role: Option<&str>, courier: &CourierSettings) -> anyhow::Result<(Role, Option<Url>, Duration)> {
    let named = role.unwrap_or("all");
    let role = Role::from_key(named)
        .with_context(|| format!("serve.role は all、portal、desk のどれかにしてください（いまは {named}）。"))?;
    let portal = match courier.portal.as_deref() {
        None => None,
        Some(_) if role != Role::Desk => {
            bail!("courier.portal は庁内側（serve.role = \"desk\"）だけに書きます。公開側からは接続を開きません。")
        }
        Some(address) => {
            let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            Some(url.with_context(|| {
                format!("courier.portal は https:// か http:// で始まるアドレスにしてください（いまは {address}）。")
            })?)
        }
    };
    let every = courier.every.unwrap_or(30);
    if !(1..=86_400).contains(&every) {
        bail!("courier.every は 1 から 86400（秒）までにしてください（いまは {every}）。");
    }
    Ok((role, portal, Duration::from_secs(every)))
}

/// The folder where nothing is said.
fn data() -> PathBuf {
    PathBuf::from("data")
}

fn read_file(path: &Path) -> anyhow::Result<Settings> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("設定ファイル {} を読めません。", path.display()))?;
    Ok(read_toml(&SourceFile::new(path.display().to_string(), text))?)
}

fn read_environment(variables: &BTreeMap<String, String>) -> anyhow::Result<Settings> {
    let mut settings = toml::Table::new();
    let concerns_us = |name: &str| name.starts_with(PREFIX) && !name.starts_with(TESTS) && name != CONFIG_FILE;
    for (name, value) in variables.iter().filter(|(name, _)| concerns_us(name)) {
        let Some((path, kind)) = SETTINGS.iter().find(|(path, _)| variable(path) == *name) else {
            let names: Vec<String> = SETTINGS.iter().map(|(path, _)| variable(path)).collect();
            let hint = nearest(name, names.iter().map(String::as_str)).map_or_else(
                || format!("使えるのは {} です。", names.join(", ")),
                |near| format!("{near} のことですか。"),
            );
            bail!("環境変数 {name} は知らない設定です。{hint}");
        };
        let value = kind.read(value).with_context(|| format!("環境変数 {name} の値「{value}」を読めません。"))?;
        let (section, key) = path.split_once('.').unwrap_or(("", path));
        let table = match section {
            "" => &mut settings,
            section => settings
                .entry(section)
                .or_insert_with(|| toml::Table::new().into())
                .as_table_mut()
                .expect("a section is a table"),
        };
        table.insert(key.to_owned(), value);
    }
    let text = toml::to_string(&settings).context("環境変数を読めません。")?;
    read_toml(&SourceFile::new("環境変数", text)).map_err(|errors| {
        // Line and column would be those of a text that nobody wrote.
        let said: Vec<String> =
            errors.0.into_iter().map(|error| format!("{}（{}）", error.message, error.hint)).collect();
        anyhow::anyhow!("環境変数 KAWASEMI_… の値に誤りがあります: {}", said.join("、"))
    })
}

/// The name in the environment of a setting.
fn variable(path: &str) -> String {
    format!("{PREFIX}{}", path.replace('.', "_").to_uppercase())
}

impl Kind {
    fn read(self, value: &str) -> anyhow::Result<toml::Value> {
        Ok(match self {
            Self::Text => value.into(),
            Self::Integer => value.parse::<i64>().context("整数を指定してください。")?.into(),
            Self::List => value.split(',').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().into(),
            Self::YesNo => match value {
                "true" | "1" | "yes" => true.into(),
                "false" | "0" | "no" => false.into(),
                _ => bail!("true か false を指定してください。"),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, variables: &[(&str, &str)], global: Global) -> Result<Config, String> {
        let folder = std::env::temp_dir().join(format!("kawasemi-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let path = folder.join(format!("{:x}.toml", file.len() * 31 + variables.len()));
        std::fs::write(&path, file).expect("a file can be written");
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::read(&Global { config: Some(path), ..global }, None, None, &variables)
            .map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn the_stronger_source_wins() {
        let file = "data = \"from-file\"\n[serve]\nlisten = \"127.0.0.1:1\"\n[log]\nlevel = \"warn\"\n";
        let config = read(file, &[("KAWASEMI_SERVE_LISTEN", "127.0.0.1:2")], Global::default()).expect("is read");
        assert_eq!(
            (config.place, config.listen.port(), config.log_level.as_str()),
            (Place::Folder("from-file".into()), 2, "warn")
        );
        let flags = Global { database_url: Some("postgres://db".to_owned()), ..Global::default() };
        let config = read(file, &[("KAWASEMI_DATA", "from-environment")], flags).expect("is read");
        assert_eq!(config.place, Place::Database("postgres://db".to_owned()));
    }

    #[test]
    fn what_is_unknown_or_wrong_is_refused_by_name() {
        for (file, variables, expected) in [
            ("datta = \"x\"", &[][..], ".toml:1:1: 「datta」というキーはありません（「data」のことですか）"),
            ("[serve]\nlisten = 8080", &[], ".toml:2:10: 値の型が違います"),
            ("[serve]\nport = 1", &[], ".toml:2:1: 「port」というキーはありません"),
            ("city = \"142183\"", &[], ".toml:1:8: "),
            ("data = \"a\"\ndatabase_url = \"b\"", &[], "どちらか一方"),
            ("", &[("KAWASEMI_LISTEN", "1")], "環境変数 KAWASEMI_LISTEN は知らない設定です。"),
            ("", &[("KAWASEMI_SERVE_CONNECTIONS", "many")], "整数を指定してください。"),
            ("", &[("KAWASEMI_SERVE_CONNECTIONS", "0")], "1 から 500 まで"),
            ("[webhooks]\nallow = [\"10.0.0.0/40\"]", &[], "webhooks.allow の「10.0.0.0/40」は"),
            ("", &[("KAWASEMI_WEBHOOKS_ALLOW", "gis.example.lg.jp, http://a")], "webhooks.allow の「http://a」は"),
            ("[files]\nbucket = \"kawasemi\"", &[], "access_key、secret_key の三つが要ります"),
            (
                "files = { bucket = \"a\", access_key = \"b\" }",
                &[("KAWASEMI_FILES_SECRET_KEY", "c")],
                "region（AWS の地域）",
            ),
            (
                "files = { bucket = \"a\", access_key = \"b\", secret_key = \"c\", endpoint = \"s3.example.jp\" }",
                &[],
                "endpoint",
            ),
            ("[serve]\nrole = \"both\"", &[], "serve.role は all、portal、desk"),
            ("[courier]\nportal = \"https://a.example\"", &[("KAWASEMI_SERVE_ROLE", "portal")], "庁内側"),
            ("", &[("KAWASEMI_SERVE_ROLE", "desk"), ("KAWASEMI_COURIER_PORTAL", "a.example")], "courier.portal"),
            ("[courier]\nevery = 0", &[], "courier.every"),
            ("[serve]\nstop_seconds = 1", &[], "serve.stop_seconds"),
            ("[mail]\nrelay = \"smtp://a\"", &[], "relay、from、operators の三つ"),
            ("mail = { relay = \"a:25\", from = \"a@b.jp\", operators = [\"c@d.jp\"] }", &[], "mail.relay は smtp://"),
            ("mail = { relay = \"smtp://a\", from = \"a\", operators = [\"c@d.jp\"] }", &[], "mail.from の「a」は"),
            (
                "mail = { relay = \"smtp://a\", from = \"a@b.jp\" }",
                &[("KAWASEMI_MAIL_OPERATORS", "c@d.jp, d")],
                "mail.operators の「d」は",
            ),
            (
                "mail = { relay = \"smtp://a\", from = \"a@b.jp\", operators = [\"c@d.jp\"], user = \"u\", password = \"p\" }",
                &[],
                "暗号化しない接続（smtp://）では使えません",
            ),
            ("[map]\noutline = \"/nowhere.geojson\"", &[], "map.outline のファイル /nowhere.geojson を読めません"),
            (
                "[[map.base]]\nkey = \"a\"\ntitle = \"b\"\nattribution = \"c\"\nurl = \"tiles/{z}\"",
                &[],
                "map.base の「a」の url は",
            ),
            (
                "[[map.base]]\nkey = \"a\"\ntitle = \"b\"\nattribution = \"\"\nurl = \"https://a/{z}/{x}/{y}\"",
                &[],
                "出典の表示を書いてください",
            ),
            ("", &[("KAWASEMI_MAP_GSI", "maybe")], "true か false"),
            ("", &[("KAWASEMI_LOG_FORMAT", "xml")], "「xml」という値は使えません"),
            ("[sign_in]\ncounter_lock_minutes = 0", &[], "1 から 60"),
            ("", &[("KAWASEMI_SIGN_IN_COUNTER_END_MINUTES", "3")], "counter_lock_minutes より長く"),
            (
                "[ldap.142182]\nservers = [\"http://dc\"]\nbind_dn = \"a\"\npassword = \"b\"\nuser_base = \"c\"",
                &[],
                "[ldap.142182] のservers の「http://dc/」は使えません",
            ),
        ] {
            let said = read(file, variables, Global::default()).expect_err("is refused");
            assert!(said.contains(expected), "{file} {variables:?}: {said}");
        }
    }

    #[test]
    fn the_documented_sample_is_read_and_names_every_setting() {
        let guide = include_str!("../../docs/operators.md");
        let sample = guide.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("has a sample");
        read(sample, &[], Global::default()).expect("the sample is read");
        for (path, _) in SETTINGS {
            let key = path.rsplit('.').next().unwrap_or(path);
            assert!(sample.contains(&format!("{key} =")), "{path} is not in the sample of docs/operators.md");
            assert!(guide.contains(&variable(path)), "{} is not in docs/operators.md", variable(path));
        }
    }
}
