//! API tokens of one's own (APIトークン): made for a program, shown once, revoked at any time.

use axum::extract::Path;
use axum::response::Response;
use jiff::civil::Date;
use kawasemi_identity::{ApiToken, IdentityError, NewToken};
use kawasemi_kernel::Lang;
use kawasemi_kernel::context::start_of;
use kawasemi_ui::button::{Post, Submit};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::field::{Choice, FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};
use uuid::Uuid;

use super::{Part, own, page};
use crate::auth::again;
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{answer, code, done, done_at, section, when, when_or};

/// The form as it was entered, with what is wrong.
#[derive(Default)]
struct Typed<'a> {
    entries: Option<&'a Entries>,
    mistakes: Vec<(&'static str, String)>,
}

/// `GET /desk/account/tokens`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let notice = done(&cx, &[("revoked", "トークンを失効させました。")]);
    render(&cx, &Typed::default(), notice).await
}

/// `POST /desk/account/tokens`
pub async fn create(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &entries) {
        return Ok(again);
    }
    let refused = |field, message| Typed { entries: Some(&entries), mistakes: vec![(field, message)] };
    let until = match read_day(entries.text("until")) {
        Ok(until) => until,
        Err(message) => return render(&cx, &refused("until", message), None).await,
    };
    let new = NewToken {
        name: entries.text("name").to_owned(),
        // It works to the end of the day that was named.
        expires_at: until.and_then(|day| day.tomorrow().ok()).map(start_of),
        read_only: entries.text("access") != "write",
    };
    match cx.city().identity.create_token(cx.context(), own(&cx)?.id, new).await {
        Ok(token) => {
            let text = "この画面を閉じると、二度と表示できません。プログラムの設定に写してから閉じてください。";
            let notice = Notice::new(Tone::Success, "トークンを発行しました").text(text).more(code(&token));
            render(&cx, &Typed::default(), Some(notice)).await
        }
        Err(IdentityError::Invalid(message)) => {
            let field = if message.contains("期限") { "until" } else { "name" };
            render(&cx, &refused(field, message), None).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /desk/account/tokens/{id}/revoke`
pub async fn revoke(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    cx.city().identity.revoke_token(cx.context(), id).await?;
    Ok(done_at(Part::Tokens.href(), "revoked"))
}

/// A day as people write it; none if nothing was entered.
pub fn read_day(text: &str) -> Result<Option<Date>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    kawasemi_kernel::era::parse_date(text).map(Some).map_err(|error| error.to_string())
}

async fn render(cx: &Cx, typed: &Typed<'_>, notice: Option<Notice>) -> Result<Response, Problem> {
    let tokens = cx.city().identity.tokens_of(cx.context(), own(cx)?.id).await?;
    let mut body = if tokens.is_empty() {
        Empty::new("APIトークンはありません")
            .text("ほかのシステムやスクリプトから記録を読み書きするときに発行します。トークンでできることは、自分にできることと同じです。")
            .icon(Icon::Key)
            .html()
    } else {
        table(cx, &tokens)
    };
    let form = form(cx, typed);
    let mistaken = form.has_mistakes();
    body.push(&section("新しいトークンを発行する", &form.html()));
    let site = cx.desk_site("");
    let mut page = page(cx, &site, Part::Tokens, &body);
    if let Some(notice) = notice {
        page = page.notice(notice);
    }
    Ok(answer(page, mistaken))
}

fn table(cx: &Cx, tokens: &[ApiToken]) -> SafeHtml {
    let columns = vec![
        Column::new("name", "名前"),
        Column::new("access", "できること"),
        Column::new("created", "発行").align(Align::Tight),
        Column::new("until", "期限").align(Align::Tight),
        Column::new("used", "最後の利用").align(Align::Tight),
        Column::new("act", "操作").align(Align::Tight),
    ];
    let now = cx.context().act.at;
    let rows = tokens.iter().map(|token| {
        let until = match token.expires_at {
            Some(end) if end <= now => chip(State::Muted, "期限切れ"),
            end => SafeHtml::escape(when_or(end, "なし")),
        };
        let question =
            format!("「{}」を使っているプログラムは、すぐに接続できなくなります。失効させますか。", token.name);
        let address = format!("{}/{}/revoke", Part::Tokens.href(), token.id);
        Row::new(vec![
            SafeHtml::escape(&token.name),
            SafeHtml::escape(if token.read_only { "閲覧のみ" } else { "閲覧と変更" }),
            SafeHtml::escape(when(token.created_at)),
            until,
            SafeHtml::escape(when_or(token.used_at, "未使用")),
            Post::new(address, Submit::new("失効させる").question(question)).html(),
        ])
    });
    Table::new(Lang::Ja, "自分のAPIトークン", columns, rows.collect()).html()
}

fn form(cx: &Cx, typed: &Typed<'_>) -> Form {
    let value = |name: &str| typed.entries.map(|entries| entries.text(name).to_owned()).unwrap_or_default();
    let access = match value("access") {
        access if access.is_empty() => "read".to_owned(),
        access => access,
    };
    let choices = vec![Choice::new("read", "閲覧のみ"), Choice::new("write", "閲覧と変更")];
    let fields = vec![
        FieldView::new("name", "名前", FieldKind::Text { max: Some(100) })
            .hint("何に使うかを書きます。例：公園管理システムとの連携")
            .value(value("name"))
            .required(),
        FieldView::new("access", "できること", FieldKind::Choice { choices }).value(access).required(),
        FieldView::new("until", "使える最後の日", FieldKind::Date)
            .hint("空のままにすると期限なしです。期限を付けておくと安全です。")
            .value(value("until")),
    ];
    let mistaken = fields.into_iter().map(|field| {
        let found: Vec<String> =
            typed.mistakes.iter().filter(|(key, _)| *key == field.key).map(|(_, message)| message.clone()).collect();
        found.into_iter().fold(field, FieldView::error)
    });
    Form::new(cx.lang(), Part::Tokens.href()).fields(mistaken.collect()).submit("発行する")
}
