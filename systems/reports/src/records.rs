//! The ledgers as the program reads them: typed views of what a caller may see of a record.
//!
//! A field that the caller may not see is empty here, like one in which nothing was entered.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::definitions::{CATEGORY, REPORT, SETTING, UPDATE};
use crate::kernel::calendar::Calendar;
use crate::kernel::{ChildRow, Fields, FileRef, Geometry, Lang, RecordId, Value};
use crate::ledger::select::cql_text;
use crate::ledger::{LedgerError, Ledgers, ListRequest, May, Visible};
use crate::platform::identity::Context;
use crate::rules::clock::{Days, Pause};
use crate::rules::dedupe::Reach;
use crate::rules::{Place, State};

/// Records read at once.
const AT_ONCE: u32 = 500;

/// The condition of reports to which something is still to be done.
pub const OPEN: &str = "state NOT IN ('done', 'no-action', 'duplicate', 'cancelled')";

/// Reads the records of a list, at most so many.
///
/// # Errors
/// As [`Ledgers::list`].
pub async fn some(
    ledgers: &Ledgers,
    context: &Context,
    ledger: &str,
    request: ListRequest,
    most: usize,
) -> Result<Vec<Visible>, LedgerError> {
    let mut request = ListRequest { limit: AT_ONCE, ..request };
    let mut found = Vec::new();
    loop {
        let page = ledgers.list(context, ledger, &request).await?;
        found.extend(page.records);
        match page.next {
            Some(next) if found.len() < most => request.cursor = Some(next),
            _ => {
                found.truncate(most);
                return Ok(found);
            }
        }
    }
}

/// Reads all records of a list.
///
/// # Errors
/// As [`Ledgers::list`].
pub async fn all(
    ledgers: &Ledgers,
    context: &Context,
    ledger: &str,
    request: ListRequest,
) -> Result<Vec<Visible>, LedgerError> {
    some(ledgers, context, ledger, request, usize::MAX).await
}

/// A report (通報).
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are those of the ledger `road-report`")]
pub struct Report {
    pub id: RecordId,
    pub revision: i64,
    pub may: May,
    pub updated_at: Timestamp,
    pub reference: String,
    pub category: Option<RecordId>,
    pub state: State,
    pub status_note: String,
    pub urgent: bool,
    pub received_at: Timestamp,
    pub channel: String,
    pub location: Option<Place>,
    pub address: String,
    pub area: String,
    pub private_premises: bool,
    pub asset_ledger: String,
    pub asset_id: String,
    pub asset_label: String,
    pub description: String,
    pub answers: Vec<(String, String)>,
    pub photos: Vec<FileRef>,
    pub photo_position: Option<Place>,
    pub photo_taken: String,
    pub media_urls: String,
    pub public_state: String,
    pub public_point: Option<Place>,
    pub public_address: String,
    pub public_description: String,
    pub public_photos: Vec<FileRef>,
    pub repair_photos: Vec<FileRef>,
    pub department: Option<RecordId>,
    pub contractor: Option<RecordId>,
    pub check_due: Option<Timestamp>,
    pub checked_at: Option<Timestamp>,
    pub fix_due: Option<Date>,
    pub closed_at: Option<Timestamp>,
    pub pauses: Vec<Pause>,
    /// The same as the ledger has them, to be written again.
    pub pause_rows: Vec<ChildRow>,
    pub duplicate_of: Option<RecordId>,
    pub state_before: String,
    pub supporters: i64,
    pub authority: Option<RecordId>,
    pub passed_on_at: Option<Timestamp>,
    pub passed_on_note: String,
    pub reporter_name: String,
    pub mail: String,
    pub phone: String,
    pub language: Lang,
    pub source_id: String,
}

