//! The year-end report (年度末報告書), made for A4 paper: each department begins a page; every figure names its source.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use super::pieces::{self, BOARD, grade_of, with_unit, year_asked};
use crate::acts::report::PHASES;
use crate::board::{Board, Department};
use crate::kernel::Lang;
use crate::platform::desk::{Cx, Problem};
use crate::platform::ui::button::{LinkButton, print};
use crate::platform::ui::facts::{Fact, facts};
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::records::{Initiative, Review};
use crate::rules::Progress;

struct Part {
    name: String,
    ideas: Vec<String>,
    means: SafeHtml,
    initiatives: SafeHtml,
    figures: SafeHtml,
    reviews: SafeHtml,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Report {
    summary: SafeHtml,
    themes: SafeHtml,
    as_of: String,
    departments: Vec<Part>,
    sources: String,
}

/// `GET /desk/policy/report?fy=`
pub async fn page(cx: Cx) -> Result<Response, Problem> {
    let years = Board::years(cx.ledgers(), cx.context()).await?;
    let year = year_asked(&cx, &years);
    let board = Board::load(cx.ledgers(), cx.context(), year).await?;
    let body = Report {
        summary: summary(&board),
        themes: themes(&board),
        as_of: said::date(Lang::Ja, board.as_of),
        departments: board.departments.iter().map(|department| part(&board, department)).collect(),
        sources: format!(
            "取り組み・進み具合・振り返りは部局運営方針の台帳（{}時点）によります。指標の値は各表の「出典」に示した資料、または台帳を数えた値です。予算額と執行額は各部局が台帳に入れた額です。",
            said::instant(Lang::Ja, cx.context().act.at)
        ),
    }
    .html();
    let site = cx.desk_site(BOARD);
    let mut buttons = LinkButton::new("一覧に戻る", format!("{BOARD}?fy={year}")).icon(Icon::Back).html();
    buttons.push(&print("印刷する"));
    let page = Page::new(&site, format!("{} 部局運営方針 年度末報告書", year.label()))
        .crumb("ホーム", "/desk")
        .crumb("部局運営方針", format!("{BOARD}?fy={year}"))
        .actions(buttons)
        .body(body);
    Ok(Html(page.render()).into_response())
}

fn summary(board: &Board) -> SafeHtml {
    let tally = board.tally(board.initiatives.iter());
    let count = |count: usize| format!("{count}件");
    let sum = |amount: fn(&Initiative) -> Option<i64>| board.initiatives.iter().filter_map(amount).sum::<i64>();
    let spent = format!(
        "{}（予算額{}）",
        said::yen(Lang::Ja, sum(|one| one.actual_yen)),
        said::yen(Lang::Ja, sum(|one| one.budget_yen))
    );
    facts(&[
        Fact::text("取り組み", &count(tally.all)),
        Fact::text("完了", &count(tally.done)),
        Fact::text("計画どおり・計画以上", &count(tally.well)),
        Fact::text("やや遅れ・遅れ", &count(tally.late)),
        Fact::text("中止・未報告", &count(tally.cancelled + tally.not_reported)),
        Fact::text("期限を過ぎて終わっていない", &count(tally.overdue)),
        Fact::text("執行額・決算額", &spent),
    ])
}

fn themes(board: &Board) -> SafeHtml {
    let columns = vec![
        Column::new("theme", "重点項目"),
        Column::new("all", "取り組み").align(Align::Number),
        Column::new("done", "完了").align(Align::Number),
        Column::new("late", "遅れ").align(Align::Number),
        Column::new("mean", "達成率の平均").align(Align::Number),
        Column::new("worst", "最も悪い進み具合").align(Align::Tight),
    ];
    let rows = board.themes_in_use().map(|theme| {
        let of = board.initiatives.iter().filter(|one| one.theme == Some(theme.id));
        let tally = board.tally(of.clone());
        let rolled = board.roll_up(of).value;
        let mean = rolled.mean.map_or("—".to_owned(), |mean| format!("{mean}％（{}指標）", rolled.counted));
        let cells = [
            theme.name.clone(),
            tally.all.to_string(),
            tally.done.to_string(),
            tally.late.to_string(),
            mean,
            rolled.worst.map_or("—", Progress::label).to_owned(),
        ];
        Row::new(cells.map(SafeHtml::escape).to_vec())
    });
    Table::new(Lang::Ja, "重点項目ごとの結果", columns, rows.collect()).show_caption().wide().html()
}

fn part(board: &Board, department: &Department) -> Part {
    let of: Vec<&Initiative> = board.initiatives.iter().filter(|one| one.department == Some(department.id)).collect();
    let idea = department.statement.as_ref().map(|statement| statement.basic_idea.clone()).unwrap_or_default();
    Part {
        name: department.name.clone(),
        ideas: idea.lines().map(str::to_owned).collect(),
        means: means(department),
        initiatives: initiatives(board, &of),
        figures: figures(board, &of),
        reviews: reviews(board, &of),
    }
}

/// Staff and budget of the department, where they are known.
fn means(department: &Department) -> SafeHtml {
    let Some(statement) = &department.statement else { return SafeHtml::EMPTY };
    let people = |count: Option<i64>| count.map(|count| format!("{}人", said::whole(count)));
    let yen = |amount: Option<i64>| amount.map(|amount| said::yen(Lang::Ja, amount));
    let known = [
        ("正規職員", people(statement.staff_regular)),
        ("会計年度任用職員", people(statement.staff_fiscal_year)),
        ("当初予算額", yen(statement.budget_initial_yen)),
        ("最終予算額", yen(statement.budget_final_yen)),
        ("決算額", yen(statement.settled_yen)),
    ];
    let known: Vec<String> = known.into_iter().filter_map(|(label, text)| Some(format!("{label} {}", text?))).collect();
    let text = SafeHtml::escape(known.join("　"));
    if known.is_empty() { SafeHtml::EMPTY } else { SafeHtml::trusted(format!("<p class=\"text-small\">{text}</p>")) }
}

fn initiatives(board: &Board, of: &[&Initiative]) -> SafeHtml {
    let columns = vec![
        Column::new("title", "取り組み"),
        Column::new("deliverable", "作るもの・決めること"),
        Column::new("due", "期限").align(Align::Tight),
        Column::new("status", "進み具合").align(Align::Tight),
        Column::new("grade", "評価").align(Align::Tight),
        Column::new("yen", "執行額／予算額").align(Align::Number),
        Column::new("next", "来年度").align(Align::Tight),
    ];
    let rows = of.iter().map(|one| {
        let due = one.due.map(|day| said::short_date(Lang::Ja, day)).unwrap_or_default();
        let deadline = board.deadline(one);
        let due = if deadline.is_overdue() { format!("{due}（{}）", deadline.label()) } else { due };
        let grade = year_end(board, one).and_then(|review| review.grade.as_deref()).and_then(grade_of);
        let yen = match (one.actual_yen, one.budget_yen) {
            (None, None) => "—".to_owned(),
            (spent, budget) => {
                let amount = |yen: Option<i64>| yen.map_or("—".to_owned(), pieces::amount);
                format!("{}／{}", amount(spent), amount(budget))
            }
        };
        let disposition = match one.disposition.as_deref() {
            Some("continue") => "継続",
            Some("merge") => "統合",
            Some("abolish") => "廃止",
            _ => "未定",
        };
        let cells = [
            one.title.clone(),
            one.deliverable.clone(),
            due,
            one.status.map_or("未報告", Progress::label).to_owned(),
            grade.map_or("—".to_owned(), |grade| format!("{grade:?}")),
            yen,
            disposition.to_owned(),
        ];
        Row::new(cells.map(SafeHtml::escape).to_vec())
    });
    Table::new(Lang::Ja, "取り組みの結果", columns, rows.collect()).show_caption().html()
}

fn figures(board: &Board, of: &[&Initiative]) -> SafeHtml {
    let all: Vec<_> =
        of.iter().flat_map(|one| board.indicators(one.id).iter().map(move |indicator| (one, indicator))).collect();
    if all.is_empty() {
        return SafeHtml::EMPTY;
    }
    let columns = vec![
        Column::new("name", "指標"),
        Column::new("initiative", "取り組み"),
        Column::new("target", "目標").align(Align::Number),
        Column::new("actual", "実績").align(Align::Number),
        Column::new("rate", "達成率").align(Align::Number),
        Column::new("grade", "評価").align(Align::Tight),
        Column::new("source", "出典"),
    ];
    let rows = all.into_iter().map(|(one, indicator)| {
        let measured = board.measured(indicator);
        let unit = &indicator.unit;
        let source = match (&indicator.kpi_ledger, indicator.source.is_empty()) {
            (Some(ledger), true) => format!("台帳 {ledger} を数えた値"),
            _ => indicator.source.clone(),
        };
        let actual = measured
            .latest
            .map(|(on, value)| format!("{}（{}）", with_unit(value, unit), said::short_date(Lang::Ja, on)));
        let cells = [
            indicator.name.clone(),
            one.title.clone(),
            indicator.target_value.map(|target| with_unit(target, unit)).unwrap_or_else(|| "—".to_owned()),
            actual.unwrap_or_else(|| "—".to_owned()),
            measured.achievement.value.rate().map_or("算定不能".to_owned(), |rate| format!("{rate}％")),
            measured.grade.value.map_or("—".to_owned(), |grade| format!("{grade:?}")),
            source,
        ];
        Row::new(cells.map(SafeHtml::escape).to_vec())
    });
    Table::new(Lang::Ja, "指標", columns, rows.collect()).show_caption().html()
}

/// The review at the end of the year.
fn year_end<'a>(board: &'a Board, one: &Initiative) -> Option<&'a Review> {
    board.reviews(one.id).iter().find(|review| review.phase == "year-end")
}

fn reviews(board: &Board, of: &[&Initiative]) -> SafeHtml {
    let last = |one: &&&Initiative| board.reviews(one.id).last().is_some();
    let reviewed: Vec<_> = of.iter().filter(last).collect();
    if reviewed.is_empty() {
        return SafeHtml::EMPTY;
    }
    let columns = vec![
        Column::new("title", "取り組み"),
        Column::new("done", "やったことと結果"),
        Column::new("issue", "課題"),
        Column::new("next", "次の改善"),
    ];
    let rows = reviewed.into_iter().filter_map(|one| {
        let review = board.reviews(one.id).last()?;
        let phase = PHASES.iter().find(|(key, _)| *key == review.phase).map_or("", |(_, label)| label);
        let done: Vec<&str> =
            [review.done.as_str(), &review.result].into_iter().filter(|text| !text.is_empty()).collect();
        let cells =
            [format!("{}（{phase}）", one.title), done.join(" "), review.issue.clone(), review.next_action.clone()];
        Some(Row::new(cells.map(SafeHtml::escape).to_vec()))
    });
    Table::new(Lang::Ja, "振り返り", columns, rows.collect()).show_caption().html()
}
