//! Papers in other forms: other columns, other separators, other labels, other years.

use crate::support::{outline, paper, paper_text, read, remarks};
use kawasemi_policy::paper::WarningKind::*;
use kawasemi_policy::paper::{WarningKind, parse_paper_knowing};

/// A small paper in the usual form.
const USUAL: &str = "令和4年度部局運営方針の概要\n\n作成日: 令和4年5月10日\n\n\
部局名\t市長室\t部局運営に関する基本的考え方\t広報に努める。\n\
重点項目\t取り組み名\t取り組みの概要\t\n\
財務体質の強化\t防災体制の整備\t資機材を見直す。\t\n\
\t防衛補助の確保\t国に求める。\t\n\
スマート自治体の推進\tメールの多言語化\t導入を検討する。\t\n";

const USUAL_OUTLINE: [&str; 4] = [
    "市長室：広報に努める。",
    "財務体質の強化＞防災体制の整備＞資機材を見直す。",
    "財務体質の強化＞防衛補助の確保＞国に求める。",
    "スマート自治体の推進＞メールの多言語化＞導入を検討する。",
];

fn check(text: &str, expected: &[&str], expected_remarks: &[(usize, WarningKind)]) {
    let paper = read(text).expect("the paper can be read");
    assert_eq!(outline(&paper), expected, "{text}");
    assert_eq!(remarks(&paper), expected_remarks, "{text}\n{:?}", paper.warnings);
}

#[test]
fn the_same_paper_in_other_forms_reads_the_same() {
    let csv = USUAL.replace('\t', ",");
    let quoted = USUAL.replace("資機材を見直す。", "\"資機材を見直す。\"").replace('\t', ",");
    let blank_lines = USUAL.replace('\n', "\n\n \t\n");
    let trimmed = USUAL.replace("\t\n", "\n");
    let spaced = USUAL
        .replace("取り組みの概要", "取 組 の　概 要")
        .replace("部局名", "部 局 名")
        .replace("市長室", "市　長　室");
    let colon = USUAL.replace("部局名\t", "部局名：").replace("考え方\t", "考え方：");
    let one_cell = USUAL.replace("部局名\t市長室\t部局運営に関する基本的考え方\t", "部局名：市長室　基本的な考え方：");
    let bracketed =
        USUAL.replace("部局名\t市長室\t部局運営に関する基本的考え方\t", "【部局名】市長室\n【基本的な考え方】\t");
    let over_values = USUAL.replace(
        "部局名\t市長室\t部局運営に関する基本的考え方\t広報に努める。",
        "部局名\t部局運営に関する基本的考え方\n市長室\t広報に努める。",
    );
    let repeated_theme = USUAL.replace("\n\t防衛", "\n財務体質の強化\t防衛");
    let ditto = USUAL.replace("\n\t防衛", "\n〃\t防衛");
    let numbered_themes = USUAL.replace("\n財務体質", "\n１　財務体質").replace("\nスマート", "\n(2)スマート");
    let page_break = USUAL.replace(
        "\n\t防衛",
        "\n- 1 -\n\u{C}令和4年度部局運営方針の概要\n\n作成日: 令和4年5月10日\n重点項目\t取り組み名\t取り組みの概要\t\n\t防衛",
    );
    let markup = USUAL
        .replace("広報に努める。", "<ul><li>広報に努める。</li></ul>")
        .replace("国に求める。", "<p>国に<b>求める</b>。</p>");
    let theme_rows = USUAL.replace("財務体質の強化\t防災", "財務体質の強化\t\t\t\n\t防災");
    let wide = USUAL.replace('\t', "　").replace("　\n", "\n");
    for text in [
        USUAL.to_owned(),
        csv,
        quoted,
        blank_lines,
        trimmed,
        spaced,
        colon,
        one_cell,
        bracketed,
        over_values,
        repeated_theme,
        ditto,
        numbered_themes,
        page_break,
        markup,
        theme_rows,
        wide,
    ] {
        check(&text, &USUAL_OUTLINE, &[]);
        let paper = read(&text).unwrap();
        assert_eq!(
            (paper.fiscal_year.map(|y| y.year()), paper.dated.map(|d| d.to_string())),
            (Some(2022), Some("2022-05-10".into())),
            "{text}"
        );
    }
}

