//! Addresses compared and reference registers updated, through the command line.

use crate::support::Hall;

const MATCHES: &str = include_str!("../../../engine/kernel/tests/data/address/address_match.csv");
const GAZETTEER: &str = include_str!("../../../engine/kernel/tests/data/address/address_gazetteer.csv");
const POSTAL: &str = include_str!("../../../engine/kernel/tests/data/address/postal-kanagawa.csv");

/// The worked examples without their answers.
fn questions() -> String {
    MATCHES.lines().map(|line| line.split(',').take(3).collect::<Vec<_>>().join(",") + "\n").collect()
}

#[test]
fn addresses_are_compared_over_a_gazetteer() {
    let hall = Hall::on_sqlite();
    let gazetteer = hall.file("towns.csv", GAZETTEER);
    let done = hall.run_with(&["calc", "address-match", "--gazetteer", &gazetteer], &questions());
    assert_eq!(done.status, 0, "{}", done.err);
    let answered: String = MATCHES
        .lines()
        .enumerate()
        .map(|(place, line)| format!("{line}{}\n", if place == 0 { ",error" } else { "," }))
        .collect();
    assert_eq!(done.out, answered);
    // Without a file the built-in towns know most of them; what is empty is an answer, not a mistake.
    let input = "id,address_a,address_b\n1,早川550番地,綾瀬市早川５５０\n2,,早川550\n";
    let done = hall.run_with(&["calc", "address-match", "--explain"], input);
    assert_eq!(done.status, 0, "{}", done.err);
    assert!(done.out.contains("早川550#,早川550#,match,,"), "{}", done.out);
    assert!(done.out.contains("2,,早川550,,早川550#,unresolved,,"), "{}", done.out);
    assert!(done.out.contains("町名（最も長く一致するもの）"), "{}", done.out);
    for (words, status, said) in [
        (&["calc", "address-match", "--gazetteer", "nowhere.csv"][..], 1, "nowhere.csv を読めません"),
        (&["calc", "deadline", "--gazetteer", &gazetteer], 2, "--gazetteer は address-match だけ"),
    ] {
        let error = hall.fails(status, words);
        assert!(error.contains(said), "{error}");
    }
    let broken = hall.file("broken.csv", "town,max_chome\n早川,三\n");
    let error = hall.fails(1, &["calc", "address-match", "--gazetteer", &broken]);
    assert!(error.contains("2行目: max_chome の「三」"), "{error}");
}

#[test]
fn a_publishers_file_updates_a_register() {
    let hall = Hall::on_sqlite();
    hall.init();
    let whole = hall.file("postal.csv", POSTAL);
    let dry = hall.json(&["reference", "update", "postcodes", &whole, "--dry-run"]);
    assert_eq!(dry["registers"][0]["added"], 2302);
    assert!(dry["registers"][0]["batch"].is_null());
    let first = hall.json(&["reference", "update", "postcodes", &whole, "--on", "R8.10.1"]);
    assert_eq!((&first["registers"][0]["added"], &first["on"]), (&2302.into(), &"2026-10-01".into()));
    let again = hall.json(&["reference", "update", "postcodes", &whole]);
    assert_eq!(again["registers"][0]["unchanged"], 2302);
    assert!(again["registers"][0]["batch"].is_null());

    // One town is renamed, one is no more, and the file is in the encoding of its publisher's older one.
    let changed = POSTAL.replace("綾瀬市,深谷,", "綾瀬市,深谷本町,").replace('〜', "～");
    let (bytes, ..) = encoding_rs::SHIFT_JIS.encode(&changed);
    std::fs::write(hall.path("changed.csv"), bytes).unwrap();
    let changed = hall.path("changed.csv").display().to_string();
    let said = hall.ok(&["reference", "update", "postcodes", &changed, "--on", "2026-11-01"]);
    assert!(said.starts_with("postcode: 追加 1、変更 0、廃止 1、復活 0、変更なし 2301\n"), "{said}");
    assert!(
        said.contains("廃止 ") && said.contains("（2521103-142182-深谷） valid_until:「」→「2026-10-31」"),
        "{said}"
    );

    let half: String = POSTAL.lines().take(1_200).map(|line| format!("{line}\n")).collect();
    let half = hall.file("half.csv", &half);
    let error = hall.fails(1, &["reference", "update", "postcodes", &half]);
    assert!(error.contains("--allow-shrink"), "{error}");
    let wrong = hall.file("wrong.csv", "1,2,3\n");
    let error = hall.fails(1, &["reference", "update", "postcodes", &wrong]);
    assert!(error.contains("1行目: 列が3個あります"), "{error}");
    let error = hall.fails(1, &["reference", "update", "banks", &wrong]);
    assert!(error.contains("wrong.csv を読めません"), "{error}");
    let error = hall.fails(2, &["reference", "update", "towns", &wrong, "--on", "いつか"]);
    assert!(error.contains("--on の「いつか」"), "{error}");
}

#[test]
fn the_built_in_files_are_in_their_publishers_formats() {
    let hall = Hall::on_sqlite();
    hall.init();
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../engine/registry/data");
    let towns = hall.json(&["reference", "update", "towns", &format!("{data}/ayase/towns.csv")]);
    assert_eq!(towns["registers"][0]["added"], 118);
    let banks = hall.json(&["reference", "update", "banks", &format!("{data}/bank")]);
    assert_eq!(banks["registers"][0]["added"], 1146);
    assert!(banks["registers"][1]["added"].as_u64().unwrap() > 2_000);
    let again = hall.json(&["reference", "update", "banks", &format!("{data}/bank/banks.json")]);
    assert!(again["registers"].as_array().unwrap().iter().all(|register| register["batch"].is_null()));
}
