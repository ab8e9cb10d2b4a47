//! A ledger, opened for the person at the desk, and what all its pages have in common.

use std::borrow::Cow;
use std::sync::Arc;

use kawasemi_identity::grants::Access;
use kawasemi_kernel::Lang;
use kawasemi_ledger::{Style, Visible};
use kawasemi_schema::{Action, FieldDef, FieldKind, LedgerDef, MapDef};
use kawasemi_ui::button::LinkButton;
use kawasemi_ui::page::{Page, Site};
use kawasemi_ui::steps::{Tab, tabs};
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::asked::Asked;
use crate::problem::Problem;
use crate::request::Cx;

/// The address of all ledgers.
pub const LEDGERS: &str = "/desk/ledgers";

/// The part of an address under which a ledger's map is, and what says that a choice leads back to it.
pub const MAP: &str = "map";

/// The address of a ledger.
pub fn ledger_href(key: &str) -> String {
    format!("{LEDGERS}/{key}")
}

/// The address of a record.
pub fn record_href(ledger: &str, id: kawasemi_kernel::RecordId) -> String {
    format!("{LEDGERS}/{ledger}/{id}")
}

/// A ledger with what the caller may do with it.
pub struct Opened {
    /// The definition.
    pub def: Arc<LedgerDef>,
    /// What the caller may do.
    pub access: Access,
}

/// The ways to look at a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// As a table.
    List,
    /// As a month.
    Calendar,
    /// On the map.
    Map,
    /// As a chart or cross table.
    Chart,
}

impl Opened {
    /// Opens a ledger; who may do nothing with it is told that there is none.
    pub fn new(cx: &Cx, key: &str) -> Result<Self, Problem> {
        let (def, access) = cx.ledgers().open(cx.context(), key)?;
        Ok(Self { def, access })
    }

    /// Opens a ledger whose records the caller may do something with.
    pub fn for_action(cx: &Cx, key: &str, action: Action) -> Result<Self, Problem> {
        let opened = Self::new(cx, key)?;
        if opened.may(action) {
            return Ok(opened);
        }
        Err(if action == Action::Read || !opened.may(Action::Read) {
            Problem::not_found()
        } else {
            kawasemi_ledger::LedgerError::Forbidden { action }.into()
        })
    }

    /// Whether the caller may do this with any record.
    pub fn may(&self, action: Action) -> bool {
        self.access.may(action)
    }

    /// The ledger's key.
    pub fn key(&self) -> &str {
        &self.def.key
    }

    /// The ledger's name.
    pub fn title(&self) -> &str {
        self.def.title.ja()
    }

    /// The ledger's address.
    pub fn href(&self) -> String {
        ledger_href(self.key())
    }

    /// An address below the ledger's.
    pub fn at(&self, part: &str) -> String {
        format!("{}/{part}", self.href())
    }

    /// The fields that the caller may see in some record, in the order of the form.
    pub fn fields(&self) -> impl Iterator<Item = &FieldDef> {
        self.access.visible_fields(Action::Read)
    }

    /// A field that the caller may see.
    pub fn field(&self, key: &str) -> Option<&FieldDef> {
        self.fields().find(|field| field.key == key)
    }

    /// The fields by which records may be called, as far as the caller may see them.
    pub fn label_fields(&self) -> impl Iterator<Item = &FieldDef> {
        self.def.label.iter().filter_map(|key| self.field(key))
    }

    /// What a record is called, from its visible fields; `style` knows the names of records it refers to. A name that is as
    /// long as a page is cut: it stands whole in its field.
    pub fn name_of(&self, record: &Visible, style: &Style<'_>) -> String {
        Self::name_by(self.label_fields(), record, style)
    }

    /// What a record is called by fields that were looked up before, for many records.
    pub fn name_by<'a>(label: impl Iterator<Item = &'a FieldDef>, record: &Visible, style: &Style<'_>) -> String {
        let mut name = String::new();
        for text in label.map(|field| kawasemi_ledger::field::show(field, record.get(&field.key), style)) {
            name.push_str(if name.is_empty() || text.is_empty() { "" } else { " " });
            name.push_str(&text);
        }
        if let Cow::Owned(cut) = super::cells::shortened(&name) {
            return cut;
        }
        match &record.number {
            _ if !name.is_empty() => name,
            Some(number) => number.clone(),
            None => "（名称なし）".to_owned(),
        }
    }

    /// The date fields that a calendar can show.
    pub fn date_fields(&self) -> impl Iterator<Item = &FieldDef> {
        self.fields().filter(|field| matches!(field.kind, FieldKind::Date | FieldKind::DateTime))
    }

    /// How the ledger is drawn; none where it has no geometry, or none that the caller may see.
    pub fn map(&self) -> Option<&MapDef> {
        self.def.map.as_ref().filter(|map| self.field(&map.geometry).is_some())
    }

    /// The page from which a condition or facet is chosen, and to which the choice leads back: the map, or else the list.
    pub fn narrowed_at(&self, cx: &Cx) -> String {
        if cx.query("to").as_deref() == Some(MAP) && self.map().is_some() { self.at(MAP) } else { self.href() }
    }

    /// An address of which the choices lead back to `base`, the list or the map.
    pub fn leading_back(&self, address: &str, base: &str) -> String {
        if base != self.at(MAP) {
            return address.to_owned();
        }
        format!("{address}{}to={MAP}", if address.contains('?') { '&' } else { '?' })
    }

    /// A page of the ledger, with the way to it.
    pub fn page<'a>(&self, site: &'a Site, title: impl Into<String>) -> Page<'a> {
        self.page_at_top(site, title).crumb(self.title(), self.href())
    }

    /// The ledger's own page.
    pub fn page_at_top<'a>(&self, site: &'a Site, title: impl Into<String>) -> Page<'a> {
        Page::new(site, title).crumb("ホーム", "/desk").crumb("台帳", LEDGERS)
    }

    /// The ways to look at the ledger, with what the list is narrowed by kept.
    pub fn looks(&self, current: Look, asked: &Asked) -> SafeHtml {
        let plain = asked.with(|asked| asked.columns.clear());
        let mut all = vec![Tab::new("一覧", plain.href(&self.href()), current == Look::List)];
        if self.date_fields().next().is_some() {
            all.push(Tab::new("カレンダー", plain.href(&self.at("calendar")), current == Look::Calendar));
        }
        if self.map().is_some() {
            all.push(Tab::new("地図", plain.href(&self.at("map")), current == Look::Map));
        }
        all.push(Tab::new("グラフ・集計", plain.href(&self.at("chart")), current == Look::Chart));
        tabs("表示のしかた", &all)
    }
}

/// How values are shown on the desk: Japanese words, dates in the Japanese calendar.
pub fn style() -> Style<'static> {
    Style::page(Lang::Ja).in_wareki(true)
}

/// A button that leads back.
pub fn back(href: &str, label: &str) -> SafeHtml {
    LinkButton::new(label, href).icon(Icon::Back).html()
}

/// A record in a list of links, with a note beside its name.
pub fn item(href: &str, name: &str, note: &str) -> SafeHtml {
    let (href, name, note) = (SafeHtml::escape(href), SafeHtml::escape(name), SafeHtml::escape(note));
    SafeHtml::trusted(format!(
        "<li><a href=\"{href}\"><span>{name}</span><span class=\"text-soft text-small\">{note}</span></a></li>"
    ))
}
