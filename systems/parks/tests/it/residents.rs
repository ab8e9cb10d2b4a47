//! What residents see: parks in four languages, and a workshop of which nobody is recognised.

use kawasemi_parks::definitions::{ANSWER, CRITERION, OPTION, PARK, RESPONSE, WORKSHOP};
use kawasemi_platform::kernel::Value;
use kawasemi_platform::ledger::Draft;
use kawasemi_testkit::on_both_stores;

use crate::support::{add, city, day, figure, get, park_with_swing, rows, tables};

on_both_stores! {
    tables = tables();

    async fn parks_are_shown_in_four_languages_and_hidden_ones_are_not(fixture) {
        let city = city(fixture).await;
        let (park, _) = park_with_swing(&city, fixture).await;
        let hidden = Draft::new().with("name", "ひみつの公園").with("kind", "block").with("address", "試験市1").with("published", false);
        let hidden = add(&city, PARK, hidden).await;
        let visitor = city.visitor();
        for (prefix, title, state) in [("", "公園", "使用中"), ("/ja-easy", "公園", "使えます"), ("/en", "Parks", "In use"), ("/vi", "Công viên", "Đang sử dụng")] {
            let list = visitor.get(&format!("{prefix}/parks")).await;
            assert!(list.status == 200 && list.says(&format!("<h1>{title}</h1>")) && list.says("蓼川の試験公園") && !list.says("ひみつの公園"), "{}", list.text);
            let page = visitor.get(&format!("{prefix}/parks/{park}")).await;
            assert!(page.status == 200 && page.says(state), "{prefix}: {}", page.text);
        }
        assert!(visitor.get("/parks?q=蓼川").await.says("蓼川の試験公園"));
        assert!(!visitor.get("/parks?q=寺尾").await.says("蓼川の試験公園"));
        assert_eq!(visitor.get(&format!("/parks/{hidden}")).await.status, 404);
        assert_eq!(visitor.get("/parks/nonsense").await.status, 404);
    }

    async fn a_workshop_shows_sums_and_hides_the_few(fixture) {
        let city = city(fixture).await;
        let (park, _) = park_with_swing(&city, fixture).await;
        let workshop = Draft::new().with("park", park).with("title", "みんなの公園").with("purpose", "使い方を考える").with("from", day("2026-04-01")).with("until", day("2026-06-30")).with("published", true);
        let workshop = add(&city, WORKSHOP, workshop).await;
        let option = |no: &str, title: &str| Draft::new().with("workshop", workshop).with("option_no", no).with("title", title).with("published", true);
        let (a, b) = (add(&city, OPTION, option("A案", "遊具を広げる")).await, add(&city, OPTION, option("B案", "芝生を広げる")).await);
        let criterion = Draft::new().with("workshop", workshop).with("name", "遊びやすさ").with("weight", figure("2"));
        let criterion = add(&city, CRITERION, criterion).await;
        for (age, preferred, count, rating) in [("age-30s", a, 7, 5), ("age-30s", b, 6, 3), ("age-60s", a, 6, 4), ("age-60s", b, 2, 4), ("age-40s", a, 9, 4), ("age-40s", b, 8, 2)] {
            for _ in 0..count {
                let ratings = rows(fixture, &[&[("option", Value::Record(preferred)), ("criterion", Value::Record(criterion)), ("rating", Value::Int(rating))]]);
                let response = Draft::new().with("workshop", workshop).with("age_band", age).with("distance_band", "near").with("preferred_option", preferred)
                    .with("ratings", ratings).with("comment", "わたしの意見ひみつ");
                add(&city, RESPONSE, response).await;
            }
        }
        let answer = Draft::new().with("workshop", workshop).with("opinion", "木陰がほしい").with("answer", "高木を植えます").with("reflected", "reflected").with("published", true);
        add(&city, ANSWER, answer).await;
        let clerk = city.sign_in("midori", &["park-staff"]).await;
        let inside = clerk.get(&format!("/desk/parks/workshops/{workshop}")).await;
        // 2 × (7×5 + 6×4 + 9×4) ÷ 22
        assert!(inside.status == 200 && inside.says("8.64") && inside.says("n=22"), "{}", inside.text);
        let visitor = city.visitor();
        let path = format!("/en/parks/workshops/{workshop}");
        let before = visitor.get(&path).await;
        assert!(before.status == 200 && before.says("when they are ready") && !before.says("8.64"), "{}", before.text);
        let record = get(&city, WORKSHOP, workshop).await;
        city.city.ledgers.update(&city.system(), WORKSHOP, workshop, record.revision, Draft::new().with("results_published", true)).await.unwrap();
        let after = visitor.get(&path).await;
        assert!(after.says("8.64") && after.says("高木を植えます") && !after.says("ひみつ"), "{}", after.text);
        let row = after.between("60–69", "</tr>").unwrap();
        assert!(row.contains('＊') && !row.contains(">2<") && !row.contains(">6<"), "two of the sixties would be recognised: {row}");
        assert!(after.says("fewer than 5 people"));
        assert_eq!(visitor.get_json(&format!("/api/ledgers/{RESPONSE}/records")).await.status, 404, "single responses are nobody's business");
    }
}
