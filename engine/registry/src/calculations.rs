//! Calculations by name, with the office calendar and the towns: the command line and the API offer them.

use jiff::ToSpan as _;
use jiff::civil::Date;
use kawasemi_kernel::calculation::{Calculation, Given, Kind, Slot, Worked};
use kawasemi_kernel::calendar::{Calendar, holiday_name};
use kawasemi_kernel::era;

use kawasemi_identity::Context;
use kawasemi_ledger::{LedgerError, Ledgers};

use crate::address_match::{ADDRESS_MATCH, address_match};
use crate::places::Places;

/// The calculations of the registers.
pub const CALCULATIONS: [Calculation; 3] = [DEADLINE, BUSINESS_DAYS, ADDRESS_MATCH];

/// The last day of a period (期間の末日), moved to the next open day if the hall is closed on it.
const DEADLINE: Calculation = Calculation {
    key: "deadline",
    title: "期間の末日（休日に当たれば翌開庁日）",
    basis: "民法第140条・第141条・第143条、地方自治法第4条の2第4項",
    inputs: &[
        Slot::required("starts_on", "起算のもととなる日（通知の日など）", Kind::Date),
        Slot::optional("days", "日数", Kind::Integer),
        Slot::optional("months", "月数", Kind::Integer),
        Slot::optional("counts_first_day", "初日を算入する", Kind::YesNo),
    ],
    outputs: &[
        Slot::required("due_on", "期限の日", Kind::Date),
        Slot::required("due_on_era", "期限の日（和暦）", Kind::Text),
        Slot::required("moved", "休日のため延びた", Kind::YesNo),
    ],
    compute: deadline,
};

/// The day a number of open days after another (何開庁日後).
const BUSINESS_DAYS: Calculation = Calculation {
    key: "business-days",
    title: "何開庁日後の日付",
    basis: "地方自治法第4条の2、国民の祝日に関する法律",
    inputs: &[
        Slot::required("starts_on", "もとの日", Kind::Date),
        Slot::required("business_days", "開庁日の数（負なら前へ）", Kind::Integer),
    ],
    outputs: &[
        Slot::required("falls_on", "その日", Kind::Date),
        Slot::required("falls_on_era", "その日（和暦）", Kind::Text),
    ],
    compute: business_days,
};

/// Computes what concerns a city: addresses are compared over its own towns, the rest is computed as anywhere.
///
/// # Errors
/// The register of towns can't be read; within, a sentence that says why the inputs have no answer.
pub async fn run(
    ledgers: &Ledgers,
    context: &Context,
    calculation: &Calculation,
    given: &Given,
) -> Result<Result<Worked, String>, LedgerError> {
    if calculation.key != ADDRESS_MATCH.key {
        return Ok(calculation.run(given));
    }
    let places = Places::load(ledgers, context).await?;
    Ok(Ok(address_match(places.gazetteer(), given)))
}

/// Longest period in days or months: beyond it the input is a slip of the hand.
const LONGEST: i64 = 40_000;

fn deadline(given: &Given) -> Result<Worked, String> {
    let starts_on = given.date("starts_on").ok_or("起算のもととなる日がありません。")?;
    let counts_first_day = given.yes_no("counts_first_day").unwrap_or(false);
    let first = if counts_first_day { starts_on } else { later(starts_on, 1)? };
    let (last, how) = match (given.integer("days"), given.integer("months")) {
        (Some(days @ 1..=LONGEST), None) => (later(first, days - 1)?, format!("{days}日間の末日（第141条）")),
        (None, Some(months @ 1..=LONGEST)) => (end_of_months(first, months)?, format!("{months}月間の末日（第143条）")),
        (Some(_), Some(_)) | (None, None) => return Err("日数か月数のどちらか一つを入れてください。".to_owned()),
        _ => return Err(format!("期間は1から{LONGEST}までにしてください。")),
    };
    let due_on = Calendar::default().on_or_after(last).map_err(|error| error.to_string())?;
    let mut worked = Worked::new().step(
        "民法第140条",
        format!("{}、{first}から数える", if counts_first_day { "初日を算入し" } else { "初日を算入せず" }),
    );
    worked = worked.step("民法", format!("{how}は{last}"));
    if due_on != last {
        worked =
            worked.step("地方自治法第4条の2第4項", format!("{last}は{}なので、次の開庁日の{due_on}", closed(last)));
    }
    Ok(worked.output("due_on", due_on).output("due_on_era", era::long(due_on)).output("moved", due_on != last))
}

