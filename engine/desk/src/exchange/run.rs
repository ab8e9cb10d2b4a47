//! One file: what it would do or did, what is amiss, and what is decided about it.

use axum::extract::Path;
use axum::response::Response;
use kawasemi_exchange::{Direction, Layout, Run, RunState};
use kawasemi_kernel::Lang;
use kawasemi_ledger::import::{FeedAct, FeedSample};
use kawasemi_ui::button::{LinkButton, Look, Post, Submit, row};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::field::{FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml, said};
use uuid::Uuid;

use super::seen::Seen;
use super::{layout_href, page, rows, run_href, site, state};
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{answer, code, done, done_at, note, section, when, when_or};

/// Records of the difference on a page.
const SAMPLES: u32 = 50;

const DONE: [(&str, &str); 5] = [
    ("applied", "台帳に反映しました。"),
    ("rejected", "取りやめました。台帳は変わっていません。"),
    ("undone", "取り消して、台帳を元に戻しました。"),
    ("corrected", "行を直しました。まだ台帳には反映していません。"),
    ("retry", "直した行だけの差分を作りました。確かめてから承認してください。"),
];

/// `GET /desk/exchange/runs/{run}`
pub async fn show(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let exchange = &cx.city().exchange;
    let run = exchange.run(cx.context(), id).await?;
    let layout = exchange.layout_of(&run).await?;
    let seen = Seen::of(&cx, &layout);
    let from: i64 = cx.query("from").and_then(|from| from.parse().ok()).unwrap_or(0);
    let samples = exchange.samples(cx.context(), id, from, SAMPLES + 1).await?;
    let bad = exchange.bad_rows(cx.context(), id, 0, rows::LISTED).await?;
    seen.note(&cx, &samples).await?;
    let mut body = facts_of(&run, &layout);
    let is_compared = run.direction == Direction::In && !matches!(run.state, RunState::Refused | RunState::Duplicate);
    if is_compared {
        body.push(&section("台帳との差分", &counts(&run)));
    }
    if !bad.is_empty() {
        body.push(&section("誤りのある行", &rows::table(&run, &layout, &seen, &bad)));
    }
    if run.state.is_open() {
        body.push(&section("承認", &decision(&run)));
    } else if run.state == RunState::Applied {
        let question = "このファイルで登録・変更した記録を元に戻します。そのあとに変更された記録は残ります。";
        let undo = Submit::new("反映を取り消す").look(Look::Danger).question(question);
        body.push(&section("取消", &Post::new(format!("{}/undo", run_href(id)), undo).html()));
    }
    // The longest comes last: what there is to decide is not below hundreds of records.
    if is_compared && !samples.is_empty() {
        body.push(&section("差分の記録", &difference(&run, &seen, &samples)));
    }
    let site = site(&cx);
    let mut page = page(&site, &run.file)
        .crumb(layout.raw.title.ja(), layout_href(&run.layout))
        .beside_title(state(run.state))
        .body(body);
    if let Some(notice) = done(&cx, &DONE).or_else(|| standing(&run)) {
        page = page.notice(notice);
    }
    Ok(answer(page, false))
}

/// What a person has to know first.
fn standing(run: &Run) -> Option<Notice> {
    match run.state {
        RunState::Refused => Some(Notice::new(Tone::Error, "このファイルは受け付けませんでした").text(&run.message)),
        RunState::Duplicate => Some(Notice::new(Tone::Info, "取込済みのファイルです").text(&run.message)),
        RunState::Held | RunState::Waiting if !run.alarms.is_empty() || !run.message.is_empty() => {
            let alarms = run.alarms.iter().map(|alarm| alarm.message.as_str()).chain([run.message.as_str()]);
            let items: SafeHtml = alarms
                .filter(|text| !text.is_empty())
                .map(|text| SafeHtml::trusted(format!("<li>{}</li>", SafeHtml::escape(text))))
                .collect();
            let list = SafeHtml::trusted(format!("<ul>{items}</ul>"));
            Some(Notice::new(Tone::Warning, "警報が出ています").more(list))
        }
        _ => None,
    }
}

fn facts_of(run: &Run, layout: &Layout) -> SafeHtml {
    let mut all = vec![
        Fact::html("レイアウト", SafeHtml::link(&layout_href(&run.layout), layout.raw.title.ja())),
        Fact::text("版", &format!("第{}版", run.version)),
        Fact::text("受付", &when(run.received_at)),
        Fact::text("作成日", &run.file_date.map(|day| said::date(Lang::Ja, day)).unwrap_or_default()),
        Fact::text("通番", &run.sequence.map(|number| number.to_string()).unwrap_or_default()),
        Fact::text("決定", &when_or(run.decided_at, "まだ")),
        Fact::text("理由", &run.reason),
        Fact::html("中身の印（SHA-256）", code(&run.sha256.chars().take(16).collect::<String>())),
    ];
    if let Some(origin) = run.origin {
        all.push(Fact::html("元のファイルの記録", SafeHtml::link(&run_href(origin), "開く")));
    }
    facts(&all)
}

fn number(count: u64) -> String {
    format!("{}件", said::whole(i64::try_from(count).unwrap_or(i64::MAX)))
}

