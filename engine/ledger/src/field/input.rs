//! What a value is read from: a form, JSON, a cell of a sheet.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value as Json;

/// Longest text that any type but those of text works on, in bytes. Longer input is refused unread.
pub(super) const LONGEST_SCALAR: usize = 4_096;

/// What a form sent: texts by name, several under one name where boxes were ticked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    texts: BTreeMap<String, Vec<String>>,
}

impl Entry {
    /// Collects pairs as a form sends them.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut entry = Self::default();
        for (key, text) in pairs {
            entry.add(key, text);
        }
        entry
    }

    /// Adds a text under a name.
    pub fn add(&mut self, key: impl Into<String>, text: impl Into<String>) {
        self.texts.entry(key.into()).or_default().push(text.into());
    }

    /// The last text under a name that is not empty (a hidden empty one stands before a box that may stay unticked).
    pub fn one(&self, key: &str) -> &str {
        self.all(key).iter().rev().map(String::as_str).find(|text| !text.is_empty()).unwrap_or("")
    }

    /// All texts under a name.
    pub fn all(&self, key: &str) -> &[String] {
        self.texts.get(key).map_or(&[], Vec::as_slice)
    }

    /// Whether anything was sent under a name or a part of it, be it empty.
    pub fn has(&self, key: &str) -> bool {
        let parts = format!("{key}.");
        self.texts.contains_key(key)
            || self.texts.range(parts.clone()..).next().is_some_and(|(k, _)| k.starts_with(&parts))
    }

    /// What was sent under the parts of a name, without the name.
    pub fn part(&self, key: &str) -> Self {
        let prefix = format!("{key}.");
        let own = self.texts.range(prefix.clone()..).take_while(|(k, _)| k.starts_with(&prefix));
        Self { texts: own.map(|(k, texts)| (k[prefix.len()..].to_owned(), texts.clone())).collect() }
    }

    /// The names, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }
}

/// The text of a JSON scalar; the message for anything else.
pub(super) fn json_text(json: &Json) -> Result<Cow<'_, str>, &'static str> {
    match json {
        Json::Null => Ok(Cow::Borrowed("")),
        Json::String(text) => Ok(Cow::Borrowed(text)),
        Json::Number(number) => Ok(Cow::Owned(number.to_string())),
        Json::Bool(true) => Ok(Cow::Borrowed("true")),
        Json::Bool(false) => Ok(Cow::Borrowed("false")),
        Json::Array(_) | Json::Object(_) => {
            Err("この項目には一つの値（文字列または数値）を指定してください。配列やオブジェクトは使えません。")
        }
    }
}

/// A scalar as typed, or the message that it is too long to be one.
pub(super) fn short(text: &str) -> Result<&str, &'static str> {
    if text.len() > LONGEST_SCALAR {
        Err("入力が長すぎます。この項目に入れる値を確かめてください。")
    } else {
        Ok(text.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_parts() {
        let entry =
            Entry::from_pairs([("name", "綾瀬"), ("name.kana", "アヤセ"), ("named", "x"), ("tags", ""), ("tags", "a")]);
        assert_eq!(entry.one("name"), "綾瀬");
        assert_eq!(entry.part("name").one("kana"), "アヤセ");
        assert_eq!(entry.part("name").keys().count(), 1);
        assert_eq!(entry.one("tags"), "a");
        assert!(entry.has("name") && entry.has("tags") && !entry.has("nam"));
    }
}
