//! The steps from one definition of a ledger to the next.

use std::collections::BTreeMap;
use std::sync::Arc;

use kawasemi_schema::field::FieldKind;
use kawasemi_schema::{Clearance, ColumnType, FieldDef, LedgerDef};

use super::plan::{Effect, Step, StepKind};
use super::retype;

/// Compares two definitions. `earlier` has, for fields that come back, the last definition that had them.
pub(super) fn steps(old: Option<&LedgerDef>, new: &LedgerDef, earlier: &[(String, Arc<LedgerDef>)]) -> Vec<Step> {
    let mut diff = Diff { ledger: &new.key, steps: Vec::new() };
    let Some(old) = old else {
        diff.add(StepKind::AddLedger, Effect::Adds, format!("台帳 {}（{}）を加える", new.key, new.title.ja()));
        diff.returning(&new.fields, earlier);
        return diff.steps;
    };
    diff.fields(old, new, earlier);
    diff.unique(old, new);
    diff.search(old, new);
    if diff.steps.is_empty() {
        diff.add(StepKind::Revise, Effect::Adds, format!("台帳 {} の表示・条件・権限などの定義を改める", new.key));
    }
    diff.steps
}

/// The key that a wanted field has in the published definition: its own or the one it was renamed from. A key that another
/// field took along when it was renamed is free for a new one: so a city's field makes way for one of the program.
pub(crate) fn old_key<'a>(old: &LedgerDef, new: &LedgerDef, field: &'a FieldDef) -> Option<&'a str> {
    let moves_from = |mover: &FieldDef, key: &str| mover.was.as_deref() == Some(key) && old.field(&mover.key).is_none();
    if old.field(&field.key).is_some() {
        let is_taken_along = new.fields.iter().any(|other| moves_from(other, &field.key));
        return (!is_taken_along).then_some(&*field.key);
    }
    field.was.as_deref().filter(|was| old.field(was).is_some())
}

struct Diff<'a> {
    ledger: &'a str,
    steps: Vec<Step>,
}

impl Diff<'_> {
    fn add(&mut self, kind: StepKind, effect: Effect, message: String) {
        self.steps.push(Step { ledger: self.ledger.to_owned(), kind, effect, message });
    }

    fn fields(&mut self, old: &LedgerDef, new: &LedgerDef, earlier: &[(String, Arc<LedgerDef>)]) {
        for field in &new.fields {
            let Some(key) = old_key(old, new, field) else { continue };
            let before = old.field(key).expect("old_key answers keys of the old definition");
            if key != field.key {
                let kind = StepKind::RenameField { from: key.to_owned(), to: field.key.clone() };
                let message = format!("{}: 項目 {key} を {} に改名する", self.ledger, field.key);
                self.add(kind, Effect::Changes, message);
            }
            self.kind(before, field);
        }
        let fresh: Vec<FieldDef> =
            new.fields.iter().filter(|field| old_key(old, new, field).is_none()).cloned().collect();
        self.returning(&fresh, earlier);
        for field in fresh.iter().filter(|field| !earlier.iter().any(|(key, _)| *key == field.key)) {
            let message = format!("{}: 項目 {}（{}）を加える", self.ledger, field.key, field.label.ja());
            self.add(StepKind::AddField { field: field.key.clone() }, Effect::Adds, message);
        }
        for field in &old.fields {
            let stays = new.fields.iter().any(|after| old_key(old, new, after) == Some(&field.key));
            if !stays {
                let message = format!(
                    "{}: 項目 {}（{}）をなくす（列は残り、schema purge で消せる）",
                    self.ledger,
                    field.key,
                    field.label.ja()
                );
                self.add(StepKind::RetireField { field: field.key.clone() }, Effect::Changes, message);
            }
        }
    }

    fn returning(&mut self, fields: &[FieldDef], earlier: &[(String, Arc<LedgerDef>)]) {
        for (key, def) in earlier {
            let (Some(field), Some(before)) = (fields.iter().find(|field| field.key == *key), def.field(key)) else {
                continue;
            };
            let kind = StepKind::ReturnField { field: key.clone() };
            match shape_of(&before.kind) == shape_of(&field.kind) {
                true => {
                    let message = format!("{}: 以前の項目 {key} を値とともに戻す", self.ledger);
                    self.add(kind, Effect::Adds, message);
                }
                false => {
                    let message = format!(
                        "{}: 以前の項目 {key} とは型が違う。先に schema purge で消すか、別のキーにする",
                        self.ledger
                    );
                    self.add(kind, Effect::Refused, message);
                }
            }
        }
    }

    fn kind(&mut self, before: &FieldDef, after: &FieldDef) {
        if let (FieldKind::Rows { fields: old, .. }, FieldKind::Rows { fields: new, .. }) = (&before.kind, &after.kind)
        {
            return self.child_fields(&after.key, old, new);
        }
        let kind = StepKind::RetypeField { field: after.key.clone() };
        if shape_of(&before.kind) != shape_of(&after.kind) {
            let (effect, advice) = match retype::conversion(&before.kind, &after.kind) {
                Some(_) => (Effect::Changes, "値を変換し、元の列は残す"),
                None => (Effect::Refused, "値を変換できない。書き出してから新しい項目に取り込む"),
            };
            self.add(kind, effect, format!("{}: 項目 {} の型を変える（{advice}）", self.ledger, after.key));
            return;
        }
        if before.kind.field_type() != after.kind.field_type() && !widens(&before.kind, &after.kind) {
            let message = format!("{}: 項目 {} の型を変える（値はそのまま）", self.ledger, after.key);
            self.add(kind, Effect::Changes, message);
        }
        self.choices(before, after);
    }

    fn child_fields(&mut self, parent: &str, old: &[FieldDef], new: &[FieldDef]) {
        for field in new {
            let name = format!("{parent}.{}", field.key);
            match old.iter().find(|before| before.key == field.key) {
                None => {
                    let message = format!("{}: 明細の項目 {name} を加える", self.ledger);
                    self.add(StepKind::AddField { field: name }, Effect::Adds, message);
                }
                Some(before) if shape_of(&before.kind) != shape_of(&field.kind) => {
                    let message = format!("{}: 明細の項目 {name} の型は変えられない。別のキーで加える", self.ledger);
                    self.add(StepKind::RetypeField { field: name }, Effect::Refused, message);
                }
                Some(before) => self.choices(before, field),
            }
        }
        for field in old.iter().filter(|field| !new.iter().any(|after| after.key == field.key)) {
            let name = format!("{parent}.{}", field.key);
            let message = format!("{}: 明細の項目 {name} をなくす（列は残る）", self.ledger);
            self.add(StepKind::RetireField { field: name }, Effect::Changes, message);
        }
    }

    fn choices(&mut self, before: &FieldDef, after: &FieldDef) {
        for choice in after.kind.choices().iter().filter(|choice| before.choice(&choice.key).is_none()) {
            let kind = StepKind::AddChoice { field: after.key.clone(), choice: choice.key.clone() };
            let message = format!("{}: {} に選択肢「{}」を加える", self.ledger, after.key, choice.label.ja());
            self.add(kind, Effect::Adds, message);
        }
        for choice in before.kind.choices().iter().filter(|choice| after.choice(&choice.key).is_none()) {
            let kind = StepKind::RemoveChoice { field: after.key.clone(), choice: choice.key.clone() };
            let message = format!(
                "{}: {} の選択肢「{}」をなくす（使った記録は残る。retired = true なら定義に残せる）",
                self.ledger,
                after.key,
                choice.label.ja()
            );
            self.add(kind, Effect::Changes, message);
        }
    }

    fn unique(&mut self, old: &LedgerDef, new: &LedgerDef) {
        for fields in new.unique.iter().filter(|fields| !old.unique.contains(fields)) {
            let message = format!("{}: {} を重複できない項目にする", self.ledger, fields.join("・"));
            self.add(StepKind::AddUnique { fields: fields.clone() }, Effect::Adds, message);
        }
    }

    /// A field that is searched otherwise than before leaves its old text with the records until they are made anew.
    fn search(&mut self, old: &LedgerDef, new: &LedgerDef) {
        let after = searched(&new.fields, Clearance::Public);
        let is_changed = searched(&old.fields, Clearance::Public).into_iter().any(|(key, level)| {
            let renamed =
                new.fields.iter().find(|field| old_key(old, new, field) == Some(&key)).map(|field| &field.key);
            after.get(renamed.unwrap_or(&key)).copied().unwrap_or(None) != level
        });
        if is_changed {
            let message = format!("{}: 全記録の検索用の文字を作り直す", self.ledger);
            self.add(StepKind::ChangeSearch, Effect::Changes, message);
        }
    }
}

