//! Files that are cut, damaged or no paper at all.

use crate::support;
use crate::support::{PAPER, outline, paper, read, remarks};
use kawasemi_policy::paper::matching::match_initiatives;
use kawasemi_policy::paper::{Paper, PaperDepartment, PaperError, PaperInitiative, WarningKind, parse_paper};
use proptest::prelude::*;

/// Every text of a cut paper stands in the whole one. It may end with a sentence that was not its last if a remark says so.
fn assert_nothing_invented(cut: &Paper, whole: &Paper) {
    let is_doubted = remarks(cut).iter().any(|(_, kind)| *kind == WarningKind::CutShort);
    let known = texts(whole);
    for text in texts(cut) {
        let is_beginning = || text.ends_with('。') && known.iter().any(|known| known.starts_with(&text));
        assert!(known.contains(&text) || (is_doubted && is_beginning()), "{text}");
    }
    assert!(cut.themes.iter().all(|theme| whole.themes.contains(theme)));
}

/// Each statement of a paper with what it belongs to.
fn texts(paper: &Paper) -> Vec<String> {
    let mut texts = Vec::new();
    for PaperDepartment { name, basic_ideas, initiatives, .. } in &paper.departments {
        texts.push(name.clone());
        texts.extend(basic_ideas.iter().map(|idea| format!("{name}：{idea}")));
        for PaperInitiative { theme, title, summary, .. } in initiatives {
            texts.push(format!("{name}＞{theme}＞{title}＞{summary}"));
        }
    }
    texts
}

#[test]
fn a_paper_cut_anywhere_invents_nothing() {
    let whole = paper();
    let (cp932, _, _) = encoding_rs::SHIFT_JIS.encode(support::paper_text());
    for bytes in [PAPER, &cp932] {
        for part in 1..20 {
            let cut = parse_paper(&bytes[..bytes.len() * part / 20]).unwrap();
            assert_nothing_invented(&cut, &whole);
            assert!(cut.initiative_count() < 72);
        }
    }
}

#[test]
fn cuts_at_every_kind_of_place_invent_nothing() {
    let whole = paper();
    for length in (0..6_000).step_by(7) {
        match parse_paper(&PAPER[..length]) {
            Ok(cut) => assert_nothing_invented(&cut, &whole),
            Err(error) => assert!(length < 1_500, "{length} {error}"),
        }
    }
}

#[test]
fn a_cut_row_is_remarked_on_with_its_text() {
    let text = support::paper_text();
    let at = text.find("国に対し、補助対象").unwrap();
    let cut = read(&text[..at]).unwrap();
    assert_eq!(cut.initiative_count(), 1);
    let warning = cut.warnings.iter().find(|warning| warning.kind == WarningKind::CutShort).unwrap();
    assert_eq!(warning.line, 10);
    assert!(warning.text.as_deref().unwrap().starts_with("防衛補助の確保\t公共施設の再編"));
    assert!(warning.message.contains("途中で切れています"));
}

#[test]
fn a_file_without_a_last_line_break_is_whole() {
    let trimmed = support::paper_text().trim();
    let paper = read(trimmed).unwrap();
    assert_eq!(paper.initiative_count(), 72);
}

