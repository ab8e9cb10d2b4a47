//! Organisation (組織): orders of the personnel section, reorganisations, the hall as it will be, and the handover.
//!
//! All but the handover is for those who edit the organisation; administrators see besides what a person may do on a day. The
//! handover is for everybody whom it concerns.

mod files;
mod handover;
mod orders;
mod plan;
mod rights;
mod simulation;

use axum::response::{Html, IntoResponse, Response};
use jiff::civil::Date;
use kawasemi_identity::{Context, Strength};
use kawasemi_kernel::Lang;
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_registry::handover::{Accounts, Inventory, orphans};
use kawasemi_registry::midnight;
use kawasemi_registry::registers::{OrderState, Registers};
use kawasemi_registry::reorganisation::StepState;
use kawasemi_registry::transfer::orders::TransferError;
use kawasemi_ui::card::{Card, grid};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::page::{Page, Site};
use kawasemi_ui::{Component, Icon, said};
use kawasemi_webhook::OwnedWebhooks;

use crate::problem::Problem;
use crate::request::Cx;
use crate::routes::{Routes, get, post};

/// The role of those who edit the organisation.
const EDITOR: &str = "organisation-editor";

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .route("/desk/organisation", get(show))
        .route("/desk/organisation/orders", get(orders::list).post(orders::import))
        .route("/desk/organisation/orders/withdraw", post(orders::withdraw))
        .route("/desk/organisation/plan", get(plan::list).post(plan::import))
        .route("/desk/organisation/plan/settle", post(plan::settle))
        .route("/desk/organisation/plan/withdraw", post(plan::withdraw))
        .route("/desk/organisation/simulation", get(simulation::show))
        .route("/desk/organisation/rights", get(rights::show))
        .route("/desk/organisation/handover", get(handover::list))
        .route("/desk/organisation/handover/propose", post(handover::propose))
        .route("/desk/organisation/handover/decide", post(handover::decide))
        .route("/desk/organisation/handover/run", post(handover::run))
}

/// Lets those pass who edit the organisation; to everybody else there is no such page.
fn editors_only(cx: &Cx) -> Result<(), Problem> {
    if is_editor(cx) { Ok(()) } else { Err(Problem::not_found()) }
}

fn is_editor(cx: &Cx) -> bool {
    let caller = &cx.context().caller;
    caller.has_role(EDITOR) && !caller.read_only
}

/// Whether the caller administers the installation, in a browser.
fn is_admin(cx: &Cx) -> bool {
    let caller = &cx.context().caller;
    caller.is_admin() && caller.strength != Strength::Token
}

/// The program's own hands, in the name of the caller: for what the caller may decide and no grant of a ledger covers.
fn in_the_name_of(cx: &Cx, reason: &str) -> Context {
    let mut context = Context::system(cx.context().act.at, reason);
    context.act.actor = cx.context().act.actor;
    context.request = cx.context().request.clone();
    context
}

/// What people own in this city.
fn inventory(cx: &Cx) -> Inventory {
    let city = cx.city();
    Inventory::new(&city.ledgers, &city.identity).and(webhooks(cx))
}

/// The city's webhooks as things that somebody owns.
pub fn webhooks(cx: &Cx) -> OwnedWebhooks {
    OwnedWebhooks(cx.city().webhooks.clone())
}

/// Lets accounts follow what was written, with its dates; what is due already is written at once.
async fn follow(cx: &Cx) -> Result<(), Problem> {
    let context = in_the_name_of(cx, "発令・機構改革の反映");
    let (ledgers, identity, today) = (cx.ledgers(), &cx.city().identity, cx.context().today());
    let turned = midnight::turn(ledgers, identity, &inventory(cx), &context, cx.desk().ids(), today).await;
    turned.map(drop).map_err(|error| Problem::internal(&error))
}

fn page<'a>(site: &'a Site, title: &str) -> Page<'a> {
    Page::new(site, title).crumb("組織と異動", "/desk/organisation")
}

