//! Dates, moments, months and fiscal years, in the common era and in 和暦.

use jiff::Timestamp;
use jiff::civil::Time;
use kawasemi_kernel::Value;
use kawasemi_kernel::context::{civil_date_time, start_of};
use kawasemi_kernel::era;
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_kernel::text::fold;
use serde_json::Value as Json;

use super::{FieldType, Parsed, Style, input};

const NO_MOMENT: &str =
    "日時の形が正しくありません。「2021-05-17 13:30」「令和3年5月17日 午後1時30分」のように入力してください。";

/// A date (年月日).
pub(super) struct Day;
/// A date and time in the city (日時).
pub(super) struct Moment;
/// A month of a year (年月).
pub(super) struct Month;
/// A fiscal year (年度).
pub(super) struct Year;

impl FieldType for Day {
    fn read_text(&self, text: &str) -> Parsed {
        let text = input::short(text)?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        era::parse_date(text).map(Value::Date).map_err(|error| error.to_string().into())
    }

    fn show(&self, value: &Value, style: &Style<'_>) -> String {
        let Some(day) = value.as_date() else { return String::new() };
        if style.wareki {
            era::long(day)
        } else if style.plain {
            day.to_string()
        } else {
            day.strftime("%Y/%m/%d").to_string()
        }
    }

    fn to_json(&self, value: &Value) -> Json {
        value.as_date().map(|day| day.to_string()).into()
    }
}

impl FieldType for Moment {
    fn read_text(&self, text: &str) -> Parsed {
        let text = input::short(text)?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        let at = text.parse::<Timestamp>().ok().map_or_else(|| civil_moment(text), Ok)?;
        // Instants are kept to the microsecond.
        let at = Timestamp::from_microsecond(at.as_microsecond()).map_err(|_| NO_MOMENT)?;
        if (0..=9999).contains(&civil_date_time(at).year()) { Ok(Value::Instant(at)) } else { Err(NO_MOMENT.into()) }
    }

    fn show(&self, value: &Value, style: &Style<'_>) -> String {
        let Value::Instant(at) = value else { return String::new() };
        let local = civil_date_time(*at);
        let has_seconds = local.second() != 0 || local.subsec_nanosecond() != 0;
        let time = local.strftime(if style.plain && has_seconds { "%H:%M:%S%.f" } else { "%H:%M" });
        format!("{} {time}", Day.show(&Value::Date(local.date()), style))
    }

    fn to_json(&self, value: &Value) -> Json {
        let Value::Instant(at) = value else { return Json::Null };
        at.display_with_offset(jiff::tz::offset(9)).to_string().into()
    }
}

/// A date, then a time of the day, in the city.
fn civil_moment(text: &str) -> Result<Timestamp, String> {
    let folded = fold(text);
    // fold() lowers the T of 2021-05-17T13:30.
    let (date, time) = split_time(&folded);
    let date = era::parse_date(date)
        .map_err(|error| if time.is_empty() { error.to_string() } else { NO_MOMENT.to_owned() })?;
    let time = if time.is_empty() { Time::midnight() } else { clock_time(time).ok_or(NO_MOMENT)? };
    let since_midnight = Time::midnight().duration_until(time);
    start_of(date).checked_add(since_midnight).map_err(|_| NO_MOMENT.to_owned())
}

/// Cuts between the date and the time: after 日, at a `t` between digits, or at the last space.
fn split_time(text: &str) -> (&str, &str) {
    if let Some((date, time)) = text.split_once('日') {
        return (&text[..date.len() + '日'.len_utf8()], time.trim());
    }
    if let Some((date, time)) = text.split_once('t').filter(|(date, _)| date.ends_with(|c: char| c.is_ascii_digit())) {
        return (date, time);
    }
    match text.split_once(' ') {
        Some((date, time)) if time.contains([':', '時']) => (date, time.trim()),
        _ => (text, ""),
    }
}

/// Reads `13:30`, `13:30:15`, `13時30分`, `午後1時30分`, `午前9時`.
fn clock_time(text: &str) -> Option<Time> {
    let (half, rest) = match (text.strip_prefix("午前"), text.strip_prefix("午後")) {
        (Some(rest), _) => (Some(0), rest),
        (_, Some(rest)) => (Some(12), rest),
        _ => (None, text),
    };
    let rest = rest.replace("時半", "時30分").replace(['時', '分', '秒'], ":");
    let mut parts = rest.trim_end_matches(':').splitn(3, ':').map(str::trim);
    let hour: i8 = parts.next()?.parse().ok()?;
    let minute: i8 = parts.next().map_or(Some(0), |part| part.parse().ok())?;
    let seconds = parts.next().unwrap_or("0");
    let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let micros: i32 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    let hour = match half {
        Some(_) if !(0..=12).contains(&hour) => return None,
        Some(base) => hour % 12 + base,
        None => hour,
    };
    Time::new(hour, minute, second.parse().ok()?, micros * 1_000).ok()
}

