//! Form fields of every kind, rendered from plain data.
//!
//! What a field sends, by kind (`key` is the field's key; the server reads these names back):
//!
//! | kind | names |
//! |---|---|
//! | one value (text, numbers, dates, choice, yes/no, reference, geometry …) | `key` |
//! | several choices | `key` repeated, and once empty, so that "none" differs from "not asked" |
//! | person's name (氏名) | `key.name`, `key.kana` |
//! | postal address (住所) | `key.postcode`, `key.text` |
//! | attachments | files in `key`; the ids to remove in `key.remove` |
//! | child rows (明細) | `key.N.id` and `key.N.<field>`, N counting from 0 with gaps; `_add_row=key`, `_remove_row=key.N`, `_move_row=key.N.up` |
//!
//! Yes and no are `true` and `false`; an empty text is "nothing entered". A date may be typed as people write it (令和8年4月1日,
//! R8.4.1, 2026-04-01); the server reads it with the kernel. No field carries `maxlength` or `required`: an input method counts
//! differently, and the server's sentences are clearer than the browser's.

mod choice;
mod files;
mod input;
mod kind;
mod parts;
mod reference;
mod rows;

use askama::Template;
use kawasemi_kernel::Lang;

pub use self::files::FileItem;
pub use self::kind::{Choice, FieldKind, FieldValue};
pub use self::reference::{Suggestion, suggestions};
pub use self::rows::RowView;
use crate::map::Layer;
use crate::{Component, Icon, SafeHtml, Text, words};

/// A field of a form.
#[derive(Clone, Debug)]
pub struct FieldView {
    /// The key: the name under which the value is sent.
    pub key: String,
    /// The label.
    pub label: String,
    /// What to enter, in a sentence.
    pub hint: Option<String>,
    /// Whether something must be entered.
    pub required: bool,
    /// The kind of value.
    pub kind: FieldKind,
    /// What stands in it.
    pub value: FieldValue,
    /// What is wrong with it, in whole sentences that name the field.
    pub errors: Vec<String>,
    /// The `autocomplete` token where the field is about the person who fills it in (WCAG 1.3.5).
    pub autocomplete: Option<&'static str>,
    /// Whether the value is shown but may not be changed.
    pub read_only: bool,
    /// For a geometry: what its map shows besides, and to which corners snap.
    pub map_layers: Vec<Layer>,
    /// A geometry may be sent as a file instead of being typed, under the field's name with `.file` after it.
    pub takes_file: bool,
}

impl FieldView {
    /// An empty optional field.
    pub fn new(key: impl Into<String>, label: impl Into<String>, kind: FieldKind) -> Self {
        Self {
            key: key.into(),
            label: label.into(),
            hint: None,
            required: false,
            kind,
            value: FieldValue::Empty,
            errors: Vec::new(),
            autocomplete: None,
            read_only: false,
            map_layers: Vec::new(),
            takes_file: false,
        }
    }

    /// Makes it required.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets what stands in it.
    #[must_use]
    pub fn value(mut self, value: impl Into<FieldValue>) -> Self {
        self.value = value.into();
        self
    }

    /// Adds a mistake.
    #[must_use]
    pub fn error(mut self, sentence: impl Into<String>) -> Self {
        self.errors.push(sentence.into());
        self
    }

    /// Says which of the person's own data the browser may fill in.
    #[must_use]
    pub fn autocomplete(mut self, token: &'static str) -> Self {
        self.autocomplete = Some(token);
        self
    }

    /// Shows the value without letting it be changed.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Shows other features on the map of a geometry.
    #[must_use]
    pub fn map_layers(mut self, layers: Vec<Layer>) -> Self {
        self.map_layers = layers;
        self
    }

    /// The field's HTML.
    pub fn html(&self, lang: Lang) -> SafeHtml {
        let t = words(lang);
        let control = self.control(t);
        let hint = self.whole_hint(t);
        if self.is_group() {
            GroupFrame { t, field: self, hint, control }.html()
        } else {
            LineFrame { t, field: self, hint, control }.html()
        }
    }

    /// Whether the field sends files, so that its form must be `multipart/form-data`.
    pub fn sends_files(&self) -> bool {
        match &self.kind {
            FieldKind::Files { .. } => true,
            FieldKind::Rows { prototype, .. } => prototype.iter().any(Self::sends_files),
            _ => self.takes_file && !self.read_only,
        }
    }

    /// Adds the target and sentence of each mistake, of rows within rows too.
    pub(crate) fn gather_mistakes(&self, mistakes: &mut Vec<(String, String)>) {
        mistakes.extend(self.errors.iter().map(|error| (self.first_id(), error.clone())));
        if let FieldKind::Rows { rows, .. } = &self.kind {
            for (index, row) in rows.iter().enumerate() {
                for field in row.fields_of(&self.key, &index.to_string()) {
                    field.gather_mistakes(mistakes);
                }
            }
        }
    }

