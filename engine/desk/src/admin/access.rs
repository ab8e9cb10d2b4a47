//! The access log of personal data (個人情報アクセスログ): who read which fields of which records, and for what.

use axum::response::{Html, IntoResponse, Response};
use kawasemi_identity::{AccessLog, AccessQuery, AccessRow};
use kawasemi_kernel::{Lang, RecordId};
use kawasemi_schema::Catalogue;
use kawasemi_ui::list::{Count, Paging};
use kawasemi_ui::notice::Empty;
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};

use super::names::{Names, account_of};
use super::{page, site};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{address, chosen, narrowing, sought, when};

const PATH: &str = "/desk/admin/access";
/// Entries on a page.
const PAGE: usize = 50;
/// Records that are named one by one; of more, only the number is shown.
const NAMED: usize = 3;

/// How the list is narrowed.
struct Narrowed {
    login: String,
    ledger: String,
    record: String,
}

/// `GET /desk/admin/access`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    let entered = |name: &str| cx.query(name).unwrap_or_default();
    let narrowed = Narrowed { login: entered("login"), ledger: entered("ledger"), record: entered("record") };
    let before = cx.query("before").and_then(|id| id.parse().ok());
    let (mut rows, mistake) = match narrowed.query(&cx).await? {
        Ok(query) => {
            let query = AccessQuery { before, limit: PAGE as u32 + 1, ..query };
            (AccessLog::list(&cx.city().city, cx.context(), &query).await?, None)
        }
        Err(mistake) => (Vec::new(), Some(mistake)),
    };
    let next = if rows.len() > PAGE { rows.get(PAGE - 1).map(|row| row.id.to_string()) } else { None };
    rows.truncate(PAGE);
    let names = Names::load(&cx, rows.iter().filter_map(|row| account_of(&row.actor))).await?;
    let catalogue = cx.catalogue();
    let mut body = narrowing(PATH, narrowed.fields(catalogue.definitions(), mistake), "絞り込む");
    if rows.is_empty() {
        let text = "個人情報や要配慮個人情報の項目が表示・出力されると、ここに記録されます。";
        body.push(&Empty::new("当てはまる記録はありません").text(text).html());
    } else {
        body.push(&table(&rows, &names, catalogue.definitions()));
    }
    let paging = Paging::new(Lang::Ja, Count::Unknown)
        .first(before.map(|_| narrowed.address(None)))
        .next(next.map(|next| narrowed.address(Some(&next))));
    body.push(&paging.html());
    let site = site(&cx);
    let page =
        page(&site, "個人情報アクセスログ").lead("個人情報の項目を含む表示・出力のたびに、1件ずつ記録されます。");
    Ok(Html(page.body(body).render()).into_response())
}

impl Narrowed {
    /// What to look for; the field and sentence of a mistake otherwise.
    async fn query(&self, cx: &Cx) -> Result<Result<AccessQuery, (&'static str, String)>, Problem> {
        let mut query = AccessQuery::default();
        if !self.ledger.is_empty() {
            query.ledger = Some(self.ledger.clone());
        }
        if !self.login.is_empty() {
            let Some(account) = cx.city().identity.lookup_account(cx.context(), &self.login).await? else {
                return Ok(Err(("login", format!("利用者名「{}」の利用者はいません。", self.login))));
            };
            query.account = Some(account.summary.id);
        }
        if !self.record.is_empty() {
            let Ok(record) = self.record.parse::<RecordId>() else {
                let said = "記録のIDの形が正しくありません。記録の画面のアドレスの最後の部分を入力してください。";
                return Ok(Err(("record", said.to_owned())));
            };
            query.record = Some(record);
        }
        Ok(Ok(query))
    }

    fn fields(&self, catalogue: &Catalogue, mistake: Option<(&'static str, String)>) -> [SafeHtml; 3] {
        let said = |field: &str| mistake.as_ref().filter(|(key, _)| *key == field).map(|(_, said)| said.as_str());
        let ledgers = catalogue.iter().map(|ledger| (ledger.key.as_str(), ledger.title.get(Lang::Ja)));
        [
            sought("login", "見た人の利用者名", &self.login, said("login")),
            chosen("ledger", "台帳", "すべての台帳", ledgers, &self.ledger),
            sought("record", "記録のID", &self.record, said("record")),
        ]
    }

    fn address(&self, before: Option<&str>) -> String {
        let before = before.unwrap_or_default();
        address(PATH, &[("login", &self.login), ("ledger", &self.ledger), ("record", &self.record), ("before", before)])
    }
}

fn table(rows: &[AccessRow], names: &Names, catalogue: &Catalogue) -> SafeHtml {
    let columns = vec![
        Column::new("at", "日時").align(Align::Tight),
        Column::new("actor", "見た人"),
        Column::new("ledger", "台帳"),
        Column::new("fields", "項目"),
        Column::new("records", "記録"),
        Column::new("purpose", "理由"),
        Column::new("request", "受付番号").align(Align::Tight),
    ];
    let rows = rows.iter().map(|row| {
        let def = catalogue.get(&row.entry.ledger);
        let title = def.map_or(row.entry.ledger.as_str(), |def| def.title.get(Lang::Ja));
        let label = |key: &String| match def.and_then(|def| def.field(key)) {
            Some(field) => field.label.get(Lang::Ja).to_owned(),
            None => key.clone(),
        };
        let fields: Vec<String> = row.entry.fields.iter().map(label).collect();
        Row::new(vec![
            SafeHtml::escape(when(row.at)),
            names.actor(&row.actor),
            SafeHtml::escape(title),
            SafeHtml::escape(fields.join("、")),
            records(row),
            SafeHtml::or_dash(&row.purpose),
            SafeHtml::or_dash(row.request.as_deref().unwrap_or_default()),
        ])
    });
    Table::new(Lang::Ja, "個人情報アクセスログ", columns, rows.collect()).html()
}

fn records(row: &AccessRow) -> SafeHtml {
    let (ledger, records) = (&row.entry.ledger, &row.entry.records);
    let links: Vec<String> = records
        .iter()
        .take(NAMED)
        .map(|id| {
            let text = id.to_string();
            let short = text.get(text.len().saturating_sub(8)..).unwrap_or(&text);
            SafeHtml::link(&format!("/desk/ledgers/{ledger}/records/{id}"), &format!("…{short}")).into_string()
        })
        .collect();
    let more = if records.len() > NAMED { format!("ほか、全{}件", records.len()) } else { String::new() };
    SafeHtml::trusted(format!("{} {more}", links.join(" ")))
}
