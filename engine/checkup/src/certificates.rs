//! Certificates and how long they are good for.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::figure::{Figure, Kind};
use crate::finding::{Finding, State, Subject};

/// So many days before its end a certificate should be renewed.
const SOON: i64 = 30;
/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;

/// What is read of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is (the subject's name).
    pub subject: String,
    /// From when it is good.
    pub from: Timestamp,
    /// Until when it is good.
    pub until: Timestamp,
}

impl Certificate {
    /// Reads one in DER.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(der: &[u8]) -> Result<Self, String> {
        let (_, read) = X509Certificate::from_der(der).map_err(|error| error.to_string())?;
        let instant = |seconds| Timestamp::from_second(seconds).map_err(|error| error.to_string());
        Ok(Self {
            subject: read.subject().to_string(),
            from: instant(read.validity().not_before.timestamp())?,
            until: instant(read.validity().not_after.timestamp())?,
        })
    }

    /// Reads all that stand in a text (PEM).
    ///
    /// # Errors
    /// When one can't be read, or there is none.
    pub fn read_all(pem: &[u8]) -> Result<Vec<Self>, String> {
        let ders: Vec<CertificateDer<'_>> =
            CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        if ders.is_empty() {
            return Err("証明書（PEM）がありません".to_owned());
        }
        ders.iter().map(|der| Self::read(der)).collect()
    }
}

/// Where a setting's certificates stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In a file.
    File(PathBuf),
    /// In the setting itself.
    Text(String),
}

/// A setting that names certificates of authorities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The setting, such as `webhooks.authority`.
    pub setting: String,
    /// Where they stand.
    pub source: Source,
}

/// Something with certificates: a file, or a server that shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// What it is, in words.
    pub check: String,
    /// By what a monitor knows it.
    pub key: String,
    /// The certificates, or why there are none.
    pub certificates: Result<Vec<Certificate>, String>,
    /// Whether one that has ended may be passed over where a newer one of the same name is there: in a file of authorities, in which
    /// both stand while they change, but not in what a server shows.
    pub renews_by_name: bool,
}

impl Named {
    /// Reads them.
    #[must_use]
    pub fn read(&self) -> Holder {
        let certificates = match &self.source {
            Source::File(path) => read_file(path).and_then(|pem| Certificate::read_all(&pem)),
            Source::Text(pem) => Certificate::read_all(pem.as_bytes()),
        };
        let place = match &self.source {
            Source::File(path) => format!("{} の {}", self.setting, path.display()),
            Source::Text(_) => self.setting.clone(),
        };
        Holder { check: format!("証明書: {place}"), key: self.setting.clone(), certificates, renews_by_name: true }
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("読めません（{error}）"))
}

impl Holder {
    /// The certificate that ends first among those that count, where they could be read.
    fn first(&self) -> Option<&Certificate> {
        let all = self.certificates.as_deref().unwrap_or_default();
        let is_renewed = |one: &Certificate| {
            self.renews_by_name && all.iter().any(|other| other.subject == one.subject && other.until > one.until)
        };
        all.iter().filter(|one| !is_renewed(one)).min_by_key(|one| one.until)
    }

    /// How it stands at an instant.
    #[must_use]
    pub fn finding(&self, now: Timestamp) -> Finding {
        let (state, message) = match (&self.certificates, self.first()) {
            (Err(why), _) if self.renews_by_name => {
                (State::Bad, format!("{why}。認証局の証明書（PEM）のファイルを置き直してください。"))
            }
            // A server that does not answer may be back soon, and what needs it says so itself.
            (Err(why), _) => (State::Warning, format!("証明書を確かめられません（{why}）。")),
            (Ok(_), None) => (State::Warning, "証明書がありません。".to_owned()),
            (Ok(_), Some(first)) => standing(first, now),
        };
        Finding { subject: Subject::Certificates, check: self.check.clone(), state, message }
    }

    /// For a monitor: how long the certificate that ends first is good for.
    #[must_use]
    pub fn figure(&self, now: Timestamp) -> Option<Figure> {
        let left = self.first()?.until.duration_since(now).as_secs_f64();
        let help = "Until the first certificate of a setting or server ends; negative when it has ended.";
        let figure = Figure::new("kawasemi_certificate_remaining_seconds", help, Kind::Gauge, left);
        Some(figure.with("certificate", &self.key))
    }
}

fn standing(first: &Certificate, now: Timestamp) -> (State, String) {
    let zone = TimeZone::get("Asia/Tokyo").unwrap_or(TimeZone::UTC);
    let day = |at: Timestamp| zone.to_datetime(at).date().to_string();
    let (until, name) = (day(first.until), &first.subject);
    let left = first.until.as_second() - now.as_second();
    match left.div_euclid(DAY) {
        days if days < 0 => {
            (State::Bad, format!("{name} の証明書の期限が切れています（{until} まで）。新しい証明書に替えてください。"))
        }
        _ if first.from > now => (
            State::Bad,
            format!(
                "{name} の証明書は {} からのもので、まだ使えません。機械の時計と証明書を確かめてください。",
                day(first.from)
            ),
        ),
        days if days < SOON => (
            State::Warning,
            format!(
                "{name} の証明書は、あと{days}日で期限が切れます（{until} まで）。新しい証明書を用意してください。"
            ),
        ),
        days => (State::Good, format!("あと{days}日使えます（{name}、{until} まで）。")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(renews_by_name: bool, days: &[(&str, i64)]) -> Holder {
        let at = |days: i64| Timestamp::from_second(1_000_000_000 + days * DAY).unwrap();
        let one = |(subject, until): &(&str, i64)| Certificate {
            subject: (*subject).to_owned(),
            from: at(-1_000),
            until: at(*until),
        };
        let certificates = Ok(days.iter().map(one).collect());
        Holder { check: "試験".to_owned(), key: "test".to_owned(), certificates, renews_by_name }
    }

    #[test]
    fn what_ends_first_counts_unless_it_was_renewed() {
        let now = Timestamp::from_second(1_000_000_000).unwrap();
        let state = |by_name, days: &[(&str, i64)]| holder(by_name, days).finding(now).state;
        assert_eq!(state(true, &[("CN=a", 400), ("CN=b", 31)]), State::Good);
        assert_eq!(state(true, &[("CN=a", 400), ("CN=b", 29)]), State::Warning);
        assert_eq!(state(true, &[("CN=a", -1), ("CN=a", 400)]), State::Good, "both stand there while they change");
        assert_eq!(state(false, &[("CN=a", -1), ("CN=a", 400)]), State::Bad);
        assert_eq!(state(true, &[("CN=a", -1)]), State::Bad);
        assert_eq!(holder(true, &[("CN=a", 2), ("CN=b", 9)]).figure(now).unwrap().value, (2 * DAY) as f64);
    }

    #[test]
    fn one_that_is_not_good_yet_is_told() {
        let now = Timestamp::from_second(1_000_000_000 - 2_000 * DAY).unwrap();
        let finding = holder(true, &[("CN=a", 400)]).finding(now);
        assert!(finding.state == State::Bad && finding.message.contains("まだ使えません"), "{finding:?}");
    }
}
