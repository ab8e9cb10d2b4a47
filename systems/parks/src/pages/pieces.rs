//! Small pieces that the pages have in common.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::definitions::PARK;
use crate::kernel::{Decimal, Lang, RecordId};
use crate::ledger::{LedgerError, Ledgers, ListRequest};
use crate::platform::desk::{Cx, Problem};
use crate::platform::identity::Context;
use crate::platform::ui::chip::{State as Look, chip};
use crate::platform::ui::page::{Page, Site};
use crate::platform::ui::{SafeHtml, said};
use crate::records::{self, Unit};
use crate::rules::grade::{Judgement, Overall};
use crate::rules::unit_state::State;
use crate::schema::{Choice, FieldKind, LedgerDef};

/// The address of the system's first page.
pub const START: &str = "/desk/parks";

/// The address of a park's page.
pub fn park_href(id: RecordId) -> String {
    format!("{START}/{id}")
}

/// The address of a unit's page.
pub fn unit_href(id: RecordId) -> String {
    format!("{START}/units/{id}")
}

/// The address of a record in its ledger.
pub fn record_href(ledger: &str, id: RecordId) -> String {
    format!("/desk/ledgers/{ledger}/{id}")
}

/// The address of a ledger's list under a condition or a view.
pub fn list_href(ledger: &str, parameter: &str, value: &str) -> String {
    crate::platform::desk::view::address(&format!("/desk/ledgers/{ledger}"), &[(parameter, value)])
}

/// The id that stands in an address; what is none leads nowhere.
pub fn id_of(text: &str) -> Result<RecordId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// A page of the system with the way that leads to it.
pub fn page<'a>(site: &'a Site, title: &str) -> Page<'a> {
    Page::new(site, title).crumb("ホーム", "/desk").crumb("公園", START)
}

/// A date, or a dash.
pub fn day(day: Option<Date>) -> SafeHtml {
    SafeHtml::or_dash(&said_day(day))
}

/// A date in words; empty where there is none.
pub fn said_day(day: Option<Date>) -> String {
    day.map(|day| said::short_date(Lang::Ja, day)).unwrap_or_default()
}

/// An area with its unit.
pub fn area(area: Option<Decimal>) -> String {
    area.map(|area| format!("{}㎡", said::grouped(area.to_f64()))).unwrap_or_default()
}

/// The chip of a unit's state.
pub fn state_chip(state: State) -> SafeHtml {
    let look = match state {
        State::InUse => Look::Good,
        State::Restricted => Look::Warning,
        State::Stopping | State::Stopped => Look::Bad,
        State::Repaired | State::Reinspected => Look::Underway,
        State::Removed => Look::Muted,
    };
    chip(look, state.label())
}

/// The chip of an overall grade.
pub fn grade_chip(grade: Option<Overall>) -> SafeHtml {
    let (look, label) = match grade {
        None => return SafeHtml::or_dash(""),
        Some(Overall::A) => (Look::Good, "A"),
        Some(Overall::B) => (Look::Underway, "B"),
        Some(Overall::C) => (Look::Warning, "C"),
        Some(Overall::D) => (Look::Bad, "D"),
        Some(Overall::Incomplete) => (Look::Warning, "未完了"),
    };
    chip(look, label)
}

/// What a judgement of use is called.
pub const fn judgement_label(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Ok => "使用できる",
        Judgement::Repair => "要修繕",
        Judgement::Stop => "使用停止",
        Judgement::Hold => "判断保留",
    }
}

/// A due date, with a chip where it has passed.
pub fn due(due: Option<Date>, today: Date) -> SafeHtml {
    let Some(date) = due else { return chip(Look::Warning, "点検の記録なし") };
    let mut html = day(due);
    if date < today {
        html.push(&SafeHtml::trusted(" "));
        html.push(&chip(Look::Bad, &said::days_from_today(Lang::Ja, date, today)));
    }
    html
}

/// A definition, for the words of its choices.
#[derive(Clone)]
pub struct Words(Arc<LedgerDef>);

impl Words {
    /// The words of a ledger that the caller may open.
    pub fn of(ledgers: &Ledgers, context: &Context, ledger: &str) -> Result<Self, LedgerError> {
        ledgers.open(context, ledger).map(|(def, _)| Self(def))
    }

    /// The label of a choice in Japanese; the key itself where the choice is not known.
    pub fn choice(&self, field: &str, key: &str) -> String {
        self.choice_in(Lang::Ja, field, key)
    }

    /// The same in a language.
    pub fn choice_in(&self, lang: Lang, field: &str, key: &str) -> String {
        let choice = self.known(field).iter().find(|choice| choice.key == key);
        choice.map_or_else(|| key.to_owned(), |choice| choice.label.get(lang).to_owned())
    }

    /// The choices of a field; of a computed one those of its result.
    fn known(&self, field: &str) -> &[Choice] {
        match self.0.field(field).map(|field| &field.kind) {
            Some(FieldKind::Computed { result, .. }) => result.choices(),
            Some(kind) => kind.choices(),
            None => &[],
        }
    }

    /// The label of a field in a language.
    pub fn label_in(&self, lang: Lang, field: &str) -> String {
        self.0.field(field).map(|field| field.label.get(lang).to_owned()).unwrap_or_default()
    }

    /// The choices of a field by key and Japanese label.
    pub fn choices(&self, field: &str) -> Vec<(String, String)> {
        self.known(field).iter().map(|choice| (choice.key.clone(), choice.label.ja().to_owned())).collect()
    }
}

/// The names of all parks, by id.
pub async fn park_names(ledgers: &Ledgers, context: &Context) -> Result<HashMap<RecordId, String>, LedgerError> {
    let request = ListRequest { fields: Some(vec!["name".to_owned()]), ..ListRequest::all() };
    let found = records::all(ledgers, context, PARK, request).await?;
    Ok(found.iter().map(|park| (park.id, park.get("name").as_text().unwrap_or_default().to_owned())).collect())
}

/// How people call a unit: its number with its name, or with its kind where it has no name.
pub fn unit_name(words: &Words, unit: &Unit) -> String {
    if unit.name.is_empty() { format!("{} {}", unit.unit_no, words.choice("kind", &unit.kind)) } else { unit.called() }
}

/// The name of a unit's park.
pub fn park_of(unit: &Unit, names: &HashMap<RecordId, String>) -> String {
    unit.park.and_then(|park| names.get(&park)).cloned().unwrap_or_default()
}

/// Units that meet a condition.
pub async fn units(cx: &Cx, filter: &str) -> Result<Vec<Unit>, Problem> {
    let found =
        records::all(cx.ledgers(), cx.context(), crate::definitions::UNIT, ListRequest::filtered(filter)).await?;
    Ok(found.iter().map(Unit::of).collect())
}

/// A sentence for the person from an error that is theirs to mend; any other goes on as a problem.
pub fn told(error: LedgerError) -> Result<Vec<String>, Problem> {
    match error {
        LedgerError::Invalid(mistakes) => Ok(mistakes.iter().map(ToString::to_string).collect()),
        LedgerError::Conflict(_) => Ok(vec![
            "ほかの人が先に保存しました。画面を開き直して最新の内容を確かめ、もう一度行ってください。".to_owned(),
        ]),
        error @ (LedgerError::Refused(_)
        | LedgerError::OutOfScope
        | LedgerError::Duplicate { .. }
        | LedgerError::IdTaken) => Ok(vec![error.to_string()]),
        other => Err(other.into()),
    }
}
