//! A route, from the form over its sections to the written record on paper.

use kawasemi_platform::kernel::Value;
use kawasemi_platform::ledger::Draft;
use kawasemi_testkit::on_both_stores;

use crate::support::{add, change, city, decimal, is_pdf, one, route, rows};

on_both_stores! {
    tables = crate::support::tables();

    async fn a_route_is_entered_summed_up_and_printed(fixture) {
        let city = city(fixture).await;
        let hanako = city.sign_in("hanako", &["road-editor"]).await;
        let form = hanako.get("/desk/ledgers/road-route/new").await;
        assert_eq!(form.status, 200, "{}", form.text);
        let sent = hanako
            .post(
                "/desk/ledgers/road-route/new",
                &[("route_number", "101"), ("road_kind", "municipal"), ("name", "深谷中央線"), ("state", "in-force"), ("total_m", "350.5"), ("overlap_m", "0"), ("unopened_m", "50.5"), ("approved_on", "S45.4.1")],
            )
            .await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let record = one(&city, "road-route", "route_number = '101'").await;
        assert_eq!(record.get("actual_m"), &decimal("300"));
        for (n, length, state) in [(1, "300", "open"), (2, "50.5", "unopened")] {
            let draft = Draft::new()
                .with("route", record.id)
                .with("section_number", n)
                .with("length_m", decimal(length))
                .with("use_state", state)
                .with("structure_kind", "road")
                .with("width_m", decimal("6"))
                .with("improved", true)
                .with("surface", "asphalt-high");
            add(&city, "road-section", draft).await;
        }
        let page = hanako.get(&format!("/desk/roads/routes/{}", record.id)).await;
        for said in ["改良済 5.5m以上", "アスファルト（高級）", "300.00", "50.50"] {
            assert!(page.says(said), "{said}: {}", page.text);
        }
        assert!(!page.says("合っていません"));
        let sheet = hanako.get(&format!("/desk/roads/routes/{}/sheet.pdf", record.id)).await;
        assert!(is_pdf(&sheet), "{} {}", sheet.status, sheet.text);
        // A section that grows makes the two differ, which the page says and the record does not hide.
        let section = one(&city, "road-section", "section_number = 1").await;
        change(&city, "road-section", section.id, Draft::new().with("length_m", decimal("310"))).await;
        let page = hanako.get(&format!("/desk/roads/routes/{}", record.id)).await;
        assert!(page.says("総延長は調書で350.50m、区間の合計で360.50mです。"), "{}", page.text);
    }

    async fn a_settled_record_changes_only_with_a_reason(fixture) {
        let city = city(fixture).await;
        let id = route(&city, "102", "寺尾線").await;
        change(&city, "road-route", id, Draft::new().with("settled", true)).await;
        let ledgers = &city.city.ledgers;
        let record = ledgers.get(&city.system(), "road-route", id).await.unwrap();
        let draft = Draft::new().with("total_m", decimal("400"));
        let refused = ledgers.update(&city.system(), "road-route", id, record.revision, draft.clone()).await;
        assert!(refused.is_err(), "a settled length does not change silently");
        change(&city, "road-route", id, draft.with("change_reason", "再測量による訂正")).await;
        let record = ledgers.get(&city.system(), "road-route", id).await.unwrap();
        assert_eq!((record.get("version"), record.get("total_m")), (&Value::Int(2), &decimal("400")));
    }

    async fn lengths_that_can_t_be_are_refused(fixture) {
        let city = city(fixture).await;
        let draft = Draft::new()
            .with("route_number", "103")
            .with("road_kind", "municipal")
            .with("name", "短い道")
            .with("total_m", decimal("10"))
            .with("overlap_m", decimal("8"))
            .with("unopened_m", decimal("3"));
        let refused = city.city.ledgers.create(&city.system(), "road-route", draft).await.unwrap_err();
        assert!(refused.to_string().contains("総延長より長く"), "{refused}");
    }

    async fn a_plan_sheet_tells_how_it_fits_and_gives_its_world_file(fixture) {
        let city = city(fixture).await;
        let hanako = city.sign_in("hanako", &["road-editor"]).await;
        let point = |c: &'static str, r: &'static str, n: &'static str, e: &'static str| {
            [("name", Value::from(c)), ("column_px", decimal(c)), ("row_px", decimal(r)), ("north", decimal(n)), ("east", decimal(e))]
        };
        let points = [point("0", "0", "-60000", "-37000"), point("5000", "0", "-60000", "-36500"), point("5000", "3500", "-60350", "-36500"), point("0", "3500", "-60350", "-37000")];
        let points: Vec<&[(&str, Value)]> = points.iter().map(|point| &point[..]).collect();
        let draft = Draft::new()
            .with("sheet_number", "A-1")
            .with("title", "道路台帳図")
            .with("coordinates", "plane")
            .with("control_points", rows(&city, &points));
        let id = add(&city, "road-drawing", draft).await;
        let record = one(&city, "road-drawing", "judgement = 'good'").await;
        assert_eq!(record.get("residual_m"), &decimal("0"));
        let page = hanako.get(&format!("/desk/roads/drawings/{id}")).await;
        assert!(page.says("0.000") && page.says("0.1000000000"), "{}", page.text);
        let world = hanako.get(&format!("/desk/roads/drawings/{id}/world")).await;
        assert_eq!(world.text.lines().count(), 6);
        assert!(world.header("content-disposition").contains("sheet-A1.wld"), "{}", world.header("content-disposition"));
    }
}
