//! The keys that seal secrets: made with the city, shown, changed, and told of where they are missing or read by others.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Hall, on_both_stores};

#[test]
fn a_city_has_a_key_of_its_own_that_can_be_changed() {
    on_both_stores(|hall| {
        hall.init();
        let shown = hall.json(&["keys", "show"]);
        let path = hall.path(shown["path"].as_str().unwrap());
        assert_eq!((&shown["private"], &shown["sealed"]), (&true.into(), &0.into()), "{shown}");
        let lines = || fs::read_to_string(&path).unwrap().lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(lines(), 1);
        hall.ok(&["keys", "rotate"]);
        assert_eq!(lines(), 2, "what was sealed with the old key still opens");
        assert!(hall.ok(&["doctor"]).contains("封緘の鍵"));

        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert!(hall.ok(&["doctor"]).contains("chmod 600"));
        fs::write(&path, "0badc0de 00\n").unwrap();
        assert!(hall.fails(1, &["keys", "show"]).contains("1行目"));
        assert!(hall.fails(1, &["doctor"]).contains("直す必要"));
    });
}

#[test]
fn a_key_may_lie_elsewhere_and_is_in_no_backup() {
    let hall = Hall::on_sqlite();
    let elsewhere = hall.path("elsewhere.keys");
    let config = hall.file("k.toml", &format!("seal_keys = \"{}\"\n", elsewhere.display()));
    hall.ok(&["--config", &config, "init", "--code", "142182", "--name", "綾瀬市"]);
    assert!(elsewhere.is_file() && !hall.data().join("cities/142182/seal.keys").exists());

    let other = Hall::on_sqlite();
    other.init();
    let backup = other.path("a.kwsm").display().to_string();
    let done = other.run(&["backup", &backup]);
    assert!(done.status == 0 && done.err.contains("この控えに入っていません"), "{}", done.err);
    let key = fs::read_to_string(other.data().join("cities/142182/seal.keys")).unwrap();
    other.ok(&["restore", &backup, "--replace"]);
    assert_eq!(fs::read_to_string(other.data().join("cities/142182/seal.keys")).unwrap(), key, "the key stays");
}
