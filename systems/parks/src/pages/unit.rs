//! A unit of playground equipment: its state, what is to be done next, and how it came there.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};

use super::pieces::{
    self, Words, due, grade_chip, id_of, judgement_label, park_href, record_href, said_day, state_chip, unit_href,
};
use crate::acts::mend::{self, Repair};
use crate::definitions::{INSPECTION, STOP_NOTICE, UNIT, WORK_ORDER};
use crate::kernel::era::parse_date;
use crate::kernel::money::parse_yen;
use crate::kernel::{Lang, RecordId};
use crate::ledger::{LedgerError, ListRequest};
use crate::platform::desk::{Cx, Entries, Problem, view};
use crate::platform::ui::button::{Confirm, LinkButton, Look, Post, Submit};
use crate::platform::ui::facts::{Fact, facts};
use crate::platform::ui::field::{FieldKind, FieldView};
use crate::platform::ui::form::Form;
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml};
use crate::records::{self, Inspection, Park, Unit};
use crate::rules::unit_state::State;
use crate::schema::Action;

/// What the acts say when they are done.
const DONE: [(&str, &str); 4] = [
    ("stopped", "使用停止を記録しました。"),
    ("repaired", "修理を記録しました。使用を再開するには、資格者による再点検が必要です。"),
    ("released", "使用を再開しました。"),
    ("removed", "撤去を記録しました。"),
];

/// `GET /desk/parks/units/{id}`
pub async fn page(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let unit = Unit::load(cx.ledgers(), cx.context(), id_of(&id)?).await?;
    show(&cx, &unit, &Entries::default(), &[]).await
}

/// `POST /desk/parks/units/{id}/repair`
pub async fn repair(cx: Cx, Path(id): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let unit = changeable(&cx, &id).await?;
    let mut mistakes = Vec::new();
    let done_on = match entries.text("done_on") {
        "" => None,
        typed => parse_date(typed).map_err(|error| mistakes.push(format!("「修理した日」を読めません。{error}"))).ok(),
    };
    let cost_yen = match entries.text("cost_yen") {
        "" => None,
        typed => parse_yen(typed).map_err(|error| mistakes.push(format!("「費用」を読めません。{error}"))).ok(),
    };
    if mistakes.is_empty() {
        let repair = Repair { done_on, result: entries.text("result").to_owned(), cost_yen };
        match mend::repair(cx.ledgers(), cx.context(), &unit, &repair).await {
            Ok(()) => return Ok(view::done_at(&unit_href(unit.id), "repaired")),
            Err(error) => mistakes = pieces::told(error)?,
        }
    }
    show(&cx, &unit, &entries, &mistakes).await
}

/// `POST /desk/parks/units/{id}/release`
pub async fn release(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let unit = changeable(&cx, &id).await?;
    match mend::release(cx.ledgers(), cx.context(), &unit).await {
        Ok(()) => Ok(view::done_at(&unit_href(unit.id), "released")),
        Err(error) => show(&cx, &unit, &Entries::default(), &pieces::told(error)?).await,
    }
}

/// `POST /desk/parks/units/{id}/remove`
pub async fn remove(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let unit = changeable(&cx, &id).await?;
    match mend::remove(cx.ledgers(), cx.context(), &unit, cx.context().today()).await {
        Ok(()) => Ok(view::done_at(&unit_href(unit.id), "removed")),
        Err(error) => show(&cx, &unit, &Entries::default(), &pieces::told(error)?).await,
    }
}

/// The unit, if the caller may change it.
pub async fn changeable(cx: &Cx, id: &str) -> Result<Unit, Problem> {
    let unit = Unit::load(cx.ledgers(), cx.context(), id_of(id)?).await?;
    if unit.may.update { Ok(unit) } else { Err(LedgerError::Forbidden { action: Action::Update }.into()) }
}

