//! The states of a report, which may follow which, and what Open311 and FixMyStreet call them.

/// A state of a report (対応).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Received (受付).
    Received,
    /// Being looked into (調査中).
    Investigating,
    /// A repair is planned (対応予定).
    Scheduled,
    /// Being repaired (対応中).
    InProgress,
    /// The reporter was asked something (通報者に確認中).
    WaitingReporter,
    /// Passed on to another authority (他機関へ連絡).
    OtherAuthority,
    /// Fixed (完了).
    Done,
    /// Nothing is to be done (対応不要).
    NoAction,
    /// Another report tells of the same (重複).
    Duplicate,
    /// Withdrawn (取下げ).
    Cancelled,
}

impl State {
    /// All of them, in the order of the ledger.
    pub const ALL: [Self; 10] = [
        Self::Received,
        Self::Investigating,
        Self::Scheduled,
        Self::InProgress,
        Self::WaitingReporter,
        Self::OtherAuthority,
        Self::Done,
        Self::NoAction,
        Self::Duplicate,
        Self::Cancelled,
    ];

    /// The key in the ledger.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Investigating => "investigating",
            Self::Scheduled => "scheduled",
            Self::InProgress => "in-progress",
            Self::WaitingReporter => "waiting-reporter",
            Self::OtherAuthority => "other-authority",
            Self::Done => "done",
            Self::NoAction => "no-action",
            Self::Duplicate => "duplicate",
            Self::Cancelled => "cancelled",
        }
    }

    /// What staff read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Received => "受付",
            Self::Investigating => "調査中",
            Self::Scheduled => "対応予定",
            Self::InProgress => "対応中",
            Self::WaitingReporter => "通報者に確認中",
            Self::OtherAuthority => "他機関へ連絡",
            Self::Done => "完了",
            Self::NoAction => "対応不要",
            Self::Duplicate => "重複",
            Self::Cancelled => "取下げ",
        }
    }

    /// The state of a key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }

    /// Whether nothing more is to come.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Done | Self::NoAction | Self::Duplicate | Self::Cancelled)
    }

    /// Whether the clock stands.
    pub const fn pauses(self) -> bool {
        matches!(self, Self::WaitingReporter | Self::OtherAuthority)
    }

    /// What Open311 knows: `open` or `closed`. What was passed on is not the city's any more.
    pub const fn open311(self) -> &'static str {
        if self.is_closed() || matches!(self, Self::OtherAuthority) { "closed" } else { "open" }
    }

    /// The extended status, as FixMyStreet's consoles send and read it.
    pub const fn extended(self) -> &'static str {
        match self {
            Self::Received => "OPEN",
            Self::Investigating | Self::WaitingReporter => "INVESTIGATING",
            Self::Scheduled => "ACTION_SCHEDULED",
            Self::InProgress => "IN_PROGRESS",
            Self::OtherAuthority => "NOT_COUNCILS_RESPONSIBILITY",
            Self::Done => "FIXED",
            Self::NoAction => "NO_FURTHER_ACTION",
            Self::Duplicate => "DUPLICATE",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// The state that a status of another program means; plain `open` and `closed` included, in any case and with spaces as
    /// FixMyStreet's own exports have them.
    pub fn from_extended(status: &str) -> Option<Self> {
        let status = status.trim().to_ascii_uppercase().replace([' ', '-'], "_");
        Some(match status.as_str() {
            "OPEN" | "CONFIRMED" | "FOR_TRIAGE" | "REOPEN" | "REOPENED" | "SUBMITTED" | "RECEIVED" => Self::Received,
            "INVESTIGATING" | "PLANNED_INVESTIGATION" => Self::Investigating,
            "IN_PROGRESS" => Self::InProgress,
            "ACTION_SCHEDULED" | "PLANNED" => Self::Scheduled,
            "FIXED" | "FIXED___COUNCIL" | "FIXED___USER" | "CLOSED" => Self::Done,
            "NO_FURTHER_ACTION" | "UNABLE_TO_FIX" => Self::NoAction,
            "NOT_COUNCILS_RESPONSIBILITY" | "NOT_RESPONSIBLE" | "INTERNAL_REFERRAL" => Self::OtherAuthority,
            "DUPLICATE" => Self::Duplicate,
            "CANCELLED" | "CANCELED" | "HIDDEN" => Self::Cancelled,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_keep_their_names() {
        for state in State::ALL {
            assert_eq!(State::from_key(state.key()), Some(state));
            let back = State::from_extended(state.extended());
            assert_eq!(back.map(State::extended), Some(state.extended()), "{state:?}");
        }
        assert_eq!(State::from_key("gone"), None);
        assert_eq!(State::from_extended("fixed - council"), Some(State::Done));
        assert_eq!(State::from_extended("investigating"), Some(State::Investigating));
        assert_eq!(State::from_extended("whatever"), None);
    }

    #[test]
    fn open_and_closed_are_as_open311_has_them() {
        let open: Vec<&str> =
            State::ALL.into_iter().filter(|state| state.open311() == "open").map(State::extended).collect();
        assert_eq!(open, ["OPEN", "INVESTIGATING", "ACTION_SCHEDULED", "IN_PROGRESS", "INVESTIGATING"]);
    }
}
