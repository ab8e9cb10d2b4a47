//! The habits of a good Unix tool: statuses, messages, pipes.

use std::io::Read as _;

use crate::support::{Hall, on_both_stores};

#[test]
fn a_mistake_on_the_command_line_is_status_2_and_one_sentence() {
    let hall = Hall::on_sqlite();
    for (words, expected) in [
        (&["serve", "--lisen", "x"][..], "「--listen」のことですか。"),
        (&["polcy", "import", "x"], "「policy」のことですか。"),
        (&["calc", "dedline"], "「deadline」のことですか。"),
        (&["init", "--code", "142183"], "検査数字"),
        (&["export", "park", "--format", "xlsx", "--encoding", "cp932"], "CSV と Shapefile だけに使えます"),
    ] {
        let said = hall.fails(2, words);
        assert!(said.contains(expected) && said.trim_end().lines().count() == 1, "{words:?}: {said}");
    }
}

#[test]
fn without_a_city_a_command_says_what_to_do_first() {
    let hall = Hall::on_sqlite();
    for words in [&["doctor"][..], &["serve"], &["user", "list"], &["audit", "verify"]] {
        let said = hall.fails(1, words);
        assert!(said.contains("kawasemi init"), "{words:?}: {said}");
    }
    assert!(!hall.data().exists(), "nothing is made by looking");
}

#[test]
fn settings_that_nobody_knows_are_refused_by_name() {
    let hall = Hall::on_sqlite();
    let file = hall.file("k.toml", "[serve]\nport = 1\n");
    assert!(hall.fails(1, &["--config", &file, "doctor"]).contains("k.toml:2:1: 「port」というキーはありません"));
    let done = hall.command(&["doctor"]).env("KAWASEMI_LISTEN", "x").output().unwrap();
    assert!(String::from_utf8_lossy(&done.stderr).contains("環境変数 KAWASEMI_LISTEN は知らない設定です"));
}

#[test]
fn errors_are_json_when_answers_are() {
    let hall = Hall::on_sqlite();
    let said: serde_json::Value = serde_json::from_str(&hall.fails(1, &["--json", "doctor"])).unwrap();
    assert!(said["error"]["message"].as_str().unwrap().contains("kawasemi init"), "{said}");
}

#[test]
fn a_calculation_needs_no_city() {
    let hall = Hall::on_sqlite();
    let done = hall.run_with(&["calc", "deadline", "--explain"], "starts_on,days\nR3.4.26,7\n昨日,1\n");
    assert_eq!(done.status, 1);
    assert!(
        done.out
            .lines()
            .nth(1)
            .unwrap()
            .starts_with("R3.4.26,7,2021-05-06,令和3年5月6日,true,,\"[{\"\"rule\"\":\"\"民法第140条"),
        "{}",
        done.out
    );
    assert!(done.err.contains("2行のうち1行は計算できませんでした"), "{}", done.err);
}

#[test]
fn a_city_is_made_once() {
    on_both_stores(|hall| {
        let made = hall.json(&["init", "--code", "142182"]);
        assert_eq!((made["name"].as_str(), made["time_zone"].as_str()), (Some("神奈川県綾瀬市"), Some("Asia/Tokyo")));
        assert!(hall.fails(1, &["init", "--code", "142182"]).contains("すでにあります"));
        hall.ok(&["doctor"]);
        assert!(hall.ok(&["schema", "plan"]).contains("変更はありません"));
    });
}

#[test]
fn accounts_are_made_and_called() {
    on_both_stores(|hall| {
        hall.init();
        let add = ["user", "add", "tanaka", "--role", "organisation-editor", "--password-stdin"];
        assert_eq!(hall.run_with(&add, "short\n").status, 1);
        assert_eq!(hall.run_with(&add, "川べりの かわせみ 2026\n").status, 0);
        assert!(hall.fails(2, &["user", "add", "suzuki", "--role", "king"]).contains("役割「king」はありません"));
        let users = hall.json(&["user", "list"]);
        assert_eq!(users["users"][0]["roles"][0], "organisation-editor", "{users}");
        assert_eq!(users["users"].as_array().unwrap().len(), 1, "no account is half made");
        let token = hall.ok(&["token", "create", "--user", "tanaka", "--read-only"]);
        assert!(token.starts_with("kwsm_") && token.lines().count() == 1, "{token}");
        hall.ok(&["user", "disable", "tanaka"]);
        assert!(hall.ok(&["user", "list"]).contains("停止中"));
    });
}

#[test]
fn a_file_comes_in_and_goes_out() {
    on_both_stores(|hall| {
        hall.init();
        let good = hall
            .file("部局.csv", "部局コード,名称,区分,設置年度\nwelfare,福祉部,部・局,R3\nplanning,企画部,部・局,2021\n");
        let planned = hall.json(&["import", "department", &good, "--dry-run"]);
        assert_eq!((planned["created"].as_u64(), planned["is_applied"].as_bool()), (Some(2), Some(false)), "{planned}");
        hall.ok(&["import", "department", &good]);
        let again = hall.json(&["import", "department", &good, "--key", "code"]);
        assert_eq!(again["unchanged"], 2, "{again}");
        let bad = hall.file("bad.csv", "部局コード,名称,区分,設置年度\nfire,消防本部,部・局,昨年\n");
        let said = hall.fails(1, &["import", "department", &bad]);
        assert!(said.contains("1行に誤りがあるため"), "{said}");
        let csv = hall.ok(&["export", "department", "--format", "csv", "--fields", "code,name"]);
        assert_eq!(csv.lines().count(), 3, "{csv}");
        let file = hall.path("out.xlsx").display().to_string();
        hall.ok(&["export", "department", "--format", "xlsx", "-o", &file]);
        assert!(std::fs::read(&file).unwrap().starts_with(b"PK"));
        assert!(hall.fails(1, &["export", "nothing", "--format", "csv"]).contains("見つかりません"));
    });
}

#[test]
fn a_reader_that_goes_away_ends_the_export_quietly() {
    let hall = Hall::on_sqlite();
    hall.ok(&["demo", "--residents", "3000"]);
    let mut child = hall.spawn(&["export", "resident", "--format", "csv"]);
    let mut first = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let done = child.wait_with_output().unwrap();
    assert_eq!((done.status.code(), String::from_utf8_lossy(&done.stderr).as_ref()), (Some(141), ""));
}
