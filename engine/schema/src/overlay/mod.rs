//! A city's overlay (市の上書き): what a city adds to a ledger that the program brings.
//!
//! `overlay/LEDGER.toml` may add fields, choices and conditions and say labels in the city's words. It removes nothing and
//! changes no type, so that the next release of the program can be laid under it again. [`Overlay::lay_over`] makes one
//! definition of both; a mistake is told at its place in the file that made it.

mod extend;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{self, is_kebab};
use crate::error::{SchemaError, SchemaErrors, nearest};
use crate::ledger::{LedgerDef, parse};
use crate::lower;
use crate::raw::{FieldType, RawCheck, RawChoice, RawField, RawLedger};
use crate::source::{Laid, SourceFile};
use crate::text::Text;

pub use extend::Extension;

/// A city's overlay over a ledger of the program: `overlay/LEDGER.toml`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawOverlay {
    /// The key of the ledger over which it lies.
    pub ledger: String,
    /// Why the city needs it, for those who come after.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The ledger's name in the city's words.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub title: Text,
    /// What the ledger is for, in the city's words.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub description: Text,
    /// Further columns and facets of the list page.
    #[serde(default, skip_serializing_if = "RawOverlayList::is_empty")]
    pub list: RawOverlayList,
    /// Fields of the city, after those of the program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub field: Vec<RawField>,
    /// What is added to fields of the program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub change: Vec<RawChange>,
    /// Further conditions that every record must meet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub check: Vec<RawCheck>,
}

/// Further columns and facets of the list page.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawOverlayList {
    /// Columns shown after those of the program, by field key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Fields offered as facets after those of the program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facets: Vec<String>,
}

impl RawOverlayList {
    fn is_empty(&self) -> bool {
        self.columns.is_empty() && self.facets.is_empty()
    }
}

/// What is added to a field of the program.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawChange {
    /// The field's key.
    pub field: String,
    /// The field's name in the city's words.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub label: Text,
    /// The help under the label in the city's words.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub hint: Text,
    /// Must be filled in when this CQL2 condition holds; only where the program says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_when: Option<String>,
    /// Further choices; a key that is there already gets the label and look that stand here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<RawChoice>,
    /// Further fields of the field's child rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RawField>,
}

/// An overlay as it was written.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// What it says.
    pub raw: RawOverlay,
    /// The file it was read from.
    pub source: SourceFile,
}

impl Overlay {
    /// Reads an overlay. Whether it fits its ledger shows when it is laid over.
    ///
    /// # Errors
    /// Every mistake, with file, line and hint.
    pub fn read(source: SourceFile) -> Result<Self, SchemaErrors> {
        let raw: RawOverlay = parse(&source)?;
        if !is_kebab(&raw.ledger) {
            let message = format!("台帳のキー「{}」の形が正しくありません", raw.ledger);
            return Err(source.error("ledger", message, "上書きする台帳のキーを書いてください").into());
        }
        Ok(Self { raw, source })
    }

    /// An overlay that the program made, such as the designer on the desk.
    ///
    /// # Panics
    /// Never: an overlay has only what TOML can say.
    #[must_use]
    pub fn of(name: impl Into<String>, raw: RawOverlay) -> Self {
        let text = toml::to_string(&raw).expect("an overlay has only what TOML can say");
        Self { raw, source: SourceFile::new(name, text) }
    }

    /// Whether a field of the ledger is the city's own.
    #[must_use]
    pub fn has_field(&self, key: &str) -> bool {
        self.raw.field.iter().any(|field| field.key == key)
    }

    /// The definition of the program with this overlay over it. `before` is the overlay that was published last: only a
    /// field that it had may be renamed, so that no overlay takes over a field of the program.
    ///
    /// # Errors
    /// [`SchemaErrors`] where the overlay contradicts the definition, at the place in the overlay.
    pub fn lay_over(&self, def: &LedgerDef, before: Option<&Self>) -> Result<LedgerDef, SchemaErrors> {
        let raw: RawLedger = parse(&def.source)?;
        let base = raw.field.len();
        let mut laying = Laying { overlay: self, raw, base, laid: Vec::new(), errors: Vec::new() };
        laying.fields(before);
        laying.changes();
        laying.rest();
        let Laying { raw, laid, errors, .. } = laying;
        if !errors.is_empty() {
            return Err(SchemaErrors(errors));
        }
        let text = toml::to_string(&raw).expect("a definition has only what TOML can say");
        let text = format!("# {} に市の上書き {} を合わせた定義\n{text}", def.source.name, self.source.name);
        let source = SourceFile::new(def.source.name.clone(), text).with_laid(laid);
        let ledger = lower::ledger(raw, source)?;
        check::ledger(&ledger)?;
        Ok(ledger)
    }
}

/// An overlay on its way into a definition.
struct Laying<'a> {
    overlay: &'a Overlay,
    raw: RawLedger,
    /// How many fields are the program's.
    base: usize,
    laid: Vec<Laid>,
    errors: Vec<SchemaError>,
}