#[test]
fn what_is_no_paper_is_refused_in_a_sentence() {
    let noise = (0..50_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<u8>>();
    for (bytes, begins) in [
        (&b""[..], "ファイルに文字がありません"),
        (b"\n\n \t", "ファイルに文字がありません"),
        (b"%PDF-1.4\n%\xE2\xE3", "これはPDF"),
        (b"PK\x03\x04\x14\0", "これはExcel"),
        ("今日はよい天気です。".as_bytes(), "部局運営方針の表が見つかりません"),
        (b"id,name\n1,abc\n", "部局運営方針の表が見つかりません"),
        (&noise, "これは文字以外を含むファイル"),
        (&noise.iter().map(|b| b | 0x80).collect::<Vec<u8>>(), "文字コードを読み取れません"),
    ] {
        let error = parse_paper(bytes).unwrap_err().to_string();
        assert!(error.starts_with(begins) && error.ends_with('。'), "{error}");
    }
    let many = "重点項目\t取り組み名\n".repeat(20_001);
    assert_eq!(read(&many), Err(PaperError::TooManyRows { rows: 20_001 }));
}

#[test]
fn a_hostile_paper_takes_no_longer_than_its_length() {
    let start = std::time::Instant::now();
    let heading = "令和4年度部局運営方針\n重点項目\t取り組み名\t取り組みの概要\n";
    let many_departments = (0..9_000).map(|n| format!("部局名\t部{n}\n項目{n}\t名前{n}\t\n")).collect::<String>();
    for text in [
        many_departments,
        format!("部局名\t{}", "・ ".repeat(500_000)),
        format!("部局名\t市長室\t基本的考え方\t{}", "・一。".repeat(200_000)),
        "部局名\t".repeat(200_000),
        "\"部局名\t\n".repeat(19_000),
        "財務体質の強化\t\t\n".repeat(19_000),
        "財務体質の強化\t同じ名前\t<ul\n".repeat(19_000),
    ] {
        let paper = read(&format!("{heading}{text}")).unwrap();
        match_initiatives::<u32>(&[], &paper);
    }
    // A few seconds without optimisation; work that grew with the square would take hours.
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
}

#[test]
fn damaged_characters_are_remarked_on() {
    let mut bytes = PAPER.to_vec();
    let at = support::paper_text().find("防衛補助の確保").unwrap();
    bytes[at] = 0xFF;
    let paper = parse_paper(&bytes).unwrap();
    assert_eq!(paper.initiative_count(), 72);
    assert_eq!(remarks(&paper), [(10, WarningKind::Encoding)]);
}

#[test]
fn markup_in_every_cell_comes_out_as_text() {
    let text = "令和4年度部局運営方針\n部局名\t<b>市長室</b><script>alert(1)</script>\t基本的考え方\t<img src=x onerror=alert(1)>広報&amp;防災。\n\
        重点項目\t取り組み名\t取り組みの概要\n<i>財務体質の強化</i>\t<a href=\"x\">防災</a>\t&lt;script&gt;備える。\n";
    let paper = read(text).unwrap();
    assert_eq!(outline(&paper), ["市長室：広報&防災。", "財務体質の強化＞防災＞<script>備える。"]);
    assert_eq!(remarks(&paper), [(2, WarningKind::Markup)]);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = parse_paper(&bytes);
    }

    #[test]
    fn any_text_around_the_labels_is_read_or_refused(
        parts in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec![
                    "部局名", "部局名：", "部局運営に関する基本的考え方", "重点項目", "取り組み名", "取り組みの概要", "\t", "\t\t", "\n", "\r\n",
                    ",", "\"", "　", "<ul>", "<p", "&#x41;", "令和3年度部局運営方針", "作成日: 令和3年5月17日", "財務体質の強化", "〃", "S I C",
                    "市長室", "進める。", "（続き）", "①", "\u{FFFD}", "\u{C}", "- 3 -",
                ])
                .prop_map(str::to_owned),
                "\\PC{0,8}",
            ],
            0..60,
        )
    ) {
        if let Ok(paper) = read(&parts.concat()) {
            for department in &paper.departments {
                prop_assert!(!department.name.is_empty());
                prop_assert!(department.initiatives.iter().all(|initiative| !initiative.title.is_empty()));
            }
            prop_assert!(paper.warnings.windows(2).all(|pair| pair[0].line <= pair[1].line));
            prop_assert!(paper.warnings.iter().all(|warning| warning.message.contains('。')));
        }
    }

    #[test]
    fn the_real_paper_with_any_bytes_overwritten_is_read_or_refused(
        changes in prop::collection::vec((0..PAPER.len(), any::<u8>()), 1..200)
    ) {
        let mut bytes = PAPER.to_vec();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        let _ = parse_paper(&bytes);
    }
}
