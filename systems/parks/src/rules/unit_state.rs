//! The states of a unit of playground equipment, and what leads from one to the next.
//!
//! ```text
//! in use ⇄ restricted (C) → stopping (D found) → stopped → repaired → reinspected → in use
//!                                                                   any → removed
//! ```
//!
//! `stopping` stands between finding D and the proof that nobody can use the unit: the notice, the fence, the public map and
//! the work order. How long that takes is measured. Only a qualified inspection (periodic, detailed or initial) takes a unit on
//! after a repair; a daily one can make things worse, never better, once a stop was found necessary.

use super::grade::Judgement;

/// The state of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// 使用中.
    InUse,
    /// 制限つきで使用中.
    Restricted,
    /// 使用停止の措置中.
    Stopping,
    /// 使用停止.
    Stopped,
    /// 修理済み・再点検待ち.
    Repaired,
    /// 再点検済み・再開待ち.
    Reinspected,
    /// 撤去.
    Removed,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::InUse,
        Self::Restricted,
        Self::Stopping,
        Self::Stopped,
        Self::Repaired,
        Self::Reinspected,
        Self::Removed,
    ];

    /// The key in the ledger.
    pub const fn key(self) -> &'static str {
        match self {
            Self::InUse => "in-use",
            Self::Restricted => "restricted",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Repaired => "repaired",
            Self::Reinspected => "reinspected",
            Self::Removed => "removed",
        }
    }

    /// The state of a key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }

    /// Its name for the staff.
    pub const fn label(self) -> &'static str {
        match self {
            Self::InUse => "使用中",
            Self::Restricted => "制限つきで使用中",
            Self::Stopping => "使用停止の措置中",
            Self::Stopped => "使用停止",
            Self::Repaired => "修理済み・再点検待ち",
            Self::Reinspected => "再点検済み・再開待ち",
            Self::Removed => "撤去",
        }
    }
}

/// What happens to a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was inspected.
    Inspected {
        /// With this result.
        judgement: Judgement,
        /// By somebody with a qualification: a periodic, detailed or initial inspection.
        is_qualified: bool,
    },
    /// Its use was stopped, with all that belongs to it.
    Stopped,
    /// It was repaired.
    Repaired,
    /// It is used again.
    Released {
        /// Whether the reinspection still asks for a repair.
        with_measure: bool,
    },
    /// It was taken away.
    Removed,
}

/// The state after an event.
///
/// # Errors
/// Why it can't be, in a sentence for the person who tried.
pub fn next(state: State, event: Event) -> Result<State, &'static str> {
    use State as S;
    match (state, event) {
        (S::Removed, _) => Err("撤去した遊具です。"),
        (_, Event::Removed) => Ok(S::Removed),
        (_, Event::Inspected { judgement, is_qualified }) => Ok(inspected(state, judgement, is_qualified)),
        (S::Stopped, Event::Stopped) => Err("この遊具は、すでに使用停止になっています。"),
        (_, Event::Stopped) => Ok(S::Stopped),
        (S::Stopped | S::Restricted, Event::Repaired) => Ok(S::Repaired),
        (S::Stopping, Event::Repaired) => Err("先に使用停止（掲示・囲い・地図・作業指示）を記録してください。"),
        (_, Event::Repaired) => Err("修理を記録できるのは、使用停止か制限つきの遊具です。"),
        (S::Reinspected, Event::Released { with_measure }) => Ok(if with_measure { S::Restricted } else { S::InUse }),
        (_, Event::Released { .. }) => {
            Err("使用を再開できるのは、修理のあと再点検で使用できると判定された遊具だけです。")
        }
    }
}

fn inspected(state: State, judgement: Judgement, is_qualified: bool) -> State {
    use State as S;
    match (state, judgement) {
        (S::InUse | S::Restricted, Judgement::Stop) => S::Stopping,
        (S::InUse | S::Restricted, Judgement::Repair) => S::Restricted,
        (S::InUse, Judgement::Ok) => S::InUse,
        // A measure that is in place is lifted by somebody who is qualified to say so.
        (S::Restricted, Judgement::Ok) if is_qualified => S::InUse,
        (S::Stopping, Judgement::Ok) if is_qualified => S::InUse,
        (S::Stopping, Judgement::Repair) if is_qualified => S::Restricted,
        (S::Repaired | S::Reinspected, Judgement::Stop) => S::Stopped,
        (S::Repaired, Judgement::Ok | Judgement::Repair) if is_qualified => S::Reinspected,
        (state, _) => state,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspect(state: State, judgement: Judgement, is_qualified: bool) -> State {
        next(state, Event::Inspected { judgement, is_qualified }).unwrap()
    }

    #[test]
    fn the_way_from_a_finding_back_to_use() {
        let state = inspect(State::InUse, Judgement::Stop, false);
        assert_eq!(state, State::Stopping);
        assert!(next(state, Event::Repaired).is_err() && next(state, Event::Released { with_measure: false }).is_err());
        let state = next(state, Event::Stopped).unwrap();
        assert!(next(state, Event::Stopped).is_err());
        assert_eq!(inspect(state, Judgement::Ok, true), State::Stopped, "no inspection undoes a stop without a repair");
        let state = next(state, Event::Repaired).unwrap();
        assert_eq!(inspect(state, Judgement::Ok, false), State::Repaired, "a daily inspection is not enough");
        let state = inspect(state, Judgement::Ok, true);
        assert_eq!(next(state, Event::Released { with_measure: false }), Ok(State::InUse));
        assert_eq!(next(state, Event::Released { with_measure: true }), Ok(State::Restricted));
        assert_eq!(inspect(state, Judgement::Stop, false), State::Stopped);
    }

    #[test]
    fn what_is_not_complete_changes_nothing_and_what_is_gone_stays_gone() {
        for state in State::ALL {
            assert_eq!(State::from_key(state.key()), Some(state));
            let held = next(state, Event::Inspected { judgement: Judgement::Hold, is_qualified: true });
            assert_eq!(held.ok(), (state != State::Removed).then_some(state));
        }
        assert!(next(State::Removed, Event::Stopped).is_err());
        assert_eq!(inspect(State::Restricted, Judgement::Ok, false), State::Restricted);
        assert_eq!(inspect(State::Stopping, Judgement::Ok, false), State::Stopping);
    }
}
