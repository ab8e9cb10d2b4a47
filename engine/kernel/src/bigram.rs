//! How text is cut for full-text search: overlapping pairs of characters.
//!
//! Japanese is written without spaces, so a word index would need a dictionary that knows every family and street name.
//! Pairs need none and find the two-character words (公園, 消防) that trigram indexes miss. The text is folded
//! ([`crate::text::fold`]) and cut into *runs* of letters and digits. A run of n characters gives its n − 1 overlapping
//! pairs and then its last character alone:
//!
//! ```text
//! 綾瀬市 公園  →  綾瀬 瀬市 市 公園 園
//! ```
//!
//! That last single token makes two things true, and the tests hold them:
//!
//! - a term of two or more characters lies inside a run **if and only if** its pairs occur as consecutive tokens, since
//!   the single token between two runs keeps a phrase from reaching across them;
//! - a term of one character lies in the text **if and only if** some token begins with it.
//!
//! Tokens consist of letters and digits of any script and nothing else, so that they need no quoting in the query
//! language of either database. Combining marks are left out of runs.

use std::borrow::Cow;

use crate::text::{fold, is_word};
use unicode_normalization::char::is_combining_mark;

/// The most terms that one query may have.
pub const MAX_TERMS: usize = 16;

/// The most characters of a folded query.
pub const MAX_QUERY_CHARS: usize = 200;

/// A search: every term must be found (AND).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The terms in the order in which they were typed, without repetition. Empty if nothing searchable was typed.
    pub terms: Vec<Term>,
}

/// One term of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The folded text of the term: letters and digits only.
    pub text: String,
    /// How the index finds it.
    pub lookup: Lookup,
}

/// How the index finds a term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// These tokens, consecutive and in this order; at least one.
    Phrase(Vec<String>),
    /// Any token that begins with this character.
    Prefix(char),
}

/// Why a search cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The query is longer than [`MAX_QUERY_CHARS`].
    #[error("検索する言葉が長すぎます。{MAX_QUERY_CHARS}文字以内で入力してください。")]
    TooLong,
    /// The query has more than [`MAX_TERMS`] terms.
    #[error("検索する言葉が多すぎます。{MAX_TERMS}語以内で入力してください。")]
    TooManyTerms,
}

/// The tokens of a text, in order, for the index.
pub fn tokens(text: &str) -> impl Iterator<Item = String> + use<> {
    folded_tokens(&fold(text)).into_iter()
}

/// The tokens of a text that [`fold`] has already folded, in order.
pub fn folded_tokens(folded: &str) -> Vec<String> {
    let mut tokens = Vec::with_capacity(folded.len() / 3);
    for run in runs(folded) {
        tokens.extend(pairs(&run).map(str::to_owned));
        tokens.extend(run.chars().next_back().map(String::from));
    }
    tokens
}

impl Query {
    /// Reads what a person typed into a search field. White space and punctuation separate terms.
    pub fn parse(typed: &str) -> Result<Self, QueryError> {
        // The limit holds before folding too, so that a hostile query is not folded; folding may lengthen (㍿).
        if typed.chars().nth(MAX_QUERY_CHARS * 4).is_some() {
            return Err(QueryError::TooLong);
        }
        let folded = fold(typed);
        if folded.chars().nth(MAX_QUERY_CHARS).is_some() {
            return Err(QueryError::TooLong);
        }
        let mut terms: Vec<Term> = Vec::new();
        for run in runs(&folded) {
            if !terms.iter().any(|term| term.text == run) {
                terms.extend(Term::of(&run));
            }
        }
        if terms.len() > MAX_TERMS { Err(QueryError::TooManyTerms) } else { Ok(Self { terms }) }
    }

    /// Whether nothing searchable was typed.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a folded text has every term inside one of its runs: the reference for what the databases must find.
    pub fn matches(&self, folded_text: &str) -> bool {
        self.terms.iter().all(|term| runs(folded_text).any(|run| run.contains(&term.text)))
    }
}

impl Term {
    /// A term of a run; `None` for an empty one.
    fn of(run: &str) -> Option<Self> {
        let mut characters = run.chars();
        let first = characters.next()?;
        let lookup = match characters.next() {
            None => Lookup::Prefix(first),
            Some(_) => Lookup::Phrase(pairs(run).map(str::to_owned).collect()),
        };
        Some(Self { text: run.to_owned(), lookup })
    }
}

