//! One step of a plan: what becomes of one department.

use kawasemi_kernel::RecordId;
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_ledger::Visible;
use serde::Serialize;

use crate::register::text;

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// 新設
    New,
    /// 改称
    Rename,
    /// 移管: to another department above.
    Move,
    /// 統合: into another department.
    Merge,
    /// 分割: among several.
    Split,
    /// 廃止; another takes over what is left.
    Abolish,
}

const ALL: [(StepKind, &str, &str, &[&str]); 6] = [
    (StepKind::New, "new", "新設", &["設置", "創設"]),
    (StepKind::Rename, "rename", "改称", &["名称変更", "名称の変更"]),
    (StepKind::Move, "move", "移管", &["所管替", "移動", "所属替"]),
    (StepKind::Merge, "merge", "統合", &["統廃合", "合併"]),
    (StepKind::Split, "split", "分割", &["分離", "分課"]),
    (StepKind::Abolish, "abolish", "廃止", &[]),
];

impl StepKind {
    /// The key of the choice in the ledger.
    pub fn key(self) -> &'static str {
        ALL.iter().find(|(kind, ..)| *kind == self).map_or("new", |row| row.1)
    }

    /// What offices call it.
    pub fn label(self) -> &'static str {
        ALL.iter().find(|(kind, ..)| *kind == self).map_or("新設", |row| row.2)
    }

    /// The kind that a word or a key means.
    pub fn from_word(word: &str) -> Option<Self> {
        let found = ALL.iter().find(|(_, key, usual, more)| word == *key || word == *usual || more.contains(&word));
        found.map(|row| row.0)
    }

    /// Whether the department ends with it.
    pub const fn closes(self) -> bool {
        matches!(self, Self::Merge | Self::Split | Self::Abolish)
    }
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// 案
    Draft,
    /// 確定
    Settled,
    /// 施行済み
    InForce,
    /// 取消し
    Withdrawn,
}

impl StepState {
    /// The key of the choice in the ledger.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Settled => "settled",
            Self::InForce => "in-force",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// What offices call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Draft => "案",
            Self::Settled => "確定",
            Self::InForce => "施行済み",
            Self::Withdrawn => "取消し",
        }
    }

    fn from_key(key: &str) -> Self {
        match key {
            "settled" => Self::Settled,
            "in-force" => Self::InForce,
            "withdrawn" => Self::Withdrawn,
            _ => Self::Draft,
        }
    }
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The record, once there is one, with its revision.
    #[serde(skip)]
    pub record: Option<(RecordId, i64)>,
    /// The line of the file, for a message; 0 for a step of the register.
    pub line: u64,
    /// From which fiscal year.
    pub fiscal_year: FiscalYear,
    /// What it does.
    pub kind: StepKind,
    /// The department.
    pub code: String,
    /// Its new name; empty where it keeps it.
    pub name: String,
    /// The reading of that.
    pub kana: String,
    /// The code of the department above; empty for a department of its own, or where it stays.
    pub parent: String,
    /// The place in the order of the organisation rules.
    pub sort_order: Option<i64>,
    /// The code of the department that takes the work over.
    pub successor: String,
    /// Only the records of this ledger; empty for the rest.
    pub ledger: String,
    /// Only the records that meet this condition (CQL2).
    pub condition: String,
    /// Only this section, which moves below the successor.
    pub section: String,
    /// How far it is.
    pub state: StepState,
}

impl Step {
    /// A step of the register.
    pub fn of_record(record: &Visible) -> Option<Self> {
        let year = record.get("fiscal_year").as_int().and_then(|year| i32::try_from(year).ok())?;
        let field = |key: &str| text(record, key).to_owned();
        Some(Self {
            record: Some((record.id, record.revision)),
            line: 0,
            fiscal_year: FiscalYear::new(year).ok()?,
            kind: StepKind::from_word(record.get("kind").as_text()?)?,
            code: field("code"),
            name: field("name"),
            kana: field("kana"),
            parent: field("parent_code"),
            sort_order: record.get("sort_order").as_int(),
            successor: field("successor_code"),
            ledger: field("target_ledger"),
            condition: field("condition"),
            section: field("section_code"),
            state: StepState::from_key(record.get("state").as_text().unwrap_or_default()),
        })
    }

    /// Whether it tells where only a part of the department's work goes.
    pub fn is_share(&self) -> bool {
        self.kind == StepKind::Split && !self.ledger.is_empty()
    }

    /// Whether it takes a section out of the department that is split.
    pub fn takes_section(&self) -> bool {
        self.kind == StepKind::Split && !self.section.is_empty()
    }

    /// Whether it tells where the work goes of which nothing else is said.
    pub fn takes_rest(&self) -> bool {
        self.kind.closes() && !self.is_share() && !self.takes_section()
    }

    /// Which department it puts below which.
    pub fn moves(&self) -> Option<(&str, &str)> {
        if self.takes_section() {
            return Some((&self.section, &self.successor));
        }
        (self.kind == StepKind::Move).then_some((self.code.as_str(), self.parent.as_str()))
    }

    /// In a few words, for a list.
    pub fn describe(&self) -> String {
        let mut said = format!("{} {}", self.kind.label(), self.code);
        let parts =
            [("名称", &self.name), ("上位", &self.parent), ("引継ぎ先", &self.successor), ("係", &self.section)];
        for (word, value) in parts.into_iter().chain([("台帳", &self.ledger), ("条件", &self.condition)]) {
            if !value.is_empty() {
                said.push_str(&format!("、{word} {value}"));
            }
        }
        said
    }
}