fn business_days(given: &Given) -> Result<Worked, String> {
    let starts_on = given.date("starts_on").ok_or("もとの日がありません。")?;
    let count = given.integer("business_days").and_then(|count| i32::try_from(count).ok()).unwrap_or(i32::MAX);
    if i64::from(count).abs() > LONGEST {
        return Err(format!("開庁日の数は{LONGEST}までにしてください。"));
    }
    let falls_on = Calendar::default().add_business_days(starts_on, count).map_err(|error| error.to_string())?;
    let detail = format!("{starts_on}から、土日・祝日・年末年始を除いて{count}日");
    let worked = Worked::new().step("地方自治法第4条の2", detail);
    Ok(worked.output("falls_on", falls_on).output("falls_on_era", era::long(falls_on)))
}

fn later(day: Date, days: i64) -> Result<Date, String> {
    day.checked_add(days.days()).map_err(|_| "暦の終わりを越えました。".to_owned())
}

/// The last day of so many months from a day (民法第143条第2項): the day before the corresponding day, or the end of the
/// month where there is none.
fn end_of_months(first: Date, months: i64) -> Result<Date, String> {
    let corresponding = first.checked_add(months.months()).map_err(|_| "暦の終わりを越えました。".to_owned())?;
    if corresponding.day() == first.day() { later(corresponding, -1) } else { Ok(corresponding) }
}

fn closed(day: Date) -> String {
    holiday_name(day).map_or_else(|| "市の休日".to_owned(), |name| format!("祝日（{name}）"))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use kawasemi_kernel::calculation::cell;

    use super::*;

    fn run(calculation: &Calculation, inputs: &[(&str, &'static str)], output: &str) -> Result<String, String> {
        let given = calculation
            .read(date(2021, 4, 1), |key| inputs.iter().find(|(name, _)| *name == key).map(|(_, text)| *text))
            .map_err(|mistakes| mistakes[0].to_string())?;
        calculation.run(&given).map(|worked| cell(worked.get(output)))
    }

    #[test]
    fn a_period_ends_on_an_open_day() {
        for (starts_on, unit, length, expected) in [
            ("2021-04-01", "days", "14", "2021-04-15"),
            ("令和3年4月26日", "days", "7", "2021-05-06"),
            ("2021-12-15", "days", "14", "2022-01-04"),
            ("2021-01-31", "months", "1", "2021-03-01"),
            ("2021-08-30", "months", "6", "2022-02-28"),
            ("2021-03-31", "months", "3", "2021-06-30"),
        ] {
            let due = run(&DEADLINE, &[("starts_on", starts_on), (unit, length)], "due_on");
            assert_eq!(due.as_deref(), Ok(expected), "{starts_on} {length} {unit}");
        }
    }

    #[test]
    fn a_period_is_given_once_and_sensible() {
        for inputs in [
            &[("starts_on", "2021-04-01")][..],
            &[("starts_on", "2021-04-01"), ("days", "1"), ("months", "1")],
            &[("starts_on", "2021-04-01"), ("days", "0")],
            &[("starts_on", "2021-04-01"), ("months", "99999999")],
            &[("starts_on", "9999-12-31"), ("days", "40000")],
        ] {
            assert!(run(&DEADLINE, inputs, "due_on").is_err(), "{inputs:?}");
        }
    }

    #[test]
    fn open_days_are_counted_both_ways() {
        let falls = |count| run(&BUSINESS_DAYS, &[("starts_on", "2021-04-28"), ("business_days", count)], "falls_on");
        assert_eq!(falls("3").as_deref(), Ok("2021-05-07"));
        assert_eq!(falls("-1").as_deref(), Ok("2021-04-27"));
        assert!(falls("99999").is_err());
    }
}
