//! Files into records and back: dry runs, bad rows, merging, undoing, and what a killed process leaves.

use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::common::{City, tables};
use kawasemi_kernel::Value;
use kawasemi_ledger::import::{FileOptions, ImportPlan, ImportReport, Mapping, RunState};
use kawasemi_ledger::{LedgerError, ListRequest};
use kawasemi_store::{Sql, Unit, batch};
use tempfile::NamedTempFile;

struct Import {
    file: NamedTempFile,
    plan: ImportPlan,
}

impl Import {
    async fn of(city: &City<'_>, bytes: &[u8]) -> Self {
        let mut file = NamedTempFile::new().expect("makes a file");
        file.write_all(bytes).expect("writes");
        let options = FileOptions::default();
        let (_, mapping) =
            city.ledgers.look_at_file(&city.keeper(), "park", file.path(), &options).await.expect("looks");
        let plan = ImportPlan {
            path: file.path().to_owned(),
            options,
            mapping,
            title: "公園.csv".into(),
            photos: None,
            is_invented: false,
        };
        Self { file, plan }
    }

    fn mapped(mut self, change: impl FnOnce(&mut Mapping)) -> Self {
        change(&mut self.plan.mapping);
        self
    }

    async fn run(&self, city: &City<'_>) -> ImportReport {
        city.ledgers.import(&city.keeper(), "park", &self.plan, &|_| {}).await.expect("imports")
    }

    async fn try_out(&self, city: &City<'_>) -> ImportReport {
        city.ledgers.import_dry_run(&city.keeper(), "park", &self.plan, &|_| {}).await.expect("reads")
    }
}

const GOOD: &str = "公園名,種別,面積（㎡）,開園日,所管,管理コード,管理人,管理人（フリガナ）\r\n\
    中央公園,総合公園,\"1,234.5\",令和3年5月17日,みどり公園課,A-1,綾瀬 太郎,アヤセ タロウ\r\n\
    北公園,街区公園,200,H2.4.1,みどり公園課,A-2,,\r\n";

async fn all(city: &City<'_>) -> Vec<String> {
    city.names(&city.keeper(), &ListRequest::all()).await
}

/// The process that ran the imports is gone.
async fn as_if_killed(city: &City<'_>) {
    let sql = Sql::with("UPDATE {batch} SET holder = 'another process', held_until = 0 WHERE holder IS NOT NULL", []);
    city.ledgers.city().write(Unit::of([sql.into()])).await.expect("writes");
}