async fn show(cx: &Cx, unit: &Unit, entries: &Entries, mistakes: &[String]) -> Result<Response, Problem> {
    let park = match unit.park {
        Some(park) => Park::load(cx.ledgers(), cx.context(), park).await.ok(),
        None => None,
    };
    let words = Words::of(cx.ledgers(), cx.context(), UNIT)?;
    let site = cx.desk_site(pieces::START);
    let mut page = pieces::page(&site, &pieces::unit_name(&words, unit)).beside_title(state_chip(unit.state));
    if let Some(park) = &park {
        page = page.crumb(park.name.clone(), park_href(park.id)).actions(actions(unit, park));
    }
    if let Some(notice) = view::done(cx, &DONE) {
        page = page.notice(notice);
    }
    if !mistakes.is_empty() {
        page = page.notice(Notice::new(Tone::Error, "記録できませんでした").text(mistakes.join("\n")));
    }
    let mut body = SafeHtml::EMPTY;
    if unit.may.update {
        body.push(&next(unit, entries));
    }
    body.push(&about(cx, unit, &words));
    body.push(&inspections(cx, unit).await?);
    body.push(&stops(cx, unit).await?);
    let page = page.body(body);
    if mistakes.is_empty() {
        return Ok(Html(page.render()).into_response());
    }
    Ok(view::answer(page, true))
}

fn actions(unit: &Unit, park: &Park) -> SafeHtml {
    let mut buttons = Vec::new();
    if unit.state != State::Removed {
        let href = format!("{}/inspect?unit={}", park_href(park.id), unit.id);
        buttons.push(LinkButton::new("点検する", href).icon(Icon::Check).html());
        let sheet = format!("{}/inspection.pdf", unit_href(unit.id));
        buttons.push(LinkButton::new("点検表（紙）", sheet).icon(Icon::Print).html());
    }
    buttons.push(LinkButton::new("台帳の記録", record_href(UNIT, unit.id)).icon(Icon::Ledger).look(Look::Quiet).html());
    buttons.into_iter().collect()
}

/// What is to be done next, by the state.
fn next(unit: &Unit, entries: &Entries) -> SafeHtml {
    let href = unit_href(unit.id);
    let stop = LinkButton::new("使用を止める", format!("{href}/stop")).look(Look::Danger).html();
    let mut body = match unit.state {
        State::InUse => view::note("危険を見つけたら、点検の記録を待たずに使用を止められます。"),
        State::Restricted => {
            let text = format!("暫定の措置：{}（期限 {}）", unit.measure, said_day(unit.measure_due));
            let mut body = view::paragraph(&text);
            body.push(&repair_form(unit, entries));
            body
        }
        State::Stopping => {
            view::paragraph("使用停止と判定されました。掲示と囲いをし、写真を撮って、使用停止を記録してください。")
        }
        State::Stopped => {
            let mut body = view::paragraph("修理が終わったら記録します。撤去するときは、下の「撤去した」を使います。");
            body.push(&repair_form(unit, entries));
            body
        }
        State::Repaired => view::paragraph(
            "定期点検・精密点検・初期点検のどれかで、資格者が再点検してください。使用できると判定されると、再開できます。",
        ),
        State::Reinspected => {
            let mut body =
                view::paragraph("再点検で使用できると判定されました。掲示と囲いを外してから、使用を再開します。");
            let button = Submit::new("使用を再開する").look(Look::Primary);
            body.push(&Post::new(format!("{href}/release"), button).html());
            body
        }
        State::Removed => return SafeHtml::EMPTY,
    };
    let mut buttons = SafeHtml::EMPTY;
    if unit.state != State::Stopped {
        buttons.push(&stop);
    }
    let question = format!("「{}」を撤去した遊具として記録します。記録は残ります。", unit.called());
    let remove = Post::new(format!("{href}/remove"), Submit::new("撤去を記録する").look(Look::Danger));
    buttons.push(&Confirm::new(Lang::Ja, "撤去した", question, remove).html());
    body.push(&SafeHtml::trusted(format!("<div class=\"button-row\">{buttons}</div>")));
    view::section("次にすること", &body)
}

fn repair_form(unit: &Unit, entries: &Entries) -> SafeHtml {
    let field = |key: &str, label: &str, kind: FieldKind| FieldView::new(key, label, kind).value(entries.text(key));
    Form::new(Lang::Ja, format!("{}/repair", unit_href(unit.id)))
        .fields(vec![
            field("result", "した作業", FieldKind::Text { max: Some(400) }).required(),
            field("done_on", "修理した日", FieldKind::Date).hint("空欄のときは今日です。"),
            field("cost_yen", "費用", FieldKind::Yen),
        ])
        .submit("修理を記録する")
        .html()
}

