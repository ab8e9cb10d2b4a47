//! Letters to the holders of permits that end soon (更新の案内). They are official: a name that can't be printed stops them. Dates stand
//! without the day of the week, as in other official papers.

use serde_json::{Value as Json, json};

use super::{Printed, fact, job};
use crate::kernel::era;
use crate::ledger::Visible;
use crate::platform::print::{Job, Naming, Orientation};
use crate::read::Read;

const TEMPLATE: (&str, &str) = ("renewal.typ", include_str!("../../prints/renewal.typ"));

/// The letters of permits, one page for each.
pub fn print(permits: &[Visible], printed: &Printed<'_>) -> Job {
    let mut naming = Naming::default();
    for (n, permit) in permits.iter().enumerate() {
        naming = naming.with_subject(format!("/letters/{n}"), Read::of(permit).text("permit_number"));
    }
    let date = crate::kernel::context::civil_date_time(printed.at).date();
    let data = json!({
        "date": era::long(date),
        "sender": format!("{}長", printed.city.trim_end_matches("（デモ）")),
        "letters": permits.iter().map(letter).collect::<Vec<Json>>(),
    });
    job(TEMPLATE, data, naming, printed.options("道路占用期間の満了と更新の案内", true, Orientation::Portrait))
}

fn letter(permit: &Visible) -> Json {
    let read = Read::of(permit);
    let day = |key| read.date(key).map(era::long).unwrap_or_default();
    let representative = read.text("holder_representative");
    // A company with its representative is addressed as a person, one without as a body.
    let is_body = representative.is_empty() && BODIES.iter().any(|word| read.text("holder_name").contains(word));
    let holder = [read.text("holder_name"), representative];
    let holder: Vec<&str> = holder.into_iter().filter(|text| !text.is_empty()).collect();
    json!({
        "holder": holder.join("　"),
        "honorific": if is_body { "御中" } else { "様" },
        "address": read.text("holder_address"),
        "facts": [
            fact("許可番号", read.text("permit_number")),
            fact("許可の日", &day("permitted_on")),
            fact("占用物件", read.text("object")),
            fact("占用の目的", read.text("purpose")),
            fact("占用の場所", read.text("place")),
            fact("占用の期間", &format!("{}から{}まで", day("starts_on"), day("ends_on"))),
        ],
    })
}

/// Words by which a body is known from its name.
const BODIES: [&str; 9] = ["株式会社", "有限会社", "合同会社", "合資会社", "法人", "組合", "自治会", "協会", "公社"];
