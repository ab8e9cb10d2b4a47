//! The ledgers of one city: the door through which every act on a record goes.
//!
//! [`Ledgers`] is cheap to clone. Each of its operations takes the [`Context`] first (who, when, why, in which language),
//! opens the ledger through the caller's grants ([`Gate`]) and only then reads or writes. Compiled grants and rules are
//! kept until the city's catalogue is swapped by a publication.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::civil::Date;
use kawasemi_identity::Context;
use kawasemi_identity::access_log::{AccessEntry, AccessLog, Manner};
use kawasemi_identity::grants::{Access, Grants, Reach, RowCondition};
use kawasemi_kernel::{IdSource, RecordId};
use kawasemi_schema::{Action, Clearance, FieldDef, FieldKind, LedgerDef, RoleDef, SchemaErrors};
use kawasemi_store::catalogue::Catalogue;
use kawasemi_store::ledger::Ledger;
use kawasemi_store::record::read::RECORDS;
use kawasemi_store::{City, Dialect, Sql};

use crate::calculators::Calculators;
use crate::error::{LedgerError, Result};
use crate::rules::Rules;
use crate::uses::Use;

/// The ledgers of one city.
#[derive(Clone)]
pub struct Ledgers {
    inner: Arc<Inner>,
}

struct Inner {
    city: City,
    roles: Vec<RoleDef>,
    calculators: Calculators,
    ids: Arc<dyn IdSource>,
    compiled: RwLock<Arc<Compiled>>,
    /// The day on which a use of a ledger was last noted.
    uses: Mutex<HashMap<(String, Use), Date>>,
}

/// The grants and rules of one state of the catalogue.
pub(crate) struct Compiled {
    pub catalogue: Arc<Catalogue>,
    pub grants: Grants,
    rules: BTreeMap<String, Arc<Rules>>,
}

impl Compiled {
    fn new(catalogue: Arc<Catalogue>, roles: &[RoleDef], calculators: &Calculators) -> Result<Self, SchemaErrors> {
        let grants = Grants::compile(catalogue.definitions(), roles)?;
        let mut rules = BTreeMap::new();
        let mut errors = Vec::new();
        for ledger in catalogue.iter() {
            match Rules::compile(&ledger.def, calculators) {
                Ok(compiled) => drop(rules.insert(ledger.key().to_owned(), Arc::new(compiled))),
                Err(SchemaErrors(found)) => errors.extend(found),
            }
        }
        if errors.is_empty() { Ok(Self { catalogue, grants, rules }) } else { Err(SchemaErrors(errors)) }
    }
}

impl Ledgers {
    /// Opens the ledgers of a city. `roles` are those that the systems bring beside the built-in ones.
    ///
    /// # Errors
    /// [`LedgerError::Schema`] when a published definition names a role, a calculator or a property that is not there.
    pub fn new(city: City, roles: Vec<RoleDef>, calculators: Calculators, ids: Arc<dyn IdSource>) -> Result<Self> {
        let compiled = Compiled::new(city.catalogue(), &roles, &calculators)?;
        let compiled = RwLock::new(Arc::new(compiled));
        Ok(Self { inner: Arc::new(Inner { city, roles, calculators, ids, compiled, uses: Mutex::default() }) })
    }

    /// The city.
    pub fn city(&self) -> &City {
        &self.inner.city
    }

    /// The roles that the systems bring.
    pub fn roles(&self) -> &[RoleDef] {
        &self.inner.roles
    }

    /// The calculators that computed fields may name.
    pub fn calculators(&self) -> &Calculators {
        &self.inner.calculators
    }

    /// The compiled grants, for the matrix and for explanations.
    pub fn grants(&self) -> Result<Grants> {
        Ok(self.compiled()?.grants.clone())
    }

    /// The definitions of the ledgers with which a caller may do something, by key.
    pub fn visible(&self, context: &Context) -> Result<Vec<Arc<LedgerDef>>> {
        let compiled = self.compiled()?;
        let may_any = |access: &Access| Action::ALL.into_iter().any(|action| access.may(action));
        let seen = compiled.catalogue.iter().filter(|ledger| may_any(&compiled.grants.access(context, ledger.key())));
        Ok(seen.map(|ledger| Arc::clone(&ledger.def)).collect())
    }

    /// The definition of a ledger and what the caller may do with it.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when there is no such ledger or nothing may be done with it.
    pub fn open(&self, context: &Context, key: &str) -> Result<(Arc<LedgerDef>, Access)> {
        let gate = self.gate(context, key)?;
        Ok((Arc::clone(&gate.ledger.def), gate.access))
    }

    /// A new id, for what an engine keeps beside the ledgers.
    pub fn new_id(&self) -> uuid::Uuid {
        self.inner.ids.next()
    }

    pub(crate) fn ids(&self) -> &dyn IdSource {
        &*self.inner.ids
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.inner.city.dialect()
    }

    /// The compiled state of the present catalogue; compiled anew after a publication.
    pub(crate) fn compiled(&self) -> Result<Arc<Compiled>> {
        let catalogue = self.inner.city.catalogue();
        let known = Arc::clone(&self.inner.compiled.read().unwrap_or_else(PoisonError::into_inner));
        if Arc::ptr_eq(&known.catalogue, &catalogue) {
            return Ok(known);
        }
        let fresh = Arc::new(Compiled::new(catalogue, &self.inner.roles, &self.inner.calculators)?);
        *self.inner.compiled.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
        Ok(fresh)
    }

