//! A report on its way in, and what it becomes.
//!
//! Residents, other programs and staff hand in a [`Submission`]. On the portal it is sealed into a parcel for the desk; in an
//! installation that is both it becomes a record at once. Either way [`Submission::draft`] makes the record: it finds the area and the
//! asset at the position, the section and the deadlines of the category, and the position that may be shown.

pub mod arriving;
mod found;
mod mistakes;

pub use arriving::{handlers, kept};
pub use found::{Compared, Found, Nearby, nearby};
pub use mistakes::{ADDRESS_MOST, DESCRIPTION_MOST, Mistake, check};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kernel::context::civil_date;
use crate::kernel::{ChildRow, Fields, RecordId, Value};
use crate::ledger::{Draft, LedgerError, Ledgers};
use crate::photo::Photo;
use crate::platform::identity::Context;
use crate::records::{self, Category, Settings};
use crate::rules::{Place, clock, tracking};

/// The kind of parcel that is a report.
pub const REPORT_PARCEL: &str = "road-report";
/// The kind of parcel that joins a report.
pub const SUPPORT_PARCEL: &str = "road-report-support";
/// The kind of parcel that is an entry of a report's history from outside.
pub const COMMENT_PARCEL: &str = "road-report-comment";

/// A report as it was sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Submission {
    /// The category's record.
    pub category: Uuid,
    /// Where, as degrees of latitude and longitude.
    pub place: Option<(f64, f64)>,
    /// Where, in words.
    pub address: String,
    /// The number of an address, as other programs have it.
    pub address_id: String,
    /// What was written.
    pub description: String,
    /// Answers to the category's questions, by their codes.
    pub answers: Vec<(String, String)>,
    /// The photographs, made anew.
    pub photos: Vec<Photo>,
    /// Addresses of pictures elsewhere.
    pub media_urls: Vec<String>,
    /// Whether it is on private premises, as the reporter says.
    pub private_premises: bool,
    /// Who reported; may be empty.
    pub name: String,
    /// Their mail address; may be empty.
    pub mail: String,
    /// Their telephone; may be empty.
    pub phone: String,
    /// The language of the form.
    pub language: String,
    /// How it came, by the key of the ledger.
    pub channel: String,
    /// The sender's device, as another program names it.
    pub device_id: String,
    /// The sender's account, as another program names it.
    pub account_id: String,
    /// The key of the other program.
    pub api_key: Option<Uuid>,
    /// When it was sent.
    pub received_at: Option<Timestamp>,
}

impl Submission {
    /// The position.
    pub fn place(&self) -> Option<Place> {
        self.place.and_then(|(latitude, longitude)| Place::new(latitude, longitude))
    }

    /// The record that it becomes, but for its photographs.
    ///
    /// # Errors
    /// [`LedgerError::Refused`] when its category is gone, and as [`Ledgers::list`].
    pub async fn draft(
        &self,
        ledgers: &Ledgers,
        context: &Context,
        id: Uuid,
        at: Timestamp,
    ) -> Result<Draft, LedgerError> {
        let (settings, category) = self.surroundings(ledgers, context).await?;
        let received = self.received_at.unwrap_or(at).min(at);
        let place = self.place();
        let found = match place {
            Some(place) => Found::at(ledgers, context, &category, place).await?,
            None => Found::default(),
        };
        // In a disaster the headquarters sort everything out.
        let headquarters = settings.disaster().and_then(|disaster| disaster.department);
        let department = headquarters.or(category.department);
        let mut draft = Draft::new()
            .with_id(RecordId(id))
            .with("reference", tracking::number(id))
            .with("category", category.id)
            .with("state", "received")
            .with("public_state", "held")
            .with("urgent", category.urgent)
            .with("received_at", Value::Instant(received))
            .with("channel", if self.channel.is_empty() { "web" } else { &self.channel })
            .with("location", place.map_or(Value::Null, |place| Value::Geometry(place.to_geometry())))
            .with("address", text(&self.address))
            .with("address_id", text(&self.address_id))
            .with("description", text(&self.description))
            .with("media_urls", text(&self.media_urls.join("\n")))
            .with("private_premises", self.private_premises || category.rounds_position)
            .with("reporter_name", text(&self.name))
            .with("mail", text(&self.mail))
            .with("phone", text(&self.phone))
            .with("language", text(&self.language))
            .with("device_id", text(&self.device_id))
            .with("account_id", text(&self.account_id))
            .with("api_key", self.api_key.map_or(Value::Null, |key| Value::Record(RecordId(key))))
            .with("department", department.map_or(Value::Null, Value::Record))
            .with("area", text(&found.area))
            .with("asset_ledger", text(&found.asset_ledger))
            .with("asset_id", text(&found.asset_id))
            .with("asset_label", text(&found.asset_label));
        if let Some(place) = place {
            // Until somebody has looked at it, nobody knows whether it is a person's garden.
            draft.set("public_point", Value::Geometry(place.rounded(settings.position_grid_m).to_geometry()));
        }
        if !self.answers.is_empty() {
            draft.set("answers", Value::Rows(self.answers.iter().map(|answer| row(ledgers, answer)).collect()));
        }
        if let Some(photo) = self.photos.iter().find(|photo| photo.position.is_some() || photo.taken.is_some()) {
            let position = photo.place().map_or(Value::Null, |place| Value::Geometry(place.to_geometry()));
            draft.set("photo_position", position);
            draft.set("photo_taken", text(photo.taken.as_deref().unwrap_or_default()));
        }
        let dues = Dues::of(ledgers, context, &settings, &category, received, &[]).await;
        dues.enter(&mut draft);
        Ok(draft)
    }

