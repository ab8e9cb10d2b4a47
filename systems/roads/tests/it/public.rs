//! The viewer for surveyors and utilities: what it finds, what it keeps, and where a question goes.

use jiff::civil::date;
use kawasemi_platform::ledger::Draft;
use kawasemi_testkit::on_both_stores;

use crate::support::{add, city, decimal, found, route};

on_both_stores! {
    tables = crate::support::tables();

    async fn a_route_is_found_by_name_number_and_place_without_its_holders(fixture) {
        let city = city(fixture).await;
        let id = route(&city, "101", "深谷中央線").await;
        route(&city, "202", "寺尾線").await;
        let section = Draft::new().with("route", id).with("section_number", 1).with("place", "小園南二丁目地内").with("length_m", decimal("300")).with("use_state", "open").with("structure_kind", "road");
        add(&city, "road-section", section).await;
        let permit = Draft::new()
            .with("permit_number", "道占8-1").with("state", "permitted").with("holder_name", "川田商店").with("holder_address", "落合南三丁目4番5号")
            .with("kind", "pipe").with("object", "ガス管").with("purpose", "ガスの供給").with("route", id).with("place", "小園南二丁目地内")
            .with("permitted_on", date(2026, 1, 1)).with("starts_on", date(2026, 1, 1)).with("ends_on", date(2028, 1, 1));
        add(&city, "occupancy-permit", permit).await;
        let visitor = city.visitor();
        for q in ["深谷中央", "101", "小園南二丁目"] {
            let page = visitor.get(&format!("/roads?q={q}")).await;
            assert!(page.says("深谷中央線") && !page.says("寺尾線"), "{q}: {}", page.text);
        }
        assert!(visitor.get("/roads?q=存在しない道").await.says("あてはまる路線はありません"));
        let page = visitor.get(&format!("/roads/{id}")).await;
        assert!(page.says("ガス管") && page.says("小園南二丁目地内") && page.says("300"), "{}", page.text);
        for kept in ["川田商店", "落合南", "holder"] {
            assert!(!page.says(kept), "{kept}");
        }
        // An editor who looks at the public page sees no more than everybody.
        let hanako = city.sign_in("hanako", &["road-editor"]).await;
        assert!(!hanako.get(&format!("/roads/{id}")).await.says("川田商店"));
        let english = visitor.get(&format!("/en/roads/{id}")).await;
        assert!(english.says("Sections") && english.says("What occupies the road") && english.says("lang=\"ja\""), "{}", english.text);
        for wrong in ["/roads/nothing", "/roads/0190b5c8-0000-7000-8000-000000000001"] {
            assert_eq!(visitor.get(wrong).await.status, 404);
        }
    }

    async fn a_question_becomes_an_enquiry(fixture) {
        let city = city(fixture).await;
        let id = route(&city, "101", "深谷中央線").await;
        let visitor = city.visitor();
        let page = visitor.get(&format!("/roads/{id}")).await;
        let mut form = page.form("/enquiry").expect("the form leads into the enquiry");
        assert!(form.iter().any(|(name, value)| name == "subject" && value.contains("101 深谷中央線")), "{form:?}");
        // Both answers of a pair of buttons stand in the page; a browser sends the chosen one alone.
        form.retain(|(name, _)| name != "body" && name != "reply_wanted");
        form.push(("body".to_owned(), "幅員の根拠になる図面を見たいです。".to_owned()));
        let sent = visitor.post("/enquiry", &form).await;
        assert!(sent.location().starts_with("/enquiry/sent"), "{} {}", sent.status, sent.text);
        let enquiries = found(&city, "enquiry", "subject LIKE '道路台帳%'").await;
        assert_eq!(enquiries.len(), 1);
        assert_eq!(enquiries[0].get("body"), &"幅員の根拠になる図面を見たいです。".into());
    }
}
