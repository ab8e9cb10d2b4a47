//! Reports of the app in use until today, with what happened to them.

use kawasemi_testkit::on_both_stores;

use crate::support::*;

const REPORTS: &str = "番号,種類,状態,受付日時,更新日時,緯度,経度,内容,場所\n\
    12,道路の穴,fixed,2024/05/01 09:30,2024/05/08 15:00,35.4378,139.4269,穴があります,市役所前\n\
    13,不法投棄,open,2024/06/01 10:00,,35.4425,139.4269,ごみ,\n\
    14,知らない種類,open,2024/06/01 10:00,,35.4425,139.4269,なにか,\n";
const UPDATES: &str = "<service_request_updates><request_update><update_id>7</update_id><service_request_id>12</service_request_id>\
    <status>FIXED</status><updated_datetime>2024-05-08T15:00:00+09:00</updated_datetime><description>直しました</description>\
    </request_update></service_request_updates>";

on_both_stores! {
    tables = tables();

    async fn former_reports_come_in_once_with_their_history(fixture) {
        let city = city(fixture).await;
        let triage = city.sign_in("uketsuke", &["report-triage"]).await;
        let entries = [("named", "道路の穴=road.pothole"), ("was_public", "true")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        let files = [("reports", "a.csv", REPORTS.as_bytes()), ("updates", "b.xml", UPDATES.as_bytes())];
        let path = "/desk/reports/settings/import";
        let answer = upload(&triage, path, &entries, &files).await;
        assert!(answer.status == 200 && answer.says("通報2件と経過1件"), "{}", answer.text);
        assert!(answer.says("14：種類") && answer.says("対応表"), "{}", answer.text);
        let old = one(&city, "road-report", "source_id = '12'").await;
        assert_eq!((old.get("state").as_text(), old.get("channel").as_text()), (Some("done"), Some("import")));
        let number = old.get("reference").as_text().unwrap().to_owned();
        let page = city.visitor().get(&format!("/report/{number}")).await;
        assert!(page.says("穴があります") && page.says("直しました") && page.says("市役所前"), "{}", page.text);
        let dump = one(&city, "road-report", "source_id = '13'").await;
        assert_ne!(dump.get("public_point"), dump.get("location"), "a category that is always rounded");

        let again = upload(&triage, path, &entries, &files).await;
        assert!(again.says("通報0件と経過0件") && again.says("すでにあった通報は2件"), "{}", again.text);
        assert_eq!(all(&city, "road-report", "channel = 'import'").await.len(), 2);
        let broken = upload(&triage, path, &entries, &[("reports", "a.json", b"{\"a\":")]).await;
        assert!(broken.status == 422 && broken.says("JSONとして読めません"), "{}", broken.text);
        let clerk = city.sign_in("clerk", &[]).await;
        assert_eq!(upload(&clerk, path, &entries, &files).await.status, 403);
    }
}
