//! What was merged (まとめた記録), and the way back.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use kawasemi_kernel::{Actor, Lang};
use kawasemi_ledger::LedgerError;
use kawasemi_parties::{Merged, merge};
use kawasemi_registry::PARTY;
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::field::{FieldKind as Control, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};
use uuid::Uuid;

use super::list::DONE;
use super::{DUPLICATES, MERGES, gate, page};
use crate::ledgers::opened::record_href;
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{disclosure, done, done_at, when};

/// Merges that are shown.
const SHOWN: u32 = 100;

/// `GET /desk/parties/merges`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    gate(&cx)?;
    let notice = done(&cx, DONE);
    render(&cx, notice, StatusCode::OK).await
}

/// `POST /desk/parties/merges/{id}/undo`
pub async fn undo(cx: Cx, Path(id): Path<Uuid>, entries: Entries) -> Result<Response, Problem> {
    gate(&cx)?;
    match merge::undo(cx.ledgers(), &cx.because(entries.text("why")), id).await {
        Ok(undone) if undone.kept == 0 => Ok(done_at(MERGES, "undone")),
        Ok(undone) => {
            let text = format!(
                "参照{}件を元に戻しました。{}件は、そのあと別の人に変えられていたため、そのままにしました。",
                undone.moved, undone.kept
            );
            render(&cx, Some(Notice::new(Tone::Warning, "名寄せを元に戻しました").text(text)), StatusCode::OK).await
        }
        Err(LedgerError::Refused(text)) => {
            let notice = Notice::new(Tone::Error, "元に戻せませんでした").text(text);
            render(&cx, Some(notice), StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn render(cx: &Cx, notice: Option<Notice>, status: StatusCode) -> Result<Response, Problem> {
    let merges = merge::list(cx.ledgers(), None, SHOWN).await?;
    let parties: Vec<_> = merges.iter().flat_map(|merged| [merged.survivor, merged.duplicate]).collect();
    let labels = cx.ledgers().labels_of(cx.context(), PARTY, &parties).await?;
    let accounts = merges.iter().filter_map(|merged| merged.actor.parse::<Actor>().ok()?.account()).collect();
    let names = cx.ledgers().account_names(accounts).await?;
    let label = |id| labels.get(&id).map_or("", String::as_str);
    let row = |merged: &Merged| {
        let actor = merged.actor.parse::<Actor>().ok().and_then(Actor::account);
        let by = actor.and_then(|id| names.get(&id)).map_or("システム", String::as_str);
        let both = SafeHtml::trusted(format!(
            "<p>{}</p><p class=\"text-soft\">← {}</p>",
            SafeHtml::link(&record_href(PARTY, merged.survivor), label(merged.survivor)),
            SafeHtml::link(&record_href(PARTY, merged.duplicate), label(merged.duplicate))
        ));
        let act = match merged.undone_at {
            Some(at) => {
                SafeHtml::trusted(format!("{} {}", chip(State::Muted, "元に戻した"), SafeHtml::escape(when(at))))
            }
            None => disclosure("元に戻す", &undo_form(merged.id), false),
        };
        let who = SafeHtml::escape(format!("{}　{by}", when(merged.at)));
        Row::new(vec![both, SafeHtml::escape(&merged.reason), who, SafeHtml::escape(merged.moved.to_string()), act])
    };
    let columns = vec![
        Column::new("both", "残した記録 ← まとめた記録"),
        Column::new("reason", "理由"),
        Column::new("who", "いつ・だれが"),
        Column::new("moved", "移した参照").align(Align::Number),
        Column::new("act", ""),
    ];
    let body = match merges.is_empty() {
        true => Empty::new("まとめた記録はありません").icon(Icon::History).html(),
        false => Table::new(Lang::Ja, "まとめた記録", columns, merges.iter().map(row).collect()).head(0).html(),
    };
    let site = cx.desk_site("ledgers");
    let mut page = page(&site, "まとめた記録").crumb("名寄せの候補", DUPLICATES).body(body);
    if let Some(notice) = notice {
        page = page.notice(notice);
    }
    Ok((status, Html(page.render())).into_response())
}

fn undo_form(id: Uuid) -> SafeHtml {
    let why = FieldView::new("why", "元に戻す理由", Control::Text { max: Some(200) }).required();
    Form::new(Lang::Ja, format!("{MERGES}/{id}/undo")).fields(vec![why]).submit("名寄せを元に戻す").plain().html()
}
