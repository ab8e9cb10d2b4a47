//! The two halves of a separated installation.

use serde::{Deserialize, Serialize};

/// One half of a separated installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// On the internet, for residents (公開側).
    Portal,
    /// In the hall's own network, for staff (庁内側).
    Desk,
}

impl Side {
    /// The name in files, tables and settings.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Desk => "desk",
        }
    }

    /// The side of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Portal, Self::Desk].into_iter().find(|side| side.key() == key)
    }

    /// The half on the other side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Portal => Self::Desk,
            Self::Desk => Self::Portal,
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Portal => "公開側（portal）",
            Self::Desk => "庁内側（desk）",
        }
    }
}
