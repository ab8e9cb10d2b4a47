//! What the pages of a ledger tell to whom: nothing of what may not be seen, by no way.

use crate::common::{PARKS, city, park, record};
use kawasemi_kernel::{PersonName, Value};
use kawasemi_ledger::Draft;
use kawasemi_testkit::desk::tables;
use kawasemi_testkit::on_both_stores;
use serde_json::json;

on_both_stores! {
    tables = tables();

    async fn a_hidden_record_answers_like_a_missing_one(fixture) {
        let city = city(fixture).await;
        let hidden = park(&city, "閉鎖した公園", "closed").await;
        let staff = city.sign_in("jiro", &[]).await;
        let missing = "0190b5c8-0000-7000-8000-000000000000";
        for part in ["", "/history", "/qr.svg", "/edit", "/delete", "/restore"] {
            let (one, other) =
                (staff.get(&format!("{PARKS}/{hidden}{part}")).await, staff.get(&format!("{PARKS}/{missing}{part}")).await);
            assert_eq!(one.status, other.status, "{part}");
            assert_eq!(told(&one.text), told(&other.text), "{part}");
        }
        for path in ["explain/", ""] {
            assert_eq!(staff.get(&format!("{PARKS}/{path}{hidden}")).await.status, 404);
        }
        assert_eq!(staff.get(&format!("{PARKS}/no-id")).await.status, 404);
        assert_eq!(staff.get("/desk/ledgers/nothing").await.status, 404);
        assert!(!staff.get(PARKS).await.says("閉鎖した公園"));
        assert!(!staff.get(&format!("{PARKS}?q=%E9%96%89%E9%8E%96")).await.says("閉鎖した公園</a>"));
    }

    async fn a_hidden_field_does_not_exist(fixture) {
        let city = city(fixture).await;
        let keeper = PersonName { name: "緑川 花子".into(), kana: "ミドリカワ ハナコ".into() };
        let draft = Draft::new().with("name", "城山公園").with("kind", "block").with("keeper", Value::Name(keeper));
        let id = record(&city, "park", draft).await;
        let staff = city.sign_in("jiro", &[]).await;
        assert!(!staff.get(&format!("{PARKS}/{id}")).await.says("緑川"));
        assert!(!staff.get(&format!("{PARKS}?q=%E7%B7%91%E5%B7%9D")).await.says("城山公園"));
        for question in ["filter=KEY%20IS%20NOT%20NULL", "sort=KEY", "facet=KEY:x"] {
            let hidden = staff.get(&format!("{PARKS}?{}", question.replace("KEY", "keeper"))).await;
            let missing = staff.get(&format!("{PARKS}?{}", question.replace("KEY", "keepex"))).await;
            assert_eq!((hidden.status, missing.status), (422, 422), "{question}");
            assert!(hidden.says("という項目はありません") || hidden.says("「keeper」"), "{question}: {}", hidden.text);
            assert_eq!(told(&hidden.text.replace("keeper", "KEY")), told(&missing.text.replace("keepex", "KEY")), "{question}");
        }
        let columns = staff.get(&format!("{PARKS}?columns=name,keeper")).await;
        assert!(columns.status == 200 && !columns.says("協力者"));
        let history = staff.get(&format!("{PARKS}/{id}/history")).await;
        assert!(history.status == 200 && !history.says("緑川"));
    }

    async fn html_is_text_wherever_it_is_typed(fixture) {
        let city = city(fixture).await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let evil = "<script>alert(1)</script>";
        let typed = [
            ("name", evil), ("kind", "block"), ("closed_reason", evil), ("remarks", evil), ("address.text", evil),
            ("keeper.name", evil), ("units.0.what", evil), ("state", "partly"),
        ];
        let saved = clerk.post(&format!("{PARKS}/new"), &typed).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
        let address = saved.location().split('?').next().unwrap_or_default().to_owned();
        let pages = ["", "/edit", "/history", "/delete"].map(|part| format!("{address}{part}"));
        let searches = [PARKS.to_owned(), format!("{PARKS}?q={evil}"), format!("{PARKS}?filter={evil}"), format!("{PARKS}?facet=state:{evil}")];
        for path in pages.iter().chain(&searches) {
            let path = path.replace('<', "%3C").replace('>', "%3E");
            let page = clerk.get(&path).await;
            assert!(page.status < 500 && !page.says("<script>alert"), "{path}");
        }
    }

    async fn who_only_registers_is_not_shown_the_records(fixture) {
        let city = city(fixture).await;
        let id = park(&city, "閉鎖した公園", "closed").await;
        let counter = city.sign_in("saburo", &["park-counter"]).await;
        // Everybody on the staff reads the others, so the closed park is what this person may not see.
        assert_eq!(counter.get(&format!("{PARKS}/{id}")).await.status, 404);
        let made = counter.post(&format!("{PARKS}/new"), &[("name", "新しい公園"), ("kind", "block")]).await;
        assert_eq!(made.status, 303, "{}", made.text);
        assert_eq!(counter.get(made.location()).await.status, 200);
        let refused = counter.post(&format!("{PARKS}/new"), &[("name", "別の公園"), ("kind", "block"), ("keeper.name", "誰か")]).await;
        assert_eq!(refused.status, 422);
        // A program that registers what it may not read is told that it is there, and no more.
        let records = "/api/v1/ledgers/park/records";
        let closed = json!({ "name": "見えない公園", "kind": "block", "state": "closed", "closed_reason": "工事" });
        let made = counter.send_json("POST", records, &closed).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let told: Vec<String> = made.json().as_object().expect("an object").keys().cloned().collect();
        assert_eq!(told, ["id", "number", "revision"]);
        assert_eq!(counter.get_json(made.location()).await.status, 404);
        let open = counter.send_json("POST", records, &json!({ "name": "見える公園", "kind": "block" })).await.json();
        let read = counter.get_json(&format!("{records}/{}", open["id"].as_str().expect("an id"))).await.json();
        assert_eq!(open, read, "what is answered at once is what is read later");
        // Sent again after it was deleted, it is not shown: only who may bring it back sees what was deleted.
        let id = "0190b5c8-0000-7000-8000-00000000abcd";
        let own = json!({ "id": id, "name": "端末の公園", "kind": "block" });
        assert_eq!(counter.send_json("POST", records, &own).await.json()["name"], "端末の公園");
        assert_eq!(counter.send_json("POST", records, &own).await.json()["name"], "端末の公園");
        city.city.ledgers.delete(&city.system(), "park", id.parse().expect("an id"), 1).await.expect("is deleted");
        let again = counter.send_json("POST", records, &own).await;
        assert_eq!((again.status, &again.json()["name"]), (201, &serde_json::Value::Null), "{}", again.text);
    }
}

/// What a page tells, without what differs on every answer: the reference number.
fn told(html: &str) -> String {
    html.lines().filter(|line| !line.contains("problem-facts")).collect::<Vec<_>>().join("\n")
}
