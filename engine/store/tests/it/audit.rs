//! The audit trail: what an ordinary day writes verifies, and whatever is changed by hand is found and named.

use std::sync::Arc;

use crate::common::{EVERYTHING, PARK, fields, text};
use kawasemi_kernel::{ChildRow, Decimal, Geometry, IdSource as _, PersonName, RecordId, Value};
use kawasemi_store::audit::{self, Broken, Entry, Keeper, Problem, Sealed, Tombstone, VerifyReport};
use kawasemi_store::record::read;
use kawasemi_store::schema::{self, Allow, Wanted};
use kawasemi_store::{Ledger, Param, RecordRow, RecordUnit, Sql, StoreError, Unit, batch};
use kawasemi_testkit::{Fixture, on_both_stores};
use tempfile::TempDir;

/// A city with three parks, the second of which was changed twice. Sealed places: 1 the definition, 2 to 4 the
/// creations, 5 and 6 the changes.
struct Hall<'a> {
    fixture: &'a Fixture,
    ledger: Arc<Ledger>,
    keeper: Keeper,
    parks: Vec<RecordId>,
    _folder: TempDir,
}

impl<'a> Hall<'a> {
    async fn open(fixture: &'a Fixture) -> Self {
        let ledger = fixture.publish(&[PARK]).await;
        let folder = tempfile::tempdir().unwrap();
        let keeper = Keeper::new(folder.path().join("audit"));
        keeper.ensure_key([7; 32]).unwrap();
        let mut hall = Self { fixture, ledger, keeper, parks: Vec::new(), _folder: folder };
        for name in ["城山公園", "光綾公園", "風車公園"] {
            let id = hall.create(name).await;
            hall.parks.push(id);
        }
        hall.rename(hall.parks[1], "光綾公園（旧）").await;
        hall.rename(hall.parks[1], "光綾公園").await;
        hall
    }

    async fn sealed(fixture: &'a Fixture) -> Self {
        let hall = Self::open(fixture).await;
        assert_eq!(hall.seal().await, Sealed { entries: 6, checkpoints: 1 });
        hall
    }

