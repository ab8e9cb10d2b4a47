//! Everyone who saw this person.

use axum::response::Response;
use kawasemi_kernel::era::parse_date;
use kawasemi_kernel::{Lang, RecordId};
use kawasemi_oversight::reports::Period;
use kawasemi_ui::field::{FieldKind, FieldView};
use kawasemi_ui::table::Align;

use super::people::{People, ledger};
use super::reports::{manners, short};
use super::sheet::{Cell, Sheet};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{address, chosen, narrowing, sought, when};

const PATH: &str = "/desk/audit/seen";

/// `GET /desk/audit/seen`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let entered = |name: &str| cx.query(name).unwrap_or_default();
    let (key, record, from, until) = (entered("ledger"), entered("record"), entered("from"), entered("until"));
    let today = cx.context().today();
    let year = jiff::ToSpan::year(1);
    let usual = Period { from: today.checked_sub(year).unwrap_or(today), until: today };
    let day = |text: &str, usual| parse_date(text).unwrap_or(usual);
    let period = Period { from: day(&from, usual.from), until: day(&until, usual.until) };
    let id = named(&record);
    let mut mistake = None;
    let mut found = Vec::new();
    match id {
        _ if record.is_empty() => {}
        None => mistake = Some("記録のIDか、記録の画面のアドレスを入力してください。"),
        Some(_) if key.is_empty() => mistake = Some("台帳も選んでください。"),
        Some(id) => found = cx.city().oversight.who_saw(cx.context(), &key, id, period).await?,
    }
    let people = People::load(&cx, found.iter().map(|seen| seen.account), []).await?;
    let rows = found.iter().map(|seen| {
        let entries = address(
            "/desk/audit/entries",
            &[
                ("account", &seen.account.to_string()),
                ("day", &seen.day.to_string()),
                ("record", &seen.record.to_string()),
            ],
        );
        vec![
            Cell::link(kawasemi_kernel::era::short(seen.day), entries),
            people.account(seen.account).into(),
            ledger(&cx, &seen.ledger).into(),
            short(&seen.record.to_string()).into(),
            seen.looks.to_string().into(),
            manners(&seen.manners).into(),
            when(seen.first_at).into(),
            when(seen.last_at).into(),
        ]
    });
    let sheet = Sheet {
        title: "この人を見た職員",
        lead: "記録を一つ選ぶと、その記録と、その記録を参照するほかの台帳の記録を見た人がすべて分かります。".to_owned(),
        columns: vec![
            ("day", "日", Align::Tight),
            ("account", "見た人", Align::Text),
            ("ledger", "台帳", Align::Text),
            ("record", "記録", Align::Tight),
            ("looks", "回数", Align::Number),
            ("manners", "方法", Align::Text),
            ("first", "最初", Align::Tight),
            ("last", "最後", Align::Tight),
        ],
        rows: rows.collect(),
        none: if record.is_empty() {
            "記録を指定してください"
        } else {
            "この期間に見た人はいません"
        },
        remark: "一覧に名前が出ただけの閲覧も数えます。方法の欄で区別してください。",
        notice: None,
    };
    let date = |key: &str, label: &str, value: jiff::civil::Date| {
        FieldView::new(key, label, FieldKind::Date).value(value.to_string()).html(Lang::Ja)
    };
    let catalogue = cx.catalogue();
    let ledgers = catalogue.iter().map(|ledger| (ledger.key(), ledger.def.title.get(Lang::Ja)));
    let form = narrowing(
        PATH,
        [
            chosen("ledger", "台帳", "選んでください", ledgers, &key),
            sought("record", "記録のIDか画面のアドレス", &record, mistake),
            date("from", "この日から", period.from),
            date("until", "この日まで", period.until),
        ],
        "見た人を調べる",
    );
    let csv =
        address(PATH, &[("ledger", &key), ("record", &record), ("from", &from), ("until", &until), ("format", "csv")]);
    Ok(sheet.answer(&cx, form, &csv))
}

/// The record that is meant by an id or by the address of its page.
pub(crate) fn named(text: &str) -> Option<RecordId> {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    path.trim_end_matches('/').rsplit('/').find_map(|part| part.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_named_by_its_id_or_its_page() {
        let id = "0190a1b2-0000-7000-8000-000000000001";
        let record = id.parse().ok();
        assert_eq!(named(id), record);
        assert_eq!(named(&format!("https://desk.example.jp/desk/ledgers/park/{id}?x=1")), record);
        assert_eq!(named(&format!("/desk/ledgers/park/{id}/history#top")), record);
        assert_eq!(named("公園"), None);
    }
}
