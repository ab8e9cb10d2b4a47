//! The settings of oversight: opening hours, how long the logs are kept, and where they are sent.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use jiff::civil::Time;
use kawasemi_oversight::hours::OpeningHours;
use kawasemi_oversight::siem::{Address, Target};
use serde::Deserialize;

/// Years that the logs of looks and sign-ins are kept where nothing is said.
const LOG_YEARS: u16 = 5;
/// Size of a file of lines in MiB before the next is begun, where nothing is said.
const FILE_MIB: u64 = 100;
/// How many files of lines are kept beside the one being written, where nothing is said.
const KEEP: u32 = 30;

/// `[audit]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AuditSettings {
    /// When the office opens on a business day: `08:30`.
    open: Option<String>,
    /// When it closes: `17:15`.
    close: Option<String>,
    /// How many years the logs of looks and sign-ins are kept.
    log_years: Option<u16>,
}

impl AuditSettings {
    pub fn overlaid(self, over: Self) -> Self {
        Self {
            open: over.open.or(self.open),
            close: over.close.or(self.close),
            log_years: over.log_years.or(self.log_years),
        }
    }

    /// The opening hours and the years.
    pub fn settled(self) -> anyhow::Result<(OpeningHours, u16)> {
        let usual = OpeningHours::default();
        let time = |name: &str, text: Option<String>, usual: Time| match text {
            None => Ok(usual),
            Some(text) => {
                text.parse().with_context(|| format!("{name} は 08:30 のように書いてください（いまは {text}）。"))
            }
        };
        let hours = OpeningHours {
            open: time("audit.open", self.open, usual.open)?,
            close: time("audit.close", self.close, usual.close)?,
        };
        if hours.open >= hours.close {
            bail!("audit.open は audit.close より前の時刻にしてください。");
        }
        let years = self.log_years.unwrap_or(LOG_YEARS);
        if !(1..=100).contains(&years) {
            bail!("audit.log_years は 1 から 100 までにしてください（いまは {years}）。");
        }
        Ok((hours, years))
    }
}

/// `[siem]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SiemSettings {
    /// The collector: `tls://host:6514`, `tcp://host:601` or `udp://host:514`.
    collector: Option<String>,
    /// A file with the certificates of the hall's own authorities (PEM).
    authority: Option<PathBuf>,
    /// A folder for files of JSON lines.
    folder: Option<PathBuf>,
    /// Size of such a file in MiB before the next is begun.
    file_mib: Option<u64>,
    /// How many finished files are kept.
    keep: Option<u32>,
}

impl SiemSettings {
    pub fn overlaid(self, over: Self) -> Self {
        Self {
            collector: over.collector.or(self.collector),
            authority: over.authority.or(self.authority),
            folder: over.folder.or(self.folder),
            file_mib: over.file_mib.or(self.file_mib),
            keep: over.keep.or(self.keep),
        }
    }

    /// Where logs are sent.
    pub fn settled(self) -> anyhow::Result<Vec<Target>> {
        let mut targets = Vec::new();
        if let Some(text) = self.collector {
            let address: Address = text.parse().map_err(|said| anyhow::anyhow!("siem.collector の{said}"))?;
            targets.push(Target::Collector { address, authority: self.authority });
        }
        if let Some(folder) = self.folder {
            let mib = self.file_mib.unwrap_or(FILE_MIB);
            if !(1..=10_240).contains(&mib) {
                bail!("siem.file_mib は 1 から 10240 までにしてください（いまは {mib}）。");
            }
            targets.push(Target::Files { folder, size: mib * 1024 * 1024, keep: self.keep.unwrap_or(KEEP).max(1) });
        }
        Ok(targets)
    }
}
