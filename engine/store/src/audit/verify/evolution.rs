//! Where today's fields were when a record was last written: definitions change, and rows are not written again for it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use kawasemi_schema::field::FieldKind;
use kawasemi_schema::{FieldDef, LedgerDef};

use crate::city::City;
use crate::error::{Result, StoreError};
use crate::ledger::Ledger;
use crate::schema::old_key;

/// What an earlier version says of a field of today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// It was the field with this key.
    Field(String),
    /// There was none: it is empty until it is written.
    Empty,
    /// It was of another type, or its column is older than its return: nothing can be said until it is written.
    Unknown,
}

/// The origins of a ledger's fields, in their order, in the version under which a record was written.
pub(super) async fn origins(city: &City, ledger: &Ledger, version: i64) -> Result<Vec<Origin>> {
    if version == ledger.version {
        return Ok(ledger.def.fields.iter().map(|field| Origin::Field(field.key.clone())).collect());
    }
    let mut versions = Vec::new();
    for version in 1..=ledger.version {
        match city.definition(ledger.key(), version).await {
            Ok(definition) => versions.push(definition),
            // Found where definitions are looked at; without it nothing can be said.
            Err(StoreError::NotFound) => return Ok(vec![Origin::Unknown; ledger.def.fields.len()]),
            Err(error) => return Err(error),
        }
    }
    let written = usize::try_from(version).unwrap_or(1).clamp(1, versions.len());
    Ok(trace(&versions, written))
}

/// Follows the fields of the version `written` (from 1) to the last.
fn trace(versions: &[Arc<LedgerDef>], written: usize) -> Vec<Origin> {
    let (past, future) = versions.split_at(written);
    let mut known: HashSet<&str> = past.iter().flat_map(|def| &def.fields).map(|field| field.key.as_str()).collect();
    let mut old = &past[written - 1];
    let mut origins: HashMap<&str, Origin> =
        old.fields.iter().map(|field| (field.key.as_str(), Origin::Field(field.key.clone()))).collect();
    for new in future {
        origins = new
            .fields
            .iter()
            .map(|field| {
                let origin = match old_key(old, new, field).and_then(|key| old.field(key)) {
                    Some(before) if is_kept_alike(before, field) => origins[before.key.as_str()].clone(),
                    Some(_) => Origin::Unknown,
                    None if known.contains(field.key.as_str()) => Origin::Unknown,
                    None => Origin::Empty,
                };
                (field.key.as_str(), origin)
            })
            .collect();
        known.extend(new.fields.iter().map(|field| field.key.as_str()));
        old = new;
    }
    old.fields.iter().map(|field| origins[field.key.as_str()].clone()).collect()
}

/// Whether two definitions of a field lay the same value out in the same way.
fn is_kept_alike(a: &FieldDef, b: &FieldDef) -> bool {
    match (&a.kind, &b.kind) {
        (FieldKind::Rows { fields: a, .. }, FieldKind::Rows { fields: b, .. }) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.key == b.key && is_kept_alike(a, b))
        }
        _ => {
            let types = |field: &FieldDef| field.columns().into_iter().map(|column| column.ty).collect::<Vec<_>>();
            types(a) == types(b) && std::mem::discriminant(&a.kind) == std::mem::discriminant(&b.kind)
        }
    }
}

#[cfg(test)]
mod tests {
    use kawasemi_schema::SourceFile;

    use super::*;

    fn version(fields: &str) -> Arc<LedgerDef> {
        let text = format!(
            "key = \"park\"\ntitle = \"公園\"\nowner = \"parks\"\nlabel = [\"name\"]\nretention = {{ basis = \"規程\" }}\n\
             field = [{{ key = \"name\", label = \"名称\", type = \"text\" }}, {fields}]"
        );
        Arc::new(LedgerDef::read(SourceFile::new("park.toml", text)).unwrap())
    }

    fn check(versions: &[&str], written: usize, expected: &Origin) {
        let versions: Vec<Arc<LedgerDef>> = versions.iter().map(|fields| version(fields)).collect();
        assert_eq!(&trace(&versions, written)[1], expected);
    }

    #[test]
    fn a_field_is_traced_through_versions() {
        let area = r#"{ key = "area", label = "面積", type = "integer" }"#;
        let size = r#"{ key = "size", label = "広さ", type = "integer", was = "area" }"#;
        let exact = r#"{ key = "area", label = "面積", type = "decimal", scale = 2 }"#;
        let other = r#"{ key = "note", label = "備考", type = "text" }"#;
        check(&[area, size], 1, &Origin::Field("area".into()));
        check(&[area, size], 2, &Origin::Field("size".into()));
        check(&[area, exact], 1, &Origin::Unknown);
        check(&[other, area], 1, &Origin::Empty);
        check(&[area, other, area], 2, &Origin::Unknown);
    }
}
