//! Daily reports of upkeep against the contract, and what a month comes to (出来高).
//!
//! Remarks point out what a person should look at: more than was designed, or a photograph taken away from the park. They keep
//! nobody from reporting. A quantity is in hundredths of its unit, a price whole yen; an amount is rounded down to the yen.

use crate::kernel::Decimal;
use crate::kernel::decimal::Rounding;

/// Metres in a degree of latitude; close enough over a park.
const METRES_PER_DEGREE: f64 = 111_320.0;

/// What a report is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Design {
    /// The design quantity of one time (設計数量).
    pub quantity: Decimal,
    /// How many percent above it are remarked on.
    pub over_percent: Decimal,
}

/// Whether a reported quantity is further above the design quantity than the contract lets pass.
pub fn is_over(reported: Decimal, design: Design) -> bool {
    // reported > quantity × (100 + over) / 100, at six places so that nothing is rounded.
    let wide = |figure: Decimal| i128::from(figure.rounded(4, Rounding::HalfUp).map_or(i64::MAX, Decimal::units));
    let allowed = wide(design.quantity) * (100 * 10_000 + wide(design.over_percent));
    wide(reported) * 100 * 10_000 > allowed
}

/// A place in degrees: longitude, latitude.
pub type Place = (f64, f64);

/// How far a place lies outside an outline, in whole metres; 0 for a place within. The outline is a GeoJSON polygon or
/// multipolygon: rings of places. None where the outline has none.
///
/// Distances are taken on a plane around the place, which over the few hundred metres that matter here is exact to
/// centimetres.
pub fn metres_outside(place: Place, polygons: &[Vec<Vec<Place>>]) -> Option<u64> {
    if polygons.iter().any(|rings| is_within(place, rings)) {
        return Some(0);
    }
    let edges = polygons.iter().flatten().flat_map(|ring| ring.windows(2));
    let nearest = edges.map(|edge| metres_to_edge(place, edge[0], edge[1])).min_by(f64::total_cmp)?;
    // Not negative, and no place on the globe is farther than this type can tell.
    Some(nearest.round() as u64)
}

/// Whether a place lies within the outer ring and in none of the holes.
fn is_within(place: Place, rings: &[Vec<Place>]) -> bool {
    rings
        .split_first()
        .is_some_and(|(outer, holes)| is_in_ring(place, outer) && !holes.iter().any(|hole| is_in_ring(place, hole)))
}

fn is_in_ring((x, y): Place, ring: &[Place]) -> bool {
    let crosses = |edge: &[Place]| {
        let ((x1, y1), (x2, y2)) = (edge[0], edge[1]);
        (y1 > y) != (y2 > y) && x < (x2 - x1) * (y - y1) / (y2 - y1) + x1
    };
    ring.windows(2).filter(|edge| crosses(edge)).count() % 2 == 1
}

fn metres_to_edge(place: Place, from: Place, to: Place) -> f64 {
    let shrink = place.1.to_radians().cos();
    let flat = |(x, y): Place| ((x - place.0) * METRES_PER_DEGREE * shrink, (y - place.1) * METRES_PER_DEGREE);
    let ((x1, y1), (x2, y2)) = (flat(from), flat(to));
    let (dx, dy) = (x2 - x1, y2 - y1);
    let length = dx * dx + dy * dy;
    let along = if length == 0.0 { 0.0 } else { (-(x1 * dx + y1 * dy) / length).clamp(0.0, 1.0) };
    (x1 + along * dx).hypot(y1 + along * dy)
}

/// The rings of a GeoJSON polygon or multipolygon.
pub fn rings(geojson: &serde_json::Value) -> Vec<Vec<Vec<Place>>> {
    let place = |place: &serde_json::Value| Some((place.get(0)?.as_f64()?, place.get(1)?.as_f64()?));
    let ring = |ring: &serde_json::Value| ring.as_array().into_iter().flatten().filter_map(place).collect();
    let polygon = |rings: &serde_json::Value| rings.as_array().into_iter().flatten().map(ring).collect();
    let coordinates = &geojson["coordinates"];
    match geojson["type"].as_str() {
        Some("Polygon") => vec![polygon(coordinates)],
        Some("MultiPolygon") => coordinates.as_array().into_iter().flatten().map(polygon).collect(),
        _ => Vec::new(),
    }
}

