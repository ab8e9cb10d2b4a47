//! The board at a glance: which initiatives are asked for, and how many of them stand where.

use super::Board;
use crate::acts::report::YEAR_END;
use crate::kernel::RecordId;
use crate::records::Initiative;
use crate::rules::Progress;

/// What a visitor of the board wants to see. Nothing set is everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of this department.
    pub department: Option<RecordId>,
    /// Under this theme.
    pub theme: Option<RecordId>,
    /// In this state.
    pub standing: Option<Standing>,
    /// With this disposition.
    pub disposition: Option<String>,
}

/// How an initiative stands, as the board's filter and tiles name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// With a progress.
    Progress(Progress),
    /// Behind or stalled.
    Late,
    /// Past its deadline and not finished.
    Overdue,
    /// Without any report.
    NotReported,
    /// Without the report of the quarter that ended last.
    ReportDue,
}

impl Standing {
    /// Every standing that can be asked for, in order.
    pub const ALL: [Self; 10] = [
        Self::ReportDue,
        Self::Overdue,
        Self::Late,
        Self::Progress(Progress::Ahead),
        Self::Progress(Progress::OnTrack),
        Self::Progress(Progress::Behind),
        Self::Progress(Progress::Stalled),
        Self::Progress(Progress::Done),
        Self::Progress(Progress::Cancelled),
        Self::NotReported,
    ];

    /// The key in addresses.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Progress(progress) => progress.key(),
            Self::Late => "late",
            Self::Overdue => "overdue",
            Self::NotReported => "not-reported",
            Self::ReportDue => "report-due",
        }
    }

    /// What the staff call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Progress(progress) => progress.label(),
            Self::Late => "遅れている（やや遅れ・遅れ）",
            Self::Overdue => "期限を過ぎた",
            Self::NotReported => "一度も報告がない",
            Self::ReportDue => "今期の報告がまだ",
        }
    }

    /// The standing with a key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.key() == key)
    }
}

/// How many initiatives stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All.
    pub all: usize,
    /// Finished.
    pub done: usize,
    /// On track or ahead.
    pub well: usize,
    /// Behind or stalled.
    pub late: usize,
    /// Without any report.
    pub not_reported: usize,
    /// Without the report of the quarter that ended last.
    pub report_due: usize,
    /// Given up.
    pub cancelled: usize,
    /// Past the deadline, whatever was reported.
    pub overdue: usize,
}

impl Board {
    /// Whether an initiative stands so.
    pub fn stands(&self, one: &Initiative, standing: Standing) -> bool {
        match standing {
            Standing::Progress(progress) => one.status == Some(progress),
            Standing::Late => matches!(one.status, Some(Progress::Behind | Progress::Stalled)),
            Standing::Overdue => self.deadline(one).is_overdue(),
            Standing::NotReported => one.status.is_none(),
            Standing::ReportDue => self.lacks_report(one),
        }
    }

    /// Whether the report of the quarter that ended last is still to come. What was finished or given up within the year is
    /// reported on once more, at its end.
    fn lacks_report(&self, one: &Initiative) -> bool {
        let Some(phase) = self.phase else { return false };
        let is_closed = one.status.is_some_and(Progress::is_closed) && phase != YEAR_END;
        !is_closed && self.reviews(one.id).iter().all(|review| review.phase != phase)
    }

    /// The initiatives that are wanted, in order.
    pub fn wanted<'a>(&'a self, wanted: &'a Wanted) -> impl Iterator<Item = &'a Initiative> + Clone {
        self.initiatives.iter().filter(|one| {
            wanted.department.is_none_or(|id| one.department == Some(id))
                && wanted.theme.is_none_or(|id| one.theme == Some(id))
                && wanted.standing.is_none_or(|standing| self.stands(one, standing))
                && wanted.disposition.as_deref().is_none_or(|key| one.disposition.as_deref().unwrap_or("none") == key)
        })
    }

    /// The initiatives of a department, and of one theme or of those without one.
    pub fn cell(&self, department: RecordId, theme: Option<RecordId>) -> impl Iterator<Item = &Initiative> + Clone {
        self.initiatives.iter().filter(move |one| one.department == Some(department) && one.theme == theme)
    }

    /// Counts initiatives by where they stand.
    pub fn tally<'a>(&self, initiatives: impl Iterator<Item = &'a Initiative>) -> Tally {
        let mut tally = Tally::default();
        for one in initiatives {
            tally.all += 1;
            tally.report_due += usize::from(self.lacks_report(one));
            tally.overdue += usize::from(self.deadline(one).is_overdue());
            match one.status {
                Some(Progress::Done) => tally.done += 1,
                Some(Progress::Ahead | Progress::OnTrack) => tally.well += 1,
                Some(Progress::Behind | Progress::Stalled) => tally.late += 1,
                Some(Progress::Cancelled) => tally.cancelled += 1,
                None => tally.not_reported += 1,
            }
        }
        tally
    }
}
