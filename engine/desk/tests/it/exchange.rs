//! Other systems' files on the desk: as an operator meets them, and what they tell an operator of people under protection
//! (支援措置): nothing.

use crate::common::send_file;
use encoding_rs::SHIFT_JIS;
use kawasemi_exchange::intake::Wish;
use kawasemi_exchange::{Run, RunState};
use kawasemi_kernel::{ChildRow, Fields, PersonName, RecordId, Value};
use kawasemi_ledger::{Draft, ListRequest};
use kawasemi_testkit::desk::{Answer, Browser, Setup, tables};
use kawasemi_testkit::{TestCity, on_both_stores};
use uuid::Uuid;

const LAYOUT: &str = "/desk/exchange/layouts/resident-difference";
/// Each occurs nowhere but in the address, the building and the household of the protected person.
const SECRETS: [&str; 8] = ["秘密町", "隠里", "密町", "隠れ家荘", "れ家", "れ家荘", "259-9876", "2599876"];
const NUMBER: u64 = 7;

/// A row of the resident register's difference.
#[derive(Clone)]
struct Row {
    number: String,
    change: &'static str,
    name: &'static str,
    born: &'static str,
    postcode: &'static str,
    address: &'static str,
    building: &'static str,
}

fn row(number: u64) -> Row {
    Row {
        number: format!("{number:015}"),
        change: "2",
        name: "川蝉　花子",
        born: "3550401",
        postcode: "2521192",
        address: "綾瀬市早川五五〇",
        building: "",
    }
}

/// The row of the protected person at one address or the next.
fn secret(number: u64, address: &'static str) -> Row {
    Row { postcode: "2599876", address, building: "隠れ家荘１号", ..row(number) }
}

fn bytes(text: &str, length: usize) -> Vec<u8> {
    let (bytes, _, had_errors) = SHIFT_JIS.encode(text);
    assert!(!had_errors && bytes.len() <= length, "{text} fits into {length}");
    let mut bytes = bytes.into_owned();
    bytes.resize(length, b' ');
    bytes
}

impl Row {
    fn record(&self) -> Vec<u8> {
        let places = [
            ("2", 1),
            (self.number.as_str(), 15),
            ("000000000000009", 15),
            (self.change, 1),
            (self.name, 60),
            ("ｶﾜｾﾐ ﾊﾅｺ", 30),
            ("", 60),
            (self.born, 7),
            ("2", 1),
            ("01", 2),
            (self.postcode, 7),
            ("", 11),
            (self.address, 100),
            (self.building, 60),
            ("01", 2),
            ("20260430", 8),
            ("20260430", 8),
            ("", 8),
            ("", 8),
            ("", 16),
        ];
        places.into_iter().flat_map(|(text, length)| bytes(text, length)).collect()
    }
}

fn file(sequence: u64, records: &[Vec<u8>]) -> Vec<u8> {
    let mut all = vec![bytes(&format!("114218220260430{sequence:06}"), 420)];
    all.extend_from_slice(records);
    all.push(bytes(&format!("9{:08}", records.len()), 420));
    all.into_iter().flat_map(|record| record.into_iter().chain(*b"\r\n")).collect()
}

/// A file of ordinary people with these rows among them.
fn among(sequence: u64, rows: &[Vec<u8>]) -> Vec<u8> {
    let mut all: Vec<Vec<u8>> = (101..=130).map(|n| row(n).record()).collect();
    all.extend_from_slice(rows);
    file(sequence, &all)
}

fn name(text: &str) -> Value {
    Value::Name(PersonName { name: text.to_owned(), kana: "カナ".to_owned() })
}

async fn add(city: &TestCity, ledger: &str, draft: Draft) -> RecordId {
    city.city.ledgers.create(&city.system(), ledger, draft).await.unwrap_or_else(|error| panic!("{ledger} {error}")).id
}

async fn take(city: &TestCity, content: &[u8], wish: Wish) -> Run {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), content).expect("is written");
    let exchange = &city.city.exchange;
    let layout = "resident-difference";
    exchange.receive(&city.system(), layout, file.path(), "JUKI", wish, &|_| {}).await.expect("is taken").run
}

