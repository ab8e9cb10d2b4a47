//! Parameters of a call, checked before anything is read.

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};

use super::refusal::Refusal;
use crate::kernel::context::start_of;
use crate::platform::desk::{Cx, Entries};
use crate::records::Settings;

/// The parameters of an address.
pub struct Asked {
    entries: Entries,
}

impl Asked {
    /// Reads the address; a name that the call does not know is refused.
    ///
    /// # Errors
    /// [`Refusal`] that names it.
    pub fn of(cx: &Cx, known: &[&str]) -> Result<Self, Refusal> {
        let query = cx.path().split_once('?').map_or("", |(_, query)| query);
        let entries = Entries::from_urlencoded(query.as_bytes());
        let general = ["jurisdiction_id", "api_key", "extensions"];
        let unknown: Vec<String> = entries
            .0
            .iter()
            .map(|(name, _)| name)
            .filter(|name| !known.contains(&name.as_str()) && !general.contains(&name.as_str()))
            .map(|name| format!("The parameter {} is not known.", name.chars().take(40).collect::<String>()))
            .collect();
        if unknown.is_empty() { Ok(Self { entries }) } else { Err(Refusal::all_bad(unknown)) }
    }

    /// A parameter; empty if it is not there.
    pub fn text(&self, name: &str) -> &str {
        self.entries.text(name)
    }

    /// Whether it was sent.
    pub fn has(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// The parts of a parameter between commas.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.text(name).split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
    }

    /// An instant.
    ///
    /// # Errors
    /// [`Refusal`] when it can't be read.
    pub fn instant(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        if !self.has(name) {
            return Ok(None);
        }
        let wrong = || Refusal::bad(format!("{name} must be a date and time such as 2026-04-01T09:00:00+09:00."));
        instant(self.text(name)).map(Some).ok_or_else(wrong)
    }

    /// A span of time: what was asked for, or the latest days; never more than the city allows.
    ///
    /// # Errors
    /// [`Refusal`] when it is too long or ends before it begins.
    pub fn span(&self, now: Timestamp, settings: &Settings) -> Result<(Timestamp, Timestamp), Refusal> {
        let most = SignedDuration::from_hours(settings.list_days * 24);
        let (from, until) = match (self.instant("start_date")?, self.instant("end_date")?) {
            (Some(from), Some(until)) => (from, until),
            (Some(from), None) => (from, from + most),
            (None, Some(until)) => (until - most, until),
            (None, None) => (now - most, now),
        };
        if until < from {
            return Err(Refusal::bad("end_date is before start_date."));
        }
        if until.duration_since(from) > most {
            return Err(Refusal::bad(format!(
                "The span from start_date to end_date must not be longer than {} days.",
                settings.list_days
            )));
        }
        Ok((from, until))
    }

    /// A positive whole number.
    ///
    /// # Errors
    /// [`Refusal`] for anything else.
    pub fn count(&self, name: &str) -> Result<Option<usize>, Refusal> {
        if !self.has(name) {
            return Ok(None);
        }
        match self.text(name).parse::<usize>() {
            Ok(count) if count > 0 => Ok(Some(count)),
            _ => Err(Refusal::bad(format!("{name} must be a whole number above 0."))),
        }
    }
}

/// Refuses another jurisdiction than ours.
///
/// # Errors
/// 400 where one must be named and is not, 404 for another's.
pub fn jurisdiction(named: &str, settings: &Settings) -> Result<(), Refusal> {
    let ours = settings.jurisdiction_id.as_str();
    if named.is_empty() && settings.jurisdiction_required && !ours.is_empty() {
        return Err(Refusal::bad("jurisdiction_id was not provided."));
    }
    if !named.is_empty() && !ours.is_empty() && named != ours {
        return Err(Refusal::not_found("The jurisdiction_id was not found."));
    }
    Ok(())
}

/// An instant with a zone; without one it is the city's own time, and a date alone is its beginning. A plus sign that came unescaped
/// in an address has become a space.
pub fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>().or_else(|_| text.replacen(' ', "+", 1).parse()) {
        return Some(at);
    }
    if let Ok(day) = text.parse::<Date>()
        && text.len() <= 10
    {
        return Some(start_of(day));
    }
    let civil: DateTime = text.parse().ok()?;
    jiff::tz::offset(9).to_timestamp(civil).ok()
}

/// An instant as the city says it: `2026-04-01T09:00:00+09:00`.
pub fn written(at: Timestamp) -> String {
    let local = crate::kernel::context::civil_date_time(at);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+09:00",
        local.year(),
        local.month(),
        local.day(),
        local.hour(),
        local.minute(),
        local.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_programs_write_them() {
        let nine: Timestamp = "2026-04-01T00:00:00Z".parse().expect("an instant");
        for text in
            ["2026-04-01T09:00:00+09:00", "2026-04-01T09:00:00 09:00", "2026-04-01T00:00:00Z", "2026-04-01T09:00:00"]
        {
            assert_eq!(instant(text), Some(nine), "{text}");
        }
        assert_eq!(instant("2026-04-01").map(written).as_deref(), Some("2026-04-01T00:00:00+09:00"));
        assert_eq!(instant("yesterday"), None);
        assert_eq!(written(nine), "2026-04-01T09:00:00+09:00");
    }
}