kawasemi_testkit::on_both_stores! {
    tables = tables();

    async fn a_file_in_cp932_becomes_records_and_can_be_undone(fixture) {
        let city = City::open(fixture).await;
        let (cp932, ..) = encoding_rs::SHIFT_JIS.encode(GOOD);
        let import = Import::of(&city, &cp932).await;
        let tried = import.try_out(&city).await;
        assert_eq!((tried.rows, tried.created, tried.bad, tried.is_applied), (2, 2, 0, false), "{:?}", tried.problems);
        assert!(all(&city).await.is_empty());
        let report = import.run(&city).await;
        assert_eq!((report.created, report.is_applied), (2, true));
        let park = city.ledgers.get_by_number(&city.keeper(), "park", "公-0001").await.expect("reads");
        assert!(matches!(park.get("manager"), Value::Name(name) if name.kana == "アヤセ タロウ"));
        assert_eq!(park.get("department"), &Value::Record(city.parks));
        let undone = city.ledgers.undo_batch(&city.keeper(), "park", report.batch.expect("has a batch")).await.expect("undoes");
        assert_eq!((undone.deleted, undone.kept), (2, 0));
        assert!(all(&city).await.is_empty());
    }

    async fn every_bad_row_has_its_line(fixture) {
        let city = City::open(fixture).await;
        let file = "公園名,種別,所管,面積,管理コード\n,街区公園,みどり公園課,1,A-1\n北,謎,みどり公園課,1,A-2\n南,,無い課,広い,A-3\n東,,道路管理課,1,A-4\n西,,みどり公園課,1,A-2\n良,,みどり公園課,1,A-5\n";
        let import = Import::of(&city, file.as_bytes()).await;
        let report = import.run(&city).await;
        assert_eq!((report.rows, report.bad, report.is_applied, report.batch), (6, 4, false, None));
        let seen: Vec<(u64, &str, &str)> = report.problems.iter().map(|p| (p.line, p.column.as_str(), p.value.as_str())).collect();
        assert_eq!(seen, [(2, "公園名", ""), (3, "種別", "謎"), (4, "面積", "広い"), (4, "所管", "無い課"), (5, "", "")]);
        assert!(report.to_csv().contains("\"3\",\"種別\",\"謎\""));
        assert!(all(&city).await.is_empty(), "nothing half-imported remains");
        let report = import.mapped(|mapping| mapping.skip_bad = true).run(&city).await;
        assert_eq!((report.created, report.bad, report.is_applied), (2, 4, true));
        assert_eq!(all(&city).await, ["良", "西"]);
    }

    async fn ten_thousand_bad_rows_are_a_bounded_report(fixture) {
        let city = City::open(fixture).await;
        let mut file = String::from("公園名,所管,面積\n");
        (0..10_500).for_each(|n| file.push_str(&format!("公園{n},みどり公園課,=cmd\n")));
        let report = Import::of(&city, file.as_bytes()).await.try_out(&city).await;
        assert_eq!((report.rows, report.bad, report.problems.len()), (10_500, 10_500, 10_000));
        assert!(report.to_csv().contains("\"'=cmd\""));
    }

    async fn a_key_changes_records_that_are_there(fixture) {
        let city = City::open(fixture).await;
        Import::of(&city, GOOD.as_bytes()).await.run(&city).await;
        let newer = "管理コード,公園名,面積,所管\nA-2,北の公園,,みどり公園課\nA-1,中央公園,1234.5,みどり公園課\nA-3,南公園,10,みどり公園課\n";
        let import = Import::of(&city, newer.as_bytes()).await.mapped(|mapping| mapping.merge = vec!["code".into()]);
        let report = import.run(&city).await;
        assert_eq!((report.created, report.updated, report.unchanged, report.bad), (1, 1, 1, 0), "{:?}", report.problems);
        assert_eq!(all(&city).await, ["中央公園", "北の公園", "南公園"]);
        let again = import.run(&city).await;
        assert_eq!((again.created, again.updated, again.unchanged, again.batch), (0, 0, 3, None));
        let north = city.ledgers.get_by_number(&city.keeper(), "park", "公-0002").await.expect("reads");
        assert!(!north.get("area").is_null(), "an empty cell leaves a field as it is");
        let undone = city.ledgers.undo_batch(&city.keeper(), "park", report.batch.expect("has one")).await.expect("undoes");
        assert_eq!((undone.deleted, undone.reverted), (1, 1));
        assert_eq!(all(&city).await, ["中央公園", "北公園"]);
        let twice = city.ledgers.undo_batch(&city.keeper(), "park", report.batch.expect("has one")).await;
        assert!(matches!(twice, Err(LedgerError::Refused(_))));
    }

    async fn a_killed_import_leaves_nothing_visible(fixture) {
        let city = City::open(fixture).await;
        let mut file = String::from("公園名,所管\n");
        (0..3_000).for_each(|n| file.push_str(&format!("公園{n},みどり公園課\n")));
        let import = Import::of(&city, file.as_bytes()).await;
        let (ledgers, keeper, plan) = (city.ledgers.clone(), city.keeper(), import.plan.clone());
        let (sender, mut begun) = tokio::sync::mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            let progress = move |now: kawasemi_ledger::import::Progress| sender.send(now.rows).unwrap_or_default();
            ledgers.import(&keeper, "park", &plan, &progress).await
        });
        // The second chunk is told when the first is durable.
        assert_eq!((begun.recv().await, begun.recv().await), (Some(500), Some(1_000)));
        task.abort();
        drop(task.await);
        assert!(all(&city).await.is_empty());
        assert_eq!(batch::unfinished(&fixture.city).await.expect("reads").len(), 1);
        let now = fixture.now();
        // It runs as far as others know, until its process is gone.
        assert!(city.ledgers.recover_imports(now).await.expect("looks").is_empty());
        as_if_killed(&city).await;
        let recovered = city.ledgers.recover_imports(now).await.expect("clears away");
        assert!(recovered[0].removed >= 500 && recovered[0].title == "公園.csv", "{recovered:?}");
        assert!(batch::unfinished(&fixture.city).await.expect("reads").is_empty());
        let report = import.run(&city).await;
        assert_eq!(report.created, 3_000);
        drop(import.file);
    }

    async fn an_import_killed_while_it_changes_records_is_taken_back(fixture) {
        let city = City::open(fixture).await;
        let rows = |name: &str| (0..1_500).map(|n| format!("A-{n},{name}{n},みどり公園課\n")).collect::<String>();
        let heading = "管理コード,公園名,所管\n";
        Import::of(&city, (heading.to_owned() + &rows("公園")).as_bytes()).await.run(&city).await;
        let newer = heading.to_owned() + &rows("新公園") + "B-1,別の公園,みどり公園課\n";
        let import = Import::of(&city, newer.as_bytes()).await.mapped(|mapping| mapping.merge = vec!["code".into()]);
        let (ledgers, keeper, plan) = (city.ledgers.clone(), city.keeper(), import.plan.clone());
        let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            let progress = move |now: kawasemi_ledger::import::Progress| sender.send(now.is_updating).unwrap_or_default();
            ledgers.import(&keeper, "park", &plan, &progress).await
        });
        while !told.recv().await.expect("it goes on to change records") {}
        task.abort();
        drop(task.await);
        as_if_killed(&city).await;
        let recovered = city.ledgers.recover_imports(fixture.now()).await.expect("takes back");
        assert!(recovered[0].reverted >= 500 && recovered[0].removed == 1, "{recovered:?}");
        let names = all(&city).await;
        assert!(names.iter().all(|name| name.starts_with("公園")), "everything is as before");
        let report = import.run(&city).await;
        assert_eq!((report.created, report.updated), (1, 1_500), "{:?}", report.problems);
    }

    async fn a_run_is_told_by_every_process_and_outlives_it(fixture) {
        let city = City::open(fixture).await;
        let import = Import::of(&city, GOOD.as_bytes()).await;
        let file = kawasemi_kernel::FileRef {
            id: uuid::Uuid::from_u128(7),
            name: "公園.csv".into(),
            media_type: "text/csv".into(),
            size: 3,
            sha256: "00".into(),
        };
        let keeper = city.keeper();
        let kept = city.ledgers.keep_import_file(&keeper, "park", &file).await.expect("is kept");
        let of = city.ledgers.import_run(&keeper, "park", kept).await.expect("is there");
        assert_eq!((of.state.clone(), of.file.clone()), (RunState::Chosen, file));
        let id = city.ledgers.begin_import(&keeper, &of, import.plan.clone(), false, "a=b", ()).await.expect("begins");
        let run = loop {
            let run = city.ledgers.import_run(&keeper, "park", id).await.expect("is there");
            if !matches!(run.state, RunState::Running(_)) {
                break run;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        let RunState::Ended(report) = &run.state else { panic!("{run:?}") };
        assert_eq!((report.created, report.is_applied, run.entries.as_str()), (2, true, "a=b"));
        // It is the person's own.
        assert!(matches!(city.ledgers.import_run(&city.staff(), "park", id).await, Err(LedgerError::Forbidden { .. } | LedgerError::NotFound)));

        let begun = "UPDATE {import_run} SET state = 'running', report = NULL, holder = 'gone', held_until = 0 WHERE id = $1";
        fixture.city.write(Unit::of([Sql::with(begun, [id.into()]).into()])).await.expect("writes");
        assert_eq!(city.ledgers.import_run(&keeper, "park", id).await.expect("is there").state, RunState::BrokenOff);
        assert_eq!(city.ledgers.broken_imports(&keeper, "park").await.expect("reads").len(), 1);
    }

    async fn what_was_exported_can_be_imported(fixture) {
        let city = City::open(fixture).await;
        Import::of(&city, GOOD.as_bytes()).await.run(&city).await;
        let (sender, mut receiver) = tokio::sync::mpsc::channel(8);
        let request = kawasemi_ledger::ExportRequest::default();
        let (ledgers, keeper) = (city.ledgers.clone(), city.keeper());
        let task = tokio::spawn(async move { ledgers.export(&keeper, "park", &request, sender).await });
        let mut bytes = Vec::new();
        while let Some(part) = receiver.recv().await {
            bytes.extend_from_slice(&part);
        }
        assert_eq!(task.await.expect("runs").expect("exports").records, 2);
        let import = Import::of(&city, &bytes).await;
        assert_eq!(import.plan.mapping.merge, ["id"]);
        let report = import.run(&city).await;
        assert_eq!((report.unchanged, report.bad), (2, 0), "{:?}", report.problems);
    }

    async fn only_who_may_import_does(fixture) {
        let city = City::open(fixture).await;
        let mut file = NamedTempFile::new().expect("makes a file");
        file.write_all(GOOD.as_bytes()).expect("writes");
        let looked = city.ledgers.look_at_file(&city.staff(), "park", file.path(), &FileOptions::default()).await;
        assert!(matches!(looked, Err(LedgerError::Forbidden { .. })));
        let import = Import::of(&city, GOOD.as_bytes()).await.mapped(|mapping| mapping.columns[0] = "nonsense".into());
        let refused = city.ledgers.import(&city.keeper(), "park", &import.plan, &|_| {}).await;
        assert!(matches!(refused, Err(LedgerError::UnknownField { .. })));
        let broken = city.ledgers.look_at_file(&city.keeper(), "park", file.path().parent().expect("has one"), &FileOptions::default()).await;
        assert!(matches!(broken, Err(LedgerError::File(_))));
    }
}

#[test]
fn progress_is_told() {
    let rows = AtomicU64::new(0);
    let tell = |progress: kawasemi_ledger::import::Progress| rows.store(progress.rows, Ordering::Relaxed);
    tell(kawasemi_ledger::import::Progress { rows: 3, ..Default::default() });
    assert_eq!(rows.into_inner(), 3);
}
