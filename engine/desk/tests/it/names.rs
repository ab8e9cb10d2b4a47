//! A name goes through the whole house and comes out as it went in: with its variation selectors, a kanji beyond the usual
//! planes, a compatibility ideograph and an external character (外字). Search finds it by the forms that people can type.

use crate::common::{PARKS, city, outcome, park, record, send_file};
use bytes::Bytes;
use kawasemi_kernel::RecordId;
use kawasemi_ledger::{Draft, ExportRequest, Format, ListRequest};
use kawasemi_registry::{external, external_file};
use kawasemi_testkit::desk::tables;
use kawasemi_testkit::{Browser, TestCity, on_both_stores};
use serde_json::json;

/// 葛 and 辻 in registered shapes, 𠮷, a kanji of extension F, U+FA19 (which NFC would make another), an external character.
const NAME: &str = "葛\u{E0100}城辻\u{E0102}𠮷\u{2CF00}\u{FA19}\u{E000}";
/// The same with a kanji of extension G, which no font at hand shows.
const BEYOND: &str = "葛\u{E0100}城辻\u{E0102}𠮷\u{30EDE}\u{FA19}\u{E000}";
/// The same as it can be typed.
const TYPED: &str = "葛城辻吉";
const TABLE: &str = "外字コード,標準文字,代替文字\nE000,邉\u{E0111},邉\n";

async fn city_with_table(fixture: &kawasemi_testkit::Fixture) -> TestCity {
    let city = city(fixture).await;
    let rows = external_file::read(TABLE).expect("is a good table");
    external::import(&city.city.ledgers, &city.system(), &rows, false).await.expect("is imported");
    city
}

/// The names of the parks that a search finds, by API.
async fn found(clerk: &Browser, query: &str) -> Vec<String> {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", query).finish();
    named(clerk, &query).await
}

async fn named(clerk: &Browser, query: &str) -> Vec<String> {
    let answer = clerk.get_json(&format!("/api/v1/ledgers/park/records?{query}")).await;
    let json = answer.json();
    let records = json["records"].as_array().unwrap_or_else(|| panic!("{}", answer.text));
    let name =
        |record: &serde_json::Value| record["fields"]["name"].as_str().or(record["name"].as_str()).map(str::to_owned);
    records.iter().filter_map(name).collect()
}

async fn exported(city: &TestCity, format: Format) -> (Vec<u8>, kawasemi_ledger::ExportReport) {
    let list = ListRequest { fields: Some(vec!["name".to_owned(), "kind".to_owned()]), ..ListRequest::all() };
    let table = external::table(&city.city.ledgers, &city.system()).await.expect("the table");
    let request = ExportRequest { list, format, external: table.into(), ..ExportRequest::default() };
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Bytes>(4);
    let (ledgers, context) = (city.city.ledgers.clone(), city.system());
    let task = tokio::spawn(async move { ledgers.export(&context, "park", &request, sender).await });
    let mut bytes = Vec::new();
    while let Some(part) = receiver.recv().await {
        bytes.extend_from_slice(&part);
    }
    (bytes, task.await.expect("does not panic").expect("exports"))
}

/// Imports a file; a column without a field is left out.
async fn imported(clerk: &Browser, file: &str, bytes: &[u8], columns: &[&str]) {
    let sent = send_file(clerk, &format!("{PARKS}/import"), "file", file, bytes, &[]).await;
    let file = clerk.get(sent.location()).await.input("file").expect("the file is carried along");
    let mut entries = vec![("file", file.as_str()), ("mode", "import"), ("merge", "")];
    entries.extend(columns.iter().map(|column| ("column", *column)));
    let done = outcome(clerk, &clerk.post(&format!("{PARKS}/import/run"), &entries).await).await;
    assert!(done.says("取り込みました"), "{}", done.text);
}

