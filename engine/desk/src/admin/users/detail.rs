//! One account: who it is, what it may do, where it is signed in, and what can be done about it.

use axum::extract::Path;
use axum::response::Response;
use kawasemi_identity::{Account, ApiToken};
use kawasemi_kernel::Lang;
use kawasemi_ui::button::{Confirm, LinkButton, Look, Post, Submit, row};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};
use uuid::Uuid;

use super::super::{page, site};
use super::roles::{self, Typed};
use super::{PATH, account, code_sheet, href, list};
use crate::account::sessions_table;
use crate::problem::Problem;
use crate::registers::{Departments, number_of_person};
use crate::request::Cx;
use crate::view::{address, answer, done, note, section, section_with, when, when_or};

const DONE: [(&str, &str); 10] = [
    ("added", "利用者を登録しました。"),
    ("saved", "変更を保存しました。"),
    ("disabled", "利用を停止しました。サインインはすべて終わりました。"),
    ("enabled", "利用を再開しました。"),
    ("second-factor", "確認コードを解除しました。"),
    ("pin", "窓口PINを削除しました。"),
    ("sessions", "サインインを終わらせました。"),
    ("token", "トークンを失効させました。"),
    ("role", "役割を割り当てました。"),
    ("role-removed", "役割を外しました。"),
];

/// `GET /desk/admin/users/{id}`
pub async fn show(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let notice = done(&cx, &DONE);
    render(&cx, id, &Typed::default(), notice, false).await
}

/// The page again, with why an act was refused.
pub async fn refused(cx: &Cx, id: Uuid, message: String) -> Result<Response, Problem> {
    render(cx, id, &Typed::default(), Some(Notice::new(Tone::Error, message)), true).await
}

/// The page again, with mistakes in the form of roles.
pub async fn with_roles(cx: &Cx, id: Uuid, typed: Typed) -> Result<Response, Problem> {
    render(cx, id, &typed, None, typed.is_mistaken()).await
}

async fn render(cx: &Cx, id: Uuid, typed: &Typed, notice: Option<Notice>, mistaken: bool) -> Result<Response, Problem> {
    let found = account(cx, id).await?;
    let identity = &cx.city().identity;
    let mut body = who(cx, &found).await?;
    body.push(&section("役割", &roles::part(cx, &found, typed).await?));
    if found.summary.kind.may_sign_in() {
        body.push(&sessions(cx, id).await?);
    }
    let tokens = identity.tokens_of(cx.context(), id).await?;
    if !tokens.is_empty() {
        body.push(&section("APIトークン", &tokens_table(id, &tokens)));
    }
    body.push(&code_sheet::part(cx, &found).await?);
    let second_factor = identity.second_factor_of(cx.context(), id).await?.is_some();
    body.push(&section("利用の管理", &acts(cx, &found, second_factor)));
    let site = site(cx);
    let buttons = row([
        LinkButton::new("変更する", format!("{}/edit", href(id))).icon(Icon::Edit).shortcut("e").html(),
        LinkButton::new("サインインの記録", address("/desk/admin/events", &[("login", &found.summary.login)])).html(),
        LinkButton::new("アクセスログ", address("/desk/admin/access", &[("login", &found.summary.login)])).html(),
    ]);
    let mut page = page(&site, &found.summary.display_name)
        .crumb("利用者", PATH)
        .beside_title(list::state(&found))
        .actions(buttons)
        .body(body);
    if let Some(notice) = notice {
        page = page.notice(notice);
    }
    Ok(answer(page, mistaken))
}

