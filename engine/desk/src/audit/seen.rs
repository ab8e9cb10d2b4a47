//! Everyone who saw this person.

use axum::response::Response;
use kawasemi_kernel::Lang;
use kawasemi_kernel::era::parse_date;
use kawasemi_oversight::reports::Period;
use kawasemi_ui::field::{FieldKind, FieldView};
use kawasemi_ui::table::Align;

use super::meant::{LABEL, Meant, meant};
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
    let seen_by = |ledger: &str, record: &str| {
        address(PATH, &[("ledger", ledger), ("record", record), ("from", &from), ("until", &until)])
    };
    let (mut mistake, mut choices, mut found, mut key) = (None, None, Vec::new(), key);
    match meant(&cx, &key, &record, |ledger, id| seen_by(ledger, &id.to_string())).await? {
        Meant::Nothing => {}
        Meant::None(sentence) => mistake = Some(sentence),
        Meant::Several(list) => choices = Some(list),
        Meant::Record(ledger, id) => {
            found = cx.city().oversight.who_saw(cx.context(), &ledger, id, period).await?;
            key = ledger;
        }
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
        lead:
            "氏名や番号で記録を一つ決めると、その記録と、その記録を参照するほかの台帳の記録を見た人がすべて分かります。"
                .to_owned(),
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
        none: match (&choices, mistake) {
            (Some(_), _) => "どの記録かを選ぶと、見た人が出ます",
            (None, Some(_)) => "記録が見つかりません",
            (None, None) if record.is_empty() => "だれの記録かを入力してください",
            (None, None) => "この期間に見た人はいません",
        },
        remark: "一覧に名前が出ただけの閲覧も数えます。方法の欄で区別してください。",
        notice: choices,
    };
    let date = |key: &str, label: &str, value: jiff::civil::Date| {
        FieldView::new(key, label, FieldKind::Date).value(value.to_string()).html(Lang::Ja)
    };
    let catalogue = cx.catalogue();
    let ledgers = catalogue.iter().map(|ledger| (ledger.key(), ledger.def.title.get(Lang::Ja)));
    let form = narrowing(
        PATH,
        [
            chosen("ledger", "台帳", "すべての台帳から探す", ledgers, &key),
            sought("record", LABEL, &record, mistake),
            date("from", "この日から", period.from),
            date("until", "この日まで", period.until),
        ],
        "見た人を調べる",
    );
    let csv =
        address(PATH, &[("ledger", &key), ("record", &record), ("from", &from), ("until", &until), ("format", "csv")]);
    Ok(sheet.answer(&cx, form, &csv))
}
