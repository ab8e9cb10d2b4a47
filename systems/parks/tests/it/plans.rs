//! A life-extension plan: spread over its years, looked at, and taken out as a workbook and on paper.

use std::io::Cursor;

use calamine::{Reader as _, Xlsx};
use kawasemi_parks::definitions::{PLAN, PLAN_ITEM};
use kawasemi_platform::kernel::RecordId;
use kawasemi_platform::ledger::Draft;
use kawasemi_testkit::{TestCity, on_both_stores};

use crate::papers::{bytes, read};
use crate::support::{add, city, found, get, park_with_swing, tables};

async fn plan_of(city: &TestCity, park: RecordId) -> RecordId {
    let plan = Draft::new()
        .with("name", "試験の計画")
        .with("first_fiscal_year", 2027_i64)
        .with("years", 3_i64)
        .with("ceiling_yen", 10_000_000_i64);
    let plan = add(city, PLAN, plan).await;
    let item = |name: &str, soundness: &str, cost: i64| {
        Draft::new()
            .with("plan", plan)
            .with("park", park)
            .with("category", "convenience")
            .with("name", name)
            .with("soundness", soundness)
            .with("installed_year", 1990_i64)
            .with("cost_yen", cost)
            .with("disposal_years", 15_i64)
            .with("renewal_cost_yen", 3_000_000_i64)
            .with("life_repairs_yen", 300_000_i64)
            .with("yearly_upkeep_yen", 10_000_i64)
    };
    add(city, PLAN_ITEM, item("便所", "d", 12_000_000)).await;
    add(city, PLAN_ITEM, item("四阿", "c", 6_000_000)).await;
    add(city, PLAN_ITEM, item("水飲み場", "b", 5_000_000)).await;
    add(city, PLAN_ITEM, item("=HYPERLINK(\"x\")", "a", 9_000_000)).await;
    plan
}

on_both_stores! {
    tables = tables();

    async fn a_plan_is_spread_under_its_ceiling_and_what_is_d_comes_first(fixture) {
        let city = city(fixture).await;
        let (park, _) = park_with_swing(&city, fixture).await;
        let plan = plan_of(&city, park).await;
        let clerk = city.sign_in("midori", &["park-staff"]).await;
        let board = format!("/desk/parks/plans/{plan}");
        let spread = clerk.post::<&str, &str>(&format!("{board}/spread"), &[]).await;
        assert_eq!(spread.location(), format!("{board}?done=spread:3:1:1"), "{}", spread.text);
        let year = async |name: &str| found(&city, PLAN_ITEM, &format!("name = '{name}'")).await[0].get("placed_fiscal_year").as_int();
        assert_eq!((year("便所").await, year("四阿").await, year("水飲み場").await), (Some(2027), Some(2028), Some(2029)));
        let page = clerk.get(&format!("{board}?done=spread:3:1:1")).await;
        for said in ["令和9年度（上限超過）", "未配分", "上限を超えた施設1", "予防保全が有利"] {
            assert!(page.says(said), "{said}: {}", page.text);
        }
        assert!(page.says("高") && !page.says("high"), "urgency is said in words: {}", page.text);
        let again = clerk.post::<&str, &str>(&format!("{board}/spread"), &[]).await;
        assert_eq!(again.location(), format!("{board}?done=spread:0:1:1"), "nothing moves the second time");

        let book = bytes(&city, &clerk, &format!("{board}/plan.xlsx")).await;
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(book)).unwrap();
        assert_eq!(book.sheet_names(), ["総括表", "都市公園別", "公園施設種類別現況"]);
        let rows: Vec<Vec<String>> = book.worksheet_range("公園施設種類別現況").unwrap().rows()
            .map(|row| row.iter().map(ToString::to_string).collect()).collect();
        let toilet = rows.iter().find(|row| row.contains(&"便所".to_owned())).unwrap();
        assert!(toilet.contains(&"12000".to_owned()) && toilet.contains(&"令和9年度（上限超過）".to_owned()), "{toilet:?}");
        assert!(rows.iter().any(|row| row.contains(&"=HYPERLINK(\"x\")".to_owned())), "what is typed is text");
        let (text, _) = read(&bytes(&city, &clerk, &format!("{board}/plan.pdf")).await);
        for word in ["公園施設長寿命化計画", "総括表", "都市公園別", "公園施設種類別現況", "便所", "12,000", "令和9年度（上限超過）"] {
            assert!(text.contains(word), "{word} is not in {text}");
        }

        // What is decided stays.
        let record = get(&city, PLAN, plan).await;
        let decided = Draft::new().with("state", "decided").with("decided_on", jiff::civil::date(2026, 5, 1));
        city.city.ledgers.update(&city.system(), PLAN, plan, record.revision, decided).await.unwrap();
        let refused = clerk.post::<&str, &str>(&format!("{board}/spread"), &[]).await;
        assert!(refused.status == 422 && refused.says("決定した計画"), "{}", refused.text);
        let reader = city.sign_in("yomu", &[]).await;
        assert_eq!(reader.post::<&str, &str>(&format!("{board}/spread"), &[]).await.status, 403);
        assert_eq!(reader.get(&board).await.status, 200);
    }
}
