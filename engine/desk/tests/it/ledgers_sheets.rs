//! Workbooks as people made them, on the desk: how a table was read and how that is overruled; forms; photographs.

use crate::common::{PARKS, city};
use axum::body::Body;
use kawasemi_testkit::desk::{Answer, Browser, tables};
use kawasemi_testkit::on_both_stores;
use rust_xlsxwriter::{Format, Workbook, Worksheet};
use zip::write::SimpleFileOptions;

fn workbook(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(workbook.add_worksheet());
    workbook.save_to_buffer().expect("saves")
}

fn archive(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).expect("begins");
        std::io::Write::write_all(&mut zip, bytes).expect("writes");
    }
    zip.finish().expect("ends").into_inner()
}

/// A list with a title, headings of two rows, marks for as above, and a sum.
fn list() -> Vec<u8> {
    workbook(|sheet| {
        let plain = Format::new();
        sheet.merge_range(0, 0, 0, 3, "公園の一覧", &plain).expect("merges");
        sheet.merge_range(1, 0, 2, 0, "公　園　名", &plain).expect("merges");
        sheet.merge_range(1, 1, 1, 2, "概要", &plain).expect("merges");
        sheet.write_row(2, 1, ["種別", "面積"]).expect("writes");
        sheet.merge_range(1, 3, 2, 3, "備考", &plain).expect("merges");
        sheet.write_row(3, 0, ["新しい公園", "街区公園", "1,200㎡", "桜"]).expect("writes");
        sheet.write_row(4, 0, ["もう一つの公園", "〃", "300", "〃"]).expect("writes");
        sheet.write_row(5, 0, ["合計", "", "1500"]).expect("writes");
    })
}

fn form(down: u32, name: &str) -> Vec<u8> {
    workbook(|sheet| {
        sheet.write(0, 0, "公園台帳").expect("writes");
        sheet.write_row(2 + down, 0, ["公園名", name, "備考", "桜がある"]).expect("writes");
        sheet.write_row(3 + down, 0, ["種別", "■街区公園　□地区公園"]).expect("writes");
    })
}

