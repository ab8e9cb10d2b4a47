//! The written record of a route (道路台帳調書), the 15 items of 道路法施行規則第4条の2第3項.

use serde_json::{Value as Json, json};

use super::{Printed, fact, job};
use crate::definitions::ROUTE;
use crate::kernel::{Fields, Lang};
use crate::ledger::{LedgerError, Ledgers, ListRequest, Style, Visible, field};
use crate::platform::identity::Context;
use crate::platform::print::{Job, Naming, Orientation};
use crate::read::{self, Read};
use crate::rules::length::{self, Breakdown, Section, Written};
use crate::schema::{FieldKind, LedgerDef};

const TEMPLATE: (&str, &str) = ("route.typ", include_str!("../../prints/route.typ"));

/// A route with its sections summed up.
pub struct Sheet {
    /// The route.
    pub route: Visible,
    /// The sum of its sections.
    pub summed: Breakdown,
    /// How many sections it has.
    pub sections: usize,
    /// Where the written record and the sections differ.
    pub differences: Vec<String>,
}

impl Sheet {
    /// Reads a route and its sections.
    ///
    /// # Errors
    /// When there is no such route for the caller, or a ledger can't be read.
    pub async fn load(ledgers: &Ledgers, context: &Context, id: crate::kernel::RecordId) -> Result<Self, LedgerError> {
        let route = ledgers.get(context, ROUTE, id).await?;
        let request = ListRequest::filtered(format!("route = '{id}'"));
        let sections = read::all(ledgers, context, crate::definitions::SECTION, request).await?;
        let sections: Vec<Section> = sections.iter().map(|record| section(record.fields())).collect();
        let summed = length::breakdown(&sections, context.today());
        let read = Read::of(&route);
        let written = |key| read.decimal(key).and_then(length::centimetres);
        let written =
            Written { total: written("total_m"), overlap: written("overlap_m"), unopened: written("unopened_m") };
        let differences = if sections.is_empty() { Vec::new() } else { length::differences(written, &summed) };
        Ok(Self { route, summed, sections: sections.len(), differences })
    }
}

/// A section as the rules take it.
pub fn section(fields: &Fields) -> Section {
    let read = Read(fields);
    let of = |key| read.decimal(key).and_then(length::centimetres);
    Section {
        length: of("length_m").unwrap_or(0),
        use_state: read.text("use_state").to_owned(),
        structure_kind: read.text("structure_kind").to_owned(),
        width: of("width_m"),
        improved: read.yes("improved"),
        surface: read.optional("surface").map(str::to_owned),
        sidewalk: of("sidewalk_m").unwrap_or(0),
        impassable: read.yes("impassable"),
    }
}

/// The items of the written record that are one line each: number and name, and the fields that say it.
const ITEMS: [(&str, &[&str]); 12] = [
    ("1 道路の種類", &["road_kind", "road_class"]),
    ("2 路線名", &["name"]),
    ("3 指定・認定年月日", &["approved_on", "approval_notice"]),
    ("4 起点・終点", &["start_place", "end_place"]),
    ("5 主要な経過地", &["waypoints"]),
    ("7 総延長", &["total_m"]),
    ("8 敷地面積", &["site_area_m2"]),
    ("9 最小車道幅員", &["width_min_m"]),
    ("　 最小曲線半径", &["radius_min_m"]),
    ("　 最急縦断勾配", &["grade_max_percent"]),
    ("11 有料の区間", &["toll_sections"]),
    ("14 道路一体建物", &["integrated_buildings"]),
];

/// The items that are tables.
const TABLES: [(&str, &str); 5] = [
    ("6 供用開始の区間と年月日", "openings"),
    ("8 敷地面積の内訳", "sites"),
    ("10 鉄道等との交差", "rail_crossings"),
    ("12 兼用工作物", "combined_works"),
    ("13 軌道その他主要な占用物件", "major_occupations"),
];

/// The sheet as a job.
pub fn print(sheet: &Sheet, def: &LedgerDef, printed: &Printed<'_>) -> Job {
    let naming = Naming::default().with_subject("", Read::of(&sheet.route).text("name"));
    job(TEMPLATE, data(sheet, def), naming, printed.options("道路台帳調書", true, Orientation::Portrait))
}

