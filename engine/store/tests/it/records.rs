//! Records: every kind of value, revisions, stale saves, deletion and restoring, numbers, child rows.

use crate::common::{EVERYTHING, PARK, fields, text};
use kawasemi_kernel::{
    ChildRow, Decimal, Fields, FileRef, Geometry, IdSource as _, PersonName, PostalAddress, RecordId, Value,
};
use kawasemi_store::record::{history, read, write};
use kawasemi_store::{Ledger, ListQuery, RecordRow, RecordUnit, StoreError};
use kawasemi_testkit::{Fixture, on_both_stores};
use std::sync::Arc;

async fn create(fixture: &Fixture, ledger: &Arc<Ledger>, values: &Fields) -> Result<RecordId, StoreError> {
    let (act, id) = (fixture.act("新規"), fixture.record_id());
    let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
    unit.create(ledger, id, values)?;
    fixture.city.write(unit.into_unit()).await.map(|_| id)
}

async fn update(
    fixture: &Fixture,
    ledger: &Arc<Ledger>,
    before: &RecordRow,
    values: &Fields,
) -> Result<(), StoreError> {
    let act = fixture.act("変更");
    let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
    unit.update(ledger, before, values)?;
    fixture.city.write(unit.into_unit()).await.map(|_| ())
}

async fn record(fixture: &Fixture, ledger: &Ledger, id: RecordId) -> RecordRow {
    read::record(&fixture.city, ledger, id).await.unwrap().expect("the record is there")
}

fn park(name: &str) -> Fields {
    fields([("name", text(name)), ("district", text("深谷"))])
}

/// A name for each number.
fn names_of(n: usize) -> String {
    format!("公園{n:03}")
}

fn everything(parent: RecordId, row: uuid::Uuid) -> Fields {
    let polygon = serde_json::json!({ "type": "Polygon", "coordinates": [[[139.4, 35.4], [139.5, 35.4], [139.5, 35.5], [139.4, 35.4]]] });
    fields([
        ("text", text("𠮷野家 \"引用\" <b>&'")),
        ("long", text("一行目\n二行目")),
        ("whole", Value::Int(i64::MIN)),
        ("exact", Value::Decimal(Decimal::new(-1, 3))),
        ("yen", Value::Int(123_456_789_012)),
        ("day", Value::Date("2026-02-28".parse().unwrap())),
        ("moment", Value::Instant("2026-05-01T01:02:03.123456Z".parse().unwrap())),
        ("month", Value::YearMonth("2026-05".parse().unwrap())),
        ("year", Value::Int(2026)),
        ("yes", Value::Bool(false)),
        ("one", text("b")),
        ("many", Value::Many(vec!["a".into(), "b".into()])),
        ("person", Value::Name(PersonName { name: "渡邉 花子".into(), kana: "ワタナベ ハナコ".into() })),
        ("address", Value::Address(PostalAddress { postcode: "2521192".into(), text: "綾瀬市早川550".into() })),
        ("parent", Value::Record(parent)),
        (
            "papers",
            Value::Files(vec![FileRef {
                id: row,
                name: "図面.pdf".into(),
                media_type: "application/pdf".into(),
                size: 12,
                sha256: "00".repeat(32),
            }]),
        ),
        ("spot", Value::Geometry(Geometry::point(139.426_1, 35.437_2).unwrap())),
        ("ground", Value::Geometry(Geometry::from_geojson(&polygon).unwrap())),
        (
            "items",
            Value::Rows(vec![
                ChildRow { id: row, fields: fields([("what", text("ぶらんこ")), ("price", Value::Int(98_000))]) },
                ChildRow { id: parent.0, fields: fields([("what", text("鉄棒"))]) },
            ]),
        ),
    ])
}

