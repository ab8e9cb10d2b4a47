//! Whose word counts when the paper and the ledger differ: the paper's correction or the clerk's change.
//!
//! The ledger keeps what the last paper said. Where the record still says the same, nobody touched it, and a corrected paper
//! corrects it. Where it says something else, a clerk changed it here: that stays, and the import says so.

/// What becomes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The record says what the paper says: nothing to do.
    Stays,
    /// A clerk changed it, and the paper says what it said before: it stays, with a remark.
    Differs,
    /// The paper's word is taken over.
    Taken,
    /// Paper and clerk both changed it: the clerk's word stays, with a remark.
    Kept,
}

/// Settles a field. `last` is what the last paper said, `now` what the record says, `stated` what this paper says.
pub fn settle<T: PartialEq>(last: Option<&T>, now: Option<&T>, stated: &T) -> Settled {
    match (last, now) {
        (_, Some(now)) if now == stated => Settled::Stays,
        (Some(last), _) if last == stated => Settled::Differs,
        (_, None) => Settled::Taken,
        (Some(last), Some(now)) if last == now => Settled::Taken,
        _ => Settled::Kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_is_taken_and_a_clerks_change_stays() {
        use Settled::{Differs, Kept, Stays, Taken};
        for (last, now, stated, expected) in [
            (Some("a"), Some("a"), "a", Stays),
            (Some("a"), Some("a"), "b", Taken),
            (Some("a"), Some("clerk"), "a", Differs),
            (Some("a"), Some("clerk"), "b", Kept),
            (Some("a"), Some("b"), "b", Stays),
            (None, Some("clerk"), "b", Kept),
            (None, None, "b", Taken),
            (Some("a"), None, "b", Taken),
            // A clerk emptied it, and the paper has nothing new to say.
            (Some("a"), None, "a", Differs),
        ] {
            assert_eq!(settle(last.as_ref(), now.as_ref(), &stated), expected, "{last:?} {now:?} {stated}");
        }
    }
}
