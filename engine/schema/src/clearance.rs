//! How far a field may be seen.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The clearance of a field, and of what a grant lets a person see. Ordered from open to closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Clearance {
    /// Anybody (公開).
    Public,
    /// The hall's staff (庁内). A field that says nothing is internal.
    #[default]
    Internal,
    /// Personal data (個人情報).
    Personal,
    /// Data that needs special care (要配慮個人情報, 特定個人情報).
    Sensitive,
}

impl Clearance {
    /// Every level, from open to closed.
    pub const ALL: [Self; 4] = [Self::Public, Self::Internal, Self::Personal, Self::Sensitive];

    /// The key in TOML and in column names.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Personal => "personal",
            Self::Sensitive => "sensitive",
        }
    }

    /// What the staff call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Public => "公開",
            Self::Internal => "庁内",
            Self::Personal => "個人情報",
            Self::Sensitive => "要配慮・特定個人情報",
        }
    }

    /// Whether reading a field of this level goes to the access log.
    pub const fn is_logged(self) -> bool {
        matches!(self, Self::Personal | Self::Sensitive)
    }
}
