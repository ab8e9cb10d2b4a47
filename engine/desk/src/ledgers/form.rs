//! The form of a record, built from the ledger's definition.
//!
//! A [`Fill`] is what stands in the fields: a stored record, or what was typed and came back with mistakes. Which fields
//! there are, and which may be changed, comes from the grants.

use std::collections::HashMap;

use jiff::civil::Date;
use kawasemi_kernel::{FileRef, Lang, RecordId};
use kawasemi_ledger::field::FieldError;
use kawasemi_ledger::master;
use kawasemi_ledger::{Entry, Labels, Visible};
use kawasemi_schema::{Action, Clearance, ComputedFrom, FieldDef, FieldKind};
use kawasemi_ui::field::{Choice, FieldKind as Control, FieldValue, FieldView, FileItem, RowView};
use kawasemi_ui::form::{Draft, Form};

use super::fill::{self, typed};
use super::opened::{Opened, ledger_href, record_href};

/// The hidden entry with the revision that is edited.
pub const REVISION: &str = "_revision";
/// The field of the reason for a change. Two underscores keep it apart from every field of a ledger.
pub const REASON: &str = "__reason";

/// What stands in the fields.
pub enum Fill<'a> {
    /// A new record: the defaults.
    New,
    /// A record as it is stored.
    Stored(&'a Visible),
    /// What was typed; for a change with the record as it is stored, since fields that are only shown were not sent.
    Typed(&'a Entry, Option<&'a Visible>),
}

/// What the fields need to know beside what stands in them.
#[derive(Default)]
pub struct Around {
    /// The names of referenced records.
    pub labels: Labels,
    /// The records to choose from, for references to small ledgers and for ambiguous names.
    pub options: HashMap<String, Vec<Choice>>,
    /// The files that are there, by field.
    pub files: HashMap<String, Vec<FileRef>>,
    /// What is wrong.
    pub mistakes: Vec<FieldError>,
    /// The day of the request, for defaults.
    pub today: Option<Date>,
}

/// A form in the making.
pub struct RecordForm<'a> {
    /// The ledger.
    pub opened: &'a Opened,
    /// What stands in the fields.
    pub fill: Fill<'a>,
    /// What the fields need to know.
    pub around: &'a Around,
    /// The most closed fields that may be changed.
    pub clearance: Clearance,
}