impl Laying<'_> {
    fn refuse(&mut self, path: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.errors.push(self.overlay.source.error(path, message, hint));
    }

    /// Remembers that a place of the whole definition stands in the overlay.
    fn stands(&mut self, at: String, path: String) {
        self.laid.push(Laid { at, path, source: self.overlay.source.clone() });
    }

    fn fields(&mut self, before: Option<&Overlay>) {
        for (n, field) in self.overlay.raw.field.iter().enumerate() {
            let path = format!("field.{n}");
            let theirs = |key: &str| self.raw.field[..self.base].iter().any(|field| field.key == key);
            let is_taken = theirs(&field.key);
            let steals = field.was.as_deref().is_some_and(|was| {
                theirs(was) && !before.is_some_and(|before| before.has_field(was) || before.has_field(&field.key))
            });
            if is_taken {
                let hint = format!(
                    "市の項目のキーを変え、was = \"{}\" を付けてください（例 key = \"city_{}\"）。入っている値は市の項目に残ります",
                    field.key, field.key
                );
                let message = format!("項目「{}」は、製品の台帳 {} にもあります", field.key, self.overlay.raw.ledger);
                self.refuse(&format!("{path}.key"), message, hint);
            } else if steals {
                let message =
                    format!("「{}」は製品の項目なので、名前を変えられません", field.was.as_deref().unwrap_or(""));
                self.refuse(&format!("{path}.was"), message, "この行を消してください");
            }
            if field.required && field.default.is_none() {
                let hint = "required_when で条件を付けるか、default を足してください";
                self.refuse(
                    &format!("{path}.required"),
                    "すでにある記録や製品の取込が止まるので、市の項目を必須にはできません",
                    hint,
                );
            }
            self.stands(format!("field.{}", self.raw.field.len()), path);
            self.raw.field.push(field.clone());
        }
    }

    fn changes(&mut self) {
        for (n, change) in self.overlay.raw.change.iter().enumerate() {
            let path = format!("change.{n}");
            let Some(at) = self.raw.field[..self.base].iter().position(|field| field.key == change.field) else {
                let hint = nearest(&change.field, self.raw.field[..self.base].iter().map(|field| field.key.as_str()))
                    .map(|near| format!("「{near}」のことですか"))
                    .unwrap_or_default();
                let message =
                    format!("製品の台帳 {} に「{}」という項目はありません", self.overlay.raw.ledger, change.field);
                self.refuse(&format!("{path}.field"), message, hint);
                continue;
            };
            self.change(change, at, &path);
        }
    }

    fn change(&mut self, change: &RawChange, at: usize, path: &str) {
        let field = &mut self.raw.field[at];
        if !change.label.is_empty() {
            field.label = change.label.clone();
        }
        if !change.hint.is_empty() {
            field.hint = change.hint.clone();
        }
        let (kind, is_conditional) = (field.r#type, field.required || field.required_when.is_some());
        for choice in &change.choices {
            match field.choices.iter_mut().find(|known| known.key == choice.key) {
                Some(known) => {
                    known.label = choice.label.clone();
                    known.tone = choice.tone;
                }
                None => field.choices.push(choice.clone()),
            }
        }
        let children = field.field.len();
        let taken: Vec<(usize, String)> = change
            .rows
            .iter()
            .enumerate()
            .filter(|(_, row)| field.field.iter().any(|known| known.key == row.key))
            .map(|(n, row)| (n, row.key.clone()))
            .collect();
        field.field.extend(change.rows.iter().cloned());
        if let Some(condition) = &change.required_when {
            field.required_when = Some(condition.clone());
            self.stands(format!("field.{at}.required_when"), format!("{path}.required_when"));
            if is_conditional {
                let message = format!("項目「{}」の必須の条件は、製品の定義が決めています", change.field);
                self.refuse(&format!("{path}.required_when"), message, "[[check]] で条件を足してください");
            }
        }
        if !change.choices.is_empty() {
            self.stands(format!("field.{at}.choices"), format!("{path}.choices"));
            if !matches!(kind, FieldType::Choice | FieldType::Choices) {
                self.refuse(
                    &format!("{path}.choices"),
                    format!("項目「{}」は選択の項目ではありません", change.field),
                    "",
                );
            }
        }
        for n in 0..change.rows.len() {
            self.stands(format!("field.{at}.field.{}", children + n), format!("{path}.rows.{n}"));
        }
        for (n, key) in taken {
            let message = format!("明細の項目「{key}」は、製品の台帳にもあります");
            self.refuse(&format!("{path}.rows.{n}.key"), message, "キーを変えてください");
        }
        if !change.rows.is_empty() && kind != FieldType::Rows {
            self.refuse(&format!("{path}.rows"), format!("項目「{}」は明細ではありません", change.field), "");
        }
    }

    fn rest(&mut self) {
        let overlay = &self.overlay.raw;
        if !overlay.title.is_empty() {
            self.raw.title = overlay.title.clone();
        }
        if !overlay.description.is_empty() {
            self.raw.description = overlay.description.clone();
        }
        let (columns, facets) = (&overlay.list.columns, &overlay.list.facets);
        if !columns.is_empty() {
            if self.raw.list.columns.is_empty() {
                // The usual columns are those of the program's fields; naming some of the city's must not hide them.
                self.raw.list.columns = lower::usual_columns(&self.raw.field[..self.base]);
            }
            self.stands("list.columns".to_owned(), "list.columns".to_owned());
        }
        if !facets.is_empty() {
            self.stands("list.facets".to_owned(), "list.facets".to_owned());
        }
        add_new(&mut self.raw.list.columns, columns);
        add_new(&mut self.raw.list.facets, facets);
        for (n, condition) in overlay.check.iter().enumerate() {
            self.stands(format!("check.{}", self.raw.check.len()), format!("check.{n}"));
            self.raw.check.push(condition.clone());
        }
    }
}

fn add_new(to: &mut Vec<String>, from: &[String]) {
    for key in from {
        if !to.contains(key) {
            to.push(key.clone());
        }
    }
}
