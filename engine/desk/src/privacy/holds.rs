//! Holds: what is not disposed of for now.

use axum::extract::Path;
use axum::response::Response;
use kawasemi_kernel::Lang;
use kawasemi_kernel::era::parse_date;
use kawasemi_ui::button::{Post, Submit};
use kawasemi_ui::field::{Choice, FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Empty, Notice};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};
use uuid::Uuid;

use super::{brought, chosen, is_officer, refusal_of, refused, with_answer};
use crate::audit::{MEANT, People, page, site};
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{done, done_at, section, when};

const PATH: &str = "/desk/privacy/holds";

/// `GET /desk/privacy/holds`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    render(&cx, &brought(&cx, &["ledger", "record", "reason", "until"]), None).await
}

/// `POST /desk/privacy/holds/new`
pub async fn add(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    let (ledger, record) = match chosen(&cx, PATH, &entries).await? {
        Ok(Some((ledger, record))) => (ledger, Some(record)),
        Ok(None) => (entries.text("ledger").to_owned(), None),
        Err(answer) => return render(&cx, &entries, Some(answer)).await,
    };
    let until = match entries.text("until") {
        "" => None,
        text => match parse_date(text) {
            Ok(day) => Some(day),
            Err(error) => return render(&cx, &entries, Some(refusal_of(format!("期限: {error}")))).await,
        },
    };
    let outcome = cx.city().oversight.hold(cx.context(), &ledger, record, until, entries.text("reason")).await;
    match refused(outcome)? {
        Ok(_) => Ok(done_at(PATH, "held")),
        Err(sentence) => render(&cx, &entries, Some(refusal_of(sentence))).await,
    }
}

/// `POST /desk/privacy/holds/{hold}/end`
pub async fn end(cx: Cx, Path(hold): Path<Uuid>) -> Result<Response, Problem> {
    cx.city().oversight.end_hold(cx.context(), hold).await?;
    Ok(done_at(PATH, "ended"))
}

async fn render(cx: &Cx, entries: &Entries, answer: Option<Notice>) -> Result<Response, Problem> {
    let holds = cx.city().oversight.holds(cx.context()).await?;
    let accounts = holds.iter().filter_map(|hold| hold.made_by.parse::<kawasemi_kernel::Actor>().ok()?.account());
    let people = People::load(cx, accounts, []).await?;
    let today = cx.context().today();
    let columns = vec![
        Column::new("ledger", "台帳"),
        Column::new("record", "記録"),
        Column::new("reason", "理由"),
        Column::new("until", "期限").align(Align::Tight),
        Column::new("by", "保留した人"),
        Column::new("at", "日時").align(Align::Tight),
        Column::new("act", "操作").align(Align::Tight),
    ];
    let rows = holds.iter().map(|hold| {
        let record = hold.record.map_or_else(|| "台帳の全体".to_owned(), |record| record.to_string());
        let is_open = hold.ended_at.is_none() && hold.until.is_none_or(|until| until >= today);
        let act = match is_open {
            true if is_officer(cx) => Post::new(format!("{PATH}/{}/end", hold.id), Submit::new("保留を解く")).html(),
            true => SafeHtml::escape("保留中"),
            false => SafeHtml::escape("終了"),
        };
        let until = hold.until.map(kawasemi_kernel::era::short).unwrap_or_default();
        Row::new(vec![
            SafeHtml::escape(crate::audit::ledger(cx, &hold.ledger)),
            SafeHtml::escape(record),
            SafeHtml::escape(&hold.reason),
            SafeHtml::or_dash(&until),
            SafeHtml::escape(people.actor(&hold.made_by)),
            SafeHtml::escape(when(hold.made_at)),
            act,
        ])
    });
    let mut body = if holds.is_empty() {
        Empty::new("保留している記録はありません").html()
    } else {
        Table::new(Lang::Ja, "廃棄の保留", columns, rows.collect()).html()
    };
    if is_officer(cx) {
        let catalogue = cx.catalogue();
        let choices = catalogue.iter().map(|ledger| Choice::new(ledger.key(), ledger.def.title.get(Lang::Ja)));
        let fields = vec![
            FieldView::new("ledger", "台帳", FieldKind::Choice { choices: choices.collect() })
                .hint("番号か画面のアドレスで記録を決めるときは、選ばなくても構いません。")
                .value(entries.text("ledger")),
            FieldView::new("record", MEANT, FieldKind::Text { max: None })
                .hint("空欄は、選んだ台帳の全体です。")
                .value(entries.text("record")),
            FieldView::new("reason", "理由", FieldKind::Text { max: Some(200) })
                .hint("例　訴訟の係属、開示請求中、監査中")
                .required()
                .value(entries.text("reason")),
            FieldView::new("until", "期限", FieldKind::Date).value(entries.text("until")),
        ];
        let form = Form::new(Lang::Ja, format!("{PATH}/new")).fields(fields).submit("保留する");
        body.push(&section("廃棄を保留する", &form.html()));
    }
    let site = site(cx);
    let mut page = page(&site, "廃棄の保留").crumb("保存期間と廃棄", "/desk/privacy/disposals").body(body);
    let sentences = [("held", "廃棄を保留しました。"), ("ended", "保留を解きました。")];
    if let Some(notice) = done(cx, &sentences) {
        page = page.notice(notice);
    }
    Ok(with_answer(page, answer))
}
