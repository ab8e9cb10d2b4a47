//! Small pieces that the pages have in common.

use axum::response::Response;
use jiff::civil::Date;

use crate::definitions::ROUTE;
use crate::kernel::{Lang, RecordId};
use crate::ledger::{LedgerError, Style, Visible, field};
use crate::papers::Printed;
use crate::platform::desk::{Cx, Problem, prints};
use crate::platform::print::{Job, PrintError};
use crate::platform::ui::chip::{State, chip};
use crate::platform::ui::page::Page;
use crate::platform::ui::{SafeHtml, said};
use crate::rules::grade::Grade;
use crate::schema::LedgerDef;

/// The address of the staff's first page.
pub const HOME: &str = "/desk/roads";

/// Refuses everybody who may not read the ledger of routes.
///
/// # Errors
/// That there is nothing.
pub fn require_staff(cx: &Cx) -> Result<(), Problem> {
    cx.ledgers().open(cx.context(), ROUTE)?;
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
    let Some(on) = on else { return chip(State::Bad, "未点検") };
    let mut html = day(Some(on));
    if on < today {
        html.push(&SafeHtml::trusted(" "));
        html.push(&chip(State::Bad, "超過"));
    }
    html
}

/// The chip of a grade.
pub fn grade_chip(grade: Option<Grade>) -> SafeHtml {
    let Some(grade) = grade else { return SafeHtml::or_dash("") };
    let state = match grade {
        Grade::I => State::Good,
        Grade::Ii => State::Underway,
        Grade::Iii => State::Warning,
        Grade::Iv => State::Bad,
    };
    chip(state, grade.label())
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

/// Who prints, and when.
pub fn printed<'a>(cx: &'a Cx, by: &'a str) -> Printed<'a> {
    Printed { city: cx.city_name(), by, at: cx.context().act.at }
}

/// The name of whoever is signed in.
pub fn own_name(cx: &Cx) -> &str {
    cx.context().caller.account.as_ref().map_or("", |account| account.display_name.as_str())
}

/// A job as PDF, or the page with which it stops. `back` is where it was asked for.
///
/// # Errors
/// When it can't be printed.
pub async fn pdf(cx: &Cx, name: &str, job: Job, back: (&str, &str)) -> Result<Response, Problem> {
    match prints::print(cx, job).await? {
        Ok(pdf) => Ok(prints::answer(&format!("{name}.pdf"), pdf)),
        Err(PrintError::Stopped(list)) => {
            let site = cx.desk_site(HOME);
            let page =
                Page::new(&site, format!("{name}を印刷できません")).crumb("道路台帳", HOME).crumb(back.0, back.1);
            Ok(prints::stopped(cx, page, name, &SafeHtml::EMPTY, &list.findings))
        }
        Err(error) => Err(error.into()),
    }
}

/// What the ledger engine refused in a sentence that the person can act on; everything else is a problem.
///
/// # Errors
/// Everything but a refusal.
pub fn refusal<T>(result: Result<T, LedgerError>) -> Result<Result<T, String>, Problem> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(LedgerError::Refused(said)) => Ok(Err(said)),
        Err(error @ (LedgerError::Invalid(_) | LedgerError::Conflict(_) | LedgerError::Duplicate { .. })) => {
            Ok(Err(error.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}
