//! Small pieces that the pages have in common.

use jiff::civil::Date;

use crate::definitions::PIPE;
use crate::kernel::{Lang, RecordId};
use crate::ledger::{Style, Visible, field};
use crate::platform::desk::{Cx, Problem};
use crate::platform::ui::chip::{State, chip};
use crate::platform::ui::{SafeHtml, said};
use crate::rules::urgency::Urgency;
use crate::schema::LedgerDef;

/// The address of the staff's first page.
pub const HOME: &str = "/desk/sewers";

/// Refuses everybody who may not read the ledger of pipes.
///
/// # Errors
/// That there is nothing.
pub fn require_staff(cx: &Cx) -> Result<(), Problem> {
    cx.ledgers().open(cx.context(), PIPE)?;
    // What a visitor may see has pages of its own.
    if cx.is_signed_in() { Ok(()) } else { Err(Problem::not_found()) }
}

/// The address of a record in its ledger.
pub fn record_href(ledger: &str, id: RecordId) -> String {
    format!("/desk/ledgers/{ledger}/{id}")
}

/// The id that stands in an address; what is none leads nowhere.
///
/// # Errors
/// That there is nothing.
pub fn id_of(text: &str) -> Result<RecordId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// A date, or a dash.
pub fn day(day: Option<Date>) -> SafeHtml {
    SafeHtml::or_dash(&day.map(|day| said::short_date(Lang::Ja, day)).unwrap_or_default())
}

/// A date by which something is due, with a chip where it is over.
pub fn due(on: Option<Date>, today: Date) -> SafeHtml {
    let mut html = day(on);
    if on.is_some_and(|on| on < today) {
        html.push(&SafeHtml::trusted(" "));
        html.push(&chip(State::Bad, "超過"));
    }
    html
}

/// The chip of an urgency.
pub fn urgency_chip(urgency: Option<Urgency>) -> SafeHtml {
    let Some(urgency) = urgency else { return SafeHtml::or_dash("") };
    let state = match urgency {
        Urgency::One => State::Bad,
        Urgency::Two => State::Warning,
        Urgency::Three => State::Underway,
        Urgency::None => State::Good,
    };
    chip(state, urgency.label())
}

/// What a field of a record says, as a person reads it.
pub fn shown(def: &LedgerDef, record: &Visible, key: &str, lang: Lang) -> String {
    let style = Style { wareki: lang == Lang::Ja, ..Style::page(lang) };
    def.field(key).map(|one| field::show(one, record.get(key), &style)).unwrap_or_default()
}

/// The label of a field.
pub fn label<'a>(def: &'a LedgerDef, key: &str, lang: Lang) -> &'a str {
    def.field(key).map(|field| field.label.get(lang)).unwrap_or_default()
}

/// A count as people read it.
pub fn number(count: usize) -> String {
    said::whole(i64::try_from(count).unwrap_or(i64::MAX))
}
