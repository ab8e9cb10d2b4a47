//! What a look found.

use serde::{Deserialize, Serialize};

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// As it should be.
    Good,
    /// Somebody should look at it.
    Warning,
    /// It has to be mended.
    Bad,
}

impl State {
    /// The mark that stands before a line.
    #[must_use]
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Good => "○",
            Self::Warning => "△",
            Self::Bad => "×",
        }
    }

    /// What it means, for people who do not see the mark.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Good => "よい",
            Self::Warning => "注意",
            Self::Bad => "要対応",
        }
    }
}

/// What a finding is about. The order is that of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// Backups (控え).
    Backup,
    /// The database and the definitions of its ledgers.
    Database,
    /// Room on the disks, and who may enter the folders.
    Disk,
    /// Jobs, imports, webhooks: what is done after an act.
    Queue,
    /// What is exchanged with other systems and with the other half of a separated installation.
    Transfer,
    /// Standbys of the database (待機系).
    Replication,
    /// The clock.
    Clock,
    /// Certificates and their expiry.
    Certificates,
    /// The relay through which operators are told.
    Mail,
    /// Accounts, and the keys that seal secrets.
    Accounts,
    /// What the machine has to have: fonts, programs that make files anew.
    Machine,
}

impl Subject {
    /// All of them, in the order of a page.
    pub const ALL: [Self; 11] = [
        Self::Backup,
        Self::Database,
        Self::Disk,
        Self::Queue,
        Self::Transfer,
        Self::Replication,
        Self::Clock,
        Self::Certificates,
        Self::Mail,
        Self::Accounts,
        Self::Machine,
    ];

    /// Its name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Backup => "控え",
            Self::Database => "データベースと台帳の定義",
            Self::Disk => "ディスク",
            Self::Queue => "処理の待ち行列と Webhook",
            Self::Transfer => "連携と受渡し",
            Self::Replication => "複製と待機系",
            Self::Clock => "時計",
            Self::Certificates => "証明書",
            Self::Mail => "メール",
            Self::Accounts => "利用者と封緘の鍵",
            Self::Machine => "書体と無害化",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub subject: Subject,
    /// What was looked at; begins with the code of the city where it is about one.
    pub check: String,
    /// How it stands.
    pub state: State,
    /// A sentence: how it stands and, unless it is well, what to do.
    pub message: String,
}

/// What was found, in the order in which it was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    /// Adds one.
    pub fn add(&mut self, subject: Subject, check: impl Into<String>, state: State, message: impl Into<String>) {
        self.0.push(Finding { subject, check: check.into(), state, message: message.into() });
    }

    /// How many are in a state.
    #[must_use]
    pub fn count(&self, state: State) -> usize {
        self.0.iter().filter(|finding| finding.state == state).count()
    }
}

impl Extend<Finding> for Findings {
    fn extend<T: IntoIterator<Item = Finding>>(&mut self, more: T) {
        self.0.extend(more);
    }
}

/// How long ago or for how long something is, in words that are short and exact enough to act on.
#[must_use]
pub fn span(seconds: i64) -> String {
    match seconds.max(0) {
        seconds if seconds < 120 => format!("{seconds}秒"),
        seconds if seconds < 2 * 3_600 => format!("{}分", seconds / 60),
        seconds if seconds < 2 * 86_400 => format!("{}時間", seconds / 3_600),
        seconds => format!("{}日", seconds / 86_400),
    }
}

/// A size in bytes in words.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["バイト", "KiB", "MiB", "GiB", "TiB"];
    let power = (bytes.max(1).ilog2() / 10).min(4);
    if power == 0 {
        return format!("{bytes}{}", UNITS[0]);
    }
    // One digit after the point, cut off: what is free is not made more.
    let tenths = (u128::from(bytes) * 10) >> (10 * power);
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[power as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes_read_well() {
        let spans = [(-5, "0秒"), (90, "90秒"), (600, "10分"), (90_000, "25時間"), (8 * 86_400, "8日")];
        for (seconds, said) in spans {
            assert_eq!(span(seconds), said);
        }
        for (bytes, said) in [
            (0, "0バイト"),
            (1_023, "1023バイト"),
            (1_536, "1.5 KiB"),
            (1 << 40, "1.0 TiB"),
            (u64::MAX, "16777215.9 TiB"),
        ] {
            assert_eq!(size(bytes), said);
        }
    }
}
