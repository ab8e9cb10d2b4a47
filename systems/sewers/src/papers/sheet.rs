//! The written record of the sewers (下水道台帳調書, 下水道法第23条; 下水の処理開始の公示事項等に関する省令第3条): eight items over the ledgers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use crate::definitions::{AREA, FACILITY, MANHOLE, MASS, PERMIT, PIPE};
use crate::kernel::Lang;
use crate::ledger::{LedgerError, Ledgers, ListRequest, Style, Visible, field};
use crate::platform::identity::Context;
use crate::platform::print::{Footer, Job, Naming, Options, Template};
use crate::platform::ui::said;
use crate::read::{self, Read};
use crate::schema::LedgerDef;

const TEMPLATE: &str = include_str!("../../prints/sheet.typ");

/// Who prints, and when.
#[derive(Clone, Copy, Debug)]
pub struct Printed<'a> {
    /// The city.
    pub city: &'a str,
    /// The person.
    pub by: &'a str,
    /// The instant.
    pub at: Timestamp,
}

/// A ledger with its records.
struct Part {
    def: std::sync::Arc<LedgerDef>,
    records: Vec<Visible>,
}

impl Part {
    async fn load(ledgers: &Ledgers, context: &Context, key: &str, filter: Option<&str>) -> Result<Self, LedgerError> {
        let (def, _) = ledgers.open(context, key)?;
        let request = filter.map_or_else(ListRequest::all, ListRequest::filtered);
        let records = read::all(ledgers, context, key, request).await?;
        Ok(Self { def, records })
    }

    fn shown(&self, record: &Visible, key: &str) -> String {
        let style = Style { wareki: true, ..Style::page(Lang::Ja) };
        self.def.field(key).map(|one| field::show(one, record.get(key), &style)).unwrap_or_default()
    }

    /// An item that is a table of these fields, of the records that a test lets through.
    fn item(&self, title: &str, keys: &[&str], of: impl Fn(&Read<'_>) -> bool) -> Json {
        let label = |key: &&str| self.def.field(key).map(|field| field.label.ja().to_owned()).unwrap_or_default();
        let rows = self.records.iter().filter(|record| of(&Read::of(record)));
        let rows = rows.map(|record| keys.iter().map(|key| self.shown(record, key)).collect::<Vec<_>>());
        json!({
            "title": title,
            "facts": [],
            "headings": keys.iter().map(label).collect::<Vec<_>>(),
            "rows": rows.collect::<Vec<_>>(),
        })
    }

    fn count(&self, of: impl Fn(&Read<'_>) -> bool) -> String {
        let count = self.records.iter().filter(|record| of(&Read::of(record))).count();
        format!("{}か所", said::whole(i64::try_from(count).unwrap_or(i64::MAX)))
    }
}

/// The sheet as a job.
///
/// # Errors
/// When a ledger can't be read.
pub async fn job(ledgers: &Ledgers, context: &Context, printed: Printed<'_>) -> Result<Job, LedgerError> {
    let areas = Part::load(ledgers, context, AREA, None).await?;
    let facilities = Part::load(ledgers, context, FACILITY, Some("state <> 'abolished'")).await?;
    let pipes = Part::load(ledgers, context, PIPE, None).await?;
    let manholes = Part::load(ledgers, context, MANHOLE, None).await?;
    let masses = Part::load(ledgers, context, MASS, None).await?;
    let permits = Part::load(ledgers, context, PERMIT, Some("state = 'in-force'")).await?;
    let kind = |wanted: &'static str| move |read: &Read<'_>| read.text("kind") == wanted;
    let area_keys = ["name", "area_ha", "population", "towns"];
    let work_keys = ["name", "place", "site_area_m2", "structure", "capacity"];
    let items = [
        areas.item("1 排水区域（面積、人口、地名）", &area_keys, kind("drainage")),
        areas.item("2 処理区域（面積、人口、地名）", &area_keys, kind("treatment")),
        areas.item(
            "3 供用開始と処理開始の年月日",
            &["name", "kind", "opened_on", "treatment_started_on", "notice"],
            |_| true,
        ),
        facilities.item(
            "4 吐口の位置と放流先",
            &["name", "place", "receiving_water", "high_water_m", "low_water_m"],
            kind("outfall"),
        ),
        lengths(&pipes, &manholes, &masses),
        facilities.item("6 処理施設の位置、敷地、構造、能力", &work_keys, kind("plant")),
        facilities.item("7 ポンプ施設の位置、敷地、構造、能力", &work_keys, kind("pump")),
        permits.item(
            "8 許可・協議の物件",
            &["name", "kind", "place", "structure", "holder_name", "starts_on", "ends_on"],
            |_| true,
        ),
    ];
    let data = json!({ "city": printed.city, "as_of": crate::kernel::era::long(context.today()), "items": items });
    let zone = TimeZone::fixed(jiff::tz::offset(9));
    let when = crate::platform::desk::view::when(printed.at);
    let footer = Footer { reference: String::new(), printed: format!("出力 {when}　{}", printed.by) };
    let options =
        Options {
            author: printed.city.to_owned(), footer, ..Options::official("下水道台帳調書", printed.at, zone)
        };
    let template = Template::new("systems/sewers/prints/sheet.typ", TEMPLATE);
    let naming = Naming::default().with_subject("", "下水道台帳調書");
    Ok(Job { template, data, naming, assets: Vec::new(), options })
}

/// Item 5: the length of pipes by what they carry and by diameter, and how many manholes and chambers.
fn lengths(pipes: &Part, manholes: &Part, masses: &Part) -> Json {
    let mut sums: BTreeMap<(String, i64), f64> = BTreeMap::new();
    for record in &pipes.records {
        let read = Read::of(record);
        let key = (pipes.shown(record, "exclusion"), read.int("diameter_mm").unwrap_or(0));
        *sums.entry(key).or_default() += read.number("length_m").unwrap_or(0.0);
    }
    let total: f64 = sums.values().sum();
    let metres = |value: f64| said::grouped((value * 100.0).round() / 100.0);
    let rows = sums.iter().map(|((exclusion, diameter), length)| {
        let diameter = if *diameter == 0 { "円形でない・不明".to_owned() } else { format!("{diameter}mm") };
        [exclusion.clone(), diameter, metres(*length)]
    });
    json!({
        "title": "5 管渠の延長、マンホールとますの数",
        "facts": [
            { "label": "管渠の総延長", "value": format!("{}m", metres(total)) },
            { "label": "マンホール", "value": manholes.count(|_| true) },
            { "label": "汚水ます", "value": masses.count(|read| read.text("kind") == "sanitary") },
            { "label": "雨水ます", "value": masses.count(|read| read.text("kind") == "storm") },
        ],
        "headings": ["排除区分", "呼び径", "延長（m）"],
        "rows": rows.collect::<Vec<_>>(),
    })
}
