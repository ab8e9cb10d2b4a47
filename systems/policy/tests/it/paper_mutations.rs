//! The real paper as other hands would hand it in: set by other tools, broken at other places, corrected in other ways.
//!
//! Each case says what the right answer is: the same statements as the paper's own, or a sentence why not.

use crate::support::{outline, paper, paper_text, read};
use kawasemi_policy::paper::WarningKind::*;
use kawasemi_policy::paper::{Paper, PaperError, WarningKind, parse_paper};

/// The paper with one part replaced, which must be there.
fn with(from: &str, to: &str) -> String {
    assert!(paper_text().contains(from), "{from}");
    paper_text().replacen(from, to, 1)
}

/// What a paper states, without spaces, since tools differ in them.
fn stated(paper: &Paper) -> Vec<String> {
    outline(paper).into_iter().map(|line| line.replace([' ', '／'], "")).collect()
}

/// Reads a text that states what the real paper states; answers the kinds of remarks.
fn same(name: &str, text: &str) -> Vec<WarningKind> {
    let read = read(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    for (found, expected) in stated(&read).iter().zip(&stated(&paper())) {
        assert_eq!(found, expected, "{name}");
    }
    assert_eq!((read.departments.len(), read.themes.len(), read.initiative_count()), (13, 3, 72), "{name}");
    read.warnings.iter().map(|warning| warning.kind).collect()
}

#[test]
fn a_text_in_columns_reads_as_the_paper_itself() {
    let text = include_str!("../data/department-policy-fy2021.layout.txt");
    assert_eq!(same("pdftotext -layout", text), [Wrapped]);
    assert_eq!(same("with page breaks", &text.replace("\n\n", "\n\u{C}- 3 -\n\n")), [Wrapped]);
}

#[test]
fn a_text_that_has_lost_its_columns_is_refused_and_not_guessed_at() {
    let cells: Vec<&str> = paper_text().split(['\t', '\n']).filter(|cell| !cell.is_empty()).collect();
    assert_eq!(read(&cells.join("\n")), Err(PaperError::NoColumns));
    assert_eq!(read(&cells.join("\n\n")), Err(PaperError::NoColumns));
}

#[test]
fn single_spaces_part_columns_where_rows_begin() {
    assert_eq!(same("single spaces", &paper_text().replace('\t', " ")), []);
}

#[test]
fn other_separators_read_the_same() {
    let rows = |join: &dyn Fn(Vec<&str>) -> String| {
        paper_text().lines().map(|line| join(line.split('\t').collect())).collect::<Vec<_>>().join("\n")
    };
    for (name, text) in [
        ("four spaces", paper_text().replace('\t', "    ")),
        (
            "semicolons",
            rows(&|cells| {
                cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect::<Vec<_>>().join(";")
            }),
        ),
        ("pipes", rows(&|cells| if cells.len() > 1 { format!("| {} |", cells.join(" | ")) } else { cells.concat() })),
        ("trailing tabs gone", rows(&|cells| cells.join("\t").trim_end_matches('\t').to_owned())),
        ("no blank lines", paper_text().lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")),
    ] {
        assert_eq!(same(name, &text), [], "{name}");
    }
}

#[test]
fn kana_taken_apart_are_whole_again() {
    use unicode_normalization::UnicodeNormalization as _;
    let apart: String = paper_text().nfd().collect();
    assert_eq!(read(&apart).unwrap(), paper());
}

#[test]
fn page_furniture_may_stand_anywhere() {
    let heading = "令和3年度部局運営方針の概要(運営に係る基本的考え方と主な取り組み)";
    for every in [5, 7, 9] {
        let page = format!("\n- 3 -\n\u{C}\n{heading}\n\n作成日: 令和3年5月17日\n\n");
        let lines = paper_text().lines().enumerate();
        let broken: String =
            lines.map(|(n, line)| format!("{line}{}", if n % every == every - 1 { &page } else { "\n" })).collect();
        assert_eq!(same("pages", &broken), [], "{every}");
    }
    for parts in [
        "令和3年度部局運営方針の概要\n(運営に係る基本的考え方と主な取り組み)",
        "令和3年度\n部局運営方針の概要(運営に係る\n基本的考え方と主な取り組み)",
    ] {
        assert_eq!(same("title", &paper_text().replace(heading, parts)), [], "{parts}");
    }
}

#[test]
fn names_and_outlines_broken_over_lines_are_whole_again() {
    for (name, text) in [
        ("title", with("電子決裁の導入によるスマートワークの推進", "電子決裁の導入による\nスマートワークの推進")),
        (
            "quoted title",
            with("電子決裁の導入によるスマートワークの推進", "\"電子決裁の導入による\nスマートワークの推進\""),
        ),
        ("theme", with("スマート自治体の推進\t自治体DX", "スマート自治体\nの推進\t自治体DX")),
        (
            "theme over two rows",
            with("スマート自治体の推進\t自治体DX", "スマート自治体\t自治体DX").replacen(
                "\n\t電子決裁の導入による",
                "\nの推進\t電子決裁の導入による",
                1,
            ),
        ),
        (
            "outline at a page's end",
            with("試験的な運用から本格運用に", "試験的な運用から\n- 7 -\n\u{C}令和3年度部局運営方針の概要\n本格運用に"),
        ),
        (
            "outline below the headings of the next page",
            with(
                "試験的な運用から本格運用に",
                "試験的な運用から\t\n\u{C}部局名\t市民環境部（つづき）\n重点項目\t取り組み名\t取り組みの概要\t\n\t\t本格運用に",
            ),
        ),
    ] {
        let kinds = same(name, &text);
        assert!(kinds.iter().all(|kind| *kind == Joined) && kinds.len() <= 1, "{name} {kinds:?}");
    }
}

#[test]
fn numbers_of_the_layout_are_no_part_of_names() {
    let numbered = |mark: &dyn Fn(usize) -> String| {
        let mut n = 0;
        let row = |line: &str| {
            let cells: Vec<&str> = line.split('\t').collect();
            match cells.as_slice() {
                [first, title, rest @ ..] if !rest.is_empty() && !["部局名", "重点項目"].contains(first) => {
                    n += 1;
                    format!("{first}\t{}{title}\t{}", mark(n), rest.join("\t"))
                }
                _ => line.to_owned(),
            }
        };
        paper_text().lines().map(row).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(same("1.", &numbered(&|n| format!("{n}. "))), []);
    assert_eq!(same("（1）", &numbered(&|n| format!("（{n}）"))), []);
    let only_one = read(&with("\t北分署及び南分署", "\t1 北分署及び南分署")).unwrap();
    assert!(outline(&only_one).iter().any(|line| line.contains("1 北分署")), "a single number belongs to the name");
}

#[test]
fn other_words_for_the_labels_are_understood() {
    let text = paper_text()
        .replace("部局名\t", "担当部局\t")
        .replace("部局運営に関する基本的考え方", "運営方針")
        .replace("重点項目\t取り組み名\t取り組みの概要", "施策の柱\t事業名\t事業概要");
    assert_eq!(same("labels", &text), []);
    assert_eq!(same("labels", &paper_text().replace("部局名\t", "部等の名称\t")), []);
}

#[test]
fn what_is_stated_twice_is_taken_once() {
    let text = format!("{}\n{}", paper_text(), paper_text());
    let kinds = same("the whole paper twice", &text);
    assert_eq!(kinds.iter().filter(|kind| **kind == Duplicate).count(), 72);
}

#[test]
fn a_misspelt_theme_names_the_one_that_was_meant() {
    let read = read(&with("財務体質の強化\tコスト意識", "財務体制の強化\tコスト意識")).unwrap();
    let warning = read.warnings.iter().find(|warning| warning.kind == NewTheme).unwrap();
    assert!(warning.message.contains("「財務体質の強化」の書き誤りなら"), "{}", warning.message);
}

#[test]
fn text_around_the_paper_is_remarked_on_line_by_line() {
    let text = format!("各位\n標記の件を送付します。\n\n{}\n以上\n問い合わせ: 政策経営課\n", paper_text());
    let read = read(&text).unwrap();
    assert_eq!(stated(&read), stated(&paper()));
    let last = text.lines().count();
    let lines: Vec<usize> = read.warnings.iter().map(|warning| warning.line).collect();
    assert_eq!(lines, [1, 2, last - 1, last]);
}

#[test]
fn every_tenth_of_the_paper_says_where_it_ends() {
    for tenth in 1..10 {
        let bytes = paper_text().as_bytes();
        let cut = parse_paper(&bytes[..bytes.len() * tenth / 10]).unwrap();
        let whole = stated(&paper());
        assert!(stated(&cut).iter().filter(|line| line.contains('＞')).all(|line| whole.contains(line)), "{tenth}");
        assert!(cut.warnings.iter().any(|warning| warning.kind == CutShort), "{tenth} {:?}", cut.warnings);
    }
}
