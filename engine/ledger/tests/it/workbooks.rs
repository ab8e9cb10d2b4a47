//! Workbooks as people made them into records: tables with all their habits, forms by the hundred, photographs.

use std::io::Write as _;
use std::path::Path;

use crate::common::{City, DEPARTMENT, PARK, publish, tables};
use kawasemi_kernel::Value;
use kawasemi_ledger::import::{FileOptions, ImportPlan, ImportReport, Mapping, PhotoPlan, SavedForm};
use kawasemi_ledger::{LedgerError, ListRequest};
use kawasemi_sheets::report::Sort;
use kawasemi_store::files::Files;
use rust_xlsxwriter::{Format, Image, Workbook, Worksheet};
use tempfile::{NamedTempFile, TempDir};
use zip::write::SimpleFileOptions;

const PNG: &[u8] = &[
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0x0D, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8,
    2, 0, 0, 0, 0x90, 0x77, 0x53, 0xDE, 0, 0, 0, 0x0C, 0x49, 0x44, 0x41, 0x54, 8, 0xD7, 0x63, 0xF8, 0xCF, 0xC0, 0, 0,
    3, 1, 1, 0, 0x18, 0xDD, 0x8D, 0xB0, 0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
];

fn saved(path: &Path, fill: impl FnOnce(&mut Worksheet)) {
    let mut workbook = Workbook::new();
    fill(workbook.add_worksheet());
    workbook.save(path).expect("saves");
}

fn rows(sheet: &mut Worksheet, from: u32, rows: &[&[&str]]) {
    for (row, line) in (from..).zip(rows) {
        for (column, text) in (0_u16..).zip(*line).filter(|(_, text)| !text.is_empty()) {
            match text.parse::<f64>() {
                Ok(number) => drop(sheet.write_number(row, column, number).expect("writes")),
                Err(_) => drop(sheet.write_string(row, column, *text).expect("writes")),
            }
        }
    }
}

async fn plan(city: &City<'_>, path: &Path, options: FileOptions) -> ImportPlan {
    let look = city.ledgers.look_at_file(&city.keeper(), "park", path, &options).await;
    let (_, mapping) = look.expect("looks");
    ImportPlan { path: path.to_owned(), options, mapping, title: "公園".into(), photos: None, is_invented: false }
}

async fn import(city: &City<'_>, plan: &ImportPlan) -> ImportReport {
    city.ledgers.import(&city.keeper(), "park", plan, &|_| {}).await.expect("imports")
}

fn tells(report: &ImportReport, sort: Sort, piece: &str) -> bool {
    report.understood.of(sort).any(|finding| finding.text.contains(piece) || finding.places().contains(piece))
}

/// The ledger with a field for photographs, and a place to keep them.
async fn with_photos(fixture: &kawasemi_testkit::Fixture) -> (City<'_>, TempDir, Files) {
    let city = City::open(fixture).await;
    let field = "[[field]]\nkey = \"photos\"\nlabel = \"写真\"\ntype = \"files\"\nmax_count = 5\n\n[[check]]";
    publish(fixture, &[DEPARTMENT, &PARK.replace("[[check]]", field)]).await;
    let folder = tempfile::tempdir().expect("makes a folder");
    let files = Files::in_folder(&folder.path().join("files")).expect("opens");
    (city, folder, files)
}

fn photo_count(record: &kawasemi_ledger::Visible) -> usize {
    match record.get("photos") {
        Value::Files(files) => files.len(),
        _ => 0,
    }
}

