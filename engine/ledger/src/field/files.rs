//! Attached files, by the ids under which they were stored.
//!
//! A form or a program can only name a file. Its name, size and hash are taken from what the city has stored, when the
//! draft is checked; nothing of it is believed.

use kawasemi_kernel::{FileRef, Value};
use kawasemi_schema::FieldKind;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{Entry, FieldType, Parsed, Style, input};

/// Attached files (添付).
pub(super) struct Files {
    pub(super) max_count: u32,
}

impl Files {
    fn named<T: AsRef<str>>(&self, ids: impl IntoIterator<Item = T>) -> Parsed {
        let mut files: Vec<FileRef> = Vec::new();
        for id in ids {
            let id = id.as_ref().trim();
            if id.is_empty() {
                continue;
            }
            let id = Uuid::try_parse(id)
                .map_err(|_| "添付ファイルの番号の形が正しくありません。もう一度添付してください。")?;
            if files.iter().all(|file| file.id != id) {
                files.push(unresolved(id));
            }
            if files.len() > self.max_count as usize {
                return Err(format!("添付できるファイルは{}個までです。", self.max_count).into());
            }
        }
        Ok(if files.is_empty() { Value::Null } else { Value::Files(files) })
    }
}

/// A file of which only the id is known yet.
pub(crate) fn unresolved(id: Uuid) -> FileRef {
    FileRef { id, name: String::new(), media_type: String::new(), size: 0, sha256: String::new() }
}

/// Why a stored file may not be attached to a field; none if it may.
pub(crate) fn refused_file(kind: &FieldKind, file: &FileRef) -> Option<String> {
    let FieldKind::Files { accept, max_bytes, .. } = kind else { return None };
    let is_accepted = |pattern: &String| match pattern.strip_suffix("/*") {
        Some(family) => file.media_type.split('/').next() == Some(family),
        None => file.media_type == *pattern,
    };
    if file.size > *max_bytes {
        return Some(format!("「{}」は大きすぎます（{}MBまで）。", file.name, max_bytes / (1024 * 1024)));
    }
    if !accept.is_empty() && !accept.iter().any(is_accepted) {
        return Some(format!(
            "「{}」の種類のファイルは添付できません。添付できるのは {} です。",
            file.name,
            accept.join("、")
        ));
    }
    None
}

impl FieldType for Files {
    fn read_text(&self, text: &str) -> Parsed {
        self.named(input::short(text)?.split([',', ' ', '、']))
    }

    fn read_entry(&self, entry: &Entry, key: &str) -> Parsed {
        self.named(entry.all(key))
    }

    /// An array of ids, or of objects with an `id` as they are given out.
    fn read_json(&self, json: &Json) -> Parsed {
        let Json::Array(items) = json else {
            return Err("添付ファイルは番号（id）の配列で指定してください。".into());
        };
        let ids: Result<Vec<_>, _> =
            items.iter().map(|item| input::json_text(item.get("id").unwrap_or(item))).collect();
        self.named(ids?)
    }

    fn show(&self, value: &Value, style: &Style<'_>) -> String {
        let Value::Files(files) = value else { return String::new() };
        let names = files.iter().map(|file| file.name.as_str());
        names.collect::<Vec<_>>().join(if style.plain { "\n" } else { "、" })
    }

    fn to_json(&self, value: &Value) -> Json {
        let Value::Files(files) = value else { return Json::Null };
        let object = |file: &FileRef| {
            json!({
                "id": file.id.hyphenated().to_string(),
                "name": file.name,
                "media_type": file.media_type,
                "size": file.size,
                "sha256": file.sha256,
            })
        };
        files.iter().map(object).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, check_json};
    use super::*;

    #[test]
    fn keeps_to_kinds_and_sizes() {
        let kind = FieldKind::Files { accept: vec!["image/*".into()], max_count: 1, max_bytes: 1_048_576 };
        let file = |media_type: &str, size| FileRef { media_type: media_type.into(), size, ..unresolved(Uuid::nil()) };
        assert_eq!(refused_file(&kind, &file("image/png", 1)), None);
        assert!(refused_file(&kind, &file("image/png", 1_048_577)).is_some());
        assert!(refused_file(&kind, &file("application/pdf", 1)).is_some());
    }

    #[test]
    fn believes_only_ids() {
        let id = Uuid::from_u128(7);
        let files = Files { max_count: 2 };
        let one = Value::Files(vec![unresolved(id)]);
        check_json(&files, json!([{ "id": id.to_string(), "size": 1, "name": "../../etc/passwd" }]), Ok(one.clone()));
        check(&files, &format!("{id} {id}"), Ok(one));
        check_json(&files, json!("x"), Err("配列"));
        check_json(&files, json!(["../x"]), Err("番号の形"));
        check_json(&files, (0..3).map(|n| Uuid::from_u128(n).to_string()).collect(), Err("2個まで"));
    }
}
