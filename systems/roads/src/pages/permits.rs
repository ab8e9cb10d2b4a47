//! Permits to occupy the road: those that end, the letters to their holders, and the fee of one with its working.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use jiff::civil::Date;

use super::pieces::{self, HOME, day, due, id_of, record_href, shown};
use crate::acts::permits;
use crate::definitions::PERMIT;
use crate::kernel::Lang;
use crate::ledger::{ListRequest, Visible};
use crate::papers::{lists, renewal};
use crate::platform::desk::{Cx, Entries, Problem, view};
use crate::platform::ui::button::{Confirm, LinkButton, Look, Post, Submit};
use crate::platform::ui::facts::{Fact, facts};
use crate::platform::ui::field::{FieldKind, FieldView};
use crate::platform::ui::form::Form;
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::read::{self, Read};
use crate::schema::{Action, Clearance};

const PERMITS: &str = "/desk/roads/permits";

/// `GET /desk/roads/permits`
pub async fn page(cx: Cx) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let today = cx.context().today();
    let ending = permits::ending(cx.ledgers(), cx.context()).await?;
    let mut body = table(&ending, today);
    let waiting = untold(&ending, today);
    if may_tell(&cx) && !waiting.is_empty() {
        body.push(&view::section("更新の案内", &telling(waiting.len())));
    }
    let actions: SafeHtml = [
        LinkButton::new("占用許可の一覧（PDF）", "/desk/roads/permits.pdf").icon(Icon::Print).html(),
        LinkButton::new("占用の台帳", "/desk/ledgers/occupancy-permit").icon(Icon::Ledger).html(),
        LinkButton::new("占用料の単価", "/desk/ledgers/occupancy-rate").icon(Icon::Ledger).html(),
    ]
    .into_iter()
    .collect();
    let site = cx.desk_site(HOME);
    let until = said::date(Lang::Ja, permits::notice_until(today));
    let mut page = Page::new(&site, "期間が終わる道路の占用").crumb("道路台帳", HOME).actions(actions);
    page = page.lead(format!("{until}までに期間が終わる許可と、期間を過ぎても許可中のままの許可です。"));
    if let Some(count) =
        cx.query("done").and_then(|text| text.strip_prefix("told-").and_then(|n| n.parse::<usize>().ok()))
    {
        page = page.notice(Notice::new(Tone::Success, format!("{count}件に、更新の案内を出した日を記録しました。")));
    }
    Ok(Html(page.body(body).render()).into_response())
}

/// Whether the person sees holders and may change permits, which writing to them needs.
fn may_tell(cx: &Cx) -> bool {
    cx.ledgers().open(cx.context(), PERMIT).is_ok_and(|(_, access)| {
        access.may(Action::Update) && access.clearance(Action::Read).is_some_and(|level| level >= Clearance::Personal)
    })
}

/// Those whose holders have not been told yet and whose term is not over.
fn untold(ending: &[Visible], today: Date) -> Vec<&Visible> {
    let is_open = |permit: &&Visible| {
        permit.get("notice_sent_on").is_null() && Read::of(permit).date("ends_on").is_some_and(|on| on >= today)
    };
    ending.iter().filter(is_open).collect()
}

fn telling(count: usize) -> SafeHtml {
    let mut body = view::paragraph(&format!(
        "まだ案内していない許可が{count}件あります。手紙を印刷して送ったあとに、案内した日を記録します。"
    ));
    body.push(&LinkButton::new("更新の案内の手紙（PDF）", "/desk/roads/permits/letters.pdf").icon(Icon::Print).html());
    let form = Post::new("/desk/roads/permits/told", Submit::new("記録する").look(Look::Primary));
    let question =
        format!("{count}件の許可に、きょう更新の案内を出したと記録します。記録すると、手紙の印刷の対象から外れます。");
    body.push(&Confirm::new(Lang::Ja, "案内した日を記録する", question, form).html());
    body
}

/// Permits as a table.
pub(super) fn table(all: &[Visible], today: Date) -> SafeHtml {
    if all.is_empty() {
        return Empty::new("期間が終わる占用はありません。").html();
    }
    let columns = vec![
        Column::new("number", "許可番号").align(Align::Tight),
        Column::new("object", "占用物件"),
        Column::new("place", "場所"),
        Column::new("ends", "期間の終わり").align(Align::Tight),
        Column::new("told", "案内した日").align(Align::Tight),
    ];
    let row = |record: &Visible| {
        let read = Read::of(record);
        Row::new(vec![
            SafeHtml::link(&format!("{PERMITS}/{}", record.id), read.text("permit_number")),
            SafeHtml::escape(read.text("object")),
            SafeHtml::escape(read.text("place")),
            due(read.date("ends_on"), today),
            day(read.date("notice_sent_on")),
        ])
    };
    Table::new(Lang::Ja, "期間が終わる占用", columns, all.iter().map(row).collect()).html()
}

