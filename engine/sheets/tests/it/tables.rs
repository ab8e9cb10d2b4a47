//! Sheets as people make them, read as tables.

use kawasemi_sheets::report::Sort;
use kawasemi_sheets::table::{Survey, TableOptions, survey};
use kawasemi_sheets::{Cell, book::Book};
use rust_xlsxwriter::{ExcelDateTime, Format, Image, Note, Workbook, Worksheet};
use tempfile::NamedTempFile;

fn saved(fill: impl FnOnce(&mut Worksheet)) -> NamedTempFile {
    let mut workbook = Workbook::new();
    fill(workbook.add_worksheet());
    let file = NamedTempFile::new().expect("makes a file");
    workbook.save(file.path()).expect("saves");
    file
}

fn read_with(file: &NamedTempFile, options: &TableOptions) -> Survey {
    let mut book = Book::open(file.path()).expect("opens");
    let survey = survey(&mut book, None, options, 1_000).expect("finds a table");
    let mut streamed = Vec::new();
    survey
        .table
        .rows(&mut book, options, &mut |row| {
            streamed.push(row);
            true
        })
        .expect("reads");
    assert_eq!(streamed, survey.rows, "what is imported is what was shown");
    survey
}

fn read(file: &NamedTempFile) -> Survey {
    read_with(file, &TableOptions::default())
}

fn texts(survey: &Survey) -> Vec<Vec<String>> {
    survey.rows.iter().map(|row| row.cells.iter().map(|cell| cell.to_text().into_owned()).collect()).collect()
}

fn rows(sheet: &mut Worksheet, from: u32, rows: &[&[&str]]) {
    for (row, line) in (from..).zip(rows) {
        for (column, text) in (0_u16..).zip(*line) {
            match text.parse::<f64>() {
                Ok(number) => drop(sheet.write_number(row, column, number).expect("writes")),
                Err(_) if text.is_empty() => {}
                Err(_) => drop(sheet.write_string(row, column, *text).expect("writes")),
            }
        }
    }
}

fn has(survey: &Survey, sort: Sort, piece: &str) -> bool {
    survey.report.of(sort).any(|finding| finding.text.contains(piece) || finding.places().contains(piece))
}

#[test]
fn a_plain_sheet_reads_as_it_stands() {
    let file = saved(|sheet| {
        rows(
            sheet,
            0,
            &[
                &["番号", "名称", "備考"],
                &["1", "中央公園", "合計の隣"],
                &["", "北公園", "〃ではない"],
                &["3", "計画の森", ""],
            ],
        );
    });
    let survey = read(&file);
    assert_eq!(survey.table.headings(), ["番号", "名称", "備考"]);
    assert_eq!(
        texts(&survey),
        [["1", "中央公園", "合計の隣"].as_slice(), &["", "北公園", "〃ではない"], &["3", "計画の森", ""]]
    );
    assert!(!has(&survey, Sort::Left, ""), "{}", survey.report);
}

#[test]
fn two_rows_of_headings_with_merges_are_joined() {
    let file = saved(|sheet| {
        let plain = Format::new();
        sheet.merge_range(0, 0, 0, 4, "公園一覧表", &plain).expect("merges");
        sheet.write(1, 4, "令和8年4月1日現在").expect("writes");
        sheet.merge_range(2, 0, 3, 0, "No.", &plain).expect("merges");
        sheet.merge_range(2, 1, 3, 1, "公　園　名", &plain).expect("merges");
        sheet.merge_range(2, 2, 2, 3, "連絡先", &plain).expect("merges");
        sheet.write(3, 2, "電話").expect("writes");
        sheet.write(3, 3, "住\n所").expect("writes");
        sheet.merge_range(2, 4, 3, 4, "面積", &plain).expect("merges");
        rows(
            sheet,
            4,
            &[
                &["", "", "", "", "（㎡）"],
                &["1", "中央公園", "0467-77-1111", "早川", "1200"],
                &["2", "北公園", "〃", "同上", "300"],
            ],
        );
        rows(sheet, 8, &[&["", "合　計", "", "", "1500"], &["※面積は公簿による"]]);
    });
    let survey = read(&file);
    assert_eq!(survey.table.headings(), ["No.", "公園名", "連絡先／電話", "連絡先／住所", "面積"]);
    assert_eq!((survey.table.header(), survey.table.header_rows()), (3, 2));
    assert_eq!(
        texts(&survey),
        [["1", "中央公園", "0467-77-1111", "早川", "1200"], ["2", "北公園", "0467-77-1111", "早川", "300"]]
    );
    for (sort, piece) in [
        (Sort::Guessed, "3行目から4行目まで"),
        (Sort::Guessed, "C7、D7"),
        (Sort::Guessed, "単位だけの行"),
        (Sort::Left, "A1「公園一覧表」"),
        (Sort::Left, "9行目"),
        (Sort::Left, "※面積は公簿による"),
    ] {
        assert!(has(&survey, sort, piece), "{piece}\n{}", survey.report);
    }
    let kept = read_with(&file, &TableOptions { keep_ditto: true, keep_totals: true, ..TableOptions::default() });
    assert_eq!(texts(&kept)[1][2], "〃");
    assert_eq!(kept.rows.len(), 4);
}

