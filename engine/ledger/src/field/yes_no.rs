//! Yes or no.

use kawasemi_kernel::text::fold;
use kawasemi_kernel::{Lang, Value};
use serde_json::Value as Json;

use super::{FieldType, Parsed, Style, input};

/// What sheets and forms write for yes, folded.
const YES: [&str; 18] =
    ["はい", "○", "◯", "〇", "◎", "true", "1", "yes", "y", "on", "有", "有り", "あり", "可", "する", "済", "✓", "✔"];
/// What they write for no, folded.
const NO: [&str; 16] =
    ["いいえ", "×", "✕", "✗", "false", "0", "no", "n", "off", "無", "無し", "なし", "否", "不可", "しない", "未"];

/// Yes or no (はい・いいえ).
pub(super) struct YesNo;

/// Reads an answer; `None` if it is neither.
pub(crate) fn answer(text: &str) -> Option<bool> {
    let folded = fold(text);
    if YES.iter().any(|yes| fold(yes) == folded) {
        Some(true)
    } else if NO.iter().any(|no| fold(no) == folded) {
        Some(false)
    } else {
        None
    }
}

impl FieldType for YesNo {
    fn read_text(&self, text: &str) -> Parsed {
        let text = input::short(text)?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        answer(text).map(Value::Bool).ok_or_else(|| "「はい」か「いいえ」で入力してください（○・×も使えます）。".into())
    }

    fn show(&self, value: &Value, style: &Style<'_>) -> String {
        let Value::Bool(yes) = value else { return String::new() };
        match (style.lang, yes) {
            (Lang::En, true) => "Yes",
            (Lang::En, false) => "No",
            (Lang::Vi, true) => "Có",
            (Lang::Vi, false) => "Không",
            (_, true) => "はい",
            (_, false) => "いいえ",
        }
        .to_owned()
    }

    fn to_json(&self, value: &Value) -> Json {
        match value {
            Value::Bool(yes) => Json::Bool(*yes),
            _ => Json::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    #[test]
    fn reads_answers() {
        for yes in ["はい", "○", "〇", "ＴＲＵＥ", "1", "有", "✓"] {
            check(&YesNo, yes, Ok(Value::Bool(true)));
        }
        for no in ["いいえ", "×", "False", "０", "無", "不可"] {
            check(&YesNo, no, Ok(Value::Bool(false)));
        }
        check(&YesNo, "", Ok(Value::Null));
        check(&YesNo, "たぶん", Err("「はい」か「いいえ」"));
    }
}
