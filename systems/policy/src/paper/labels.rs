//! The words by which a paper names its parts: labels of a department block and headings of a table.

use unicode_normalization::UnicodeNormalization;

/// What a label or a column heading announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// 部局名.
    Department,
    /// 部局運営に関する基本的考え方.
    BasicIdea,
    /// 重点項目.
    Theme,
    /// 取り組み名.
    Title,
    /// 取り組みの概要.
    Summary,
}

const DEPARTMENTS: [&str; 17] = [
    "担当部局名",
    "担当部局",
    "所属部局",
    "部局等名",
    "部局名称",
    "部局名",
    "部局等",
    "部等の名称",
    "部等名",
    "担当部",
    "組織名",
    "所管部局",
    "所管部",
    "部署名",
    "部署",
    "部局",
    "部名",
];
const BASIC_IDEAS: [&str; 7] = [
    "部局運営に関する基本的な考え方",
    "部局運営に関する基本的考え方",
    "部局運営の基本的な考え方",
    "部局運営の基本的考え方",
    "基本的な考え方",
    "基本的考え方",
    "基本方針",
];

/// What a cell announces when it holds a label and nothing else.
pub(super) fn role_of(cell: &str) -> Option<Role> {
    // Long cells are text; this also keeps the folding short.
    if cell.len() > 200 {
        return None;
    }
    let label = compact(cell);
    let is_one_of = |labels: &[&str]| labels.contains(&label.as_str());
    let length = label.chars().count();
    if is_one_of(&DEPARTMENTS) {
        Some(Role::Department)
    } else if is_one_of(&BASIC_IDEAS) || (length <= 24 && label.contains("基本的") && label.ends_with("考え方")) {
        Some(Role::BasicIdea)
    } else if is_one_of(&["テーマ", "項目"]) || is_theme_label(&label) {
        Some(Role::Theme)
    } else if is_one_of(&["概要", "内容", "説明"]) || is_summary_label(&label, length) {
        Some(Role::Summary)
    } else if is_title_label(&label, length) {
        Some(Role::Title)
    } else {
        None
    }
}

fn is_theme_label(label: &str) -> bool {
    const KINDS: [&str; 8] = ["項目", "テーマ", "課題", "分野", "目標", "方針", "事項", "視点"];
    label.strip_prefix("重点").is_some_and(|kind| KINDS.contains(&kind.strip_suffix('名').unwrap_or(kind)))
}

fn is_summary_label(label: &str, length: usize) -> bool {
    let subject = ["取組", "主な取組", "事業", "施策", "具体的"].iter().any(|start| label.starts_with(start));
    length <= 12 && subject && ["概要", "内容", "説明"].iter().any(|end| label.ends_with(end))
}

fn is_title_label(label: &str, length: usize) -> bool {
    const WHOLE: [&str; 9] =
        ["取組", "主な取組", "重点取組", "事業", "事業名", "施策名", "取組事業", "名称", "具体的な取組"];
    WHOLE.contains(&label)
        || (length <= 10
            && ["取組", "主な取組", "重点取組"].iter().any(|start| label.starts_with(start))
            && ["名", "名称", "項目", "事項", "事業名"].iter().any(|end| label.ends_with(end)))
}

/// A cell that begins with the label of a department or of its basic ideas: the role, and what follows in the cell.
///
/// `部局名`, `部局名：市長室`, `部 局 名　市長室` and `【部局名】市長室` are labels; `部局名の見直し` is not.
pub(super) fn split_label(cell: &str) -> Option<(Role, &str)> {
    let opened = cell.trim_start_matches(|c: char| c.is_whitespace() || "【〔［[■●◆○◎◇□・".contains(c));
    let labels = DEPARTMENTS.iter().map(|label| (Role::Department, *label));
    let labels = labels.chain(BASIC_IDEAS.iter().map(|label| (Role::BasicIdea, *label)));
    for (role, label) in labels {
        if let Some(rest) = strip_spaced(opened, label) {
            let closed = rest.trim_start_matches(['】', '〕', '］', ']']);
            if closed.is_empty() || closed.len() < rest.len() || closed.starts_with(begins_value) {
                return Some((role, closed.trim_start_matches(begins_value)));
            }
        }
    }
    None
}

