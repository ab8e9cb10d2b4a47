//! One webhook: what was decided, how it fares, what was sent, who did what.

use axum::extract::Path;
use axum::response::Response;
use kawasemi_kernel::{Actor, Lang};
use kawasemi_store::record::Revision;
use kawasemi_ui::button::{Confirm, LinkButton, Look, Post, Submit, row};
use kawasemi_ui::chip::{State as ChipState, chip};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};
use kawasemi_webhook::{Attempt, State, Webhook};
use uuid::Uuid;

use super::super::names::Names;
use super::super::{page, site};
use super::{PATH, href, kind_label, state};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{answer, code, done, note, section, when, when_or};

const DONE: [(&str, &str); 3] = [
    ("saved", "変更を保存しました。"),
    ("stopped", "止めました。もう一度動かすまで、何も送りません。"),
    ("started", "動かしました。"),
];

/// `GET /desk/admin/webhooks/{id}`
pub async fn show(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let notice = done(&cx, &DONE);
    render(&cx, id, notice).await
}

/// The page, with what was just done.
pub async fn render(cx: &Cx, id: Uuid, notice: Option<Notice>) -> Result<Response, Problem> {
    let webhooks = &cx.city().webhooks;
    let webhook = webhooks.get(cx.context(), id).await?;
    let (attempts, acts) = (webhooks.attempts(cx.context(), id).await?, webhooks.acts(cx.context(), id).await?);
    let people = acts.iter().filter_map(|act| act.actor.account()).chain([webhook.subscription.account]);
    let names = Names::load(cx, people).await?;
    let mut body = decided(cx, &webhook, &names);
    body.push(&section("配信の記録", &sent(&attempts)));
    body.push(&section("操作", &operations(&webhook)));
    body.push(&section("変更の経緯", &history(&acts, &names)));
    let site = site(cx);
    let test = Submit::new("試しに送る").icon(Icon::External);
    let buttons = row([
        LinkButton::new("変更する", format!("{}/edit", href(id))).icon(Icon::Edit).shortcut("e").html(),
        Post::new(format!("{}/test", href(id)), test).html(),
    ]);
    let mut page = page(&site, &webhook.subscription.title)
        .crumb("Webhook", PATH)
        .beside_title(state(&webhook))
        .actions(buttons)
        .body(body);
    if let Some(notice) = notice.or_else(|| standing(&webhook)) {
        page = page.notice(notice);
    }
    Ok(answer(page, false))
}

/// What an administrator has to know first.
fn standing(webhook: &Webhook) -> Option<Notice> {
    match webhook.state {
        State::Failed => {
            let text = format!("{} 受け取る側を直してから、下の「操作」で動かしてください。", webhook.reason);
            Some(Notice::new(Tone::Error, "送るのをやめています").text(text))
        }
        State::Active if webhook.failures > 0 => {
            let since = when_or(webhook.failing_since, "");
            let text = format!("{since}から{}回続けて届いていません。間隔を空けて送り直しています。", webhook.failures);
            Some(Notice::new(Tone::Warning, "届いていません").text(text))
        }
        State::Active | State::Stopped => None,
    }
}

fn decided(cx: &Cx, webhook: &Webhook, names: &Names) -> SafeHtml {
    let wanted = &webhook.subscription;
    let catalogue = cx.catalogue();
    let ledger = match catalogue.get(&wanted.ledger) {
        Some(ledger) => SafeHtml::link(&format!("/desk/ledgers/{}", wanted.ledger), ledger.def.title.get(Lang::Ja)),
        None => code(&wanted.ledger),
    };
    let kinds: Vec<&str> = wanted.kinds.iter().map(|kind| kind_label(*kind)).collect();
    let filter = wanted.filter.as_deref().map_or_else(|| SafeHtml::escape("なし（すべての記録）"), code);
    let content = if wanted.with_fields { "IDと、見える項目の内容" } else { "記録のIDだけ" };
    let secret = match webhook.old_secret_until.filter(|until| *until > cx.context().act.at) {
        Some(until) => format!("{}まで、前の秘密でも署名しています", when(until)),
        None => "作ったときに一度だけ表示しました".to_owned(),
    };
    facts(&[
        Fact::html("送り先", code(&wanted.url)),
        Fact::html("台帳", ledger),
        Fact::text("知らせること", &if kinds.is_empty() { "すべて".to_owned() } else { kinds.join("・") }),
        Fact::html("条件", filter),
        Fact::html("だれの権限で", names.account(wanted.account)),
        Fact::text("送る内容", content),
        Fact::text("署名の秘密", &secret),
        Fact::text("最後に届いた時", &when_or(webhook.delivered_at, "まだありません")),
        Fact::text("作った日時", &when(webhook.created_at)),
    ])
}

