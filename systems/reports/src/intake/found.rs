//! What is found from a position: the area, the asset, and open reports that may tell of the same.

use jiff::Timestamp;

use super::age_days;
use crate::definitions::REPORT;
use crate::kernel::{Geometry, RecordId, Value};
use crate::ledger::{LedgerError, Ledgers, ListRequest, Visible};
use crate::platform::identity::Context;
use crate::records::{Category, OPEN, Report, Settings, some};
use crate::rules::Place;
use crate::rules::dedupe::{Seen, score};
use crate::schema::FieldKind;

/// The ledger of the city's towns (町丁目), which is a shared register.
const TOWN: &str = "town";
/// How far away the nearest town's point may lie, in metres.
const TOWN_REACH_M: f64 = 1_500.0;
/// The rings in which an asset is looked for, in metres: the first that touches it counts as its distance.
const RINGS_M: [f64; 8] = [1.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1_000.0];
/// Records that are looked at in one place.
const LOOKED_AT: usize = 500;

/// What lies at a position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The town.
    pub area: String,
    /// The ledger of the asset.
    pub asset_ledger: String,
    /// The asset's record.
    pub asset_id: String,
    /// What it is called.
    pub asset_label: String,
}

impl Found {
    /// Looks at a position for a category.
    ///
    /// # Errors
    /// When the store fails. A ledger of assets that the city does not have finds nothing.
    pub async fn at(
        ledgers: &Ledgers,
        context: &Context,
        category: &Category,
        place: Place,
    ) -> Result<Self, LedgerError> {
        let mut found = Self { area: area(ledgers, context, place).await?, ..Self::default() };
        let asset = nearest(ledgers, context, &category.asset_ledger, place, category.asset_radius_m).await?;
        if let Some(asset) = asset {
            let labels = ledgers.labels_of(context, &category.asset_ledger, &[asset]).await?;
            found.asset_ledger.clone_from(&category.asset_ledger);
            found.asset_id = asset.to_string();
            found.asset_label = labels.get(&asset).cloned().unwrap_or_default().chars().take(200).collect();
        }
        Ok(found)
    }
}

/// The name of the town whose point is nearest.
async fn area(ledgers: &Ledgers, context: &Context, place: Place) -> Result<String, LedgerError> {
    let towns = within(ledgers, context, TOWN, "point", place, TOWN_REACH_M).await?;
    let distance = |town: &Visible| match town.get("point") {
        Value::Geometry(point) => Place::of(point).distance_m(place),
        _ => f64::MAX,
    };
    let nearest = towns.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
    Ok(nearest.and_then(|town| town.get("name").as_text()).unwrap_or_default().chars().take(60).collect())
}

/// The record of a ledger that lies nearest, within a radius.
async fn nearest(
    ledgers: &Ledgers,
    context: &Context,
    ledger: &str,
    place: Place,
    radius_m: f64,
) -> Result<Option<RecordId>, LedgerError> {
    let Ok((def, _)) = ledgers.open(context, ledger) else { return Ok(None) };
    let is_shape = |kind: &FieldKind| matches!(kind, FieldKind::Point | FieldKind::Line | FieldKind::Polygon);
    let Some(field) = def.fields.iter().find(|field| is_shape(&field.kind)) else { return Ok(None) };
    let records = within(ledgers, context, ledger, &field.key, place, radius_m).await?;
    let mut best: Option<(usize, f64, RecordId)> = None;
    for record in &records {
        let Value::Geometry(shape) = record.get(&field.key) else { continue };
        let Some(ring) = ring(shape, place, radius_m) else { continue };
        let here = (ring, Place::of(shape).distance_m(place), record.id);
        if best.is_none_or(|best| (here.0, here.1) < (best.0, best.1)) {
            best = Some(here);
        }
    }
    Ok(best.map(|(_, _, id)| id))
}

/// The number of the first ring around a position that touches a shape. For areas and lines this says more than the distance to their
/// middle.
fn ring(shape: &Geometry, place: Place, radius_m: f64) -> Option<usize> {
    if shape.intersects(&place.to_geometry()) {
        return Some(0);
    }
    let rings = RINGS_M.iter().copied().filter(|ring| *ring < radius_m).chain([radius_m]);
    let touches = |radius: f64| Geometry::rectangle(place.around(radius)).is_ok_and(|square| shape.intersects(&square));
    rings.enumerate().find(|(_, radius)| touches(*radius)).map(|(number, _)| number + 1)
}

