//! What stands above the table of a list: search, views, conditions, the count, and how the table is shown.

use askama::Template;
use kawasemi_kernel::Lang;
use kawasemi_schema::{Action, FieldDef, FieldKind};
use kawasemi_ui::list::{Count, active_filter};
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::asked::{Asked, SIZES, sort_text};
use super::list::Listed;
use super::list_table::can_be_column;
use super::opened::Opened;
use super::{cells, condition};

/// The parts of the bar.
///
/// `narrow` is the panel for conditions, where it is open at once.
pub fn bar(opened: &Opened, listed: &Listed, narrow: SafeHtml) -> SafeHtml {
    let asked = &listed.asked;
    let href = opened.href();
    let is_searchable = opened.fields().any(|field| field.search);
    Bar {
        href: &href,
        asked,
        sort: sort_text(&asked.sort),
        is_searchable,
        opener: if narrow.is_empty() { condition::opener(opened, asked, &href) } else { SafeHtml::EMPTY },
        narrow,
        count: match listed.count {
            Count::Unknown if listed.mistake.is_none() => late_count(
                &asked.with(|_| {}).href(&opened.at("count")),
                &asked.with(|asked| asked.count = true).href(&href),
            ),
            known => count_text(known),
        },
        active: active(opened, asked, &listed.conditions, &href),
        orders: orders(asked, &href),
        explains_rank: asked.is_ranked() && listed.count != Count::Exactly(0),
        views: views(asked, &listed.views, &href),
        columns: columns(opened, listed),
        sizes: SIZES
            .iter()
            .map(|size| (*size, asked.size == *size || (asked.size == 0 && *size == SIZES[0])))
            .collect(),
        save_href: asked.with(|_| {}).href(&opened.at("views/new")),
        can_save: asked.is_narrowed() || !asked.sort.is_empty() || !asked.columns.is_empty(),
        bulk_href: (opened.may(Action::Update) && !asked.deleted).then(|| asked.with(|_| {}).href(&opened.at("bulk"))),
        deleted_href: opened
            .may(Action::Delete)
            .then(|| Asked { deleted: !asked.deleted, ..Asked::default() }.href(&href)),
    }
    .html()
}

/// The count in words.
pub fn count_text(count: Count) -> SafeHtml {
    SafeHtml::trusted(format!(
        "<span class=\"text-number\" id=\"list-count\">{}</span>",
        SafeHtml::escape(kawasemi_ui::list::count(Lang::Ja, count))
    ))
}

/// A count that comes after the page: fetched where there is a script, asked for by a link where there is none.
fn late_count(fragment: &str, page: &str) -> SafeHtml {
    let (fragment, page) = (SafeHtml::escape(fragment), SafeHtml::escape(page));
    SafeHtml::trusted(format!(
        "<span id=\"list-count\" hx-get=\"{fragment}\" hx-trigger=\"load\" hx-swap=\"outerHTML\"><a href=\"{page}\">件数を数える</a></span>"
    ))
}

/// The names that a condition may use, with what people call them.
pub fn names(opened: &Opened) -> Vec<(String, String, &'static str)> {
    let kind = |field: &FieldDef| match cells::kind(field) {
        FieldKind::Integer { .. } | FieldKind::Decimal { .. } | FieldKind::Yen { .. } => "数",
        FieldKind::FiscalYear => "年度",
        FieldKind::Date => "日付",
        FieldKind::DateTime => "日時",
        FieldKind::YesNo => "はい・いいえ",
        FieldKind::Choice { .. } | FieldKind::Choices { .. } => "選択",
        FieldKind::Reference { .. } => "参照",
        FieldKind::Point | FieldKind::Line | FieldKind::Polygon => "位置",
        _ => "文字",
    };
    let usable =
        opened.fields().filter(|field| !field.columns().is_empty() && !matches!(field.kind, FieldKind::Files { .. }));
    usable.map(|field| (field.key.clone(), field.label.ja().to_owned(), kind(field))).collect()
}