/// Every field with the level at which search finds it, and whether it is protected; none where search does not find it.
fn searched(fields: &[FieldDef], least: Clearance) -> BTreeMap<String, Option<(Clearance, bool)>> {
    let mut levels = BTreeMap::new();
    for field in fields {
        let level = field.clearance.max(least);
        match &field.kind {
            FieldKind::Rows { fields, .. } => {
                let children = searched(fields, level).into_iter();
                let within = |(level, protected)| (level, protected || field.protected);
                levels.extend(children.map(|(key, found)| (format!("{}.{key}", field.key), found.map(within))));
            }
            _ => {
                levels.insert(field.key.clone(), field.search.then_some((level, field.protected)));
            }
        }
    }
    levels
}

/// What a kind looks like in the table: kinds of the same shape can stand in for one another without touching a row.
#[derive(PartialEq, Eq)]
enum Layout {
    Scalar(ColumnType),
    Name,
    Address,
    Rows,
    Files,
    Geometry,
    Reference(String),
}

fn shape_of(kind: &FieldKind) -> Layout {
    match kind {
        FieldKind::PersonName => Layout::Name,
        FieldKind::Address => Layout::Address,
        FieldKind::Rows { .. } => Layout::Rows,
        FieldKind::Files { .. } => Layout::Files,
        FieldKind::Point | FieldKind::Line | FieldKind::Polygon => Layout::Geometry,
        FieldKind::Reference { target } => Layout::Reference(target.clone()),
        kind => kind.scalar().map_or(Layout::Rows, Layout::Scalar),
    }
}

/// Whether every value of the kind before is one of the kind after.
fn widens(before: &FieldKind, after: &FieldKind) -> bool {
    use FieldKind as K;
    matches!(
        (before, after),
        (K::Text { .. }, K::LongText { .. })
            | (K::Choice { .. } | K::Phone | K::Mail | K::Url, K::Text { .. } | K::LongText { .. })
            | (K::Yen { .. } | K::FiscalYear, K::Integer { .. })
    )
}