#[test]
fn headings_without_merges_need_evidence() {
    let bold = Format::new().set_bold();
    let grouped = saved(|sheet| {
        for (row, line) in (0_u32..).zip([["氏名", "連絡先", ""], ["", "電話", "住所"]]) {
            for (column, text) in (0_u16..).zip(line) {
                sheet.write_with_format(row, column, text, &bold).expect("writes");
            }
        }
        rows(sheet, 2, &[&["綾瀬", "1111", "早川"]]);
    });
    assert_eq!(read(&grouped).table.headings(), ["氏名", "連絡先／電話", "連絡先／住所"]);
    // The same shape, but the second row is one of values.
    let values = saved(|sheet| {
        rows(
            sheet,
            0,
            &[&["番号", "名称", "", "備考"], &["い", "中央公園", "予備", ""], &["ろ", "北公園", "予備", ""]],
        );
    });
    let survey = read(&values);
    assert_eq!(survey.table.headings(), ["番号", "名称", "列3", "備考"]);
    assert_eq!(survey.rows.len(), 2);
}

#[test]
fn merged_values_reach_their_rows() {
    let file = saved(|sheet| {
        let plain = Format::new();
        rows(sheet, 0, &[&["地区", "公園", "午前", "午後"]]);
        sheet.merge_range(1, 0, 2, 0, "早川", &plain).expect("merges");
        rows(sheet, 1, &[&["", "一号", "開", "閉"], &["", "二号"]]);
        sheet.merge_range(2, 2, 2, 3, "終日", &plain).expect("merges");
        sheet.merge_range(3, 0, 3, 3, "【南部】", &plain).expect("merges");
        rows(sheet, 4, &[&["深谷", "三号", "開", "開"]]);
    });
    let survey = read(&file);
    assert_eq!(
        texts(&survey),
        [["早川", "一号", "開", "閉"], ["早川", "二号", "終日", "終日"], ["深谷", "三号", "開", "開"]]
    );
    assert!(has(&survey, Sort::Understood, "A2:A3") && has(&survey, Sort::Guessed, "C3:D3"), "{}", survey.report);
    assert!(has(&survey, Sort::Left, "【南部】"));
}

#[test]
fn pages_empty_numbers_and_other_tables_are_told_apart() {
    let file = saved(|sheet| {
        rows(sheet, 0, &[&["No.", "名称", "金額"], &["1", "砂場", "100"], &["2", "鉄棒", "200"]]);
        rows(sheet, 4, &[&["No.", "名称", "金額"], &["3", "滑り台", "300"], &["4"], &["5"]]);
        rows(
            sheet,
            9,
            &[&["二　委託先一覧"], &["業者名", "電話番号", "担当"], &["甲社", "1111", "丙"], &["乙社", "2222", "丁"]],
        );
    });
    let survey = read(&file);
    assert_eq!(texts(&survey), [["1", "砂場", "100"], ["2", "鉄棒", "200"], ["3", "滑り台", "300"]]);
    assert!(has(&survey, Sort::Understood, "5行目") && has(&survey, Sort::Left, "7行目、8行目"), "{}", survey.report);
    assert!(has(&survey, Sort::Left, "11行目「業者名・電話番号・担当」"), "{}", survey.report);
    let options = TableOptions { area: "A11:C13".parse().ok(), ..TableOptions::default() };
    let other = read_with(&file, &options);
    assert_eq!(other.table.headings(), ["業者名", "電話番号", "担当"]);
    assert_eq!(other.rows.len(), 2);
}

#[test]
fn a_table_goes_on_beside_itself() {
    let file = saved(|sheet| {
        rows(sheet, 0, &[&["No.", "氏名", "", "No.", "氏名"], &["1", "甲", "", "3", "丙"], &["2", "乙"]]);
    });
    let survey = read(&file);
    assert_eq!(survey.table.headings(), ["No.", "氏名"]);
    assert_eq!(texts(&survey), [["1", "甲"], ["3", "丙"], ["2", "乙"]]);
}

