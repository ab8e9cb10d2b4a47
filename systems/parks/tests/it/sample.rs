//! The sample of the demo city.

use kawasemi_parks::definitions::{PARK, PLAN_ITEM, UNIT};
use kawasemi_testkit::on_both_stores;

use crate::support::{city, found, run, tables};

on_both_stores! {
    tables = tables();

    async fn the_sample_is_loaded_once_and_every_page_of_it_opens(fixture) {
        let city = city(fixture).await;
        let load = kawasemi_parks::system().sample.unwrap();
        let report = run(&city, fixture, load).await.unwrap();
        assert_eq!(report.json["parks"], 134, "{}", report.text);
        assert_eq!(run(&city, fixture, load).await.unwrap().json["parks"], 0);
        let parks = found(&city, PARK, "site_area_m2 IS NOT NULL").await;
        assert!(parks.iter().all(|park| park.get("source").as_text().unwrap().contains("CC BY 4.0")), "the source is credited with every park");
        assert!(found(&city, UNIT, "state = 'in-use'").await.len() > 250);
        let placed = found(&city, PLAN_ITEM, "placed_fiscal_year IS NOT NULL").await;
        assert!(!placed.is_empty());
        let clerk = city.sign_in("midori", &["park-staff"]).await;
        let start = clerk.get("/desk/parks").await;
        assert!(start.status == 200 && start.says("公園施設長寿命化計画（見本）"), "{}", start.text);
        for park in parks.iter().take(3) {
            for path in [format!("/desk/parks/{}", park.id), format!("/desk/parks/{}/inspect", park.id), format!("/parks/{}", park.id)] {
                assert_eq!(clerk.get(&path).await.status, 200, "{path}");
            }
        }
        assert!(city.visitor().get("/en/parks").await.says("134 parks"));
    }
}
