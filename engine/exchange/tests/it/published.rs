//! Holds the JSON Schema of layouts under `docs/schema/`, and the layouts that the registry ships, against their reader.

use std::fs;
use std::path::Path;

use crate::common::{DIFFERENCE, FULL};
use kawasemi_exchange::{Layout, json_schema};
use kawasemi_schema::{LedgerDef, SourceFile};

/// Set to write the file anew: `make schema`.
const UPDATE: &str = "KAWASEMI_TEST_UPDATE_SCHEMA";

#[test]
fn the_published_schema_is_up_to_date() {
    let (name, text) = json_schema();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema").join(name);
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&path, &text).expect("docs/schema can be written");
    }
    let published = fs::read_to_string(&path).unwrap_or_default();
    assert!(published == text, "docs/schema/{name} is out of date: run `make schema`");
}

#[test]
fn the_shipped_layouts_fit_a_register_of_parties() {
    let ledger = LedgerDef::read(SourceFile::new("party.toml", include_str!("common/party.toml"))).expect("a ledger");
    for text in [DIFFERENCE, FULL] {
        let layout = Layout::read(SourceFile::new("layout.toml", text)).unwrap_or_else(|errors| panic!("{errors}"));
        layout.check_against(&ledger).unwrap_or_else(|errors| panic!("{errors}"));
    }
}

#[test]
fn a_layout_is_refused_with_its_place_and_a_hint() {
    for (from, to, said) in [
        ("record_length = 420", "record_length = 400", "はみ出しています"),
        ("find = [\"resident_number\"]", "find = [\"household\"]", "キー「household」に入る項目"),
        ("name = \"世帯番号\"", "name = \"宛名番号\"", "二つあります"),
        ("version = 1", "versoin = 1", "「versoin」というキーはありません"),
        ("due = \"business-days 06:00\"", "due = \"sometimes\"", "予定「sometimes」を読めません"),
        ("is = \"9\"", "", "種類を表す文字"),
        ("mode = \"difference\"", "mode = \"full\"", "全件のファイルに異動区分は使えません"),
        ("[change]\nadd = [\"1\"]\nchange = [\"2\"]\nclose = [\"3\"]", "", "異動区分の意味"),
    ] {
        let text = DIFFERENCE.replacen(from, to, 1);
        assert_ne!(text, DIFFERENCE, "{from}");
        let errors = Layout::read(SourceFile::new("layout.toml", text)).expect_err("is refused").to_string();
        assert!(errors.contains(said) && errors.contains("layout.toml:"), "{from}: {errors}");
    }
}
