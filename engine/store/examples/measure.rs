//! Measures the store alone, on a ledger as large as asked for: bulk writing, lists and searches under a row grant, single
//! creations, reads per second, memory.
//!
//! ```text
//! cargo run --release -p kawasemi-store --example measure -- DIRECTORY|URL RECORDS [lists] [searches] [reads] [creations]
//! ```
//!
//! The records are kept, so that a second run with the same place measures at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kawasemi_kernel::bigram::Query;
use kawasemi_kernel::context::SystemClock;
use kawasemi_kernel::id::RandomIds;
use kawasemi_kernel::{Act, Clock as _, Fields, IdSource as _, RecordId, Value};
use kawasemi_schema::{Clearance, LedgerDef, SourceFile};
use kawasemi_store::list::Way;
use kawasemi_store::schema::{self, Allow, Wanted};
use kawasemi_store::{
    Access, City, CityInfo, Ledger, ListQuery, Location, Order, Projection, RecordUnit, Result, Search, Sql, Store,
    StoreOptions, batch,
};

const LEDGER: &str = r#"
    key = "report"
    title = "通報"
    owner = "roads"
    label = ["title"]
    retention = { basis = "文書管理規程" }
    number = { prefix = "通-", digits = 7 }
    list = { sort = ["-reported_on"], scope = "department", columns = ["title", "status", "reported_on", "address"] }
    view = [{ key = "by-title", title = "件名順", sort = ["title"] }]
    field = [
        { key = "title", label = "件名", type = "text" },
        { key = "department", label = "所管", type = "text", search = false },
        { key = "status", label = "状態", type = "choice", choices = [
            { key = "open", label = "受付" }, { key = "doing", label = "対応中" }, { key = "done", label = "完了" } ] },
        { key = "reported_on", label = "受付日", type = "date" },
        { key = "address", label = "場所", type = "address" },
        { key = "cost", label = "費用", type = "yen" },
        { key = "note", label = "内容", type = "long-text" },
    ]
"#;

const PLACES: [&str; 8] = ["深谷中", "早川", "寺尾台", "小園", "上土棚", "大上", "落合北", "綾西"];
const THINGS: [&str; 9] = ["道路", "公園", "街路樹", "側溝", "街灯", "標識", "遊具", "歩道", "橋"];
const TROUBLES: [&str; 7] = ["の破損", "の陥没", "への落書き", "の倒木", "の不点灯", "のつまり", "についての相談"];
/// A word for about one record in so many, so that searches of every frequency can be measured.
const RARE: [(&str, u64); 6] =
    [("消防", 20), ("蜂巣", 200), ("給水", 1_000), ("避難", 10_000), ("雷雨", 100_000), ("噴火", 900_000)];

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime starts");
    let mut arguments = std::env::args().skip(1);
    let (Some(place), Some(records)) = (arguments.next(), arguments.next().and_then(|n| n.parse().ok())) else {
        eprintln!("usage: measure DIRECTORY|URL RECORDS [lists] [searches] [reads] [creations]");
        std::process::exit(2);
    };
    let parts: Vec<String> = arguments.collect();
    if let Err(error) = runtime.block_on(measure(&place, records, &parts)) {
        eprintln!("{error}\n{:?}", error.detail());
        std::process::exit(1);
    }
}

async fn measure(place: &str, records: u64, parts: &[String]) -> Result<()> {
    let location = match place.starts_with("postgres") {
        true => Location::Postgres(place.to_owned()),
        false => Location::Directory(place.into()),
    };
    let start = Instant::now();
    let store = Store::open(&location, StoreOptions::new(Arc::new(SystemClock)).access(Access::Serve)).await?;
    let city = open(&store).await?;
    println!("open: {:?}, {} MB", start.elapsed(), memory());
    let ledger = publish(&city).await?;
    fill(&city, &ledger, records).await?;
    println!("filled: {} MB", memory());
    let asked = |part: &str| parts.is_empty() || parts.iter().any(|asked| asked == part);
    if asked("lists") {
        lists(&city, &ledger).await?;
    }
    if asked("searches") {
        searches(&city, &ledger).await?;
    }
    if asked("reads") {
        reads_per_second(&city, &ledger).await?;
    }
    if asked("creations") {
        creations_per_second(&city, &ledger).await?;
    }
    println!("end: {} MB", memory());
    tokio::time::sleep(Duration::from_secs(6)).await;
    println!("idle: {} MB", memory());
    store.close().await;
    Ok(())
}

async fn open(store: &Store) -> Result<City> {
    if store.cities().await?.is_empty() {
        let info = CityInfo {
            code: "142182".into(),
            name: "綾瀬市".into(),
            time_zone: "Asia/Tokyo".into(),
            hosts: vec![],
            created_at: 0,
        };
        return store.create_city(info).await;
    }
    store.open_city("142182").await
}

