//! From a definition that somebody edited to the overlay that says the same.
//!
//! A clerk who extends a ledger of the program in the browser edits the whole definition. What differs from the published
//! one becomes part of the city's overlay, so that it outlives the program's next release; what an overlay can't say is
//! refused, field by field.

use serde::Serialize;

use super::{Overlay, RawChange, RawOverlay};
use crate::error::{SchemaError, SchemaErrors};
use crate::ledger::{LedgerDef, parse};
use crate::raw::{RawField, RawLedger};
use crate::source::SourceFile;
use crate::text::Text;

/// What an edited definition adds to the published one.
#[derive(Clone, Debug)]
pub struct Extension {
    /// What is new, to be laid over the published definition.
    pub added: Overlay,
    /// The whole overlay from now on.
    pub whole: Overlay,
}

impl Overlay {
    /// Finds what an edited definition adds. `present` is the overlay in force.
    ///
    /// # Errors
    /// Everything that the edited definition changes beyond what an overlay may, at its place in it.
    pub fn extending(
        published: &LedgerDef,
        edited: &SourceFile,
        present: Option<&Self>,
    ) -> Result<Extension, SchemaErrors> {
        let before: RawLedger = parse(&published.source)?;
        let after: RawLedger = parse(edited)?;
        let empty = RawOverlay { ledger: published.key.clone(), ..RawOverlay::default() };
        let mut difference = Difference { edited, added: empty.clone(), errors: Vec::new() };
        difference.fields(&before, &after);
        difference.rest(before, after);
        if !difference.errors.is_empty() {
            return Err(SchemaErrors(difference.errors));
        }
        let name = format!("overlay/{}.toml", published.key);
        let mut whole = present.map_or(empty, |present| present.raw.clone());
        add_to(&mut whole, &difference.added);
        Ok(Extension { added: Self::of(name.clone(), difference.added), whole: Self::of(name, whole) })
    }
}

struct Difference<'a> {
    edited: &'a SourceFile,
    added: RawOverlay,
    errors: Vec<SchemaError>,
}

impl Difference<'_> {
    fn refuse(&mut self, path: &str, message: impl Into<String>) {
        let hint = "この台帳は製品のものです。足すことと、呼び方を変えることだけができます";
        self.errors.push(self.edited.error(path, message, hint));
    }

    fn fields(&mut self, before: &RawLedger, after: &RawLedger) {
        for gone in before.field.iter().filter(|old| after.field.iter().all(|new| new.key != old.key)) {
            self.refuse("", format!("項目「{}」（{}）はなくせません", gone.label.ja(), gone.key));
        }
        for (n, field) in after.field.iter().enumerate() {
            match before.field.iter().find(|old| old.key == field.key) {
                None => self.added.field.push(field.clone()),
                Some(old) => self.field(old, field, &format!("field.{n}")),
            }
        }
    }

    fn field(&mut self, old: &RawField, new: &RawField, path: &str) {
        let mut change = RawChange { field: new.key.clone(), ..RawChange::default() };
        let mut rest = new.clone();
        if new.label != old.label {
            change.label = new.label.clone();
        }
        if new.hint != old.hint && !new.hint.is_empty() {
            change.hint = new.hint.clone();
        }
        if old.required_when.is_none() && !old.required && new.required_when.is_some() {
            change.required_when.clone_from(&new.required_when);
            rest.required_when = None;
        }
        for choice in &new.choices {
            if old.choices.iter().all(|known| !is_same(known, choice)) {
                change.choices.push(choice.clone());
            }
        }
        let lost = old
            .choices
            .iter()
            .find(|known| new.choices.iter().all(|choice| choice.key != known.key || choice.retired != known.retired));
        if let Some(lost) = lost {
            self.refuse(path, format!("選択肢「{}」はなくせません", lost.label.ja()));
        }
        for row in &new.field {
            match old.field.iter().find(|known| known.key == row.key) {
                None => change.rows.push(row.clone()),
                Some(known) if is_same(known, row) => {}
                Some(_) => self.refuse(path, format!("明細の項目「{}」は変えられません", row.key)),
            }
        }
        if old.field.iter().any(|known| new.field.iter().all(|row| row.key != known.key)) {
            self.refuse(path, "明細の項目はなくせません");
        }
        // What remains has to be as it was.
        rest.label = old.label.clone();
        rest.hint = old.hint.clone();
        rest.choices.clone_from(&old.choices);
        rest.field.clone_from(&old.field);
        if !is_same(&rest, old) {
            let message = format!("項目「{}」の種類・範囲・必須などは変えられません", new.label.ja());
            self.refuse(path, message);
        }
        let empty = RawChange { field: new.key.clone(), ..RawChange::default() };
        if !is_same(&change, &empty) {
            self.added.change.push(change);
        }
    }

    fn rest(&mut self, mut before: RawLedger, mut after: RawLedger) {
        if after.title != before.title {
            self.added.title = after.title.clone();
        }
        if after.description != before.description {
            self.added.description = after.description.clone();
        }
        let new = |after: &[String], before: &[String]| -> Vec<String> {
            after.iter().filter(|key| !before.contains(key)).cloned().collect()
        };
        self.added.list.columns = new(&after.list.columns, &before.list.columns);
        self.added.list.facets = new(&after.list.facets, &before.list.facets);
        for condition in &after.check {
            if before.check.iter().all(|known| !is_same(known, condition)) {
                self.added.check.push(condition.clone());
            }
        }
        if before.check.iter().any(|known| after.check.iter().all(|condition| !is_same(known, condition))) {
            self.refuse("check", "製品の条件はなくせません");
        }
        for raw in [&mut before, &mut after] {
            (raw.title, raw.description) = (Text::Plain("-".to_owned()), Text::Empty);
            raw.field.clear();
            raw.check.clear();
            raw.list.columns.clear();
            raw.list.facets.clear();
        }
        if !is_same(&before, &after) {
            self.refuse("", "権限・保存期間・呼び名・並び順など、項目のほかの定義は変えられません");
        }
    }
}

