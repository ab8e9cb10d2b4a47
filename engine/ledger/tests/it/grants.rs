//! What may not be seen does not exist: not in lists, filters, orders, counts, facets, searches or messages.

use crate::common::{City, tables};
use kawasemi_identity::Context;
use kawasemi_kernel::{PersonName, Value};
use kawasemi_ledger::{CrossRequest, Draft, GroupBy, LedgerError, ListRequest};
use kawasemi_schema::{Action, SortKey};
use kawasemi_store::Sql;

fn named(name: &str) -> Value {
    Value::Name(PersonName { name: name.into(), kana: String::new() })
}

/// Three parks: of the keeper's department, of another's, and a closed one.
async fn filled(city: &City<'_>) {
    let system = city.system();
    let road = Draft::new().with("name", "街道の緑地").with("department", Value::Record(city.roads));
    for draft in [
        city.park("中央公園").with("manager", named("綾瀬 太郎")).with("code", "A-1").with("kind", "city"),
        road.with("manager", named("早川 花子")).with("code", "B-1").with("kind", "block"),
        city.park("閉じた公園").with("closed", true).with("remarks", "工事の記録"),
    ] {
        city.ledgers.create(&system, "park", draft).await.expect("creates");
    }
}

async fn found(city: &City<'_>, context: &Context, q: &str) -> Vec<String> {
    city.names(context, &ListRequest { q: q.to_owned(), ..ListRequest::all() }).await
}

