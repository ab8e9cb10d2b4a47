//! JSON Schemas of the definition files, for editors that complete and check TOML while it is written.

use schemars::{JsonSchema, schema_for};

use crate::overlay::RawOverlay;
use crate::raw::{RawKpis, RawLedger, RawSystem};

/// The schemas with the file names under which `docs/schema/` publishes them.
pub fn schemas() -> Vec<(&'static str, String)> {
    vec![
        ("ledger.schema.json", schema::<RawLedger>()),
        ("system.schema.json", schema::<RawSystem>()),
        ("overlay.schema.json", schema::<RawOverlay>()),
        ("kpis.schema.json", schema::<RawKpis>()),
    ]
}

fn schema<T: JsonSchema>() -> String {
    let mut text = format!("{:#}", schema_for!(T).to_value());
    text.push('\n');
    text
}
