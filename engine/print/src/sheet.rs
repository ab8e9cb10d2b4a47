//! The printed sheet (調書) of any record of any ledger.
//!
//! What stands on it is what its caller may see: [`Visible`] and the visible fields come from the ledger engine. The same sheet is
//! printed by the desk and by the command line.

use kawasemi_kernel::Value;
use kawasemi_ledger::{Labels, Style, Visible, field};
use kawasemi_schema::{FieldDef, FieldKind, LedgerDef};
use serde_json::{Value as Json, json};

use crate::job::{Asset, Job, Naming, Options, Template};

const TEMPLATE: &str = include_str!("../typ/sheet.typ");

/// What a sheet is made of.
#[derive(Clone, Copy, Debug)]
pub struct Sheet<'a> {
    /// The ledger.
    pub ledger: &'a LedgerDef,
    /// The fields that the caller may see, in the order of the form.
    pub fields: &'a [&'a FieldDef],
    /// The record.
    pub record: &'a Visible,
    /// The names of records that it refers to.
    pub labels: &'a Labels,
    /// What the record is called.
    pub name: &'a str,
    /// Who changed it last, when, and how often it was changed, in words.
    pub changed: &'a str,
}

/// A picture that belongs to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The label of its field.
    pub label: String,
    /// The name of its file.
    pub name: String,
    /// How the name of its kind ends: `png`, `jpg`, `gif`.
    pub extension: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Sheet<'_> {
    /// The job that prints it, with the pictures of the record and a QR code (SVG) of its address.
    pub fn job(&self, options: Options, qr: Option<Vec<u8>>, pictures: Vec<Picture>) -> Job {
        let mut assets: Vec<Asset> = qr.into_iter().map(|bytes| Asset { name: "qr.svg".to_owned(), bytes }).collect();
        let has_qr = !assets.is_empty();
        let mut shown = Vec::new();
        for (index, picture) in pictures.into_iter().enumerate() {
            let name = format!("picture-{index}.{}", picture.extension);
            shown.push(json!({ "label": picture.label, "value": picture.name, "path": format!("/assets/{name}") }));
            assets.push(Asset { name, bytes: picture.bytes });
        }
        let number = self.record.number.as_deref().unwrap_or_default();
        let (sections, tables) = self.parts();
        let data = json!({
            "kind": format!("{}調書", self.ledger.title.ja()),
            "name": self.name,
            "number": number,
            "deleted": self.record.deleted_at.is_some(),
            "sections": sections,
            "tables": tables,
            "pictures": shown,
            "changed": self.changed,
            "qr": has_qr,
        });
        let called = [self.ledger.title.ja(), number, self.name];
        let called = called.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let naming = Naming::default()
            .with_subject("", called)
            .with_derived("name")
            .with_field("kind", "台帳の名前")
            .with_field("name", "記録の名前")
            .with_field("number", "番号")
            .with_field("title", "見出し")
            .with_field("headings", "見出し")
            .with_field("changed", "変更した人");
        Job { template: Template::new("sheet.typ", TEMPLATE), data, naming, assets, options }
    }

    /// The fields by section, and the tables of child rows, which need the whole width.
    fn parts(&self) -> (Vec<Json>, Vec<Json>) {
        let mut sections: Vec<(&str, Vec<Json>)> = Vec::new();
        let mut tables = Vec::new();
        for def in self.fields {
            let kind = match &def.kind {
                FieldKind::Computed { result, .. } => result,
                kind => kind,
            };
            match (kind, self.record.get(&def.key)) {
                (FieldKind::Rows { fields, .. }, Value::Rows(rows))
                    if !rows.is_empty() && !self.record.is_masked(def) =>
                {
                    tables.push(self.table(def, fields, rows));
                }
                (_, value) => {
                    let row = json!({ "label": def.label.ja(), "value": self.said(def, value) });
                    let title = def.section.ja();
                    match sections.last_mut() {
                        Some((current, rows)) if *current == title || title.is_empty() => rows.push(row),
                        _ => sections.push((title, vec![row])),
                    }
                }
            }
        }
        let sections = sections.into_iter().map(|(title, rows)| json!({ "title": title, "rows": rows })).collect();
        (sections, tables)
    }

    fn said(&self, def: &FieldDef, value: &Value) -> String {
        if self.record.is_masked(def) {
            return "（閲覧できない項目）".to_owned();
        }
        match value {
            Value::Null => "－".to_owned(),
            value => field::show(def, value, &self.style()),
        }
    }

    fn table(&self, def: &FieldDef, fields: &[FieldDef], rows: &[kawasemi_kernel::ChildRow]) -> Json {
        let headings: Vec<&str> = fields.iter().map(|inner| inner.label.ja()).collect();
        let cell = |row: &kawasemi_kernel::ChildRow, inner: &FieldDef| {
            let value = row.fields.get(&inner.key).unwrap_or(&Value::Null);
            field::show(inner, value, &self.style())
        };
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| fields.iter().map(|inner| cell(row, inner)).collect()).collect();
        json!({ "label": def.label.ja(), "headings": headings, "rows": rows })
    }

    fn style(&self) -> Style<'_> {
        Style::page(kawasemi_kernel::Lang::Ja).in_wareki(true).with_labels(self.labels)
    }
}
