//! Where one is signed in, and ending it elsewhere.

use axum::extract::Path;
use axum::response::Response;
use kawasemi_identity::{Session, SessionId};
use kawasemi_kernel::Lang;
use kawasemi_ui::button::{Post, Submit, row};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};
use uuid::Uuid;

use super::{Part, own, page};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{answer, done, done_at, note, when};

/// `GET /desk/account/sessions`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let sessions = cx.city().identity.sessions_of(cx.context(), own(&cx)?.id).await?;
    let here = cx.context().caller.session;
    let mut body = table(&sessions, here, "/desk/account/sessions");
    if sessions.iter().any(|session| Some(session.id) != here) {
        let button = Submit::new("ほかの端末をすべてサインアウトする")
            .question("この端末以外のサインインをすべて終わらせますか。");
        body.push(&row([Post::new("/desk/account/sessions/revoke-others", button).html()]));
    }
    body.push(&note("心当たりのない端末があれば、終わらせたうえで、すぐにパスワードを変えてください。"));
    let site = cx.desk_site("");
    let mut page = page(&cx, &site, Part::Sessions, &body);
    if let Some(notice) = done(&cx, &[("revoked", "サインインを終わらせました。")]) {
        page = page.notice(notice);
    }
    Ok(answer(page, false))
}

/// `POST /desk/account/sessions/{id}/revoke`
pub async fn revoke(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    cx.city().identity.revoke_session(cx.context(), SessionId(id)).await?;
    Ok(done_at(Part::Sessions.href(), "revoked"))
}

/// `POST /desk/account/sessions/revoke-others`
pub async fn revoke_others(cx: Cx) -> Result<Response, Problem> {
    cx.city().identity.revoke_sessions(cx.context(), own(&cx)?.id).await?;
    Ok(done_at(Part::Sessions.href(), "revoked"))
}

/// Sessions as a table, with a button that ends each but the present one.
pub fn table(sessions: &[Session], here: Option<SessionId>, address: &str) -> SafeHtml {
    let columns = vec![
        Column::new("agent", "端末"),
        Column::new("strength", "方法"),
        Column::new("address", "接続元"),
        Column::new("created", "開始").align(Align::Tight),
        Column::new("seen", "最後の操作").align(Align::Tight),
        Column::new("act", "操作").align(Align::Tight),
    ];
    let rows = sessions.iter().map(|session| {
        let act = if Some(session.id) == here {
            chip(State::Good, "この端末")
        } else {
            let address = format!("{address}/{}/revoke", session.id.0);
            Post::new(address, Submit::new("終わらせる")).html()
        };
        Row::new(vec![
            SafeHtml::escape(browser(&session.agent)),
            SafeHtml::escape(session.strength.label()),
            SafeHtml::or_dash(&session.address),
            SafeHtml::escape(when(session.created_at)),
            SafeHtml::escape(when(session.seen_at)),
            act,
        ])
    });
    Table::new(Lang::Ja, "サインイン中の端末", columns, rows.collect()).html()
}

/// Browser and system in a few words; the whole `User-Agent` tells people nothing.
fn browser(agent: &str) -> String {
    let first =
        |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    // Every browser also names those that it wants to be taken for, so the order matters.
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{system}の{browser}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => "不明な端末".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn names_the_browser_and_the_machine() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0";
        assert_eq!(browser(edge), "WindowsのEdge");
        assert_eq!(
            browser("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1"),
            "iPhoneのSafari"
        );
        assert_eq!(browser(""), "不明な端末");
    }
}
