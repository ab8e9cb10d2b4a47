//! The acceptance list of a month (出来高検査表): what was done, at which price, and the reports behind it.

use super::{Section, day};
use crate::acts::accept::Month;
use crate::kernel::Value;
use crate::platform::ui::said;
use crate::records::Read;
use crate::rules::upkeep::Line;

/// The sections of the list. `word` is the label of a choice of a report.
pub fn sections(month: &Month, word: &dyn Fn(&str, &str) -> String) -> Vec<Section> {
    let yen = |yen: i64| format!("{}円", said::whole(yen));
    let line = |line: &Line| {
        vec![
            line.item_no.to_string(),
            line.name.clone(),
            format!("{}{}", said::grouped(line.quantity.to_f64()), line.unit),
            yen(line.unit_price_yen),
            yen(line.amount_yen),
        ]
    };
    let mut lines: Vec<Vec<String>> = month.lines.iter().map(line).collect();
    let is_group = Read(month.contract.fields()).text("kind") == "group";
    let total = if is_group { "謝礼" } else { "合計（税抜き）" };
    lines.push(vec![String::new(), total.to_owned(), String::new(), String::new(), yen(month.total_yen)]);
    let reports = month.reports.iter().map(|report| {
        let read = Read(report.record.fields());
        let quantity = read.figure("quantity").map(|quantity| said::grouped(quantity.to_f64())).unwrap_or_default();
        vec![
            day(read.date("worked_on")),
            report.park.clone(),
            word("work", &read.text("work")),
            format!("{quantity}{}", read.text("unit")),
            word("state", &read.text("state")),
            report.remarks.join("\n"),
        ]
    });
    let mut all = vec![
        Section::table("出来高", &[("番号", 1), ("作業", 5), ("数量", 3), ("単価", 2), ("金額", 3)], lines),
        Section::table(
            "日報",
            &[("作業日", 3), ("公園", 3), ("作業", 2), ("数量", 2), ("状態", 2), ("確かめること", 5)],
            reports.collect(),
        ),
    ];
    if let Some(accepted) = &month.accepted {
        let read = Read(accepted.fields());
        let result = match read.text("result").as_str() {
            "passed" => "合格",
            "mended" => "手直しのうえ合格",
            _ => "不合格",
        };
        let facts = [
            ("検査日", day(read.date("accepted_on"))),
            ("検査した職員", read.text("inspector")),
            ("結果", result.to_owned()),
            ("備考", read.text("note")),
        ];
        let facts = facts.map(|(label, value)| (label.to_owned(), value));
        all.push(Section { title: "検査".to_owned(), ..Section::default() }.with_facts(facts));
    }
    all
}

/// The name of the month's contract.
pub fn contract_name(month: &Month) -> String {
    match month.contract.get("name") {
        Value::Text(name) => name.clone(),
        _ => String::new(),
    }
}