#[test]
fn hidden_rows_and_columns_are_left_unless_chosen() {
    let file = saved(|sheet| {
        rows(sheet, 0, &[&["名称", "内部", "面積"], &["甲", "秘", "1"], &["乙", "秘", "2"]]);
        sheet.set_row_hidden(2).expect("hides");
        sheet.set_column_hidden(1).expect("hides");
    });
    let survey = read(&file);
    assert_eq!(
        (survey.table.headings(), texts(&survey)),
        (vec!["名称".into(), "面積".into()], vec![vec!["甲".into(), "1".into()]])
    );
    assert!(has(&survey, Sort::Left, "3行目") && has(&survey, Sort::Left, "B列"), "{}", survey.report);
    let all = read_with(&file, &TableOptions { with_hidden: true, ..TableOptions::default() });
    assert_eq!(texts(&all).len(), 2);
    assert_eq!(all.table.headings().len(), 3);
}

#[test]
fn formats_decide_what_numbers_are() {
    let file = saved(|sheet| {
        let format = |code: &str| Format::new().set_num_format(code);
        rows(sheet, 0, &[&["郵便番号", "コード", "開園日", "開始", "率"]]);
        sheet.write_with_format(1, 0, 600_001, &format("000-0000")).expect("writes");
        sheet.write_with_format(1, 1, 42, &format("00000")).expect("writes");
        let day = ExcelDateTime::from_ymd(2019, 5, 1).expect("is a date");
        sheet.write_with_format(1, 2, &day, &format("[$-411]ggge\"年\"m\"月\"d\"日\"")).expect("writes");
        sheet.write_with_format(1, 3, 0.395_833_333_333, &format("h\"時\"mm\"分\"")).expect("writes");
        sheet.write_with_format(1, 4, 0.5, &format("0%")).expect("writes");
        // The formats of Japanese Excel that have only a number.
        let era = Format::new().set_num_format_index(57);
        sheet.write_with_format(2, 2, 43_586, &era).expect("writes");
    });
    let survey = read(&file);
    assert_eq!(texts(&survey)[0], ["060-0001", "00042", "2019-05-01", "9:30", "50%"]);
    assert_eq!(texts(&survey)[1][2], "2019-05-01");
}

#[test]
fn what_hangs_beside_the_cells_is_told() {
    let png: &[u8] = &[
        0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0x0D, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1,
        8, 2, 0, 0, 0, 0x90, 0x77, 0x53, 0xDE, 0, 0, 0, 0x0C, 0x49, 0x44, 0x41, 0x54, 8, 0xD7, 0x63, 0xF8, 0xCF, 0xC0,
        0, 0, 3, 1, 1, 0, 0x18, 0xDD, 0x8D, 0xB0, 0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
    ];
    let file = saved(|sheet| {
        rows(sheet, 0, &[&["名称", "写真", "面積"], &["甲", "", "1"], &["乙", "", "2"]]);
        sheet.insert_note(1, 0, &Note::new("令和7年に改称").add_author_prefix(false)).expect("notes");
        sheet.insert_image(2, 1, &Image::new_from_buffer(png).expect("is a picture")).expect("inserts");
        sheet.write_formula(1, 2, rust_xlsxwriter::Formula::new("=1/0").set_result("#DIV/0!")).expect("writes");
    });
    let survey = read(&file);
    assert!(has(&survey, Sort::Left, "A2「令和7年に改称」"), "{}", survey.report);
    assert!(has(&survey, Sort::Left, "B3"), "{}", survey.report);
    let mut book = Book::open(file.path()).expect("opens");
    let pictures = book.pictures(0).expect("reads");
    assert_eq!(book.picture(&pictures[0]).expect("reads"), png);
}

#[test]
fn an_empty_cell_may_mean_the_one_above() {
    let file = saved(|sheet| {
        rows(sheet, 0, &[&["地区", "公園"], &["早川", "一号"], &["", "二号"], &["深谷", "三号"]]);
    });
    assert_eq!(texts(&read(&file))[1], ["", "二号"]);
    let options = TableOptions { fill_down: vec!["地区".into()], ..TableOptions::default() };
    assert_eq!(texts(&read_with(&file, &options))[1], ["早川", "二号"]);
}

#[test]
fn a_long_sheet_is_read_to_its_end() {
    let file = saved(|sheet| {
        rows(sheet, 0, &[&["名称", "面積"]]);
        for row in 1..=1_000 {
            sheet.write(row, 0, if row % 2 == 0 { "〃".to_owned() } else { format!("公園{row}") }).expect("writes");
            sheet.write(row, 1, row).expect("writes");
        }
        rows(sheet, 1_001, &[&["合計", "500500"]]);
    });
    let survey = read(&file);
    assert_eq!(survey.rows.len(), 1_000);
    assert_eq!(survey.rows[999].cells[0], Cell::Text("公園999".into()));
    assert!(has(&survey, Sort::Guessed, "ほか470か所"), "{}", survey.report);
    assert!(has(&survey, Sort::Left, "1002行目"));
}
