//! Full-text search: two-character words, folded forms, levels, long texts; the same hits whichever way is taken.

use crate::common::{PARK, fields, text};
use kawasemi_kernel::bigram::Query;
use kawasemi_kernel::{PersonName, RecordId, Value};
use kawasemi_schema::Clearance;
use kawasemi_store::list::Way;
use kawasemi_store::record::read;
use kawasemi_store::schema;
use kawasemi_store::{Ledger, ListQuery, Order, RecordUnit, Search, SearchScope, Sql};
use kawasemi_testkit::{Fixture, on_both_stores};
use std::sync::Arc;

const INSIDE: [Clearance; 2] = [Clearance::Public, Clearance::Internal];

async fn add(fixture: &Fixture, ledger: &Arc<Ledger>, name: &str, note: &str, manager: &str) -> RecordId {
    let (act, id) = (fixture.act(""), fixture.record_id());
    let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
    let manager = PersonName { name: manager.to_owned(), kana: String::new() };
    let values = fields([
        ("name", text(name)),
        ("note", text(note)),
        ("department", text(if name.contains("消防") { "20" } else { "10" })),
        ("manager", Value::Name(manager)),
    ]);
    unit.create(ledger, id, &values).unwrap();
    fixture.city.write(unit.into_unit()).await.unwrap();
    id
}

/// Searches by every way, which must agree, and answers the names that are found.
async fn find(fixture: &Fixture, ledger: &Ledger, search: Search) -> Vec<String> {
    let mut answers = Vec::new();
    for way in [None, Some(Way::Walk), Some(Way::Postings), Some(Way::Members)] {
        let search = Search { way, ..search.clone() };
        let order = Order::by(vec![ledger.sort_column("name", false).unwrap()]);
        let query = ListQuery { search: Some(search), order, ..ListQuery::new(ledger) };
        let page = query.page(&fixture.city).await.unwrap();
        let names: Vec<String> = page.records.iter().map(|r| r.fields["name"].as_text().unwrap().to_owned()).collect();
        let count = query.bounded_count(&fixture.city, 1_000).await.unwrap().count;
        assert_eq!(count, names.len() as u64, "{way:?}");
        answers.push(names);
    }
    for other in &answers[1..] {
        assert_eq!(other, &answers[0]);
    }
    answers.remove(0)
}

fn everywhere(typed: &str) -> Search {
    Search::everywhere(Query::parse(typed).unwrap(), INSIDE.to_vec())
}

