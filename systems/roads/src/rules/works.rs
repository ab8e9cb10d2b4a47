//! How far a construction work is (工程), and what its delivery (電子納品) lacks.
//!
//! Progress is the newest monthly report; without one, what is done of each item by its weight. A delivery has the folders of
//! 工事完成図書の電子納品等要領 with names of at most eight characters and three, in capitals.

use jiff::civil::Date;

use super::table;
use super::{Worked, step};
use crate::kernel::Decimal;
use crate::kernel::decimal::Rounding;

/// A month of 履行報告, in tenths of a percent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monthly {
    /// The month.
    pub month: String,
    /// What was planned.
    pub planned: Decimal,
    /// What is done.
    pub actual: Decimal,
}

/// An item of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its share of the whole, percent.
    pub weight: Decimal,
    /// How much of it is done, percent.
    pub done: Decimal,
}

/// How far the work is, percent with one place; none where nothing says so.
pub fn progress(monthly: &[Monthly], items: &[Item], day: Date) -> Worked<Option<Decimal>> {
    if let Some(latest) = monthly.iter().max_by(|one, other| one.month.cmp(&other.month)) {
        let mut steps =
            vec![step("履行報告", format!("{} 予定{}％、実施{}％", latest.month, latest.planned, latest.actual))];
        let behind = latest.planned.to_f64() - latest.actual.to_f64();
        if behind >= table::setting("delay_percent", day) {
            steps.push(step("遅れ", format!("予定より{behind:.1}ポイント遅れています")));
        }
        return Worked::new(latest.actual.rounded(1, Rounding::HalfUp), steps);
    }
    let units = |value: Decimal| {
        i128::from(value.rounded(1, Rounding::HalfUp).map_or(0, |value| value.exactly(1).map_or(0, Decimal::units)))
    };
    let weight: i128 = items.iter().map(|item| units(item.weight)).sum();
    if weight == 0 {
        return Worked::new(None, vec![step("工程", "履行報告も、構成比のある工種もありません")]);
    }
    let done: i128 = items.iter().map(|item| units(item.weight) * units(item.done)).sum();
    let value = Decimal::from_ratio(done, weight * 10, 1, Rounding::HalfUp);
    Worked::new(value, vec![step("工程", format!("{}工種の構成比による", items.len()))])
}

/// The folders of a delivery, with the categories of papers that belong in each.
pub const FOLDERS: [(&str, &str, &[&str]); 6] = [
    ("PLAN", "施工計画書", &["plan"]),
    ("MEET", "打合せ簿", &["meeting", "stage-check", "material", "attendance", "progress"]),
    ("DRAWINGF", "完成図", &["drawing"]),
    ("REGISTER", "台帳", &["measurement"]),
    ("BORING", "地質データ", &[]),
    ("OTHRS", "その他", &["quality", "other"]),
];

/// The folder of a category of papers.
pub fn folder(category: &str) -> &'static str {
    FOLDERS.iter().find(|(_, _, categories)| categories.contains(&category)).map_or("OTHRS", |(folder, ..)| folder)
}

/// Whether a name is one that a delivery may have: up to eight capitals, digits and underscores, a point, up to three.
pub fn is_delivery_name(name: &str) -> bool {
    let is_part = |part: &str, most: usize| {
        (1..=most).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    name.split_once('.').is_some_and(|(stem, extension)| is_part(stem, 8) && is_part(extension, 3))
}

/// What a delivery is checked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Papers: their category and whether they are approved.
    pub papers: Vec<(String, bool)>,
    /// How many photographs, and how many of them represent the work.
    pub photographs: (usize, usize),
    /// How many checks were not done or not passed.
    pub open_checks: usize,
    /// Whether the work is complete or accepted.
    pub is_complete: bool,
    /// The names that the files of the delivery would have.
    pub names: Vec<String>,
}

/// What is missing or wrong, a sentence for each; nothing where the delivery is whole.
pub fn lacking(delivery: &Delivery) -> Vec<String> {
    let mut found = Vec::new();
    for (category, name) in [("plan", "施工計画書"), ("meeting", "工事打合せ簿"), ("drawing", "完成図")] {
        if !delivery.papers.iter().any(|(known, _)| known == category) {
            found.push(format!("{name}がありません。"));
        }
    }
    let open = delivery.papers.iter().filter(|(_, approved)| !approved).count();
    if open > 0 {
        found.push(format!("承認されていない書類が{open}件あります。"));
    }
    match delivery.photographs {
        (0, _) => found.push("工事写真がありません。".to_owned()),
        (_, 0) => found.push("代表写真が選ばれていません。".to_owned()),
        _ => {}
    }
    if delivery.open_checks > 0 {
        found.push(format!("済んでいない段階確認・材料確認・立会が{}件あります。", delivery.open_checks));
    }
    if !delivery.is_complete {
        found.push("工事がまだ完成していません。".to_owned());
    }
    let wrong = delivery.names.iter().filter(|name| !is_delivery_name(name));
    found.extend(
        wrong.map(|name| format!("ファイル名「{name}」は、半角大文字8文字と拡張子3文字までの形ではありません。")),
    );
    found
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn percent(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn the_newest_report_tells_how_far_the_work_is() {
        let month = |month: &str, planned: &str, actual: &str| Monthly {
            month: month.to_owned(),
            planned: percent(planned),
            actual: percent(actual),
        };
        let reports = [month("2026-06", "55", "40.5"), month("2026-05", "30", "30")];
        let worked = progress(&reports, &[], date(2026, 7, 1));
        assert_eq!(worked.value, Some(percent("40.5")));
        assert!(worked.told().contains("14.5ポイント遅れ"), "{}", worked.told());
    }

    #[test]
    fn without_reports_the_items_tell_it_by_their_weight() {
        let item = |weight: &str, done: &str| Item { weight: percent(weight), done: percent(done) };
        let worked = progress(&[], &[item("60", "100"), item("40", "25")], date(2026, 7, 1));
        assert_eq!(worked.value, Some(percent("70")));
        assert_eq!(progress(&[], &[], date(2026, 7, 1)).value, None);
    }

    #[test]
    fn names_of_a_delivery_are_short_and_in_capitals() {
        for (name, good) in [
            ("P0000001.JPG", true),
            ("M0001_01.PDF", true),
            ("INDEX_C.XML", true),
            ("p0000001.jpg", false),
            ("P00000001.JPG", false),
            ("写真.JPG", false),
            ("P0000001.JPEG", false),
            ("P0000001", false),
        ] {
            assert_eq!(is_delivery_name(name), good, "{name}");
        }
    }

    #[test]
    fn what_a_delivery_lacks_is_told() {
        let papers = ["plan", "meeting", "drawing"].map(|category| (category.to_owned(), true)).to_vec();
        let whole = Delivery {
            papers,
            photographs: (3, 1),
            open_checks: 0,
            is_complete: true,
            names: vec!["P0000001.JPG".to_owned()],
        };
        assert!(lacking(&whole).is_empty());
        let bad = Delivery {
            papers: vec![("plan".to_owned(), false)],
            photographs: (2, 0),
            open_checks: 1,
            is_complete: false,
            names: vec!["a.b".to_owned()],
        };
        assert_eq!(lacking(&bad).len(), 7, "{:?}", lacking(&bad));
    }
}