/// `GET /desk/roads/permits.pdf`: those in force, as far as the caller may see them.
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let all = read::all(cx.ledgers(), cx.context(), PERMIT, ListRequest::filtered("state = 'permitted'")).await?;
    let (def, _) = cx.ledgers().open(cx.context(), PERMIT)?;
    let job = lists::permits(&all, &def, cx.context().today(), &pieces::printed(&cx, pieces::own_name(&cx)));
    pieces::pdf(&cx, "道路占用許可の一覧", job, ("占用の期限", PERMITS)).await
}

/// `GET /desk/roads/permits/letters.pdf`
pub async fn letters(cx: Cx) -> Result<Response, Problem> {
    if !may_tell(&cx) {
        return Err(Problem::not_found());
    }
    let today = cx.context().today();
    let ending = permits::ending(cx.ledgers(), cx.context()).await?;
    let waiting: Vec<Visible> = untold(&ending, today).into_iter().cloned().collect();
    if waiting.is_empty() {
        return Err(Problem::bad_request(
            "案内の手紙を出す許可はありません。すべて案内済みか、期間の終わる許可がありません。",
        ));
    }
    let job = renewal::print(&waiting, &pieces::printed(&cx, pieces::own_name(&cx)));
    pieces::pdf(&cx, "占用の更新の案内", job, ("占用の期限", PERMITS)).await
}

/// `POST /desk/roads/permits/told`
pub async fn told(cx: Cx) -> Result<Response, Problem> {
    if !may_tell(&cx) {
        return Err(Problem::not_found());
    }
    let ending = permits::ending(cx.ledgers(), cx.context()).await?;
    let waiting: Vec<Visible> = untold(&ending, cx.context().today()).into_iter().cloned().collect();
    let noted = permits::note_told(cx.ledgers(), cx.context(), &waiting).await?;
    Ok(view::done_at(PERMITS, &format!("told-{noted}")))
}

/// `GET /desk/roads/permits/{id}`
pub async fn one(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let id = id_of(&id)?;
    let permit = cx.ledgers().get(cx.context(), PERMIT, id).await?;
    shown_one(&cx, &permit, None, &Entries(Vec::new())).await
}

async fn shown_one(cx: &Cx, permit: &Visible, refused: Option<String>, typed: &Entries) -> Result<Response, Problem> {
    let (def, _) = cx.ledgers().open(cx.context(), PERMIT)?;
    let keys = [
        "state",
        "holder_name",
        "object",
        "purpose",
        "place",
        "structure",
        "starts_on",
        "ends_on",
        "fee_code",
        "quantity",
        "reduction_percent",
        "reduction_basis",
    ];
    let of = |key: &&&str| {
        let field = def.field(key);
        // What is kept from the caller is not named either.
        field.is_some_and(|field| !permit.is_masked(field))
    };
    let known: Vec<Fact> = keys
        .iter()
        .filter(of)
        .map(|key| Fact::text(pieces::label(&def, key, Lang::Ja), &shown(&def, permit, key, Lang::Ja)))
        .collect();
    let mut body = facts(&known);
    body.push(&view::section("占用料", &fees(cx, permit).await?));
    if permit.may.update && Read::of(permit).text("state") == "permitted" {
        body.push(&view::section("更新", &renewing(cx, permit, typed)));
    }
    let site = cx.desk_site(HOME);
    let title = format!("道路占用許可 {}", Read::of(permit).text("permit_number"));
    let actions = LinkButton::new("記録を開く", record_href(PERMIT, permit.id)).icon(Icon::Ledger).html();
    let mut page = Page::new(&site, title).crumb("道路台帳", HOME).crumb("占用の期限", PERMITS).actions(actions);
    if let Some(said) = refused {
        page = page.notice(Notice::new(Tone::Error, "記録できませんでした").text(said));
        return Ok(view::answer(page.body(body), true));
    }
    if let Some(notice) =
        view::done(cx, &[("charged", "占用料を計算して、記録しました。"), ("renewed", "占用の期間を更新しました。")])
    {
        page = page.notice(notice);
    }
    Ok(Html(page.body(body).render()).into_response())
}

