//! Workbooks that no library makes: what Excel alone writes, and what is meant to do harm.

use std::fmt::Write as _;
use std::io::Write as _;

use kawasemi_sheets::book::Book;
use kawasemi_sheets::report::Sort;
use kawasemi_sheets::table::{Survey, TableOptions, survey};
use kawasemi_sheets::{Result, SheetError};
use tempfile::NamedTempFile;
use zip::write::SimpleFileOptions;

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const WORKBOOK: &str =
    r#"<workbook xmlns:r="r"><sheets><sheet name="表" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const RELATED: &str = r#"<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/>
<Relationship Id="rId2" Type="x/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>"#;

fn archive(parts: &[(&str, String)]) -> NamedTempFile {
    let file = NamedTempFile::new().expect("makes a file");
    let mut zip = zip::ZipWriter::new(file.reopen().expect("opens"));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).expect("begins");
        zip.write_all(content.as_bytes()).expect("writes");
    }
    zip.finish().expect("ends");
    file
}

fn workbook(sheet: &str, more: &[(&str, String)]) -> NamedTempFile {
    let mut parts = vec![
        ("xl/workbook.xml", WORKBOOK.to_owned()),
        ("xl/_rels/workbook.xml.rels", RELATED.to_owned()),
        ("xl/worksheets/sheet1.xml", format!("<worksheet xmlns=\"{MAIN}\">{sheet}</worksheet>")),
    ];
    parts.extend(more.iter().cloned());
    archive(&parts)
}

fn read(file: &NamedTempFile) -> Result<Survey> {
    survey(&mut Book::open(file.path())?, None, &TableOptions::default(), 100)
}

fn texts(survey: &Survey) -> Vec<Vec<String>> {
    survey.rows.iter().map(|row| row.cells.iter().map(|cell| cell.to_text().into_owned()).collect()).collect()
}

/// A row of texts that stand in their cells.
fn row(line: u32, texts: &[&str]) -> String {
    let mut out = format!("<row r=\"{line}\">");
    for text in texts {
        write!(out, "<c t=\"inlineStr\"><is><t>{text}</t></is></c>").expect("writes");
    }
    out + "</row>"
}

#[test]
fn readings_are_no_part_of_a_text_but_offered() {
    let shared = r#"<sst><si><t>氏名</t><rPh sb="0" eb="2"><t>シメイ</t></rPh></si>
        <si><r><t>綾瀬</t></r><r><rPr><b/></rPr><t xml:space="preserve"> 花子</t></r><rPh sb="0" eb="2"><t>アヤセ</t></rPh><rPh sb="3" eb="5"><t>ハナコ</t></rPh><phoneticPr fontId="1"/></si>
        <si><t>A&amp;B_x000D_
社</t></si></sst>"#;
    let sheet = r#"<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>1</v></c></row>
        <row r="3"><c r="A3" t="s"><v>2</v></c></row></sheetData>"#;
    let survey = read(&workbook(sheet, &[("xl/sharedStrings.xml", shared.to_owned())])).expect("reads");
    assert_eq!(survey.table.headings(), ["氏名", "氏名（フリガナ）"]);
    assert_eq!(texts(&survey), [["綾瀬 花子", "アヤセ ハナコ"], ["A&B\r\n社", ""]]);
}

#[test]
fn a_formula_that_nobody_has_reckoned_is_a_mistake_and_no_empty_cell() {
    let cells = r#"<row r="2"><c t="inlineStr"><is><t>甲</t></is></c><c><f>SUM(C2:C9)</f></c></row>
        <row r="3"><c><f>A2</f></c><c><f>B2</f><v>12</v></c></row>
        <row r="4"><c t="str"><f>IF(A9="","",A9)</f><v></v></c><c><v>5</v></c></row>"#;
    let sheet = format!("<sheetData>{}{cells}</sheetData>", row(1, &["名称", "数"]));
    let survey = read(&workbook(&sheet, &[])).expect("reads");
    let said = "計算式の結果が保存されていない";
    assert_eq!(texts(&survey), [vec!["甲", said], vec![said, "12"], vec!["", "5"]]);
}

