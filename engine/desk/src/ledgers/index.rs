//! All ledgers that a person may use (台帳の一覧), by the system that brings them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::response::{Html, IntoResponse, Response};
use kawasemi_ledger::design::is_own;
use kawasemi_ledger::{LedgerError, ListRequest, Visible};
use kawasemi_registry::DEPARTMENT;
use kawasemi_schema::{Action, LedgerDef};
use kawasemi_ui::button::{LinkButton, Look};
use kawasemi_ui::card::{Card, grid};
use kawasemi_ui::notice::Empty;
use kawasemi_ui::page::Page;
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::opened::{LEDGERS, ledger_href};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::section;

/// Departments that are looked at for names of owners.
const DEPARTMENTS: u32 = 1_000;

/// A ledger as it is offered.
pub struct Entry {
    /// Its key.
    pub key: String,
    /// The system that brings it; none for one that was made on the desk.
    pub system: Option<String>,
    title: String,
    description: String,
    owner: String,
    may_read: bool,
    /// Whether the person makes or changes records here: it is their work, and not only something to look up.
    pub may_change: bool,
}

/// The ledgers that a person may use, in the order of their names.
fn entries(cx: &Cx) -> Result<Vec<Entry>, Problem> {
    let mut all: Vec<Entry> = Vec::new();
    for def in cx.ledgers().visible(cx.context())? {
        let (_, access) = cx.ledgers().open(cx.context(), &def.key)?;
        all.push(Entry {
            system: system_of(cx, &def),
            may_change: access.may(Action::Update) || access.may(Action::Create),
            title: def.title.ja().to_owned(),
            description: def.description.ja().to_owned(),
            owner: def.owner.clone(),
            may_read: access.may(Action::Read),
            key: def.key.clone(),
        });
    }
    Ok(all)
}

/// The same with the names of the departments that answer for them.
pub async fn named_entries(cx: &Cx) -> Result<Vec<Entry>, Problem> {
    let owners = owners(cx).await?;
    let mut entries = entries(cx)?;
    for entry in &mut entries {
        entry.owner = owners.get(&entry.owner).cloned().unwrap_or_default();
    }
    Ok(entries)
}

fn system_of(cx: &Cx, def: &Arc<LedgerDef>) -> Option<String> {
    if is_own(def) {
        return None;
    }
    let has = |site: &&crate::state::Site| site.bundle.ledgers.iter().any(|ledger| ledger.key == def.key);
    let site = cx.desk().systems().iter().find(has);
    Some(site.map_or_else(|| "共通の台帳".to_owned(), |site| site.bundle.system.title.ja().to_owned()))
}

impl Entry {
    /// The ledger as a card, with its count coming later.
    pub fn card(&self) -> SafeHtml {
        let href = ledger_href(&self.key);
        let mut body = SafeHtml::EMPTY;
        if !self.owner.is_empty() {
            body.push(&crate::view::note(&format!("担当：{}", self.owner)));
        }
        if self.may_read {
            body.push(&SafeHtml::trusted(format!(
                "<p class=\"text-small text-soft needs-script\"><span hx-get=\"{href}/count\" hx-trigger=\"load\" hx-swap=\"outerHTML\">件数を数えています</span></p>"
            )));
        }
        Card::new(&self.title).href(href).icon(Icon::Ledger).note(&self.description).body(body).html()
    }
}

/// `GET /desk/ledgers`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let entries = named_entries(&cx).await?;
    let may_design = cx.ledgers().may_design(cx.context());
    let site = cx.desk_site("ledgers");
    let mut page = Page::new(&site, "台帳").crumb("ホーム", "/desk").lead("あなたが使える台帳です。");
    if may_design {
        let make = LinkButton::new("台帳を作る", format!("{LEDGERS}/design")).look(Look::Primary).icon(Icon::Add);
        page = page.actions(make.html());
    }
    Ok(Html(page.body(body(&entries)).render()).into_response())
}

fn body(entries: &[Entry]) -> SafeHtml {
    if entries.is_empty() {
        return Empty::new("使える台帳がまだありません")
            .text("所属や役割が登録されると、ここに台帳が並びます。心当たりがないときは、システム管理者に連絡してください。")
            .icon(Icon::Ledger)
            .html();
    }
    let mut by_system: Vec<(&str, Vec<&Entry>)> = Vec::new();
    for entry in entries {
        let system = entry.system.as_deref().unwrap_or("職員が作った台帳");
        match by_system.iter_mut().find(|(title, _)| *title == system) {
            Some((_, all)) => all.push(entry),
            None => by_system.push((system, vec![entry])),
        }
    }
    by_system.into_iter().map(|(title, all)| section(title, &grid("", all.into_iter().map(Entry::card)))).collect()
}

/// The names of departments by their codes, by which ledgers name their owners.
pub async fn owners(cx: &Cx) -> Result<BTreeMap<String, String>, Problem> {
    let fields = ["code", "name"].map(str::to_owned).to_vec();
    let request = ListRequest { fields: Some(fields), limit: DEPARTMENTS, ..ListRequest::all() };
    let page = match cx.ledgers().list(cx.context(), DEPARTMENT, &request).await {
        Ok(page) => page,
        Err(LedgerError::NotFound | LedgerError::UnknownField { .. }) => return Ok(BTreeMap::new()),
        Err(error) => return Err(error.into()),
    };
    let text = |record: &Visible, key: &str| record.get(key).as_text().unwrap_or_default().to_owned();
    Ok(page.records.iter().map(|record| (text(record, "code"), text(record, "name"))).collect())
}
