//! Why the directory does not let somebody in who may have typed the right password.
//!
//! Active Directory answers every refused bind with result 49 and says why in the text (`data 533`, MS-ADTS 5.1.1.5 with the
//! Windows error of that number in hexadecimal). All but "locked" are told only when the password was right, so that repeating
//! them to the person tells a stranger nothing.

use jiff::Timestamp;
use thiserror::Error;

/// `ACCOUNTDISABLE` of `userAccountControl`.
const DISABLED: i64 = 0x2;
/// Seconds between 1601, where the directory counts from, and 1970.
const FROM_1601: i64 = 11_644_473_600;

/// Why the directory does not let somebody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Blocked {
    /// The account is disabled there.
    #[error("庁内のアカウントが無効になっているため、サインインできません。情報システム担当に確認してください。")]
    Disabled,
    /// Too many wrong passwords there.
    #[error("庁内のアカウントがロックされています。しばらく待つか、情報システム担当にロックの解除を依頼してください。")]
    Locked,
    /// The account's last day has passed.
    #[error("庁内のアカウントの有効期限が切れています。情報システム担当に確認してください。")]
    Expired,
    /// The password's last day has passed.
    #[error(
        "庁内のパスワードの有効期限が切れています。パソコンのサインイン画面でパスワードを変えてから、もう一度お試しください。"
    )]
    PasswordExpired,
    /// The password must be changed first.
    #[error(
        "庁内のパスワードの変更が必要です。パソコンのサインイン画面でパスワードを変えてから、もう一度お試しください。"
    )]
    MustChange,
    /// Not at this time or not from this machine.
    #[error("庁内のアカウントが、いまの時間またはこの端末では使えない設定です。情報システム担当に確認してください。")]
    NotNow,
}

impl Blocked {
    /// What the text of a refused bind says; none where it says that the password is wrong, or nothing.
    pub(crate) fn of_bind(text: &str) -> Option<Self> {
        let (_, rest) = text.split_once("data ")?;
        let code: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
        Some(match code.to_ascii_lowercase().as_str() {
            "530" | "531" => Self::NotNow,
            "532" => Self::PasswordExpired,
            "533" => Self::Disabled,
            "701" => Self::Expired,
            "773" => Self::MustChange,
            "775" => Self::Locked,
            _ => return None,
        })
    }

    /// What a person's entry says: `userAccountControl`, `accountExpires` (100 ns since 1601; 0 and the largest number for
    /// never) and `pwdAccountLockedTime` of OpenLDAP's password policy.
    pub(crate) fn of_entry(control: Option<&str>, expires: Option<&str>, locked: bool, at: Timestamp) -> Option<Self> {
        let number = |text: Option<&str>| text.and_then(|text| text.trim().parse::<i64>().ok());
        if number(control).is_some_and(|flags| flags & DISABLED != 0) {
            return Some(Self::Disabled);
        }
        let ends = number(expires).filter(|ends| !matches!(*ends, 0 | i64::MAX));
        if ends.is_some_and(|ends| ends / 10_000_000 - FROM_1601 <= at.as_second()) {
            return Some(Self::Expired);
        }
        locked.then_some(Self::Locked)
    }

    /// The word that the record of sign-ins has for it.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Disabled => "directory disabled",
            Self::Locked => "directory locked",
            Self::Expired => "directory expired",
            Self::PasswordExpired => "directory password-expired",
            Self::MustChange => "directory must-change",
            Self::NotNow => "directory not-now",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_refused_bind_says_why() {
        let said = |code: &str| {
            Blocked::of_bind(&format!(
                "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data {code}, v2580"
            ))
        };
        assert_eq!(said("533"), Some(Blocked::Disabled));
        assert_eq!(said("775"), Some(Blocked::Locked));
        assert_eq!(said("773"), Some(Blocked::MustChange));
        assert_eq!(said("52e"), None);
        assert_eq!(said("525"), None);
        assert_eq!(Blocked::of_bind("INVALID CREDENTIALS"), None);
    }

    #[test]
    fn an_entry_says_when_it_ends() {
        let at: Timestamp = "2026-04-01T00:00:00+09:00".parse().unwrap();
        let of = |control: Option<&str>, expires: Option<&str>, locked| Blocked::of_entry(control, expires, locked, at);
        assert_eq!(of(Some("512"), Some("0"), false), None);
        assert_eq!(of(Some("514"), None, false), Some(Blocked::Disabled));
        assert_eq!(of(Some("66050"), None, false), Some(Blocked::Disabled));
        assert_eq!(of(None, Some("9223372036854775807"), false), None);
        let ends = |second: i64| ((second + FROM_1601) * 10_000_000).to_string();
        assert_eq!(of(None, Some(&ends(at.as_second())), false), Some(Blocked::Expired));
        assert_eq!(of(None, Some(&ends(at.as_second() + 1)), false), None);
        assert_eq!(of(None, None, true), Some(Blocked::Locked));
    }
}
