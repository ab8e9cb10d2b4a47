//! A record's history: every revision with who, when, why and what changed, as far as the caller may see the record.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use kawasemi_identity::{Context, Manner};
use kawasemi_kernel::{Actor, Fields, RecordId, Value};
use kawasemi_schema::{Action, Clearance, FieldDef, LedgerDef};
use kawasemi_store::Sql;
use kawasemi_store::record::history;
use uuid::Uuid;

use crate::draft::Draft;
use crate::error::{LedgerError, Result};
use crate::field::{self, Style};
use crate::labels::Wanted;
use crate::ledgers::{Gate, Ledgers, PersonalData};
use crate::record::{Shown, Visible, masked};
use crate::write::Saved;

/// Revisions on one page.
const PAGE: i64 = 50;

/// One step of a record's history.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// Its number, from 1.
    pub no: i64,
    /// When.
    pub at: Timestamp,
    /// Who; none where the caller may not know.
    pub actor: Option<Actor>,
    /// The name of who; empty where the caller may not know.
    pub actor_name: String,
    /// Why, in the person's own words.
    pub reason: String,
    /// What was done, such as `create` or `update`.
    pub kind: String,
    /// Whether the content was erased by a disposal.
    pub is_erased: bool,
    /// What changed, in the order of the form.
    pub changes: Vec<Change>,
}

impl Revision {
    /// What was done, for people.
    pub fn kind_label(&self) -> &str {
        match self.kind.as_str() {
            "create" => "登録",
            "update" => "変更",
            "delete" => "削除",
            "restore" => "復元",
            other => other,
        }
    }
}

/// A field that changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The field's key.
    pub field: String,
    /// Its name for people.
    pub label: String,
    /// The value before.
    pub before: Value,
    /// The value after.
    pub after: Value,
    /// The value before, as text.
    pub before_text: String,
    /// The value after, as text.
    pub after_text: String,
}

/// The revisions of a page, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The revisions.
    pub revisions: Vec<Revision>,
    /// From where older ones go on; none at the end.
    pub older: Option<i64>,
}

