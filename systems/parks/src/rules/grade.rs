//! The overall grade of an inspection of playground equipment (総合判定), and what follows for its use.
//!
//! The wear of each part is a letter (劣化判定 a–d), each item of the standard a hazard level (ハザードレベル 0–3). The worse of both
//! decides. The rule's grade is a proposal: whoever signs may set a worse one with a reason, and a better one with a reason and a
//! qualification number. Hazard 3 or grade D stops the use at once (国土交通省通知 平成31年4月1日, 遊具の安全に関する規準).

use super::{Step, Worked, step};

/// The wear of a part (劣化判定).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wear {
    /// 健全: none.
    A,
    /// 軽微な劣化: to be watched.
    B,
    /// 劣化あり: to be repaired.
    C,
    /// 重大な劣化: dangerous, not to be used.
    D,
}

impl Wear {
    /// The wear of a letter.
    pub fn from_key(key: &str) -> Option<Self> {
        match key {
            "a" => Some(Self::A),
            "b" => Some(Self::B),
            "c" => Some(Self::C),
            "d" => Some(Self::D),
            _ => None,
        }
    }

    /// Its letter.
    pub const fn key(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
            Self::D => "d",
        }
    }

    const fn overall(self) -> Overall {
        match self {
            Self::A => Overall::A,
            Self::B => Overall::B,
            Self::C => Overall::C,
            Self::D => Overall::D,
        }
    }
}

/// A part of a unit, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is called.
    pub name: String,
    /// Its wear; none where it was not inspected (×).
    pub wear: Option<Wear>,
    /// Whether the unit can't be graded without it.
    pub is_required: bool,
}

/// The overall grade (総合判定).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Overall {
    /// 健全・修繕不要.
    A,
    /// 軽微な異常・経過観察.
    B,
    /// 異常あり・修繕又は対策が必要.
    C,
    /// 危険性の高い異常・緊急修繕又は撤去更新.
    D,
    /// A required part was not inspected.
    Incomplete,
}

impl Overall {
    /// The key in the ledgers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
            Self::D => "d",
            Self::Incomplete => "incomplete",
        }
    }

    /// The grade of a key.
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::A, Self::B, Self::C, Self::D, Self::Incomplete].into_iter().find(|grade| grade.key() == key)
    }

    /// What follows for the use.
    pub const fn judgement(self) -> Judgement {
        match self {
            Self::A | Self::B => Judgement::Ok,
            Self::C => Judgement::Repair,
            Self::D => Judgement::Stop,
            Self::Incomplete => Judgement::Hold,
        }
    }

    /// As it stands on papers.
    pub const fn label(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::Incomplete => "INCOMPLETE",
        }
    }
}

/// What follows for the use of a unit (使用の判断).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It may be used.
    Ok,
    /// It may be used only with a measure and a day by which it is repaired.
    Repair,
    /// It may not be used.
    Stop,
    /// Not decided, since the inspection is not complete.
    Hold,
}

impl Judgement {
    /// The key in the ledgers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Repair => "repair",
            Self::Stop => "stop",
            Self::Hold => "hold",
        }
    }

    /// The judgement of a key.
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Ok, Self::Repair, Self::Stop, Self::Hold].into_iter().find(|judgement| judgement.key() == key)
    }
}

/// What an inspection comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Graded {
    /// The worst wear; none where no part was inspected.
    pub deterioration: Option<Wear>,
    /// The highest hazard level; 0 where there is none.
    pub hazard_max: u8,
    /// The overall grade.
    pub overall: Overall,
}

/// Grades an inspection by its parts and the hazard levels that were found.
pub fn grade(parts: &[Part], hazards: &[u8]) -> Worked<Graded> {
    let deterioration = parts.iter().filter_map(|part| part.wear).max();
    let hazard_max = hazards.iter().copied().max().unwrap_or(0);
    let by_wear = deterioration.map_or(Overall::A, Wear::overall);
    let by_hazard = match hazard_max {
        0 => Overall::A,
        1 => Overall::B,
        2 => Overall::C,
        _ => Overall::D,
    };
    let worst = by_wear.max(by_hazard);
    let mut steps = vec![
        step(
            "劣化の判定は最も悪い部材",
            deterioration.map_or("点検した部材がありません".to_owned(), |wear| wear.key().to_owned()),
        ),
        step("ハザードは最も高いレベル", format!("レベル{hazard_max} → {}", by_hazard.label())),
    ];
    let missing: Vec<&str> =
        parts.iter().filter(|part| part.is_required && part.wear.is_none()).map(|part| part.name.as_str()).collect();
    let is_incomplete = !missing.is_empty() || deterioration.is_none();
    let overall = if is_incomplete && worst != Overall::D {
        let detail =
            if missing.is_empty() { "部材の劣化診断がありません".to_owned() } else { missing.join("、") };
        steps.push(step("点検していない部材があれば未完了", detail));
        Overall::Incomplete
    } else {
        steps.push(step("総合判定は劣化とハザードの悪いほう", worst.label()));
        worst
    };
    Worked::new(Graded { deterioration, hazard_max, overall }, steps)
}