    /// Compiles what a catalogue would be, without taking it into use: the check before a publication.
    pub(crate) fn check_definitions(&self, definition: &Arc<LedgerDef>) -> Result<()> {
        let compiled = self.compiled()?;
        let others = compiled.catalogue.iter().map(|ledger| &ledger.def).filter(|def| def.key != definition.key);
        let all = others.chain(std::iter::once(definition)).cloned();
        let catalogue = kawasemi_schema::Catalogue::new(all)?;
        Grants::compile(&catalogue, &self.inner.roles)?;
        Rules::compile(definition, &self.inner.calculators)?;
        Ok(())
    }

    /// Opens a ledger for a caller.
    pub(crate) fn gate(&self, context: &Context, key: &str) -> Result<Gate> {
        let compiled = self.compiled()?;
        let ledger = compiled.catalogue.get(key).ok_or(LedgerError::NotFound)?;
        let rules = compiled.rules.get(key).ok_or(LedgerError::NotFound)?;
        let access = compiled.grants.access(context, key);
        if !Action::ALL.into_iter().any(|action| access.may(action)) {
            return Err(LedgerError::NotFound);
        }
        Ok(Gate { ledger: Arc::clone(ledger), rules: Arc::clone(rules), is_master: access.sees_protected(), access })
    }

    /// Opens a ledger for one action.
    pub(crate) fn gate_for(&self, context: &Context, key: &str, action: Action) -> Result<Gate> {
        let gate = self.gate(context, key)?;
        gate.require(action)?;
        Ok(gate)
    }

    /// Whether a ledger is used in this way for the first time on a day, as far as this process knows.
    pub(crate) fn is_first_use(&self, ledger: &str, how: Use, today: Date) -> bool {
        let mut uses = self.inner.uses.lock().unwrap_or_else(PoisonError::into_inner);
        uses.insert((ledger.to_owned(), how), today) != Some(today)
    }

    /// Notes that personal or sensitive fields were read, and how. The answer may be sent only when this has succeeded.
    pub(crate) async fn note_access(
        &self,
        context: &Context,
        ledger: &str,
        manner: Manner,
        read: PersonalData,
    ) -> Result<()> {
        if read.records.is_empty() || context.caller.is_system() {
            return Ok(());
        }
        let PersonalData { fields, records, clearance } = read;
        let entry = AccessEntry { ledger: ledger.to_owned(), manner, clearance, fields, records };
        AccessLog::record(self.city(), self.ids(), context, &entry).await.map_err(|error| match error {
            kawasemi_identity::IdentityError::Store(error) => error.into(),
            other => LedgerError::Refused(other.to_string()),
        })
    }
}

/// A ledger, opened for a caller.
pub(crate) struct Gate {
    pub ledger: Arc<Ledger>,
    pub rules: Arc<Rules>,
    pub access: Access,
    /// Whether it is the master of some records that writes, by its file, rather than somebody here.
    pub is_master: bool,
}

impl Gate {
    pub fn def(&self) -> &LedgerDef {
        &self.ledger.def
    }

    /// Refuses an action that no grant gives. To a caller who may not even read, the ledger does not exist.
    pub fn require(&self, action: Action) -> Result<()> {
        if self.access.may(action) {
            Ok(())
        } else if action == Action::Read || !self.access.may(Action::Read) {
            Err(LedgerError::NotFound)
        } else {
            Err(LedgerError::Forbidden { action })
        }
    }

    /// The condition on the rows of which a question may speak, for an action; none if there are none.
    pub fn condition(&self, action: Action, needed: Reach, dialect: Dialect) -> Option<RowCondition> {
        let mut granted = self.access.condition(action, needed.clearance, dialect, RECORDS)?;
        if needed.protected && !self.access.sees_protected() {
            // A ledger that does not know whom it protects tells nothing of protected fields.
            let kept =
                self.ledger.guard.as_ref().map_or_else(|| Sql::text("(1 = 1)"), |guard| guard.condition(RECORDS));
            granted.condition.push(" AND NOT ").append(&kept);
        }
        Some(granted)
    }

    /// An unknown field, with a hint among those that the caller may see.
    pub fn unknown_field(&self, name: &str) -> LedgerError {
        LedgerError::unknown_field(name, self.access.visible_fields(Action::Read).map(|field| field.key.as_str()))
    }
}

/// Which personal and sensitive fields of which records an answer holds.
#[derive(Debug, Default)]
pub(crate) struct PersonalData {
    pub fields: Vec<String>,
    pub records: Vec<RecordId>,
    /// The most closed level among the fields.
    pub clearance: Clearance,
}

impl PersonalData {
    /// Adds a record of an answer. Only fields that hold something count: nobody reads what is empty.
    pub fn add(&mut self, ledger: &LedgerDef, id: RecordId, fields: &kawasemi_kernel::Fields) {
        let personal = ledger.fields.iter().filter(|f| is_personal(f) && fields.contains_key(&f.key));
        let mut any = false;
        for field in personal {
            any = true;
            self.clearance = self.clearance.max(level(field));
            if !self.fields.contains(&field.key) {
                self.fields.push(field.key.clone());
            }
        }
        if any {
            self.records.push(id);
        }
    }
}

/// Whether a field, or a field of its rows, is of a level whose reading is logged.
fn is_personal(field: &FieldDef) -> bool {
    level(field).is_logged()
}

/// The most closed level of a field and the fields of its rows.
fn level(field: &FieldDef) -> Clearance {
    match &field.kind {
        FieldKind::Rows { fields, .. } => fields.iter().map(level).fold(field.clearance, Clearance::max),
        _ => field.clearance,
    }
}