/// What one item of a contract comes to in a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The number of the item in the contract.
    pub item_no: i64,
    /// Its name.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// What was done in the month.
    pub quantity: Decimal,
    /// The price of one unit, yen without tax.
    pub unit_price_yen: i64,
    /// Quantity × price, rounded down.
    pub amount_yen: i64,
}

/// An item of a contract with the quantities that were reported and checked in a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The number of the item in the contract.
    pub item_no: i64,
    /// Its name.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// The price of one unit, yen without tax.
    pub unit_price_yen: i64,
    /// The quantities.
    pub quantities: Vec<Decimal>,
}

/// The lines of a month and their total, yen without tax. An item of which nothing was done has no line.
pub fn acceptance(done: &[Done]) -> (Vec<Line>, i64) {
    let lines: Vec<Line> = done.iter().filter(|item| !item.quantities.is_empty()).map(line).collect();
    let total = lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.amount_yen));
    (lines, total)
}

fn line(item: &Done) -> Line {
    let hundredths = |figure: &Decimal| figure.rounded(2, Rounding::HalfUp).map_or(0, Decimal::units);
    let quantity: i64 = item.quantities.iter().map(hundredths).fold(0, i64::saturating_add);
    let amount = i128::from(quantity) * i128::from(item.unit_price_yen) / 100;
    Line {
        item_no: item.item_no,
        name: item.name.clone(),
        unit: item.unit.clone(),
        quantity: Decimal::new(quantity, 2),
        unit_price_yen: item.unit_price_yen,
        amount_yen: i64::try_from(amount).unwrap_or(i64::MAX),
    }
}

/// The reward of a residents' group for a month: the fixed part and the part by area, rounded down to the yen.
pub fn reward(fixed_yen: i64, yen_per_m2: Decimal, area_m2: Decimal) -> i64 {
    let hundredths = |figure: Decimal| i128::from(figure.rounded(2, Rounding::HalfUp).map_or(0, Decimal::units));
    let by_area = hundredths(yen_per_m2) * hundredths(area_m2) / 10_000;
    fixed_yen.saturating_add(i64::try_from(by_area).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_quantity_is_remarked_on_only_above_the_margin() {
        let design = Design { quantity: decimal("1000"), over_percent: decimal("10") };
        assert!(!is_over(decimal("1100"), design) && is_over(decimal("1100.01"), design));
        let none = Design { quantity: decimal("0"), over_percent: decimal("10") };
        assert!(is_over(decimal("0.01"), none) && !is_over(decimal("0"), none));
    }

    #[test]
    fn a_place_is_within_beside_or_in_a_hole() {
        // About 90 m by 111 m, with a hole of a tenth of it.
        let outline = json!({ "type": "Polygon", "coordinates": [
            [[139.43, 35.43], [139.431, 35.43], [139.431, 35.431], [139.43, 35.431], [139.43, 35.43]],
            [[139.4304, 35.4304], [139.4306, 35.4304], [139.4306, 35.4306], [139.4304, 35.4306], [139.4304, 35.4304]],
        ] });
        let rings = rings(&outline);
        assert_eq!(metres_outside((139.4302, 35.4302), &rings), Some(0));
        assert_eq!(metres_outside((139.4305, 35.4305), &rings), Some(9), "the middle of the hole");
        assert_eq!(metres_outside((139.432, 35.4305), &rings), Some(91));
        assert_eq!(metres_outside((139.4305, 35.4315), &rings), Some(56));
        assert_eq!(metres_outside((139.4305, 35.4315), &[]), None);
    }

    #[test]
    fn a_month_is_priced_line_by_line() {
        let item = |item_no, price, quantities: &[&str]| Done {
            item_no,
            name: "除草".to_owned(),
            unit: "㎡".to_owned(),
            unit_price_yen: price,
            quantities: quantities.iter().map(|text| decimal(text)).collect(),
        };
        let (lines, total) = acceptance(&[item(1, 45, &["300.5", "120.25"]), item(2, 800, &[]), item(3, 1200, &["2"])]);
        assert_eq!(lines.iter().map(|line| line.amount_yen).collect::<Vec<_>>(), [18_933, 2_400]);
        assert_eq!(total, 21_333);
        assert_eq!(reward(3_000, decimal("2.5"), decimal("1234.5")), 3_000 + 3_086);
    }
}
