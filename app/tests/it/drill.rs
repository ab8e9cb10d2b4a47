//! The restore drill: a backup is brought back in a place of its own, and what is wrong with it is told before it is needed.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{Hall, on_both_stores};
use kawasemi_store::{Access, Sql};
use kawasemi_testkit::postgres::TestDatabase;
use serde_json::Value;

/// What lies in the folder of drills, reports and what should have gone.
fn left(hall: &Hall) -> (usize, Vec<String>) {
    let entries = std::fs::read_dir(hall.data().join("drills")).unwrap().flatten();
    let names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    let (reports, other): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name.ends_with(".json"));
    (reports.len(), other)
}

/// The databases that drills have made and left: other tests' drills go on beside this one, on the same server.
fn databases(hall: &Hall) -> Vec<String> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = hall.store(Access::Read).await;
        let city = store.open_city("142182").await.unwrap();
        let there = "SELECT datname::text FROM pg_database WHERE datname LIKE 'kawasemi\\_drill\\_%'";
        let rows = city.read(Sql::text(there)).await.unwrap();
        let is_over = |name: &String| !Path::new("/proc").join(name.rsplit('_').next().unwrap()).exists();
        let over: Vec<String> = rows.iter().map(|row| row.get(0).unwrap()).filter(is_over).collect();
        // Asked again, since what is over by now may have dropped its own in the meantime.
        let rows = city.read(Sql::text(there)).await.unwrap();
        let there: Vec<String> = rows.iter().map(|row| row.get(0).unwrap()).collect();
        store.close().await;
        over.into_iter().filter(|name| there.contains(name)).collect()
    })
}

fn backup(hall: &Hall, name: &str) -> String {
    let file = hall.path(name).display().to_string();
    hall.ok(&["backup", &file]);
    file
}

/// Holds a drill that does not pass, and answers what it told.
fn failed(hall: &Hall, words: &[&str]) -> Value {
    let words: Vec<&str> = ["--json", "drill", "restore"].into_iter().chain(words.iter().copied()).collect();
    let done = hall.run(&words);
    assert_eq!(done.status, 1, "{words:?}: {}{}", done.out, done.err);
    serde_json::from_str(&done.out).unwrap()
}

