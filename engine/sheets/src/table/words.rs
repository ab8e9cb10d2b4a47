//! The words and signs by which rows and cells of a Japanese sheet are told apart.

use kawasemi_kernel::era;
use kawasemi_kernel::text::fold;

use crate::cell::Cell;

/// Longest text that any of these signs can be, in bytes.
const LONGEST: usize = 200;

/// The text without any white space; none where it is empty or too long to be a sign.
fn bare(text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    (!bare.is_empty()).then_some(bare)
}

/// Whether a cell says "as above": 〃, 々, 同上 and the like.
pub(crate) fn is_ditto(text: &str) -> bool {
    const FIRST: [char; 11] = ['同', '上', '々', '仝', '\'', '〃', '″', '〻', '"', '”', '“'];
    // Nearly every cell of a large sheet is told by its first character.
    if !text.trim_start().starts_with(FIRST) && !text.trim_start().starts_with('＂') {
        return false;
    }
    let Some(bare) = bare(text) else { return false };
    matches!(bare.as_str(), "同上" | "同" | "同じ" | "上に同じ" | "上同" | "々" | "仝" | "''")
        || bare.chars().count() <= 4 && bare.chars().all(|c| matches!(c, '〃' | '″' | '〻' | '"' | '”' | '“' | '＂'))
}

/// How surely a text names a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Total {
    /// It is nothing else: 合計, 小計.
    Whole,
    /// It ends like one: みどり公園課 合計.
    Ending,
}

/// Whether a text names a sum (合計・小計).
pub(crate) fn total(text: &str) -> Option<Total> {
    const WHOLE: [&str; 14] = [
        "計",
        "合計",
        "小計",
        "総計",
        "累計",
        "中計",
        "総合計",
        "合計額",
        "合計金額",
        "計合",
        "年計",
        "月計",
        "差引",
        "平均",
    ];
    if !text.contains(['計', '差', '均']) {
        return None;
    }
    let bare = bare(text)?;
    let bare = bare.trim_matches(['【', '】', '（', '）', '(', ')', '<', '>', '＜', '＞', '［', '］']);
    if WHOLE.contains(&bare) {
        return Some(Total::Whole);
    }
    ["小計", "合計", "総計", "累計"].iter().any(|word| bare.ends_with(word)).then_some(Total::Ending)
}

/// Whether a text opens a remark below or above a table.
pub(crate) fn is_remark(text: &str) -> bool {
    let text = text.trim_start();
    let opens = ["※", "＊", "*", "注)", "注）", "(注", "（注", "注：", "注:", "注1", "注１", "注意", "備考：", "備考:"];
    let more = ["出典", "資料：", "資料:", "（単位", "(単位", "単位：", "単位:"];
    let bare = bare(text).unwrap_or_default();
    opens.iter().any(|sign| text.starts_with(sign))
        || more.iter().any(|sign| text.starts_with(sign))
        || matches!(
            bare.trim_matches(['-', '－', '―', 'ー', '─', '〜']),
            "以下余白" | "以上" | "以下空白" | "次頁へ続く" | "続く"
        )
}

/// Whether a text is a unit of the column below: `（㎡）`, `千円`.
pub(crate) fn is_unit(text: &str) -> bool {
    const UNITS: [&str; 40] = [
        "円",
        "千円",
        "百万円",
        "万円",
        "人",
        "名",
        "件",
        "個",
        "本",
        "m",
        "m2",
        "m3",
        "ha",
        "km",
        "km2",
        "cm",
        "mm",
        "%",
        "世帯",
        "戸",
        "台",
        "箇所",
        "か所",
        "カ所",
        "ヶ所",
        "回",
        "日",
        "時間",
        "分",
        "年",
        "歳",
        "才",
        "t",
        "kg",
        "g",
        "l",
        "枚",
        "冊",
        "基",
        "棟",
    ];
    let Some(bare) = bare(text) else { return false };
    let inner = bare.trim_matches(['（', '）', '(', ')', '［', '］', '[', ']']);
    let in_brackets = inner.len() < bare.len() && bare.ends_with(['）', ')', '］', ']']);
    let folded = fold(inner);
    UNITS.iter().any(|unit| fold(unit) == folded)
        || in_brackets && inner.chars().count() <= 4 && folded.parse::<f64>().is_err()
}

/// Whether a heading is that of a running number (通し番号).
pub(crate) fn is_serial_heading(text: &str) -> bool {
    let folded: String = fold(text).chars().filter(|c| !c.is_whitespace() && *c != '.').collect();
    let known = ["no", "no番号", "番号", "連番", "通番", "項番", "通し番号", "順番", "整理番号", "#", "n"];
    known.iter().any(|word| fold(word) == folded)
}

