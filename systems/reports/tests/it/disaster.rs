//! Disaster mode: the clocks stand, the headquarters sort out, and the days do not count.

use kawasemi_testkit::on_both_stores;

use crate::support::*;

on_both_stores! {
    tables = tables();

    async fn the_clocks_stand_and_go_on(fixture) {
        let city = city(fixture).await;
        let (roads, headquarters) = (section(&city, "道路管理課").await, section(&city, "災害対策本部").await);
        for category in all(&city, "report-category", "active").await {
            let draft = kawasemi_platform::ledger::Draft::new().with("department", roads);
            city.city.ledgers.update(&city.system(), "report-category", category.id, category.revision, draft).await.unwrap();
        }
        let visitor = city.visitor();
        let before = sent(&visitor, "road.pothole", HALL, "穴").await;
        let due = found(&city, &before).await.get("fix_due").as_date().unwrap();
        assert_eq!(due, jiff::civil::date(2026, 5, 11));
        let hq = city.sign_in("honbu", &["report-headquarters"]).await;
        let act = "/desk/reports/settings/disaster";
        assert_eq!(hq.post(act, &[("act", "begin"), ("name", "")]).await.status, 422);
        let begun = hq.post(act, &[("act", "begin"), ("name", "台風15号"), ("department", &headquarters.to_string())]).await;
        assert_eq!(begun.status, 303, "{}", begun.text);
        assert!(found(&city, &before).await.get("fix_due").is_null(), "the clock stands");
        assert!(visitor.get("/report").await.says("台風15号") && hq.get("/desk/reports").await.says("災害モードです"));
        assert_eq!(hq.post(act, &[("act", "begin"), ("name", "もう一つ")]).await.status, 422);
        let during = sent(&visitor, "road.tree", AWAY, "倒木").await;
        assert_eq!(found(&city, &during).await.get("department").as_record(), Some(headquarters));

        city.clock.advance(jiff::SignedDuration::from_hours(24 * 11));
        let hq = city.sign_in("honbu-2", &["report-headquarters"]).await;
        let ended = hq.post(act, &[("act", "end")]).await;
        assert_eq!(ended.status, 303, "{}", ended.text);
        // From Friday 1 May to Tuesday 12 May nothing counted.
        assert_eq!(found(&city, &before).await.get("fix_due").as_date(), Some(jiff::civil::date(2026, 5, 15)));
        assert_eq!(found(&city, &during).await.get("department").as_record(), Some(roads), "it goes back to its section");
        let clerk = city.sign_in("clerk", &[]).await;
        assert_eq!(clerk.post(act, &[("act", "begin"), ("name", "x")]).await.status, 403);
    }
}