on_both_stores! {
    tables = tables();

    async fn how_a_sheet_was_read_is_shown_and_can_be_overruled(fixture) {
        let city = city(fixture).await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let sent = send(&clerk, &format!("{PARKS}/import"), &[("file", "公園.xlsx", list())], &[]).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let map = clerk.get(sent.location()).await;
        for said in ["ファイルをどう読んだか", "推測したこと", "2行目から3行目まで", "B5、D5", "概要／面積", "合計・小計の行"] {
            assert!(map.says(said), "{said}\n{}", map.text);
        }
        let csv = map.between("href=\"/desk/ledgers/park/import/map/report.csv", "\"").expect("a file of it");
        let csv = clerk.get(&format!("{PARKS}/import/map/report.csv{}", csv.replace("&amp;", "&"))).await;
        assert!(csv.text.contains("\"残したもの\""), "{}", csv.text);

        let again = format!("{}&sheet=Sheet1&read_sheet=Sheet1&header=2&header_rows=2&keep_ditto=1&keep_totals=1", sent.location());
        let kept = clerk.get(&again).await;
        assert!(kept.says("〃") && !kept.says("合計・小計の行"), "{}", kept.text);
        let wrong = clerk.get(&format!("{}&area=XX", sent.location())).await;
        assert!(wrong.status == 422 && wrong.says("セルの位置として読めません"), "{}", wrong.text);

        let mut entries = map.form(&format!("{PARKS}/import/run")).expect("a way on");
        entries.retain(|(name, _)| name != "mode" && name != "merge");
        entries.extend([("mode".to_owned(), "dry".to_owned()), ("merge".to_owned(), String::new())]);
        let tried = outcome(&clerk, &clerk.post(&format!("{PARKS}/import/run"), &entries).await).await;
        assert!(tried.says("間違いは見つかりませんでした") && tried.says("「〃」「同上」などは"), "{}", tried.text);
        let go_on = tried.form(&format!("{PARKS}/import/run")).expect("a way on");
        let done = outcome(&clerk, &clerk.post(&format!("{PARKS}/import/run"), &go_on).await).await;
        assert!(done.says("取り込みました") && done.says("report.csv"), "{}", done.text);
        let listed = clerk.get(PARKS).await;
        assert!(listed.says("もう一つの公園") && listed.says("1,200") && !listed.says("合計"), "{}", listed.text);
    }

    async fn a_form_is_registered_and_an_archive_of_them_read(fixture) {
        let city = city(fixture).await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let nameless = send(&clerk, &format!("{PARKS}/import/forms"), &[("file", "見本.xlsx", form(0, ""))], &[("name", "")]).await;
        assert_eq!(nameless.status, 422);
        let sent = send(&clerk, &format!("{PARKS}/import/forms"), &[("file", "見本.xlsx", form(0, ""))], &[("name", "公園台帳")]).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let editor = clerk.get(sent.location()).await;
        assert!(editor.says("様式の欄を決める") && editor.says("■街区公園"), "{}", editor.text);
        let edit = format!("{PARKS}/import/forms/edit");
        let entries = editor.form(&edit).expect("a form");
        let value = |name: &str| entries.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!((value("label.name"), value("value.name"), value("value.kind")), (Some("A3"), Some("B3"), Some("B4")));
        let mut wrong = entries.clone();
        wrong.iter_mut().filter(|(name, _)| name == "label.name").for_each(|(_, value)| *value = "Z9".to_owned());
        let refused = clerk.post(&edit, &wrong).await;
        assert!(refused.status == 422 && refused.says("Z9 には何も書かれていません"), "{}", refused.text);
        let saved = clerk.post(&edit, &entries).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
        assert!(clerk.get(saved.location()).await.says("公園台帳"));

        let files = [("一.xlsx", form(0, "一の公園")), ("二.xlsx", form(2, "二の公園")), ("別.xlsx", list())];
        let sent = send(&clerk, &format!("{PARKS}/import"), &[("file", "個票.zip", archive(&files))], &[("form", "公園台帳")]).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let map = clerk.get(sent.location()).await;
        assert!(map.says("様式「公園台帳」として読みます") && map.says("別.xlsx「Sheet1」：B3には「公園名」の値があるはず"), "{}", map.text);
        let mut entries = map.form(&format!("{PARKS}/import/run")).expect("a way on");
        entries.retain(|(name, _)| name != "mode" && name != "merge");
        entries.extend([("mode", "import"), ("merge", ""), ("skip_bad", "1")].map(|(k, v)| (k.to_owned(), v.to_owned())));
        let done = outcome(&clerk, &clerk.post(&format!("{PARKS}/import/run"), &entries).await).await;
        assert!(done.says("間違いのある行を飛ばして取り込みました") && done.says("別.xlsx"), "{}", done.text);
        let listed = clerk.get(PARKS).await;
        assert!(listed.says("一の公園") && listed.says("二の公園"), "{}", listed.text);

        let gone = clerk.post(&format!("{PARKS}/import/forms/delete"), &[("name", "公園台帳")]).await;
        assert_eq!(gone.status, 303, "{}", gone.text);
        let over = clerk.get(sent.location()).await;
        assert!(over.says("様式が見つかりません"), "{}", over.text);
        let staff = city.sign_in("jiro", &[]).await;
        assert_ne!(staff.get(&format!("{PARKS}/import/forms")).await.status, 200);
    }
}

/// Sends a form with files, as a browser does.
async fn send(browser: &Browser, path: &str, files: &[(&str, &str, Vec<u8>)], texts: &[(&str, &str)]) -> Answer {
    let mut body = Vec::new();
    for (key, value) in texts {
        let part = format!("--x\r\nContent-Disposition: form-data; name=\"{key}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    for (field, name, content) in files {
        let head = format!("--x\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--x--\r\n");
    let request = browser
        .request("POST", path)
        .header("accept", "text/html")
        .header("content-type", "multipart/form-data; boundary=x")
        .header("sec-fetch-site", "same-origin");
    browser.send(request.body(Body::from(body))).await
}

/// The page of a run when it has ended.
async fn outcome(browser: &Browser, started: &Answer) -> Answer {
    assert_eq!(started.status, 303, "{}", started.text);
    for _ in 0..200 {
        let page = browser.get(started.location()).await;
        if page.header("refresh").is_empty() {
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the run does not end");
}