/// What the prices in force give, beside what the record holds.
async fn fees(cx: &Cx, permit: &Visible) -> Result<SafeHtml, Problem> {
    let computed = pieces::refusal(permits::fees(cx.ledgers(), cx.context(), permit).await)?;
    let recorded = Read::of(permit).rows("fees");
    let worked = match computed {
        Ok(worked) => worked,
        Err(said) => return Ok(view::paragraph(&said)),
    };
    let columns = vec![
        Column::new("year", "年度").align(Align::Tight),
        Column::new("fee", "計算した額（円）").align(Align::Number),
        Column::new("recorded", "記録した額（円）").align(Align::Number),
        Column::new("billed", "納入通知").align(Align::Tight),
        Column::new("working", "計算"),
    ];
    let rows = worked.value.iter().zip(&worked.steps).map(|(fee, step)| {
        let known = recorded.iter().map(|row| Read(&row.fields)).find(|row| {
            let is_same_part = row.date("starts_on").is_none_or(|from| from == fee.from);
            row.int("fiscal_year") == Some(i64::from(fee.year.year())) && is_same_part
        });
        let amount = known.and_then(|row| row.int("fee_yen"));
        Row::new(vec![
            SafeHtml::escape(fee.year.label()),
            SafeHtml::escape(said::whole(fee.yen)),
            SafeHtml::or_dash(&amount.map(said::whole).unwrap_or_default()),
            day(known.and_then(|row| row.date("billed_on"))),
            SafeHtml::escape(&step.detail),
        ])
    });
    let mut html = Table::new(Lang::Ja, "年度ごとの占用料", columns, rows.collect()).html();
    if permit.may.update {
        let form =
            Post::new(format!("{PERMITS}/{}/charge", permit.id), Submit::new("計算した額を記録する").icon(Icon::Check));
        html.push(&form.hidden("revision", permit.revision.to_string()).html());
        html.push(&view::note("納入通知を出した年度の額は、変わりません。"));
    }
    Ok(html)
}

/// `POST /desk/roads/permits/{id}/charge`
pub async fn charge(cx: Cx, Path(id): Path<String>, entries: Entries) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let id = id_of(&id)?;
    let permit = cx.ledgers().get(cx.context(), PERMIT, id).await?;
    let revision = entries.text("revision").parse().map_err(|_| Problem::bad_request("画面を開き直してください。"))?;
    match pieces::refusal(permits::charge(cx.ledgers(), cx.context(), id, revision).await)? {
        Ok(_) => Ok(view::done_at(&format!("{PERMITS}/{id}"), "charged")),
        Err(said) => shown_one(&cx, &permit, Some(said), &entries).await,
    }
}

/// The form with which a permit is renewed.
fn renewing(cx: &Cx, permit: &Visible, typed: &Entries) -> SafeHtml {
    let today = cx.context().today();
    let Some(starts) = Read::of(permit).date("ends_on").and_then(|on| on.tomorrow().ok()) else {
        return SafeHtml::EMPTY;
    };
    let lead =
        format!("新しい期間は、{}から始まります。いまの期間は、更新の経過に残ります。", said::date(Lang::Ja, starts));
    let form = Form::new(Lang::Ja, format!("{PERMITS}/{}/renew", permit.id))
        .hidden("revision", permit.revision.to_string())
        .fields(vec![
            FieldView::new("permitted_on", "更新の許可日", FieldKind::Date)
                .value(if typed.has("permitted_on") {
                    typed.text("permitted_on").to_owned()
                } else {
                    today.to_string()
                })
                .required(),
            FieldView::new("permit_number", "新しい許可番号", FieldKind::Text { max: Some(40) })
                .hint("番号が変わらないときは、空のままにします。")
                .value(typed.text("permit_number")),
            FieldView::new("ends_on", "新しい期間の終わり", FieldKind::Date).value(typed.text("ends_on")).required(),
        ])
        .submit("更新する");
    let mut html = view::paragraph(&lead);
    html.push(&form.html());
    html
}

/// `POST /desk/roads/permits/{id}/renew`
pub async fn renew(cx: Cx, Path(id): Path<String>, entries: Entries) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let id = id_of(&id)?;
    let permit = cx.ledgers().get(cx.context(), PERMIT, id).await?;
    let revision = entries.text("revision").parse().map_err(|_| Problem::bad_request("画面を開き直してください。"))?;
    let day = |key: &str| crate::kernel::era::parse_date(entries.text(key));
    let (permitted_on, ends_on) = match (day("permitted_on"), day("ends_on")) {
        (Ok(permitted_on), Ok(ends_on)) => (permitted_on, ends_on),
        _ => {
            let said = "更新の許可日と新しい期間の終わりを、日付（例 令和9年3月31日）で入れてください。".to_owned();
            return shown_one(&cx, &permit, Some(said), &entries).await;
        }
    };
    let renewal =
        permits::Renewal { revision, permitted_on, permit_number: entries.text("permit_number").to_owned(), ends_on };
    match pieces::refusal(permits::renew(cx.ledgers(), cx.context(), id, &renewal).await)? {
        Ok(()) => Ok(view::done_at(&format!("{PERMITS}/{id}"), "renewed")),
        Err(said) => shown_one(&cx, &permit, Some(said), &entries).await,
    }
}
