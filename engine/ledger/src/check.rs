//! From a draft to a record that can be stored.
//!
//! [`Checked`] has no other way into existence than [`check`], so that nothing is stored unchecked. What needs the
//! database (whether a reference leads to a record that the caller may see, whether a key is free) is left to the
//! service, which does it before it writes.
//!
//! The order matters: defaults and entries first; then what is not asked is emptied, since a rule may not count a value
//! that nobody sees; then what was before a change is kept in its rows; then what is computed; then what must be there; then the conditions on the whole record; then what is
//! frozen, which counts a version only for a record that is otherwise as it should be.

mod keep;
mod rows;

use jiff::civil::Date;
use kawasemi_filter::Params;
use kawasemi_kernel::decimal::Rounding;
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_kernel::{Decimal, Fields, FileRef, IdSource, RecordId, Value};
use kawasemi_schema::{FieldDef, FieldKind};

use crate::draft::Draft;
use crate::error::{LedgerError, Result};
use crate::field::{self, FieldError};
use crate::rules::{Computation, Rules, Source};

/// Fields that may be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    fields: Fields,
    /// References that were not there before: field path, target ledger, record.
    references: Vec<NewReference>,
    is_changed: bool,
}

/// A reference of which it is not yet known whether it leads anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewReference {
    pub field: String,
    pub label: String,
    pub target: String,
    pub id: RecordId,
}

impl Checked {
    /// The fields; a key that is absent is empty.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The fields, to be stored.
    pub fn into_fields(self) -> Fields {
        self.fields
    }

    /// Whether anything is other than before.
    pub fn is_changed(&self) -> bool {
        self.is_changed
    }

    pub(crate) fn references(&self) -> &[NewReference] {
        &self.references
    }
}

/// What a draft is checked against.
pub(crate) struct Against<'a> {
    /// The rules of the ledger.
    pub rules: &'a Rules,
    /// The record as it is; none for a new one.
    pub before: Option<&'a Fields>,
    /// Which fields the caller may write. The others do not exist for the caller.
    pub may_write: &'a dyn Fn(&FieldDef) -> bool,
    /// Which fields the caller may know of: those that may be written, and those that may be read in some record.
    pub may_know: &'a dyn Fn(&FieldDef) -> bool,
    /// The declared parameters.
    pub params: &'a Params,
    /// The day on which computed fields are computed.
    pub as_of: Date,
    /// Makes the ids of new child rows.
    pub ids: &'a dyn IdSource,
    /// Whether the other system that is the master of some records writes.
    pub is_master: bool,
}

/// Checks a draft.
///
/// # Errors
/// [`LedgerError::UnknownField`] for a name that the caller may not write, [`LedgerError::Invalid`] with every mistake.
pub(crate) fn check(draft: &Draft, against: &Against<'_>) -> Result<Checked> {
    refuse_unknown(draft, against)?;
    let mut check = Check { against, fields: Fields::new(), mistakes: draft.mistakes().to_vec() };
    check.fill(draft);
    check.leave_out_what_is_not_asked();
    check.keep_what_was(draft);
    check.compute();
    check.require();
    check.refuse_retired_choices();
    check.conditions();
    check.freeze();
    check.refuse_mastered();
    check.finish()
}

fn refuse_unknown(draft: &Draft, against: &Against<'_>) -> Result<()> {
    let ledger = &against.rules.ledger;
    let may_write = |key: &str| ledger.field(key).is_some_and(|field| (against.may_write)(field));
    let mut names = draft.unknown().iter().map(String::as_str).chain(draft.keys());
    match names.find(|name| !may_write(name)) {
        Some(name) => {
            let known = ledger.fields.iter().filter(|f| (against.may_write)(f)).map(|f| f.key.as_str());
            Err(LedgerError::unknown_field(name, known))
        }
        None => Ok(()),
    }
}

struct Check<'a> {
    against: &'a Against<'a>,
    fields: Fields,
    mistakes: Vec<FieldError>,
}

