//! The list of a ledger (一覧): what it shows, how it is narrowed, and the way to the next page.
//!
//! The page never waits for an exact count: that comes beside it, by htmx where there is a script, by a link where there is
//! none. A condition with a mistake shows the list's frame with the mistake under the box and what was typed in it.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use kawasemi_kernel::Lang;
use kawasemi_ledger::rank::RANKED;
use kawasemi_ledger::read::{Bounded, Page as Records};
use kawasemi_ledger::views::View;
use kawasemi_ledger::{Labels, LedgerError};
use kawasemi_schema::{Action, FieldDef};
use kawasemi_ui::button::{LinkButton, Look, Submit};
use kawasemi_ui::list::{BulkForm, Count, Paging, with_facets};
use kawasemi_ui::notice::Empty;
use kawasemi_ui::page::Page;
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::asked::Asked;
use super::opened::{Look as Way, Opened};
use super::{areas, cells, condition, facets, list_bar, list_table};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::done;

/// How far records are counted for a list.
pub const COUNTED: u64 = 10_000;

/// `GET /desk/ledgers/{ledger}`
pub async fn show(cx: Cx, Path(ledger): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let opened = Opened::new(&cx, &ledger)?;
    let asked = Asked::of(cx.path());
    if !opened.may(Action::Read) {
        return Ok(Html(without_reading(&cx, &opened)).into_response());
    }
    let listed = Listed::load(&cx, &opened, asked).await?;
    let mistaken = listed.mistake.is_some();
    let body = listed.body(&cx, &opened).await?;
    let site = cx.desk_site("ledgers");
    let mut page = opened.page_at_top(&site, opened.title()).lead(opened.def.description.ja());
    if let Some(notice) = done(&cx, DONE) {
        page = page.notice(notice);
    }
    page = page.actions(actions(&opened, &listed.asked)).body(body);
    let status = if mistaken { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let html = if mistaken { page.with_mistakes().render() } else { page.render() };
    let mut response = (status, Html(html)).into_response();
    super::recent::remember(&cx, &headers, &ledger, &mut response);
    Ok(response)
}

/// `GET /desk/ledgers/{ledger}/count`: the count as a fragment, for the list that is already shown.
pub async fn count(cx: Cx, Path(ledger): Path<String>) -> Result<Html<String>, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Read)?;
    let asked = Asked::of(cx.path());
    let request = asked.request(&opened.def, None);
    let counted = cx.ledgers().count(cx.context(), &ledger, &request, COUNTED).await?;
    Ok(Html(list_bar::count_text(said(counted)).into_string()))
}

const DONE: &[(&str, &str)] = &[
    ("deleted", "記録を削除しました。「削除した記録」からいつでも戻せます。"),
    ("view-saved", "表示を保存しました。"),
    ("view-deleted", "表示を削除しました。"),
    ("published", "台帳を公開しました。最初の記録を登録できます。"),
];

/// A list as it was found.
pub struct Listed {
    /// What was asked for.
    pub asked: Asked,
    /// The records; none where the condition has a mistake.
    pub records: Option<Records>,
    /// The names of records that these refer to.
    pub labels: Labels,
    /// What is wrong with what was asked for.
    pub mistake: Option<LedgerError>,
    /// How many there are, if it is known already.
    pub count: Count,
    /// The views to choose from.
    pub views: Vec<View>,
    /// The keys of the columns, in order.
    pub columns: Vec<String>,
    /// The conditions of the box, in words.
    pub conditions: Vec<condition::Part>,
}

impl Listed {
    async fn load(cx: &Cx, opened: &Opened, asked: Asked) -> Result<Self, Problem> {
        let ledgers = cx.ledgers();
        let views = ledgers.views(cx.context(), opened.key()).await?;
        let columns = columns(opened, &asked, &views);
        let mut fields = columns.clone();
        // As of which day the records of another system are known is said beside each.
        fields.extend(cells::known_fields(opened));
        fields.extend(opened.label_fields().map(|field| field.key.clone()));
        let request = asked.request(&opened.def, Some(fields));
        let conditions = condition::parts(cx, opened, &asked).await?;
        let (labels, count) = (Labels::new(), Count::Unknown);
        let mut listed = Self { asked, records: None, labels, mistake: None, count, views, columns, conditions };
        match ledgers.list(cx.context(), opened.key(), &request).await {
            Ok(page) => {
                listed.labels = ledgers.labels(cx.context(), opened.key(), &page.records).await?;
                listed.count = match (&page.next, &listed.asked.after) {
                    // The best of a thousand hits may be of more.
                    (None, None) if !listed.asked.is_ranked() || page.records.len() < RANKED => {
                        Count::Exactly(page.records.len() as u64)
                    }
                    _ if listed.asked.count => {
                        said(ledgers.count(cx.context(), opened.key(), &request, COUNTED).await?)
                    }
                    _ => Count::Unknown,
                };
                listed.records = Some(page);
            }
            Err(mistake) if is_of_the_asker(&mistake) => listed.mistake = Some(mistake),
            Err(error) => return Err(error.into()),
        }
        Ok(listed)
    }

