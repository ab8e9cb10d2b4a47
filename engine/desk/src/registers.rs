//! What staff pages need to know of the shared registers: how departments are called, and whether a register is filled.

use std::collections::HashMap;

use kawasemi_identity::Context;
use kawasemi_kernel::{RecordId, Value};
use kawasemi_ledger::LedgerError;
use kawasemi_ledger::select::ListRequest;
use kawasemi_registry::{DEPARTMENT, STAFF};

use crate::problem::Problem;
use crate::request::Cx;

/// The most departments that are offered in a form.
const MOST: u32 = 1_000;

/// The departments that the caller may know of, in the register's order.
pub struct Departments {
    names: HashMap<RecordId, String>,
    order: Vec<RecordId>,
}

impl Departments {
    /// Reads them.
    pub async fn load(cx: &Cx) -> Result<Self, Problem> {
        let request = ListRequest { fields: Some(vec!["name".to_owned()]), limit: MOST, ..ListRequest::all() };
        let mut departments = Self { names: HashMap::new(), order: Vec::new() };
        let page = match cx.ledgers().list(cx.context(), DEPARTMENT, &request).await {
            Ok(page) => page,
            Err(LedgerError::NotFound) => return Ok(departments),
            Err(error) => return Err(Problem::internal(&error)),
        };
        for record in page.records {
            if let Value::Text(name) = record.get("name") {
                departments.names.insert(record.id, name.clone());
                departments.order.push(record.id);
            }
        }
        Ok(departments)
    }

    /// What a department is called.
    pub fn name(&self, id: RecordId) -> String {
        self.names.get(&id).cloned().unwrap_or_else(|| "（閲覧できない部署）".to_owned())
    }

    /// What some departments are called.
    pub fn names(&self, ids: &[RecordId]) -> String {
        ids.iter().map(|id| self.name(*id)).collect::<Vec<_>>().join("、")
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (RecordId, &str)> {
        self.order.iter().filter_map(|id| Some((*id, self.names.get(id)?.as_str())))
    }
}

/// Whether a ledger has any record. Asked as the program itself, since an administrator needs no grant to know.
pub async fn has_records(cx: &Cx, ledger: &str) -> Result<bool, Problem> {
    let system = Context::system(cx.context().act.at, "初期設定の確認");
    match cx.ledgers().count(&system, ledger, &ListRequest::all(), 1).await {
        Ok(counted) => Ok(counted.count > 0),
        Err(LedgerError::NotFound) => Ok(false),
        Err(error) => Err(Problem::internal(&error)),
    }
}

/// The member of staff with an employee number (職員番号). Accounts are linked by it, so an administrator need not see the
/// register.
pub async fn person_by_number(cx: &Cx, number: &str) -> Result<Option<RecordId>, Problem> {
    let system = Context::system(cx.context().act.at, "利用者と職員の紐付け");
    let filter = format!("employee_number = {}", kawasemi_ledger::select::cql_text(number));
    let request = ListRequest { fields: Some(Vec::new()), limit: 1, ..ListRequest::filtered(filter) };
    match cx.ledgers().list(&system, STAFF, &request).await {
        Ok(page) => Ok(page.records.first().map(|record| record.id)),
        Err(LedgerError::NotFound) => Ok(None),
        Err(error) => Err(Problem::internal(&error)),
    }
}

/// The employee number of a member of staff; empty if there is none.
pub async fn number_of_person(cx: &Cx, person: RecordId) -> Result<String, Problem> {
    let system = Context::system(cx.context().act.at, "利用者と職員の紐付け");
    match cx.ledgers().get(&system, STAFF, person).await {
        Ok(record) => Ok(match record.get("employee_number") {
            Value::Text(number) => number.clone(),
            _ => String::new(),
        }),
        Err(LedgerError::NotFound) => Ok(String::new()),
        Err(error) => Err(Problem::internal(&error)),
    }
}
