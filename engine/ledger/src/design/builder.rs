//! A clerk's own ledger: from nothing or from a sheet, to the same TOML that systems are written in.

use kawasemi_schema::raw::{FieldType, RawField, RawGrant, RawLedger, RawRetention};
use kawasemi_schema::{Action, Clearance, LedgerDef, RetentionStart, SchemaErrors, SourceFile};

use super::guess::guess_fields;
use crate::import::Look;

/// Years for which a clerk's ledger keeps its records where nothing else is said (文書管理規程の一般的な保存期間).
const YEARS: u16 = 5;

/// A ledger in the making.
#[derive(Clone, Debug)]
pub struct LedgerBuilder {
    raw: RawLedger,
}

impl LedgerBuilder {
    /// Begins a ledger with a title, the department that answers for it and what it is for.
    pub fn new(key: &str, title: &str, owner: &str, purpose: &str) -> Self {
        let raw = RawLedger {
            key: key.to_owned(),
            title: title.into(),
            description: purpose.into(),
            purpose: purpose.into(),
            owner: owner.to_owned(),
            retention: RawRetention {
                years: Some(YEARS),
                from: RetentionStart::FiscalYearEnd,
                basis: "文書管理規程".to_owned(),
            },
            ..RawLedger::default()
        };
        Self { raw }
    }

    /// Begins with a definition that was written or downloaded before.
    pub fn from_raw(raw: RawLedger) -> Self {
        Self { raw }
    }

    /// Adds a field for every column of a sheet, with the type that its values suggest.
    #[must_use]
    pub fn with_columns_of(mut self, look: &Look) -> Self {
        self.raw.field.extend(guess_fields(look));
        self
    }

    /// Adds a field.
    #[must_use]
    pub fn with_field(mut self, field: RawField) -> Self {
        self.raw.field.push(field);
        self
    }

    /// Lets the staff read and the owner department's people, who hold a role, change everything. `editor` is that role;
    /// `rows` may limit it.
    #[must_use]
    pub fn with_grants(mut self, editor: &str) -> Self {
        let highest = self.raw.field.iter().filter_map(|field| field.clearance).max().unwrap_or_default();
        let grant = |role: &str, actions: &[Action], clearance: Clearance, reason: &str| RawGrant {
            role: role.to_owned(),
            actions: actions.to_vec(),
            rows: None,
            clearance,
            reason: reason.to_owned(),
        };
        self.raw.grant.push(grant(
            editor,
            &Action::ALL,
            highest.max(Clearance::Internal),
            "所管課の職員が管理するため",
        ));
        if editor != "staff" {
            self.raw.grant.push(grant("staff", &[Action::Read], Clearance::Internal, "庁内で共有するため"));
        }
        self
    }

    /// The definition so far, to be changed freely.
    pub fn raw_mut(&mut self) -> &mut RawLedger {
        &mut self.raw
    }

    /// The definition so far.
    pub fn raw(&self) -> &RawLedger {
        &self.raw
    }

    /// The definition as TOML. What was left open is filled in: the field by which records are called, the columns, the
    /// search fields.
    pub fn to_toml(&self) -> String {
        let mut raw = self.raw.clone();
        if raw.label.is_empty() {
            raw.label = label_of(&raw.field).into_iter().collect();
        }
        toml::to_string(&raw).expect("a definition has only what TOML can say")
    }

    /// Reads the definition with the same strict reader as every system's.
    pub fn build(&self) -> Result<LedgerDef, SchemaErrors> {
        LedgerDef::read(SourceFile::new(format!("{}.toml", self.raw.key), self.to_toml()))
    }
}

/// The field by which a record is most likely called: the first one named so, else the first line of text.
fn label_of(fields: &[RawField]) -> Option<String> {
    let can_label = |field: &&RawField| matches!(field.r#type, FieldType::Text | FieldType::PersonName);
    let is_name = |field: &&RawField| {
        ["名称", "名前", "氏名", "件名", "題名", "品名"].iter().any(|word| field.label.ja().contains(word))
            || field.label.ja().ends_with('名')
    };
    let named = fields.iter().filter(can_label).find(is_name);
    named.or_else(|| fields.iter().find(can_label)).or(fields.first()).map(|field| field.key.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Cell;
    use crate::import::SheetRow;

    fn look() -> Look {
        let row = |line, texts: [&str; 3]| SheetRow {
            line,
            cells: texts.into_iter().map(|text| Cell::Text(text.to_owned())).collect(),
        };
        let rows = vec![row(2, ["1", "中央公園", "12.5"]), row(3, ["2", "北公園", "3"])];
        let mut look = Look::of_headings(["番号", "公園名", "面積（㎡）"].map(str::to_owned).to_vec());
        look.rows = rows;
        look
    }

    #[test]
    fn a_sheet_becomes_a_ledger() {
        let builder = LedgerBuilder::new("my-parks", "公園一覧", "parks", "公園の管理のため").with_columns_of(&look());
        let ledger = builder.with_grants("park-keeper").build().expect("is a ledger");
        assert_eq!(ledger.label, ["park_name"]);
        assert_eq!(ledger.fields.len(), 3);
        assert_eq!(ledger.grants.len(), 2);
    }

    #[test]
    fn a_ledger_says_what_it_lacks() {
        let builder = LedgerBuilder::new("My", "", "parks", "");
        let said = builder.build().expect_err("is refused").to_string();
        assert!(said.contains("台帳のキー") && said.contains("項目が一つもありません"), "{said}");
    }
}
