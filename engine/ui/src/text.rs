//! Words in four languages: Fluent files, one for each language, compiled into the crate that uses them.
//!
//! A crate that shows words has a folder `text/` with `ja.ftl`, `ja-easy.ftl`, `en.ftl` and `vi.ftl`, and a static catalogue:
//!
//! ```ignore
//! static WORDS: LazyLock<Catalogue> = kawasemi_ui::catalogue!("../text");
//! let t = WORDS.lang(lang);
//! t.say("list-count").with("count", 3).to_string()   // in a template: {{ t.say("list-count").with("count", count) }}
//! ```
//!
//! There is no central list of words: each crate and each system brings its own. [`audit()`] holds a catalogue against the
//! sources in a test: no key missing in any language, none unused, the same arguments in all.

mod audit;

use std::collections::HashMap;
use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use kawasemi_kernel::Lang;
use unic_langid::LanguageIdentifier;

pub use self::audit::audit;

/// Embeds the four Fluent files of a folder, given relative to the calling file, as a lazily read [`Catalogue`].
#[macro_export]
macro_rules! catalogue {
    ($folder:literal) => {
        ::std::sync::LazyLock::new(|| {
            $crate::Catalogue::embedded([
                include_str!(concat!($folder, "/ja.ftl")),
                include_str!(concat!($folder, "/ja-easy.ftl")),
                include_str!(concat!($folder, "/en.ftl")),
                include_str!(concat!($folder, "/vi.ftl")),
            ])
        })
    };
}

/// What is wrong with a file of words.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The file is not Fluent.
    #[error("the {lang} words cannot be read: {problems}")]
    Syntax {
        /// The language of the file.
        lang: Lang,
        /// The parser's complaints.
        problems: String,
    },
    /// A key stands twice in a file.
    #[error("the {lang} words have keys twice: {keys}")]
    Twice {
        /// The language of the file.
        lang: Lang,
        /// The keys.
        keys: String,
    },
}

/// The words of one crate in all languages.
pub struct Catalogue {
    languages: Vec<Language>,
}

/// The words of one language.
struct Language {
    /// Messages without arguments, ready to be shown: nearly all of them.
    plain: HashMap<String, String>,
    /// All messages.
    bundle: FluentBundle<FluentResource>,
}

impl Catalogue {
    /// Reads one Fluent source for each language, in the order of [`Lang::ALL`].
    pub fn new(sources: [&str; 4]) -> Result<Self, CatalogueError> {
        let languages = Lang::ALL.into_iter().zip(sources).map(|(lang, source)| Language::new(lang, source));
        Ok(Self { languages: languages.collect::<Result<_, _>>()? })
    }

    /// Reads sources that are part of the program, for [`catalogue!`](crate::catalogue).
    ///
    /// # Panics
    /// Where a source is not Fluent; a test that shows any word finds that.
    pub fn embedded(sources: [&str; 4]) -> Self {
        Self::new(sources).unwrap_or_else(|error| panic!("embedded words are well-formed: {error}"))
    }

    /// The words in a language.
    pub fn lang(&'static self, lang: Lang) -> Text {
        Text { catalogue: self, lang }
    }

    fn language(&self, lang: Lang) -> &Language {
        let index = Lang::ALL.iter().position(|each| *each == lang).unwrap_or(0);
        &self.languages[index]
    }
}

impl Language {
    fn new(lang: Lang, source: &str) -> Result<Self, CatalogueError> {
        let resource = FluentResource::try_new(source.to_owned()).map_err(|(_, errors)| {
            let problems = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            CatalogueError::Syntax { lang, problems }
        })?;
        let keys: Vec<String> = audit::keys(source).map(str::to_owned).collect();
        let mut bundle = FluentBundle::new_concurrent(vec![identifier(lang)]);
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(|value: &FluentValue, _| match value {
            FluentValue::Number(number) => Some(crate::said::grouped(number.value)),
            _ => None,
        }));
        bundle.add_resource(resource).map_err(|errors| CatalogueError::Twice {
            lang,
            keys: errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        })?;
        let mut plain = HashMap::new();
        for key in keys {
            let Some(pattern) = bundle.get_message(&key).and_then(|message| message.value()) else { continue };
            let mut errors = Vec::new();
            let text = bundle.format_pattern(pattern, None, &mut errors).into_owned();
            if errors.is_empty() {
                plain.insert(key, text);
            }
        }
        Ok(Self { plain, bundle })
    }
}

