//! Creating, changing, deleting and restoring records.
//!
//! Every act goes the same way: through the gate, from draft to checked fields, past the references, and then to the city's
//! writer as one unit that names the revision it was based on. Grants are asked twice: whether the record as it is may be
//! changed, and whether the record as it will be still lies within what the caller may change, so that nobody can push a
//! record out of, or into, another's responsibility.

use jiff::Timestamp;
use kawasemi_filter::Params;
use kawasemi_identity::{Context, Manner};
use kawasemi_kernel::{Fields, RecordId};
use kawasemi_schema::{Action, Clearance, FieldDef};
use kawasemi_store::record::write::is_taken_id;
use kawasemi_store::record::{RecordRow, RecordUnit, history, read};
use kawasemi_store::{StoreError, Unit};

use crate::check::{Against, Checked, check};
use crate::draft::Draft;
use crate::error::{Conflict, LedgerError, Result};
use crate::ledgers::{Gate, Ledgers};
use crate::master;
use crate::read::personal;
use crate::record::{RowView, Shown, Visible};
use crate::uses::Use;

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Its id.
    pub id: RecordId,
    /// Its human number, where the ledger gives them.
    pub number: Option<String>,
    /// Its revision now.
    pub revision: i64,
}

impl Saved {
    fn of(row: &RecordRow) -> Self {
        Self { id: row.id, number: row.number.clone(), revision: row.revision }
    }
}

impl Ledgers {
    /// Creates a record.
    ///
    /// A draft with an id of the client's may be sent again: the same content gets the same answer. An id that was used
    /// for something else, or by somebody else, is refused in the same words.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`], [`LedgerError::UnknownField`], [`LedgerError::OutOfScope`],
    /// [`LedgerError::Duplicate`], [`LedgerError::IdTaken`], [`LedgerError::Forbidden`].
    pub async fn create(&self, context: &Context, ledger: &str, draft: Draft) -> Result<Saved> {
        let gate = self.gate_for(context, ledger, Action::Create)?;
        self.create_through(context, &gate, draft).await.map(|(saved, _)| saved)
    }

    /// What creating a record would write, for an act that writes it together with more. Nothing is written here.
    ///
    /// # Errors
    /// As [`Ledgers::create`], but for what is seen only in writing, such as [`LedgerError::Duplicate`].
    pub async fn creation_of(&self, context: &Context, ledger: &str, draft: Draft) -> Result<Unit> {
        let gate = self.gate_for(context, ledger, Action::Create)?;
        let (id, checked) = self.check_new(context, &gate, Action::Create, &draft)?;
        self.check_references(context, &checked).await?;
        self.creation(context, &gate, id, checked.fields())
    }

    /// Creates a record and answers it as the caller may see it; none where the caller may register but not read.
    ///
    /// # Errors
    /// As [`Ledgers::create`].
    pub async fn create_shown(
        &self,
        context: &Context,
        ledger: &str,
        draft: Draft,
    ) -> Result<(Saved, Option<Visible>)> {
        let gate = self.gate_for(context, ledger, Action::Create)?;
        let (saved, row) = self.create_through(context, &gate, draft).await?;
        let row = match row {
            Some(row) => Some(row),
            // Sent again: it may have been deleted, or given to others, since.
            None => match self.any_row_for(&gate, saved.id, Action::Read).await {
                Ok(row) => Some(row),
                Err(LedgerError::NotFound) => None,
                Err(error) => return Err(error),
            },
        };
        let shown = row.and_then(|row| Visible::of(gate.def(), &gate.access, row));
        self.note_access(context, ledger, Manner::Read, personal(&gate, shown.as_slice())).await?;
        Ok((saved, shown))
    }