fn problems(report: &Value) -> String {
    report["problems"].as_array().unwrap().iter().map(|said| said.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_drill_restores_verifies_and_uses_a_backup_and_leaves_nothing_but_its_report() {
    on_both_stores(|hall| {
        hall.ok(&["demo", "--residents", "60"]);
        std::fs::create_dir(hall.path("backups")).unwrap();
        std::fs::write(hall.path("backups/notes.txt"), "no archive").unwrap();
        backup(hall, "backups/first.kwsm");
        let report = hall.json(&["drill", "restore", "--from", "backups"]);
        assert_eq!(report["passed"], true, "{report}");
        let city = &report["cities"][0];
        assert_eq!((city["code"].as_str(), city["live"]["lost"].as_i64()), (Some("142182"), Some(0)), "{city}");
        let ledgers = city["ledgers"].as_array().unwrap();
        assert!(ledgers.iter().all(|ledger| ledger["said"] == ledger["restored"]), "{ledgers:?}");
        let residents = ledgers.iter().find(|ledger| ledger["key"] == "resident").unwrap();
        assert_eq!(residents["restored"], 60);
        let steps: Vec<&str> =
            report["steps"].as_array().unwrap().iter().map(|step| step["key"].as_str().unwrap()).collect();
        assert_eq!(steps, ["inspect", "restore", "count", "upgrade", "verify", "files", "read"]);
        assert!(report["recovery_seconds"].as_f64().unwrap() > 0.0);
        assert_eq!(left(hall), (1, Vec::new()));
        if hall.url().is_some() {
            assert_eq!(databases(hall), Vec::<String>::new());
        }
        // The living city has a line that says so, and is whole.
        hall.ok(&["audit", "seal"]);
        let trail = hall.ok(&["audit", "export", "--log", "audit"]);
        assert!(trail.contains("restore-drill"), "{}", trail.lines().last().unwrap_or_default());
        hall.ok(&["audit", "verify"]);
        // What happens after the backup is what it would lose; the newest backup of a folder is meant.
        let file = hall.file("new.csv", "部局コード,名称,区分,設置年度\nnew-one,新しい課,課・室,2022\n");
        hall.ok(&["import", "department", &file]);
        let report = hall.json(&["drill", "restore", "--from", "backups/first.kwsm", "--files", "0"]);
        assert!(report["cities"][0]["live"]["lost"].as_i64().unwrap() >= 2, "{report}");
        std::thread::sleep(Duration::from_millis(20));
        backup(hall, "backups/second.kwsm");
        let report = hall.json(&["drill", "restore", "--from", "backups"]);
        assert!(report["backup"]["file"].as_str().unwrap().ends_with("second.kwsm"));
        assert_eq!(report["cities"][0]["live"]["lost"], 0, "{report}");
        let told = hall.ok(&["drill", "list"]);
        assert_eq!(told.lines().filter(|line| line.contains("合格")).count(), 3, "{told}");
        hall.ok(&["drill", "report", "--out", "drill.pdf"]);
        assert!(std::fs::read(hall.path("drill.pdf")).unwrap().starts_with(b"%PDF-"));
        hall.ok(&["audit", "verify"]);
    });
}

#[test]
fn a_backup_that_can_not_be_restored_is_told_and_the_living_city_is_not_touched() {
    on_both_stores(|hall| {
        hall.ok(&["demo", "--residents", "20"]);
        let whole = std::fs::read(backup(hall, "city.kwsm")).unwrap();
        let mut altered = whole.clone();
        altered[whole.len() / 2] ^= 0x55;
        for (name, bytes) in [("cut.kwsm", &whole[..whole.len() * 2 / 3]), ("altered.kwsm", &altered[..])] {
            std::fs::write(hall.path(name), bytes).unwrap();
            let report = failed(hall, &["--from", name]);
            assert!(problems(&report).contains("壊れているか、途中で切れています"), "{report}");
            assert_eq!(report["steps"][0]["done"], false);
        }
        let report = failed(hall, &["--from", "nothing.kwsm"]);
        assert!(problems(&report).contains("ありません"), "{report}");
        std::fs::create_dir(hall.path("empty")).unwrap();
        let report = failed(hall, &["--from", "empty"]);
        assert!(problems(&report).contains("控えがありません"), "{report}");
        assert_eq!(left(hall), (4, Vec::new()));
        hall.ok(&["audit", "verify"]);
    });
}

#[test]
fn a_backup_of_another_city_is_noticed_whatever_its_code() {
    let hall = Hall::on_sqlite();
    hall.ok(&["demo", "--residents", "20"]);
    let other = Hall::on_sqlite();
    other.ok(&["init", "--code", "142158", "--name", "海老名市"]);
    let report = failed(&hall, &["--from", &backup(&other, "ebina.kwsm")]);
    assert!(problems(&report).contains("別の市の控え") && problems(&report).contains("が、この控えに入っていません"));
    // The same code and another life: its seals were never ours.
    let twin = Hall::on_sqlite();
    twin.ok(&["demo", "--residents", "20"]);
    let report = failed(&hall, &["--from", &backup(&twin, "twin.kwsm")]);
    assert!(problems(&report).contains("検印は、いまの市のものではありません"), "{report}");
    let database = {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(TestDatabase::create())
    };
    let said = hall.run(&["--database-url", database.url(), "drill", "restore", "--from", &backup(&hall, "own.kwsm")]);
    assert_eq!(said.status, 1);
    assert!(said.out.contains("同じ種類の保存先"), "{}{}", said.out, said.err);
    tokio::runtime::Runtime::new().unwrap().block_on(database.drop());
}

#[test]
fn a_named_place_has_to_be_empty_and_is_emptied_again() {
    on_both_stores(|hall| {
        hall.ok(&["demo", "--residents", "20"]);
        let file = backup(hall, "city.kwsm");
        match hall.url() {
            None => {
                std::fs::create_dir(hall.path("elsewhere")).unwrap();
                hall.json(&["drill", "restore", "--from", &file, "--into", "elsewhere"]);
                assert_eq!(std::fs::read_dir(hall.path("elsewhere")).unwrap().count(), 0);
                std::fs::write(hall.path("elsewhere/letter.txt"), "mine").unwrap();
                let report = failed(hall, &["--from", &file, "--into", "elsewhere"]);
                assert!(problems(&report).contains("空ではありません"), "{report}");
                assert!(hall.path("elsewhere/letter.txt").exists());
                let said = hall.fails(2, &["drill", "restore", "--from", &file, "--into", "data"]);
                assert!(said.contains("いまの市の場所です"), "{said}");
            }
            Some(url) => {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                let database = runtime.block_on(TestDatabase::create());
                for _ in 0..2 {
                    hall.json(&["drill", "restore", "--from", &file, "--into", database.url()]);
                }
                runtime.block_on(database.drop());
                let said = hall.fails(2, &["drill", "restore", "--from", &file, "--into", url]);
                assert!(said.contains("いまの市の場所です"), "{said}");
                // The same database under another name.
                let report = failed(hall, &["--from", &file, "--into", &format!("{url}&application_name=x")]);
                assert!(problems(&report).contains("空ではありません"), "{report}");
            }
        }
        hall.ok(&["audit", "verify"]);
        assert_eq!(left(hall).1, Vec::<String>::new());
    });
}

#[test]
fn what_an_interrupted_drill_left_goes_at_the_next_one() {
    on_both_stores(|hall| {
        hall.ok(&["demo", "--residents", "300"]);
        let file = backup(hall, "city.kwsm");
        let work = |folder: &Path| {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("work-")).count()
        };
        let drills = hall.data().join("drills");
        let child = hall.spawn(&["drill", "restore", "--from", &file]);
        let until = Instant::now() + Duration::from_secs(60);
        while work(&drills) == 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(300));
        Command::new("kill").args(["-KILL", &child.id().to_string()]).status().unwrap();
        child.wait_with_output().unwrap();
        assert_eq!(work(&drills), 1, "it was in the middle");
        let done = hall.run(&["drill", "restore", "--from", &file]);
        assert_eq!(done.status, 0, "{}{}", done.out, done.err);
        assert!(done.err.contains("前に中断した復元訓練の残り 1 件を片付けました"), "{}", done.err);
        assert_eq!(left(hall), (1, Vec::new()));
        if hall.url().is_some() {
            assert_eq!(databases(hall), Vec::<String>::new());
        }
        hall.ok(&["audit", "verify"]);
    });
}