impl RecordForm<'_> {
    /// The form, sent to an address.
    pub fn build(&self, action: String, cancel: String, record: Option<RecordId>) -> Form {
        let mut form = Form::new(Lang::Ja, action).cancel(cancel);
        for (title, fields) in super::detail::sections(self.opened.fields()) {
            let views: Vec<FieldView> = fields.into_iter().filter_map(|field| self.with_file(field)).collect();
            form = match (views.is_empty(), title.is_empty()) {
                (true, _) => form,
                (false, true) => form.fields(views),
                (false, false) => form.section(title, views),
            };
        }
        for mistake in self.around.mistakes.iter().filter(|mistake| !self.stands_at_a_field(mistake)) {
            form = form.mistake(mistake.to_string());
        }
        let key = draft_key(self.opened, record);
        // What holds personal data stays within the tab: machines at a counter are shared.
        form.draft(if self.opened.def.holds_personal_data() { Draft::Tab(key) } else { Draft::Machine(key) })
    }

    /// A field of the record's own form; a geometry may come as a file there.
    fn with_file(&self, field: &FieldDef) -> Option<FieldView> {
        let mut view = self.view(field, &field.key)?;
        view.takes_file =
            !view.read_only && matches!(field.kind, FieldKind::Point | FieldKind::Line | FieldKind::Polygon);
        Some(view)
    }

    /// A field as it stands in a form about many records: what was typed, or nothing.
    pub fn blank(&self, field: &FieldDef) -> Option<FieldView> {
        let mut view = self.view(field, &field.key)?;
        if matches!(self.fill, Fill::New) {
            view.value = FieldValue::Empty;
        }
        Some(view)
    }

    /// Whether a mistake is shown beside a field; any other stands above the form.
    fn stands_at_a_field(&self, mistake: &FieldError) -> bool {
        let key = mistake.field.split('.').next().unwrap_or_default();
        self.opened.field(key).is_some()
    }

    /// A field under a name; nothing for a computed field of a new record, which has no value yet.
    fn view(&self, field: &FieldDef, name: &str) -> Option<FieldView> {
        let stored = match &self.fill {
            Fill::New => None,
            Fill::Stored(record) | Fill::Typed(_, Some(record)) => Some(*record),
            Fill::Typed(_, None) => None,
        };
        if stored.is_some_and(|record| record.is_masked(field)) {
            return None;
        }
        let is_computed = matches!(field.kind, FieldKind::Computed { .. });
        // What another system is the master of is shown and not sent.
        let is_mastered =
            stored.is_some_and(|record| master::is_mastered(&self.opened.def, record.fields(), &field.key));
        let read_only = is_computed || is_mastered || field.clearance > self.clearance;
        if stored.is_none() && read_only {
            return None;
        }
        let value = match &self.fill {
            Fill::New => fill::of_default(field, self.around.today),
            Fill::Stored(record) => fill::of_value(field, record.get(&field.key), &self.around.labels),
            Fill::Typed(_, Some(record)) if read_only => {
                fill::of_value(field, record.get(&field.key), &self.around.labels)
            }
            Fill::Typed(entry, _) => typed(field, entry, name),
        };
        let mut view = FieldView::new(name, field.label.ja(), self.control(field, name, stored)).value(value);
        view.hint = hint(field);
        view.required = field.required;
        view.read_only = read_only;
        let own = |mistake: &&FieldError| mistake.field == name || is_part(&field.kind, name, &mistake.field);
        view.errors = self.around.mistakes.iter().filter(own).map(ToString::to_string).collect();
        if field.kind.is_geometry() && !read_only {
            view.map_layers = super::map::neighbours(self.opened);
        }
        Some(view)
    }

    fn control(&self, field: &FieldDef, name: &str, stored: Option<&Visible>) -> Control {
        match &field.kind {
            FieldKind::Text { max_length } => Control::Text { max: long(*max_length) },
            FieldKind::LongText { max_length } => Control::LongText { max: Some(*max_length) },
            FieldKind::Integer { unit, .. } => Control::Integer { unit: unit.clone() },
            FieldKind::Decimal { scale, unit, .. } => Control::Decimal { scale: *scale, unit: unit.clone() },
            FieldKind::Yen { .. } => Control::Yen,
            FieldKind::Date => Control::Date,
            FieldKind::DateTime => Control::DateTime,
            FieldKind::YearMonth => Control::YearMonth,
            FieldKind::FiscalYear => Control::FiscalYear { years: Vec::new() },
            FieldKind::YesNo => Control::YesNo,
            FieldKind::Choice { .. } => Control::Choice { choices: self.offered(field, name, stored) },
            FieldKind::Choices { .. } => Control::ManyChoices { choices: self.offered(field, name, stored) },
            FieldKind::PersonName => Control::PersonName,
            FieldKind::Address => Control::Address { postcodes: crate::postcode::PATH.to_owned() },
            FieldKind::Phone => Control::Phone,
            FieldKind::CorporateNumber => Control::Text { max: Some(13) },
            FieldKind::Mail => Control::Mail,
            FieldKind::Url => Control::Url,
            FieldKind::Reference { target } => self.reference(field, name, target),
            FieldKind::Rows { fields, .. } => self.rows(field, fields, name),
            FieldKind::Files { accept, max_bytes, .. } => {
                Control::Files { existing: self.files(name, stored), accept: accept.join(","), max_bytes: *max_bytes }
            }
            FieldKind::Point => Control::Point,
            FieldKind::Line => Control::Line,
            FieldKind::Polygon => Control::Polygon,
            FieldKind::Computed { .. } => Control::Computed,
        }
    }

    /// The choices: those in use, and a retired one where it is what the record has.
    fn offered(&self, field: &FieldDef, name: &str, stored: Option<&Visible>) -> Vec<Choice> {
        let has = |key: &str| match (&self.fill, stored) {
            (Fill::Typed(entry, _), _) => entry.all(name).iter().any(|chosen| chosen == key),
            (_, Some(record)) => fill::has_choice(record.get(&field.key), key),
            _ => false,
        };
        let choices = field.kind.choices().iter().filter(|choice| !choice.retired || has(&choice.key));
        choices.map(|choice| Choice::new(&choice.key, choice.label.ja())).collect()
    }

    fn reference(&self, field: &FieldDef, name: &str, target: &str) -> Control {
        if let Some(choices) = self.around.options.get(name).or_else(|| self.around.options.get(&field.key)) {
            return Control::Choice { choices: choices.clone() };
        }
        let present = match &self.fill {
            Fill::New => None,
            Fill::Stored(record) => record.get(&field.key).as_record(),
            Fill::Typed(entry, _) => entry.one(name).parse().ok(),
        };
        let label = present.and_then(|id| self.around.labels.get(&id)).cloned().unwrap_or_default();
        let href = present.map(|id| record_href(target, id));
        Control::Reference { lookup: format!("{}/lookup", ledger_href(target)), label, href }
    }

    fn rows(&self, field: &FieldDef, fields: &[FieldDef], name: &str) -> Control {
        let open = || fields.iter().filter(|inner| inner.clearance <= self.clearance);
        let prototype = open()
            .map(|inner| self.inner(inner, fill::of_default(inner, self.around.today), &inner.key, Vec::new()))
            .collect();
        let rows = match &self.fill {
            Fill::New => Vec::new(),
            Fill::Stored(record) => {
                let row = |row: &kawasemi_kernel::ChildRow| {
                    let value = |inner: &FieldDef| {
                        let value = row.fields.get(&inner.key).cloned().unwrap_or_default();
                        self.inner(inner, fill::of_value(inner, &value, &self.around.labels), &inner.key, Vec::new())
                    };
                    RowView { id: row.id.to_string(), fields: open().map(value).collect() }
                };
                fill::rows_of(record.get(&field.key)).iter().map(row).collect()
            }
            Fill::Typed(entry, _) => self.typed_rows(&entry.part(name), fields, name),
        };
        Control::Rows { prototype, rows, ordered: false }
    }

    /// The rows as they were typed, renumbered. Mistakes name rows by their number as it was sent.
    fn typed_rows(&self, entry: &Entry, fields: &[FieldDef], name: &str) -> Vec<RowView> {
        let row = |(position, number): (usize, usize)| {
            let row = entry.part(&number.to_string());
            let view = |inner: &FieldDef| {
                let at = format!("{name}.{position}.{}", inner.key);
                let own = |mistake: &&FieldError| mistake.field == at || is_part(&inner.kind, &at, &mistake.field);
                let errors = self.around.mistakes.iter().filter(own).map(ToString::to_string).collect();
                self.inner(inner, typed(inner, &row, &inner.key), &at, errors)
            };
            let open = fields.iter().filter(|inner| inner.clearance <= self.clearance);
            RowView { id: row.one("id").to_owned(), fields: open.map(view).collect() }
        };
        fill::row_numbers(entry).into_iter().enumerate().map(row).collect()
    }

    /// A field of a child row. `at` is its place in the form, by which its options are kept.
    fn inner(&self, field: &FieldDef, value: FieldValue, at: &str, errors: Vec<String>) -> FieldView {
        let control = match &field.kind {
            FieldKind::Reference { target } => {
                let present: Option<RecordId> = fill::text_of(&value).parse().ok();
                let label = present.and_then(|id| self.around.labels.get(&id)).cloned().unwrap_or_default();
                match self.around.options.get(at).or_else(|| self.around.options.get(&field.key)) {
                    Some(choices) => Control::Choice { choices: choices.clone() },
                    None => Control::Reference {
                        lookup: format!("{}/lookup", ledger_href(target)),
                        label,
                        href: present.map(|id| record_href(target, id)),
                    },
                }
            }
            FieldKind::Choice { choices } => Control::Choice { choices: choices_of(choices) },
            FieldKind::Choices { choices } => Control::ManyChoices { choices: choices_of(choices) },
            _ => self.control(field, at, None),
        };
        let mut view = FieldView::new(&field.key, field.label.ja(), control).value(value);
        view.hint = hint(field);
        view.required = field.required;
        view.read_only = matches!(field.kind, FieldKind::Computed { .. });
        view.errors = errors;
        view
    }

    fn files(&self, name: &str, stored: Option<&Visible>) -> Vec<FileItem> {
        let files = self.around.files.get(name).map_or(&[][..], Vec::as_slice);
        let item = |file: &FileRef| FileItem {
            id: file.id.to_string(),
            name: file.name.clone(),
            href: stored.map_or_else(String::new, |record| {
                format!("{}/files/{}", record_href(self.opened.key(), record.id), file.id)
            }),
            size: file.size,
        };
        files.iter().map(item).collect()
    }
}