fn about(cx: &Cx, unit: &Unit, words: &Words) -> SafeHtml {
    let today = cx.context().today();
    let link = |ledger: &str, id: Option<RecordId>, label: &str| {
        id.map_or_else(|| SafeHtml::or_dash(""), |id| SafeHtml::link(&record_href(ledger, id), label))
    };
    view::section(
        "遊具",
        &facts(&[
            Fact::text("種類", &words.choice("kind", &unit.kind)),
            Fact::text("製造者", &unit.maker),
            Fact::text("設置年月日", &said_day(unit.installed_on)),
            Fact::text("この状態になった日", &said_day(unit.state_since)),
            Fact::html("総合判定", grade_chip(unit.overall)),
            Fact::text("使用の判断", unit.judgement.map(judgement_label).unwrap_or_default()),
            Fact::html("次の定期点検の期限", due(unit.next_periodic_due, today)),
            Fact::html("次の日常点検の期限", due(unit.next_daily_due, today)),
            Fact::html("修繕の指示", link(WORK_ORDER, unit.stop_work_order, "作業指示を開く")),
            Fact::html("再点検", link(INSPECTION, unit.reinspection, "点検の記録を開く")),
        ]),
    )
}

async fn inspections(cx: &Cx, unit: &Unit) -> Result<SafeHtml, Problem> {
    let words = Words::of(cx.ledgers(), cx.context(), INSPECTION)?;
    let request = ListRequest { limit: 20, ..ListRequest::filtered(format!("playground_unit = '{}'", unit.id)) };
    let found = cx.ledgers().list(cx.context(), INSPECTION, &request).await?;
    if found.records.is_empty() {
        return Ok(view::section("点検", &Empty::new("点検の記録はまだありません。").html()));
    }
    let rows = found.records.iter().map(|record| {
        let one = Inspection::of(record);
        Row::new(vec![
            SafeHtml::link(&record_href(INSPECTION, one.id), &said_day(one.inspected_on)),
            SafeHtml::escape(words.choice("kind", &one.kind)),
            grade_chip(one.overall),
            SafeHtml::or_dash(one.judgement.map(judgement_label).unwrap_or_default()),
            SafeHtml::escape(one.inspector),
        ])
    });
    let columns = vec![
        Column::new("day", "点検日").align(Align::Tight),
        Column::new("kind", "種類"),
        Column::new("grade", "判定").align(Align::Tight),
        Column::new("use", "使用の判断"),
        Column::new("by", "点検した人"),
    ];
    Ok(view::section("点検", &Table::new(Lang::Ja, "点検", columns, rows.collect()).html()))
}

async fn stops(cx: &Cx, unit: &Unit) -> Result<SafeHtml, Problem> {
    let request = ListRequest::filtered(format!("playground_unit = '{}'", unit.id));
    let found = records::all(cx.ledgers(), cx.context(), STOP_NOTICE, request).await?;
    if found.is_empty() {
        return Ok(SafeHtml::EMPTY);
    }
    let rows = found.iter().map(|record| {
        let read = records::Read(record.fields());
        let stopped = match record.get("stopped_at") {
            crate::kernel::Value::Instant(at) => view::when(*at),
            _ => String::new(),
        };
        let hours = read.figure("hours_to_stop").map(|hours| format!("{hours}時間")).unwrap_or_default();
        Row::new(vec![
            SafeHtml::link(&record_href(STOP_NOTICE, record.id), &stopped),
            SafeHtml::escape(read.text("reason")),
            SafeHtml::or_dash(&hours),
            pieces::day(read.date("lifted_on")),
        ])
    });
    let columns = vec![
        Column::new("stopped", "止めた日時").align(Align::Tight),
        Column::new("why", "理由"),
        Column::new("hours", "見つけてから").align(Align::Number),
        Column::new("lifted", "解除").align(Align::Tight),
    ];
    Ok(view::section("使用停止", &Table::new(Lang::Ja, "使用停止", columns, rows.collect()).html()))
}