/// Everybody is there, and one of them comes under protection.
async fn hall(city: &TestCity) -> RecordId {
    let mut all: Vec<Vec<u8>> = (101..=130).map(|n| Row { change: "1", ..row(n) }.record()).collect();
    all.push(Row { change: "1", ..secret(NUMBER, "神奈川県秘密町一丁目二番") }.record());
    assert_eq!(take(city, &file(1, &all), Wish::Apply).await.state, RunState::Applied);
    let request = ListRequest::filtered(format!("resident_number = '{NUMBER}'"));
    let found = city.city.ledgers.list(&city.system(), "party", &request).await.expect("a list");
    let person = found.records.first().expect("is there").id;
    let officer = add(city, "staff", Draft::new().with("employee_number", "1").with("name", name("支援 担当"))).await;
    let mut fields = Fields::new();
    fields.insert("staff".to_owned(), Value::Record(officer));
    let measure = Draft::new()
        .with("person", Value::Record(person))
        .with("kind", "domestic-violence")
        .with("received_on", jiff::civil::date(2026, 4, 1))
        .with("started_on", jiff::civil::date(2026, 4, 1))
        .with("notify_on", jiff::civil::date(2026, 4, 20))
        .with("review_on", jiff::civil::date(2026, 4, 30))
        .with("officers", Value::Rows(vec![ChildRow { id: Uuid::from_u128(79), fields }]));
    add(city, "protection-measure", measure).await;
    person
}

fn assert_silent(who: &str, path: &str, answer: &Answer) {
    assert!(answer.status < 500, "{who} {path}: {}", answer.text);
    for text in SECRETS {
        assert!(!answer.says(text), "{who} {path} tells {text}: {}", answer.text);
    }
}

/// Opens everything that there is about runs; what was answered, with its path.
async fn crawl(browser: &Browser, who: &str, runs: &[Run]) -> Vec<(String, Answer)> {
    let mut paths = vec!["/desk".to_owned(), "/desk/exchange".to_owned(), LAYOUT.to_owned()];
    for run in runs {
        let page = format!("/desk/exchange/runs/{}", run.id);
        paths.extend([page.clone(), format!("{page}?from=1"), format!("{page}?from=30")]);
        paths.extend((0..40).map(|n| format!("{page}/rows/{n}")));
    }
    let mut answers = Vec::new();
    for path in paths {
        let answer = browser.get(&path).await;
        assert_silent(who, &path, &answer);
        assert!(answer.status == 200 || path.contains("/rows/"), "{who} {path}: {}", answer.text);
        answers.push((path, answer));
    }
    answers
}