fn data(sheet: &Sheet, def: &LedgerDef) -> Json {
    let (route, read) = (&sheet.route, Read::of(&sheet.route));
    // As people read it: units behind figures, dates in the Japanese calendar.
    let style = Style { wareki: true, ..Style::page(Lang::Ja) };
    let shown = |key: &str| {
        let field = def.field(key);
        field.map(|field| field::show(field, route.get(key), &style)).unwrap_or_default()
    };
    let value = |keys: &[&str]| {
        let said = keys.iter().map(|key| shown(key));
        said.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("　")
    };
    let mut items: Vec<Json> = ITEMS.iter().map(|(label, keys)| fact(label, &value(keys))).collect();
    items.insert(6, fact("　 延長の内訳", &lengths(sheet, &shown)));
    items.push(fact("15 協定利便施設", &value(&["agreement_facilities"])));
    let mut tables: Vec<Json> = TABLES.iter().map(|(label, key)| table(def, route, label, key, &style)).collect();
    if sheet.sections > 0 {
        tables.insert(1, by_kind(&sheet.summed));
    }
    json!({
        "number": read.text("route_number"),
        "name": read.text("name"),
        "prepared_on": shown("prepared_on"),
        "version": read.int("version").unwrap_or(1).to_string(),
        "items": items,
        "tables": tables,
        "differences": sheet.differences,
    })
}

fn lengths(sheet: &Sheet, shown: &impl Fn(&str) -> String) -> String {
    let written = [("重用延長", "overlap_m"), ("未供用延長", "unopened_m"), ("実延長", "actual_m")];
    let mut lines: Vec<String> = written
        .iter()
        .map(|(name, key)| (name, shown(key)))
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| format!("{name} {text}"))
        .collect();
    if sheet.sections > 0 {
        let sum = &sheet.summed;
        lines.push(format!("改良済 {}m、未改良 {}m", length::metres(sum.improved), length::metres(sum.unimproved)));
        lines.push(format!(
            "橋 {}か所 {}m、歩道 {}m",
            sum.bridges.0,
            length::metres(sum.bridges.1),
            length::metres(sum.sidewalk)
        ));
        lines.push(format!("自動車交通不能 {}m", length::metres(sum.impassable)));
    }
    lines.join("\n")
}

/// The actual length by width and surface.
fn by_kind(sum: &Breakdown) -> Json {
    let named = |key: &str| length::SURFACES.iter().find(|(known, _)| *known == key).map_or("", |(_, name)| name);
    let widths = sum.widths.iter().map(|(label, length)| (format!("幅員　{label}"), *length));
    let surfaces = sum.surfaces.iter().map(|(key, length)| (format!("路面　{}", named(key)), *length));
    let rows = widths.chain(surfaces).filter(|(_, length)| *length > 0);
    let rows: Vec<[String; 2]> = rows.map(|(label, length)| [label, length::metres(length)]).collect();
    json!({ "label": "7 実延長の内訳（区間の台帳の合計）", "headings": ["区分", "延長（m）"], "rows": rows })
}

fn table(def: &LedgerDef, route: &Visible, label: &str, key: &str, style: &Style<'_>) -> Json {
    let Some(FieldKind::Rows { fields, .. }) = def.field(key).map(|field| &field.kind) else { return json!(null) };
    // What the caller may not see of a row is not in it; the column stands empty.
    let headings: Vec<&str> = fields.iter().map(|field| field.label.ja()).collect();
    let rows = Read::of(route).rows(key).iter().map(|row| {
        let cell = |field: &crate::schema::FieldDef| {
            row.fields.get(&field.key).map(|value| field::show(field, value, style)).unwrap_or_default()
        };
        fields.iter().map(cell).collect::<Vec<String>>()
    });
    let mut rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        rows.push(
            fields
                .iter()
                .enumerate()
                .map(|(n, _)| if n == 0 { "該当なし".to_owned() } else { String::new() })
                .collect(),
        );
    }
    json!({ "label": label, "headings": headings, "rows": rows })
}
