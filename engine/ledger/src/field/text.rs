//! Text of one line and of many lines.

use kawasemi_kernel::Value;
use kawasemi_kernel::text::{tidy, tidy_line};
use serde_json::Value as Json;

use super::{FieldType, Parsed, Style};

/// A line of text (一行の文字).
pub(super) struct Line {
    pub(super) max_length: u32,
}

/// Text of many lines (複数行の文字).
pub(super) struct Lines {
    pub(super) max_length: u32,
}

impl FieldType for Line {
    fn read_text(&self, text: &str) -> Parsed {
        bounded(text, self.max_length, tidy_line)
    }

    fn show(&self, value: &Value, _: &Style<'_>) -> String {
        value.as_text().unwrap_or_default().to_owned()
    }

    fn to_json(&self, value: &Value) -> Json {
        value.as_text().into()
    }
}

impl FieldType for Lines {
    fn read_text(&self, text: &str) -> Parsed {
        bounded(text, self.max_length, tidy)
    }

    fn show(&self, value: &Value, _: &Style<'_>) -> String {
        value.as_text().unwrap_or_default().to_owned()
    }

    fn to_json(&self, value: &Value) -> Json {
        value.as_text().into()
    }
}

/// A tidy text of at most so many characters.
pub(super) fn bounded(text: &str, max_length: u32, tidy: fn(&str) -> String) -> Parsed {
    let max = max_length as usize;
    let too_long = |length: String| {
        format!(
            "{max_length}文字以内で入力してください（いま{length}文字）。長い文章は添付ファイルにすることもできます。"
        )
    };
    // A character has at most four bytes; tidying removes little, and a megabyte of white space is no entry either.
    if text.len() > max.saturating_mul(4).saturating_add(1_024) {
        return Err(too_long("約".to_owned() + &(text.len() / 3).to_string()).into());
    }
    let tidied = tidy(text);
    match tidied.chars().count() {
        0 => Ok(Value::Null),
        length if length > max => Err(too_long(length.to_string()).into()),
        _ => Ok(Value::Text(tidied)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    #[test]
    fn reads_lines() {
        let line = Line { max_length: 8 };
        check(&line, "  綾瀬\t市役所 ", Ok(Value::from("綾瀬 市役所")));
        check(&line, "\u{3000}\u{0}\u{FEFF}", Ok(Value::Null));
        check(&line, "<b>&\"'", Ok(Value::from("<b>&\"'")));
        check(&line, "辻\u{E0100}本", Ok(Value::from("辻\u{E0100}本")));
        check(&line, "一二三四五六七八九", Err("8文字以内で入力してください（いま9文字）"));
        check(&line, &"あ".repeat(10_000_000 / 3), Err("8文字以内で"));
        check(&Lines { max_length: 20 }, "一\r\n二\u{7}", Ok(Value::from("一\n二")));
    }
}
