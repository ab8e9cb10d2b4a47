//! Files as they really come: with the sign of an old host at their end, in another encoding, written twice, with columns that
//! have moved and still read, of another city, from the future; and what is said of each.

use crate::common::{Hall, Person, difference, header, lines, person, tables, trailer};
use encoding_rs::SHIFT_JIS;
use kawasemi_exchange::intake::{Taken, Wish};
use kawasemi_exchange::{AlarmKind, RunState};
use kawasemi_testkit::on_both_stores;

const CSV: &str = r#"
key = "residents-csv"
version = 1
title = "住民のCSV"
ledger = "party"
encoding = "cp932"
format = "csv"
find = ["resident_number"]
[csv]
heading = true
columns = 6
[set]
kind = "person"
[[record]]
kind = "data"
field = [
  { name = "宛名番号", to = "resident_number", type = "number", required = true },
  { name = "氏名", to = "name", required = true },
  { name = "氏名カナ", to = "name.kana" },
  { name = "生年月日", to = "birth_date", type = "era-date" },
  { name = "住所", to = "address" },
]
"#;
const HEADINGS: &str = "宛名番号,氏名,氏名カナ,生年月日,住所,備考\r\n";

const XML: &str = r#"
key = "residents-xml"
version = 1
title = "住民のXML"
ledger = "party"
encoding = "cp932"
format = "xml"
find = ["resident_number"]
[set]
kind = "person"
[[record]]
kind = "data"
element = "/住民データ/住民"
field = [
  { name = "宛名番号", path = "@番号", to = "resident_number", type = "number", required = true },
  { name = "氏名", path = "氏名/漢字", to = "name" },
  { name = "住所", path = "住所", to = "address" },
]
[[record]]
kind = "trailer"
element = "/住民データ/件数"
field = [{ name = "件数", path = ".", type = "number", use = "count" }]
"#;

fn cp932(text: &str) -> Vec<u8> {
    let (bytes, _, had_errors) = SHIFT_JIS.encode(text);
    assert!(!had_errors, "{text}");
    bytes.into_owned()
}

fn kinds(taken: &Taken) -> Vec<AlarmKind> {
    taken.run.alarms.iter().map(|alarm| alarm.kind).collect()
}

async fn tried(hall: &Hall<'_>, layout: &str, content: &[u8]) -> Taken {
    hall.take(layout, "試し", content, Wish::DryRun).await
}