    async fn surroundings(&self, ledgers: &Ledgers, context: &Context) -> Result<(Settings, Category), LedgerError> {
        let settings = Settings::load(ledgers, context).await?;
        let category = ledgers.get(context, crate::definitions::CATEGORY, RecordId(self.category)).await;
        match category {
            Ok(record) => Ok((settings, Category::of(&record))),
            Err(LedgerError::NotFound) => Err(LedgerError::Refused("通報の種類が台帳にありません。".to_owned())),
            Err(error) => Err(error),
        }
    }
}

/// By when a report is to be looked at and repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dues {
    /// The first check.
    pub check: Option<Timestamp>,
    /// The repair.
    pub fix: Option<jiff::civil::Date>,
}

impl Dues {
    /// Counts anew, with the report's own pauses and those of all reports.
    pub async fn of(
        ledgers: &Ledgers,
        context: &Context,
        settings: &Settings,
        category: &Category,
        received: Timestamp,
        own: &[clock::Pause],
    ) -> Self {
        let calendar = records::calendar(ledgers, context).await;
        let pauses: Vec<clock::Pause> = own.iter().copied().chain(settings.pauses()).collect();
        let check = match category.check_hours {
            Some(hours) => Some(clock::due_within(received, hours)),
            None => clock::due_day(received, clock::Days::Business(category.check_days), &pauses, &calendar)
                .map(clock::closing_of),
        };
        Self { check, fix: clock::due_day(received, category.fix, &pauses, &calendar) }
    }

    /// Enters them into a draft.
    pub fn enter(self, draft: &mut Draft) {
        draft.set("check_due", self.check.map_or(Value::Null, Value::Instant));
        draft.set("fix_due", self.fix.map_or(Value::Null, Value::Date));
    }
}

/// Somebody who joins a report.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Support {
    /// The report.
    pub report: Uuid,
    /// What they add; may be empty.
    pub note: String,
    /// Photographs, made anew.
    pub photos: Vec<Photo>,
    /// Who; may be empty.
    pub name: String,
    /// Their mail address; may be empty.
    pub mail: String,
    /// Their telephone; may be empty.
    pub phone: String,
    /// The language of the form.
    pub language: String,
    /// When it was sent.
    pub at: Option<Timestamp>,
}

/// An entry of a report's history that another program sends.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Comment {
    /// The report.
    pub report: Uuid,
    /// The entry's id in the other program.
    pub external_id: String,
    /// Its status there.
    pub external_status: String,
    /// What was written.
    pub text: String,
    /// When it was written there.
    pub at: Option<Timestamp>,
    /// Who wrote it, for the staff.
    pub from: String,
    /// Addresses of pictures elsewhere.
    pub media_urls: Vec<String>,
}

/// Text, or nothing where it is empty.
pub fn text(text: &str) -> Value {
    if text.trim().is_empty() { Value::Null } else { Value::from(text) }
}

fn row(ledgers: &Ledgers, (code, answer): &(String, String)) -> ChildRow {
    let mut fields = Fields::new();
    fields.insert("code".to_owned(), text(code));
    fields.insert("answer".to_owned(), text(answer));
    ChildRow { id: ledgers.new_id(), fields }
}

/// Days since an instant, for the score of duplicates.
pub fn age_days(received: Timestamp, now: Timestamp) -> f64 {
    let hours = now.duration_since(received).as_hours();
    f64::from(i32::try_from(hours).unwrap_or(i32::MAX)) / 24.0
}

/// The day on which something came, in the city.
pub fn day_of(at: Timestamp) -> jiff::civil::Date {
    civil_date(at)
}
