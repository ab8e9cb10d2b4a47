//! What full-text search finds of a record.
//!
//! For each clearance level, the text of its searchable fields is folded and cut into runs of letters and digits, joined
//! by spaces (the search text, which a list tests directly), and into the tokens of the kernel's bigrams (which the
//! index holds). Texts of different levels never meet in one column, so that a search can be kept to the levels that a
//! caller may see.

use std::collections::HashMap;

use kawasemi_kernel::{Fields, Value, bigram, text};
use kawasemi_schema::field::FieldKind;
use kawasemi_schema::{Clearance, FieldDef};

use crate::ledger::Ledger;
use crate::sql::Param;

/// The search texts of a record, one for each level in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchTexts {
    /// Level and tokens, from open to closed; a level without text is left out.
    levels: Vec<(Clearance, Vec<String>)>,
}

/// The search texts of a record as they are written: all of them and, where fields are protected, those of the other fields
/// apart. The index has all; a list tests what it found of a protected record with the texts of the other fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RecordTexts {
    pub all: SearchTexts,
    open: Option<SearchTexts>,
}

impl RecordTexts {
    pub fn of(ledger: &Ledger, values: &Fields) -> Self {
        let fields = &ledger.def.fields;
        let open = (!ledger.open_levels.is_empty()).then(|| SearchTexts::cut(fields, values, Which::Open));
        Self { all: SearchTexts::of(fields, values), open }
    }

    /// The texts in the order of [`Ledger::search_columns`].
    pub fn params(&self, ledger: &Ledger) -> impl Iterator<Item = Param> {
        let all = ledger.levels.iter().map(|level| self.all.text(*level));
        let open = ledger.open_levels.iter().map(|level| self.open.as_ref().and_then(|open| open.text(*level)));
        all.chain(open).map(Param::from)
    }
}

/// Which fields are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    /// Those that no protection hides.
    Open,
}

impl SearchTexts {
    /// Cuts a record's fields. Child rows are searched with the field that holds them.
    #[must_use]
    pub fn of(fields: &[FieldDef], values: &Fields) -> Self {
        Self::cut(fields, values, Which::All)
    }

    fn cut(fields: &[FieldDef], values: &Fields, which: Which) -> Self {
        let mut texts: Vec<(Clearance, String)> = Clearance::ALL.map(|level| (level, String::new())).into();
        collect(fields, values, Clearance::Public, which, &mut texts);
        let cut = texts.into_iter().filter(|(_, text)| !text.is_empty());
        let cut = cut.map(|(level, text)| (level, bigram::folded_tokens(&text::fold(&text))));
        Self { levels: cut.filter(|(_, tokens)| !tokens.is_empty()).collect() }
    }

    /// The tokens of a level.
    #[must_use]
    pub fn tokens(&self, level: Clearance) -> &[String] {
        self.levels.iter().find(|(known, _)| *known == level).map_or(&[], |(_, tokens)| tokens)
    }

    /// The levels that have text.
    pub fn levels(&self) -> impl Iterator<Item = (Clearance, &[String])> {
        self.levels.iter().map(|(level, tokens)| (*level, tokens.as_slice()))
    }

    /// The runs of a level, joined by spaces; none where there are none.
    #[must_use]
    pub fn text(&self, level: Clearance) -> Option<String> {
        let tokens = self.tokens(level);
        (!tokens.is_empty()).then(|| runs(tokens))
    }
}

