//! What is wrong with a definition, said so that a clerk can mend it.
//!
//! There is one error type for reading TOML: a place, a sentence and a hint. Every mistake that can be found
//! in one pass is reported at once.

use std::fmt;

use crate::source::Position;

/// One mistake in a definition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{position}: {message}{}", if hint.is_empty() { String::new() } else { format!("（{hint}）") })]
pub struct SchemaError {
    /// The file as the caller named it.
    pub file: String,
    /// Where in the file.
    pub position: Position,
    /// What is wrong.
    pub message: String,
    /// What to do about it; empty where the message says it.
    pub hint: String,
}

/// All mistakes found in one reading; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaErrors(pub Vec<SchemaError>);

impl fmt::Display for SchemaErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, error) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for SchemaErrors {}

impl From<SchemaError> for SchemaErrors {
    fn from(error: SchemaError) -> Self {
        Self(vec![error])
    }
}

/// Puts a `toml` parser's message into Japanese, with the nearest known name as a hint.
pub(crate) fn translate(message: &str) -> (String, String) {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let first = message.lines().next().unwrap_or(message);
    if let (true, Some((unknown, known))) = (first.starts_with("unknown field"), quoted.split_first()) {
        let hint = nearest(unknown, known.iter().copied()).map_or_else(
            || format!("使えるキーは {} です", known.join(", ")),
            |near| format!("「{near}」のことですか"),
        );
        return (format!("「{unknown}」というキーはありません"), hint);
    }
    if let (true, Some((unknown, known))) = (first.starts_with("unknown variant"), quoted.split_first()) {
        let hint = nearest(unknown, known.iter().copied())
            .map_or_else(|| format!("使える値は {} です", known.join(", ")), |near| format!("「{near}」のことですか"));
        return (format!("「{unknown}」という値は使えません"), hint);
    }
    if let (true, Some(missing)) = (first.starts_with("missing field"), quoted.first()) {
        return (format!("「{missing}」がありません"), format!("{missing} = … の行を足してください"));
    }
    if first.starts_with("invalid type") || first.starts_with("data did not match any variant") {
        return ("値の型が違います".to_owned(), first.to_owned());
    }
    if first.starts_with("duplicate key") {
        return ("同じキーが二度書かれています".to_owned(), "どちらか一方を消してください".to_owned());
    }
    ("TOMLとして読めません".to_owned(), first.to_owned())
}

/// The known name that is most like a mistyped one, if any is alike enough to be meant.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = typed.chars().count() / 3 + 1;
    known.into_iter().map(|name| (distance(typed, name), name)).filter(|(d, _)| *d <= limit).min().map(|(_, name)| name)
}

/// Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
