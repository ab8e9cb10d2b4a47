//! How a person can be reached: telephone number, mail address, web address, postcode.
//!
//! Each is read as people type it (full width, with or without hyphens), brought to one form, and refused with a
//! sentence that says what to enter. Whether the number rings or the mailbox exists is the message engine's to find out.

mod corporate_number;
mod phone;

use std::fmt;
use std::str::FromStr;

use url::Url;

pub use self::corporate_number::{CorporateNumber, CorporateNumberError};
pub use self::phone::{Phone, PhoneError};
use crate::text::{fold, tidy};

/// The longest web address.
const MAX_URL_CHARS: usize = 2_000;

/// A mail address (メールアドレス): the mailbox as typed, the domain in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailAddress(String);

/// A web address (URL) that begins with `http://` or `https://`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WebAddress(String);

/// A postcode (郵便番号) of seven digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Postcode(u32);

/// Why a text is not a mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailAddressError {
    /// There is no `@` with something on both sides, or a character that cannot be.
    #[error("メールアドレスの形が正しくありません。「taro@example.jp」のように半角で入力してください。")]
    Syntax,
    /// The part after `@` is not a domain.
    #[error("メールアドレスの「@」より後が正しくありません。「example.jp」のように入力してください。")]
    Domain,
    /// It is longer than mail servers take.
    #[error("メールアドレスが長すぎます。254文字以内で入力してください。")]
    TooLong,
}

/// Why a text is not a web address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebAddressError {
    /// It does not begin with `http://` or `https://`.
    #[error("URLは「https://」または「http://」で始まる形で入力してください。")]
    Scheme,
    /// The rest is not a web address.
    #[error("URLの形が正しくありません。「https://www.example.jp/」のように入力してください。")]
    Syntax,
    /// It carries a user name or a password, which is how deceptive links hide their host.
    #[error("URLにユーザー名やパスワード（「@」の前の部分）は使えません。その部分を除いて入力してください。")]
    Credentials,
    /// It has more than 2,000 characters.
    #[error("URLが長すぎます。{MAX_URL_CHARS}文字以内で入力してください。")]
    TooLong,
}

/// The text is not a postcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("郵便番号は7桁の数字（例：252-1192）で入力してください。")]
pub struct PostcodeError;

impl MailAddress {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MailAddress {
    type Err = MailAddressError;

    /// Reads an address. Dots may stand anywhere in the mailbox, since Japanese carriers once gave such addresses out;
    /// quoted mailboxes are refused.
    fn from_str(text: &str) -> Result<Self, MailAddressError> {
        let typed = half_width(text);
        if typed.len() > 254 {
            return Err(MailAddressError::TooLong);
        }
        let (mailbox, domain) = typed.rsplit_once('@').ok_or(MailAddressError::Syntax)?;
        let is_mailbox_char = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        if mailbox.is_empty() || mailbox.len() > 64 || !mailbox.chars().all(is_mailbox_char) {
            return Err(MailAddressError::Syntax);
        }
        if !is_domain(domain) {
            return Err(MailAddressError::Domain);
        }
        Ok(Self(format!("{mailbox}@{}", domain.to_ascii_lowercase())))
    }
}

impl WebAddress {
    /// The address in the normal form of the URL standard: host in lower case and punycode, path percent-encoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WebAddress {
    type Err = WebAddressError;

    fn from_str(text: &str) -> Result<Self, WebAddressError> {
        let typed = tidy(text);
        if typed.chars().nth(MAX_URL_CHARS).is_some() {
            return Err(WebAddressError::TooLong);
        }
        let scheme = typed.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        if !matches!(scheme.as_deref(), Some("http" | "https")) {
            return Err(WebAddressError::Scheme);
        }
        if typed.contains(char::is_whitespace) {
            return Err(WebAddressError::Syntax);
        }
        let url = Url::parse(&typed).map_err(|_| WebAddressError::Syntax)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(WebAddressError::Credentials);
        }
        Ok(Self(url.into()))
    }
}

impl Postcode {
    /// Seven digits without the hyphen, as they are stored.
    pub fn digits(self) -> String {
        format!("{:07}", self.0)
    }
}

impl FromStr for Postcode {
    type Err = PostcodeError;

