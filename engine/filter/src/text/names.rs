//! Names without quotes, and the white space between words, as the standard's grammar lists them.

/// Whether a character may begin a name.
pub(crate) fn begins_name(c: char) -> bool {
    matches!(c,
        ':' | '_' | 'A'..='Z' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFE}' | '\u{200C}'..='\u{200D}'
        | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
        && !is_wide_sign(c)
        && !is_space(c)
}

/// Whether a character may continue a name.
pub(crate) fn continues_name(c: char) -> bool {
    begins_name(c) || matches!(c, '.' | '0'..='9' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Whether a word is a name that needs no quotes.
pub(crate) fn is_identifier(word: &str) -> bool {
    word.chars().next().is_some_and(begins_name) && word.chars().all(continues_name)
}

/// White space; U+3000, which Japanese keyboards type, is part of it.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c,
        '\u{9}'..='\u{D}' | ' ' | '\u{85}' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}'
        | '\u{2028}' | '\u{2029}' | '\u{202F}' | '\u{205F}' | '\u{3000}')
}

/// Full-width signs such as `＝` and `（`. The grammar would let them be part of a name, so that `面積＝5` became the name
/// of a field; whoever types that means the sign.
pub(crate) fn is_wide_sign(c: char) -> bool {
    matches!(c, '！'..='／' | '：'..='＠' | '［'..='｀' | '｛'..='～')
}