fn sent(attempts: &[Attempt]) -> SafeHtml {
    if attempts.is_empty() {
        return note("まだ何も送っていません。「試しに送る」で、届くかどうかを確かめられます。");
    }
    let columns = vec![
        Column::new("at", "日時").align(Align::Tight),
        Column::new("state", "結果").align(Align::Tight),
        Column::new("status", "応答").align(Align::Number),
        Column::new("changes", "変更").align(Align::Number),
        Column::new("attempt", "回数").align(Align::Number),
        Column::new("took", "ミリ秒").align(Align::Number),
        Column::new("error", "エラー"),
    ];
    let rows = attempts.iter().map(|attempt| {
        let result = if attempt.has_arrived() {
            chip(ChipState::Good, "届いた")
        } else {
            chip(ChipState::Bad, "届かない")
        };
        let changes = if attempt.changes == 0 { "試し".to_owned() } else { format!("{}件", attempt.changes) };
        Row::new(vec![
            SafeHtml::escape(when(attempt.at)),
            result,
            SafeHtml::or_dash(&attempt.status.map(|status| status.to_string()).unwrap_or_default()),
            SafeHtml::escape(changes),
            SafeHtml::escape(attempt.attempt),
            SafeHtml::escape(attempt.duration_ms),
            SafeHtml::or_dash(attempt.error.as_deref().unwrap_or_default()),
        ])
    });
    Table::new(Lang::Ja, "配信の記録", columns, rows.collect()).html()
}

fn operations(webhook: &Webhook) -> SafeHtml {
    let address = href(webhook.id);
    let mut buttons = Vec::new();
    if webhook.state == State::Active {
        let question = "止めている間の変更は、もう一度動かしたときに送れます。止めますか。";
        buttons.push(Post::new(format!("{address}/stop"), Submit::new("止める").question(question)).html());
    } else {
        let go_on = Submit::new("止めたところから動かす").look(Look::Primary);
        let from_now =
            Submit::new("今からの変更だけで動かす").question("止まっている間の変更は送られません。よろしいですか。");
        buttons.push(Post::new(format!("{address}/start"), go_on).hidden("from", "stop").html());
        buttons.push(Post::new(format!("{address}/start"), from_now).hidden("from", "now").html());
    }
    let rotate =
        Submit::new("署名の秘密を作り直す").question("新しい秘密を一度だけ表示します。前の秘密は24時間だけ使えます。");
    buttons.push(Post::new(format!("{address}/rotate"), rotate).html());
    let delete = Submit::new("削除する").look(Look::Danger);
    let question = "設定と配信の記録が消えます。だれがいつ何を決めたかは、監査の記録に残ります。";
    let confirm = Confirm::new(Lang::Ja, "削除する", question, Post::new(format!("{address}/delete"), delete));
    let mut html = row(buttons);
    html.push(&confirm.html());
    html
}

fn history(acts: &[Revision], names: &Names) -> SafeHtml {
    let columns = vec![
        Column::new("at", "日時").align(Align::Tight),
        Column::new("act", "操作").align(Align::Tight),
        Column::new("by", "した人"),
    ];
    let rows = acts.iter().map(|act| {
        let said = match act.kind.as_str() {
            "create" => "作成",
            "update" => "変更",
            "rotate" => "秘密の作り直し",
            "stop" => "停止",
            "start" => "再開",
            other => other,
        };
        let by = match act.actor {
            Actor::Account(id) => names.account(id),
            other => names.actor(&other.to_string()),
        };
        Row::new(vec![SafeHtml::escape(when(act.at)), SafeHtml::escape(said), by])
    });
    Table::new(Lang::Ja, "変更の経緯", columns, rows.collect()).html()
}
