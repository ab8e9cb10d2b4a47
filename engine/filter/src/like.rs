//! Patterns of LIKE: `%` any characters, `_` one character, `\` takes the next one literally.

use crate::fold::Folding;

/// A pattern in pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// `_`
    One,
    /// `%`
    Any,
}

impl Pattern {
    /// Reads a pattern. Several `%` in a row are one. A backslash at the end stands for itself.
    pub(crate) fn parse(text: &str) -> Self {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '%' if pieces.last() == Some(&Piece::Any) => {}
                '%' => pieces.push(Piece::Any),
                '_' => pieces.push(Piece::One),
                _ => {
                    let literal = if c == '\\' { chars.next().unwrap_or('\\') } else { c };
                    match pieces.last_mut() {
                        Some(Piece::Text(text)) => text.push(literal),
                        _ => pieces.push(Piece::Text(literal.into())),
                    }
                }
            }
        }
        Self { pieces }
    }

    /// The pattern for texts that are folded: its literal pieces are folded, its wildcards stay.
    pub(crate) fn folded(mut self, folding: Folding) -> Self {
        for piece in &mut self.pieces {
            if let Piece::Text(text) = piece {
                *text = folding.fold(text);
            }
        }
        self.pieces.retain(|piece| *piece != Piece::Text(String::new()));
        self
    }

    /// Whether a text matches, in time linear in the text for each `%`.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let wanted: Vec<Option<char>> = self.units().collect();
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut position) = (0, 0);
        // Where to try again: after the last `%`, one character further into the text than last time.
        let mut retry = None;
        loop {
            let fits = match wanted.get(position) {
                Some(Some(ANY)) => {
                    retry = Some((position + 1, at));
                    position += 1;
                    continue;
                }
                Some(Some(c)) => text.get(at) == Some(c),
                Some(None) => at < text.len(),
                None => at == text.len(),
            };
            match (fits, retry) {
                (true, _) if position == wanted.len() => return true,
                (true, _) => {
                    at += 1;
                    position += 1;
                }
                (false, Some((after, from))) if from < text.len() => {
                    retry = Some((after, from + 1));
                    (position, at) = (after, from + 1);
                }
                (false, _) => return false,
            }
        }
    }

    /// One unit for each character: a literal, none for `_`, [`ANY`] for `%`.
    fn units(&self) -> impl Iterator<Item = Option<char>> {
        self.pieces.iter().flat_map(|piece| match piece {
            Piece::Text(text) => text.chars().map(Some).collect::<Vec<_>>(),
            Piece::One => vec![None],
            Piece::Any => vec![Some(ANY)],
        })
    }

    /// The pattern for SQL with `ESCAPE '\'`.
    pub(crate) fn to_sql(&self) -> String {
        let mut sql = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::One => sql.push('_'),
                Piece::Any => sql.push('%'),
                Piece::Text(text) => {
                    for c in text.chars() {
                        if matches!(c, '%' | '_' | '\\') {
                            sql.push('\\');
                        }
                        sql.push(c);
                    }
                }
            }
        }
        sql
    }

    /// For a pattern that only asks how texts begin: the first text that matches and, if there is one, the first after
    /// all that match. Both stores find that range in an index, which they do not for LIKE with a parameter.
    pub(crate) fn prefix_range(&self) -> Option<(&str, Option<String>)> {
        match self.pieces.as_slice() {
            [Piece::Text(prefix), Piece::Any] => Some((prefix, after_prefix(prefix))),
            _ => None,
        }
    }
}

/// Stands for `%` among characters; no text that a store keeps holds it.
const ANY: char = '\0';

/// The first text in code point order that is greater than every text with this prefix.
fn after_prefix(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        let next = match last {
            '\u{D7FF}' => Some('\u{E000}'),
            other => char::from_u32(u32::from(other) + 1),
        };
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_by_code_point() {
        for (pattern, text, expected) in [
            ("公園", "公園", true),
            ("%公園", "中央公園", true),
            ("公園%", "中央公園", false),
            ("_吉", "𠮷吉", true),
            ("_", "𠮷", true),
            ("_", "葛\u{E0100}", false),
            ("%a%b%", "xxaxxbxx", true),
            ("%a%b%", "xxbxxaxx", false),
            (r"100\%", "100%", true),
            (r"100\%", "1000", false),
            (r"a\_b", "axb", false),
            ("%", "", true),
            ("", "", true),
            ("", "a", false),
            ("%aab", "aaaab", true),
            ("a%", "A", false),
        ] {
            assert_eq!(Pattern::parse(pattern).matches(text), expected, "{text} LIKE {pattern}");
        }
    }

    #[test]
    fn hostile_patterns_are_quick() {
        let pattern = Pattern::parse(&format!("{}b", "%a".repeat(500)));
        let started = std::time::Instant::now();
        assert!(!pattern.matches(&"a".repeat(5_000)));
        assert!(started.elapsed().as_millis() < 1_000);
    }

    #[test]
    fn prefixes_end_before_the_next_text() {
        assert_eq!(after_prefix("公園").as_deref(), Some("公圓"));
        assert_eq!(after_prefix("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(after_prefix("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(after_prefix("\u{10FFFF}"), None);
    }
}