#[test]
fn the_real_paper_as_csv_reads_the_same() {
    let quote = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    let csv =
        paper_text().lines().map(|line| line.split('\t').map(quote).collect::<Vec<_>>().join(",")).collect::<Vec<_>>();
    assert_eq!(read(&csv.join("\r\n")).unwrap(), paper());
}

#[test]
fn columns_follow_the_heading_row() {
    let text = "R5 部局運営方針\n部局名,土木部,基本的考え方,道を守る。\n番号,取組名,取組内容,担当課,重点テーマ\n1,台帳の電子化,電子化する。,道路課,スマート自治体の推進\n2,用地の整理,売る。,,公共施設の適正管理\n";
    check(
        text,
        &[
            "土木部：道を守る。",
            "スマート自治体の推進＞台帳の電子化＞電子化する。",
            "公共施設の適正管理＞用地の整理＞売る。",
        ],
        &[(3, UnknownColumn), (3, UnknownColumn)],
    );
    let extras = &read(text).unwrap().departments[0].initiatives[0].extras;
    let extras = extras.iter().map(|extra| (extra.label.as_str(), extra.text.as_str())).collect::<Vec<_>>();
    assert_eq!(extras, [("番号", "1"), ("担当課", "道路課")]);
}

#[test]
fn a_flat_table_names_the_department_in_each_row_or_carries_it_down() {
    let text = "2023年度部局運営方針\n部局,基本的考え方,重点項目,取組,概要\n\
        市長室,広報に努める。,財務体質の強化,防災,備える。\n,,,防衛,求める。\n土木部,道を守る。,財務体質の強化,用地,売る。\n";
    check(
        text,
        &[
            "市長室：広報に努める。",
            "財務体質の強化＞防災＞備える。",
            "財務体質の強化＞防衛＞求める。",
            "土木部：道を守る。",
            "財務体質の強化＞用地＞売る。",
        ],
        &[],
    );
}

#[test]
fn text_that_was_broken_into_lines_or_cells_is_joined_and_remarked_on() {
    let broken = USUAL.replace("資機材を見直す。\t", "資機材を\n見直す。\n・倉庫も見直す。");
    check(
        &broken,
        &[
            USUAL_OUTLINE[0],
            "財務体質の強化＞防災体制の整備＞資機材を見直す。／・倉庫も見直す。",
            USUAL_OUTLINE[2],
            USUAL_OUTLINE[3],
        ],
        &[(8, Joined), (9, Joined)],
    );
    let split = USUAL.replace("資機材を見直す。", "資機材を\t見直す。");
    check(&split, &USUAL_OUTLINE, &[(7, Joined)]);
    let comma = USUAL.replace("資機材を見直す。\t\n", "資機材を,見直す。\n").replace('\t', ",");
    assert_eq!(outline(&read(&comma).unwrap())[1], "財務体質の強化＞防災体制の整備＞資機材を,見直す。");
    let below =
        USUAL.replace("\n\t防衛補助の確保\t国に求める。", "\n\t\t倉庫も見直す。\n\t防衛補助の確保\t国に求める。");
    check(
        &below,
        &[
            USUAL_OUTLINE[0],
            "財務体質の強化＞防災体制の整備＞資機材を見直す。／倉庫も見直す。",
            USUAL_OUTLINE[2],
            USUAL_OUTLINE[3],
        ],
        &[(8, Joined)],
    );
    let ideas = USUAL.replace("広報に努める。", "広報に努める。\n・防災に努める。");
    assert_eq!(read(&ideas).unwrap().departments[0].basic_ideas, ["広報に努める。", "防災に努める。"]);
}

#[test]
fn a_row_that_lost_its_empty_first_cell_is_read_by_its_sense() {
    check(&USUAL.replace("\n\t防衛", "\n防衛").replace("\t\n", "\n"), &USUAL_OUTLINE, &[(8, Shifted)]);
}