    /// Reads `252-1192`, `2521192`, `〒252-1192` and their full-width forms.
    fn from_str(text: &str) -> Result<Self, PostcodeError> {
        let folded: String = fold(text).chars().filter(|c| *c != ' ').collect();
        let typed = folded.strip_prefix('〒').unwrap_or(&folded);
        let digits = match typed.split_once('-') {
            Some((area, rest)) if area.len() == 3 && rest.len() == 4 => format!("{area}{rest}"),
            Some(_) => return Err(PostcodeError),
            None => typed.to_owned(),
        };
        if digits.len() != 7 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PostcodeError);
        }
        digits.parse().map(Self).map_err(|_| PostcodeError)
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Postcode {
    /// `252-1192`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}-{:04}", self.0 / 10_000, self.0 % 10_000)
    }
}

/// Full-width ASCII as half-width, the case kept.
fn half_width(text: &str) -> String {
    let narrow = |c: char| match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        c => c,
    };
    tidy(text).chars().map(narrow).collect()
}

/// Labels of letters, digits and inner hyphens, at least two, the last not a number.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.contains('.') && text.split('.').all(is_label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_mail_addresses() {
        for (text, address) in [
            ("Taro.Ayase@Example.JP", "Taro.Ayase@example.jp"),
            (" ｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐ ", "taro@example.jp"),
            ("a..b.@docomo.example", "a..b.@docomo.example"),
            ("a+b@xn--wgv71a.jp", "a+b@xn--wgv71a.jp"),
        ] {
            assert_eq!(text.parse::<MailAddress>().map(|mail| mail.to_string()), Ok(address.to_owned()));
        }
    }

    #[test]
    fn refuses_what_is_no_mail_address() {
        for text in [
            "",
            "taro",
            "@example.jp",
            "ta ro@example.jp",
            "太郎@example.jp",
            "a@b@example.jp",
            "\"a\"@example.jp",
            "a\r\nBcc:b@example.jp",
        ] {
            assert_eq!(text.parse::<MailAddress>(), Err(MailAddressError::Syntax), "{text}");
        }
        for text in ["taro@", "taro@example", "taro@-a.jp", "taro@a..jp", "taro@192.168.0.1", "taro@例え.jp"] {
            assert_eq!(text.parse::<MailAddress>(), Err(MailAddressError::Domain), "{text}");
        }
        assert_eq!(format!("{}@example.jp", "a".repeat(250)).parse::<MailAddress>(), Err(MailAddressError::TooLong));
    }

    #[test]
    fn reads_web_addresses() {
        for (text, address) in [
            (" https://www.example.jp\r\n", "https://www.example.jp/"),
            ("HTTP://Example.JP/公園?a=1", "http://example.jp/%E5%85%AC%E5%9C%92?a=1"),
            ("https://日本語.jp/", "https://xn--wgv71a119e.jp/"),
        ] {
            assert_eq!(text.parse::<WebAddress>().map(|url| url.to_string()), Ok(address.to_owned()));
        }
    }

    #[test]
    fn refuses_dangerous_web_addresses() {
        for (text, error) in [
            ("javascript:alert(1)", WebAddressError::Scheme),
            ("javascript://x/%0aalert(1)", WebAddressError::Scheme),
            ("www.example.jp", WebAddressError::Scheme),
            ("", WebAddressError::Scheme),
            ("https://", WebAddressError::Syntax),
            ("https://a b.jp/", WebAddressError::Syntax),
            ("https://city.example.jp@evil.example/", WebAddressError::Credentials),
        ] {
            assert_eq!(text.parse::<WebAddress>(), Err(error), "{text}");
        }
        assert_eq!(format!("https://a.jp/{}", "a".repeat(2_000)).parse::<WebAddress>(), Err(WebAddressError::TooLong));
    }

    #[test]
    fn reads_postcodes() {
        for text in ["252-1192", "2521192", "〒252-1192", "〒 ２５２－１１９２", "252ー1192"] {
            let postcode: Postcode = text.parse().expect(text);
            assert_eq!((postcode.to_string().as_str(), postcode.digits().as_str()), ("252-1192", "2521192"));
        }
        assert_eq!("0600000".parse::<Postcode>().map(|postcode| postcode.to_string()), Ok("060-0000".to_owned()));
        for text in ["", "252", "25-21192", "252119", "252-119a", "252-1192-1"] {
            assert_eq!(text.parse::<Postcode>(), Err(PostcodeError), "{text}");
        }
    }
}
