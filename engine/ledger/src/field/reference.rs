//! A reference to a record of a ledger.
//!
//! The type knows only the form of an id. Whether the record is there and may be seen is checked with the draft; a sheet
//! names records by their number or name, which the import looks up.

use kawasemi_kernel::{RecordId, Value};
use serde_json::Value as Json;

use super::{FieldType, Parsed, Style, input};

/// A reference (参照).
pub(super) struct Reference;

impl FieldType for Reference {
    fn read_text(&self, text: &str) -> Parsed {
        let text = input::short(text)?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        text.parse::<RecordId>().map(Value::Record).map_err(|error| error.to_string().into())
    }

    /// An id, or an object that has one as its `id`, as a label beside it is ignored.
    fn read_json(&self, json: &Json) -> Parsed {
        let id = json.as_object().map_or(json, |object| object.get("id").unwrap_or(&Json::Null));
        self.read_text(&input::json_text(id)?)
    }

    fn show(&self, value: &Value, style: &Style<'_>) -> String {
        value.as_record().map(|id| if style.keys { id.to_string() } else { style.label(id) }).unwrap_or_default()
    }

    fn to_json(&self, value: &Value) -> Json {
        value.as_record().map(|id| id.to_string()).into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{check, check_json};
    use super::*;

    #[test]
    fn reads_ids() {
        let text = "01900000-0000-7000-8000-000000000001";
        let id = Value::Record(text.parse().expect("is an id"));
        check(&Reference, text, Ok(id.clone()));
        check_json(&Reference, json!({ "id": text, "label": "中央公園" }), Ok(id));
        check(&Reference, "' OR 1=1 --", Err("記録の番号の形"));
        check(&Reference, "", Ok(Value::Null));
    }
}
