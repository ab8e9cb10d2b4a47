//! 個人情報ファイル簿 (個人情報の保護に関する法律第75条第1項, 第74条第1項各号): one sheet for each ledger that holds personal
//! data, made from the ledgers' own definitions, so that it says what is really kept.
//!
//! The law asks to publish files of 1,000 persons and more (同法第74条第2項第9号, 同法施行令第20条); smaller ones are listed here as
//! well, marked. What a definition does not say yet is named, not filled in.

use std::collections::BTreeMap;

use kawasemi_identity::Context;
use kawasemi_kernel::Lang;
use kawasemi_registry::{DEPARTMENT, register};
use kawasemi_schema::{Clearance, FieldDef, FieldKind, LedgerDef, Retention, RetentionStart};
use kawasemi_store::Sql;
use serde::Serialize;

use crate::city::Oversight;
use crate::error::Result;

/// From so many persons on a file has to be published.
pub const PUBLISHED_FROM: i64 = 1_000;

/// A sheet of the register (個人情報ファイル簿の1枚).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonalFile {
    /// The ledger's key.
    pub ledger: String,
    /// Name of the file (個人情報ファイルの名称).
    pub name: String,
    /// The department whose work it serves (利用に供される事務をつかさどる組織).
    pub department: String,
    /// Purpose of use (利用目的).
    pub purpose: String,
    /// Items recorded (記録項目).
    pub items: Vec<String>,
    /// Whose data are recorded (記録範囲).
    pub persons: String,
    /// How they are collected (収集方法).
    pub collected_from: String,
    /// The items that need special care (要配慮個人情報).
    pub sensitive: Vec<String>,
    /// To whom they are given as a matter of course (経常的提供先).
    pub provided_to: Vec<String>,
    /// Where disclosure, correction and stop of use are asked for (開示請求等を受理する組織).
    pub requests_to: String,
    /// A procedure under another law (訂正・利用停止に関する他の法令).
    pub other_law: String,
    /// Whether proposals for anonymised processing are invited (行政機関等匿名加工情報の提案の募集).
    pub anonymised: bool,
    /// How long records are kept (保存期間).
    pub retention: String,
    /// Remarks (備考).
    pub remarks: String,
    /// How many records there are.
    pub records: i64,
    /// What the definition does not say yet.
    pub missing: Vec<&'static str>,
}

impl PersonalFile {
    /// Whether the law asks to publish it.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.records >= PUBLISHED_FROM
    }

    /// The sheet as lines of a form: what each item is called, and what is said.
    #[must_use]
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let or_none = |text: &str| if text.is_empty() { "（未記入）".to_owned() } else { text.to_owned() };
        let yes = |answer: bool, yes: &str, no: &str| if answer { yes.to_owned() } else { no.to_owned() };
        let joined = |texts: &[String]| if texts.is_empty() { "なし".to_owned() } else { texts.join("、") };
        let items = (1..).zip(&self.items).map(|(n, item): (usize, &String)| format!("{n} {item}"));
        let sensitive = if self.sensitive.is_empty() {
            "含まない".to_owned()
        } else {
            format!("含む（{}）", self.sensitive.join("、"))
        };
        vec![
            ("個人情報ファイルの名称", self.name.clone()),
            ("事務をつかさどる組織の名称", or_none(&self.department)),
            ("利用目的", or_none(&self.purpose)),
            ("記録項目", items.collect::<Vec<_>>().join("、")),
            ("記録範囲", or_none(&self.persons)),
            ("記録情報の収集方法", or_none(&self.collected_from)),
            ("要配慮個人情報", sensitive),
            ("記録情報の経常的提供先", joined(&self.provided_to)),
            ("開示請求等を受理する組織の名称", or_none(&self.requests_to)),
            (
                "訂正・利用停止に関する他の法令の規定",
                if self.other_law.is_empty() { "なし".into() } else { self.other_law.clone() },
            ),
            ("個人情報ファイルの種別", "電算処理ファイル（法第60条第2項第1号）".to_owned()),
            ("匿名加工情報の提案の募集", yes(self.anonymised, "対象", "対象外")),
            ("保存期間", self.retention.clone()),
            (
                "記録されている件数",
                format!("{}件{}", self.records, yes(self.is_published(), "", "（1,000人未満のため公表の対象外）")),
            ),
            ("備考", if self.remarks.is_empty() { "－".into() } else { self.remarks.clone() }),
        ]
    }
}