#[test]
fn new_themes_are_kept_with_a_remark_unless_they_are_known() {
    let text = USUAL.replace("スマート自治体の推進", "脱炭素の推進");
    let expected =
        [USUAL_OUTLINE[0], USUAL_OUTLINE[1], USUAL_OUTLINE[2], "脱炭素の推進＞メールの多言語化＞導入を検討する。"];
    check(&text, &expected, &[(9, NewTheme)]);
    let alone = text.replace("脱炭素の推進\tメール", "脱炭素の推進\n\tメール");
    check(&alone, &expected, &[(9, NewTheme)]);
    let known = parse_paper_knowing(text.as_bytes(), &["財務体質の強化", "脱炭素の推進"]).unwrap();
    assert_eq!(remarks(&known), []);
}

#[test]
fn what_is_missing_is_remarked_on_and_nothing_goes_to_a_wrong_department() {
    let nameless =
        format!("{USUAL}部局名\t\t部局運営に関する基本的考え方\t道を守る。\n\t台帳の電子化\t電子化する。\t\n");
    let paper = read(&nameless).unwrap();
    assert_eq!(outline(&paper), USUAL_OUTLINE);
    assert_eq!(remarks(&paper), [(10, NoDepartment), (10, NoDepartment), (11, NoDepartment)]);
    assert_eq!(paper.warnings[2].text.as_deref(), Some("台帳の電子化\t電子化する。"));
    for (from, to, kind) in [
        ("部局名\t市長室\t部局運営に関する基本的考え方\t広報に努める。\n", "", NoDepartment),
        ("資機材を見直す。", "", NoSummary),
        ("広報に努める。", "", NoBasicIdea),
        ("財務体質の強化", "", NoTheme),
        ("重点項目\t取り組み名\t取り組みの概要\t\n", "", NoHeader),
        ("\tメールの多言語化\t導入を検討する。", "", EmptyTheme),
        ("部局名\t市", "部局名\t土木部\t基本的考え方\t道を守る。\n部局名\t市", NoInitiative),
        ("令和4年度", "", FiscalYear),
        ("\n\t防衛補助の確保", "\n財務体質の強化\t", Unplaced),
        ("令和4年5月10日", "未定", Date),
    ] {
        let text = USUAL.replacen(from, to, 1);
        let found = remarks(&read(&text).unwrap());
        assert!(found.iter().any(|(_, found)| *found == kind), "{kind:?} {found:?}\n{text}");
    }
}

#[test]
fn repeated_names_are_remarked_on() {
    let twice = USUAL.replace("防衛補助の確保", "防災体制の整備");
    check(
        &twice,
        &[USUAL_OUTLINE[0], USUAL_OUTLINE[1], "財務体質の強化＞防災体制の整備（2）＞国に求める。", USUAL_OUTLINE[3]],
        &[(8, Duplicate)],
    );
    let other = "部局名\t土木部\t基本的考え方\t道を守る。\n財務体質の強化\t用地\t売る。\t\n";
    let apart = format!("{USUAL}{other}部局名\t市長室（続き）\n公共施設の適正管理\t防災拠点\t備える。\t\n");
    let paper = read(&apart).unwrap();
    assert_eq!(paper.departments.len(), 2);
    assert_eq!(paper.departments[0].initiatives[3].title, "防災拠点");
    assert_eq!(remarks(&paper), [(12, RepeatedDepartment)]);
}

#[test]
fn notes_beside_the_table_are_kept_in_a_remark() {
    for note in ["※取り組みは主なものです。", "※取り組みは主なものです。\t\t\t", "問い合わせ先"]
    {
        let paper = read(&format!("{USUAL}{note}\n")).unwrap();
        assert_eq!(
            (outline(&paper), remarks(&paper)),
            (USUAL_OUTLINE.map(String::from).to_vec(), vec![(10, Unplaced)]),
            "{note}"
        );
        assert_eq!(paper.warnings[0].text.as_deref(), Some(note.trim()));
    }
    let before = USUAL.replace("\n部局名", "\n各部局の方針をまとめました。\n部局名");
    assert_eq!(remarks(&read(&before).unwrap()), [(5, Unplaced)]);
}

#[test]
fn pages_that_disagree_are_remarked_on() {
    let text = format!("{USUAL}令和5年度部局運営方針の概要\n作成日: 令和5年5月10日\n");
    let paper = read(&text).unwrap();
    assert_eq!(remarks(&paper), [(10, FiscalYear), (11, Date)]);
    assert_eq!(paper.fiscal_year.map(|year| year.year()), Some(2022));
}