kawasemi_testkit::on_both_stores! {
    tables = tables();

    async fn rows_and_fields_follow_the_grants(fixture) {
        let city = City::open(fixture).await;
        filled(&city).await;
        assert_eq!(city.names(&city.visitor(), &ListRequest::all()).await, ["中央公園", "街道の緑地"]);
        assert_eq!(city.names(&city.staff(), &ListRequest::all()).await.len(), 3);
        let page = city.ledgers.list(&city.keeper(), "park", &ListRequest::all()).await.expect("lists");
        let manager = |name: &str| page.records.iter().find(|r| r.get("name").as_text() == Some(name)).map(|r| r.get("manager").clone());
        assert_eq!(manager("中央公園"), Some(named("綾瀬 太郎")));
        assert_eq!(manager("街道の緑地"), Some(Value::Null), "belongs to another department");
        let page = city.ledgers.list(&city.visitor(), "park", &ListRequest::all()).await.expect("lists");
        assert!(page.records.iter().all(|r| r.get("department").is_null() && r.created_by.is_none()));
        assert!(!page.fields.contains(&"manager".to_owned()));
    }

    async fn a_hidden_field_is_an_unknown_one(fixture) {
        let city = City::open(fixture).await;
        filled(&city).await;
        let staff = city.staff();
        let message = |field: &str| {
            let request = ListRequest::filtered(format!("{field} = 'x'"));
            let (ledgers, staff) = (city.ledgers.clone(), city.staff());
            let field = field.to_owned();
            async move {
                ledgers.list(&staff, "park", &request).await.expect_err("is refused").to_string().replace(&field, "X")
            }
        };
        assert_eq!(message("code").await, message("codo").await);
        let by = |field: &str| SortKey { field: field.to_owned(), descending: false };
        for field in ["manager", "managre"] {
            let request = ListRequest { sort: vec![by(field)], ..ListRequest::all() };
            let error = city.ledgers.list(&staff, "park", &request).await.expect_err("is refused");
            assert!(matches!(error, LedgerError::UnknownField { .. }), "{error}");
            let facet = city.ledgers.facets(&staff, "park", Some(&[field.to_owned()]), &ListRequest::all()).await;
            assert!(matches!(facet, Err(LedgerError::UnknownField { .. })));
            let cross = CrossRequest { by: vec![GroupBy { field: field.to_owned(), step: Default::default() }], ..CrossRequest::default() };
            assert!(matches!(city.ledgers.cross_table(&staff, "park", &cross).await, Err(LedgerError::UnknownField { .. })));
            let fields = ListRequest { fields: Some(vec![field.to_owned()]), ..ListRequest::all() };
            assert!(matches!(city.ledgers.list(&staff, "park", &fields).await, Err(LedgerError::UnknownField { .. })));
            let draft = Draft::new().with("name", "x").with("department", Value::Record(city.parks)).with(field, named("x"));
            let error = city.ledgers.create(&city.keeper(), "park", draft.clone()).await;
            assert_eq!(error.is_ok(), field == "manager");
        }
    }

    async fn a_question_about_a_closed_field_sees_only_rows_in_which_it_is_open(fixture) {
        let city = City::open(fixture).await;
        filled(&city).await;
        let keeper = city.keeper();
        assert_eq!(city.names(&keeper, &ListRequest::filtered("code LIKE '%1'")).await, ["中央公園"]);
        assert_eq!(city.names(&keeper, &ListRequest::filtered("NOT (code = 'A-1')")).await, Vec::<String>::new());
        let sorted = ListRequest { sort: vec![SortKey::parse("manager")], ..ListRequest::all() };
        assert_eq!(city.names(&keeper, &sorted).await, ["中央公園", "閉じた公園"]);
        let counted = city.ledgers.count(&keeper, "park", &ListRequest::filtered("code IS NOT NULL"), 100).await.expect("counts");
        assert_eq!((counted.count, counted.more), (1, false));
    }

    async fn search_finds_what_each_row_shows(fixture) {
        let city = City::open(fixture).await;
        filled(&city).await;
        assert_eq!(found(&city, &city.keeper(), "太郎").await, ["中央公園"]);
        assert_eq!(found(&city, &city.keeper(), "花子").await, Vec::<String>::new());
        assert_eq!(found(&city, &city.other_keeper(), "花子").await, ["街道の緑地"]);
        assert_eq!(found(&city, &city.staff(), "太郎").await, Vec::<String>::new());
        assert_eq!(found(&city, &city.staff(), "工事").await, ["閉じた公園"]);
        assert_eq!(found(&city, &city.visitor(), "公園").await, ["中央公園"]);
        let hits = city.ledgers.search_all(&city.staff(), "公園", 5).await.expect("searches");
        let seen: Vec<(&str, u64)> = hits.iter().map(|hit| (hit.ledger.as_str(), hit.count.count)).collect();
        assert_eq!(seen, [("department", 1), ("park", 2)]);
    }

    async fn nobody_writes_outside_of_their_rows(fixture) {
        let city = City::open(fixture).await;
        filled(&city).await;
        let keeper = city.keeper();
        let into_another = Draft::new().with("name", "x").with("department", Value::Record(city.roads));
        assert!(matches!(city.ledgers.create(&keeper, "park", into_another).await, Err(LedgerError::OutOfScope)));
        let park = city.ledgers.get_by_number(&keeper, "park", "公-0001").await.expect("reads");
        let away = Draft::new().with("department", Value::Record(city.roads));
        assert!(matches!(city.ledgers.update(&keeper, "park", park.id, 1, away).await, Err(LedgerError::OutOfScope)));
        let theirs = city.ledgers.get_by_number(&keeper, "park", "公-0002").await.expect("reads");
        let change = city.ledgers.update(&keeper, "park", theirs.id, 1, Draft::new().with("name", "x")).await;
        assert!(matches!(change, Err(LedgerError::Forbidden { action: Action::Update })));
        assert!(matches!(city.ledgers.create(&city.staff(), "park", city.park("x")).await, Err(LedgerError::Forbidden { .. })));
        let visitor = city.visitor();
        let closed = city.ledgers.get_by_number(&city.staff(), "park", "公-0003").await.expect("reads");
        assert!(matches!(city.ledgers.get(&visitor, "park", closed.id).await, Err(LedgerError::NotFound)));
        assert!(matches!(city.ledgers.update(&visitor, "park", closed.id, 1, Draft::new()).await, Err(LedgerError::Forbidden { .. })));
        assert!(matches!(city.ledgers.list(&visitor, "nothing", &ListRequest::all()).await, Err(LedgerError::NotFound)));
    }

    async fn a_taken_key_says_nothing_of_its_holder(fixture) {
        let city = City::open(fixture).await;
        filled(&city).await;
        let draft = city.park("新しい公園").with("code", "B-1");
        let error = city.ledgers.create(&city.keeper(), "park", draft).await.expect_err("is taken");
        assert_eq!(error.to_string(), "「管理コード」が同じ記録がすでにあります。値を変えるか、登録済みの記録を探してください。");
    }

    async fn reading_personal_data_is_logged_once_for_a_request(fixture) {
        let city = City::open(fixture).await;
        filled(&city).await;
        let entries = || async {
            let row = city.fixture.city.read_one(Sql::with("SELECT count(*) FROM {access_log}", [])).await.expect("reads");
            row.expect("has a row").get::<i64>(0).expect("is a count")
        };
        city.ledgers.list(&city.staff(), "park", &ListRequest::all()).await.expect("lists");
        assert_eq!(entries().await, 0);
        city.ledgers.list(&city.keeper(), "park", &ListRequest::all()).await.expect("lists");
        assert_eq!(entries().await, 1);
    }
}
