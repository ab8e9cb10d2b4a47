//! The acceptance of a month (出来高と検査): what was reported under a contract, what should be looked at, and what it comes to.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::definitions::{ACCEPTANCE, CONTRACT, CONTRACT_ITEM, DAILY_REPORT, PARK};
use crate::kernel::{ChildRow, Decimal, Fields, IdSource, RecordId, Value, YearMonth};
use crate::ledger::{Draft, LedgerError, Ledgers, ListRequest, Visible};
use crate::platform::identity::Context;
use crate::records::{self, Park, Read};
use crate::rules::upkeep::{self, Design, Done, Line};

use super::text;

/// A month under a contract.
#[derive(Clone, Debug)]
pub struct Month {
    /// The contract.
    pub contract: Visible,
    /// The month.
    pub month: YearMonth,
    /// Its reports, by day.
    pub reports: Vec<Report>,
    /// What the reports that were checked come to.
    pub lines: Vec<Line>,
    /// The total, yen without tax; for a group its reward.
    pub total_yen: i64,
    /// The acceptance, where the month was accepted.
    pub accepted: Option<Visible>,
}

/// A report with what should be looked at.
#[derive(Clone, Debug)]
pub struct Report {
    /// The record.
    pub record: Visible,
    /// The item of the contract.
    pub item: Option<Visible>,
    /// The park's name.
    pub park: String,
    /// Remarks, in sentences.
    pub remarks: Vec<String>,
}

impl Report {
    /// Whether the city's staff have checked it, so that it counts.
    pub fn is_checked(&self) -> bool {
        matches!(self.record.get("state").as_text(), Some("checked" | "accepted"))
    }
}

/// Reads a month.
///
/// # Errors
/// As [`Ledgers::get`].
pub async fn month(
    ledgers: &Ledgers,
    context: &Context,
    contract: RecordId,
    month: YearMonth,
) -> Result<Month, LedgerError> {
    let contract = ledgers.get(context, CONTRACT, contract).await?;
    let of_contract = ListRequest::filtered(format!("contract = '{}'", contract.id));
    let items = records::all(ledgers, context, CONTRACT_ITEM, of_contract).await?;
    let (first, last) = days(month);
    let in_month =
        format!("contract = '{}' AND worked_on >= DATE('{first}') AND worked_on <= DATE('{last}')", contract.id);
    let mut found = records::all(ledgers, context, DAILY_REPORT, ListRequest::filtered(in_month)).await?;
    found.sort_by_key(|report| Read(report.fields()).date("worked_on"));
    let parks = parks(ledgers, context, &found).await?;
    let reports: Vec<Report> = found.into_iter().map(|record| report(record, &contract, &items, &parks)).collect();
    let (lines, total) = priced(&items, &reports);
    let read = Read(contract.fields());
    let total_yen = if read.text("kind") == "group" {
        let figure = |key: &str| read.figure(key).unwrap_or(Decimal::new(0, 2));
        upkeep::reward(read.int("reward_fixed_yen").unwrap_or(0), figure("reward_yen_per_m2"), figure("reward_area_m2"))
    } else {
        total
    };
    let accepted = ListRequest::filtered(format!("contract = '{}' AND month = '{month}'", contract.id));
    let accepted = ledgers.list(context, ACCEPTANCE, &accepted).await?.records.into_iter().next();
    Ok(Month { contract, month, reports, lines, total_yen, accepted })
}

/// The first and the last day of a month.
pub fn days(month: YearMonth) -> (Date, Date) {
    let first = month.first_day();
    (first, first.last_of_month())
}

async fn parks(
    ledgers: &Ledgers,
    context: &Context,
    reports: &[Visible],
) -> Result<BTreeMap<RecordId, Park>, LedgerError> {
    let mut ids: Vec<RecordId> = reports.iter().filter_map(|report| Read(report.fields()).record("park")).collect();
    ids.sort();
    ids.dedup();
    let found = ledgers.get_many(context, PARK, &ids).await?;
    Ok(found.iter().map(|record| (record.id, Park::of(record))).collect())
}

fn report(record: Visible, contract: &Visible, items: &[Visible], parks: &BTreeMap<RecordId, Park>) -> Report {
    let read = Read(record.fields());
    let item = read.record("contract_item").and_then(|id| items.iter().find(|item| item.id == id)).cloned();
    let park = read.record("park").and_then(|id| parks.get(&id));
    let remarks = remarks(&record, contract, item.as_ref(), park);
    Report { park: park.map(|park| park.name.clone()).unwrap_or_default(), item, remarks, record }
}

