//! Lists: the same order on both stores, NULLs last, and pages that miss nothing and repeat nothing.

use std::cmp::Ordering;

use crate::common::{PARK, fields, text};
use kawasemi_kernel::{Decimal, Fields, RecordId, Value};
use kawasemi_store::list::Deleted;
use kawasemi_store::{Cursor, Ledger, ListQuery, Order, RecordUnit, Sql, StoreError};
use kawasemi_testkit::{Fixture, on_both_stores};
use std::sync::Arc;

const RECORDS: usize = 60;

/// Values in which everything occurs: equal keys, missing ones, both scripts.
fn sample(n: usize) -> Fields {
    let districts = [Some("深谷"), Some("早川"), None, Some("Ayase"), Some("あやせ")];
    let mut values = fields([("name", text(&format!("公園{:02}", (n * 37) % RECORDS)))]);
    let department = ["10", "20", "30"][n % 3];
    values.insert("department".into(), text(department));
    if let Some(district) = districts[n % 5] {
        values.insert("district".into(), text(district));
    }
    if !n.is_multiple_of(4) {
        let day = format!("2020-{:02}-01", 1 + (n * 7) % 12);
        values.insert("opened_on".into(), Value::Date(day.parse().unwrap()));
    }
    if !n.is_multiple_of(7) {
        let units = i64::try_from(n % 6).unwrap() * 150 - 300;
        values.insert("area".into(), Value::Decimal(Decimal::new(units, 2)));
    }
    values
}

async fn fill(fixture: &Fixture) -> (Arc<Ledger>, Vec<(RecordId, Fields)>) {
    let ledger = fixture.publish(&[PARK]).await;
    let act = fixture.act("取込");
    let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
    let mut records = Vec::new();
    for n in 0..RECORDS {
        let (id, values) = (fixture.record_id(), sample(n));
        unit.create(&ledger, id, &values).unwrap();
        records.push((id, values));
    }
    fixture.city.write(unit.into_unit()).await.unwrap();
    (ledger, records)
}

fn order(ledger: &Ledger, keys: &[&str]) -> Order {
    Order::by(
        keys.iter()
            .map(|key| {
                let (key, descending) = key.strip_prefix('-').map_or((*key, false), |key| (key, true));
                ledger.sort_column(key, descending).unwrap()
            })
            .collect(),
    )
}

/// What the order must be: NULLs last either way, then the row number along the first column's direction.
fn expected(records: &[(RecordId, Fields)], keys: &[&str]) -> Vec<RecordId> {
    let mut rows: Vec<(usize, &(RecordId, Fields))> = records.iter().enumerate().collect();
    let descends = keys.first().is_none_or(|key| key.starts_with('-'));
    rows.sort_by(|(n, (_, a)), (m, (_, b))| {
        for key in keys {
            let (key, descending) = key.strip_prefix('-').map_or((*key, false), |key| (key, true));
            let ordering = match (a.get(key), b.get(key)) {
                (None, None) => Ordering::Equal,
                (None, _) => Ordering::Greater,
                (_, None) => Ordering::Less,
                (Some(a), Some(b)) if descending => compare(b, a),
                (Some(a), Some(b)) => compare(a, b),
            };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        if descends { m.cmp(n) } else { n.cmp(m) }
    });
    rows.into_iter().map(|(_, (id, _))| *id).collect()
}

fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Decimal(a), Value::Decimal(b)) => a.cmp(b),
        other => panic!("not compared here: {other:?}"),
    }
}

/// Reads all pages, each through the text form of the cursor before it.
async fn walk(fixture: &Fixture, mut query: ListQuery<'_>, limit: usize) -> Vec<RecordId> {
    query.limit = limit;
    let mut ids = Vec::new();
    loop {
        let page = query.page(&fixture.city).await.unwrap();
        assert!(page.records.len() <= limit);
        ids.extend(page.records.iter().map(|record| record.id));
        match page.next {
            Some(next) => query.after = Some(next.to_string().parse().unwrap()),
            None => return ids,
        }
    }
}

