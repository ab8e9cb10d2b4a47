//! The page of one record (詳細): its fields by section, its files, what other ledgers have about it, and what may be done.

use std::collections::{BTreeSet, HashMap};

use axum::response::{Html, IntoResponse, Response};
use http::HeaderMap;
use kawasemi_kernel::{FileRef, Lang, RecordId, Value};
use kawasemi_ledger::master::Mastered;
use kawasemi_ledger::related::Related;
use kawasemi_ledger::{Labels, Style, Visible};
use kawasemi_schema::{FieldDef, FieldKind};
use kawasemi_ui::button::{LinkButton, Look};
use kawasemi_ui::card::Card;
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::list::Count;
use kawasemi_ui::map::MapView;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::page::Page;
use kawasemi_ui::qr::qr_svg;
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::asked::Asked;
use super::at::At;
use super::names::Names;
use super::opened::{Opened, item, ledger_href, record_href, style};
use super::{cells, form};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{done, section, when};

/// Related records that are shown of each ledger.
const RELATED: u32 = 5;

const DONE: &[(&str, &str)] = &[
    ("created", "登録しました。"),
    ("saved", "保存しました。"),
    ("unchanged", "変更はありませんでした。"),
    ("restored", "記録を復元しました。"),
    ("opened", "支援措置の対象者の記録を開きました。閲覧の理由を記録しました。"),
    ("closed", "記録を閉じました。"),
    ("reverted", "以前の版の内容に戻しました。"),
];

/// `GET /desk/ledgers/{ledger}/{id}`
pub async fn show(cx: Cx, At { ledger, id }: At, headers: HeaderMap) -> Result<Response, Problem> {
    let cx = cx.at(&ledger, id).await?;
    let opened = Opened::new(&cx, &ledger)?;
    let record = cx.ledgers().get(cx.context(), &ledger, id).await?;
    let protection = super::open::notice(&cx, &opened, &record).await?;
    let mut labels = cx.ledgers().labels(cx.context(), &ledger, std::slice::from_ref(&record)).await?;
    let related = cx.ledgers().related(cx.context(), &ledger, id, RELATED).await?;
    for each in &related {
        labels.extend(cx.ledgers().labels(cx.context(), &each.ledger, &each.records).await?);
    }
    let names = Names::of(&cx, [&record]).await?;
    let masters = cx.ledgers().masters_of_references(cx.context(), &ledger, &record).await?;
    let shown = Shown { opened: &opened, record: &record, labels: &labels, masters: &masters };
    let areas = super::areas::about(&cx, &opened, &record).await?;
    let body = shown.body(&cx, &related, &names, &areas);
    let site = cx.desk_site("ledgers");
    let page = protection.into_iter().fold(opened.page(&site, shown.name()), Page::notice);
    let page = shown.page(&cx, page).body(body);
    let mut response = Html(page.render()).into_response();
    super::recent::remember(&cx, &headers, &ledger, &mut response);
    Ok(response)
}

/// A record as its page shows it.
pub struct Shown<'a> {
    /// The ledger.
    pub opened: &'a Opened,
    /// The record.
    pub record: &'a Visible,
    /// The names of records that it refers to.
    pub labels: &'a Labels,
    /// As of which day those of another system are known.
    pub masters: &'a HashMap<RecordId, Mastered>,
}