/// The runs of letters and digits of a folded text.
fn runs(folded: &str) -> impl Iterator<Item = Cow<'_, str>> {
    folded.split(|c| !is_word(c) && !is_combining_mark(c)).filter_map(|run| {
        let bare = if run.chars().any(is_combining_mark) {
            Cow::Owned(run.chars().filter(|c| !is_combining_mark(*c)).collect())
        } else {
            Cow::Borrowed(run)
        };
        (!bare.is_empty()).then_some(bare)
    })
}

/// The overlapping pairs of characters of a run.
fn pairs(run: &str) -> impl Iterator<Item = &str> {
    let starts = run.char_indices().map(|(start, _)| start);
    let ends = run.char_indices().map(|(start, c)| start + c.len_utf8()).skip(1);
    starts.zip(ends).map(|(start, end)| &run[start..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn query(typed: &str) -> Query {
        Query::parse(typed).expect("a query within the limits")
    }

    /// What an index can answer: tokens and their order.
    fn index_finds(tokens: &[String], term: &Term) -> bool {
        match &term.lookup {
            Lookup::Phrase(phrase) => tokens.windows(phrase.len()).any(|window| window == phrase),
            Lookup::Prefix(character) => tokens.iter().any(|token| token.starts_with(*character)),
        }
    }

    #[test]
    fn a_run_ends_with_its_last_character() {
        let cut = |text| tokens(text).collect::<Vec<_>>().join(" ");
        assert_eq!(cut("綾瀬市 公園"), "綾瀬 瀬市 市 公園 園");
        assert_eq!(cut("Ａ-1・公"), "a 1 公");
        assert_eq!(cut("（、）"), "");
        assert_eq!(cut("नमस्ते"), "नम मस सत त");
    }

    #[test]
    fn finds_words_of_one_two_and_more_characters() {
        let text = fold("綾瀬市立 中央公園（ﾌﾞﾗﾝｺ）");
        for typed in ["公園", "公", "園", "中央公園", "ぶらんこ", "綾瀬　公園", "ブランコ", "", "・"]
        {
            assert!(query(typed).matches(&text), "{typed}");
        }
        for typed in ["消防", "市立中央", "立中", "公園 消防"] {
            assert!(!query(typed).matches(&text), "{typed}");
        }
    }

    #[test]
    fn a_term_is_looked_up_once() {
        assert_eq!(query("公園 公園　公園").terms.len(), 1);
        assert_eq!(query("公園").terms[0].lookup, Lookup::Phrase(vec!["公園".to_owned()]));
        assert_eq!(query("園").terms[0].lookup, Lookup::Prefix('園'));
    }

    #[test]
    fn a_hostile_query_is_refused() {
        assert_eq!(Query::parse(&"公".repeat(201)), Err(QueryError::TooLong));
        let many: String = ('a'..='z').map(|c| format!("{c} ")).collect();
        assert_eq!(Query::parse(&many), Err(QueryError::TooManyTerms));
    }

    proptest! {
        #[test]
        fn the_index_finds_exactly_what_the_text_contains(
            text in "[あいう公園 ・-]{0,16}",
            typed in "[あいう公園]{1,4}",
        ) {
            let folded = fold(&text);
            let query = query(&typed);
            let tokens = folded_tokens(&folded);
            prop_assert_eq!(query.terms.iter().all(|term| index_finds(&tokens, term)), query.matches(&folded));
        }

        #[test]
        fn every_part_of_a_text_is_found_in_it(text in "\\PC{0,20}", from in 0_usize..20, length in 1_usize..5) {
            let folded = fold(&text);
            let part: String = folded.chars().skip(from).take(length).collect();
            let tokens = folded_tokens(&folded);
            for run in runs(&part) {
                let term = Term::of(&run).expect("a run is not empty");
                prop_assert!(index_finds(&tokens, &term), "{:?} in {:?}", term, tokens);
            }
        }

        #[test]
        fn tokens_are_letters_and_digits(text in any::<String>()) {
            for token in tokens(&text) {
                prop_assert!(matches!(token.chars().count(), 1 | 2));
                prop_assert!(token.chars().all(is_word), "{token:?}");
            }
        }
    }
}