on_both_stores! {
    async fn many_records_are_written_in_one_unit(fixture) {
        // One ledger that gives numbers, one that does not and has child rows.
        for (definition, field) in [(PARK, "name"), (EVERYTHING, "text")] {
            let ledger = fixture.publish(&[definition]).await;
            let named = |n: usize| fields([(field, text(&names_of(n)))]);
            let known = create(fixture, &ledger, &named(999)).await.unwrap();
            let before = record(fixture, &ledger, known).await;
            let act = fixture.act("まとめて登録");
            let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
            (0..111).for_each(|n| unit.create(&ledger, fixture.record_id(), &named(n)).unwrap());
            unit.update(&ledger, &before, &named(123)).unwrap();
            (111..123).for_each(|n| unit.create(&ledger, fixture.record_id(), &named(n)).unwrap());
            fixture.city.write(unit.into_unit()).await.unwrap();
            let found = ListQuery { limit: 1_000, ..ListQuery::new(&ledger) }.page(&fixture.city).await.unwrap().records;
            let mut written: Vec<&str> = found.iter().map(|row| row.fields[field].as_text().unwrap()).collect();
            written.sort_unstable();
            assert_eq!(written, (0..124).map(names_of).collect::<Vec<_>>());
        }
    }

    async fn one_taken_key_among_many_leaves_nothing(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        let act = fixture.act("まとめて登録");
        let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
        for n in 0..30 {
            unit.create(&ledger, fixture.record_id(), &park(&names_of(if n == 17 { 3 } else { n }))).unwrap();
        }
        assert!(matches!(fixture.city.write(unit.into_unit()).await, Err(StoreError::Unique { .. })));
        assert!(ListQuery::new(&ledger).page(&fixture.city).await.unwrap().records.is_empty());
    }

    async fn every_kind_of_value_comes_back(fixture) {
        let ledger = fixture.publish(&[EVERYTHING]).await;
        let parent = create(fixture, &ledger, &fields([("text", text("親"))])).await.unwrap();
        let values = everything(parent, fixture.ids.next());
        let id = create(fixture, &ledger, &values).await.unwrap();
        assert_eq!(record(fixture, &ledger, id).await.fields, values);
        let (definition, past) = history::fields_at(&fixture.city, "everything", id, 1).await.unwrap();
        assert_eq!(past, values);
        assert_eq!(definition.key, "everything");
    }

    async fn a_value_of_another_kind_is_refused(fixture) {
        let ledger = fixture.publish(&[EVERYTHING]).await;
        let wrong = create(fixture, &ledger, &fields([("day", text("2026-02-30"))])).await;
        assert!(matches!(wrong, Err(StoreError::Check { .. })));
    }

    async fn a_dangling_reference_is_refused(fixture) {
        let ledger = fixture.publish(&[EVERYTHING]).await;
        let wrong = create(fixture, &ledger, &fields([("parent", Value::Record(fixture.record_id()))])).await;
        assert!(matches!(wrong, Err(StoreError::ForeignKey { .. })));
    }

    async fn numbers_are_given_in_order(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        for (name, number) in [("城山公園", "公-0001"), ("光綾公園", "公-0002")] {
            let id = create(fixture, &ledger, &park(name)).await.unwrap();
            assert_eq!(record(fixture, &ledger, id).await.number.as_deref(), Some(number));
        }
    }

    async fn many_records_of_one_unit_have_numbers_of_their_own(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        let act = fixture.act("取込");
        let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
        let ids: Vec<RecordId> = (0..5).map(|_| fixture.record_id()).collect();
        for (n, id) in ids.iter().enumerate() {
            unit.create(&ledger, *id, &park(&format!("公園{n}"))).unwrap();
        }
        fixture.city.write(unit.into_unit()).await.unwrap();
        assert_eq!(record(fixture, &ledger, ids[4]).await.number.as_deref(), Some("公-0005"));
    }

    async fn a_stale_save_is_refused_and_nothing_lost(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        let id = create(fixture, &ledger, &park("城山公園")).await.unwrap();
        let seen_by_both = record(fixture, &ledger, id).await;
        update(fixture, &ledger, &seen_by_both, &park("城山公園（旧）")).await.unwrap();
        let late = update(fixture, &ledger, &seen_by_both, &park("城山中央公園")).await;
        assert_eq!(late, Err(StoreError::Conflict));
        let kept = record(fixture, &ledger, id).await;
        assert_eq!((kept.revision, &kept.fields["name"]), (2, &text("城山公園（旧）")));
    }

    async fn a_unique_value_is_free_again_after_deletion(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        let id = create(fixture, &ledger, &park("城山公園")).await.unwrap();
        let taken = create(fixture, &ledger, &park("城山公園")).await.unwrap_err();
        let StoreError::Unique { index } = taken else { panic!("{taken:?}") };
        assert_eq!(ledger.unique_fields(&index), ["name"]);

        let act = fixture.act("廃止");
        let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
        unit.delete(&ledger, &record(fixture, &ledger, id).await);
        fixture.city.write(unit.into_unit()).await.unwrap();
        assert!(ListQuery::new(&ledger).page(&fixture.city).await.unwrap().records.is_empty());

        create(fixture, &ledger, &park("城山公園")).await.unwrap();
        let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
        unit.restore(&ledger, &record(fixture, &ledger, id).await);
        assert!(matches!(fixture.city.write(unit.into_unit()).await, Err(StoreError::Unique { .. })));
    }

    async fn a_history_says_who_when_what_and_why(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        let id = create(fixture, &ledger, &park("城山公園")).await.unwrap();
        let before = record(fixture, &ledger, id).await;
        update(fixture, &ledger, &before, &park("城山中央公園")).await.unwrap();
        let before = record(fixture, &ledger, id).await;
        let act = fixture.act("誤り");
        let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
        unit.delete(&ledger, &before);
        fixture.city.write(unit.into_unit()).await.unwrap();

        let steps = history::revisions(&fixture.city, id, None, 10).await.unwrap();
        let told: Vec<_> = steps.iter().map(|step| (step.revision, step.kind.as_str(), step.reason.as_str())).collect();
        assert_eq!(told, [(3, "delete", "誤り"), (2, "update", "変更"), (1, "create", "新規")]);
        assert_eq!(steps[0].at, fixture.now());
        let (_, first) = history::fields_at(&fixture.city, "park", id, 1).await.unwrap();
        assert_eq!(first["name"], text("城山公園"));
        let (_, last) = history::fields_at(&fixture.city, "park", id, 3).await.unwrap();
        assert_eq!(last["name"], text("城山中央公園"));
    }

    async fn child_rows_follow_their_record(fixture) {
        let ledger = fixture.publish(&[EVERYTHING]).await;
        let row = |what: &str| ChildRow { id: fixture.ids.next(), fields: fields([("what", text(what))]) };
        let with = |rows: Vec<ChildRow>| fields([("text", text("発注")), ("items", Value::Rows(rows))]);
        let many: Vec<ChildRow> = (0..250).map(|n| row(&format!("品{n}"))).collect();
        let id = create(fixture, &ledger, &with(many.clone())).await.unwrap();
        let before = record(fixture, &ledger, id).await;
        assert_eq!(before.fields["items"], Value::Rows(many.clone()));
        let fewer = with(many.into_iter().rev().take(2).collect());
        update(fixture, &ledger, &before, &fewer).await.unwrap();
        assert_eq!(record(fixture, &ledger, id).await.fields, fewer);
    }

    async fn an_id_is_used_once(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        let id = create(fixture, &ledger, &park("城山公園")).await.unwrap();
        let act = fixture.act("再送");
        let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
        unit.create(&ledger, id, &park("別の公園")).unwrap();
        let error = fixture.city.write(unit.into_unit()).await.unwrap_err();
        assert!(write::is_taken_id(&ledger, &error), "{error:?}");
    }

    async fn every_entry_follows_the_one_before(fixture) {
        use kawasemi_store::audit::{COLUMNS, Entry, FIRST};
        let ledger = fixture.publish(&[PARK]).await;
        let id = create(fixture, &ledger, &park("城山公園")).await.unwrap();
        for n in 0..3 {
            let before = record(fixture, &ledger, id).await;
            update(fixture, &ledger, &before, &park(&format!("城山公園{n}"))).await.unwrap();
        }
        let sql = format!("SELECT {COLUMNS} FROM {{audit}} WHERE record = $1 ORDER BY revision");
        let rows = fixture.city.read(kawasemi_store::Sql::with(&sql, [id.0.into()])).await.unwrap();
        let entries: Vec<Entry> = rows.iter().map(|row| Entry::read(row).unwrap()).collect();
        assert_eq!(entries.len(), 4);
        let mut prev = FIRST.to_vec();
        for entry in entries {
            assert_eq!(entry.prev, prev);
            assert_eq!(entry.hash, entry.expected_hash());
            prev = entry.hash;
        }
        assert_eq!(record(fixture, &ledger, id).await.chain, prev);
    }
}