on_both_stores! {
    async fn pages_follow_every_order_without_gap_or_repetition(fixture) {
        let (ledger, records) = fill(fixture).await;
        let orders: [&[&str]; 10] = [
            &[], &["name"], &["-name"], &["district"], &["-district"], &["district", "-opened_on"],
            &["-district", "opened_on"], &["-area", "-district"], &["opened_on", "area", "-name"],
            &["department", "-area", "district"],
        ];
        for keys in orders {
            for limit in [1, 7, 100] {
                let query = ListQuery { order: order(&ledger, keys), ..ListQuery::new(&ledger) };
                assert_eq!(walk(fixture, query, limit).await, expected(&records, keys), "{keys:?} by {limit}");
            }
        }
    }

    async fn a_condition_holds_on_every_page(fixture) {
        let (ledger, records) = fill(fixture).await;
        let keys = ["district", "-opened_on"];
        let query = ListQuery {
            condition: Some(Sql::with("\"department\" = $1", ["20".into()])),
            order: order(&ledger, &keys),
            ..ListQuery::new(&ledger)
        };
        let mine: Vec<_> = records.into_iter().filter(|(_, values)| values["department"] == text("20")).collect();
        assert_eq!(walk(fixture, query, 6).await, expected(&mine, &keys));
    }

    async fn sort_by_reading_and_by_time(fixture) {
        let (ledger, _) = fill(fixture).await;
        for keys in [["manager"], ["-updated_at"], ["number"], ["-revision"]] {
            let query = ListQuery { order: order(&ledger, &keys), ..ListQuery::new(&ledger) };
            assert_eq!(walk(fixture, query, 9).await.len(), RECORDS, "{keys:?}");
        }
        assert_eq!(ledger.sort_column("nothing", false), None);
        assert_eq!(ledger.sort_column("chain", false), None);
    }

    async fn a_cursor_of_another_order_is_refused(fixture) {
        let (ledger, _) = fill(fixture).await;
        let mut query = ListQuery { order: order(&ledger, &["name"]), limit: 5, ..ListQuery::new(&ledger) };
        query.after = query.page(&fixture.city).await.unwrap().next;
        query.order = order(&ledger, &["area"]);
        assert!(matches!(query.page(&fixture.city).await, Err(StoreError::Refused { .. })));
        let forged = Cursor::to_string(query.after.as_ref().unwrap()).replace('A', "B");
        assert!(forged.parse::<Cursor>().is_err() || query.page(&fixture.city).await.is_err());
    }

    async fn deleted_records_are_listed_only_when_asked_for(fixture) {
        let (ledger, records) = fill(fixture).await;
        let before = kawasemi_store::record::read::record(&fixture.city, &ledger, records[3].0).await.unwrap().unwrap();
        let act = fixture.act("廃止");
        let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
        unit.delete(&ledger, &before);
        fixture.city.write(unit.into_unit()).await.unwrap();
        for (deleted, count) in [(Deleted::Without, RECORDS - 1), (Deleted::With, RECORDS), (Deleted::Only, 1)] {
            let query = ListQuery { deleted, ..ListQuery::new(&ledger) };
            assert_eq!(walk(fixture, query, 50).await.len(), count, "{deleted:?}");
        }
    }

    async fn counts_stop_at_their_bound(fixture) {
        let (ledger, _) = fill(fixture).await;
        let query = ListQuery::new(&ledger);
        let exact = query.bounded_count(&fixture.city, 100).await.unwrap();
        assert_eq!((exact.count, exact.is_more), (60, false));
        let bounded = query.bounded_count(&fixture.city, 10).await.unwrap();
        assert_eq!((bounded.count, bounded.is_more), (10, true));
    }

    async fn facets_count_values_in_one_pass(fixture) {
        let (ledger, _) = fill(fixture).await;
        let facets = ListQuery::new(&ledger).facets(&fixture.city, &["department", "district"], 1_000).await.unwrap();
        assert!(!facets.is_partial);
        let counts: Vec<u64> = facets.facets[0].values.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [20, 20, 20]);
        assert_eq!(facets.facets[1].values.iter().find(|(value, _)| value.is_null()).map(|(_, count)| *count), Some(12));
    }
}