/// What should be looked at in a report.
fn remarks(record: &Visible, contract: &Visible, item: Option<&Visible>, park: Option<&Park>) -> Vec<String> {
    let (read, terms) = (Read(record.fields()), Read(contract.fields()));
    let mut remarks = Vec::new();
    let over_percent = terms.figure("over_percent").unwrap_or(Decimal::new(0, 0));
    match (item, read.figure("quantity")) {
        (None, _) => remarks.push("契約の内訳が選ばれていないため、出来高に入りません。".to_owned()),
        (Some(item), Some(quantity)) => {
            let of = Read(item.fields());
            if let Some(design) = of.figure("design_quantity")
                && upkeep::is_over(quantity, Design { quantity: design, over_percent })
            {
                remarks.push(format!("数量{quantity}は設計数量{design}を{over_percent}％より多く超えています。"));
            }
        }
        _ => {}
    }
    let limit = terms.int("photo_distance_m").and_then(|metres| u64::try_from(metres).ok());
    if let (Value::Geometry(place), Some(park), Some(limit)) = (record.get("photo_place"), park, limit) {
        let place = place.bounding_box();
        let outside = park.outline.as_ref().map(upkeep::rings);
        let outside = outside.and_then(|rings| upkeep::metres_outside((place.west, place.south), &rings));
        if let Some(metres) = outside.filter(|metres| *metres >= limit) {
            remarks.push(format!("作業後の写真が公園の区域から{metres}m離れて撮られています。"));
        }
    }
    if read.files("after_photos").is_empty() {
        remarks.push("作業後の写真がありません。".to_owned());
    }
    remarks
}

fn priced(items: &[Visible], reports: &[Report]) -> (Vec<Line>, i64) {
    let mut done: Vec<Done> = items
        .iter()
        .map(|item| {
            let read = Read(item.fields());
            let own = reports.iter().filter(|report| report.is_checked());
            let own = own.filter(|report| report.item.as_ref().is_some_and(|known| known.id == item.id));
            Done {
                item_no: read.int("item_no").unwrap_or(0),
                name: read.text("name"),
                unit: read.text("unit"),
                unit_price_yen: read.int("unit_price_yen").unwrap_or(0),
                quantities: own.filter_map(|report| Read(report.record.fields()).figure("quantity")).collect(),
            }
        })
        .collect();
    done.sort_by_key(|item| item.item_no);
    upkeep::acceptance(&done)
}

/// Accepts a month: writes the acceptance, and marks its checked reports as accepted.
///
/// # Errors
/// [`LedgerError::Refused`] where reports still wait or the month is accepted already, and as [`Ledgers::create`].
pub async fn accept(
    ledgers: &Ledgers,
    context: &Context,
    ids: &dyn IdSource,
    month: &Month,
    (inspector, result, note): (&str, &str, &str),
) -> Result<RecordId, LedgerError> {
    let context = context.clone().because("公園管理の月次検査");
    if month.accepted.is_some() {
        return Err(LedgerError::Refused("この月の検査は、すでに記録されています。".to_owned()));
    }
    let waiting = month.reports.iter().filter(|report| !report.is_checked()).count();
    if waiting > 0 && result != "rejected" {
        return Err(LedgerError::Refused(format!(
            "確認していない日報が{waiting}件あります。確認するか差し戻してから検査してください。"
        )));
    }
    let line = |line: &Line| {
        let fields = [
            ("item_no", Value::Int(line.item_no)),
            ("name", Value::from(line.name.as_str())),
            ("unit", text(&line.unit)),
            ("quantity", Value::Decimal(line.quantity)),
            ("unit_price_yen", Value::Int(line.unit_price_yen)),
            ("amount_yen", Value::Int(line.amount_yen)),
        ];
        ChildRow {
            id: ids.next(),
            fields: fields.map(|(key, value)| (key.to_owned(), value)).into_iter().collect::<Fields>(),
        }
    };
    let draft = Draft::new()
        .with("contract", month.contract.id)
        .with("organisation", month.contract.get("organisation").clone())
        .with("month", Value::YearMonth(month.month))
        .with("lines", Value::Rows(month.lines.iter().map(line).collect()))
        .with("total_yen", month.total_yen)
        .with("result", result)
        .with("inspector", text(inspector))
        .with("note", text(note));
    let saved = ledgers.create(&context, ACCEPTANCE, draft).await?;
    if result != "rejected" {
        for report in month.reports.iter().filter(|report| report.record.get("state").as_text() == Some("checked")) {
            let accepted = Draft::new().with("state", "accepted");
            ledgers.update(&context, DAILY_REPORT, report.record.id, report.record.revision, accepted).await?;
        }
    }
    Ok(saved.id)
}