fn identifier(lang: Lang) -> LanguageIdentifier {
    lang.bcp47().parse().expect("the tags of our own languages are well-formed")
}

/// The words of a catalogue in one language.
#[derive(Clone, Copy)]
pub struct Text {
    catalogue: &'static Catalogue,
    lang: Lang,
}

impl Text {
    /// The language.
    pub const fn lang(&self) -> Lang {
        self.lang
    }

    /// The sentence of a key. A key that does not exist is shown as it is; the audit test keeps that from happening.
    pub const fn say<'a>(&self, key: &'a str) -> Said<'a> {
        Said { text: *self, key, args: None }
    }

    /// The sentence of a key without arguments, as a `String`.
    pub fn get(&self, key: &str) -> String {
        self.say(key).to_string()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({})", self.lang)
    }
}

/// A sentence about to be shown: arguments may still be added.
pub struct Said<'a> {
    text: Text,
    key: &'a str,
    args: Option<FluentArgs<'a>>,
}

impl<'a> Said<'a> {
    /// Adds an argument. Numbers choose the plural form and are shown in groups of three digits.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Argument) -> Self {
        self.args.get_or_insert_default().set(name, value.into_fluent());
        self
    }
}

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let language = self.text.catalogue.language(self.text.lang);
        if self.args.is_none()
            && let Some(plain) = language.plain.get(self.key)
        {
            return f.write_str(plain);
        }
        match language.bundle.get_message(self.key).and_then(|message| message.value()) {
            // An argument that is missing shows as its name in braces, which people can still read around.
            Some(pattern) => f.write_str(&language.bundle.format_pattern(pattern, self.args.as_ref(), &mut Vec::new())),
            None => f.write_str(self.key),
        }
    }
}

/// What may be an argument of a sentence: numbers and texts, owned or borrowed.
pub trait Argument {
    /// The value as Fluent takes it.
    fn into_fluent(self) -> FluentValue<'static>;
}

impl<T: Argument + Clone> Argument for &T {
    fn into_fluent(self) -> FluentValue<'static> {
        self.clone().into_fluent()
    }
}

impl Argument for &str {
    fn into_fluent(self) -> FluentValue<'static> {
        self.to_owned().into()
    }
}

macro_rules! arguments {
    ($($kind:ty)*) => { $(
        impl Argument for $kind {
            fn into_fluent(self) -> FluentValue<'static> {
                self.into()
            }
        }
    )* };
}

arguments!(String i32 u32 i64 u64 usize f64);

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> &'static Catalogue {
        let japanese = "found = { $count }件\nhello = こんにちは";
        let english =
            "found = { $count ->\n    [one] { $count } record\n   *[other] { $count } records\n}\nhello = Hello";
        Box::leak(Box::new(Catalogue::new([japanese, japanese, english, japanese]).expect("well-formed")))
    }

    #[test]
    fn says_words_and_plurals_with_grouped_numbers() {
        let english = catalogue().lang(Lang::En);
        assert_eq!(english.get("hello"), "Hello");
        assert_eq!(english.say("found").with("count", 1).to_string(), "1 record");
        assert_eq!(english.say("found").with("count", 12_345).to_string(), "12,345 records");
        assert_eq!(catalogue().lang(Lang::Ja).say("found").with("count", 12_345).to_string(), "12,345件");
    }

    #[test]
    fn an_unknown_key_is_shown_instead_of_failing() {
        assert_eq!(catalogue().lang(Lang::Vi).get("no-such-key"), "no-such-key");
    }

    #[test]
    fn refuses_files_that_are_wrong() {
        assert!(matches!(Catalogue::new(["a = {", "", "", ""]), Err(CatalogueError::Syntax { lang: Lang::Ja, .. })));
        assert!(matches!(Catalogue::new(["", "a = x\na = y", "", ""]), Err(CatalogueError::Twice { .. })));
    }
}
