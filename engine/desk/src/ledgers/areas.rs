//! Ledgers that draw areas (区域) and what lies in them: which facilities stand in a flood zone, in which zones a park lies.
//!
//! Hazards are ledgers like any other. Whatever has a place can be narrowed to what meets their areas, and a record says in which
//! areas it lies; both as far as the person who asks may see either.

use kawasemi_kernel::{RecordId, Value};
use kawasemi_ledger::{ListRequest, PlaceRequest, Visible, Within};
use kawasemi_schema::{Action, FieldKind, LedgerDef};
use kawasemi_ui::SafeHtml;

use super::asked::Asked;
use super::opened::{Opened, record_href, style};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{disclosure, section};

/// Areas of one ledger that are named on the page of a record.
const NAMED: u32 = 5;

/// Whether a ledger draws areas on the map.
fn draws_areas(def: &LedgerDef) -> bool {
    let drawn = def.map.as_ref().and_then(|map| def.field(&map.geometry));
    drawn.is_some_and(|field| field.kind == FieldKind::Polygon)
}

/// Every other ledger on the map that this person may read, by its name.
fn others(cx: &Cx, opened: &Opened, wanted: impl Fn(&LedgerDef) -> bool) -> Vec<Opened> {
    let catalogue = cx.catalogue();
    let defs = catalogue.definitions().iter().filter(|def| def.map.is_some() && def.key != opened.key() && wanted(def));
    let mut all: Vec<Opened> = defs.filter_map(|def| Opened::new(cx, &def.key).ok()).collect();
    all.retain(|other| other.may(Action::Read) && other.map().is_some());
    all.sort_by(|one, other| one.title().cmp(other.title()));
    all
}

/// The way to what lies in the areas of another ledger, above a list; nothing where there is no such ledger.
pub fn chooser(cx: &Cx, opened: &Opened, asked: &Asked) -> SafeHtml {
    if opened.map().is_none() {
        return SafeHtml::EMPTY;
    }
    let areas = others(cx, opened, draws_areas);
    let links: SafeHtml = areas
        .iter()
        .filter(|area| !asked.within.iter().any(|within| within.ledger == area.key() && within.record.is_none()))
        .map(|area| {
            let within = Within { ledger: area.key().to_owned(), record: None };
            let href = asked.with(|asked| asked.within.push(within)).href(&opened.href());
            SafeHtml::trusted(format!("<li>{}</li>", SafeHtml::link(&href, &format!("{}の中", area.title()))))
        })
        .collect();
    if links.is_empty() {
        return SafeHtml::EMPTY;
    }
    let list = SafeHtml::trusted(format!("<ul class=\"link-list\">{links}</ul>"));
    disclosure("区域の中だけを見る", &list, false)
}

/// What the areas by which a list is narrowed are called.
pub async fn names(cx: &Cx, asked: &Asked) -> Result<Vec<String>, Problem> {
    let mut names = Vec::with_capacity(asked.within.len());
    for within in &asked.within {
        let Ok(opened) = Opened::new(cx, &within.ledger) else {
            names.push("区域".to_owned());
            continue;
        };
        names.push(match within.record {
            None => format!("{}の中", opened.title()),
            Some(record) => match cx.ledgers().get(cx.context(), &within.ledger, record).await {
                Ok(record) => format!("{}「{}」の中", opened.title(), opened.name_of(&record, &style())),
                Err(_) => format!("{}の区域の中", opened.title()),
            },
        });
    }
    Ok(names)
}

/// What the page of a record says of areas: what lies in the record's own, and in which of other ledgers it lies.
pub async fn about(cx: &Cx, opened: &Opened, record: &Visible) -> Result<SafeHtml, Problem> {
    let Some(map) = opened.map() else { return Ok(SafeHtml::EMPTY) };
    let Value::Geometry(geometry) = record.get(&map.geometry) else { return Ok(SafeHtml::EMPTY) };
    let mut html = SafeHtml::EMPTY;
    if draws_areas(&opened.def) {
        let links: SafeHtml =
            others(cx, opened, |_| true).iter().map(|other| inside(opened.key(), record.id, other)).collect();
        if !links.is_empty() {
            let list = SafeHtml::trusted(format!("<ul class=\"link-list no-print\">{links}</ul>"));
            html.push(&section("この区域の中にあるもの", &list));
        }
    }
    let mut found = SafeHtml::EMPTY;
    for area in others(cx, opened, draws_areas) {
        let list = ListRequest { limit: NAMED, ..ListRequest::default() };
        let request = PlaceRequest {
            list,
            field: area.map().map(|map| map.geometry.clone()),
            bounds: Some(geometry.bounding_box()),
        };
        let page = cx.ledgers().features(cx.context(), area.key(), &request).await?;
        for met in &page.records {
            let Some(Value::Geometry(of_area)) = area.map().map(|map| met.get(&map.geometry)) else { continue };
            if of_area.intersects(geometry) {
                let name = format!("{}　{}", area.title(), area.name_of(met, &style()));
                found.push(&SafeHtml::trusted(format!(
                    "<li>{}</li>",
                    SafeHtml::link(&record_href(area.key(), met.id), &name)
                )));
            }
        }
    }
    if !found.is_empty() {
        html.push(&section("この場所が入る区域", &SafeHtml::trusted(format!("<ul class=\"link-list\">{found}</ul>"))));
    }
    Ok(html)
}

fn inside(ledger: &str, record: RecordId, other: &Opened) -> SafeHtml {
    let within = Within { ledger: ledger.to_owned(), record: Some(record) };
    let href = Asked { within: vec![within], ..Asked::default() }.href(&other.href());
    SafeHtml::trusted(format!("<li>{}</li>", SafeHtml::link(&href, other.title())))
}
