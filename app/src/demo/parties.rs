//! Parties of the demo city (宛名): the first of its residents, some of them entered a second time as happens at counters, a few
//! organisations, and a family under protection.

use anyhow::{Context as _, bail};
use jiff::civil::{Date, date};
use kawasemi_kernel::{ChildRow, Fields, PersonName, PostalAddress, RecordId, Value};
use kawasemi_ledger::import::{FileOptions, ImportPlan, Mapping};
use kawasemi_ledger::{Draft, ListRequest};
use kawasemi_registry::{PARTY, PROTECTION_MEASURE, STAFF};
use uuid::Uuid;

use super::residents::{Resident, residents};
use crate::shell::{OpenCity, Shell};

/// So many of the residents are parties as well: enough to look around in.
const PARTIES: u64 = 1_000;
/// One in so many was entered a second time.
const TWICE: u64 = 60;

/// The columns of the file: fields of the ledger, and parts of them.
const COLUMNS: [&str; 15] = [
    "kind",
    "name",
    "name.kana",
    "birth_date",
    "sex",
    "resident_number",
    "household_number",
    "relation",
    "address",
    "address.postcode",
    "address_since",
    "phone",
    "language",
    "source",
    "source_as_of",
];

/// Organisations that do not exist; the numbers are well formed and given to nobody.
const ORGANISATIONS: [(&str, &str, &str); 3] = [
    ("見本工業株式会社", "ミホンコウギョウ", "綾瀬市小園1"),
    ("（株）見本工業", "ミホンコウギョウ", "綾瀬市小園1"),
    ("見本自治会", "ミホンジチカイ", "綾瀬市深谷中1丁目1"),
];

/// Loads the parties.
///
/// # Errors
/// When one is refused.
pub async fn load(shell: &Shell, open: &OpenCity, seed: u64, count: u64, today: Date) -> anyhow::Result<()> {
    let count = count.min(PARTIES);
    if count == 0 {
        return Ok(());
    }
    let context = shell.context("デモの市");
    let file = tempfile::NamedTempFile::with_suffix(".csv").context("作業用のファイルを作れません。")?;
    let mut writer = csv::Writer::from_path(file.path())?;
    writer.write_record(COLUMNS)?;
    for (resident, n) in residents(seed, today).zip(0..count) {
        if n % TWICE == TWICE - 1 {
            writer.write_record(entered_again(&resident))?;
        }
        writer.write_record(registered(&resident, today))?;
    }
    writer.flush()?;
    let mapping = Mapping { columns: COLUMNS.map(str::to_owned).into(), ..Mapping::default() };
    let title = "デモの宛名".to_owned();
    let plan = ImportPlan {
        path: file.path().to_owned(),
        options: FileOptions::default(),
        mapping,
        title,
        photos: None,
        is_invented: true,
    };
    let report = open.ledgers.import(&context, PARTY, &plan, &|_| {}).await?;
    if let Some(problem) = report.problems.first() {
        bail!("{}行目の{}「{}」: {}", problem.line, problem.column, problem.value, problem.reason);
    }
    for (name, kana, address) in ORGANISATIONS {
        let name = Value::Name(PersonName { name: name.to_owned(), kana: kana.to_owned() });
        let address = Value::Address(PostalAddress { postcode: "2521100".to_owned(), text: address.to_owned() });
        let draft = Draft::new().with("kind", "organisation").with("name", name).with("address", address);
        open.ledgers.create(&context, PARTY, draft).await?;
    }
    Ok(())
}

/// Puts the first household with a child under protection, with a member of staff who may open their records.
///
/// # Errors
/// When the record is refused.
pub async fn protect(shell: &Shell, open: &OpenCity, officer: &str) -> anyhow::Result<()> {
    let context = shell.context("デモの市");
    let child = ListRequest { limit: 1, ..ListRequest::filtered("relation = '子'") };
    let Some(child) = open.ledgers.list(&context, PARTY, &child).await?.records.pop() else { return Ok(()) };
    let household = child.get("household_number").as_text().unwrap_or_default();
    let head = format!("household_number = '{household}' AND relation = '世帯主'");
    let head = open.ledgers.list(&context, PARTY, &ListRequest::filtered(head)).await?.records.pop();
    let number = format!("employee_number = '{officer}'");
    let staff = open.ledgers.list(&context, STAFF, &ListRequest::filtered(number)).await?.records.pop();
    let (Some(head), Some(staff)) = (head, staff) else { return Ok(()) };
    let draft = Draft::new()
        .with("person", Value::Record(head.id))
        .with("kind", "domestic-violence")
        .with("consulted", "（見本）配偶者暴力相談支援センター")
        .with("received_on", date(2021, 4, 1))
        .with("started_on", date(2021, 4, 1))
        .with("notify_on", date(2022, 3, 1))
        .with("review_on", date(2022, 4, 1))
        .with("together", row("person", child.id))
        .with("officers", row("staff", staff.id));
    open.ledgers.create(&context, PROTECTION_MEASURE, draft).await?;
    Ok(())
}

fn row(key: &str, record: RecordId) -> Value {
    let fields = Fields::from([(key.to_owned(), Value::Record(record))]);
    Value::Rows(vec![ChildRow { id: Uuid::nil(), fields }])
}

fn registered(resident: &Resident, today: Date) -> [String; COLUMNS.len()] {
    let [number, name, kana, birth, sex, _, address, postcode, household, relation, since, phone, language, _] =
        resident.clone().cells();
    let relation = match relation.as_str() {
        "head" => "世帯主",
        "wife" => "妻",
        "husband" => "夫",
        "child" => "子",
        _ => "父母",
    };
    [
        "person".to_owned(),
        name,
        kana,
        birth,
        sex,
        number,
        household,
        relation.to_owned(),
        address,
        postcode,
        since,
        phone,
        language,
        "resident-register".to_owned(),
        today.to_string(),
    ]
}

/// The same person as a counter entered them, before the register was there: without numbers, the date of birth at times mistyped.
fn entered_again(resident: &Resident) -> [String; COLUMNS.len()] {
    let [_, name, kana, birth, sex, _, address, postcode, _, _, _, phone, language, _] = resident.clone().cells();
    let none = String::new;
    let name = name.replace('高', "髙").replace('辺', "邉").replace('斎', "齋");
    [
        "person".to_owned(),
        name,
        kana,
        birth,
        sex,
        none(),
        none(),
        none(),
        address,
        postcode,
        none(),
        phone,
        language,
        "own".to_owned(),
        none(),
    ]
}