#[test]
fn a_thread_stands_for_the_note_of_older_programs() {
    let related = r#"<Relationships><Relationship Id="r1" Type="x/comments" Target="../comments1.xml"/>
        <Relationship Id="r2" Type="y/threadedComment" Target="../threadedComments/t1.xml"/></Relationships>"#;
    let notes = r#"<comments><commentList><comment ref="A2"><text><r><t>[Threaded comment] 古い形</t></r></text></comment>
        <comment ref="B2"><text><t>手書きのメモ</t></text></comment></commentList></comments>"#;
    let threads = r#"<ThreadedComments><threadedComment ref="A2"><text>確認中</text></threadedComment>
        <threadedComment ref="A2" parentId="x"><text>確認しました</text></threadedComment></ThreadedComments>"#;
    let sheet = format!("<sheetData>{}{}</sheetData>", row(1, &["名称", "備考"]), row(2, &["甲", "乙"]));
    let more = [
        ("xl/worksheets/_rels/sheet1.xml.rels", related.to_owned()),
        ("xl/comments1.xml", notes.to_owned()),
        ("xl/threadedComments/t1.xml", threads.to_owned()),
    ];
    let survey = read(&workbook(&sheet, &more)).expect("reads");
    let left: Vec<String> = survey.report.of(Sort::Left).map(|finding| finding.places()).collect();
    assert_eq!(left, ["A2「確認中 確認しました」、B2「手書きのメモ」"]);
}

#[test]
fn what_is_out_of_bounds_is_refused_or_passed_over() {
    let list =
        |more: &str| format!("<sheetData>{}{}{more}</sheetData>", row(1, &["名称", "備考"]), row(2, &["甲", "乙"]));
    for (what, sheet) in [
        ("no such row", list("<row r=\"0\"><c r=\"A0\"><v>1</v></c></row>")),
        ("a row of the end of the world", list("<row r=\"99999999999\"><c><v>1</v></c></row>")),
        ("a far cell", list("<row r=\"1048576\"><c r=\"A1048576\"><v>1</v></c></row>")),
    ] {
        let survey = read(&workbook(&sheet, &[])).expect(what);
        assert_eq!(survey.rows.len(), 2, "{what}");
    }
    let wide = list("<row r=\"3\"><c r=\"XFD3\"><v>1</v></c></row>");
    assert!(matches!(read(&workbook(&wide, &[])), Err(SheetError::TooManyColumns { line: 3, .. })));
    for (what, sheet) in [
        ("no address", list("<row r=\"3\"><c r=\"3\"><v>1</v></c></row>")),
        ("no such text", list("<row r=\"3\"><c t=\"s\"><v>9</v></c></row>")),
        ("cut", "<sheetData><row r=\"1\"><c><v>1</v>".to_owned()),
    ] {
        let read = read(&workbook(&sheet, &[]));
        assert!(matches!(read, Err(SheetError::Damaged)), "{what}: {read:?}");
    }
    let entities = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
    let bomb = workbook(&list("<row r=\"3\"><c t=\"str\"><v>&b;</v></c></row>"), &[("x.xml", entities.to_owned())]);
    assert_eq!(read(&bomb).expect("reads").rows.len(), 1, "an entity that is not XML's own is nothing");
    assert!(matches!(Book::open(archive(&[("a.txt", "x".into())]).path()), Err(SheetError::NotWorkbook)));
}

#[test]
fn merges_without_end_are_bounded() {
    let mut merges = String::from("<mergeCells>");
    for line in 0..50_000 {
        write!(merges, "<mergeCell ref=\"A{}:B{}\"/>", line * 2 + 3, line * 2 + 4).expect("writes");
    }
    let rows: String = (3..2_000).map(|line| row(line, &["甲", "乙"])).collect();
    let sheet = format!("<sheetData>{}{rows}</sheetData>{merges}</mergeCells>", row(1, &["名称", "備考"]));
    let survey = read(&workbook(&sheet, &[])).expect("reads");
    assert_eq!(survey.rows.len(), 100);
}
