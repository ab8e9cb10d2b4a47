//! What one caller may do with one ledger.
//!
//! The same grants decide twice: as a condition in SQL over the rows of a list ([`Access::condition`]) and over one record
//! in memory ([`Access::row_clearance`]); both come from one expression, and a property test holds them together.

use std::collections::BTreeSet;
use std::sync::Arc;

use kawasemi_filter::{Expr, Limits, Params, RecordView, Scope, lower, parse_text};
use kawasemi_kernel::RecordId;
use kawasemi_schema::{Action, Clearance, FieldDef};
use kawasemi_store::{Dialect, Sql};

use super::parameters::{declare, values, within};
use super::{Grant, Grants, LedgerGrants};
use crate::caller::{Caller, Context, HeldRole, Opened};
use crate::standing::DepartmentShare;

/// What one caller may do with one ledger. A ledger that does not exist is one with which nothing may be done.
#[derive(Clone, Debug)]
pub struct Access {
    ledger: Option<Arc<LedgerGrants>>,
    caller: Arc<Caller>,
    /// Whether the program itself calls, which may do everything.
    is_system: bool,
    held: Vec<Held>,
    /// The declared parameters for filters of the caller's own.
    params: Params,
    /// The record whose protected fields the caller opened.
    opened: Option<RecordId>,
}

/// How deep a question looks: what a row must show to the caller to be part of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The clearance of the fields that it uses.
    pub clearance: Clearance,
    /// Whether it uses a field that is hidden while a person is under protection (支援措置). No opening helps here: a list, a
    /// filter or a count never looks at the protected fields of a protected person.
    pub protected: bool,
}

impl Reach {
    /// What no field needs.
    pub const NOTHING: Self = Self { clearance: Clearance::Public, protected: false };

    /// What a field needs.
    pub fn of(field: &FieldDef) -> Self {
        Self { clearance: field.clearance, protected: field.protected }
    }

    /// What both need.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { clearance: self.clearance.max(other.clearance), protected: self.protected || other.protected }
    }
}

/// A grant that the caller has.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// Which of the ledger's grants.
    pub grant: usize,
    /// Through which of the caller's roles.
    pub role: usize,
    /// The parameters for its condition: a role held within some departments sees only those.
    pub params: Params,
    /// What a row must meet besides, where only a part of a department's records came to the caller.
    only: Option<Expr>,
}

impl Held {
    /// The condition on the rows, as this caller holds the grant.
    pub fn rows(&self, grant: &Grant) -> Expr {
        match &self.only {
            Some(only) => grant.rows.clone().and(only.clone()),
            None => grant.rows.clone(),
        }
    }

    /// The fields at which that looks beside those of the grant's own condition.
    fn further_properties(&self) -> BTreeSet<&str> {
        self.only.as_ref().map(Expr::properties).unwrap_or_default()
    }
}

/// A condition on rows.
#[derive(Clone, Debug)]
pub struct RowCondition {
    /// Lets every row through that is granted, and perhaps more.
    pub condition: Sql,
    /// What a row that came through must still meet; none if the condition is exact.
    pub exact: Option<Exact>,
}

/// A test of rows in memory, complete with its parameters.
#[derive(Clone, Debug)]
pub struct Exact(Vec<(Expr, Params)>);

impl Exact {
    /// Whether a row is granted.
    pub fn matches(&self, record: &dyn RecordView) -> bool {
        self.0.iter().any(|(expr, params)| expr.matches(record, params))
    }

    /// The fields and system properties that the test looks at, which therefore must be read.
    pub fn properties(&self) -> BTreeSet<&str> {
        self.0.iter().flat_map(|(expr, _)| expr.properties()).collect()
    }
}

/// A field that no grant of the caller reaches. To the caller it does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// The name as it was used.
    pub name: String,
}

impl Grants {
    /// What a caller may do with a ledger.
    pub fn access(&self, context: &Context, ledger: &str) -> Access {
        let caller = &context.caller;
        let ledger = self.ledgers.get(ledger).cloned();
        let held = ledger.as_deref().map(|ledger| held(ledger, context)).unwrap_or_default();
        let params = values(caller, context.today());
        let here = |opened: &&Opened| ledger.as_deref().is_some_and(|known| known.ledger.key == opened.ledger);
        let opened = context.opened.as_ref().filter(here).map(|opened| opened.record);
        Access { is_system: caller.is_system(), ledger, caller: Arc::new(caller.clone()), held, params, opened }
    }

