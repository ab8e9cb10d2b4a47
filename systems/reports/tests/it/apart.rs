//! Two installations that ran apart are put together: ids stay, nothing doubles, fields merge one by one.

use kawasemi_platform::ledger::Draft;
use kawasemi_testkit::on_both_stores;

use crate::support::*;

on_both_stores! {
    tables = tables();

    async fn what_ran_apart_is_put_together(fixture) {
        let city = city(fixture).await;
        let known = sent(&city.visitor(), "road.pothole", HALL, "前からの穴").await;
        city.clock.advance(jiff::SignedDuration::from_hours(2));
        let triage = city.sign_in("uketsuke-2", &["report-triage"]).await;
        // On the laptop: one more report with a photograph, and the known one looked at.
        let jpeg = photograph();
        let answer = upload(&city.visitor(), "/report", &report("road.tree", AWAY, "倒木"), &[("photo", "a.jpg", &jpeg)]).await;
        let fresh = number(&answer);
        let path = format!("/desk/reports/{}", found(&city, &known).await.id);
        triage.post(&format!("{path}/state"), &[("state", "investigating"), ("note", "見た")]).await;
        let bundle = triage.get("/desk/reports/settings/bundle?since=2026-05-01T11:00").await;
        assert_eq!(bundle.status, 200, "{}", bundle.text);

        // The hall, meanwhile: as it was, but for another note; the new report is not there. (Here the one city plays both.)
        let (one_report, two) = (found(&city, &known).await, found(&city, &fresh).await);
        let (ledgers, context) = (&city.city.ledgers, city.system());
        let as_it_was = Draft::new().with("state", "received").with("status_note", "庁内のことば");
        ledgers.update(&context, "road-report", one_report.id, one_report.revision, as_it_was).await.unwrap();
        let text = bundle.text.replace(&two.id.to_string(), "0190b5c8-0000-7000-8000-00000000abcd");
        let text = text.replace(&fresh, "00000-00001");
        let take = async || upload(&triage, "/desk/reports/settings/bundle", &[], &[("bundle", "a.json", text.as_bytes())]).await;
        let taken = take().await;
        assert!(taken.status == 200 && taken.says("新しい記録1件"), "{}", taken.text);
        assert!(taken.says("こちらの値を残しました") && taken.says("見た"), "{}", taken.text);
        let merged = found(&city, &known).await;
        assert_eq!(merged.get("state").as_text(), Some("investigating"), "changed on the laptop alone");
        assert_eq!(merged.get("status_note").as_text(), Some("庁内のことば"), "changed on both: ours stays");
        let came = found(&city, "00000-00001").await;
        assert_eq!(came.id.to_string(), "0190b5c8-0000-7000-8000-00000000abcd", "ids are kept");
        assert!(matches!(came.get("photos"), kawasemi_platform::kernel::Value::Files(files) if files.len() == 1));
        let count = all(&city, "road-report", "state <> 'cancelled'").await.len();
        assert!(take().await.says("新しい記録0件"));
        assert_eq!(all(&city, "road-report", "state <> 'cancelled'").await.len(), count, "taken in twice, nothing doubles");
        let other = upload(&triage, "/desk/reports/settings/bundle", &[], &[("bundle", "a.json", b"{}")]).await;
        assert!(other.status == 422 && other.says("突き合わせのファイルではない"), "{}", other.text);
    }
}