on_both_stores! {
    tables = tables();

    async fn what_old_hosts_put_at_the_end_of_a_file_is_no_record(fixture) {
        let hall = Hall::open(fixture).await;
        let people = [person(1, "1", "髙﨑　德子", "綾瀬市早川"), person(2, "1", "纊　鍈一", "綾瀬市㈱荘①")];
        let good = difference("20260428", 1, &people);
        let unended = good[..good.len() - 2].to_vec();
        let lf: Vec<u8> = good.iter().copied().filter(|byte| *byte != b'\r').collect();
        for (name, content) in [
            ("a sign of its own", [good.as_slice(), b"\x1A"].concat()),
            ("a line of its own", [good.as_slice(), b"\x1A\r\n"].concat()),
            ("behind the trailer", [unended.as_slice(), b"\x1A"].concat()),
            ("no end of line", unended),
            ("lf", lf),
        ] {
            let taken = tried(&hall, "resident-difference", &content).await;
            assert_eq!((taken.run.state, taken.run.report.created), (RunState::Waiting, 2), "{name}: {}", taken.run.message);
        }
        hall.exchange.publish_layout(&hall.system(), CSV).await.expect("is published");
        let rows = format!("{HEADINGS}1,川蝉,ｶﾜ,5080401,\"綾瀬市\r\n早川\",\r\n,,,,,\r\n");
        let taken = tried(&hall, "residents-csv", &[cp932(&rows).as_slice(), b"\x1A"].concat()).await;
        assert_eq!((taken.run.state, taken.run.rows, taken.run.report.bad), (RunState::Waiting, 1, 0), "{:?}", taken.bad);
    }

    async fn dates_are_read_as_hosts_and_people_write_them(fixture) {
        let hall = Hall::open(fixture).await;
        hall.exchange.publish_layout(&hall.system(), CSV).await.expect("is published");
        let dates = ["5080401", "R8.4.1", "令和8年4月1日", "Ｒ８．４．１", "2026/4/1", "令和八年"];
        let rows: String = (1..).zip(dates).map(|(n, day)| format!("{n},川蝉,ｶﾜ,{day},綾瀬市,\r\n")).collect();
        let taken = tried(&hall, "residents-csv", &cp932(&format!("{HEADINGS}{rows}"))).await;
        assert_eq!((taken.run.report.created, taken.bad.len(), taken.bad[0].line), (5, 1, 7));
        let born = |sample: &kawasemi_ledger::import::FeedSample| {
            sample.changes.iter().find(|change| change.field == "birth_date").map(|change| change.after.clone())
        };
        assert!(taken.samples.iter().all(|sample| born(sample).as_deref() == Some("2026-04-01")), "{:?}", taken.samples);
        // Lines are counted where they end with CR alone.
        let taken = tried(&hall, "residents-csv", &cp932(&format!("{HEADINGS}{rows}").replace("\r\n", "\r"))).await;
        assert_eq!((taken.run.report.created, taken.bad[0].line), (5, 7));
    }

    async fn what_a_file_really_is_is_said(fixture) {
        let hall = Hall::open(fixture).await;
        for layout in [CSV, XML] {
            hall.exchange.publish_layout(&hall.system(), layout).await.expect("is published");
        }
        let row = "1,川蝉　花子,ｶﾜｾﾐ,5080401,綾瀬市早川五五〇,\r\n";
        let xml = "<?xml version=\"1.0\"?><住民データ><住民 番号=\"1\"><氏名><漢字>川蝉</漢字></氏名></住民><件数>1</件数></住民データ>";
        let utf16: Vec<u8> = format!("\u{FEFF}{HEADINGS}{row}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (layout, content, said) in [
            ("residents-csv", format!("\u{FEFF}{HEADINGS}{row}").into_bytes(), "ファイルはUTF-8で、連携レイアウトはShift_JIS"),
            ("residents-csv", utf16, "ファイルはUTF-16"),
            ("residents-xml", xml.as_bytes().to_vec(), "ファイルはUTF-8で"),
            ("residents-csv", b"PK\x03\x04\x14\x00\x06\x00".to_vec(), "Excelのブック"),
            ("residents-csv", cp932(row), "見出しの行がありません"),
            ("residents-csv", cp932(&HEADINGS.replace("氏名,氏名カナ", "氏名カナ,氏名")), "2列目は「氏名」のはず"),
            ("residents-csv", cp932(&format!("{HEADINGS}1,\"川蝉,ｶﾜ,,,\r\n{row}{row}")), "引用符"),
        ] {
            let taken = tried(&hall, layout, &content).await;
            assert_eq!(taken.run.state, RunState::Refused, "{said}: {:?}", taken.run);
            assert!(taken.run.message.contains(said), "{said}: {}", taken.run.message);
            assert!(!taken.run.message.contains("早川") && !taken.run.message.contains("花子"), "{}", taken.run.message);
        }
    }

    async fn an_element_that_comes_twice_is_not_joined(fixture) {
        let hall = Hall::open(fixture).await;
        hall.exchange.publish_layout(&hall.system(), XML).await.expect("is published");
        let one = |n: u32, inner: &str| format!("<r:住民 番号=\"{n:09}\"><氏名><漢字>髙﨑 &lt;&#x5FB3;&gt;</漢字></氏名>{inner}</r:住民>");
        let of = |rows: &[String]| {
            let (rows, count) = (rows.concat(), rows.len());
            cp932(&format!("<?xml version=\"1.0\" encoding=\"Shift_JIS\"?>\n<r:住民データ xmlns:r=\"urn:r\">{rows}<件数>{count}</件数></r:住民データ>"))
        };
        let mut rows: Vec<String> = (1..=30).map(|n| one(n, "<住所><![CDATA[綾瀬市 & 早川]]></住所>")).collect();
        let taken = tried(&hall, "residents-xml", &of(&rows)).await;
        assert_eq!((taken.run.state, taken.run.report.created), (RunState::Waiting, 30), "{:?}", taken.run);
        rows[3] = one(4, "<住所>綾瀬市早川</住所><住所>綾瀬市深谷</住所>");
        let taken = tried(&hall, "residents-xml", &of(&rows)).await;
        assert_eq!((taken.run.report.created, taken.bad[0].line), (29, 4));
        assert_eq!(taken.bad[0].problems[0].reason, "「住所」が二つ以上あります。");
    }

    async fn a_file_of_the_future_or_of_another_city_is_refused(fixture) {
        let hall = Hall::open(fixture).await;
        let people: Vec<Person> = (1..=10).map(|n| person(n, "1", "川蝉　花子", "綾瀬市早川")).collect();
        // The next business day after the holidays of May is no mistake; a clock that is years ahead is.
        let ahead = tried(&hall, "resident-difference", &difference("20260507", 1, &people)).await;
        assert_eq!(ahead.run.state, RunState::Waiting);
        let future = tried(&hall, "resident-difference", &difference("20991231", 1, &people)).await;
        assert!(future.run.state == RunState::Refused && future.run.message.contains("先の日付"), "{:?}", future.run);
        // A copy from another city's folder under a header of ours: the rows say where they are from.
        let town = |mut record: Vec<u8>, code: &[u8; 11]| {
            let at = 1 + 15 + 15 + 1 + 60 + 30 + 60 + 7 + 1 + 2 + 7;
            record[at..at + 11].copy_from_slice(code);
            record
        };
        for (code, state) in [(b"14218001000", RunState::Waiting), (b"14203001000", RunState::Refused)] {
            let mut records = vec![header("142182", "20260428", 1)];
            records.extend(people.iter().map(|one| town(one.record(), code)));
            records.push(trailer(people.len()));
            let taken = tried(&hall, "resident-difference", &lines(&records)).await;
            assert_eq!(taken.run.state, state, "{}", taken.run.message);
            assert!(state == RunState::Waiting || taken.run.message.contains("別の団体の行"), "{}", taken.run.message);
        }
    }

    async fn what_is_written_twice_or_has_moved_is_held(fixture) {
        let hall = Hall::open(fixture).await;
        let people: Vec<Person> =
            (1..=40).map(|n| person(n, "1", &format!("川蝉　{n}"), &format!("綾瀬市早川{n}"))).collect();
        let twice: Vec<Person> = people.iter().chain(&people).cloned().collect();
        let taken = tried(&hall, "resident-difference", &difference("20260428", 1, &twice)).await;
        assert_eq!((taken.run.state, kinds(&taken)), (RunState::Held, vec![AlarmKind::Twice]));
        hall.take("resident-difference", "JUKI_1", &difference("20260428", 1, &people), Wish::Apply).await;
        // The vendor's new version has the address in the place of the name, and the name in that of the address: all text.
        let moved: Vec<Person> = people
            .iter()
            .map(|one| Person { change: "2", name: one.address.clone(), address: one.name.clone(), ..one.clone() })
            .collect();
        let taken = tried(&hall, "resident-difference", &difference("20260429", 2, &moved)).await;
        assert_eq!(kinds(&taken), [AlarmKind::Moved]);
        assert!(taken.run.alarms[0].message.contains("氏名") && taken.run.alarms[0].message.contains("住所"));
        // A whole town that gets new addresses is no such thing.
        let renamed: Vec<Person> =
            people.iter().map(|one| Person { change: "2", address: one.address.replace("早川", "寺尾"), ..one.clone() }).collect();
        let taken = tried(&hall, "resident-difference", &difference("20260429", 2, &renamed)).await;
        assert_eq!((taken.run.state, taken.run.report.updated), (RunState::Waiting, 40), "{:?}", taken.run.alarms);
    }

    async fn a_row_that_is_taken_up_late_does_not_bring_the_old_back_unseen(fixture) {
        let hall = Hall::open(fixture).await;
        let mut people: Vec<Person> = (1..=40).map(|n| person(n, "1", "川蝉　花子", "綾瀬市早川")).collect();
        people[4].born = "3650230";
        let first = hall.take("resident-difference", "JUKI_1", &difference("20260428", 1, &people), Wish::Apply).await;
        assert_eq!(first.run.state, RunState::Applied);
        hall.at(60).take("resident-difference", "JUKI_2", &difference("20260429", 2, &[person(5, "1", "川蝉　花子", "綾瀬市小園")]), Wish::Apply).await;
        let bad = hall.exchange.bad_rows(&hall.system(), first.run.id, 0, 10).await.expect("rows");
        let mut values = bad[0].row.values.clone();
        values[7] = "3600228".to_owned();
        hall.exchange.correct(&hall.system(), first.run.id, bad[0].n, &values).await.expect("is corrected");
        let retry = hall.exchange.retry(&hall.system(), first.run.id, &|_| {}).await.expect("is compared");
        assert_eq!((retry.state, retry.rows), (RunState::Held, 1));
        assert!(retry.alarms.iter().any(|alarm| alarm.kind == AlarmKind::Overtaken), "{:?}", retry.alarms);
        assert_eq!(hall.parties().await.iter().find(|one| one.0 == "5").map(|one| one.2.as_str()), Some("綾瀬市小園"));
    }
}
