//! How a city's directory is reached and believed, as the settings file says it.

use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

/// Where the login name goes in the filter of people, and a person's name in the directory (DN) in that of groups.
const LOGIN: &str = "{login}";
const DN: &str = "{dn}";

/// `[ldap.CODE]`: a city's directory.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryConfig {
    /// The servers, tried in this order: `ldaps://host[:port]`, or `ldap://host[:port]`, which begins TLS before anything is
    /// said (StartTLS). There is no unencrypted way.
    pub servers: Vec<Url>,
    /// What kind of directory it is; the usual names of attributes follow from it.
    #[serde(default)]
    pub kind: DirectoryKind,
    /// A file with the certificates (PEM) of the hall's own authority; without it the machine's authorities are believed.
    #[serde(default)]
    pub authority: Option<PathBuf>,
    /// The account (DN or user principal name) with which people are looked up.
    pub bind_dn: String,
    /// Its password; better in a file.
    #[serde(default)]
    pub password: Option<String>,
    /// A file with its password; a line end after it does not count.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Below which entry people are.
    pub user_base: String,
    /// Which entry is the person's: `{login}` stands for the name that was typed.
    #[serde(default)]
    pub user_filter: Option<String>,
    /// Below which entry groups are; the people's where it is not said.
    #[serde(default)]
    pub group_base: Option<String>,
    /// Which groups hold a person: `{dn}` stands for the person's entry. Groups in groups are found where the directory can.
    #[serde(default)]
    pub group_filter: Option<String>,
    /// The attribute that never changes and is never given twice, by which a person is known again.
    #[serde(default)]
    pub id_attribute: Option<String>,
    /// The attribute with the login name.
    #[serde(default)]
    pub login_attribute: Option<String>,
    /// The attribute with the name that is shown.
    #[serde(default)]
    pub name_attribute: Option<String>,
    /// The attribute with the mail address.
    #[serde(default)]
    pub mail_attribute: Option<String>,
    /// The attribute with the number of the staff register (職員番号).
    #[serde(default)]
    pub number_attribute: Option<String>,
    /// How long one server may take for one sign-in, in seconds, 1 to 10.
    #[serde(default = "usual_timeout")]
    pub timeout_seconds: u32,
    /// For how many hours after a sign-in the same password does while no server answers; 0 for not at all, at most 72.
    #[serde(default)]
    pub grace_hours: u32,
    /// How often everybody is looked up again, in minutes.
    #[serde(default = "usual_recheck")]
    pub recheck_minutes: u32,
    /// Whether an account that has a password here becomes the directory's when its owner signs in with the directory's
    /// password. Administrators' accounts never do: they are the way in when no server answers.
    #[serde(default)]
    pub take_over: bool,
    /// Which groups bring which roles.
    #[serde(default, rename = "group")]
    pub groups: Vec<GroupRole>,
}

/// What kind of directory it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DirectoryKind {
    /// Microsoft Active Directory.
    #[default]
    ActiveDirectory,
    /// OpenLDAP and others that follow `inetOrgPerson` and `groupOfNames`.
    OpenLdap,
}

/// A group that brings a role.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRole {
    /// The group's name in the directory.
    pub dn: String,
    /// The role's key.
    pub role: String,
    /// The code of the department (部局コード) within which the role holds; none for all that its holder belongs to.
    #[serde(default)]
    pub department: Option<String>,
}

const fn usual_timeout() -> u32 {
    3
}

const fn usual_recheck() -> u32 {
    15
}

impl std::fmt::Debug for DirectoryConfig {
    /// Without the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DirectoryConfig").field("servers", &self.servers).finish_non_exhaustive()
    }
}

impl DirectoryConfig {
    /// Refuses what can't work, in the operator's words.
    ///
    /// # Errors
    /// A sentence on what to change.
    pub fn check(&self) -> Result<(), String> {
        if self.servers.is_empty() {
            return Err("servers に、ディレクトリのサーバーを一つ以上書いてください。".to_owned());
        }
        for server in &self.servers {
            if !matches!(server.scheme(), "ldaps" | "ldap") || server.host_str().is_none_or(str::is_empty) {
                return Err(format!(
                    "servers の「{server}」は使えません。ldaps://ホスト名 か ldap://ホスト名（StartTLSで暗号化）にしてください。"
                ));
            }
        }
        if self.password.is_some() == self.password_file.is_some() {
            return Err("password_file（勧め）か password の、どちらか一方を書いてください。".to_owned());
        }
        if !(1..=10).contains(&self.timeout_seconds) {
            return Err(format!(
                "timeout_seconds は 1 から 10 までにしてください（いまは {}）。",
                self.timeout_seconds
            ));
        }
        if self.grace_hours > 72 {
            return Err(format!("grace_hours は 0 から 72 までにしてください（いまは {}）。", self.grace_hours));
        }
        if !(1..=1440).contains(&self.recheck_minutes) {
            return Err(format!(
                "recheck_minutes は 1 から 1440 までにしてください（いまは {}）。",
                self.recheck_minutes
            ));
        }
        has(self.user_filter(), LOGIN, "user_filter")?;
        has(self.group_filter(), DN, "group_filter")
    }

    /// Which entry is the person's.
    pub fn user_filter(&self) -> &str {
        let usual = match self.kind {
            DirectoryKind::ActiveDirectory => "(&(objectCategory=person)(objectClass=user)(sAMAccountName={login}))",
            DirectoryKind::OpenLdap => "(&(objectClass=inetOrgPerson)(uid={login}))",
        };
        self.user_filter.as_deref().unwrap_or(usual)
    }