impl FieldType for Month {
    fn read_text(&self, text: &str) -> Parsed {
        let text = input::short(text)?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        era::parse_year_month(text).map(Value::YearMonth).map_err(|error| error.to_string().into())
    }

    /// A sheet shows `2021年5月` but keeps the first day of the month.
    fn read_cell(&self, cell: &super::Cell) -> Parsed {
        match cell {
            super::Cell::DateTime(at) => Ok(Value::YearMonth(kawasemi_kernel::YearMonth::of(at.date()))),
            super::Cell::Empty => Ok(Value::Null),
            cell => self.read_text(&cell.to_text()),
        }
    }

    fn show(&self, value: &Value, style: &Style<'_>) -> String {
        let Value::YearMonth(month) = value else { return String::new() };
        if style.wareki {
            era::long_month(*month)
        } else if style.plain {
            month.to_string()
        } else {
            format!("{:04}/{:02}", month.year(), month.month())
        }
    }

    fn to_json(&self, value: &Value) -> Json {
        match value {
            Value::YearMonth(month) => month.to_string().into(),
            _ => Json::Null,
        }
    }
}

impl FieldType for Year {
    fn read_text(&self, text: &str) -> Parsed {
        let text = input::short(text)?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        text.parse::<FiscalYear>().map(|year| Value::Int(year.year().into())).map_err(|error| error.to_string().into())
    }

    fn show(&self, value: &Value, style: &Style<'_>) -> String {
        let Some(year) = value.as_int() else { return String::new() };
        if style.plain && !style.wareki {
            return year.to_string();
        }
        let fiscal = i32::try_from(year).ok().and_then(|year| FiscalYear::new(year).ok());
        // A fiscal year has its name in 和暦 wherever people read it.
        fiscal.map_or_else(|| format!("{year}年度"), FiscalYear::label)
    }

    fn to_json(&self, value: &Value) -> Json {
        value.as_int().into()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use kawasemi_kernel::{Lang, YearMonth};
    use serde_json::json;

    use super::super::tests::{check, check_json};
    use super::*;

    fn moment(hour: i8, minute: i8) -> Value {
        let at = date(2021, 5, 17).at(hour, minute, 0, 0);
        Value::Instant(jiff::tz::offset(9).to_timestamp(at).expect("is an instant"))
    }

    #[test]
    fn reads_dates() {
        for text in ["令和3年5月17日", "R3.5.17", "2021-05-17", "２０２１/５/１７", "20210517"] {
            check(&Day, text, Ok(Value::Date(date(2021, 5, 17))));
        }
        check(&Day, "", Ok(Value::Null));
        check(&Day, "令和元年5月1日", Ok(Value::Date(date(2019, 5, 1))));
        check(&Day, "2021-02-30", Err("暦にありません"));
        check(&Day, "平成32年1月1日", Err("令和2年1月1日"));
        check(&Day, "<script>", Err("日付の形"));
    }

    #[test]
    fn reads_moments() {
        for text in [
            "2021-05-17 13:30",
            "2021-05-17T13:30:00+09:00",
            "2021-05-17T04:30:00Z",
            "2021-05-17T13:30",
            "令和3年5月17日 午後1時30分",
            "R3.5.17 13時30分",
            "令和3年5月17日午後1時半",
        ] {
            check(&Moment, text, Ok(moment(13, 30)));
        }
        check(&Moment, "2021/5/17", Ok(moment(0, 0)));
        check(&Moment, "2021/5/17 午前0時", Ok(moment(0, 0)));
        check(&Moment, "2021/5/17 午後12時5分", Ok(moment(12, 5)));
        for text in [
            "2021-05-17 25:00",
            "2021-05-17 13:-1",
            "午後",
            "2021-05-17 13:30:99",
            "2021-05-17 13:30:00.１２３４５６７x",
        ] {
            check(&Moment, text, Err("の形が正しくありません"));
        }
    }

    #[test]
    fn reads_months_and_years() {
        let may = Value::YearMonth(YearMonth::new(2021, 5).expect("is a month"));
        check(&Month, "令和3年5月", Ok(may.clone()));
        check_json(&Month, json!("2021-05"), Ok(may));
        check(&Month, "2021-13", Err(""));
        check(&Year, "令和3年度", Ok(Value::Int(2021)));
        check_json(&Year, json!(2021), Ok(Value::Int(2021)));
        check(&Year, "21", Err("年度の形"));
    }

    #[test]
    fn shows_both_calendars() {
        let page = Style::page(Lang::Ja);
        assert_eq!(Day.show(&Value::Date(date(2021, 5, 17)), &page), "2021/05/17");
        assert_eq!(Day.show(&Value::Date(date(2021, 5, 17)), &page.in_wareki(true)), "令和3年5月17日");
        assert_eq!(Moment.show(&moment(9, 5), &Style::file()), "2021-05-17 09:05");
        assert_eq!(Moment.to_json(&moment(9, 5)), json!("2021-05-17T09:05:00+09:00"));
        assert_eq!(Year.show(&Value::Int(2019), &page), "令和元年度");
    }
}
