//! Small pieces that the pages have in common.

use jiff::civil::Date;

use crate::board::Board;
use crate::board::overview::Tally;
use crate::kernel::fiscal::FiscalYear;
use crate::kernel::{Decimal, Lang, RecordId};
use crate::platform::desk::{Cx, Problem};
use crate::platform::ui::chip::{State, chip};
use crate::platform::ui::{SafeHtml, said};
use crate::records::{Indicator, Initiative};
use crate::rules::{Deadline, Grade, Progress, ThemeRollUp};

/// The address of the staff's board.
pub const BOARD: &str = "/desk/policy";

/// The address of an initiative on the staff's board.
pub fn initiative_href(id: RecordId) -> String {
    format!("{BOARD}/{id}")
}

/// The address of a record in its ledger.
pub fn record_href(ledger: &str, id: RecordId) -> String {
    format!("/desk/ledgers/{ledger}/{id}")
}

/// The id that stands in an address; what is none leads nowhere.
pub fn id_of(text: &str) -> Result<RecordId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// The fiscal year that the address asks for; else this year, or the latest before it of which there is anything.
pub fn year_asked(cx: &Cx, years: &[FiscalYear]) -> FiscalYear {
    let asked = cx.query("fy").and_then(|text| text.parse::<FiscalYear>().ok());
    let this = FiscalYear::of(cx.context().today());
    let latest = years.iter().copied().find(|year| *year <= this).or_else(|| years.last().copied());
    asked.or(latest).unwrap_or(this)
}

/// The chip of a progress, in the words of the staff.
pub fn progress_chip(progress: Option<Progress>) -> SafeHtml {
    let label = progress.map_or("未報告", Progress::label);
    chip(progress_state(progress), label)
}

/// How a progress looks.
pub const fn progress_state(progress: Option<Progress>) -> State {
    match progress {
        None => State::Plain,
        Some(Progress::Ahead) => State::Good,
        Some(Progress::OnTrack) => State::Underway,
        Some(Progress::Behind) => State::Warning,
        Some(Progress::Stalled) => State::Bad,
        Some(Progress::Done) => State::Done,
        Some(Progress::Cancelled) => State::Muted,
    }
}

/// The chip of a deadline, where it says more than the date: near, past, or finished late.
pub fn deadline_chip(deadline: Deadline) -> SafeHtml {
    let state = match deadline {
        Deadline::Overdue { .. } => State::Bad,
        Deadline::Near { .. } | Deadline::Done { late_days: 1.. } => State::Warning,
        _ => return SafeHtml::EMPTY,
    };
    chip(state, &deadline.label())
}

/// The chip of a disposition (継続・統合・廃止).
pub fn disposition_chip(key: Option<&str>) -> SafeHtml {
    match key {
        Some("continue") => chip(State::Underway, "継続"),
        Some("merge") => chip(State::Warning, "統合"),
        Some("abolish") => chip(State::Muted, "廃止"),
        _ => SafeHtml::EMPTY,
    }
}

/// The chip of a grade.
pub fn grade_chip(grade: Option<Grade>) -> SafeHtml {
    let Some(grade) = grade else { return SafeHtml::EMPTY };
    let state = match grade {
        Grade::S | Grade::A => State::Good,
        Grade::B => State::Underway,
        Grade::C => State::Warning,
        Grade::D => State::Bad,
    };
    chip(state, &format!("評価 {grade:?}"))
}

/// The grade with a key.
pub fn grade_of(key: &str) -> Option<Grade> {
    [Grade::S, Grade::A, Grade::B, Grade::C, Grade::D]
        .into_iter()
        .find(|grade| format!("{grade:?}").eq_ignore_ascii_case(key))
}

/// A date, or a dash.
pub fn day(day: Option<Date>) -> SafeHtml {
    SafeHtml::or_dash(&day.map(|day| said::short_date(Lang::Ja, day)).unwrap_or_default())
}

/// A figure without zeros behind the point, in groups.
pub fn figure(figure: Decimal) -> String {
    said::grouped(figure.to_f64())
}

/// A figure with its unit.
pub fn with_unit(value: Decimal, unit: &str) -> String {
    format!("{}{unit}", figure(value))
}

/// An amount in units of thousand yen (千円) where it is that large, as budgets are read.
pub fn amount(yen: i64) -> String {
    if yen != 0 && yen % 1_000 == 0 {
        format!("{}千円", said::whole(yen / 1_000))
    } else {
        format!("{}円", said::whole(yen))
    }
}

/// A bar of how many initiatives stand where, without words: the figures stand beside it.
pub fn bar(tally: &Tally) -> SafeHtml {
    let whole = tally.all.max(1) as f64;
    let mut x = 0.0;
    let mut html = String::from(
        "<svg class=\"policy-bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\" focusable=\"false\">",
    );
    let rest = tally.not_reported + tally.cancelled;
    for (count, tone) in
        [(tally.done, "tone-success"), (tally.well, "tone-1"), (tally.late, "tone-warning"), (rest, "tone-rest")]
    {
        let width = 100.0 * count as f64 / whole;
        if count > 0 {
            html.push_str(&format!(
                "<rect class=\"chart-area {tone}\" x=\"{x:.1}\" y=\"0\" width=\"{width:.1}\" height=\"8\"/>"
            ));
        }
        x += width;
    }
    html.push_str("</svg>");
    SafeHtml::trusted(html)
}

/// A theme's figure and flag, both: 達成率の平均 98.2％, 最も悪い進捗 やや遅れ.
pub fn roll_up(rolled: &ThemeRollUp) -> SafeHtml {
    let mean = rolled.mean.map_or("達成率の平均なし".to_owned(), |mean| format!("達成率の平均 {mean}％"));
    let flag = rolled.worst.map(|worst| progress_chip(Some(worst))).unwrap_or_default();
    SafeHtml::trusted(format!(
        "<span class=\"text-small text-soft nowrap\">{}</span> <span class=\"visually-hidden\">最も悪い進み具合</span>{flag}",
        SafeHtml::escape(mean)
    ))
}

/// The curve of the first indicator of an initiative that has one, with its latest figure.
pub fn trend(board: &Board, one: &Initiative) -> SafeHtml {
    let drawn = board.indicators(one.id).iter().find(|indicator| board.actuals(indicator.id).len() > 1);
    let Some(indicator) = drawn else { return SafeHtml::EMPTY };
    let latest = board.actuals(indicator.id).last().map(|actual| with_unit(actual.value, &indicator.unit));
    let line = crate::platform::ui::chart::sparkline(&board.curve(indicator.id), &trend_sentence(board, indicator));
    SafeHtml::trusted(format!(
        "{line}<br><span class=\"text-small text-soft nowrap\">{}</span>",
        SafeHtml::escape(latest.unwrap_or_default())
    ))
}

/// What a curve shows, as a sentence.
pub fn trend_sentence(board: &Board, indicator: &Indicator) -> String {
    let history: Vec<_> = board.actuals(indicator.id).iter().map(|actual| (actual.as_of, actual.value)).collect();
    let drawn = crate::rules::trend(&history, indicator.target_value, 100, 20);
    format!("{}：{}", indicator.name, drawn.description)
}

/// Counts and what they count, as chips: only what asks for attention.
pub fn attention(tally: &Tally) -> SafeHtml {
    let mut html = SafeHtml::EMPTY;
    for (count, state, label) in [(tally.late, State::Warning, "遅れ"), (tally.overdue, State::Bad, "期限超過")] {
        if count > 0 {
            html.push(&chip(state, &format!("{label} {count}")));
        }
    }
    html
}