    /// Which groups hold a person. Active Directory follows groups in groups by the rule that is named by its number
    /// (`LDAP_MATCHING_RULE_IN_CHAIN`).
    pub fn group_filter(&self) -> &str {
        let usual = match self.kind {
            DirectoryKind::ActiveDirectory => "(&(objectClass=group)(member:1.2.840.113556.1.4.1941:={dn}))",
            DirectoryKind::OpenLdap => "(&(objectClass=groupOfNames)(member={dn}))",
        };
        self.group_filter.as_deref().unwrap_or(usual)
    }

    /// Below which entry groups are.
    pub fn group_base(&self) -> &str {
        self.group_base.as_deref().unwrap_or(&self.user_base)
    }

    pub(super) fn id_attribute(&self) -> &str {
        self.named(self.id_attribute.as_deref(), "objectGUID", "entryUUID")
    }

    pub(super) fn login_attribute(&self) -> &str {
        self.named(self.login_attribute.as_deref(), "sAMAccountName", "uid")
    }

    pub(super) fn name_attribute(&self) -> &str {
        self.named(self.name_attribute.as_deref(), "displayName", "cn")
    }

    pub(super) fn mail_attribute(&self) -> &str {
        self.mail_attribute.as_deref().unwrap_or("mail")
    }

    pub(super) fn number_attribute(&self) -> &str {
        self.number_attribute.as_deref().unwrap_or("employeeNumber")
    }

    fn named<'a>(&self, said: Option<&'a str>, active_directory: &'a str, open_ldap: &'a str) -> &'a str {
        said.unwrap_or(match self.kind {
            DirectoryKind::ActiveDirectory => active_directory,
            DirectoryKind::OpenLdap => open_ldap,
        })
    }

    /// The filter that finds a login name. What was typed can't end its own part of the filter (RFC 4515).
    pub(super) fn find_login(&self, login: &str) -> String {
        self.user_filter().replace(LOGIN, &escaped(login.as_bytes()))
    }

    /// The filter that finds the groups of an entry.
    pub(super) fn find_groups(&self, dn: &str) -> String {
        self.group_filter().replace(DN, &escaped(dn.as_bytes()))
    }

    /// The filter that finds people by their unchanging ids.
    pub(super) fn find_ids<'a>(&self, ids: impl Iterator<Item = &'a [u8]>) -> String {
        let one = |id: &[u8]| format!("({}={})", self.id_attribute(), escaped(id));
        format!("(|{})", ids.map(one).collect::<String>())
    }
}

fn has(filter: &str, part: &str, setting: &str) -> Result<(), String> {
    if !filter.contains(part) {
        return Err(format!("{setting} に {part} が要ります（いまは「{filter}」）。"));
    }
    // Whether it is a filter at all is found with something harmless in the place.
    ldap3::parse_filter(filter.replace(part, "x"))
        .map(|_| ())
        .map_err(|()| format!("{setting} の「{filter}」はLDAPの検索条件として読めません。括弧を確かめてください。"))
}

/// Bytes as a value in a filter: everything but letters and digits by its number.
fn escaped(bytes: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(*byte).to_string(),
        other => format!("\\{other:02x}"),
    };
    bytes.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: &str) -> DirectoryConfig {
        let text = format!(
            "bind_dn = \"cn=kawasemi\"\npassword = \"x\"\nuser_base = \"dc=city\"\n{}{more}",
            if more.contains("servers") { "" } else { "servers = [\"ldaps://dc1.city.example\"]\n" }
        );
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn what_was_typed_stays_one_value() {
        let config = config("");
        for (typed, expected) in [
            ("tanaka", "tanaka"),
            ("*", "\\2a"),
            ("x)(uid=*", "x\\29\\28uid\\3d\\2a"),
            ("a\\2a", "a\\5c2a"),
            ("\0", "\\00"),
            ("田", "\\e7\\94\\b0"),
        ] {
            let filter = config.find_login(typed);
            let usual = "(&(objectCategory=person)(objectClass=user)(sAMAccountName=";
            assert_eq!(filter, format!("{usual}{expected}))"));
            assert!(ldap3::parse_filter(&filter).is_ok(), "{filter}");
        }
        assert!(config.find_groups("CN=a\\,b (x),DC=city").contains("CN\\3da\\5c\\2cb\\20\\28x\\29\\2cDC\\3dcity"));
    }

    #[test]
    fn nothing_travels_unencrypted_and_mistakes_are_told() {
        assert_eq!(config("").check(), Ok(()));
        assert_eq!(config("servers = [\"ldap://dc1.city.example\"]").check(), Ok(()));
        for (more, expected) in [
            ("servers = []", "一つ以上"),
            ("servers = [\"http://dc1.city.example\"]", "ldaps://"),
            ("servers = [\"ldapi:///run/ldap\"]", "ldaps://"),
            ("password_file = \"x\"", "どちらか一方"),
            ("timeout_seconds = 60", "1 から 10"),
            ("grace_hours = 100", "72"),
            ("user_filter = \"(uid=tanaka)\"", "{login}"),
            ("user_filter = \"(uid={login}\"", "括弧"),
            ("group_filter = \"(member=x)\"", "{dn}"),
        ] {
            let said = config(more).check().unwrap_err();
            assert!(said.contains(expected), "{more}: {said}");
        }
    }

    #[test]
    fn the_password_is_not_logged() {
        let config = DirectoryConfig { password: Some("hunter2".into()), ..config("") };
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