fn counts(run: &Run) -> SafeHtml {
    let report = &run.report;
    let mut all = vec![
        Fact::text("追加", &number(report.created)),
        Fact::text("変更", &number(report.updated)),
        Fact::text("消除", &number(report.closed)),
        Fact::text("変わらない", &number(report.unchanged)),
        Fact::text("誤りのある行", &number(report.bad)),
        Fact::text("後の行に含まれる行", &number(run.superseded)),
    ];
    if report.sealed > 0 {
        let said = format!("{}（所在が変わるかどうかは表示しません）", number(report.sealed));
        all.push(Fact::text("支援措置の対象", &said));
    }
    facts(&all)
}

/// Some of the records, with what they were and will be.
fn difference(run: &Run, seen: &Seen, samples: &[(i64, FeedSample)]) -> SafeHtml {
    let page = usize::try_from(SAMPLES).unwrap_or(usize::MAX);
    let columns = vec![
        Column::new("act", "内容").align(Align::Tight),
        Column::new("line", "行").align(Align::Number),
        Column::new("changes", "前 → 後"),
    ];
    let rows = samples.iter().take(page).map(|(_, sample)| {
        let (look, label) = match sample.act {
            FeedAct::Created => (State::Good, "追加"),
            FeedAct::Updated => (State::Underway, "変更"),
            FeedAct::Closed => (State::Warning, "消除"),
        };
        let line = sample.line.map(|line| line.to_string()).unwrap_or_default();
        Row::new(vec![chip(look, label), SafeHtml::or_dash(&line), changes(sample, seen)])
    });
    let mut html = Table::new(Lang::Ja, "差分の記録", columns, rows.collect()).html();
    html.push(&note("種類ごとに200件までを見本として残しています。"));
    if let Some((next, _)) = samples.get(page) {
        let href = format!("{}?from={next}", run_href(run.id));
        html.push(&row([LinkButton::new("次の記録", href).html()]));
    }
    html
}

/// The fields that change, as far as they may be shown.
fn changes(sample: &FeedSample, seen: &Seen) -> SafeHtml {
    let mut html = SafeHtml::EMPTY;
    let (mut hidden, mut new) = (0, Vec::new());
    for change in &sample.changes {
        if change.field.is_empty() {
            // What is hidden for another reason than the lack of a grant says so itself, to those who have one.
            if seen.reads() {
                html.push(&note(&change.after));
            }
            continue;
        }
        let Some(label) = seen.label(&change.field) else {
            hidden += 1;
            continue;
        };
        if sample.act == FeedAct::Created && change.before.is_empty() {
            new.push(format!("{label}: {}", change.after));
            continue;
        }
        let (label, after) = (SafeHtml::escape(label), SafeHtml::or_dash(&change.after));
        let before = SafeHtml::or_dash(&change.before);
        html.push(&SafeHtml::trusted(format!("<div>{label}: <del>{before}</del> → <ins>{after}</ins></div>")));
    }
    if !new.is_empty() {
        html.push(&SafeHtml::trusted(format!("<div>{}</div>", SafeHtml::escape(new.join("　")))));
    }
    if hidden > 0 {
        html.push(&note(&format!("ほかに{hidden}項目（台帳の閲覧の権限がないので、内容は表示しません）")));
    }
    html
}

fn decision(run: &Run) -> SafeHtml {
    let reason = FieldView::new("reason", "理由", FieldKind::Text { max: Some(200) });
    let reason = match run.state {
        RunState::Held => reason.required().hint("警報を確かめた結果と、適用してよい理由を書いてください。"),
        _ => reason.hint("取りやめるときなど、残しておきたいことがあれば書いてください。"),
    };
    let reject = Submit::new("取りやめる").action(format!("{}/reject", run_href(run.id)));
    Form::new(Lang::Ja, format!("{}/apply", run_href(run.id)))
        .fields(vec![reason])
        .submit("承認して台帳に反映する")
        .more_buttons(reject.html())
        .html()
}

/// `POST /desk/exchange/runs/{run}/apply`
pub async fn apply(cx: Cx, Path(id): Path<Uuid>, entries: Entries) -> Result<Response, Problem> {
    cx.city().exchange.apply(cx.context(), id, entries.text("reason"), &|_| {}).await?;
    Ok(done_at(&run_href(id), "applied"))
}

/// `POST /desk/exchange/runs/{run}/reject`
pub async fn reject(cx: Cx, Path(id): Path<Uuid>, entries: Entries) -> Result<Response, Problem> {
    cx.city().exchange.reject(cx.context(), id, entries.text("reason")).await?;
    Ok(done_at(&run_href(id), "rejected"))
}

/// `POST /desk/exchange/runs/{run}/undo`
pub async fn undo(cx: Cx, Path(id): Path<Uuid>, entries: Entries) -> Result<Response, Problem> {
    cx.city().exchange.undo(cx.context(), id, entries.text("reason")).await?;
    Ok(done_at(&run_href(id), "undone"))
}

/// `POST /desk/exchange/runs/{run}/retry`
pub async fn retry(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let run = cx.city().exchange.retry(cx.context(), id, &|_| {}).await?;
    Ok(done_at(&run_href(run.id), "retry"))
}
