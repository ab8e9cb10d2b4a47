//! The viewer for plumbers, surveyors and utilities.

use kawasemi_platform::ledger::Draft;
use kawasemi_testkit::on_both_stores;

use crate::support::{add, city, decimal, found, pipe};

on_both_stores! {
    tables = crate::support::tables();

    async fn a_pipe_is_found_with_its_neighbours_and_a_question_goes_to_the_desk(fixture) {
        let city = city(fixture).await;
        let first = add(&city, "sewer-pipe", pipe("P-1", "sanitary", "60", ["M-1", "M-2"]).with("place", "小園南二丁目地内").with("urgency", "one")).await;
        add(&city, "sewer-pipe", pipe("P-2", "sanitary", "40", ["M-2", "M-3"])).await;
        for number in ["M-1", "M-2"] {
            add(&city, "sewer-manhole", Draft::new().with("facility_number", number).with("exclusion", "sanitary").with("depth_m", decimal("2.5"))).await;
        }
        let lateral = Draft::new().with("facility_number", "T-1").with("exclusion", "sanitary").with("diameter_mm", 150).with("length_m", decimal("4.2")).with("pipe_number", "P-1");
        add(&city, "sewer-lateral", lateral).await;
        let visitor = city.visitor();
        for q in ["P-1", "小園南二丁目"] {
            let page = visitor.get(&format!("/sewers?q={q}")).await;
            assert!(page.says("P-1") && page.says("小園南二丁目地内"), "{q}: {}", page.text);
        }
        assert!(visitor.get("/sewers?q=どこにもない").await.says("あてはまるものはありません"));
        let page = visitor.get(&format!("/sewers/pipes/{first}")).await;
        for said in ["M-1", "M-2", "P-2", "T-1", "60"] {
            assert!(page.says(said), "{said}: {}", page.text);
        }
        assert!(!page.says("緊急度"), "what is found wrong is not for the public page");
        let english = visitor.get(&format!("/en/sewers/pipes/{first}")).await;
        assert!(english.says("Connected pipes") && english.says("Length"), "{}", english.text);
        let manhole = found(&city, "sewer-manhole", "facility_number = 'M-2'").await[0].id;
        let manhole = visitor.get(&format!("/sewers/manholes/{manhole}")).await;
        assert!(manhole.says("P-1") && manhole.says("P-2") && manhole.says("2.5"), "{}", manhole.text);
        let mut form = page.form("/enquiry").expect("the form leads into the enquiry");
        // Both answers of a pair of buttons stand in the page; a browser sends the chosen one alone.
        form.retain(|(name, _)| name != "body" && name != "reply_wanted");
        form.push(("body".to_owned(), "接続できる深さを知りたいです。".to_owned()));
        assert!(visitor.post("/enquiry", &form).await.location().starts_with("/enquiry/sent"));
        assert_eq!(found(&city, "enquiry", "subject LIKE '下水道台帳%P-1'").await.len(), 1);
    }
}
