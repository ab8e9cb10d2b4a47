//! Locking the screen at a shared machine (窓口端末), and whoever comes next.
//!
//! A locked session opens nothing: to every other page its owner is a visitor. What had been typed goes to the server, sealed for
//! its owner, before the screen is given to somebody else; the lock page knows nothing of it. Who comes next proves themselves with
//! a PIN, the password or a passkey, and lands on a page of their own: only the owner of the locked session goes back to where
//! they were.

use axum::Json;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use kawasemi_identity::{AccountSummary, IdentityError, NewSession, SharedDevice};
use kawasemi_kernel::Lang;
use kawasemi_ui::button::{LinkButton, Look, Post, Submit, row};
use kawasemi_ui::card::{Card, grid};
use kawasemi_ui::field::{FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::page::Page;
use kawasemi_ui::{Component, Icon, SafeHtml};
use serde_json::json;

use super::kept::Kept;
use super::sign_in::{self, passkey_form};
use super::{own_path, session_cookie};
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{address as with_query, note, section};

/// The lock page.
pub const PATH: &str = "/auth/locked";
/// Where what was kept is offered.
const RESUME: &str = "/auth/resume";

/// The lock page that comes back to a path once its owner is there again.
pub fn address(next: &str) -> String {
    with_query(PATH, &[("next", next)])
}

/// `POST /auth/lock`: locks, and keeps the form that comes along.
pub async fn lock(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    let identity = &cx.city().identity;
    if let (Some(account), Some(kept)) = (&cx.context().caller.account, Kept::of(&entries)) {
        identity.keep_draft(account.id, &kept.to_text(), cx.context().act.at).await?;
    }
    identity.lock(cx.context()).await?;
    if cx.wants_json() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(Redirect::to(PATH).into_response())
}

/// Keeps a form that came after the screen was locked, or the session at a shared machine had ended, and shows the lock page.
pub async fn keep(cx: &Cx, entries: Entries) -> Response {
    let identity = &cx.city().identity;
    let kept = Kept::new(cx.path(), entries);
    let saved = async {
        let owner = match (cx.locked(), cx.secret()) {
            (Some(account), _) => Some(account.id),
            (None, Some(secret)) => identity.owner_of(secret).await?,
            (None, None) => None,
        };
        match owner {
            Some(owner) => identity.keep_draft(owner, &kept.to_text(), cx.context().act.at).await,
            None => Ok(false),
        }
    };
    match saved.await {
        Ok(saved) => Redirect::to(&with_query(PATH, &[("kept", if saved { "1" } else { "0" })])).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// `GET /auth/locked`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    if cx.is_signed_in() {
        return Ok(Redirect::to("/desk").into_response());
    }
    Ok(page(&cx, &cx.query("user").unwrap_or_default(), None).await?.into_response())
}

/// `POST /auth/pin`: the next person, or the same one again.
pub async fn pin(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    let (login, pin) = (entries.text("login").to_owned(), entries.text("pin").to_owned());
    match cx.city().identity.sign_in_with_pin(&cx.visit(), &login, &pin).await {
        Ok(session) => came_in(&cx, &session, &entries).await,
        Err(error) => {
            let status = match &error {
                IdentityError::WrongCode | IdentityError::PinRefused(_) => StatusCode::UNPROCESSABLE_ENTITY,
                IdentityError::TooManyAttempts { .. } | IdentityError::Busy => StatusCode::TOO_MANY_REQUESTS,
                _ => return Err(error.into()),
            };
            let said = match error {
                IdentityError::WrongCode => {
                    "PINが違います。続けて5回間違えると、パスワードが必要になります。".to_owned()
                }
                other => other.to_string(),
            };
            if cx.wants_json() {
                return Ok((status, Json(json!({ "detail": said }))).into_response());
            }
            Ok((status, page(&cx, &login, Some(said)).await?).into_response())
        }
    }
}

async fn came_in(cx: &Cx, session: &NewSession, entries: &Entries) -> Result<Response, Problem> {
    let same = cx.locked().is_some_and(|locked| locked.id == session.account.id);
    if same && entries.get("in_page").is_some() {
        // The page under the lock still has what was typed; the copy is not needed.
        cx.city().identity.take_draft(session.account.id).await?;
    }
    let next = if entries.get("in_page").is_some() && same {
        "/desk".to_owned()
    } else {
        landing(cx, session, own_path(entries.text("next"))).await?
    };
    let mut response = if cx.wants_json() {
        Json(json!({ "same": same, "redirect": next })).into_response()
    } else {
        Redirect::to(&next).into_response()
    };
    session_cookie(cx, &mut response, &session.secret);
    Ok(response)
}

/// Where somebody lands who signed in at a shared machine: at what they had not sent, else where they were, if it was them who
/// was there.
pub async fn landing(cx: &Cx, session: &NewSession, next: &str) -> Result<String, Problem> {
    if session.password_must_change {
        return Ok(super::PASSWORD_PAGE.to_owned());
    }
    // Where somebody else was is none of theirs, not even its address: it may hold what was searched for.
    let next = match cx.locked() {
        Some(locked) if locked.id == session.account.id => next,
        None if cx.secret().is_none() => next,
        _ => "/desk",
    };
    if cx.city().identity.drafts(session.account.id).await? > 0 {
        return Ok(with_query(RESUME, &[("next", next)]));
    }
    Ok(next.to_owned())
}

/// `GET /auth/resume`: offers what was kept when the screen was locked.
pub async fn offer(cx: Cx) -> Result<Response, Problem> {
    let next = cx.query("next").unwrap_or_default();
    let caller = &cx.context().caller;
    // Only who sits at a browser has something that was not sent.
    let Some(account) = caller.account.as_ref().filter(|_| caller.session.is_some()) else {
        return Ok(Redirect::to(&sign_in::address(RESUME)).into_response());
    };
    if cx.city().identity.drafts(account.id).await? == 0 {
        return Ok(Redirect::to(own_path(&next)).into_response());
    }
    let open = Submit::new("続きを開く").look(Look::Primary).icon(Icon::Edit);
    let discard = Submit::new("破棄する").question("保管していた入力を破棄します。元に戻せません。");
    let hidden =
        |button: Submit, act: &str| Post::new(RESUME, button).hidden("act", act).hidden("next", own_path(&next));
    let mut body = row([hidden(open, "open").html(), hidden(discard, "discard").html()]);
    body.push(&row([LinkButton::new("あとで決める", own_path(&next)).html()]));
    let site = cx.door_site();
    let page = Page::new(&site, "書きかけの入力があります")
        .narrow()
        .lead("画面がロックされたとき、送信していない入力がありました。あなただけが開けるように保管しています（72時間まで）。");
    Ok(Html(page.body(body).render()).into_response())
}

/// `POST /auth/resume`: opens what was kept, or discards it.
pub async fn resume(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    let next = own_path(entries.text("next")).to_owned();
    let Some(account) = &cx.context().caller.account else {
        return Ok(Redirect::to(&sign_in::address(RESUME)).into_response());
    };
    let draft = cx.city().identity.take_draft(account.id).await?;
    match draft.as_deref().and_then(Kept::from_text) {
        Some(kept) if entries.text("act") == "open" => Ok(kept.resume(&cx).into_response()),
        _ => Ok(Redirect::to(&next).into_response()),
    }
}

/// The machine at which the browser runs, if it is on the list.
async fn device(cx: &Cx) -> Result<Option<SharedDevice>, Problem> {
    match cx.device() {
        Some(secret) => Ok(cx.city().identity.device(secret).await?),
        None => Ok(None),
    }
}

async fn page(cx: &Cx, chosen: &str, mistake: Option<String>) -> Result<Html<String>, Problem> {
    let device = device(cx).await?;
    let people = match &device {
        Some(device) => cx.city().identity.people_at(device.id, cx.context().act.at).await?,
        None => Vec::new(),
    };
    let locked = cx.locked();
    let current = people.iter().find(|one| one.login == chosen).or(locked.filter(|_| chosen.is_empty()));
    let next = if current.map(|one| one.id) == locked.map(|one| one.id) { cx.query("next") } else { None };
    let next = next.unwrap_or_default();
    let mistaken = mistake.is_some();
    let mut body = SafeHtml::EMPTY;
    if device.is_some() {
        body.push(&section(&heading(current), &pin_form(current, chosen, &next, mistake)));
    } else if let Some(mistake) = mistake {
        body.push(&Notice::new(Tone::Error, mistake).html());
    }
    let others: Vec<&AccountSummary> = people.iter().filter(|one| current.is_none_or(|now| now.id != one.id)).collect();
    if !others.is_empty() {
        body.push(&section("ほかの人に替わる", &tiles(&others)));
    }
    body.push(&section("パスワードやパスキーでサインインする", &full(&next)));
    let site = cx.door_site();
    let title = if locked.is_some() { "画面をロックしています" } else { "窓口端末のサインイン" };
    let mut page = Page::new(&site, title).narrow();
    if let Some(device) = &device {
        page = page.lead(format!("この端末：{}", device.name));
    }
    if let Some(notice) = told(cx) {
        page = page.notice(notice);
    }
    let page = page.body(body);
    Ok(Html(if mistaken { page.with_mistakes() } else { page }.render()))
}

fn heading(current: Option<&AccountSummary>) -> String {
    current.map_or_else(|| "PINでサインインする".to_owned(), |one| format!("{} さん", one.display_name))
}

fn told(cx: &Cx) -> Option<Notice> {
    match cx.query("kept")?.as_str() {
        "1" => Some(
            Notice::new(Tone::Info, "送った内容は、まだ登録されていません")
                .text("ロック中だったため、本人だけが開けるように保管しました。サインインすると続きを開けます。"),
        ),
        _ => Some(
            Notice::new(Tone::Warning, "送った内容は登録されていません")
                .text("サインインが切れていました。サインインしてから、もう一度入力してください。"),
        ),
    }
}

fn pin_form(current: Option<&AccountSummary>, chosen: &str, next: &str, mistake: Option<String>) -> SafeHtml {
    let mut field = FieldView::new("pin", "PIN", FieldKind::Password { new: false }).required().autocomplete("off");
    if let Some(mistake) = mistake {
        field = field.error(mistake);
    }
    let form = Form::new(Lang::Ja, "/auth/pin").hidden("next", next);
    let form = match current {
        Some(one) => form.hidden("login", &one.login).fields(vec![field]),
        None => {
            let login = FieldView::new("login", "利用者名", FieldKind::Text { max: None })
                .value(chosen)
                .required()
                .autocomplete("off");
            form.fields(vec![login, field])
        }
    };
    let form = form.submit("サインイン").plain().html();
    SafeHtml::trusted(format!("<div data-unlock>{form}</div>"))
}

/// One tile for each person who signed in at this machine today.
fn tiles(people: &[&AccountSummary]) -> SafeHtml {
    let tile = |one: &&AccountSummary| {
        let card = Card::new(&one.display_name).href(with_query(PATH, &[("user", &one.login)]));
        card.icon(Icon::Person).note(&one.login).html()
    };
    grid("", people.iter().map(tile))
}

fn full(next: &str) -> SafeHtml {
    let mut html = note("きょう最初のサインインと、PINを登録していない人はこちらです。");
    html.push(&row([LinkButton::new("パスワードでサインイン", sign_in::address(next)).icon(Icon::Key).html()]));
    html.push(&passkey_form(next));
    html
}
