//! Structures: an inspection gives the grade and the next due day, and the first page shows what is open.

use jiff::civil::date;
use kawasemi_platform::kernel::Value;
use kawasemi_platform::ledger::Draft;
use kawasemi_testkit::on_both_stores;

use crate::support::{add, change, city, found, is_pdf, one, rows, run};

on_both_stores! {
    tables = crate::support::tables();

    async fn an_inspection_reaches_its_structure_and_the_first_page(fixture) {
        let city = city(fixture).await;
        let hanako = city.sign_in("hanako", &["road-editor"]).await;
        let bridge = add(&city, "road-structure", Draft::new().with("name", "深谷橋").with("kind", "bridge").with("state", "in-use")).await;
        let never = add(&city, "road-structure", Draft::new().with("name", "寺尾橋").with("kind", "bridge").with("state", "in-use")).await;
        // An old inspection that was fine, and a new one that is not.
        for (on, grade) in [(date(2020, 5, 1), "i"), (date(2025, 4, 10), "iii")] {
            let members = rows(&city, &[&[("member", "deck".into()), ("grade", grade.into()), ("main", true.into())]]);
            let draft = Draft::new().with("structure", bridge).with("inspected_on", on).with("method", "close").with("members", members);
            add(&city, "structure-inspection", draft).await;
        }
        let inspection = one(&city, "structure-inspection", "rule_grade = 'iii'").await;
        assert_eq!(inspection.get("next_due_on"), &Value::Date(date(2030, 4, 10)));
        let page = hanako.get("/desk/roads").await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.says("寺尾橋") && page.says("未点検") && page.says("深谷橋") && page.says("Ⅲ 早期措置段階"), "{}", page.text);
        let sent = hanako.post("/desk/roads/bring-over", &[("x", "1")]).await;
        assert_eq!(sent.location(), "/desk/roads?done=brought-1");
        let record = one(&city, "road-structure", "grade = 'iii'").await;
        assert_eq!((record.id, record.get("last_inspected_on")), (bridge, &Value::Date(date(2025, 4, 10))));
        // Nothing is left to bring over, for the daily work either.
        let system = kawasemi_roads::system();
        let report = run(&city, fixture, system.daily[0].run).await.unwrap();
        assert_eq!(report.json["changed"], 0);
        // The measure done, the bridge is no longer open.
        change(&city, "structure-inspection", inspection.id, Draft::new().with("measure_state", "done").with("measure_done_on", date(2026, 1, 5))).await;
        let open = found(&city, "structure-inspection", "rule_grade = 'iii' AND (measure_state IS NULL OR measure_state <> 'done')").await;
        assert!(open.is_empty());
        assert!(hanako.get("/desk/roads").await.says("措置の残っている構造物はありません"));
        let list = hanako.get("/desk/roads/structures.pdf").await;
        assert!(is_pdf(&list), "{} {}", list.status, list.text);
        assert_ne!(never, bridge);
    }

    async fn an_engineer_s_grade_needs_a_reason(fixture) {
        let city = city(fixture).await;
        let bridge = add(&city, "road-structure", Draft::new().with("name", "深谷橋").with("kind", "bridge").with("state", "in-use")).await;
        let members = || rows(&city, &[&[("member", "deck".into()), ("grade", "ii".into()), ("main", true.into())]]);
        let draft = || Draft::new().with("structure", bridge).with("inspected_on", date(2025, 4, 10)).with("method", "close").with("members", members()).with("engineer_grade", "iii");
        let refused = city.city.ledgers.create(&city.system(), "structure-inspection", draft()).await;
        assert!(refused.is_err());
        add(&city, "structure-inspection", draft().with("engineer_reason", "第三者被害のおそれ")).await;
        assert_eq!(one(&city, "structure-inspection", "grade = 'iii' AND rule_grade = 'ii'").await.get("grade"), &"iii".into());
    }
}
