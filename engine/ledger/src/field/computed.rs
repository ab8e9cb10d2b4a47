//! Computed fields: shown as their result, never entered.

use kawasemi_kernel::Value;
use serde_json::Value as Json;

use super::{FieldType, Parsed, Style};

/// A computed value (計算).
pub(super) struct Computed<'a> {
    pub(super) result: Box<dyn FieldType + 'a>,
}

impl FieldType for Computed<'_> {
    fn read_text(&self, text: &str) -> Parsed {
        if text.trim().is_empty() {
            Ok(Value::Null)
        } else {
            Err("自動で計算される項目のため入力できません。".into())
        }
    }

    fn show(&self, value: &Value, style: &Style<'_>) -> String {
        self.result.show(value, style)
    }

    fn to_json(&self, value: &Value) -> Json {
        self.result.to_json(value)
    }
}
