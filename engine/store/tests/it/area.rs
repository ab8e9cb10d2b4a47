//! Records by where they lie: pages of a box, and what a crowded tile shows first.

use std::collections::BTreeSet;
use std::sync::Arc;

use kawasemi_kernel::geometry::BoundingBox;
use kawasemi_kernel::geometry::quad::{self, Extent};
use kawasemi_kernel::{Fields, Geometry, RecordId, Value};
use kawasemi_store::list::{Area, AreaMark};
use kawasemi_store::{Ledger, ListQuery, RecordUnit};
use kawasemi_testkit::{Fixture, on_both_stores};

use crate::common::{EVERYTHING, fields, text};

/// Points on a grid of some ten metres, and beside every tenth a field of up to a few hundred metres.
async fn country(fixture: &Fixture, ledger: &Arc<Ledger>) -> Vec<(RecordId, Fields)> {
    let act = fixture.act("新規");
    let mut made = Vec::new();
    for n in 0..600_u32 {
        let (x, y) = (139.40 + f64::from(n % 30) / 1e4, 35.40 + f64::from(n / 30) / 1e4);
        let mut values =
            fields([("text", text(&format!("点{n}"))), ("spot", Value::Geometry(Geometry::point(x, y).unwrap()))]);
        if n % 10 == 0 {
            let size = f64::from(n % 70 + 1) / 2e4;
            let ground = BoundingBox { west: x, south: y, east: x + size, north: y + size };
            values.insert("ground".to_owned(), Value::Geometry(Geometry::rectangle(ground).unwrap()));
        }
        if n % 50 == 7 {
            values.remove("spot");
        }
        made.push((fixture.record_id(), values));
    }
    for some in made.chunks(100) {
        let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
        for (id, values) in some {
            unit.create(ledger, *id, values).unwrap();
        }
        fixture.city.write(unit.into_unit()).await.unwrap();
    }
    made
}

fn boxes() -> [BoundingBox; 5] {
    let around = |west, south, east, north| BoundingBox { west, south, east, north };
    [
        around(139.4005, 35.4005, 139.4011, 35.4009),
        around(139.4, 35.4, 139.4, 35.4),
        around(139.0, 35.0, 140.0, 36.0),
        around(-10.0, -10.0, 10.0, 10.0),
        around(179.0, -10.0, -179.0, 10.0),
    ]
}

async fn found(fixture: &Fixture, ledger: &Ledger, field: &str, bounds: BoundingBox, limit: usize) -> Vec<RecordId> {
    let extent = if field == "spot" { Extent::Points } else { Extent::Any };
    let area = Area { field, extent, ranges: quad::ranges(bounds, extent), bounds };
    let mut query = ListQuery::new(ledger);
    query.limit = limit;
    let (mut after, mut all) = (None, Vec::new());
    loop {
        let page = query.in_area(&fixture.city, &area, after).await.unwrap();
        all.extend(page.records.iter().map(|record| record.id));
        if page.is_end {
            return all;
        }
        let Some(AreaMark::Placed(cell, n)) = page.marks.last().copied() else {
            panic!("a full page has a last record")
        };
        after = Some((cell, n));
    }
}

on_both_stores! {
    async fn a_box_has_what_meets_it_once_whatever_the_page(fixture) {
        let ledger = fixture.publish(&[EVERYTHING]).await;
        let made = country(fixture, &ledger).await;
        for field in ["spot", "ground"] {
            for bounds in boxes() {
                let meets = |values: &Fields| match values.get(field) {
                    Some(Value::Geometry(geometry)) => {
                        let other = geometry.bounding_box();
                        bounds.west <= bounds.east && other.intersects(bounds)
                    }
                    _ => false,
                };
                let expected: BTreeSet<RecordId> = made.iter().filter(|(_, values)| meets(values)).map(|(id, _)| *id).collect();
                for limit in [7, 1_000] {
                    let all = found(fixture, &ledger, field, bounds, limit).await;
                    assert_eq!(all.len(), expected.len(), "{field} {bounds:?} by {limit}");
                    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), expected);
                }
                let extent = if field == "spot" { Extent::Points } else { Extent::Any };
                let area = Area { field, extent, ranges: quad::ranges(bounds, extent), bounds };
                let counted = ListQuery::new(&ledger).count_in_area(&fixture.city, &area, 100).await.unwrap();
                assert_eq!(counted, expected.len().min(100));
            }
        }
        let mut query = ListQuery::new(&ledger);
        query.limit = 5;
        let (mut after, mut unplaced) = (0, 0);
        loop {
            let page = query.without_place(&fixture.city, "spot", after).await.unwrap();
            unplaced += page.records.len();
            match page.marks.last() {
                Some(AreaMark::Unplaced(n)) if !page.is_end => after = *n,
                _ => break,
            }
        }
        assert_eq!(unplaced, 12);
    }

    async fn a_crowded_tile_shows_a_sample_and_large_things_first(fixture) {
        let ledger = fixture.publish(&[EVERYTHING]).await;
        country(fixture, &ledger).await;
        let (x, y) = quad::on_square(139.4015, 35.4010);
        for zoom in [8_u32, 14, 16] {
            let at = |part: f64| (part * f64::from(1_u32 << zoom)).floor() as u32;
            let bounds = quad::tile_bounds(zoom, at(x), at(y)).unwrap();
            for (field, extent, limit) in [("spot", Extent::Points, 100), ("ground", Extent::Any, 10), ("spot", Extent::Points, 1_000)] {
                let ranges = quad::tile_ranges(zoom, at(x), at(y), extent).unwrap();
                let area = Area { field, extent, ranges, bounds };
                let mut query = ListQuery::new(&ledger);
                query.limit = limit;
                let shown = query.prominent(&fixture.city, &area).await.unwrap();
                let there = found(fixture, &ledger, field, bounds, 1_000).await;
                assert_eq!(shown.is_complete, there.len() <= limit, "{field} {zoom}");
                let ids: BTreeSet<RecordId> = shown.records.iter().map(|record| record.id).collect();
                assert_eq!(ids.len(), shown.records.len(), "nothing is shown twice");
                assert!(ids.iter().all(|id| there.contains(id)), "{field} {zoom}");
                assert!(shown.records.len() * 5 > limit.min(there.len()), "{field} {zoom}: {}", shown.records.len());
                if field == "ground" && !shown.is_complete {
                    let size = |values: &Fields| match values.get("ground") {
                        Some(Value::Geometry(ground)) => ground.bounding_box().east - ground.bounding_box().west,
                        _ => 0.0,
                    };
                    let smallest = shown.records.iter().map(|record| size(&record.fields)).fold(f64::MAX, f64::min);
                    assert!(smallest > 0.0004, "small fields wait: {smallest}");
                }
            }
        }
    }
}
