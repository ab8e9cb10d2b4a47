//! Cleans text of what layout and copying left in it, and folds names for comparison.
//!
//! Cleaning keeps every character that means something (names keep their code points and variation selectors); folding is
//! for comparing only and is never stored.

use crate::kernel::{kana, text};

/// One paragraph without layout: white space of any kind is one space, half-width kana are full-width, characters without
/// a shape are gone, and single capitals set apart (`S I C`) are a word again.
pub(super) fn tidy(text: &str) -> String {
    let visible = text.chars().filter(|c| !is_shapeless(*c)).map(|c| if c.is_whitespace() { ' ' } else { c });
    let mut spaced = String::with_capacity(text.len());
    for c in visible {
        if c != ' ' || !(spaced.is_empty() || spaced.ends_with(' ')) {
            spaced.push(c);
        }
    }
    join_spaced_capitals(&kana::to_full_width(spaced.trim_end()))
}

/// A name: tidy, without a leading bullet, and closed up where every character stands alone (`市 長 室`).
pub(super) fn name(text: &str) -> String {
    let tidied = tidy(text);
    let unbulleted = tidied.trim_start_matches(is_bullet).trim_start();
    if unbulleted.contains(' ') && unbulleted.split(' ').all(|part| part.chars().count() == 1) {
        return unbulleted.replace(' ', "");
    }
    unbulleted.to_owned()
}

/// The key under which two titles are the same: folded (width, case, kana, old forms), and without spaces, punctuation and
/// a leading number.
pub fn fold_title(title: &str) -> String {
    let folded = letters(strip_numbering(title));
    if folded.is_empty() { letters_or_all(title) } else { folded }
}

/// A text without its leading number, such as `1.`, `（2）`, `③` or `1　`.
pub(super) fn strip_numbering(text: &str) -> &str {
    let text = text.trim_start();
    let rest = numbered_rest(text).unwrap_or(text).trim_start();
    if rest.is_empty() { text } else { rest }
}

/// Whether a character is a list bullet.
pub(super) fn is_bullet(c: char) -> bool {
    matches!(c, '・' | '･' | '•' | '●' | '○' | '■' | '□' | '◆' | '◇' | '▪' | '◎' | '➢' | '✓')
}

/// Whether a text ends as a sentence does, so that what follows is not its continuation.
pub(super) fn ends_sentence(text: &str) -> bool {
    text.trim_end().ends_with(['。', '．', '！', '!', '？', '?', '）', ')', '」', '』', '】'])
}

fn letters(written: &str) -> String {
    text::fold(written).chars().filter(|c| c.is_alphanumeric()).collect()
}

fn letters_or_all(text: &str) -> String {
    let folded = letters(text);
    if folded.is_empty() { text.trim().to_owned() } else { folded }
}

fn numbered_rest(text: &str) -> Option<&str> {
    let first = text.chars().next()?;
    if matches!(first, '①'..='⑳' | '❶'..='❿' | '㈠'..='㈩' | '⑴'..='⒇') {
        return Some(&text[first.len_utf8()..]);
    }
    let opened = text.strip_prefix(['(', '（', '［', '[', '【']);
    let digits = opened.unwrap_or(text);
    let rest = digits.trim_start_matches(is_number);
    let count = digits[..digits.len() - rest.len()].chars().count();
    if count == 0 || count > 2 {
        return None;
    }
    let after = rest.chars().next()?;
    let closes = match opened {
        Some(_) => matches!(after, ')' | '）' | '］' | ']' | '】'),
        None => matches!(after, '.' | '．' | '、' | ')' | '）' | ':' | '：') || after.is_whitespace(),
    };
    let rest = &rest[after.len_utf8()..];
    (closes && !rest.starts_with(is_number)).then_some(rest)
}

fn is_number(c: char) -> bool {
    c.is_ascii_digit() || ('０'..='９').contains(&c)
}

/// Controls, zero-width and direction marks; joiners and variation selectors shape their neighbours and stay.
fn is_shapeless(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{AD}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// `綾瀬S I Cの` becomes `綾瀬SICの`; `A Big Plan` stays.
fn join_spaced_capitals(text: &str) -> String {
    let chars = text.chars().collect::<Vec<char>>();
    let mut joined = String::with_capacity(text.len());
    let stands_alone = |at: usize| {
        is_capital(chars[at])
            && !(at > 0 && is_latin(chars[at - 1]))
            && !chars.get(at + 1).is_some_and(|next| is_latin(*next))
    };
    for (at, c) in chars.iter().enumerate() {
        let between_capitals =
            *c == ' ' && at > 0 && at + 1 < chars.len() && stands_alone(at - 1) && stands_alone(at + 1);
        if !between_capitals {
            joined.push(*c);
        }
    }
    joined
}

fn is_capital(c: char) -> bool {
    c.is_ascii_uppercase() || ('Ａ'..='Ｚ').contains(&c)
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphanumeric() || is_capital(c) || ('ａ'..='ｚ').contains(&c) || is_number(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tidy_removes_layout_and_keeps_meaning() {
        for (raw, tidied) in [
            ("　綾瀬S I Cの　　供用開始 ", "綾瀬SICの 供用開始"),
            ("Ｓ　Ｉ　Ｃ", "ＳＩＣ"),
            ("W E B 申請", "WEB 申請"),
            ("A Big Plan", "A Big Plan"),
            ("プランA の見直し", "プランA の見直し"),
            ("ﾃﾞｼﾞﾀﾙ化とﾊﾟｰｸ", "デジタル化とパーク"),
            ("安\u{200B}全\u{202E}な\u{7}町\u{A0}へ", "安全な町 へ"),
            ("葛\u{E0100}飾", "葛\u{E0100}飾"),
        ] {
            assert_eq!(tidy(raw), tidied);
        }
    }

    #[test]
    fn names_set_apart_are_closed_up() {
        for (raw, cleaned) in [("市　長　室", "市長室"), ("・防衛補助", "防衛補助"), ("総務部 人事課", "総務部 人事課")]
        {
            assert_eq!(name(raw), cleaned);
        }
    }

    #[test]
    fn titles_fold_to_one_key() {
        for (one, other) in [
            ("ICT機器の整備", "ＩＣＴ機器の 整備"),
            ("（1）防衛補助の確保", "防衛補助の確保。"),
            ("①公園遊具・改修", "公園遊具改修"),
            ("1. 公園", "公園"),
        ] {
            assert_eq!(fold_title(one), fold_title(other));
        }
        for (one, other) in [("3市の連携", "市の連携"), ("1.5度目標", "5度目標"), ("第1期", "第2期"), ("!", "?")]
        {
            assert_ne!(fold_title(one), fold_title(other));
        }
    }
}
