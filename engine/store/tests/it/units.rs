//! Write units: all or nothing, preconditions, numbers without gaps, and errors that mean the same on both stores.

use futures::StreamExt as _;
use kawasemi_store::table::{Column, Table};
use kawasemi_store::{Access, NumberRequest, Param, Sql, Statement, StoreError, Unit, Unmet};
use kawasemi_testkit::on_both_stores;
use uuid::Uuid;

/// A table of an engine: parks with a district, and benches in them.
fn tables() -> Vec<Table> {
    vec![
        Table::new("park")
            .column(Column::id("id"))
            .column(Column::text("name"))
            .column(Column::int("area").optional())
            .column(Column::bool("open").default_to(1))
            .column(Column::real("slope").optional())
            .column(Column::blob("stamp").optional())
            .column(Column::int("revision").default_to(1))
            .key(["id"])
            .unique(["name"]),
        Table::new("bench").numbered().column(Column::id("park").references("park", "id")),
    ]
}

fn add_park(id: u128, name: &str) -> Statement {
    Sql::with("INSERT INTO {park} (id, name) VALUES ($1, $2)", [Uuid::from_u128(id).into(), name.into()]).into()
}

fn save(id: u128, revision: i64) -> Statement {
    let sql = Sql::with(
        "UPDATE {park} SET revision = revision + 1 WHERE id = $1 AND revision = $2",
        [Uuid::from_u128(id).into(), revision.into()],
    );
    Statement::one_row(sql, Unmet::Conflict)
}

async fn names(city: &kawasemi_store::City) -> Vec<String> {
    let rows = city.read(Sql::with("SELECT name FROM {park} ORDER BY name", [])).await.unwrap();
    rows.iter().map(|row| row.get(0).unwrap()).collect()
}

