//! What publishing a definition would do, and doing it.

use axum::response::{Html, IntoResponse, Response};
use kawasemi_kernel::Lang;
use kawasemi_ledger::LedgerError;
use kawasemi_store::StoreError;
use kawasemi_store::schema::{Effect, Plan};
use kawasemi_ui::Component;
use kawasemi_ui::SafeHtml;
use kawasemi_ui::button::{Look, Post, Submit, row};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::page::Page;
use kawasemi_ui::steps::steps;
use kawasemi_ui::table::{Align, Column, Row, Table};

use super::super::opened::{LEDGERS, ledger_href};
use super::{STEPS, editor, may_go_on};
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::done_at;

/// `POST /desk/ledgers/design/plan`: from the TOML as it was typed.
pub async fn plan(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    may_go_on(&cx)?;
    show_plan(&cx, entries.text("toml")).await
}

/// `POST /desk/ledgers/design/publish`
pub async fn publish(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    may_go_on(&cx)?;
    let toml = entries.text("toml");
    match cx.ledgers().publish_definition(&cx.because("台帳の公開"), toml).await {
        Ok(def) => Ok(done_at(&ledger_href(&def.key), "published")),
        Err(error) => refused(&cx, toml, error),
    }
}

/// What publishing would do; a definition with mistakes goes back to the editor.
pub async fn show_plan(cx: &Cx, toml: &str) -> Result<Response, Problem> {
    let (def, plan) = match cx.ledgers().plan_definition(cx.context(), toml).await {
        Ok(found) => found,
        Err(error) => return refused(cx, toml, error),
    };
    let mut body = steps(Lang::Ja, &STEPS, 2);
    body.push(&steps_of(&plan));
    let publish = Submit::new("公開する").look(Look::Primary);
    let can_publish = !plan.is_empty() && plan.effect() == Effect::Adds;
    let back = Post::new(format!("{LEDGERS}/design/edit"), Submit::new("項目に戻る")).hidden("toml", toml);
    let mut buttons = Vec::new();
    if can_publish {
        buttons.push(Post::new(format!("{LEDGERS}/design/publish"), publish).hidden("toml", toml).html());
    }
    buttons.push(back.html());
    body.push(&row(buttons));
    let site = cx.desk_site("ledgers");
    let mut page = Page::new(&site, format!("「{}」を公開する前の確認", def.title.ja()))
        .crumb("ホーム", "/desk")
        .crumb("台帳", LEDGERS);
    page = page.lead(format!("項目は{}個、保存期間は{}です。", def.fields.len(), kept_for(&def.retention)));
    if !can_publish && !plan.is_empty() {
        let text = "項目をなくす・種類を変える変更は、今ある記録に影響するため、この画面からは公開できません。システム管理者に依頼してください。";
        page = page.notice(Notice::new(Tone::Warning, "この画面から公開できない変更があります").text(text));
    }
    Ok(Html(page.body(body).render()).into_response())
}

/// Shows what is wrong beside the design; what is no mistake of it is passed on.
fn refused(cx: &Cx, toml: &str, error: LedgerError) -> Result<Response, Problem> {
    match error {
        LedgerError::Schema(errors) => {
            let sentences: Vec<String> = errors.0.iter().map(ToString::to_string).collect();
            editor(cx, toml, &sentences)
        }
        LedgerError::Refused(message) => editor(cx, toml, &[message]),
        LedgerError::Store(StoreError::Refused { .. }) => editor(cx, toml, &[error.to_string()]),
        error => Err(error.into()),
    }
}

fn steps_of(plan: &Plan) -> SafeHtml {
    if plan.is_empty() {
        return Empty::new("公開中の定義と同じです").text("変更はありません。").html();
    }
    let columns = vec![Column::new("message", "行うこと"), Column::new("effect", "影響").align(Align::Tight)];
    let rows = plan.steps.iter().map(|step| {
        let effect = match step.effect {
            Effect::Adds => chip(State::Good, "追加だけ"),
            _ => chip(State::Bad, "今ある内容に影響"),
        };
        Row::new(vec![SafeHtml::escape(&step.message), effect])
    });
    Table::new(Lang::Ja, "公開すると行われること", columns, rows.collect()).html()
}

fn kept_for(retention: &kawasemi_schema::Retention) -> String {
    retention.years.map_or_else(|| "常用".to_owned(), |years| format!("{years}年"))
}
