//! A ledger as a collection: which fields a caller may ask for and gets.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use kawasemi_kernel::geometry::plane::Zone;
use kawasemi_schema::{Action, FieldDef, FieldKind, LedgerDef};

use super::query::{equality, unknown};
use crate::problem::Problem;
use crate::request::Cx;

/// A ledger with a place on the map, opened for a caller.
pub struct Collection {
    /// The definition.
    pub def: Arc<LedgerDef>,
    /// The geometry of its features.
    pub geometry: FieldDef,
    /// The fields that the caller may see in some row, in the order of the form.
    pub fields: Vec<FieldDef>,
}

/// The zone in which a city is measured.
pub fn zone(cx: &Cx) -> Zone {
    Zone::of_city(&cx.city().city.info().code).unwrap_or_else(|| Zone::new(9).expect("there are nineteen zones"))
}

impl Collection {
    /// Opens a ledger as a collection; one that has no place on the map is none.
    pub fn open(cx: &Cx, key: &str) -> Result<Self, Problem> {
        let (def, access) = cx.ledgers().open(cx.context(), key)?;
        let geometry = cx.ledgers().geometry(cx.context(), key, None)?;
        let fields = access.visible_fields(Action::Read).cloned().collect();
        Ok(Self { def, geometry, fields })
    }

    /// All that the caller may read.
    pub fn all(cx: &Cx) -> Result<Vec<Self>, Problem> {
        let ledgers = cx.ledgers().visible(cx.context())?;
        Ok(ledgers.iter().filter_map(|def| Self::open(cx, &def.key).ok()).collect())
    }

    /// The fields by which features can be asked for.
    pub fn queryables(&self) -> impl Iterator<Item = &FieldDef> {
        self.fields.iter().filter(|field| {
            field.kind.is_geometry() || field.kind.scalar().is_some() || field.kind == FieldKind::PersonName
        })
    }

    /// The fields of properties, the geometry aside.
    pub fn properties_of(&self) -> impl Iterator<Item = &FieldDef> {
        self.fields.iter().filter(|field| field.key != self.geometry.key)
    }

    /// The fields that an answer reads.
    pub fn answered(&self, asked: Option<&[String]>) -> Vec<String> {
        let is_asked = |key: &str| asked.is_none_or(|keys| keys.iter().any(|known| known == key));
        let properties = self.properties_of().map(|field| field.key.clone()).filter(|key| is_asked(key));
        properties.chain([self.geometry.key.clone()]).collect()
    }

    /// Reads `properties=a,b`.
    pub fn properties(&self, list: &str) -> Result<Vec<String>, Problem> {
        let keys = list.split(',').map(str::trim).filter(|key| !key.is_empty());
        let known = |key: &str| self.fields.iter().any(|field| field.key == key) || key == "number";
        keys.map(|key| match known(key) {
            true => Ok(key.to_owned()),
            false => Err(unknown(key, self.fields.iter().map(|field| field.key.as_str()))),
        })
        .collect()
    }

    /// A parameter that is none of the standard's is a property and what it must be.
    pub fn equals(&self, name: &str, value: &str, known: &[&str]) -> Result<String, Problem> {
        let field = self.queryables().find(|field| field.key == name && !field.kind.is_geometry());
        match field {
            Some(field) => equality(field, value),
            None => {
                let names = known.iter().copied().chain(self.queryables().map(|field| field.key.as_str()));
                Err(unknown(name, names.collect::<Vec<_>>().into_iter()))
            }
        }
    }

    /// The field of time: that of the ledger's calendar, else its first date.
    pub fn temporal(&self) -> Option<&FieldDef> {
        let calendar = self.def.list.calendar.as_deref();
        let is_time = |field: &&FieldDef| matches!(field.kind, FieldKind::Date | FieldKind::DateTime);
        let mut times = self.fields.iter().filter(is_time);
        match calendar {
            Some(key) => times.find(|field| field.key == key),
            None => times.next(),
        }
    }

    /// `datetime` as a condition: what has no time belongs too (7.15.4). None where the ledger has no field of time.
    pub fn at_time(&self, text: &str) -> Result<Option<String>, Problem> {
        let (from, until) = interval(text)?;
        let Some(field) = self.temporal() else { return Ok(None) };
        let key = &field.key;
        let literal = |end: End, is_until: bool| match field.kind {
            FieldKind::Date => format!("DATE('{}')", end.day()),
            _ => format!("TIMESTAMP('{}')", end.instant(is_until)),
        };
        let mut conditions = Vec::new();
        conditions.extend(from.map(|from| format!("{key} >= {}", literal(from, false))));
        conditions.extend(until.map(|until| format!("{key} <= {}", literal(until, true))));
        Ok(Some(format!("({key} IS NULL OR ({}))", conditions.join(" AND "))))
    }
}

/// One end of an interval: an instant, or a whole day as many clients write it.
#[derive(Clone, Copy)]
enum End {
    Instant(Timestamp),
    Day(Date),
}

impl End {
    fn read(text: &str) -> Option<Self> {
        text.parse().map(Self::Instant).or_else(|_| text.parse().map(Self::Day)).ok()
    }

    fn day(self) -> Date {
        match self {
            Self::Instant(at) => at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).date(),
            Self::Day(day) => day,
        }
    }

    /// A day begins and ends by the city's clock.
    fn instant(self, is_until: bool) -> Timestamp {
        match self {
            Self::Instant(at) => at,
            Self::Day(day) => {
                let time =
                    if is_until { jiff::civil::time(23, 59, 59, 999_999_000) } else { jiff::civil::Time::midnight() };
                let zoned = day.to_datetime(time).to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9)));
                zoned.map(|zoned| zoned.timestamp()).unwrap_or_default()
            }
        }
    }
}

/// `a`, `a/b`, `../b`, `/b`, `a/..`, `a/`; no end at all is a mistake.
fn interval(text: &str) -> Result<(Option<End>, Option<End>), Problem> {
    let wrong = || {
        Problem::bad_request(
            "datetime は日時（RFC 3339。日付だけでもよい）か、「始め/終わり」の区間（開いた端は ..）にしてください。",
        )
    };
    let open = |text: &str| matches!(text, "" | "..");
    match text.split_once('/') {
        None => {
            let at = End::read(text).ok_or_else(wrong)?;
            Ok((Some(at), Some(at)))
        }
        Some((from, until)) if open(from) && open(until) => Err(wrong()),
        Some((from, until)) => {
            let end = |text: &str| if open(text) { Ok(None) } else { End::read(text).map(Some).ok_or_else(wrong) };
            let (from, until) = (end(from)?, end(until)?);
            match (from, until) {
                (Some(from), Some(until)) if from.instant(false) > until.instant(true) => Err(wrong()),
                ends => Ok(ends),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_as_the_standard_writes_them() {
        for text in [
            "2026-04-01T00:00:00Z",
            "2026-04-01",
            "2026-04-01/..",
            "/2026-04-01",
            "2026-04-01/2026-04-02T00:00:00+09:00",
        ] {
            assert!(interval(text).is_ok(), "{text}");
        }
        for text in ["../..", "/", "x", "2026-04-02/2026-04-01", "2026-13-01", ""] {
            assert!(interval(text).is_err(), "{text}");
        }
    }
}
