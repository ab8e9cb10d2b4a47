//! Measures the daily difference of a city of 84,000 residents, and its full file, on both stores, and prints each figure
//! beside its limit: `cargo run --release -p kawasemi-exchange --example residents`.

#![allow(clippy::unwrap_used, missing_docs, reason = "a measurement that fails has nothing better to do")]

#[allow(dead_code, clippy::unwrap_used, reason = "what the tests share, of which this uses a part")]
#[path = "../tests/it/common/mod.rs"]
mod common;

use std::time::Instant;

use common::{Hall, Person, difference, person, tables};
use kawasemi_exchange::RunState;
use kawasemi_exchange::intake::Wish;
use kawasemi_testkit::{Fixture, run_on_postgres, run_on_sqlite};

/// Residents of the city.
const RESIDENTS: u64 = 84_000;
/// Rows of a difference.
const CHANGED: u64 = 2_000;
/// The most that a difference may take, in seconds.
const LIMIT: f64 = 30.0;

async fn story(name: &str, fixture: &Fixture) {
    let hall = Hall::open(fixture).await;
    println!("{name}");
    let everybody: Vec<u64> = (1..=RESIDENTS).collect();
    let first = taken(&hall, "全件の最初の取込", "resident-full", &full(&everybody, "早川"), None).await;
    assert_eq!(first, (RESIDENTS, 0, 0));
    let people: Vec<Person> = (0..CHANGED)
        .map(|n| match n % 10 {
            0 => person(RESIDENTS + 1 + n, "1", "川蝉　花子", "綾瀬市早川"),
            1 => person(n + 1, "3", "川蝉　花子", "綾瀬市早川"),
            _ => person(n + 1, "2", "川蝉　花子", "綾瀬市小園"),
        })
        .collect();
    let daily =
        taken(&hall, "日次の差分2,000行", "resident-difference", &difference("20260430", 1, &people), Some(LIMIT))
            .await;
    assert_eq!(daily, (CHANGED / 10, CHANGED * 8 / 10, CHANGED / 10));
    // A thousand of them moved, and five hundred are gone without a difference having said so.
    let full = full(&everybody[500..], "深谷");
    taken(&hall, "全件84,000行（変わった分だけ反映）", "resident-full", &full, Some(LIMIT)).await;
}

/// Takes a file in and prints how long that took; what became of the records.
async fn taken(hall: &Hall<'_>, what: &str, layout: &str, content: &[u8], limit: Option<f64>) -> (u64, u64, u64) {
    let path = hall.file(&format!("{layout}-{}", content.len()), content);
    let start = Instant::now();
    let taken =
        hall.exchange.receive(&hall.system(), layout, &path, what, Wish::AsTheLayoutSays, &|_| {}).await.unwrap();
    assert!(taken.run.state.is_open(), "{:?}", taken.run);
    let compared = start.elapsed().as_secs_f64();
    let run = hall.exchange.apply(&hall.system(), taken.run.id, "測定", &|_| {}).await.unwrap();
    assert_eq!(run.state, RunState::Applied);
    let whole = start.elapsed().as_secs_f64();
    let report = &run.report;
    let limit = limit
        .map_or_else(String::new, |limit| format!("、上限 {limit:.0} 秒 {}", if whole < limit { "○" } else { "×" }));
    println!(
        "  {what}: 比較 {compared:.1} 秒、全体 {whole:.1} 秒{limit}（追加 {}、変更 {}、消除 {}、変わらない {}）",
        report.created, report.updated, report.closed, report.unchanged
    );
    (report.created, report.updated, report.closed)
}

/// A full file in which the first thousand have an address of their own.
fn full(numbers: &[u64], moved: &str) -> Vec<u8> {
    let headings = "宛名番号,世帯番号,氏名,氏名カナ,通称,生年月日,性別,続柄,郵便番号,住所コード,住所,方書,異動事由,異動日,届出日,住民となった日,消除日";
    let mut text = format!("\u{FEFF}{headings}\r\n");
    for (n, number) in numbers.iter().enumerate() {
        let place = if n < 1_000 { moved } else { "早川" };
        let family = number / 3;
        text.push_str(&format!(
            "{number},{family},川蝉　花子,ｶﾜｾﾐ ﾊﾅｺ,,1980-04-01,2,01,2521192,,綾瀬市{place},,,,,,\r\n"
        ));
    }
    text.into_bytes()
}

fn main() {
    run_on_sqlite(tables(), async |fixture| story("SQLite", fixture).await);
    run_on_postgres(tables(), async |fixture| story("PostgreSQL", fixture).await);
}
