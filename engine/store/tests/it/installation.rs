//! Several cities in one installation: apart from one another, found by host name, opened by one server at a time.

use kawasemi_store::{Access, CityInfo, Location, Sql, Store, StoreError, StoreOptions, Unit};
use kawasemi_testkit::on_both_stores;

fn yamato() -> CityInfo {
    CityInfo {
        code: "142131".into(),
        name: "大和市".into(),
        time_zone: "Asia/Tokyo".into(),
        hosts: vec!["yamato.example".into()],
        created_at: 0,
    }
}

fn count_up(key: &str) -> Unit {
    Unit::of([Sql::with("INSERT INTO {counter} (key, value) VALUES ($1, 1)", [key.into()]).into()])
}

on_both_stores! {
    async fn cities_share_nothing(fixture) {
        let yamato = fixture.store.create_city(yamato()).await.unwrap();
        yamato.write(count_up("park")).await.unwrap();
        let rows = fixture.city.read(Sql::with("SELECT key FROM {counter} WHERE key = 'park'", [])).await.unwrap();
        assert!(rows.is_empty());
        let codes: Vec<String> = fixture.store.cities().await.unwrap().into_iter().map(|city| city.code).collect();
        assert_eq!(codes, ["142131", "142182"]);
    }

    async fn a_host_name_leads_to_its_city(fixture) {
        assert_eq!(fixture.store.city_for_host("localhost:8080").await.unwrap().code(), "142182");
        fixture.store.create_city(yamato()).await.unwrap();
        assert_eq!(fixture.store.city_for_host("Yamato.example:443").await.unwrap().code(), "142131");
        // Any other name leads to the one city that names none, as long as there is only one.
        assert_eq!(fixture.store.city_for_host("localhost").await.unwrap().code(), "142182");
        let nameless = CityInfo { code: "142140".into(), hosts: Vec::new(), ..yamato() };
        fixture.store.create_city(nameless).await.unwrap();
        assert_eq!(fixture.store.city_for_host("localhost").await.unwrap_err(), StoreError::NotFound);
    }

    async fn a_city_is_created_once(fixture) {
        let again = CityInfo { code: "142182".into(), ..yamato() };
        assert!(matches!(fixture.store.create_city(again).await, Err(StoreError::Refused { .. })));
        let escaping = CityInfo { code: "../142".into(), ..yamato() };
        assert!(matches!(fixture.store.create_city(escaping).await, Err(StoreError::Refused { .. })));
        fixture.store.create_city(yamato()).await.unwrap();
        let same_host = CityInfo { code: "142140".into(), ..yamato() };
        assert!(matches!(fixture.store.create_city(same_host).await, Err(StoreError::Refused { .. })));
    }

    async fn opening_again_changes_no_shape(fixture) {
        let log = Sql::with("SELECT count(*) FROM {schema_log}", []);
        let before: i64 = fixture.city.read_one(log.clone()).await.unwrap().unwrap().get(0).unwrap();
        assert!(before > 0);
        let (store, city) = fixture.open_again(Access::Command).await;
        let after: i64 = city.read_one(log).await.unwrap().unwrap().get(0).unwrap();
        assert_eq!(after, before);
        store.close().await;
    }

    async fn an_engine_that_grows_a_column_gets_it(fixture) {
        use kawasemi_store::table::{Column, Table};
        let table = || Table::new("note").column(Column::id("id")).column(Column::text("body")).key(["id"]);
        let open = async |table: Table| {
            let options = StoreOptions::new(fixture.clock.clone()).tables([table]);
            let store = Store::open(fixture.location(), options).await.unwrap();
            (store.open_city("142182").await.unwrap(), store)
        };
        let (city, store) = open(table()).await;
        let row = Sql::with("INSERT INTO {note} (id, body) VALUES ($1, $2)", [uuid::Uuid::from_u128(1).into(), "a".into()]);
        city.write(Unit::of([row.into()])).await.unwrap();
        store.close().await;
        let grown = table().column(Column::text("title")).column(Column::bool("pinned")).index(["title"]);
        let (city, store) = open(grown).await;
        let row = city.read_one(Sql::with("SELECT body, title, pinned FROM {note}", [])).await.unwrap().unwrap();
        assert_eq!(row.get::<String>(1).unwrap(), "");
        assert!(!row.get::<bool>(2).unwrap());
        store.close().await;
    }
}

#[tokio::test]
async fn one_server_at_a_time_serves_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let location = Location::Directory(directory.path().to_owned());
    let clock = std::sync::Arc::new(kawasemi_kernel::context::FixedClock("2026-05-01T01:00:00Z".parse().unwrap()));
    let options = |access| StoreOptions::new(clock.clone()).access(access);
    let first = Store::open(&location, options(Access::Serve)).await.unwrap();
    let second = Store::open(&location, options(Access::Serve)).await.err();
    assert!(matches!(second, Some(StoreError::Locked { .. })));
    assert!(Store::open(&location, options(Access::Command)).await.is_ok());
    drop(first);
    assert!(Store::open(&location, options(Access::Serve)).await.is_ok());
}
