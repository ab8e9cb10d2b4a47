//! Members of outside organisations (外部の利用者), as whoever answers for the contract in the hall keeps them.
//!
//! Only for 担当職員 named in the register of organisations, for their own organisations; to everybody else none of it exists.

mod form;
mod list;

use kawasemi_identity::outside::Responsibility;
use kawasemi_registry::outside::{Host, hosted_by};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::{Component, SafeHtml};
use uuid::Uuid;

use crate::problem::Problem;
use crate::request::Cx;
use crate::routes::{Routes, get, post};

const PATH: &str = "/desk/outside";

/// The routes under `/desk/outside`.
pub fn routes() -> Routes {
    Routes::new()
        .route("/desk/outside", get(list::show))
        .route("/desk/outside/{organisation}/new", get(form::empty).post(form::invite))
        .route("/desk/outside/{organisation}/{account}", get(form::member))
        .route("/desk/outside/{organisation}/{account}/extend", post(form::extend))
        .route("/desk/outside/{organisation}/{account}/end", post(form::end))
}

/// What whoever answers for organisations is told on their first page: the way to the members, and whose access ends soon.
pub async fn notice(cx: &Cx) -> Result<SafeHtml, Problem> {
    let hosts = hosted_by(cx.ledgers(), cx.context()).await.map_err(Problem::from)?;
    if hosts.is_empty() {
        return Ok(SafeHtml::EMPTY);
    }
    let answers: Vec<Responsibility> = hosts.iter().map(|host| host.answers_for).collect();
    let members = cx.city().identity.members_of(&answers).await?;
    let ending = members.iter().filter(|member| list::is_soon(member, cx.context().today())).count();
    let notice = match ending {
        0 => Notice::new(Tone::Info, format!("あなたは{}件の外部団体を担当しています", hosts.len())),
        some => Notice::new(Tone::Warning, format!("{}日以内に期限が来る外部の利用者が{some}人います", list::SOON)),
    };
    Ok(notice.more(SafeHtml::link(PATH, "外部の利用者を見る")).html())
}

/// The organisations for which the caller answers; who answers for none is told of nothing.
async fn hosts(cx: &Cx) -> Result<Vec<Host>, Problem> {
    let hosts = hosted_by(cx.ledgers(), cx.context()).await.map_err(Problem::from)?;
    if hosts.is_empty() { Err(Problem::not_found()) } else { Ok(hosts) }
}

/// One of them.
async fn host(cx: &Cx, organisation: Uuid) -> Result<Host, Problem> {
    let mut hosts = hosts(cx).await?.into_iter();
    hosts.find(|host| host.answers_for.organisation.0 == organisation).ok_or_else(Problem::not_found)
}

/// The page of a member.
fn href(organisation: Uuid, account: Uuid) -> String {
    format!("{PATH}/{organisation}/{account}")
}