    fn control(&self, t: Text) -> SafeHtml {
        if self.read_only {
            return input::shown(self);
        }
        match &self.kind {
            FieldKind::YesNo | FieldKind::Choice { .. } | FieldKind::ManyChoices { .. } => choice::control(self, t),
            FieldKind::FiscalYear { years } if !years.is_empty() => choice::control(self, t),
            FieldKind::PersonName | FieldKind::Address { .. } => parts::control(self, t),
            FieldKind::Reference { lookup, label, href } => reference::control(self, t, lookup, label, href.as_deref()),
            FieldKind::Rows { prototype, rows, ordered } => rows::control(self, t, prototype, rows, *ordered),
            FieldKind::Files { existing, accept, .. } => files::control(self, t, existing, accept),
            _ => input::control(self, t),
        }
    }

    /// Whether the field is several inputs under one legend rather than one under a label.
    fn is_group(&self) -> bool {
        if self.read_only {
            return true;
        }
        match &self.kind {
            FieldKind::YesNo | FieldKind::ManyChoices { .. } | FieldKind::PersonName | FieldKind::Address { .. } => {
                true
            }
            FieldKind::Rows { .. } | FieldKind::Computed => true,
            FieldKind::Choice { choices } => choice::as_radios(choices),
            _ => false,
        }
    }

    fn id(&self) -> String {
        format!("f-{}", self.key)
    }

    /// The id of the input that a link to the field leads to.
    fn first_id(&self) -> String {
        match &self.kind {
            FieldKind::PersonName => format!("{}.name", self.id()),
            FieldKind::Address { .. } => format!("{}.postcode", self.id()),
            _ if self.is_group() && !matches!(self.kind, FieldKind::Rows { .. }) => format!("{}-0", self.id()),
            _ => self.id(),
        }
    }

    /// The ids of hint and mistake, for `aria-describedby`.
    fn described_by(&self, has_hint: bool) -> String {
        let id = self.id();
        match (has_hint, self.errors.is_empty()) {
            (true, true) => format!("{id}-hint"),
            (false, false) => format!("{id}-error"),
            (true, false) => format!("{id}-hint {id}-error"),
            (false, true) => String::new(),
        }
    }

    fn whole_hint(&self, t: Text) -> String {
        let own = self.hint.clone().unwrap_or_default();
        let of_kind = if self.read_only { String::new() } else { self.kind_hint(t) };
        match (own.is_empty(), of_kind.is_empty()) {
            (false, false) if own.ends_with(['。', '.']) => format!("{own} {of_kind}"),
            (false, false) => t.say("hint-both").with("own", own).with("more", of_kind).to_string(),
            _ => own + &of_kind,
        }
    }

    fn kind_hint(&self, t: Text) -> String {
        match &self.kind {
            FieldKind::Text { max: Some(max) } | FieldKind::LongText { max: Some(max) } => {
                t.say("hint-max").with("max", *max).to_string()
            }
            FieldKind::Date => t.get("hint-date"),
            FieldKind::YearMonth => t.get("hint-year-month"),
            FieldKind::FiscalYear { years } if years.is_empty() => t.get("hint-fiscal-year"),
            FieldKind::Decimal { scale, .. } => t.say("hint-decimal").with("scale", u32::from(*scale)).to_string(),
            FieldKind::Point => t.get("hint-point"),
            FieldKind::Line => t.get("hint-line"),
            FieldKind::Polygon => t.get("hint-polygon"),
            FieldKind::Files { max_bytes, .. } => {
                t.say("hint-files").with("size", crate::said::bytes(*max_bytes)).to_string()
            }
            _ => String::new(),
        }
    }

    fn is_wide(&self) -> bool {
        matches!(
            self.kind,
            FieldKind::LongText { .. }
                | FieldKind::Rows { .. }
                | FieldKind::Files { .. }
                | FieldKind::Point
                | FieldKind::Line
                | FieldKind::Polygon
                | FieldKind::Address { .. }
                | FieldKind::ManyChoices { .. }
        )
    }

    /// Attributes of the field's one input.
    fn attributes(&self, t: Text) -> SafeHtml {
        let mut all = self.attributes_of_parts(t);
        if let Some(token) = self.autocomplete {
            all.push(&SafeHtml::trusted(format!(" autocomplete=\"{token}\"")));
        }
        all
    }

    /// Attributes that every part of a field of several inputs carries.
    fn attributes_of_parts(&self, t: Text) -> SafeHtml {
        let described = self.described_by(!self.whole_hint(t).is_empty());
        let mut all = String::new();
        if !described.is_empty() {
            all.push_str(&format!(" aria-describedby=\"{}\"", SafeHtml::escape(described)));
        }
        if self.required {
            all.push_str(" aria-required=\"true\"");
        }
        if !self.errors.is_empty() {
            all.push_str(" aria-invalid=\"true\"");
        }
        SafeHtml::trusted(all)
    }
}

#[derive(Template)]
#[template(path = "field/line.html")]
struct LineFrame<'a> {
    t: Text,
    field: &'a FieldView,
    hint: String,
    control: SafeHtml,
}

#[derive(Template)]
#[template(path = "field/group.html")]
struct GroupFrame<'a> {
    t: Text,
    field: &'a FieldView,
    hint: String,
    control: SafeHtml,
}