/// Lays what is new over an overlay: what it says of the same thing holds.
fn add_to(whole: &mut RawOverlay, added: &RawOverlay) {
    let set = |text: &mut Text, new: &Text| {
        if !new.is_empty() {
            *text = new.clone();
        }
    };
    set(&mut whole.title, &added.title);
    set(&mut whole.description, &added.description);
    whole.list.columns.extend(added.list.columns.iter().cloned());
    whole.list.facets.extend(added.list.facets.iter().cloned());
    whole.field.extend(added.field.iter().cloned());
    whole.check.extend(added.check.iter().cloned());
    for change in &added.change {
        // A field of the city itself takes the change at once.
        if let Some(own) = whole.field.iter_mut().find(|field| field.key == change.field) {
            set(&mut own.label, &change.label);
            set(&mut own.hint, &change.hint);
            own.required_when = change.required_when.clone().or(own.required_when.take());
            merge(&mut own.choices, &change.choices, |choice| &choice.key);
            own.field.extend(change.rows.iter().cloned());
            continue;
        }
        let Some(known) = whole.change.iter_mut().find(|known| known.field == change.field) else {
            whole.change.push(change.clone());
            continue;
        };
        set(&mut known.label, &change.label);
        set(&mut known.hint, &change.hint);
        known.required_when = change.required_when.clone().or(known.required_when.take());
        merge(&mut known.choices, &change.choices, |choice| &choice.key);
        known.rows.extend(change.rows.iter().cloned());
    }
}

fn merge<T: Clone>(known: &mut Vec<T>, new: &[T], key: impl Fn(&T) -> &String) {
    for item in new {
        match known.iter_mut().find(|other| key(other) == key(item)) {
            Some(other) => *other = item.clone(),
            None => known.push(item.clone()),
        }
    }
}

/// Whether two parts of a definition say the same, however they were written.
fn is_same<T: Serialize>(a: &T, b: &T) -> bool {
    matches!((toml::Value::try_from(a), toml::Value::try_from(b)), (Ok(a), Ok(b)) if a == b)
}