fn site(cx: &Cx) -> Site {
    cx.desk_site("organisation")
}

/// What went wrong, for a page: what can be put right by the person, or a problem.
fn refusal(error: TransferError) -> Result<String, Problem> {
    match error {
        TransferError::Refused(said) => Ok(said),
        TransferError::Ledger(error) => Err(error.into()),
        TransferError::Identity(error) => Err(error.into()),
    }
}

/// The day that the address asks for; the first of April that comes next where it asks for none.
fn asked_day(cx: &Cx) -> (Date, Option<String>) {
    let today = cx.context().today();
    let next = FiscalYear::of(today).last_day().tomorrow().unwrap_or(today);
    match cx.query("day").filter(|text| !text.is_empty()) {
        None => (next, None),
        Some(text) => match kawasemi_kernel::era::parse_date(&text) {
            Ok(day) => (day, None),
            Err(error) => (next, Some(error.to_string())),
        },
    }
}

/// `GET /desk/organisation`
async fn show(cx: Cx) -> Result<Response, Problem> {
    let site = site(&cx);
    let mut page = Page::new(&site, "組織と異動");
    if !is_editor(&cx) {
        let handover = Card::new("引継ぎ一覧").href("/desk/organisation/handover").icon(Icon::Tasks);
        let handover = handover.note("自分と自分の部局の引継ぎを確かめ、決めます").html();
        return Ok(Html(page.body(grid("", [handover])).render()).into_response());
    }
    let registers = Registers::load(cx.ledgers(), cx.context()).await?;
    let planned: Vec<_> = registers.orders.iter().filter(|known| known.state == OrderState::Planned).collect();
    let next = planned.iter().map(|known| known.order.first_day()).min();
    let failed = planned.iter().filter(|known| !known.problem.is_empty()).count();
    let steps = |state| registers.steps.iter().filter(|step| step.state == state).count();
    let said_orders = match next {
        None => "発令待ちはありません。ファイルから取り込みます".to_owned(),
        Some(day) => format!("発令待ち {}件。次は{}", planned.len(), said::short_date(Lang::Ja, day)),
    };
    let said_plan = format!("案 {}件、確定 {}件", steps(StepState::Draft), steps(StepState::Settled));
    let card = |title: &str, href: &str, icon, note: String| Card::new(title).href(href).icon(icon).note(note).html();
    let cards = [
        card("人事発令", "/desk/organisation/orders", Icon::People, said_orders),
        card("機構改革", "/desk/organisation/plan", Icon::Board, said_plan),
        card(
            "その日の姿",
            "/desk/organisation/simulation",
            Icon::Calendar,
            "ある日の配属と権限、担当のいなくなるものを先に見ます".to_owned(),
        ),
        card("引継ぎ一覧", "/desk/organisation/handover", Icon::Tasks, "だれが何を引き継ぐかを決めます".to_owned()),
        card(
            "年度更新",
            "/desk/organisation/year",
            Icon::Check,
            "新しい年度を始めるときにすることと、その結果".to_owned(),
        ),
    ];
    if failed > 0 {
        let text = "発令日が来ても配属に反映できませんでした。理由を確かめてください。";
        page = page.notice(Notice::new(Tone::Warning, format!("反映できない発令が{failed}件あります")).text(text));
    }
    let accounts = Accounts::load(&cx.city().identity, &registers).await?;
    let system = in_the_name_of(&cx, "担当のいないものの確認");
    let things = inventory(&cx).all(&system).await;
    let left = orphans(&registers, &accounts, &things, cx.context().today()).len();
    if left > 0 {
        let text = "引継ぎ一覧で、受ける人を決めてください。";
        page = page.notice(Notice::new(Tone::Warning, format!("担当のいないものが{left}件あります")).text(text));
    }
    Ok(Html(page.body(grid("", cards)).render()).into_response())
}
