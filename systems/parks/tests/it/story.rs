//! The story of a swing: a danger is found on the phone, the use is stopped, it is repaired, inspected again and used again.

use kawasemi_parks::definitions::{INSPECTION, STOP_NOTICE, UNIT, WORK_ORDER};
use kawasemi_platform::kernel::{RecordId, Value};
use kawasemi_platform::ledger::{Draft, LedgerError};
use kawasemi_testkit::{Answer, Browser, TestCity, on_both_stores};

use crate::support::{add, city, day, filled, found, get, park_with_swing, rows, run, send, tables};

/// Inspects the swing on the page of its park.
async fn inspect(
    browser: &Browser,
    (park, swing): (RecordId, RecordId),
    kind: &str,
    letters: [&str; 2],
    more: &[(&str, &str)],
) -> Answer {
    let path = format!("/desk/parks/{park}/inspect");
    let page = browser.get(&path).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let mut set = vec![
        ("kind".to_owned(), kind),
        ("inspected_on".to_owned(), "令和8年5月1日"),
        ("inspector".to_owned(), "点検 太郎"),
        (format!("part.{swing}.0"), letters[0]),
        (format!("part.{swing}.1"), letters[1]),
    ];
    set.extend(more.iter().map(|(name, value)| ((*name).to_owned(), *value)));
    send(browser, &path, &filled(&page, &path, &set), &[&format!("photos.{swing}")]).await
}

async fn state(city: &TestCity, swing: RecordId) -> String {
    get(city, UNIT, swing).await.get("state").as_text().unwrap().to_owned()
}