impl Ledgers {
    /// Reads the history of a record before a revision, or from the newest.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when there is no such record or it may not be seen.
    pub async fn history(&self, context: &Context, ledger: &str, id: RecordId, before: Option<i64>) -> Result<History> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        let row = self.any_row_for(&gate, id, Action::Read).await?;
        let record = Visible::of(gate.def(), &gate.access, row).ok_or(LedgerError::NotFound)?;
        // One more than is shown: the oldest shown needs its predecessor for the comparison.
        let mut raw = history::revisions(self.city(), id, before, PAGE + 1).await?;
        let older = (raw.len() as i64 > PAGE).then(|| raw[raw.len() - 2].revision);
        let mut states =
            self.states(&gate, id, &raw, Shown { clearance: record.clearance, hidden: record.hidden }).await?;
        if older.is_some() {
            raw.pop();
        }
        let mut revisions = Vec::with_capacity(raw.len());
        let mut personal = PersonalData::default();
        for (index, step) in raw.into_iter().enumerate() {
            let predecessor = states.get(index + 1).map(|state| state.fields.clone()).unwrap_or_default();
            let state = std::mem::take(&mut states[index]);
            personal.add(gate.def(), id, &state.fields);
            let changes = if step.fields.is_some() { changes(&gate, &state, &predecessor) } else { Vec::new() };
            let is_open = record.clearance >= Clearance::Internal;
            revisions.push(Revision {
                no: step.revision,
                at: step.at,
                actor: is_open.then_some(step.actor),
                actor_name: String::new(),
                reason: if is_open { step.reason } else { String::new() },
                kind: step.kind,
                is_erased: step.is_erased,
                changes,
            });
        }
        personal.records.truncate(1);
        self.note_access(context, ledger, Manner::History, personal).await?;
        self.name_actors(&mut revisions).await?;
        self.show_changes(context, &gate, &mut revisions).await?;
        Ok(History { revisions, older })
    }

    /// Brings the fields back that a record had at a revision. Fields that the caller may not change stay.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when there is no such revision, and as [`Ledgers::update`].
    pub async fn revert_to(
        &self,
        context: &Context,
        ledger: &str,
        id: RecordId,
        expected_revision: i64,
        revision: i64,
    ) -> Result<Saved> {
        let gate = self.gate_for(context, ledger, Action::Update)?;
        let row = self.row_for(&gate, id, Action::Update).await?;
        let may = Shown::of(&gate.access, Action::Update, &row);
        let may = may.ok_or(LedgerError::Forbidden { action: Action::Update })?;
        let (_, fields) = history::fields_at(self.city(), ledger, id, revision).await?;
        let mut draft = Draft::new();
        for field in gate.def().fields.iter().filter(|f| may.has(f) && crate::draft::is_entered(f)) {
            let value = fields.get(&field.key).cloned().unwrap_or_default();
            draft.restore(&field.key, value);
        }
        self.update(context, ledger, id, expected_revision, draft).await
    }

    /// The fields after each revision, newest first, as far as the caller may see them. Acts that change no field leave
    /// those of the revision before.
    async fn states(
        &self,
        gate: &Gate,
        id: RecordId,
        revisions: &[history::Revision],
        how: Shown,
    ) -> Result<Vec<State>> {
        let mut definitions: HashMap<i64, Arc<LedgerDef>> = HashMap::new();
        let mut states: Vec<State> = Vec::with_capacity(revisions.len());
        for step in revisions.iter().rev() {
            let state = match &step.fields {
                None => states.last().cloned().unwrap_or_default(),
                Some(_) => {
                    let definition = match definitions.get(&step.definition) {
                        Some(known) => Arc::clone(known),
                        None => {
                            let read = self.city().definition(gate.ledger.key(), step.definition).await?;
                            definitions.insert(step.definition, Arc::clone(&read));
                            read
                        }
                    };
                    let fields = step.values(&definition)?.unwrap_or_default();
                    State { fields: shown(gate.def(), &definition, fields, how), definition: Some(definition) }
                }
            };
            states.push(state);
        }
        // The oldest of a page may follow an act that changed no field.
        if let (Some(oldest), Some(first)) = (revisions.last(), states.first_mut())
            && oldest.fields.is_none()
            && oldest.revision > 1
            && let Ok((definition, fields)) =
                history::fields_at(self.city(), gate.ledger.key(), id, oldest.revision).await
        {
            first.fields = shown(gate.def(), &definition, fields, how);
            first.definition = Some(definition);
        }
        states.reverse();
        Ok(states)
    }

    async fn name_actors(&self, revisions: &mut [Revision]) -> Result<()> {
        let accounts: HashSet<Uuid> = revisions.iter().filter_map(|r| r.actor.and_then(Actor::account)).collect();
        let names = self.account_names(accounts.into_iter().collect()).await?;
        for revision in revisions {
            revision.actor_name = match revision.actor {
                None => String::new(),
                Some(Actor::System) => "システム".to_owned(),
                Some(Actor::Visitor) => "サインインしていない人".to_owned(),
                Some(Actor::Account(id)) => {
                    names.get(&id).cloned().unwrap_or_else(|| "（削除された利用者）".to_owned())
                }
            };
        }
        Ok(())
    }

    /// The names of accounts, for history and lists.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn account_names(&self, accounts: Vec<Uuid>) -> Result<HashMap<Uuid, String>> {
        let mut names = HashMap::new();
        for part in accounts.chunks(200) {
            let mut sql = Sql::text("SELECT id, display_name FROM ");
            sql.table("account").push(" WHERE id IN (").bind_list(part.iter().map(|id| (*id).into())).push(")");
            for row in self.city().read(sql).await? {
                names.insert(row.get(0)?, row.get(1)?);
            }
        }
        Ok(names)
    }

    async fn show_changes(&self, context: &Context, gate: &Gate, revisions: &mut [Revision]) -> Result<()> {
        let mut wanted = Wanted::default();
        for change in revisions.iter().flat_map(|revision| &revision.changes) {
            if let Some(field) = gate.def().field(&change.field) {
                wanted.add_value(field, &change.before);
                wanted.add_value(field, &change.after);
            }
        }
        let labels = self.labels_for(context, wanted).await?;
        let style = Style::page(context.lang).with_labels(&labels);
        for change in revisions.iter_mut().flat_map(|revision| &mut revision.changes) {
            if let Some(field) = gate.def().field(&change.field) {
                change.before_text = field::show(field, &change.before, &style);
                change.after_text = field::show(field, &change.after, &style);
            }
        }
        Ok(())
    }
}

/// The fields of a record after a revision.
#[derive(Clone, Default)]
struct State {
    fields: Fields,
    definition: Option<Arc<LedgerDef>>,
}

/// The fields that the caller may see by the present definition and by the one under which they were written, whichever
/// is stricter.
fn shown(now: &LedgerDef, then: &LedgerDef, fields: Fields, how: Shown) -> Fields {
    let mut seen = masked(&then.fields, fields, how);
    let gone: Vec<(String, Value)> = seen
        .iter()
        .filter(|(key, _)| now.field(key).is_none())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    // By the present definition as well, which may close fields of child rows that the older one did not.
    seen = masked(&now.fields, seen, how);
    seen.extend(gone);
    seen
}

fn changes(gate: &Gate, state: &State, before: &Fields) -> Vec<Change> {
    let now = &gate.def().fields;
    let then = state.definition.iter().flat_map(|definition| &definition.fields);
    let removed = then.filter(|field| now.iter().all(|known| known.key != field.key));
    let null = Value::Null;
    let change = |field: &FieldDef| {
        let (old, new) = (before.get(&field.key).unwrap_or(&null), state.fields.get(&field.key).unwrap_or(&null));
        let style = Style::page(kawasemi_kernel::Lang::Ja);
        (old != new).then(|| Change {
            field: field.key.clone(),
            label: field.label.ja().to_owned(),
            before: old.clone(),
            after: new.clone(),
            before_text: field::show(field, old, &style),
            after_text: field::show(field, new, &style),
        })
    };
    now.iter().chain(removed).filter_map(change).collect()
}
