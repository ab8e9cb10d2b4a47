//! What staff pages need to know of the shared registers: how departments are called.

use std::collections::HashMap;

use kawasemi_kernel::RecordId;

use crate::problem::Problem;
use crate::request::Cx;

/// The departments that the caller may know of, in the register's order.
pub struct Departments {
    names: HashMap<RecordId, String>,
    order: Vec<RecordId>,
}

impl Departments {
    /// Reads them.
    pub async fn load(_cx: &Cx) -> Result<Self, Problem> {
        Ok(Self { names: HashMap::new(), order: Vec::new() })
    }

    /// What a department is called; its id where the caller may not know it.
    pub fn name(&self, id: RecordId) -> String {
        self.names.get(&id).cloned().unwrap_or_else(|| id.to_string())
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
