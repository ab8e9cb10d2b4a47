//! The record of a drill on paper (復元訓練の記録), for the file and for the auditor.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kawasemi_kernel::money::thousands;
use kawasemi_kernel::text::external::ExternalCharacters;
use kawasemi_print::{Footer, Job, Naming, Options, PrintError, Printer, Template};
use serde_json::json;

use super::report::{self, CityReport, LedgerCount, Report};

const TEMPLATE: &str = include_str!("drill.typ");

/// Prints a report as PDF. It takes the time of laying out.
///
/// # Errors
/// As [`Printer::print`].
pub fn print(printer: &Printer, held: &Report, at: Timestamp) -> Result<Vec<u8>, PrintError> {
    let zone = TimeZone::fixed(jiff::tz::offset(9));
    let footer = Footer { reference: held.name(), printed: format!("出力 {}", report::moment(at)) };
    let author = held.cities.first().map(|city| city.name.clone()).unwrap_or_default();
    let options = Options { author, footer, ..Options::ordinary("復元訓練の記録", at, zone) };
    let template = Template::new("drill.typ", TEMPLATE);
    let job = Job { template, data: data(held), naming: Naming::default(), assets: Vec::new(), options };
    Ok(printer.print(&job, &ExternalCharacters::default())?.bytes)
}

/// A pair of a label and what is to be said.
fn fact(label: &str, value: impl Into<String>) -> serde_json::Value {
    json!({ "label": label, "value": value.into() })
}

/// A long hash in groups, so that it breaks where the cell ends.
fn grouped(hash: &str) -> String {
    let groups: Vec<&str> = hash.as_bytes().chunks(8).filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(" ")
}

fn data(held: &Report) -> serde_json::Value {
    let mut facts = vec![
        fact("結果", if held.passed { "合格" } else { "不合格" }),
        fact("日時", format!("{}から {}まで", report::moment(held.began_at), report::moment(held.ended_at))),
    ];
    if let Some(backup) = &held.backup {
        facts.push(fact("控え", backup.file.display().to_string()));
        facts.push(fact("控えを取った日時", report::moment(backup.taken_at)));
        let sizes = (report::size(backup.bytes), report::size(backup.unpacked));
        facts.push(fact("控えの大きさ", format!("{}（戻すと {}）", sizes.0, sizes.1)));
        facts.push(fact("控えの中身の照合値", grouped(&backup.digest)));
    }
    facts.push(fact("戻した場所", held.place.clone()));
    facts.push(fact("復旧時間", report::took(held.recovery_seconds)));
    facts.push(fact("プログラムの版", format!("kawasemi {}", held.program)));
    let steps = held.steps.iter().map(|step| {
        let outcome = if step.done { "できた" } else { "できなかった" };
        [step.label.clone(), report::took(step.seconds), outcome.to_owned()]
    });
    json!({
        "passed": held.passed,
        "facts": facts,
        "steps": steps.collect::<Vec<_>>(),
        "cities": held.cities.iter().map(city).collect::<Vec<_>>(),
        "problems": held.problems,
        "remarks": held.remarks,
    })
}

fn city(found: &CityReport) -> serde_json::Value {
    let rows = found.ledgers.iter().map(|LedgerCount { key, title, said, restored }| {
        let said = said.map_or_else(|| "記載なし".to_owned(), thousands);
        [title.clone(), key.clone(), said, thousands(*restored)]
    });
    json!({
        "title": format!("{}（{}）", found.name, found.code),
        "facts": [
            fact("記録", format!("{} 件", thousands(found.records))),
            fact("監査の記録", format!("{} 個（食い違い {}）", thousands(found.entries), found.broken)),
            fact("復旧時点（控えの最後の変更）", found.recovery_point()),
            fact("失われるもの", found.loss()),
            fact("添付ファイル", format!("{} 件のうち {} 件の中身を照合", found.files, found.files_checked)),
            fact("この版の形に直したこと", format!("{} 件", found.upgraded)),
            fact("消し直したもの", format!("{} 個", found.erased)),
        ],
        "ledgers": rows.collect::<Vec<_>>(),
    })
}
