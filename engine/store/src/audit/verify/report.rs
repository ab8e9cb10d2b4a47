//! What a verification answers: whether the trail holds, and where it first breaks.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How many findings a report names; of the others it knows the number.
const NAMED: usize = 20;

/// The outcome of a verification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// Whether nothing was found.
    pub ok: bool,
    /// The first place at which the trail breaks, in the order of the city's sequence.
    pub first_broken: Option<Broken>,
    /// The first findings, that one included.
    pub findings: Vec<Broken>,
    /// How many findings there are.
    pub broken: u64,
    /// Entries that were looked at.
    pub entries: u64,
    /// Records and other things that have a trail.
    pub records: u64,
    /// Signed checkpoints.
    pub checkpoints: u64,
    /// The last sealed place of the sequence; 0 where nothing is sealed.
    pub sealed_to: i64,
    /// Entries that are not sealed yet, those of unpublished work included.
    pub unsealed: u64,
    /// Entries whose payload was erased lawfully.
    pub erased: u64,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// The place in the city's sequence; none where what is broken has none.
    pub seq: Option<i64>,
    /// The ledger, or the name of what else was done.
    pub ledger: Option<String>,
    /// The record.
    pub record: Option<Uuid>,
    /// The record's revision.
    pub revision: Option<i64>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Problem {
    /// The entry's hash is not that of what it says.
    EntryAltered,
    /// The payload is not the one that was written.
    PayloadAltered,
    /// The payload is gone without a tombstone.
    PayloadMissing,
    /// The payload is gone, and the tombstone is not one that the city signed.
    TombstoneInvalid,
    /// The entry does not follow the one before it in the record.
    ChainBroken,
    /// Entries of the record before this one are gone.
    RevisionMissing,
    /// There is no entry at this place of the sequence.
    EntryMissing,
    /// The entry has a place in the sequence that no checkpoint seals.
    PlaceUnsealed,
    /// The entry is not where its time and id belong.
    OutOfOrder,
    /// The entry is sealed, but hidden as that of an unpublished batch.
    Hidden,
    /// The entries of a checkpoint are not those that were signed.
    RootDiffers {
        /// The checkpoint's number.
        checkpoint: i64,
        /// Its last place; the first is that of the finding.
        last: i64,
    },
    /// A checkpoint is gone.
    CheckpointMissing {
        /// Its number.
        checkpoint: i64,
    },
    /// A checkpoint is not what was signed, or does not follow the one before it.
    CheckpointAltered {
        /// Its number.
        checkpoint: i64,
    },
    /// A checkpoint was signed with a key that is not the city's.
    KeyUnknown {
        /// Its number.
        checkpoint: i64,
    },
    /// The copy outside the database lacks a checkpoint.
    CopyMissing {
        /// Its number.
        checkpoint: i64,
    },
    /// The copy outside the database has another checkpoint, or a line that can't be read.
    CopyDiffers {
        /// Its number.
        checkpoint: i64,
    },
    /// The checkpoint that was kept elsewhere is not in the database.
    WitnessDiffers {
        /// Its number.
        checkpoint: i64,
    },
    /// The record's row is gone.
    RowMissing,
    /// The record's row is not what the last entry left.
    RowAltered {
        /// The field or property that differs.
        what: String,
    },
    /// The record's last entries are gone: its row has a later revision.
    LastEntryMissing,
    /// There is a row without any entry.
    RowUnaudited,
    /// A published definition is not what its trail says.
    DefinitionAltered {
        /// The version.
        version: i64,
    },
}

impl Broken {
    /// A finding about a checkpoint, at a place of the sequence.
    pub(super) fn at(seq: i64, problem: Problem) -> Self {
        Self { seq: Some(seq), ledger: None, record: None, revision: None, problem }
    }

    /// By what findings are ordered: their place; a root that differs counts at its last place, since an entry in between
    /// says more, and so does an edited entry on either side of one that is out of order.
    fn rank(&self) -> (i64, u8) {
        match self.problem {
            Problem::RootDiffers { last, .. } => (last, 1),
            Problem::OutOfOrder => (self.seq.map_or(i64::MAX, |seq| seq + 1), 1),
            _ => (self.seq.unwrap_or(i64::MAX), 0),
        }
    }
}