async fn who(cx: &Cx, found: &Account) -> Result<SafeHtml, Problem> {
    let number = match found.summary.person {
        Some(person) => number_of_person(cx, person).await?,
        None => String::new(),
    };
    let departments = match cx.city().identity.caller_of(cx.context(), found.summary.id).await {
        Ok(caller) if !caller.departments.is_empty() => Departments::load(cx).await?.names(&caller.departments),
        _ => String::new(),
    };
    let password = match (found.has_password, found.password_must_change) {
        (false, _) => "なし",
        (true, false) => "本人が設定済み",
        (true, true) => "仮パスワード（次のサインインで変更）",
    };
    Ok(facts(&[
        Fact::text("利用者名", &found.summary.login),
        Fact::text("種別", found.summary.kind.label()),
        Fact::text("職員番号", &number),
        Fact::text("所属", &departments),
        Fact::text("メールアドレス", found.mail.as_deref().unwrap_or_default()),
        Fact::text("パスワード", password),
        Fact::text("最後のサインイン", &when_or(found.signed_in_at, "まだありません")),
        Fact::text("登録", &when(found.created_at)),
    ]))
}

async fn sessions(cx: &Cx, id: Uuid) -> Result<SafeHtml, Problem> {
    let sessions = cx.city().identity.sessions_of(cx.context(), id).await?;
    if sessions.is_empty() {
        return Ok(section("サインイン中の端末", &note("いまサインインしている端末はありません。")));
    }
    let address = format!("{}/sessions", href(id));
    let all = Submit::new("すべて終わらせる").question("この利用者のサインインをすべて終わらせますか。");
    let button = Post::new(format!("{address}/revoke"), all).html();
    let table = sessions_table(&sessions, cx.context().caller.session, &address);
    Ok(section_with("サインイン中の端末", &button, &table))
}

fn tokens_table(id: Uuid, tokens: &[ApiToken]) -> SafeHtml {
    let columns = vec![
        Column::new("name", "名前"),
        Column::new("access", "できること"),
        Column::new("until", "期限").align(Align::Tight),
        Column::new("used", "最後の利用").align(Align::Tight),
        Column::new("act", "操作").align(Align::Tight),
    ];
    let rows = tokens.iter().map(|token| {
        let question =
            format!("「{}」を使っているプログラムは、すぐに接続できなくなります。失効させますか。", token.name);
        let address = format!("{}/tokens/{}/revoke", href(id), token.id);
        Row::new(vec![
            SafeHtml::escape(&token.name),
            SafeHtml::escape(if token.read_only { "閲覧のみ" } else { "閲覧と変更" }),
            SafeHtml::escape(when_or(token.expires_at, "なし")),
            SafeHtml::escape(when_or(token.used_at, "未使用")),
            Post::new(address, Submit::new("失効させる").question(question)).html(),
        ])
    });
    Table::new(Lang::Ja, "APIトークン", columns, rows.collect()).html()
}

fn acts(cx: &Cx, found: &Account, second_factor: bool) -> SafeHtml {
    let address = |act: &str| format!("{}/{act}", href(found.summary.id));
    let confirm = |label: &str, question: &str, act: &str, look: Look| {
        let form = Post::new(address(act), Submit::new(label).look(look));
        Confirm::new(cx.lang(), label, question, form).html()
    };
    if found.disabled {
        let button = Submit::new("利用を再開する").look(Look::Primary);
        return Post::new(address("enable"), button).html();
    }
    let mut html = SafeHtml::EMPTY;
    if found.summary.kind.may_sign_in() {
        let question =
            "いまのパスワードは使えなくなり、サインインはすべて終わります。仮パスワードは一度だけ表示されます。";
        html.push(&confirm("仮パスワードを発行する", question, "password", Look::Danger));
    }
    if second_factor {
        let question = "端末をなくしたときなどに解除します。次からはパスワードだけでサインインできるようになります。本人であることを確かめてから行ってください。";
        html.push(&confirm("確認コードを解除する", question, "second-factor/remove", Look::Danger));
    }
    let question =
        "サインインはすべて終わり、APIトークンも使えなくなります。履歴に残る氏名はそのままです。いつでも再開できます。";
    html.push(&confirm("利用を停止する", question, "disable", Look::Danger));
    html
}
