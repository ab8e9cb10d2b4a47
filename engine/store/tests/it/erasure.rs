//! Erasing a record and stopping its use: nothing of it is found any more, and the trail still verifies.

use std::sync::Arc;

use crate::common::{EVERYTHING, fields, text};
use kawasemi_kernel::{FileRef, PersonName, RecordId, Value};
use kawasemi_store::audit::erasure::{self, Ground};
use kawasemi_store::audit::{self, Keeper, Problem, VerifyReport};
use kawasemi_store::record::{read, stop};
use kawasemi_store::{Ledger, RecordUnit, Sql, StoreError, Unit};
use kawasemi_testkit::{Fixture, on_both_stores};
use tempfile::TempDir;

const SECRET: &str = "消されるべき氏名";
const HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct Hall<'a> {
    fixture: &'a Fixture,
    ledger: Arc<Ledger>,
    keeper: Keeper,
    folder: TempDir,
}

impl<'a> Hall<'a> {
    async fn open(fixture: &'a Fixture) -> Self {
        let ledger = fixture.publish(&[EVERYTHING]).await;
        let folder = tempfile::tempdir().unwrap();
        let keeper = Keeper::new(folder.path().join("audit"));
        keeper.ensure_key([7; 32]).unwrap();
        Self { fixture, ledger, keeper, folder }
    }

