//! Child rows (明細).

use std::collections::BTreeSet;

use kawasemi_kernel::{ChildRow, Fields, Value};
use kawasemi_schema::FieldDef;
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::{Entry, FieldType, Parsed, Refusal, Refusals, Style, of, show, to_json};

/// Child rows with fields of their own (明細).
pub(super) struct Rows<'a> {
    pub(super) fields: &'a [FieldDef],
    pub(super) max_count: u32,
}

impl Rows<'_> {
    fn too_many(&self, count: usize) -> Option<Refusals> {
        let is_over = count > self.max_count as usize;
        is_over.then(|| format!("明細は{}行までです（いま{count}行）。", self.max_count).into())
    }

    /// Reads the fields of each row with `read`, which answers none for a field that was not sent.
    fn collect<R>(
        &self,
        rows: impl Iterator<Item = (Uuid, R)>,
        read: impl Fn(&R, &FieldDef) -> Option<Parsed>,
    ) -> Parsed {
        let mut children = Vec::new();
        let mut refusals = Vec::new();
        for (index, (id, row)) in rows.enumerate() {
            let mut fields = Fields::new();
            for field in self.fields {
                match read(&row, field) {
                    None | Some(Ok(Value::Null)) => {}
                    Some(Ok(value)) => drop(fields.insert(field.key.clone(), value)),
                    Some(Err(Refusals(reasons))) => {
                        refusals.extend(reasons.into_iter().map(|r| placed(index, field, r)))
                    }
                }
            }
            children.push(ChildRow { id, fields });
        }
        // A row in which nothing was entered is the empty line that a form offers. It is left out only now, so that a
        // mistake is reported at the line in which it stands.
        children.retain(|row| !row.fields.is_empty());
        if !refusals.is_empty() {
            return Err(Refusals(refusals));
        }
        Ok(if children.is_empty() { Value::Null } else { Value::Rows(children) })
    }
}

fn placed(index: usize, field: &FieldDef, reason: Refusal) -> Refusal {
    let join = |separator: &str, head: String, tail: &str| {
        if tail.is_empty() { head } else { format!("{head}{separator}{tail}") }
    };
    Refusal {
        part: join(".", format!("{index}.{}", field.key), &reason.part),
        label: join(" ", format!("{}行目 {}", index + 1, field.label.ja()), &reason.label),
        message: reason.message,
    }
}

impl FieldType for Rows<'_> {
    /// A file has the rows of a record in one cell, as JSON.
    fn read_text(&self, text: &str) -> Parsed {
        if text.trim().is_empty() {
            return Ok(Value::Null);
        }
        let json: Json = serde_json::from_str(text)
            .map_err(|_| "明細の形が正しくありません。書き出したファイルと同じ形（JSON）で入力してください。")?;
        self.read_json(&json)
    }

    /// `items.0.name`, `items.0.id`, `items.2.name`: gaps in the numbering are rows that were taken away.
    fn read_entry(&self, entry: &Entry, key: &str) -> Parsed {
        let own = entry.part(key);
        let numbers: BTreeSet<usize> =
            own.keys().filter_map(|k| k.split('.').next()).filter_map(|n| n.parse().ok()).collect();
        if let Some(refusal) = self.too_many(numbers.len()) {
            return Err(refusal);
        }
        let rows = numbers.into_iter().map(|number| {
            let row = own.part(&number.to_string());
            (Uuid::try_parse(row.one("id")).unwrap_or_default(), row)
        });
        self.collect(rows, |row, field| Some(of(&field.kind).read_entry(row, &field.key)))
    }

    fn read_json(&self, json: &Json) -> Parsed {
        let Json::Array(items) = json else {
            return if json.is_null() {
                Ok(Value::Null)
            } else {
                Err("明細は配列で指定してください。".into())
            };
        };
        if let Some(refusal) = self.too_many(items.len()) {
            return Err(refusal);
        }
        let mut rows = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let row =
                item.as_object().ok_or_else(|| format!("明細の{}行目はオブジェクトで指定してください。", index + 1))?;
            let is_known = |key: &&String| *key == "id" || self.fields.iter().any(|f| f.key == **key);
            if let Some(key) = row.keys().find(|key| !is_known(key)) {
                return Err(format!("明細の{}行目に「{key}」という項目は使えません。", index + 1).into());
            }
            let id = row.get("id").and_then(Json::as_str).and_then(|id| Uuid::try_parse(id).ok()).unwrap_or_default();
            rows.push((id, row));
        }
        self.collect(rows.into_iter(), |row, field| {
            row.get(&field.key).filter(|json| !json.is_null()).map(|json| of(&field.kind).read_json(json))
        })
    }

    fn show(&self, value: &Value, style: &Style<'_>) -> String {
        let Value::Rows(rows) = value else { return String::new() };
        if style.plain {
            return self.to_json(value).to_string();
        }
        let line = |row: &ChildRow| {
            let cells: Vec<String> = self
                .fields
                .iter()
                .filter_map(|field| row.fields.get(&field.key).map(|value| show(field, value, style)))
                .collect();
            cells.join(" / ")
        };
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn to_json(&self, value: &Value) -> Json {
        let Value::Rows(rows) = value else { return Json::Null };
        let object = |row: &ChildRow| {
            let mut object = Map::new();
            object.insert("id".to_owned(), row.id.hyphenated().to_string().into());
            for field in self.fields {
                let value = row.fields.get(&field.key).unwrap_or(&Value::Null);
                object.insert(field.key.clone(), to_json(field, value));
            }
            Json::Object(object)
        };
        rows.iter().map(object).collect()
    }
}

