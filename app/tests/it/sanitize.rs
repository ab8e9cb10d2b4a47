//! `kawasemi sanitize`: the work is done in a child process, which has limits and knows none of our secrets.

use crate::support::Hall;

#[test]
fn a_file_is_made_anew_and_the_report_says_what_went() {
    let hall = Hall::on_sqlite();
    let (from, to) = (hall.file("案内.txt", "案内\u{7}です"), hall.file("out", ""));
    let said = hall.json(&["sanitize", &from, &to]);
    assert_eq!(said["name"], "案内.txt");
    assert_eq!(said["removed"][0]["what"], "characters");
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "案内です");
    assert!(hall.ok(&["sanitize", &from, &to]).contains("制御文字を除きました"));
}

#[test]
fn what_is_refused_leaves_what_was_there() {
    let hall = Hall::on_sqlite();
    let (from, to) = (hall.file("案内.pdf", "<html><script>"), hall.file("out", "before"));
    assert!(hall.fails(1, &["sanitize", &from, &to]).contains("HTML やスクリプト"));
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "before");
}

#[test]
fn a_citys_product_is_called_and_knows_no_secret_of_ours() {
    let hall = Hall::on_sqlite();
    let script = hall.file("clean.sh", "env > \"$2\"\n");
    let settings = format!("[sanitize]\nmode = \"command\"\ncommand = [\"sh\", {script:?}, \"{{in}}\", \"{{out}}\"]\n");
    let (config, from, to) = (hall.file("k.toml", &settings), hall.file("a.txt", "text"), hall.file("out", ""));
    let done = hall
        .command(&["--config", &config, "sanitize", &from, &to])
        .env("KAWASEMI_FILES_SECRET_KEY", "hidden-word")
        .env("KAWASEMI_FILES_ACCESS_KEY", "key")
        .env("KAWASEMI_FILES_BUCKET", "bucket")
        .env("KAWASEMI_FILES_REGION", "ap-northeast-1")
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let known = std::fs::read_to_string(&to).unwrap();
    assert!(known.contains("PATH=") && !known.contains("hidden-word"), "{known}");
}

#[test]
fn a_file_that_asks_for_more_memory_than_it_may_is_refused() {
    let hall = Hall::on_sqlite();
    let (large, small) = (hall.file("l.txt", &"あ".repeat(20 << 20)), hall.file("s.txt", "あ"));
    let to = hall.path("out").display().to_string();
    let cleaned = |from: &str| {
        hall.command(&["sanitize", from, &to]).env("KAWASEMI_SANITIZE_MEMORY_MIB", "260").output().unwrap()
    };
    assert!(cleaned(&small).status.success());
    let refused = cleaned(&large);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("無害化に使う記憶が上限"), "{said}");
}
