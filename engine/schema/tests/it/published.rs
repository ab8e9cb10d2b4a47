//! Holds the JSON Schemas under `docs/schema/`, which editors use, against what the reader of definitions accepts.

use std::fs;
use std::path::Path;

/// Set to write the files anew: `make schema`.
const UPDATE: &str = "KAWASEMI_TEST_UPDATE_SCHEMA";

#[test]
fn the_published_schemas_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema");
    for (name, text) in kawasemi_schema::json_schema::schemas() {
        let path = folder.join(name);
        if std::env::var_os(UPDATE).is_some() {
            fs::write(&path, &text).expect("docs/schema can be written");
        }
        let published = fs::read_to_string(&path).unwrap_or_default();
        assert!(published == text, "docs/schema/{name} is out of date: run `make schema`");
    }
}