/// Puts the runs together again: each token begins with the next character, and a token of one character ends a run.
fn runs(tokens: &[String]) -> String {
    let mut text = String::with_capacity(tokens.len() * 4);
    for token in tokens {
        let mut characters = token.chars();
        text.extend(characters.next());
        if characters.next().is_none() {
            text.push(' ');
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// A line end between two texts keeps them from being read as one.
fn collect(fields: &[FieldDef], values: &Fields, least: Clearance, which: Which, texts: &mut [(Clearance, String)]) {
    for field in fields.iter().filter(|field| which == Which::All || !field.protected) {
        let Some(value) = values.get(&field.key) else { continue };
        let level = field.clearance.max(least);
        if let (FieldKind::Rows { fields, .. }, Value::Rows(rows)) = (&field.kind, value) {
            for row in rows {
                collect(fields, &row.fields, level, which, texts);
            }
            continue;
        }
        if !field.search {
            continue;
        }
        let Some((_, text)) = texts.iter_mut().find(|(known, _)| *known == level) else { continue };
        lines(field, value, &mut |line| {
            text.push_str(line);
            text.push('\n');
        });
    }
}

/// The texts by which a value is found, one after the other; none for a value that search does not look at, and none of child
/// rows, which are searched by their own fields.
pub fn lines(field: &FieldDef, value: &Value, line: &mut dyn FnMut(&str)) {
    match value {
        Value::Text(key) => match field.choice(key) {
            Some(choice) => line(choice.label.ja()),
            None => line(key),
        },
        Value::Many(keys) => keys.iter().filter_map(|key| field.choice(key)).for_each(|choice| line(choice.label.ja())),
        Value::Name(name) => {
            line(&name.name);
            line(&name.kana);
        }
        Value::Address(address) => line(&address.text),
        Value::Int(number) => line(&number.to_string()),
        Value::Date(date) => line(&date.to_string()),
        Value::Files(files) => files.iter().for_each(|file| line(&file.name)),
        _ => {}
    }
}

/// How many tokens lie in one entry of PostgreSQL's index. A position beyond 16,383 is cut off, and so is one word's
/// 256th position, so that long text has to be told in chunks.
const CHUNK: usize = 4_000;
/// How far chunks overlap: a phrase of so many tokens is whole in one of them (a query has at most 200 characters).
const OVERLAP: usize = 200;
/// Positions that PostgreSQL keeps of one word.
const POSITIONS: usize = 255;

/// Cuts tokens (each with its weight) into overlapping chunks in none of which a word occurs too often.
pub(crate) fn chunks<'a>(tokens: &'a [(char, &'a str)]) -> Vec<&'a [(char, &'a str)]> {
    let mut chunks = Vec::new();
    let mut start = 0;
    loop {
        let end = chunk_end(tokens, start);
        chunks.push(&tokens[start..end]);
        if end >= tokens.len() {
            return chunks;
        }
        start = (end - OVERLAP.min((end - start) / 2)).max(start + 1);
    }
}

fn chunk_end(tokens: &[(char, &str)], start: usize) -> usize {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let longest = tokens.len().min(start + CHUNK);
    for (position, (_, token)) in tokens[start..longest].iter().enumerate() {
        let count = seen.entry(token).or_default();
        *count += 1;
        if *count > POSITIONS {
            return start + position;
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_come_back_from_their_tokens() {
        for text in ["綾瀬市 公園", "a 1 公", "公", "中央公園ぶらんこ"] {
            assert_eq!(runs(&bigram::folded_tokens(text)), text);
        }
    }

    #[test]
    fn chunks_overlap_and_end() {
        let words: Vec<String> = (0..10_000).map(|n| format!("{n:02}")).collect();
        let tokens: Vec<(char, &str)> = words.iter().map(|word| ('A', word.as_str())).collect();
        let chunks = chunks(&tokens);
        assert!(chunks.len() >= 3);
        for pair in chunks.windows(2) {
            assert_eq!(pair[0][pair[0].len() - OVERLAP..], pair[1][..OVERLAP]);
        }
        assert_eq!(chunks.last().and_then(|chunk| chunk.last()), tokens.last());
    }

    #[test]
    fn a_word_that_repeats_closes_its_chunk() {
        let tokens = vec![('A', "ああ"); 2_000];
        assert!(chunks(&tokens).iter().all(|chunk| chunk.len() <= POSITIONS));
    }
}
