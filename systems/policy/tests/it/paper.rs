//! The real paper, whole and in other encodings.

use crate::support::{paper, paper_text};
use kawasemi_policy::paper::{USUAL_THEMES, parse_paper};

#[test]
fn the_paper_yields_every_department_theme_and_initiative_without_a_remark() {
    let paper = paper();
    let counts = paper.departments.iter().map(|d| (d.name.as_str(), d.basic_ideas.len(), d.initiatives.len()));
    assert_eq!(
        counts.collect::<Vec<_>>(),
        [
            ("市長室", 2, 6),
            ("経営企画部", 2, 6),
            ("総務部・選挙管理委員会事務局", 1, 5),
            ("総務部(公共施設・中心市街地再編担当)", 1, 5),
            ("福祉部", 1, 6),
            ("市民環境部", 1, 6),
            ("健康こども部", 2, 6),
            ("産業振興部", 1, 6),
            ("都市部", 1, 7),
            ("土木部", 1, 6),
            ("消防本部", 2, 6),
            ("教育部", 2, 6),
            ("議会事務局", 2, 1),
        ]
    );
    assert_eq!((paper.themes.as_slice(), paper.initiative_count()), (&USUAL_THEMES.map(String::from)[..], 72));
    assert_eq!(paper.warnings, []);
}

#[test]
fn the_heading_gives_year_date_and_title() {
    let paper = paper();
    assert_eq!(paper.fiscal_year.map(|year| year.year()), Some(2021));
    assert_eq!(paper.dated.map(|date| date.to_string()).as_deref(), Some("2021-05-17"));
    assert_eq!(paper.title, "令和3年度部局運営方針の概要(運営に係る基本的考え方と主な取り組み)");
}

#[test]
fn no_text_of_the_table_is_lost() {
    let paper = paper();
    let mut kept = String::new();
    for department in &paper.departments {
        kept += &[department.name.as_str(), &department.basic_ideas.concat()].concat();
        for initiative in &department.initiatives {
            kept += &[initiative.theme.as_str(), &initiative.title, &initiative.summary].concat();
        }
    }
    let kept = bare(&kept);
    let headings = ["部局名", "部局運営に関する基本的考え方", "重点項目", "取り組み名", "取り組みの概要"];
    let cells = paper_text()
        .lines()
        .filter(|line| line.contains('\t'))
        .flat_map(|line| line.split('\t').map(bare).collect::<Vec<String>>());
    for cell in cells.filter(|cell| !headings.contains(&cell.as_str())) {
        assert!(kept.contains(&cell), "{cell}");
    }
}

#[test]
fn marks_of_the_text_layer_are_gone() {
    let paper = paper();
    let texts =
        paper.departments.iter().flat_map(|d| d.basic_ideas.iter().chain(d.initiatives.iter().map(|i| &i.summary)));
    for text in texts.clone() {
        assert!(!text.contains(['<', '\t', '\u{3000}']) && text.trim() == text && !text.is_empty(), "{text}");
    }
    assert!(texts.clone().any(|text| text.contains("綾瀬SICの")) && !texts.clone().any(|text| text.contains("S I C")));
}

#[test]
fn other_encodings_and_line_ends_give_the_same_paper() {
    let text = paper_text();
    let marked = format!("\u{FEFF}{text}");
    let crlf = text.replace('\n', "\r\n");
    let (cp932, _, lossy) = encoding_rs::SHIFT_JIS.encode(&crlf);
    assert!(!lossy);
    let utf16 = marked.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    for bytes in [marked.as_bytes(), crlf.as_bytes(), &cp932, &utf16, text.replace('\n', "\r").as_bytes()] {
        assert_eq!(parse_paper(bytes).as_ref(), Ok(&paper()));
    }
}

/// A text without markup, bullets and white space.
fn bare(text: &str) -> String {
    let mut inside_tag = false;
    let visible = text.chars().filter(|c| {
        inside_tag = (inside_tag || *c == '<') && *c != '>';
        !inside_tag && *c != '>'
    });
    visible.filter(|c| !c.is_whitespace() && *c != '・').collect()
}
