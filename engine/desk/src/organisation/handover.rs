//! The handover list (引継ぎ一覧): what changes hands, who decides, and what nobody has.

use axum::response::{Html, IntoResponse, Response};
use kawasemi_kernel::{Lang, RecordId};
use kawasemi_registry::HANDOVER;
use kawasemi_registry::handover::{self, Accounts, Inventory, Item, Orphan, may_decide, orphans};
use kawasemi_registry::registers::Registers;
use kawasemi_ui::button::{Look, Post, Submit, row};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::field::{FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml, said};

use super::{asked_day, editors_only, in_the_name_of, inventory, is_editor, page, refusal, site};
use crate::account::read_day;
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{answer, disclosure, done, done_at, note, section};

const PATH: &str = "/desk/organisation/handover";
const DONE: [(&str, &str); 3] = [
    ("proposed", "引き継ぐものを一覧に載せました。受ける人を確かめて決めてください。"),
    ("decided", "引継ぎを決めました。引継ぎ日の午前0時に実行します。"),
    ("run", "決まっていた引継ぎを実行しました。"),
];

/// `GET /desk/organisation/handover`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    render(&cx, None).await
}

/// `POST /desk/organisation/handover/propose`
pub async fn propose(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    editors_only(&cx)?;
    let day = read_day(entries.text("day")).ok().flatten();
    let day = day.ok_or_else(|| Problem::bad_request("引継ぎ日を「2027-04-01」のように入力してください。"))?;
    let context = in_the_name_of(&cx, "引継ぎの案の作成");
    match handover::propose(cx.ledgers(), &cx.city().identity, &inventory(&cx), &context, day).await {
        Ok(_) => Ok(done_at(PATH, "proposed")),
        Err(error) => mistaken(&cx, refusal(error)?).await,
    }
}

/// `POST /desk/organisation/handover/decide`
pub async fn decide(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    // The list is read as the caller may see it: another's line does not exist.
    let items = handover::items(cx.ledgers(), cx.context()).await?;
    let id: Option<RecordId> = entries.text("item").parse().ok();
    let item = items.into_iter().find(|item| Some(item.id) == id).ok_or_else(Problem::not_found)?;
    let system = in_the_name_of(&cx, "引継ぎの決定");
    let registers = Registers::load(cx.ledgers(), &system).await?;
    if !decides(&cx, &registers, &item) {
        let detail = "引継ぎを決められるのは、渡す人、前後の所属長、組織・人事担当です。";
        return Err(Problem::new(
            http::StatusCode::FORBIDDEN,
            "not-yours-to-decide",
            "この引継ぎは決められません",
            detail,
        ));
    }
    if item.state == "done" {
        return mistaken(&cx, "もう引き継がれています。".to_owned()).await;
    }
    let number = entries.text("to");
    let to = match number {
        "" => None,
        number => match registers.person_by_number(number) {
            Some(person) => Some(person.id),
            None => return mistaken(&cx, format!("職員番号「{number}」の職員はいません。")).await,
        },
    };
    let due = match read_day(entries.text("due")) {
        Ok(day) => day.unwrap_or(item.due_on),
        Err(said) => return mistaken(&cx, said).await,
    };
    let to = if entries.has("drop") { None } else { to.or(item.to_person) };
    let item = if entries.has("drop") { Item { to_department: None, ..item } } else { item };
    if to.is_none() && item.to_department.is_none() && !entries.has("drop") {
        return mistaken(&cx, "受ける人の職員番号を入力してください。".to_owned()).await;
    }
    handover::decide(cx.ledgers(), &system, &item, to, due).await?;
    Ok(done_at(PATH, "decided"))
}

