//! What lies in the areas of another ledger, and in which areas a record lies.

use kawasemi_kernel::{Geometry, RecordId, Value};
use kawasemi_ledger::Draft;
use kawasemi_testkit::desk::tables;
use kawasemi_testkit::{TestCity, on_both_stores};

use crate::common::{PARKS, city, record};

async fn zone(city: &TestCity, name: &str, area: &str) -> RecordId {
    let area: Geometry = area.parse().expect("an area");
    record(city, "flood-zone", Draft::new().with("name", name).with("area", Value::Geometry(area))).await
}

async fn park_at(city: &TestCity, name: &str, east: f64) -> RecordId {
    let place = Value::Geometry(Geometry::point(139.40 + east, 35.43).expect("a place"));
    record(
        city,
        "park",
        Draft::new().with("name", name).with("kind", "block").with("state", "open").with("location", place),
    )
    .await
}

on_both_stores! {
    tables = tables();

    async fn a_list_is_narrowed_to_what_lies_in_areas(fixture) {
        let city = city(fixture).await;
        // A triangle: the second park lies in its box, but not in it.
        let first = zone(&city, "目久尻川", "POLYGON((139.400 35.42, 139.404 35.44, 139.400 35.44, 139.400 35.42))").await;
        zone(&city, "比留川", "POLYGON((139.409 35.42, 139.411 35.42, 139.411 35.44, 139.409 35.44, 139.409 35.42))").await;
        let inside = park_at(&city, "水辺公園", 0.001).await;
        for (name, east) in [("角の公園", 0.0035), ("丘の公園", 0.006), ("川端公園", 0.010)] {
            park_at(&city, name, east).await;
        }
        let keeper = city.sign_in("hanako", &["park-keeper"]).await;
        let shown = |page: &kawasemi_testkit::desk::Answer| {
            ["水辺公園", "角の公園", "丘の公園", "川端公園"].map(|name| page.says(name))
        };
        let page = keeper.get(&format!("{PARKS}?within=flood-zone")).await;
        assert_eq!(shown(&page), [true, false, false, true], "{}", page.text);
        assert!(page.says("浸水想定区域の中"), "what narrows is said, with the way to do without it");
        let page = keeper.get(&format!("{PARKS}?within=flood-zone/{first}")).await;
        assert!(shown(&page) == [true, false, false, false] && page.says("浸水想定区域「目久尻川」の中"), "{}", page.text);
        let page = keeper.get(PARKS).await;
        assert!(shown(&page) == [true; 4] && page.says("within=flood-zone"), "the way there is on the list: {}", page.text);
        let page = keeper.get(&format!("/desk/ledgers/park/{inside}")).await;
        assert!(page.says("この場所が入る区域") && page.says("目久尻川") && !page.says("比留川"), "{}", page.text);
        let page = keeper.get(&format!("/desk/ledgers/flood-zone/{first}")).await;
        assert!(page.says("この区域の中にあるもの") && page.says(&format!("within=flood-zone%2F{first}")), "{}", page.text);
        let file = keeper.get(&format!("{PARKS}/export?within=flood-zone")).await;
        assert_eq!(file.status, 200, "{}", file.text);
    }

    async fn areas_that_may_not_be_read_narrow_nothing_and_are_not_named(fixture) {
        let city = city(fixture).await;
        zone(&city, "目久尻川", "POLYGON((139.40 35.42, 139.41 35.42, 139.41 35.44, 139.40 35.44, 139.40 35.42))").await;
        let inside = park_at(&city, "水辺公園", 0.001).await;
        let staff = city.sign_in("jiro", &[]).await;
        for path in [format!("{PARKS}?within=flood-zone"), format!("{PARKS}?within=nothing")] {
            let page = staff.get(&path).await;
            assert!(page.status == 404 && !page.says("水辺公園"), "{path}: {}", page.text);
        }
        assert!(!staff.get(PARKS).await.says("within="));
        assert!(!staff.get(&format!("/desk/ledgers/park/{inside}")).await.says("目久尻川"));
    }
}