impl Report {
    /// What is visible of a report.
    pub fn of(record: &Visible) -> Self {
        let read = Read(record.fields());
        Self {
            id: record.id,
            revision: record.revision,
            may: record.may,
            updated_at: record.updated_at,
            reference: read.text("reference"),
            category: read.record("category"),
            state: State::from_key(&read.text("state")).unwrap_or(State::Received),
            status_note: read.text("status_note"),
            urgent: read.yes("urgent"),
            received_at: read.instant("received_at").unwrap_or(record.created_at),
            channel: read.text("channel"),
            location: read.place("location"),
            address: read.text("address"),
            area: read.text("area"),
            private_premises: read.yes("private_premises"),
            asset_ledger: read.text("asset_ledger"),
            asset_id: read.text("asset_id"),
            asset_label: read.text("asset_label"),
            description: read.text("description"),
            answers: read.rows("answers").iter().map(|row| (cell(row, "code"), cell(row, "answer"))).collect(),
            photos: read.files("photos"),
            photo_position: read.place("photo_position"),
            photo_taken: read.text("photo_taken"),
            media_urls: read.text("media_urls"),
            public_state: read.text("public_state"),
            public_point: read.place("public_point"),
            public_address: read.text("public_address"),
            public_description: read.text("public_description"),
            public_photos: read.files("public_photos"),
            repair_photos: read.files("repair_photos"),
            department: read.record("department"),
            contractor: read.record("contractor"),
            check_due: read.instant("check_due"),
            checked_at: read.instant("checked_at"),
            fix_due: read.date("fix_due"),
            closed_at: read.instant("closed_at"),
            pauses: read.rows("pauses").iter().filter_map(pause).collect(),
            pause_rows: read.rows("pauses").to_vec(),
            duplicate_of: read.record("duplicate_of"),
            state_before: read.text("state_before"),
            supporters: read.int("supporters").unwrap_or(0),
            authority: read.record("authority"),
            passed_on_at: read.instant("passed_on_at"),
            passed_on_note: read.text("passed_on_note"),
            reporter_name: read.text("reporter_name"),
            mail: read.text("mail"),
            phone: read.text("phone"),
            language: Lang::from_key(&read.text("language")).unwrap_or(Lang::Ja),
            source_id: read.text("source_id"),
        }
    }

    /// Whether its words and photographs were checked and are shown.
    pub fn is_shown(&self) -> bool {
        self.public_state == "shown"
    }

    /// The asset as one text, to compare.
    pub fn asset(&self) -> Option<String> {
        (!self.asset_id.is_empty()).then(|| format!("{}/{}", self.asset_ledger, self.asset_id))
    }

    /// The same report by its tracking number, if there is one that the caller may see.
    ///
    /// # Errors
    /// As [`Ledgers::list`].
    pub async fn by_reference(
        ledgers: &Ledgers,
        context: &Context,
        reference: &str,
    ) -> Result<Option<Self>, LedgerError> {
        let request = ListRequest { limit: 1, ..ListRequest::filtered(format!("reference = {}", cql_text(reference))) };
        Ok(ledgers.list(context, REPORT, &request).await?.records.first().map(Self::of))
    }
}

fn pause(row: &ChildRow) -> Option<Pause> {
    let read = Read(&row.fields);
    Some(Pause { from: read.date("from")?, until: read.date("until") })
}

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

/// An entry of a report's history (経過).
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are those of the ledger `report-update`")]
pub struct Update {
    pub id: RecordId,
    pub report: Option<RecordId>,
    pub at: Timestamp,
    pub kind: String,
    pub state: Option<State>,
    pub text: String,
    pub note: String,
    pub photos: Vec<FileRef>,
    pub published: bool,
    pub external_id: String,
}

impl Update {
    /// What is visible of an entry.
    pub fn of(record: &Visible) -> Self {
        let read = Read(record.fields());
        Self {
            id: record.id,
            report: read.record("report"),
            at: read.instant("at").unwrap_or(record.created_at),
            kind: read.text("kind"),
            state: State::from_key(&read.text("state")),
            text: read.text("text"),
            note: read.text("note"),
            photos: read.files("photos"),
            published: read.yes("published"),
            external_id: read.text("external_id"),
        }
    }

    /// The history of a report as the caller may see it, the oldest first.
    ///
    /// # Errors
    /// As [`Ledgers::list`].
    pub async fn of_report(ledgers: &Ledgers, context: &Context, report: RecordId) -> Result<Vec<Self>, LedgerError> {
        let request = ListRequest::filtered(format!("report = '{report}'"));
        let mut found: Vec<Self> = some(ledgers, context, UPDATE, request, 1_000).await?.iter().map(Self::of).collect();
        found.sort_by_key(|update| (update.at, update.id));
        Ok(found)
    }
}

/// What the city decided for all reports.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are those of the ledger `report-setting`")]
pub struct Settings {
    pub id: Option<RecordId>,
    pub revision: i64,
    pub area: Option<Geometry>,
    pub area_margin_m: f64,
    pub position_grid_m: f64,
    pub cluster_m: f64,
    pub nearby_most: usize,
    pub photos_most: usize,
    pub jurisdiction_id: String,
    pub jurisdiction_required: bool,
    pub contact: String,
    pub key_service: String,
    pub list_days: i64,
    pub list_most: usize,
    pub disasters: Vec<Disaster>,
}

/// A period of disaster mode (災害モード).
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the ledger `report-setting`")]
pub struct Disaster {
    pub name: String,
    pub from: Timestamp,
    pub until: Option<Timestamp>,
    pub department: Option<RecordId>,
}

