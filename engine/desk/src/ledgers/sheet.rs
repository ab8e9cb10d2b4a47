//! The printed sheet (調書): one record on a page of its own, every record of a list so, or the list as a table.
//!
//! It is a page like any other, made for A4: the browser prints it or keeps it as PDF. What a person may not see is not on it,
//! and what is personal is noted in the access log as for every other look at the records.

use askama::Template;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use kawasemi_identity::Manner;
use kawasemi_kernel::{FileRef, Lang, Value};
use kawasemi_ledger::{Labels, Visible};
use kawasemi_schema::{Action, FieldDef, FieldKind};
use kawasemi_ui::button::{self, LinkButton};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::page::Page;
use kawasemi_ui::qr::qr_svg;
use kawasemi_ui::steps::{Tab, tabs};
use kawasemi_ui::table::{Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml, said};

use super::asked::Asked;
use super::at::At;
use super::names::Names;
use super::opened::{Opened, record_href, style};
use super::{cells, condition, detail, list, list_table};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{note, when};

/// Records that are printed at once, each on a page.
const SHEETS: u32 = 100;
/// Rows of a printed table.
const ROWS: u32 = 1_000;

/// `GET /desk/ledgers/{ledger}/{id}/sheet`
pub async fn one(cx: Cx, At { ledger, id }: At) -> Result<Response, Problem> {
    let cx = cx.at(&ledger, id).await?;
    let opened = Opened::new(&cx, &ledger)?;
    let context = cx.reading(Manner::Print);
    let record = cx.ledgers().get(&context, &ledger, id).await?;
    let labels = cx.ledgers().labels(&context, &ledger, std::slice::from_ref(&record)).await?;
    let names = Names::of(&cx, [&record]).await?;
    let press = Press { cx: &cx, opened: &opened, labels: &labels, names: &names };
    let name = opened.name_of(&record, &style().with_labels(&labels));
    let site = cx.desk_site("ledgers");
    let href = record_href(&ledger, id);
    let page = opened.page(&site, format!("{}調書", opened.title())).crumb(name, &href);
    let pdf = LinkButton::new("正式な印刷（PDF）", format!("{href}/sheet.pdf")).icon(Icon::Print).html();
    Ok(Html(printable(page, pdf, &press.sheet(&record)).render()).into_response())
}

/// `GET /desk/ledgers/{ledger}/sheet`: the records of a list, each on a page, or as a table with `form=table`.
pub async fn many(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Read)?;
    let asked = Asked::of(cx.path());
    let is_table = cx.query("form").as_deref() == Some("table");
    let views = cx.ledgers().views(cx.context(), &ledger).await?;
    let columns = list::columns(&opened, &asked, &views);
    // As of which day the records of another system are known stands on paper as well.
    let asked_for = || columns.iter().cloned().chain(cells::known_fields(&opened)).collect();
    let mut request = asked.request(&opened.def, is_table.then(asked_for));
    request.limit = if is_table { ROWS } else { SHEETS };
    let context = cx.reading(Manner::Print);
    let found = cx.ledgers().list(&context, &ledger, &request).await?;
    let labels = cx.ledgers().labels(&context, &ledger, &found.records).await?;
    let names = Names::of(&cx, &found.records).await?;
    let press = Press { cx: &cx, opened: &opened, labels: &labels, names: &names };
    let mut body = forms(&opened, &asked, is_table);
    if found.records.is_empty() {
        let back = LinkButton::new("一覧に戻る", asked.href(&opened.href())).html();
        body.push(&Empty::new("印刷する記録がありません").actions(back).html());
    } else if is_table {
        body.push(&press.table(&asked, &columns, &found.records).await?);
    } else {
        found.records.iter().for_each(|record| body.push(&press.sheet(record)));
    }
    let site = cx.desk_site("ledgers");
    let title = if is_table { format!("{}一覧表", opened.title()) } else { format!("{}調書", opened.title()) };
    let mut page = opened.page(&site, title);
    if let Some(mark) = &found.next {
        let next = asked.next(mark).href(&opened.at("sheet"));
        let next = if is_table { with_form(&next) } else { next };
        let next = LinkButton::new("続きを開く", next).html();
        let title = format!("{}件ずつ印刷します。続きがあります", found.records.len());
        let row = SafeHtml::trusted(format!("<div class=\"button-row\">{next}</div>"));
        page = page.notice(Notice::new(Tone::Info, title).more(row));
    }
    Ok(Html(printable(page, SafeHtml::EMPTY, &body).render()).into_response())
}

/// A page that is made to be printed, with the button that does it.
fn printable<'a>(page: Page<'a>, mut actions: SafeHtml, body: &SafeHtml) -> Page<'a> {
    let how = "印刷の画面で「PDFに保存」も選べます。ボタンが出ないときは、ブラウザーの印刷（Ctrl＋P）を使います。";
    let mut html = SafeHtml::trusted(format!("<div class=\"no-print\">{}</div>", note(how)));
    html.push(body);
    actions.push(&button::print("印刷する"));
    page.actions(actions).body(html)
}

/// The two forms in which a list can be printed.
fn forms(opened: &Opened, asked: &Asked, is_table: bool) -> SafeHtml {
    let sheet = asked.with(|_| {}).href(&opened.at("sheet"));
    let table = with_form(&sheet);
    tabs("印刷の形", &[Tab::new("調書（1件1ページ）", sheet, !is_table), Tab::new("一覧表", table, is_table)])
}

fn with_form(href: &str) -> String {
    format!("{href}{}form=table", if href.contains('?') { '&' } else { '?' })
}

/// What records are printed with.
struct Press<'a> {
    cx: &'a Cx,
    opened: &'a Opened,
    labels: &'a Labels,
    names: &'a Names,
}