async fn publish(city: &City) -> Result<Arc<Ledger>> {
    let def = Arc::new(LedgerDef::read(SourceFile::new("report.toml", LEDGER)).expect("the definition is right"));
    let plan = schema::plan(city, Wanted { definitions: vec![def], retired: vec![] }).await?;
    let act = Act::system(SystemClock.now(), "測定");
    schema::apply(city, &plan, Allow::Additions, &act, &RandomIds(SystemClock)).await?;
    Ok(Arc::clone(city.catalogue().ledger("report")?))
}

/// A generator that gives the same numbers each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.roll(words.len() as u64) as usize]
    }
}

fn values(dice: &mut Dice) -> Fields {
    let text = |text: String| Value::Text(text);
    let (thing, trouble) = (dice.pick(&THINGS), dice.pick(&TROUBLES));
    let place = dice.pick(&PLACES);
    let mut note =
        format!("{place}地内で{thing}{trouble}を確認したとの連絡。現地を確認し、必要に応じて業者に依頼する。");
    for (word, one_in) in RARE {
        if dice.roll(one_in) == 0 {
            note.push_str(word);
        }
    }
    let day = format!("20{:02}-{:02}-{:02}", 16 + dice.roll(10), 1 + dice.roll(12), 1 + dice.roll(28));
    let address = kawasemi_kernel::PostalAddress {
        postcode: String::new(),
        text: format!("綾瀬市{place}{}丁目{}番{}号", 1 + dice.roll(8), 1 + dice.roll(30), 1 + dice.roll(40)),
    };
    [
        ("title", text(format!("{place}{thing}{trouble}（{}）", dice.roll(100_000)))),
        ("department", text(format!("{:02}", dice.roll(10)))),
        ("status", text(dice.pick(&["open", "doing", "done", "done", "done"]).to_owned())),
        ("reported_on", Value::Date(day.parse().expect("a date"))),
        ("address", Value::Address(address)),
        ("cost", Value::Int(dice.roll(1_000_000) as i64)),
        ("note", text(note)),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect()
}

async fn fill(city: &City, ledger: &Arc<Ledger>, records: u64) -> Result<()> {
    let count = city.read_one(Sql::with("SELECT max(n) FROM {l_report}", [])).await?;
    let present = count.map_or(Ok(None), |row| row.get::<Option<i64>>(0))?.unwrap_or_default().unsigned_abs();
    if present >= records {
        return Ok(());
    }
    let ids = RandomIds(SystemClock);
    let act = Act::system(SystemClock.now(), "測定");
    let staged = batch::open(city, ledger, "measure", "{}", &act).await?;
    let (start, used) = (Instant::now(), processor_time());
    let (mut dice, mut done) = (Dice(present + 1), 0);
    let mut running = tokio::task::JoinSet::new();
    while done < records - present {
        let mut unit = RecordUnit::new(city.dialect(), &act, &ids).in_batch(staged.id);
        for _ in 0..500 {
            unit.create(ledger, RecordId(ids.next()), &values(&mut dice))?;
        }
        let (unit, city) = (unit.into_unit(), city.clone());
        running.spawn(async move { city.write(unit).await });
        if running.len() >= 4 {
            running.join_next().await.expect("there are some").expect("no panic")?;
        }
        done += 500;
        if done % 100_000 == 0 {
            println!("  {done} in {:?}, {} MB", start.elapsed(), memory());
        }
    }
    while let Some(result) = running.join_next().await {
        result.expect("no panic")?;
    }
    let took = start.elapsed();
    batch::publish(city, staged.id, SystemClock.now()).await?;
    let each = (processor_time() - used).as_micros() as u64 / done;
    println!(
        "bulk: {done} records in {took:?} ({each} µs of processor time each), published after {:?}",
        start.elapsed()
    );
    Ok(())
}

fn list<'a>(ledger: &'a Ledger, sort: &[&str], department: Option<&str>) -> ListQuery<'a> {
    let columns = sort.iter().map(|key| {
        let (key, descending) = key.strip_prefix('-').map_or((*key, false), |key| (key, true));
        ledger.sort_column(key, descending).expect("a sort column")
    });
    ListQuery {
        projection: Projection::fields(ledger, ["title", "status", "reported_on", "address"]),
        order: Order::by(columns.collect()),
        condition: department.map(|department| Sql::with("\"department\" = $1", [department.into()])),
        ..ListQuery::new(ledger)
    }
}