impl Settings {
    /// The settings in force; the defaults of the ledger where nobody has decided anything.
    ///
    /// # Errors
    /// As [`Ledgers::list`].
    pub async fn load(ledgers: &Ledgers, context: &Context) -> Result<Self, LedgerError> {
        let page = ledgers.list(context, SETTING, &ListRequest { limit: 1, ..ListRequest::all() }).await?;
        let nothing = Fields::new();
        let found = page.records.first();
        let read = Read(found.map_or(&nothing, Visible::fields));
        let metres = |key: &str, otherwise: u32| {
            f64::from(read.int(key).and_then(|metres| u32::try_from(metres).ok()).unwrap_or(otherwise))
        };
        let count = |key: &str, otherwise: usize| {
            read.int(key).and_then(|count| usize::try_from(count).ok()).unwrap_or(otherwise)
        };
        Ok(Self {
            id: found.map(|record| record.id),
            revision: found.map_or(0, |record| record.revision),
            area: match read.0.get("area") {
                Some(Value::Geometry(area)) => Some(area.clone()),
                _ => None,
            },
            area_margin_m: metres("area_margin_m", 100),
            position_grid_m: metres("position_grid_m", 20),
            cluster_m: metres("cluster_m", 30),
            nearby_most: count("nearby_most", 5),
            photos_most: count("photos_most", 3),
            jurisdiction_id: read.text("jurisdiction_id"),
            jurisdiction_required: read.yes("jurisdiction_required"),
            contact: read.text("contact"),
            key_service: read.text("key_service"),
            list_days: read.int("list_days").unwrap_or(90),
            list_most: count("list_most", 1_000),
            disasters: read.rows("disasters").iter().filter_map(disaster).collect(),
        })
    }

    /// The disaster that goes on, if any.
    pub fn disaster(&self) -> Option<&Disaster> {
        self.disasters.iter().find(|disaster| disaster.until.is_none())
    }

    /// The times in which all clocks stand.
    pub fn pauses(&self) -> impl Iterator<Item = Pause> {
        let day = crate::kernel::context::civil_date;
        self.disasters.iter().map(move |one| Pause { from: day(one.from), until: one.until.map(day) })
    }

    /// Whether a position is one that the city answers for.
    pub fn takes(&self, place: Place) -> bool {
        self.area.as_ref().is_none_or(|area| crate::rules::place::is_within(area, place, self.area_margin_m))
    }
}

fn disaster(row: &ChildRow) -> Option<Disaster> {
    let read = Read(&row.fields);
    Some(Disaster {
        name: read.text("name"),
        from: read.instant("from")?,
        until: read.instant("until"),
        department: read.record("department"),
    })
}

/// The city's calendar of business days. Where the closed days may not be read, those of the law hold.
pub async fn calendar(ledgers: &Ledgers, context: &Context) -> Calendar {
    crate::platform::registry::register::calendar(ledgers, context).await.unwrap_or_default()
}

/// The text of a cell of a child row.
fn cell(row: &ChildRow, key: &str) -> String {
    Read(&row.fields).text(key)
}

/// Reads fields by the kind that is expected.
pub struct Read<'a>(pub &'a Fields);

impl Read<'_> {
    /// A text, or an empty one.
    pub fn text(&self, key: &str) -> String {
        self.0.get(key).and_then(Value::as_text).unwrap_or_default().to_owned()
    }

    /// A number.
    pub fn int(&self, key: &str) -> Option<i64> {
        self.0.get(key).and_then(Value::as_int)
    }

    /// Whether the answer is yes.
    pub fn yes(&self, key: &str) -> bool {
        matches!(self.0.get(key), Some(Value::Bool(true)))
    }

    /// A date.
    pub fn date(&self, key: &str) -> Option<Date> {
        self.0.get(key).and_then(Value::as_date)
    }

    /// An instant.
    pub fn instant(&self, key: &str) -> Option<Timestamp> {
        match self.0.get(key) {
            Some(Value::Instant(at)) => Some(*at),
            _ => None,
        }
    }

    /// A reference.
    pub fn record(&self, key: &str) -> Option<RecordId> {
        self.0.get(key).and_then(Value::as_record)
    }

    /// A position.
    pub fn place(&self, key: &str) -> Option<Place> {
        match self.0.get(key) {
            Some(Value::Geometry(geometry)) => Some(Place::of(geometry)),
            _ => None,
        }
    }

    /// Files.
    pub fn files(&self, key: &str) -> Vec<FileRef> {
        match self.0.get(key) {
            Some(Value::Files(files)) => files.clone(),
            _ => Vec::new(),
        }
    }

    /// Child rows.
    pub fn rows(&self, key: &str) -> &[ChildRow] {
        match self.0.get(key) {
            Some(Value::Rows(rows)) => rows,
            _ => &[],
        }
    }
}
