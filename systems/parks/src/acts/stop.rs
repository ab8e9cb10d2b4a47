//! Stopping the use of a unit (使用停止).
//!
//! Three records tell of it: the work order, the stop notice with its photographs, and the unit's state. They are written in this
//! order, since each refers to the one before, and the unit is called stopped only when all the rest is there. The ids of the
//! first two come with the form, so that sending it again makes no second ones.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::definitions::{STOP_NOTICE, WORK_ORDER};
use crate::kernel::context::civil_date;
use crate::kernel::{FileRef, RecordId, Value};
use crate::ledger::{Draft, LedgerError, Ledgers};
use crate::platform::identity::Context;
use crate::records::Unit;
use crate::rules::unit_state::Event;

use super::{move_on, step, text};

/// What is told of a stop.
#[derive(Clone, Debug)]
pub struct Stop {
    /// The id of the stop notice.
    pub notice_id: RecordId,
    /// The id of the work order.
    pub order_id: RecordId,
    /// Why.
    pub reason: String,
    /// When the danger was found.
    pub found_at: Timestamp,
    /// When nobody could use the unit any more.
    pub stopped_at: Timestamp,
    /// Photographs of the notice.
    pub notice_photos: Vec<FileRef>,
    /// Photographs of the fence.
    pub fence_photos: Vec<FileRef>,
    /// Whether the public map says so.
    pub shown_publicly: bool,
    /// What is to be done.
    pub order_title: String,
    /// By when.
    pub order_due: Option<Date>,
    /// By whom; none where that is not decided.
    pub order_organisation: Option<RecordId>,
}

/// Stops the use of a unit.
///
/// # Errors
/// [`LedgerError::Refused`] where the unit's state does not allow it, and as [`Ledgers::create`]: the notice needs both
/// photographs.
pub async fn stop(ledgers: &Ledgers, context: &Context, unit: &Unit, stop: &Stop) -> Result<(), LedgerError> {
    let context = context.clone().because("遊具の使用停止");
    let to = step(unit, Event::Stopped)?;
    let park = unit.park.map_or(Value::Null, Value::Record);
    let inspection = unit.last_inspection.map_or(Value::Null, Value::Record);
    let notice = notice(unit, stop);
    // Refused before anything is written: the work order of a stop that is not one would be a riddle. The reference to the
    // order is left out, since it does not exist yet.
    check(stop)?;
    let order = Draft::new()
        .with_id(stop.order_id)
        .with("park", park)
        .with("title", text(&stop.order_title))
        .with("playground_unit", unit.id)
        .with("origin", "inspection")
        .with("inspection", inspection)
        .with("details", text(&stop.reason))
        .with("priority", "urgent")
        .with("due", stop.order_due.map_or(Value::Null, Value::Date))
        .with("organisation", stop.order_organisation.map_or(Value::Null, Value::Record));
    ledgers.create(&context, WORK_ORDER, order).await?;
    ledgers.create(&context, STOP_NOTICE, notice).await?;
    let draft = Draft::new()
        .with("stopped_on", civil_date(stop.stopped_at))
        .with("stop_notice", stop.notice_id)
        .with("stop_work_order", stop.order_id)
        .with("stop_public", stop.shown_publicly)
        .with("repaired_on", Value::Null)
        .with("reinspection", Value::Null)
        .with("released_on", Value::Null);
    move_on(ledgers, &context, unit, to, draft).await
}

fn check(stop: &Stop) -> Result<(), LedgerError> {
    let refused = |sentence: &str| Err(LedgerError::Refused(sentence.to_owned()));
    if stop.notice_photos.is_empty() || stop.fence_photos.is_empty() {
        return refused("掲示の写真と、囲い・固定の写真の両方が必要です。");
    }
    if !stop.shown_publicly {
        return refused("使用停止を公園の地図で知らせてください。");
    }
    if stop.order_title.trim().is_empty() {
        return refused("修繕などの指示の件名を書いてください。");
    }
    if stop.stopped_at < stop.found_at {
        return refused("使用を止めた日時が、異常を見つけた日時より前になっています。");
    }
    Ok(())
}

fn notice(unit: &Unit, stop: &Stop) -> Draft {
    let mut draft = Draft::new()
        .with_id(stop.notice_id)
        .with("playground_unit", unit.id)
        .with("park", unit.park.map_or(Value::Null, Value::Record))
        .with("inspection", unit.last_inspection.map_or(Value::Null, Value::Record))
        .with("reason", text(&stop.reason))
        .with("found_at", Value::Instant(stop.found_at))
        .with("stopped_at", Value::Instant(stop.stopped_at))
        .with("shown_publicly", stop.shown_publicly)
        .with("work_order", stop.order_id);
    stop.notice_photos.iter().for_each(|photo| draft.attach("notice_photos", photo.clone()));
    stop.fence_photos.iter().for_each(|photo| draft.attach("fence_photos", photo.clone()));
    draft
}