    /// Creates a record; its row too, unless it was there before.
    async fn create_through(&self, context: &Context, gate: &Gate, draft: Draft) -> Result<(Saved, Option<RecordRow>)> {
        let new = Shown { clearance: gate.access.clearance(Action::Create).unwrap_or_default(), hidden: false };
        let checked = self.check(context, gate, &draft, None, gate.access.params(), new)?;
        self.check_references(context, &checked).await?;
        let id = draft.id.unwrap_or_else(|| RecordId(self.ids().next()));
        let row = new_row(context, gate, id, &checked);
        may_hold(gate, Action::Create, &row, &draft)?;
        match self.city().write(self.creation(context, gate, id, checked.fields())?).await {
            Ok(_) => {
                self.note_use(context, gate.ledger.key(), Use::Change).await;
                let saved = self.saved(gate, id).await?;
                let number = saved.number.clone();
                Ok((saved, Some(RecordRow { number, ..row })))
            }
            Err(StoreError::Unique { .. }) if draft.id.is_some() && self.exists(gate, id).await? => {
                Ok((self.same_again(context, gate, id, &draft, &checked).await?, None))
            }
            Err(error) if is_taken_id(&gate.ledger, &error) => Err(LedgerError::IdTaken),
            Err(error) => Err(write_error(gate, error)),
        }
    }

    /// Changes a record that was read at a revision. Nothing is written when nothing changes.
    ///
    /// # Errors
    /// [`LedgerError::Conflict`] with both versions when the record was changed since, and as [`Ledgers::create`].
    pub async fn update(
        &self,
        context: &Context,
        ledger: &str,
        id: RecordId,
        expected_revision: i64,
        draft: Draft,
    ) -> Result<Saved> {
        let gate = self.gate_for(context, ledger, Action::Update)?;
        let row = self.row_for(&gate, id, Action::Update).await?;
        let checked = self.check_change(context, &gate, &row, &draft)?;
        if !checked.is_changed() {
            // Also the answer to a save that was sent twice.
            return Ok(Saved::of(&row));
        }
        if row.revision != expected_revision {
            return Err(conflict(&gate, row, draft));
        }
        self.check_references(context, &checked).await?;
        let mut unit = RecordUnit::new(self.dialect(), &context.act, self.ids());
        unit.update(&gate.ledger, &row, checked.fields())?;
        let saved = self.write_over(&gate, unit.into_unit(), row, draft).await?;
        self.note_use(context, ledger, Use::Change).await;
        Ok(saved)
    }

    /// Deletes a record; it can be restored.
    ///
    /// # Errors
    /// [`LedgerError::Referred`] while records that are not deleted refer to it, [`LedgerError::Conflict`].
    pub async fn delete(&self, context: &Context, ledger: &str, id: RecordId, expected_revision: i64) -> Result<Saved> {
        let gate = self.gate_for(context, ledger, Action::Delete)?;
        let row = self.row_for(&gate, id, Action::Delete).await?;
        if row.revision != expected_revision {
            return Err(conflict(&gate, row, Draft::new()));
        }
        master::refuse_deletion(&gate, &row)?;
        self.refuse_while_referred(context, &gate, id).await?;
        let mut unit = RecordUnit::new(self.dialect(), &context.act, self.ids());
        unit.delete(&gate.ledger, &row);
        self.write_over(&gate, unit.into_unit(), row, Draft::new()).await
    }

    /// Brings a deleted record back as it was.
    ///
    /// # Errors
    /// [`LedgerError::Duplicate`] when another record has taken its unique key meanwhile, [`LedgerError::Conflict`].
    pub async fn restore(
        &self,
        context: &Context,
        ledger: &str,
        id: RecordId,
        expected_revision: i64,
    ) -> Result<Saved> {
        let gate = self.gate_for(context, ledger, Action::Delete)?;
        let row = self.any_row_for(&gate, id, Action::Delete).await?;
        if row.deleted_at.is_none() {
            return Err(LedgerError::Refused("この記録は削除されていません。".to_owned()));
        }
        if row.revision != expected_revision {
            return Err(conflict(&gate, row, Draft::new()));
        }
        let mut unit = RecordUnit::new(self.dialect(), &context.act, self.ids());
        unit.restore(&gate.ledger, &row);
        self.write_over(&gate, unit.into_unit(), row, Draft::new()).await
    }