/// Records of a ledger in the square around a position.
async fn within(
    ledgers: &Ledgers,
    context: &Context,
    ledger: &str,
    field: &str,
    place: Place,
    radius_m: f64,
) -> Result<Vec<Visible>, LedgerError> {
    match some(ledgers, context, ledger, ListRequest::filtered(in_square(field, place, radius_m)), LOOKED_AT).await {
        Err(LedgerError::NotFound) => Ok(Vec::new()),
        other => other,
    }
}

/// The condition that a shape lies in the square around a position.
pub fn in_square(field: &str, place: Place, radius_m: f64) -> String {
    let square = place.around(radius_m);
    format!(
        "S_INTERSECTS({field}, BBOX({:.7}, {:.7}, {:.7}, {:.7}))",
        square.west, square.south, square.east, square.north
    )
}

/// An open report near a position, with how likely it tells of the same.
#[derive(Clone, Debug)]
pub struct Nearby {
    /// The report.
    pub report: Report,
    /// How far away, in metres.
    pub distance_m: f64,
    /// How likely it tells of the same, 0 to 1.
    pub score: f64,
}

/// What of a report is compared with a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Where it really is and what was written, as staff see it.
    Whole,
    /// Where it is shown, as everybody sees it.
    Public,
}

/// Open reports of the same group of categories that may tell of the same as a new one, the likeliest first.
///
/// # Errors
/// As [`Ledgers::list`].
#[expect(clippy::too_many_arguments, reason = "each is another part of the question")]
pub async fn nearby(
    ledgers: &Ledgers,
    context: &Context,
    settings: &Settings,
    categories: &[Category],
    category: &Category,
    place: Place,
    words: &str,
    now: Timestamp,
    compared: Compared,
) -> Result<Vec<Nearby>, LedgerError> {
    let exact = compared == Compared::Whole;
    let field = if exact { "location" } else { "public_point" };
    let found = Found::at(ledgers, context, category, place).await.unwrap_or_default();
    let asset = (!found.asset_id.is_empty()).then(|| format!("{}/{}", found.asset_ledger, found.asset_id));
    // What is shown may be rounded, which moves it by up to half the diagonal of a cell.
    let slack = if exact { 0.0 } else { settings.position_grid_m };
    let widest = categories.iter().filter(|one| one.group == category.group).map(|one| one.reach.radius_m);
    let widest = widest.fold(category.reach.radius_m, f64::max) + slack;
    let mut conditions = vec![in_square(field, place, widest)];
    if let (Some(_), true) = (&asset, exact) {
        conditions = vec![format!("({} OR asset_id = '{}')", conditions[0], found.asset_id)];
    }
    conditions.push(OPEN.to_owned());
    let reports = if exact {
        let request = ListRequest { also: conditions, ..ListRequest::all() };
        some(ledgers, context, REPORT, request, LOOKED_AT).await?.iter().map(Report::of).collect()
    } else {
        crate::public::reports(ledgers, now, conditions, LOOKED_AT).await?
    };
    let mut near: Vec<Nearby> = reports
        .into_iter()
        .filter_map(|report| {
            let of = categories.iter().find(|one| Some(one.id) == report.category)?;
            let there = if exact { report.location } else { report.public_point }?;
            let reach = crate::rules::dedupe::Reach { radius_m: category.reach.radius_m + slack, ..category.reach };
            let known = report.asset();
            let new = Seen { place, text: words, asset: asset.as_deref() };
            let text = if exact { &report.description } else { &report.public_description };
            let old = Seen { place: there, text, asset: known.as_deref() };
            let score = score(new, old, age_days(report.received_at, now), reach)?;
            (of.group == category.group).then(|| Nearby { distance_m: place.distance_m(there), score, report })
        })
        .collect();
    near.sort_by(|a, b| b.score.total_cmp(&a.score));
    near.truncate(settings.nearby_most);
    Ok(near)
}