    /// The keys of the ledgers with which a caller may do something.
    pub fn ledgers_for<'a>(&'a self, context: &'a Context, action: Action) -> impl Iterator<Item = &'a str> {
        self.ledgers.keys().map(String::as_str).filter(move |key| self.access(context, key).may(action))
    }
}

fn held(ledger: &LedgerGrants, context: &Context) -> Vec<Held> {
    let caller = &context.caller;
    let all = values(caller, context.today());
    let params = |role: &HeldRole| match &role.departments {
        None => all.clone(),
        Some(departments) => within(caller, departments, context.today()),
    };
    let shares = shares(ledger, context);
    let roles = |grant: &Grant| caller.roles.iter().position(|held| held.key == grant.def.role);
    let grants = ledger.grants.iter().enumerate();
    let mut held = Vec::new();
    for (grant, role) in grants.filter_map(|(n, grant)| Some((n, roles(grant)?))) {
        let holds = &caller.roles[role];
        held.push(Held { grant, role, params: params(holds), only: None });
        let asks = |rows: &String| rows.contains("user.department");
        if !ledger.grants[grant].def.rows.as_ref().is_some_and(asks) {
            continue;
        }
        let of_role = |share: &DepartmentShare| match &share.role {
            Some(key) => *key == holds.key,
            None => holds.departments.is_none(),
        };
        held.extend(shares.iter().filter(|(share, _)| of_role(share)).map(|(share, only)| Held {
            grant,
            role,
            params: within(caller, &[share.department], context.today()),
            only: only.clone(),
        }));
    }
    held
}

/// The shares of the caller in this ledger with their conditions read. A condition that can't be read any more, since a
/// field is there no longer, gives nothing.
fn shares<'a>(ledger: &LedgerGrants, context: &'a Context) -> Vec<(&'a DepartmentShare, Option<Expr>)> {
    let of_ledger = context.caller.shares.iter().filter(|share| share.ledger == ledger.ledger.key);
    let read = |share: &'a DepartmentShare| {
        let Some(text) = &share.condition else { return Some((share, None)) };
        let scope = declare(Scope::of_ledger(&ledger.ledger, |_| true));
        match parse_text(text, Limits::DEFINITION).and_then(|ast| lower(&ast, &scope)) {
            Ok(expr) => Some((share, Some(expr))),
            Err(error) => {
                tracing::error!(ledger = ledger.ledger.key, %error, "the rule by which a department was split can't be read");
                None
            }
        }
    };
    of_ledger.filter_map(read).collect()
}

impl Access {
    /// Whether the caller may do this with any row at all.
    pub fn may(&self, action: Action) -> bool {
        self.is_system && self.ledger.is_some() || self.granting(action).next().is_some()
    }

    /// The highest clearance of the grants for an action; none if nothing is granted.
    pub fn clearance(&self, action: Action) -> Option<Clearance> {
        self.levels(action).last().copied()
    }

    /// The lowest clearance of the grants for an action: what the caller sees of every row they see.
    pub fn lowest_clearance(&self, action: Action) -> Option<Clearance> {
        self.levels(action).first().copied()
    }

    /// The condition on the rows for an action, at which fields of clearance `needed` are seen: the grants of at least
    /// that clearance, joined by OR. None if there is no such grant. `alias` stands for the ledger's table.
    pub fn condition(&self, action: Action, needed: Clearance, dialect: Dialect, alias: &str) -> Option<RowCondition> {
        if self.is_system {
            return self.ledger.is_some().then(|| RowCondition { condition: Sql::text("TRUE"), exact: None });
        }
        let reaching: Vec<(&Grant, &Held)> =
            self.granting(action).filter(|(grant, _)| grant.def.clearance >= needed).collect();
        if reaching.is_empty() {
            return None;
        }
        if reaching.iter().any(|(grant, _)| grant.def.rows.is_none()) {
            return Some(RowCondition { condition: Sql::text("TRUE"), exact: None });
        }
        Some(any_of(&reaching, dialect, alias))
    }

    /// The highest clearance of the grants for an action that match a row; none if no grant matches, so that to the
    /// caller the row does not exist.
    pub fn row_clearance(&self, action: Action, record: &dyn RecordView) -> Option<Clearance> {
        if self.is_system {
            return self.ledger.is_some().then_some(Clearance::Sensitive);
        }
        let matching = self.granting(action).filter(|(grant, held)| held.rows(grant).matches(record, &held.params));
        matching.map(|(grant, _)| grant.def.clearance).max()
    }

    /// The fields and system properties at which the row conditions look, for reading them with each row.
    pub fn row_properties(&self, action: Action) -> BTreeSet<&str> {
        self.granting(action)
            .flat_map(|(grant, held)| grant.rows.properties().into_iter().chain(held.further_properties()))
            .collect()
    }