impl Press<'_> {
    fn sheet(&self, record: &Visible) -> SafeHtml {
        let (opened, style) = (self.opened, style().with_labels(self.labels));
        let href = record_href(opened.key(), record.id);
        let mut sections = Vec::new();
        for (title, fields) in detail::sections(opened.fields()) {
            let fields = fields.into_iter().map(|field| self.field(record, field)).collect();
            sections.push(Section { title, fields });
        }
        let address = self.cx.origin().and_then(|origin| origin.join(&href).ok());
        let qr = address.and_then(|address| qr_svg(address.as_str(), "この記録のページのQRコード").ok());
        let by = self.names.get(record.updated_by);
        Sheet {
            kind: format!("{}調書", opened.title()),
            name: opened.name_of(record, &style),
            number: record.number.as_deref().unwrap_or_default(),
            deleted: if record.deleted_at.is_some() { chip(State::Muted, "削除済み") } else { SafeHtml::EMPTY },
            qr: qr.unwrap_or_default(),
            sections,
            changed: super::sheet_pdf::changed(opened, record, by),
            printed: self.printed(),
        }
        .html()
    }

    fn field(&self, record: &Visible, field: &FieldDef) -> Field {
        let value = record.get(&field.key);
        let is_wide = matches!(
            cells::kind(field),
            FieldKind::LongText { .. } | FieldKind::Rows { .. } | FieldKind::Files { .. } | FieldKind::Address
        );
        let shown = match (cells::kind(field), value) {
            _ if record.is_masked(field) => list_table::masked(record, field),
            (_, Value::Files(files)) => self.pictures(record, files),
            (FieldKind::Point | FieldKind::Line | FieldKind::Polygon, value) => {
                SafeHtml::or_dash(&kawasemi_ledger::field::show(field, value, &style()))
            }
            (_, value) => cells::full(field, value, &style().with_labels(self.labels)),
        };
        Field { label: field.label.ja().to_owned(), value: shown, is_wide }
    }

    /// Pictures as they are, other files by name.
    fn pictures(&self, record: &Visible, files: &[FileRef]) -> SafeHtml {
        let href = record_href(self.opened.key(), record.id);
        let one = |file: &FileRef| {
            let name = SafeHtml::escape(&file.name);
            if super::files::is_picture(file) {
                SafeHtml::trusted(format!(
                    "<figure><img src=\"{href}/files/{}\" alt=\"\"><figcaption>{name}</figcaption></figure>",
                    file.id
                ))
            } else {
                SafeHtml::trusted(format!("<p>{name}（{}）</p>", said::bytes(file.size)))
            }
        };
        files.iter().map(one).collect()
    }

    async fn table(&self, asked: &Asked, columns: &[String], records: &[Visible]) -> Result<SafeHtml, Problem> {
        let fields: Vec<&FieldDef> = columns.iter().filter_map(|key| self.opened.field(key)).collect();
        let has_number = self.opened.def.number.is_some();
        let style = style().with_labels(self.labels);
        let mut heads: Vec<Column> =
            fields.iter().map(|field| Column::new(&field.key, field.label.ja()).align(cells::align(field))).collect();
        if has_number {
            heads.insert(0, Column::new("number", "番号"));
        }
        let is_mastered = cells::known_fields(self.opened).next().is_some();
        if is_mastered {
            heads.push(Column::new("known", "正本"));
        }
        let row = |record: &Visible| {
            let cell = |field: &&FieldDef| match record.is_masked(field) {
                true => list_table::masked(record, field),
                false => SafeHtml::escape(kawasemi_ledger::field::show(field, record.get(&field.key), &style)),
            };
            let mut row: Vec<SafeHtml> = fields.iter().map(cell).collect();
            if has_number {
                row.insert(0, SafeHtml::escape(record.number.as_deref().unwrap_or_default()));
            }
            if is_mastered {
                let known = kawasemi_ledger::master::of(&self.opened.def, record.fields());
                row.push(SafeHtml::escape(known.as_ref().map(cells::known).unwrap_or_default()));
            }
            Row::new(row)
        };
        let caption = format!("{}（{}件）", self.opened.title(), records.len());
        let table = Table::new(Lang::Ja, caption, heads, records.iter().map(row).collect()).show_caption().wide();
        let parts = condition::parts(self.cx, self.opened, asked).await?;
        let mut said: Vec<String> = parts.into_iter().map(|part| part.words).collect();
        if !asked.q.is_empty() {
            said.insert(0, format!("「{}」を検索", asked.q));
        }
        let mut html = SafeHtml::trusted("<div class=\"sheet-list stack-small\">");
        if !said.is_empty() {
            html.push(&crate::view::paragraph(&format!("条件：{}", said.join("、"))));
        }
        html.push(&table.html());
        html.push(&note(&self.printed()));
        html.push(&SafeHtml::trusted("</div>"));
        Ok(html)
    }

    /// When and by whom the paper was made.
    fn printed(&self) -> String {
        let context = self.cx.context();
        let by = context.caller.account.as_ref().map(|account| account.display_name.as_str()).unwrap_or_default();
        format!("出力 {}　{by}", when(context.act.at))
    }
}

struct Field {
    label: String,
    value: SafeHtml,
    is_wide: bool,
}

struct Section<'a> {
    title: &'a str,
    fields: Vec<Field>,
}

#[derive(Template)]
#[template(path = "ledgers/sheet.html")]
struct Sheet<'a> {
    kind: String,
    name: String,
    number: &'a str,
    deleted: SafeHtml,
    qr: SafeHtml,
    sections: Vec<Section<'a>>,
    changed: String,
    printed: String,
}
