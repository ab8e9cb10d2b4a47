//! The languages in which residents are addressed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A language of the screens. Plain Japanese (やさしい日本語) is a language of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Lang {
    /// Japanese (日本語).
    #[default]
    #[serde(rename = "ja")]
    Ja,
    /// Plain Japanese (やさしい日本語).
    #[serde(rename = "ja-easy")]
    JaEasy,
    /// English.
    #[serde(rename = "en")]
    En,
    /// Vietnamese.
    #[serde(rename = "vi")]
    Vi,
}

impl Lang {
    /// Every language, in the order in which a page offers them.
    pub const ALL: [Self; 4] = [Self::Ja, Self::JaEasy, Self::En, Self::Vi];

    /// The key used in paths and files: `ja`, `ja-easy`, `en`, `vi`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::JaEasy => "ja-easy",
            Self::En => "en",
            Self::Vi => "vi",
        }
    }

    /// The value of the HTML `lang` attribute (BCP 47).
    pub const fn bcp47(self) -> &'static str {
        match self {
            Self::Ja | Self::JaEasy => "ja",
            Self::En => "en",
            Self::Vi => "vi",
        }
    }

    /// The language's name in itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::Ja => "日本語",
            Self::JaEasy => "やさしい日本語",
            Self::En => "English",
            Self::Vi => "Tiếng Việt",
        }
    }

    /// The language of a path prefix or key; none if the city does not offer it.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.key() == key)
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}