    /// What a filter of the caller's own may speak of: the fields that some read grant reaches, and the parameters.
    pub fn scope(&self) -> Scope {
        let highest = self.clearance(Action::Read);
        let scope = match (&self.ledger, highest) {
            (Some(ledger), Some(highest)) => Scope::of_ledger(&ledger.ledger, |field| field.clearance <= highest),
            _ => Scope::default(),
        };
        declare(scope)
    }

    /// The values of the declared parameters, for filters of the caller's own.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The fields that some grant for an action reaches, in the ledger's order.
    pub fn visible_fields(&self, action: Action) -> impl Iterator<Item = &FieldDef> {
        let highest = self.clearance(action);
        let fields = self.ledger.iter().flat_map(|ledger| &ledger.ledger.fields);
        fields.filter(move |field| highest.is_some_and(|highest| field.clearance <= highest))
    }

    /// What a request needs which filters, sorts, groups or counts by these fields, by key or by property
    /// (`name.kana`).
    ///
    /// # Errors
    /// [`Hidden`] for the first name that is no field or that no grant for the action reaches: the same answer.
    pub fn needed<'a>(&self, action: Action, names: impl IntoIterator<Item = &'a str>) -> Result<Reach, Hidden> {
        let highest = self.clearance(action);
        let mut needed = Reach::NOTHING;
        for name in names {
            let hidden = || Hidden { name: name.to_owned() };
            let reach = self.property_reach(name).ok_or_else(hidden)?;
            if highest.is_none_or(|highest| reach.clearance > highest) {
                return Err(hidden());
            }
            needed = needed.and(reach);
        }
        Ok(needed)
    }

    /// Whether the protected fields of a record are hidden from the caller; `protected` says whether one of its people is under
    /// protection. Everybody's answer is yes but for who has opened this very record.
    pub fn hides(&self, record: RecordId, protected: bool) -> bool {
        protected && !self.is_system && self.opened != Some(record)
    }

    /// Whether protected people make no difference, as for the program itself.
    pub fn sees_protected(&self) -> bool {
        self.is_system
    }

    /// What a field or system property needs. Who made and changed a record is the hall's own business.
    fn property_reach(&self, name: &str) -> Option<Reach> {
        let open = |clearance| Some(Reach { clearance, protected: false });
        match name {
            "id" | "number" | "revision" | "created_at" | "updated_at" => open(Clearance::Public),
            "created_by" | "updated_by" => open(Clearance::Internal),
            _ => {
                let field = name.split_once('.').map_or(name, |(field, _)| field);
                self.ledger.as_ref()?.ledger.field(field).map(Reach::of)
            }
        }
    }

    /// The clearances of the grants for an action, from open to closed, each once.
    fn levels(&self, action: Action) -> Vec<Clearance> {
        if self.is_system && self.ledger.is_some() {
            return vec![Clearance::Sensitive];
        }
        let levels: BTreeSet<Clearance> = self.granting(action).map(|(grant, _)| grant.def.clearance).collect();
        levels.into_iter().collect()
    }

    /// The grants that the caller has for an action.
    pub(crate) fn granting(&self, action: Action) -> impl Iterator<Item = (&Grant, &Held)> {
        let allowed = !self.caller.read_only || matches!(action, Action::Read | Action::Export);
        let ledger = self.ledger.as_deref().filter(|_| allowed);
        ledger.into_iter().flat_map(move |ledger| {
            let held = self.held.iter().map(|held| (&ledger.grants[held.grant], held));
            held.filter(move |(grant, _)| grant.def.actions.contains(&action))
        })
    }

    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(crate) fn is_system(&self) -> bool {
        self.is_system
    }
}

/// The conditions of several grants, joined by OR. What SQL can't decide exactly is decided again in memory, by all of
/// them: which one let a row through is not known.
fn any_of(grants: &[(&Grant, &Held)], dialect: Dialect, alias: &str) -> RowCondition {
    let mut condition = Sql::text("(");
    let mut is_exact = true;
    for (n, (grant, held)) in grants.iter().enumerate() {
        let lowered = held.rows(grant).to_sql_of(alias, dialect, &held.params);
        is_exact &= lowered.exact.is_none();
        condition.push(if n == 0 { "(" } else { " OR (" }).append(&lowered.condition).push(")");
    }
    condition.push(")");
    let exact = || Exact(grants.iter().map(|(grant, held)| (held.rows(grant), held.params.clone())).collect());
    RowCondition { condition, exact: (!is_exact).then(exact) }
}
