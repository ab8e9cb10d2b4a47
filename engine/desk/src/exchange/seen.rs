//! What of a file's values an operator may see: as much as the grants on the ledger show of its records.

use kawasemi_exchange::Layout;
use kawasemi_identity::access_log::{AccessEntry, AccessLog, Manner};
use kawasemi_kernel::RecordId;
use kawasemi_ledger::import::FeedSample;
use kawasemi_schema::Action;

use crate::problem::Problem;
use crate::request::Cx;

/// The fields of the ledger that may be shown.
pub struct Seen {
    ledger: String,
    fields: Vec<(String, String, bool)>,
    /// Whether every field that the layout fills may be shown; only then the texts of a whole row are.
    pub all: bool,
}

impl Seen {
    /// For the ledger of a layout.
    pub fn of(cx: &Cx, layout: &Layout) -> Self {
        let ledger = layout.raw.ledger.clone();
        let fields = match cx.ledgers().open(cx.context(), &ledger) {
            Ok((_, access)) => access
                .visible_fields(Action::Read)
                .map(|field| (field.key.clone(), field.label.ja().to_owned(), field.clearance.is_logged()))
                .collect(),
            Err(_) => Vec::new(),
        };
        let mut seen = Self { ledger, fields, all: false };
        let targets = layout.targets();
        seen.all = targets.iter().all(|target| seen.label(target.split('.').next().unwrap_or_default()).is_some());
        seen
    }

    /// Whether anything of the ledger may be shown.
    pub fn reads(&self) -> bool {
        !self.fields.is_empty()
    }

    /// The name of a field that may be shown.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|(known, ..)| known == key).map(|(_, label, _)| label.as_str())
    }

    /// Notes in the access log that values of these records are shown.
    pub async fn note(&self, cx: &Cx, samples: &[(i64, FeedSample)]) -> Result<(), Problem> {
        if !self.reads() {
            return Ok(());
        }
        let is_logged = |key: &str| self.fields.iter().any(|(known, _, logged)| known == key && *logged);
        let (ledger, _) = cx.ledgers().open(cx.context(), &self.ledger)?;
        let clearance = ledger.fields.iter().filter(|field| is_logged(&field.key)).map(|field| field.clearance).max();
        let mut entry = AccessEntry {
            ledger: self.ledger.clone(),
            manner: Manner::List,
            clearance: clearance.unwrap_or_default(),
            fields: Vec::new(),
            records: Vec::new(),
        };
        for (_, sample) in samples {
            let personal: Vec<&str> =
                sample.changes.iter().map(|change| change.field.as_str()).filter(|key| is_logged(key)).collect();
            let record: Option<RecordId> = sample.record.filter(|_| !personal.is_empty());
            entry.records.extend(record);
            for key in personal.into_iter().filter(|_| record.is_some()) {
                if !entry.fields.iter().any(|known| known == key) {
                    entry.fields.push(key.to_owned());
                }
            }
        }
        if entry.records.is_empty() {
            return Ok(());
        }
        Ok(AccessLog::record(&cx.city().city, cx.desk().ids(), cx.context(), &entry).await?)
    }
}
