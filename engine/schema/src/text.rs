//! A short text that is shown to people, in one or more languages.

use kawasemi_kernel::Lang;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A label or sentence: plain Japanese text, or a table with one entry per language.
///
/// ```toml
/// label = "公園名"
/// label = { ja = "公園名", en = "Park name" }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Text {
    /// Nothing.
    #[default]
    #[serde(skip)]
    Empty,
    /// Japanese only.
    Plain(String),
    /// Several languages; Japanese is required and stands in for a missing one.
    Many(Translated),
}

/// The same sentence in several languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Translated {
    /// Japanese (日本語).
    pub ja: String,
    /// Plain Japanese (やさしい日本語).
    #[serde(rename = "ja-easy", default, skip_serializing_if = "Option::is_none")]
    pub ja_easy: Option<String>,
    /// English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
    /// Vietnamese.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vi: Option<String>,
}

impl Text {
    /// The text in a language, or in Japanese where it is not translated.
    pub fn get(&self, lang: Lang) -> &str {
        match self {
            Self::Empty => "",
            Self::Plain(text) => text,
            Self::Many(many) => match lang {
                Lang::Ja => None,
                Lang::JaEasy => many.ja_easy.as_deref(),
                Lang::En => many.en.as_deref(),
                Lang::Vi => many.vi.as_deref(),
            }
            .unwrap_or(&many.ja),
        }
    }

    /// The Japanese text.
    pub fn ja(&self) -> &str {
        self.get(Lang::Ja)
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.ja().is_empty()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}
