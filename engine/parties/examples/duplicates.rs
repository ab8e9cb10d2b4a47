//! Measures how long probable duplicates take to be found among 200,000 parties, and then those of one that is entered, on both
//! stores, and prints each figure beside its limit: `cargo run --release -p kawasemi-parties --example duplicates`.

#![allow(clippy::unwrap_used, missing_docs, reason = "a measurement that fails has nothing better to do")]

use std::io::Write as _;
use std::time::Instant;

use kawasemi_kernel::{PersonName, Value};
use kawasemi_ledger::Draft;
use kawasemi_ledger::import::{FileOptions, ImportPlan, Mapping};
use kawasemi_parties::Duplicates;
use kawasemi_testkit::{Fixture, TestCity, desk, run_on_postgres, run_on_sqlite};

/// Parties of a city of 84,000 with those who left, and organisations.
const PARTIES: u64 = 200_000;
/// One in so many was entered twice.
const TWICE: u64 = 100;
/// The most that finding all may take, in seconds.
const ALL: f64 = 60.0;
/// The most that one may take, in milliseconds.
const ONE: f64 = 50.0;
const COLUMNS: [&str; 7] = ["kind", "name", "name.kana", "birth_date", "sex", "address", "phone"];
const FAMILIES: [(&str, &str); 12] = [
    ("佐藤", "サトウ"),
    ("鈴木", "スズキ"),
    ("高橋", "タカハシ"),
    ("田中", "タナカ"),
    ("渡辺", "ワタナベ"),
    ("伊藤", "イトウ"),
    ("山本", "ヤマモト"),
    ("中村", "ナカムラ"),
    ("小林", "コバヤシ"),
    ("加藤", "カトウ"),
    ("吉田", "ヨシダ"),
    ("斎藤", "サイトウ"),
];
const GIVEN: [(&str, &str); 10] = [
    ("翔太", "ショウタ"),
    ("花子", "ハナコ"),
    ("一郎", "イチロウ"),
    ("美咲", "ミサキ"),
    ("健", "ケン"),
    ("陽子", "ヨウコ"),
    ("大輔", "ダイスケ"),
    ("さくら", "サクラ"),
    ("蓮", "レン"),
    ("恵", "メグミ"),
];

/// The n-th party. Every hundredth is the one before it once more, in other characters.
fn party(n: u64) -> [String; COLUMNS.len()] {
    let (who, again) = if n % TWICE == TWICE - 1 { (n - 1, true) } else { (n, false) };
    // Each field by itself: people who share a name share no birthday for that.
    let at = |salt: u64, most: u64| {
        let mut mixed = (who << 8 | salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from(mixed >> 33).unwrap() % usize::try_from(most).unwrap()
    };
    let ((family, family_kana), (given, given_kana)) = (FAMILIES[at(1, 12)], GIVEN[at(2, 10)]);
    let family = if again {
        family.replace('辺', "邉").replace('高', "髙").replace('斎', "齋")
    } else {
        family.to_owned()
    };
    [
        "person".to_owned(),
        format!("{family} {given}"),
        format!("{family_kana} {given_kana}"),
        format!("{}-{:02}-{:02}", 1930 + at(3, 90), 1 + at(4, 12), 1 + at(5, 28)),
        ["male", "female"][at(6, 2)].to_owned(),
        format!("綾瀬市深谷中{}丁目{}番{}号", 1 + at(7, 9), 1 + at(8, 40), 1 + who % 30),
        format!("0467-{:02}-{:04}", at(9, 100), who % 10_000),
    ]
}

async fn story(name: &str, fixture: &Fixture) {
    let city = TestCity::new(fixture).await;
    let (ledgers, context) = (&city.city.ledgers, city.system());
    let mut file = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
    writeln!(file, "{}", COLUMNS.join(",")).unwrap();
    for n in 0..PARTIES {
        writeln!(file, "{}", party(n).join(",")).unwrap();
    }
    let mapping = Mapping { columns: COLUMNS.map(str::to_owned).into(), ..Mapping::default() };
    let plan = ImportPlan {
        path: file.path().to_owned(),
        options: FileOptions::default(),
        mapping,
        title: "測定".to_owned(),
        photos: None,
        is_invented: true,
    };
    let report = ledgers.import(&context, "party", &plan, &|_| {}).await.unwrap();
    assert_eq!(report.created, PARTIES);
    city.seal().await;
    let duplicates = Duplicates::new(ledgers.clone());
    let start = Instant::now();
    let found = duplicates.find_all(&context, |_| {}).await.unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let mark = |good: bool| if good { "○" } else { "×" };
    println!(
        "{name}: {} 件から候補 {} 組を探す {seconds:.1} 秒、上限 {ALL:.0} 秒 {}",
        found.parties,
        found.pairs,
        mark(seconds < ALL)
    );
    assert!(found.pairs >= PARTIES / TWICE);
    let mut times: Vec<f64> = Vec::new();
    for n in 0..20 {
        let [_, text, kana, birth, ..] = party(n * 1_000);
        let draft = Draft::new()
            .with("kind", "person")
            .with("name", Value::Name(PersonName { name: text, kana }))
            .with("birth_date", birth.parse::<jiff::civil::Date>().unwrap());
        ledgers.create(&context, "party", draft).await.unwrap();
        city.seal().await;
        let start = Instant::now();
        assert_eq!(duplicates.catch_up(&context).await.unwrap(), 1);
        times.push(start.elapsed().as_secs_f64() * 1_000.0);
    }
    times.sort_by(f64::total_cmp);
    let (middle, worst) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "{name}: 入れた1件の候補を探す、20回の中央値 {middle:.1} ミリ秒、最も遅いもの {worst:.1} ミリ秒、上限 {ONE:.0} ミリ秒 {}",
        mark(worst < ONE)
    );
}

fn main() {
    run_on_sqlite(desk::tables(), async |fixture| story("SQLite", fixture).await);
    run_on_postgres(desk::tables(), async |fixture| story("PostgreSQL", fixture).await);
}
