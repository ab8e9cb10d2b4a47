//! Lists on paper: structures with their inspections (橋梁点検一覧), permits to occupy the road (占用許可一覧).

use jiff::civil::Date;
use serde_json::json;

use super::{Printed, job};
use crate::acts::structures::Structure;
use crate::kernel::Lang;
use crate::ledger::{Style, Visible, field};
use crate::platform::print::{Job, Naming, Orientation};
use crate::platform::ui::said;
use crate::read::Read;
use crate::schema::LedgerDef;

const TEMPLATE: (&str, &str) = ("list.typ", include_str!("../../prints/list.typ"));

fn day(day: Option<Date>) -> String {
    day.map(|day| said::short_date(Lang::Ja, day)).unwrap_or_default()
}

/// By when a structure is inspected next, and whether that is over.
fn due(one: &Structure, today: Date) -> String {
    match one.next_due_on() {
        None => "すぐに".to_owned(),
        Some(on) if on < today => format!("{}（超過）", day(Some(on))),
        on => day(on),
    }
}

/// The list of structures with grade and next inspection.
pub fn structures(all: &[Structure], def: &LedgerDef, today: Date, printed: &Printed<'_>) -> Job {
    let kind = |key: &str| {
        let choice = def.field("kind").and_then(|field| field.choice(key));
        choice.map(|choice| choice.label.ja().to_owned()).unwrap_or_default()
    };
    let rows: Vec<[String; 9]> = all
        .iter()
        .map(|one| {
            let inspection = one.inspection.as_ref();
            [
                one.name.clone(),
                kind(&one.kind),
                one.place.clone(),
                one.length_m.map(|length| format!("{length:.2}")).unwrap_or_default(),
                one.built_year.map(|year| year.to_string()).unwrap_or_default(),
                day(inspection.map(|inspection| inspection.on)),
                one.grade().map(|grade| grade.label().to_owned()).unwrap_or_else(|| "未点検".to_owned()),
                due(one, today),
                inspection
                    .filter(|one| one.is_open)
                    .map(|one| format!("{} {}まで", one.measure, day(one.measure_due_on)))
                    .unwrap_or_default(),
            ]
        })
        .collect();
    let open = all.iter().filter(|one| one.is_open()).count();
    let overdue = all.iter().filter(|one| one.is_due(today)).count();
    let data = json!({
        "title": "橋・道路構造物の点検の一覧",
        "as_of": format!("{}現在", said::date(Lang::Ja, today)),
        "lead": [format!("{}件。点検の期限を過ぎたもの{overdue}件、健全性Ⅲ・Ⅳで措置が終わっていないもの{open}件。", all.len())],
        "headings": ["名称", "種類", "所在地", "長さ（m）", "架設年", "点検日", "健全性", "次の期限", "残っている措置"],
        "widths": ["", "", "1fr", "", "", "", "", "", "1fr"],
        "rows": rows,
    });
    let options = printed.options("橋・道路構造物の点検の一覧", false, Orientation::Landscape);
    job(TEMPLATE, data, Naming::default().with_subject("", "点検の一覧"), options)
}

/// The list of permits, with their holders as far as the caller may see them.
pub fn permits(all: &[Visible], def: &LedgerDef, today: Date, printed: &Printed<'_>) -> Job {
    let style = Style { wareki: true, ..Style::page(Lang::Ja) };
    let shown = |record: &Visible, key: &str| {
        def.field(key).map(|field| field::show(field, record.get(key), &style)).unwrap_or_default()
    };
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|record| {
            let read = Read::of(record);
            vec![
                shown(record, "permit_number"),
                shown(record, "holder_name"),
                shown(record, "object"),
                shown(record, "place"),
                shown(record, "quantity"),
                format!("{}〜{}", day(read.date("starts_on")), day(read.date("ends_on"))),
                read.int("fee_year_yen").map(said::whole).unwrap_or_default(),
                shown(record, "state"),
            ]
        })
        .collect();
    let sum: i64 = all.iter().filter_map(|record| Read::of(record).int("fee_year_yen")).sum();
    let data = json!({
        "title": "道路占用許可の一覧",
        "as_of": format!("{}現在", said::date(Lang::Ja, today)),
        "lead": [format!("{}件、今の年度の占用料の合計 {}円。", all.len(), said::whole(sum))],
        "headings": ["許可番号", "占用者", "占用物件", "場所", "数量", "期間", "今年度の占用料（円）", "状態"],
        "widths": ["", "1fr", "1fr", "1fr", "", "", "", ""],
        "rows": rows,
    });
    let options = printed.options("道路占用許可の一覧", false, Orientation::Landscape);
    job(TEMPLATE, data, Naming::default().with_subject("", "占用許可の一覧"), options)
}
