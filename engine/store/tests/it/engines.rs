//! The engines' own tables: a newer program moves a city on in numbered steps, an older one keeps its hands off.

use kawasemi_store::engine::Work;
use kawasemi_store::schema::{Allow, Effect};
use kawasemi_store::table::{Column, Table};
use kawasemi_store::{Access, City, Dialect, Engine, Sql, Store, StoreError, StoreOptions, Unit};
use kawasemi_testkit::{Fixture, on_both_stores};

const CODE: &str = "142182";

/// An engine as its first release had it.
fn first() -> Engine {
    let note = Table::new("note")
        .column(Column::id("id"))
        .column(Column::text("body"))
        .column(Column::text("who"))
        .column(Column::text("draft").optional())
        .key(["id"])
        .index(["who"]);
    Engine::new("notes", vec![note])
}

/// The same, two releases later: a column is new and filled, another renamed, a third gone.
fn third() -> Engine {
    let note = Table::new("note")
        .column(Column::id("id"))
        .column(Column::text("body"))
        .column(Column::text("author"))
        .column(Column::int("length"))
        .key(["id"])
        .index(["author"]);
    Engine::new("notes", vec![note])
        .then(2, "本文の長さを数える", Work::Fill(lengths))
        .then(3, "who を author に改名する", Work::RenameColumn { table: "note", from: "who", to: "author" })
        .then(4, "下書きの列をなくす", Work::DropColumn { table: "note", column: "draft" })
}

fn lengths(_: Dialect) -> Vec<Sql> {
    vec![Sql::with("UPDATE {note} SET \"length\" = length(body) WHERE \"length\" = 0", [])]
}

async fn open(fixture: &Fixture, engine: Engine, allow: Allow) -> Result<(Store, City), StoreError> {
    open_as(fixture, engine, allow, Access::Command).await
}

async fn open_as(fixture: &Fixture, engine: Engine, allow: Allow, access: Access) -> Result<(Store, City), StoreError> {
    let options = StoreOptions::new(fixture.clock.clone()).access(access).engine(engine).allow(allow);
    let store = Store::open(fixture.location(), options).await?;
    let city = store.open_city(CODE).await?;
    Ok((store, city))
}

async fn write_note(city: &City) {
    let sql = "INSERT INTO {note} (id, body, who) VALUES ($1, '覚え書き', 'tanaka')";
    city.write(Unit::of([Sql::with(sql, [uuid::Uuid::from_u128(1).into()]).into()])).await.unwrap();
}

async fn number(city: &City) -> i64 {
    let sql = Sql::with("SELECT number FROM {format} WHERE engine = 'notes'", []);
    city.read_one(sql).await.unwrap().unwrap().get(0).unwrap()
}

async fn log_lines(city: &City) -> i64 {
    city.read_one(Sql::with("SELECT count(*) FROM {schema_log}", [])).await.unwrap().unwrap().get(0).unwrap()
}

on_both_stores! {
    async fn a_city_is_moved_on_step_by_step_and_once(fixture) {
        let (store, city) = open(fixture, first(), Allow::Additions).await.unwrap();
        write_note(&city).await;
        assert_eq!(number(&city).await, 1);
        store.close().await;

        // The dry run names the steps and does nothing.
        let reader = StoreOptions::new(fixture.clock.clone()).access(Access::Read).engine(third());
        let reader = Store::open(fixture.location(), reader).await.unwrap();
        let pending = reader.pending(CODE).await.unwrap();
        let numbers: Vec<Option<i64>> = pending.steps.iter().map(|step| step.number).filter(Option::is_some).collect();
        assert_eq!(numbers, [Some(2), Some(3), Some(4)]);
        assert_eq!(pending.effect(), Effect::Changes);
        reader.close().await;

        // What does more than add waits for the command, and nothing has happened.
        let refused = open(fixture, third(), Allow::Additions).await.err().unwrap().to_string();
        assert!(refused.contains("kawasemi schema apply --offline") && refused.contains("author"), "{refused}");
        let (store, city) = open(fixture, first(), Allow::Additions).await.unwrap();
        assert_eq!(number(&city).await, 1);
        store.close().await;

        let (store, city) = open(fixture, third(), Allow::Changes).await.unwrap();
        let row = city.read_one(Sql::with("SELECT author, \"length\" FROM {note}", [])).await.unwrap().unwrap();
        assert_eq!((row.get::<String>(0).unwrap().as_str(), row.get::<i64>(1).unwrap()), ("tanaka", 4));
        assert!(city.read(Sql::with("SELECT draft FROM {note}", [])).await.is_err());
        assert_eq!(number(&city).await, 4);
        let lines = log_lines(&city).await;
        store.close().await;

        let (store, city) = open(fixture, third(), Allow::Additions).await.unwrap();
        assert_eq!(log_lines(&city).await, lines);
        store.close().await;
    }

    async fn steps_may_run_twice(fixture) {
        let (store, city) = open(fixture, first(), Allow::Additions).await.unwrap();
        write_note(&city).await;
        store.close().await;
        let (store, city) = open(fixture, third(), Allow::Changes).await.unwrap();
        // As if the number had not been kept.
        city.write(Unit::of([Sql::with("UPDATE {format} SET number = 1 WHERE engine = 'notes'", []).into()])).await.unwrap();
        store.close().await;
        let (store, city) = open(fixture, third(), Allow::Changes).await.unwrap();
        let row = city.read_one(Sql::with("SELECT author, \"length\" FROM {note}", [])).await.unwrap().unwrap();
        assert_eq!((row.get::<String>(0).unwrap().as_str(), row.get::<i64>(1).unwrap()), ("tanaka", 4));
        store.close().await;
    }

    async fn of_several_that_start_at_once_one_does_the_work(fixture) {
        let (store, city) = open(fixture, first(), Allow::Additions).await.unwrap();
        write_note(&city).await;
        store.close().await;
        let together = (0..4).map(|_| open(fixture, third(), Allow::Changes));
        let opened = futures::future::join_all(together).await;
        for opened in opened {
            let (store, city) = opened.unwrap();
            assert_eq!(number(&city).await, 4);
            store.close().await;
        }
        let renames = Sql::with("SELECT count(*) FROM {schema_log} WHERE subject = 'note.author'", []);
        let renames: i64 = fixture.city.read_one(renames).await.unwrap().unwrap().get(0).unwrap();
        assert_eq!(renames, 1);
    }

    async fn an_older_program_leaves_a_newer_city_alone(fixture) {
        let (store, _) = open(fixture, third(), Allow::Changes).await.unwrap();
        store.close().await;
        let lines = log_lines(&fixture.city).await;
        for access in [Access::Read, Access::Command] {
            let refused = open_as(fixture, first(), Allow::Changes, access).await.err().unwrap().to_string();
            assert!(refused.contains("より新しい kawasemi") && refused.contains("何も変更していません"), "{refused}");
        }
        // Nor does a program that lacks the engine altogether.
        let options = StoreOptions::new(fixture.clock.clone());
        let store = Store::open(fixture.location(), options).await.unwrap();
        assert!(matches!(store.open_city(CODE).await, Err(StoreError::Refused { .. })));
        store.close().await;
        assert_eq!(log_lines(&fixture.city).await, lines);
    }

    async fn an_engine_that_is_new_to_a_city_needs_no_moves(fixture) {
        let (store, city) = open(fixture, third(), Allow::Additions).await.unwrap();
        assert_eq!(number(&city).await, 4);
        store.close().await;
    }
}