#[cfg(test)]
mod tests {
    use kawasemi_schema::{LedgerDef, SourceFile};
    use serde_json::json;

    use super::super::tests::check_json;
    use super::*;

    fn ledger() -> LedgerDef {
        let text = r#"
            key = "estimate"
            title = "見積"
            owner = "finance"
            label = ["name"]
            retention = { basis = "規程" }
            [[field]]
            key = "name"
            label = "件名"
            type = "text"
            [[field]]
            key = "items"
            label = "明細"
            type = "rows"
            max_count = 3
            [[field.field]]
            key = "what"
            label = "品名"
            type = "text"
            [[field.field]]
            key = "amount"
            label = "金額"
            type = "yen"
        "#;
        LedgerDef::read(SourceFile::new("estimate.toml", text)).expect("is a ledger")
    }

    #[test]
    fn reads_a_form_with_gaps_and_an_empty_line() {
        let ledger = ledger();
        let field = ledger.field("items").expect("is a field");
        let entry = Entry::from_pairs([
            ("items.0.what", "机"),
            ("items.0.amount", "1,000"),
            ("items.2.what", "椅子"),
            ("items.10.what", ""),
        ]);
        let Ok(Value::Rows(rows)) = super::super::from_entry(field, &entry) else { panic!("are rows") };
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1].fields["what"], Value::from("椅子"));
    }

    #[test]
    fn says_in_which_line_the_mistake_is() {
        let ledger = ledger();
        let field = ledger.field("items").expect("is a field");
        let entry = Entry::from_pairs([("items.0.what", "机"), ("items.1.amount", "千円")]);
        let errors = super::super::from_entry(field, &entry).expect_err("is refused");
        assert_eq!((errors[0].field.as_str(), errors[0].label.as_str()), ("items.1.amount", "明細 2行目 金額"));
    }

    #[test]
    fn reads_json_strictly() {
        let ledger = ledger();
        let field = of(&ledger.field("items").expect("is a field").kind);
        check_json(&*field, json!([]), Ok(Value::Null));
        check_json(&*field, json!([1]), Err("1行目はオブジェクト"));
        check_json(&*field, json!([{ "price": 1 }]), Err("「price」という項目"));
        check_json(&*field, json!([{}, {}, {}, {}]), Err("明細は3行まで"));
        check_json(&*field, json!({ "what": "x" }), Err("配列"));
    }
}