kawasemi_testkit::on_both_stores! {
    tables = tables();

    async fn a_sheet_made_for_people_becomes_records(fixture) {
        let city = City::open(fixture).await;
        let file = NamedTempFile::new().expect("makes a file");
        saved(file.path(), |sheet| {
            let plain = Format::new();
            sheet.merge_range(0, 0, 0, 6, "公園一覧（令和8年度）", &plain).expect("merges");
            for (column, text) in [(0, "No."), (1, "公園名"), (2, "所管"), (5, "開園日"), (6, "閉園")] {
                sheet.merge_range(2, column, 3, column, text, &plain).expect("merges");
            }
            sheet.merge_range(2, 3, 2, 4, "概要", &plain).expect("merges");
            sheet.write(3, 3, "種別").expect("writes");
            sheet.write(3, 4, "面　積").expect("writes");
            rows(sheet, 4, &[
                &["1", "中央公園", "みどり公園課", "①総合公園", "1,234.5㎡", "44333", "□"],
                &["2", "北公園", "〃", "街区公園", "２００", "H2.4.1(日)", "☑"],
                &["3"],
                &["", "合計", "", "", "1434.5"],
                &["※面積は公簿による"],
            ]);
        });
        let plan = plan(&city, file.path(), FileOptions::default()).await;
        assert_eq!(plan.mapping.columns, ["", "name", "department", "kind", "area", "opened_on", "closed"]);
        let report = import(&city, &plan).await;
        assert_eq!((report.created, report.bad), (2, 0), "{:?}\n{}", report.problems, report.understood);
        for (sort, piece) in [
            (Sort::Understood, "「公園名」→公園名"),
            (Sort::Left, "「No.」"),
            (Sort::Guessed, "「開園日」：日付の形式になっていない数"),
            (Sort::Guessed, "「開園日」：日付のうしろの曜日"),
            (Sort::Guessed, "選択肢の前の番号"),
            (Sort::Guessed, "C6"),
            (Sort::Left, "合計・小計"),
            (Sort::Left, "※面積は公簿による"),
            (Sort::Left, "番号のほかに何もない"),
        ] {
            assert!(tells(&report, sort, piece), "{piece}\n{}", report.understood);
        }
        let park = async |number: &str| city.ledgers.get_by_number(&city.keeper(), "park", number).await.expect("reads");
        let central = park("公-0001").await;
        assert_eq!(central.get("opened_on"), &Value::Date(jiff::civil::date(2021, 5, 17)));
        assert_eq!(central.get("kind").as_text(), Some("city"));
        let north = park("公-0002").await;
        assert_eq!((north.get("department"), north.get("closed")), (&Value::Record(city.parks), &Value::Bool(true)));
    }

    async fn a_heading_finds_a_field_by_part_of_its_name(fixture) {
        let city = City::open(fixture).await;
        let renamed = PARK.replacen("label = \"公園名\"", "label = \"名称・愛称（正式）\"", 1);
        assert_ne!(renamed, PARK);
        publish(fixture, &[DEPARTMENT, &renamed]).await;
        let file = NamedTempFile::new().expect("makes a file");
        saved(file.path(), |sheet| rows(sheet, 0, &[&["名　称", "愛称", "見たことのない列"], &["中央公園", "まんなか", "x"]]));
        let plan = plan(&city, file.path(), FileOptions::default()).await;
        assert_eq!(plan.mapping.columns, ["name", "", ""]);
        let report = city.ledgers.import_dry_run(&city.keeper(), "park", &plan, &|_| {}).await.expect("is tried");
        assert!(tells(&report, Sort::Left, "「愛称」、「見たことのない列」"), "{}", report.understood);
        let page = NamedTempFile::new().expect("makes a file");
        std::fs::write(page.path(), "<html><table><tr><td>公園名</td></tr></table></html>").expect("writes");
        let refused = city.ledgers.look_at_file(&city.keeper(), "park", page.path(), &FileOptions::default()).await;
        assert!(refused.expect_err("is refused").to_string().contains("HTML"));
    }

    async fn forms_are_mapped_once_and_read_by_the_hundred(fixture) {
        let city = City::open(fixture).await;
        let folder = tempfile::tempdir().expect("makes a folder");
        let form = |name: &str, fill: &dyn Fn(&mut Worksheet)| saved(&folder.path().join(name), |sheet| fill(sheet));
        let fields = |sheet: &mut Worksheet, down: u32, name: &str| {
            sheet.write(0, 0, "公園台帳").expect("writes");
            rows(sheet, 2 + down, &[&["公　園　名", name, "管理コード", &format!("C-{name}")], &["所管", "みどり公園課"], &["種別", "□街区公園　■総合公園"]]);
        };
        let sample = folder.path().join("見本.xlsx");
        saved(&sample, |sheet| fields(sheet, 0, ""));
        let (mapping, _) = city.ledgers.guess_form(&city.keeper(), "park", &sample).await.expect("guesses");
        let guessed: Vec<String> = mapping.fields.iter().map(|f| format!("{}={}", f.target, f.value_at)).collect();
        assert_eq!(guessed, ["name=B3", "code=D3", "department=B4", "kind=B5"]);
        std::fs::remove_file(&sample).expect("removes");
        let form_of = SavedForm { name: "公園台帳".into(), mapping };
        city.ledgers.save_form_mapping(&city.keeper(), "park", &form_of).await.expect("keeps");
        city.ledgers.save_form_mapping(&city.keeper(), "park", &form_of).await.expect("replaces");
        let stranger = city.ledgers.form_mappings(&city.staff(), "park").await;
        assert!(matches!(stranger, Err(LedgerError::Forbidden { .. })), "{stranger:?}");
        let kept = city.ledgers.form_mappings(&city.keeper(), "park").await.expect("reads");
        assert_eq!(kept, [form_of]);

        for number in 0..100 {
            form(&format!("{number:03}.xlsx"), &|sheet| fields(sheet, 0, &format!("公園{number}")));
        }
        form("移動.xlsx", &|sheet| fields(sheet, 3, "あの公園"));
        form("欄の移動.xlsx", &|sheet| {
            rows(sheet, 2, &[&["公園名", "その公園", "管理コード", "C-9"], &["所管", "", "みどり公園課"], &["種別", "■街区公園"]]);
        });
        form("別の様式.xlsx", &|sheet| rows(sheet, 0, &[&["遊具名", "砂場"], &["", ""], &["設置場所", "早川"]]));
        std::fs::write(folder.path().join("覚書.txt"), "x").expect("writes");
        std::fs::write(folder.path().join("壊れた.xlsx"), b"PK\x03\x04").expect("writes");
        let options = FileOptions { form: Some(kept[0].mapping.clone()), ..FileOptions::default() };
        let mut plan = plan(&city, folder.path(), options).await;
        let report = import(&city, &plan).await;
        assert_eq!((report.rows, report.bad, report.is_applied), (104, 3, false));
        let refused: Vec<&str> = report.problems.iter().map(|problem| problem.file.as_str()).collect();
        assert_eq!(refused, ["別の様式.xlsx", "壊れた.xlsx", "欄の移動.xlsx"]);
        assert!(report.problems[2].reason.contains("「所管」の値の欄B4が空で、C4に「みどり公園課」"), "{:?}", report.problems);
        assert!(report.problems[0].reason.contains("A3には見出し「公園名」があるはずですが、「設置場所」があります"), "{:?}", report.problems);
        assert!(tells(&report, Sort::Left, "覚書.txt"), "{}", report.understood);
        plan.mapping.skip_bad = true;
        let report = import(&city, &plan).await;
        assert_eq!((report.created, report.bad, report.is_applied), (101, 3, true), "{:?}", report.problems);
        assert!(tells(&report, Sort::Guessed, "移動.xlsx：「公園名」A3→A6"), "{}", report.understood);
        let names = city.names(&city.keeper(), &ListRequest::all()).await;
        assert!(names.contains(&"あの公園".to_owned()), "{names:?}");
        let first = city.ledgers.get_by_number(&city.keeper(), "park", "公-0001").await.expect("reads");
        assert_eq!(first.get("kind").as_text(), Some("city"));
        city.ledgers.delete_form_mapping(&city.keeper(), "park", "公園台帳").await.expect("forgets");
        assert!(city.ledgers.form_mappings(&city.keeper(), "park").await.expect("reads").is_empty());
    }

    async fn photographs_go_to_their_records(fixture) {
        let (city, folder, files) = with_photos(fixture).await;
        let sheet = folder.path().join("公園.xlsx");
        saved(&sheet, |sheet| {
            rows(sheet, 0, &[&["管理コード", "公園名", "所管"], &["A-1", "中央公園", "みどり公園課"], &["A-2", "北公園", "みどり公園課"]]);
            sheet.insert_image(2, 4, &Image::new_from_buffer(PNG).expect("is a picture")).expect("inserts");
        });
        let archive = folder.path().join("写真.zip");
        let mut zip = zip::ZipWriter::new(std::fs::File::create(&archive).expect("makes a file"));
        for (name, more) in [("Ａ－１_外観.png", 1), ("写真/a-1 (2).png", 2), ("だれ.png", 3)] {
            zip.start_file(name, SimpleFileOptions::default()).expect("begins");
            zip.write_all(PNG).expect("writes");
            zip.write_all(&[more]).expect("writes");
        }
        zip.finish().expect("ends");
        let mut plan = plan(&city, &sheet, FileOptions::default()).await;
        plan.photos = Some(PhotoPlan { files, path: Some(archive), by: "code".into(), field: "photos".into() });
        let tried = city.ledgers.import_dry_run(&city.keeper(), "park", &plan, &|_| {}).await.expect("tries");
        assert!(tells(&tried, Sort::Left, "だれ.png") && tells(&tried, Sort::Guessed, "写真2枚を1件"), "{}", tried.understood);
        let report = import(&city, &plan).await;
        assert_eq!((report.created, report.bad), (2, 0), "{:?}", report.problems);
        let count = async |number: &str| {
            photo_count(&city.ledgers.get_by_number(&city.keeper(), "park", number).await.expect("reads"))
        };
        assert_eq!((count("公-0001").await, count("公-0002").await), (2, 1));
        // The same again changes nothing, and takes no photograph away.
        plan.mapping = Mapping { merge: vec!["code".into()], ..plan.mapping };
        let again = import(&city, &plan).await;
        assert_eq!((again.created, again.updated, again.unchanged), (0, 0, 2), "{:?}", again.problems);
        assert_eq!((count("公-0001").await, count("公-0002").await), (2, 1));
        plan.photos.as_mut().expect("has a plan").field = "name".into();
        let refused = city.ledgers.import(&city.keeper(), "park", &plan, &|_| {}).await;
        assert!(matches!(refused, Err(LedgerError::Refused(_))), "{refused:?}");
    }
}
