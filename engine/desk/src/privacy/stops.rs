//! Stop of use and erasure on request (利用停止・消去).

use axum::extract::Path;
use axum::response::Response;
use kawasemi_kernel::{Actor, Lang};
use kawasemi_ledger::field;
use kawasemi_ui::Component;
use kawasemi_ui::SafeHtml;
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::field::{Choice, FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use uuid::Uuid;

use super::{brought, chosen, refusal_of, refused, with_answer, with_refusal};
use crate::audit::{MEANT, People, page, site};
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{done, done_at, section, when, when_or};

const PATH: &str = "/desk/privacy/stops";

/// `GET /desk/privacy/stops`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    render(&cx, &brought(&cx, &["kind", "ledger", "record", "basis", "reason"]), None).await
}

/// `POST /desk/privacy/stops`: stops the use of a record, or proposes its erasure.
pub async fn add(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    let (ledger, record) = match chosen(&cx, PATH, &entries).await? {
        Ok(Some(meant)) => meant,
        Ok(None) => {
            let answer = refusal_of(format!("どの記録かを「{MEANT}」に入力してください。"));
            return render(&cx, &entries, Some(answer)).await;
        }
        Err(answer) => return render(&cx, &entries, Some(answer)).await,
    };
    let (ledger, basis, reason) = (ledger.as_str(), entries.text("basis"), entries.text("reason"));
    let oversight = &cx.city().oversight;
    let outcome = match entries.text("kind") {
        "erase" => oversight.propose_erasure(cx.context(), ledger, record, basis, reason).await,
        _ => oversight.stop_use(cx.context(), ledger, record, basis, reason).await,
    };
    match refused(outcome)? {
        Ok(id) if entries.text("kind") == "erase" => Ok(done_at(&format!("/desk/privacy/disposals/{id}"), "proposed")),
        Ok(id) => Ok(done_at(&format!("{PATH}/{id}"), "stopped")),
        Err(sentence) => render(&cx, &entries, Some(refusal_of(sentence))).await,
    }
}

async fn render(cx: &Cx, entries: &Entries, answer: Option<Notice>) -> Result<Response, Problem> {
    let stops = cx.city().oversight.stops(cx.context()).await?;
    let people = People::load(cx, stops.iter().filter_map(|stop| account(&stop.stopped_by)), []).await?;
    let columns = vec![
        Column::new("at", "日時").align(Align::Tight),
        Column::new("ledger", "台帳"),
        Column::new("basis", "根拠"),
        Column::new("reason", "理由"),
        Column::new("by", "決定した人"),
        Column::new("ended", "解除").align(Align::Tight),
    ];
    let rows = stops.iter().map(|stop| {
        Row::new(vec![
            SafeHtml::link(&format!("{PATH}/{}", stop.id), &when(stop.stopped_at)),
            SafeHtml::escape(crate::audit::ledger(cx, &stop.ledger)),
            SafeHtml::escape(&stop.basis),
            SafeHtml::escape(&stop.reason),
            SafeHtml::escape(people.actor(&stop.stopped_by)),
            SafeHtml::escape(when_or(stop.ended_at, "停止中")),
        ])
    });
    let mut body = section("請求を処理する", &form(cx, entries));
    let table = match stops.is_empty() {
        true => Empty::new("利用停止の記録はありません").html(),
        false => Table::new(Lang::Ja, "利用停止", columns, rows.collect()).html(),
    };
    body.push(&section("利用停止の記録", &table));
    let site = site(cx);
    let lead = "利用を止めた記録は、個人情報保護担当のほかは、一覧、検索、書出し、参照のどこにも出ません。消去は、別の担当の決定で行われます。";
    Ok(with_answer(page(&site, "利用停止・消去").lead(lead).body(body), answer))
}