    async fn write(&self, fill: impl FnOnce(&mut RecordUnit<'_>)) {
        let act = self.fixture.act("試験");
        let mut unit = RecordUnit::new(self.fixture.city.dialect(), &act, &*self.fixture.ids);
        fill(&mut unit);
        self.fixture.city.write(unit.into_unit()).await.unwrap();
    }

    /// Somebody with an attached file, renamed once.
    async fn person(&self, parent: Option<RecordId>) -> RecordId {
        let id = self.fixture.record_id();
        let name = |name: &str| Value::Name(PersonName { name: name.into(), kana: String::new() });
        let file = FileRef {
            id: self.fixture.record_id().0,
            name: "申請書.pdf".into(),
            media_type: "application/pdf".into(),
            size: 0,
            sha256: HASH.into(),
        };
        let parent = parent.map_or(Value::Null, Value::Record);
        let papers = Value::Files(vec![file]);
        let first = fields([("text", text("届")), ("person", name(SECRET)), ("papers", papers), ("parent", parent)]);
        self.write(|unit| unit.create(&self.ledger, id, &first).unwrap()).await;
        let before = read::record(&self.fixture.city, &self.ledger, id).await.unwrap().unwrap();
        let mut after = before.fields.clone();
        after.insert("text".into(), text("変更届"));
        self.write(|unit| unit.update(&self.ledger, &before, &after).unwrap()).await;
        id
    }

    fn ground(&self) -> Ground {
        Ground { rule: "文書管理規程第40条".into(), approver: "system".into(), at: self.fixture.now() }
    }

    async fn erase(&self, id: RecordId) -> Result<erasure::Erased, StoreError> {
        erasure::erase(&self.fixture.city, &self.keeper, &self.ledger, id, &self.ground(), Vec::new()).await
    }

    async fn payloads(&self) -> Vec<(uuid::Uuid, Vec<u8>, String)> {
        let sql = Sql::with("SELECT audit_id, salt, payload FROM {audit_payload}", []);
        let rows = self.fixture.city.read(sql).await.unwrap();
        rows.iter().map(|row| (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap())).collect()
    }

    /// What a backup of before the erasure has.
    async fn bring_back(&self, payloads: Vec<(uuid::Uuid, Vec<u8>, String)>) {
        self.tamper("DELETE FROM {audit_tombstone}").await;
        for (id, salt, payload) in payloads {
            let params = [kawasemi_store::Param::Id(id), salt.into(), payload.into()];
            let mut sql = Sql::text("INSERT INTO ");
            sql.table("audit_payload").push(" (audit_id, salt, payload) VALUES (").bind_list(params);
            sql.push(") ON CONFLICT DO NOTHING");
            self.fixture.city.write(Unit::of([sql.into()])).await.unwrap();
        }
    }

    async fn verify(&self) -> VerifyReport {
        audit::seal(&self.fixture.city, &self.keeper, self.fixture.now()).await.unwrap();
        audit::verify(&self.fixture.city, &self.keeper, &|_, _| {}).await.unwrap()
    }

    async fn count(&self, sql: &str) -> i64 {
        self.fixture.city.read_one(Sql::with(sql, [])).await.unwrap().unwrap().get(0).unwrap()
    }

    async fn tamper(&self, sql: &str) {
        self.fixture.city.write(Unit::of([Sql::with(sql, []).into()])).await.unwrap();
    }
}

on_both_stores! {
    async fn an_erased_record_leaves_only_its_trail(fixture) {
        let hall = Hall::open(fixture).await;
        let (gone, stays) = (hall.person(None).await, hall.person(None).await);
        let erased = hall.erase(gone).await.unwrap();
        assert_eq!((erased.entries, erased.files.as_slice()), (2, [HASH.to_owned()].as_slice()));
        assert!(read::record(&fixture.city, &hall.ledger, gone).await.unwrap().is_none());
        assert_eq!(hall.count("SELECT count(*) FROM {l_everything}").await, 1);
        assert_eq!(hall.count("SELECT count(*) FROM {audit_payload} WHERE payload LIKE '%消されるべき%'").await, 2);
        let report = hall.verify().await;
        assert!(report.ok, "{report:?}");
        assert_eq!(report.erased, 2);
        // The content of its file is another record's as well.
        assert!(erasure::unnamed(&fixture.city, &erased.files).await.unwrap().is_empty());
        hall.erase(stays).await.unwrap();
        assert_eq!(erasure::unnamed(&fixture.city, &erased.files).await.unwrap(), erased.files);
        assert!(matches!(hall.erase(gone).await, Err(StoreError::Conflict)));
        // Without its tombstones it would be found.
        hall.tamper("DELETE FROM {audit_tombstone}").await;
        let report = hall.verify().await;
        assert_eq!((report.broken, report.findings[0].problem.clone()), (4, Problem::PayloadMissing));
    }

    async fn a_row_taken_out_by_hand_is_no_erasure(fixture) {
        let hall = Hall::open(fixture).await;
        hall.person(None).await;
        hall.tamper("DELETE FROM {l_everything}").await;
        assert_eq!(hall.verify().await.findings[0].problem, Problem::RowMissing);
    }

    async fn what_is_referred_to_is_not_erased(fixture) {
        let hall = Hall::open(fixture).await;
        let parent = hall.person(None).await;
        let child = hall.person(Some(parent)).await;
        assert!(matches!(hall.erase(parent).await, Err(StoreError::ForeignKey { .. })));
        assert!(hall.verify().await.ok);
        hall.erase(child).await.unwrap();
        hall.erase(parent).await.unwrap();
        assert!(hall.verify().await.ok);
    }

    async fn a_restored_backup_repeats_the_erasures(fixture) {
        let hall = Hall::open(fixture).await;
        let id = hall.person(None).await;
        let row = read::record(&fixture.city, &hall.ledger, id).await.unwrap().unwrap();
        let payloads = hall.payloads().await;
        hall.erase(id).await.unwrap();
        assert_eq!(erasure::repeat(&fixture.city, &hall.keeper).await.unwrap().entries, 0);
        hall.bring_back(payloads).await;
        audit::rebase(&fixture.city, &hall.keeper, fixture.now()).await.unwrap();
        let repeated = erasure::repeat(&fixture.city, &hall.keeper).await.unwrap();
        assert_eq!((repeated.entries, repeated.files.len()), (2, 1));
        assert_eq!(hall.count("SELECT count(*) FROM {audit_payload} WHERE payload LIKE '%消されるべき%'").await, 0);
        assert!(hall.verify().await.ok);
        assert_eq!(erasure::repeat(&fixture.city, &hall.keeper).await.unwrap().entries, 0);
        assert!(hall.folder.path().join("audit/erasures.jsonl").exists() && row.revision == 2);
    }

    async fn a_restore_elsewhere_learns_what_was_erased_and_never_the_key(fixture) {
        let hall = Hall::open(fixture).await;
        let id = hall.person(None).await;
        let payloads = hall.payloads().await;
        hall.erase(id).await.unwrap();
        hall.bring_back(payloads).await;
        let elsewhere = Keeper::new(hall.folder.path().join("elsewhere"));
        audit::rebase(&fixture.city, &elsewhere, fixture.now()).await.unwrap();
        assert_eq!(erasure::repeat(&fixture.city, &elsewhere).await.unwrap().entries, 0, "it knows of none");
        elsewhere.learn_from(&hall.keeper).unwrap();
        assert_eq!(erasure::repeat(&fixture.city, &elsewhere).await.unwrap().entries, 2);
        assert!(audit::verify(&fixture.city, &elsewhere, &|_, _| {}).await.unwrap().ok);
        assert!(hall.keeper.folder().join("key").exists() && !elsewhere.folder().join("key").exists());
    }

    async fn a_stopped_record_is_nowhere_and_comes_back_as_it_was(fixture) {
        let hall = Hall::open(fixture).await;
        let id = hall.person(None).await;
        let before = read::record(&fixture.city, &hall.ledger, id).await.unwrap().unwrap();
        hall.write(|unit| unit.stop_use(&hall.ledger, &before)).await;
        assert!(read::record(&fixture.city, &hall.ledger, id).await.unwrap().is_none());
        let stopped = stop::read_stopped(&fixture.city, &hall.ledger, id).await.unwrap().unwrap();
        assert_eq!(stopped.fields, before.fields);
        assert!(hall.verify().await.ok);
        hall.tamper("UPDATE {l_everything} SET batch = 0").await;
        assert_eq!(hall.verify().await.findings[0].problem, Problem::RowAltered { what: "batch".into() });
        hall.tamper("UPDATE {l_everything} SET batch = -1").await;
        let batch = stop::batch_of(&fixture.city, id).await.unwrap();
        hall.write(|unit| unit.resume_use(&hall.ledger, &stopped, batch)).await;
        assert_eq!(read::record(&fixture.city, &hall.ledger, id).await.unwrap().unwrap().fields, before.fields);
        assert!(hall.verify().await.ok);
        hall.tamper("UPDATE {l_everything} SET batch = -1").await;
        assert_eq!(hall.verify().await.findings[0].problem, Problem::RowAltered { what: "batch".into() });
    }
}