/// The grade that counts, where whoever signs has set another than the rule's.
///
/// # Errors
/// What is missing, in a sentence: a better grade needs a reason and a qualification number, a worse one a reason, and an
/// inspection that is not complete can only be called D.
pub fn decide(by_rule: Overall, set: Option<Overall>, reason: &str, qualification: &str) -> Result<Overall, String> {
    let Some(set) = set.filter(|set| *set != by_rule) else { return Ok(by_rule) };
    if by_rule == Overall::Incomplete && set != Overall::D {
        return Err(
            "点検していない部材があるため、Dのほかの判定にはできません。残りの部材を点検してください。".to_owned()
        );
    }
    if reason.trim().is_empty() {
        return Err(format!("規則による判定（{}）と違う判定にするときは、理由を書いてください。", by_rule.label()));
    }
    let is_better = by_rule != Overall::Incomplete && set < by_rule;
    if is_better && qualification.trim().is_empty() {
        return Err(format!(
            "規則による判定（{}）より良い判定にできるのは点検の有資格者だけです。資格の番号を書いてください。",
            by_rule.label()
        ));
    }
    Ok(set)
}

/// Reads `chain:b;hanger:x` as the command line gives it.
///
/// # Errors
/// Which piece can't be read.
pub fn parse_parts(text: &str) -> Result<Vec<Part>, String> {
    pieces(text)
        .map(|piece| {
            let (name, letter) = piece.rsplit_once(':').ok_or_else(|| unreadable("部材", piece, "部材名:a"))?;
            let wear = Wear::from_key(letter.trim());
            if wear.is_none() && letter.trim() != "x" {
                return Err(unreadable("部材", piece, "a・b・c・d か、点検していなければ x"));
            }
            Ok(Part { name: name.trim().to_owned(), wear, is_required: true })
        })
        .collect()
}

/// Reads `gap:1;clearance:0`.
///
/// # Errors
/// Which piece can't be read.
pub fn parse_hazards(text: &str) -> Result<Vec<u8>, String> {
    let level = |piece: &str| {
        let level = piece.rsplit_once(':').and_then(|(_, level)| level.trim().parse::<u8>().ok());
        level.filter(|level| *level <= 3).ok_or_else(|| unreadable("ハザード", piece, "項目:0〜3"))
    };
    pieces(text).map(level).collect()
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', '；']).map(str::trim).filter(|piece| !piece.is_empty())
}

fn unreadable(what: &str, piece: &str, form: &str) -> String {
    format!("{what}「{piece}」を読めません。{form} の形で書いてください。")
}

/// The steps of a grade, for whoever shows them.
pub fn explained(steps: &[Step]) -> String {
    steps.iter().map(|step| format!("{}：{}", step.rule, step.detail)).collect::<Vec<_>>().join(" → ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_grade_needs_its_reasons() {
        let decide = |rule, set, reason, number| decide(rule, Some(set), reason, number);
        assert_eq!(decide(Overall::C, Overall::C, "", ""), Ok(Overall::C));
        assert_eq!(decide(Overall::B, Overall::D, "ぐらつき", ""), Ok(Overall::D));
        assert!(decide(Overall::B, Overall::D, " ", "").is_err_and(|said| said.contains("理由")));
        assert!(decide(Overall::C, Overall::B, "再測定", "").is_err_and(|said| said.contains("資格")));
        assert_eq!(decide(Overall::C, Overall::B, "再測定", "第123号"), Ok(Overall::B));
        assert!(decide(Overall::Incomplete, Overall::A, "見た", "第123号").is_err());
        assert_eq!(decide(Overall::Incomplete, Overall::D, "折損", ""), Ok(Overall::D));
    }

    #[test]
    fn what_need_not_be_inspected_leaves_nothing_open() {
        let part = |wear, is_required| Part { name: "支柱".to_owned(), wear, is_required };
        let parts = [part(Some(Wear::B), true), part(None, false)];
        assert_eq!(grade(&parts, &[]).value.overall, Overall::B);
        assert_eq!(grade(&[part(None, true)], &[3]).value.overall, Overall::D);
        assert!(parse_parts("chain").is_err() && parse_parts("chain:e").is_err() && parse_hazards("gap:4").is_err());
    }
}
