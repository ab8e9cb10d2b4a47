//! What changed since a mark: in an order that stands, once each, and only as far as the caller may see.

use std::collections::BTreeMap;

use crate::common::{City, tables};
use kawasemi_identity::Context;
use kawasemi_kernel::{RecordId, Value};
use kawasemi_ledger::record::Visible;
use kawasemi_ledger::{BulkAct, ChangeEvent, Changes, ChangesRequest, Draft, LedgerError, Mark, Targets};
use kawasemi_store::audit::{self, Keeper};
use kawasemi_store::record::RecordUnit;
use kawasemi_store::record::write::Kind;
use kawasemi_store::{Access, batch};
use kawasemi_testkit::Fixture;
use tempfile::TempDir;

/// Seals what was written, as a running server does.
struct Sealer {
    keeper: Keeper,
    _folder: TempDir,
}

impl Sealer {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let keeper = Keeper::new(folder.path().join("audit"));
        keeper.ensure_key([7; 32]).expect("a key");
        Self { keeper, _folder: folder }
    }

    async fn seal(&self, fixture: &Fixture) {
        audit::seal(&fixture.city, &self.keeper, fixture.now()).await.expect("seals");
    }
}

async fn since(city: &City<'_>, context: &Context, mark: Option<Mark>) -> Changes {
    let request = ChangesRequest { since: mark, ..ChangesRequest::default() };
    city.ledgers.changes(context, "park", &request).await.expect("changes")
}

/// Kind, revision and the present name of each change.
fn told<'a>(changes: &'a Changes) -> Vec<(&'static str, i64, Option<&'a str>)> {
    let name = |record: &'a Visible| record.get("name").as_text().unwrap_or_default();
    let of = |change: &'a ChangeEvent| (change.kind.key(), change.revision, change.record.as_ref().map(name));
    changes.changes.iter().map(of).collect()
}

async fn create(city: &City<'_>, name: &str) -> RecordId {
    city.ledgers.create(&city.system(), "park", city.park(name)).await.expect("creates").id
}

async fn set(city: &City<'_>, id: RecordId, revision: i64, key: &str, value: impl Into<Value>) {
    let draft = Draft::new().with(key, value);
    city.ledgers.update(&city.system(), "park", id, revision, draft).await.expect("changes");
}