async fn lists(city: &City, ledger: &Ledger) -> Result<()> {
    for (name, sort, more) in [
        ("list, newest first", &["-reported_on"][..], None),
        ("list, by title", &["title"], None),
        ("list, by creation", &[], None),
        ("list, newest first, status = open", &["-reported_on"], Some("\"status\" = 'open'")),
        ("list, newest first, cost > 990000", &["-reported_on"], Some("\"cost\" > 990000")),
        ("list, newest first, cost > 999990", &["-reported_on"], Some("\"cost\" > 999990")),
    ] {
        let mut times = Vec::new();
        for n in 0..200_u64 {
            let mut query = list(ledger, sort, Some(&format!("{:02}", n % 10)));
            if let (Some(condition), Some(more)) = (&mut query.condition, more) {
                condition.push(" AND ").push(more);
            }
            let start = Instant::now();
            let page = query.page(city).await?;
            times.push(start.elapsed());
            if n % 2 == 1 {
                query.after = page.next;
                let start = Instant::now();
                query.page(city).await?;
                times.push(start.elapsed());
            }
        }
        report(name, &mut times);
    }
    let mut times = Vec::new();
    for _ in 0..20 {
        let start = Instant::now();
        list(ledger, &[], Some("03")).bounded_count(city, 10_000).await?;
        times.push(start.elapsed());
    }
    report("bounded count", &mut times);
    Ok(())
}

async fn searches(city: &City, ledger: &Ledger) -> Result<()> {
    let words = [
        "道路",
        "公園",
        "消防",
        "蜂巣",
        "給水",
        "避難",
        "雷雨",
        "噴火",
        "無無",
        "確認",
        "深谷中道路",
        "公園 消防",
        "噴",
    ];
    for word in words {
        for way in [None, Some(Way::Walk), Some(Way::Members), Some(Way::Postings)] {
            let search =
                Search { way, ..Search::everywhere(Query::parse(word).expect("a query"), Clearance::ALL.to_vec()) };
            let mut times = Vec::new();
            let mut found = 0;
            for n in 0..20_u64 {
                let mut query = list(ledger, &["-reported_on"], Some(&format!("{:02}", n % 10)));
                query.search = Some(search.clone());
                let start = Instant::now();
                found = query.page(city).await?.records.len();
                times.push(start.elapsed());
                if start.elapsed() > Duration::from_millis(400) && n > 1 {
                    break;
                }
            }
            let first = times[0];
            let name = way.map_or("chosen".to_owned(), |way| format!("{way:?}"));
            report(&format!("search {word} ({name}, {found} hits, first {first:?})"), &mut times);
        }
    }
    Ok(())
}

async fn reads_per_second(city: &City, ledger: &Arc<Ledger>) -> Result<()> {
    for (name, tiny) in [("one row by id", true), ("list page", false)] {
        let (start, used) = (Instant::now(), processor_time());
        let tasks = (0..16).map(|task| {
            let (city, ledger) = (city.clone(), Arc::clone(ledger));
            tokio::spawn(async move {
                let mut done = 0_u64;
                while start.elapsed() < Duration::from_secs(3) {
                    if tiny {
                        city.read(Sql::with(
                            "SELECT id, title FROM {l_report} WHERE n = $1",
                            [(1 + done as i64).into()],
                        ))
                        .await?;
                    } else {
                        list(&ledger, &["-reported_on"], Some(&format!("{:02}", task % 10))).page(&city).await?;
                    }
                    done += 1;
                }
                Ok::<_, kawasemi_store::StoreError>(done)
            })
        });
        let mut total = 0;
        for task in tasks.collect::<Vec<_>>() {
            total += task.await.expect("no panic")?;
        }
        let each = (processor_time() - used).as_micros() as u64 / total.max(1);
        println!("{name}: {:.0}/s, {each} µs of processor time each", total as f64 / start.elapsed().as_secs_f64());
    }
    Ok(())
}

async fn creations_per_second(city: &City, ledger: &Arc<Ledger>) -> Result<()> {
    for callers in [1_u64, 16, 64] {
        let (start, used) = (Instant::now(), processor_time());
        let tasks = (0..callers).map(|task| {
            let (city, ledger) = (city.clone(), Arc::clone(ledger));
            tokio::spawn(async move {
                let (ids, mut done, mut dice) = (RandomIds(SystemClock), 0_u64, Dice(task + 77));
                while start.elapsed() < Duration::from_secs(3) {
                    let act = Act::system(SystemClock.now(), "");
                    let mut unit = RecordUnit::new(city.dialect(), &act, &ids);
                    unit.create(&ledger, RecordId(ids.next()), &values(&mut dice))?;
                    city.write(unit.into_unit()).await?;
                    done += 1;
                }
                Ok::<_, kawasemi_store::StoreError>(done)
            })
        });
        let mut total = 0;
        for task in tasks.collect::<Vec<_>>() {
            total += task.await.expect("no panic")?;
        }
        let each = (processor_time() - used).as_micros() as u64 / total.max(1);
        println!(
            "create, {callers} callers: {:.0}/s, {each} µs of processor time each",
            total as f64 / start.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

fn report(name: &str, times: &mut [Duration]) {
    times.sort();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    println!("{name}: median {:?}, 99th {:?}", at(50), at(99));
}

/// Resident memory in MB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default().to_owned();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() / 1024
}

/// What the process has used of the processors; on a shared machine it tells more than the clock.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    // User and system time, in hundredths of a second.
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * ticks)
}
