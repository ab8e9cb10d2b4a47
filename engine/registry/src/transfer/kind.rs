//! What an order of the personnel section does (発令区分), with the words that offices use for it.

use serde::Serialize;

/// The kind of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderKind {
    /// 転任: to another department.
    Transfer,
    /// 配置換: to another section or post.
    Reassignment,
    /// 昇任: to a higher post, perhaps elsewhere.
    Promotion,
    /// 降任: to a lower post, perhaps elsewhere.
    Demotion,
    /// 兼務: a further post.
    Concurrent,
    /// 事務取扱: a further post for as long as nobody holds it.
    Acting,
    /// 兼務解除: the end of a further post.
    ConcurrentEnd,
    /// 休職.
    Leave,
    /// 育児休業.
    ChildcareLeave,
    /// 復職: the end of leave, secondment or dispatch.
    Return,
    /// 採用.
    Hire,
    /// 会計年度任用: for a term within one fiscal year (地方公務員法第22条の2).
    FiscalYearAppointment,
    /// 再任用.
    ReAppointment,
    /// 退職; its day is the last in service.
    Retirement,
    /// 出向: to another body, giving up the posts here.
    Secondment,
    /// 派遣: to another body, keeping the posts here.
    Dispatch,
}

/// Every kind with its key in the ledger, its usual word, and others that mean the same.
const ALL: [(OrderKind, &str, &str, &[&str]); 16] = [
    (OrderKind::Transfer, "transfer", "転任", &["異動", "部間異動"]),
    (OrderKind::Reassignment, "reassignment", "配置換", &["配置換え", "配置転換", "配属", "担当替"]),
    (OrderKind::Promotion, "promotion", "昇任", &["昇格", "昇任・配置換", "昇任配置換"]),
    (OrderKind::Demotion, "demotion", "降任", &["降格", "役職定年"]),
    (OrderKind::Concurrent, "concurrent", "兼務", &["併任", "兼任"]),
    (OrderKind::Acting, "acting", "事務取扱", &["事務取扱い", "心得"]),
    (OrderKind::ConcurrentEnd, "concurrent-end", "兼務解除", &["併任解除", "兼任解除", "事務取扱解除", "免兼務"]),
    (OrderKind::Leave, "leave", "休職", &["病気休職", "分限休職", "専従休職", "自己啓発等休業", "配偶者同行休業"]),
    (OrderKind::ChildcareLeave, "childcare-leave", "育児休業", &["育休"]),
    (OrderKind::Return, "return", "復職", &["職務復帰", "復帰", "派遣解除", "出向解除", "派遣終了"]),
    (OrderKind::Hire, "hire", "採用", &["新規採用", "新採用", "任期付採用", "選考採用"]),
    (
        OrderKind::FiscalYearAppointment,
        "fiscal-year-appointment",
        "会計年度任用",
        &["会計年度任用職員", "会計年度任用職員任用", "再度の任用"],
    ),
    (OrderKind::ReAppointment, "re-appointment", "再任用", &["定年前再任用短時間勤務", "暫定再任用"]),
    (
        OrderKind::Retirement,
        "retirement",
        "退職",
        &["定年退職", "普通退職", "勧奨退職", "任期満了", "辞職", "死亡", "免職", "失職"],
    ),
    (OrderKind::Secondment, "secondment", "出向", &[]),
    (OrderKind::Dispatch, "dispatch", "派遣", &["研修派遣", "災害派遣"]),
];

impl OrderKind {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.iter().map(|(kind, ..)| *kind)
    }

    fn row(self) -> (&'static str, &'static str) {
        ALL.iter().find(|(kind, ..)| *kind == self).map_or(("transfer", "転任"), |(_, key, word, _)| (key, word))
    }

    /// The key of the choice in the ledger of orders.
    pub fn key(self) -> &'static str {
        self.row().0
    }

    /// What offices call it.
    pub fn label(self) -> &'static str {
        self.row().1
    }

    /// The kind that a word or a key of the ledger means.
    pub fn from_word(word: &str) -> Option<Self> {
        let word = kawasemi_kernel::text::fold(word);
        let same = |other: &str| kawasemi_kernel::text::fold(other) == word;
        ALL.iter()
            .find(|(_, key, usual, more)| same(key) || same(usual) || more.iter().any(|m| same(m)))
            .map(|row| row.0)
    }

    /// Whether it decides which main post somebody holds.
    pub const fn sets_main_post(self) -> bool {
        matches!(self, Self::Transfer | Self::Reassignment | Self::Promotion | Self::Demotion) || self.begins_service()
    }

    /// Whether it begins a service.
    pub const fn begins_service(self) -> bool {
        matches!(self, Self::Hire | Self::FiscalYearAppointment | Self::ReAppointment)
    }

    /// Whether it begins a time in which rights rest.
    pub const fn begins_absence(self) -> bool {
        matches!(self, Self::Leave | Self::ChildcareLeave | Self::Secondment | Self::Dispatch)
    }

    /// Whether a department has to be named.
    pub const fn needs_department(self) -> bool {
        matches!(self, Self::Transfer | Self::Reassignment | Self::Concurrent | Self::Acting) || self.begins_service()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_words_of_the_office() {
        for kind in OrderKind::all() {
            assert_eq!(OrderKind::from_word(kind.key()), Some(kind));
            assert_eq!(OrderKind::from_word(kind.label()), Some(kind));
        }
        assert_eq!(OrderKind::from_word("定年退職"), Some(OrderKind::Retirement));
        assert_eq!(OrderKind::from_word("育休"), Some(OrderKind::ChildcareLeave));
        assert_eq!(OrderKind::from_word("栄転"), None);
    }
}