on_both_stores! {
    tables = tables();

    async fn an_operator_is_told_nothing_of_where_a_protected_person_lives(fixture) {
        let city = TestCity::with(fixture, Setup::default()).await;
        let person = hall(&city).await;
        let callers = [
            ("operator", city.sign_in("operator", &["exchange-operator"]).await),
            ("reader", city.sign_in("reader", &["exchange-operator", "party-reader"]).await),
            ("editor", city.sign_in("editor", &["exchange-operator", "party-editor", "protection-officer"]).await),
            ("admin", city.sign_in("admin", &["admin", "party-editor"]).await),
        ];
        let moved = "神奈川県隠里九番地";
        let shifted = {
            // A name that is two bytes short: everything behind it has moved, the length is right.
            let mut record = secret(NUMBER, moved).record();
            record.drain(40..42);
            record.extend_from_slice(b"  ");
            record
        };
        let overlong = [secret(NUMBER, moved).record(), b"X".to_vec()].concat();
        let mut unkeyed = secret(NUMBER, moved);
        unkeyed.number = "00000000000007A".to_owned();
        let mut runs = Vec::new();
        for (n, (what, row)) in [
            ("moves", secret(NUMBER, moved).record()),
            ("has a date that is none", Row { born: "3650230", ..secret(NUMBER, moved) }.record()),
            ("has moved columns", shifted),
            ("is too long", overlong),
            ("has no key", unkeyed.record()),
            ("is unknown", Row { born: "3650230", ..secret(999, moved) }.record()),
            ("has a postcode that is none", Row { postcode: "25998AB", ..secret(NUMBER, moved) }.record()),
            ("is of an unknown kind", Row { change: "8", ..secret(NUMBER, moved) }.record()),
            ("also changes the name", Row { name: "別姓　花子", ..secret(NUMBER, moved) }.record()),
        ]
        .into_iter()
        .enumerate()
        {
            let run = take(&city, &among(2 + n as u64, &[row]), Wish::AsTheLayoutSays).await;
            assert!(run.state.is_open(), "{what}: {run:?}");
            runs.push(run);
        }
        // Files that are refused as a whole say why, and nothing of their rows.
        let whole = among(40, &[secret(NUMBER, moved).record()]);
        let headless: Vec<u8> = secret(NUMBER, moved).record().into_iter().chain(*b"\r\n").collect();
        for content in [whole[..whole.len() - 500].to_vec(), headless, [whole.clone(), whole].concat()] {
            let run = take(&city, &content, Wish::AsTheLayoutSays).await;
            assert_eq!(run.state, RunState::Refused, "{run:?}");
            runs.push(run);
        }
        for (who, browser) in &callers {
            let answers = crawl(browser, who, &runs).await;
            let telling = |text: &str| -> Vec<&String> {
                answers.iter().filter(|(_, answer)| answer.says(text)).map(|(page, _)| page).collect()
            };
            // What may be seen is seen, or the test would prove nothing.
            for text in ["支援措置により非表示", "別姓"] {
                assert_eq!(telling(text).is_empty(), *who == "operator", "{who} {text}: {:?}", telling(text));
            }
        }

        // Whoever corrects the row does not get its address under another key, nor by guessing it.
        let (_, editor) = &callers[2];
        let bad = &runs[1];
        let page = format!("/desk/exchange/runs/{}/rows/1", bad.id);
        let form = editor.get(&page).await.form(&page).expect("a form");
        let with = |changes: &[(&str, &str)]| -> Vec<(String, String)> {
            let value = |name: &str, value: &str| {
                changes.iter().find(|(of, _)| *of == name).map_or(value.to_owned(), |(_, value)| (*value).to_owned())
            };
            form.iter().map(|(name, old)| (name.clone(), value(name, old))).collect()
        };
        let stolen = editor.post(&page, &with(&[("v1", "000000000000999"), ("v7", "3550401")])).await;
        assert!((400..500).contains(&stolen.status), "{}", stolen.text);
        assert!(stolen.says("記録を見つける項目"), "{}", stolen.text);
        assert_silent("editor", &page, &stolen);
        let corrected = editor.post(&page, &with(&[("v7", "3550401")])).await;
        assert_eq!(corrected.status, 303, "{}", corrected.text);
        for (who, browser) in &callers {
            crawl(browser, who, &runs[1..2]).await;
        }
        let exchange = &city.city.exchange;
        exchange.apply(&city.system(), bad.id, "確かめた", &|_| {}).await.expect("is applied");
        let retry = exchange.retry(&city.system(), bad.id, &|_| {}).await.expect("is compared");
        assert_eq!((retry.report.updated, retry.report.unchanged, retry.report.sealed), (0, 0, 1), "{:?}", retry.report);
        let applied = exchange.apply(&city.system(), retry.id, "確かめた", &|_| {}).await.expect("is applied");
        assert_eq!((applied.report.updated, applied.report.sealed), (0, 1));
        for (who, browser) in &callers {
            crawl(browser, who, &[retry.clone(), applied.clone()]).await;
        }
        let record = city.city.ledgers.get(&city.system(), "party", person).await.expect("is read");
        let address = record.get("address").clone();
        assert!(format!("{address:?}").contains(moved), "what was hidden is written as it came: {address:?}");
        // The same file again says the same, though now nothing changes: nobody learns by sending guesses.
        let again = take(&city, &among(60, &[secret(NUMBER, moved).record()]), Wish::AsTheLayoutSays).await;
        let guess = take(&city, &among(60, &[secret(NUMBER, "神奈川県秘密町三丁目").record()]), Wish::AsTheLayoutSays).await;
        let told = |run: &Run| {
            let report = &run.report;
            (run.state, report.updated, report.unchanged, report.sealed, run.alarms.clone(), run.message.clone())
        };
        assert_eq!(told(&again), told(&guess));
        for (who, browser) in &callers {
            crawl(browser, who, &[again.clone(), guess.clone()]).await;
            for path in ["/desk/admin/events", "/desk/admin/jobs", "/desk/admin/audit", "/desk/admin/access"] {
                assert_silent(who, path, &browser.get(path).await);
            }
        }
    }

    async fn residents_are_shown_with_the_day_of_the_register(fixture) {
        let city = TestCity::with(fixture, Setup::default()).await;
        hall(&city).await;
        let request = ListRequest::filtered("resident_number = '101'".to_owned());
        let found = city.city.ledgers.list(&city.system(), "party", &request).await.expect("a list");
        let person = found.records.first().expect("is there").id;
        let own = add(&city, "party", Draft::new().with("kind", "person").with("name", name("自前　一郎"))).await;
        let mut fields = Fields::new();
        fields.insert("person".to_owned(), Value::Record(person));
        let members = Value::Rows(vec![ChildRow { id: Uuid::from_u128(80), fields }]);
        let household = Draft::new().with("kind", "household").with("name", name("川蝉の世帯")).with("members", members);
        let household = add(&city, "party", household).await;
        let browser = city.sign_in("editor", &["party-editor"]).await;
        let of = |id: RecordId| format!("/desk/ledgers/party/{id}");
        for path in [
            "/desk/ledgers/party".to_owned(),
            "/desk/ledgers/party/sheet".to_owned(),
            "/desk/search?q=%E5%B7%9D%E8%9D%89".to_owned(),
            of(person),
            format!("{}/history", of(person)),
            format!("{}/sheet", of(person)),
            format!("{}/edit", of(person)),
            of(household),
        ] {
            let shown = browser.get(&path).await;
            assert_eq!(shown.status, 200, "{path}: {}", shown.text);
            assert!(shown.says("住民記録（R8.4.30時点）"), "{path}: {}", shown.text);
        }
        assert!(!browser.get(&of(own)).await.says("住民記録（"), "what is entered here is of no other day");
    }

    async fn what_is_given_out_leaves_the_address_of_a_protected_person_empty(fixture) {
        const OUT: &str = r#"
key = "residents-out"
version = 1
title = "住民の書出し"
ledger = "party"
direction = "out"
format = "csv"
[give]
role = "party-editor"
file = "OUT_{sequence}.csv"
[[record]]
kind = "data"
field = [
  { name = "番号", to = "resident_number" }, { name = "氏名", to = "name" }, { name = "郵便", to = "address.postcode" },
  { name = "住所", to = "address" }, { name = "方書", to = "building" },
]
"#;
        let city = TestCity::with(fixture, Setup::default()).await;
        hall(&city).await;
        let exchange = &city.city.exchange;
        exchange.publish_layout(&city.system(), OUT).await.expect("is published");
        let folder = tempfile::TempDir::new().expect("a folder");
        let run = exchange.give(&city.system(), "residents-out", folder.path()).await.expect("is given out");
        let text = std::fs::read_to_string(folder.path().join(&run.file)).expect("the file");
        assert_eq!((text.lines().count(), text.contains("早川")), (31, true), "{text}");
        assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{text}");
        let browser = city.sign_in("operator", &["exchange-operator", "party-editor"]).await;
        crawl(&browser, "operator", &[run]).await;
    }

    async fn an_operator_takes_a_file_in_on_the_desk(fixture) {
        let city = TestCity::with(fixture, Setup::default()).await;
        let clerk = city.sign_in("clerk", &["party-editor"]).await;
        assert_eq!(clerk.get("/desk/exchange").await.status, 404, "to others none of it exists");
        let operator = city.sign_in("operator", &["exchange-operator", "party-editor"]).await;
        let mut rows: Vec<Vec<u8>> = (1..=40).map(|n| Row { change: "1", ..row(n) }.record()).collect();
        rows[5] = Row { change: "1", born: "3650230", ..row(6) }.record();
        let sent = send_file(&operator, &format!("{LAYOUT}/files"), "file", "JUKI_1.txt", &file(1, &rows), &[]).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let page = sent.location().to_owned();
        let shown = operator.get(&page).await;
        for text in ["承認待ち", "39件", "生年月日「3650230」", "綾瀬市早川五五〇"] {
            assert!(shown.says(text), "{text}: {}", shown.text);
        }
        assert!(operator.get("/desk").await.says("承認を待つファイル"), "it waits on the first page");
        assert!(city.city.ledgers.list(&city.system(), "party", &ListRequest::all()).await.expect("a list").records.is_empty());
        let applied = operator.post(&format!("{page}/apply"), &[("reason", "")]).await;
        assert_eq!(applied.status, 303, "{}", applied.text);
        let shown = operator.get(&page).await;
        assert!(shown.says("適用済み") && shown.says("反映を取り消す"), "{}", shown.text);
        // The row that was put aside is corrected and taken up.
        let row_page = format!("{page}/rows/1");
        let mut form = operator.get(&row_page).await.form(&row_page).expect("a form");
        form.iter_mut().find(|(name, _)| name == "v7").expect("the date").1 = "3600228".to_owned();
        assert_eq!(operator.post(&row_page, &form).await.status, 303);
        let retried = operator.post::<&str, &str>(&format!("{page}/retry"), &[]).await;
        let retried = retried.location().split('?').next().unwrap_or_default().to_owned();
        assert!(operator.get(&retried).await.says("1件"), "its own difference");
        assert_eq!(operator.post(&format!("{retried}/apply"), &[("reason", "直した")]).await.status, 303);
        let everybody = ListRequest { limit: 100, ..ListRequest::all() };
        let all = city.city.ledgers.list(&city.system(), "party", &everybody).await.expect("a list").records;
        assert_eq!(all.len(), 40);
        // The same file again, and one that is cut.
        let again = send_file(&operator, &format!("{LAYOUT}/files"), "file", "COPY.txt", &file(1, &rows), &[]).await;
        assert!(operator.get(again.location()).await.says("何も変えませんでした"));
        let cut = &file(2, &rows)[..3_000];
        let cut = send_file(&operator, &format!("{LAYOUT}/files"), "file", "JUKI_2.txt", cut, &[]).await;
        assert!(operator.get(cut.location()).await.says("途中で切れています"));
    }

    async fn a_layout_is_made_from_a_sample_with_a_header_and_a_trailer(fixture) {
        const SAMPLE: &str = "/desk/exchange/sample";
        const FIELDS: &str = "/desk/exchange/sample/fields";
        let city = TestCity::with(fixture, Setup::default()).await;
        let operator = city.sign_in("operator", &["exchange-operator", "party-editor"]).await;
        let rows: Vec<Vec<u8>> = (1..=5).map(|n| Row { change: "1", ..row(n) }.record()).collect();
        let looked = send_file(&operator, SAMPLE, "file", "JUKI.txt", &file(1, &rows), &[("ledger", "party")]).await;
        for text in ["ヘッダー（団体コード、作成日、通番）", "トレーラー（件数）"] {
            assert!(looked.says(text), "{text}: {}", looked.text);
        }
        let widths = "1, 15, 15, 1, 60, 30, 60, 7, 1, 2, 7, 11, 100, 110";
        let told = |answer: &Answer, changes: &[(&str, &str)]| -> Vec<(String, String)> {
            let mut form = answer.form(FIELDS).expect("a form");
            // A browser sends a box only where it is ticked.
            form.retain(|(name, _)| name != "is_plain");
            for (name, value) in changes {
                form.retain(|(known, _)| known != name);
                form.push(((*name).to_owned(), (*value).to_owned()));
            }
            form
        };
        let cut = operator.post(FIELDS, &told(&looked, &[("widths", widths), ("act", "cut")])).await;
        assert!(cut.says("000000000000005") && cut.says("綾瀬市早川五五〇"), "{}", cut.text);
        let plain = operator.post(FIELDS, &told(&cut, &[("is_plain", "on"), ("act", "cut")])).await;
        assert!(plain.says("ほかと同じデータとして読みます") && plain.says("142182202604300"), "{}", plain.text);
        let choices =
            [("key", "juki"), ("find", "resident_number"), ("to1", "resident_number"), ("to4", "name"), ("to12", "address")];
        let named = [("title", "見本"), ("kind1", "number"), ("act", "try")];
        let tried = operator.post(FIELDS, &told(&cut, &[choices.as_slice(), &named].concat())).await;
        assert!(tried.says("5行: 追加 5"), "{}", tried.text);
        let published = operator.post(FIELDS, &told(&tried, &[("act", "publish")])).await;
        assert_eq!(published.status, 303, "{}", published.text);
        // The layout knows what the sample was framed by.
        let path = "/desk/exchange/layouts/juki/files";
        for (content, said) in [
            (file(2, &rows)[..2_200].to_vec(), "途中で切れています"),
            ([file(2, &rows), file(3, &rows)].concat(), "トレーラーの後"),
            (String::from_utf8_lossy(&file(2, &[])).replace("1142182", "1142034").into_bytes(), "別の団体のファイルです"),
        ] {
            let sent = send_file(&operator, path, "file", "JUKI_2.txt", &content, &[]).await;
            let shown = operator.get(sent.location()).await;
            assert!(shown.says(said), "{said}: {}", shown.text);
        }
    }
}