/// Gives the park with the name another, since names are unique.
async fn rename(city: &TestCity, name: &str) {
    let (ledgers, context) = (&city.city.ledgers, city.system());
    let list =
        ledgers.list(&context, "park", &ListRequest::filtered(format!("name = '{BEYOND}'"))).await.expect("lists");
    let park = list.records.first().expect("is found by its exact name");
    let draft = Draft::new().with("name", name);
    ledgers.update(&context, "park", park.id, park.revision, draft).await.expect("is renamed");
}

on_both_stores! {
    tables = tables();

    async fn a_name_keeps_its_code_points_from_input_to_print(fixture) {
        let city = city_with_table(fixture).await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let typed = [("name", NAME), ("kind", "block"), ("keeper", NAME), ("keeper.kana", "カツラギ ツジ")];
        let saved = clerk.post(&format!("{PARKS}/new"), &typed).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
        let href = saved.location().split('?').next().unwrap_or_default().to_owned();
        for page in ["", "/edit", "/history", "/sheet"] {
            assert!(clerk.get(&format!("{href}{page}")).await.says(NAME), "{page}");
        }
        assert!(clerk.get(PARKS).await.says("<link rel=\"stylesheet\" href=\"/names/"));
        assert_eq!(found(&clerk, TYPED).await, [NAME]);
        assert_eq!(found(&clerk, "\u{E000}").await, [NAME]);

        let sheet = clerk.get(&format!("{href}/sheet.pdf")).await;
        assert!(sheet.status == 200 && sheet.header("content-type") == "application/pdf", "{}", sheet.text);
        assert!(sheet.text.starts_with("%PDF"));
    }

    async fn programs_and_files_keep_them_too(fixture) {
        let city = city_with_table(fixture).await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let created = clerk.send_json("POST", "/api/v1/ledgers/park/records", &json!({ "name": BEYOND, "kind": "block" })).await;
        assert_eq!(created.status, 201, "{}", created.text);
        assert!(exported(&city, Format::JsonLines).await.0.windows(BEYOND.len()).any(|part| part == BEYOND.as_bytes()));
        let (utf8, _) = exported(&city, Format::Csv).await;
        let (xlsx, _) = exported(&city, Format::Xlsx).await;
        let (cp932, report) = exported(&city, Format::CsvCp932).await;
        for (file, bytes) in [("公園.csv", utf8), ("公園.xlsx", xlsx)] {
            rename(&city, &format!("前の{file}")).await;
            imported(&clerk, file, &bytes, &["", "", "name", "kind"]).await;
            assert_eq!(found(&clerk, TYPED).await, [BEYOND], "{file}");
        }

        // In CP932 the external character keeps its code, and what CP932 lacks is replaced and reported.
        let line = cp932.split(|byte| *byte == b'\n').nth(1).expect("a line");
        // After the id and the number comes the name.
        let name = line.splitn(3, |byte| *byte == b',').nth(2).expect("a name");
        let mut expected = encoding_rs::SHIFT_JIS.encode("葛城辻吉〓\u{FA19}").0.into_owned();
        expected.extend([0xF0, 0x40, b',']);
        assert!(name.starts_with(&expected), "{name:X?}");
        let replaced: Vec<_> = report.replacements.iter().take(4).map(|one| one.written.as_str()).collect();
        assert_eq!(replaced, ["葛", "辻", "吉", "〓"]);
        let mut file = encoding_rs::SHIFT_JIS.encode("公園名,種別\r\n渡").0.into_owned();
        file.extend([0xF0, 0x40]);
        file.extend_from_slice(&encoding_rs::SHIFT_JIS.encode(",街区公園\r\n").0);
        imported(&clerk, "古い公園.csv", &file, &["name", "kind"]).await;
        assert_eq!(found(&clerk, "渡").await, ["渡\u{E000}"]);
    }

    async fn search_finds_a_family_by_any_form_of_its_name(fixture) {
        let city = city(fixture).await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        for (typed, forms) in [
            ("渡辺", vec!["渡辺", "渡邉", "渡邊", "渡邉\u{E0102}", "渡邊\u{E0108}"]),
            ("斉藤", vec!["斉藤", "斎藤", "齋藤", "齊藤"]),
            ("高橋", vec!["高橋", "髙橋", "高𣘺", "髙槗"]),
            ("山崎", vec!["山崎", "山﨑", "山嵜", "山碕"]),
            ("吉田", vec!["吉田", "𠮷田"]),
            ("浜田", vec!["浜田", "濱田", "濵田"]),
            ("沢井", vec!["沢井", "澤井"]),
            ("広瀬", vec!["広瀬", "廣瀨"]),
            ("桑島", vec!["桒嶋", "桑嶌"]),
            ("富岡", vec!["冨崗", "富岡"]),
            ("神山", vec!["\u{FA19}山"]),
        ] {
            let stored: Vec<String> = forms.iter().map(|form| format!("{form}様の公園")).collect();
            for name in &stored {
                park(&city, name, "open").await;
            }
            for asked in std::iter::once(&typed).chain(&forms) {
                let mut names = found(&clerk, asked).await;
                names.sort();
                let mut expected = stored.clone();
                expected.sort();
                assert_eq!(names, expected, "{asked}");
            }
            let list = clerk.get(&format!("{PARKS}?{}", url::form_urlencoded::Serializer::new(String::new()).append_pair("q", typed).finish())).await;
            assert!(stored.iter().all(|name| list.says(name)), "{typed}");
        }
        // What is stored is what was entered: an exact condition tells the forms apart.
        let exact = url::form_urlencoded::Serializer::new(String::new()).append_pair("filter", "name = '渡邉様の公園'").finish();
        assert_eq!(named(&clerk, &exact).await, ["渡邉様の公園"]);
    }

    async fn an_official_sheet_stops_with_a_list(fixture) {
        let city = city_with_table(fixture).await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let id: RecordId = record(&city, "park", Draft::new().with("name", "渡\u{E009}公園").with("kind", "block")).await;
        let sheet = format!("{PARKS}/{id}/sheet.pdf");
        let stopped = clerk.get(&sheet).await;
        assert_eq!(stopped.status, 422, "{}", stopped.text);
        for words in ["印刷を止めました", "公園名", "U+E009", "外字の台帳にない外字です", "記録を直す", "kind=ordinary"] {
            assert!(stopped.says(words), "{words} is not in\n{}", stopped.text);
        }
        let ordinary = clerk.get(&format!("{sheet}?kind=ordinary")).await;
        assert!(ordinary.status == 200 && ordinary.text.starts_with("%PDF"));
        let visitor = city.visitor();
        assert_ne!(visitor.get(&sheet).await.status, 200);
    }

    async fn rare_characters_of_a_page_have_a_font(fixture) {
        let city = city_with_table(fixture).await;
        let anyone = city.visitor();
        let style = anyone.get("/names/845B-E0100_8FBB-E0102_E000.css").await;
        for words in ["Kawasemi Names", "gothic.ttf", "unicode-range:U+845B,U+E0100", "names.ttf", "unicode-range:U+8FBB,U+E000,U+E0102"] {
            assert!(style.says(words), "{}", style.text);
        }
        let font = anyone.get("/names/8FBB-E0102_E000.names.ttf").await;
        assert!(font.status == 200 && font.header("content-type") == "font/ttf");
        assert!(font.header("cache-control").starts_with("private"), "the city may mend its table");
        assert!(anyone.get("/names/845B-E0100.gothic.ttf").await.header("cache-control").starts_with("public"));
        for none in ["/names/E009.names.ttf", "/names/x.css", "/names/845B-E0100.ttf", "/names/845B-E0100"] {
            assert_eq!(anyone.get(none).await.status, 404, "{none}");
        }
    }
}