    /// Whether the ledger has no record at all, as far as the caller may see.
    fn is_unused(&self) -> bool {
        let is_empty = self.records.as_ref().is_some_and(|page| page.records.is_empty());
        is_empty && !self.asked.is_narrowed() && !self.asked.deleted && self.asked.after.is_none()
    }

    async fn body(&self, cx: &Cx, opened: &Opened) -> Result<SafeHtml, Problem> {
        if self.is_unused() {
            return Ok(unused(opened));
        }
        let narrow = match &self.mistake {
            Some(mistake) => condition::panel(cx, opened, &self.asked, &mistake.to_string()).await?,
            None => SafeHtml::EMPTY,
        };
        let mut list = list_bar::bar(opened, self, narrow);
        list.push(&areas::chooser(cx, opened, &self.asked));
        list.push(&self.records.as_ref().map_or(SafeHtml::EMPTY, |page| self.table(opened, page)));
        // What lies on one page is counted in passing; beyond that, the page does not wait.
        let facets = match self.count {
            _ if self.mistake.is_some() => SafeHtml::EMPTY,
            // Nothing is left to narrow; what narrows stands above, each with the way to do without it.
            Count::Exactly(0) => SafeHtml::EMPTY,
            Count::Unknown => facets::uncounted(opened, &self.asked, &opened.href()),
            _ => facets::counted(cx, opened, &self.asked, &opened.href()).await?,
        };
        let mut body = opened.looks(Way::List, &self.asked);
        body.push(&if facets.is_empty() { list } else { with_facets(Lang::Ja, &list, &facets) });
        Ok(body)
    }

    fn table(&self, opened: &Opened, page: &Records) -> SafeHtml {
        if page.records.is_empty() {
            return nothing_found(opened, &self.asked);
        }
        let is_bulk = !self.asked.deleted && (opened.may(Action::Update) || opened.may(Action::Export));
        let mut table = list_table::table(opened, self, page);
        if is_bulk {
            table = table.selectable("id");
        }
        let table = table.html();
        let mut html = if is_bulk {
            BulkForm::new(Lang::Ja, opened.at("bulk"), table, bulk_buttons(opened)).html()
        } else {
            table
        };
        html.push(&self.paging(opened, page).html());
        html
    }

    fn paging(&self, opened: &Opened, page: &Records) -> Paging {
        let asked = &self.asked;
        let href = opened.href();
        let first = asked.after.as_ref().map(|_| asked.with(|_| {}).href(&href));
        let previous = asked.previous().map(|previous| previous.href(&href));
        let next = page.next.as_deref().map(|mark| asked.next(mark).href(&href));
        Paging::new(Lang::Ja, self.count).first(first).previous(previous).next(next)
    }
}

/// Whether a mistake is of what was asked for, and can be shown beside it.
fn is_of_the_asker(error: &LedgerError) -> bool {
    matches!(
        error,
        LedgerError::Filter(_)
            | LedgerError::UnknownField { .. }
            | LedgerError::Unsuitable { .. }
            | LedgerError::Refused(_)
            | LedgerError::Cursor
    )
}

/// The columns of a list: those that were asked for, the view's, or the ledger's own; never one that may not be seen.
pub fn columns(opened: &Opened, asked: &Asked, views: &[View]) -> Vec<String> {
    let of_view = asked.view.as_ref().and_then(|key| views.iter().find(|view| view.key == *key));
    let of_view = of_view.map_or(&[][..], |view| &view.columns);
    let sources = [&asked.columns[..], of_view, &opened.def.list.columns[..]];
    let wanted = sources.into_iter().find(|columns| !columns.is_empty()).unwrap_or_default();
    let visible = |key: &&String| opened.field(key).is_some();
    let mut columns: Vec<String> = wanted.iter().filter(visible).cloned().collect();
    if columns.is_empty() {
        columns.extend(opened.fields().filter(is_columnar).take(4).map(|field| field.key.clone()));
    }
    columns
}