    /// What a draft would make of a record, without writing it: the computed fields for a form that is open, or the
    /// mistakes in it.
    ///
    /// # Errors
    /// As [`Ledgers::create`] and [`Ledgers::update`].
    pub async fn preview(
        &self,
        context: &Context,
        ledger: &str,
        id: Option<RecordId>,
        draft: &Draft,
    ) -> Result<Fields> {
        let action = if id.is_some() { Action::Update } else { Action::Create };
        let gate = self.gate_for(context, ledger, action)?;
        let highest = gate.access.clearance(action).unwrap_or_default();
        let new = Shown { clearance: highest, hidden: false };
        let (checked, seen) = match id {
            None => (self.check(context, &gate, draft, None, &gate.access.params().clone(), new)?, new),
            Some(id) => {
                let row = self.row_for(&gate, id, Action::Update).await?;
                let seen = Shown::of(&gate.access, Action::Read, &row);
                let nothing = Shown { clearance: Clearance::Public, hidden: true };
                (self.check_change(context, &gate, &row, draft)?, seen.unwrap_or(nothing))
            }
        };
        Ok(crate::record::masked(&gate.def().fields, checked.into_fields(), seen))
    }

    pub(crate) fn check_change(
        &self,
        context: &Context,
        gate: &Gate,
        row: &RecordRow,
        draft: &Draft,
    ) -> Result<Checked> {
        let update = |row: &RecordRow| Shown::of(&gate.access, Action::Update, row);
        let mut may = update(row).ok_or(LedgerError::Forbidden { action: Action::Update })?;
        // Where a protected person lives is the master's to say; whoever brings its file still does not see it.
        may.hidden &= !gate.is_master;
        let checked = self.check(context, gate, draft, Some(&row.fields), &gate.access.params().clone(), may)?;
        let after = RecordRow { fields: checked.fields().clone(), ..row.clone() };
        if update(&after).is_none() {
            return Err(LedgerError::OutOfScope);
        }
        Ok(checked)
    }

    fn check(
        &self,
        context: &Context,
        gate: &Gate,
        draft: &Draft,
        before: Option<&Fields>,
        params: &Params,
        may: Shown,
    ) -> Result<Checked> {
        let may_write = |field: &FieldDef| may.has(field);
        let known = gate.access.clearance(Action::Read).unwrap_or_default().max(may.clearance);
        let may_know = |field: &FieldDef| field.clearance <= known;
        let against = Against {
            rules: &gate.rules,
            before,
            may_write: &may_write,
            may_know: &may_know,
            params,
            as_of: context.today(),
            ids: self.ids(),
            is_master: gate.is_master,
        };
        check(draft, &against)
    }

    /// Checks a draft for a new record and makes the row that it would be. For work on many records.
    pub(crate) fn check_new(
        &self,
        context: &Context,
        gate: &Gate,
        action: Action,
        draft: &Draft,
    ) -> Result<(RecordId, Checked)> {
        let new = Shown { clearance: gate.access.clearance(action).unwrap_or_default(), hidden: false };
        let checked = self.check(context, gate, draft, None, &gate.access.params().clone(), new)?;
        let id = draft.id.unwrap_or_else(|| RecordId(self.ids().next()));
        may_hold(gate, action, &new_row(context, gate, id, &checked), draft)?;
        Ok((id, checked))
    }

    fn creation(&self, context: &Context, gate: &Gate, id: RecordId, fields: &Fields) -> Result<Unit> {
        let mut unit = RecordUnit::new(self.dialect(), &context.act, self.ids());
        unit.create(&gate.ledger, id, fields)?;
        Ok(unit.into_unit())
    }

    /// Writes over a record as it was read, and answers what is there now.
    async fn write_over(&self, gate: &Gate, unit: Unit, row: RecordRow, draft: Draft) -> Result<Saved> {
        match self.city().write(unit).await {
            Ok(_) => Ok(Saved { id: row.id, revision: row.revision + 1, number: row.number }),
            Err(StoreError::Conflict) => {
                let now = read::record(self.city(), &gate.ledger, row.id).await?.ok_or(LedgerError::NotFound)?;
                Err(conflict(gate, now, draft))
            }
            Err(error) => Err(write_error(gate, error)),
        }
    }

    /// The row of a record that is not deleted, for a caller who may do this with it. Who may not even see it is told
    /// that it does not exist.
    pub(crate) async fn row_for(&self, gate: &Gate, id: RecordId, action: Action) -> Result<RecordRow> {
        let row = self.any_row_for(gate, id, action).await?;
        if row.deleted_at.is_some() {
            return Err(LedgerError::Refused("この記録は削除されています。復元してから変更してください。".to_owned()));
        }
        Ok(row)
    }

