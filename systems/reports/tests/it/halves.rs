//! Portal and desk apart: what goes out holds nothing that is not public, and each half serves its own pages.

use kawasemi_platform::courier::{HandlerParts, Parcel, Side};
use kawasemi_platform::desk::Role;
use kawasemi_platform::ledger::{Calculators, Ledgers};
use kawasemi_platform::store::CityInfo;
use kawasemi_platform::store::record::read;
use kawasemi_platform::store::schema::{self, Allow, Wanted};
use kawasemi_reports::{intake, mirror};
use kawasemi_testkit::on_both_stores;

use crate::support::*;

on_both_stores! {
    tables = tables();

    async fn the_portal_gets_what_everybody_may_see_and_no_more(fixture) {
        let city = city(fixture).await;
        let mut entries = report("road.pothole", HALL, "ひみつの内容");
        entries.push(("name".to_owned(), "ひみつの名前".to_owned()));
        let jpeg = photograph();
        let held = number(&upload(&city.visitor(), "/report", &entries, &[("photo", "a.jpg", &jpeg)]).await);
        let shown = sent(&city.visitor(), "road.pothole", AWAY, "ひみつの内容").await;
        let triage = city.sign_in("uketsuke", &["report-triage"]).await;
        let path = format!("/desk/reports/{}", found(&city, &shown).await.id);
        triage.post(&format!("{path}/publish"), &[("public_state", "shown"), ("description", "みんなが読む")]).await;

        // The portal's own city.
        let info = CityInfo { code: "142158".to_owned(), name: "海老名市".to_owned(), time_zone: "Asia/Tokyo".to_owned(), hosts: Vec::new(), created_at: 0 };
        let portal = fixture.store.create_city(info).await.expect("it is created");
        let registry = kawasemi_platform::registry::bundle().expect("the registers");
        let own = kawasemi_reports::definitions::bundle().expect("the definitions");
        let roles = registry.system.roles.iter().chain(&own.system.roles).cloned().collect();
        let definitions = registry.ledgers.iter().chain(&own.ledgers).cloned().collect();
        let plan = schema::plan(&portal, Wanted { definitions, retired: Vec::new() }).await.expect("a plan");
        schema::apply(&portal, &plan, Allow::Additions, &fixture.act("試験"), &*fixture.ids).await.expect("applied");
        let ledgers = Ledgers::new(portal.clone(), roles, Calculators::new(), fixture.ids.clone()).expect("ledgers");
        let parts = HandlerParts { ledgers, files: city.city.files.clone(), ids: fixture.ids.clone(), clock: fixture.clock.clone(), side: Some(Side::Portal) };
        let handlers = intake::handlers(&parts);
        assert!(handlers.get("road-report").is_none(), "what comes in is for the desk");
        let handler = handlers.get(mirror::MIRROR_PARCEL).expect("what goes out is for the portal");
        for ledger in ["report-setting", "report-category", "report-authority", "road-report", "report-update"] {
            let table = city.city.city.catalogue().get(ledger).cloned().expect("the ledger");
            for record in all(&city, ledger, "revision > 0").await {
                let row = read::record(&city.city.city, &table, record.id).await.expect("read").expect("there");
                let body = mirror::outward(&city.city.files, &table.def, &row).await.expect("a parcel");
                assert!(!String::from_utf8_lossy(&body).contains("ひみつ"), "{ledger}");
                for _ in 0..2 {
                    let parcel = Parcel { id: fixture.record_id().0, kind: mirror::MIRROR_PARCEL.to_owned(), at: fixture.now(), body: body.clone() };
                    let unit = handler.prepare(&parcel).await.unwrap_or_else(|error| panic!("{error:?}"));
                    if !unit.is_empty() {
                        portal.write(unit).await.expect("it is written");
                    }
                }
            }
        }
        let at = fixture.now();
        let seen = kawasemi_reports::public::reports(&parts.ledgers, at, Vec::new(), 10).await.expect("they are read");
        assert_eq!(seen.len(), 2, "both are known by their numbers, once each");
        let (held, shown) = (seen.iter().find(|one| one.reference == held).unwrap(), seen.iter().find(|one| one.reference == shown).unwrap());
        assert!(held.public_description.is_empty() && held.location.is_none() && held.public_point.is_some());
        assert_eq!(shown.public_description, "みんなが読む");
    }

    async fn each_half_serves_its_own(fixture) {
        let portal = city_in_role(fixture, Role::Portal).await;
        let visitor = portal.visitor();
        assert_eq!(visitor.get("/report").await.status, 503, "it knows no desk yet");
        for path in ["/reports", "/en/reports", "/reports/feed.atom", "/reports/map.geojson", "/report/app.js", "/report/sw.js", "/open311/v2/services.xml"] {
            assert_eq!(visitor.get(path).await.status, 200, "{path}");
        }
        assert!(visitor.get("/open311/v2/services.json").await.says("\"batch\""));
        assert_eq!(visitor.get("/desk/reports").await.status, 404);
    }

    async fn the_desk_serves_no_residents(fixture) {
        let desk = city_in_role(fixture, Role::Desk).await;
        let visitor = desk.visitor();
        for path in ["/report", "/reports", "/open311/v2/services.json"] {
            assert_eq!(visitor.get(path).await.status, 404, "{path}");
        }
        let triage = desk.sign_in("uketsuke", &["report-triage"]).await;
        assert_eq!(triage.get("/desk/reports").await.status, 200, "it works before it knows the portal's key");
    }
}