fn is_columnar(field: &&FieldDef) -> bool {
    !field.columns().is_empty()
}

/// A bounded count, for people.
pub fn said(counted: Bounded) -> Count {
    if counted.more { Count::AtLeast(counted.count) } else { Count::Exactly(counted.count) }
}

fn actions(opened: &Opened, asked: &Asked) -> SafeHtml {
    let mut all = SafeHtml::EMPTY;
    let mut add = |button: LinkButton| all.push(&button.html());
    let plain = asked.with(|_| {});
    if opened.may(Action::Design) {
        add(LinkButton::new("台帳の設計", opened.at("design")).look(Look::Quiet).icon(Icon::Settings));
    }
    if opened.key() == kawasemi_registry::PARTY && opened.may(Action::Update) && opened.may(Action::Delete) {
        add(LinkButton::new("名寄せ", crate::parties::DUPLICATES).icon(Icon::Person));
    }
    add(LinkButton::new("印刷", plain.href(&opened.at("sheet"))).look(Look::Quiet).icon(Icon::Print));
    if opened.may(Action::Import) {
        add(LinkButton::new("取り込む", opened.at("import")).icon(Icon::Upload));
    }
    if opened.may(Action::Export) {
        add(LinkButton::new("書き出す", plain.href(&opened.at("export"))).icon(Icon::Download));
    }
    if opened.may(Action::Create) {
        add(LinkButton::new("新しく登録する", opened.at("new")).look(Look::Primary).icon(Icon::Add).shortcut("c"));
    }
    all
}

fn bulk_buttons(opened: &Opened) -> SafeHtml {
    let mut all = SafeHtml::EMPTY;
    if opened.may(Action::Update) {
        all.push(&Submit::new("選んだ記録をまとめて変更").icon(Icon::Edit).html());
    }
    if opened.may(Action::Export) {
        all.push(&Submit::new("選んだ記録を書き出す").icon(Icon::Download).action(opened.at("export/chosen")).html());
    }
    all
}

fn unused(opened: &Opened) -> SafeHtml {
    let mut actions = SafeHtml::EMPTY;
    if opened.may(Action::Create) {
        actions.push(
            &LinkButton::new("最初の記録を登録する", opened.at("new")).look(Look::Primary).icon(Icon::Add).html(),
        );
    }
    if opened.may(Action::Import) {
        actions.push(&LinkButton::new("ファイルから取り込む", opened.at("import")).icon(Icon::Upload).html());
    }
    let text = if actions.is_empty() {
        "あなたが閲覧できる記録は、まだありません。"
    } else {
        "画面から1件ずつ登録するか、表計算ソフトの一覧（CSV・Excel）をまとめて取り込めます。"
    };
    Empty::new("まだ記録がありません").text(text).icon(Icon::Ledger).actions(actions).html()
}

fn nothing_found(opened: &Opened, asked: &Asked) -> SafeHtml {
    let all = LinkButton::new("すべての記録を表示する", opened.href()).html();
    if asked.deleted && !asked.is_narrowed() {
        return Empty::new("削除した記録はありません").actions(all).html();
    }
    Empty::new("条件に合う記録はありません")
        .text("言葉を短くするか、条件を外してお試しください。ひらがな・カタカナ、全角・半角の違いは区別しません。")
        .icon(Icon::Search)
        .actions(all)
        .html()
}

/// For who may register but not read, as at a counter that only takes in.
fn without_reading(cx: &Cx, opened: &Opened) -> String {
    let mut actions = SafeHtml::EMPTY;
    if opened.may(Action::Create) {
        actions.push(&LinkButton::new("新しく登録する", opened.at("new")).look(Look::Primary).icon(Icon::Add).html());
    }
    if opened.may(Action::Import) {
        actions.push(&LinkButton::new("取り込む", opened.at("import")).icon(Icon::Upload).html());
    }
    let body = Empty::new("この台帳の記録は閲覧できません")
        .text("登録などの権限だけがあります。閲覧が必要なときは、台帳の担当課に相談してください。")
        .actions(actions)
        .html();
    let site = cx.desk_site("ledgers");
    let page: Page<'_> = opened.page_at_top(&site, opened.title());
    page.lead(opened.def.description.ja()).body(body).render()
}
