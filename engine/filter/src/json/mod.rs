//! CQL2 JSON: read (`read`) and written (`write`), geometries as GeoJSON (`geojson`).

mod geojson;
mod read;
mod write;

use serde_json::Value;

use crate::ast::Ast;
use crate::error::FilterError;
use crate::limits::Limits;

/// Reads CQL2 JSON.
///
/// # Errors
/// When it is too long, too deep or not CQL2. A fraction of more than 15 digits is refused too: `serde_json` keeps it as
/// a binary fraction, so which decimal was meant is no longer known.
pub fn parse_json(json: &Value, limits: Limits) -> Result<Ast, FilterError> {
    read::Reader::new(limits).node(json).map(|root| Ast { root })
}

impl Ast {
    /// Writes the expression as CQL2 JSON.
    ///
    /// # Errors
    /// When it holds a fraction of more than 15 digits, which a JSON number would not keep.
    pub fn to_json(&self) -> Result<Value, FilterError> {
        write::node(&self.root)
    }
}
