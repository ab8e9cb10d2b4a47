//! One record's life: created, changed, deleted, restored, read back with its history.

use crate::common::{City, tables};
use kawasemi_kernel::{ChildRow, Decimal, Fields, PersonName, RecordId, Value};
use kawasemi_ledger::{Draft, LedgerError, ListRequest};
use kawasemi_schema::Action;
use serde_json::json;
use uuid::Uuid;

fn mistakes(error: LedgerError) -> Vec<(String, String)> {
    match error {
        LedgerError::Invalid(errors) => errors.into_iter().map(|e| (e.field, e.message)).collect(),
        other => panic!("not invalid: {other}"),
    }
}

fn item(what: &str) -> ChildRow {
    ChildRow { id: Uuid::nil(), fields: Fields::from([("what".to_owned(), Value::from(what))]) }
}

kawasemi_testkit::on_both_stores! {
    tables = tables();

    async fn a_record_is_checked_computed_and_numbered(fixture) {
        let city = City::open(fixture).await;
        let draft = city
            .park("中央公園")
            .with("area", Value::Decimal(Decimal::new(125, 1)))
            .with("quantity", 3)
            .with("unit_price", 1_500)
            .with("closed_reason", "工事")
            .with("items", Value::Rows(vec![item("ぶらんこ"), item("すべり台")]));
        let saved = city.ledgers.create(&city.keeper(), "park", draft).await.expect("creates");
        assert_eq!((saved.number.as_deref(), saved.revision), (Some("公-0001"), 1));
        let park = city.ledgers.get(&city.keeper(), "park", saved.id).await.expect("reads");
        assert_eq!(park.get("cost"), &Value::Int(4_500));
        assert_eq!(park.get("area"), &Value::Decimal(Decimal::new(1_250, 2)));
        assert_eq!(park.get("closed_reason"), &Value::Null, "is not asked of an open park");
        let Value::Rows(rows) = park.get("items") else { panic!("has rows") };
        assert_eq!(rows.len(), 2);
        assert_ne!(rows[0].id, Uuid::nil());
        assert_eq!(city.ledgers.get_by_number(&city.keeper(), "park", "公-0001").await.expect("reads").id, saved.id);
    }

    async fn of_many_each_is_created_for_itself(fixture) {
        let city = City::open(fixture).await;
        let good = |n: usize| city.park(&format!("公園{n}"));
        let all: Vec<Draft> = (0..260).map(good).collect();
        let saved = city.ledgers.create_many(&city.keeper(), "park", &all).await.expect("creates");
        let numbers: Vec<String> = saved.into_iter().map(|saved| saved.expect("is good").number.expect("has one")).collect();
        let expected: Vec<String> = (1..=260).map(|n| format!("公-{n:04}")).collect();
        assert_eq!(numbers.iter().collect::<std::collections::BTreeSet<_>>(), expected.iter().collect());

        let nowhere = Value::Record(RecordId(Uuid::from_u128(9)));
        let some = [
            good(300),
            good(301).with("code", "A"),
            good(302).with("code", "A"),
            good(303).with("department", nowhere),
            city.park(&"長い".repeat(40)),
            good(304),
        ];
        let answers = city.ledgers.create_many(&city.system(), "park", &some).await.expect("answers");
        let is_saved: Vec<bool> = answers.iter().map(Result::is_ok).collect();
        assert!(is_saved[0] && is_saved[5] && !is_saved[3] && !is_saved[4], "{answers:?}");
        assert!(is_saved[1] != is_saved[2], "one of two has the key: {answers:?}");
        let taken = answers[1..=2].iter().find_map(|answer| answer.as_ref().err()).expect("one is refused");
        assert!(matches!(taken, LedgerError::Duplicate { .. }), "{taken}");
        let found = city.ledgers.count(&city.system(), "park", &ListRequest::all(), 1_000).await.expect("counts");
        assert_eq!(found.count, 263);
        let none = city.ledgers.create_many(&city.visitor(), "park", &some).await;
        assert!(matches!(none, Err(LedgerError::Forbidden { .. } | LedgerError::NotFound)));
    }

    async fn every_mistake_is_told_at_once(fixture) {
        let city = City::open(fixture).await;
        let object = json!({
            "name": "あ".repeat(41), "kind": "old", "area": 1e7, "quantity": 2,
            "department": Uuid::from_u128(9).to_string(),
        });
        let draft = Draft::from_json(&city.ledgers.open(&city.keeper(), "park").expect("opens").0, object.as_object().expect("is one"));
        let error = city.ledgers.create(&city.keeper(), "park", draft).await.expect_err("is refused");
        let fields: Vec<String> = mistakes(error).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["name", "unit_price", "kind", "area"]);
        let draft = Draft::new().with("name", "x").with("department", Value::Record(RecordId(Uuid::from_u128(9))));
        let error = city.ledgers.create(&city.system(), "park", draft).await.expect_err("is refused");
        assert_eq!(mistakes(error)[0].0, "department");
        let draft = city.park("x").with("area", "広い");
        let error = city.ledgers.create(&city.keeper(), "park", draft).await.expect_err("is refused");
        assert_eq!(mistakes(error)[0].0, "area");
    }

    async fn a_change_names_the_revision_it_was_based_on(fixture) {
        let city = City::open(fixture).await;
        let keeper = city.keeper();
        let saved = city.ledgers.create(&keeper, "park", city.park("中央公園")).await.expect("creates");
        let update = |revision, name: &'static str| {
            let draft = Draft::new().with("name", name);
            city.ledgers.update(&keeper, "park", saved.id, revision, draft)
        };
        assert_eq!(update(1, "中央公園").await.expect("says nothing new").revision, 1);
        assert_eq!(update(1, "北公園").await.expect("changes").revision, 2);
        assert_eq!(update(1, "北公園").await.expect("was sent twice").revision, 2);
        let Err(LedgerError::Conflict(conflict)) = update(1, "南公園").await else { panic!("is a conflict") };
        assert_eq!(conflict.theirs.get("name"), &Value::from("北公園"));
        assert_eq!(conflict.yours.get("name"), Some(&Value::from("南公園")));
        let (one, other) = tokio::join!(update(2, "東公園"), update(2, "西公園"));
        assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
    }

    async fn a_creation_sent_twice_gets_one_answer(fixture) {
        let city = City::open(fixture).await;
        let id = RecordId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0042));
        let draft = || city.park("中央公園").with_id(id).with("code", "A-1");
        let first = city.ledgers.create(&city.keeper(), "park", draft()).await.expect("creates");
        let again = city.ledgers.create(&city.keeper(), "park", draft()).await.expect("is the same");
        assert_eq!(first, again);
        let other = city.park("北公園").with_id(id);
        assert!(matches!(city.ledgers.create(&city.keeper(), "park", other).await, Err(LedgerError::IdTaken)));
        let hidden = Draft::new().with("name", "x").with("department", Value::Record(city.roads)).with_id(id);
        assert!(matches!(city.ledgers.create(&city.other_keeper(), "park", hidden).await, Err(LedgerError::IdTaken)));
    }

    async fn deleted_records_come_back_and_referred_ones_stay(fixture) {
        let city = City::open(fixture).await;
        let keeper = city.keeper();
        let saved = city.ledgers.create(&keeper, "park", city.park("中央公園")).await.expect("creates");
        let error = city.ledgers.delete(&city.system(), "department", city.parks, 1).await.expect_err("is referred to");
        assert!(matches!(&error, LedgerError::Referred { by } if by == "公園"), "{error}");
        city.ledgers.delete(&keeper, "park", saved.id, 1).await.expect("deletes");
        assert!(city.names(&keeper, &ListRequest::all()).await.is_empty());
        assert!(matches!(city.ledgers.get(&city.staff(), "park", saved.id).await, Err(LedgerError::NotFound)));
        let trash = ListRequest { deleted: true, ..ListRequest::all() };
        assert_eq!(city.names(&keeper, &trash).await, ["中央公園"]);
        assert!(matches!(city.ledgers.list(&city.staff(), "park", &trash).await, Err(LedgerError::Forbidden { action: Action::Delete })));
        city.ledgers.restore(&keeper, "park", saved.id, 2).await.expect("restores");
        assert_eq!(city.names(&city.staff(), &ListRequest::all()).await, ["中央公園"]);
    }

    async fn history_tells_who_changed_what_and_can_be_gone_back_to(fixture) {
        let city = City::open(fixture).await;
        let keeper = city.keeper().because("台帳の整理");
        let manager = Value::Name(PersonName { name: "綾瀬 太郎".into(), kana: "アヤセ タロウ".into() });
        let saved = city.ledgers.create(&keeper, "park", city.park("中央公園").with("manager", manager)).await.expect("creates");
        let draft = Draft::new().with("name", "北公園").with("manager", Value::Null);
        city.ledgers.update(&keeper, "park", saved.id, 1, draft).await.expect("changes");
        let history = city.ledgers.history(&keeper, "park", saved.id, None).await.expect("reads");
        let newest = &history.revisions[0];
        assert_eq!((newest.no, newest.reason.as_str(), newest.kind_label()), (2, "台帳の整理", "変更"));
        let changed: Vec<(&str, &str, &str)> =
            newest.changes.iter().map(|c| (c.label.as_str(), c.before_text.as_str(), c.after_text.as_str())).collect();
        assert_eq!(changed, [("公園名", "中央公園", "北公園"), ("管理人", "綾瀬 太郎", "")]);
        let created = &history.revisions[1];
        assert!(created.changes.iter().any(|c| c.field == "department" && c.after_text == "みどり公園課"));
        let seen = city.ledgers.history(&city.staff(), "park", saved.id, None).await.expect("reads");
        assert!(seen.revisions.iter().flat_map(|r| &r.changes).all(|c| c.field != "manager"));
        city.ledgers.revert_to(&keeper, "park", saved.id, 2, 1).await.expect("goes back");
        let park = city.ledgers.get(&keeper, "park", saved.id).await.expect("reads");
        assert_eq!((park.get("name"), park.revision), (&Value::from("中央公園"), 3));
        assert!(matches!(park.get("manager"), Value::Name(_)));
    }
}