impl VerifyReport {
    pub(super) fn add(&mut self, broken: Broken) {
        self.broken += 1;
        let position = self.findings.partition_point(|known| known.rank() <= broken.rank());
        if position < NAMED {
            self.findings.insert(position, broken);
            self.findings.truncate(NAMED);
        }
    }

    pub(super) fn finished(mut self) -> Self {
        self.ok = self.broken == 0;
        self.first_broken = self.findings.first().cloned();
        self
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut place = Vec::new();
        place.extend(self.seq.map(|seq| format!("通し番号 {seq}")));
        place.extend(self.ledger.as_ref().map(|ledger| format!("台帳 {ledger}")));
        place.extend(self.record.map(|record| format!("記録 {record}")));
        place.extend(self.revision.map(|revision| format!("第{revision}版")));
        if !place.is_empty() {
            write!(f, "{}: ", place.join("、"))?;
        }
        self.problem.fmt(f)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EntryAltered => f.write_str("監査の記録が書き換えられています。"),
            Self::PayloadAltered => f.write_str("監査の記録の内容が書き換えられています。"),
            Self::PayloadMissing => f.write_str("監査の記録の内容が、廃棄の手続きなしに消されています。"),
            Self::TombstoneInvalid => f.write_str("内容を廃棄したという証が、この市の署名ではありません。"),
            Self::ChainBroken => f.write_str("直前の監査の記録とつながっていません。"),
            Self::RevisionMissing => f.write_str("これより前の監査の記録が抜けています。"),
            Self::EntryMissing => f.write_str("監査の記録が抜けています。"),
            Self::PlaceUnsealed => f.write_str("検印のない通し番号が付いています。"),
            Self::OutOfOrder => f.write_str("監査の記録の順序が入れ替えられています。"),
            Self::Hidden => f.write_str("公開済みの記録が、未公開の取込として隠されています。"),
            Self::RootDiffers { checkpoint, last } => {
                write!(f, "検印 {checkpoint} が封じた記録（通し番号 {last} まで）が、署名したときと違います。")
            }
            Self::CheckpointMissing { checkpoint } => write!(f, "検印 {checkpoint} がデータベースから消されています。"),
            Self::CheckpointAltered { checkpoint } => write!(f, "検印 {checkpoint} が書き換えられています。"),
            Self::KeyUnknown { checkpoint } => {
                write!(f, "検印 {checkpoint} の署名は、この市の鍵によるものではありません。")
            }
            Self::CopyMissing { checkpoint } => {
                write!(f, "データベースの外に置いた写しに、検印 {checkpoint} がありません。")
            }
            Self::CopyDiffers { checkpoint } => {
                write!(f, "データベースの外に置いた写しの検印 {checkpoint} が、データベースと違います。")
            }
            Self::WitnessDiffers { checkpoint } => {
                write!(f, "別に保管した検印 {checkpoint} と同じものが、データベースにありません。")
            }
            Self::RowMissing => f.write_str("台帳の記録が、監査の記録なしに消されています。"),
            Self::RowAltered { what } => {
                write!(f, "台帳の記録の「{what}」が、監査の記録なしに書き換えられています。")
            }
            Self::LastEntryMissing => f.write_str("これより後の監査の記録が抜けています。"),
            Self::RowUnaudited => f.write_str("台帳に、監査の記録のない記録があります。"),
            Self::DefinitionAltered { version } => {
                write!(f, "台帳の定義の第{version}版が、公開したときと違います。")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_finding_is_that_of_the_lowest_place() {
        let mut report = VerifyReport::default();
        let root = |seq, last| Broken::at(seq, Problem::RootDiffers { checkpoint: 1, last });
        report.add(root(1, 9));
        report.add(Broken { seq: None, ..Broken::at(0, Problem::RowUnaudited) });
        for seq in (4..40).rev() {
            report.add(Broken::at(seq, Problem::EntryAltered));
        }
        let report = report.finished();
        assert_eq!(report.first_broken, Some(Broken::at(4, Problem::EntryAltered)));
        assert_eq!((report.ok, report.broken, report.findings.len()), (false, 38, NAMED));
        assert!(report.findings.contains(&root(1, 9)));
    }
}
