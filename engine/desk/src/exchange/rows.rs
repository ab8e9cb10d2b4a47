//! Rows that were put aside: what is wrong with them, and correcting them.

use axum::extract::Path;
use axum::response::Response;
use kawasemi_exchange::runs::BadRow;
use kawasemi_exchange::{Layout, Run, RunState};
use kawasemi_kernel::Lang;
use kawasemi_ui::button::{Post, Submit, row};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::field::{FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};
use uuid::Uuid;

use super::seen::Seen;
use super::{layout_href, page, run_href, site};
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{answer, done_at, note};

/// Rows that are listed.
pub const LISTED: u32 = 200;

/// The rows with their mistakes.
pub fn table(run: &Run, layout: &Layout, seen: &Seen, bad: &[BadRow]) -> SafeHtml {
    let columns = vec![
        Column::new("line", "行").align(Align::Number),
        Column::new("problems", "誤り"),
        Column::new("state", "直し").align(Align::Tight),
    ];
    let may_correct = seen.all && run.origin.is_none() && run.state != RunState::Refused;
    let rows = bad.iter().map(|one| {
        let problems: SafeHtml = one
            .row
            .problems
            .iter()
            .map(|problem| {
                let is_shown = seen.all && !problem.value.is_empty();
                let value = if is_shown { format!("「{}」", problem.value) } else { String::new() };
                // Without a grant the reasons look alike, since one of them would say that somebody is under protection.
                let reason = if seen.reads() {
                    problem.reason.as_str()
                } else {
                    "この項目に入れられない値です。"
                };
                let text = format!("{}{value}: {reason}", problem.field);
                SafeHtml::trusted(format!("<div>{}</div>", SafeHtml::escape(text)))
            })
            .collect();
        let act = match (may_correct, one.corrected.is_some()) {
            (true, true) => {
                let link = SafeHtml::link(&format!("{}/rows/{}", run_href(run.id), one.n), "見直す");
                SafeHtml::trusted(format!("{} {link}", chip(State::Good, "直した")))
            }
            (true, false) => SafeHtml::link(&format!("{}/rows/{}", run_href(run.id), one.n), "直す"),
            (false, _) => SafeHtml::or_dash(""),
        };
        Row::new(vec![SafeHtml::escape(one.row.line), problems, act])
    });
    let mut html = Table::new(Lang::Ja, "誤りのある行", columns, rows.collect()).html();
    if !seen.all {
        html.push(&note("台帳の閲覧の権限がないので、値は表示しません。"));
    }
    if layout.raw.direction == kawasemi_exchange::Direction::In && bad.iter().any(|one| one.corrected.is_some()) {
        if run.state == RunState::Applied {
            let retry = Submit::new("直した行の差分を作る");
            html.push(&row([Post::new(format!("{}/retry", run_href(run.id)), retry).html()]));
        } else {
            html.push(&note("ほかの行を反映したあとに、直した行だけを取り込めます。"));
        }
    }
    html
}

/// The row that an address means, with its run and layout, for those who may see its texts.
async fn found(cx: &Cx, run: Uuid, n: i64) -> Result<(Run, std::sync::Arc<Layout>, BadRow), Problem> {
    let exchange = &cx.city().exchange;
    let run = exchange.run(cx.context(), run).await?;
    let layout = exchange.layout_of(&run).await?;
    if !Seen::of(cx, &layout).all {
        return Err(Problem::not_found());
    }
    let row = exchange.bad_rows(cx.context(), run.id, n, 1).await?.pop().filter(|row| row.n == n);
    Ok((run, layout, row.ok_or_else(Problem::not_found)?))
}

/// `GET /desk/exchange/runs/{run}/rows/{row}`
pub async fn show(cx: Cx, Path((run, n)): Path<(Uuid, i64)>) -> Result<Response, Problem> {
    let (run, layout, bad) = found(&cx, run, n).await?;
    let values = bad.corrected.as_ref().unwrap_or(&bad.row.values);
    let fields = layout.data().places.iter().enumerate().map(|(at, place)| {
        let value = values.get(at).map_or("", |text| text.trim()).to_owned();
        let field = FieldView::new(format!("v{at}"), &place.raw.name, FieldKind::Text { max: None }).value(value);
        match bad.row.problems.iter().find(|problem| problem.field == place.raw.name) {
            Some(problem) if bad.corrected.is_none() => field.error(problem.reason.clone()),
            _ => field,
        }
    });
    let form = Form::new(Lang::Ja, format!("{}/rows/{n}", run_href(run.id)))
        .fields(fields.collect())
        .submit("直した内容を保存する")
        .cancel(run_href(run.id));
    let site = site(&cx);
    let page = page(&site, &format!("{}行目", bad.row.line))
        .crumb(layout.raw.title.ja(), layout_href(&run.layout))
        .crumb(run.file.clone(), run_href(run.id))
        .lead("ファイルの値のまま直します（日付や区分はファイルと同じ書き方）。相手のシステムの元データも直してもらってください。")
        .body(form.html());
    Ok(answer(page, false))
}

/// `POST /desk/exchange/runs/{run}/rows/{row}`
pub async fn correct(cx: Cx, Path((run, n)): Path<(Uuid, i64)>, entries: Entries) -> Result<Response, Problem> {
    let (run, layout, _) = found(&cx, run, n).await?;
    let values: Vec<String> =
        (0..layout.data().places.len()).map(|at| entries.text(&format!("v{at}")).to_owned()).collect();
    cx.city().exchange.correct(cx.context(), run.id, n, &values).await?;
    Ok(done_at(&run_href(run.id), "corrected"))
}
