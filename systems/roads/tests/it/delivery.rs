//! A work's electronic delivery: what is missing, and the folders.

use kawasemi_platform::ledger::Draft;
use kawasemi_testkit::on_both_stores;

use crate::support::{add, city};

on_both_stores! {
    tables = crate::support::tables();

    async fn what_is_missing_is_told(fixture) {
        let city = city(fixture).await;
        let hanako = city.sign_in("hanako", &["road-editor"]).await;
        let draft = Draft::new().with("work_number", "R8-1").with("title", "舗装補修工事").with("state", "under-way").with("contractor_name", "川田建設");
        let id = add(&city, "construction-work", draft).await;
        let page = hanako.get(&format!("/desk/roads/works/{id}")).await;
        for said in ["施工計画書がありません", "工事写真がありません", "工事がまだ完成していません"] {
            assert!(page.says(said), "{said}: {}", page.text);
        }
    }

    async fn approved_papers_and_photographs_go_into_the_folders(fixture) {
        let city = city(fixture).await;
        let kanri = city.sign_in("kanri", &["road-works-supervisor"]).await;
        let draft = Draft::new().with("work_number", "R8-2").with("title", "舗装補修工事").with("state", "completed").with("contractor_name", "川田建設");
        let work = add(&city, "construction-work", draft).await;
        let boundary = "kawasemi";
        let jpeg: &[u8] = include_bytes!("../data/photo.jpg");
        let mut body = Vec::new();
        for (name, value) in [("work", work.to_string().as_str()), ("category", "before"), ("title", "着手前"), ("taken_on", "2026-05-01"), ("representative", "true")] {
            body.extend(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
        }
        body.extend(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"着手前.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n").into_bytes());
        body.extend(jpeg);
        body.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
        let request = kanri
            .request("POST", "/desk/ledgers/work-photo/new")
            .header("accept", "text/html")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", format!("multipart/form-data; boundary={boundary}"))
            .body(body.into());
        let sent = kanri.send(request).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let page = kanri.get(&format!("/desk/roads/works/{work}")).await;
        assert!(page.says("いま1ファイル") && !page.says("工事写真がありません") && !page.says("代表写真が"), "{}", page.text);
        let answer = kanri.get(&format!("/desk/roads/works/{work}/delivery.zip")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/zip"));
        // Names stand in a ZIP as they are.
        for name in ["INDEX_C.XML", "PHOTO/PHOTO.XML", "PHOTO/PIC/P0000001.JPG"] {
            assert!(answer.text.contains(name), "{name}");
        }
    }
}