impl Shown<'_> {
    /// What the record is called.
    pub fn name(&self) -> String {
        self.opened.name_of(self.record, &self.style())
    }

    fn style(&self) -> Style<'_> {
        style().with_labels(self.labels)
    }

    fn href(&self) -> String {
        record_href(self.opened.key(), self.record.id)
    }

    fn page<'p>(&self, cx: &Cx, mut page: Page<'p>) -> Page<'p> {
        let record = self.record;
        if let Some(notice) = done(cx, DONE) {
            let cleared =
                form::draft_key(self.opened, (cx.query("done").as_deref() != Some("created")).then_some(record.id));
            page = page.notice(notice).draft_clear(cleared);
        }
        let mut beside = SafeHtml::EMPTY;
        if let Some(number) = &record.number {
            beside.push(&chip(State::Plain, number));
        }
        if let Some(mastered) = kawasemi_ledger::master::of(&self.opened.def, record.fields()) {
            beside.push(&chip(State::Plain, &cells::known(&mastered)));
        }
        if let Some(at) = record.deleted_at {
            beside.push(&chip(State::Muted, "削除済み"));
            let text = format!("{}に削除されました。一覧や検索には出ません。", when(at));
            page = page.notice(Notice::new(Tone::Warning, "この記録は削除されています").text(text));
        }
        page.beside_title(beside).actions(self.actions())
    }

    fn actions(&self) -> SafeHtml {
        let (href, may) = (self.href(), self.record.may);
        let mut all = LinkButton::new("履歴", format!("{href}/history"))
            .look(Look::Quiet)
            .icon(Icon::History)
            .shortcut("h")
            .html();
        let sheet = LinkButton::new("調書を印刷", format!("{href}/sheet")).look(Look::Quiet).icon(Icon::Print);
        all.push(&sheet.html());
        if self.record.deleted_at.is_some() {
            if may.delete {
                let restore = LinkButton::new("復元する", format!("{href}/restore")).look(Look::Primary);
                all.push(&restore.html());
            }
            return all;
        }
        if may.update {
            let edit = LinkButton::new("編集する", format!("{href}/edit")).look(Look::Primary).icon(Icon::Edit);
            all.push(&edit.shortcut("e").html());
        }
        all
    }

    fn body(&self, cx: &Cx, related: &[Related], names: &Names, areas: &SafeHtml) -> SafeHtml {
        let mut main = self.place();
        main.push(&self.sections());
        main.push(areas);
        for each in related {
            main.push(&self.related(cx, each));
        }
        let aside: SafeHtml = [self.files(), Some(self.origin(names)), self.qr(cx)].into_iter().flatten().collect();
        let mut html = SafeHtml::trusted(format!(
            "<div class=\"with-aside\"><div class=\"stack\">{main}</div><aside class=\"stack\" aria-label=\"この記録について\">{aside}</aside></div>"
        ));
        if self.record.may.delete && self.record.deleted_at.is_none() {
            let delete = LinkButton::new("この記録を削除する", format!("{}/delete", self.href())).look(Look::Danger);
            html.push(&SafeHtml::trusted(format!(
                "<div class=\"no-print\">{}</div>",
                delete.icon(Icon::Delete).html()
            )));
        }
        html
    }

    /// The fields by section. A section of which nothing is filled in is closed, since long forms have many of them.
    fn sections(&self) -> SafeHtml {
        let mut html = SafeHtml::EMPTY;
        for (title, fields) in sections(self.opened.fields()) {
            let shown: Vec<Fact> =
                fields.iter().filter(|field| !is_file(field)).map(|field| self.fact(field)).collect();
            if shown.is_empty() {
                continue;
            }
            let list = facts(&shown);
            html.push(&if title.is_empty() { list } else { section(title, &list) });
        }
        html
    }

    /// The record on a map, where it has a place that this person sees.
    fn place(&self) -> SafeHtml {
        let Some(layer) = super::map::record(self.opened, self.record, &self.name()) else { return SafeHtml::EMPTY };
        let map = MapView::new(Lang::Ja, format!("{}の位置", self.name())).layer(layer).html();
        SafeHtml::trusted(format!("<section class=\"no-print\" aria-label=\"位置\">{map}</section>"))
    }

    fn fact(&self, field: &FieldDef) -> Fact {
        let value = if self.record.is_masked(field) {
            super::list_table::masked(self.record, field)
        } else {
            let value = self.record.get(&field.key);
            let mut shown = cells::full(field, value, &self.style());
            let known = self.known(value);
            if !known.is_empty() {
                shown.push(&crate::view::note(&known));
            }
            shown
        };
        Fact::html(field.label.ja(), value)
    }

    /// As of which day another system knows those to whom a value refers; each day once.
    fn known(&self, value: &Value) -> String {
        let ids: Vec<RecordId> = match value {
            Value::Record(id) => vec![*id],
            Value::Rows(rows) => rows.iter().flat_map(|row| row.fields.values()).filter_map(Value::as_record).collect(),
            _ => Vec::new(),
        };
        let known: BTreeSet<String> = ids.iter().filter_map(|id| self.masters.get(id)).map(cells::known).collect();
        known.into_iter().collect::<Vec<_>>().join("、")
    }

    fn files(&self) -> Option<SafeHtml> {
        let href = self.href();
        let of_field = |field: &FieldDef| match self.record.get(&field.key) {
            Value::Files(files) => {
                let list = cells::files(files, |file: &FileRef| format!("{href}/files/{}", file.id));
                Some(Card::new(field.label.ja()).top().icon(Icon::Attachment).body(list).html())
            }
            _ => None,
        };
        let all: SafeHtml = self.opened.fields().filter(|field| is_file(field)).filter_map(of_field).collect();
        (!all.is_empty()).then_some(all)
    }

    /// Who made and changed the record, and why this person sees it.
    fn origin(&self, names: &Names) -> SafeHtml {
        let record = self.record;
        let by = |at, by| {
            let name = names.get(by);
            if name.is_empty() { when(at) } else { format!("{}　{name}", when(at)) }
        };
        let list = facts(&[
            Fact::text("最終更新", &by(record.updated_at, record.updated_by)),
            Fact::text("登録", &by(record.created_at, record.created_by)),
            Fact::text("版", &format!("第{}版", record.revision)),
            Fact::text("見えている範囲", &format!("{}の項目まで", record.clearance.label())),
        ]);
        let why = SafeHtml::link(&format!("{}/explain/{}", self.opened.href(), record.id), "なぜ見られるのか");
        let body = SafeHtml::trusted(format!("{list}<p class=\"text-small no-print\">{why}</p>"));
        Card::new("この記録について").top().icon(Icon::Info).body(body).html()
    }

    fn qr(&self, cx: &Cx) -> Option<SafeHtml> {
        let address = cx.origin()?.join(&self.href()).ok()?;
        let code = qr_svg(address.as_str(), "この記録のページのQRコード").ok()?;
        let link = LinkButton::new("画像を保存", format!("{}/qr.svg", self.href())).look(Look::Quiet).download().html();
        let body = SafeHtml::trusted(format!("{code}<div class=\"no-print\">{link}</div>"));
        Some(
            Card::new("QRコード")
                .top()
                .note("現地の掲示や台帳の背表紙に貼ると、この画面がすぐに開きます。")
                .body(body)
                .html(),
        )
    }

    fn related(&self, cx: &Cx, related: &Related) -> SafeHtml {
        let Ok(other) = Opened::new(cx, &related.ledger) else { return SafeHtml::EMPTY };
        let style = self.style();
        let items: SafeHtml = related
            .records
            .iter()
            .map(|record| {
                let known = kawasemi_ledger::master::of(&other.def, record.fields());
                let known = known.map(|mastered| format!("{}　", cells::known(&mastered))).unwrap_or_default();
                let changed = format!("{known}更新 {}", when(record.updated_at));
                item(&record_href(&related.ledger, record.id), &other.name_of(record, &style), &changed)
            })
            .collect();
        let count =
            if related.count.more { Count::AtLeast(related.count.count) } else { Count::Exactly(related.count.count) };
        let all = Asked { filter: related.filter(self.record.id), ..Asked::default() };
        let all = LinkButton::new("一覧で見る", all.href(&ledger_href(&related.ledger))).look(Look::Quiet).html();
        let count = kawasemi_ui::list::count(Lang::Ja, count);
        let title = format!("{}：「{}」がこの記録（{count}）", related.title, related.label);
        let list = SafeHtml::trusted(format!("<ul class=\"link-list\">{items}</ul>"));
        crate::view::section_with(&title, &all, &list)
    }
}