/// What the list, or the map at `href`, is narrowed by, each with the way to do without it.
pub fn active(opened: &Opened, asked: &Asked, conditions: &[condition::Part], href: &str) -> SafeHtml {
    let mut all = SafeHtml::EMPTY;
    if asked.deleted {
        all.push(&active_filter(Lang::Ja, "削除した記録", &asked.with(|asked| asked.deleted = false).href(href)));
    }
    for (index, (key, value)) in asked.facets.iter().enumerate() {
        let Some(field) = opened.field(key) else { continue };
        let shown = match value.as_str() {
            "" => "未入力".to_owned(),
            "true" if matches!(field.kind, FieldKind::YesNo) => "はい".to_owned(),
            "false" if matches!(field.kind, FieldKind::YesNo) => "いいえ".to_owned(),
            value => field.choice(value).map_or_else(|| short(field, value), |choice| choice.label.ja().to_owned()),
        };
        let without = asked.with(|asked| drop(asked.facets.remove(index)));
        all.push(&active_filter(Lang::Ja, &format!("{}：{shown}", field.label.ja()), &without.href(href)));
    }
    for part in conditions {
        all.push(&active_filter(Lang::Ja, &part.words, &part.without.href(href)));
    }
    all
}

/// The two orders of a search; none where nothing is searched for.
fn orders(asked: &Asked, href: &str) -> Vec<(&'static str, String, bool)> {
    if asked.q.is_empty() {
        return Vec::new();
    }
    let order = |name, ranked| (name, asked.with(|asked| asked.ranked = ranked).href(href), asked.ranked == ranked);
    vec![order("一覧の順", false), order("関連度の高い順", true)]
}

/// A value without a label of its own. An id says nothing to people; the facet beside the list has its name.
fn short(field: &FieldDef, value: &str) -> String {
    if matches!(field.kind, FieldKind::Reference { .. }) { "選択中".to_owned() } else { value.to_owned() }
}

/// A view in the menu.
pub struct ViewLink {
    /// Its name.
    pub title: String,
    /// Where it is.
    pub href: String,
    /// Whether it is the one that is shown.
    pub is_current: bool,
    /// Whose it is.
    pub note: &'static str,
}

/// The views, shown by the list or the map at `href`.
pub fn views(asked: &Asked, views: &[kawasemi_ledger::views::View], href: &str) -> Vec<ViewLink> {
    let current = asked.view.as_deref();
    let layers = &asked.layers;
    let of = |view: Option<String>| Asked { view, layers: layers.clone(), ..Asked::default() }.href(href);
    let all = ViewLink { title: "すべて".to_owned(), href: of(None), is_current: current.is_none(), note: "" };
    let link = |view: &kawasemi_ledger::views::View| ViewLink {
        title: view.title.clone(),
        href: of(Some(view.key.clone())),
        is_current: current == Some(view.key.as_str()),
        note: match (view.owner.is_some(), view.is_shared) {
            (true, true) => "共有",
            (true, false) => "自分",
            _ => "",
        },
    };
    std::iter::once(all).chain(views.iter().map(link)).collect()
}

fn columns(opened: &Opened, listed: &Listed) -> Vec<(String, String, bool)> {
    let chosen = |field: &FieldDef| listed.columns.contains(&field.key);
    let fields = opened.fields().filter(|field| can_be_column(field));
    fields.map(|field| (field.key.clone(), field.label.ja().to_owned(), chosen(field))).collect()
}

#[derive(Template)]
#[template(path = "ledgers/list_bar.html")]
struct Bar<'a> {
    href: &'a str,
    asked: &'a Asked,
    sort: String,
    is_searchable: bool,
    opener: SafeHtml,
    narrow: SafeHtml,
    count: SafeHtml,
    active: SafeHtml,
    /// The orders to choose from, with what they are called, where they lead, and whether the list has this one.
    orders: Vec<(&'static str, String, bool)>,
    explains_rank: bool,
    views: Vec<ViewLink>,
    columns: Vec<(String, String, bool)>,
    sizes: Vec<(u32, bool)>,
    save_href: String,
    can_save: bool,
    bulk_href: Option<String>,
    deleted_href: Option<String>,
}

impl Bar<'_> {
    fn current_view(&self) -> &str {
        self.views.iter().find(|view| view.is_current).map_or("すべて", |view| &view.title)
    }

    fn current_order(&self) -> &'static str {
        self.orders.iter().find(|(.., chosen)| *chosen).map_or("", |(name, ..)| name)
    }
}
