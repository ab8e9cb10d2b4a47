//! From when until when an account holds, and in which hours of the day.
//!
//! For accounts of others than the staff: members of outside organisations until a day, vendors during approved maintenance. What
//! is not said does not limit the staff, and does limit a vendor: without an approved time there is none.

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use kawasemi_kernel::context::civil_date_time;

use crate::caller::AccountKind;
use crate::error::{IdentityError, Result};
use crate::identity::instant;

/// When an account holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Validity {
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    hours: Option<Hours>,
}

/// Hours of the day, in the city.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hours {
    from: Time,
    until: Time,
}

impl Hours {
    /// Reads `08:30-17:00`; the second after the first on the same day.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, until) = text.split_once('-')?;
        let (from, until) = (time(from)?, time(until)?);
        (from < until).then_some(Self { from, until })
    }
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

impl Validity {
    /// From what is stored.
    pub fn read(from: Option<i64>, until: Option<i64>, hours: Option<String>) -> Result<Self> {
        let hours = match hours {
            None => None,
            Some(text) => {
                let said = || IdentityError::internal(format!("hours of an account that are none: {text}"));
                Some(Hours::parse(&text).ok_or_else(said)?)
            }
        };
        Ok(Self { from: from.map(instant).transpose()?, until: until.map(instant).transpose()?, hours })
    }

    /// Whether an account of a kind holds at an instant.
    pub fn holds(&self, kind: AccountKind, at: Timestamp) -> bool {
        let needs_end = matches!(kind, AccountKind::Outside | AccountKind::Vendor);
        let until = self.until.map_or(!needs_end, |until| at < until);
        until && self.from.is_none_or(|from| from <= at) && self.hours.is_none_or(|hours| hours.contain(at))
    }

    /// When what holds at an instant ends at the latest.
    pub fn ends(&self, at: Timestamp) -> Option<Timestamp> {
        let of_day = self.hours.map(|hours| hours.end_after(at));
        [self.until, of_day].into_iter().flatten().min()
    }
}

impl Hours {
    fn contain(self, at: Timestamp) -> bool {
        let now = civil_date_time(at).time();
        self.from <= now && now < self.until
    }

    fn end_after(self, at: Timestamp) -> Timestamp {
        let left = civil_date_time(at).time().duration_until(self.until);
        at.saturating_add(left.max(SignedDuration::ZERO)).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("{text}:00+09:00").parse().unwrap()
    }

    #[test]
    fn others_than_the_staff_need_an_end() {
        let none = Validity::default();
        let now = at("2026-06-01T10:00");
        assert!(none.holds(AccountKind::Staff, now) && none.holds(AccountKind::Service, now));
        assert!(!none.holds(AccountKind::Outside, now) && !none.holds(AccountKind::Vendor, now));
    }

    #[test]
    fn it_holds_from_until_and_within_hours() {
        let of = |instant: &str| Some(at(instant).as_microsecond());
        let some = Validity::read(of("2026-06-01T09:00"), of("2026-06-03T00:00"), Some("08:30-17:00".into())).unwrap();
        let holds = |instant: &str| some.holds(AccountKind::Vendor, at(instant));
        assert!(!holds("2026-06-01T08:59"));
        assert!(holds("2026-06-01T09:00"));
        assert!(!holds("2026-06-01T17:00"));
        assert!(!holds("2026-06-02T08:29"));
        assert!(holds("2026-06-02T16:59"));
        assert!(!holds("2026-06-03T09:00"));
        assert_eq!(some.ends(at("2026-06-01T09:00")), Some(at("2026-06-01T17:00")));
    }

    #[test]
    fn hours_are_read_strictly() {
        assert!(Hours::parse("8:30-17:00").is_some());
        for bad in ["", "8-17", "17:00-8:30", "08:30-24:30", "x:y-1:2", "08:30"] {
            assert!(Hours::parse(bad).is_none(), "{bad}");
        }
    }
}