on_both_stores! {
    tables = tables();

    async fn a_swing_is_stopped_repaired_and_used_again(fixture) {
        let city = city(fixture).await;
        let both = park_with_swing(&city, fixture).await;
        let (park, swing) = both;
        let clerk = city.sign_in("midori", &["park-staff"]).await;

        // Found on the phone, with one part that is dangerous.
        let sent = inspect(&clerk, both, "daily", ["a", "d"], &[]).await;
        assert_eq!(sent.location(), format!("/desk/parks/{park}?done=inspected"), "{}", sent.text);
        assert_eq!(state(&city, swing).await, "stopping");
        let inspection = &found(&city, INSPECTION, "overall = 'd'").await[0];
        assert!(matches!(inspection.get("photos"), Value::Files(photos) if photos.len() == 1));
        let start = clerk.get("/desk/parks").await;
        assert!(start.says("すぐに使用を止める遊具") && start.says("ぶらんこ（2人用）"), "{}", start.text);
        let visitor = city.visitor();
        assert!(visitor.get(&format!("/en/parks/{park}")).await.says("Being closed"));

        // No way in calls it stopped without all that belongs to it, nor takes it back into use.
        let record = get(&city, UNIT, swing).await;
        for to in ["stopped", "in-use", "restricted", "reinspected"] {
            let refused = city.city.ledgers.update(&city.system(), UNIT, swing, record.revision, Draft::new().with("state", to)).await;
            assert!(matches!(refused, Err(LedgerError::Invalid(_))), "{to}");
        }

        // The stop needs both photographs and that residents are told.
        let path = format!("/desk/parks/units/{swing}/stop");
        let page = clerk.get(&path).await;
        let set = |shown: &'static str| vec![
            ("reason".to_owned(), "支柱の基部が腐食して折れそう"),
            ("found_at".to_owned(), "2026-05-01T09:30"),
            ("stopped_at".to_owned(), "2026-05-01T10:48"),
            ("shown_publicly".to_owned(), shown),
            ("order_title".to_owned(), "ぶらんこの支柱の交換"),
            ("order_due".to_owned(), "R8.5.20"),
        ];
        let both_photos = ["notice_photos", "fence_photos"];
        for (shown, photos) in [("true", &both_photos[..1]), ("true", &both_photos[1..]), ("", &both_photos[..])] {
            let refused = send(&clerk, &path, &filled(&page, &path, &set(shown)), photos).await;
            assert_eq!(refused.status, 422);
            assert!(refused.says("腐食して折れそう"), "what was typed is kept: {}", refused.text);
        }
        assert!(found(&city, WORK_ORDER, "park IS NOT NULL").await.is_empty(), "nothing was written by what was refused");
        let sent = send(&clerk, &path, &filled(&page, &path, &set("true")), &both_photos).await;
        assert_eq!(sent.location(), format!("/desk/parks/units/{swing}?done=stopped"), "{}", sent.text);
        assert_eq!(state(&city, swing).await, "stopped");
        let notice = &found(&city, STOP_NOTICE, "lifted_on IS NULL").await[0];
        assert!(matches!(notice.get("hours_to_stop"), Value::Decimal(hours) if hours.to_string() == "1.3"), "{:?}", notice.get("hours_to_stop"));
        assert!(clerk.get("/desk/parks").await.says("1.3"), "the time is a figure of the first page");
        assert!(visitor.get(&format!("/parks/{park}")).await.says("今は使えない遊具があります：ぶらんこ"));

        // Repaired; a daily inspection is not enough to go on, and it can't be used again yet.
        let unit = format!("/desk/parks/units/{swing}");
        let repaired = clerk.post(&format!("{unit}/repair"), &[("result", "支柱を交換"), ("done_on", ""), ("cost_yen", "１２万".trim_end_matches('万'))]).await;
        assert_eq!(repaired.location(), format!("{unit}?done=repaired"), "{}", repaired.text);
        let order = &found(&city, WORK_ORDER, "state = 'done'").await[0];
        assert_eq!(order.get("result").as_text(), Some("支柱を交換"));
        assert_eq!(clerk.post::<&str, &str>(&format!("{unit}/release"), &[]).await.status, 422);
        inspect(&clerk, both, "daily", ["a", "a"], &[]).await;
        assert_eq!(state(&city, swing).await, "repaired");

        // A periodic inspection needs a qualification; then the unit is used again, and the stop is lifted.
        let refused = inspect(&clerk, both, "periodic", ["a", "a"], &[]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.says("点検資格の番号"), "{}", refused.text);
        inspect(&clerk, both, "periodic", ["a", "b"], &[("qualification_no", "第12345号")]).await;
        assert_eq!(state(&city, swing).await, "reinspected");
        let released = clerk.post::<&str, &str>(&format!("{unit}/release"), &[]).await;
        assert_eq!(released.location(), format!("{unit}?done=released"), "{}", released.text);
        let record = get(&city, UNIT, swing).await;
        assert_eq!(record.get("state").as_text(), Some("in-use"));
        // Installed in 2005 and of steel: past its standard period, so that it is due in six months.
        assert_eq!(record.get("next_periodic_due").as_date(), Some(day("2026-11-01")));
        assert_eq!(get(&city, STOP_NOTICE, notice.id).await.get("lifted_on").as_date(), Some(day("2026-05-01")));
        assert!(!visitor.get(&format!("/parks/{park}")).await.says("今は使えない遊具"));
        assert_eq!(found(&city, INSPECTION, "playground_unit IS NOT NULL").await.len(), 3);
    }

    async fn a_grade_c_is_used_only_with_a_measure_and_a_day(fixture) {
        let city = city(fixture).await;
        let both = park_with_swing(&city, fixture).await;
        let (park, swing) = both;
        let clerk = city.sign_in("midori", &["park-staff"]).await;
        let refused = inspect(&clerk, both, "daily", ["c", "a"], &[]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.says("暫定の措置"), "{}", refused.text);
        assert!(found(&city, INSPECTION, "park IS NOT NULL").await.is_empty());
        let (measure, due) = (format!("measure.{swing}"), format!("due.{swing}"));
        let sent = inspect(&clerk, both, "daily", ["c", "a"], &[(&measure, "座板を外して掲示"), (&due, "R8.6.1")]).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let record = get(&city, UNIT, swing).await;
        assert_eq!((record.get("state").as_text(), record.get("measure_due").as_date()), (Some("restricted"), Some(day("2026-06-01"))));

        // What was not looked at leaves the inspection incomplete, and the unit as it was.
        inspect(&clerk, both, "daily", ["a", "x"], &[]).await;
        let record = get(&city, UNIT, swing).await;
        assert_eq!((record.get("overall").as_text(), record.get("state").as_text()), (Some("incomplete"), Some("restricted")));
        assert!(clerk.get(&format!("/desk/parks/{park}")).await.says("未完了"));
    }

    async fn an_inspection_that_came_by_another_way_is_followed(fixture) {
        let city = city(fixture).await;
        let (park, swing) = park_with_swing(&city, fixture).await;
        let parts = rows(fixture, &[&[("part", Value::from("鎖")), ("grade", Value::from("d"))]]);
        let draft = Draft::new().with("playground_unit", swing).with("park", park).with("kind", "daily")
            .with("inspector", "委託先").with("inspected_on", day("2026-04-30")).with("parts", parts);
        add(&city, INSPECTION, draft).await;
        assert_eq!(state(&city, swing).await, "in-use");
        let clerk = city.sign_in("midori", &["park-staff"]).await;
        assert!(clerk.get("/desk/parks").await.says("反映していない点検が1件"));
        let reader = city.sign_in("yomu", &[]).await;
        assert_eq!(reader.post::<&str, &str>("/desk/parks/follow", &[]).await.status, 403);
        let report = run(&city, fixture, kawasemi_parks::system().daily[0].run).await.unwrap();
        assert_eq!(report.json["followed"], 1);
        assert_eq!(state(&city, swing).await, "stopping");
        let again = run(&city, fixture, kawasemi_parks::system().daily[0].run).await.unwrap();
        assert_eq!(again.json["followed"], 0);
    }

    async fn who_may_only_read_changes_nothing(fixture) {
        let city = city(fixture).await;
        let (park, swing) = park_with_swing(&city, fixture).await;
        let reader = city.sign_in("yomu", &[]).await;
        assert_eq!(reader.get("/desk/parks").await.status, 200);
        let page = reader.get(&format!("/desk/parks/units/{swing}")).await;
        assert!(page.status == 200 && !page.says("次にすること"), "{}", page.text);
        for path in [format!("/desk/parks/{park}/inspect"), format!("/desk/parks/units/{swing}/stop")] {
            assert_eq!(reader.get(&path).await.status, 403, "{path}");
        }
        for act in ["stop", "repair", "release", "remove"] {
            assert_eq!(reader.post::<&str, &str>(&format!("/desk/parks/units/{swing}/{act}"), &[]).await.status, 403, "{act}");
        }
        assert_eq!(state(&city, swing).await, "in-use");
        let clerk = city.sign_in("midori", &["park-staff"]).await;
        let removed = clerk.post::<&str, &str>(&format!("/desk/parks/units/{swing}/remove"), &[]).await;
        assert_eq!(removed.location(), format!("/desk/parks/units/{swing}?done=removed"));
        assert!(!city.visitor().get(&format!("/parks/{park}")).await.says("ぶらんこ"), "what is gone is not shown");
    }
}
