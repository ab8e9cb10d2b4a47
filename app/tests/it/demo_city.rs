//! The demo city: the same twice, whole or not at all.

use std::time::{Duration, Instant};

use crate::support::{Hall, on_both_stores};

const RESIDENTS: [&str; 4] = ["export", "resident", "--format", "csv"];

#[test]
fn a_demo_city_has_everything_that_a_visitor_wants_to_see() {
    on_both_stores(|hall| {
        let made = hall.json(&["demo", "--residents", "120", "--seed", "7"]);
        assert_eq!((made["residents"].as_u64(), made["code"].as_str()), (Some(120), Some("142182")));
        assert_eq!(hall.ok(&RESIDENTS).lines().count(), 121);
        let departments = hall.ok(&["export", "department", "--format", "csv"]);
        assert!(departments.contains("福祉部") && departments.contains("高齢介護課"));
        assert!(hall.ok(&["user", "list"]).contains("policy-planner"));
        let verified = hall.json(&["audit", "verify"]);
        assert_eq!((verified["ok"].as_bool(), verified["unsealed"].as_u64()), (Some(true), Some(0)), "{verified}");
        assert!(hall.run(&["demo", "--if-absent"]).err.contains("もうあります"));
        assert!(hall.fails(1, &["demo"]).contains("すでにあります"));
    });
}

#[test]
fn the_same_seed_gives_the_same_city() {
    let export = |seed: &str| {
        let hall = Hall::on_sqlite();
        hall.ok(&["demo", "--residents", "50", "--seed", seed]);
        let ledgers = ["resident", "staff", "assignment", "policy-initiative"];
        ledgers.map(|ledger| hall.ok(&["export", ledger, "--format", "csv"]))
    };
    let third = export("3");
    for (first, second) in third.iter().zip(export("3")) {
        let differing = first.lines().zip(second.lines()).find(|(a, b)| a != b);
        assert!(*first == second, "the same seed gives {differing:?}");
    }
    assert!(third[0] != export("4")[0], "another seed gives other residents");
}

#[test]
fn a_demo_that_was_killed_leaves_no_city() {
    let hall = Hall::on_sqlite();
    let mut child = hall.spawn(&["demo", "--residents", "500000"]);
    let making = hall.path("data.making");
    let until = Instant::now() + Duration::from_secs(30);
    while !making.join("cities").exists() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(300));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(making.exists() && !hall.data().exists());
    hall.ok(&["demo", "--residents", "20"]);
    assert!(!making.exists() && hall.data().exists());
}

#[test]
fn a_backup_is_the_city_again() {
    let hall = Hall::on_sqlite();
    hall.ok(&["demo", "--residents", "40"]);
    let before = hall.ok(&RESIDENTS);
    let backup = hall.path("city.kwsm").display().to_string();
    hall.ok(&["backup", &backup]);
    assert!(hall.fails(1, &["backup", &backup]).contains("もうあります"));
    assert!(hall.fails(1, &["restore", &backup]).contains("--replace"));
    let elsewhere = hall.path("elsewhere").display().to_string();
    hall.ok(&["--data", &elsewhere, "restore", &backup]);
    let words: Vec<&str> = ["--data", &elsewhere].into_iter().chain(RESIDENTS).collect();
    assert_eq!(hall.ok(&words), before);
    hall.ok(&["--data", &elsewhere, "audit", "verify"]);
    let broken = hall.path("broken.kwsm").display().to_string();
    let bytes = std::fs::read(&backup).unwrap();
    std::fs::write(&broken, &bytes[..bytes.len() / 2]).unwrap();
    hall.fails(1, &["restore", &broken, "--replace"]);
    assert_eq!(hall.ok(&RESIDENTS), before, "a damaged backup changes nothing");
}
