//! Priorities under a budget: the page computes anew with what stands in it, and the workbook has the same.

use kawasemi_testkit::on_both_stores;

use crate::support::{add, city, pipe};

on_both_stores! {
    tables = crate::support::tables();

    async fn the_list_changes_with_budget_and_weights(fixture) {
        let city = city(fixture).await;
        let hanako = city.sign_in("hanako", &["sewer-editor"]).await;
        // Three pipes in a row, of which the last has most upstream; one of an unknown year; and one that carries rain.
        for (number, ends, year) in [("P-1", ["M-1", "M-2"], 1990), ("P-2", ["M-2", "M-3"], 1970), ("P-3", ["M-3", "M-4"], 1960)] {
            add(&city, "sewer-pipe", pipe(number, "sanitary", "100", ends).with("built_fiscal_year", year)).await;
        }
        let unknown = pipe("P-4", "sanitary", "100", ["M-8", "M-9"]).with("built_fiscal_year", kawasemi_platform::kernel::Value::Null);
        add(&city, "sewer-pipe", unknown).await;
        add(&city, "sewer-pipe", pipe("R-1", "storm", "100", ["M-5", "M-6"])).await;
        let page = hanako.get("/desk/sewers/priorities?budget_yen=200000&survey_yen_per_m=2000").await;
        assert_eq!(page.status, 200, "{}", page.text);
        let at = |text: &str| page.text.find(text).unwrap_or_else(|| panic!("{text}: {}", page.text));
        assert!(at(">P-3<") < at(">P-2<") && at(">P-2<") < at(">P-1<"));
        assert!(at(">R-1<") > at("雨水の管きょ") && page.says("推定"));
        assert!(page.says("5年目") && !page.says("6年目"), "five spans of 200,000 yen fill five years");
        let rich = hanako.get("/desk/sewers/priorities?budget_yen=5000000&survey_yen_per_m=2000").await;
        assert!(rich.says("1年目") && !rich.says("2年目"));
        // A pipe under an emergency road comes first once that weighs enough.
        let draft = pipe("P-5", "sanitary", "10", ["M-10", "M-11"]).with("built_fiscal_year", 1985).with("emergency_road", true);
        add(&city, "sewer-pipe", draft).await;
        let heavy = hanako.get("/desk/sewers/priorities?weight_emergency=50").await;
        let at = |text: &str| heavy.text.find(text).unwrap();
        assert!(at(">P-5<") < at(">P-3<"));
        let wrong = hanako.get("/desk/sewers/priorities?budget_yen=たくさん&steepness=-1").await;
        assert!(wrong.status == 200 && wrong.says("1年の予算（円）") && wrong.says("読めない値があります") && wrong.says("たくさん"), "{}", wrong.text);
        let book = hanako.get("/desk/sewers/priorities.xlsx?budget_yen=200000").await;
        assert!(book.status == 200 && book.text.starts_with("PK"), "{}", book.status);
    }

    async fn few_surveys_give_no_curve_but_a_sentence(fixture) {
        let city = city(fixture).await;
        let hanako = city.sign_in("hanako", &["sewer-editor"]).await;
        let page = hanako.get("/desk/sewers/forecast").await;
        assert!(page.says("0しかありません。30スパン以上"), "{}", page.text);
        assert!(hanako.get("/desk/sewers/priorities").await.says("管きょがまだ登録されていません"));
    }
}
