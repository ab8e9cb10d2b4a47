//! What goes wrong in an office: files that are none, places that can't be written, commands that are stopped. Each gets a
//! sentence, and nothing half-written stays.

use std::os::unix::fs::FileTypeExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{Hall, on_both_stores};

const HEADINGS: &str = "部局コード,名称,区分,設置年度\n";

/// A file of so many departments.
fn departments(count: usize) -> String {
    (0..count).fold(HEADINGS.to_owned(), |text, n| format!("{text}d{n},第{n}部,部・局,R3\n"))
}

#[test]
fn what_is_no_file_of_rows_is_refused_in_a_sentence() {
    let hall = Hall::on_sqlite();
    hall.init();
    let noise: Vec<u8> = (0..50_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for (name, bytes, expected) in [
        ("empty.csv", &b""[..], "行がありません"),
        ("binary.csv", &noise, "読めません"),
        ("cut.xlsx", b"PK\x03\x04\x14\x00\x06\x00", "壊れているか"),
    ] {
        std::fs::write(hall.path(name), bytes).unwrap();
        let path = hall.path(name).display().to_string();
        let said = hall.fails(1, &["import", "department", &path]);
        assert!(said.contains(expected) && said.contains('。'), "{name}: {said}");
    }
    let folder = hall.folder.path().display().to_string();
    assert!(hall.fails(1, &["import", "department", &folder]).contains("はフォルダーです"));
    assert!(hall.fails(1, &["import", "department", "nowhere.csv"]).contains("ファイルまたはフォルダーがありません"));
    assert!(hall.fails(1, &["policy", "import", &folder]).contains("フォルダー"));
    assert_eq!(hall.ok(&["export", "department", "--format", "csv"]).lines().count(), 1);
}

#[test]
fn rows_come_through_a_pipe_as_well() {
    on_both_stores(|hall| {
        hall.init();
        let done = hall.run_with(&["import", "department", "-", "--json"], &departments(3));
        assert_eq!(done.status, 0, "{}", done.err);
        assert_eq!(hall.ok(&["export", "department", "--format", "csv"]).lines().count(), 4);
    });
}

#[test]
fn ten_thousand_bad_rows_are_counted_and_nothing_comes_in() {
    let hall = Hall::on_sqlite();
    hall.init();
    let file = hall.file("bad.csv", &departments(10_000).replace(",R3", ",昨年"));
    let done = hall.run(&["import", "department", &file]);
    assert_eq!(done.status, 1);
    assert!(done.out.lines().count() < 40 && done.err.contains("10000行に誤りがあるため"), "{}{}", done.out, done.err);
    assert_eq!(hall.ok(&["export", "department", "--format", "csv"]).lines().count(), 1);
}

#[test]
fn an_export_never_replaces_a_device_and_leaves_no_half_a_file() {
    let hall = Hall::on_sqlite();
    hall.init();
    let said = hall.fails(1, &["export", "department", "--format", "csv", "-o", "/dev/full"]);
    assert!(said.contains("/dev/full に書けません") && said.contains("空きがありません"), "{said}");
    assert!(std::fs::metadata("/dev/full").unwrap().file_type().is_char_device());
    let folder = hall.folder.path().display().to_string();
    assert!(hall.fails(1, &["export", "department", "--format", "csv", "-o", &folder]).contains("はフォルダーです"));
    let file = hall.path("out.csv").display().to_string();
    let made = hall.json(&["export", "department", "--format", "csv", "-o", &file]);
    assert_eq!((made["records"].as_u64(), made["file"].as_str()), (Some(0), Some(file.as_str())));
}

#[test]
fn mistakes_of_the_command_line_are_json_too() {
    let hall = Hall::on_sqlite();
    for words in
        [&["--json", "serve", "--lisen", "x"][..], &["init", "--code", "142183", "--json"], &["polcy", "--json"]]
    {
        let said: serde_json::Value = serde_json::from_str(&hall.fails(2, words)).unwrap();
        assert!(said["error"]["message"].as_str().unwrap().contains('。'), "{said}");
    }
}

#[test]
fn a_calculation_answers_in_json_with_its_working() {
    let hall = Hall::on_sqlite();
    let input = "direction,target_value,actual\r\nup,200,150\r\nsideways,1,1\r\n";
    let done = hall.run_with(&["calc", "policy-achievement", "--json"], input);
    assert_eq!(done.status, 1);
    let said: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(said["rows"][0]["outputs"]["achievement"], "75.0", "{said}");
    assert_eq!(said["rows"][0]["working"][0]["detail"], "実績150 ÷ 目標200 × 100");
    assert!(said["rows"][1]["error"].as_str().unwrap().contains("sideways"));
    assert_eq!(said["refused"], 1);
}

#[test]
fn an_import_that_is_stopped_or_killed_is_simply_done_again() {
    let hall = Hall::on_sqlite();
    hall.init();
    let file = hall.file("many.csv", &departments(20_000));
    for (signal, status) in [("-INT", Some(130)), ("-TERM", Some(143)), ("-KILL", None)] {
        let child = hall.spawn(&["import", "department", &file]);
        std::thread::sleep(Duration::from_millis(1_500));
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        let done = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), status, "{signal} {said}");
        assert!(status.is_none() || said.contains("中断しました。"), "{signal} {said}");
        assert_eq!(hall.ok(&["export", "department", "--format", "csv"]).lines().count(), 1, "nothing is seen of it");
    }
    let again = hall.json(&["import", "department", &file]);
    assert_eq!((again["created"].as_u64(), again["bad"].as_u64()), (Some(20_000), Some(0)), "{again}");
    assert!(!hall.ok(&["doctor"]).contains("途中の取込が"), "nothing of the killed ones is left");
    hall.ok(&["audit", "verify"]);
}

#[test]
fn a_backup_that_is_stopped_leaves_no_file() {
    let hall = Hall::on_sqlite();
    hall.ok(&["demo", "--residents", "2000"]);
    let file = hall.path("city.kwsm");
    let child = hall.spawn(&["backup", &file.display().to_string()]);
    let until = Instant::now() + Duration::from_secs(20);
    while !hall.path("city.kwsm.part").exists() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(2));
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    assert!(!file.exists());
    hall.ok(&["backup", &file.display().to_string()]);
    assert!(file.exists());
}

#[test]
fn an_altered_backup_is_refused_before_anything_is_replaced() {
    let hall = Hall::on_sqlite();
    hall.init();
    let file = hall.path("city.kwsm").display().to_string();
    hall.ok(&["backup", &file]);
    let whole = std::fs::read(&file).unwrap();
    for at in [10, whole.len() / 2, whole.len() - 20] {
        let mut altered = whole.clone();
        altered[at] ^= 0x55;
        std::fs::write(hall.path("altered.kwsm"), &altered).unwrap();
        let said = hall.fails(1, &["restore", &hall.path("altered.kwsm").display().to_string(), "--replace"]);
        assert!(said.contains("いまのデータは変わっていません"), "{at}: {said}");
        hall.ok(&["audit", "verify"]);
    }
}