/// `GET /desk/ledgers/{ledger}/{id}/qr.svg`
pub async fn qr(cx: Cx, At { ledger, id }: At) -> Result<Response, Problem> {
    cx.ledgers().get(cx.context(), &ledger, id).await?;
    let address = cx.origin().and_then(|origin| origin.join(&record_href(&ledger, id)).ok());
    let address = address.ok_or_else(Problem::not_found)?;
    let code = qr_svg(address.as_str(), "QRコード").map_err(|error| Problem::internal(&error))?;
    // The component wraps the drawing for a page; a file needs the drawing alone, with its namespace.
    let (start, end) = (code.as_str().find("<svg"), code.as_str().find("</svg>"));
    let drawing = start.zip(end).map_or("", |(start, end)| &code.as_str()[start..end + "</svg>".len()]);
    let file = drawing.replacen("<svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"", 1);
    let headers = [
        (http::header::CONTENT_TYPE, "image/svg+xml".to_owned()),
        (http::header::CONTENT_DISPOSITION, format!("attachment; filename=\"{ledger}-{id}.svg\"")),
    ];
    Ok((headers, file).into_response())
}

/// Fields under their headings, in order.
pub fn sections<'a>(fields: impl Iterator<Item = &'a FieldDef>) -> Vec<(&'a str, Vec<&'a FieldDef>)> {
    let mut all: Vec<(&str, Vec<&FieldDef>)> = Vec::new();
    for field in fields {
        let title = field.section.ja();
        match all.last_mut() {
            Some((_, fields)) if title.is_empty() => fields.push(field),
            Some((last, fields)) if *last == title => fields.push(field),
            _ => all.push((title, vec![field])),
        }
    }
    all
}

fn is_file(field: &FieldDef) -> bool {
    matches!(field.kind, FieldKind::Files { .. })
}