    pub(crate) async fn any_row_for(&self, gate: &Gate, id: RecordId, action: Action) -> Result<RecordRow> {
        let row = read::record(self.city(), &gate.ledger, id).await?.ok_or(LedgerError::NotFound)?;
        let may = |action| gate.access.row_clearance(action, &RowView(&row)).is_some();
        // A deleted record is seen only by those who may bring it back.
        if row.deleted_at.is_some() && !may(Action::Delete) {
            return Err(LedgerError::NotFound);
        }
        match (may(Action::Read), may(action)) {
            (_, true) => Ok(row),
            (true, false) => Err(LedgerError::Forbidden { action }),
            (false, false) => Err(LedgerError::NotFound),
        }
    }

    async fn saved(&self, gate: &Gate, id: RecordId) -> Result<Saved> {
        if gate.def().number.is_none() {
            return Ok(Saved { id, number: None, revision: 1 });
        }
        let rows = read::records(self.city(), &gate.ledger, &read::Projection::fields(&gate.ledger, []), &[id]).await?;
        rows.first().map(Saved::of).ok_or(LedgerError::NotFound)
    }

    async fn exists(&self, gate: &Gate, id: RecordId) -> Result<bool> {
        Ok(!read::records(self.city(), &gate.ledger, &read::Projection::fields(&gate.ledger, []), &[id])
            .await?
            .is_empty())
    }

    /// The answer to a creation that was sent before: the same, if it came from the same person with the same content.
    async fn same_again(
        &self,
        context: &Context,
        gate: &Gate,
        id: RecordId,
        draft: &Draft,
        checked: &Checked,
    ) -> Result<Saved> {
        let row = read::record(self.city(), &gate.ledger, id).await?.ok_or(LedgerError::IdTaken)?;
        if row.created_by != context.act.actor {
            return Err(LedgerError::IdTaken);
        }
        let (_, first) = history::fields_at(self.city(), gate.ledger.key(), id, 1).await?;
        let is_same = draft.fields().all(|(key, _)| first.get(key) == checked.fields().get(key));
        if is_same { Ok(Saved { revision: 1, ..Saved::of(&row) }) } else { Err(LedgerError::IdTaken) }
    }
}

/// Whether the caller may make a record like this, with the fields that were entered.
fn may_hold(gate: &Gate, action: Action, row: &RecordRow, draft: &Draft) -> Result<()> {
    let clearance = gate.access.row_clearance(action, &RowView(row)).ok_or(LedgerError::OutOfScope)?;
    let is_open = |key: &str| gate.def().field(key).is_none_or(|field| field.clearance <= clearance);
    if draft.keys().all(is_open) { Ok(()) } else { Err(LedgerError::OutOfScope) }
}

/// The row that a new record will be.
fn new_row(context: &Context, gate: &Gate, id: RecordId, checked: &Checked) -> RecordRow {
    // Instants are kept to the microsecond.
    let at = Timestamp::from_microsecond(context.act.at.as_microsecond()).unwrap_or(context.act.at);
    RecordRow {
        n: 0,
        id,
        number: None,
        revision: 1,
        definition: gate.ledger.version,
        batch: 0,
        created_at: at,
        created_by: context.act.actor,
        updated_at: at,
        updated_by: context.act.actor,
        deleted_at: None,
        chain: Vec::new(),
        protected: false,
        fields: checked.fields().clone(),
    }
}

fn conflict(gate: &Gate, now: RecordRow, yours: Draft) -> LedgerError {
    match Visible::of(gate.def(), &gate.access, now) {
        Some(theirs) => LedgerError::Conflict(Box::new(Conflict { yours, theirs })),
        None => LedgerError::NotFound,
    }
}

/// What a failed write means for the caller.
pub(crate) fn write_error(gate: &Gate, error: StoreError) -> LedgerError {
    let StoreError::Unique { index } = &error else { return error.into() };
    let keys = gate.ledger.unique_fields(index);
    let visible: Vec<&FieldDef> = gate.access.visible_fields(Action::Read).collect();
    let labels: Option<Vec<String>> = keys
        .iter()
        .map(|key| visible.iter().find(|field| field.key == *key).map(|field| field.label.ja().to_owned()))
        .collect();
    LedgerError::Duplicate { fields: labels.unwrap_or_default() }
}