/// Under which name the browser keeps what was typed.
pub fn draft_key(opened: &Opened, record: Option<RecordId>) -> String {
    match record {
        Some(id) => format!("{}/{id}", opened.key()),
        None => format!("{}/new", opened.key()),
    }
}

/// The most closed fields that this person may change in a record, or fill in a new one.
pub fn writable(opened: &Opened, record: Option<&Visible>) -> Clearance {
    match record {
        Some(record) => opened.access.row_clearance(Action::Update, record),
        None => opened.access.clearance(Action::Create),
    }
    .unwrap_or_default()
}

/// The most closed fields that this person may change in any record.
pub fn writable_at_best(opened: &Opened) -> Clearance {
    opened.access.clearance(Action::Update).unwrap_or_default()
}

fn choices_of(choices: &[kawasemi_schema::Choice]) -> Vec<Choice> {
    choices.iter().filter(|choice| !choice.retired).map(|choice| Choice::new(&choice.key, choice.label.ja())).collect()
}

/// Only limits that people can meet by accident are said.
fn long(max: u32) -> Option<u32> {
    (max <= 500).then_some(max)
}

/// Whether a mistake is of a part of this field (the reading of a name), which has no place of its own. The mistakes of
/// child rows stand at their own fields.
fn is_part(kind: &FieldKind, name: &str, mistake: &str) -> bool {
    let is_below = mistake.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    is_below && !matches!(kind, FieldKind::Rows { .. })
}

fn hint(field: &FieldDef) -> Option<String> {
    let mut sentences: Vec<String> = Vec::new();
    if !field.hint.is_empty() {
        sentences.push(field.hint.ja().to_owned());
    }
    if field.shown_when.is_some() {
        sentences.push("ほかの項目の内容によって、不要なときは空のまま保存されます。".to_owned());
    } else if field.required_when.is_some() {
        sentences.push("ほかの項目の内容によって、入力が必要になります。".to_owned());
    }
    if let FieldKind::Computed { from, .. } = &field.kind {
        sentences.push(match from {
            ComputedFrom::Expression(_) => "保存すると、ほかの項目から計算されます。".to_owned(),
            ComputedFrom::Calculator(_) => "保存すると、規則に従って計算されます。".to_owned(),
        });
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}
