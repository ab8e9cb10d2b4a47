//! Batches: invisible until published, taken up where they stopped, swept without a trace, undone as a whole.

use std::sync::Arc;

use crate::common::{PARK, fields, text};
use kawasemi_store::batch::{self, Batch, State};
use kawasemi_store::record::read;
use kawasemi_store::{Ledger, ListQuery, RecordUnit, Sql, StoreError};
use kawasemi_testkit::{Fixture, on_both_stores};

/// Stages parks from one row of the source to another.
async fn stage(fixture: &Fixture, ledger: &Arc<Ledger>, batch: &Batch, from: i64, to: i64) -> Result<(), StoreError> {
    let act = fixture.act("取込");
    let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids).in_batch(batch.id);
    unit.add(batch::progress(batch.id, from, to, act.at));
    for n in from..to {
        unit.create(ledger, fixture.record_id(), &fields([("name", text(&format!("公園{n}")))])).unwrap();
    }
    fixture.city.write(unit.into_unit()).await.map(|_| ())
}

async fn begin(fixture: &Fixture) -> (Arc<Ledger>, Batch) {
    let ledger = fixture.publish(&[PARK]).await;
    let batch = batch::open(&fixture.city, &ledger, "公園.csv", "{}", &fixture.act("取込")).await.unwrap();
    (ledger, batch)
}

async fn visible(fixture: &Fixture, ledger: &Ledger) -> usize {
    ListQuery { limit: 1_000, ..ListQuery::new(ledger) }.page(&fixture.city).await.unwrap().records.len()
}

async fn count(fixture: &Fixture, sql: &str) -> i64 {
    fixture.city.read_one(Sql::with(sql, [])).await.unwrap().unwrap().get(0).unwrap()
}

on_both_stores! {
    async fn a_batch_appears_at_once(fixture) {
        let (ledger, batch) = begin(fixture).await;
        stage(fixture, &ledger, &batch, 0, 5).await.unwrap();
        stage(fixture, &ledger, &batch, 5, 8).await.unwrap();
        assert_eq!(visible(fixture, &ledger).await, 0);
        batch::publish(&fixture.city, batch.id, fixture.now()).await.unwrap();
        assert_eq!(visible(fixture, &ledger).await, 8);
        let done = batch::lookup(&fixture.city, batch.id).await.unwrap().unwrap();
        assert_eq!((done.state, done.progress), (State::Published, 8));
    }

    async fn work_that_was_cut_short_is_found_and_goes_on(fixture) {
        let (ledger, batch) = begin(fixture).await;
        stage(fixture, &ledger, &batch, 0, 5).await.unwrap();
        let found = batch::unfinished(&fixture.city).await.unwrap();
        assert_eq!((found.len(), found[0].progress), (1, 5));
        // The same rows again, as a process would that does not know they were written, are refused whole.
        assert_eq!(stage(fixture, &ledger, &batch, 0, 5).await, Err(StoreError::Conflict));
        stage(fixture, &ledger, &batch, 5, 6).await.unwrap();
        batch::publish(&fixture.city, batch.id, fixture.now()).await.unwrap();
        assert_eq!(visible(fixture, &ledger).await, 6);
        assert!(batch::unfinished(&fixture.city).await.unwrap().is_empty());
    }

    async fn sweeping_leaves_nothing(fixture) {
        let (ledger, batch) = begin(fixture).await;
        let entries = count(fixture, "SELECT count(*) FROM {audit}").await;
        stage(fixture, &ledger, &batch, 0, 700).await.unwrap();
        assert_eq!(batch::sweep(&fixture.city, &ledger, batch.id, fixture.now()).await.unwrap(), 700);
        assert_eq!(count(fixture, "SELECT count(*) FROM {l_park}").await, 0);
        assert_eq!(count(fixture, "SELECT count(*) FROM {audit}").await, entries);
        assert_eq!(count(fixture, "SELECT count(*) FROM {audit_payload}").await, entries);
        assert_eq!(batch::publish(&fixture.city, batch.id, fixture.now()).await, Err(StoreError::Conflict));
        assert_eq!(stage(fixture, &ledger, &batch, 700, 701).await, Err(StoreError::Conflict));
    }

    async fn undoing_keeps_what_was_changed_since(fixture) {
        let (ledger, batch) = begin(fixture).await;
        stage(fixture, &ledger, &batch, 0, 4).await.unwrap();
        batch::publish(&fixture.city, batch.id, fixture.now()).await.unwrap();
        let first = ListQuery::new(&ledger).page(&fixture.city).await.unwrap().records[0].id;
        let before = read::record(&fixture.city, &ledger, first).await.unwrap().unwrap();
        let act = fixture.act("名称変更");
        let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
        unit.update(&ledger, &before, &fields([("name", text("城山公園"))])).unwrap();
        fixture.city.write(unit.into_unit()).await.unwrap();

        let undone = batch::undo(&fixture.city, &ledger, batch.id, &act, &*fixture.ids).await.unwrap();
        assert_eq!((undone.deleted, undone.kept), (3, 1));
        assert_eq!(visible(fixture, &ledger).await, 1);
        let again = batch::undo(&fixture.city, &ledger, batch.id, &act, &*fixture.ids).await;
        assert_eq!(again, Err(StoreError::Conflict));
    }
}