on_both_stores! {
    async fn texts_that_were_folded_another_way_are_made_anew(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        add(fixture, &ledger, "岡崗公園", "", "").await;
        // As an older program would have left it.
        let stale = Sql::with("DELETE FROM {counter} WHERE key = 'search/folding'", []);
        fixture.city.write(kawasemi_store::Unit::of([stale.into()])).await.unwrap();
        assert_eq!(schema::renew_search(&fixture.city).await.unwrap(), 1);
        assert_eq!(schema::renew_search(&fixture.city).await.unwrap(), 0);
        assert_eq!(find(fixture, &ledger, everywhere("岡岡")).await, ["岡崗公園"]);
    }

    async fn short_words_and_folded_forms_are_found(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        add(fixture, &ledger, "城山公園", "ﾌﾞﾗﾝｺ 二基", "").await;
        add(fixture, &ledger, "消防署前広場", "國分寺通り", "").await;
        add(fixture, &ledger, "光綾公園", "遊具なし ABC-12", "").await;
        for (typed, found) in [
            ("公園", vec!["光綾公園", "城山公園"]),
            ("消防", vec!["消防署前広場"]),
            ("山公", vec!["城山公園"]),
            ("園", vec!["光綾公園", "城山公園"]),
            ("ブランコ", vec!["城山公園"]),
            ("ぶらんこ 公園", vec!["城山公園"]),
            ("国分寺", vec!["消防署前広場"]),
            ("ａｂｃ", vec!["光綾公園"]),
            ("公園消防", vec![]),
            ("遊具 消防", vec![]),
        ] {
            assert_eq!(find(fixture, &ledger, everywhere(typed)).await, found, "{typed}");
        }
    }

    async fn every_form_of_a_name_finds_every_other(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        let families: [&[&str]; 8] = [
            &["渡邉医院", "渡邊医院", "渡辺医院"],
            &["齋藤商店", "斎藤商店", "齊藤商店", "斉藤商店"],
            &["髙橋建設", "高橋建設"],
            &["宮﨑造園", "宮崎造園"],
            &["ハヤカワ住宅", "ﾊﾔｶﾜ住宅", "はやかわ住宅"],
            &["ＡＢＣビル", "abcﾋﾞﾙ", "Ａbcびる"],
            &["葛󠄀城邸", "葛城邸"],
            &["㈱綾瀬", "(株)綾瀬", "（株）綾瀬"],
        ];
        for (n, forms) in families.iter().enumerate() {
            for (m, form) in forms.iter().enumerate() {
                add(fixture, &ledger, &format!("記録{n}-{m}"), form, "").await;
            }
        }
        for (n, forms) in families.iter().enumerate() {
            let expected: Vec<String> = (0..forms.len()).map(|m| format!("記録{n}-{m}")).collect();
            for form in forms.iter() {
                assert_eq!(find(fixture, &ledger, everywhere(form)).await, expected, "{form}");
            }
        }
    }

    async fn a_level_that_may_not_be_seen_is_not_searched(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        add(fixture, &ledger, "城山公園", "", "渡邉 花子").await;
        assert!(find(fixture, &ledger, everywhere("渡辺")).await.is_empty());
        let all = Search::everywhere(Query::parse("渡辺").unwrap(), Clearance::ALL.to_vec());
        assert_eq!(find(fixture, &ledger, all).await, ["城山公園"]);
        let nothing = Search::everywhere(Query::parse("公園").unwrap(), vec![]);
        assert!(find(fixture, &ledger, nothing).await.is_empty());
    }

    async fn a_level_may_be_seen_in_some_rows_only(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        add(fixture, &ledger, "城山公園", "", "渡邉 花子").await;
        add(fixture, &ledger, "消防広場", "", "渡辺 太郎").await;
        let search = Search {
            query: Query::parse("渡辺").unwrap(),
            scopes: vec![
                SearchScope { levels: INSIDE.to_vec(), rows: None },
                SearchScope {
                    levels: Clearance::ALL.to_vec(),
                    rows: Some(Sql::with("\"department\" = $1", ["20".into()])),
                },
            ],
            sees_protected: false,
            way: None,
        };
        assert_eq!(find(fixture, &ledger, search).await, ["消防広場"]);
    }

    async fn changed_and_deleted_records_are_found_as_they_are(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        let id = add(fixture, &ledger, "城山公園", "ぶらんこ", "").await;
        let before = read::record(&fixture.city, &ledger, id).await.unwrap().unwrap();
        let act = fixture.act("");
        let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
        unit.update(&ledger, &before, &fields([("name", text("城山公園")), ("note", text("鉄棒"))])).unwrap();
        fixture.city.write(unit.into_unit()).await.unwrap();
        assert!(find(fixture, &ledger, everywhere("ぶらんこ")).await.is_empty());
        assert_eq!(find(fixture, &ledger, everywhere("鉄棒")).await, ["城山公園"]);
        let before = read::record(&fixture.city, &ledger, id).await.unwrap().unwrap();
        let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
        unit.delete(&ledger, &before);
        fixture.city.write(unit.into_unit()).await.unwrap();
        assert!(find(fixture, &ledger, everywhere("鉄棒")).await.is_empty());
    }

    async fn a_word_far_into_a_long_text_is_found(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        // Twenty thousand characters of which each pair occurs often, and words at the seams of the chunks.
        let filler = "あいうえおかきくけこ".repeat(400);
        let note = format!("{filler}避難所開設{filler}給水拠点設置{filler}");
        add(fixture, &ledger, "城山公園", &note, "").await;
        for typed in ["避難所開設", "給水拠点設置", "避難 給水", "けこあい", "こ避難所開設あ"] {
            assert_eq!(find(fixture, &ledger, everywhere(typed)).await, ["城山公園"], "{typed}");
        }
        assert!(find(fixture, &ledger, everywhere("開設給水")).await.is_empty());
    }
}