impl Oversight {
    /// The register of all ledgers that hold personal data, by key.
    ///
    /// # Errors
    /// [`crate::OversightError::Forbidden`]; as [`kawasemi_store::City::read`].
    pub async fn file_register(&self, context: &Context) -> Result<Vec<PersonalFile>> {
        context.require_overseer()?;
        let departments = self.department_names(context).await?;
        let catalogue = self.city().catalogue();
        let mut files = Vec::new();
        for ledger in catalogue.iter().filter(|ledger| ledger.def.holds_personal_data()) {
            let mut sql = Sql::text("SELECT count(*) FROM ");
            sql.table(ledger.table()).push(" WHERE \"deleted_at\" IS NULL");
            let records = self.city().read_one(sql).await?.map(|row| row.get(0)).transpose()?.unwrap_or_default();
            let department = departments.get(&ledger.def.owner).cloned().unwrap_or_default();
            files.push(sheet(&ledger.def, department, records));
        }
        Ok(files)
    }

    async fn department_names(&self, context: &Context) -> Result<BTreeMap<String, String>> {
        let all = register::all(self.ledgers(), &self.system(context.act.at), DEPARTMENT).await?;
        let named = all.iter().filter_map(|record| {
            Some((record.get("code").as_text()?.to_owned(), record.get("name").as_text()?.to_owned()))
        });
        Ok(named.collect())
    }
}

fn sheet(def: &LedgerDef, department: String, records: i64) -> PersonalFile {
    let said = def.personal_file.clone().unwrap_or_default();
    let department = if department.is_empty() { def.owner.clone() } else { department };
    let mut missing = Vec::new();
    for (text, name) in [(&said.persons, "記録範囲（persons）"), (&said.collected_from, "収集方法（collected_from）")]
    {
        if text.is_empty() {
            missing.push(name);
        }
    }
    if def.purpose.is_empty() {
        missing.push("利用目的（purpose）");
    }
    PersonalFile {
        ledger: def.key.clone(),
        name: def.title.get(Lang::Ja).to_owned(),
        purpose: def.purpose.get(Lang::Ja).to_owned(),
        items: items(&def.fields, None),
        sensitive: items(&def.fields, Some(Clearance::Sensitive)),
        persons: said.persons,
        collected_from: said.collected_from,
        provided_to: said.provided_to,
        requests_to: if said.requests_to.is_empty() { department.clone() } else { said.requests_to },
        other_law: said.other_law,
        anonymised: said.anonymised,
        retention: retention(&def.retention),
        remarks: said.remarks,
        department,
        records,
        missing,
    }
}

/// The labels of fields, those of rows included; of one clearance or all.
fn items(fields: &[FieldDef], clearance: Option<Clearance>) -> Vec<String> {
    let mut all = Vec::new();
    for field in fields {
        let label = field.label.get(Lang::Ja).to_owned();
        if clearance.is_none_or(|clearance| field.clearance == clearance) {
            all.push(label.clone());
        }
        if let FieldKind::Rows { fields, .. } = &field.kind {
            all.extend(items(fields, clearance).into_iter().map(|item| format!("{label}の{item}")));
        }
    }
    all
}

/// A retention in words.
#[must_use]
pub fn retention(retention: &Retention) -> String {
    let Some(years) = retention.years else { return "常用（期限なし）".to_owned() };
    let from = match retention.from {
        RetentionStart::FiscalYearEnd => "最後の変更の翌年度4月1日から",
        RetentionStart::Created => "登録の日から",
        RetentionStart::Updated => "最後の変更の日から",
    };
    format!("{from}{years}年（{}）", retention.basis)
}
