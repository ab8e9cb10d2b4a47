//! The progress of an initiative (進捗) as the section in charge reports it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How an initiative goes. The order is from worst to best, so that the least is the flag of a theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// Late (遅れ).
    Stalled,
    /// Somewhat late (やや遅れ).
    Behind,
    /// As planned (計画どおり).
    OnTrack,
    /// Ahead of the plan (計画以上).
    Ahead,
    /// Finished (完了).
    Done,
    /// Given up (中止). It counts for no theme.
    Cancelled,
}

/// A text that names no progress.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "進捗「{0}」は決められた値ではありません。計画以上・計画どおり・やや遅れ・遅れ・完了・中止のどれかにしてください。"
)]
pub struct UnknownProgress(pub String);

impl Progress {
    /// Every state, as a form offers them.
    pub const ALL: [Self; 6] = [Self::Ahead, Self::OnTrack, Self::Behind, Self::Stalled, Self::Done, Self::Cancelled];

    /// The key in the ledger.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Ahead => "ahead",
            Self::OnTrack => "on-track",
            Self::Behind => "behind",
            Self::Stalled => "stalled",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// What the staff and the residents read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ahead => "計画以上",
            Self::OnTrack => "計画どおり",
            Self::Behind => "やや遅れ",
            Self::Stalled => "遅れ",
            Self::Done => "完了",
            Self::Cancelled => "中止",
        }
    }

    /// Whether nothing more is expected.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl FromStr for Progress {
    type Err = UnknownProgress;

    /// Reads a key or a label.
    fn from_str(text: &str) -> Result<Self, UnknownProgress> {
        let written = text.trim();
        let known = Self::ALL.into_iter().find(|progress| progress.key() == written || progress.label() == written);
        known.ok_or_else(|| UnknownProgress(written.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_labels_are_read_back() {
        for progress in Progress::ALL {
            assert_eq!(progress.key().parse(), Ok(progress));
            assert_eq!(progress.label().parse(), Ok(progress));
        }
        assert_eq!("順調".parse::<Progress>(), Err(UnknownProgress("順調".to_owned())));
    }

    #[test]
    fn the_worst_is_the_least() {
        assert_eq!([Progress::Done, Progress::Behind, Progress::OnTrack].into_iter().min(), Some(Progress::Behind));
        assert_eq!([Progress::Behind, Progress::Stalled].into_iter().min(), Some(Progress::Stalled));
    }
}