fn form(cx: &Cx, entries: &Entries) -> SafeHtml {
    let catalogue = cx.catalogue();
    let choices = catalogue.iter().map(|ledger| Choice::new(ledger.key(), ledger.def.title.get(Lang::Ja)));
    let kinds = vec![
        Choice::new("stop", "利用停止（記録は残し、だれにも見せない）"),
        Choice::new("erase", "消去（決定のあと、内容を消す）"),
    ];
    let kind = if entries.text("kind") == "erase" { "erase" } else { "stop" };
    let fields = vec![
        FieldView::new("kind", "措置", FieldKind::Choice { choices: kinds }).required().value(kind),
        FieldView::new("ledger", "台帳", FieldKind::Choice { choices: choices.collect() })
            .hint("番号か画面のアドレスで記録が決まるときは、選ばなくても構いません。")
            .value(entries.text("ledger")),
        FieldView::new("record", MEANT, FieldKind::Text { max: None }).required().value(entries.text("record")),
        FieldView::new("basis", "根拠", FieldKind::Text { max: Some(200) })
            .hint("例　個人情報の保護に関する法律第98条第1項第1号")
            .required()
            .value(entries.text("basis")),
        FieldView::new("reason", "理由", FieldKind::LongText { max: Some(1_000) })
            .required()
            .value(entries.text("reason")),
    ];
    Form::new(Lang::Ja, PATH).fields(fields).submit("この措置をとる").html()
}

/// `GET /desk/privacy/stops/{stop}`: the stop, and while it lasts what stands in the record.
pub async fn show(cx: Cx, Path(stop): Path<Uuid>) -> Result<Response, Problem> {
    shown(&cx, stop, None).await
}

/// `POST /desk/privacy/stops/{stop}/end`
pub async fn end(cx: Cx, Path(stop): Path<Uuid>, entries: Entries) -> Result<Response, Problem> {
    let outcome = cx.city().oversight.resume_use(cx.context(), stop, entries.text("reason")).await;
    match refused(outcome)? {
        Ok(()) => Ok(done_at(&format!("{PATH}/{stop}"), "ended")),
        Err(sentence) => shown(&cx, stop, Some(sentence)).await,
    }
}

async fn shown(cx: &Cx, id: Uuid, refusal: Option<String>) -> Result<Response, Problem> {
    let stop = cx.city().oversight.stop(cx.context(), id).await?;
    let people = People::load(cx, account(&stop.stopped_by), []).await?;
    let mut body = facts(&[
        Fact::text("台帳", &crate::audit::ledger(cx, &stop.ledger)),
        Fact::text("記録", &stop.record.to_string()),
        Fact::text("根拠", &stop.basis),
        Fact::text("理由", &stop.reason),
        Fact::text("決定", &format!("{}　{}", when(stop.stopped_at), people.actor(&stop.stopped_by))),
        Fact::text("解除", &when_or(stop.ended_at, "停止中")),
        Fact::text("解除の理由", &stop.end_reason),
    ]);
    let site = site(cx);
    let mut page = page(&site, "利用停止").crumb("利用停止・消去", PATH);
    if stop.ended_at.is_none() {
        match cx.city().oversight.stopped_record(cx.context(), id).await {
            Ok((def, fields)) => {
                let style = crate::ledgers::opened::style();
                let lines: Vec<Fact> = def
                    .fields
                    .iter()
                    .filter_map(|of| Some((of, fields.get(&of.key)?)))
                    .map(|(of, value)| Fact::text(of.label.get(Lang::Ja), &field::show(of, value, &style)))
                    .collect();
                body.push(&section("記録の内容", &facts(&lines)));
                let reason = FieldView::new("reason", "解く理由", FieldKind::LongText { max: Some(1_000) }).required();
                let form = Form::new(Lang::Ja, format!("{PATH}/{id}/end")).fields(vec![reason]);
                body.push(&section("利用停止を解く", &form.submit("利用停止を解く").html()));
            }
            Err(kawasemi_oversight::OversightError::NotFound) => {
                page = page.notice(Notice::new(Tone::Info, "この記録は、すでに消去されています。"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let sentences = [
        ("stopped", "利用を停止しました。この記録は、もうだれにも見えません。"),
        ("ended", "利用停止を解きました。記録は元のとおりです。"),
    ];
    if let Some(notice) = done(cx, &sentences) {
        page = page.notice(notice);
    }
    Ok(with_refusal(page.body(body), refusal))
}

fn account(actor: &str) -> Option<Uuid> {
    actor.parse::<Actor>().ok()?.account()
}
