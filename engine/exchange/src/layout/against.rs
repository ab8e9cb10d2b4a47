//! Whether a layout fits the ledger that it names.

use kawasemi_schema::error::nearest;
use kawasemi_schema::{FieldKind, LedgerDef, SchemaError, SchemaErrors};

use super::Layout;
use super::raw::Direction;

impl Layout {
    /// Refuses a layout that names fields which the ledger does not have, or a key that is none.
    ///
    /// # Errors
    /// Each mistake at its place.
    pub fn check_against(&self, ledger: &LedgerDef) -> Result<(), SchemaErrors> {
        let mut errors: Vec<SchemaError> = Vec::new();
        for (n, record) in self.records.iter().enumerate() {
            for (m, place) in record.places.iter().enumerate().filter(|(_, place)| !place.raw.to.is_empty()) {
                let path = format!("record.{n}.field.{m}.to");
                errors.extend(self.unknown(ledger, &path, &place.raw.to));
            }
        }
        for (name, fields) in [("set", &self.raw.set), ("close", &self.raw.close), ("scope", &self.raw.scope)] {
            for key in fields.keys() {
                errors.extend(self.unknown(ledger, &format!("{name}.{key}"), key));
            }
        }
        if self.raw.direction == Direction::In && !ledger.unique.contains(&self.raw.find) {
            let known: Vec<String> = ledger.unique.iter().map(|key| key.join(", ")).collect();
            let hint = match known.is_empty() {
                true => "台帳の項目を unique = true にしてください".to_owned(),
                false => format!("使えるのは {} です", known.join(" / ")),
            };
            errors.push(self.source.error("find", "キーは、台帳で重複を許さない項目でなければなりません", hint));
        }
        if errors.is_empty() { Ok(()) } else { Err(SchemaErrors(errors)) }
    }

    fn unknown(&self, ledger: &LedgerDef, path: &str, target: &str) -> Option<SchemaError> {
        let (key, part) = target.split_once('.').map_or((target, ""), |(key, part)| (key, part));
        let message = match (ledger.field(key).map(|field| &field.kind), part) {
            (None, _) => format!("台帳「{}」に「{key}」という項目はありません", ledger.title.ja()),
            (Some(FieldKind::Computed { .. } | FieldKind::Files { .. } | FieldKind::Rows { .. }), _) => {
                format!("「{key}」には、ファイルから入れられません")
            }
            (Some(FieldKind::PersonName), "" | "kana")
            | (Some(FieldKind::Address), "" | "postcode")
            | (Some(_), "") => {
                return None;
            }
            (Some(_), part) => format!("「{key}」に「{part}」という部分はありません"),
        };
        let hint = nearest(key, ledger.fields.iter().map(|field| field.key.as_str()));
        let hint = hint.filter(|near| *near != key).map(|near| format!("「{near}」のことですか"));
        Some(self.source.error(path, message, hint.unwrap_or_default()))
    }
}