/// Whether a cell between a department's name and a text reads as the label of the text, though in words of its own:
/// `運営方針`, `部長の使命`.
pub(super) fn could_announce_basic_ideas(cell: &str) -> bool {
    const ENDS: [&str; 7] = ["方針", "考え方", "使命", "目標", "方向性", "ミッション", "理念"];
    let label = compact(cell);
    label.chars().count() <= 24 && ENDS.iter().any(|end| label.ends_with(end))
}

/// Whether a cell begins with the label of a department.
pub(super) fn begins_with_department(cell: &str) -> bool {
    matches!(split_label(cell), Some((Role::Department, _)))
}

/// Splits a department's value at a label of basic ideas that stands in the same cell, within the length of a name.
pub(super) fn split_inner_basic_idea(value: &str) -> (&str, Option<&str>) {
    const NAME_CHARS_MAX: usize = 100;
    let name = value.char_indices().take(NAME_CHARS_MAX);
    for (at, c) in name.filter(|(_, c)| c.is_whitespace() || matches!(c, '。' | '、' | '/' | '／')) {
        if let Some((Role::BasicIdea, rest)) = split_label(&value[at + c.len_utf8()..]) {
            return (value[..at].trim_end(), Some(rest));
        }
    }
    (value, None)
}

fn begins_value(c: char) -> bool {
    c.is_whitespace() || matches!(c, ':' | '：' | '=' | '＝')
}

/// Strips a label whose characters may be set apart by spaces.
fn strip_spaced<'t>(text: &'t str, label: &str) -> Option<&'t str> {
    let mut rest = text;
    for (index, expected) in label.chars().enumerate() {
        if index > 0 {
            rest = rest.trim_start();
        }
        rest = rest.strip_prefix(expected)?;
    }
    Some(rest)
}

/// A label without width, spaces, punctuation and variant spellings of 取組.
fn compact(cell: &str) -> String {
    let mut label = cell.nfkc().filter(|c| c.is_alphanumeric()).collect::<String>();
    for spelling in ["取り組み", "取組み", "取りくみ", "とりくみ", "取り組", "取組の"] {
        label = label.replace(spelling, "取組");
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_in_any_spelling() {
        for (cell, role) in [
            ("重点項目", Role::Theme),
            ("重 点　項 目", Role::Theme),
            ("重点テーマ名", Role::Theme),
            ("取り組み名", Role::Title),
            ("取組名", Role::Title),
            ("取 組 み 名 称", Role::Title),
            ("主な取り組み", Role::Title),
            ("取り組みの概要", Role::Summary),
            ("取組の内容", Role::Summary),
            ("概要", Role::Summary),
            ("部 局 名：", Role::Department),
            ("部局運営に関する基本的考え方", Role::BasicIdea),
            ("部の運営に係る基本的な考え方", Role::BasicIdea),
        ] {
            assert_eq!(role_of(cell), Some(role), "{cell}");
        }
        for text in ["市長室", "取り組みの推進", "財務体質の強化", "担当課", "", "重点的な取組の検討を進める"]
        {
            assert_eq!(role_of(text), None, "{text}");
        }
    }

    #[test]
    fn labels_are_split_from_values_in_the_same_cell() {
        for (cell, expected) in [
            ("部局名", Some((Role::Department, ""))),
            ("部局名：市長室", Some((Role::Department, "市長室"))),
            ("部 局 名　 市長室", Some((Role::Department, "市長室"))),
            ("【部局名】市長室", Some((Role::Department, "市長室"))),
            ("基本的な考え方: 進める。", Some((Role::BasicIdea, "進める。"))),
            ("部局名の見直し", None),
            ("基本方針の策定", None),
            ("部局運営方針", None),
        ] {
            assert_eq!(split_label(cell), expected, "{cell}");
        }
        let inner = split_inner_basic_idea("市長室　部局運営に関する基本的考え方　広報に努める。");
        assert_eq!(inner, ("市長室", Some("広報に努める。")));
    }
}