    async fn write(&self, fill: impl FnOnce(&mut RecordUnit<'_>)) {
        let act = self.fixture.act("試験");
        let mut unit = RecordUnit::new(self.fixture.city.dialect(), &act, &*self.fixture.ids);
        fill(&mut unit);
        self.fixture.city.write(unit.into_unit()).await.unwrap();
    }

    async fn create(&self, name: &str) -> RecordId {
        let id = self.fixture.record_id();
        self.write(|unit| unit.create(&self.ledger, id, &fields([("name", text(name))])).unwrap()).await;
        id
    }

    async fn record(&self, id: RecordId) -> RecordRow {
        read::record(&self.fixture.city, &self.ledger, id).await.unwrap().unwrap()
    }

    async fn rename(&self, id: RecordId, name: &str) {
        let before = self.record(id).await;
        let mut values = before.fields.clone();
        values.insert("name".into(), text(name));
        self.write(|unit| unit.update(&self.ledger, &before, &values).unwrap()).await;
    }

    async fn seal(&self) -> Sealed {
        audit::seal(&self.fixture.city, &self.keeper, self.fixture.now()).await.unwrap()
    }

    async fn verify(&self) -> VerifyReport {
        audit::verify(&self.fixture.city, &self.keeper, &|_, _| {}).await.unwrap()
    }

    // Changes the database behind the program's back.
    async fn tamper(&self, sql: &str, params: impl IntoIterator<Item = Param>) {
        let receipt = self.fixture.city.write(Unit::of([Sql::with(sql, params).into()])).await.unwrap();
        assert!(receipt.affected[0] > 0, "nothing was changed by {sql}");
    }

    async fn first_broken(&self) -> Broken {
        let report = self.verify().await;
        assert!(!report.ok);
        report.first_broken.unwrap()
    }

    // Checks that the first finding is this one, about an entry of a park.
    async fn check(&self, place: (i64, usize, i64), problem: Problem) {
        let (seq, park, revision) = place;
        let expected = Broken {
            seq: Some(seq),
            ledger: Some("park".into()),
            record: Some(self.parks[park].0),
            revision: Some(revision),
            problem,
        };
        assert_eq!(self.first_broken().await, expected);
    }

    async fn entry(&self, seq: i64) -> Entry {
        let columns = audit::COLUMNS;
        let sql = Sql::with(&format!("SELECT {columns} FROM {{audit}} WHERE seq = $1"), [seq.into()]);
        Entry::read(&self.fixture.city.read_one(sql).await.unwrap().unwrap()).unwrap()
    }

    fn copy(&self) -> std::path::PathBuf {
        self.keeper.folder().join("checkpoints.jsonl")
    }
}

fn differs(what: &str) -> Problem {
    Problem::RowAltered { what: what.into() }
}

on_both_stores! {
    async fn an_ordinary_day_verifies(fixture) {
        let hall = Hall::sealed(fixture).await;
        let before = hall.record(hall.parks[0]).await;
        hall.write(|unit| unit.delete(&hall.ledger, &before)).await;
        let before = hall.record(hall.parks[0]).await;
        hall.write(|unit| unit.restore(&hall.ledger, &before)).await;
        let before = hall.record(hall.parks[2]).await;
        hall.write(|unit| unit.note(&hall.ledger, &before, "approve")).await;
        let report = hall.verify().await;
        assert!(report.ok, "{report:?}");
        assert_eq!((report.entries, report.records, report.sealed_to, report.unsealed), (9, 4, 6, 3));
        assert_eq!(hall.seal().await, Sealed { entries: 3, checkpoints: 1 });
        assert_eq!(hall.seal().await, Sealed::default());
        let report = hall.verify().await;
        assert!(report.ok, "{report:?}");
        assert_eq!((report.checkpoints, report.sealed_to, report.unsealed), (2, 9, 0));
    }

    async fn every_kind_of_value_verifies(fixture) {
        let hall = Hall::open(fixture).await;
        let ledger = fixture.publish(&[PARK, EVERYTHING]).await;
        let row = |n: i64| ChildRow { id: fixture.ids.next(), fields: fields([("what", text("鉛筆")), ("price", Value::Int(n))]) };
        let line = serde_json::json!({ "type": "Point", "coordinates": [139.426_123_456_789_1, 35.1 + 0.2] });
        let id = fixture.record_id();
        let values = fields([
            ("text", text("𠮷野 \"引用\"")),
            // Fewer decimals than the field has, and a name without its reading.
            ("exact", Value::Decimal(Decimal::new(15, 1))),
            ("moment", Value::Instant("2026-05-01T01:02:03.123456Z".parse().unwrap())),
            ("month", Value::YearMonth("2026-05".parse().unwrap())),
            ("yes", Value::Bool(false)),
            ("many", Value::Many(vec!["a".into()])),
            ("person", Value::Name(PersonName { name: "渡邉".into(), kana: String::new() })),
            ("parent", Value::Record(id)),
            ("spot", Value::Geometry(Geometry::from_geojson(&line).unwrap())),
            ("items", Value::Rows((0..3).map(row).collect())),
        ]);
        hall.write(|unit| unit.create(&ledger, id, &values).unwrap()).await;
        hall.seal().await;
        let report = hall.verify().await;
        assert!(report.ok, "{report:?}");
        hall.tamper("UPDATE {l_everything__items} SET price = 5 WHERE _position = 1", []).await;
        assert_eq!(hall.first_broken().await.problem, differs("items"));
    }

    async fn a_batch_is_sealed_once_it_is_published(fixture) {
        let hall = Hall::sealed(fixture).await;
        let act = fixture.act("取込");
        let staged = batch::open(&fixture.city, &hall.ledger, "公園.csv", "{}", &act).await.unwrap();
        let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids).in_batch(staged.id);
        for n in 0..30 {
            unit.create(&hall.ledger, fixture.record_id(), &fields([("name", text(&format!("広場{n}")))])).unwrap();
        }
        fixture.city.write(unit.into_unit()).await.unwrap();
        assert_eq!(hall.seal().await, Sealed::default());
        assert!(hall.verify().await.ok);
        batch::publish(&fixture.city, staged.id, fixture.now()).await.unwrap();
        assert_eq!(hall.seal().await.entries, 30);
        batch::undo(&fixture.city, &hall.ledger, staged.id, &act, &*fixture.ids).await.unwrap();
        assert_eq!(hall.seal().await.entries, 30);
        let report = hall.verify().await;
        assert!(report.ok, "{report:?}");
        // Hiding published records again is found.
        hall.tamper("UPDATE {batch} SET published_at = NULL", []).await;
        let first = hall.first_broken().await;
        assert_eq!((first.seq, first.problem), (Some(7), Problem::Hidden));
    }

