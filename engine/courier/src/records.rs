//! Parcels that become records of a ledger, such as a resident's enquiry (意見・問合せ).

use async_trait::async_trait;
use kawasemi_identity::Context;
use kawasemi_kernel::{Clock, RecordId};
use kawasemi_ledger::{Draft, LedgerError, Ledgers};
use kawasemi_store::{StoreError, Unit};
use std::sync::Arc;

use crate::parcel::{HandleError, Handler, Parcel};

/// The kind of parcel, and the ledger, of residents' enquiries.
pub const ENQUIRY: &str = "enquiry";

/// Makes a record of each parcel: the body is a JSON object of fields, the record's id is the parcel's.
#[derive(Clone)]
pub struct RecordMaker {
    ledgers: Ledgers,
    ledger: &'static str,
    clock: Arc<dyn Clock>,
}

impl RecordMaker {
    /// For a ledger.
    #[must_use]
    pub fn new(ledgers: Ledgers, ledger: &'static str, clock: Arc<dyn Clock>) -> Self {
        Self { ledgers, ledger, clock }
    }
}

#[async_trait]
impl Handler for RecordMaker {
    async fn prepare(&self, parcel: &Parcel) -> Result<Unit, HandleError> {
        let object = serde_json::from_slice(&parcel.body)
            .map_err(|_| HandleError::Refused("中身を読み取れません（JSON ではありません）。".to_owned()))?;
        let context = Context::system(self.clock.now(), format!("公開側から届いた受渡し（受付 {}）", parcel.at));
        let catalogue = self.ledgers.city().catalogue();
        let ledger = catalogue
            .get(self.ledger)
            .ok_or_else(|| HandleError::Refused(format!("台帳「{}」がこの市にありません。", self.ledger)))?;
        let draft = Draft::from_json(&ledger.def, &object).with_id(RecordId(parcel.id));
        self.ledgers.creation_of(&context, self.ledger, draft).await.map_err(said)
    }
}

/// A refusal in words that hold nothing of the content.
fn said(error: LedgerError) -> HandleError {
    match error {
        LedgerError::Invalid(mistakes) => {
            let fields: Vec<&str> = mistakes.iter().map(|mistake| mistake.field.as_str()).collect();
            HandleError::Refused(format!("台帳の決まりに合わない項目があります: {}。", fields.join("、")))
        }
        LedgerError::Store(error @ (StoreError::Busy { .. } | StoreError::Io { .. } | StoreError::Timeout)) => {
            HandleError::Later(error.to_string())
        }
        LedgerError::Store(error @ (StoreError::Away { .. } | StoreError::Unknown { .. })) => {
            HandleError::Later(error.to_string())
        }
        LedgerError::Store(error @ (StoreError::DiskFull | StoreError::Closed)) => {
            HandleError::Later(error.to_string())
        }
        LedgerError::UnknownField { name, .. } => {
            HandleError::Refused(format!("「{name}」という項目は台帳にありません。"))
        }
        other => HandleError::Refused(other.to_string()),
    }
}