impl<'a> Check<'a> {
    fn ledger_fields(&self) -> &'a [FieldDef] {
        &self.against.rules.ledger.fields
    }

    fn value(&self, key: &str) -> &Value {
        self.fields.get(key).unwrap_or(&Value::Null)
    }

    fn before(&self, key: &str) -> &Value {
        self.against.before.and_then(|before| before.get(key)).unwrap_or(&Value::Null)
    }

    fn put(&mut self, key: &str, value: Value) {
        if value.is_null() {
            self.fields.remove(key);
        } else {
            self.fields.insert(key.to_owned(), value);
        }
    }

    fn refuse(&mut self, field: &FieldDef, message: impl Into<String>) {
        self.mistakes.push(FieldError::new(field, message));
    }

    /// The record before or the defaults, with what was entered over it.
    fn fill(&mut self, draft: &Draft) {
        for field in self.ledger_fields() {
            let value = match (draft.get(&field.key), self.against.before) {
                (Some(entered), _) => self.proven(field, entered, draft),
                (None, Some(_)) => self.before(&field.key).clone(),
                (None, None) => self.default(field),
            };
            self.put(&field.key, value);
        }
    }

    /// An entered value, once more through its type if the program made it, with what it names looked up.
    fn proven(&mut self, field: &FieldDef, entered: &Value, draft: &Draft) -> Value {
        let value = if draft.is_read(&field.key) {
            entered.clone()
        } else {
            match field::from_json(field, &field::to_json(field, entered)) {
                // A value of another kind has no form in this type.
                Ok(value) if value.is_null() && !entered.is_null() => {
                    self.refuse(field, "この項目には使えない種類の値です。");
                    return Value::Null;
                }
                Ok(value) => value,
                Err(mistakes) => {
                    self.mistakes.extend(mistakes);
                    return Value::Null;
                }
            }
        };
        match value {
            Value::Files(files) => self.known_files(field, files, draft),
            Value::Rows(rows) => Value::Rows(self.with_ids(rows, self.before(&field.key))),
            value => value,
        }
    }

    /// Files by their ids, from the record before and from what was stored for this draft.
    fn known_files(&mut self, field: &FieldDef, files: Vec<FileRef>, draft: &Draft) -> Value {
        let before = match self.before(&field.key) {
            Value::Files(files) => files.as_slice(),
            _ => &[],
        };
        let known = |file: &FileRef| before.iter().chain(draft.uploads()).find(|known| known.id == file.id);
        let found: Option<Vec<FileRef>> = files.iter().map(|file| known(file).cloned()).collect();
        match found {
            Some(found) => {
                let new = found.iter().filter(|file| before.iter().all(|known| known.id != file.id));
                let refused: Vec<String> = new.filter_map(|file| field::refused_file(&field.kind, file)).collect();
                refused.into_iter().for_each(|message| self.refuse(field, message));
                Value::Files(found)
            }
            None => {
                self.refuse(field, "添付ファイルが見つかりません。もう一度添付してください。");
                Value::Null
            }
        }
    }

    fn default(&mut self, field: &FieldDef) -> Value {
        let Some(default) = &field.default else { return Value::Null };
        match (default.as_str(), &field.kind) {
            ("today", FieldKind::Date) => Value::Date(self.against.as_of),
            ("this-fiscal-year", FieldKind::FiscalYear) => Value::Int(FiscalYear::of(self.against.as_of).year().into()),
            (text, kind) => match field::of(kind).read_text(text) {
                Ok(value) => value,
                Err(refusals) => {
                    self.refuse(field, format!("台帳の既定値「{text}」が使えません。{}", refusals.message()));
                    Value::Null
                }
            },
        }
    }

    fn leave_out_what_is_not_asked(&mut self) {
        for field in self.ledger_fields() {
            if let Some(shown) = &self.against.rules.conditions_of(&field.key).shown
                && !shown.matches(&self.fields, self.against.params)
            {
                self.fields.remove(&field.key);
            }
        }
        self.leave_out_in_rows();
    }

    fn compute(&mut self) {
        let rules = self.against.rules;
        for Computation { field, from } in &rules.computations {
            let Some(field) = rules.ledger.field(field) else { continue };
            let computed = match from {
                Source::Formula(formula) => Ok(formula.value(&self.fields, self.against.params)),
                Source::Calculator(calculate) => calculate(&self.fields, self.against.as_of),
            };
            match computed.and_then(|value| fitted(field, value)) {
                Ok(value) => self.put(&field.key, value),
                Err(message) => {
                    self.fields.remove(&field.key);
                    self.refuse(field, message);
                }
            }
        }
    }

    fn require(&mut self) {
        let already: Vec<String> = self.mistakes.iter().map(|m| m.field.clone()).collect();
        for field in self.ledger_fields() {
            // A caller can't fill in what it may not see, and is not told of it either.
            let is_open = (self.against.may_write)(field) && self.value(&field.key).is_null();
            let is_told = already.iter().any(|m| m.split('.').next() == Some(field.key.as_str()));
            if !is_open || is_told {
                continue;
            }
            let conditions = self.against.rules.conditions_of(&field.key);
            let holds = |expr: &kawasemi_filter::Expr| expr.matches(&self.fields, self.against.params);
            let is_asked = conditions.shown.as_ref().is_none_or(holds);
            if is_asked && (field.required || conditions.required.as_ref().is_some_and(holds)) {
                self.refuse(field, missing(&field.kind));
            }
        }
        self.require_in_rows();
    }

    /// A retired choice stays where it was and can't be chosen anew.
    fn refuse_retired_choices(&mut self) {
        for field in self.ledger_fields() {
            let is_retired = |key: &str| field.choice(key).is_some_and(|choice| choice.retired);
            let chosen: Vec<&str> = match self.value(&field.key) {
                Value::Text(key) => vec![key],
                Value::Many(keys) => keys.iter().map(String::as_str).collect(),
                _ => continue,
            };
            let was_there = |key: &str| match self.before(&field.key) {
                Value::Text(before) => before == key,
                Value::Many(before) => before.iter().any(|known| known == key),
                _ => false,
            };
            let refused = chosen.into_iter().find(|key| is_retired(key) && !was_there(key));
            if let Some(choice) = refused.and_then(|key| field.choice(key)) {
                let message = format!("「{}」は今は選べません。ほかの選択肢を選んでください。", choice.label.ja());
                self.refuse(field, message);
            }
        }
    }

    /// The conditions on every record. What is unknown, as where a field is empty, is let through: `required` is there
    /// for that.
    fn conditions(&mut self) {
        let rules = self.against.rules;
        for (expr, check) in rules.checks.iter().zip(&rules.ledger.checks) {
            if expr.evaluate(&self.fields, self.against.params) != Some(false) {
                continue;
            }
            let field = check.field.as_deref().and_then(|key| rules.ledger.field(key));
            let is_open = |key: &str| rules.ledger.field(key).is_none_or(|field| (self.against.may_know)(field));
            if !expr.properties().into_iter().all(is_open) {
                self.mistakes.push(unsaid());
                continue;
            }
            let message = check.message.ja().to_owned();
            self.mistakes.push(match field {
                Some(field) => FieldError::new(field, message),
                None => FieldError { field: String::new(), label: String::new(), message },
            });
        }
    }

    /// The mistakes, as the caller may be told of them.
    fn told(mut self) -> Vec<FieldError> {
        let ledger = &self.against.rules.ledger;
        for mistake in &mut self.mistakes {
            let key = mistake.field.split('.').next().unwrap_or_default();
            if ledger.field(key).is_some_and(|field| !(self.against.may_know)(field)) {
                *mistake = unsaid();
            }
        }
        self.mistakes
    }

    /// What is frozen (確定) changes only with a reason that was not there before, and then makes a new version. What was left
    /// empty was not promised, and may be filled in.
    fn freeze(&mut self) {
        let rules = self.against.rules;
        let (Some(freeze), Some(when), Some(before)) = (&rules.ledger.freeze, &rules.freeze, self.against.before)
        else {
            return;
        };
        if !when.matches(before, self.against.params) {
            return;
        }
        let is_changed = |field: &&FieldDef| {
            let before = self.before(&field.key);
            !before.is_null() && before != self.value(&field.key)
        };
        let frozen = freeze.fields.iter().filter_map(|key| rules.ledger.field(key));
        let changed: Vec<&str> = frozen.filter(is_changed).map(|field| field.label.ja()).collect();
        let version = match (self.before(&freeze.version), changed.is_empty()) {
            (Value::Int(version), false) => Value::Int(version.saturating_add(1)),
            (_, false) => Value::Int(2),
            (version, true) => version.clone(),
        };
        let reason = self.value(&freeze.reason);
        let is_explained = !reason.is_null() && reason != self.before(&freeze.reason);
        if !changed.is_empty()
            && !is_explained
            && let Some(field) = rules.ledger.field(&freeze.reason)
        {
            let message = format!(
                "確定した内容（{}）を変えています。変える理由を「{}」に新しく書いてください。新しい版として残ります。",
                changed.join("・"),
                field.label.ja()
            );
            self.refuse(field, message);
        }
        self.put(&freeze.version, version);
    }

    /// What another system is the master of changes only by its files; and only they make a record one of its own.
    fn refuse_mastered(&mut self) {
        let ledger = &self.against.rules.ledger;
        let Some(master) = ledger.master.as_ref().filter(|_| !self.against.is_master) else { return };
        let is_own = |value: &Value| value.as_text() == Some(master.is.as_str());
        let name = ledger.master_name().unwrap_or_default();
        if is_own(self.before(&master.field)) {
            for field in self.ledger_fields().iter().filter(|field| ledger.is_mastered(&field.key)) {
                if self.before(&field.key) != self.value(&field.key) {
                    let message =
                        format!("{name}の内容なので、ここでは変えられません。{name}で直すと、次の連携で反映されます。");
                    self.refuse(field, message);
                }
            }
        } else if is_own(self.value(&master.field))
            && let Some(field) = ledger.field(&master.field)
        {
            self.refuse(
                field,
                format!("「{name}」の記録は、{name}からの連携だけが作ります。ほかのものを選んでください。"),
            );
        }
    }

    fn finish(self) -> Result<Checked> {
        if !self.mistakes.is_empty() {
            return Err(LedgerError::Invalid(self.told()));
        }
        let mut references = Vec::new();
        for field in self.ledger_fields() {
            let value = self.value(&field.key);
            match (&field.kind, value) {
                (FieldKind::Reference { target }, Value::Record(id)) if value != self.before(&field.key) => {
                    references.push(NewReference {
                        field: field.key.clone(),
                        label: field.label.ja().to_owned(),
                        target: target.clone(),
                        id: *id,
                    });
                }
                (FieldKind::Rows { fields, .. }, Value::Rows(rows)) if value != self.before(&field.key) => {
                    references.extend(rows::references(field, fields, rows));
                }
                _ => {}
            }
        }
        let is_changed = self.against.before.is_none_or(|before| {
            self.ledger_fields().iter().any(|f| before.get(&f.key).unwrap_or(&Value::Null) != self.value(&f.key))
        });
        Ok(Checked { fields: self.fields, references, is_changed })
    }
}

