//! "Why may she see this?" (なぜ見られるのか): one person, one record, every grant that plays a part.

use axum::response::{Html, IntoResponse, Response};
use kawasemi_filter::RecordView;
use kawasemi_identity::grants::{Access, Reason};
use kawasemi_identity::{Account, Context};
use kawasemi_kernel::{Lang, RecordId};
use kawasemi_ledger::{LedgerError, Visible};
use kawasemi_schema::Action;
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};

use super::grants::clearance;
use super::{page, site};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{chosen, code, narrowing, note, section, sought};

const PATH: &str = "/desk/admin/grants/why";

/// The acts that concern one record; the others concern the ledger.
const OF_RECORDS: [Action; 4] = [Action::Read, Action::Update, Action::Delete, Action::Export];

/// What was asked.
#[derive(Default)]
struct Asked {
    login: String,
    ledger: String,
    record: String,
}

/// A mistake in what was asked: the field and the sentence.
type Mistake = (&'static str, String);

/// `GET /desk/admin/grants/why`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let entered = |name: &str| cx.query(name).unwrap_or_default();
    let asked = Asked { login: entered("login"), ledger: entered("ledger"), record: entered("record") };
    let is_asked = !asked.login.is_empty() || !asked.record.is_empty();
    let answered = if is_asked { Some(asked.answer(&cx).await?) } else { None };
    let mistake = answered.as_ref().and_then(|answered| answered.as_ref().err());
    let mut body = narrowing(PATH, asked.fields(&cx, mistake), "調べる");
    if let Some(Ok(answer)) = &answered {
        body.push(answer);
    }
    let site = site(&cx);
    let page = page(&site, "なぜ見られるのか").crumb("権限一覧", "/desk/admin/grants").lead(
        "利用者と記録を選ぶと、その人がその記録で何をできるか、その理由とともに示します。記録の内容は表示しません。",
    );
    Ok(Html(page.body(body).render()).into_response())
}

impl Asked {
    fn fields(&self, cx: &Cx, mistake: Option<&Mistake>) -> [SafeHtml; 3] {
        let said = |field: &str| mistake.filter(|(key, _)| *key == field).map(|(_, said)| said.as_str());
        let catalogue = cx.catalogue();
        let ledgers = catalogue.definitions().iter().map(|ledger| (ledger.key.as_str(), ledger.title.get(Lang::Ja)));
        [
            sought("login", "利用者名", &self.login, said("login")),
            chosen("ledger", "台帳", "選んでください", ledgers, &self.ledger),
            sought("record", "記録の番号またはID", &self.record, said("record")),
        ]
    }

    async fn answer(&self, cx: &Cx) -> Result<Result<SafeHtml, Mistake>, Problem> {
        let Some(account) = cx.city().identity.lookup_account(cx.context(), &self.login).await? else {
            return Ok(Err(("login", "この利用者名の利用者はいません。利用者の一覧で確かめてください。".to_owned())));
        };
        if account.disabled {
            return Ok(Err(("login", "この利用者は停止中のため、何もできません。".to_owned())));
        }
        let Some(record) = self.record(cx).await? else {
            let said = "この台帳にこの番号またはIDの記録はありません。";
            return Ok(Err(("record", said.to_owned())));
        };
        let caller = cx.city().identity.caller_of(cx.context(), account.summary.id).await?;
        let theirs = Context::new(caller, cx.context().act.at);
        let access = cx.grants()?.access(&theirs, &self.ledger);
        Ok(Ok(explained(cx, &account, &access, &record)?))
    }

    /// The record as the program itself sees it: whether a grant matches depends on fields that the administrator may not
    /// see, and nothing of it is shown.
    async fn record(&self, cx: &Cx) -> Result<Option<Visible>, Problem> {
        let system = Context::system(cx.context().act.at, "権限の説明");
        let found = match self.record.parse::<RecordId>() {
            Ok(id) => cx.ledgers().get(&system, &self.ledger, id).await,
            Err(_) => cx.ledgers().get_by_number(&system, &self.ledger, &self.record).await,
        };
        match found {
            Ok(record) => Ok(Some(record)),
            Err(LedgerError::NotFound) => Ok(None),
            Err(error) => Err(Problem::internal(&error)),
        }
    }
}

fn explained(cx: &Cx, account: &Account, access: &Access, record: &dyn RecordView) -> Result<SafeHtml, Problem> {
    let name = &account.summary.display_name;
    let mut html = match access.row_clearance(Action::Read, record) {
        Some(level) => Notice::new(Tone::Info, format!("{name}さんは、この記録を見られます"))
            .text(format!("「{}」までの項目を見られます。", level.label()))
            .html(),
        None => Notice::new(Tone::Warning, format!("{name}さんは、この記録を見られません"))
            .text("この人にとって、この記録は存在しないのと同じです。一覧にも検索にも件数にも現れません。")
            .html(),
    };
    let grants = cx.grants()?;
    for action in OF_RECORDS {
        let reasons = access.explain(action, record, grants.roles());
        if !reasons.is_empty() {
            html.push(&section(action.label(), &table(action, &reasons, |role| grants.roles().title(role))));
        }
    }
    let labels = |may: bool| {
        let actions = Action::ALL.into_iter().filter(|action| access.may(*action) == may);
        let actions = actions.filter(|action| !may || !OF_RECORDS.contains(action));
        actions.map(Action::label).collect::<Vec<_>>().join("、")
    };
    for (words, actions) in [("この台帳でほかにできる操作", labels(true)), ("権限がまったくない操作", labels(false))]
    {
        if !actions.is_empty() {
            html.push(&note(&format!("{words}：{actions}")));
        }
    }
    Ok(html)
}

fn table<'a>(action: Action, reasons: &[Reason], title: impl Fn(&str) -> Option<&'a str>) -> SafeHtml {
    let columns = vec![
        Column::new("role", "役割"),
        Column::new("matches", "この記録").align(Align::Tight),
        Column::new("clearance", "項目の深さ").align(Align::Tight),
        Column::new("rows", "行の条件"),
        Column::new("sentence", "説明"),
    ];
    let rows = reasons.iter().map(|reason| {
        let role = reason.role.as_deref().unwrap_or_default();
        let state = if reason.matches { chip(State::Good, "できる") } else { chip(State::Muted, "できない") };
        Row::new(vec![
            SafeHtml::escape(title(role).unwrap_or(role)),
            state,
            clearance(reason.clearance),
            reason.rows.as_deref().map_or_else(|| SafeHtml::escape("すべての記録"), code),
            SafeHtml::escape(&reason.sentence),
        ])
    });
    Table::new(Lang::Ja, format!("{}の理由", action.label()), columns, rows.collect()).html()
}