/// The number of `1`, `(1)`, `①`, `１`; of `ア` and `a` their place. What stands in a row that only numbers the columns.
pub(crate) fn ordinal(text: &str) -> Option<u32> {
    let bare = bare(text)?;
    let folded = fold(bare.trim_matches(['（', '）', '(', ')', '.', '．']));
    if let Ok(number) = folded.parse() {
        return Some(number);
    }
    let mut characters = folded.chars();
    let (only, rest) = (characters.next()?, characters.next());
    if rest.is_some() {
        return None;
    }
    let kana = "あいうえおかきくけこさしすせそたちつてと".chars().position(|c| c == only);
    let latin = only.is_ascii_lowercase().then(|| only as usize - 'a' as usize);
    kana.or(latin).and_then(|at| u32::try_from(at + 1).ok())
}

/// Whether a cell can stand in a row of headings: text that is no number, no date and no mark.
pub(crate) fn is_label(cell: &Cell) -> bool {
    let Cell::Text(text) = cell else { return false };
    let trimmed = text.trim();
    if trimmed.is_empty() || trimmed.chars().nth(60).is_some() {
        return false;
    }
    let folded = fold(trimmed).replace(',', "");
    folded.parse::<f64>().is_err()
        && !is_ditto(trimmed)
        && !matches!(trimmed, "○" | "×" | "◯" | "〇" | "有" | "無" | "△" | "-" | "－" | "ー" | "―")
        && era::parse_date(trimmed).is_err()
}

/// Whether a text is a usual word for a column.
pub(crate) fn is_usual_heading(text: &str) -> bool {
    const WORDS: [&str; 40] = [
        "氏名",
        "名前",
        "名称",
        "住所",
        "所在地",
        "番号",
        "年月日",
        "電話",
        "備考",
        "金額",
        "数量",
        "単価",
        "種別",
        "区分",
        "所属",
        "担当",
        "年度",
        "品名",
        "摘要",
        "内容",
        "理由",
        "状況",
        "地区",
        "町名",
        "面積",
        "件数",
        "人数",
        "日付",
        "期間",
        "場所",
        "部署",
        "課名",
        "コード",
        "カナ",
        "ふりがな",
        "フリガナ",
        "メール",
        "郵便",
        "生年",
        "性別",
    ];
    let bare = bare(text).unwrap_or_default();
    is_serial_heading(&bare)
        || WORDS.iter().any(|word| bare.contains(word))
        || bare.ends_with('名')
        || bare.ends_with('日')
}

/// A heading as one line: line ends and the spaces that only stretch a word (`氏　　名`) are taken out.
pub(crate) fn heading(text: &str) -> String {
    let line = kawasemi_kernel::text::tidy(text);
    let characters: Vec<char> = line.chars().collect();
    let mut out = String::with_capacity(line.len());
    for (index, c) in characters.iter().enumerate() {
        if !c.is_whitespace() {
            out.push(*c);
            continue;
        }
        // Between Latin words a space belongs to them.
        let next = characters[index..].iter().find(|c| !c.is_whitespace());
        let is_latin = |c: Option<&char>| c.is_some_and(char::is_ascii_graphic);
        if is_latin(out.chars().last().as_ref()) && is_latin(next) && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_known() {
        for text in ["〃", " 〃　", "同上", "″", "\"", "々", "仝", "”", "〃 〃"] {
            assert!(is_ditto(text), "{text}");
        }
        for text in ["", "佐々木", "同上の隣", "同意", "-", "↓"] {
            assert!(!is_ditto(text), "{text}");
        }
        for (text, expected) in [
            ("合　計", Some(Total::Whole)),
            ("【小計】", Some(Total::Whole)),
            ("みどり公園課　小計", Some(Total::Ending)),
            ("体温計", None),
            ("会計課", None),
            ("計画", None),
            ("設計", None),
        ] {
            assert_eq!(total(text), expected, "{text}");
        }
        for text in ["※印は未確定", "（注）速報値", "－以下余白－", "（単位：千円）", "出典：統計あやせ"]
        {
            assert!(is_remark(text), "{text}");
        }
        assert!(!is_remark("注文書") && !is_remark("以上の者"), "what begins alike is no remark");
    }

    #[test]
    fn headings_are_told_from_values() {
        for text in ["氏名", "面積（㎡）", "４月", "R3年度"] {
            assert!(is_label(&Cell::Text(text.into())), "{text}");
        }
        for text in ["", "123", "１，２３４", "R3.4.1", "〃", "○"] {
            assert!(!is_label(&Cell::Text(text.into())), "{text}");
        }
        for (text, clean) in
            [("氏　　名", "氏名"), ("電話\n番号", "電話番号"), ("E mail\naddress", "E mail address"), (" No. ", "No.")]
        {
            assert_eq!(heading(text), clean);
        }
        for text in ["（㎡）", "千円", "(人)", "［件］"] {
            assert!(is_unit(text), "{text}");
        }
        assert!(!is_unit("（１）") && !is_unit("円形"));
        for (text, number) in [("①", 1), ("（2）", 2), ("ウ", 3), ("Ｄ", 4)] {
            assert_eq!(ordinal(text), Some(number), "{text}");
        }
    }
}