kawasemi_testkit::on_both_stores! {
    tables = tables();

    async fn a_record_s_life_is_told_in_order(fixture) {
        let (city, sealer) = (City::open(fixture).await, Sealer::new());
        sealer.seal(fixture).await;
        let begin = city.ledgers.changes_head(&city.keeper(), "park").await.expect("a mark");
        let park = create(&city, "中央公園").await;
        assert_eq!(told(&since(&city, &city.keeper(), Some(begin)).await), [], "what is not sealed is not told yet");
        set(&city, park, 1, "name", "城山公園").await;
        sealer.seal(fixture).await;
        let first = since(&city, &city.keeper(), Some(begin)).await;
        assert_eq!(told(&first), [("create", 1, Some("城山公園")), ("update", 2, Some("城山公園"))]);
        assert!(!first.more);

        city.ledgers.delete(&city.system(), "park", park, 2).await.expect("deletes");
        sealer.seal(fixture).await;
        let second = since(&city, &city.keeper(), Some(first.next)).await;
        assert_eq!(told(&second), [("delete", 3, None)]);
        city.ledgers.restore(&city.system(), "park", park, 3).await.expect("restores");
        sealer.seal(fixture).await;
        assert_eq!(told(&since(&city, &city.keeper(), Some(second.next)).await), [("restore", 4, Some("城山公園"))]);
        assert_eq!(since(&city, &city.keeper(), None).await.changes.len(), 4, "from the beginning");
        let only = ChangesRequest { kinds: vec![Kind::Delete], ..ChangesRequest::default() };
        let only = city.ledgers.changes(&city.staff(), "park", &only).await.expect("changes");
        assert_eq!(told(&only), [("delete", 3, Some("城山公園"))], "with the record as it is now");
    }

    async fn pages_follow_one_another_without_gap(fixture) {
        let (city, sealer) = (City::open(fixture).await, Sealer::new());
        for n in 0..7 {
            create(&city, &format!("公園{n}")).await;
        }
        sealer.seal(fixture).await;
        let (mut mark, mut names, mut pages) = (None, Vec::new(), 0);
        loop {
            let request = ChangesRequest { since: mark, limit: 3, ..ChangesRequest::default() };
            let page = city.ledgers.changes(&city.keeper(), "park", &request).await.expect("changes");
            names.extend(told(&page).into_iter().filter_map(|(.., name)| name.map(str::to_owned)));
            (mark, pages) = (Some(page.next), pages + 1);
            if !page.more {
                break;
            }
        }
        assert_eq!((names.len(), pages), (7, 3));
        assert!(names.is_sorted());
    }

    async fn a_batch_is_told_when_it_is_published_and_when_it_is_undone(fixture) {
        let (city, sealer) = (City::open(fixture).await, Sealer::new());
        let ledger = std::sync::Arc::clone(fixture.city.catalogue().get("park").expect("the ledger"));
        let act = fixture.act("取込");
        let open = batch::open(&fixture.city, &ledger, "公園.csv", "{}", &act).await.expect("a batch");
        let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids).in_batch(open.id);
        for name in ["一", "二"] {
            let fields = [("name".to_owned(), name.into()), ("department".to_owned(), Value::Record(city.parks))];
            unit.create(&ledger, fixture.record_id(), &fields.into_iter().collect()).expect("a record");
        }
        fixture.city.write(unit.into_unit()).await.expect("is written");
        sealer.seal(fixture).await;
        let before = since(&city, &city.keeper(), None).await;
        assert_eq!(told(&before), [], "nobody sees it before");
        batch::publish(&fixture.city, open.id, fixture.now()).await.expect("is published");
        sealer.seal(fixture).await;
        let published = since(&city, &city.keeper(), Some(before.next)).await;
        assert_eq!(told(&published), [("create", 1, Some("一")), ("create", 1, Some("二"))]);
        city.ledgers.undo_batch(&city.system(), "park", open.id).await.expect("is undone");
        sealer.seal(fixture).await;
        let undone = since(&city, &city.keeper(), Some(published.next)).await;
        assert_eq!(told(&undone), [("delete", 2, None), ("delete", 2, None)]);
    }

    async fn a_bulk_change_is_told_record_by_record(fixture) {
        let (city, sealer) = (City::open(fixture).await, Sealer::new());
        let ticked = vec![(create(&city, "一").await, 1), (create(&city, "二").await, 1)];
        sealer.seal(fixture).await;
        let mark = since(&city, &city.keeper(), None).await.next;
        let act = BulkAct::Update(Draft::new().with("kind", "block"));
        city.ledgers.bulk(&city.keeper(), "park", &Targets::Ticked(ticked), &act, &|_| {}).await.expect("changes");
        sealer.seal(fixture).await;
        assert_eq!(told(&since(&city, &city.keeper(), Some(mark)).await).len(), 2);
    }

    async fn nobody_learns_of_what_they_may_not_see(fixture) {
        let (city, sealer) = (City::open(fixture).await, Sealer::new());
        let draft = city.park("秘密の公園").with("closed", true).with("remarks", "内部");
        let hidden = city.ledgers.create(&city.system(), "park", draft).await.expect("creates").id;
        set(&city, hidden, 1, "remarks", "もっと内部").await;
        city.ledgers.delete(&city.system(), "park", hidden, 2).await.expect("deletes");
        create(&city, "中央公園").await;
        sealer.seal(fixture).await;
        assert_eq!(told(&since(&city, &city.visitor(), None).await), [("create", 1, Some("中央公園"))]);
        let seen = since(&city, &city.visitor(), None).await;
        let record = seen.changes[0].record.as_ref().expect("the record");
        assert_eq!(record.get("department"), &Value::Null, "only public fields");
        let hidden_field = ChangesRequest { filter: Some("remarks = '内部'".into()), ..ChangesRequest::default() };
        let refused = city.ledgers.changes(&city.visitor(), "park", &hidden_field).await;
        assert!(matches!(refused, Err(LedgerError::UnknownField { .. } | LedgerError::Filter(_))), "{refused:?}");
        let nothing = city.ledgers.changes(&city.visitor(), "no-ledger", &ChangesRequest::default()).await;
        assert!(matches!(nothing, Err(LedgerError::NotFound)));
    }

    async fn what_leaves_one_s_sight_is_gone_and_no_more(fixture) {
        let (city, sealer) = (City::open(fixture).await, Sealer::new());
        let park = create(&city, "中央公園").await;
        sealer.seal(fixture).await;
        let mark = since(&city, &city.visitor(), None).await.next;
        // Closed: a visitor may not see it any more. What happens then is the hall's own.
        set(&city, park, 1, "closed", true).await;
        set(&city, park, 2, "closed_reason", "工事").await;
        sealer.seal(fixture).await;
        let left = since(&city, &city.visitor(), Some(mark)).await;
        assert_eq!(told(&left), [("gone", 2, None)]);
        set(&city, park, 3, "closed", false).await;
        sealer.seal(fixture).await;
        let back = since(&city, &city.visitor(), Some(left.next)).await;
        assert_eq!(told(&back), [("update", 4, Some("中央公園"))]);
        // A deletion is told to those who could see the record, without its content.
        city.ledgers.delete(&city.system(), "park", park, 4).await.expect("deletes");
        sealer.seal(fixture).await;
        assert_eq!(told(&since(&city, &city.visitor(), Some(back.next)).await), [("delete", 5, None)]);
    }

    async fn a_condition_tells_of_what_comes_in_and_what_goes_out(fixture) {
        let (city, sealer) = (City::open(fixture).await, Sealer::new());
        let (one, _other) = (create(&city, "一").await, create(&city, "二").await);
        set(&city, one, 1, "kind", "block").await;
        set(&city, one, 2, "kind", "city").await;
        sealer.seal(fixture).await;
        let of = |kind: &str| ChangesRequest { filter: Some(format!("kind = '{kind}'")), ..ChangesRequest::default() };
        let (blocks, cities) = (of("block"), of("city"));
        let blocks = city.ledgers.changes(&city.keeper(), "park", &blocks).await.expect("changes");
        assert_eq!(told(&blocks), [("gone", 3, None)]);
        let cities = city.ledgers.changes(&city.keeper(), "park", &cities).await.expect("changes");
        assert_eq!(told(&cities).last(), Some(&("update", 3, Some("一"))));
    }

    async fn only_the_asked_fields_are_answered(fixture) {
        let (city, sealer) = (City::open(fixture).await, Sealer::new());
        create(&city, "中央公園").await;
        sealer.seal(fixture).await;
        let request = ChangesRequest { fields: Some(vec!["kind".into()]), ..ChangesRequest::default() };
        let page = city.ledgers.changes(&city.keeper(), "park", &request).await.expect("changes");
        assert!(page.changes[0].record.as_ref().expect("the record").fields().is_empty());
    }

    async fn a_mark_of_another_history_is_refused(fixture) {
        let (city, sealer) = (City::open(fixture).await, Sealer::new());
        create(&city, "中央公園").await;
        sealer.seal(fixture).await;
        let mark = since(&city, &city.keeper(), None).await.next.to_string();
        // The same place, as if another entry had had it before a restore.
        let other = kawasemi_store::Sql::with("UPDATE {audit} SET hash = $1 WHERE ledger = 'park'", [vec![1_u8; 32].into()]);
        fixture.city.write(kawasemi_store::Unit::of([other.into()])).await.expect("is written");
        let request = ChangesRequest { since: mark.parse().ok(), ..ChangesRequest::default() };
        assert!(request.since.is_some());
        let refused = city.ledgers.changes(&city.keeper(), "park", &request).await;
        assert!(matches!(refused, Err(LedgerError::Cursor)), "{refused:?}");
    }

    async fn nothing_slips_in_before_a_mark_while_many_write(fixture) {
        let (city, sealer) = (City::open(fixture).await, Sealer::new());
        let (store, other) = fixture.open_again(Access::Command).await;
        let mut writers = Vec::new();
        for writer in 0..4_u32 {
            let connection = if writer % 2 == 0 { fixture.city.clone() } else { other.clone() };
            let ids = fixture.ids.clone();
            let (act, department) = (fixture.act("試験"), city.parks);
            writers.push(tokio::spawn(async move {
                for n in 0..25 {
                    let ledger = std::sync::Arc::clone(connection.catalogue().get("park").expect("the ledger"));
                    let mut unit = RecordUnit::new(connection.dialect(), &act, &*ids);
                    let id = RecordId(kawasemi_kernel::IdSource::next(&*ids));
                    let name = format!("{writer}-{n}").as_str().into();
                    let fields = [("name".to_owned(), name), ("department".to_owned(), Value::Record(department))];
                    unit.create(&ledger, id, &fields.into_iter().collect()).expect("a record");
                    connection.write(unit.into_unit()).await.expect("is written");
                }
            }));
        }
        let (mut mark, mut seen) = (None, BTreeMap::<RecordId, u32>::new());
        for round in 0.. {
            let are_done = writers.iter().all(tokio::task::JoinHandle::is_finished);
            sealer.seal(fixture).await;
            let page = since(&city, &city.keeper(), mark).await;
            mark = Some(page.next);
            page.changes.iter().for_each(|change| *seen.entry(change.id).or_default() += 1);
            if are_done && !page.more {
                break;
            }
            assert!(round < 10_000, "it comes to an end");
        }
        for writer in writers {
            writer.await.expect("the writer is done");
        }
        assert_eq!((seen.len(), seen.values().max()), (100, Some(&1)));
        store.close().await;
    }
}
