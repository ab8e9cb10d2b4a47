//! The settings of mail: the hall's relay, and who is told of what is wrong.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use kawasemi_checkup::mail::{Address, Encryption, Relay};
use serde::Deserialize;
use url::Url;

/// `[mail]`
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct MailSettings {
    /// The relay: `smtp://`, `smtp+starttls://` or `smtps://`, name and port.
    relay: Option<String>,
    /// The account, where the relay asks for one.
    user: Option<String>,
    /// Its password.
    password: Option<String>,
    /// A file with the certificates of the hall's own authorities (PEM).
    authority: Option<PathBuf>,
    /// Who writes.
    from: Option<String>,
    /// Who is told of what is wrong.
    operators: Option<Vec<String>>,
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailSettings").field("relay", &self.relay).finish_non_exhaustive()
    }
}

impl MailSettings {
    pub fn overlaid(self, over: Self) -> Self {
        Self {
            relay: over.relay.or(self.relay),
            user: over.user.or(self.user),
            password: over.password.or(self.password),
            authority: over.authority.or(self.authority),
            from: over.from.or(self.from),
            operators: over.operators.or(self.operators),
        }
    }

    /// The relay that they mean; none where mail is not used.
    pub fn settled(self) -> anyhow::Result<Option<Relay>> {
        if self == Self::default() {
            return Ok(None);
        }
        let (Some(relay), Some(from), Some(operators)) = (self.relay, self.from, self.operators) else {
            bail!(
                "[mail] には relay、from、operators の三つが要ります（メールを使わないなら [mail] を消してください）。"
            );
        };
        let (host, port, encryption) = place(&relay).with_context(|| {
            format!(
                "mail.relay は smtp://名前:25、smtp+starttls://名前:587、smtps://名前:465 のどれかの形にしてください（いまは {relay}）。"
            )
        })?;
        let account = match (self.user, self.password) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            _ => bail!("mail.user と mail.password は、両方を書くか、両方とも書かないでください。"),
        };
        if account.is_some() && encryption == Encryption::None {
            bail!(
                "mail.user と mail.password は、暗号化しない接続（smtp://）では使えません。mail.relay を smtp+starttls:// か smtps:// にしてください。"
            );
        }
        let operators = operators.iter().map(|text| address("mail.operators", text)).collect::<Result<Vec<_>, _>>()?;
        if operators.is_empty() {
            bail!("mail.operators に、知らせるあて先を一つ以上書いてください。");
        }
        let from = address("mail.from", &from)?;
        Ok(Some(Relay { host, port, encryption, account, authority: self.authority, from, operators }))
    }
}

/// Name, port and encryption of a relay's address.
fn place(relay: &str) -> Option<(String, u16, Encryption)> {
    let url = Url::parse(relay).ok()?;
    let (encryption, usual) = match url.scheme() {
        "smtp" => (Encryption::None, 25),
        "smtp+starttls" => (Encryption::StartTls, 587),
        "smtps" => (Encryption::Direct, 465),
        _ => return None,
    };
    let is_bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    let host = url.host_str().filter(|host| !host.is_empty() && is_bare && matches!(url.path(), "" | "/"))?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Some((host, url.port().unwrap_or(usual), encryption))
}

fn address(setting: &str, text: &str) -> anyhow::Result<Address> {
    text.trim().parse().map_err(|_| anyhow::anyhow!("{setting} の「{text}」はメールアドレスとして読めません。"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_relays_are_read() {
        let read = |text: &str| place(text).map(|(host, port, encryption)| format!("{host} {port} {encryption:?}"));
        for (text, expected) in [
            ("smtp://mail.example.lg.jp", "mail.example.lg.jp 25 None"),
            ("smtp+starttls://mail.example.lg.jp/", "mail.example.lg.jp 587 StartTls"),
            ("smtps://[2001:db8::1]:2465", "2001:db8::1 2465 Direct"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for wrong in ["mail.example.lg.jp:25", "https://mail.example.lg.jp", "smtp://u:p@mail", "smtp://", "smtp://a/b"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
