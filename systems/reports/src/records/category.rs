//! Categories of reports (通報の種類).

use super::all;
use super::read::Read;
use crate::definitions::CATEGORY;
use crate::kernel::{ChildRow, Lang, RecordId};
use crate::ledger::{LedgerError, Ledgers, ListRequest, Visible};
use crate::platform::identity::Context;
use crate::rules::clock::Days;
use crate::rules::dedupe::Reach;

/// A category (種類).
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are those of the ledger `report-category`")]
pub struct Category {
    pub id: RecordId,
    pub code: String,
    name: String,
    name_easy: String,
    name_en: String,
    name_vi: String,
    pub about: String,
    pub group: String,
    pub keywords: String,
    pub icon: String,
    pub active: bool,
    pub department: Option<RecordId>,
    pub urgent: bool,
    pub phone: String,
    pub check_hours: Option<u32>,
    pub check_days: u32,
    pub fix: Days,
    pub reach: Reach,
    pub asset_ledger: String,
    pub asset_radius_m: f64,
    pub rounds_position: bool,
    pub questions: Vec<Question>,
}

/// A further question of a category, an attribute of Open311.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are those of the ledger `report-category`")]
pub struct Question {
    pub code: String,
    pub question: String,
    pub question_en: String,
    pub datatype: String,
    pub required: bool,
    /// Key and name of each choice.
    pub values: Vec<(String, String)>,
}

impl Category {
    /// What is visible of a category.
    pub fn of(record: &Visible) -> Self {
        let read = Read(record.fields());
        let count = |key: &str, otherwise: i64| u32::try_from(read.int(key).unwrap_or(otherwise)).unwrap_or(0);
        let fix_days = count("fix_days", 14);
        Self {
            id: record.id,
            code: read.text("code"),
            name: read.text("name"),
            name_easy: read.text("name_easy"),
            name_en: read.text("name_en"),
            name_vi: read.text("name_vi"),
            about: read.text("about"),
            group: read.text("group"),
            keywords: read.text("keywords"),
            icon: read.text("icon"),
            active: read.yes("active"),
            department: read.record("department"),
            urgent: read.yes("urgent"),
            phone: read.text("phone"),
            check_hours: read.int("check_hours").and_then(|hours| u32::try_from(hours).ok()),
            check_days: count("check_days", 2),
            fix: if read.text("fix_counts") == "calendar" {
                Days::Calendar(fix_days)
            } else {
                Days::Business(fix_days)
            },
            reach: Reach {
                radius_m: f64::from(count("dedupe_radius_m", 20)),
                days: f64::from(count("dedupe_days", 60)),
            },
            asset_ledger: read.text("asset_ledger"),
            asset_radius_m: f64::from(count("asset_radius_m", 20)),
            rounds_position: read.yes("rounds_position"),
            questions: read.rows("questions").iter().map(question).collect(),
        }
    }

    /// Its name in a language; in Japanese where it has none.
    pub fn name(&self, lang: Lang) -> &str {
        let own = match lang {
            Lang::Ja => &self.name,
            Lang::JaEasy => &self.name_easy,
            Lang::En => &self.name_en,
            Lang::Vi => &self.name_vi,
        };
        if own.is_empty() { &self.name } else { own }
    }

    /// All categories, in their order.
    ///
    /// # Errors
    /// As [`Ledgers::list`].
    pub async fn all(ledgers: &Ledgers, context: &Context) -> Result<Vec<Self>, LedgerError> {
        Ok(all(ledgers, context, CATEGORY, ListRequest::all()).await?.iter().map(Self::of).collect())
    }
}

fn question(row: &ChildRow) -> Question {
    let read = Read(&row.fields);
    let values = read.text("values");
    let values = values.split([',', '、', '，']).map(str::trim).filter(|value| !value.is_empty());
    Question {
        code: read.text("code"),
        question: read.text("question"),
        question_en: read.text("question_en"),
        datatype: read.text("datatype"),
        required: read.yes("required"),
        values: values
            .map(|value| value.split_once(['=', '＝']).unwrap_or((value, value)))
            .map(|(key, name)| (key.trim().to_owned(), name.trim().to_owned()))
            .collect(),
    }
}