on_both_stores! {
    tables = tables();

    async fn values_come_back_as_they_went_in(fixture) {
        let id = Uuid::from_u128(9);
        let sql = Sql::with("INSERT INTO {park} (id, name, area, open, slope, stamp) VALUES ($1, $2, $3, $4, $5, $6)", [
            id.into(), "城山公園".into(), i64::MIN.into(), false.into(), 0.5.into(), vec![0_u8, 255].into(),
        ]);
        fixture.city.write(Unit::of([sql.into()])).await.unwrap();
        let all = Sql::with("SELECT id, name, area, open, slope, stamp, sum(area) FROM {park} GROUP BY id", []);
        let row = fixture.city.read_one(all).await.unwrap().unwrap();
        assert_eq!(row.get::<Uuid>(0).unwrap(), id);
        assert_eq!(row.get::<String>(1).unwrap(), "城山公園");
        assert_eq!(row.get::<i64>(2).unwrap(), i64::MIN);
        assert!(!row.get::<bool>(3).unwrap());
        assert_eq!(row.get::<f64>(4).unwrap(), 0.5);
        assert_eq!(row.named::<Vec<u8>>("stamp").unwrap(), [0, 255]);
        assert_eq!(row.get::<i64>(6).unwrap(), i64::MIN);
    }

    async fn a_failing_statement_undoes_the_whole_unit(fixture) {
        let unit = Unit::of([add_park(1, "城山公園"), add_park(2, "城山公園")]);
        let error = fixture.city.write(unit).await.unwrap_err();
        assert_eq!(error, StoreError::Unique { index: "u_park__name".into() });
        assert!(names(&fixture.city).await.is_empty());
    }

    async fn one_bad_unit_of_many_fails_alone(fixture) {
        let units = (0..60_u128).map(|n| {
            let city = fixture.city.clone();
            // Every twentieth takes the name of the one before it.
            let name = if n % 20 == 19 { n - 1 } else { n };
            async move { city.write(Unit::of([add_park(n, &format!("公園{name}"))])).await }
        });
        let results = futures::future::join_all(units).await;
        assert_eq!(results.iter().filter(|result| result.is_err()).count(), 3);
        assert_eq!(names(&fixture.city).await.len(), 57);
    }

    async fn a_stale_save_is_a_conflict(fixture) {
        fixture.city.write(Unit::of([add_park(1, "城山公園")])).await.unwrap();
        fixture.city.write(Unit::of([save(1, 1)])).await.unwrap();
        let late = Unit::of([add_park(2, "光綾公園"), save(1, 1)]);
        assert_eq!(fixture.city.write(late).await, Err(StoreError::Conflict));
        assert_eq!(names(&fixture.city).await, ["城山公園"]);
    }

    async fn of_two_saves_at_once_one_wins(fixture) {
        fixture.city.write(Unit::of([add_park(1, "城山公園")])).await.unwrap();
        let (first, second) =
            tokio::join!(fixture.city.write(Unit::of([save(1, 1)])), fixture.city.write(Unit::of([save(1, 1)])));
        assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1);
    }

    async fn constraints_are_told_apart(fixture) {
        let nowhere = Sql::with("INSERT INTO {bench} (park) VALUES ($1)", [Uuid::from_u128(7).into()]);
        let nameless = Sql::with("INSERT INTO {park} (id, name) VALUES ($1, $2)", [Uuid::from_u128(7).into(), Param::Null]);
        let with_nul = add_park(7, "公\0園");
        let twice = Unit::of([add_park(8, "a"), add_park(8, "b")]);
        let write = async |unit| fixture.city.write(unit).await.unwrap_err();
        assert!(matches!(write(Unit::of([nowhere.into()])).await, StoreError::ForeignKey { .. }));
        assert!(matches!(write(Unit::of([nameless.into()])).await, StoreError::Check { .. }));
        assert!(matches!(write(Unit::of([with_nul])).await, StoreError::Check { .. }));
        assert!(matches!(write(twice).await, StoreError::Unique { .. }));
        let nonsense = write(Unit::of([Sql::text("UPDATE nothing SET nothing = 1").into()])).await;
        assert!(matches!(nonsense, StoreError::Statement { .. }), "{nonsense:?}");
    }

    async fn numbers_have_no_gap_after_a_refused_unit(fixture) {
        let numbered = |id: u128, name: Option<&'static str>| {
            let mut unit = Unit::new();
            unit.finish_with(vec![NumberRequest::one("park/2026")], move |numbers| {
                let name = name.map_or_else(|| format!("公園-{:04}", numbers[0]), str::to_owned);
                Ok(vec![add_park(id, &name)])
            });
            unit
        };
        assert_eq!(fixture.city.write(numbered(1, None)).await.unwrap().numbers, [1]);
        assert!(fixture.city.write(numbered(2, Some("公園-0001"))).await.is_err());
        assert_eq!(fixture.city.write(numbered(2, None)).await.unwrap().numbers, [2]);
        assert_eq!(names(&fixture.city).await, ["公園-0001", "公園-0002"]);
    }

    async fn concurrent_units_never_share_a_number(fixture) {
        let units = (1..=40_u128).map(|id| {
            let mut unit = Unit::new();
            unit.finish_with(vec![NumberRequest { counter: "park".into(), count: 2 }], move |numbers| {
                Ok(vec![add_park(2 * id, &format!("{:03}", numbers[0])), add_park(2 * id + 1, &format!("{:03}", numbers[0] + 1))])
            });
            let city = fixture.city.clone();
            async move { city.write(unit).await.unwrap() }
        });
        futures::future::join_all(units).await;
        let expected: Vec<String> = (1..=80).map(|n| format!("{n:03}")).collect();
        assert_eq!(names(&fixture.city).await, expected);
    }

    async fn a_receipt_has_counts_and_returned_rows(fixture) {
        fixture.city.write(Unit::of([add_park(1, "城山公園"), add_park(2, "光綾公園")])).await.unwrap();
        let close = Sql::with("UPDATE {park} SET open = $1 RETURNING name", [false.into()]);
        let receipt = fixture.city.write(Unit::of([Statement::returning(close), save(1, 1)])).await.unwrap();
        assert_eq!(receipt.affected, [2, 1]);
        assert_eq!(receipt.rows[0].len(), 2);
    }

    async fn a_stream_hands_over_batches_from_one_snapshot(fixture) {
        let parks = (0..25_u128).map(|n| add_park(n, &format!("公園{n:02}")));
        fixture.city.write(Unit::of(parks)).await.unwrap();
        let stream = fixture.city.stream(Sql::with("SELECT name FROM {park} ORDER BY name", []), 10);
        let sizes: Vec<usize> = stream.map(|rows| rows.unwrap().len()).collect().await;
        assert_eq!(sizes, [10, 10, 5]);
    }

    async fn a_long_query_is_stopped(fixture) {
        let sql = Sql::text(
            "WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 2000000000) \
             SELECT max(n) FROM count",
        );
        let limit = std::time::Duration::from_millis(200);
        assert_eq!(fixture.city.read_within(sql, limit).await, Err(StoreError::Timeout));
        assert!(names(&fixture.city).await.is_empty());
    }

    async fn a_second_process_sees_what_was_written(fixture) {
        fixture.city.write(Unit::of([add_park(1, "城山公園")])).await.unwrap();
        let (store, city) = fixture.open_again(Access::Read).await;
        assert_eq!(names(&city).await, ["城山公園"]);
        assert!(matches!(city.write(Unit::of([add_park(2, "光綾公園")])).await, Err(StoreError::Refused { .. })));
        store.close().await;
    }

    async fn text_is_compared_by_code_point_and_case(fixture) {
        let parks = ["b", "B", "あ", "ア", "亜", "a", "ｱ"].iter().enumerate();
        fixture.city.write(Unit::of(parks.map(|(n, name)| add_park(n as u128, name)))).await.unwrap();
        assert_eq!(names(&fixture.city).await, ["B", "a", "b", "あ", "ア", "亜", "ｱ"]);
        let like = Sql::with("SELECT name FROM {park} WHERE name LIKE $1", ["b%".into()]);
        assert_eq!(fixture.city.read(like).await.unwrap().len(), 1);
    }
}
