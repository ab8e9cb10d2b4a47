//! What is amiss with a file that could be applied (警報). A person has to look at it and say why it may go on; none of the
//! sentences tells a value of a record, since they are shown, logged and mailed to more people than the ledger is.

use kawasemi_ledger::import::FeedReport;
use kawasemi_schema::LedgerDef;

use crate::inspect::Inspection;
use crate::layout::{Layout, Mode, Sequence};
use crate::runs::{Alarm, AlarmKind, Run};

/// Under so many files nothing is said about what is usual.
const USUAL: usize = 3;
/// A file counts as written twice from so many rows that repeat others, and from this share of all, in percent.
const TWINS: (u64, u64) = (2, 20);
/// Columns count as moved where at least so many records change in several fields of text, and this share of those that are
/// there (a full file) or that change (a difference), in percent.
const MOVED: (u64, u64, u64) = (20, 50, 90);

/// A question that may raise an alarm.
type Check<'a> = fn(&Weighed<'a>) -> Option<Alarm>;

/// Everything by which a file is judged.
pub(crate) struct Weighed<'a> {
    pub layout: &'a Layout,
    pub ledger: &'a LedgerDef,
    pub run: &'a Run,
    pub found: &'a Inspection,
    pub report: &'a FeedReport,
    /// The files before it, newest first.
    pub before: &'a [Run],
    /// When a file of the same content was applied, some files ago.
    pub again: Option<String>,
    /// Whether the city is for training (教育用の市).
    pub training: bool,
    /// Only rows that were put aside are taken up; whether a later file was applied since.
    pub taken_up: Option<bool>,
}

impl<'a> Weighed<'a> {
    /// What is amiss.
    pub fn alarms(&self) -> Vec<Alarm> {
        let checks: &[Check<'a>] = match self.taken_up {
            None => &[
                Self::again,
                Self::twice,
                Self::bad,
                Self::gap,
                Self::size,
                Self::moved,
                Self::keyless,
                Self::closing,
                Self::surprises,
                Self::training,
            ],
            Some(_) => &[Self::overtaken, Self::surprises],
        };
        checks.iter().filter_map(|check| check(self)).collect()
    }

    fn training(&self) -> Option<Alarm> {
        (self.training && self.ledger.holds_personal_data()).then_some(())?;
        let said =
            "教育用の市です。本物の住民のファイルではないことを確かめ、架空のものである理由を書いて適用してください。";
        raise(AlarmKind::Training, said.to_owned())
    }

    fn again(&self) -> Option<Alarm> {
        let when = self.again.as_ref()?;
        let said =
            format!("{when}に適用したファイルと同じ中身です。古いファイルを取り違えていないか確かめてください。");
        raise(AlarmKind::Again, said)
    }

    fn twice(&self) -> Option<Alarm> {
        let Inspection { twins, rows, .. } = self.found;
        (*twins >= TWINS.0 && twins * 100 >= rows * TWINS.1).then_some(())?;
        let said = format!(
            "{rows}行のうち{twins}行が、同じファイルの前の行とまったく同じです。二重に出力されていないか確かめてください。"
        );
        raise(AlarmKind::Twice, said)
    }

    fn bad(&self) -> Option<Alarm> {
        let FeedReport { bad, rows, .. } = self.report;
        let percent = self.layout.raw.checks.bad_percent;
        is_over(*bad, *rows, percent).then_some(())?;
        raise(AlarmKind::BadRows, format!("{rows}行のうち{bad}行が誤りで、限度の{percent}%を超えています。"))
    }

    fn surprises(&self) -> Option<Alarm> {
        let count = self.report.surprises;
        (count > 0).then_some(())?;
        let said = format!(
            "台帳の今の状態と合わない行が{count}行あります（すでにある人の追加、いない人の変更）。間のファイルが抜けていないか確かめてください。"
        );
        raise(AlarmKind::Surprises, said)
    }

    fn overtaken(&self) -> Option<Alarm> {
        (self.taken_up == Some(true)).then_some(())?;
        let said =
            "この行のあとに届いたファイルを、すでに適用しています。古い内容に戻らないか、前後の値を確かめてください。";
        raise(AlarmKind::Overtaken, said.to_owned())
    }

    fn gap(&self) -> Option<Alarm> {
        let last = self.before.iter().filter_map(|run| run.sequence).max()?;
        let now = self.run.sequence?;
        (self.layout.raw.checks.sequence == Sequence::Consecutive && now > last + 1).then_some(())?;
        let said = format!("通番が{last}から{now}に飛んでいます。間のファイルが届いていないか確かめてください。");
        raise(AlarmKind::Gap, said)
    }

    fn size(&self) -> Option<Alarm> {
        let mut sizes: Vec<u64> = self.before.iter().map(|run| run.rows).collect();
        sizes.sort_unstable();
        let median = sizes.get(sizes.len() / 2).copied().filter(|_| sizes.len() >= USUAL)?;
        let (rows, checks) = (self.run.rows, &self.layout.raw.checks);
        if rows * 100 < median * u64::from(checks.shrunken_percent) {
            let said = format!(
                "{rows}件しかありません（これまでの中央値は{median}件）。相手の出力が欠けていないか確かめてください。"
            );
            return raise(AlarmKind::Shrunken, said);
        }
        (checks.grown_percent > 0 && median > 0 && rows * 100 > median * u64::from(checks.grown_percent))
            .then_some(())?;
        let said = format!(
            "{rows}件あります（これまでの中央値は{median}件）。二重に出力されていないか、別の範囲のファイルでないか確かめてください。"
        );
        raise(AlarmKind::Grown, said)
    }

    /// Columns that moved and still read: names in the place of readings, buildings in that of addresses.
    fn moved(&self) -> Option<Alarm> {
        let report = self.report;
        let (least, full, difference) = MOVED;
        let (of, percent) = match self.layout.raw.mode {
            Mode::Full => (report.updated + report.unchanged, full),
            Mode::Difference => (report.updated, difference),
        };
        let fields = report.changed.iter().filter(|(_, count)| **count >= least && **count * 100 >= of * percent);
        let labels: Vec<&str> =
            fields.map(|(key, _)| self.ledger.field(key).map_or(key.as_str(), |field| field.label.ja())).collect();
        (labels.len() >= 2).then_some(())?;
        let said = format!(
            "ほとんどの記録で「{}」がそろって変わります。列や桁がずれていないか、前後の値を確かめてください。",
            labels.join("」「")
        );
        raise(AlarmKind::Moved, said)
    }

    fn keyless(&self) -> Option<Alarm> {
        let count = self.report.keyless;
        (self.layout.raw.mode == Mode::Full && count > 0).then_some(())?;
        let said = format!("だれの行か読めない行が{count}行あるので、ファイルにない記録の消除は行いません。");
        raise(AlarmKind::Keyless, said)
    }

    fn closing(&self) -> Option<Alarm> {
        let (report, percent) = (self.report, self.layout.raw.checks.closed_percent);
        let known = report.updated + report.unchanged + report.closed;
        (self.layout.raw.mode == Mode::Full && is_over(report.closed, known, percent)).then_some(())?;
        let count = report.closed;
        let said = format!("ファイルにないために消除される記録が{count}件あり、限度の{percent}%を超えています。");
        raise(AlarmKind::Closing, said)
    }
}

fn raise(kind: AlarmKind, message: String) -> Option<Alarm> {
    Some(Alarm { kind, message })
}

fn is_over(count: u64, of: u64, percent: u8) -> bool {
    count > 0 && count * 100 > of * u64::from(percent)
}