/// Said of a mistake in what the caller may not know of.
fn unsaid() -> FieldError {
    let message = "この内容は、あなたには表示されない項目との決まりに合わないため保存できません。台帳の担当課に確かめてください。";
    FieldError { field: String::new(), label: String::new(), message: message.to_owned() }
}

fn missing(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Choice { .. } | FieldKind::Choices { .. } | FieldKind::YesNo | FieldKind::Reference { .. } => {
            "選んでください。"
        }
        FieldKind::Files { .. } => "ファイルを添付してください。",
        FieldKind::Rows { .. } => "1行以上入力してください。",
        FieldKind::Point | FieldKind::Line | FieldKind::Polygon => "地図で位置を入力してください。",
        _ => "入力してください。",
    }
}

/// A computed value in the form of its field: a decimal at its scale, half away from zero.
fn fitted(field: &FieldDef, value: Value) -> Result<Value, String> {
    let FieldKind::Computed { result, .. } = &field.kind else { return Ok(value) };
    let too_large = || "計算結果が大きすぎて保存できません。もとの数値を確かめてください。".to_owned();
    let at = |decimal: Decimal, scale| decimal.rounded(scale, Rounding::HalfUp).ok_or_else(too_large);
    Ok(match (&**result, value) {
        (_, Value::Null) => Value::Null,
        (FieldKind::Decimal { scale, .. }, Value::Decimal(decimal)) => Value::Decimal(at(decimal, *scale)?),
        (FieldKind::Decimal { scale, .. }, Value::Int(number)) => Value::Decimal(at(Decimal::new(number, 0), *scale)?),
        (FieldKind::Integer { .. } | FieldKind::Yen { .. } | FieldKind::FiscalYear, Value::Decimal(decimal)) => {
            Value::Int(at(decimal, 0)?.units())
        }
        (kind, value) => {
            let kind = field::of(kind);
            kind.read_json(&kind.to_json(&value)).map_err(|refusals| refusals.message().to_owned())?
        }
    })
}