/// `POST /desk/organisation/handover/run`: at once, without waiting for midnight.
pub async fn run(cx: Cx) -> Result<Response, Problem> {
    editors_only(&cx)?;
    let context = in_the_name_of(&cx, "引継ぎの実行");
    let (ledgers, identity) = (cx.ledgers(), &cx.city().identity);
    match handover::carry_out(ledgers, identity, &inventory(&cx), &context, cx.context().today()).await {
        Ok(outcome) if outcome.problems.is_empty() => Ok(done_at(PATH, "run")),
        Ok(outcome) => mistaken(&cx, outcome.problems.join("\n")).await,
        Err(error) => mistaken(&cx, refusal(error)?).await,
    }
}

fn decides(cx: &Cx, registers: &Registers, item: &Item) -> bool {
    let person = cx.context().caller.account.as_ref().and_then(|account| account.person);
    is_editor(cx) || person.is_some_and(|person| may_decide(registers, person, item, cx.context().today()))
}

async fn mistaken(cx: &Cx, text: String) -> Result<Response, Problem> {
    render(cx, Some(Notice::new(Tone::Error, "できませんでした").text(text))).await
}

async fn render(cx: &Cx, mistake: Option<Notice>) -> Result<Response, Problem> {
    let system = in_the_name_of(cx, "引継ぎの確認");
    let registers = Registers::load(cx.ledgers(), &system).await?;
    let inventory = inventory(cx);
    let mut body = SafeHtml::EMPTY;
    if is_editor(cx) {
        let accounts = Accounts::load(&cx.city().identity, &registers).await?;
        let things = inventory.all(&system).await;
        let today = orphans(&registers, &accounts, &things, cx.context().today());
        body.push(&section("いま担当のいないもの", &left(&today)));
        body.push(&acts(cx));
    }
    let items = match handover::items(cx.ledgers(), cx.context()).await {
        Ok(items) => items,
        Err(kawasemi_ledger::LedgerError::NotFound) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let (open, closed): (Vec<Item>, Vec<Item>) =
        items.into_iter().partition(|item| matches!(item.state.as_str(), "proposed" | "decided"));
    body.push(&section("引き継ぐもの", &table(cx, &registers, &inventory, &open)));
    if !closed.is_empty() {
        let closed = table(cx, &registers, &inventory, &closed);
        body.push(&disclosure("引継ぎ済みと引き継がないもの", &closed, false));
    }
    let site = site(cx);
    let lead =
        "異動や機構改革で担当の変わるものと、受ける人です。渡す人か前後の所属長が決め、引継ぎ日の午前0時に実行します。";
    let mut page = page(&site, "引継ぎ一覧").lead(lead).body(body);
    let is_mistaken = mistake.is_some();
    for notice in done(cx, &DONE).into_iter().chain(mistake) {
        page = page.notice(notice);
    }
    if is_mistaken { Ok(answer(page, true)) } else { Ok(Html(page.render()).into_response()) }
}

fn acts(cx: &Cx) -> SafeHtml {
    let day = FieldView::new("day", "引継ぎ日", FieldKind::Date).value(asked_day(cx).0.to_string()).required();
    let propose = Form::new(Lang::Ja, format!("{PATH}/propose")).fields(vec![day]).submit("案を作る").plain();
    let run = Post::new(format!("{PATH}/run"), Submit::new("引継ぎ日の来たものを今すぐ実行する").look(Look::Secondary));
    let mut html = disclosure("その日に担当の変わるものを一覧に載せる", &propose.html(), false);
    html.push(&row([run.html()]));
    html
}

/// Things that nobody has, with the reason.
pub fn left(orphans: &[Orphan]) -> SafeHtml {
    if orphans.is_empty() {
        return note("担当のいないものはありません。");
    }
    let columns = vec![Column::new("title", "名前"), Column::new("kind", "種類"), Column::new("why", "理由")];
    let rows = orphans.iter().map(|orphan| {
        let title = match orphan.thing.href.as_str() {
            "" => SafeHtml::escape(&orphan.thing.title),
            href => SafeHtml::link(href, &orphan.thing.title),
        };
        Row::new(vec![title, SafeHtml::escape(kind_label(orphan.thing.kind)), SafeHtml::escape(&orphan.why)])
    });
    Table::new(Lang::Ja, "担当のいないもの", columns, rows.collect()).html()
}

fn kind_label(kind: &str) -> &str {
    match kind {
        "ledger" => "職員が作った台帳",
        "view" => "保存した表示",
        "import" => "途中の取込",
        "token" => "APIトークン",
        "webhook" => "Webhook",
        other => other,
    }
}

fn table(cx: &Cx, registers: &Registers, inventory: &Inventory, items: &[Item]) -> SafeHtml {
    if items.is_empty() {
        let text = "異動の前に「案を作る」で、担当の変わるものを一覧に載せます。";
        return Empty::new("引き継ぐものはありません").text(text).icon(Icon::Tasks).html();
    }
    let columns = vec![
        Column::new("title", "引き継ぐもの"),
        Column::new("from", "渡す側"),
        Column::new("to", "受ける側"),
        Column::new("due", "引継ぎ日").align(Align::Tight),
        Column::new("state", "状態").align(Align::Tight),
        Column::new("act", "決める"),
    ];
    let rows = items.iter().map(|item| {
        let (state, words) = match item.state.as_str() {
            "proposed" => (State::Warning, "案"),
            "decided" => (State::Underway, "決定"),
            "done" => (State::Done, "引継ぎ済み"),
            _ => (State::Muted, "引き継がない"),
        };
        let mut title = SafeHtml::link(&format!("/desk/ledgers/{HANDOVER}/{}", item.id), &item.title);
        let label = inventory.kind(&item.kind).map_or_else(|| item.kind.clone(), |kind| kind.label().to_owned());
        title.push(&note(&label));
        let mut shown = chip(state, words);
        if !item.problem.is_empty() {
            shown.push(&note(&item.problem));
        }
        Row::new(vec![
            title,
            side(registers, item.from_person, item.from_department),
            side(registers, item.to_person, item.to_department),
            SafeHtml::escape(said::short_date(Lang::Ja, item.due_on)),
            shown,
            deciding(cx, registers, inventory, item),
        ])
    });
    Table::new(Lang::Ja, "引継ぎ一覧", columns, rows.collect()).html()
}

fn side(registers: &Registers, person: Option<RecordId>, department: Option<RecordId>) -> SafeHtml {
    let person = person.and_then(|id| registers.people.get(&id)).map(|person| person.name.clone());
    let department = department.map(|id| registers.department_name(id).to_owned());
    SafeHtml::or_dash(&[person, department].into_iter().flatten().collect::<Vec<_>>().join("・"))
}

/// The form that decides a line, for those who may.
fn deciding(cx: &Cx, registers: &Registers, inventory: &Inventory, item: &Item) -> SafeHtml {
    if !matches!(item.state.as_str(), "proposed" | "decided") || !decides(cx, registers, item) {
        return SafeHtml::or_dash("");
    }
    let can_pass = inventory.kind(&item.kind).is_some_and(|kind| kind.can_pass());
    let id = item.id.to_string();
    let mut html = SafeHtml::EMPTY;
    if !can_pass {
        html.push(&note("渡せません。受ける人が作り直し、古いものは引継ぎ日に止めます。"));
    }
    let mut fields = Vec::new();
    if item.to_department.is_none() {
        let to = item.to_person.and_then(|id| registers.people.get(&id)).map(|person| person.number.clone());
        let field = FieldView::new("to", "受ける人の職員番号", FieldKind::Text { max: Some(20) });
        fields.push(field.value(to.unwrap_or_default()));
    }
    fields.push(FieldView::new("due", "引継ぎ日", FieldKind::Date).value(item.due_on.to_string()));
    let form = Form::new(Lang::Ja, format!("{PATH}/decide"))
        .hidden("item", &id)
        .fields(fields)
        .submit("この内容で決める")
        .more_buttons(Submit::new("引き継がない").look(Look::Quiet).sends("drop", "1").html())
        .plain();
    html.push(&form.html());
    disclosure("決める", &html, false)
}