    async fn a_changed_definition_verifies(fixture) {
        let hall = Hall::sealed(fixture).await;
        let changed = PARK
            .replace(r#"key = "note", label = "備考""#, r#"key = "memo", label = "備考", was = "note""#)
            .replace("scale = 2", "scale = 3")
            .replace(r#"{ key = "district""#, r#"{ key = "benches", label = "ベンチ", type = "integer" }, { key = "district""#);
        let def = Arc::new(kawasemi_schema::LedgerDef::read(kawasemi_schema::SourceFile::new("park.toml", changed)).unwrap());
        let plan = schema::plan(&fixture.city, Wanted { definitions: vec![def], retired: vec![] }).await.unwrap();
        schema::apply(&fixture.city, &plan, Allow::Changes, &fixture.act("改訂"), &*fixture.ids).await.unwrap();
        let report = hall.verify().await;
        assert!(report.ok, "{report:?}");
        hall.tamper("UPDATE {l_park} SET memo = 'x' WHERE id = $1", [hall.parks[0].0.into()]).await;
        hall.check((2, 0, 1), differs("memo")).await;
    }

    async fn an_edited_row_is_found(fixture) {
        let hall = Hall::sealed(fixture).await;
        hall.tamper("UPDATE {l_park} SET name = '偽公園' WHERE id = $1", [hall.parks[1].0.into()]).await;
        hall.check((6, 1, 3), differs("name")).await;
        let shown = hall.first_broken().await.to_string();
        assert!(shown.contains("通し番号 6") && shown.contains("台帳 park") && shown.contains("第3版"), "{shown}");
    }

    async fn an_edited_property_is_found(fixture) {
        let hall = Hall::sealed(fixture).await;
        for (column, what) in [("created_by", "created_by"), ("updated_by", "updated_by"), ("number", "number")] {
            let old: String = fixture.city.read_one(Sql::with(&format!("SELECT {column} FROM {{l_park}} WHERE id = $1"), [hall.parks[2].0.into()])).await.unwrap().unwrap().get(0).unwrap();
            let set = format!("UPDATE {{l_park}} SET {column} = $1 WHERE id = $2");
            hall.tamper(&set, ["visitor".into(), hall.parks[2].0.into()]).await;
            hall.check((4, 2, 1), differs(what)).await;
            hall.tamper(&set, [old.into(), hall.parks[2].0.into()]).await;
        }
        hall.tamper("UPDATE {l_park} SET deleted_at = 5 WHERE id = $1", [hall.parks[2].0.into()]).await;
        hall.check((4, 2, 1), differs("deleted_at")).await;
    }

    async fn a_value_that_can_not_be_read_is_found(fixture) {
        let hall = Hall::sealed(fixture).await;
        hall.tamper("UPDATE {l_park} SET opened_on = '昨日' WHERE id = $1", [hall.parks[0].0.into()]).await;
        hall.check((2, 0, 1), differs("opened_on")).await;
    }

    async fn an_edited_payload_is_found(fixture) {
        let hall = Hall::sealed(fixture).await;
        let id = hall.entry(5).await.id;
        hall.tamper("UPDATE {audit_payload} SET payload = '{}' WHERE audit_id = $1", [id.into()]).await;
        hall.check((5, 1, 2), Problem::PayloadAltered).await;
        hall.tamper("DELETE FROM {audit_payload} WHERE audit_id = $1", [id.into()]).await;
        hall.check((5, 1, 2), Problem::PayloadMissing).await;
    }

    async fn edited_metadata_is_found(fixture) {
        let hall = Hall::sealed(fixture).await;
        for set in ["actor = 'visitor'", "at = at + 1", "kind = 'note'", "meta = '{}'", "ledger = 'other'"] {
            let entry = hall.entry(3).await;
            hall.tamper(&format!("UPDATE {{audit}} SET {set} WHERE seq = 3"), []).await;
            let first = hall.first_broken().await;
            assert_eq!((first.seq, &first.problem), (Some(3), &Problem::EntryAltered), "{set}");
            let back = "UPDATE {audit} SET actor = $1, at = $2, kind = $3, meta = $4, ledger = $5 WHERE seq = 3";
            let old = [entry.actor.into(), entry.at.into(), entry.kind.into(), entry.meta.into(), entry.ledger.into()];
            hall.tamper(back, old).await;
        }
        assert!(hall.verify().await.ok);
    }

    // Whoever can compute hashes as well writes a consistent trail, but can't sign it.
    async fn a_rewritten_entry_is_found_by_its_seal(fixture) {
        let hall = Hall::sealed(fixture).await;
        let mut entry = hall.entry(2).await;
        entry.actor = "visitor".into();
        let hash = entry.expected_hash().to_vec();
        hall.tamper("UPDATE {audit} SET actor = 'visitor', hash = $1 WHERE seq = 2", [hash.clone().into()]).await;
        let row = "UPDATE {l_park} SET chain = $1, created_by = 'visitor', updated_by = 'visitor' WHERE id = $2";
        hall.tamper(row, [hash.into(), hall.parks[0].0.into()]).await;
        let report = hall.verify().await;
        assert_eq!(report.broken, 1);
        assert_eq!(report.first_broken.unwrap().problem, Problem::RootDiffers { checkpoint: 1, last: 6 });
    }

    async fn a_removed_entry_is_found(fixture) {
        let hall = Hall::sealed(fixture).await;
        hall.tamper("DELETE FROM {audit} WHERE seq = 5", []).await;
        let report = hall.verify().await;
        let first = report.first_broken.unwrap();
        assert_eq!((first.seq, first.problem), (Some(5), Problem::EntryMissing));
        let next = &report.findings[1];
        assert_eq!((next.seq, next.revision, &next.problem), (Some(6), Some(3), &Problem::RevisionMissing));
    }

    async fn a_removed_row_is_found(fixture) {
        let hall = Hall::sealed(fixture).await;
        hall.tamper("DELETE FROM {l_park} WHERE id = $1", [hall.parks[2].0.into()]).await;
        hall.check((4, 2, 1), Problem::RowMissing).await;
    }

    async fn a_row_put_in_by_hand_is_found(fixture) {
        let hall = Hall::sealed(fixture).await;
        let id = fixture.record_id();
        let row = "INSERT INTO {l_park} (id, revision, definition, created_at, created_by, updated_at, updated_by, chain) \
                   VALUES ($1, 1, 1, 5, 'system', 5, 'system', $2)";
        hall.tamper(row, [id.0.into(), vec![0_u8; 32].into()]).await;
        let first = hall.first_broken().await;
        assert_eq!((first.record, first.problem), (Some(id.0), Problem::RowUnaudited));
    }

    async fn removed_last_entries_are_found(fixture) {
        let hall = Hall::sealed(fixture).await;
        // Not sealed yet: the row still tells.
        hall.rename(hall.parks[0], "城山").await;
        hall.tamper("DELETE FROM {audit} WHERE seq IS NULL", []).await;
        hall.check((2, 0, 1), Problem::LastEntryMissing).await;
    }

    // The last sealed entry of a record goes together with what it did to the row.
    async fn a_rolled_back_record_is_found(fixture) {
        let hall = Hall::sealed(fixture).await;
        let before = hall.entry(5).await;
        hall.tamper("DELETE FROM {audit} WHERE seq = 6", []).await;
        let row = "UPDATE {l_park} SET name = '光綾公園（旧）', revision = 2, chain = $1 WHERE id = $2";
        hall.tamper(row, [before.hash.into(), hall.parks[1].0.into()]).await;
        let first = hall.first_broken().await;
        assert_eq!((first.seq, first.problem), (Some(6), Problem::EntryMissing));
    }

    // Everything since a checkpoint is taken out of the database, the checkpoint included: the copy outside tells.
    async fn a_forgotten_checkpoint_is_found(fixture) {
        let hall = Hall::sealed(fixture).await;
        let late = hall.create("消された公園").await;
        hall.seal().await;
        for (sql, params) in [
            ("DELETE FROM {checkpoint} WHERE number = $1", [Param::Int(2)]),
            ("DELETE FROM {audit} WHERE record = $1", [late.0.into()]),
            ("DELETE FROM {l_park} WHERE id = $1", [late.0.into()]),
        ] {
            hall.tamper(sql, params).await;
        }
        let first = hall.first_broken().await;
        assert_eq!((first.seq, first.problem), (Some(7), Problem::CheckpointMissing { checkpoint: 2 }));
        // Nor does sealing go on over it.
        hall.create("次の公園").await;
        let refused = audit::seal(&fixture.city, &hall.keeper, fixture.now()).await;
        assert!(matches!(refused, Err(StoreError::Refused { .. })));
    }

    async fn swapped_entries_are_found(fixture) {
        let hall = Hall::sealed(fixture).await;
        hall.tamper("UPDATE {audit} SET seq = 99 WHERE seq = 3", []).await;
        hall.tamper("UPDATE {audit} SET seq = 3 WHERE seq = 4", []).await;
        hall.tamper("UPDATE {audit} SET seq = 4 WHERE seq = 99", []).await;
        hall.check((3, 2, 1), Problem::OutOfOrder).await;
    }

    async fn a_place_that_was_never_given_is_found(fixture) {
        let hall = Hall::sealed(fixture).await;
        hall.rename(hall.parks[0], "城山").await;
        hall.tamper("UPDATE {audit} SET seq = 7 WHERE seq IS NULL", []).await;
        hall.check((7, 0, 2), Problem::PlaceUnsealed).await;
    }

    // The whole trail is sealed anew with another key: hashes, roots and signatures all fit one another.
    async fn another_key_is_found(fixture) {
        let hall = Hall::sealed(fixture).await;
        let folder = tempfile::tempdir().unwrap();
        let forger = Keeper::new(folder.path().join("audit"));
        forger.ensure_key([8; 32]).unwrap();
        hall.tamper("DELETE FROM {checkpoint}", []).await;
        hall.tamper("UPDATE {audit} SET seq = NULL", []).await;
        audit::seal(&fixture.city, &forger, fixture.now()).await.unwrap();
        assert!(audit::verify(&fixture.city, &forger, &|_, _| {}).await.unwrap().ok);
        let report = hall.verify().await;
        let problems: Vec<Problem> = report.findings.into_iter().map(|broken| broken.problem).collect();
        assert_eq!(problems, [Problem::KeyUnknown { checkpoint: 1 }, Problem::CopyDiffers { checkpoint: 1 }]);
    }

    async fn an_edited_checkpoint_is_found(fixture) {
        let hall = Hall::sealed(fixture).await;
        hall.tamper("UPDATE {checkpoint} SET at = at + 1", []).await;
        assert_eq!(hall.first_broken().await.problem, Problem::CheckpointAltered { checkpoint: 1 });
        hall.tamper("UPDATE {checkpoint} SET at = at - 1, signature = $1", [vec![1_u8, 2].into()]).await;
        assert_eq!(hall.first_broken().await.problem, Problem::CheckpointAltered { checkpoint: 1 });
        hall.tamper("DELETE FROM {checkpoint}", []).await;
        assert_eq!(hall.first_broken().await.problem, Problem::CheckpointMissing { checkpoint: 1 });
    }

    async fn a_shortened_copy_is_found(fixture) {
        let hall = Hall::sealed(fixture).await;
        hall.create("新公園").await;
        hall.seal().await;
        let whole = std::fs::read_to_string(hall.copy()).unwrap();
        let first = whole.lines().next().unwrap();
        for (shortened, missing) in [(format!("{first}\n"), 2), (String::new(), 1), (format!("{first}\n{{\"number\""), 2)] {
            std::fs::write(hall.copy(), shortened).unwrap();
            assert_eq!(hall.first_broken().await.problem, Problem::CopyMissing { checkpoint: missing });
            let refused = audit::seal(&fixture.city, &hall.keeper, fixture.now()).await;
            assert!(matches!(refused, Err(StoreError::Refused { .. })));
        }
        std::fs::write(hall.copy(), whole.replacen("\"at\":1", "\"at\":2", 1)).unwrap();
        assert_eq!(hall.first_broken().await.problem, Problem::CopyDiffers { checkpoint: 1 });
        std::fs::write(hall.copy(), &whole).unwrap();
        assert!(hall.verify().await.ok);
    }

    // A checkpoint kept by somebody else proves that database and copy were both set back.
    async fn a_witness_tells(fixture) {
        let hall = Hall::sealed(fixture).await;
        let kept = audit::checkpoint::last(&fixture.city).await.unwrap().unwrap();
        let verify = async |witness| audit::verify_with(&fixture.city, &hall.keeper, Some(witness), &|_, _| {}).await.unwrap();
        assert!(verify(&kept).await.ok);
        hall.tamper("DELETE FROM {checkpoint}", []).await;
        hall.tamper("UPDATE {audit} SET seq = NULL", []).await;
        std::fs::remove_file(hall.copy()).unwrap();
        audit::seal(&fixture.city, &hall.keeper, "2026-05-02T00:00:00Z".parse().unwrap()).await.unwrap();
        assert!(hall.verify().await.ok);
        assert_eq!(verify(&kept).await.first_broken.unwrap().problem, Problem::WitnessDiffers { checkpoint: 1 });
    }

    // The three moments at which a crash can fall between the database and the copy.
    async fn sealing_goes_on_after_a_crash(fixture) {
        let hall = Hall::sealed(fixture).await;
        let first = std::fs::read_to_string(hall.copy()).unwrap();
        hall.create("新公園").await;
        hall.seal().await;
        let pending = hall.keeper.folder().join("pending.json");
        let last = audit::checkpoint::last(&fixture.city).await.unwrap().unwrap();
        let line = serde_json::to_string(&last).unwrap();
        for torn in ["", &line[..20]] {
            std::fs::write(&pending, &line).unwrap();
            std::fs::write(hall.copy(), format!("{first}{torn}")).unwrap();
            let report = hall.verify().await;
            assert!(report.ok, "{report:?}");
            assert_eq!(hall.seal().await, Sealed::default());
            assert_eq!(std::fs::read_to_string(hall.copy()).unwrap(), format!("{first}{line}\n"));
            assert!(!pending.exists());
        }
        // Noted, but never committed.
        std::fs::write(&pending, line.replace("\"number\":2", "\"number\":3")).unwrap();
        assert!(hall.verify().await.ok);
        hall.create("次の公園").await;
        assert_eq!(hall.seal().await.entries, 1);
        assert!(hall.verify().await.ok);
    }

    async fn an_erased_payload_needs_a_signed_tombstone(fixture) {
        let hall = Hall::sealed(fixture).await;
        let (erased, other) = (hall.entry(5).await, hall.entry(3).await);
        let stone = |entry: &Entry| {
            Tombstone::sign(&hall.keeper, "142182", entry, ("文書管理規程第40条", "system"), fixture.now()).unwrap()
        };
        fixture.city.write(Unit::of(stone(&erased).statements())).await.unwrap();
        let report = hall.verify().await;
        assert!(report.ok, "{report:?}");
        assert_eq!(report.erased, 1);
        hall.tamper("UPDATE {audit_tombstone} SET approver = 'visitor'", []).await;
        hall.check((5, 1, 2), Problem::TombstoneInvalid).await;
        // A tombstone of one entry does not cover another.
        hall.tamper("UPDATE {audit_tombstone} SET audit_id = $1, approver = 'system'", [other.id.into()]).await;
        hall.tamper("DELETE FROM {audit_payload} WHERE audit_id = $1", [other.id.into()]).await;
        hall.check((3, 1, 1), Problem::TombstoneInvalid).await;
    }

    async fn an_edited_definition_is_found(fixture) {
        let hall = Hall::sealed(fixture).await;
        hall.tamper("UPDATE {definition} SET source = replace(source, '名称', '呼称')", []).await;
        let first = hall.first_broken().await;
        assert_eq!((first.seq, first.problem), (Some(1), Problem::DefinitionAltered { version: 1 }));
    }

    async fn units_are_bounded_and_progress_is_told(fixture) {
        let hall = Hall::open(fixture).await;
        let act = fixture.act("取込");
        for part in 0..21 {
            let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
            for n in 0..250 {
                let name = text(&format!("広場{part}-{n}"));
                unit.create(&hall.ledger, fixture.record_id(), &fields([("name", name)])).unwrap();
            }
            fixture.city.write(unit.into_unit()).await.unwrap();
        }
        assert_eq!(hall.seal().await, Sealed { entries: 5_256, checkpoints: 2 });
        let told = std::sync::Mutex::new(Vec::new());
        let progress = |done, total| told.lock().unwrap().push((done, total));
        let report = audit::verify(&fixture.city, &hall.keeper, &progress).await.unwrap();
        assert!(report.ok, "{report:?}");
        let told = told.into_inner().unwrap();
        assert!(told.is_sorted() && told.len() > 10);
        assert_eq!(told.last(), Some(&(2 * 5_256, 2 * 5_256)));
    }

    async fn verifying_beside_writing_finds_nothing(fixture) {
        let hall = Hall::sealed(fixture).await;
        let write = async {
            for n in 0..60 {
                hall.rename(hall.parks[n % 3], &format!("公園{n}")).await;
                if n % 7 == 0 {
                    hall.seal().await;
                }
            }
        };
        let verify = async {
            for _ in 0..12 {
                let report = hall.verify().await;
                assert!(report.ok, "{report:?}");
            }
        };
        tokio::join!(write, verify);
    }

    async fn two_nodes_seal_each_entry_once(fixture) {
        let hall = Hall::open(fixture).await;
        let (store, city) = fixture.open_again(kawasemi_store::Access::Command).await;
        for n in 0..20 {
            hall.rename(hall.parks[0], &format!("公園{n}")).await;
            let (one, two) = tokio::join!(
                audit::seal(&fixture.city, &hall.keeper, fixture.now()),
                audit::seal(&city, &hall.keeper, fixture.now()),
            );
            one.unwrap();
            two.unwrap();
        }
        hall.seal().await;
        let report = hall.verify().await;
        assert!(report.ok, "{report:?}");
        assert_eq!((report.sealed_to, report.unsealed), (26, 0));
        store.close().await;
    }
}

#[test]
fn the_private_key_is_for_the_program_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let keeper = Keeper::new(folder.path().join("audit"));
    let key = keeper.ensure_key([1; 32]).unwrap();
    assert_eq!(keeper.ensure_key([2; 32]).unwrap(), key);
    assert_eq!(keeper.keys().unwrap(), [key]);
    let mode = std::fs::metadata(keeper.folder().join("key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn whoever_needs_the_key_at_once_gets_the_same() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let keeper = Keeper::new(folder.path().join("audit"));
        let key_of = |seed: u8| keeper.ensure_key([seed; 32]).unwrap();
        let keys: Vec<[u8; 32]> = std::thread::scope(|scope| {
            let threads: Vec<_> = (1..=8)
                .map(|seed| {
                    scope.spawn({
                        let key_of = &key_of;
                        move || key_of(seed)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }
}
